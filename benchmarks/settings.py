"""The test project's settings, with the benchmarks' own commands and a spool of their own."""

from __future__ import annotations

import os

from test_project.settings import *  # noqa: F403 - a project that differs in a few settings
from test_project.settings import INSTALLED_APPS as _INSTALLED_APPS
from test_project.settings import VAR_DIR

INSTALLED_APPS = [*_INSTALLED_APPS, "benchmarks"]
CHRONIKER_SPOOL_DIR = VAR_DIR / "spool"
if "CHRONIKER_BENCH_MAX_OUTPUT" in os.environ:
    CHRONIKER_MAX_OUTPUT_BYTES = int(os.environ["CHRONIKER_BENCH_MAX_OUTPUT"])
