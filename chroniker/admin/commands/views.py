"""Asked by the page of a job while somebody types: text to fields, and fields to text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse

from chroniker.admin.commands import form
from chroniker.admin.commands.given import CannotRead, Given, read, read_argv
from chroniker.admin.commands.writing import write
from chroniker.admin.permissions import JobPermissions
from chroniker.command_parser import CannotLoad, Command, fault_in, load, samples
from chroniker.exceptions import InvalidArguments
from chroniker.models import Job
from chroniker.moments import utc_now

_FIELD = "field:"
"""Begins the names of what was filled in, so that it can't be taken for anything else."""


class CommandViews(JobPermissions):
    """For the admin of jobs."""

    def command_view(self, request: HttpRequest) -> JsonResponse:
        """What a command takes, and what ``args`` gives it; or ``args`` with fields filled in."""
        # Who asks has the command's module imported: nothing for who may only look.
        site: Any = self
        if not (
            site.has_add_permission(request)
            or site.has_change_permission(request)
            or self.has_run_with_permission(request)
        ):
            raise PermissionDenied
        name, text = request.POST.get("command", ""), request.POST.get("args", "")
        filled = {
            key.removeprefix(_FIELD): str(value)
            for key, value in request.POST.items()
            if key.startswith(_FIELD)
        }
        try:
            answer = _answer(load(name, request.user), text, filled)
        except CannotLoad as error:
            answer = {"problem": str(error)}
        return JsonResponse(answer)


def _answer(command: Command, text: str, filled: Mapping[str, str]) -> dict[str, Any]:
    fault = ""
    given: Given | None = None
    try:
        text = write(command, text, filled) if filled else text
        given = read(command, text)
    except (InvalidArguments, CannotRead) as error:
        fault = str(error)
    fields = given or read_argv(command.parser, [])
    return {
        "help": command.help,
        "args": text,
        "html": form.render(fields, fault),
        "structure": form.structure(fields),
        "is_read": given is not None,
        "fault": fault or fault_in(command, text, samples(Job(), utc_now())),
    }
