"""The translations: complete, up to date, and safe to put values into."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polib
import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext

LOCALE = Path(__file__).resolve().parent.parent / "chroniker" / "locale"
LANGUAGES = ("de", "es", "fr", "pt")

_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z%]|\{[^{}]*\}|</?\w+")

each_language = pytest.mark.parametrize("language", LANGUAGES)


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "django.po"))


def placeholders(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))


def test_these_are_the_languages_there_are() -> None:
    assert sorted(folder.name for folder in LOCALE.iterdir()) == sorted(LANGUAGES)


@each_language
def test_every_message_is_translated(language: str) -> None:
    po = catalogue(language)
    assert [entry.msgid for entry in [*po.untranslated_entries(), *po.fuzzy_entries()]] == []


@each_language
def test_translations_have_the_placeholders_of_the_message(language: str) -> None:
    for entry in catalogue(language):
        forms = {entry.msgid: entry.msgstr}
        if entry.msgid_plural:
            one, many = entry.msgstr_plural[0], entry.msgstr_plural[1]
            forms = {entry.msgid: one, entry.msgid_plural: many}
        for message, translated in forms.items():
            assert placeholders(translated) == placeholders(message), message
            assert translated.startswith("\n") == message.startswith("\n"), message
            assert translated.endswith("\n") == message.endswith("\n"), message


@each_language
def test_the_compiled_catalogue_is_that_of_the_source(language: str) -> None:
    po = catalogue(language)
    mo = polib.mofile(str(LOCALE / language / "LC_MESSAGES" / "django.mo"))
    assert {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in mo} == {
        entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in po
    }


def test_no_message_has_been_forgotten(tmp_path: Path) -> None:
    if shutil.which("xgettext") is None:
        pytest.skip("GNU gettext is not installed, which finds the messages in the code")
    package = tmp_path / "chroniker"
    ignored = shutil.ignore_patterns("__pycache__", "locale")
    shutil.copytree(LOCALE.parent, package, ignore=ignored)
    (package / "locale").mkdir()
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", "de", "--no-location"],
        cwd=package,
        env={name: value for name, value in os.environ.items() if not name.startswith("DJANGO")},
        check=True,
        capture_output=True,
        timeout=120,
    )
    found = polib.pofile(str(package / "locale" / "de" / "LC_MESSAGES" / "django.po"))
    assert {entry.msgid for entry in found} == {entry.msgid for entry in catalogue("de")}


@each_language
def test_django_finds_them(language: str) -> None:
    with translation.override(language):
        assert gettext("Needs attention") != "Needs attention"
        assert ngettext("%d run today", "%d runs today", 3) % 3 not in {"3 runs today", "3"}
