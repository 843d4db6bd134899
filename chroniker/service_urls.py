"""Where services are told of runs: URLs, or references to where such a URL is kept.

A URL holds a secret more often than not, so it is named by its scheme and a digest: that tells
two of them apart, and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chroniker import environment
from chroniker.exceptions import InvalidEnvironment

ALL = "*"
"""The key of ``CHRONIKER_NOTIFY_URLS`` for all jobs."""


@dataclass(frozen=True)
class ServiceUrl:
    """A line that somebody has written: a URL, or a reference to one."""

    _text: str

    @property
    def is_reference(self) -> bool:
        """Whether the URL itself is kept elsewhere."""
        return self._text.startswith("@")

    @property
    def name(self) -> str:
        """What stands for it in tables and messages; never the URL itself."""
        if self.is_reference:
            return self._text
        digest = hashlib.sha256(self._text.encode(errors="replace")).hexdigest()
        return f"{self._text.partition('://')[0][:20]} {digest[:12]}"

    def __repr__(self) -> str:
        return f"ServiceUrl({self.name})"

    def resolve(self) -> str:
        """The URL. Raises InvalidEnvironment, which never tells any of it."""
        if not self.is_reference:
            return self._text
        return environment.resolve(environment.parse_reference(self._text))


def parse(text: str) -> list[ServiceUrl]:
    """The lines of a job's field. Raises InvalidEnvironment, which names the line and the mend."""
    lines = enumerate(text.split("\n"), start=1)
    return [_checked(number, line) for number, line in lines if _says(line)]


def lines_of(text: str) -> list[ServiceUrl]:
    """The lines that are there, right or wrong; who uses them finds out."""
    return [ServiceUrl(line.strip()) for line in text.split("\n") if _says(line)]


def of_setting(value: Any, *groups: str) -> Iterator[ServiceUrl]:
    """What ``CHRONIKER_NOTIFY_URLS`` says for all jobs, and for these groups."""
    mapping = value if isinstance(value, Mapping) else {ALL: value}
    for key in (ALL, *groups):
        entry = mapping.get(key, ())
        for text in [entry] if isinstance(entry, str) else entry:
            if _says(text):
                yield ServiceUrl(text.strip())


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _checked(number: int, line: str) -> ServiceUrl:
    url = ServiceUrl(line.strip())
    try:
        if url.is_reference:
            reference = environment.parse_reference(line.strip())
            if reference.kind == "setting":  # the others may be there only where it is sent
                environment.resolve(reference)
        elif "://" not in line:
            raise InvalidEnvironment(
                "this is no URL; write one like slack://..., or @setting:PATH, @env:NAME or "
                "@file:PATH for where it is kept"
            )
    except InvalidEnvironment as error:
        raise InvalidEnvironment(f"Line {number}: {error}.") from None
    return url
