"""Takes away every condition of the protocol's queries in turn, and lets the tests notice:

    python -m tests.chaos.mutations [--only claims] [--jobs 2]

Works on copies in a temporary folder, on SQLite. Prints a line for each condition. Exit status: 0,
or 1 if one can go without a test that fails and is not in ``EQUIVALENT``.
"""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import re
import shutil
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.chaos.conditions import Mutant, mutants
from tests.chaos.protocol_tests import EQUIVALENT, TESTS

ROOT = Path(__file__).resolve().parent.parent.parent

COPIED = ("chroniker", "tests", "test_project", "bin", "pyproject.toml")

LONGEST_SECONDS = 600
"""A mutant whose tests take longer hangs, which a test would notice as well."""

PASSED, FAILED = 0, 1
"""What pytest says; anything else is a fault of this program."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One mutant, being tried."""

    module: str
    mutant: Mutant
    folder: Path

    def __str__(self) -> str:
        mutant = self.mutant
        return f"{self.module}:{mutant.line} {mutant.function}: {mutant.condition}"


def main() -> int:
    """Try them all; returns the exit status."""
    options = parser().parse_args()
    _load_what_all_need()
    with tempfile.TemporaryDirectory(prefix="chroniker-mutations-") as name:
        original = Path(name) / "original"
        _copy(original)
        wanted = [one for one in _found(original) if re.search(options.only, str(one))]
        tests = list(dict.fromkeys(test for one in wanted for test in TESTS[one.module]))
        if _status(_start(original, tests)) != PASSED:
            sys.stdout.write(f"The tests fail without any mutation:\n{_said(original)}\n")
            return 1
        results = Counter(_result(trial, code) for trial, code in _tried(wanted, options.jobs))
    sys.stdout.write(", ".join(f"{count} {what}" for what, count in results.items()) + "\n")
    return 1 if results["SURVIVED"] + results["BROKEN"] else 0


def _load_what_all_need() -> None:
    """Nothing of the package: each child imports its own copy of that."""
    for name in ("django.contrib.admin", "django.db.models", "django.test", "psutil", "pytest"):
        import_module(name)


def _copy(folder: Path) -> None:
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)
    # By their content, not their age: mutants are written in the same second.
    by_content = py_compile.PycInvalidationMode.CHECKED_HASH
    compileall.compile_dir(folder, quiet=1, invalidation_mode=by_content)


def _found(original: Path) -> Iterator[Trial]:
    for module in TESTS:
        for number, mutant in enumerate(mutants((ROOT / module).read_text())):
            folder = original.parent / f"{Path(module).stem}-{number}"
            yield Trial(module=module, mutant=mutant, folder=folder)


def _tried(trials: list[Trial], jobs: int) -> Iterator[tuple[Trial, int]]:
    """Each with the exit status of its tests, some at a time."""
    waiting, running = trials[::-1], dict[int, Trial]()
    while waiting or running:
        while waiting and len(running) < jobs:
            trial = waiting.pop()
            shutil.copytree(trial.folder.parent / "original", trial.folder)
            (trial.folder / trial.module).write_text(trial.mutant.source)
            running[_start(trial.folder, TESTS[trial.module])] = trial
        pid, status = os.wait()
        trial = running.pop(pid)
        yield trial, os.waitstatus_to_exitcode(status)
        shutil.rmtree(trial.folder)


def _result(trial: Trial, code: int) -> str:
    equivalent = EQUIVALENT.get((trial.module, trial.mutant.function, trial.mutant.condition))
    found = re.search(r"^FAILED (?:tests/)?([^ \n]+)", _said(trial.folder), re.MULTILINE)
    detail = f" by {found[1]}" if found else ""
    if code == -signal.SIGALRM:
        result, detail = "killed", " by hanging"
    elif code == FAILED:
        result = "killed"
    elif code != PASSED:
        result, detail = "BROKEN", f" ({code}):\n{_said(trial.folder)[-2000:]}"
    elif equivalent:
        result, detail = "equivalent", f": {equivalent}"
    else:
        result = "SURVIVED"
    sys.stdout.write(f"{result:10} {trial}{detail}\n")
    sys.stdout.flush()
    return result


def _start(folder: Path, tests: list[str]) -> int:
    """Run these tests in a fork of this process; its pid."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        signal.alarm(LONGEST_SECONDS)
        code = 70
        try:
            code = _run(folder, tests)
        except BaseException:  # noqa: BLE001 - whatever it is, it must not look like a verdict
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return pid


def _run(folder: Path, tests: list[str]) -> int:
    import pytest

    os.chdir(folder)
    said = os.open("said", os.O_WRONLY | os.O_CREAT, 0o600)
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    for name in [name for name in os.environ if name.startswith("CHRONIKER_")]:
        del os.environ[name]
    for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "test_project")]:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    sys.path[:] = [str(folder), *(path for path in sys.path if path not in ("", str(ROOT)))]
    os.environ["PYTHONPATH"] = str(folder)
    words = ["-x", "-q", "--no-header", "--tb=short", "--no-migrations"]
    words += ["-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider"]
    code = int(pytest.main([*words, *tests]))
    package = sys.modules.get("chroniker")
    if package is None or not str(package.__file__).startswith(str(folder)):
        print(f"not the mutant was tested, but {package}")  # noqa: T201
        return 70
    return code


def _status(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _said(folder: Path) -> str:
    return (folder / "said").read_text(errors="replace")


def parser() -> argparse.ArgumentParser:
    """What a run can be told."""
    words = argparse.ArgumentParser(prog="python -m tests.chaos.mutations", description=__doc__)
    words.add_argument("--only", default="", help="those whose line matches this pattern")
    words.add_argument("--jobs", type=int, default=2, help="how many at a time")
    return words


if __name__ == "__main__":
    sys.exit(main())
