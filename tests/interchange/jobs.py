"""Random jobs, of every kind that can be stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from chroniker import constants
from chroniker.interchange import carried
from chroniker.interchange.document import CRITERIA, Document, Entry, Link

USERS = ("ada", "bea", "élan")

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
_TRICKY = st.sampled_from(
    (
        "",
        "yes",
        "null",
        "1e3",
        "0x10",
        "2020-01-01",
        "- a\n- b",
        "a: b",
        "#",
        "'\"",
        "\x85\u2028 ",
        "é☃𝄞",
    )
)
_FREE = st.one_of(_TEXT, _TRICKY)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_INSTANTS = st.integers(0, 3 * 10**12).map(lambda ms: _EPOCH + timedelta(milliseconds=ms))
_MAYBE_INSTANT = st.one_of(st.none(), _INSTANTS)

_SCHEDULES = st.one_of(
    st.tuples(
        st.just(constants.CRON), st.sampled_from(("*/5 * * * *", "@daily", "0 9 L * *")), st.none()
    ),
    st.tuples(
        st.sampled_from((constants.DAILY, constants.HOURLY, constants.YEARLY, constants.SECONDLY)),
        st.just(""),
        st.sampled_from((None, "", "interval:3", "count:2", "bymonth:1,7;byhour:0")),
    ),
    st.tuples(
        st.sampled_from((constants.ONCE, constants.MANUAL, constants.CHAINED)),
        st.just(""),
        st.none(),
    ),
)
_COMMANDS = st.one_of(
    st.tuples(st.just("succeed"), st.sampled_from(("", "--x=1 'two words'", "a=b")), st.none()),
    st.tuples(st.just(""), st.just(""), st.sampled_from(("true", "echo 'a \"b\" %'"))),
)

_OWN: dict[str, st.SearchStrategy[Any]] = {
    "group": st.sampled_from(("", "billing", "é")),
    "description": _FREE,
    "concurrency_key": _TEXT,
    "monitor_error_template": _FREE,
    "monitor_description": st.one_of(st.none(), _FREE),
    "hostname": st.sampled_from((None, "", "*", "web1")),
    "timezone": st.sampled_from(("", "UTC", "Europe/Berlin", "Asia/Kathmandu")),
    "environment": st.sampled_from(("", "A=1\nB=@@2", "# remark\nX=@env:HOME")),
    "working_directory": st.sampled_from(("", "/", "/tmp/a b")),
    "retry_backoff": st.floats(1, 100),
    "max_retries": st.integers(-1, 1000),
    "nice": st.integers(-20, 19),
    "weight": st.integers(0, 3),
    "notify_after": st.integers(1, 9),
    "notify_every": st.one_of(st.none(), st.integers(0, 10_000_000)),
    **dict.fromkeys(
        ("late_after_seconds", "long_after_seconds", "short_below_seconds"),
        st.one_of(st.none(), st.integers(0, 1000)),
    ),
    "retry_delay_seconds": st.integers(0, 10_000_000),
    "priority": st.integers(-(2**31), 2**31 - 1),
    "next_run": _MAYBE_INSTANT,
    "next_occurrence": _MAYBE_INSTANT,
    "anchor": _MAYBE_INSTANT,
    "active_from": _MAYBE_INSTANT,
    "overlap_policy": st.just("skip"),
}
"""Fields that take something special; those that are not here take what their type takes."""

_TOGETHER = (
    "name",
    "frequency",
    "cron_expression",
    "params",
    "command",
    "args",
    "raw_command",
    "active_until",
)


def _of_type(field: Any) -> st.SearchStrategy[Any]:
    kind = field.get_internal_type()
    if field.choices:
        made = st.sampled_from([value for value, _label in field.flatchoices])
    elif kind == "BooleanField":
        made = st.booleans()
    elif kind == "PositiveIntegerField":
        made = st.integers(0, 2**31 - 1)
    else:
        return st.just(field.get_default())
    return st.one_of(st.none(), made) if field.null else made


@st.composite
def _entry(draw: st.DrawFn, number: int) -> Entry:
    frequency, cron_expression, params = draw(_SCHEDULES)
    command, args, raw_command = draw(_COMMANDS)
    fields: dict[str, Any] = {
        "name": f"{number} {draw(_TEXT)}",
        "frequency": frequency,
        "cron_expression": cron_expression,
        "params": params,
        "command": command,
        "args": args,
        "raw_command": raw_command,
    }
    for name, field in carried.fields().items():
        if name not in _TOGETHER:
            fields[name] = draw(_OWN[name] if name in _OWN else _of_type(field))
    begin = fields["active_from"]
    fields["active_until"] = begin and draw(st.sampled_from((None, begin + timedelta(days=1))))
    return Entry(
        fields={name: fields[name] for name in carried.fields()},
        dependencies=tuple(draw(_links(number))),
        subscribers=tuple(sorted(draw(st.sets(st.sampled_from(USERS))))),
    )


@st.composite
def _links(draw: st.DrawFn, number: int) -> list[Link]:
    """To jobs before it, by number; :func:`documents` gives them their names."""
    if not number:
        return []
    earlier = st.integers(max(0, number - 3), number - 1)
    numbers = draw(st.lists(earlier, unique=True, max_size=2))
    return [
        Link(job=(each,), criteria={name: draw(st.booleans()) for name in CRITERIA})
        for each in numbers
    ]


@st.composite
def documents(draw: st.DrawFn, size: int) -> Document:
    """So many random jobs that wait for each other, without circles."""
    entries = [draw(_entry(number)) for number in range(size)]
    named = [
        Entry(
            fields=entry.fields,
            dependencies=tuple(
                sorted(
                    (
                        Link(job=entries[link.job[0]].key, criteria=link.criteria)
                        for link in entry.dependencies or ()
                    ),
                    key=lambda link: str(link.job),
                )
            ),
            subscribers=entry.subscribers,
        )
        for entry in entries
    ]
    return Document(jobs=tuple(named))
