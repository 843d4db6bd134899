"""Which admins are registered, and that a project's own come first."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import path
from pytest_django import Settings

import chroniker.admin
from chroniker.models import Job, Log, Monitor, Pause
from tests.admin import people, rows


def test_jobs_logs_monitors_and_pauses_are_registered() -> None:
    assert type(admin.site.get_model_admin(Job)) is chroniker.admin.JobAdmin
    assert type(admin.site.get_model_admin(Log)) is chroniker.admin.LogAdmin
    assert type(admin.site.get_model_admin(Monitor)) is chroniker.admin.MonitorAdmin
    assert type(admin.site.get_model_admin(Pause)) is chroniker.admin.PauseAdmin


def test_a_project_s_own_admin_is_left_alone() -> None:
    class OwnAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
        """A project's."""

    before = admin.site.get_model_admin(Job)
    admin.site.unregister(Job)
    admin.site.register(Job, OwnAdmin)
    try:
        importlib.reload(chroniker.admin)
        assert type(admin.site.get_model_admin(Job)) is OwnAdmin
    finally:
        admin.site._registry[Job] = before


@pytest.mark.django_db
def test_a_project_s_admin_may_extend_ours_as_it_did_in_1_x(settings: Settings) -> None:
    class OwnAdmin(chroniker.admin.JobAdmin):
        """With columns and fields of 1.x."""

        list_display: Any = (
            *("name", "last_run_with_link", "get_timeuntil", "get_frequency", "job_type"),
            *("hostname", "enabled", "check_is_complete", "is_fresh", "last_run_successful"),
            *("progress_percent_str", "estimated_completion_datetime_str", "run_button"),
            *("stop_button", "view_logs_button"),
        )
        fieldsets: ClassVar[Any] = (
            (None, {"fields": ("name", "command", "is_due_display", "total_parts", "last_run")}),
        )

    # A site of its own: whatever is registered when its addresses are first asked for, stays.
    site = admin.AdminSite()
    site.register(Job, OwnAdmin)
    site.register(Log, chroniker.admin.LogAdmin)
    settings.ROOT_URLCONF = _Urls((path("", site.urls),))

    assert OwnAdmin(Job, site).check() == []
    job, browser = rows.job(), people.browser("superuser")
    for url in ("/chroniker/job/", f"/chroniker/job/{job.pk}/change/", "/chroniker/job/add/"):
        browser.open(url)
    assert "column-job_type" in browser.open("/chroniker/job/").html


class _Urls(NamedTuple):
    """An URLconf that is no module."""

    urlpatterns: tuple[Any, ...]


@pytest.mark.django_db
def test_the_permissions_of_the_documentation_exist() -> None:
    ours = {"run_job", "stop_job", "view_output", "edit_raw_command"}
    found = Permission.objects.filter(content_type__model="job", codename__in=ours)
    assert {permission.codename for permission in found} == ours
