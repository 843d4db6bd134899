"""Who may do what with jobs, besides Django's own four permissions for each model."""

from __future__ import annotations

from django.http import HttpRequest

from chroniker.models import Installation, Job, Log
from chroniker.permissions import may, may_view


class JobPermissions:
    """For admins of jobs and of what jobs leave behind; a subclass may look at ``obj`` as well.

    All of them are permissions on ``Job``, so that a proxy of it needs no others.
    """

    def has_run_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may ask for a run."""
        return _may(request, "run_job")

    def has_run_with_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may ask for a run with other arguments than the job's own."""
        return self.has_run_permission(request, obj) and may(request.user, "change", Job)

    def has_stop_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may ask for the end of a run."""
        return _may(request, "stop_job")

    def has_edit_raw_command_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may write raw commands, and say when and where they run.

        One that is a line of a shell may be written only by who may use a shell as well.
        """
        may_write = _may(request, "edit_raw_command")
        uses_shell = obj is not None and bool(obj.shell)
        return may_write and (not uses_shell or _may(request, "use_shell"))

    def has_use_shell_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may let raw commands be lines of a shell."""
        return _may(request, "edit_raw_command") and _may(request, "use_shell")

    def has_pause_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may pause jobs, and end pauses."""
        return may_pause(request)

    def has_silence_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may say that nobody is to hear of a job's failures."""
        return _may(request, "silence_jobs")

    def has_output_permission(self, request: HttpRequest, obj: Log | None = None) -> bool:
        """Whether this person may read what jobs print, and with which arguments they ran."""
        return _may(request, "view_output")

    def has_logs_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may see how runs went."""
        return may_view(request.user, Log)


def may_pause(request: HttpRequest) -> bool:
    """Whether this person may pause jobs, and end pauses."""
    return _may(request, "pause_jobs")


def may_adopt(request: HttpRequest) -> bool:
    """Whether this person may say that the tables belong to this installation."""
    return request.user.has_perm(f"{Installation._meta.app_label}.adopt_installation")


def _may(request: HttpRequest, codename: str) -> bool:
    return request.user.has_perm(f"{Job._meta.app_label}.{codename}")
