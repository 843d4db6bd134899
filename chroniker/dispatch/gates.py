"""May this job start now? The one answer, for the tick that starts it and for who asks why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from chroniker import constants, settings
from chroniker.constants import Misfire
from chroniker.dispatch import room
from chroniker.models import Host, Job, Log, Standing
from chroniker.models.pausing import Pauses
from chroniker.moments import to_instant


class Name(StrEnum):
    """What each gate is about."""

    INSTALLATION = "installation"
    ENABLED = "enabled"
    FAULT = "fault"
    HOST = "host"
    WINDOW = "active window"
    SCHEDULE = "schedule"
    DUE = "due"
    RETRY = "retry"
    MISFIRE = "misfire"
    PAUSE = "pause"
    DRAIN = "drain"
    OVERLAP = "overlap"
    DEPENDENCIES = "dependencies"
    KEY = "concurrency key"
    CAPACITY = "capacity"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One condition. ``opens`` is when it will be open by itself, where that is known (UTC).

    ``needs_a_person``: it stays shut until somebody changes something.
    """

    name: Name
    is_open: bool
    reason: str = ""
    opens: datetime | None = None
    needs_a_person: bool = False


@dataclass(kw_only=True)
class Situation:
    """What the gates have to know of all jobs at one moment, kept true while a pass goes on."""

    database: str
    now: datetime
    hostname: str
    pauses: Pauses
    standing: Standing
    keys: dict[str, str] = field(default_factory=dict)
    """Concurrency keys that are held, and by what."""
    carried: dict[str, int] = field(default_factory=dict)
    """What runs on this host, and how much of it that takes up."""
    starting: set[int] = field(default_factory=set)
    """Jobs that this pass has started, or would."""
    drained_until: datetime | None = None
    """Until when nothing new starts on this host, and who wants that."""
    drained_by: str = ""
    first_in_line: str = ""
    """The first job of this pass that did not fit; no other may overtake it."""

    @classmethod
    def read(cls, database: str, now: datetime) -> Situation:
        """The situation of this host at this moment of the database's clock."""
        hostname = settings.hostname()
        keys = Log.objects.using(database).running().filter(holds_key__isnull=False)
        drained = Host.objects.using(database).drained(now).filter(hostname=hostname).first()
        return cls(
            database=database,
            now=now,
            hostname=hostname,
            pauses=Pauses.read(database, now),
            standing=Standing.read(database),
            keys={
                str(key): _("run %(run)d of %(job)s") % {"run": pk, "job": name}
                for key, pk, name in keys.values_list("holds_key", "pk", "job__name")
            },
            carried=room.carried(database, hostname),
            drained_until=to_instant(drained.drained_until) if drained else None,
            drained_by=drained.drained_by if drained else "",
        )

    def start(self, job: Job) -> None:
        """From now on this job runs."""
        self.starting.add(job.pk)
        self.carried[job.name] = self.carried.get(job.name, 0) + job.weight
        if job.key:
            self.keys[job.key] = job.name

    def put_off(self, job: Job) -> None:
        """This one is to start, but has no room: those behind it wait as well."""
        self.first_in_line = self.first_in_line or job.name


def gates_of(job: Job, now: Situation, *, by_hand: bool | None = None) -> list[Gate]:
    """All gates of this job, in the order in which a person would ask.

    A run that somebody asked for (``by_hand``; by default if the job says so) needs neither
    schedule nor time; all else holds for it.
    """
    by_hand = bool(job.force_run) if by_hand is None else by_hand
    schedule = () if by_hand else _of_schedule(job, now.now)
    return [
        _installation(now),
        *_of_definition(job, now),
        *schedule,
        _pause(job, now),
        _drain(now),
        _overlap(job),
        _dependencies(job, now, by_hand=by_hand),
        _key(job, now),
        _capacity(job, now),
    ]


def shut(gates: Iterable[Gate]) -> list[Gate]:
    """Those that are shut."""
    return [gate for gate in gates if not gate.is_open]


def waits_for_room(gates: Iterable[Gate]) -> bool:
    """Whether the job would start if only its host had room, as it will have."""
    kept = shut(gates)
    return [gate.name for gate in kept] == [Name.CAPACITY] and not kept[0].needs_a_person


