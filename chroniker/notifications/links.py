"""Addresses in messages: of a job, of a run, of the list of jobs; '' where there are none."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models
from django.urls import NoReverseMatch, reverse

from chroniker.models import Job, Log


def base_url() -> str:
    """``BASE_SECURE_URL``, else ``BASE_URL``, else the current site's; '' without any."""
    for name in ("BASE_SECURE_URL", "BASE_URL"):
        if url := getattr(django_settings, name, ""):
            return str(url).rstrip("/")
    from django.apps import apps

    if not apps.is_installed("django.contrib.sites"):
        return ""
    from django.contrib.sites.models import Site

    site_id: int = getattr(django_settings, "SITE_ID", 0)
    site: models.Model | None = Site.objects.filter(pk=site_id).first()
    domain = str(getattr(site, "domain", ""))
    return domain if not domain or domain.startswith("http") else f"http://{domain}"


def of_job(job: Job) -> str:
    """Where to see and change this job."""
    return _admin("job_change", job.pk)


def of_run(log: Log) -> str:
    """Where to see this run."""
    return _admin("log_change", log.pk)


def of_jobs() -> str:
    """Where all jobs are."""
    return base_url() + _path("job_changelist")


def _admin(name: str, pk: int | None) -> str:
    return "" if pk is None else base_url() + _path(name, pk)


def _path(name: str, *args: object) -> str:
    try:
        return reverse(f"admin:chroniker_{name}", args=args)
    except NoReverseMatch:
        return ""
