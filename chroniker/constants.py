"""Values that are stored in the database or shown to people."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

YEARLY = "YEARLY"
MONTHLY = "MONTHLY"
WEEKLY = "WEEKLY"
DAILY = "DAILY"
HOURLY = "HOURLY"
MINUTELY = "MINUTELY"
SECONDLY = "SECONDLY"
CRON = "CRON"
ONCE = "ONCE"
MANUAL = "MANUAL"
CHAINED = "CHAINED"

FREQ_CHOICES = (
    (YEARLY, _("Yearly")),
    (MONTHLY, _("Monthly")),
    (WEEKLY, _("Weekly")),
    (DAILY, _("Daily")),
    (HOURLY, _("Hourly")),
    (MINUTELY, _("Minutely")),
    (SECONDLY, _("Secondly")),
    (CRON, _("Cron expression")),
    (ONCE, _("Once")),
    (MANUAL, _("Only by hand")),
    (CHAINED, _("After the jobs it waits for")),
)

RRULE_WEEKDAY_DICT = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}

LONGEST_USERNAME = 150
"""Characters of who did something; as long as the names of Django's own users."""

DEFAULT_MONITOR_ERROR_TEMPLATE = """
The monitor "{{ job.name }}" found something that needs attention:

{{ url }}

{{ job.monitor_description_safe }}

{{ stderr }}
"""

WITHOUT_TIMES = (MANUAL, CHAINED)
"""Frequencies that name no instants."""

ALL_HOSTS = "*"


class Status(TextChoices):
    """How a run stands or ended."""

    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    TIMED_OUT = "timed_out", _("Timed out")
    STOPPED = "stopped", _("Stopped")
    LOST = "lost", _("Lost")
    SKIPPED = "skipped", _("Skipped")


BAD_ENDS = (Status.FAILED, Status.TIMED_OUT, Status.LOST)
"""Ends that nobody wished for: who stops a run does."""


class Event(TextChoices):
    """What people, or services, may want to hear of."""

    RUN_STARTED = "run_started", _("Started")
    RUN_SUCCEEDED = "run_succeeded", _("Succeeded")
    RUN_FAILED = "run_failed", _("Failed")
    RUN_TIMED_OUT = "run_timed_out", _("Timed out")
    RUN_LOST = "run_lost", _("Lost")
    RUN_STOPPED = "run_stopped", _("Stopped")
    RUN_RECOVERED = "run_recovered", _("Recovered")
    RUN_MISSED = "run_missed", _("Did not run in time")
    RUN_TOO_LONG = "run_too_long", _("Takes too long")
    RUN_TOO_SHORT = "run_too_short", _("Was too short")
    HOST_SILENT = "host_silent", _("Host is silent")
    SCHEDULER_SILENT = "scheduler_silent", _("Scheduler is silent")
    TEST = "test", _("Test")


EVENT_OF_END = {
    Status.SUCCEEDED: Event.RUN_SUCCEEDED,
    Status.FAILED: Event.RUN_FAILED,
    Status.TIMED_OUT: Event.RUN_TIMED_OUT,
    Status.LOST: Event.RUN_LOST,
    Status.STOPPED: Event.RUN_STOPPED,
}
"""What is noted of an end."""

NOT_FOR_PEOPLE = (Event.RUN_STARTED, Event.RUN_STOPPED)
"""What is as people wished it, and only services that watch jobs hear of."""

BAD_EVENTS = tuple(EVENT_OF_END[status] for status in BAD_ENDS)


class Trigger(TextChoices):
    """What started a run."""

    SCHEDULE = "schedule", _("Schedule")
    FORCED = "forced", _("By hand")
    RETRY = "retry", _("Retry")
    DIRECT = "direct", _("By code")
    BACKFILL = "backfill", _("Backfill")
    CHAIN = "chain", _("Chain")


class Misfire(TextChoices):
    """What becomes of occurrences whose time passed without a run."""

    COALESCE = "coalesce", _("One run for all of them")
    SKIP = "skip", _("None is run; wait for the next")
    BACKFILL = "backfill", _("Each is run, in order, with its own date")


class Overlap(TextChoices):
    """What becomes of an occurrence that comes while the job runs."""

    SKIP = "skip", _("It is skipped")
    RESTART = "restart", _("The run is ended, and a new one started")
