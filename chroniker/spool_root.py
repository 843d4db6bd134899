"""The folder that all runs' folders are in, on this host: where it is, and whether it is usable."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chroniker import settings
from chroniker.exceptions import SpoolError

ENOUGH_BYTES = 64 * 1024 * 1024
"""With less room than that on its disk, output may be lost soon."""

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre"}

_MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Why the folder can't be used, and what to do about it."""

    text: str
    mend: str

    def __str__(self) -> str:
        return f"CHRONIKER_SPOOL_DIR: {self.text}; {self.mend}"


def root() -> Path:
    """The folder: ``CHRONIKER_SPOOL_DIR``, else one of the user's own."""
    if settings.CHRONIKER_SPOOL_DIR:
        return Path(settings.CHRONIKER_SPOOL_DIR)
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111
    if home.startswith("/") and os.access(_nearest(Path(home)), os.W_OK):
        return Path(home) / "chroniker"
    return Path(tempfile.gettempdir()) / f"chroniker-{os.getuid()}"


def holds_anything() -> bool:
    """Whether there is any folder of a run in it."""
    try:
        with os.scandir(root()) as entries:
            return any(entry.is_dir(follow_symlinks=False) for entry in entries)
    except OSError:
        return False


def _nearest(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def prepare_root() -> Path:
    """Make the folder if need be; raise SpoolError unless it is usable, and nobody else's too."""
    folder = root()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        pass  # but no folder
    except OSError as error:
        raise SpoolError(f"CHRONIKER_SPOOL_DIR: cannot make {folder}: {error.strerror}") from error
    for fault in faults():
        raise SpoolError(str(fault))
    return folder


def faults() -> Iterator[Fault]:
    """Why no run could use the folder, the first reason first; changes nothing.

    Others could read what jobs print, or put links where we write, if it were not ours alone.
    """
    folder = root()
    try:
        found = folder.lstat()
    except FileNotFoundError:
        yield from _faults_of_parent(folder)
        return
    except OSError as error:
        yield Fault(text=f"cannot look at {folder}: {error.strerror}", mend="choose another folder")
        return
    if not stat.S_ISDIR(found.st_mode):
        text = f"{folder} is not a folder (links are refused)"
        yield Fault(text=text, mend="remove it, or name the folder itself")
        return
    if found.st_uid != os.geteuid():
        text = f"{folder} belongs to another user"
        yield Fault(text=text, mend=f"chown {os.geteuid()} {folder}")
    if found.st_mode & 0o077:
        yield Fault(text=f"others may use {folder}", mend=f"chmod 700 {folder}")
    yield from _faults_of_disk(folder)


def _faults_of_parent(folder: Path) -> Iterator[Fault]:
    parent = _nearest(folder)
    if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
        text = f"{folder} is not there and cannot be made in {parent}"
        yield Fault(text=text, mend="make it, or let us write there")
    else:
        yield from _faults_of_disk(parent)


def _faults_of_disk(folder: Path) -> Iterator[Fault]:
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        text = f"{folder} is on a disk that is mounted read-only"
        yield Fault(text=text, mend="mount it for writing, or choose a folder on another one")
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Fault(text=f"{folder} cannot be written to", mend=f"chmod 700 {folder}")


def free_bytes() -> int:
    """The room on the folder's disk for us; 0 if there is none for another file."""
    found = os.statvfs(_nearest(root()))
    return 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize


def network() -> str:
    """The kind of network file system the folder is on; '' if none (as far as can be told)."""
    device = _nearest(root()).stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for mount in mounts:
        before, _, after = mount.partition(" - ")
        kind = after.split(" ")[0]
        if before.split(" ")[2] == number and (kind in _NETWORK or kind.startswith("fuse.sshfs")):
            return kind
    return ""
