"""The calendar: the runs to come of a month, or of a week one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chroniker.admin import display
from chroniker.admin.pages import choice as choices
from chroniker.admin.pages import days, month
from chroniker.admin.pages.base import Page
from chroniker.admin.pages.choice import Choice, address
from chroniker.admin.pages.days import Entry
from chroniker.admin.pages.month import Day
from chroniker.models.agenda import Holds
from chroniker.moments import to_stored, utc_now

MOST_JOBS = 200
"""The runs of so many jobs are shown on a page."""

AGENDA_DAYS = 7
LISTED_IN_CELL = 2
LISTED_IN_AGENDA = 12
"""So many runs of a job are listed for a day; more are given as their number."""

LINES_IN_CELL = 5
MOST_ROWS = 500
_WEEK = timedelta(days=7)
_TIMES = "\N{MULTIPLICATION SIGN}"


def context(admin: Any, request: HttpRequest) -> dict[str, Any]:
    """The month, or the agenda if that is asked for."""
    now = utc_now()
    picked = Choice.of(request)
    visible = admin.get_queryset(request).prefetch_related(None)
    chosen = picked.among(visible).filter(enabled=True).prefetch_related("hosts")
    jobs, more = picked.page_of(chosen.order_by("name", "pk"), MOST_JOBS)
    holds = Holds.read(jobs, now)
    is_agenda = request.GET.get("view") == "agenda"
    show = _agenda if is_agenda else _month
    return {
        **show(admin, request, jobs, holds, now),
        **choices.form(picked, visible, request, "view", "month", "day"),
        "is_agenda": is_agenda,
        "sides": _sides(request, is_agenda=is_agenda),
        "pages": choices.pages(picked, request, more=more),
        "zone": timezone.get_current_timezone_name(),
    }


PAGE = Page(name="calendar", title=gettext_lazy("Calendar"), context=context)


def _sides(request: HttpRequest, *, is_agenda: bool) -> list[tuple[str, str, bool]]:
    plain = {"month": None, "day": None}
    return [
        (address(request, view=None, **plain), _("Month"), not is_agenda),
        (address(request, view="agenda", **plain), _("Agenda"), is_agenda),
    ]


# The month


def _month(
    admin: Any, request: HttpRequest, jobs: list[Any], holds: Holds, now: datetime
) -> dict[str, Any]:
    chosen = month.chosen_month(request.GET.get("month", ""), now)
    weeks = month.weeks(chosen)
    shown = [day for week in weeks for day in week]
    entries = days.by_day(jobs, shown, holds, now, LISTED_IN_CELL)
    cells = [
        _cell(admin, request, day, found, now) | {"is_other": day.date.month != chosen.month}
        for day, found in zip(shown, entries, strict=True)
    ]
    return {
        "heading": formats.date_format(chosen, "YEAR_MONTH_FORMAT"),
        "weekdays": month.weekday_names(weeks[0]),
        "weeks": [cells[begin : begin + 7] for begin in range(0, len(cells), 7)],
        "earlier": address(request, month=f"{month.previous_month(chosen):%Y-%m}"),
        "later": address(request, month=f"{month.next_month(chosen):%Y-%m}"),
        "to_now": address(request, month=None),
    }


def _cell(
    admin: Any, request: HttpRequest, day: Day, entries: Sequence[Entry], now: datetime
) -> dict[str, Any]:
    count = sum(entry.count for entry in entries)
    lines = [line for entry in entries for line in _lines(admin, entry)]
    lines.sort(key=lambda line: line["begin"])
    agenda = address(request, view="agenda", day=day.date.isoformat(), month=None)
    return {
        "day": day.date.day,
        "words": formats.date_format(day.date, "DATE_FORMAT"),
        "is_today": day.date == month.today(now),
        "is_past": day.end <= now,
        "clock": month.clock_words(day),
        "count": _counted(count) if count else "",
        "number": count,
        "lines": lines[:LINES_IN_CELL],
        "left_out": max(0, len(lines) - LINES_IN_CELL),
        "url": agenda,
    }


def _lines(admin: Any, entry: Entry) -> list[dict[str, Any]]:
    """One for each run of a job or, if these are many, one for all of them."""
    common = {
        "name": display.visible(entry.job.name),
        "url": admin.url("chroniker_job_change", entry.job.pk),
        "is_paused": entry.hold is not None,
    }
    if entry.is_frequent:
        title = _many(entry)
        line = {"begin": (1, entry.job.name), "time": f"{_TIMES} {entry.count}", "title": title}
        return [{**common, **line}]
    return [
        {**common, "begin": (0, moment), "time": _time(moment), "title": _said(entry, moment)}
        for moment in entry.moments
    ]


def _said(entry: Entry, moment: datetime) -> str:
    parts = [f"{_time(moment)} {display.visible(entry.job.name)}", _there(entry, moment)]
    return " · ".join(part for part in [*parts, _remarks(entry)] if part)


# The agenda


def _agenda(
    admin: Any, request: HttpRequest, jobs: list[Any], holds: Holds, now: datetime
) -> dict[str, Any]:
    first = month.chosen_day(request.GET.get("day", ""), now)
    shown = month.days_from(first, AGENDA_DAYS)
    entries = days.by_day(jobs, shown, holds, now, LISTED_IN_AGENDA)
    room = MOST_ROWS
    listed = []
    for day, found in zip(shown, entries, strict=True):
        rows = [row for entry in found for row in _rows(admin, entry)]
        rows.sort(key=lambda row: row["begin"])
        listed.append(
            {
                "title": formats.date_format(day.date, _("l, j F Y")),
                "clock": month.clock_words(day),
                "count": _counted(sum(entry.count for entry in found)),
                "rows": rows[:room],
                "left_out": max(0, len(rows) - room),
                "is_today": day.date == month.today(now),
            }
        )
        room = max(0, room - len(rows))
    return {
        "heading": _heading(shown),
        "days": listed,
        "earlier": address(request, day=(first - _WEEK).isoformat()),
        "later": address(request, day=(first + _WEEK).isoformat()),
        "to_now": address(request, day=None),
    }


def _heading(shown: Sequence[Day]) -> str:
    first, last = (formats.date_format(shown[n].date, "DATE_FORMAT") for n in (0, -1))
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def _rows(admin: Any, entry: Entry) -> list[dict[str, Any]]:
    common = {
        "name": display.visible(entry.job.name),
        "url": admin.url("chroniker_job_change", entry.job.pk),
        "remarks": _remarks(entry),
        "is_paused": entry.hold is not None,
    }
    if entry.is_frequent:
        first = entry.moments[0]
        line = {"begin": (0, first), "time": _("all day"), "there": "", "words": _many(entry)}
        return [{**common, **line}]
    return [
        {
            **common,
            "begin": (1, moment),
            "time": display.moment(to_stored(moment), _time(moment)),
            "there": _there(entry, moment),
            "words": entry.words,
        }
        for moment in entry.moments
    ]


# Words


def _counted(count: int) -> str:
    return ngettext("%d run", "%d runs", count) % count


def _many(entry: Entry) -> str:
    return f"{entry.words} {_TIMES} {entry.count}"


def _time(moment: datetime) -> str:
    """The time of day in the current zone, to the second where that matters."""
    local = timezone.localtime(moment)
    return formats.time_format(local, "H:i:s" if local.second else "H:i")


def _there(entry: Entry, moment: datetime) -> str:
    """The time on clocks of the job's zone, if they show another one."""
    zone = ZoneInfo(entry.job.valid_zone_name)
    there, here = moment.astimezone(zone), timezone.localtime(moment)
    if there.utcoffset() == here.utcoffset():
        return ""
    other_day = there.date() != here.date()
    shown = formats.date_format(there, _("D H:i")) if other_day else f"{there:%H:%M}"
    return f"{shown} {zone.key}"


def _remarks(entry: Entry) -> str:
    remarks = []
    if entry.hold is not None:
        remarks.append(_("paused: %s") % display.visible(entry.hold.reason))
    if entry.clock_change:
        remarks.append(_("clocks change in %s") % entry.job.valid_zone_name)
    return " · ".join(remarks)
