"""``health/``: is all well, by what counts as bad, in few queries."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from chroniker.constants import ALL_HOSTS
from chroniker.expectations import web
from chroniker.models import Job, JobHost, Notification, Pause
from tests.health.conditions import ago, failing_job, late_job, running_job, ticked

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("jobs are made to look as if they ran"),
]

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(autouse=True)
def token(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CHRONIKER_HEALTH_TOKEN = TOKEN
    monkeypatch.setattr(web, "_looked_at", {})


def asked(**parameters: Any) -> tuple[int, dict[str, Any]]:
    """The status and the answer."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = Client().get("/machines/health/", parameters, headers=headers)
    return response.status_code, response.json()


def problems(**parameters: Any) -> list[str]:
    status, answer = asked(**parameters)
    assert status == (503 if answer["problems"] else 200)
    assert answer["status"] == ("bad" if answer["problems"] else "well")
    return list(answer["problems"])


def test_where_a_scheduler_ticks_and_nothing_is_late_all_is_well() -> None:
    ticked()
    running_job()
    _status, answer = asked()
    assert answer["problems"] == []
    assert answer["running"] == 1
    assert [(host["host"], host["silent"]) for host in answer["hosts"]] == [("web1", False)]


def test_without_any_tick_it_is_bad() -> None:
    assert problems() == ["No scheduler has ever looked for due jobs."]


def test_a_silence_is_bad_and_told_once() -> None:
    ticked(minutes=30)
    assert "No scheduler has looked for due jobs since" in problems()[0]
    asked()
    assert Notification.objects.get().event == "scheduler_silent"


def test_how_long_a_silence_may_last_can_be_said() -> None:
    ticked(minutes=4)
    assert problems() == []
    assert len(problems(silence=60)) == 1
    assert problems(silence=600) == []


@pytest.mark.parametrize("seconds", ["0", "-1", "x", "1e3", "0" * 8 + "1" + "0" * 15, "9" * 15])
def test_a_silence_that_is_no_length_is_named(seconds: str) -> None:
    status, answer = asked(silence=seconds)
    assert status == 400
    assert answer["error"].startswith("silence: ")


def test_the_share_of_a_host_that_is_gone_is_not_late() -> None:
    ticked()
    ticked("retired", 60 * 24, is_retired=True)
    job = late_job("everywhere", hostname=ALL_HOSTS, late_after_seconds=60)
    for name in ("web1", "retired", "forgotten"):
        JobHost.objects.create(
            job=job, hostname=name, revision=job.revision, next_run=ago(60), next_occurrence=ago(60)
        )
    assert [words.partition(":")[0] for words in problems()] == ["everywhere on web1"]


def test_one_silent_host_is_bad_only_if_that_is_asked() -> None:
    ticked()
    ticked("web2", 30)
    ticked("web3", 30, is_retired=True)
    assert problems() == []
    assert problems(bad="hosts") == ["Host web2 is silent."]


def test_late_and_stuck_jobs_are_bad() -> None:
    ticked()
    late_job()
    running_job("stuck", 30)
    found = problems()
    assert [words.partition(":")[0] for words in found] == ["late", "stuck"]
    assert len(problems(bad="late")) == len(problems(bad="stuck")) == 1


def test_failing_and_faulty_jobs_are_bad_if_that_is_asked() -> None:
    ticked()
    failing_job()
    faulty = late_job("faulty", late_after_seconds=0)
    Job.objects.filter(pk=faulty.pk).update(error="bad rule")
    assert problems() == []
    assert problems(bad="failing") == ["failing: has never succeeded"]
    assert problems(bad="faulty") == ["faulty: cannot run: bad rule"]


def test_a_pause_of_all_jobs_is_bad_if_that_is_asked_and_excuses_the_late() -> None:
    ticked()
    late_job()
    Pause.objects.create(starts_at=ago(90), reason="moving house")
    assert problems() == []
    assert problems(bad="paused") == ["All jobs are paused: moving house"]


def test_a_single_job_can_be_asked_about_by_id_or_name() -> None:
    ticked()
    late = late_job()
    fine = failing_job("fine")
    assert problems(job=fine.pk) == []
    assert problems(job="fine") == []
    assert len(problems(job=late.pk)) == len(problems(job="late")) == 1
    assert len(problems(job="fine", bad="failing")) == 1


def test_each_hosts_share_is_looked_at() -> None:
    ticked()
    job = late_job("everywhere", hostname=ALL_HOSTS)
    state = {"revision": job.revision, "next_run": ago(60), "next_occurrence": ago(60)}
    JobHost.objects.create(job=job, hostname="web1", **state)
    state |= {"is_running": True, "last_heartbeat": ago(30)}
    JobHost.objects.create(job=job, hostname="web2", **state)
    found = problems()
    assert [words.partition(":")[0] for words in found] == [
        "everywhere on web1",
        "everywhere on web2",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("bad", "nonsense"), ("silence", "-1"), ("silence", "soon"), ("silence", "0")),
        *(("silence", "9" * 30), ("job", "no such job"), ("job", "9" * 18), ("job", "9" * 30)),
        *(("silence", "²"), ("job", "٣")),
    ],
)
def test_a_parameter_that_says_nothing_is_named(name: str, value: str) -> None:
    status, answer = asked(**{name: value})
    assert status == 400
    assert answer["error"].startswith(f"{name}: ")


def test_it_asks_five_questions_whatever_is_wrong(django_assert_max_num_queries: Any) -> None:
    ticked()
    everywhere = late_job("everywhere", hostname=ALL_HOSTS)
    JobHost.objects.create(job=everywhere, hostname="web2", is_running=True)
    for number in range(3):
        late_job(f"late {number}")
        failing_job(f"failing {number}")
        running_job(f"stuck {number}", 30)
    Pause.objects.create(starts_at=ago(9000), ends_at=ago(8000))
    with django_assert_max_num_queries(5):
        status, answer = asked()
    assert (status, len(answer["problems"])) == (503, 7)


@pytest.mark.django_db(transaction=True)
@pytest.mark.one_database("HTTP")
def test_a_server_answers_over_http(live_server: Any) -> None:
    def answer(path: str) -> tuple[int, str, bytes]:
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{live_server.url}{path}", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return response.status, response.headers["Content-Type"], response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read()

    host = ticked()
    status, kind, body = answer("/machines/health/")
    assert (status, kind) == (200, "application/json")
    assert json.loads(body)["status"] == "well"
    host.delete()
    assert answer("/machines/health/")[0] == 503
    status, kind, body = answer("/machines/metrics/")
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert b"chroniker_jobs_running 0.0" in body
