"""What a job's page says of its failures: since when, how often the same, and where to look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chroniker.admin import attempts, display
from chroniker.models import Job, JobHost, Log, acknowledgement
from chroniker.moments import to_stored
from chroniker.trouble import Trouble

LogUrl = Callable[[int], str]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A trouble of the job: what there is to say, and its error, to be acknowledged."""

    html: SafeString
    error: str
    is_known: bool


def of_job(job: Job, log_url: LogUrl | None, list_url: Callable[[str], str]) -> list[Line]:
    """What the job fails of, on each host that runs it for itself; nothing while all is well.

    ``log_url`` is None for who may not see logs; ``list_url`` leads to all runs with an error.
    """
    return [
        Line(
            html=display.facts(_facts(job, row, log_url, list_url)),
            error=row.fingerprint,
            is_known=row.acknowledged_at is not None,
        )
        for row in acknowledgement.failing(job)
    ]


def _facts(
    job: Job, row: Any, log_url: LogUrl | None, list_url: Callable[[str], str]
) -> Iterator[str]:
    trouble = Trouble.from_json(row.failures, row.trouble)
    slot = row.hostname if isinstance(row, JobHost) else ""
    if slot:
        yield display.visible(_("on %s") % slot)
    if trouble.since is not None:
        since = display.moment(to_stored(trouble.since))
        words = ngettext("%d failure since", "%d failures since", trouble.failures)
        yield display.words((display.strong(words % trouble.failures), since))
    error = trouble.errors.get(row.fingerprint)
    if error is not None and error.count > 1:
        yield _("%d of them of this error") % error.count
    if log_url is not None:
        yield from _links(job, row.fingerprint, slot, log_url, list_url)
    if row.acknowledged_at is not None:
        by = _("acknowledged by %s") % display.visible(row.acknowledged_by or "")
        yield display.words((by, display.moment(row.acknowledged_at)))


def _links(
    job: Job, error: str, slot: str, log_url: LogUrl, list_url: Callable[[str], str]
) -> Iterator[str]:
    newest = (
        Log.objects.filter(job=job.pk, slot=slot, fingerprint=error)
        .defer("stdout", "stderr")
        .order_by("-run_start_datetime")
        .first()
    )
    if newest is None:  # its logs were deleted
        return
    alike = attempts.likeness(newest)
    if alike is not None and not alike.is_at_least:
        first = display.moment(alike.since)
        yield display.words((_("first seen"), display.link(log_url(alike.first), first)))
    good = attempts.last_good(newest)
    if good is not None:
        moment = display.moment(good.run_start_datetime)
        yield display.words((_("last good run"), display.link(log_url(good.pk), moment)))
    yield display.link(list_url(error), _("all runs with this error"))
