"""What the other schedulers call."""

# The packages are only in the environment that runs this.
# mypy: ignore-errors

from django_cron import CronJobBase, Schedule


def report(*_args, **_kwargs):
    """A function like any other."""


class Often(CronJobBase):
    schedule = Schedule(run_every_mins=10, retry_after_failure_mins=2)
    code = "project.often"

    def do(self):
        """Do nothing."""


class AtTimes(CronJobBase):
    schedule = Schedule(run_at_times=["06:00", "18:30"], run_on_days=[0, 6])
    code = "project.at_times"

    def do(self):
        """Do nothing."""
