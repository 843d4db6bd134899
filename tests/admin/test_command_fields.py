"""A command's arguments as fields: read from the text, and written back to it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as every
from hypothesis import strategies as st

from chroniker import arguments
from chroniker import command_parser as parser
from chroniker.admin.commands import form
from chroniker.admin.commands.fields import Field
from chroniker.admin.commands.given import CannotRead, Given, read
from chroniker.admin.commands.values import ALONE, shown
from chroniker.admin.commands.writing import write
from chroniker.command_parser import CannotLoad
from chroniker.models import Job
from chroniker.moments import utc_now
from tests.examples import examples

SAMPLE = "every_argument"


def fields(given: Given) -> dict[str, tuple[Given, Field]]:
    """By what they are called."""
    return {one.label: (level, one) for level in given.levels() for one in level.fields}


def values(text: str, command: str = SAMPLE) -> dict[str, str]:
    """What the fields show that are not empty."""
    given = read(parser.load(command), text)
    told = {label: shown(one, level.of(one)) for label, (level, one) in fields(given).items()}
    return {label: value for label, value in told.items() if value}


def fill(text: str, command: str = SAMPLE, /, **filled: str) -> str:
    """The text after fields were filled in, named by their labels with _ for what is no letter."""
    loaded = parser.load(command)
    names = {
        label.strip("-").replace("-", "_").replace(" ", "_"): one.name
        for label, (_level, one) in fields(read(loaded, text)).items()
    }
    named = {
        names[label.removesuffix("__alone")] + (ALONE if label.endswith("__alone") else ""): value
        for label, value in filled.items()
    }
    return write(loaded, text, named)


def fault(text: str, command: str = SAMPLE) -> str:
    return parser.fault_in(parser.load(command), text, parser.samples(Job(name="job"), utc_now()))


# Reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("here", {"place": "here"}),
        ("here 'two words' b", {"place": "here", "more": "'two words' b"}),
        ("x --days=3 --ratio .5", {"place": "x", "--days": "3", "--ratio": ".5"}),
        (
            "x days=3 dry_run=1 mail=0",
            {"place": "x", "--days": "3", "--dry-run": "1"} | {"--no-mail": "1"},
        ),
        (
            "x --since={scheduled_for:%Y-%m-%d}",
            {"place": "x", "--since": "{scheduled_for:%Y-%m-%d}"},
        ),
        ("x --no-cache", {"place": "x", "--cache": "no"}),
        ("x --cache", {"place": "x", "--cache": "yes"}),
        ("x -qq -q", {"place": "x", "--quiet": "3"}),
        ("x --item=a --item 'b c'", {"place": "x", "--item": "a 'b c'"}),
        ("x --pair a 1 --pair b 'c d'", {"place": "x", "--pair": "a 1\nb 'c d'"}),
        ("x --tags a b", {"place": "x", "--tags": "a b"}),
        ("x --log", {"place": "x"}),
        ("x --log=here", {"place": "x", "--log": "here"}),
        ("x --colour=red --level 2 -t ''", {"place": "x", "--colour": "red", "--level": "2"}),
        ("-- -x -y", {"place": "-x", "more": "-y"}),
        ("x --verbosity 2 --traceback", {"place": "x", "--verbosity": "2", "--traceback": "1"}),
    ],
)
def test_the_text_is_shown_field_by_field(text: str, expected: dict[str, str]) -> None:
    assert values(text) == expected


def test_arguments_of_a_chosen_sub_command_are_fields_as_well() -> None:
    assert values("--slow send me --copy=you", "sub_commands") == {
        **{"--slow": "1", "what": "send", "address": "me", "--copy": "you"}
    }
    assert values("clean --days 3", "sub_commands") == {"what": "clean", "--days": "3"}


def test_what_has_no_place_is_kept() -> None:
    assert fill("x --unheard-of=1 --days=3", days="4") == "x --days=4 --unheard-of=1"


@pytest.mark.parametrize("text", ["x --days", "x --pair a", "'open", "x --no"])
def test_what_cannot_be_told_apart_is_told(text: str) -> None:
    with pytest.raises((CannotRead, ValueError)) as raised:
        read(parser.load(SAMPLE), text)
    assert str(raised.value)


# Writing


@pytest.mark.parametrize(
    ("text", "filled", "expected"),
    [
        ("", {"place": "here"}, "here"),
        ("here", {"place": "two words"}, "'two words'"),
        ("here", {"more": "a 'b c'"}, "here a 'b c'"),
        ("x", {"days": "3"}, "x --days=3"),
        ("x --days=3", {"days": ""}, "x"),
        ("x", {"days": "-3"}, "x --days=-3"),
        ("x", {"text": "it's"}, """x --text='it'"'"'s'"""),
        ("x -t a", {"text": "b"}, "x -t b"),
        ("x -t a", {"text": "-b"}, "x -t=-b"),
        ("x", {"dry_run": "1", "no_mail": "1"}, "x --dry-run --no-mail"),
        ("x --dry-run", {"dry_run": ""}, "x"),
        ("x", {"cache": "no"}, "x --no-cache"),
        ("x --no-cache", {"cache": "yes"}, "x --cache"),
        ("x", {"quiet": "2"}, "x --quiet --quiet"),
        ("x", {"item": "a 'b c'"}, "x --item=a --item='b c'"),
        ("x", {"pair": "a 1\r\nb 2\r\n"}, "x --pair a 1 --pair b 2"),
        ("x --tags a", {"tags": "a b"}, "x --tags a b"),
        ("x", {"log__alone": "1", "log": ""}, "x --log"),
        ("x --log", {"log": "here"}, "x --log=here"),
        ("x", {"place": "-x"}, "-- -x"),
        ("x", {"since": "{scheduled_for:%d. %m.}"}, "x --since='{scheduled_for:%d. %m.}'"),
        ("x days=3", {"colour": "red"}, "x --days=3 --colour=red"),
        ("x --text=", {"days": "3"}, "x --days=3 --text="),
        ("x --secret=1 --settings=a.b", {"days": "3"}, "x --settings=a.b --days=3 --secret=1"),
    ],
)
def test_what_is_filled_in_is_written(text: str, filled: dict[str, str], expected: str) -> None:
    assert fill(text, **filled) == expected


def test_another_sub_command_begins_with_empty_fields() -> None:
    assert fill("--slow send me --copy=you", "sub_commands", what="clean") == "--slow clean"
    assert fill("clean", "sub_commands", days="3", slow="1") == "--slow clean --days=3"


@pytest.mark.parametrize(
    "filled", [{"quiet": "many"}, {"quiet": "9999999"}, {"more": "it's"}, {"tags": "a --days=3"}]
)
def test_what_cannot_be_written_is_told(filled: dict[str, str]) -> None:
    with pytest.raises((CannotRead, ValueError)) as raised:
        fill("x", **filled)
    assert str(raised.value)


TEXTS = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), min_size=1)


@every(
    st.fixed_dictionaries({"place": TEXTS}, optional=dict.fromkeys(("text", "log", "since"), TEXTS))
)
@examples(60)
def test_whatever_is_filled_in_is_shown_again(filled: dict[str, str]) -> None:
    text = fill("", **filled)
    assert values(text) == {
        name if name == "place" else f"--{name}": value for name, value in filled.items()
    }


TOKENS = (
    *("x", "y z", "--days=3", "--dry-run", "-q", "--tags", "a", "--", "--log", "-t", "days=1"),
    *("--pair", "--item=a"),
)


@every(st.lists(st.sampled_from(TOKENS)))
@examples(150)
def test_filling_in_nothing_new_changes_no_meaning(tokens: list[str]) -> None:
    loaded = parser.load(SAMPLE)
    text = shlex.join(tokens)
    try:
        before = read(loaded, text)
        after = write(loaded, text, {})
    except (CannotRead, ValueError):
        return
    assert read(loaded, after).meaning() == before.meaning()


# What the parser says


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x --since={scheduled_for:%Y-%m-%d} --days={job_id} --port {run_id}",
        "x days=3 'two words' {hostname} {job_name}",
        "--help",
        "--version",
    ],
)
def test_arguments_that_a_run_would_take_are_no_fault(text: str, capfd: Any) -> None:
    assert fault(text) == ""
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "required: place"),
        ("x --days=many", "invalid int value: 'many'"),
        ("x --colour=blue", "invalid choice: 'blue'"),
        ("x --since={scheduled_for:%d}", "invalid fromisoformat value"),
        ("x --unheard-of", "unrecognized arguments: --unheard-of"),
        ("x 'open", "without its partner"),
        ("x dry_run=perhaps", "is a flag"),
        ("x {job_id:%d}", "only dates and times"),
    ],
)
def test_the_parser_s_own_words_are_told(text: str, words: str, capfd: Any) -> None:
    assert words in fault(text)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--leave=3", "the status 3"),
        ("--leave=0", ""),
        ("--leave=x", "RuntimeError: cannot take x"),
    ],
)
def test_a_parser_that_leaves_or_breaks_breaks_nothing(text: str, words: str) -> None:
    assert words in fault(text, "odd_parser")


def test_a_parser_is_not_let_near_files(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("kept")
    assert fault(f"--into={file}", "odd_parser") == ""
    assert file.read_text() == "kept"
    assert fault(f"@{file}", "odd_parser") == ""


# Commands


@pytest.mark.parametrize(
    ("name", "words"), [("no_such", "'no_such'"), ("cannot_load", "not</b> for importing")]
)
def test_a_command_that_cannot_be_loaded_says_so(name: str, words: str) -> None:
    with pytest.raises(CannotLoad, match=words):
        parser.load(name)


def test_every_command_of_django_and_of_the_project_can_be_shown() -> None:
    from django.core.management import get_commands

    for name in sorted({*get_commands()} - {"cannot_load"}):
        command = parser.load(name)
        given = read(command, "")
        assert form.render(given, ""), name
        assert arguments.split(write(command, "", {})) == []
