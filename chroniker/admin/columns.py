"""Columns of the lists of jobs, and read-only fields of a job's page. None asks for a row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chroniker import constants
from chroniker.admin import display, run_bars
from chroniker.models import Job
from chroniker.models.state import (
    fence_on_screen,
    is_stale,
    last_outcome,
    running,
    state_of,
)
from chroniker.moments import to_instant, utc_now


class JobColumns(admin.ModelAdmin):
    """What a job's row and page show; the names are those of 1.x where the meaning is."""

    def url(self, name: str, *args: object) -> str:
        """The address of a page of this admin site."""
        return reverse(f"admin:{name}", args=args, current_app=self.admin_site.name)

    @admin.display(description=gettext_lazy("state"), ordering="is_running")
    def state(self, job: Job) -> SafeString:
        """What it is doing, or why it is not."""
        state = state_of(job, utc_now())
        html = display.pill(state.kind, state.words, state.detail)
        percent = job.progress_percent if job.is_running else None
        if percent is not None:
            html = display.lines((html, display.progress_bar(percent)))
        return display.live_row(job.pk, html)

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def job_name(self, job: Job) -> SafeString:
        """The name, with its group and where it may run."""
        remarks = [display.visible(job.group)] if job.group else []
        if job.hostname:
            remarks.append(_("on %s") % self.host(job))
        parts = [display.visible(job.name), *map(display.small, remarks)]
        return display.lines(parts)

    @admin.display(description=gettext_lazy("schedule"), ordering="frequency")
    def get_frequency(self, job: Job) -> str:
        """The schedule in words."""
        try:
            return job.schedule().describe()
        except (ValueError, OverflowError) as error:  # InvalidSchedule is a ValueError
            return display.pill("failed", _("Invalid"), str(error))

    @admin.display(description=gettext_lazy("next run"), ordering="next_run")
    def get_timeuntil(self, job: Job) -> str:
        """When it runs next, and how long that is from now."""
        now, next_run = utc_now(), to_instant(job.next_run)
        is_ahead = next_run is not None and next_run > now and job.enabled and not job.is_running
        words = display.ahead(next_run, now) if is_ahead and next_run else job.get_timeuntil()
        return display.moment(job.next_run, words)

    @admin.display(description=gettext_lazy("last run"), ordering="last_run")
    def last_run_text(self, job: Job) -> str:
        """When it ran last and how that went, for who may not see logs."""
        if job.last_run is None:
            return display.NOTHING
        outcome = last_outcome(job)
        words = display.ago(to_instant(job.last_run), utc_now())
        sign = display.sign(outcome.kind, outcome.words)
        return display.words((sign, display.moment(job.last_run, words)))

    @admin.display(description=gettext_lazy("last run"), ordering="last_run")
    def last_run_with_link(self, job: Job) -> str:
        """When it ran last, as a link to that run's log."""
        log_id = getattr(job, "last_log_id", None)
        if job.last_run is None or log_id is None:
            return self.last_run_text(job)
        url = self.url("chroniker_log_change", log_id)
        return display.link(url, self.last_run_text(job))

    @admin.display(description=gettext_lazy("last runs"), ordering="last_run")
    def last_runs(self, job: Any) -> str:
        """How it ran last, and the durations of the runs before; with links for who may follow."""
        runs = getattr(job, "last_runs", [])
        may_follow = "logs" in getattr(job, "offers", ())
        if not may_follow:
            text = self.last_run_text(job)
            return display.lines((text, run_bars.of_runs(runs, None))) if runs else text
        text = self.last_run_with_link(job)
        if runs:
            text = display.words((text, display.small(display.duration(runs[-1].duration))))
        return display.lines((text, run_bars.of_runs(runs, self._log_url))) if runs else text

    def _log_url(self, log_id: int) -> str:
        return self.url("chroniker_log_change", log_id)

    @admin.display(description=gettext_lazy("do"))
    def buttons(self, job: Any) -> str:
        """What this person may do with it."""
        offers = getattr(job, "offers", ())
        known = (
            ("run", self.run_button),
            ("stop", self.stop_button),
            ("logs", self.view_logs_button),
        )
        return display.words(
            made for name, button in known if name in offers and (made := button(job))
        )

    @admin.display(description=gettext_lazy("host"), ordering="hostname")
    def host(self, job: Job) -> str:
        """Where it may run."""
        if job.hostname == constants.ALL_HOSTS:
            return _("all")
        return display.visible(job.hostname or "") or _("any")

    @admin.display(description=gettext_lazy("type"), ordering="is_monitor")
    def job_type(self, job: Job) -> str:
        """Whether it is a monitor."""
        return _("monitor") if job.is_monitor else _("job")

    @admin.display(description="", empty_value="")
    def run_button(self, job: Job) -> str:
        """A button that asks for a run."""
        if not job.enabled:
            return ""
        url = self.url("chroniker_job_run", job.pk)
        label = _("Run %s") % job.name
        return display.row_button(f"{url}?inline=1", _("Run"), label=label)

    @admin.display(description="", empty_value="")
    def stop_button(self, job: Job) -> str:
        """A button that asks for the end of the run that is shown, while there is one."""
        if not running(job):
            return ""
        url = self.url("chroniker_job_stop", job.pk)
        label = _("Stop %s") % job.name
        return display.row_button(
            f"{url}?inline=1", _("Stop"), label=label, fence=fence_on_screen(job)
        )

    @admin.display(description=gettext_lazy("logs"))
    def view_logs_button(self, job: Job) -> str:
        """A link to the logs of this job."""
        if job._state.adding:
            return display.NOTHING
        return display.link_button(self.logs_url(job), _("Logs"))

    def logs_url(self, job: Job) -> str:
        """The address of the logs of this job."""
        return f"{self.url('chroniker_log_changelist')}?job__id__exact={job.pk}"

    # Of the page only

    @admin.display(description=gettext_lazy("complete"), boolean=True)
    def check_is_complete(self, job: Job) -> bool:
        """Whether no run of it goes on."""
        return not running(job)

    @admin.display(description=gettext_lazy("fresh"), boolean=True)
    def is_fresh(self, job: Job) -> bool:
        """Whether it is idle, or gives signs of life."""
        return not is_stale(job, utc_now())

    @admin.display(description=gettext_lazy("is due"))
    def is_due_display(self, job: Job) -> str:
        """Whether it is due, on whichever host."""
        due = not job._state.adding and job.is_due(check_hostname=False)
        return _("Yes") if due else _("No")

    @admin.display(description=gettext_lazy("progress"))
    def progress_percent_str(self, job: Job) -> str:
        """How far the run is."""
        percent = job.progress_percent
        if percent is None:
            return display.NOTHING
        parts = f"{job.total_parts_complete} / {job.total_parts}"
        return display.lines((display.progress_bar(percent), display.small(parts)))

    @admin.display(description=gettext_lazy("estimated completion"))
    def estimated_completion_datetime_str(self, job: Job) -> str:
        """When the run will be complete."""
        return display.moment(job.estimated_completion_datetime)
