"""A job's argument text becomes what its command's parser is given."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command, load_command_class
from hypothesis import given
from hypothesis import strategies as st

from chroniker.arguments import MAX_LENGTH, PLACEHOLDERS, fill, join, split, to_argv
from chroniker.exceptions import InvalidArguments

# split


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("  \n\t ", []),
        ("a  b\nc", ["a", "b", "c"]),
        ("'a b' \"c d\" e\\ f", ["a b", "c d", "e f"]),
        ("--text='it is' ''", ["--text=it is", ""]),
        ("# $HOME * | ; `x` ~", ["#", "$HOME", "*", "|", ";", "`x`", "~"]),
        ('imports=a,B query="B.all(x=1)"', ["imports=a,B", "query=B.all(x=1)"]),
        ("grüße 日本 😀", ["grüße", "日本", "😀"]),
    ],
)
def test_text_is_split_as_a_shell_does_but_nothing_is_expanded(
    text: str, tokens: list[str]
) -> None:
    assert split(text) == tokens


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("it's", "without its partner"),
        ('a "b', "without its partner"),
        ("C:\\", "end with a backslash"),
        ("a\0b", "NUL"),
        ("x" * (MAX_LENGTH + 1), "65,537 characters; at most 65,536"),
    ],
)
def test_text_that_cannot_be_split_is_refused_with_its_fault(text: str, message: str) -> None:
    with pytest.raises(InvalidArguments, match=message):
        split(text)


# join


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_what_was_joined_splits_into_the_same_tokens(tokens: list[str]) -> None:
    assert split(join(tokens)) == tokens


def test_only_what_needs_it_is_quoted() -> None:
    tokens = ["--since={scheduled_for:%Y-%m-%d}", "$HOME", "--text=two words", "it's", ""]
    assert (
        join(tokens) == "--since={scheduled_for:%Y-%m-%d} $HOME --text='two words' 'it'\"'\"'s' ''"
    )


def test_text_of_the_greatest_length_is_split() -> None:
    assert split("x" * MAX_LENGTH) == ["x" * MAX_LENGTH]


# fill

VALUES: dict[str, object] = {
    "scheduled_for": datetime(2026, 3, 9, 7, 5, tzinfo=UTC),
    "job_id": 7,
    "run_id": 8,
    "job_name": "nightly 'import' --all",
    "hostname": "blue",
}


def test_the_names_of_the_placeholders_are_known() -> None:
    assert set(PLACEHOLDERS) == set(VALUES)


@pytest.mark.parametrize(
    ("token", "filled"),
    [
        ("{job_id}", "7"),
        ("--run={run_id}@{hostname}", "--run=8@blue"),
        ("{scheduled_for}", "2026-03-09T07:05:00+00:00"),
        ("{scheduled_for:%Y-%m-%d}", "2026-03-09"),
        ("{scheduled_for:%d.%m.%Y %H:%M Uhr}", "09.03.2026 07:05 Uhr"),
        ("{scheduled_for:}", "2026-03-09T07:05:00+00:00"),
        ('{"id":{job_id}}', '{"id":7}'),
    ],
)
def test_a_placeholder_becomes_its_value(token: str, filled: str) -> None:
    assert fill([token], VALUES) == [filled]


@pytest.mark.parametrize(
    "token",
    [
        "{unknown}",
        "{unknown:%Y}",
        "{job_name.__class__}",
        "{job_name[0]}",
        "{job_name!r}",
        "{0}",
        "{}",
        "{ job_id }",
        "{job_id",
        "job_id}",
        '{"a": {"b": [1, {}]}}',
        "{{unknown}}",
        "{{ job.name }}",
        "${HOME}",
    ],
)
def test_other_braces_stay_as_they_are(token: str) -> None:
    assert fill([token], VALUES) == [token]


@pytest.mark.parametrize(
    ("token", "filled"),
    [
        ("{{job_id}}", "{job_id}"),
        ("{{scheduled_for:%Y}}", "{scheduled_for:%Y}"),
        ("{{{job_id}}}", "{{job_id}}"),
    ],
)
def test_doubled_braces_keep_a_placeholder_s_text(token: str, filled: str) -> None:
    assert fill([token], VALUES) == [filled]


def test_a_value_never_makes_another_token() -> None:
    assert fill(["--name", "{job_name}"], VALUES) == ["--name", "nightly 'import' --all"]


def test_what_a_value_says_is_not_filled_in_again() -> None:
    assert fill(["{job_name}"], {"job_name": "{job_id}", "job_id": 7}) == ["{job_id}"]


def test_a_date_is_written_like_a_date_and_time() -> None:
    assert fill(["{day:%d/%m}", "{day}"], {"day": date(2026, 3, 9)}) == ["09/03", "2026-03-09"]


def test_a_moment_keeps_its_own_time_zone() -> None:
    moment = datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Europe/Berlin"))

    assert fill(["{at}"], {"at": moment}) == ["2026-07-01T09:00:00+02:00"]


@pytest.mark.parametrize(
    ("token", "values", "message"),
    [
        ("{job_id:%Y}", VALUES, r"\{job_id:%Y\} has a format, but only dates"),
        ("{job_id:}", VALUES, "has a format, but only dates"),
        ("{scheduled_for}", {"scheduled_for": None}, "no value in this run"),
        ("{scheduled_for:%Y-%m-%d", VALUES, "no closing brace.*in quotes"),
        ("{scheduled_for:\ud800}", VALUES, "has a format that cannot be used"),
        ("{job_name}", {"job_name": "a\0b"}, "NUL"),
    ],
)
def test_a_placeholder_that_cannot_be_filled_is_refused(
    token: str, values: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidArguments, match=message):
        fill(["ok", token], values)


@given(st.lists(st.text()))
def test_filling_without_values_changes_nothing(tokens: list[str]) -> None:
    assert fill(tokens, {}) == tokens


# to_argv, with argparse's own parsers


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--number", "-n", type=int)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--max-age", dest="age", type=int)
    parser.add_argument("--no-input", action="store_false", dest="interactive")
    parser.add_argument("--cache", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--index", action=argparse.BooleanOptionalAction, dest="searchable")
    parser.add_argument("--loud", action="store_const", const="LOUD", dest="volume")
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--extras", nargs="*")
    parser.add_argument("--pair", nargs=2)
    parser.add_argument("-x", dest="letter")
    parser.add_argument("--version", action="version", version="1")
    return parser


def parsed(text: str) -> dict[str, Any]:
    """What the parser understands of ``text``, without what is at its default."""
    parser = make_parser()
    argv, _ = to_argv(split(text), parser)
    untouched = vars(parser.parse_args([]))
    return {
        name: value
        for name, value in vars(parser.parse_args(argv)).items()
        if value != untouched[name]
    }


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("number=5", {"number": 5}),
        ("--number=5", {"number": 5}),
        ("--number 5", {"number": 5}),
        ("-n 5", {"number": 5}),
        ("number=-5", {"number": -5}),
        ("max-age=3", {"age": 3}),
        ("max_age=3", {"age": 3}),
        ("age=3", {"age": 3}),
        ("letter='b c'", {"letter": "b c"}),
        ("letter=", {"letter": ""}),
        ("letter=--x=y", {"letter": "--x=y"}),
        ("names=a z", {"names": ["a"], "words": ["z"]}),
        ("extras=a z", {"extras": ["a"], "words": ["z"]}),
        ("a number=5 b", {"words": ["a", "b"], "number": 5}),
        ("number=1 number=2", {"number": 2}),
    ],
)
def test_options_are_understood_in_every_way_of_writing_them(
    text: str, understood: dict[str, object]
) -> None:
    assert parsed(text) == understood


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("--dry-run", {"dry_run": True}),
        *((f"dry_run={yes}", {"dry_run": True}) for yes in ("1", "true", "True", "YES", "on")),
        *((f"dry-run={no}", {}) for no in ("0", "false", "False", "no", "OFF", "''")),
        ("interactive=0", {"interactive": False}),
        ("interactive=1", {}),
        ("no_input=1", {"interactive": False}),
        ("no-input=0", {}),
        ("cache=0", {"cache": False}),
        ("cache=1", {}),
        ("no_cache=1", {"cache": False}),
        ("--no-cache no_cache=0", {"cache": False}),
        ("searchable=0", {"searchable": False}),
        ("searchable=1", {"searchable": True}),
        ("volume=1", {"volume": "LOUD"}),
        ("volume=0", {}),
    ],
)
def test_flags_are_given_by_yes_and_left_out_by_no(text: str, understood: dict[str, Any]) -> None:
    assert parsed(text) == understood


@pytest.mark.parametrize("text", ["dry_run=maybe", "interactive=2", "volume=LOUD"])
def test_a_flag_that_is_neither_yes_nor_no_is_refused(text: str) -> None:
    with pytest.raises(InvalidArguments, match=f"{text}: .* is a flag"):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("a=b", {"words": ["a=b"]}),
        ("words=b", {"words": ["words=b"]}),
        ("version=1", {"words": ["version=1"]}),
        ("n=5", {"words": ["n=5"]}),
        ("=5 =", {"words": ["=5", "="]}),
        ("-- number=5", {"words": ["number=5"]}),
        ("a -- number=5 -- b", {"words": ["a", "number=5", "--", "b"]}),
        ("-x number=5", {"letter": "number=5"}),
        ("--names number=5", {"names": ["number=5"]}),
        ("--pair number=5 number=6", {"pair": ["number=5", "number=6"]}),
        ("a ''", {"words": ["a", ""]}),
    ],
)
def test_all_else_is_left_as_it_is(text: str, understood: dict[str, object]) -> None:
    assert parsed(text) == understood


def test_an_option_that_needs_no_value_does_not_take_one_away() -> None:
    assert parsed("--extras number=5") == {"extras": [], "number": 5}


def test_what_is_wrong_for_the_parser_is_left_for_it_to_say() -> None:
    argv, _ = to_argv(["number=five"], make_parser())

    with pytest.raises(argparse.ArgumentError, match="invalid int value: 'five'"):
        make_parser().parse_args(argv)


def test_stealth_options_are_told_apart() -> None:
    argv, stealth = to_argv(["a", "log-to=x=y", "number=5"], make_parser(), {"log_to", "number"})

    assert argv == ["--number=5", "a"]
    assert stealth == {"log_to": "x=y"}


def test_options_reach_the_parser_of_the_sub_command_that_has_them() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--level", type=int)
    commands = parser.add_subparsers(dest="what")
    adding = commands.add_parser("add")
    adding.add_argument("items", nargs="*")
    adding.add_argument("--force", action="store_true")

    argv, _ = to_argv(split("add a level=3 b force=1 c=d"), parser)

    assert argv == ["--level=3", "add", "--force", "a", "b", "c=d"]
    assert parser.parse_args(argv).items == ["a", "b", "c=d"]


@given(st.lists(st.text(alphabet="ab=- \u00e9", max_size=6)))
def test_without_options_nothing_is_changed(tokens: list[str]) -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("words", nargs="*")

    assert to_argv(tokens, parser) == (tokens, {})


# to_argv, with real management commands


def called(app: str, name: str, text: str) -> str:
    command = load_command_class(app, name)
    parser = command.create_parser("manage.py", name)
    argv, stealth = to_argv(split(text), parser, command.stealth_options)
    out = StringIO()
    call_command(command, *argv, stdout=out, **stealth)
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "a b=c --number=5 --flag --item=1 --item=2 --verbosity=2",
        "a b=c --number 5 --flag --item 1 --item 2 -v 2",
        "a number=5 b=c flag=1 item=1 item=2 verbosity=2",
    ],
)
def test_a_command_gets_the_same_from_each_way_of_writing(text: str) -> None:
    understood = json.loads(called("test_project.samples", "echo_args", text))

    assert understood == {
        "words": ["a", "b=c"],
        "number": 5,
        "ratio": 0.0,
        "text": "",
        "flag": True,
        "colour": "green",
        "item": ["1", "2"],
        "verbosity": 2,
    }


def test_django_s_own_commands_run_with_the_options_of_1_x() -> None:
    printed = called("django.core", "diffsettings", "output=unified all=yes no_color=1")

    assert "+ ROOT_URLCONF = 'test_project.urls'" in printed
    assert "  USE_I18N = True" in printed


@pytest.mark.parametrize("text", ["interactive=False", "no_input=1", "noinput=yes", "--no-input"])
def test_django_s_migrate_can_be_told_not_to_ask(text: str) -> None:
    parser = load_command_class("django.core", "migrate").create_parser("manage.py", "migrate")
    argv, _ = to_argv([*split(text), "auth", "zero"], parser)
    understood = parser.parse_args(argv)

    assert (understood.interactive, understood.app_label) == (False, "auth")
    assert understood.migration_name == "zero"
