"""A job's ping URL: an outside service hears of each start and each end, as Healthchecks has it.

``URL/start`` for a start, ``URL`` for a success, ``URL/<status>`` or ``URL/fail`` for any other
end, with the last words of the run.
"""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

import chroniker
from chroniker import ping_urls
from chroniker.constants import EVENT_OF_END, Event
from chroniker.models import Job, Notification
from chroniker.notifications.channels import Hopeless, in_order

is_for_people = False
has_one_receiver = False

SECONDS = 10
"""How long the service may take to say something."""

MOST_BYTES = 10_000
"""How much of what a run has printed is sent: its end."""

_EVENTS = (Event.RUN_STARTED, *EVENT_OF_END.values())


def wants(job: Job, event: Event) -> bool:
    """Whether the job's service hears of such an event."""
    return bool(job.ping_url) and event in _EVENTS


def recipients(notification: Notification) -> Sequence[str]:
    """The job, in words; the URL is the job's secret, and looked up when it is needed."""
    job = notification.job
    if job is None or not wants(job, Event(notification.event)):
        return ()
    return [in_order.line_of("pings", notification)]


def send(notification: Notification, recipient: str) -> None:
    """Ping, unless a later ping of the job was faster. Raises if the service did not take it."""
    if notification.job is None or not notification.job.ping_url:
        raise Hopeless("the job has no ping URL any more")
    in_order.keep_order(notification, recipient)
    url = ping_urls.resolve(notification.job.ping_url)
    _post(ping_urls.address(url, _word(notification)), _body(notification))


def _word(notification: Notification) -> str:
    if notification.event == Event.RUN_STARTED:
        return "start"
    if notification.event == Event.RUN_SUCCEEDED:
        return ""
    status = notification.log.exit_code if notification.log else None
    if notification.event == Event.RUN_FAILED and status in range(1, 256):
        return str(status)
    return "fail"


def _body(notification: Notification) -> bytes:
    """Why the run ended badly, and the end of what it printed, in which secrets are hidden."""
    if notification.event in (Event.RUN_STARTED, Event.RUN_SUCCEEDED):
        return b""
    log = notification.log
    reason = (log.reason if log else None) or str(notification.details.get("reason") or "")
    printed = f"{log.stdout}\n{log.stderr}".strip() if log else ""
    # A character that is cut in two is left out.
    end = printed.encode(errors="replace")[-MOST_BYTES:].decode(errors="ignore")
    return f"{reason}\n\n{end}".encode(errors="replace")


# The request


class _Redirects(HTTPRedirectHandler):
    """Follows to http and https alone, and from https to https alone."""

    max_redirections = 3

    def redirect_request(  # noqa: PLR0917 - as the standard library has it
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> Request | None:
        allowed = ("https",) if req.type == "https" else ("http", "https")
        if urlsplit(newurl).scheme not in allowed:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    opener = OpenerDirector()  # and no other schemes
    handlers: tuple[Any, ...] = (
        *(ProxyHandler, HTTPHandler, HTTPSHandler),
        *(_Redirects, HTTPErrorProcessor, HTTPDefaultErrorHandler),
    )
    for handler in handlers:
        opener.add_handler(handler())
    return opener


def _post(url: str, body: bytes) -> None:
    headers = {
        "User-Agent": f"django-chroniker/{chroniker.__version__}",
        "Content-Type": "text/plain; charset=utf-8",
    }
    request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - checked
    try:
        with _opener().open(request, timeout=SECONDS):
            return  # it was taken; what it says is nobody's business
    except HTTPError as error:
        error.close()
        words = f"the service answered {error.code}"
    except URLError as error:
        words = _in_words(error.reason)
    except (OSError, http.client.HTTPException, ValueError) as error:
        words = _in_words(error)
    # Without the error itself, whose words could hold the URL.
    raise RuntimeError(words)


def _in_words(fault: object) -> str:
    if isinstance(fault, TimeoutError):
        return f"the service did not answer within {SECONDS} s"
    said = fault.strerror if isinstance(fault, OSError) else None
    return f"the service could not be asked: {said or type(fault).__name__}"
