"""The forms in which jobs are written to files, by name and by the ends of files' names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from chroniker.exceptions import CannotImport
from chroniker.interchange import crontab_reading, crontab_writing, json_file, yaml_file
from chroniker.interchange.document import Document, LeftOut

MOST_BYTES = 5_000_000
"""A larger file is none of jobs."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """One way to write jobs down. ``write`` also returns what cannot be said so."""

    name: str
    endings: tuple[str, ...]
    content_type: str
    write: Callable[[Document], tuple[str, list[LeftOut]]]
    read: Callable[[str], Document]


def _whole(write: Callable[[Document], str]) -> Callable[[Document], tuple[str, list[LeftOut]]]:
    """For a form that can say all there is."""
    return lambda document: (write(document), [])


FORMS = {
    form.name: form
    for form in (
        Form(
            name="json",
            endings=(".json",),
            content_type="application/json",
            write=_whole(json_file.write),
            read=json_file.read,
        ),
        Form(
            name="yaml",
            endings=(".yaml", ".yml"),
            content_type="application/yaml",
            write=_whole(yaml_file.write),
            read=yaml_file.read,
        ),
        Form(
            name="crontab",
            endings=(".crontab", ".cron", ".tab", ".txt"),
            content_type="text/plain",
            write=crontab_writing.write,
            read=crontab_reading.read,
        ),
    )
}


def form_of(filename: str) -> Form | None:
    """The form that the end of a file's name stands for."""
    ending = PurePath(filename).suffix.lower()
    return next((form for form in FORMS.values() if ending in form.endings), None)


def decode(data: bytes) -> str:
    """The text of a file. Raises CannotImport for what is none, or too long."""
    if len(data) > MOST_BYTES:
        raise CannotImport([f"The file has {len(data):,} bytes; at most {MOST_BYTES:,} are read."])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CannotImport([f"line {line}: this is not text in UTF-8."]) from None
