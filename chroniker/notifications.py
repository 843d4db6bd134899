"""Who hears of a finished run: subscribers by mail, and the project's error callback."""

from __future__ import annotations

import logging
from email.utils import formataddr

from django.conf import settings as django_settings
from django.core.mail import EmailMessage
from django.db import models
from django.template import Context, Template
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from chroniker import settings
from chroniker.models import Job, Log

logger = logging.getLogger("chroniker.notifications")

_BODY_CHARACTERS = 64 * 1024


def notify_of(database: str, log_id: int) -> None:
    """Notify of the run with this log, if it is still there."""
    log = Log.objects.using(database).select_related("job").filter(pk=log_id).first()
    if log is not None:
        notify(log)


def notify(log: Log) -> None:
    """Mail the subscribers and call the callback; faults are logged, none is raised."""
    for action in (mail_subscribers, call_back):
        try:
            action(log)
        except Exception:
            logger.exception("run=%s %s failed", log.pk, action.__name__)


def call_back(log: Log) -> None:
    """Call ``CHRONIKER_JOB_ERROR_CALLBACK`` with (job, stdout=, stderr=) if the run failed."""
    path = settings.CHRONIKER_JOB_ERROR_CALLBACK
    if path and not log.success:
        import_string(path)(log.job, stdout=log.stdout, stderr=log.stderr)


def mail_subscribers(log: Log) -> None:
    """Mail this run's end, one message each, to those subscribers that want to hear of it."""
    job = log.job
    if not (job.email_success_to_subscribers if log.success else job.email_errors_to_subscribers):
        return
    for user in job.subscribers.all():
        # The project's user model need not have more than Django's base class.
        address = getattr(user, type(user).get_email_field_name(), "")
        if address and user.is_active:
            name = user.get_full_name() if hasattr(user, "get_full_name") else ""
            _mail(log, formataddr((name, address)))


def _mail(log: Log, recipient: str) -> None:
    sender = (settings.CHRONIKER_EMAIL_SENDER, settings.CHRONIKER_EMAIL_HOST_USER)
    message = EmailMessage(
        subject=subject_of(log),
        body=body_of(log),
        from_email=formataddr(sender),
        to=[recipient],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except Exception:
        # One bad address must not keep the others from hearing of it.
        logger.exception("run=%s could not be mailed to %s", log.pk, recipient)


def subject_of(log: Log) -> str:
    """The subject by the run's result, in one line of plain text."""
    name = f"CHRONIKER_EMAIL_SUBJECT_{'SUCCESS' if log.success else 'ERROR'}"
    default = settings.DEFAULTS[name]
    subject = _render(getattr(settings, name), log) or _render(default, log) or ""
    return " ".join(subject.split())[:150]


def body_of(log: Log) -> str:
    """A link to the job, then the monitor's own text or what the run printed."""
    job = log.job
    link = f"{base_url()}{_change_path(job)}"
    if job.is_monitor and not log.success and job.monitor_error_template:
        text = _render(job.monitor_error_template, log)
        if text is not None:
            return f"{link}\n\n{text}"
    parts = [link, "", log.reason or "", _("Standard output:"), _bounded(log.stdout), ""]
    return "\n".join([*parts, _("Standard error:"), _bounded(log.stderr)])


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


def _change_path(job: Job) -> str:
    try:
        return reverse("admin:chroniker_job_change", args=(job.pk,))
    except NoReverseMatch:
        return ""


def _render(source: str, log: Log) -> str | None:
    """The template with what is known of the run; None, with a line in our log, if it is faulty."""
    values = {field.name: getattr(log, field.name) for field in log._meta.concrete_fields}
    values |= {"job": log.job, "stderr": log.stderr, "url": _monitor_url(log)}
    try:
        # Plain text: escaped as for HTML, an & would arrive as &amp;.
        return Template(source).render(Context(values, autoescape=False))
    except Exception as error:  # noqa: BLE001 - tags and filters are anybody's code
        logger.warning("run=%s a template of its mail is faulty: %s", log.pk, error)
        return None


def _monitor_url(log: Log) -> str:
    try:
        url = log.job.monitor_url_rendered
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("run=%s monitor_url is faulty: %s", log.pk, error)
        return ""
    return f"{base_url()}{url}" if url else ""


def _bounded(text: str) -> str:
    return text if len(text) <= _BODY_CHARACTERS else "…" + text[-_BODY_CHARACTERS:]
