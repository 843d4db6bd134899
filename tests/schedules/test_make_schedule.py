"""From a job's fields to a schedule: kinds, zones, anchors, and everything that can be wrong."""

import struct
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chroniker.schedules import InvalidSchedule, make_schedule

NOW = datetime(2026, 11, 20, 10, 0, 30, 250_000, tzinfo=UTC)


def test_once_occurs_at_its_anchor_and_never_again() -> None:
    at = NOW + timedelta(days=1)
    schedule = make_schedule("ONCE", timezone="Europe/Berlin", anchor=at)

    assert schedule.next_after(NOW) == at
    assert schedule.next_after(at) is None
    assert list(schedule.between(NOW, at)) == [at]


@pytest.mark.parametrize("anchor", [NOW, None])
def test_once_needs_a_time_to_come(anchor: datetime | None) -> None:
    schedule = make_schedule("ONCE", timezone="UTC", anchor=anchor)

    assert schedule.next_after(NOW) is None
    with pytest.raises(InvalidSchedule) as caught:
        schedule.require_future(NOW)
    assert caught.value.field == "next_run"


def test_manual_never_occurs_and_need_not() -> None:
    schedule = make_schedule("MANUAL", timezone="UTC", params="junk", cron_expression="junk")

    assert schedule.next_after(NOW) is None
    schedule.require_future(NOW)


def test_a_rule_without_an_anchor_starts_at_the_moment_it_is_asked_about() -> None:
    daily = make_schedule("DAILY", timezone="America/New_York")
    elapsed = make_schedule("MINUTELY", params="interval:10", timezone="America/New_York")

    assert daily.next_after(NOW) == NOW.replace(microsecond=0) + timedelta(days=1)
    assert elapsed.next_after(NOW) == NOW.replace(microsecond=0) + timedelta(minutes=10)


def test_an_anchor_to_come_is_the_first_occurrence() -> None:
    anchor = NOW + timedelta(days=3)
    for frequency in ("DAILY", "HOURLY", "YEARLY", "SECONDLY"):
        schedule = make_schedule(frequency, timezone="Asia/Kolkata", anchor=anchor)
        assert schedule.next_after(NOW) == anchor.replace(microsecond=0)


def test_what_is_farther_away_than_forty_years_is_not_expected() -> None:
    soon = make_schedule("DAILY", timezone="UTC", anchor=NOW + timedelta(days=39 * 366))
    late = make_schedule("DAILY", timezone="UTC", anchor=NOW + timedelta(days=41 * 366))

    assert soon.next_after(NOW) is not None
    assert late.next_after(NOW) is None


@pytest.mark.parametrize("year", [1, 9999])
def test_an_anchor_at_the_edge_of_the_calendar_is_refused(year: int) -> None:
    with pytest.raises(InvalidSchedule, match="edge") as caught:
        make_schedule("DAILY", timezone="UTC", anchor=datetime(year, 1, 1, tzinfo=UTC))

    assert caught.value.field == "next_run"


def test_moments_at_the_edges_of_the_calendar_have_answers() -> None:
    schedule = make_schedule("HOURLY", timezone="Asia/Tokyo", anchor=NOW)
    first = datetime.min.replace(tzinfo=ZoneInfo("Asia/Tokyo"))
    last = datetime.max.replace(tzinfo=ZoneInfo("America/New_York"))

    assert schedule.next_after(first) is None  # the anchor is more than forty years away
    assert schedule.next_after(last) is None
    assert list(schedule.between(first, last, limit=5)) == []


def test_params_may_be_null_as_they_are_in_the_database() -> None:
    assert make_schedule("DAILY", params=None, timezone="UTC").next_after(NOW) is not None


@pytest.mark.parametrize("moment", ["2026-01-01", "0001-01-01"])
def test_a_moment_without_a_zone_is_a_mistake(moment: str) -> None:
    naive = datetime.fromisoformat(moment)
    schedule = make_schedule("DAILY", timezone="UTC")

    with pytest.raises(ValueError, match="time zone"):
        schedule.next_after(naive)
    with pytest.raises(ValueError, match="time zone"):
        make_schedule("DAILY", timezone="UTC", anchor=naive)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "name",
    [
        "",
        "Nowhere/City",
        "America",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/Berlin\x00",
        "Europe/Berlin\n",
        " Europe/Berlin",
        "\ud800",
        "Ümlaut",
        ".",
        "a" * 5000,
        "a/" * 100,
        "zone.tab",
    ],
    ids=ascii,
)
def test_an_unknown_zone_is_refused(name: str, strict: bool) -> None:
    with pytest.raises(InvalidSchedule, match="Unknown time zone") as caught:
        make_schedule("DAILY", timezone=name, strict=strict)

    assert caught.value.field == "timezone"
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Etc/GMT+5", "EST5EDT", "Asia/Kolkata"])
def test_listed_zones_are_known(name: str) -> None:
    assert str(make_schedule("DAILY", timezone=name).next_after(NOW))


# The smallest file of a time zone: a header, and one kind of time, called UTC.
ZONE_FILE = b"TZif" + struct.pack(">c15x6l", b"\0", 0, 0, 0, 0, 1, 4) + b"\0" * 6 + b"UTC\0"


@pytest.fixture
def unlisted_zone(tmp_path: Path) -> Iterator[str]:
    """A zone that can be loaded, though the database does not list it."""
    make_schedule("DAILY", timezone="Europe/Berlin")  # the list is read once in a process
    folder = tmp_path / "posix"
    folder.mkdir()
    (folder / "Nowhere").write_bytes(ZONE_FILE)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    yield "posix/Nowhere"
    zoneinfo.reset_tzpath(before)


def test_a_form_takes_listed_zones_only_but_a_stored_one_goes_on_working(
    unlisted_zone: str,
) -> None:
    stored = make_schedule("DAILY", timezone=unlisted_zone, strict=False)

    assert stored.next_after(NOW) is not None
    with pytest.raises(InvalidSchedule, match="Unknown time zone"):
        make_schedule("DAILY", timezone=unlisted_zone)


@pytest.mark.parametrize("frequency", ["", "daily", "FORTNIGHTLY", "D\x00", "x" * 10_000])
def test_an_unknown_frequency_is_refused(frequency: str) -> None:
    with pytest.raises(InvalidSchedule, match="Unknown frequency") as caught:
        make_schedule(frequency, timezone="UTC")

    assert caught.value.field == "frequency"
    assert len(str(caught.value)) < 300


def test_importing_the_package_loads_no_parser() -> None:
    code = (
        "import sys, chroniker.schedules as s;"
        "s.make_schedule('MANUAL', timezone='UTC');"
        "print([name for name in ('croniter', 'dateutil', 'django') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"
