"""Which jobs a pause holds, until when, and which pauses are refused."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.dispatch import Signal
from pytest_django.asserts import assertNumQueries

from chroniker import patterns
from chroniker.models import Job, Pause, Pauses
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from chroniker.signals import scheduler_paused, scheduler_resumed

pytestmark = pytest.mark.django_db

HOSTILE = "(a+)+$"


def job(name: str = "job", **values: Any) -> Job:
    made = Job(name=name, **{"command": "succeed", "frequency": "DAILY", **values})
    made.save()
    return made


def pause(*, hours: float | None = None, since: float = -1, **values: Any) -> Pause:
    """A pause since so many hours from now, until so many hours from now."""
    now = database_now("default")
    if hours is not None:
        values["ends_at"] = to_stored(now + timedelta(hours=hours))
    made: Pause = Pause.objects.create(
        starts_at=to_stored(now + timedelta(hours=since)), created_by="ann", **values
    )
    return made


def pauses(*jobs: Job) -> Pauses:
    return Pauses.read("default", database_now("default"), jobs)


def why(of: Job) -> str:
    held = pauses().holding(of)
    return held.reason if held else ""


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was searched in by each process, so far."""
    seen: list[list[str]] = []
    real = patterns.search

    def search(wanted: Any, texts: Any, **options: Any) -> Any:
        seen.append(list(texts))
        return real(wanted, texts, **options)

    monkeypatch.setattr(patterns, "search", search)
    return seen


# Which jobs


def test_without_a_pause_no_job_is_held() -> None:
    assert pauses().holding(job()) is None


def test_a_pause_of_nothing_in_particular_holds_all_jobs() -> None:
    made = pause(reason="deployment")
    held = pauses().holding(job())
    assert held is not None
    assert held.reason == "All jobs are paused by ann: deployment"
    assert (held.until, held.pause_id) == (None, made.pk)


def test_a_pause_of_a_job_holds_that_job_only() -> None:
    one, other = job("one"), job("other")
    pause(job=one)
    assert (why(one), why(other)) == ("This job is paused by ann", "")


@pytest.mark.parametrize(
    ("pattern", "held"),
    [
        ("^import", {"import people"}),
        ("people", {"import people", "count"}),
        ("--of=people", {"count"}),
        ("^echo_args ", {"count"}),
        (r"/usr/bin/true \d", {"raw"}),
        ("nothing of that", set()),
        ("(?i)IMPORT", {"import people"}),
        ("succeed", {"import people"}),
    ],
)
def test_a_pattern_is_searched_in_name_and_command_line(pattern: str, held: set[str]) -> None:
    jobs = [
        job("import people"),
        job("count", command="echo_args", args="--of=people"),
        job("raw", command="", raw_command="/usr/bin/true 1"),
    ]
    pause(pattern=pattern, reason="moving")
    now = pauses(*jobs)
    assert {each.name for each in jobs if now.holding(each)} == held
    assert {why(each) for each in jobs if each.name in held} <= {
        f"Jobs that match “{pattern}” are paused by ann: moving"
    }


def test_a_pause_holds_from_its_start_until_its_end() -> None:
    one = job()
    pause(since=1, reason="later")
    pause(since=-2, hours=-1, reason="before")
    assert why(one) == ""

    now = database_now("default")
    edge = Pause.objects.create(
        starts_at=to_stored(now), ends_at=to_stored(now + timedelta(seconds=5))
    )
    begins, ends = to_instant(edge.starts_at), now + timedelta(seconds=5)
    almost = timedelta(microseconds=1)
    for moment, holds in (
        (begins - almost, False),
        (begins, True),
        (ends - almost, True),
        (ends, False),
    ):
        assert bool(Pauses.read("default", moment).holding(one)) is holds, moment


