"""The list of logs, in time that does not grow with their number."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Field
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from chroniker.fingerprint import LENGTH
from chroniker.models import Job

LISTED = 10_000
"""How many logs can be paged through; older ones are a link away."""

_JOBS_OFFERED = 200


class CappedPaginator(Paginator):
    """Counts no further than it goes: counting a million rows takes longer than showing some."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, or ``LISTED`` if there are more."""
        return min(self._counted, LISTED)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than those that can be reached."""
        return self._counted > LISTED

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by()[: LISTED + 1].count()
        return counted


class LogChangeList(ChangeList):
    """Knows where the logs are that are older than those listed."""

    def get_older_url(self) -> str | None:
        """The list that goes on where this one ends; None if it ends with the oldest log."""
        paginator: Any = self.paginator
        if not paginator.is_capped or self.page_num != paginator.num_pages or self.params_order():
            return None
        last = self.result_list[len(self.result_list) - 1]
        until = last.run_start_datetime.isoformat()
        return self.get_query_string({"run_start_datetime__lt": until}, ["p"])

    def get_ordering(self, request: HttpRequest, queryset: Any) -> Any:
        """Rows that are equal in what they are sorted by come in the same direction as these.

        So an index that ends with the key, as that of SQLite and InnoDB does, can be walked along.
        """
        ordering: list[Any] = super().get_ordering(request, queryset)
        if ordering[-1] == "-pk" and not str(ordering[0]).startswith("-"):
            ordering[-1] = "pk"
        return ordering

    def get_ordering_field(self, field_name: Any) -> Any:
        """What a column is sorted by; nothing that is not offered, whatever the address says."""
        offered = field_name in (self.sortable_by or ())
        return super().get_ordering_field(field_name) if offered else None

    def params_order(self) -> bool:
        """Whether the list is sorted otherwise than by time."""
        return "o" in self.params


class JobFilter(RelatedFieldListFilter):
    """Offers the jobs by name while they are few; else the list is reached from a job's page."""

    def field_choices(self, field: Field, request: HttpRequest, model_admin: Any) -> Any:
        """Ids and names, without making a text of every job's state."""
        chosen = request.GET.get(self.lookup_kwarg)
        jobs = list(Job.objects.order_by("name").values_list("pk", "name")[: _JOBS_OFFERED + 1])
        if len(jobs) > _JOBS_OFFERED:
            shown = (
                Job.objects.filter(pk=chosen) if (chosen or "").isdecimal() else Job.objects.none()
            )
            jobs = list(shown.values_list("pk", "name"))
        return jobs

    def has_output(self) -> bool:
        """Also with one job only, so that a filter that is on can be taken off."""
        return bool(self.lookup_choices)


class ErrorFilter(SimpleListFilter):
    """Runs that failed of the same; reached from one of them, and offered only to be taken off."""

    title = gettext_lazy("error")
    parameter_name = "fingerprint"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The error that is looked at."""
        chosen = request.GET.get(self.parameter_name)
        return [(chosen, gettext_lazy("The same"))] if chosen else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The runs that failed of it."""
        error = self.value()
        if not error:
            return queryset
        return queryset.filter(fingerprint=error) if _ERROR.fullmatch(error) else queryset.none()


_ERROR = re.compile(f"[0-9a-f]{{{LENGTH}}}")
