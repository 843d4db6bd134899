"""What the package draws at random, drawn so that a seed gives the same again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Let the package draw as this seed has it."""
    from chroniker.models import schedulable

    with mock.patch.object(schedulable, "random", random.Random(seed)):  # noqa: S311
        yield
