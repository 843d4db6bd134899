"""The template library of 1.x."""

from __future__ import annotations

import types
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.test import override_settings
from django.urls import NoReverseMatch, path
from django.utils import timezone

from chroniker.templatetags import chroniker_tags


def rendered(text: str, **context: Any) -> str:
    return Template("{% load chroniker_tags %}" + text).render(Context(context))


class Noon(datetime):
    """A clock that stands at noon, UTC, on the last day of February."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        noon = datetime(2026, 2, 28, 12, 30, tzinfo=UTC)
        return noon.astimezone(tz) if tz else noon.replace(tzinfo=None)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroniker_tags, "datetime", Noon)


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("{% now_offset 'Y-m-d H:i' %}", "2026-02-28 12:30"),
        ("{% now_offset 'Y-m-d' 1 %}", "2026-03-01"),
        ("{% now_offset 'Y-m-d' -28 %}", "2026-01-31"),
        ("{% now_offset 'Y-m-d' '2' %}", "2026-03-02"),
        ("{% now_offset 'H:i' 0.5 %}", "00:30"),
        ("{% now_offset 'Y-m-d' offset_days=days %}", "2026-03-03"),
        ("{% now_offset 'd.m.' -1 as day %}[{{ day }}]", "[27.02.]"),
        ("{% now_offset 'N j, Y' %}", "Feb. 28, 2026"),
        ("{% now_offset '<b>' %}", "&lt;feb&gt;"),
    ],
)
def test_now_offset_writes_a_day_before_or_after_today(tag: str, text: str) -> None:
    assert rendered(tag, days=3) == text


@pytest.mark.usefixtures("noon")
def test_now_offset_uses_the_current_time_zone_s_clock() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        berlin = rendered("{% now_offset 'Y-m-d H:i' 30 %}")

    assert berlin == "2026-03-30 13:30"  # the clocks went forward; half past one stays


@pytest.mark.usefixtures("noon")
@override_settings(USE_TZ=False)
def test_now_offset_works_without_time_zones() -> None:
    assert rendered("{% now_offset 'c' 1 %}") == "2026-03-01T12:30:00"


def test_now_offset_reads_the_clock() -> None:
    written = datetime.fromisoformat(rendered("{% now_offset 'c' 1 %}"))

    assert abs(written - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=5)


@pytest.mark.parametrize("days", ["many", "", "inf", "nan", 10**9, None])
def test_now_offset_refuses_what_is_no_number_of_days(days: object) -> None:
    with pytest.raises(TemplateSyntaxError, match="now_offset needs a number of days"):
        rendered("{% now_offset 'Y-m-d' days %}", days=days)


@pytest.mark.parametrize("tag", ["{% now_offset %}", "{% now_offset 'Y' 1 2 %}"])
def test_now_offset_needs_a_format_and_at_most_an_offset(tag: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        rendered(tag)


def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Stand in for the admin's view, whose address is all that counts here."""
    return HttpResponse(str(pk))


def urls(*names: str) -> types.ModuleType:
    module = types.ModuleType("urls")
    pattern = path("job/<int:pk>/run/", run, name="chroniker_job_run")
    module.urlpatterns = [  # type: ignore[attr-defined]
        path(f"{name}/", ([pattern], "admin", name)) for name in names
    ]
    return module


@override_settings(ROOT_URLCONF=urls("admin"))
@pytest.mark.parametrize(
    "tag",
    [
        "{% get_run_job_url 5 %}",
        "{% get_run_job_url '5' %}",
        "{% get_run_job_url job.id %}",
        "{% get_run_job_url job.id as url %}{{ url }}",
    ],
)
def test_get_run_job_url_is_the_admin_s_address(tag: str) -> None:
    assert rendered(tag, job={"id": 5}) == "/admin/job/5/run/"


@override_settings(ROOT_URLCONF=urls("admin", "other"))
def test_get_run_job_url_stays_in_the_admin_site_that_shows_the_page() -> None:
    request = HttpRequest()
    request.current_app = "other"

    assert rendered("{% get_run_job_url 5 %}", request=request) == "/other/job/5/run/"


@pytest.mark.parametrize("tag", ["{% get_run_job_url %}", "{% get_run_job_url 5 6 %}"])
def test_get_run_job_url_takes_exactly_one_id(tag: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        rendered(tag)


@override_settings(ROOT_URLCONF=urls("admin"))
def test_get_run_job_url_does_not_hide_a_missing_id() -> None:
    with pytest.raises(NoReverseMatch):
        rendered("{% get_run_job_url nothing %}")
