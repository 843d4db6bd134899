"""Who may open the addresses for machines: who knows the token, and people who may view jobs."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chroniker import environment, permissions, settings
from chroniker.exceptions import InvalidEnvironment
from chroniker.models import Job

View = Callable[[HttpRequest], HttpResponse]


def guarded(view: View) -> View:
    """Answer GET and HEAD of who may see it, 403 to all others; never from a cache."""

    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if not (_knows_token(request) or _may_view(request)):
            return JsonResponse({"error": _REFUSED}, status=403)
        return view(request)

    # Where a project demands a login of all views, these have a key of their own.
    answer.login_required = False  # type: ignore[attr-defined]
    return never_cache(require_safe(answer))


_REFUSED = "Send the token (Authorization: Bearer ...), or log in as somebody who may view jobs."


def _knows_token(request: HttpRequest) -> bool:
    expected = token()
    if not expected:
        return False
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        given = request.GET.get("token", "")
    # Compared as bytes, for text outside of ASCII is refused by compare_digest.
    return hmac.compare_digest(_bytes(given.strip()), _bytes(expected))


def token() -> str:
    """What opens the addresses; '' for nothing. A reference that leads nowhere opens nothing."""
    configured = settings.CHRONIKER_HEALTH_TOKEN or ""
    if not configured.startswith("@"):
        return configured
    try:
        return environment.resolve(environment.parse_reference(configured)).strip()
    except InvalidEnvironment:
        return ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _may_view(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)  # there is none without Django's middleware
    if user is None or not user.is_active:
        return False
    return permissions.may_view(user, Job)
