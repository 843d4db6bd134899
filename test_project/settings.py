"""Settings of a small, ordinary project. The database is chosen by the environment.

``CHRONIKER_TEST_DB``       sqlite (the default), postgres or mariadb
``CHRONIKER_TEST_DB_NAME``  the database's name, or the SQLite file's path
``CHRONIKER_TEST_ADMIN``    lazy: load the admin when an address is first asked for

Where the servers are: see ``test_project.databases``.
Tests set the name once their database is made, so that processes they start use it too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import django

from test_project import databases

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("CHRONIKER_TEST_VAR", BASE_DIR / "var"))

SECRET_KEY = "not-a-secret-because-this-project-only-serves-tests-and-the-demo"
DEBUG = os.environ.get("CHRONIKER_TEST_DEBUG") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

# With "lazy" the admin is loaded when an address is first asked for: of what it takes to start a
# command, that is a third.
ADMIN = {"lazy": "django.contrib.admin.apps.SimpleAdminConfig"}

INSTALLED_APPS = [
    ADMIN.get(os.environ.get("CHRONIKER_TEST_ADMIN", ""), "django.contrib.admin"),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "chroniker",
    "test_project.samples",
]
SITE_ID = 1

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "test_project.policy.strict_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "test_project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
TIME_ZONE = os.environ.get("CHRONIKER_TEST_TIME_ZONE", "UTC")
USE_TZ = os.environ.get("CHRONIKER_TEST_USE_TZ", "1") == "1"
STATIC_URL = "/static/"
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
# makemigrations must be clean whatever a project has chosen; .ci/run tries several.
DEFAULT_AUTO_FIELD = os.environ.get("CHRONIKER_TEST_AUTO_FIELD", "django.db.models.BigAutoField")


def _sqlite() -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("CHRONIKER_TEST_DB_NAME", VAR_DIR / "db.sqlite3"),
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
        # A file and not memory: the jobs' processes look at the same database.
        "TEST": {"NAME": VAR_DIR / f"test_{os.getpid()}.sqlite3"},
    }


def _server(kind: str, engine: str) -> dict[str, Any]:
    return {
        "ENGINE": engine,
        "NAME": os.environ.get("CHRONIKER_TEST_DB_NAME", "chroniker"),
        "TEST": {"NAME": f"test_chroniker_{os.getpid()}"},
        **{name.upper(): value for name, value in databases.address(kind).items()},
    }


def _mariadb() -> dict[str, Any]:
    # Pure Python, so that a checkout needs no C library and no compiler.
    import pymysql

    pymysql.install_as_MySQLdb()
    database = _server("mariadb", "django.db.backends.mysql")
    database["OPTIONS"] = {"charset": "utf8mb4"}
    database["TEST"] |= {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_bin"}
    return database


def _database() -> dict[str, Any]:
    kind = os.environ.get("CHRONIKER_TEST_DB", "sqlite")
    if kind == "postgres":
        return _server("postgres", "django.db.backends.postgresql")
    if kind == "mariadb":
        return _mariadb()
    if kind == "sqlite":
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        return _sqlite()
    raise ValueError(f"CHRONIKER_TEST_DB must be sqlite, postgres or mariadb, not {kind!r}")


DATABASES = {"default": _database()}

if sentry_dsn := os.environ.get("CHRONIKER_TEST_SENTRY_DSN"):
    import sentry_sdk

    sentry_sdk.init(sentry_dsn)

globals().update(json.loads(os.environ.get("CHRONIKER_TEST_SETTINGS", "{}")))
