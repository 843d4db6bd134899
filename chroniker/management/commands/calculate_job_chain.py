"""How long a job takes together with all jobs that wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import dependency_graph
from chroniker.models import Job, JobDependency


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The longest way from a job through those that wait for it, and its length in seconds."""

    ids: tuple[int, ...]
    seconds: int


class Command(BaseCommand):
    """Estimates when the last job of a chain will be done."""

    help = (
        "Tell how long it takes from the start of a job until all jobs that wait for it, directly "
        "or through others, are done: along the slowest way, by the mean of their last runs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("root_job_id", type=int, help="id of the job that starts the chain")
        parser.add_argument(
            "--samples", type=int, default=20, help="how many runs to take the mean of"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        root = Job.objects.filter(pk=options["root_job_id"]).first()
        if root is None:
            raise CommandError(f"There is no job {options['root_job_id']}.", returncode=2)
        if options["samples"] < 1:
            raise CommandError("--samples must be at least 1.", returncode=2)
        jobs = {job.pk: job for job in (root, *root.get_chained_jobs())}
        estimates = {
            pk: job.get_run_length_estimate(options["samples"]) for pk, job in jobs.items()
        }
        seconds = {pk: estimate or 0 for pk, estimate in estimates.items()}
        chain = slowest_chain(root.pk, seconds, _waits_for(jobs))
        for pk in chain.ids:
            known = "no runs yet" if estimates[pk] is None else str(timedelta(seconds=seconds[pk]))
            self.stdout.write(f"{pk} {jobs[pk].name}: {known}")
        self.stdout.write(f"Together: {timedelta(seconds=chain.seconds)}")


def _waits_for(jobs: Mapping[int, Job]) -> dict[int, list[int]]:
    waits_for: dict[int, list[int]] = {pk: [] for pk in jobs}
    rows = JobDependency.objects.filter(
        wait_for_completion=True, dependent__in=jobs, dependee__in=jobs
    )
    for dependent, dependee in rows.values_list("dependent_id", "dependee_id"):
        waits_for[dependent].append(dependee)
    return waits_for


def slowest_chain(
    root: int, seconds: Mapping[int, int], waits_for: Mapping[int, list[int]]
) -> Chain:
    """The chain from ``root`` that takes the longest; jobs that wait for each other are no part.

    ``seconds`` has every job of the graph; each of ``waits_for`` is one of them.
    """
    best = {root: Chain(ids=(root,), seconds=seconds[root])}
    for job in dependency_graph.order(seconds, waits_for).ids:
        before = [best[one] for one in waits_for[job] if one in best]
        if job == root or not before:
            continue
        longest = max(before, key=lambda chain: chain.seconds)
        best[job] = Chain(ids=(*longest.ids, job), seconds=longest.seconds + seconds[job])
    return max(best.values(), key=lambda chain: chain.seconds)
