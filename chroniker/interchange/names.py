"""Names for jobs that had none, or shared one."""

from __future__ import annotations

from itertools import count

_LONGEST = 200


class Names:
    """Gives each job a name of its own; the same ones to the same jobs in the same order."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> None:
        """Let nobody else be called so."""
        self._taken.add(name)

    def new(self, wanted: str) -> str:
        """This name or, if it is taken, this name with a number."""
        wanted = " ".join(wanted.replace("\0", "").split()) or "job"
        for number in count(1):
            suffix = "" if number == 1 else f" ({number})"
            name = wanted[: _LONGEST - len(suffix)] + suffix
            if name not in self._taken:
                self._taken.add(name)
                return name
        raise AssertionError("unreachable")