def test_of_several_pauses_the_one_that_lasts_longest_counts() -> None:
    one = job("import")
    short, middle = pause(hours=1, job=one), pause(hours=3, pattern="port")
    held = pauses().holding(one)
    assert held is not None
    assert (held.pause_id, held.until) == (middle.pk, to_instant(middle.ends_at))
    assert short.pk != middle.pk

    open_end = pause()
    held = pauses().holding(one)
    assert held is not None
    assert (held.pause_id, held.until) == (open_end.pk, None)


# What it costs


def test_all_pauses_are_read_in_one_query_and_asked_about_without_another() -> None:
    jobs = [job(f"job {number}") for number in range(3)]
    pause(job=jobs[0])
    pause(pattern="2$")
    now = database_now("default")
    with assertNumQueries(1):
        read = Pauses.read("default", now, jobs)
        assert [bool(read.holding(each)) for each in jobs] == [True, False, True]


def test_a_page_of_jobs_takes_one_search_and_a_further_job_one_more(
    searches: list[list[str]],
) -> None:
    jobs = [job(f"job {number}") for number in range(5)]
    pause(pattern="[13]$")
    pause(pattern="4")
    read = pauses(*jobs[:4])
    for _ in range(2):
        assert [bool(read.holding(each)) for each in jobs[:4]] == [False, True, False, True]
    assert len(searches) == 1
    assert read.holding(jobs[4])
    assert read.holding(jobs[4])
    assert [bool(read.holding(each)) for each in jobs[:4]] == [False, True, False, True]
    assert len(searches) == 2


def test_nothing_is_searched_without_patterns_or_without_a_question(
    searches: list[list[str]],
) -> None:
    one = job()
    pause(job=job("other"))
    assert pauses(one).holding(one) is None
    pause()
    assert pauses(one).holding(one)
    pause(pattern="x")
    pauses(one)
    assert searches == []


# Patterns that cannot be searched


@pytest.mark.parametrize(
    ("pattern", "fault"), [(HOSTILE, "takes too long"), ("(", "is no regular expression (")]
)
def test_a_pattern_that_cannot_be_searched_holds_all_jobs_and_says_which_it_is(
    pattern: str, fault: str, caplog: pytest.LogCaptureFixture, searches: list[list[str]]
) -> None:
    jobs = [job("a" * 60 + "!"), job("b")]
    made = pause(pattern=pattern, hours=1)
    pause(pattern="^no match$")

    with caplog.at_level(logging.ERROR, "chroniker"):
        now = pauses(*jobs)
        answers = [now.holding(each) for each in [*jobs, job("c")]]

    for held in answers:
        assert held is not None
        assert held.pause_id == made.pk
        assert held.reason.startswith(f"Pause {made.pk}: its pattern “{pattern}” {fault}")
        assert held.reason.endswith("; mend or end it")
    # Once for a pass, however many jobs there are.
    assert len(caplog.records) == len(searches) == 1
    assert f"Pause {made.pk}" in caplog.text


@pytest.mark.parametrize(
    "pattern", [HOSTILE, r"^(\w+\s?)*$", "(x+x+)+y", "(.*)*=", "([0-9]+)*Q", "((ab)*)*c"]
)
def test_a_pattern_that_would_take_too_long_is_refused(pattern: str) -> None:
    job("harmless")
    with pytest.raises(ValidationError) as refused:
        Pause(pattern=pattern).full_clean()
    assert refused.value.message_dict == {"pattern": ["This takes too long."]}


def test_a_pattern_that_takes_too_long_on_a_job_s_own_words_is_refused() -> None:
    pattern = "^(?:(?:zebra|zebr+a|z[e]bra) )+now$"
    Pause(pattern=pattern).full_clean()
    job("zebra " * 30)
    with pytest.raises(ValidationError, match="takes too long"):
        Pause(pattern=pattern).full_clean()


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"pattern": "("}, "pattern", r"is no regular expression \(missing \)"),
        ({"pattern": "x" * 201}, "pattern", "at most 200"),
        ({"until": 0}, "ends_at", "not after the start"),
        ({"until": -1}, "ends_at", "not after the start"),
    ],
)
def test_what_makes_no_pause_is_refused_at_its_field(
    values: dict[str, Any], field: str, words: str
) -> None:
    now = database_now("default")
    if "until" in values:
        values = {"ends_at": to_stored(now + timedelta(seconds=values["until"]))}
    with pytest.raises(ValidationError) as refused:
        Pause(starts_at=to_stored(now), **values).full_clean()
    assert re.search(words, refused.value.message_dict[field][0])


