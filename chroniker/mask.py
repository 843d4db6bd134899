"""Secrets hidden in what is shown: each of their lines, wherever it stands.

A value of several lines is looked for line by line, for that is how most of it is printed. A line
with less than ``SHORTEST`` characters is not hidden: too much would be. Besides its own text, its
forms in JSON, in Python and in an address are known; no other disguise is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""Characters a line needs to be taken for a secret; of one that is cut off, so many are hidden."""

HIDDEN = b"***"

Span = tuple[int, int]


@dataclass(frozen=True)
class Mask:
    """Hides some values. Two masks of the same values are equal; their text tells nothing."""

    _secrets: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, values: Iterable[str]) -> Mask:
        """The mask of these values."""
        found = {form for value in values for form in _forms(value)}
        return cls(tuple(sorted(form.encode() for form in found)))

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def hide(self, data: bytes, *, cut_before: bool = False, cut_after: bool = False) -> bytes:
        """The data with ``***`` for each secret.

        ``cut_before`` and ``cut_after`` say that the data begins or ends in the middle of a line:
        what could be the rest, or the beginning, of a secret is hidden there as well. So is a
        beginning of some length wherever the data ends, for more may be to come.
        """
        shown, position = [], 0
        for start, end in _merged(self._spans(data, cut_before=cut_before, cut_after=cut_after)):
            shown += [data[position:start], HIDDEN]
            position = end
        return b"".join([*shown, data[position:]])

    def hide_in(self, text: str) -> str:
        """The same for a text."""
        if not self:
            return text
        return self.hide(text.encode(errors="surrogatepass")).decode(errors="surrogatepass")

    def _spans(self, data: bytes, *, cut_before: bool, cut_after: bool) -> Iterator[Span]:
        size, least = len(data), 1 if cut_after else SHORTEST
        for secret in self._secrets:
            if cut_before and size >= least and data in secret:
                yield 0, size  # neither its beginning nor its end is here
            start = data.find(secret)
            while start >= 0:
                yield start, start + len(secret)
                # One step only: the same text may begin anew within itself.
                start = data.find(secret, start + 1)
            for length in range(len(secret) - 1, least - 1, -1):
                if data.endswith(secret[:length]):
                    yield size - length, size
                    break
            for length in range(len(secret) - 1, 0, -1) if cut_before else ():
                if data.startswith(secret[-length:]):
                    yield 0, length
                    break

    # A mark, by which somebody else can see that he knows the same secrets

    def mark(self) -> str:
        """A new mark; nobody can tell the secrets from it."""
        return self._marked(os.urandom(16))

    def fits(self, mark: str) -> bool:
        """Whether this mark was made by a mask of the same secrets."""
        try:
            return mark == self._marked(bytes.fromhex(mark.partition(":")[0]))
        except ValueError:
            return False

    def _marked(self, salt: bytes) -> str:
        digest = hashlib.sha256(salt + b"\0".join(self._secrets)).hexdigest()
        return f"{salt.hex()}:{digest}"


def _forms(value: str) -> Iterator[str]:
    for line in value.splitlines():
        secret = line.strip()
        if len(secret) >= SHORTEST:
            yield from (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])
            yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The same places, in order, without overlaps; what touches is hidden as one."""
    first, last = -1, -1
    for start, end in sorted(spans):
        if start > last:
            if last > first:
                yield first, last
            first, last = start, end
        last = max(last, end)
    if last > first:
        yield first, last
