"""The demo's jobs, and how each of them has to end when it is run once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from test_project.samples.management.commands.print_bytes import BYTES
from test_project.samples.management.commands.talk_unicode import GREETINGS

NextRun = Callable[[datetime, datetime], datetime | None]
"""Given when the job was due and when its run ended: when it has to run next."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How a job's one run has to have gone."""

    status: str
    exit_code: int | None = 0
    stdout: str = ""
    stderr: str = ""
    stderr_ends_with: str | None = None
    """Instead of ``stderr``, where a traceback with paths comes first."""

    after: str | None = None
    """Name of a job whose run has to have ended before this one started."""


@dataclass(frozen=True, kw_only=True)
class DemoJob:
    """A job of the demo: its fields, and what is expected of it."""

    name: str
    fields: dict[str, Any]
    due: bool = True
    """Whether it is due as soon as it has been loaded."""

    waits_for: tuple[str, ...] = ()
    expected: Expected | None = None
    """None: it must not run."""

    next_run: NextRun
    enabled_afterwards: bool = True


def every(**interval: int) -> NextRun:
    """Next: the first whole interval, counted from the due time, after the run's end."""
    step = timedelta(**interval)

    def next_run(due: datetime, ended: datetime) -> datetime:
        return due + ((ended - due) // step + 1) * step

    return next_run


def daily_at(clock: time, zone: str, weekdays: range = range(7)) -> NextRun:
    """Next: the first such time on such a weekday (0 is Monday), on the clocks of ``zone``."""

    def next_run(due: datetime, ended: datetime) -> datetime:
        local = ended.astimezone(ZoneInfo(zone))
        for days in range(8):
            day = local.date() + timedelta(days=days)
            candidate = datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)
            if candidate > ended and day.weekday() in weekdays:
                return candidate
        raise AssertionError("a week has every weekday")

    return next_run


def never(due: datetime, ended: datetime) -> None:
    """Next: not any more."""


def unchanged(due: datetime, ended: datetime) -> datetime:
    """Next: when it was due all along, because it did not run."""
    return due


def lines(*texts: str) -> str:
    """Return the texts as output."""
    return "".join(f"{text}\n" for text in texts)


def numbered(count: int) -> str:
    """Return the output of ``print_lines``."""
    return lines(*(f"line {number}" for number in range(1, count + 1)))


def as_shown(raw: bytes) -> str:
    """Return bytes as chroniker stores them: what is no text is replaced, visibly."""
    return raw.decode(errors="backslashreplace").replace("\0", "\N{SYMBOL FOR NULL}")


def succeeded(**expected: Any) -> Expected:
    """Return the expectation of a good end."""
    return Expected(status="succeeded", **expected)


