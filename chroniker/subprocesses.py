"""Programs that a command starts: their output is the run's, as it comes, and none is left behind.

``from chroniker import run_process``. It works outside of runs as well.
"""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, TextIO

from chroniker import context, settings
from chroniker.exceptions import ProcessFailed

if TYPE_CHECKING:
    import psutil

_CHUNK = 64 * 1024
_STEP_SECONDS = 0.05
_LAST_WORDS_SECONDS = 1.0
"""So long is waited for output after the end of a program whose own programs keep its pipes."""


@dataclass(frozen=True, kw_only=True)
class ProcessResult:
    """How a program ended, and what it printed.

    ``returncode`` is negative if a signal has ended it, and ``timed_out`` says that this was for
    its time limit. Of more output than ``CHRONIKER_MAX_OUTPUT_BYTES`` the end is here; the run has
    more.
    """

    args: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str
    timed_out: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself, with status 0."""
        return self.returncode == 0 and not self.timed_out


def run_process(
    args: Sequence[str | os.PathLike[str]],
    *,
    timeout: float | None = None,
    input: str | bytes | None = None,  # noqa: A002 - as subprocess has it
    env: Mapping[str, str | None] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    check: bool = False,
) -> ProcessResult:
    """Run a program, without a shell, and wait for it; what it prints is printed here as it comes.

    ``timeout`` is in seconds: then it is ended with all that it has started (TERM, and KILL after
    ``CHRONIKER_KILL_GRACE_SECONDS``). ``input`` is given to its standard input. ``env`` changes the
    variables that this process has; None takes one out. With ``check``, ProcessFailed is raised
    unless it succeeded. Raises OSError if it cannot be started, TypeError for a text as ``args``.
    """
    if isinstance(args, str | bytes):
        raise TypeError("run_process() takes a list: the program, and each argument by itself.")
    words = tuple(os.fspath(word) for word in args)
    with _started(words, env or {}, cwd, has_input=input is not None) as program:
        out, err = _Copy(sys.stdout), _Copy(sys.stderr)
        threads = [out.start(program.stdout), err.start(program.stderr)]
        if input is not None:
            _start(_feed, program.stdin, input.encode() if isinstance(input, str) else input)
        timed_out = _waited(program, timeout)
        _join(threads)
        # Whoever still holds a pipe is read by the thread, which ends with it.
        program.stdout = program.stderr = program.stdin = None
    result = ProcessResult(
        args=words,
        returncode=program.returncode,
        stdout=out.text,
        stderr=err.text,
        timed_out=timed_out,
    )
    if check and not result.succeeded:
        raise ProcessFailed(result)
    return result


def _started(
    words: Sequence[str],
    env: Mapping[str, str | None],
    cwd: str | os.PathLike[str] | None,
    *,
    has_input: bool,
) -> subprocess.Popen[bytes]:
    """The program in a process group of its own; what it starts still counts as part of the run."""
    kept = _kept_lock() if has_input else None
    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE if has_input else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(env),
            cwd=cwd,
            process_group=0,
            pass_fds=() if kept is None else (kept,),
        )
    finally:
        if kept is not None:
            os.close(kept)


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """This process's variables with these changes; by ours a run's processes are known."""
    known = {name: value for name, value in os.environ.items() if changes.get(name, "") is not None}
    given = {name: value for name, value in changes.items() if value is not None}
    ours = {name: os.environ[name] for name in context.ENVIRONMENT_NAMES if name in os.environ}
    return known | given | ours


def _kept_lock() -> int | None:
    """The standard input, whose lock says that a run's tree lives, for a program with another."""
    if context.ENV_RUN_TOKEN not in os.environ:
        return None
    with suppress(OSError):
        return os.dup(0)
    return None


# Output


@dataclass
class _Copy:
    """Copies what comes through a pipe to a stream, line by line, and remembers the end of it."""

    stream: TextIO
    kept: deque[str] = field(default_factory=deque)
    size: int = 0
    limit: int = field(default_factory=lambda: int(settings.CHRONIKER_MAX_OUTPUT_BYTES))

    def start(self, pipe: IO[bytes] | None) -> threading.Thread:
        return _start(self._copy, pipe)

    @property
    def text(self) -> str:
        return "".join(tuple(self.kept))

    def _copy(self, pipe: IO[bytes]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        begun = ""
        with pipe:
            while data := os.read(pipe.fileno(), _CHUNK):
                begun += decoder.decode(data)
                end = begun.rfind("\n") + 1
                if len(begun) > _CHUNK:  # a line as long as this is no line
                    end = len(begun)
                self._take(begun[:end])
                begun = begun[end:]
        self._take(begun + decoder.decode(b"", final=True))

    def _take(self, text: str) -> None:
        if not text:
            return
        self.kept.append(text)
        self.size += len(text)
        while self.size > self.limit and len(self.kept) > 1:
            self.size -= len(self.kept.popleft())
        with suppress(OSError, ValueError):  # the command has closed it: nobody wants to know
            self.stream.write(text)
            self.stream.flush()


def _start(function: Callable[..., None], *args: Any) -> threading.Thread:
    """A thread that is part of the run that this code is part of."""
    thread = threading.Thread(target=copy_context().run, args=(function, *args), daemon=True)
    thread.start()
    return thread


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with suppress(OSError), pipe:  # it need not read all of it
        pipe.write(data)


def _join(threads: Sequence[threading.Thread]) -> None:
    end = time.monotonic() + _LAST_WORDS_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


# The end


def _waited(program: subprocess.Popen[bytes], timeout: float | None) -> bool:
    """Wait for its end, and end it when its time is over; whether that was so."""
    try:
        program.wait(timeout)
    except subprocess.TimeoutExpired:
        print(f"Ended after its time limit of {timeout:g} s.", file=sys.stderr)  # noqa: T201
        _end(program)
        return True
    except BaseException:
        _end(program)
        raise
    return False


def _end(program: subprocess.Popen[bytes]) -> None:
    """End it with all that it has started, also what has left its group."""
    # Outside of runs it may be used where nothing else needs this.
    import psutil

    tree: list[psutil.Process] = []
    with suppress(psutil.Error):
        first = psutil.Process(program.pid)
        tree = [first, *first.children(recursive=True)]
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(program.pid, number)
        for process in tree:
            with suppress(psutil.Error):
                process.send_signal(number)
        end = time.monotonic() + settings.CHRONIKER_KILL_GRACE_SECONDS
        while any(map(_goes_on, tree)) and time.monotonic() < end:
            time.sleep(_STEP_SECONDS)
    program.wait()


def _goes_on(process: psutil.Process) -> bool:
    """Whether it runs; our own child is not waited for, so that nobody else gets its pid yet."""
    import psutil

    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
