"""Which failures count as the same."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chroniker.fingerprint import LENGTH, of_failure


def of(stderr: str, *, status: str = "failed", reason: str = "exited with status 1") -> str:
    return of_failure(status, reason, stderr)


def traceback_of(error: str, *, path: str = "/srv/a/shop/tasks.py", line: int = 7) -> str:
    return (
        "INFO starting\nTraceback (most recent call last):\n"
        f'  File "{path}", line {line}, in send\n    raise Problem(x)\n    ^^^^^\n'
        f'  File "{path}", line {line + 30}, in check\n    boom()\n{error}\n'
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 rows failed", "9,013 rows failed"),
        ("no file /tmp/a1/x.csv", "no file /srv/other.csv: "[:-2]),
        ("cannot read 'a b'", 'cannot read "c"'),
        ("can't open 'x'", "can't open 'y z'"),
        ("object at 0x7f3a11 died", "object at 0x55 died"),
        ("at 2026-01-02 03:04:05.123+00:00: gone", "at 2027-11-30 23:59:59: gone"),
        ("on Mon, 02 Jan 2026 gone", "on Tue, 13 Feb 2027 gone"),
        ("order 3f2a-77b1-9c not paid", "order 11aa-00b1-1d not paid"),
        ("host 10.0.0.1:5432 is away", "host 192.168.7.30:80 is away"),
        ("\x1b[31mbroken\x1b[0m", "broken"),
        ("broken\n\n  \n", "first something else\nbroken"),
        ("cannot read b'\\x00'", "cannot read b'\\x01'"),
    ],
)
def test_values_do_not_tell_failures_apart(one: str, other: str) -> None:
    assert of(one) == of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("disk full", "connection refused"),
        (traceback_of("ValueError: no"), traceback_of("KeyError: no")),
        (traceback_of("shop.E1: no"), traceback_of("shop.E2: no")),
        (traceback_of("OSError: [Errno 28] No space"), traceback_of("OSError: [Errno 13] Denied")),
        (traceback_of("E: no"), traceback_of("E: no", path="/srv/a/shop/mails.py")),
        ("", "broken"),
    ],
)
def test_other_failures_are_told_apart(one: str, other: str) -> None:
    assert of(one) != of(other)


def test_a_traceback_counts_whatever_is_written_after_it() -> None:
    text = traceback_of("ValueError: no")

    assert of(text) == of(f"{text}INFO 3 rows done\nINFO closing\n")


def test_where_the_code_lies_and_on_which_line_does_not_matter() -> None:
    moved = traceback_of("E: no", path="/srv/releases/2026-02-03/shop/tasks.py", line=99)

    assert of(traceback_of("E: no")) == of(moved)


def test_of_chained_exceptions_the_last_counts() -> None:
    last = traceback_of("ValueError: no")
    link = "\nDuring handling of the above exception, another exception occurred:\n\n"

    assert of(traceback_of("KeyError: 'a'") + link + last) == of(last)


def recurse(depth: int) -> None:
    if not depth:
        raise ValueError(depth)
    recurse(depth - 1)


def printed(depth: int) -> str:
    try:
        recurse(depth)
    except ValueError:
        return traceback.format_exc()
    raise AssertionError


def test_how_deep_a_recursion_went_does_not_matter() -> None:
    assert of(printed(5)) == of(printed(300))


def grouped(error: type[Exception], value: str) -> str:
    errors = []
    for _each in range(2):
        try:
            raise error(value)
        except error as raised:
            errors.append(raised)
    try:
        raise ExceptionGroup("several", errors)
    except ExceptionGroup:
        return traceback.format_exc()


def test_exceptions_in_a_group_are_read_as_well() -> None:
    assert of(grouped(ValueError, "a 1")) == of(grouped(ValueError, "a 2"))
    assert of(grouped(ValueError, "a")) != of(grouped(TypeError, "a"))


def test_without_stderr_the_reason_counts() -> None:
    assert of("", reason="exited with status 1") == of(" \n", reason="exited with status 2")
    assert of("", reason="ended by signal SIGKILL") != of("", reason="exited with status 1")


def test_a_lost_run_is_not_like_a_failed_one() -> None:
    assert of("broken", status="lost") != of("broken")


def test_all_that_took_too_long_are_alike() -> None:
    one, other = traceback_of("KeyboardInterrupt"), "halfway through"

    assert of(one, status="timed_out", reason="after 5 s") == of(other, status="timed_out")


def test_a_broken_traceback_is_read_as_far_as_it_goes() -> None:
    assert len(of("Traceback (most recent call last):")) == LENGTH
    assert len(of('Traceback (most recent call last):\n  File "x", line 3')) == LENGTH


@pytest.mark.parametrize(
    "piece",
    [
        "x",
        "1",
        "'",
        "/",
        "a/",
        " ",
        "\n",
        "\x1b[",
        "\x1b[m\n",
        "“",
        "#-",
        "Traceback (most recent ca",
    ],
)
def test_ten_megabytes_take_time_in_proportion(piece: str) -> None:
    """Else this would take hours."""
    text = piece * (10_000_000 // len(piece))

    assert of(text)
    assert of(traceback_of(f"ValueError: {text}"))


@given(st.text())
def test_any_text_has_a_fingerprint(text: str) -> None:
    assert len(of(text)) == LENGTH
    assert of(text) == of(text + "\n")


SOMETHING = st.tuples(st.integers(), st.dates(), st.uuids(), st.times(), st.ip_addresses(v=4))


@given(SOMETHING, SOMETHING)
def test_any_numbers_dates_ids_and_addresses_count_alike(
    one: tuple[object, ...], other: tuple[object, ...]
) -> None:
    text = "lost {} rows of {} ({}) at {} on {}"

    assert of(text.format(*one)) == of(text.format(*other))
