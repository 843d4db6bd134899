"""What a monitor is told: the options of ``check_monitor``, as a value."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chroniker.exceptions import InvalidMonitor

DIRECTIONS = ABOVE, BELOW = ("above", "below")

MOST_CHECKS = 20
_OF_LAST = re.compile(r"([0-9]{1,2})\s*/\s*([0-9]{1,2})")


@dataclass(frozen=True)
class OfLast:
    """How many of so many last checks have to be bad before it alarms."""

    needed: int
    checks: int

    def __str__(self) -> str:
        return f"{self.needed}/{self.checks}"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A model with lookups, or a registered function; and which numbers are bad."""

    model: str = ""
    filters: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    function: str = ""
    threshold: float = 0
    direction: str = ABOVE
    of_last: OfLast = OfLast(1, 1)
    database: str = ""

    def is_bad(self, count: float) -> bool:
        """Whether this number needs attention."""
        if self.direction == BELOW:
            return count < self.threshold
        return count > self.threshold


def from_options(options: Mapping[str, Any]) -> Definition:
    """The definition that these options of the command make. Raises InvalidMonitor."""
    model, function = (str(options[name] or "").strip() for name in ("model", "function"))
    filters, excludes = (tuple(options[name] or ()) for name in ("filter", "exclude"))
    if bool(model) == bool(function):
        raise InvalidMonitor("Give either --model (with --filter) or --function.")
    if function:
        for name in ("filter", "exclude", "database"):
            if options[name]:
                raise InvalidMonitor(f"--{name} goes with --model, not with --function.")
    threshold = options["threshold"]
    if not math.isfinite(threshold):
        raise InvalidMonitor(f"--threshold: {threshold} is no number to compare with.")
    return Definition(
        model=model,
        filters=filters,
        excludes=excludes,
        function=function,
        threshold=threshold,
        direction=options["direction"],
        of_last=_of_last(options["of_last"]),
        database=options["database"] or "",
    )


def _of_last(text: str | None) -> OfLast:
    if not text:
        return OfLast(1, 1)
    match = _OF_LAST.fullmatch(text.strip())
    needed, checks = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= needed <= checks <= MOST_CHECKS:
        raise InvalidMonitor(
            f"--of-last: {text!r} is not N/M. Write for instance 3/5: three of the last five "
            f"checks, at most {MOST_CHECKS}."
        )
    return OfLast(needed, checks)


def in_words(number: float) -> str:
    """A number as people read it."""
    return f"{int(number):,}" if number == int(number) else f"{number:,g}"
