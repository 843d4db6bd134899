"""Crontabs become jobs and crontabs again, and mean the same."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chroniker import arguments
from chroniker.exceptions import CannotImport
from chroniker.interchange import crontab_reading, crontab_remark, crontab_writing
from chroniker.interchange.carried import fields as carried_fields
from chroniker.interchange.crontab_reading import Habits
from chroniker.interchange.document import Document, Entry
from chroniker.interchange.shell_words import NeedsShell, understand
from chroniker.schedules import make_schedule
from tests.examples import examples

NOW = datetime(2026, 3, 1, tzinfo=UTC)  # clocks change in this month


def whole(entry: Entry) -> Entry:
    """With what a new job has where the line says nothing."""
    defaults = {name: field.get_default() for name, field in carried_fields().items()}
    return Entry(fields={**defaults, **entry.fields}, where=entry.where)


def written(document: Document) -> str:
    """The crontab without the remarks that know better."""
    text, _left_out = crontab_writing.write(Document(jobs=tuple(map(whole, document.jobs))))
    lines = text.splitlines()
    return "\n".join(line for line in lines if not line.startswith(crontab_remark.BEGIN))


def occurrences(entry: Entry) -> list[datetime]:
    """The next 100."""
    fields = entry.fields
    schedule = make_schedule(
        fields["frequency"],
        params=fields.get("params"),
        cron_expression=fields["cron_expression"],
        timezone=fields["timezone"] or "UTC",
        anchor=fields.get("anchor"),
    )
    found: list[datetime] = []
    while len(found) < 100:
        following = schedule.next_after(found[-1] if found else NOW)
        assert following is not None
        found.append(following)
    return found


def meaning(entry: Entry) -> tuple[object, ...]:
    fields = entry.fields
    return (
        arguments.split(fields["raw_command"]),
        sorted(fields["environment"].splitlines()),
        *(fields["working_directory"], fields["log_stdout"], fields["log_stderr"]),
        occurrences(entry),
    )


CRONTAB = r"""
# Ours
MAILTO=ops@example.com
GREETING = "good day"
AT=@home

