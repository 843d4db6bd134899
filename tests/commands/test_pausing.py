"""cron_pause and cron_resume: what they store, what they say, and what they refuse."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chroniker.management import times
from chroniker.models import Job, Pause, Pauses
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant
from tests.running import Manage, due_job

pytestmark = pytest.mark.django_db


def called(name: str, *words: str) -> str:
    out = io.StringIO()
    call_command(name, *words, stdout=out)
    return out.getvalue()


def refused(name: str, *words: str) -> str:
    with pytest.raises(CommandError) as error:
        called(name, *words)
    return str(error.value)


def held() -> set[str]:
    """The names of the jobs that are paused now."""
    now = Pauses.read("default", database_now("default"))
    return {job.name for job in Job.objects.all() if now.holding(job)}


@pytest.fixture(autouse=True)
def jobs(db: None) -> dict[str, Job]:
    names = ("import", "export", "count")
    return {name: due_job(name=name) for name in names}


# cron_pause


def test_without_options_all_jobs_are_paused_until_somebody_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    out = called("cron_pause")
    pause = Pause.objects.get()
    assert out == f"Pause {pause.pk}: all jobs, until cron_resume.\n"
    assert (pause.created_by, pause.reason, pause.ends_at) == ("ann", "", None)
    assert held() == {"import", "export", "count"}


def test_one_job_is_paused_by_its_id_or_by_its_name(jobs: dict[str, Job]) -> None:
    called("cron_pause", f"--job={jobs['import'].pk}")
    assert held() == {"import"}
    assert ": export, " in called("cron_pause", "--job", "export", "--reason=too slow")
    assert held() == {"import", "export"}
    assert Pause.objects.get(job=jobs["export"]).reason == "too slow"


def test_the_jobs_that_a_pattern_matches_are_paused_and_counted() -> None:
    assert "jobs that match “port$” (2 now), until" in called("cron_pause", "--match=port$")
    assert held() == {"import", "export"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("1d", 86400),
        ("1w", 604800),
        ("1h30m", 5400),
        ("1D12H", 129600),
        (" 5m ", 300),
    ],
)
def test_a_pause_lasts_as_long_as_asked_for(text: str, seconds: int) -> None:
    called("cron_pause", "--for", text)
    pause = Pause.objects.get()
    assert pause.ends_at is not None
    assert pause.ends_at - pause.starts_at == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2099-05-01", datetime(2099, 4, 30, 22, tzinfo=UTC)),
        ("2099-05-01T18:30", datetime(2099, 5, 1, 16, 30, tzinfo=UTC)),
        ("2099-12-01 18:30:05", datetime(2099, 12, 1, 17, 30, 5, tzinfo=UTC)),
        ("2099-05-01T18:30Z", datetime(2099, 5, 1, 18, 30, tzinfo=UTC)),
        ("2099-05-01T18:30-05:00", datetime(2099, 5, 1, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_date_is_meant_on_the_project_s_clock(
    text: str, instant: datetime, settings: Settings
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    out = called("cron_pause", "--until", text)
    assert to_instant(Pause.objects.get().ends_at) == instant
    assert f"until {times.in_words(instant)}." in out
    assert out.endswith((" CEST.\n", " CET.\n"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--for=soon"], "'soon' is no length of time; write for instance 90s, 15m"),
        (["--for=5x"], "'5x' is no length of time"),
        (["--for="], "'' is no length of time"),
        (["--for=-5"], "'-5' is no length of time"),
        (["--for=1.5h"], "'1.5h' is no length of time"),
        (["--for=0m"], "'0m' is no time at all"),
        (["--for=999999999w"], "'999999999w' is longer than the calendar"),
        (["--for=500000000d"], "--for: this ends after the last year"),
        (["--until=tomorrow"], "'tomorrow' is no date; write for instance 2030-12-31"),
        (["--until=2099-02-30"], "'2099-02-30' is no date"),
        (["--until=9999-12-31T23:59-23:00"], "is no date"),
        (["--until=2001-01-01"], "--until: This is not after the start"),
        (["--for=1h", "--until=2099-01-01"], "not allowed with"),
        (["--job=import", "--match=x"], "not allowed with"),
        (["--job=nothing"], "--job: there is no job 'nothing', by id or by name."),
        (["--job=424242"], "--job: there is no job '424242'"),
        ([f"--job={'9' * 5000}"], "--job: there is no job"),
        (["--job="], "--job: there is no job ''"),
        (["--match=("], "--match: This is no regular expression"),
        (["--match=(a+)+$"], "--match: This takes too long."),
        (["--match="], "--match: this is empty"),
        ([f"--match={'x' * 201}"], "--match: Ensure this value has at most 200"),
        ([f"--reason={'x' * 256}"], "--reason: Ensure this value has at most 255"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_the_option_named(words: list[str], told: str) -> None:
    assert told in refused("cron_pause", *words)
    assert not Pause.objects.exists()


@pytest.mark.parametrize("command", ["cron_pause", "cron_resume"])
def test_a_name_that_several_jobs_have_is_refused_with_their_ids(
    command: str, jobs: dict[str, Job]
) -> None:
    second = due_job(name="import")
    assert refused(command, "--job=import") == (
        f"--job: 2 jobs are called 'import'; name one by its id: {jobs['import'].pk}, {second.pk}."
    )


def test_a_number_is_an_id_first_and_a_name_if_there_is_no_such_id(jobs: dict[str, Job]) -> None:
    due_job(name=str(jobs["import"].pk))
    due_job(name="424242")
    called("cron_pause", f"--job={jobs['import'].pk}")
    called("cron_pause", "--job=424242")
    assert held() == {"import", "424242"}


# cron_resume


@pytest.fixture
def pauses(jobs: dict[str, Job]) -> dict[str, Pause]:
    wanted = {
        "all": Pause(reason="deployment"),
        "import": Pause(job=jobs["import"]),
        "count": Pause(job=jobs["count"]),
        "pattern": Pause(pattern="port"),
    }
    for pause in wanted.values():
        pause.begin("ann")
    return wanted


def left() -> set[int]:
    return {pause.pk for pause in Pause.objects.not_over(database_now("default"))}


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        (["--job=import"], {"import"}),
        (["--match=port"], {"pattern"}),
        (["--all"], {"all", "import", "count", "pattern"}),
        (["{all}"], {"all"}),
        (["{import}", "{pattern}", "424242"], {"import", "pattern"}),
    ],
)
def test_the_pauses_that_are_named_end_and_that_is_said(
    words: list[str], ended: set[str], pauses: dict[str, Pause]
) -> None:
    ids = {name: str(pause.pk) for name, pause in pauses.items()}
    out = called("cron_resume", *(word.format(**ids) for word in words))
    assert left() == {pause.pk for name, pause in pauses.items() if name not in ended}
    for name in ended:
        assert f"Ended pause {pauses[name].pk}: {pauses[name]}.\n" in out
    assert out.count("Ended") == len(ended)


def test_what_still_holds_the_job_is_said_with_its_mend(pauses: dict[str, Pause]) -> None:
    out = called("cron_resume", "--job=import")
    still = pauses["pattern"].pk, pauses["all"].pk
    assert "import is still held: " in out
    assert any(f"(to end that: cron_resume {pk})." in out for pk in still)

    called("cron_resume", *map(str, still))
    assert "still held" not in called("cron_resume", "--job=import")


@pytest.mark.parametrize("words", [["--all"], ["--job=import"], ["--match=x"], ["424242"], ["-3"]])
def test_nothing_to_end_is_said_and_no_error(words: list[str]) -> None:
    words = words if words != ["-3"] else ["--", "-3"]
    assert called("cron_resume", *words) == "There was no such pause to end.\n"


def test_without_a_choice_it_says_which_pauses_there_are(pauses: dict[str, Pause]) -> None:
    told = refused("cron_resume")
    assert "by their ids, or with one of --job, --match and --all" in told
    assert f"{pauses['all'].pk} (all jobs: deployment)" in told
    assert left() == {pause.pk for pause in pauses.values()}
    assert "Say which" in refused("cron_resume", "--all", str(pauses["all"].pk))
    assert "There are: none" in refused_after_all()


def refused_after_all() -> str:
    called("cron_resume", "--all")
    return refused("cron_resume")


@pytest.mark.parametrize("words", [["x"], ["--match="], ["--job=nothing"], ["9" * 5000]])
def test_what_names_nothing_is_refused(words: list[str], pauses: dict[str, Pause]) -> None:
    refused("cron_resume", *words)
    assert left() == {pause.pk for pause in pauses.values()}


# As processes


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("use_tz", ["1", pytest.param("0", marks=pytest.mark.thorough)])
def test_the_exit_status_is_the_documented_one(
    use_tz: str, manage: Manage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHRONIKER_TEST_USE_TZ", use_tz)
    monkeypatch.setenv("CHRONIKER_TEST_TIME_ZONE", "America/New_York")
    done = manage("cron_pause", "--match=port", "--until=2099-01-01T12:00", "--reason=moving")
    assert (done.returncode, done.stderr) == (0, "")
    assert "(2 now), until 2099-01-01 12:00:00 EST." in done.stdout

    wrong: Any = manage("cron_pause", "--match=(")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--match: This is no regular expression" in wrong.stderr
    assert manage("cron_pause", "--for=soon").returncode == 2

    ended = manage("cron_resume", "--all")
    assert (ended.returncode, ended.stdout) == (
        0,
        f"Ended pause {Pause.objects.get().pk}: jobs that match “port”: moving.\n",
    )
    assert manage("cron_resume").returncode == 2
