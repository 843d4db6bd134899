"""Jobs as YAML; needs PyYAML (``pip install django-chroniker[yaml]``).

Only what JSON can say as well is read: no tags, no anchors and aliases (a few lines of which can
stand for billions of values), no name twice.
"""

from __future__ import annotations

import re
from typing import Any

from chroniker.exceptions import CannotImport
from chroniker.interchange import plain
from chroniker.interchange.document import Document

MOST_NESTED = 20
_LONGEST_NUMBER = 100
_NUMBER = re.compile(r"[-+0-9_:.]+", re.ASCII)
_WIDTH = 100


def write(document: Document) -> str:
    """The text of a file; reading it gives the same jobs. Raises CannotImport without PyYAML."""
    yaml = _library()
    text: str = yaml.dump(
        plain.to_plain(document),
        Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper),
        allow_unicode=True,
        sort_keys=False,
        width=_WIDTH,
    )
    return text


def read(text: str) -> Document:
    """The jobs that a file holds. Raises CannotImport, which says where it cannot be read."""
    yaml = _library()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_tricks(yaml, yaml.parse(text, Loader=loader))
        data = yaml.load(text, Loader=_strict(yaml, loader))
    except yaml.MarkedYAMLError as error:
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise CannotImport([f"{_place(error.problem_mark)}: {problem}."]) from None
    except yaml.YAMLError as error:  # characters that no text has
        raise CannotImport([f"This is no YAML: {str(error).splitlines()[0]}."]) from None
    except (ValueError, OverflowError) as error:
        raise CannotImport([f"This cannot be read: {error}."]) from None
    return plain.from_plain(data)


def _library() -> Any:
    try:
        import yaml
    except ImportError:
        raise CannotImport(
            ["YAML needs PyYAML: pip install 'django-chroniker[yaml]', or use JSON."]
        ) from None
    return yaml


def _refuse_tricks(yaml: Any, events: Any) -> None:
    """Raise CannotImport for what could be more than it looks like, before any of it is built."""
    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _refused(event, "anchors and aliases are not read here; write it out")
        if getattr(event, "tag", None):
            raise _refused(event, f"the tag {event.tag[:60]} is not read here; remove it")
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _is_too_long(event.value):
            raise _refused(event, "this number is too long; put a text into quotation marks")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_NESTED:
            raise _refused(event, "this is nested too deeply to be a file of jobs")


def _is_too_long(plain_text: str) -> bool:
    """Whether it takes hours to find out which number this is: YAML's can be to the base of 60."""
    return len(plain_text) > _LONGEST_NUMBER and _NUMBER.fullmatch(plain_text) is not None


def _strict(yaml: Any, loader: Any) -> Any:
    """A loader that takes no name twice, as a person who wrote it twice would not expect it to."""

    class Strict(loader):  # type: ignore[misc]
        pass

    def mapping(self: Any, node: Any) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for name_node, value_node in node.value:
            name = self.construct_object(name_node, deep=True)
            if not isinstance(name, str):
                raise _refused(name_node, "a name has to be a text; put it into quotation marks")
            if name in found:
                raise _refused(name_node, f"{name[:60]!r} is said twice; remove one of them")
            try:
                found[name] = self.construct_object(value_node, deep=True)
            except (
                ValueError,
                OverflowError,
            ) as error:  # a date that no calendar has, thousands of digits
                raise _refused(value_node, f"this cannot be read: {error}") from None
        return found

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    return Strict


def _refused(at: Any, message: str) -> CannotImport:
    return CannotImport([f"{_place(at.start_mark)}: {message}."])


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "the file"
