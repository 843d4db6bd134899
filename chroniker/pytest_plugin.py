"""A fixture for pytest: ``freeze_scheduler``. Django is imported only where it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from chroniker.testing import FrozenScheduler


@pytest.fixture
def freeze_scheduler(
    request: pytest.FixtureRequest,
) -> Callable[..., AbstractContextManager[FrozenScheduler]]:
    """:func:`chroniker.testing.freeze`, with the test's database where pytest-django gives one."""
    names = set(request.fixturenames)
    if not names & {"db", "transactional_db"} and _has_pytest_django(request.config):
        request.getfixturevalue("db")
    from chroniker.testing import freeze

    return freeze


def _has_pytest_django(config: pytest.Config) -> bool:
    return bool(config.pluginmanager.hasplugin("django"))