def _installation(now: Situation) -> Gate:
    is_held = now.standing.is_held
    return Gate(
        name=Name.INSTALLATION,
        is_open=not is_held,
        reason=now.standing.reason if is_held else "",
        needs_a_person=is_held,
    )


def _of_definition(job: Job, now: Situation) -> Iterator[Gate]:
    yield Gate(
        name=Name.ENABLED,
        is_open=bool(job.enabled),
        reason="" if job.enabled else _("it is disabled"),
        needs_a_person=not job.enabled,
    )
    held_until = to_instant(job.held_until)
    is_held = held_until is not None and held_until > now.now
    yield Gate(
        name=Name.FAULT,
        is_open=not is_held,
        reason=_("it is left alone for a while: %s") % job.error if is_held else "",
        opens=held_until if is_held else None,
    )
    hosts = {"", constants.ALL_HOSTS, now.hostname}
    is_here = (job.hostname or "") in hosts
    yield Gate(
        name=Name.HOST,
        is_open=is_here,
        reason="" if is_here else _elsewhere(job, now),
    )


def _of_schedule(job: Job, now: datetime) -> Iterator[Gate]:
    yield _window(job, now)
    if job.is_chained and (job.next_run is None or links_of(job) is not None):
        yield Gate(name=Name.SCHEDULE, is_open=True)
        return
    next_run = to_instant(job.next_run)
    yield Gate(
        name=Name.SCHEDULE,
        is_open=next_run is not None,
        reason="" if next_run is not None else _why_no_next_run(job),
        needs_a_person=next_run is None,
    )
    if next_run is None:
        return
    is_due = next_run <= now
    yield Gate(
        name=Name.DUE,
        is_open=is_due,
        reason="" if is_due else _("its next run has not come"),
        opens=None if is_due else next_run,
    )
    yield _retry(job, now)
    yield _misfire(job, next_run, now)


def _elsewhere(job: Job, now: Situation) -> str:
    return _("it runs on %(host)s only; this is %(here)s") % {
        "host": job.hostname,
        "here": now.hostname,
    }


def _why_no_next_run(job: Job) -> str:
    if job.frequency == constants.MANUAL:
        return _("it runs only by hand")
    return _("its schedule names no further time")


def _window(job: Job, now: datetime) -> Gate:
    begin = to_instant(job.active_from)
    if begin is not None and now < begin:
        reason = _("the time in which it is active has not begun")
        return Gate(name=Name.WINDOW, is_open=False, reason=reason, opens=begin)
    if job.is_over(now):
        reason = _("the time in which it is active is over")
        return Gate(name=Name.WINDOW, is_open=False, reason=reason, needs_a_person=True)
    return Gate(name=Name.WINDOW, is_open=True)


def _retry(job: Job, now: datetime) -> Gate:
    retry_at = to_instant(job.retry_at)
    is_open = retry_at is None or retry_at <= now
    reason = "" if is_open else _("attempt %d failed; the next one is to come") % job.attempt
    opens = None if is_open else retry_at
    return Gate(name=Name.RETRY, is_open=is_open, reason=reason, opens=opens)


def _misfire(job: Job, next_run: datetime, now: datetime) -> Gate:
    late = now - next_run
    grace = timedelta(seconds=job.misfire_grace_seconds)
    missed = job.misfire_policy == Misfire.SKIP and not job.attempt and late > grace
    words = _("it is %(late)s late and skips what it missed by more than %(grace)s")
    reason = words % {"late": _seconds(late), "grace": _seconds(grace)}
    return Gate(name=Name.MISFIRE, is_open=not missed, reason=reason if missed else "")


def _seconds(time: timedelta) -> str:
    return f"{time.total_seconds():.0f} s"


def _pause(job: Job, now: Situation) -> Gate:
    held = now.pauses.holding(job)
    if held is None:
        return Gate(name=Name.PAUSE, is_open=True)
    return Gate(
        name=Name.PAUSE,
        is_open=False,
        reason=held.reason,
        opens=held.until,
        needs_a_person=held.until is None,
    )


