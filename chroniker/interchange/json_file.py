"""Jobs as JSON."""

from __future__ import annotations

import json
from typing import Any

from chroniker.exceptions import CannotImport
from chroniker.interchange import plain
from chroniker.interchange.document import Document


def write(document: Document) -> str:
    """The text of a file; reading it gives the same jobs."""
    return json.dumps(plain.to_plain(document), indent=2, ensure_ascii=False) + "\n"


def read(text: str) -> Document:
    """The jobs that a file holds. Raises CannotImport, which says where it cannot be read."""
    return plain.from_plain(read_value(text))


def read_value(text: str) -> Any:
    """Any JSON value, read strictly: no name twice, no NaN. Raises CannotImport."""
    try:
        return json.loads(text, object_pairs_hook=_mapping, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise CannotImport([f"{place}: this is no JSON: {error.msg}."]) from None
    except RecursionError:
        raise CannotImport(["This is nested too deeply to be a file of jobs."]) from None
    except ValueError as error:  # a number with thousands of digits, and what is refused below
        raise CannotImport([f"This cannot be read: {error}."]) from None


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name[:60]!r} is said twice in one place; remove one of them")
        found[name] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number here; write one")
