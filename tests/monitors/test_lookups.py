"""Lookups of a monitor: what may be asked, what is refused, and with which words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from pytest_django import Settings

from chroniker.exceptions import InvalidMonitor
from chroniker.moments import to_stored
from chroniker.monitors.definition import Definition
from chroniker.monitors.lookups import conditions
from chroniker.monitors.question import question
from chroniker.monitors.relative_times import relative
from chroniker.monitors.values import converted

NOW = datetime(2026, 3, 10, 12, 30, 15, tzinfo=UTC)


def asked(model: str, *filters: str, **options: Any) -> Any:
    return question(Definition(model=model, filters=filters, **options), NOW)


def values(model: str, *filters: str) -> dict[str, Any]:
    return {one.path: one.value for one in asked(model, *filters).filters}


# What may be asked


@pytest.mark.parametrize(
    ("model", "given", "path", "value"),
    [
        ("auth.User", "username=ann", "username__exact", "ann"),
        ("auth.user", "email__icontains=@x", "email__icontains", "@x"),
        ("auth.User", "pk=3", "pk__exact", 3),
        ("auth.User", "is_active=no", "is_active__exact", False),
        ("auth.User", "last_login__isnull=true", "last_login__isnull", True),
        ("auth.User", "username__in=ann,bob", "username__in", ["ann", "bob"]),
        ("auth.User", "id__range=3,7", "id__range", [3, 7]),
        ("auth.User", "date_joined__year__gte=2020", "date_joined__year__gte", 2020),
        ("auth.User", "date_joined__date=today", "date_joined__date__exact", date(2026, 3, 10)),
        ("auth.User", "groups__name=staff", "groups__name__exact", "staff"),
        ("auth.User", "groups=3", "groups__exact", 3),
        ("auth.User", "groups__isnull=1", "groups__isnull", True),
        ("admin.LogEntry", "user=7", "user__exact", 7),
        ("admin.LogEntry", "user_id__in=7,8", "user_id__in", [7, 8]),
        (
            *("auth.Permission", "content_type__app_label=auth"),
            *("content_type__app_label__exact", "auth"),
        ),
        ("auth.User", '{"last_login": null}', "last_login__isnull", True),
        ("auth.User", '{"id__in": [1, 2]}', "id__in", [1, 2]),
        ("auth.User", '{"is_staff": true}', "is_staff__exact", True),
        ("auth.User", "username==a", "username__exact", "=a"),
    ],
)
def test_a_lookup_gets_the_value_that_its_field_has(
    model: str, given: str, path: str, value: Any
) -> None:
    assert values(model, given) == {path: value}


def test_a_json_object_may_hold_several_lookups_beside_words() -> None:
    found = values("auth.User", '{"is_active": true, "date_joined__lt": "-2d"}', "email=")
    assert found == {
        "is_active__exact": True,
        "date_joined__lt": to_stored(NOW - timedelta(days=2)),
        "email__exact": "",
    }


def test_the_models_that_an_answer_tells_of_are_known() -> None:
    question_ = asked(
        "auth.User",
        "groups__permissions__content_type__model=user",
        excludes=("logentry__object_id=1",),
    )
    assert question_.models == {User, Group, Permission, ContentType, LogEntry}
    assert asked("admin.LogEntry", "user=1").models == {LogEntry}
    assert asked("auth.User", "groups=1").models == {User, Group}


# What is refused


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        ("auth.User", "usrname=ann", r"auth.User has no field 'usrname' \(did you mean username\?"),
        ("auth.User", "username__contain=a", r"no lookup 'contain' \(did you mean contains\?"),
        ("auth.User", "username__regex=(a+)+$", "regular expressions"),
        ("auth.User", "username__iregex=a", "regular expressions"),
        ("auth.User", "date_joined__year__regex=a", "regular expressions"),
        ("auth.User", "groups__regex=a", "no field 'regex'"),
        ("auth.User", "password__startswith=pbk", "looks like a secret"),
        ("admin.LogEntry", "user__password=x", "looks like a secret"),
        ("auth.Group", "user__password__contains=x", "looks like a secret"),
        ("auth.User", "groups__permissions__content_type__logentry__id=1", "more than 3 relations"),
        ("auth.User", "subscribed_jobs__name=x", "may not ask about chroniker.Job"),
        ("auth.User", "subscribed_jobs__isnull=1", "may not ask about chroniker.Job"),
        ("auth.User", "User_groups+=1", "is no lookup"),
        ("auth.User", "=1", "is no lookup"),
        ("auth.User", "username", "is no lookup; write field=value"),
        ("auth.User", "__class__=1", "is no lookup"),
        ("auth.User", "username__lower__upper__lower__x=1", "too many parts"),
        ("auth.User", "username__exact__exact=1", "no lookup 'exact'"),
        ("auth.User", "username) OR 1=1 --=x", "is no lookup"),
        ("auth.User", "id=one", "id: "),
        ("auth.User", "id__range=1", "two ends"),
        ("auth.User", "is_active=perhaps", "neither yes nor no"),
        ("auth.User", "last_login__isnull=", "neither yes nor no"),
        ("auth.User", "date_joined__lt=yesterday", "no time of it; write one in ISO format"),
        ("auth.User", "date_joined__lt=-999999999w", "no time of it"),
        ("auth.User", '{"id": {"a": 1}}', "no value of it"),
        ("auth.User", '{"id": 1', "not JSON"),
        ("auth.User", '{"id": 1, "id": 2}', "id is given twice"),
        ("auth.User", "id__in=" + "1," * 1001, "too many"),
        ("sessions.Session", "pk=1", "may not ask about sessions.Session"),
        ("chroniker.Log", "stdout__contains=x", "may not ask about chroniker.Log"),
        ("auth.Usr", "id=1", r"no model 'auth.Usr' \(did you mean auth.User\?"),
        ("User", "id=1", "Write app.Model"),
    ],
)
def test_what_may_not_be_asked_is_refused_with_its_name(model: str, given: str, words: str) -> None:
    with pytest.raises(InvalidMonitor, match=words) as raised:
        asked(model, given)
    assert str(raised.value).startswith("--")


def test_the_same_lookup_twice_is_refused() -> None:
    with pytest.raises(InvalidMonitor, match="given twice"):
        asked("auth.User", "username=a", "username__exact=b")


def test_a_crowd_of_lookups_is_refused() -> None:
    given = [(f"groups__id__{lookup}", 1) for lookup in ("gt", "lt", "gte", "lte", "exact")]
    given += [(f"id__{lookup}", 1) for lookup in ("gt", "lt", "gte", "lte", "exact")]
    given += [(f"date_joined__{part}", 1) for part in ("year", "month", "day", "hour", "minute")]
    given += [(f"last_login__{part}", 1) for part in ("year", "month", "day", "hour", "minute")]
    assert len(conditions("--filter", User, given, NOW)) == 20
    with pytest.raises(InvalidMonitor, match="at most 20"):
        conditions("--filter", User, [*given, ("is_staff", 1)], NOW)


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(InvalidMonitor, match="--database: there is no database 'lake'"):
        asked("auth.User", database="lake")


def test_the_settings_say_which_models_may_be_asked_about(settings: Settings) -> None:
    settings.CHRONIKER_MONITOR_MODELS = ["auth.Group", "chroniker"]
    assert asked("auth.Group").model is Group
    assert values("chroniker.Log", "status=failed") == {"status__exact": "failed"}
    for refused in ("auth.User", "sessions.Session"):
        with pytest.raises(InvalidMonitor, match="CHRONIKER_MONITOR_MODELS"):
            asked(refused)
    with pytest.raises(InvalidMonitor, match="looks like a secret"):
        asked("chroniker.Log", "token__startswith=a")


def test_a_secret_is_one_by_any_of_its_names(settings: Settings) -> None:
    settings.CHRONIKER_MONITOR_MODELS = ["sessions"]
    with pytest.raises(InvalidMonitor, match="session_key looks like a secret"):
        asked("sessions.Session", "pk__startswith=a")
    with pytest.raises(InvalidMonitor) as raised:
        asked("sessions.Session", "expires=today")
    assert "expire_date" in str(raised.value)
    assert "session_key" not in str(raised.value)


# Relative times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-03-10T08:30:15-04:00"),
        ("-1h", "2026-03-10T07:30:15-04:00"),
        ("now+90s", "2026-03-10T08:31:45-04:00"),
        ("-1d2h", "2026-03-09T06:30:15-04:00"),
        ("today", "2026-03-10T00:00:00-04:00"),
        ("TODAY+9h30m", "2026-03-10T09:30:00-04:00"),
        # The clocks went forward on the 8th: elapsed time, and midnight on the clock.
        ("-1w", "2026-03-03T07:30:15-05:00"),
        ("today-1w", "2026-03-03T00:00:00-05:00"),
    ],
)
def test_a_relative_time_is_counted_from_now(text: str, expected: str, settings: Settings) -> None:
    settings.TIME_ZONE = "America/New_York"
    found = relative(text, NOW)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize("text", ["", "1h", "-1", "-1x", "tomorrow", "now-", "-1h now"])
def test_other_texts_are_no_relative_times(text: str) -> None:
    assert relative(text, NOW) is None


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        (models.DateField(), "-2d", date(2026, 3, 8)),
        (models.DateField(), "2026-01-31", date(2026, 1, 31)),
        (models.TimeField(), "-1h", time(11, 30, 15)),
        (models.TimeField(), "08:15", time(8, 15)),
        (models.DecimalField(), "1.5", 1.5),
        (models.JSONField(), {"a": 1}, {"a": 1}),
    ],
)
def test_a_value_is_of_its_fields_kind(
    field: Any, given: Any, expected: Any, settings: Settings
) -> None:
    settings.TIME_ZONE = "UTC"
    assert converted("x", field, "exact", given, NOW) == expected


def test_a_written_moment_is_meant_in_the_projects_zone(settings: Settings) -> None:
    settings.TIME_ZONE = "America/New_York"
    field = models.DateTimeField()
    for text in ("2026-03-10 08:30:15", "2026-03-10T13:30:15+01:00"):
        assert converted("x", field, "lt", text, NOW) == to_stored(NOW)
    midnight = datetime(2026, 3, 10, 4, tzinfo=UTC)
    assert converted("x", field, "lt", "2026-03-10", NOW) == to_stored(midnight)
