"""Regular expressions that people write, searched where they can hold up nobody.

A short pattern can take years on a short text, and nothing in its own process could end it: the
search is done by a process of its own, which the system ends when its time is over.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

CPU_SECONDS = 1.0
"""How long all patterns together may work on all texts."""

WAIT_SECONDS = 5.0
"""How long that may take by the clock: on a busy host, a second's work lasts longer."""

# Alone with the standard library: -I and -S keep out what the environment or a project adds.
_SEARCH = """
import json, re, signal, sys
question = json.load(sys.stdin)
if hasattr(signal, "setitimer"):
    # Without a handler: the system ends this process, whatever it is doing and whoever has died.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, question["seconds"])
for pattern in question["patterns"]:
    try:
        search = re.compile(pattern).search
        answer = [i for i, text in enumerate(question["texts"]) if search(text)]
    except Exception as error:
        answer = str(error) or type(error).__name__
    print(json.dumps(answer), flush=True)
"""


@dataclass(frozen=True)
class Found:
    """The texts that a pattern is found in; with ``fault``, what keeps that from being known."""

    texts: frozenset[str] = frozenset()
    fault: str = ""


def search(
    patterns: Sequence[str],
    texts: Iterable[str],
    *,
    seconds: float = CPU_SECONDS,
    wait: float = WAIT_SECONDS,
) -> dict[str, Found]:
    """In which of these texts each pattern is found (``re.search``). Never raises.

    The first pattern that takes too long ends it: those after it are not in the answer.
    """
    known = list(texts)
    question = {"patterns": list(patterns), "texts": known, "seconds": seconds}
    answers, fault = _ask(json.dumps(question), wait)
    found = {
        pattern: Found(fault=_("is no regular expression (%s)") % answer)
        if isinstance(answer, str)
        else Found(frozenset(known[index] for index in answer))
        for pattern, answer in zip(patterns, answers, strict=False)
    }
    unanswered = patterns[len(answers) : len(answers) + 1]
    return found | {pattern: Found(fault=fault) for pattern in unanswered}


def _ask(question: str, wait: float) -> tuple[list[list[int] | str], str]:
    """The answers that came in time, one for each pattern, and what kept the next from coming."""
    try:
        process = subprocess.Popen(
            [_interpreter(), "-I", "-S", "-c", _SEARCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError as error:
        return [], _("cannot be tried (%s)") % error
    with process:
        try:
            said = process.communicate(question, timeout=wait)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            said = process.communicate()[0]
    # It may have been ended in the middle of a line.
    whole = [line for line in said.splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole], _fault(process.returncode)


def _fault(status: int) -> str:
    """Why the process has not answered all of it."""
    # Below zero: the system ended it when its time was over, or we did.
    if status < 0:
        return _("takes too long")
    return _("cannot be tried (%s)") % (_("exit status %d") % status)


def _interpreter() -> str:
    """Python itself, also where a web server has it built in."""
    if Path(sys.executable or "").name.startswith("python"):
        return sys.executable
    return str(Path(sys.exec_prefix) / "bin" / "python3")
