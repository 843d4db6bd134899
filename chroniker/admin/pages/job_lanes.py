"""A timeline with a lane for each job."""

from __future__ import annotations

from collections import defaultdict
from functools import partial

from django.utils.translation import gettext as _

from chroniker.admin import display
from chroniker.admin.pages import runs
from chroniker.admin.pages.bars import Runs
from chroniker.admin.pages.lanes import Lane
from chroniker.admin.pages.scene import LANES, Lanes, Scene, capped
from chroniker.admin.pages.window import x
from chroniker.expectations import history
from chroniker.models import Job
from chroniker.models.agenda import Holds, agenda


def draw(scene: Scene) -> Lanes:
    """The lanes of this page, by name."""
    window = scene.window
    chosen = runs.with_bounds(scene.jobs, window).prefetch_related("hosts").order_by("name", "pk")
    jobs, more = scene.choice.page_of(chosen, LANES)
    ran = _ran(scene, jobs)
    usual = history.usual([job.pk for job in jobs]) if scene.shows_runs else {}
    holds = Holds.read(jobs, window.now)
    drawer = scene.drawer({job.pk: job.name for job in jobs})
    lanes = []
    for job in jobs:
        lane = _lane(scene, job)
        drawer.ran(lane, ran[job.pk])
        plan = agenda(job, window.now)
        drawer.goes_on(lane, job, ran[job.pk], usual.get(job.pk))
        drawer.comes(lane, job, plan, usual.get(job.pk), partial(holds.at, job))
        lane.settle()
        lanes.append(lane)
    notes = [capped(runs.MOST_OF_A_JOB)] if any(lane.unknown for lane in lanes) else []
    return Lanes(lanes, more, notes)


def _ran(scene: Scene, jobs: list[Job]) -> dict[int, list[Runs]]:
    found: dict[int, list[Runs]] = defaultdict(list)
    if scene.shows_runs:
        for one in runs.of_jobs(jobs, scene.window):
            found[one.job_id].append(one)
    return found


def _lane(scene: Scene, job: Job) -> Lane:
    known = runs.known_from(job, scene.window) if scene.shows_runs else None
    return Lane(
        name=display.visible(job.name),
        url=scene.admin.url("chroniker_job_change", job.pk),
        remark="" if job.enabled else _("disabled"),
        unknown="" if known is None else x(scene.window.place(known)),
    )
