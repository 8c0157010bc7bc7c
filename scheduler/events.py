"""Events: the dated things that a calendar can show. A key names the role, no date, so a moved event stays itself."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from uuid import UUID, uuid5

from scheduler.actions import CeaseCause
from scheduler.plan import LIVER_WATCH, Dose, Plan, Task, Window
from scheduler.regimen import When, WindowKind


class EventKind(StrEnum):
    """What an event is: the infusion, the time of observation after it, checks around a dose, the end of a window."""

    INFUSION = "infusion"
    OBSERVATION = "observation"
    CHECK = "check"
    WINDOW = "window"


class Cancelled(StrEnum):
    """What a patient is told of an event that left the plan."""

    NOT_HAPPENING = "not-happening"
    TO_BE_ARRANGED = "to-be-arranged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One dated thing. `start` and `end` are instants in the clinic's zone, or the same civil date for all-day events.

    `reproductive` events are for the patient alone, `private` ones for staff alone. `confirmed` false: may change.
    `checks` are the task kinds of a check event; `window` is set for windows.
    """

    key: str
    kind: EventKind
    start: date | datetime
    end: date | datetime
    confirmed: bool
    reproductive: bool = False
    private: bool = False
    cycle: int | None = None
    day: int | None = None
    arrival: datetime | None = None
    leave_not_before: datetime | None = None
    checks: tuple[str, ...] = ()
    when: When | None = None
    window: WindowKind | None = None

    @property
    def all_day(self) -> bool:
        """Whether the event is a civil date without a time."""
        return not isinstance(self.start, datetime)

    @property
    def first_date(self) -> date:
        """The civil date in the clinic's zone on which the event starts."""
        return self.start.date() if isinstance(self.start, datetime) else self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedEvent:
    """An event with what calendar programs go by. Stamps are UTC; `moved_from` is its start before the last move."""

    event: Event
    uid: UUID
    sequence: int
    created: datetime
    last_modified: datetime
    cancelled: Cancelled | None = None
    moved_from: date | datetime | None = None


def events(plan: Plan) -> tuple[Event, ...]:
    """The events of doses that are planned or given, of their checks, and of windows with a date, by key.

    After `death` there are none; after `pregnancy` (hold or cease) none that concern reproduction (scheduling rule 24).
    """
    if plan.ceased is not None and plan.ceased.cause is CeaseCause.DEATH:
        return ()
    found = [event for dose in plan.doses() for event in _visit(dose)]
    found += _checks(plan)
    found += [_window(window, window.through) for window in plan.windows if window.through is not None]
    if mentions_pregnancy(plan):
        found = [event for event in found if not event.reproductive]
    return tuple(sorted(found, key=lambda event: event.key))


def mentions_pregnancy(plan: Plan) -> bool:
    """Whether a standing hold or cease has the cause `pregnancy`: nothing reproductive leaves the staff's pages then.

    It stays so after a `resume`: only voiding the record shows such entries again.
    """
    return plan.pregnancy


def uid_of(course: UUID, key: str) -> UUID:
    """The UID of the event `key` of a course: the same through every move, with no date, host or name in it."""
    return uuid5(course, key)


# ---------------------------------------------------------------------------------------------------------------------


def _visit(dose: Dose) -> Iterable[Event]:
    if dose.times is None:
        return
    role = f"c{dose.cycle}d{dose.day}"
    times = dose.times
    visit = Event(
        key=f"{role}/infusion",
        kind=EventKind.INFUSION,
        start=times.infusion_start,
        end=times.infusion_end,
        confirmed=dose.confirmed,
        cycle=dose.cycle,
        day=dose.day,
        arrival=times.arrival,
        leave_not_before=times.observation_end,
    )
    yield visit
    # As instants: in the hour that the clocks show twice the same wall time begins and ends the stay.
    if times.observation_end.timestamp() > times.infusion_end.timestamp():
        yield replace(
            visit,
            key=f"{role}/observation",
            kind=EventKind.OBSERVATION,
            start=times.infusion_end,
            end=times.observation_end,
        )


def _checks(plan: Plan) -> Iterable[Event]:
    """One event for the checks that share what they hang on and their offset; a reproductive test has its own."""
    private = {audience.name: audience.private for audience in plan.audiences}
    tasks = sorted((task for task in plan.tasks if task.kind != LIVER_WATCH), key=_check_key)
    for key, group in groupby(tasks, key=_check_key):
        members = tuple(group)
        first = members[0]
        yield Event(
            key=key,
            kind=EventKind.CHECK,
            start=first.date,
            end=first.date,
            confirmed=first.confirmed,
            reproductive=first.audience is not None,
            private=first.audience is not None and private.get(first.audience, True),
            cycle=first.cycle,
            day=first.day,
            checks=tuple(task.kind for task in members),
            when=first.when,
        )


def _check_key(task: Task) -> str:
    if task.ordinal:
        return f"after-course/{task.kind}-{task.ordinal}"
    if task.day is None:
        return f"c{task.cycle}/end/{task.kind}"
    role = f"c{task.cycle}d{task.day}/checks-{task.when}-{task.offset_days}"
    return f"{role}/{task.kind}" if task.audience else role


def _window(window: Window, through: date) -> Event:
    return Event(
        key=f"window/{window.kind}/{window.audience}",
        kind=EventKind.WINDOW,
        start=through,
        end=through,
        confirmed=window.final,
        reproductive=True,
        private=not window.shown,
        window=window.kind,
    )
