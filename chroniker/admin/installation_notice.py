"""What is said on each page where the tables are another installation's."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from chroniker import write_database
from chroniker.admin import display
from chroniker.admin.permissions import may_adopt
from chroniker.models import Installation, Standing
from chroniker.moments import to_instant, utc_now

_RECENT = timedelta(days=1)


def notice(request: HttpRequest, site_name: str) -> str:
    """A warning where nothing is started for these tables are another's, as HTML; or ''."""
    row = Installation.objects.using(write_database.alias()).first()
    if row is None or not row.name:
        return ""
    standing = Standing.of(row, write_database.alias())
    if standing.is_held:
        title, told = _("Nothing is started here"), [display.visible(standing.reason)]
    elif row.refused and utc_now() - to_instant(row.refused_at or utc_now()) < _RECENT:
        title = _("A scheduler is held")
        words = _("on %(host)s, which is the installation “%(name)s”; this is “%(here)s”")
        values = {"host": row.refused_on, "name": row.refused, "here": standing.here}
        told = [display.visible(words % values)]
    else:
        return ""
    return display.notice(title, told, _link(request, site_name) if standing.is_held else "")


def _link(request: HttpRequest, site_name: str) -> str:
    if not may_adopt(request):
        return ""
    try:
        url = reverse("admin:chroniker_job_installation", current_app=site_name)
    except NoReverseMatch:  # a project's own admin may be without it
        return ""
    return display.link(url, _("Adopt the tables"))
