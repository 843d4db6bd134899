"""What the value of each setting has to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chroniker import environment
from chroniker.exceptions import InvalidEnvironment

LONGEST = 10_000_000
"""The longest time that makes sense in a setting; much longer ones leave the calendar."""

SHORTEST_TOKEN = 16
"""Characters that nobody guesses."""

INSTALLATION_LENGTH = 255
"""What the column that holds an installation's name can store."""

HOSTNAME_LENGTH = 700
"""What the columns that hold host names can store."""


@dataclass(frozen=True)
class Rule:
    """What the value of a setting has to be: in words, and as a test that never raises."""

    words: str
    holds: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _is_path(value: Any) -> bool:
    return isinstance(value, Path) or _is_text(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(map(_is_text, value))


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_text, value))


def _is_one_line(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value and len(value.splitlines()) <= 1


def _is_urls(value: Any) -> bool:
    if isinstance(value, Mapping):
        keys = all(isinstance(key, str) for key in value)
        return keys and all(_is_text(one) or _is_list_of_texts(one) for one in value.values())
    return _is_list_of_texts(value)


def _is_token(value: Any) -> bool:
    if not (_is_text(value) and _is_one_line(value)):
        return False
    if not value.startswith("@"):
        return len(value) >= SHORTEST_TOKEN
    try:
        environment.parse_reference(value)
    except InvalidEnvironment:
        return False
    return True


_YES_OR_NO = Rule("True or False", lambda value: isinstance(value, int) and value in {0, 1})
_TEXT = Rule("a text that is not empty", _is_text)
_MORE_THAN_0 = Rule(
    f"a number greater than 0 and at most {LONGEST:,}",
    lambda value: _is_number(value) and 0 < value <= LONGEST,
)

_SECONDS = Rule(
    f"a number from 0 to {LONGEST:,}",
    lambda value: _is_number(value) and 0 <= value <= LONGEST,
)


def _at_least(least: int) -> Rule:
    return Rule(
        f"a whole number of at least {least}", lambda value: _is_whole(value) and value >= least
    )


def _or_none(rule: Rule) -> Rule:
    return Rule(f"{rule.words}, or None", lambda value: value is None or rule.holds(value))


RULES = {
    "CHRONIKER_EXECUTOR": _TEXT,
    "CHRONIKER_START_METHOD": _or_none(_TEXT),
    "CHRONIKER_KILL_GRACE_SECONDS": _SECONDS,
    "CHRONIKER_DISABLE_RAW_COMMAND": _YES_OR_NO,
    "CHRONIKER_ALLOW_SHELL": _YES_OR_NO,
    "CHRONIKER_SHELLS": Rule(
        "a list or tuple of absolute paths",
        lambda value: _is_names(value) and all(Path(path).is_absolute() for path in value),
    ),
    "CHRONIKER_GUARDED_COMMANDS": Rule("a list or tuple of commands' names", _is_list_of_texts),
    "CHRONIKER_ALLOW_EVAL": _YES_OR_NO,
    "CHRONIKER_MONITOR_MODELS": _or_none(
        Rule("a list or tuple of app or app.Model", _is_list_of_texts)
    ),
    "CHRONIKER_MONITOR_SECONDS": _MORE_THAN_0,
    "CHRONIKER_HOSTNAME": _or_none(
        Rule(
            f"a name of at most {HOSTNAME_LENGTH} characters, without spaces around it, and not *",
            lambda value: (
                _is_text(value)
                and _is_one_line(value)
                and len(value) <= HOSTNAME_LENGTH
                and value == value.strip() != "*"
            ),
        )
    ),
    "CHRONIKER_USE_PID": _YES_OR_NO,
    "CHRONIKER_PID_FN": _or_none(Rule("a path", _is_path)),
    "CHRONIKER_INSTALLATION": _or_none(
        Rule(
            f"a name of at most {INSTALLATION_LENGTH} characters, without spaces around it",
            lambda value: (
                _is_text(value)
                and _is_one_line(value)
                and len(value) <= INSTALLATION_LENGTH
                and value == value.strip()
            ),
        )
    ),
    "CHRONIKER_JOBS": Rule(
        "a list or tuple of mappings or texts, or one text",
        lambda value: isinstance(value, str | list | tuple),
    ),
    "CHRONIKER_LOCK_TIMEOUT": _MORE_THAN_0,
    "CHRONIKER_RENEW_SECONDS": _MORE_THAN_0,
    "CHRONIKER_MAX_LOST_RERUNS": _at_least(0),
    "CHRONIKER_AUTO_END_STALE_JOBS": _YES_OR_NO,
    "CHRONIKER_STALE_MINUTES": _MORE_THAN_0,
    "CHRONIKER_CHECK_LOCK_FILE": _YES_OR_NO,
    "CHRONIKER_CAPACITY": _or_none(_at_least(0)),
    "CHRONIKER_BACKFILL_PER_TICK": _at_least(1),
    "CHRONIKER_UNIQUE_COMMANDS": _YES_OR_NO,
    "CHRONIKER_ENV_PROVIDERS": Rule("a list or tuple of dotted paths", _is_list_of_texts),
    "CHRONIKER_ENV_INHERIT": Rule(
        "'all', 'allow-list', or a list or tuple of names of variables",
        lambda value: value in ("all", "allow-list") or _is_list_of_texts(value),
    ),
    "CHRONIKER_SPOOL_DIR": _or_none(
        Rule("an absolute path", lambda value: _is_path(value) and Path(value).is_absolute())
    ),
    "CHRONIKER_MAX_OUTPUT_BYTES": _at_least(1024),
    "CHRONIKER_STDERR_IS_FAILURE": _YES_OR_NO,
    "CHRONIKER_LOG_FORMAT": _TEXT,
    "CHRONIKER_NOTIFY_EVERY": _SECONDS,
    "CHRONIKER_EMAIL_SENDER": Rule("one line of text", _is_one_line),
    "CHRONIKER_EMAIL_HOST_USER": Rule(
        "one line of text that is not empty",
        lambda value: _is_text(value) and _is_one_line(value),
    ),
    "CHRONIKER_EMAIL_SUBJECT_SUCCESS": _TEXT,
    "CHRONIKER_EMAIL_SUBJECT_ERROR": _TEXT,
    "CHRONIKER_JOB_ERROR_CALLBACK": _or_none(_TEXT),
    "CHRONIKER_SENTRY_CHECKINS": _YES_OR_NO,
    "CHRONIKER_NOTIFY_URLS": Rule(
        "a list or tuple of URLs, or a mapping of groups (or '*') to them", _is_urls
    ),
    "CHRONIKER_LEARN_EXPECTATIONS": _YES_OR_NO,
    "CHRONIKER_HOST_DAYS": _MORE_THAN_0,
    "CHRONIKER_HEALTH_TOKEN": _or_none(
        Rule("a text of at least 16 characters, or a reference such as @env:NAME", _is_token)
    ),
    "CHRONIKER_METRICS_JOBS": _at_least(0),
    "CHRONIKER_JOB_NK": Rule("a list or tuple of names of a job's fields", _is_names),
}
