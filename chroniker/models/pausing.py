"""Which jobs are paused at one moment, by what, and until when."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from chroniker import patterns
from chroniker.models.job import Job
from chroniker.models.pause import Pause, texts_of
from chroniker.moments import to_instant
from chroniker.patterns import Found

logger = logging.getLogger("chroniker.models")

_OPEN_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Held:
    """What pauses a job. ``until`` is an aware instant; None: until somebody ends it."""

    reason: str
    until: datetime | None
    pause_id: int


class Pauses:
    """The pauses of one moment. Patterns are searched at the first question that depends on one.

    A pattern that cannot be searched in time holds all jobs, for it may be meant for any of them:
    a run that should not have been cannot be taken back.
    """

    def __init__(self, pauses: Iterable[Pause], jobs: Iterable[Job] = ()) -> None:
        # Where several hold a job, what lasts longest decides when it may start.
        self.active = sorted(pauses, key=_end, reverse=True)
        self._patterns = list(dict.fromkeys(pause.pattern for pause in self.active if _by(pause)))
        self._found: dict[str, Found] = {}
        self._searched: set[str] = set()
        self._expected: set[str] = set()
        self.expect(jobs)

    @classmethod
    def read_all(cls, database: str, now: datetime, jobs: Iterable[Job] = ()) -> Pauses:
        """The pauses that hold at ``now`` (aware) or will hold later; as :meth:`read` does it."""
        pauses = Pause.objects.using(database).not_over(now).select_related("job")
        return cls(pauses.only(*_FIELDS), jobs)

    @classmethod
    def read(cls, database: str, now: datetime, jobs: Iterable[Job] = ()) -> Pauses:
        """The pauses that hold at ``now`` (aware); one query. ``jobs``: see :meth:`expect`."""
        pauses = Pause.objects.using(database).active(now).select_related("job")
        return cls(pauses.only(*_FIELDS), jobs)

    def expect(self, jobs: Iterable[Job]) -> None:
        """Let these jobs be looked at together, when the first of them is asked about.

        Not needed for the answer: searching for many at once takes one process instead of many.
        """
        if self._patterns:
            self._expected.update(text for job in jobs for text in texts_of(job))

    def holding(self, job: Job) -> Held | None:
        """What pauses this job, or None. Of several, what lasts longest."""
        return next((held for _pause, held in self.each_holding(job)), None)

    def each_holding(self, job: Job) -> Iterator[tuple[Pause, Held]]:
        """All of these pauses that are about this job, what lasts longest first."""
        for pause in self.active:
            reason = self._why(pause, job)
            if reason:
                until = to_instant(pause.ends_at)
                yield pause, Held(reason=reason, until=until, pause_id=pause.pk)

    def _why(self, pause: Pause, job: Job) -> str:
        """Why this pause holds this job; '' if it does not."""
        if pause.job_id:
            return _words(pause, _("This job is paused")) if pause.job_id == job.pk else ""
        if not pause.pattern:
            return _words(pause, _("All jobs are paused"))
        found = self._search(pause.pattern, texts_of(job))
        if found.fault:
            return _fault(pause, found)
        if found.texts.isdisjoint(texts_of(job)):
            return ""
        return _words(pause, _("Jobs that match “%s” are paused") % pause.pattern)

    def _search(self, pattern: str, texts: Iterable[str]) -> Found:
        """Where this pattern is found; with it all others are searched, in all that is expected."""
        new = self._expected.union(texts) - self._searched
        # Once one of them holds all jobs, it no longer matters which ones the others hold.
        if new and not any(found.fault for found in self._found.values()):
            self._expected.clear()
            self._searched |= new
            for one, found in patterns.search(self._patterns, sorted(new)).items():
                before = self._found.get(one, Found())
                self._found[one] = Found(before.texts | found.texts, found.fault)
                if found.fault:
                    self._complain(one, found)
        return self._found.get(pattern, Found())

    def _complain(self, pattern: str, found: Found) -> None:
        for pause in self.active:
            if pause.pattern == pattern and _by(pause):
                logger.error("All jobs are held. %s", _fault(pause, found))


_FIELDS = ("job", "pattern", "reason", "starts_at", "ends_at", "created_by", "job__name")


def _end(pause: Pause) -> tuple[datetime, int]:
    return to_instant(pause.ends_at) or _OPEN_END, -pause.pk


def _by(pause: Pause) -> bool:
    """Whether it is its pattern that says which jobs it is about."""
    return bool(pause.pattern) and not pause.job_id


def _words(pause: Pause, what: str) -> str:
    by = f" {_('by %s') % pause.created_by}" if pause.created_by else ""
    return f"{what}{by}: {pause.reason}" if pause.reason else f"{what}{by}"


def _fault(pause: Pause, found: Found) -> str:
    return _("Pause %(id)d: its pattern “%(pattern)s” %(fault)s; mend or end it") % {
        "id": pause.pk,
        "pattern": pause.pattern,
        "fault": found.fault,
    }
