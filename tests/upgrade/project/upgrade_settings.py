"""A project of the kind that ran 1.x, for use with the original package and with ours."""

import os

SECRET_KEY = "not-a-secret"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "chroniker",
]
SITE_ID = 1
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
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
USE_TZ = True
TIME_ZONE = "America/New_York"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
MIGRATION_MODULES = (
    {"chroniker": os.environ["UPGRADE_MIGRATIONS"]} if "UPGRADE_MIGRATIONS" in os.environ else {}
)

ENGINE = os.environ["UPGRADE_ENGINE"]
if ENGINE == "mysql":
    import pymysql

    pymysql.install_as_MySQLdb()

DATABASES = {
    "default": {
        "ENGINE": f"django.db.backends.{ENGINE}",
        "NAME": os.environ["UPGRADE_NAME"],
        "HOST": os.environ.get("UPGRADE_HOST", ""),
        "PORT": os.environ.get("UPGRADE_PORT", ""),
        "USER": os.environ.get("UPGRADE_USER", ""),
        "PASSWORD": os.environ.get("UPGRADE_PASSWORD", ""),
        "OPTIONS": {"charset": "utf8mb4"} if ENGINE == "mysql" else {},
    },
}
