"""A project whose jobs are those of other schedulers."""

import os

SECRET_KEY = "not-a-secret"
USE_TZ = True
TIME_ZONE = "UTC"
SITE_ID = 1
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sites",
    "django_celery_beat",
    "django_q",
    "django_crontab",
    "chroniker",
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["NEIGHBOURS_DATABASE"]}
}
CRONJOBS = [
    ("*/5 * * * *", "neighbour_jobs.report"),
    ("0 4 * * 1-5", "neighbour_jobs.report", ["a b"], {"deep": True}, ">> /tmp/report.log 2>&1"),
    ("30 2 1 * *", "django.core.management.call_command", ["clearsessions"]),
]
CRONTAB_EXECUTABLE = os.environ.get("NEIGHBOURS_CRONTAB", "/usr/bin/crontab")
CRONTAB_DJANGO_MANAGE_PATH = "/srv/project/manage.py"
