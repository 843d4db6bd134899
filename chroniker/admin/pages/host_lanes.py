"""A timeline with a lane for each host."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker import constants
from chroniker.admin import display
from chroniker.admin.pages import runs
from chroniker.admin.pages.bars import Runs
from chroniker.admin.pages.lanes import Lane
from chroniker.admin.pages.scene import LANES, Lanes, Scene, capped
from chroniker.admin.pages.window import x
from chroniker.expectations import history
from chroniker.models import Job
from chroniker.models.agenda import Holds, agenda
from chroniker.models.claimable import Claimable
from chroniker.moments import to_stored

MOST_JOBS_TO_COME = 100
"""The runs to come of so many jobs are drawn: of those that run next."""

_ANY = ""
"""The lane of what the first host will run that comes."""


def draw(scene: Scene) -> Lanes:
    """The lanes of this page, by name; what is fixed to no host comes last."""
    window = scene.window
    ran, notes, unknown = _ran(scene)
    jobs = _jobs_to_come(scene)
    if len(jobs) > MOST_JOBS_TO_COME:
        notes.append(
            ngettext(
                "Runs to come are drawn of the %d job that runs next.",
                "Runs to come are drawn of the %d jobs that run next.",
                MOST_JOBS_TO_COME,
            )
            % MOST_JOBS_TO_COME
        )
        jobs = jobs[:MOST_JOBS_TO_COME]
    names = {one.job_id for found in ran.values() for one in found}
    drawer = scene.drawer(dict(scene.visible.filter(pk__in=names).values_list("pk", "name")))
    usual = history.usual([job.pk for job in jobs]) if scene.shows_runs else {}
    holds = Holds.read(jobs, window.now)
    planned = [(host, job, state) for job in jobs for host, state in _places(job)]
    found = {*ran, *(host for host, _job, _state in planned)}
    hosts = sorted(found, key=lambda host: (host == _ANY, host))
    begin = (scene.choice.page - 1) * LANES
    lanes = {host: _lane(host, unknown) for host in hosts[begin : begin + LANES]}
    for host, lane in lanes.items():
        drawer.ran(lane, [one for one in ran[host] if one.job_id in drawer.names])
    for host, job, state in planned:
        if host in lanes:
            plan = agenda(job, window.now, state)
            hold = partial(holds.at, job)
            drawer.comes(lanes[host], job, plan, usual.get(job.pk), hold)
    for lane in lanes.values():
        lane.settle()
    return Lanes(list(lanes.values()), len(hosts) > begin + LANES, notes)


def _ran(scene: Scene) -> tuple[dict[str, list[Runs]], list[str], str]:
    """The runs of each host, what to say of them, and the width of which nothing is known."""
    found: dict[str, list[Runs]] = defaultdict(list)
    if not scene.shows_runs:
        return found, [], ""
    jobs = scene.jobs if scene.choice.is_narrow else None
    ran, known = runs.of_hosts(scene.window, jobs)
    for one in ran:
        found[one.lane].append(one)
    if known is None:
        return found, [], ""
    return found, [capped(runs.MOST_OF_ALL)], x(scene.window.place(known))


def _jobs_to_come(scene: Scene) -> list[Job]:
    """Those that run in the window, the earliest first; one more than are drawn."""
    until = to_stored(scene.window.end)
    # What all hosts run has its next runs elsewhere: the job's own does not count.
    soon = Q(next_run__lt=until) | Q(hostname=constants.ALL_HOSTS)
    jobs = scene.jobs.filter(soon, enabled=True).prefetch_related("hosts")
    return list(jobs.order_by("next_run", "pk")[: MOST_JOBS_TO_COME + 1])


def _places(job: Job) -> Iterator[tuple[str, Claimable]]:
    """Where a job will run: on its host, on each of all hosts, or on any."""
    if job.hostname == constants.ALL_HOSTS:
        rows: Any = job.hosts.all()
        yield from ((row.hostname, row) for row in rows)
    else:
        yield job.hostname or _ANY, job


def _lane(host: str, unknown: str) -> Lane:
    name = display.visible(host) if host != _ANY else _("any host")
    return Lane(name=name, unknown=unknown)
