"""A monitor: it complains about what a person should look at."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Look for active people without a mail address."""

    help = "Complain on standard error about active users without a mail address."

    def handle(self, **options: Any) -> None:
        """Complain, or say that there is nothing to complain about."""
        count = User.objects.filter(is_active=True, email="").count()
        if count:
            self.stderr.write(f"{count} active user(s) without a mail address.")
        else:
            self.stdout.write("Every active user has a mail address.")
