"""Each feature of the systems before this one has a test, and the table that says so is true."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.running import ROOT

TABLE = ROOT / "docs" / "coverage-of-seeds.md"

FEATURES = {
    "Defining jobs": 15,
    "Scheduling": 18,
    "Execution": 17,
    "Dependencies": 9,
    "Locking, hosts, duplicates": 11,
    "Failure handling, backfill": 10,
    "Time limits, stop, pause": 7,
    "Output, logs, history": 16,
    "Monitoring and notification": 13,
    "Admin and UI": 10,
    "Command line and operations": 20,
    "Platform": 3,
}
"""How many features each part has: a row that is taken out is noticed."""


@dataclass(frozen=True)
class Row:
    """A feature, and the tests that are said to show it."""

    part: str
    feature: str
    where: str
    tests: tuple[str, ...]


def rows() -> list[Row]:
    found, part = [], ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("## "):
            part = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith("| Feature"):
            feature, where, shown = (cell.strip() for cell in line.strip("| ").split(" | "))
            found.append(Row(part, feature, where, tuple(re.findall(r"`(\S+::\S+)`", shown))))
    return found


@cache
def names_in(path: Path) -> frozenset[str]:
    """The tests of a file, those of classes as ``Class::test``."""
    if not path.is_file():
        return frozenset()
    names = set()
    for node in ast.parse(path.read_text()).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        names |= {
            prefix + each.name
            for each in inner
            if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
        }
    return frozenset(names)


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return name in names_in(ROOT / "tests" / path)


def test_every_feature_is_in_the_table_with_its_place() -> None:
    parts = [row.part for row in rows()]
    assert {part: parts.count(part) for part in parts} == FEATURES
    assert [row.feature for row in rows() if not row.where] == []


def test_every_feature_has_a_test() -> None:
    assert [row.feature for row in rows() if not row.tests] == []


def test_every_test_in_the_table_exists() -> None:
    assert [test for row in rows() for test in row.tests if not exists(test)] == []


def test_a_test_that_does_not_exist_would_be_noticed() -> None:
    here = "test_coverage_of_seeds.py"
    assert exists(f"{here}::test_every_feature_has_a_test")
    assert exists(
        "dispatch/test_overlap.py::TestRestart::test_the_new_run_makes_up_for_all_that_came"
    )
    assert not exists(f"{here}::test_that_nobody_wrote")
    assert not exists(f"{here}::exists")
    assert not exists("no_such_file.py::test_every_feature_has_a_test")
