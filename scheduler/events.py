"""Events: the dated things that a calendar can show. A key names the role, no date, so a moved event stays itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from uuid import UUID, uuid5

from scheduler.actions import CeaseCause
from scheduler.plan import HOSPITAL_STAY, LIVER_WATCH, Dose, Plan, Task, VisitTimes, Window
from scheduler.regimen import Regimen, When, WindowKind
from scheduler.visit_order import in_visit_order


class EventKind(StrEnum):
    """What an event is.

    The infusions of a visit, the time of observation after them; for an infusion that runs on the change of a bag and
    its end; checks around a dose, what is done at home, a stay in hospital; the end of a window.
    """

    INFUSION = "infusion"
    OBSERVATION = "observation"
    BAG_CHANGE = "bag-change"
    DISCONNECT = "disconnect"
    CHECK = "check"
    HOME = "home"
    STAY = "stay"
    WINDOW = "window"


class Cancelled(StrEnum):
    """What a patient is told of an event that left the plan."""

    NOT_HAPPENING = "not-happening"
    TO_BE_ARRANGED = "to-be-arranged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One dated thing. `start` and `end` are instants in the clinic's zone; of whole days civil dates, both included.

    `reproductive` events are for the patient alone, `private` ones for staff alone. `confirmed` false: may change.
    `agents` are the names of what is given, where the regimen has several. `open_end`: how long it takes is not known,
    and `end` is the last instant that is. `checks` are the task kinds of an event of tasks; `window` is set for
    windows, `until` for those that end at an instant.
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
    agents: tuple[str, ...] = ()
    open_end: bool = False
    until: datetime | None = None

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


Timed = tuple[Dose, VisitTimes]  # a dose that is planned or given, with its times


def events(plan: Plan) -> tuple[Event, ...]:
    """The events of doses that are planned or given, of their checks, and of windows with a date, by key.

    After `death` there are none; after `pregnancy` (hold or cease) none that concern reproduction (scheduling rule 24).
    """
    if plan.ceased is not None and plan.ceased.cause is CeaseCause.DEATH:
        return ()
    found = [event for visit, apart in timed_visits(plan) for event in _of_visit(plan.regimen, visit, apart)]
    found += _tasks(plan)
    found += [_window(window, window.last_date) for window in plan.windows if window.last_date is not None]
    if mentions_pregnancy(plan):
        found = [event for event in found if not event.reproductive]
    return tuple(sorted(found, key=lambda event: event.key))


def timed_visits(plan: Plan) -> Iterator[tuple[list[Timed], str]]:
    """The doses of each visit in the order in which they are given.

    With those of a cycle and day that lie apart from its first date goes the agent that names them.
    """
    for cycle in plan.cycles:
        timed = [(dose, dose.times) for dose in cycle.doses if dose.times is not None]
        for _, members in groupby(timed, key=lambda one: one[0].day):
            by_date: dict[date | None, dict[object, Timed]] = {}
            for one in members:
                by_date.setdefault(one[0].date, {})[one[0].id] = one
            for number, visit in enumerate(by_date.values()):
                order = in_visit_order(plan.regimen, (dose.id for dose, _ in visit.values()))
                apart = next(iter(visit.values()))[0].agent if number else ""
                yield [visit[dose] for dose in order], apart


def mentions_pregnancy(plan: Plan) -> bool:
    """Whether a standing hold or cease has the cause `pregnancy`: nothing reproductive leaves the staff's pages then.

    It stays so after a `resume`: only voiding the record shows such entries again.
    """
    return plan.pregnancy


def uid_of(course: UUID, key: str) -> UUID:
    """The UID of the event `key` of a course: the same through every move, with no date, host or name in it."""
    return uuid5(course, key)


# ---------------------------------------------------------------------------------------------------------------------


def _of_visit(regimen: Regimen, visit: list[Timed], apart: str) -> Iterator[Event]:
    first, first_times = visit[0]
    last_times = visit[-1][1]
    role, side = f"c{first.cycle}d{first.day}", f"/{apart}" if apart else ""
    # An infusion that runs on outlasts the visit; when it goes home with the patient is not known.
    ends = last_times.infusion_start if last_times.runs_on else last_times.infusion_end
    infusion = Event(
        key=f"{role}/infusion{side}",
        kind=EventKind.INFUSION,
        start=first_times.infusion_start,
        end=ends,
        confirmed=first.confirmed,
        cycle=first.cycle,
        day=first.day,
        arrival=first_times.arrival,
        leave_not_before=last_times.leave_not_before,
        agents=tuple(regimen.agents[dose.agent].name for dose, _ in visit if dose.agent),
        open_end=last_times.leave_not_before is None,
    )
    yield infusion
    # As instants: in the hour that the clocks show twice the same wall time begins and ends the stay.
    left = last_times.leave_not_before
    if left is not None and left.timestamp() > last_times.infusion_end.timestamp():
        key = f"{role}/observation{side}"
        yield replace(infusion, key=key, kind=EventKind.OBSERVATION, start=last_times.infusion_end, end=left)
    for dose, times in visit:
        name = regimen.agents[dose.agent].name if dose.agent else ""
        yield from _running_on(infusion, dose, times, name)


def _running_on(infusion: Event, dose: Dose, times: VisitTimes, name: str) -> Iterator[Event]:
    """The changes of bags and the end of an infusion that runs on after the visit."""
    if times.disconnect is None:
        return
    role = f"c{dose.cycle}d{dose.day}"
    agents = (name,) if name else ()
    own = replace(infusion, arrival=None, leave_not_before=None, open_end=False, agents=agents)
    for number, change in enumerate(times.bag_changes, start=1):
        place = f"{dose.agent}-{number}" if dose.agent else str(number)
        yield replace(own, key=f"{role}/bag/{place}", kind=EventKind.BAG_CHANGE, start=change, end=change)
    key = f"{role}/disconnect/{dose.agent}" if dose.agent else f"{role}/disconnect"
    yield replace(own, key=key, kind=EventKind.DISCONNECT, start=times.disconnect, end=times.disconnect)


def _tasks(plan: Plan) -> Iterator[Event]:
    """One event for the checks that share what they hang on and their offset; a reproductive test has its own."""
    private = {audience.name: audience.private for audience in plan.audiences}
    tasks = sorted((task for task in plan.tasks if task.kind != LIVER_WATCH), key=_task_key)
    for key, group in groupby(tasks, key=_task_key):
        members = tuple(group)
        first = members[0]
        yield Event(
            key=key,
            kind=_task_kind(first),
            start=first.date,
            end=first.date + timedelta(days=first.lasts_days - 1),
            confirmed=first.confirmed,
            reproductive=first.audience is not None,
            private=first.audience is not None and private.get(first.audience, True),
            cycle=first.cycle,
            day=first.day,
            checks=tuple(task.kind for task in members),
            when=first.when,
        )


def _task_kind(task: Task) -> EventKind:
    if task.kind == HOSPITAL_STAY:
        return EventKind.STAY
    return EventKind.HOME if task.at_home else EventKind.CHECK


def _task_key(task: Task) -> str:
    if task.ordinal:
        return f"after-course/{task.kind}-{task.ordinal}"
    if task.day is None:
        return f"c{task.cycle}/end/{task.kind}"
    kind = _task_kind(task)
    if kind is EventKind.STAY:
        return f"c{task.cycle}/stay" if task.of_cycle and task.day == 1 else f"c{task.cycle}/stay/day{task.day}"
    if task.of_cycle:
        role = f"c{task.cycle}/day{task.day}"
        return f"{role}/{task.kind}" if kind is EventKind.HOME else f"{role}/checks"
    place = "home" if kind is EventKind.HOME else "checks"
    role = f"c{task.cycle}d{task.day}/{place}-{task.when}-{task.offset_days}"
    role = f"{role}/{task.agent}" if task.agent else role
    return f"{role}/{task.kind}" if task.audience or kind is EventKind.HOME else role


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
        until=window.until,
    )
