"""Why a job does not run: the very answer by which the tick decides."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from chroniker import constants
from chroniker.dispatch.gates import links_of, shut
from chroniker.dispatch.line import Selection
from chroniker.dispatch.tick import would_start
from chroniker.dispatch.why import why_not_running
from chroniker.models import Job, JobDependency, Log, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import Manage, due_job
from tests.ticking import HOUR, Ticking, at, new_job

pytestmark = pytest.mark.django_db(transaction=True)


def reasons(job: Job, minutes: float = 0, **how: Any) -> dict[str, str]:
    gates = why_not_running(Job.objects.get(pk=job.pk), at(minutes), **how)
    return {str(gate.name): gate.reason for gate in shut(gates)}


def test_all_gates_of_a_job_that_starts_are_open() -> None:
    gates = why_not_running(new_job(), at(0))

    assert shut(gates) == []
    assert [str(gate.name) for gate in gates] == [
        *(
            "installation",
            "enabled",
            "fault",
            "host",
            "active window",
            "schedule",
            "due",
            "retry",
            "misfire",
        ),
        *("pause", "drain", "overlap", "dependencies", "concurrency key", "capacity"),
    ]


def test_each_gate_says_why_it_is_shut(settings: Settings) -> None:
    settings.CHRONIKER_HOSTNAME = "here"
    job = new_job(name="job")
    before = new_job("before", due=-1)
    JobDependency.objects.create(dependent=job, dependee=before)
    Pause.objects.create(starts_at=to_stored(at(-5)), reason="deployment")
    Job.objects.filter(pk=job.pk).update(
        enabled=False,
        held_until=to_stored(at(5)),
        error="no such command",
        hostname="there",
        next_run=to_stored(at(7)),
        retry_at=to_stored(at(8)),
        attempt=2,
    )

    assert reasons(job) == {
        "enabled": "it is disabled",
        "fault": "it is left alone for a while: no such command",
        "host": "it runs on there only; this is here",
        "due": "its next run has not come",
        "retry": "attempt 2 failed; the next one is to come",
        "pause": "All jobs are paused: deployment",
        "dependencies": "before has not succeeded",
    }


def test_a_gate_says_when_it_opens_by_itself_or_that_somebody_has_to_open_it() -> None:
    job = new_job(due=30)
    Pause.objects.create(starts_at=to_stored(at(-5)), ends_at=to_stored(at(40)))
    gates = {str(gate.name): gate for gate in why_not_running(job, at(0))}

    assert gates["due"].opens == at(30)
    assert gates["pause"].opens == at(40)
    assert not gates["pause"].needs_a_person
    Pause.objects.update(ends_at=None)
    gates = {str(gate.name): gate for gate in why_not_running(job, at(0))}
    assert (gates["pause"].opens, gates["pause"].needs_a_person) == (None, True)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"frequency": "MANUAL", "due": None}, "it runs only by hand"),
        ({"frequency": "HOURLY", "params": "count:1"}, "its schedule names no further time"),
    ],
)
def test_a_job_without_a_next_run_says_so(values: dict[str, Any], reason: str) -> None:
    job = new_job(**values)
    Job.objects.update(next_run=None)

    assert reasons(job) == {"schedule": reason}


def test_a_running_job_says_since_when() -> None:
    new_job("later")
    job = new_job()
    host = Ticking()
    host.tick(0)

    run = host.going["job"].log_id
    assert reasons(job, 1)["overlap"] == f"run {run} of it goes on (since 2030-01-07 12:00:00 UTC)"
    for name in ("later", "job"):
        host.end(name, 1)


def test_who_asks_for_a_run_by_hand_needs_no_schedule() -> None:
    job = new_job(due=60)

    assert reasons(job) == {"due": "its next run has not come"}
    assert reasons(job, by_hand=True) == {}


def test_those_that_go_first_count_as_started(settings: Settings) -> None:
    settings.CHRONIKER_CAPACITY = 1
    new_job("a", due=-1)
    second = new_job("b")
    third = new_job("c", concurrency_key="k")

    full = "1 of the 1 that this host carries are taken: a (1)"
    assert reasons(second) == {"capacity": full}
    assert reasons(third) == {"capacity": "b goes first, and waits for room on this host"}


def test_a_job_that_names_a_key_says_who_holds_it() -> None:
    new_job("a", concurrency_key="warehouse")
    second = new_job("b", concurrency_key="warehouse")
    host = Ticking()

    assert reasons(second) == {"concurrency key": "the key warehouse is held by a"}
    host.tick(0)
    run = host.going["a"]
    assert reasons(second) == {
        "concurrency key": f"the key warehouse is held by run {run.log_id} of a"
    }
    host.end("a", 1)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in (1, 2))]
)
def test_the_tick_starts_exactly_those_whose_gates_are_all_open(
    seed: int, settings: Settings
) -> None:
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    settings.CHRONIKER_CAPACITY = rng.choice([0, 6, 60])
    host = Ticking()
    jobs = [_any_job(rng, number) for number in range(40)]
    for dependent, dependee in zip(jobs[1:], jobs, strict=False):
        if rng.random() < 0.3:
            JobDependency.objects.create(
                dependent=dependent,
                dependee=dependee,
                wait_for_success=rng.random() < 0.5,
                wait_for_next_run=rng.random() < 0.5,
            )
    Pause.objects.create(starts_at=to_stored(at(-5)), pattern="job .*7")
    moment = rng.choice([0, 5, 70])
    # What is passed over first (missed runs, retries that are superseded) changes the answer.
    host.tick(moment)
    for name in list(host.going):
        host.end(name, moment)
    moment += 200
    due = to_stored(at(moment))
    Job.objects.update(next_run=due, next_occurrence=due, attempt=0, retry_at=None)

    expected = [job.name for job in would_start("default", at(moment), Selection())]
    by_gates = {job.name for job in jobs if not reasons(job, moment)}

    assert set(expected) == by_gates
    assert host.run(moment) == expected
    assert expected


def _any_job(rng: random.Random, number: int) -> Job:
    job = new_job(
        f"job {number:02}",
        due=rng.choice([-60, -1, 0, 10]),
        frequency=rng.choice(["HOURLY", "MINUTELY"]),
        misfire_policy=rng.choice(["coalesce", "skip", "backfill"]),
        concurrency_key=rng.choice(["", "", "k1", "k2"]),
        weight=rng.choice([0, 1, 2]),
        priority=rng.choice([0, 0, 3]),
    )
    changed: dict[str, Any] = {}
    if rng.random() < 0.2:
        changed["enabled"] = False
    if rng.random() < 0.2:
        changed |= {"retry_at": to_stored(at(rng.choice([-1, 3]))), "attempt": 1}
    if rng.random() < 0.1:
        changed["held_until"] = to_stored(at(3))
    if rng.random() < 0.1:
        changed["hostname"] = "elsewhere"
    if rng.random() < 0.1:
        changed["active_until"] = to_stored(at(-2))
    if rng.random() < 0.1:
        changed["force_run"] = True
    Job.objects.filter(pk=job.pk).update(**changed)
    return job


class TestCommand:
    def test_it_tells_each_gate_and_ends_with_1_if_one_is_shut(self, manage: Manage) -> None:
        job = due_job(name="import", enabled=True)
        assert manage("cron_why", "import").returncode == 0

        tomorrow = database_now("default") + 24 * HOUR
        Job.objects.update(next_run=to_stored(tomorrow))
        told = manage("cron_why", str(job.pk))

        assert told.returncode == 1
        assert f"{job.pk} import" in told.stdout
        assert "open  enabled" in told.stdout
        shut_line = next(line for line in told.stdout.splitlines() if "shut" in line)
        assert "due: its next run has not come (opens " in shut_line
        assert told.stderr == ""

    def test_it_prints_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        job = due_job(name="import")
        Job.objects.update(enabled=False)

        with pytest.raises(SystemExit) as ended:
            call_command("cron_why", "import", "--json")

        assert ended.value.code == 1
        told = json.loads(capsys.readouterr().out)
        assert told["job"] == job.pk
        assert {
            "gate": "enabled",
            "open": False,
            "reason": "it is disabled",
            "opens": None,
            "needs_a_person": True,
        } in told["gates"]

    def test_a_job_that_does_not_exist_is_named(self, manage: Manage) -> None:
        told = manage("cron_why", "nonsense")

        assert told.returncode == 2
        assert "'nonsense'" in told.stderr
        assert "Traceback" not in told.stderr


def test_code_can_ask_as_well() -> None:
    job = new_job(due=0)
    Job.objects.update(enabled=False)

    gates = job.why_not_running()

    assert "enabled" in [gate.name for gate in shut(gates)]


def test_a_job_that_waits_for_another_says_since_when() -> None:
    job, before = new_job(), new_job("before", due=30)
    JobDependency.objects.create(dependent=job, dependee=before)

    assert reasons(job, 5)["dependencies"] == (
        "before has not succeeded (it has waited since 2030-01-07 12:00:00 UTC)"
    )


def test_of_many_that_take_up_a_host_some_are_named(settings: Settings) -> None:
    settings.CHRONIKER_CAPACITY = 20
    for number in range(8):
        new_job(f"job {number}", due=-1, weight=1 + (number == 6) * 11)
    job = new_job("late", weight=2)

    assert reasons(job)["capacity"] == (
        "19 of the 20 that this host carries are taken: "
        "job 6 (12), job 0 (1), job 1 (1), job 2 (1), job 3 (1), 3 more"
    )


def test_a_key_is_held_by_runs_that_have_one() -> None:
    new_job("without a key").run(force_run=True)
    Log.objects.update(status="running", run_end_datetime=None)

    assert reasons(new_job("with a key", concurrency_key="None")) == {}


def test_a_chained_job_waits_for_the_end_of_each_of_several() -> None:
    job = new_job(frequency=constants.CHAINED, due=None)
    dependees = [new_job(name) for name in ("first", "second")]
    for dependee in dependees:
        JobDependency.objects.create(dependent=job, dependee=dependee)

    last_links = []
    for dependee in dependees:
        dependee.run(force_run=True)
        last_links.append(links_of(Job.objects.get(pk=job.pk)) is not None)

    assert last_links == [False, True]
