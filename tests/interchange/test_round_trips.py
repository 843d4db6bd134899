"""What is written down of jobs makes the same jobs again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, Phase, given, settings

from chroniker.interchange import carried
from chroniker.interchange.application import apply
from chroniker.interchange.comparison import compare
from chroniker.interchange.difference import Kind
from chroniker.interchange.document import Document
from chroniker.interchange.files import FORMS
from chroniker.interchange.stored import document_of
from chroniker.models import Job
from chroniker.models.claimable import Claimable
from tests.interchange.jobs import USERS, documents


def stored() -> Document:
    return document_of(Job.objects.all())


def bare(document: Document) -> Document:
    """Without where each job was read, by name."""
    jobs = [replace(entry, where="") for entry in document.jobs]
    return Document(jobs=tuple(sorted(jobs, key=lambda entry: entry.name)))


def put(document: Document, *, prune: bool = False) -> None:
    difference = compare(document, "default", prune=prune)
    assert difference.faults == ()
    apply(document, "default", agreed=difference.fingerprint, prune=prune)


def random(jobs: int) -> settings:
    """So many jobs, ten at a time; the same ones each time."""
    return settings(
        max_examples=jobs // 10,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


@random(jobs=500)
@given(document=documents(10))
def test_500_random_jobs_are_read_as_they_were_written(document: Document) -> None:
    for form in FORMS.values():
        text, _left_out = form.write(document)
        assert bare(form.read(text)) == bare(document)


@random(jobs=60)
@given(document=documents(10))
@pytest.mark.django_db
def test_random_jobs_are_stored_as_they_were_read(document: Document) -> None:
    Job.objects.all().delete()
    for name in USERS:
        User.objects.get_or_create(username=name)

    put(document)

    assert bare(stored()) == bare(document)
    again = compare(document, "default")
    assert {change.kind for change in again.changes} == {Kind.UNCHANGED}


def test_each_field_of_a_job_is_either_carried_or_known_as_state() -> None:
    of_job = {field.name for field in Job._meta.concrete_fields if not field.primary_key}
    assert set(carried.fields()) | carried.STATE_FIELDS == of_job
    # A field that people can't edit is hardly one to carry: say which it is.
    inner = {field.name for field in Job._meta.concrete_fields if not field.editable} - {"id"}
    assert inner - carried.STATE_FIELDS == {"anchor", "next_occurrence"}
    assert {field.name for field in Claimable._meta.get_fields()} <= carried.STATE_FIELDS | {
        *carried.TIMING_FIELDS
    }


def test_all_that_belongs_to_a_job_by_other_tables_is_known() -> None:
    assert {field.name for field in Job._meta.many_to_many} == {"subscribers"}
