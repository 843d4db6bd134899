"""Text that can be put into any message."""

from __future__ import annotations

import re

LONGEST_LINE = 150

# All control characters but tabulator and newline, and halves of characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with a mark for each character that no reader shows, or takes for a line's end."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def in_one_line(text: str) -> str:
    """A text that fits into a header: nobody can begin another one in it."""
    return clean(" ".join(text.split()))[:LONGEST_LINE]
