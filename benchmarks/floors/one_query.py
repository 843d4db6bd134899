"""The floor of a tick: a bare process that sets Django up and asks the database once."""

import django

django.setup()

from django.db import connection  # noqa: E402 - Django is set up first, as manage.py does

with connection.cursor() as cursor:
    cursor.execute("SELECT 1 FROM chroniker_job LIMIT 1")
    cursor.fetchone()
