"""What a forecast knows besides jobs and runs: pauses and drains, as they are planned now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chroniker import settings
from chroniker.dispatch.gates import Situation
from chroniker.models import Host, Job, Pause, Pauses, Standing
from chroniker.moments import to_instant


@dataclass(kw_only=True)
class Background:
    """The situation of any host at any moment, but for what runs. Asks nothing once it is read."""

    database: str
    hostname: str
    """This host."""
    jobs: Sequence[Job]
    pauses: Sequence[Pause]
    standing: Standing
    drains: dict[str, tuple[datetime, str]]
    """Until when hosts are drained, and by whom."""
    _known: dict[tuple[int, ...], Pauses] = field(default_factory=dict)

    @classmethod
    def read(cls, database: str, now: datetime, jobs: Sequence[Job]) -> Background:
        """What is planned at ``now`` (aware); three queries."""
        drained = Host.objects.using(database).drained(now)
        return cls(
            database=database,
            hostname=settings.hostname(),
            jobs=jobs,
            pauses=list(Pause.objects.using(database).not_over(now).select_related("job")),
            standing=Standing.read(database),
            drains={
                host.hostname: (until, host.drained_by)
                for host in drained
                if (until := to_instant(host.drained_until)) is not None
            },
        )

    def situation(
        self, host: str, now: datetime, *, keys: dict[str, str], carried: dict[str, int]
    ) -> Situation:
        """The situation of a host at a moment (aware), with what is held and carried then."""
        until, by = self.drains.get(host, (now, ""))
        return Situation(
            database=self.database,
            now=now,
            standing=self.standing,
            hostname=host,
            pauses=self._pauses_at(now),
            keys=keys,
            carried=carried,
            drained_until=until if until > now else None,
            drained_by=by,
        )

    def next_change(self, now: datetime) -> datetime | None:
        """When the next pause begins or ends, or a drain ends."""
        moments = [until for until, _by in self.drains.values()]
        for pause in self.pauses:
            moments += [to_instant(one) for one in (pause.starts_at, pause.ends_at) if one]
        return min((moment for moment in moments if moment > now), default=None)

    def _pauses_at(self, now: datetime) -> Pauses:
        active = [pause for pause in self.pauses if pause.is_active(now)]
        key = tuple(pause.pk for pause in active)
        if key not in self._known:
            self._known[key] = Pauses(active, self.jobs)
        return self._known[key]
