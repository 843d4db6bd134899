"""What a person has chosen to see of the jobs: words of their names, a group, a page of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

_LONGEST = 200
_MOST_WORDS = 10
_MOST_GROUPS = 200
_DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The parameters of an address that all these pages know."""

    words: str
    group: str
    page: int
    """From 1 on."""

    @classmethod
    def of(cls, request: HttpRequest) -> Choice:
        """Whatever somebody has written there."""
        page = request.GET.get("p", "")
        is_number = page.isdecimal() and page.isascii() and len(page) <= _DIGITS
        return cls(
            words=_text(request, "q"),
            group=_text(request, "group"),
            page=max(1, int(page)) if is_number else 1,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves any job out."""
        return bool(self.words or self.group)

    def among(self, jobs: Any) -> Any:
        """Those of these jobs that are chosen, whatever the page."""
        found = Q()
        for word in self.words.split()[:_MOST_WORDS]:
            found &= Q(name__icontains=word)
        if self.group:
            found &= Q(group=self.group)
        return jobs.filter(found)

    def page_of(self, jobs: Any, size: int) -> tuple[list[Any], bool]:
        """The jobs of this page, and whether there is another one."""
        begin = (self.page - 1) * size
        found = list(jobs[begin : begin + size + 1])
        return found[:size], len(found) > size


def address(request: HttpRequest, **changes: object) -> str:
    """The query of this page's address with some parameters changed; None takes one away."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def form(choice: Choice, jobs: Any, request: HttpRequest, *kept: str) -> dict[str, Any]:
    """What the form above a page is filled with; asks for the groups there are.

    ``kept`` names the parameters that stay as they are.
    """
    groups = jobs.order_by("group").exclude(group="").values_list("group", flat=True).distinct()
    return {
        "choice": choice,
        "groups": list(groups[:_MOST_GROUPS]),
        "kept": [(name, request.GET[name]) for name in kept if name in request.GET],
    }


def pages(choice: Choice, request: HttpRequest, *, more: bool) -> list[tuple[str, str]]:
    """The way to the page before this one and to the one after it: addresses and words."""
    links = []
    if choice.page > 1:
        links.append((address(request, p=choice.page - 1), _("Previous jobs")))
    if more:
        links.append((address(request, p=choice.page + 1), _("More jobs")))
    return links


def _text(request: HttpRequest, name: str) -> str:
    # No database has null characters in its texts, and one of them refuses to look for them.
    return request.GET.get(name, "").replace("\x00", "").strip()[:_LONGEST]
