"""The last checks of a monitor, and how many of them were bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chroniker import write_database
from chroniker.context import CurrentRun
from chroniker.models import Log
from chroniker.monitors.definition import Definition


@dataclass(frozen=True)
class Streak:
    """How many of the checks that count were bad, and whether that is enough to alarm."""

    bad: int
    checks: int
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether it alarms."""
        return self.bad >= self.needed


def streak(definition: Definition, counts: Sequence[float]) -> Streak:
    """How these checks, oldest first, stand by the definition's present threshold."""
    of_last = definition.of_last
    last = counts[-of_last.checks :]
    return Streak(sum(map(definition.is_bad, last)), len(last), of_last.needed)


def counts_before(run: CurrentRun | None, most: int) -> list[int]:
    """What the checks before this run found, oldest first; checks that failed found nothing.

    Of a job that runs on every host, those of the same host.
    """
    if run is None or run.run_id is None or most < 1:
        return []
    logs = Log.objects.using(write_database.alias())  # a replica could be behind
    this = logs.filter(pk=run.run_id)
    found = (
        logs.carried_out()
        .filter(job=run.job_id, slot__in=this.values("slot"), monitor_records__isnull=False)
        .exclude(pk=run.run_id)
        .order_by("-run_start_datetime", "-pk")
        .values_list("monitor_records", flat=True)[:most]
    )
    return [count for count in found if count is not None][::-1]
