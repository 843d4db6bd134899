"""The list of jobs: its rows, its filters, and what of it changes while it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.filters import AllValuesFieldListFilter, BooleanFieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from chroniker import constants, write_database
from chroniker.models import Job, JobHost, Pauses, job_rows
from chroniker.models.acknowledgement import is_silenced
from chroniker.models.claimable import has_come
from chroniker.models.state import LATE
from chroniker.moments import to_stored, utc_now

LIVE_SECONDS = 2
MOST_LIVE_ROWS = 200
"""So many rows are kept up to date at once; a page shows a hundred."""


class JobChangeList(ChangeList):
    """A list whose jobs know what pauses them, how they ran, and what may be done with them."""

    def get_results(self, request: HttpRequest) -> None:
        """The jobs of this page, with what their rows show."""
        super().get_results(request)
        admin: Any = self.model_admin
        admin.load_rows(request, list(self.result_list))


class StateFilter(SimpleListFilter):
    """Jobs by what they are doing."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The states, those that need somebody first."""
        return [(name, words) for name, words, _chosen in _STATES]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The jobs in that state now."""
        chosen = {name: jobs for name, _words, jobs in _STATES}.get(self.value() or "")
        return queryset if chosen is None else chosen(queryset, utc_now())


class GroupFilter(AllValuesFieldListFilter):
    """Jobs by group, once there are groups."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lookup_choices: Any = [group for group in self.lookup_choices if group]

    def has_output(self) -> bool:
        """Not while all jobs are without one."""
        return bool(self.lookup_choices)


class LastResultFilter(BooleanFieldListFilter):
    """Jobs by how their last run ended."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext_lazy("last result")


def _is_running() -> Q:
    on_a_host = JobHost.objects.all_running().filter(job=OuterRef("pk"))
    return Q(is_running=True) | Q(Exists(on_a_host))


def _idle(jobs: Any) -> Any:
    return jobs.exclude(_is_running()).filter(enabled=True)


def _failing(jobs: Any, _now: datetime) -> Any:
    return jobs.filter(Q(last_run_successful=False) | Q(error__gt=""), enabled=True)


def _silenced(jobs: Any, now: datetime) -> Any:
    return jobs.filter(is_silenced(now))


def _running(jobs: Any, _now: datetime) -> Any:
    return jobs.filter(_is_running())


def _late(jobs: Any, now: datetime) -> Any:
    return _idle(jobs).filter(has_come(to_stored(now - LATE)))


def _due(jobs: Any, now: datetime) -> Any:
    return _idle(jobs).filter(has_come(to_stored(now)) | Q(force_run=True))


def _retrying(jobs: Any, now: datetime) -> Any:
    return _idle(jobs).filter(retry_at__gt=to_stored(now))


def _paused(jobs: Any, now: datetime) -> Any:
    pauses = Pauses.read(write_database.alias(), now)
    if not pauses.active:
        return jobs.none()
    every = list(Job.objects.all())
    pauses.expect(every)
    return jobs.filter(pk__in=[job.pk for job in every if pauses.holding(job) is not None])


def _disabled(jobs: Any, _now: datetime) -> Any:
    return jobs.filter(enabled=False)


def _finished(jobs: Any, _now: datetime) -> Any:
    return _idle(jobs).filter(next_run=None).exclude(frequency__in=constants.WITHOUT_TIMES)


_STATES: tuple[tuple[str, Any, Callable[[Any, datetime], Any]], ...] = (
    ("failing", gettext_lazy("Failing"), _failing),
    ("silenced", gettext_lazy("Acknowledged or snoozed"), _silenced),
    ("late", gettext_lazy("Late"), _late),
    ("running", gettext_lazy("Running"), _running),
    ("due", gettext_lazy("Due"), _due),
    ("retrying", gettext_lazy("Retrying"), _retrying),
    ("paused", gettext_lazy("Paused"), _paused),
    ("disabled", gettext_lazy("Disabled"), _disabled),
    ("finished", gettext_lazy("Finished"), _finished),
)


def load(jobs: Collection[Any], pauses: Callable[[], Pauses], now: datetime) -> None:
    """Load what the rows of these annotated jobs show; pauses are asked for if there are any."""
    job_rows.load(jobs, now)
    known = pauses() if any(job.has_pauses for job in jobs) else Pauses(())
    known.expect(jobs)
    for job in jobs:
        job.held = known.holding(job)


def ids_asked_for(request: HttpRequest) -> list[int]:
    """The jobs whose rows a page shows, as its script names them; whatever is no id is ignored."""
    words = request.GET.get("ids", "").split(",")[:MOST_LIVE_ROWS]
    return [int(word) for word in words if word.isascii() and word.isdecimal() and len(word) < 19]  # noqa: PLR2004
