"""A day of schedule in minutes: the package's own ticks, claims and records on a simulated clock.

``definitions`` draws the jobs and ``plan`` what goes wrong, ``hosts`` carries out the runs, and
``simulation`` lets time pass. ``oracle`` works out by brute force when each job was to run, and
``checker`` compares that, and what the hosts wrote down, with the rows. Oracle and checker know
nothing of the package.
"""
