"""The rules around a run, checked: weeks of random jobs, policies, faults and clock jumps.

``jobs`` draws the jobs, ``world`` lets time pass for them and lets people act: the package's own
ticks, claims and records, on a real database and a simulated clock. ``model`` knows the rules, and
nothing of the package: it is told what happened, and judges each start and each row, and what has
not started though it had to. ``python -m tests.rules`` makes a long round, ``test_property`` a
short one.
"""
