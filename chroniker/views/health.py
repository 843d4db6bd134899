"""Is all well? For load balancers, dead-man services, and whoever asks with a program."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _

from chroniker import write_database
from chroniker.expectations import web
from chroniker.health import state, verdict
from chroniker.health.verdict import Criteria
from chroniker.models import Job
from chroniker.models.hiccups import HICCUPS
from chroniker.moments import iso, utc_now
from chroniker.views.access import guarded

WELL, BAD, WRONG = 200, 503, 400
LONGEST_SILENCE = 365 * 86_400


@guarded
def health(request: HttpRequest) -> HttpResponse:
    """200 if all is well, 503 if not, with what is wrong; 400 for parameters that say nothing."""
    database = write_database.alias()
    try:
        criteria = _criteria(request.GET)
        jobs = _jobs(request.GET, database)
    except ValueError as error:
        return JsonResponse({"error": str(error)}, status=WRONG)
    except HICCUPS as error:
        return _silent_database(database, error)
    try:
        now = utc_now()
        found = state.read(database, now, jobs)
        web.look(database, found.hosts, now)
    except HICCUPS as error:
        return _silent_database(database, error)
    problems = verdict.problems(found, criteria)
    return JsonResponse(_answer(found, problems), status=BAD if problems else WELL)


def _answer(found: state.State, problems: list[str]) -> dict[str, Any]:
    return {
        "status": "bad" if problems else "well",
        "problems": problems,
        "now": found.now.isoformat(),
        "last_tick": iso(found.last_tick),
        "hosts": found.values_of_hosts(),
        "running": len(found.running),
        **{str(kind): len(found.of(kind)) for kind in verdict.KINDS},
        "pauses": len(found.pauses),
    }


def _silent_database(database: str, error: Exception) -> HttpResponse:
    connections[database].close_if_unusable_or_obsolete()
    # Not the error itself: it can hold the database's address and more.
    problem = _("The database does not answer (%s).") % type(error).__name__
    return JsonResponse({"status": "bad", "problems": [problem]}, status=BAD)


def _criteria(asked: QueryDict) -> Criteria:
    """What counts as bad. Raises ValueError, which names parameter, fault and mend."""
    bad = [name for name in asked.get("bad", ",".join(verdict.USUAL)).split(",") if name]
    for name in bad:
        if name not in verdict.KNOWN:
            raise ValueError(f"bad: {name!r} is none of {', '.join(verdict.KNOWN)}.")
    seconds = asked.get("silence")
    if seconds is None:
        return Criteria(bad=bad)
    is_short = (
        seconds.isascii() and seconds.isdecimal() and len(seconds) <= len(str(LONGEST_SILENCE))
    )
    if not (is_short and 0 < int(seconds) <= LONGEST_SILENCE):
        raise ValueError(
            f"silence: {seconds[:20]!r} is not a number of seconds up to {LONGEST_SILENCE}."
        )
    return Criteria(bad=bad, silence=timedelta(seconds=int(seconds)))


def _jobs(asked: QueryDict, database: str) -> list[int] | None:
    """The ids of the jobs that are asked about, by id or name; None for all."""
    words = asked.getlist("job")
    if not words:
        return None
    found = []
    jobs = Job.objects.using(database)
    for word in words:
        is_id = word.isascii() and word.isdecimal() and len(word) < _DIGITS
        ids = list(
            (jobs.filter(pk=int(word)) if is_id else jobs.filter(name=word)).values_list(
                "pk", flat=True
            )
        )
        if not ids:
            raise ValueError(f"job: there is no job {word[:100]!r}, by id or by name.")
        found += ids
    return found


_DIGITS = 19
"""No id of any database has more."""
