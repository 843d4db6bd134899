"""Which tests belong to which module of the protocol, quick ones first."""

from __future__ import annotations

_CLAIM = "tests/dispatch/test_claim.py"
_CLAIMS = "tests/models/test_claims.py"
_RECORD = "tests/runs/test_record.py"
_GIVING_UP = "tests/dispatch/test_giving_up.py"
_LEFTOVERS = "tests/dispatch/test_leftovers.py"

TESTS: dict[str, list[str]] = {
    "chroniker/dispatch/claim.py": [_CLAIM],
    "chroniker/models/claims.py": [_CLAIMS],
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

EQUIVALENT: dict[tuple[str, str, str], str] = {
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
    (
        "chroniker/dispatch/claim.py",
        "_explain_refusal",
        "known.filter(scheduled_for__gte=occurrence)",
    ): "on SQLite; PostgreSQL takes NULL for the latest, and a test fails there",
}
"""Conditions that can go: module, function and condition, and why nothing changes without."""
