"""The installation that these tables belong to, so that a copy of them is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chroniker import constants, installation_name
from chroniker.moments import to_stored
from chroniker.setting_rules import INSTALLATION_LENGTH

_TOLD_EVERY = timedelta(days=1)
_ONLY = 1
"""The key of the one row."""


class InstallationQuerySet(models.QuerySet["Installation"]):
    """Questions about the one row."""

    def the_one(self) -> Installation:
        """The row; it is made if it is not there, belonging to nobody yet."""
        return self.get_or_create(pk=_ONLY)[0]

    def adopt(self, name: str, now: datetime, *, by: str, instead_of: str) -> bool:
        """Let the tables belong to this installation; whether they did not before.

        ``instead_of`` is whose they were as far as the caller knows: if somebody was faster,
        nothing is changed.
        """
        self.the_one()
        adopted = self.filter(pk=_ONLY, name=instead_of).exclude(name=name)
        return bool(
            adopted.update(
                name=name,
                adopted_at=to_stored(now),
                adopted_by=by[: constants.LONGEST_USERNAME],
                refused="",
                refused_at=None,
                refused_on="",
            )
        )

    def note_refusal(self, name: str, now: datetime, hostname: str) -> bool:
        """Note that a scheduler of another installation was held; whether that is worth a word.

        It is when it comes up, and then once a day.
        """
        news = Q(refused_at=None) | Q(refused_at__lt=to_stored(now - _TOLD_EVERY))
        rows = self.filter(pk=_ONLY).filter(news | ~Q(refused=name))
        return bool(
            rows.update(
                refused=name, refused_at=to_stored(now), refused_on=hostname[:INSTALLATION_LENGTH]
            )
        )


class Installation(models.Model):
    """Whose tables these are. There is one row; an empty name: nobody's yet."""

    name = models.CharField(
        gettext_lazy("installation"),
        max_length=INSTALLATION_LENGTH,
        blank=True,
        default="",
        db_default="",
    )
    adopted_at = models.DateTimeField(gettext_lazy("adopted"), null=True, blank=True)
    adopted_by = models.CharField(
        gettext_lazy("by"),
        max_length=constants.LONGEST_USERNAME,
        blank=True,
        default="",
        db_default="",
    )
    refused = models.CharField(
        gettext_lazy("held installation"),
        max_length=INSTALLATION_LENGTH,
        blank=True,
        default="",
        db_default="",
    )
    refused_at = models.DateTimeField(gettext_lazy("held since"), null=True, blank=True)
    refused_on = models.CharField(
        gettext_lazy("held on"),
        max_length=INSTALLATION_LENGTH,
        blank=True,
        default="",
        db_default="",
    )

    objects = InstallationQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("installation")
        verbose_name_plural = gettext_lazy("installations")
        default_permissions = ()
        permissions = (("adopt_installation", "Can adopt the installation"),)

    def __str__(self) -> str:
        return str(self.name)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Whose the tables are, and who asks. ``owner`` is empty if they are nobody's yet."""

    owner: str
    here: str

    @classmethod
    def read(cls, database: str) -> Standing:
        """As it is now; changes nothing."""
        return cls.of(Installation.objects.using(database).filter(pk=_ONLY).first(), database)

    @classmethod
    def of(cls, row: Installation | None, database: str) -> Standing:
        """As the row says."""
        owner = "" if row is None else row.name
        return cls(owner=owner, here=installation_name.of_installation(database))

    @classmethod
    def settle(cls, database: str, now: datetime) -> Standing:
        """As it is now; what is nobody's yet becomes ours."""
        standing = cls.read(database)
        if standing.owner:
            return standing
        Installation.objects.using(database).adopt(standing.here, now, by="", instead_of="")
        return cls.read(database)

    @property
    def is_held(self) -> bool:
        """Whether nothing may be started here until a person has said so."""
        return self.owner not in ("", self.here)

    @property
    def reason(self) -> str:
        """Why nothing is started, and what to do."""
        return _(
            "these tables belong to the installation “%(owner)s”, and this is “%(here)s”: nothing "
            "is started until somebody adopts them (manage.py cron_adopt)"
        ) % {"owner": self.owner, "here": self.here}
