"""Templates that are typed into jobs write what they are given, and do no more."""

from __future__ import annotations

import pytest
from django.template import TemplateSyntaxError

from chroniker.job_templates import TooMuch, render

LONG = "x" * 64_000


def test_a_template_writes_values_as_plain_text_with_tags_and_filters() -> None:
    source = (
        "{% load humanize %}{% for a in words %}{{ a|upper }} & {% endfor %}"
        "{% if n > 2 %}{{ n|intcomma }}{% endif %}{% now_offset '\\o\\k' 0 %}"
    )

    assert render(source, {"words": ["a", "<b>"], "n": 3000}) == "A & <B> & 3,000ok"


@pytest.mark.parametrize(
    "source",
    [
        "{% include 'admin/base.html' %}",
        "{% extends 'admin/base.html' %}",
        "{% debug %}",
        "{% lorem 999999999 %}",
        "{% load static %}",
        "{{ 'x'|ljust:'999999999' }}",
        '{{ "\'"|addslashes }}',
        "{{ 'xx'|make_list|join:'x' }}",
        "{{ 'x'|stringformat:'999999999s' }}",
    ],
)
def test_what_reads_files_or_pads_without_end_is_not_there(source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        render(source, {})


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in s %}{% for b in s %}{% endfor %}{% endfor %}",
        "{% for a in s %}{{ s }}{% endfor %}",
        "{% for a, b in s|make_list %}{% endfor %}" * 400,
        "{% with s=s|add:s %}" * 30 + "{{ s }}" + "{% endwith %}" * 30,
        "{{ s }}" * 2000,
        "{% if 1 %}" * 100_000,
        "{{ s" + "|make_list|unordered_list" * 3 + " }}",
    ],
    ids=range(7),
)
def test_a_template_that_loops_or_writes_too_much_is_ended(source: str) -> None:
    with pytest.raises((TooMuch, ValueError)):
        render(source, {"s": LONG})