def test_a_pause_of_a_job_and_a_pattern_is_refused() -> None:
    with pytest.raises(ValidationError, match="not both"):
        Pause(job=job(), pattern="x").full_clean()


# Beginning and ending


@pytest.fixture
def told(transactional_db: None) -> Iterator[list[tuple[str, Pause]]]:
    """What was told of pauses, in order."""
    heard: list[tuple[str, Pause]] = []

    def paused(pause: Pause, **_: Any) -> None:
        heard.append(("paused", pause))

    def resumed(pause: Pause, **_: Any) -> None:
        heard.append(("resumed", pause))

    wanted: list[tuple[Signal, Any]] = [(scheduler_paused, paused), (scheduler_resumed, resumed)]
    for signal, receiver in wanted:
        signal.connect(receiver, sender=Pause)
    yield heard
    for signal, receiver in wanted:
        signal.disconnect(receiver, sender=Pause)


def test_who_listens_is_told_of_the_beginning_and_of_the_end(
    told: list[tuple[str, Pause]],
) -> None:
    made = Pause(reason="deployment")
    made.begin("ann")
    now = database_now("default") + timedelta(seconds=1)
    assert Pause.objects.get().created_by == "ann"
    assert Pause.objects.end(now) == [made]
    assert Pause.objects.end(now) == []
    assert told == [("paused", made), ("resumed", made)]
    assert not Pause.objects.active(now).exists()


def test_a_pause_that_somebody_else_has_ended_meanwhile_is_told_by_them_alone(
    told: list[tuple[str, Pause]],
) -> None:
    pause()
    now = database_now("default")
    before = to_stored(now - timedelta(minutes=1))
    done: list[int] = []

    def be_faster(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and not done:
            done.append(1)
            Pause.objects.update(ends_at=before)
        return execute(sql, *args)

    with connection.execute_wrapper(be_faster):
        assert Pause.objects.end(now) == []
    assert (told, done) == ([], [1])
    assert Pause.objects.get().ends_at == before


def test_a_pause_that_has_not_begun_can_be_taken_back() -> None:
    pause(since=1)
    assert len(Pause.objects.end(database_now("default"))) == 1
    assert not Pause.objects.active(database_now("default") + timedelta(hours=2)).exists()


def test_a_receiver_that_raises_hinders_nothing(
    transactional_db: None, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(**_: Any) -> None:
        raise OSError("no pager")

    scheduler_paused.connect(fails)
    try:
        Pause().begin("ann")
    finally:
        scheduler_paused.disconnect(fails)
    assert Pause.objects.count() == 1
    assert "no pager" in caplog.text


def test_what_is_refused_is_neither_stored_nor_told(told: list[tuple[str, Pause]]) -> None:
    with pytest.raises(ValidationError):
        Pause(pattern="(").begin("ann")
    assert (told, Pause.objects.count()) == ([], 0)


def test_a_pause_is_called_by_what_it_is_about() -> None:
    assert str(Pause(reason="x")) == "all jobs: x"
    assert str(Pause(pattern="a.b")) == "jobs that match “a.b”"
    assert str(Pause(job=job("import"))) == "import"


def test_a_job_takes_its_pauses_with_it_when_it_is_deleted() -> None:
    one = job()
    pause(job=one)
    pause()
    one.delete()
    assert [each.what() for each in Pause.objects.all()] == ["all jobs"]