JOBS: tuple[DemoJob, ...] = (
    DemoJob(
        name="heartbeat",
        fields={"frequency": "MINUTELY", "command": "succeed"},
        expected=succeeded(stdout=lines("All is well.")),
        next_run=every(minutes=1),
    ),
    DemoJob(
        name="rebuild search index (slow, reports progress)",
        fields={
            "frequency": "MINUTELY",
            "params": "interval:2",
            "command": "report_progress",
            "args": "80 --pause=0.05 --track",
        },
        expected=succeeded(stdout=lines("Counted to 80.")),
        next_run=every(minutes=2),
    ),
    DemoJob(
        name="fetch exchange rates (fails)",
        fields={
            "frequency": "MINUTELY",
            "params": "interval:5",
            "command": "fail",
            "args": "'The bank does not answer.'",
        },
        expected=Expected(
            status="failed",
            exit_code=1,
            stdout=lines("About to fail."),
            stderr_ends_with=lines("RuntimeError: The bank does not answer."),
        ),
        next_run=every(minutes=5),
    ),
    DemoJob(
        name="export everything (noisy)",
        fields={
            "frequency": "HOURLY",
            "command": "print_lines",
            "args": "20000",
        },
        expected=succeeded(stdout=numbered(20000)),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="greet the world, 世界 🌍",
        fields={"frequency": "HOURLY", "command": "talk_unicode"},
        expected=succeeded(stdout=lines(*GREETINGS)),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="print bytes that are no text",
        fields={"frequency": "HOURLY", "command": "print_bytes"},
        expected=succeeded(stdout=as_shown(BYTES)),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="raw command (no shell)",
        fields={"frequency": "HOURLY", "raw_command": "echo 'no shell:' $HOME '*' | cat"},
        expected=succeeded(stdout=lines("no shell: $HOME * | cat")),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="bill orders (waits for the import)",
        fields={"frequency": "HOURLY", "command": "echo_args", "args": "bills --number=7"},
        waits_for=("import orders",),
        expected=succeeded(
            stdout=lines(
                '{"colour": "green", "flag": false, "item": [], "number": 7, "ratio": 0.0, '
                '"text": "", "verbosity": 1, "words": ["bills"]}'
            ),
            after="import orders",
        ),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="import orders",
        fields={"frequency": "HOURLY", "command": "report_progress", "args": "10 --pause=0.05"},
        expected=succeeded(stdout=lines("Counted to 10.")),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="people without a mail address (monitor)",
        fields={
            "frequency": "HOURLY",
            "command": "watch_users",
            "is_monitor": True,
            "monitor_url": "/auth/user/",
            "monitor_description": "People who cannot be told that their password was reset.",
        },
        expected=Expected(
            status="failed", stderr=lines("1 active user(s) without a mail address.")
        ),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="people who were never there (monitor without code)",
        fields={
            "frequency": "HOURLY",
            "command": "check_monitor",
            "args": "--model=auth.User --filter=last_login__isnull=1 --exclude=is_staff=1 "
            "--of-last=2/3",
            "is_monitor": True,
            "monitor_description": "Accounts that nobody has used yet.",
        },
        expected=succeeded(
            stdout=lines(
                "1 user requires attention.",
                "Not yet an alarm: 1 of the last 3 checks were bad, 2 are needed.",
                "without-mail",
            )
        ),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="market opens (cron expression, New York)",
        fields={
            "frequency": "CRON",
            "cron_expression": "30 9 * * 1-5",
            "timezone": "America/New_York",
            "command": "succeed",
        },
        expected=succeeded(stdout=lines("All is well.")),
        next_run=daily_at(time(9, 30), "America/New_York", range(5)),
    ),
    DemoJob(
        name="morning digest (daily rule, Berlin)",
        fields={
            "frequency": "DAILY",
            "params": "byhour:7;byminute:15;bysecond:0",
            "timezone": "Europe/Berlin",
            "command": "write_log_records",
        },
        expected=succeeded(
            stdout=lines(
                "INFO test_project.samples.management.commands.write_log_records An event.",
                "A printed line.",
                "WARNING test_project.samples.management.commands.write_log_records A warning.",
            )
        ),
        next_run=daily_at(time(7, 15), "Europe/Berlin"),
    ),
    DemoJob(
        name="launch day (once)",
        fields={"frequency": "ONCE", "command": "succeed"},
        expected=succeeded(stdout=lines("All is well.")),
        next_run=never,
        enabled_afterwards=False,
    ),
    DemoJob(
        name="rotate the keys (only by hand)",
        fields={"frequency": "MANUAL", "command": "succeed"},
        due=False,
        next_run=never,
    ),
    DemoJob(
        name="old newsletter (disabled)",
        fields={"frequency": "HOURLY", "command": "succeed", "enabled": False},
        next_run=unchanged,
        enabled_afterwards=False,
    ),
    DemoJob(
        name="call the satellite (takes too long)",
        fields={
            "frequency": "HOURLY",
            "command": "sleep_for",
            "args": "600",
            "timeout_seconds": 3,
        },
        expected=Expected(
            status="timed_out", exit_code=None, stdout=lines("Sleeping for 600 seconds.")
        ),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="check the backup (exit status 3)",
        fields={"frequency": "HOURLY", "command": "exit_with", "args": "3"},
        expected=Expected(status="failed", exit_code=3, stdout=lines("Leaving with status 3.")),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="crash (killed by a signal)",
        fields={"frequency": "HOURLY", "command": "die_by_signal", "args": "SIGKILL"},
        expected=Expected(status="failed", exit_code=-9, stdout=lines("Going by SIGKILL.")),
        next_run=every(hours=1),
    ),
    DemoJob(
        name="warn on stderr (allowed to)",
        fields={
            "frequency": "HOURLY",
            "command": "warn_on_stderr",
            "args": "'Disk 91% full.'",
            "stderr_is_failure": False,
        },
        expected=succeeded(stdout=lines("Done."), stderr=lines("Disk 91% full.")),
        next_run=every(hours=1),
    ),
)
