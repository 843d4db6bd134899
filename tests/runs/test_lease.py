"""Renewing a claim, and asking whether its run shall end: only ever one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError

from chroniker.runs import lease
from chroniker.runs.confirmation import Confirmation
from tests.claiming import claimed, due_on, seen_again, write

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("rows are written as other processes might leave them"),
    pytest.mark.parametrize("host", ["", "one"], ids=["anywhere", "each host"]),
]

DB = "default"


def test_a_renewal_lengthens_the_leases_of_these_claims_and_no_other(host: str) -> None:
    mine, others = due_on(host, name="mine"), due_on(host, name="other's")
    run = claimed(mine)
    claimed(others)
    for job in (mine, others):
        write(job, lease_expires=0)

    assert lease.renew(DB, host, [run.token]) == {run.token}

    renewed, other = seen_again(mine), seen_again(others)
    assert (renewed.lease_expires or 0) > 0
    assert renewed.heartbeat_count == 2  # the claim was the first
    assert (other.lease_expires, other.heartbeat_count) == (0, 1)


def test_a_renewal_names_those_that_are_still_ours(host: str) -> None:
    kept, lost = due_on(host, name="kept"), due_on(host, name="lost")
    tokens = [claimed(job).token for job in (kept, lost)]
    write(lost, claim_token="somebody else's", lease_expires=0)

    assert lease.renew(DB, host, tokens) == {tokens[0]}
    assert seen_again(lost).lease_expires == 0


def test_a_claim_is_withdrawn_if_it_is_as_it_was_seen_and_then_renewed_by_nobody(
    host: str,
) -> None:
    job, other = due_on(host, name="seen"), due_on(host, name="other")
    run, of_other = claimed(job), claimed(other)
    seen = seen_again(job)
    lease.renew(DB, host, [run.token])

    assert not lease.withdraw(seen)
    assert lease.renew(DB, host, [run.token])
    assert lease.withdraw(seen_again(job))

    assert lease.renew(DB, host, [run.token, of_other.token]) == {of_other.token}
    assert seen_again(job).lease_expires is None
    assert seen_again(job).claim_token == run.token


def test_a_keeper_tries_again_and_says_nothing_where_the_command_prints(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = claimed(due_on(host))
    answers: Iterator[Exception | set[str]]
    answers = iter([OperationalError("away"), InterfaceError("gone"), set()])

    def renew(*_: Any) -> set[str]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(lease, "renew", renew)
    monkeypatch.setattr(lease, "RETRY_SECONDS", 0.01)
    keeper = lease.Keeper(run, Confirmation.make(tmp_path, sent=0.0))

    keeper.start()
    keeper.join()

    assert keeper.is_taken_over
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({}, None),
        ({"stop_fence": 1}, None),
        ({"force_stop": True}, ""),
        ({"force_stop": True, "stop_fence": 1, "stopped_by": "anna"}, "anna"),
        ({"force_stop": True, "stop_fence": 7, "stopped_by": "anna"}, None),
    ],
    ids=str,
)
def test_a_run_is_to_stop_if_a_request_means_it(
    host: str, request_: dict[str, Any], answer: str | None
) -> None:
    job = due_on(host)
    run = claimed(job)
    other = due_on(host, name="another that is to stop")
    claimed(other)
    write(other, force_stop=True)
    write(job, **request_)

    asked = lease.asked_to_stop(DB, host, [run.token])

    assert asked == ({} if answer is None else {run.token: answer})
