"""From the end of a process to the recorded end of its run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chroniker.constants import Status
from chroniker.runs import capture, outcome, record
from chroniker.runs.masking import Masking
from chroniker.runs.outcome import Outcome, Output
from chroniker.runs.printed import Printed
from chroniker.runs.run import Run
from chroniker.runs.spool import Result, Spool


def outcome_of(
    run: Run,
    status: Status,
    reason: str,
    *,
    uptime: float,
    exit_code: int | None = None,
    pid: int | None = None,
    started: float | None = None,
) -> Outcome:
    """The outcome of a run that is over now; ``uptime`` and ``started`` by the host's clock."""
    spool = Spool.of(run.lock_file)
    result = spool.read_result()
    return Outcome(
        status=status,
        reason=reason,
        ended=run.moment(uptime),
        seconds=max(0.0, uptime - run.claimed_uptime),
        exit_code=exit_code,
        pid=pid,
        started=None if started is None else run.moment(started),
        progress=spool.read_progress(),
        usage=spool.read_usage(),
        is_reported=result is not None and result.reported,
    )


def outcome_of_exit(
    run: Run,
    *,
    uptime: float,
    exit_code: int | None = None,
    pid: int | None = None,
    started: float | None = None,
    printed: Printed | None = None,
) -> Outcome:
    """The outcome of a run whose process ended by itself.

    What the process itself left as its result is better than ``exit_code``, which cannot tell
    what the command wrote, nor the signal that ended a program. Without either, the run is lost.
    """
    spool = Spool.of(run.lock_file)
    result = spool.read_result()
    if result is not None and result.status:
        status, reason = Status(result.status), result.reason
        exit_code = result.exit_code if exit_code is None else exit_code
    elif result is not None and (exit_code is None or exit_code >= 0):
        exit_code = result.exit_code or 0
        status, reason = outcome.of_exit(exit_code, complained=result.complained)
    elif exit_code is None:
        status, reason = Status.LOST, "its process is gone and left no result"
    else:
        status, reason = outcome.of_exit(exit_code, complained=_complained(run, printed))
    return outcome_of(
        run, status, reason, uptime=uptime, exit_code=exit_code, pid=pid, started=started
    )


def _complained(run: Run, printed: Printed | None) -> bool:
    if not run.stderr_is_failure:
        return False
    with _opened(run, printed) as streams:
        return streams is not None and streams.holds_errors()


def keep_for_later(run: Run, ended: Outcome, *, lasting: bool = True) -> None:
    """Leave in the spool what could not be recorded (yet), for whoever looks after us."""
    verdict = Result(exit_code=ended.exit_code, status=ended.status, reason=ended.reason)
    Spool.of(run.lock_file).write_verdict(verdict, lasting=lasting)


def close(
    run: Run,
    ended: Outcome,
    *,
    printed: Printed | None = None,
    masking: Masking | None = None,
    limit: int | None = None,
) -> bool:
    """Record the outcome with what the run printed; then the spool has served.

    Returns whether the run was ours. ``masking`` is that of whoever has watched the run. ``limit``
    is for a database that does not take as much output as ``CHRONIKER_MAX_OUTPUT_BYTES`` allows.
    """
    spool = Spool.of(run.lock_file)
    # Whatever happens from here on, the next tick finds what was to be recorded.
    keep_for_later(run, ended, lasting=False)
    ours = record.record(run, ended, _output(run, spool, printed, masking, limit))
    spool.remove()
    return ours


def _output(
    run: Run, spool: Spool, printed: Printed | None, masking: Masking | None, limit: int | None
) -> Output | None:
    with _opened(run, printed) as streams:
        if streams is None:
            return None
        result = spool.read_result()
        return capture.read_all(
            streams,
            stdout=run.log_stdout,
            stderr=run.log_stderr,
            masking=masking or Masking(run.environment, spool),
            unwritten=result.unwritten if result else (0, 0),
            limit=limit,
        )


@contextmanager
def _opened(run: Run, printed: Printed | None) -> Iterator[Printed | None]:
    """What the run printed: as the caller holds it, else in its folder; None if it has none."""
    if printed is not None and printed.descriptors:
        yield printed
        return
    spool = Spool.of(run.lock_file)
    if not spool.exists():
        yield None
        return
    opened = Printed(spool)
    try:
        yield opened
    finally:
        opened.close()
