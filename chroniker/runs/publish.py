"""What a run has printed and how far it is, shown in the database while it goes on."""

from __future__ import annotations

from typing import Any

from chroniker.models import Log, LogQuerySet, claims
from chroniker.moments import to_stored
from chroniker.runs import capture
from chroniker.runs.deadline import deadline
from chroniker.runs.live import LiveRun
from chroniker.runs.printed import size_of


def publish(live: LiveRun, seconds: float) -> None:
    """Write what is new since the last time: the newest output, progress, and the pid.

    Raises DatabaseSilent if the database takes longer than so many seconds.
    """
    progress = live.spool.read_progress()
    sizes = tuple(map(size_of, live.printed))
    facts = (progress, sizes)
    if facts == live.published:
        return
    known_progress, known_sizes = live.published or (None, None)
    with deadline(seconds):
        if progress != known_progress or not live.published:
            _publish_state(live, progress)
        if sizes != known_sizes:
            _publish_output(live)
    live.published = facts


def _publish_state(live: LiveRun, progress: tuple[int, int] | None) -> None:
    values: dict[str, Any] = {
        "current_pid": str(live.pid),
        "current_pid_created": live.created,
    }
    if progress is not None:
        values["total_parts"], values["total_parts_complete"] = progress
    rows = claims.rows(live.run.database, live.run.slot)
    rows.filter(claim_token=live.run.token).update(**values)
    if not live.published:
        started = to_stored(live.run.moment(live.started))
        _log_of(live).update(pid=live.pid, started_datetime=started)


def _publish_output(live: LiveRun) -> None:
    values: dict[str, Any] = {}
    if live.run.log_stdout:
        values["stdout"] = capture.read_newest(live.printed.stdout, live.masking)
    if live.run.log_stderr:
        values["stderr"] = capture.read_newest(live.printed.stderr, live.masking)
    if values:
        _log_of(live).update(**values)


def _log_of(live: LiveRun) -> LogQuerySet:
    return Log.objects.using(live.run.database).held(live.run.log_id, live.run.token)
