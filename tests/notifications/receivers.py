"""Real receivers: a mail server, an endpoint on the web, and one that accepts and says nothing."""

from __future__ import annotations

import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import django
from aiosmtpd.controller import Controller

with warnings.catch_warnings():
    # What it loads for its many services warns of what other Pythons no longer have.
    warnings.simplefilter("ignore")
    from apprise import Apprise

    Apprise().add("json://localhost")


@dataclass
class Mailbox:
    """What a mail server was given."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail."""
        parsed: Any = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(parsed)
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    @property
    def settings(self) -> dict[str, Any]:
        """What leads a project's mail there."""
        return mail_settings(self.port)


def mail_settings(port: int) -> dict[str, Any]:
    """What leads a project's mail to this port."""
    backend = "django.core.mail.backends.smtp.EmailBackend"
    if django.VERSION >= (6, 1):
        options = {"host": "127.0.0.1", "port": port}
        return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}}
    return {"EMAIL_BACKEND": backend, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": port}


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server that takes everything."""
    box = Mailbox()
    with closed_port() as port:
        box.port = port
    server = Controller(box, hostname="127.0.0.1", port=box.port, data_size_limit=50_000_000)
    server.start()
    try:
        yield box
    finally:
        server.stop()


@dataclass
class Endpoint:
    """What was posted to an address, which answers with ``status``."""

    status: int = 200
    port: int = 0
    posted: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address, as apprise has it."""
        return f"json://127.0.0.1:{self.port}/hook-secret-part"


@contextmanager
def endpoint(status: int = 200) -> Iterator[Endpoint]:
    """An address on the web that takes what is posted."""
    one = Endpoint(status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one.posted.append(body.decode())
            self.send_response(one.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def closed_port() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield port
