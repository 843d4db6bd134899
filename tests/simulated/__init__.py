"""What simulations share: a clock that is set, hosts whose jobs only pass the time, and an oracle.

The package's own ticks, claims and records do the work, on a real database.
"""