# Every five minutes,
# as long as it lasts
*/5 * * * *   /usr/bin/poll --all
0 9-17/2 * * mon-fri  backup '/var/a b' "it's" >/dev/null 2>&1
@daily	cd /srv/app && MODE=full ./clean\%up --keep=3 2>/dev/null
CRON_TZ=Europe/Berlin
30 2 * * *  report
15 0 1,15 * 5  either
HOME=/home/ada
0 0 29 2 *  leap
"""


def test_each_line_means_the_same_when_it_was_read_written_and_read_again() -> None:
    first = crontab_reading.read(CRONTAB)
    again = crontab_reading.read(written(first))

    assert [meaning(entry) for entry in again.jobs] == [meaning(entry) for entry in first.jobs]
    assert [entry.name for entry in first.jobs] == [
        *("poll --all", "backup /var/a b it's", "clean%up --keep=3", "report", "either", "leap"),
    ]
    poll, backup, clean, report, *_rest = (entry.fields for entry in first.jobs)
    assert poll["description"] == "Every five minutes,\nas long as it lasts"
    assert poll["environment"] == "GREETING=good day\nAT=@@home"
    assert (backup["log_stdout"], backup["log_stderr"]) == (False, False)
    assert (clean["working_directory"], clean["environment"].splitlines()[-1]) == (
        *("/srv/app", "MODE=full"),
    )
    assert (clean["log_stdout"], clean["log_stderr"]) == (True, False)
    assert report["timezone"] == "Europe/Berlin"
    assert [each.what for each in first.left_out] == ["line 3 (MAILTO)"]


@examples(100, derandomize=True)
@given(
    parts=st.tuples(
        st.sampled_from(("*", "0", "*/7", "5-50/9", "1,59")),
        st.sampled_from(("*", "2", "*/5", "8-18", "0,23")),
        st.sampled_from(("*", "1", "13", "*/2", "1-7")),
        st.sampled_from(("*", "2,3", "jan-jun", "*/3")),
        st.sampled_from(("*", "0", "7", "mon-fri", "fri-mon", "*/2")),
        st.sampled_from(("UTC", "Europe/Berlin", "America/New_York")),
    )
)
def test_times_mean_the_same_when_they_were_written_and_read(parts: tuple[str, ...]) -> None:
    text = f"CRON_TZ={parts[-1]}\n{' '.join(parts[:-1])} true"
    first = crontab_reading.read(text)
    again = crontab_reading.read(written(first))
    assert occurrences(again.jobs[0]) == occurrences(first.jobs[0])


RULES = (
    *(("DAILY", ""), ("DAILY", "byhour:3,15;byminute:0,30"), ("WEEKLY", "byweekday:MO,SU")),
    *(("WEEKLY", ""), ("MONTHLY", "bymonthday:1,15"), ("MONTHLY", ""), ("YEARLY", "")),
    *(("HOURLY", ""), ("HOURLY", "byhour:9,10"), ("MINUTELY", ""), ("MINUTELY", "interval:15")),
    *(("MONTHLY", "byweekday:TU"), ("YEARLY", "bymonth:1,7;bymonthday:5")),
)
UNSAYABLE = (
    *(("DAILY", "interval:2"), ("MINUTELY", "interval:7"), ("DAILY", "count:3"), ("SECONDLY", "")),
    *(("MONTHLY", "bymonthday:-1"), ("YEARLY", "byweekday:MO"), ("DAILY", "bysecond:5")),
    *(("MONTHLY", "bymonthday:13;byweekday:FR"), ("CRON", "0 9 L * *"), ("MANUAL", "")),
)


def rule(frequency: str, params: str) -> Entry:
    anchor = datetime(2026, 2, 5, 6, 45, tzinfo=UTC)
    cron = params if frequency == "CRON" else ""
    return whole(
        Entry(
            fields={
                **{"name": "job", "raw_command": "true", "frequency": frequency},
                **{"params": "" if cron else params, "cron_expression": cron},
                **{"timezone": "Europe/Berlin", "anchor": anchor},
            }
        )
    )


@pytest.mark.parametrize(("frequency", "params"), RULES)
def test_a_rule_that_a_crontab_can_say_runs_at_the_same_times(frequency: str, params: str) -> None:
    entry = rule(frequency, params)
    again = crontab_reading.read(written(Document(jobs=(entry,))))
    assert occurrences(again.jobs[0]) == occurrences(entry)


@pytest.mark.parametrize(("frequency", "params"), UNSAYABLE)
def test_a_job_that_no_crontab_can_say_is_told_and_kept_in_a_remark(
    frequency: str, params: str
) -> None:
    entry = rule(frequency, params)
    text, left_out = crontab_writing.write(Document(jobs=(entry,)))
    assert [line for line in text.splitlines() if not line.startswith("#")] == [""]
    assert [each.what for each in left_out] == ["job"]
    assert crontab_reading.read(text).jobs[0].fields == entry.fields


def test_what_a_line_cannot_say_is_told() -> None:
    entry = rule("DAILY", "")
    fields = {**entry.fields, "timeout_seconds": 5, "max_retries": 2}
    _text, left_out = crontab_writing.write(Document(jobs=(Entry(fields=fields),)))
    assert str(left_out[0]) == (
        "job: a crontab knows no timeout_seconds, max_retries; kept in a remark"
    )


def test_what_was_changed_in_a_line_since_it_was_written_counts() -> None:
    entry = rule("DAILY", "")
    entry = Entry(fields={**entry.fields, "timeout_seconds": 5})
    text, _left_out = crontab_writing.write(Document(jobs=(entry,)))
    edited = text.replace("\n45 7 * * * true", "\n50 7 * * * true")
    assert edited != text

    fields = crontab_reading.read(edited).jobs[0].fields

    assert (fields["frequency"], fields["cron_expression"]) == ("CRON", "50 7 * * *")
    assert (fields["raw_command"], fields["timeout_seconds"]) == ("true", 5)
    assert "anchor" not in fields


NOT_OURS = {
    "@reboot true": "jobs here do not start with a machine",
    "0~30 * * * * true": "random time",
    "* * * * * mail ada%Hello": "its input",
    "* * * * * a | b": "needs a shell: it has a |",
    "* * * * * a && b": "needs a shell: it has a &&",
    "* * * * * a > file": "needs a shell: it has a >",
    "* * * * * echo $HOME": "needs a shell: it has a $",
    "* * * * * echo `date`": "needs a shell: it has a `",
    '* * * * * echo "$(date)"': "needs a shell: it has a $",
    "* * * * * rm *.tmp": "needs a shell: it has a *",
    "* * * * * ~/bin/x": "a ~ begins a word",
    "* * * * * . ./env": ". is a word of the shell's own",
}


@pytest.mark.parametrize("line", NOT_OURS)
def test_a_line_that_no_job_can_do_the_same_as_is_left_out_and_told(line: str) -> None:
    read = crontab_reading.read(f"{line}\n* * * * * true\n")
    assert [entry.name for entry in read.jobs] == ["true"]
    assert NOT_OURS[line] in read.left_out[0].why


@pytest.mark.parametrize(
    "line",
    ['a \'b $c\' "d\\"e" f\\ g', "a''b", "x --y='1 2'", "echo 'a|b' \\$x", "A=1 B='2 3' cmd C=4"],
)
def test_words_are_those_of_a_shell(line: str) -> None:
    found = understand(line)
    assigned = [f"{name}={value}" for name, value in found.variables.items()]
    assert [*assigned, *found.words] == shlex.split(line)


@pytest.mark.parametrize("line", ["'open", '"open', "", "A=1"])
def test_what_starts_no_program_is_told_so(line: str) -> None:
    with pytest.raises(NeedsShell):
        understand(line)


def test_of_a_table_with_users_only_the_lines_of_one_are_read() -> None:
    text = "0 1 * * *\troot\tcleanup\n0 2 * * * www\trun it\n"
    read = crontab_reading.read(text, Habits(user="www"))
    assert [entry.fields["raw_command"] for entry in read.jobs] == ["run it"]
    assert read.left_out[0].why == "it runs as root"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("* * * * *", "line 1: this is no line of a crontab"),
        ("\n61 * * * * true", "line 2: Minute: 61 is out of range"),
        ("CRON_TZ=Mars/Base\n", "line 1: "),
        ("* * * * * tr\0ue", "line 1: null characters are not allowed"),
        ("# chroniker: {", "line 1: the remark cannot be read"),
        ('# chroniker: {"name": "a", "line": 5}', "line 1.line: this has to be"),
        ('# chroniker: {"name": "a", "weight": "x"}', "line 1 (a).weight: 'x' is not possible"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text: str, fault: str) -> None:
    with pytest.raises(CannotImport) as error:
        crontab_reading.read(text)
    assert error.value.faults[0].startswith(fault)


@pytest.mark.parametrize("where", ["name", "description"])
def test_a_text_that_looks_like_a_remark_of_ours_is_no_job(where: str) -> None:
    text = f'{crontab_remark.BEGIN[2:]} {{"name": "pwn", "raw_command": "/bin/evil"}}'
    entry = rule("DAILY", "")
    fields = {**entry.fields, where: text}

    written_text, _left_out = crontab_writing.write(Document(jobs=(Entry(fields=fields),)))

    (read,) = crontab_reading.read(written_text).jobs
    assert read.fields[where] == text
    assert read.fields["raw_command"] == "true"
