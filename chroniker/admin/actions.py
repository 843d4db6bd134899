"""The buttons and bulk actions of jobs, each with what it says afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chroniker.admin import audit, requests, told
from chroniker.admin.permissions import JobPermissions
from chroniker.admin.requests import Answer
from chroniker.models import Job, JobQuerySet

ASKED_ABOUT = 5
"""What concerns more jobs than this is asked about first."""

_LISTED = 100

Action = Callable[[Any, HttpRequest, JobQuerySet], HttpResponse | None]


def asks_first(action: Action) -> Action:
    """Let an action that concerns many jobs name them, and go on once that is confirmed."""

    @wraps(action)
    def asking(admin: Any, request: HttpRequest, queryset: JobQuerySet) -> HttpResponse | None:
        count = queryset.count()
        if count <= ASKED_ABOUT or "confirmed" in request.POST:
            return action(admin, request, queryset)
        names = queryset.order_by("name").values_list("name", flat=True)[:_LISTED]
        context = {
            **admin.own_page(request, None, str(getattr(asking, "short_description", ""))),
            "here": _("Are you sure?"),
            "names": list(names),
            "more": max(0, count - _LISTED),
            "count": count,
            "posted": [
                (name, value)
                for name in ("action", ACTION_CHECKBOX_NAME, "select_across", "index")
                for value in request.POST.getlist(name)
            ],
        }
        return TemplateResponse(request, "admin/chroniker/job/confirm_action.html", context)

    return asking


def _asked_with(args: str) -> str:
    return _("Asked for a run with the arguments %s.") % (args or _("(none)"))


class JobActions(JobPermissions, admin.ModelAdmin):
    """Bulk actions on jobs, and the two requests that are buttons as well."""

    def ask_to_run(self, request: HttpRequest, job: Job, args: str | None = None) -> bool:
        """Ask for a run, perhaps with other arguments, and say what will become of that.

        Returns whether it was not refused.
        """
        asked = requests.ask_to_run(job, request.user.get_username(), args)
        name = {"job": job.name}
        reasons = "; ".join(asked.obstacles)
        if asked.answer is Answer.REFUSED:
            text = _("“%(job)s” will not run as things are: %(why)s.") % {**name, "why": reasons}
            self.message_user(request, text, messages.ERROR)
            return False
        self.log_change(request, job, _("Asked for a run.") if args is None else _asked_with(args))
        if asked.answer is Answer.DONE_WHILE_RUNNING:
            text = _("“%(job)s” is running. It will run once more when this run has ended.") % name
        else:
            text = _("“%(job)s” will run at the next tick.") % name
        self.message_user(request, text, messages.SUCCESS)
        if reasons:
            self.message_user(request, _("It has to wait, though: %s") % reasons, messages.WARNING)
        return True

    def ask_to_stop(self, request: HttpRequest, job: Job, fence: int | None) -> None:
        """Ask for the end of the run that was on the screen, and say what will become of that."""
        answer = requests.ask_to_stop(job, request.user.get_username(), fence)
        name = {"job": job.name}
        if answer is Answer.DONE:
            self.log_change(request, job, _("Asked to stop the run."))
            text = _("“%(job)s” was asked to stop. Its run ends within seconds.") % name
            self.message_user(request, text, messages.SUCCESS)
        elif answer is Answer.ANOTHER_RUN:
            text = _("That run of “%(job)s” has ended; another one goes on and was left alone.")
            self.message_user(request, text % name, messages.WARNING)
        else:
            text = _("“%(job)s” is not running, so there is nothing to stop.") % name
            self.message_user(request, text, messages.WARNING)

    @admin.action(description=gettext_lazy("Run selected jobs"), permissions=["run"])
    @asks_first
    def run_selected_jobs(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Ask for a run of each."""
        refused: list[str] = []
        done = []
        for job in Job.objects.filter(pk__in=_ids(queryset)):
            asked = requests.ask_to_run(job, request.user.get_username())
            if asked.answer is Answer.REFUSED:
                refused.append(f"{job.name}: {'; '.join(asked.obstacles)}")
            else:
                done.append(job)
        audit.note(request, done, _("Asked for a run."))
        self._tell(
            request,
            len(done),
            ngettext(
                "%d job will run at the next tick.", "%d jobs will run at the next tick.", len(done)
            ),
        )
        for one in refused:
            self.message_user(request, _("Not asked for: %s") % one, messages.WARNING)

    @admin.action(description=gettext_lazy("Withdraw requests to run"), permissions=["run"])
    def withdraw_requests(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Take back requests to run that are still pending."""
        withdrawn = requests.withdraw(_ids(queryset), request.user.get_username())
        audit.note(request, withdrawn, _("Withdrew the request to run."))
        done = len(withdrawn)
        self._tell(
            request,
            done,
            ngettext("%d request was withdrawn.", "%d requests were withdrawn.", done),
        )

    @admin.action(description=gettext_lazy("Stop selected jobs"), permissions=["stop"])
    @asks_first
    def stop_selected_jobs(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Ask for the end of the runs that go on."""
        ids = _ids(queryset)
        running = requests.ask_all_to_stop(ids, request.user.get_username())
        asked = len(running)
        audit.note(request, running, _("Asked to stop the run."))
        self._tell(
            request,
            asked,
            ngettext("%d job was asked to stop.", "%d jobs were asked to stop.", asked),
        )
        left = len(ids) - asked
        self._tell_of_rest(
            request, left, ngettext("%d job is not running.", "%d jobs are not running.", left)
        )

    @admin.action(description=gettext_lazy("Enable selected jobs"), permissions=["change"])
    @asks_first
    def enable_jobs(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Enable those that are not."""
        self._enable(request, _ids(queryset))

    @admin.action(description=gettext_lazy("Disable selected jobs"), permissions=["change"])
    @asks_first
    def disable_jobs(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Disable those that are not; their runs go on to their end."""
        self._disable(request, _ids(queryset))

    @admin.action(description=gettext_lazy("Toggle selected jobs"), permissions=["change"])
    @asks_first
    def toggle_enabled(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Enable those that are disabled, and the other way round."""
        jobs = dict(queryset.values_list("pk", "enabled"))
        self._disable(request, [pk for pk, enabled in jobs.items() if enabled])
        self._enable(request, [pk for pk, enabled in jobs.items() if not enabled])

    @admin.action(description=gettext_lazy("Give up stalled runs"), permissions=["stop"])
    @asks_first
    def clear_stalled(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Mark jobs that show no sign of life as not running; leave alone those that do."""
        ids = _ids(queryset)
        stale = requests.give_up_stale(ids, request.user.get_username())
        done = len(stale)
        audit.note(request, stale, _("Gave up the run, which showed no sign of life."))
        self._tell(request, done, ngettext("%d run was given up.", "%d runs were given up.", done))
        left = len(ids) - done
        self._tell_of_rest(
            request,
            left,
            ngettext(
                "%d job is idle or shows signs of life and was left alone.",
                "%d jobs are idle or show signs of life and were left alone.",
                left,
            ),
        )

    @admin.action(description=gettext_lazy("Pause selected jobs"), permissions=["pause"])
    @asks_first
    def pause_selected_jobs(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Let none of them start until somebody ends that; their runs go on to their end."""
        ids = _ids(queryset)
        paused = requests.pause(ids, request.user.get_username())
        done = len(paused)
        audit.note(request, paused, _("Paused."))
        self._tell(request, done, ngettext("%d job was paused.", "%d jobs were paused.", done))
        left = len(ids) - done
        self._tell_of_rest(
            request,
            left,
            ngettext("%d job was paused already.", "%d jobs were paused already.", left),
        )

    @admin.action(description=gettext_lazy("Send a test notification"), permissions=["send"])
    @asks_first
    def send_test(self, request: HttpRequest, queryset: JobQuerySet) -> None:
        """Tell the services of each that this is a test, and who asks for it by mail."""
        ids = _ids(queryset)
        for pk in ids:
            told.note_test(request, pk)
        done = len(ids)
        words = ngettext(
            "A test is sent for %d job by the next tick; the list of notifications tells what "
            "becomes of it.",
            "Tests are sent for %d jobs by the next tick; the list of notifications tells what "
            "becomes of them.",
            done,
        )
        self._tell(request, done, words)

    def has_send_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Whether this person may have something sent."""
        return told.may_send(request)

    def _enable(self, request: HttpRequest, ids: list[int]) -> None:
        if not ids:
            return
        ids, raw = self._without_raw(request, ids)
        result = requests.enable(ids)
        audit.note(request, Job.objects.filter(pk__in=result.done), _("Enabled."))
        done = len(result.done)
        self._tell(request, done, ngettext("%d job was enabled.", "%d jobs were enabled.", done))
        self._tell_of_rest(
            request,
            raw,
            ngettext(
                "%d job has a raw command, which you may not enable.",
                "%d jobs have raw commands, which you may not enable.",
                raw,
            ),
        )
        for name, reason in result.refused.items():
            text = _("“%(job)s” cannot be enabled: %(reason)s") % {"job": name, "reason": reason}
            self.message_user(request, text, messages.ERROR)

    def _without_raw(self, request: HttpRequest, ids: list[int]) -> tuple[list[int], int]:
        """Those of these jobs that this person may enable, and how many others there are."""
        if self.has_use_shell_permission(request):
            return ids, 0
        may_edit = self.has_edit_raw_command_permission(request)
        chosen = Job.objects.filter(pk__in=ids)
        harmless = chosen.exclude(shell__gt="") if may_edit else chosen.exclude(raw_command__gt="")
        allowed = list(harmless.values_list("pk", flat=True))
        return allowed, len(ids) - len(allowed)

    def _disable(self, request: HttpRequest, ids: list[int]) -> None:
        if not ids:
            return
        enabled = list(Job.objects.filter(pk__in=ids, enabled=True))
        done = requests.disable(ids)
        audit.note(request, enabled, _("Disabled."))
        self._tell(request, done, ngettext("%d job was disabled.", "%d jobs were disabled.", done))

    def _tell(self, request: HttpRequest, count: int, text: str) -> None:
        self.message_user(request, text % count, messages.SUCCESS if count else messages.INFO)

    def _tell_of_rest(self, request: HttpRequest, count: int, text: str) -> None:
        if count:
            self.message_user(request, text % count, messages.WARNING)


def _ids(queryset: JobQuerySet) -> list[int]:
    return list(queryset.values_list("pk", flat=True))
