"""Reporting what a run's command raises, from the process that runs it."""

from __future__ import annotations

from chroniker.runs.run import Run
from chroniker.sentry import Reporter


def reporter_of(run: Run, *, own_process: bool) -> Reporter:
    """Who reports what this run raises; ``own_process``: the process is the run's own."""
    facts = {
        "job": run.job_name,
        "job_id": run.job_id,
        "run_id": run.log_id,
        "arguments": run.raw_command or f"{run.command} {run.args}".strip(),
        "scheduled_for": run.scheduled_for.isoformat(),
        "trigger": str(run.trigger),
        "attempt": run.attempt,
        "host": run.hostname,
    }
    return Reporter(run.token, facts, own_process=own_process)
