"""One line and a status for Nagios and its like, in crontabber's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chroniker.constants import Misfire
from chroniker.health.failures import Failure
from chroniker.health.state import Concern, Kind, State

OK, WARNING, CRITICAL = 0, 1, 2
_WORDS = {OK: "OK", WARNING: "WARNING", CRITICAL: "CRITICAL"}
LONGEST = 4_000
"""Characters of a line that Nagios keeps."""


def line(state: State, failures: Mapping[int, Failure]) -> tuple[str, int]:
    """The line and the exit status.

    A job that makes up for missed dates and has failed just once is only a warning: the next pass
    tries that date again. Everything else that is wrong is critical.
    """
    items = list(_items(state, failures))
    if not items:
        return "OK - all is well", OK
    level = max(item[0] for item in items)
    # The worst first, for a line that is too long is cut.
    words = [_one_line(words) for _level, words in sorted(items, key=lambda item: -item[0])]
    text = f"{_WORDS[level]} - {'; '.join(words)}"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…", level


def _items(state: State, failures: Mapping[int, Failure]) -> Iterator[tuple[int, str]]:
    if not state.is_anybody_ticking:
        last = state.last_tick
        since = f"since {last:%Y-%m-%dT%H:%M:%SZ}" if last else "never"
        yield CRITICAL, f"scheduler | silent | {since}"
    for host in state.silent_hosts if state.is_anybody_ticking else ():
        yield CRITICAL, f"host {host.hostname} | silent | since {host.last_tick}"
    for concern in state.concerns:
        failure = failures.get(concern.job.pk)
        if concern.kind == Kind.FAILING and failure is not None:
            yield _level(concern, failure), f"{_name(concern)} | {failure.kind} | {failure.value}"
        else:
            yield CRITICAL, f"{_name(concern)} | {concern.kind} | {concern.words}"


def _level(concern: Concern, failure: Failure) -> int:
    makes_up = concern.job.misfire_policy == Misfire.BACKFILL
    return WARNING if makes_up and failure.times == 1 else CRITICAL


def _name(concern: Concern) -> str:
    return f"{concern.name} ({concern.job.command or 'raw command'})"


def _one_line(words: str) -> str:
    return " ".join(words.split())
