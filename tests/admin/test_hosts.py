"""Hosts in the admin: how they are, and retiring those that are gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chroniker.models import Host
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people
from tests.admin.browser import Browser

pytestmark = [pytest.mark.django_db, pytest.mark.one_database("pages and who may see them")]

LIST = "/chroniker/host/"


def host(name: str, minutes: float = 0, **values: Any) -> Host:
    ticked = to_stored(database_now("default") - timedelta(minutes=minutes))
    made: Host = Host.objects.create(hostname=name, last_tick=ticked, **values)
    return made


def test_the_list_says_how_each_host_is_and_what_its_last_silence_cost() -> None:
    host("busy")
    host("quiet", 30)
    host("old", 60 * 24 * 20)
    host("gone", 30, is_retired=True)
    now = to_stored(database_now("default"))
    host("back", away_from=now, away_until=now, away_cost="7 occurrences of <b>3</b> jobs")

    text = people.browser("superuser").open(LIST).text

    for words in ("Ticks", "Silent", "Not expected any more", "Retired"):
        assert words in text, words
    assert "7 occurrences of <b>3</b> jobs" in text  # as text, not as markup


def press(browser: Browser, action: str, *chosen: Host) -> None:
    browser.post(LIST, action=action, _selected_action=[str(each.pk) for each in chosen])


def retired() -> set[str]:
    return set(Host.objects.filter(is_retired=True).values_list("hostname", flat=True))


def test_a_host_is_retired_and_expected_again() -> None:
    one, other = host("one", 30), host("other", 30)
    browser = people.browser("superuser")
    press(browser, "retire", one)
    assert retired() == {"one"}
    press(browser, "expect", one, other)
    assert retired() == set()


def test_who_may_only_see_hosts_retires_none() -> None:
    press(people.browser("staff", "view_host"), "retire", host("one", 30))
    assert retired() == set()


def test_each_page_says_which_hosts_are_drained_until_when_and_by_whom() -> None:
    soon = to_stored(database_now("default") + timedelta(hours=1))
    over = to_stored(database_now("default") - timedelta(hours=1))
    host("draining", drained_until=soon, drained_by="<b>ann</b>")
    host("ready", drained_until=over, drained_by="ann")

    text = people.browser("superuser").open("/chroniker/job/").text

    assert "Drained: nothing new starts there" in text
    assert "draining until" in text
    assert "by <b>ann</b>" in text
    assert "ready" not in text
