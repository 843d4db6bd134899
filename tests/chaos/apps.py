"""What a round changes in the processes it starts: times, clock and disks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

CLOCK = "CHAOS_CLOCK"
"""The environment variable that names the file with the seconds the clock is ahead."""

# Constants of the package, scaled down like the settings of a round.
FENCE_MARGIN_SECONDS = 0.5
TAKEOVER_GRACE_SECONDS = 1.0

_CLOCKS = {
    "statement_timestamp()": "(statement_timestamp() + interval '{0} seconds')",
    "UTC_TIMESTAMP(6)": "(UTC_TIMESTAMP(6) + INTERVAL {0} SECOND)",
    "julianday('now')": "julianday('now', '{0} seconds')",
}


class ChaosConfig(AppConfig):
    """The jobs of a round."""

    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        """Scale the times down, and let every connection tell the shifted time."""
        from chroniker import settings
        from chroniker.dispatch import recovery

        for module, name, seconds in (
            (settings, "FENCE_MARGIN_SECONDS", FENCE_MARGIN_SECONDS),
            (recovery, "TAKEOVER_GRACE_SECONDS", TAKEOVER_GRACE_SECONDS),
        ):
            if not hasattr(module, name):
                raise ImproperlyConfigured(f"{module.__name__}.{name} has gone; see tests.chaos")
            setattr(module, name, seconds)
        _give_each_host_its_own_disk()
        if os.environ.get(CLOCK):
            connection_created.connect(_shift_clock, dispatch_uid="chaos")


def _give_each_host_its_own_disk() -> None:
    """All hosts of a round are on this machine; none may see what lies in another's spool."""
    from chroniker.runs.spool import Spool
    from chroniker.spool_root import root

    def of(lock_file: str) -> Spool:
        folder = Path(lock_file).parent
        return Spool(folder if folder.parent == root() else root() / "on-another-host")

    Spool.of = of  # type: ignore[method-assign]


def _shift_clock(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _with_shifted_clock not in connection.execute_wrappers:
        connection.execute_wrappers.append(_with_shifted_clock)


def _with_shifted_clock(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """As if the server's clock had been set."""
    for now, template in _CLOCKS.items():
        if now in sql:
            ahead = Path(os.environ[CLOCK]).read_text().strip() or "0"
            sql = sql.replace(now, template.format(ahead))
    return execute(sql, params, many, context)
