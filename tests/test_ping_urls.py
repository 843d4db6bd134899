"""Which ping URLs are taken, and what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from chroniker import ping_urls
from chroniker.exceptions import InvalidEnvironment
from tests.running import due_job


@pytest.mark.parametrize(
    "url",
    [
        "https://hc-ping.com/5c2b8a1e-0000-4000-8000-000000000000",
        "http://10.0.0.7:8000/ping/key/backup",
        "http://[::1]:8000/ping",
        "https://status.example.com/api/push/abc?msg=OK",
        "@env:NOT_SET_HERE",
        "@file:/not/here",
    ],
)
def test_what_can_be_pinged_is_taken(url: str) -> None:
    ping_urls.check(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "write https://HOST/PATH"),
        ("ftp://example.com/x", "write https://HOST/PATH"),
        ("hc-ping.com/abc", "write https://HOST/PATH"),
        ("https:///abc", "write https://HOST/PATH"),
        ("https://example.com:0/abc", "write https://HOST/PATH"),
        ("https://example.com:abc/", "this is no URL"),
        ("https://[::1/", "this is no URL"),
        ("https://example.com/a b", "without spaces"),
        ("https://example.com/a\r\nX: y", "without spaces"),
        ("https://exämple.com/", "encode the rest"),
        ("https://me:secret@example.com/", "leave them out"),
        ("https://example.com/#x", "leave it out"),
        ("@nowhere:x", "is no reference"),
        ("@setting:NO_SUCH_SETTING", "there is no setting"),
    ],
)
def test_what_cannot_be_pinged_is_refused_with_the_mend(url: str, words: str) -> None:
    with pytest.raises(InvalidEnvironment, match=words):
        ping_urls.check(url)


@pytest.mark.django_db
@pytest.mark.one_database("asks the database nothing")
def test_the_fault_is_named_at_the_field() -> None:
    with pytest.raises(ValidationError) as refused:
        due_job(ping_url="file:///etc/passwd")

    assert refused.value.message_dict == {
        "ping_url": ["this cannot be pinged; write https://HOST/PATH."]
    }


def test_what_a_reference_stands_for_is_looked_up_and_never_told(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("https://example.com/secret\n")
    settings.PING = {"backup": "hunter2 is no url"}

    assert ping_urls.resolve(f"@file:{tmp_path}/url") == "https://example.com/secret"
    with pytest.raises(InvalidEnvironment) as refused:
        ping_urls.resolve("@setting:PING.backup")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "pinged"),
    [
        ("https://example.com/abc", "https://example.com/abc/start"),
        ("https://example.com/abc/", "https://example.com/abc/start"),
        ("https://example.com/abc?x=1", "https://example.com/abc/start?x=1"),
    ],
)
def test_the_word_ends_the_path(url: str, pinged: str) -> None:
    assert ping_urls.address(url, "start") == pinged
