"""A real browser, signed in, that lets no console error and no breach of the policy pass."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from chroniker.models import Host
from chroniker.models.database_clock import database_now
from tests.admin import people

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
_SECONDS = 15
"""So long a page may take to become what a test waits for, on a busy machine."""

_DJANGO_S_OWN = ["#header", ".breadcrumbs", "#nav-sidebar", ".search-label-icon"]

expect.set_options(timeout=_SECONDS * 1000)


def chromium_path() -> str | None:
    """The browser of this machine, or the one that ``CHRONIKER_TEST_CHROMIUM`` names."""
    named = os.environ.get("CHRONIKER_TEST_CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder: what a browser shows is asked of one database."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.one_database("what a browser shows"))
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="module")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """A browser without a window; skips where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip("there is no chromium on this machine (CHRONIKER_TEST_CHROMIUM names one)")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # The browser's messages come through an event loop in this thread, which waits meanwhile.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visitor:
    """A person at a browser. ``page`` is the open page; ``errors`` what went wrong in it."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.errors: list[str] = []
        self.address = address
        self.context = context
        context.set_default_timeout(_SECONDS * 1000)
        self.page: Page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        if message.type == "error" and not url.endswith("/favicon.ico"):  # the project has none
            self.errors.append(f"{message.text} ({url})")

    def open(self, path: str) -> Page:
        """Open a page of the admin, such as ``/chroniker/job/``."""
        answer = self.page.goto(f"{self.address}{path}")
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        return self.page

    def picture(self, name: str) -> None:
        """A screenshot, light and dark, if ``CHRONIKER_TEST_PICTURES`` names a folder for them."""
        folder = os.environ.get("CHRONIKER_TEST_PICTURES")
        if not folder:
            return
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)

    def faults_for_some(self) -> list[str]:
        """The serious faults that axe-core finds: what keeps some people from using the page."""
        if not _AXE.exists():
            pytest.skip("axe-core is not installed: npm install --prefix tests/browser")
        self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        # To look into a style sheet that imports another, axe would write a style of its own.
        asked = "parts => axe.run({exclude: parts}, {preload: false})"
        found: Any = self.page.evaluate(asked, _DJANGO_S_OWN)
        return [
            f"{fault['id']}: {node['html']} ({node['failureSummary']})"
            for fault in found["violations"]
            if fault["impact"] in {"serious", "critical"}
            for node in fault["nodes"]
        ]


class Visitors:
    """Makes browsers of different people."""

    def __init__(self, chromium: Browser, address: str) -> None:
        self._chromium = chromium
        self._address = address
        self.all: list[Visitor] = []

    def __call__(self, name: str, *permissions: str, **options: Any) -> Visitor:
        """Somebody of this role; see :mod:`tests.admin.people`. ``options`` are a context's."""
        client = Client()
        client.force_login(people.user(name, *permissions))
        context = self._chromium.new_context(**options)
        context.add_cookies(
            [
                {
                    "name": django_settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[django_settings.SESSION_COOKIE_NAME].value,
                    "url": self._address,
                }
            ]
        )
        self.all.append(Visitor(context, self._address))
        return self.all[-1]


@pytest.fixture
def visitors(chromium: Browser, live_server: Any) -> Iterator[Visitors]:
    """Browsers, where a scheduler ticks; at the end nothing may have gone wrong in any of them."""
    Host.objects.ticked("web1", database_now("default"), version="2.0", capacity=20)
    made = Visitors(chromium, live_server.url)
    yield made
    for visitor in made.all:
        visitor.context.close()
    assert [error for visitor in made.all for error in visitor.errors] == []


@pytest.fixture
def visitor(visitors: Visitors) -> Visitor:
    """A superuser's browser."""
    return visitors("superuser")
