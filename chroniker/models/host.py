"""A machine that runs jobs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Host(models.Model):
    """A host and what it can carry. Whoever claims there writes its row first, and so in turn."""

    hostname = models.CharField(_("hostname"), max_length=255, unique=True)
    capacity = models.PositiveIntegerField(_("capacity"), default=0, db_default=0)
    claims = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ("hostname",)

    def __str__(self) -> str:
        return str(self.hostname)
