"""The crontab of the user who asks, by the system's own program."""

from __future__ import annotations

import subprocess

from chroniker.exceptions import CrontabError

_SECONDS = 30


def read() -> bytes:
    """What is installed; empty without any. Raises CrontabError if it cannot be read."""
    done = _call("-l")
    if done.returncode and b"no crontab" in done.stderr.lower():
        return b""
    return _succeeded("-l", done).stdout


def write(text: str) -> None:
    """Install this text in its place. Raises CrontabError if that cannot be done."""
    _succeeded("-", _call("-", text.encode(errors="surrogateescape")))


def _call(word: str, text: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["crontab", word],  # noqa: S607 - which one it is, is the system's choice
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise CrontabError("There is no program crontab here.") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CrontabError(f"crontab {word}: {error}") from error


def _succeeded(
    word: str, done: subprocess.CompletedProcess[bytes]
) -> subprocess.CompletedProcess[bytes]:
    if done.returncode:
        raise CrontabError(f"crontab {word}: {done.stderr.decode(errors='replace').strip()}")
    return done
