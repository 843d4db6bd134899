"""Calling a declared function with the words of a command line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chroniker.exceptions import InvalidArguments
from chroniker.jobs_in_code import calling


def called(target: Any, *words: str) -> Any:
    return calling.call(target, calling.bind(target, words))


def convert(  # noqa: PLR0917
    number: int,
    share: float = 0.5,
    really: bool = False,
    day: date | None = None,
    price: Decimal = Decimal(1),
    file: Path = Path(),
    *more: int,
    **named: int,
) -> Any:
    return number, share, really, day, price, file, more, named


def test_words_become_what_the_annotations_say() -> None:
    assert called(convert, "3", "day=2030-01-02", "really=yes", "other=7") == (
        *(3, 0.5, True, date(2030, 1, 2), Decimal(1), Path(), (), {"other": 7}),
    )
    assert called(convert, "3", "1", "no", "2030-01-02", "2.5", "/x", "8", "9") == (
        *(3, 1.0, False, date(2030, 1, 2), Decimal("2.5"), Path("/x"), (8, 9), {}),
    )


def test_what_names_no_parameter_stands_for_itself() -> None:
    assert called(lambda word: word, "a=b") == "a=b"


@pytest.mark.parametrize("words", [("x",), ("1", "really=maybe"), ("1", "day=soon"), ()])
def test_words_that_it_does_not_take_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(InvalidArguments):
        calling.bind(convert, words)


def test_a_class_is_run_and_a_coroutine_is_waited_for() -> None:
    class Job:
        async def run(self, number: int) -> int:
            return number + 1

    assert called(Job, "2") == 3
    with pytest.raises(InvalidArguments, match=r"int has no method run\(\)"):
        calling.bind(int, [])


def test_only_what_is_declared_can_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("run_function", "test_project.samples.jobs.greet", "moin", "people=2")
    assert capsys.readouterr().out == "moin, 1\nmoin, 2\n"
    call_command("run_function", "test_project.samples.jobs.CountPeople")
    assert capsys.readouterr().out == "3 people\n"

    for words, said in (
        (["os.system", "ls"], "No function is declared as 'os.system'. Declared are: "),
        (["test_project.samples.jobs.greet", "people=x"], "people: 'x' cannot be used"),
    ):
        with pytest.raises(CommandError, match=said) as refused:
            call_command("run_function", *words)
        assert refused.value.returncode == 2
