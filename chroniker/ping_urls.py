"""The URL of an outside service that watches a job, as Healthchecks and the like give it.

It may be a reference to where the URL is kept; see :mod:`chroniker.environment`.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from chroniker import environment
from chroniker.exceptions import InvalidEnvironment

LONGEST = 500


def check(text: str) -> None:
    """Raise InvalidEnvironment, with the mend, unless this can be pinged.

    What a variable or a file holds may be known only where the ping is sent, and is not asked.
    """
    if not text.startswith("@"):
        _check_url(text)
    elif environment.parse_reference(text).kind == "setting":
        resolve(text)


def resolve(text: str) -> str:
    """The URL itself. Raises InvalidEnvironment, which never tells any of a secret."""
    if not text.startswith("@"):
        _check_url(text)
        return text
    reference = environment.parse_reference(text)
    url = environment.resolve(reference).strip()
    try:
        _check_url(url)
    except InvalidEnvironment as error:
        raise InvalidEnvironment(f"{reference}: {error}") from None
    return url


def address(url: str, word: str) -> str:
    """The URL with a word at the end of its path; '' for the URL itself."""
    if not word:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{word}"))


_UNWANTED = re.compile(r"[^\x21-\x7e]")


def _check_url(url: str) -> None:
    if _UNWANTED.search(url):
        raise InvalidEnvironment("only ASCII without spaces can be used; encode the rest with %")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidEnvironment("this is no URL; write https://HOST/PATH") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InvalidEnvironment("this cannot be pinged; write https://HOST/PATH")
    if parts.username is not None:
        raise InvalidEnvironment("a name and a password are not sent; leave them out")
    if parts.fragment:
        raise InvalidEnvironment("what follows # is not sent; leave it out")
