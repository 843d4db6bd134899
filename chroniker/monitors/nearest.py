"""What somebody may have meant by a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def nearest(word: str, known: Collection[str]) -> str:
    """A hint for an error message; '' if nothing is like it."""
    found = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f" (did you mean {found[0]}?)" if found else ""
