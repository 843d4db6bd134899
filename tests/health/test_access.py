"""Who may open the addresses for machines: every address, every method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from chroniker import urls
from chroniker.models import Host
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people

pytestmark = [pytest.mark.django_db, pytest.mark.one_database("who may see pages")]

TOKEN = "a-token-that-nobody-guesses"
ADDRESSES = [f"chroniker:{address.name}" for address in urls.urlpatterns]


@pytest.fixture(autouse=True)
def ticking() -> None:
    Host.objects.create(hostname="web1", last_tick=to_stored(database_now("default")))


@pytest.fixture(params=ADDRESSES)
def url(request: pytest.FixtureRequest) -> str:
    return reverse(request.param)


def status(url: str, **headers: str) -> int:
    return Client().get(url, headers=headers).status_code


def test_without_a_token_in_the_settings_nobody_from_outside_gets_in(url: str) -> None:
    assert status(url) == 403
    assert status(url, Authorization="Bearer ") == 403
    assert status(f"{url}?token=") == 403
    assert status(url, Authorization="Bearer None") == 403


@pytest.mark.parametrize("empty", ["", "  ", "@env:CHRONIKER_NO_SUCH", "@nonsense"])
def test_a_token_that_is_empty_or_leads_nowhere_opens_nothing(
    settings: Settings, empty: str, url: str
) -> None:
    settings.CHRONIKER_HEALTH_TOKEN = empty
    for given in ("", empty, "None"):
        assert status(url, Authorization=f"Bearer {given}") == 403
        assert Client().get(url, {"token": given}).status_code == 403


def test_who_knows_the_token_gets_in(settings: Settings, url: str) -> None:
    settings.CHRONIKER_HEALTH_TOKEN = TOKEN
    assert status(url, Authorization=f"Bearer {TOKEN}") == 200
    assert status(url, Authorization=f"bearer {TOKEN}") == 200
    assert status(f"{url}?token={TOKEN}") == 200
    for wrong in ("", TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), "ü", "\udce4"):
        assert Client().get(url, {"token": wrong.encode("utf-8", "replace")}).status_code == 403
    assert status(url, Authorization=f"Basic {TOKEN}") == 403


def test_the_token_can_be_kept_elsewhere(
    settings: Settings, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("CHRONIKER_TEST_TOKEN", TOKEN)
    for reference in (f"@file:{tmp_path / 'token'}", "@env:CHRONIKER_TEST_TOKEN"):
        settings.CHRONIKER_HEALTH_TOKEN = reference
        assert status(url, Authorization=f"Bearer {TOKEN}") == 200
        assert status(url, Authorization=f"Bearer {reference}") == 403


def test_people_who_may_view_jobs_get_in(url: str) -> None:
    answers = {
        person: people.browser(person).client.get(url).status_code
        for person in ("anonymous", "staff", "viewer", "superuser")
    }
    assert answers == {"anonymous": 403, "staff": 403, "viewer": 200, "superuser": 200}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_but_reading_is_answered(settings: Settings, url: str, method: str) -> None:
    settings.CHRONIKER_HEALTH_TOKEN = TOKEN
    send: Any = getattr(Client(), method)
    assert send(url, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_an_answer_is_kept_by_nobody(settings: Settings, url: str) -> None:
    settings.CHRONIKER_HEALTH_TOKEN = TOKEN
    response = Client().head(url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert response.content == b""
