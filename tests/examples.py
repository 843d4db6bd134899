"""How many examples a property is tried with: a fifth, unless ``bin/test --thorough`` is asked."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from tests.conftest import IS_THOROUGH

_PART = 5


def examples(most: int, **others: Any) -> settings:
    """Settings for a property that is tried with so many examples when tests are thorough."""
    return settings(max_examples=most if IS_THOROUGH else most // _PART, deadline=None, **others)
