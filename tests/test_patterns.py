"""Patterns that people write: found where they match, and ended where they would never end."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from chroniker.patterns import Found, search

HOSTILE = "(a+)+$"
"""Takes longer than the world exists, on the text below."""

LONG = "a" * 60 + "!"


def test_each_pattern_is_found_in_the_texts_that_it_matches() -> None:
    found = search(["^im", "port", "x"], ["import", "report"])
    assert {pattern: each.texts for pattern, each in found.items()} == {
        "^im": {"import"},
        "port": {"import", "report"},
        "x": set(),
    }


@pytest.mark.parametrize("text", ["Zürich 🦀", "a\u202eb", "\ud800", "a\nb", "\x07", '"\\'])
def test_any_text_can_be_searched(text: str) -> None:
    assert search(["^" + "." * len(text) + "$", "(?s)."], [text])["(?s)."].texts == {text}


@pytest.mark.parametrize("pattern", ["(", "*", "[", "(?P<x", "a{2,1}", "\\", "a{999999999999999}"])
def test_what_is_no_regular_expression_is_told_and_the_others_are_searched(pattern: str) -> None:
    found = search([pattern, "a"], ["a"])
    assert found[pattern].fault.startswith("is no regular expression (")
    assert found["a"] == Found(frozenset({"a"}))


@pytest.mark.process
@pytest.mark.parametrize("pattern", [HOSTILE, "(.*)*x$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_would_never_end_is_ended(pattern: str) -> None:
    before = time.monotonic()
    found = search(["a", pattern, "b"], [LONG, "x" * 60], wait=200)
    assert found == {"a": Found(frozenset({LONG})), pattern: Found(fault="takes too long")}
    # By the system, after a second's work: long before anybody has had enough of waiting.
    assert time.monotonic() - before < 100


@pytest.mark.process
def test_it_is_ended_by_the_clock_where_the_system_does_not_count_its_work() -> None:
    found = search([HOSTILE], [LONG], seconds=3600, wait=0.3)
    assert found == {HOSTILE: Found(fault="takes too long")}


@pytest.mark.process
def test_where_there_is_no_python_to_ask_that_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/sbin/a-web-server")
    assert search(["a"], ["a"])["a"].texts == {"a"}

    monkeypatch.setattr(sys, "exec_prefix", str(tmp_path))
    assert search(["a"], ["a"])["a"].fault.startswith("cannot be tried (")

    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    assert search(["a"], ["a"])["a"].fault == "cannot be tried (exit status 3)"
