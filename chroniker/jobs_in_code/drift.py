"""Where what the tables say of jobs and what the code does no longer agree: the checks' work."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from zoneinfo import ZoneInfo

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ValidationError
from django.core.management import get_commands

from chroniker import arguments, settings
from chroniker.command_parser import fault_of_job
from chroniker.constants import ALL_HOSTS, WITHOUT_TIMES
from chroniker.exceptions import InvalidArguments, InvalidDeclaration, InvalidSchedule
from chroniker.jobs_in_code import calling, discovery, plan
from chroniker.jobs_in_code.discovery import Found
from chroniker.jobs_in_code.plan import Kind, Step
from chroniker.jobs_in_code.values import RUN_FUNCTION
from chroniker.models import Host, Job, Standing


def of_declarations() -> Iterator[CheckMessage]:
    """What is wrong with the jobs that code declares; imports the modules that may do so."""
    found = discovery.find()
    faults = list(found.faults)
    try:
        plan.all_wanted(found.declarations)
    except InvalidDeclaration as error:
        faults += str(error).splitlines()
    hint = "Correct the declaration; until then cron_sync does nothing."
    for fault in faults:
        yield Error(fault, hint=hint, id="chroniker.E020")


def of_installation(alias: str) -> Iterator[CheckMessage]:
    """Whether the tables are another installation's."""
    standing = Standing.read(alias)
    if standing.is_held:
        yield CheckWarning(
            f"Nothing is started here: {standing.reason}.",
            hint="Run manage.py cron_adopt if jobs are to run here.",
            id="chroniker.W027",
        )


def of_jobs(alias: str) -> Iterator[CheckMessage]:
    """What is wrong with jobs that are enabled, on whatever host they run."""
    hosts = set(Host.objects.using(alias).values_list("hostname", flat=True))
    hosts |= {"", ALL_HOSTS, settings.hostname()}
    found = discovery.find()
    for job in Job.objects.using(alias).filter(enabled=True).order_by("pk"):
        for code, fault, hint in _faults(job, hosts, found):
            text = f"Job {job.pk} ({job.name}) {fault}"
            yield CheckWarning(text, hint=hint, id=f"chroniker.{code}")


def _faults(job: Job, hosts: Collection[str], found: Found) -> Iterator[tuple[str, str, str]]:
    if job.command and job.command not in get_commands():
        yield "W020", f"runs the command {job.command!r}, which is gone.", _CHOOSE
    elif fault := _fault_in_arguments(job, found):
        yield "W021", f"has arguments that {job.command} does not take: {fault}", _CORRECT
    if (job.hostname or "") not in hosts:
        seen = f"is for the host {job.hostname!r}, on which no scheduler has ever been seen."
        yield "W022", seen, "Correct its host, or run cron there (see CHRONIKER_HOSTNAME)."
    try:
        ZoneInfo(job.zone_name)
        if job.frequency not in WITHOUT_TIMES:
            job.schedule()
    except (InvalidSchedule, ValidationError, ValueError, KeyError, OSError) as error:
        yield "W023", f"has a schedule that cannot be used: {error}", _CORRECT


_CHOOSE = "Choose another command for it, or disable it."
_CORRECT = "Correct it in the admin, or where it is declared."


def _fault_in_arguments(job: Job, found: Found) -> str:
    if not job.command:
        return ""
    fault = fault_of_job(job, job.args, None)
    if fault or job.command != RUN_FUNCTION:
        return fault
    key, *words = arguments.split(job.args)
    try:
        calling.bind(found.function_called(key), words)
    except (InvalidArguments, InvalidDeclaration) as error:
        return str(error)
    return ""


def of_ownership(alias: str) -> Iterator[CheckMessage]:
    """Where jobs and their declarations differ."""
    found = discovery.find()
    try:
        jobs = plan.all_wanted(found.declarations)
    except InvalidDeclaration:
        return  # which is said already
    for step in plan.make(alias, jobs, plan.Choices()):
        if step.kind == Kind.GONE and not found.faults:
            yield CheckWarning(
                f"Job {step.job_id} ({step.name}), declared as {step.key}, is gone from code, and "
                "still enabled.",
                hint="Run manage.py cron_sync --prune to disable it.",
                id="chroniker.W026",
            )
        elif step.does_something:
            yield _not_synced(step)
        if step.kept:
            fields = ", ".join(each.field for each in step.kept)
            yield CheckWarning(
                f"Job {step.job_id} ({step.name}), declared as {step.key}, was changed in the "
                f"admin: {fields}.",
                hint="Change the code, or reset the job to it (cron_sync --reset, or its page).",
                id="chroniker.W024",
            )


def _not_synced(step: Step) -> CheckMessage:
    fields = ", ".join([each.field for each in step.changes] + list(step.returned))
    what = "has no row yet" if step.job_id is None else f"differs from its row: {fields or '-'}"
    return CheckWarning(
        f"The job that is declared as {step.key} {what}.",
        hint="Run manage.py cron_sync.",
        id="chroniker.W025",
    )
