"""The test project's settings, with the jobs of a round."""

from test_project.settings import *  # noqa: F403
from test_project.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.chaos.apps.ChaosConfig"]
