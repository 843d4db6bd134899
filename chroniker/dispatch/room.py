"""Whether a host can carry one more run: the sum of the weights that run there has a limit."""

from __future__ import annotations

from django.db.models import F, Q, Sum

from chroniker import settings
from chroniker.constants import Trigger
from chroniker.models import Host, Log
from chroniker.models.hiccups import with_retries
from chroniker.moments import to_stored
from chroniker.runs.run import Run


def carried(database: str, hostname: str) -> dict[str, int]:
    """The jobs whose runs go on on this host, with the sums of their weights."""
    running = Log.objects.using(database).running().filter(hostname=hostname)
    weights = running.values_list("job__name").annotate(carried=Sum("job__weight")).order_by()
    return {name: int(weight or 0) for name, weight in weights}


def prepare_host(run: Run) -> None:
    """Make the row that :func:`has_room` writes; outside of its transaction, for it is for good."""
    if _is_limited(run):
        hosts = Host.objects.using(run.database)
        with_retries(run.database, lambda: hosts.get_or_create(hostname=run.hostname))


def has_room(run: Run) -> bool:
    """Whether its host can carry this run besides the others; to be called in a transaction.

    A host that is drained carries none that is not there already.

    Who asks writes the host's row first, so that all who claim there come one after the other
    and each sees what those before have claimed.
    """
    host = Host.objects.using(run.database).filter(hostname=run.hostname)
    if run.trigger != Trigger.DIRECT and not _is_limited(run):
        # A write, though it changes nothing: on SQLite only who writes first waits for its turn.
        return not host.drained(run.claimed).update(claims=F("claims"))
    if not _is_limited(run):
        return True
    capacity = settings.capacity()
    is_free = Q(drained_until__isnull=True) | Q(drained_until__lte=to_stored(run.claimed))
    if not host.filter(is_free).update(claims=F("claims") + 1, capacity=capacity):
        return False
    taken = sum(carried(run.database, run.hostname).values())
    return taken + run.weight <= capacity


def _is_limited(run: Run) -> bool:
    """What code runs by itself, in its own process, is not ours to put off; but it counts."""
    return bool(settings.capacity() and run.weight and run.trigger != Trigger.DIRECT)
