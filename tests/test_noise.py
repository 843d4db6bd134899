"""Of which ends people are told: by examples, and against a simple model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from chroniker.constants import Status
from chroniker.models import Job
from chroniker.moments import to_stored
from chroniker.notifications import policy
from chroniker.notifications.policy import NOBODY, Judgement

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Story:
    """A job whose runs end one after the other, and what was told of that."""

    job: Job
    now: datetime = START
    told: list[str] = field(default_factory=list)
    last: Judgement = field(default_factory=Judgement)

    def ends(self, error: str = "", *, after: timedelta = HOUR, **options: Any) -> str:
        """A run ends, with this error or well; returns what is told: ``!``, ``+`` or nothing."""
        self.now += after
        status = Status.FAILED if error else Status.SUCCEEDED
        if error == "stopped":
            status = Status.STOPPED
        fingerprint = error if status == Status.FAILED else None
        self.last = policy.judge(self.job, status, fingerprint, self.now, **options)
        for name, value in self.last.values.items():
            stored = json.loads(json.dumps(value)) if name == "trouble" else value
            setattr(self.job, name, stored)
        if status == Status.FAILED:
            said = "" if self.last.decision else "!"
        else:
            said = "+" if self.last.recovered else ""
        self.told.append(said or ".")
        return said

    def acknowledge(self) -> None:
        self.job.acknowledged_at, self.job.acknowledged_by = to_stored(self.now), "ann"

    def snooze(self, length: timedelta) -> None:
        self.job.snoozed_until, self.job.snoozed_by = to_stored(self.now + length), "ann"


def story(**values: Any) -> Story:
    return Story(Job(**{"notify_every": 86400, **values}))


def told(errors: str, **values: Any) -> str:
    """What is told of ends an hour apart; ``.`` is a good run."""
    tale = story(**values)
    for error in errors:
        tale.ends("" if error == "." else error)
    return "".join(tale.told)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("...", "..."),
        ("a.", "!+"),
        ("aaaa.", "!...+"),
        ("aaab.", "!..!+"),  # another error
        ("abab.", "!!..+"),  # both are known by then
        ("a.a.", "!+!+"),
    ],
)
def test_the_first_a_new_and_the_end_of_trouble_are_told_of(ends: str, expected: str) -> None:
    assert told(ends) == expected


def test_the_same_error_is_told_of_again_after_a_while() -> None:
    assert told("a" * 9, notify_every=4 * 3600) == "!...!...!"


def test_each_failure_is_told_of_where_that_is_wished_for_as_1_x_did() -> None:
    assert told("aaaa.a", notify_every=0) == "!!!!+!"


def test_the_setting_holds_for_jobs_that_do_not_say_otherwise(settings: Settings) -> None:
    settings.CHRONIKER_NOTIFY_EVERY = 0
    assert told("aaa", notify_every=None) == "!!!"
    assert told("aaa", notify_every=86400) == "!.."


def test_only_so_many_failures_in_a_row_are_told_of() -> None:
    assert told("aa.aaaa.", notify_after=3) == ".....!.+"


def test_failures_in_a_row_are_counted_whatever_the_error() -> None:
    assert told("abc.", notify_after=3) == "..!+"


def test_a_run_that_somebody_stopped_is_neither_good_nor_bad() -> None:
    tale = story()
    for error in ("a", "stopped", "a", ""):
        tale.ends(error)

    assert tale.told == ["!", ".", ".", "+"]


def test_a_clock_that_was_set_back_keeps_nobody_from_hearing() -> None:
    tale = story()
    tale.ends("a")

    assert tale.ends("a", after=-timedelta(days=400)) == "!"


def test_the_reason_of_silence_is_said() -> None:
    tale = story(notify_after=2)
    reasons = []
    for _each in range(3):
        tale.ends("a")
        reasons.append(tale.last.decision)

    assert reasons == [
        "failure 1 in a row; told of from 2 on",
        "",
        "the same error as told of at 2026-01-02 05:04:05 UTC",
    ]


def test_what_nobody_wished_to_hear_counts_as_untold() -> None:
    tale = story()

    assert tale.ends("a", heard=False) == ""
    assert tale.last.decision == NOBODY
    assert tale.ends("a") == "!"


# Acknowledged and snoozed


def test_a_known_error_is_silent_until_it_changes() -> None:
    tale = story(notify_every=0)
    tale.ends("a")
    tale.acknowledge()

    assert [tale.ends(error) for error in "aabab"] == ["", "", "!", "!", "!"]
    assert tale.job.acknowledged_at is None


def test_a_known_error_is_silent_until_the_job_recovers() -> None:
    tale = story(notify_every=0)
    tale.ends("a")
    tale.acknowledge()

    assert [tale.ends(error) for error in ("a", "", "a")] == ["", "+", "!"]


def test_somebody_who_does_not_want_to_wait_any_longer_hears_at_once() -> None:
    tale = story()
    tale.ends("a")
    tale.acknowledge()
    tale.ends("a")
    tale.job.acknowledged_at = None

    assert tale.ends("a") == "!"


def test_while_a_job_is_snoozed_no_error_is_told_of() -> None:
    tale = story(notify_every=0)
    tale.snooze(3 * HOUR)

    assert [tale.ends(error) for error in "abcd"] == ["", "", "!", "!"]
    tale.snooze(HOUR / 2)
    assert tale.ends("a") == "!"


def test_once_the_snooze_is_over_what_goes_on_is_told_of_again() -> None:
    tale = story()
    tale.ends("a")
    tale.snooze(3 * HOUR)

    assert [tale.ends(error) for error in "aaaa"] == ["", "", "!", ""]


def test_a_recovery_is_told_of_during_a_snooze_if_the_failure_was() -> None:
    tale = story()
    tale.ends("a")
    tale.snooze(9 * HOUR)
    assert [tale.ends("a"), tale.ends()] == ["", "+"]

    assert [tale.ends("a"), tale.ends()] == ["", ""]


# What is said besides


def test_a_failure_comes_with_how_often_it_was_there_before() -> None:
    tale = story()
    tale.job.last_success = to_stored(START)
    for error in "aba":
        tale.ends(error)

    assert tale.last.details["trouble"] == {
        "failures": 3,
        "since": "2026-01-02T04:04:05+00:00",
        "last_good": "2026-01-02T03:04:05+00:00",
        "alike": 1,
        "first": "2026-01-02T04:04:05+00:00",
    }


# Against a model


ENDS = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "b", "c", "stopped"]),
        st.integers(0, 90),
        st.sampled_from(["", "", "", "acknowledge", "snooze", "wake"]),
    ),
    max_size=25,
)


@dataclass
class Model:
    """The same rules over all that ever happened, looked through anew each time."""

    after: int
    every: timedelta
    ends: list[tuple[str, datetime, str]] = field(default_factory=list)

    def since_good(self) -> list[tuple[str, datetime, str]]:
        good = [number for number, end in enumerate(self.ends) if not end[0]]
        return self.ends[good[-1] + 1 :] if good else self.ends

    def tells(self, error: str, at: datetime, *, silent: bool) -> str:
        before = self.since_good()
        same = [end for end in before if end[0] == error]
        if not error:
            said = "+" if any(end[2] == "!" for end in before) else ""
        elif silent or len(before) + 1 < self.after:
            said = "silent" if silent else ""
        else:
            # The last word of this error, unless somebody silenced it after that.
            spoken = [end for end in same if end[2]]
            last = spoken[-1] if spoken else None
            soon = last is not None and last[2] == "!" and at - last[1] < self.every
            said = "" if soon else "!"
        self.ends.append((error, at, said))
        return said.replace("silent", "")


@given(ENDS, st.integers(1, 4), st.sampled_from([0, 1800, 7200, 86400]))
def test_the_policy_does_as_the_model(
    ends: list[tuple[str, int, str]], after: int, every: int
) -> None:
    tale = story(notify_after=after, notify_every=every)
    model = Model(after, timedelta(seconds=every))
    known, until = "", START
    for error, minutes, deed in ends:
        if deed == "acknowledge" and tale.job.fingerprint:
            tale.acknowledge()
            known = tale.job.fingerprint
        elif deed == "snooze":
            tale.snooze(2 * HOUR)
            until = tale.now + 2 * HOUR
        elif deed == "wake":
            tale.job.acknowledged_at = tale.job.snoozed_until = None
            known, until = "", tale.now
        said = tale.ends(error, after=timedelta(minutes=minutes))
        if error == "stopped":
            continue
        known = known if error == known else ""
        silent = bool(error) and (known == error or tale.now < until)
        assert said == model.tells(error, tale.now, silent=silent)
