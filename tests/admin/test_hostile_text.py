"""Two hundred hostile strings in every text column and in output: none becomes markup."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from django.db import models

from chroniker.models import Backfill, Host, Job, JobDependency, Log, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Browser

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("rows that hold whatever somebody has written past the forms"),
    pytest.mark.one_database("what pages say"),
]

_TAGS = (
    *(
        "<evil>",
        "<evil/",
        "<EVIL\t>",
        "<img src=x evil=1>",
        "<svg evil=1/onload=1>",
        "<a evil=1 href=x>",
    ),
    *("<script evil>1</script>", "<style evil>*{}</style>", "<!--<evil>", "<![CDATA[<evil>]]>"),
)
_BREAKS = (
    *("", '"', "'", '">', "'>", "</td>", "</script>", "</textarea>", "</title>", "</pre>", "-->"),
    *("]]>", "\\", "\u2028", "\x1b[31m", "\x1b]8;;javascript:evil\x07", "&lt;", "%3C", "{{", "{%"),
)
HOSTILE = [f"{before}{tag}" for before, tag in product(_BREAKS, _TAGS)]

_SHORTEST = 50


class Looking(HTMLParser):
    """Finds what has become a tag, an attribute or a script."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            runs = name in {"href", "src", "action", "formaction"} and "javascript:" in (
                value or ""
            )
            if name.startswith(("evil", "on")) or runs:
                self.found.append(f"<{tag} {name}={value!r}>")
        if tag.startswith("evil") or (tag == "script" and not attrs):
            self.found.append(f"<{tag}>")


def markup_in(html: str) -> list[str]:
    looking = Looking()
    looking.feed(html)
    return looking.found


def texts(value: Any) -> Iterator[str]:
    """All strings in an answer that was JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def write_into(row: models.Model, text: str) -> None:
    """The string in every text column that can hold it, past all validation."""
    columns = {
        field.attname: text
        for field in row._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not (field.choices or field.unique)
        and (field.max_length or _SHORTEST) >= _SHORTEST
    }
    type(row)._default_manager.filter(pk=row.pk).update(**columns)


def opened(browser: Browser, url: str) -> str:
    response = browser.client.get(url)
    assert response.status_code == 200, url
    body = b"".join(response) if response.streaming else response.content
    assert isinstance(body, bytes)
    if response.headers["Content-Type"].startswith("application/json"):
        return " ".join(texts(json.loads(body)))
    return body.decode()


def one_of_each(text: str) -> tuple[Job, Log]:
    """A failed job with a run, a dependency, a pause, an order and a host, all called this."""
    job, other = rows.job("one"), rows.job("two")
    JobDependency.objects.create(dependent=job, dependee=other)
    log = rows.log(job, status="failed")
    now = to_stored(database_now("default"))
    pause = Pause.objects.create(job=other)
    order = Backfill.objects.create(job=job, since=now, until=now)
    host = Host.objects.create(hostname=text, last_tick=now)
    for row in (job, other, log, pause, order, host):
        write_into(row, text)
    due = now - timedelta(minutes=1)
    Job.objects.filter(pk=job.pk).update(last_run_successful=False, last_run=now, next_run=due)
    return job, log


PAGES = (
    *("job/", "job/overview/", "job/overview/live/", "job/timeline/", "job/timeline/?by=host"),
    *("job/timeline/live/", "job/calendar/", "job/graph/", "job/graph/live/", "log/", "monitor/"),
    *("pause/", "backfill/", "job/?state=failing", "job/?group=<evil>", "job/?q=<evil>"),
)
PAGES_OF_ONE = (
    *("job/{job}/change/", "job/{job}/state/", "job/{job}/history/", "job/{job}/delete/"),
    *("job/{job}/run-with/", "job/{job}/graph/duration/", "job/live/?ids={job}"),
    *("log/{log}/change/", "log/{log}/live/", "log/{log}/compare/", "log/{log}/delete/"),
)


def test_there_are_two_hundred_of_them() -> None:
    assert len(set(HOSTILE)) >= 200
    assert all(len(text) <= _SHORTEST for text in HOSTILE)
    # Without escaping most of them would be found.
    assert sum(bool(markup_in(f"<p>{text}</p>")) for text in HOSTILE) > 140


@pytest.mark.parametrize(
    "part", [0, 1, *(pytest.param(part, marks=pytest.mark.thorough) for part in range(2, 8))]
)
def test_no_text_in_any_column_becomes_markup(part: int) -> None:
    browser = people.browser("superuser")
    texts_of_this_part = HOSTILE[part::8]
    for text in texts_of_this_part[1:]:
        rows_of_it = rows.job("another")
        write_into(rows_of_it, text)
        Job.objects.filter(pk=rows_of_it.pk).update(last_run_successful=False)
    job, log = one_of_each(texts_of_this_part[0])
    for page in (*PAGES, *PAGES_OF_ONE):
        url = f"/chroniker/{page.format(job=job.pk, log=log.pk)}"
        assert markup_in(opened(browser, url)) == [], url


def test_no_output_becomes_markup() -> None:
    job = rows.job()
    everything = "\n".join(HOSTILE)
    log = rows.log(
        job, stdout=everything, stderr=everything, reason=everything, arguments=everything
    )
    browser = people.browser("superuser")
    for page in ("log/{log}/change/", "log/{log}/live/", "log/{log}/compare/", "log/", "job/"):
        url = f"/chroniker/{page.format(log=log.pk)}"
        assert markup_in(opened(browser, url)) == [], url
