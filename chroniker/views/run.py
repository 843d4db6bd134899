"""A view that projects of 1.x may have put into their own URLs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import user_passes_test
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from chroniker.models import Job


@user_passes_test(lambda user: user.is_superuser)
@require_POST
@csrf_protect
def job_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a run of a job, as the admin's button does; for superusers."""
    jobs: Any = admin.site.get_model_admin(Job)
    response: HttpResponse = jobs.run_view(request, int(pk))
    return response
