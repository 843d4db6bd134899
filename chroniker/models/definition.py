"""Saving a job's definition: what is refused, what is written, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from chroniker import arguments, constants, environment, ping_urls, service_urls, settings, shells
from chroniker.exceptions import InvalidArguments, InvalidEnvironment, InvalidSchedule
from chroniker.models.changes import ChangeTracking
from chroniker.models.claimable import Claimable
from chroniker.models.policies import POLICY_FIELDS, Policies
from chroniker.models.schedulable import SCHEDULE_FIELDS, Schedulable
from chroniker.moments import to_instant, to_stored, utc_now

DEFINITION_FIELDS = (
    SCHEDULE_FIELDS
    | POLICY_FIELDS
    | {
        *("name", "command", "args", "raw_command", "enabled", "hostname", "timeout_seconds"),
        *("jitter_seconds", "stderr_is_failure", "log_stdout", "log_stderr", "next_run"),
        *("environment", "working_directory", "memory_limit_mb", "nice", "shell"),
    }
)
"""What is run, when and where: a change of these counts as a revision."""

_TIMING_FIELDS = SCHEDULE_FIELDS | {"next_run"}
_SAVE_ARGUMENTS = ("force_insert", "force_update", "using", "update_fields")


class Definition(ChangeTracking, Claimable, Schedulable, Policies):
    """Saves only what was changed since the object was loaded, and only if it is valid."""

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        command: Any
        args: Any
        raw_command: Any
        shell: Any
        environment: Any
        notify_urls: Any
        working_directory: Any
        ping_url: Any
        hostname: Any
        enabled: Any
        revision: Any
        error: Any
        held_until: Any

    def clean(self) -> None:
        """Refuse what was changed if it cannot run, naming the field; fill in a blank frequency."""
        changed = self.changed_fields()
        self._clean_changed(changed)
        self._clean_when(changed)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Validate and save what was changed; ``next_run`` follows a changed schedule.

        Takes what Django's own takes, also by position. Raises ValidationError if what was changed
        is not valid. A job that is not enabled keeps its ``next_run``. Unless ``next_run`` was
        typed, a new or changed schedule starts at its first occurrence from now.
        """
        kwargs |= dict(zip(_SAVE_ARGUMENTS, args, strict=False))
        insert = self._is_insert(kwargs)
        wanted = kwargs.get("update_fields")
        changed = self.changed_fields() if wanted is None else self.changed_fields() & set(wanted)
        self._validate(changed)
        following = self._settle_schedule(changed) | self._settle_claim(changed, wanted or ())
        if not insert:
            kwargs["update_fields"] = (changed if wanted is None else set(wanted)) | following
        with self._next_revision(changed, kwargs, insert=insert):
            super().save(**kwargs)
        self._remember(kwargs.get("update_fields"))

    def check_definition(self) -> None:
        """Raise ValidationError if it could not be saved as it stands; of 1.x what it ignored is.

        For a look at what an UPDATE, a fixture or a changed setting has left; changes nothing.
        """
        every = {field.name for field in self._meta.concrete_fields}
        self._clean_command(every)
        self._clean_surroundings(every)
        self.clean_policies(every)
        if self.frequency not in constants.WITHOUT_TIMES and self.next_run is not None:
            try:
                self.schedule()
            except (ValueError, OverflowError) as error:  # InvalidSchedule is a ValueError
                raise ValidationError({getattr(error, "field", "params"): str(error)}) from error

    def restore(self, *, using: str) -> None:
        """Validate and save what was changed, the moments of its schedule just as they are.

        For what was stored elsewhere: such a schedule may have named its last moment already.
        """
        insert = self._is_insert({"using": using})
        changed = self.changed_fields()
        self.validate_restored()
        # A retry is of the occurrence that was next until now.
        following = {"attempt", "retry_at", "error", "held_until"} if changed else set()
        for name in following:
            setattr(self, name, 0 if name == "attempt" else None)
        kwargs: dict[str, Any] = {"using": using}
        if not insert:
            kwargs["update_fields"] = changed | following
        with self._next_revision(changed, kwargs, insert=insert):
            super().save(**kwargs)
        self._remember(kwargs.get("update_fields"))

    def validate_restored(self) -> None:
        """Raise ValidationError for what :meth:`restore` would not save."""
        self._validate(self.changed_fields(), ended=True)

    def validate_changed(self) -> None:
        """Raise ValidationError for what ``save()`` would not save."""
        self._validate(self.changed_fields())

    def settle_schedule(self) -> None:
        """Let ``next_run`` follow what was changed, as saving it will; for a look ahead.

        Raises ValidationError for a rule that names no instants.
        """
        self._settle_schedule(self.changed_fields())

    def _is_insert(self, kwargs: dict[str, Any]) -> bool:
        """Whether the whole row is to be written: a new object, or one for another database."""
        elsewhere = kwargs.get("using") not in (None, self._state.db)
        return bool(self.is_new or kwargs.get("force_insert") or elsewhere)

    # What is refused

    def _validate(self, changed: set[str], *, ended: bool = False) -> None:
        """Raise ValidationError for what was changed; what was not is not looked at.

        ``ended``: a schedule that names no moment any more will do.
        """
        if not changed:
            return
        errors: dict[str, Any] = {}
        untouched = {field.name for field in self._meta.concrete_fields} - changed
        self._fill_in(changed)
        try:
            self.clean_fields(exclude=untouched)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        faulty = set(errors)
        try:
            self._clean_changed(changed - faulty)
            if ended:
                self._clean_readable(changed)
            elif not faulty & _TIMING_FIELDS:
                self._clean_when(changed)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def _fill_in(self, changed: set[str]) -> None:
        if "frequency" in changed:
            self.frequency = self.frequency or constants.DAILY

    def _clean_changed(self, changed: set[str]) -> None:
        self._fill_in(changed)
        if "next_run" in changed:
            self._clean_next_run()
        for name in changed:
            if "\x00" in str(getattr(self, name) or ""):
                raise ValidationError({name: _("Null characters are not allowed.")})
        self._clean_command(changed)
        self._clean_surroundings(changed)
        self._clean_urls(changed)
        self.clean_policies(changed)

    def _clean_next_run(self) -> None:
        """What was typed without a zone is meant in the project's."""
        try:
            self.next_run = to_stored(to_instant(self.next_run))
        except OverflowError:
            raise ValidationError(
                {"next_run": _("This is outside the years that the calendar has.")}
            ) from None

    def _clean_command(self, changed: set[str]) -> None:
        if changed & {"command", "raw_command"}:
            self._clean_choice_of_command()
        if self.command and "command" in changed:
            _refuse_unknown_command(self.command.strip())
        self._clean_shell(changed)
        # What a shell reads is not ours to split.
        split = {"args"} if self.shell else {"args", "raw_command"}
        for name in split & (changed | ({"raw_command"} if "shell" in changed else set())):
            try:
                arguments.split(getattr(self, name) or "")
            except InvalidArguments as error:
                raise ValidationError({name: str(error)}) from error

    def _clean_shell(self, changed: set[str]) -> None:
        if not self.shell or not changed & {"shell", "command", "raw_command"}:
            return
        fault = shells.fault(self.shell)
        if not fault and not (self.raw_command or "").strip():
            fault = str(_("Only a raw command can be a line of a shell."))
        if fault:
            raise ValidationError({"shell": fault})

    def _clean_surroundings(self, changed: set[str]) -> None:
        if "environment" in changed:
            # Another host's files, and what its scheduler comes with, cannot be seen from here.
            here = (self.hostname or settings.hostname()) == settings.hostname()
            try:
                faults = environment.missing(self.environment, files=here)
            except InvalidEnvironment as error:
                faults = [str(error)]
            if faults:
                raise ValidationError({"environment": faults})
        if "working_directory" in changed and self.working_directory[:1] not in ("", "/"):
            raise ValidationError({"working_directory": _("Write the whole path, from / on.")})

    def _clean_urls(self, changed: set[str]) -> None:
        if "ping_url" in changed and self.ping_url:
            try:
                ping_urls.check(self.ping_url)
            except InvalidEnvironment as error:
                raise ValidationError({"ping_url": f"{error}."}) from error
        if "notify_urls" in changed:
            try:
                service_urls.parse(self.notify_urls)
            except InvalidEnvironment as error:
                raise ValidationError({"notify_urls": str(error)}) from error

    def _clean_choice_of_command(self) -> None:
        command, raw_command = (self.command or "").strip(), (self.raw_command or "").strip()
        if raw_command and settings.CHRONIKER_DISABLE_RAW_COMMAND:
            raise ValidationError({"command": _("Raw commands are disabled in the settings.")})
        if bool(command) == bool(raw_command):
            message = _("Give either a command or a raw command.")
            if settings.CHRONIKER_DISABLE_RAW_COMMAND:
                raise ValidationError({"command": _("Give a command.")})
            raise ValidationError({"command": message, "raw_command": message})

    def _clean_when(self, changed: set[str]) -> None:
        if changed & _TIMING_FIELDS:
            self.clean_schedule(utc_now(), anew=not self._is_typed(changed))
        elif self._must_be_computed(changed):
            # What 1.x stored and ignored must not keep a job from being enabled.
            self.clean_schedule(utc_now(), anew=True, strict=False)

    def _clean_readable(self, changed: set[str]) -> None:
        if not changed & _TIMING_FIELDS:
            return
        self.clean_window()
        try:
            self.schedule()
        except InvalidSchedule as error:
            raise ValidationError({error.field: str(error)}) from error

    # What follows

    def _is_typed(self, changed: set[str]) -> bool:
        """Whether ``next_run`` is what somebody wants, not what the rule gives."""
        if self.next_run is None:
            return False
        return "next_run" in changed or self.frequency == constants.ONCE

    def _must_be_computed(self, changed: set[str]) -> bool:
        """Whether ``next_run`` has to come from the rule. One that has ended does not restart."""
        if not self.enabled or self.frequency in constants.WITHOUT_TIMES:
            return False
        if changed & SCHEDULE_FIELDS:
            return not self._is_typed(changed)
        # Changed while it was disabled: next_run was kept, but is no occurrence of the rule.
        outdated = self.anchor is not None and self.next_occurrence is None
        if "enabled" in changed and outdated:
            return True
        never_scheduled = self.anchor is None and self.last_run is None
        wanted = never_scheduled or changed & {"next_run", "enabled"}
        return self.next_run is None and bool(wanted)

    def _settle_schedule(self, changed: set[str]) -> set[str]:
        """Let ``next_run``, its nominal instant and the anchor follow what was changed.

        Returns the fields that have to be written for it.
        """
        followed = {"error", "held_until"} if changed & DEFINITION_FIELDS else set()
        for name in followed:
            setattr(self, name, None)
        if self._must_be_computed(changed):
            self.anchor = self.next_occurrence = self.next_run = self._first_run()
        elif not changed & _TIMING_FIELDS:
            return followed
        elif self.frequency in constants.WITHOUT_TIMES:
            self.next_run = self.next_occurrence = None
            # Only what the others run from now on lets a chained job start.
            self.anchor = to_stored(utc_now()) if self.is_chained else None
        elif self._is_typed(changed):
            self.next_occurrence = self.anchor = self.next_run
        else:
            self.next_occurrence, self.anchor = None, self.next_run
        self.attempt, self.retry_at = 0, None
        return followed | {"next_run", "next_occurrence", "anchor", "attempt", "retry_at"}

    def _first_run(self) -> datetime | None:
        try:
            return to_stored(self.next_after(utc_now(), anew=True))
        except InvalidSchedule as error:
            raise ValidationError({error.field: str(error)}) from error

    def _settle_claim(self, changed: set[str], wanted: Iterable[str]) -> set[str]:
        """``is_running`` is true exactly while a claim holds: unticking it gives up the claim.

        Returns the fields that have to be written for it.
        """
        copied = self.is_new and self.claim_token is not None
        unticked = "is_running" in changed.union(wanted) and not self.is_running
        if not (copied or unticked):
            return set()
        self.is_running, self.lock_file = False, ""
        followed = ("claim_token", "lease_expires", "current_hostname", "current_pid")
        for name in followed:
            setattr(self, name, None)
        return {"is_running", "lock_file", *followed}

    @contextmanager
    def _next_revision(
        self, changed: set[str], kwargs: dict[str, Any], *, insert: bool
    ) -> Iterator[None]:
        """Count the definition's changes in the database, where two forms can't count the same."""
        seen = self.revision
        if insert or not changed & DEFINITION_FIELDS:
            yield
            return
        self.revision = F("revision") + 1
        kwargs["update_fields"] = {*kwargs["update_fields"], "revision"}
        try:
            yield
        finally:
            self.revision = seen + 1


def _refuse_unknown_command(command: str) -> None:
    from django.core.management import get_commands

    if command not in get_commands():
        raise ValidationError(
            {"command": _("There is no management command %(name)s.") % {"name": repr(command)}}
        )