def _drain(now: Situation) -> Gate:
    if now.drained_until is None:
        return Gate(name=Name.DRAIN, is_open=True)
    words = _("%(host)s is drained by %(by)s: nothing new starts there")
    reason = words % {"host": now.hostname, "by": now.drained_by}
    return Gate(name=Name.DRAIN, is_open=False, reason=reason, opens=now.drained_until)


def _overlap(job: Job) -> Gate:
    reason = ""
    if job.is_running:
        started = to_instant(job.last_run_start_timestamp)
        run = Log.objects.using(job._state.db).filter(token=job.claim_token or "").first()
        reason = _("run %d of it goes on") % run.pk if run else _("it is running")
        if started is not None:
            reason += " " + _("(since %s)") % f"{started:%Y-%m-%d %H:%M:%S} UTC"
    return Gate(name=Name.OVERLAP, is_open=not job.is_running, reason=reason)


def links_of(job: Job) -> datetime | None:
    """When the last of the jobs that a chained job waits for has run anew; None if not all have."""
    links = [dependency.link() for dependency in job.dependencies.all()]
    known = [link for link in links if link is not None]
    return max(known) if known and len(known) == len(links) else None


def _dependencies(job: Job, now: Situation, *, by_hand: bool) -> Gate:
    dependencies = list(job.dependencies.all())
    if job.is_chained and not dependencies and not by_hand:
        reason = _("it runs after the jobs it waits for, and waits for none")
        return Gate(name=Name.DEPENDENCIES, is_open=False, reason=reason, needs_a_person=True)
    unmet, hopeless = [], False
    for dependency in dependencies:
        criterion = dependency.unmet_criterion(now.starting)
        if criterion is not None:
            unmet.append(criterion)
            hopeless = hopeless or not dependency.dependee.enabled
    next_run = to_instant(job.next_run)
    if unmet and not by_hand and next_run is not None and next_run <= now.now:
        unmet[-1] += " " + _("(it has waited since %s)") % f"{next_run:%Y-%m-%d %H:%M:%S} UTC"
    return Gate(
        name=Name.DEPENDENCIES,
        is_open=not unmet,
        reason="; ".join(unmet),
        needs_a_person=hopeless,
    )


def _key(job: Job, now: Situation) -> Gate:
    holder = now.keys.get(job.key) if job.key else None
    if holder is None:
        return Gate(name=Name.KEY, is_open=True)
    if job.shares_by_command:
        reason = _("the same command is held by %s") % holder
    else:
        reason = _("the key %(key)s is held by %(holder)s") % {"key": job.key, "holder": holder}
    return Gate(name=Name.KEY, is_open=False, reason=reason)


def _capacity(job: Job, now: Situation) -> Gate:
    capacity = settings.capacity()
    if not capacity or not job.weight:
        return Gate(name=Name.CAPACITY, is_open=True)
    if job.weight > capacity:
        return Gate(
            name=Name.CAPACITY,
            is_open=False,
            reason=_("its weight of %(weight)d is more than this host's capacity of %(capacity)d")
            % {"weight": job.weight, "capacity": capacity},
            needs_a_person=True,
        )
    if now.first_in_line:
        reason = _("%s goes first, and waits for room on this host") % now.first_in_line
        return Gate(name=Name.CAPACITY, is_open=False, reason=reason)
    carried = sum(now.carried.values())
    fits = carried + job.weight <= capacity
    words = _("%(carried)d of the %(capacity)d that this host carries are taken: %(jobs)s")
    reason = words % {"carried": carried, "capacity": capacity, "jobs": _some(now.carried)}
    return Gate(name=Name.CAPACITY, is_open=fits, reason="" if fits else reason)


_NAMED = 5


def _some(carried: dict[str, int]) -> str:
    """The heaviest of these by name, and how many there are besides."""
    heaviest = sorted(carried, key=lambda name: -carried[name])
    more = len(heaviest) - _NAMED
    named = [f"{name} ({carried[name]})" for name in heaviest[:_NAMED]]
    return ", ".join([*named, _("%d more") % more] if more > 0 else named)
