"""Which tests belong to which module of the protocol, quick ones first."""

from __future__ import annotations

_CLAIM = "tests/dispatch/test_claim.py"
_CLAIMS = "tests/models/test_claims.py"
_RECORD = "tests/runs/test_record.py"
_GIVING_UP = "tests/dispatch/test_giving_up.py"
_LEFTOVERS = "tests/dispatch/test_leftovers.py"
_CAPACITY = "tests/dispatch/test_capacity.py"
_RETRIES = "tests/dispatch/test_retries.py"
_MISFIRES = "tests/dispatch/test_misfires.py"
_OVERLAP = "tests/dispatch/test_overlap.py"
_CHAINS = "tests/dispatch/test_chains.py"
_GATES = "tests/dispatch/test_gates.py"
_BACKFILL = "tests/commands/test_cron_backfill.py"
_BACKFILLS = "tests/models/test_backfills.py"

TESTS: dict[str, list[str]] = {
    "chroniker/dispatch/claim.py": [_CLAIM, _OVERLAP, _BACKFILL, _MISFIRES],
    "chroniker/dispatch/room.py": [_CAPACITY],
    "chroniker/dispatch/missed.py": [_OVERLAP, _MISFIRES, _RETRIES],
    "chroniker/dispatch/backfilling.py": [_BACKFILL],
    "chroniker/dispatch/line.py": [
        "tests/dispatch/test_line.py",
        *(_CHAINS, _BACKFILL, _CAPACITY, _GATES, _CLAIM),
        "tests/dispatch/test_all_hosts.py",
    ],
    "chroniker/dispatch/gates.py": [_GATES, _OVERLAP],
    "chroniker/models/backfill.py": [_BACKFILLS, _BACKFILL],
    "chroniker/models/backfill_orders.py": [_BACKFILLS, _BACKFILL],
    "chroniker/models/claims.py": [_CLAIMS, _MISFIRES, _RETRIES],
    "chroniker/models/job_host.py": [_CLAIMS, _CLAIM],
    "chroniker/models/log.py": [_RECORD, _CLAIMS, _CLAIM, "tests/models/test_logs.py"],
    "chroniker/models/job_queryset.py": [_CLAIMS, _CLAIM, "tests/models/test_job_queryset.py"],
    "chroniker/runs/lease.py": ["tests/runs/test_lease.py"],
    "chroniker/runs/publish.py": [_RECORD],
    "chroniker/runs/record.py": [_RECORD, _LEFTOVERS],
    "chroniker/runs/ending.py": [_RECORD],
    "chroniker/dispatch/recovery.py": [_GIVING_UP],
    "chroniker/dispatch/leftovers.py": [_LEFTOVERS],
    "chroniker/dispatch/direct.py": [_GIVING_UP],
}

_GATE = "saves loading the job; its gate asks again"

EQUIVALENT: dict[tuple[str, str, str], str] = {
    (
        "chroniker/dispatch/line.py",
        "_due",
        "_chained(jobs).filter(rested(to_stored(now)))",
    ): _GATE,
    (
        "chroniker/dispatch/line.py",
        "_due",
        "_chained(jobs).filter(rested(to_stored(now))).for_host(settings.hostname())",
    ): _GATE,
    (
        "chroniker/dispatch/line.py",
        "_chained",
        "jobs.of_enabled().idle().filter(frequency=constants.CHAINED)",
    ): _GATE,
    (
        "chroniker/dispatch/line.py",
        "_chained",
        "jobs.of_enabled().idle()",
    ): _GATE,
    (
        "chroniker/dispatch/line.py",
        "_chained",
        "jobs.of_enabled()",
    ): _GATE,
    (
        "chroniker/dispatch/line.py",
        "_chained",
        "jobs.of_enabled().idle().filter(force_run=False)",
    ): "saves loading the job twice; in order, each comes once",
    (
        "chroniker/dispatch/line.py",
        "pages",
        "if(not (is_full() and one[2]))",
    ): "saves loading what has no room; its gate asks again",
    (
        "chroniker/dispatch/line.py",
        "pages",
        "if(not slot)",
    ): "saves loading the others; they are looked up by their keys",
    (
        "chroniker/dispatch/line.py",
        "_with_dependencies",
        "jobs.filter(pk__in=ids)",
    ): "saves loading the others; they are looked up by their keys",
    (
        "chroniker/dispatch/line.py",
        "orders",
        "jobs.filter(pk__in=found)",
    ): "saves loading the others; they are looked up by their keys",
    (
        "chroniker/dispatch/gates.py",
        "Situation.read",
        "Log.objects.using(database).running()",
    ): "no log has a key once its run has ended",
    (
        "chroniker/models/backfill_orders.py",
        "_wanted",
        "Log.objects.using(database).filter(scheduled_for__range=ends)",
    ): "saves loading the others; they are looked up by their dates",
    (
        "chroniker/models/claims.py",
        "due_here",
        "everywhere.filter(next_run__lte=moment).exclude(hosts__hostname=hostname)",
    ): "saves a query for each job; a host that has its row is given none",
    (
        "chroniker/models/claims.py",
        "_pass_on_requests",
        "jobs.filter(force_run=True)",
    ): "saves a query for each job; the UPDATE asks again",
    (
        "chroniker/models/job_host.py",
        "JobHostQuerySet.outdated",
        "self.idle()",
    ): "saves a query for each row; the UPDATE asks again",
    (
        "chroniker/dispatch/leftovers.py",
        "_left_alone",
        "if(entry.is_dir())",
    ): "no condition of a query; a file is not named by a token, so no row is found for it",
}
"""Conditions that can go: module, function and condition, and why nothing changes without."""
