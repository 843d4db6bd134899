"""What code can say of a job, and what is refused with the place and the word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from pytest_django import Settings

from chroniker import constants, scheduled
from chroniker.exceptions import InvalidDeclaration
from chroniker.jobs_in_code import discovery, in_settings, periods, plan, values
from chroniker.jobs_in_code.declaration import Declaration, forget, registered


@pytest.fixture(autouse=True)
def only_ours() -> Iterator[None]:
    """What a test declares is forgotten after it."""
    discovery.find()  # which imports what stays declared
    before = registered()
    yield
    forget([one for one in registered() if one not in before])


def digest(days: int = 1) -> None:
    """A job."""


def declared(**words: Any) -> Declaration:
    """What a decorator with these words leaves."""
    before = registered()
    scheduled(**{"key": "digest", **words})(digest)
    (declaration,) = [one for one in registered() if one not in before]
    return declaration


def owned(**words: Any) -> dict[str, Any]:
    return dict(values.wanted(declared(**words)).owned)


def refusal(**words: Any) -> str:
    with pytest.raises(InvalidDeclaration) as refused:
        values.wanted(declared(**words))
    text = str(refused.value)
    assert text.startswith(f"{__file__}:")
    return text.partition(": ")[2]


def test_a_function_runs_through_a_command_by_its_key() -> None:
    assert owned(cron="0 4 * * *", args="days=3") == {
        "command": "run_function",
        "args": "digest days=3",
        "frequency": "CRON",
        "params": "",
        "cron_expression": "0 4 * * *",
    }


def test_by_default_the_key_is_where_it_stands() -> None:
    scheduled(every="1h")(digest)
    assert registered()[-1].key == f"{__name__}.digest"


@pytest.mark.parametrize(
    ("every", "at", "rule"),
    [
        ("30s", None, (constants.SECONDLY, "interval:30")),
        ("15m", None, (constants.MINUTELY, "interval:15")),
        ("2H", None, (constants.HOURLY, "interval:2")),
        ("1d", "05:30", (constants.DAILY, "interval:1;byhour:5;byminute:30;bysecond:0")),
        ("1w", "5:00", (constants.WEEKLY, "interval:1;byhour:5;byminute:0;bysecond:0")),
    ],
)
def test_a_period_is_a_rule(every: str, at: str | None, rule: tuple[str, str]) -> None:
    assert periods.as_rule(every, at) == rule
    assert owned(every=every, **({"at": at} if at else {}))["params"] == rule[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"cronn": "0 4 * * *"}, "a job has no cronn. Did you mean cron?"),
        ({"is_running": True}, "a job has no is_running."),
        ({"every": "soon"}, "every='soon': write 30s, 15m, 2h, 1d or 1w."),
        ({"every": "1d", "at": "25:00"}, "at='25:00': write a time of day, such as 05:30."),
        ({"every": "1h", "at": "05:30"}, "at='05:30': only what comes once in days or weeks"),
        ({"cron": "61 * * * *"}, "cron_expression: "),
        ({"frequency": "DAYLY"}, "frequency: Value 'DAYLY' is not a valid choice."),
        ({"frequency": "DAILY", "params": "bywhat:1"}, "params: "),
        ({"cron": "0 4 * * *", "timezone": "Mars/North"}, "timezone: "),
        ({"timeout_seconds": "long"}, "timeout_seconds='long': "),
        ({"environment": "no lines"}, "environment: "),
        ({"weight": -1}, "weight: "),
        ({"args": "days=x"}, "args: days: 'x' cannot be used: "),
        ({"args": "1 2"}, "args: too many positional arguments; it is called as digest(days"),
        ({"args": "'open"}, "args: "),
        ({"command": "check"}, "command= has no place here: what is decorated is run."),
    ],
)
def test_what_could_not_be_a_job_is_refused_by_its_word(words: dict[str, Any], said: str) -> None:
    assert refusal(**words).startswith(said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"cron": "0 4 * * *", "every": "1d"}, "give one of cron and every, not both"),
        ({"cron": "0 4 * * *", "at": "05:30"}, "at= goes with every="),
        ({"every": "1d", "params": "interval:2"}, "params= goes with frequency="),
        ({"key": "two words"}, "'two words' cannot be a key"),
        ({"key": "k" * 151}, "cannot be a key"),
    ],
)
def test_what_contradicts_itself_is_refused_where_it_is_written(
    words: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidDeclaration, match=said):
        declared(**words)


def test_the_decorator_wants_its_words_and_a_name() -> None:
    with pytest.raises(InvalidDeclaration, match=r"Write @scheduled\(\.\.\.\)"):
        scheduled(digest)
    with pytest.raises(InvalidDeclaration, match='give it a key="'):
        scheduled(cron="0 4 * * *")(lambda: None)
    with pytest.raises(InvalidDeclaration, match="neither a function nor a class"):
        scheduled(cron="0 4 * * *")(3)  # type: ignore[type-var]


def test_a_command_is_run_as_itself() -> None:
    command = type(load_command_class(get_commands()["fail"], "fail"))
    before = registered()
    scheduled(cron="0 4 * * *", args="--x", name="Fails", environment={"A": "1", "B": "2"})(command)
    (declaration,) = [one for one in registered() if one not in before]

    found = values.wanted(declaration)

    assert found.key == "test_project.samples.management.commands.fail.Command"
    assert {name: found.owned[name] for name in ("command", "args", "name", "environment")} == {
        "command": "fail",
        "args": "--x",
        "name": "Fails",
        "environment": "A=1\nB=2",
    }


def test_without_a_schedule_the_admin_says_when() -> None:
    found = values.wanted(declared(timeout_seconds=60))
    assert "frequency" not in found.owned
    assert found.initial == {"name": "digest", "frequency": "MANUAL"}


def keyed(key: str, *depends_on: Any) -> Declaration:
    return Declaration(
        key=key,
        where=f"jobs.py:{key}",
        values={"depends_on": depends_on, "name": f"Job {key}"},
        target=digest,
    )


def test_dependencies_are_named_by_key_name_or_function() -> None:
    first = Declaration(key="first", where="", values={}, target=owned)
    second, third = keyed("second", owned), keyed("third", "second", "Job second")

    jobs = plan.all_wanted([first, second, third])

    assert [job.owned.get("depends_on") for job in jobs] == [None, ["first"], ["second"]]


def test_a_circle_and_an_unknown_job_are_named() -> None:
    with pytest.raises(InvalidDeclaration, match="would wait for each other: a → b → a"):
        plan.all_wanted([keyed("a", "b"), keyed("b", "a")])
    with pytest.raises(InvalidDeclaration, match=r"nothing is declared as 'digets'\. Did you mean"):
        plan.all_wanted([keyed("a", "digets"), keyed("digest")])


class Nightly:
    """A job as a class, with what it says of itself."""

    app_name = "nightly"
    depends_on = ("digest",)

    def run(self, *names: str) -> str:
        """What it does."""
        return " ".join(names)


class TestSettings:
    """``CHRONIKER_JOBS``."""

    def found(self, settings: Settings, *entries: Any) -> list[Declaration]:
        settings.CHRONIKER_JOBS = entries[0] if isinstance(entries[0], str) else list(entries)
        return [in_settings.declaration(entry) for entry in in_settings.entries()]

    def fault(self, settings: Settings, *entries: Any) -> str:
        with pytest.raises(InvalidDeclaration) as refused:
            self.found(settings, *entries)
        return str(refused.value)

    def test_a_mapping_declares_a_command(self, settings: Settings) -> None:
        (one,) = self.found(
            settings, {"name": "Old sessions", "command": "clearsessions", "cron": "0 4 * * *"}
        )
        assert one.key == "settings.Old-sessions"
        assert values.wanted(one).owned["command"] == "clearsessions"

    def test_lines_declare_classes(self, settings: Settings) -> None:
        path = f"{__name__}.Nightly"
        lines = f"# nightly\n\n {path}|1d|05:30 , {__name__}.digest|2h;\n{__name__}.declared|06:15"
        first, second, third = self.found(settings, lines)

        assert first.key == path
        job = values.wanted(first)
        assert job.owned["params"] == "interval:1;byhour:5;byminute:30;bysecond:0"
        assert job.initial["name"] == "nightly"
        assert job.depends_on == ("digest",)
        assert values.wanted(second).owned["frequency"] == "HOURLY"
        assert values.wanted(third).owned["params"].startswith("interval:1;byhour:6;byminute:15")

    @pytest.mark.parametrize(
        ("entry", "said"),
        [
            (3, "3 is neither a mapping nor a text"),
            ("x.Y", "'x.Y': write module.Class|1d or"),
            ("x.Y|1d|1|2", "'x.Y|1d|1|2': write module.Class|1d or"),
            ("no.such.Class|1d", "function 'no.such.Class' cannot be imported: ModuleNotFound"),
            ("chroniker.constants.DAILY|1d", "chroniker.constants.DAILY is neither a function"),
            ({"name": "x"}, "give one of command, raw_command and function"),
            ({"command": "check", "raw_command": "ls"}, "give one of command, raw_command and"),
            ({"command": "check"}, "give it a name, or a key by which it is known"),
            ({1: 2}, "1 is no name of a field"),
        ],
    )
    def test_a_wrong_entry_is_named(self, settings: Settings, entry: Any, said: str) -> None:
        assert self.fault(settings, {"name": "a", "command": "check"}, entry).startswith(
            f"CHRONIKER_JOBS[1]: {said}"
        )

    def test_a_job_that_is_declared_twice_is_refused_with_both_places(
        self, settings: Settings
    ) -> None:
        entry = {"name": "a", "command": "check"}
        settings.CHRONIKER_JOBS = [entry, entry]
        (fault,) = discovery.find().faults
        assert fault.startswith(
            "settings.a is declared 2 times: CHRONIKER_JOBS[0], CHRONIKER_JOBS[1]"
        )
