"""Who opens the admin: people with more and more rights."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User

from tests.admin.browser import Browser

_VIEWER = ("view_job", "view_log", "view_monitor")

RIGHTS = {
    "staff": (),
    "viewer": _VIEWER,
    "operator": (*_VIEWER, "run_job", "stop_job", "view_output"),
    "editor": (
        *(*_VIEWER, "add_job", "change_job", "delete_job", "delete_log"),
        *("add_jobdependency", "change_jobdependency", "delete_jobdependency"),
        *("view_jobdependency",),
    ),
}
"""The permissions of each; besides them there are ``anonymous`` and ``superuser``."""


def user(name: str, *more: str) -> Any:
    """A person with the rights of a role, and more permissions by codename."""
    if name == "superuser":
        return User.objects.create_superuser(name)
    person = User.objects.create_user(f"{name}{len(more) or ''}", is_staff=True)
    wanted = {*RIGHTS[name], *more}
    permissions = Permission.objects.filter(
        content_type__app_label="chroniker", codename__in=wanted
    )
    assert {each.codename for each in permissions} == wanted
    person.user_permissions.set(permissions)
    return person


def browser(name: str, *more: str) -> Browser:
    """That person's browser."""
    return Browser(None if name == "anonymous" else user(name, *more))
