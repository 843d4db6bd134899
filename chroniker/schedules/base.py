"""What every schedule promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from chroniker.exceptions import InvalidSchedule

HORIZON_YEARS = 40
# Leap days included: the next 29 February may be eight years away, but nothing waits for forty.
HORIZON = timedelta(days=HORIZON_YEARS * 365 + 10)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Schedule(ABC):
    """A rule that yields occurrences. Instants go in with any time zone and come out in UTC."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence strictly later than ``moment``, in UTC.

        None when there is none within forty years. ``moment`` must be aware (ValueError).
        """
        moment = in_utc(moment)
        if moment.year == _LAST.year:  # the calendar ends here
            return None
        try:
            found = self._search(moment)
        except OverflowError:  # a local time outside the years 1 to 9999
            return None
        if found is None or found - moment > HORIZON:
            return None
        return found

    def between(
        self, start: datetime, end: datetime, limit: int | None = None
    ) -> Iterator[datetime]:
        """The occurrences later than ``start`` and not later than ``end``, at most ``limit``."""
        return islice(self._walk(start, end), limit)

    def count(self, start: datetime, end: datetime) -> int:
        """How many occurrences :meth:`between` would yield; quick for days, however many."""
        return sum(1 for _ in self._walk(start, end))

    def reaching_back(self, moment: datetime) -> Schedule:
        """The same rule, with its occurrences from ``moment`` on, as if it had begun long before.

        A rule that counts its occurrences begins where it begins.
        """
        return self

    def require_future(self, moment: datetime) -> None:
        """Raise InvalidSchedule if nothing follows ``moment`` (aware)."""
        if self.next_after(moment) is None:
            raise InvalidSchedule(self._why_never(), field=self._field)

    def warnings(self) -> tuple[str, ...]:
        """What is allowed, but probably not meant; for people."""
        return ()

    @abstractmethod
    def describe(self) -> str:
        """The rule in plain English, with its time zone."""

    @property
    @abstractmethod
    def _field(self) -> str:
        """The field of the job that decides whether there are occurrences."""

    @abstractmethod
    def _search(self, moment: datetime) -> datetime | None:
        """As next_after; ``moment`` is in UTC."""

    def _why_never(self) -> str:
        return f"This never occurs in the next {HORIZON_YEARS} years: {self.describe()}."

    def _walk(self, start: datetime, end: datetime) -> Iterator[datetime]:
        found = self.next_after(start)
        while found is not None and found <= end:
            yield found
            found = self.next_after(found)


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC; ValueError if ``moment`` does not say which instant it is."""
    if moment.utcoffset() is None:
        raise ValueError(f"A moment needs a time zone: {moment!r}")
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # a few hours outside the years 1 to 9999
        return _FIRST if moment.year == _FIRST.year else _LAST
