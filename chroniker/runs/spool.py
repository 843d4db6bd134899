"""The folder of one run on its host: what it printed, its signs of life, and its result.

Everything the job's process has to say goes through here, so it is kept whatever dies:

``stdout``, ``stderr``  the process's own descriptors 1 and 2
``heartbeat``           an empty file: the process's standard input. Its kernel lock is held as
                        long as anything of the job's tree is alive, its age is a sign of life
``progress``            two numbers
``result``              how the command ended, written as its last act
``verdict``             how the run ends, written by its watcher before it is recorded
``watcher``             pid and creation time of the process that watches the run
``usage``               processor seconds, and bytes of memory at the peak
``secrets``             a mark of the secrets the run was given; see :mod:`chroniker.mask`
``process``             pid of the job's process
``confirmed``           when the claim was last confirmed; see :mod:`chroniker.runs.confirmation`

What says how a run ended has its room on the disk from the start: a disk that is full by then
must not turn a success into a run that is lost, and made up for.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from chroniker.constants import Status
from chroniker.exceptions import SpoolError
from chroniker.runs import reserved
from chroniker.spool_root import prepare_root, root

_PROGRESS_BYTES = 24

_RESULT_BYTES = 4096
LONGEST_REASON = 300
"""Characters of a reason that a verdict has room for; each can take twelve bytes."""

_PROCESS_BYTES = 64

_USAGE_BYTES = 40

_MARK_BYTES = 128

LONGEST_PATH = 255
"""Characters that ``Job.lock_file`` takes."""


def lock_file_of(token: str) -> str:
    """Where the run with this token has its lock file on this host.

    Raises SpoolError if the path is too long for the job's row.
    """
    path = str(root() / token / "heartbeat")
    if len(path) > LONGEST_PATH:
        raise SpoolError(f"CHRONIKER_SPOOL_DIR: {root()} is too long a path for a job's row")
    return path


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the job's process itself says of its end, or its watcher does.

    ``status`` and ``reason`` are the watcher's word, '' where it has not spoken. ``unwritten`` is
    how many bytes of stdout and of stderr found no room on the disk. ``reported`` says that the
    command's exception was reported to Sentry.
    """

    exit_code: int | None
    complained: bool = False
    status: str = ""
    reason: str = ""
    unwritten: tuple[int, int] = (0, 0)
    reported: bool = False

    @classmethod
    def of_process(
        cls,
        exit_code: int,
        not_started: str,
        *,
        complained: bool,
        unwritten: tuple[int, int],
        reported: bool = False,
    ) -> Result:
        """The word of a run's own process; ``not_started`` is why its command did not begin."""
        return cls(
            exit_code=exit_code,
            complained=complained,
            status=Status.FAILED if not_started else "",
            reason=_presentable(not_started)[:LONGEST_REASON],
            unwritten=unwritten,
            reported=reported,
        )


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a run has taken up: of its process, and of the programs that this has waited for.

    The peak is the process's own and that of the largest program; None where it is not known.
    """

    cpu_seconds: float
    peak_memory_bytes: int | None


class Spool:
    """One run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stdout = folder / "stdout"
        self.stderr = folder / "stderr"
        self.heartbeat = folder / "heartbeat"
        self.progress = folder / "progress"
        self.result = folder / "result"
        self.verdict = folder / "verdict"
        self.watcher = folder / "watcher"
        self.process = folder / "process"
        self.usage = folder / "usage"
        self.secrets = folder / "secrets"

    @classmethod
    def of(cls, lock_file: str) -> Spool:
        """The folder that this lock file lies in."""
        return cls(Path(lock_file).parent)

    def create(self, watcher: int, watcher_created: float | None) -> int:
        """Make the folder and lock it; returns the descriptor that holds the lock.

        ``watcher`` is the process that will record the end of this run.

        Raises SpoolError if the disk does not let us.
        """
        prepare_root()
        try:
            self.folder.mkdir(mode=0o700)
            for path in (self.stdout, self.stderr, self.progress):
                reserved.make(path, 0)
            for path in (self.result, self.verdict):
                reserved.make(path, _RESULT_BYTES)
            for path in (self.watcher, self.process):
                reserved.make(path, _PROCESS_BYTES)
            reserved.make(self.usage, _USAGE_BYTES)
            self.write_watcher(watcher, watcher_created)
            return self._lock()
        except OSError as error:
            self.remove()
            raise SpoolError(f"cannot write to {self.folder}: {error.strerror}") from error

    def _lock(self) -> int:
        """Make the locked file; nobody ever sees it unlocked before the run has ended."""
        draft = self.heartbeat.with_suffix(".draft")
        flags = os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        lock = os.open(draft, flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.rename(self.heartbeat)
        except OSError:
            os.close(lock)
            raise
        return lock

    def remove(self) -> None:
        """Remove the folder with all that is in it; no error if it is not there."""
        # The path may come from a row: nothing but a run's folder in our root is ever removed.
        if self.folder.parent == root():
            # We may die on the way: nobody is to be told again by what is left then.
            with suppress(OSError):
                self.verdict.unlink()
            shutil.rmtree(self.folder, ignore_errors=True)

    def exists(self) -> bool:
        """Whether the folder is on this host."""
        return self.folder.parent == root() and self.folder.is_dir()

    # Signs of life

    def touch(self) -> None:
        """Show that the run is alive; a removed or unwritable file is no reason to end it."""
        with suppress(OSError):
            os.utime(self.heartbeat)

    def is_locked(self) -> bool | None:
        """Whether anything of the job's tree is alive; None if there is no file to ask."""
        try:
            lock = os.open(self.heartbeat, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    def write_watcher(self, pid: int, created: float | None) -> None:
        """Name the process that watches the run."""
        reserved.overwrite(self.watcher, f"{pid} {created or 0.0!r}", _PROCESS_BYTES)

    def read_watcher(self) -> tuple[int, float] | None:
        """(pid, creation time) of the watching process, or None if that is not known."""
        return _read_process(self.watcher)

    def take_over(self, pid: int, created: float | None, *, is_free: Callable[[], bool]) -> bool:
        """Become the watcher, if the folder ``is_free``; of several at once only one does."""
        try:
            lock = os.open(self.heartbeat, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return is_free()  # there is nothing to lock, nor to find it by
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Somebody else may have been here since the caller looked, and may look again now.
            if not is_free():
                return False
            self.write_watcher(pid, created)
        except FileNotFoundError:
            return True  # somebody died while removing the folder
        except OSError:
            return False
        finally:
            os.close(lock)
        return True

    def write_process(self, pid: int) -> None:
        """Name the job's process."""
        reserved.overwrite(self.process, str(pid), _PROCESS_BYTES)

    def read_process(self) -> int | None:
        """The pid of the job's process, or None if that is not known."""
        try:
            return int(self.process.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    # What the run says

    def stderr_has_any(self) -> bool:
        """Whether anything was written to stderr."""
        try:
            return self.stderr.stat().st_size > 0
        except OSError:
            return False

    @contextmanager
    def progress_writer(self) -> Iterator[int]:
        """A descriptor to write progress to; see :func:`write_progress`."""
        descriptor = os.open(self.progress, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def read_progress(self) -> tuple[int, int] | None:
        """(total, complete) as last reported, or None if nothing was."""
        try:  # each second for each run, so without a file object
            descriptor = os.open(self.progress, os.O_RDONLY | os.O_CLOEXEC)
            try:
                text = os.read(descriptor, _PROGRESS_BYTES)
            finally:
                os.close(descriptor)
            total, complete = map(int, text.split())
        except (OSError, ValueError):
            return None
        return total, complete

    def write_usage(self, usage: Usage) -> None:
        """Leave what the run has taken up so far."""
        text = f"{usage.cpu_seconds:.3f} {usage.peak_memory_bytes or 0}"
        with suppress(OSError):
            reserved.overwrite(self.usage, text, _USAGE_BYTES)

    def read_usage(self) -> Usage | None:
        """What the run has taken up, as last told; None if it was not."""
        try:
            seconds, peak = self.usage.read_text(encoding="ascii").split()
            return Usage(cpu_seconds=float(seconds), peak_memory_bytes=int(peak) or None)
        except (OSError, ValueError):
            return None

    def write_secrets(self, mark: str) -> None:
        """Leave the mark of the run's secrets. Raises OSError if there is no room for it."""
        reserved.make(self.secrets, _MARK_BYTES)
        reserved.overwrite(self.secrets, mark, _MARK_BYTES)

    def read_secrets(self) -> str:
        """The mark of the run's secrets; '' if it has none, or has not begun."""
        try:
            return self.secrets.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""

    def write_result(self, result: Result) -> None:
        """Leave what the job's process says of its end; a folder that is gone only loses this."""
        with suppress(OSError):
            reserved.overwrite(self.result, json.dumps(asdict(result)), _RESULT_BYTES)

    def write_verdict(self, verdict: Result, *, lasting: bool = False) -> None:
        """Leave what the watcher says of the end, which stands above the process's own word.

        ``lasting``: also if the power is cut.
        """
        short = replace(verdict, reason=verdict.reason[:LONGEST_REASON])
        with suppress(OSError):
            text = json.dumps(asdict(short))
            reserved.overwrite(self.verdict, text, _RESULT_BYTES, lasting=lasting)

    def read_result(self) -> Result | None:
        """How the run ended: the watcher's word, else the process's; None if there is neither."""
        result, verdict = _read_result(self.result), _read_result(self.verdict)
        if verdict is None or not verdict.status or result is None:
            return verdict or result
        exit_code = result.exit_code if verdict.exit_code is None else verdict.exit_code
        return replace(
            verdict,
            exit_code=exit_code,
            unwritten=result.unwritten,
            reported=result.reported,
        )


def _presentable(text: str) -> str:
    """Text that every database takes, whatever somebody's exception says."""
    return text.encode(errors="backslashreplace").decode().replace("\0", "\u2400")


def _read_process(path: Path) -> tuple[int, float] | None:
    try:
        pid, created = path.read_text(encoding="ascii").split()
        return int(pid), float(created)
    except (OSError, ValueError):
        return None


def _read_result(path: Path) -> Result | None:
    """What such a file says, or None if that makes no sense (yet)."""
    try:
        result = Result(**json.loads(path.read_text(encoding="ascii")))
        out, err = map(int, result.unwritten)
        result = replace(result, unwritten=(out, err))
    except (OSError, ValueError, TypeError):
        return None
    return result if result.status in ("", *Status.values) else None


def write_progress(descriptor: int, total: int, complete: int) -> None:
    """Write both numbers at once, so that no reader sees one without the other."""
    with suppress(OSError):
        os.pwrite(descriptor, b"%11d %11d\n" % (total, complete), 0)
