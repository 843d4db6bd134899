"""Whose these tables are: a page that tells, and lets a person take them over."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from chroniker import write_database
from chroniker.admin.permissions import may_adopt
from chroniker.admin.request_views import RequestViews
from chroniker.models import Installation, Job, Standing
from chroniker.models.database_clock import database_now


class InstallationPage(RequestViews):
    """For the admin of jobs."""

    def installation_view(self, request: HttpRequest) -> HttpResponse:
        """Whose the tables are; a POST lets them belong to this installation."""
        if not (self.has_view_permission(request) and may_adopt(request)):
            raise PermissionDenied
        database = write_database.alias()
        standing = Standing.read(database)
        if request.method == "POST":
            self._adopt(request, database, standing)
            return HttpResponseRedirect(self.url("chroniker_job_changelist"))
        jobs = Job.objects.using(database)
        context = {
            **self.own_page(request, None, _("Whose these tables are")),
            "here": _("Installation"),
            "standing": standing,
            "due": jobs.due(now=database_now(database), check_hostname=False).count(),
            "running": jobs.all_running().count(),
        }
        return TemplateResponse(request, "admin/chroniker/job/installation.html", context)

    def _adopt(self, request: HttpRequest, database: str, standing: Standing) -> None:
        """Adopt them from whom they belonged to when the page was opened."""
        rows = Installation.objects.using(database)
        shown, name = request.POST.get("owner", ""), request.user.get_username()
        if not standing.is_held:
            messages.warning(request, _("They are this installation's already."))
        elif rows.adopt(standing.here, database_now(database), by=name, instead_of=shown):
            messages.success(request, _("The tables are this installation's now."))
        else:
            messages.error(request, _("Somebody else has adopted them meanwhile; look again."))


installation_methods = require_http_methods(["GET", "HEAD", "POST"])
