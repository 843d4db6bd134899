"""What a person has done to rows otherwise than by a form, in Django's own history of each."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest


def note(request: HttpRequest, rows: Any, message: str) -> None:
    """Write down for each of these rows that this person has done that."""
    person: Any = request.user
    LogEntry.objects.log_actions(
        user_id=person.pk, queryset=rows, action_flag=CHANGE, change_message=message
    )
