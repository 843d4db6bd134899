"""Whether all is well, by what somebody has said counts as bad. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from chroniker.health.state import Kind, State
from chroniker.wording import in_utc

KINDS = (Kind.LATE, Kind.STUCK, Kind.FAILING, Kind.FAULTY)
_BY_KIND = {kind.value: kind for kind in KINDS}

KNOWN = ("silent", "hosts", *_BY_KIND, "paused")
"""What can count as bad: no scheduler ticks anywhere; an expected host does not; jobs that are
late, stuck, failing or faulty; a pause of all jobs."""

USUAL = ("silent", "late", "stuck")


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What counts as bad. ``silence`` is how long no tick may come; None: as learned."""

    bad: Sequence[str] = USUAL
    silence: timedelta | None = None


def problems(state: State, criteria: Criteria) -> list[str]:
    """What is bad by these criteria, in words; nothing if all is well."""
    return [words for name in criteria.bad for words in _problems(name, state, criteria)]


def _problems(name: str, state: State, criteria: Criteria) -> Iterator[str]:
    if name in _BY_KIND:
        for concern in state.of(_BY_KIND[name]):
            yield f"{concern.name}: {concern.words}"
    else:
        yield from _OTHERS[name](state, criteria)


def _silent(state: State, criteria: Criteria) -> Iterator[str]:
    last, limit = state.last_tick, criteria.silence
    if last is None:
        yield _("No scheduler has ever looked for due jobs.")
    elif (state.now - last > limit) if limit else not state.is_anybody_ticking:
        yield _("No scheduler has looked for due jobs since %s.") % in_utc(last)


def _hosts(state: State, criteria: Criteria) -> Iterator[str]:
    for host in state.silent_hosts:
        yield _("Host %s is silent.") % host.hostname


def _paused(state: State, criteria: Criteria) -> Iterator[str]:
    for pause in state.pauses:
        if not (pause.job_id or pause.pattern):
            yield _("All jobs are paused: %s") % (pause.reason or _("no reason was given"))


_OTHERS: dict[str, Callable[[State, Criteria], Iterator[str]]] = {
    "silent": _silent,
    "hosts": _hosts,
    "paused": _paused,
}
