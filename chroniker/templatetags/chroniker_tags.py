"""The template library ``chroniker_tags``; addresses of monitors use it, too."""

from datetime import datetime, timedelta

from django import template
from django.conf import settings
from django.template import Context, TemplateSyntaxError
from django.urls import reverse
from django.utils import formats, timezone

register = template.Library()


@register.simple_tag
def now_offset(format_string: str, offset_days: float | str = 0) -> str:
    """Write the current local date and time, moved by a number of days, like the tag ``now``.

    For instance ``{% now_offset "Y-m-d" -1 %}`` is yesterday.
    """
    now = datetime.now(tz=timezone.get_current_timezone() if settings.USE_TZ else None)
    try:
        moved = now + timedelta(days=float(offset_days))
    except (TypeError, ValueError, OverflowError):
        raise TemplateSyntaxError(
            f"now_offset needs a number of days that leads to a date, not {offset_days!r}."
        ) from None
    return formats.date_format(moved, format_string)


@register.simple_tag(takes_context=True)
def get_run_job_url(context: Context, object_id: object) -> str:
    """Return the address that asks for a run of the job with this id (by POST)."""
    current_app = getattr(context.get("request"), "current_app", None)
    return reverse("admin:chroniker_job_run", args=[object_id], current_app=current_app)
