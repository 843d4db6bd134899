"""Broken files, and those meant to break something: nothing changes, and the fault is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chroniker.exceptions import CannotImport
from chroniker.interchange.comparison import compare
from chroniker.interchange.files import FORMS, MOST_BYTES, decode
from chroniker.models import Job

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)
HEAD = "chroniker: 1\njobs:\n"

YAML = {
    "!!python/object/apply:os.system ['touch /tmp/owned']": "line 1, column 1: the tag",
    f"{HEAD}- !!python/name:os.system {{}}": "line 3, column 3: the tag",
    BOMB: "line 1, column 4: anchors and aliases",
    f"{HEAD}- name: a\n  name: b\n": "line 4, column 3: 'name' is said twice",
    f"{HEAD}- 1: a\n": "line 3, column 3: a name has to be a text",
    "[" * 100_000: "line 1, column 21: this is nested too deeply",
    f"{HEAD}- name: a\n  next_run: 2020-99-99\n": "line 4, column 13: this cannot be read",
    f"{HEAD}- name: a\n  weight: {'9' * 5000}\n": "line 4, column 11: this number is too long",
    f"{HEAD}- name: [\n": "line 4, column 1: ",
    "a\0b": "This is no YAML",
    "": "this is no file of jobs",
    "- a\n": "this is no file of jobs",
    HEAD: "jobs: this has to be a list",
}
JSON = {
    "{": "line 1, column 2: this is no JSON",
    '{"a": 1, "a": 2}': "'a' is said twice in one place",
    "[" * 100_000: "nested too deeply",
    '{"chroniker": 1, "jobs": [{"name": "a", "weight": NaN}]}': "NaN is no number",
    '{"chroniker": 1, "jobs": [{"name": "a", "weight": %s}]}' % ("9" * 5000): "cannot be read",
    '{"chroniker": 2, "jobs": []}': "chroniker: this has to be 1",
    '{"chroniker": true, "jobs": []}': "chroniker: this has to be 1",
    '{"chroniker": 1, "jobs": [], "extra": 1}': "extra: unknown",
    '{"chroniker": 1, "jobs": [5]}': "jobs[0]: this has to be a mapping",
    '{"chroniker": 1, "jobs": [{}]}': "jobs[0]: it has no name",
    '{"chroniker": 1, "jobs": [{"name": "a\\u0000"}]}': "null characters are not allowed",
    '{"chroniker": 1, "jobs": [{"name": "\\ud800"}]}': "this is not text in Unicode",
    '{"chroniker": 1, "jobs": [{"name": "a", "is_running": true}]}': "is_running: unknown",
    '{"chroniker": 1, "jobs": [{"name": "a", "id": 5}]}': "jobs[0] (a).id: unknown",
}


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        *(("yaml", text, words) for text, words in YAML.items()),
        *(("json", text, words) for text, words in JSON.items()),
    ],
    ids=lambda value: value[:40].encode("unicode_escape").decode() if value else "empty",
)
def test_a_file_that_is_none_is_refused_with_the_place(form: str, text: str, words: str) -> None:
    with pytest.raises(CannotImport) as error:
        FORMS[form].read(text)
    assert words in error.value.faults[0]


WRONG: dict[str, tuple[Any, str]] = {
    "enabled": ("yes", "'yes' is not possible. Write true or false."),
    "weight": (1.0, "1.0 is not possible. Write a whole number."),
    "priority": (True, "True is not possible. Write a whole number."),
    "retry_backoff": ("2", "'2' is not possible. Write a number."),
    "next_run": ("tomorrow", "'tomorrow' is not possible. Write a time"),
    "description": (5, "5 is not possible. Write a text"),
    "timeout_seconds": (None, "this cannot be empty (null)"),
    "dependencies": ("load", "this has to be a list"),
    "subscribers": ([1], "this has to be the name of a user"),
    "wieght": (1, "unknown. Did you mean weight?"),
}


@pytest.mark.parametrize("field", WRONG)
def test_a_value_of_the_wrong_type_is_named_with_its_path(field: str) -> None:
    value, words = WRONG[field]
    job = {"name": "a", field: value}
    with pytest.raises(CannotImport) as error:
        FORMS["json"].read(json.dumps({"chroniker": 1, "jobs": [job]}))
    (fault,) = error.value.faults
    assert fault.startswith(f"jobs[0] (a).{field}")
    assert words in fault


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        *(("json", 100_000), ("crontab", 100_000), ("yaml", 10_000)),
        pytest.param("yaml", 100_000, marks=pytest.mark.thorough),
    ],
)
def test_many_lines_of_nonsense_are_refused_with_some_faults(form: str, lines: int) -> None:
    with pytest.raises(CannotImport) as error:
        FORMS[form].read("- nonsense: {}\n" * lines)
    assert len(error.value.faults) <= 50


def test_a_line_of_spaces_takes_time_in_proportion() -> None:
    """Else this would take days."""
    (left,) = FORMS["crontab"].read(f"MAILTO=a{' ' * 4_000_000}b\n").left_out
    assert left.what.endswith("(MAILTO)")


@pytest.mark.parametrize("number", ["1:" * 1_000_000 + "1", "1:" * 400 + "1.5", "9" * 4000])
def test_a_number_that_takes_hours_to_read_is_refused(number: str) -> None:
    """Else the first would take hours; the second would be infinite."""
    with pytest.raises(CannotImport, match="line 1, column 4: this number is too long"):
        FORMS["yaml"].read(f"a: {number}\n")


def test_a_file_that_is_too_long_or_no_text_is_not_read() -> None:
    with pytest.raises(CannotImport, match="at most 5,000,000 are read"):
        decode(b"x" * (MOST_BYTES + 1))
    with pytest.raises(CannotImport, match="line 2: this is not text in UTF-8"):
        decode(b"a\n\xff")


@pytest.mark.django_db
@pytest.mark.one_database("what is found out before anything is written")
class TestJobsThatCannotBeSaved:
    def faults(self, *jobs: dict[str, Any]) -> list[str]:
        read = FORMS["json"].read(json.dumps({"chroniker": 1, "jobs": list(jobs)}))
        faults = compare(read, "default").faults
        assert Job.objects.count() == 0
        return [*faults]

    def test_two_of_one_name_are_refused(self) -> None:
        job = {"name": "a", "command": "succeed"}
        assert self.faults(job, job) == [
            "jobs[1] (a): 'a' stands here twice, first at jobs[0] (a). Rename one."
        ]

    def test_each_fault_of_each_job_is_named_with_its_field(self) -> None:
        faults = self.faults(
            {"name": "a", "command": "no_such_command", "nice": 99},
            {
                "name": "b",
                "command": "succeed",
                "frequency": "CRON",
                "cron_expression": "61 * * * *",
            },
            {"name": "c", "command": "succeed", "weight": 10**30},
            {"name": "d", "command": "succeed", "dependencies": [{"job": "nobody"}]},
            {"name": "x" * 300, "command": "succeed"},
        )
        for number, words in enumerate(
            (
                *("jobs[0] (a).nice: ", "jobs[0] (a).command: There is no management command"),
                *("jobs[1] (b).cron_expression: ", "jobs[2] (c).weight: "),
                *(
                    f"jobs[4] ({'x' * 60}).name: ",
                    "jobs[3] (d).dependencies: there is no job called",
                ),
            )
        ):
            assert faults[number].startswith(words)

    def test_jobs_that_would_wait_for_each_other_are_refused_with_the_circle(self) -> None:
        faults = self.faults(
            {"name": "a", "command": "succeed", "dependencies": [{"job": "b"}]},
            {"name": "b", "command": "succeed", "dependencies": [{"job": "a"}]},
        )
        assert faults == ["These jobs would wait for each other: a → b → a"]
