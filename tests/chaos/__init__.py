"""Real schedulers and jobs, killed, frozen and flooded, and a look at what they left behind.

``run`` makes a long round, ``test_chaos.py`` a short one. A round has four parts that share
nothing but files and tables: the *jobs* write down what they do (``evidence``), the *driver*
starts schedulers and faults (``driver``, ``faults``), both on a database of the round's own
(``databases``), and the *checker* compares the jobs' words with the tables (``checker``). The
checker and the evidence know nothing of the package.

Two more tell of the protocol alone: ``claim_race`` lets processes that run no jobs (``claimant``)
race for claims, and ``claim_checker`` judges it; ``mutations`` takes the conditions of its
queries (``conditions``) away, one at a time, and sees which of ``protocol_tests`` fails.
``self_fence`` takes the database or the scheduler away, and measures when the jobs were dead.
"""
