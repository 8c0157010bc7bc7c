"""The plan: every date that follows from regimen, course, actions, clinic rules and today, with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from scheduler.actions import Action, Cease, Hold
from scheduler.course import Audience, Course
from scheduler.dose_id import DoseId
from scheduler.regimen import Regimen, When, WindowKind

LIVER_WATCH = "liver-watch"  # the one task that is a span's end and no visit: for staff, in no calendar
HOSPITAL_STAY = "hospital-stay"  # the one task that lasts


class DoseState(StrEnum):
    """Where a dose stands."""

    PLANNED = "planned"
    GIVEN = "given"
    OMITTED = "omitted"
    CANCELLED = "cancelled"
    HELD = "held"


class Severity(StrEnum):
    """`warn` is kept for harm."""

    NOTE = "note"
    WARN = "warn"


class Fact(NamedTuple):
    """One link of a chain of reasons: the rule, the reason in words, the date it gave, and its source.

    The result is `amount` units after `since` (dates.add), so that the chain can be worked out again; where `since`
    is None it was recorded. Hours are counted on instants: then both are instants, not dates.
    """

    rule: str
    origin: str
    result: date
    source: str
    since: date | None = None
    amount: int = 0
    unit: str = ""


Told = tuple[str, tuple[Fact, ...]]


class Why(partial[Told]):
    """Why a date is what it is: as one sentence and as the chain of facts behind it.

    A plan has a hundred of them and few are read, so this is the call that tells it, made on reading: Why(tell, what…).
    """

    @property
    def sentence(self) -> str:
        """The reasons in one sentence, for staff."""
        return self()[0]

    @property
    def chain(self) -> tuple[Fact, ...]:
        """The facts from rule to result, in order."""
        return self()[1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Why) and self() == other()

    def __hash__(self) -> int:
        return hash(self())

    def __repr__(self) -> str:
        return f"Why({self.sentence!r})"


class VisitTimes(NamedTuple):
    """The instants of a dose on its visit, in the clinic's zone. Arrival and premedication are those of the visit.

    What is not known stands at the last instant that is: the start without `start_known`, the end without
    `length_known`. Without `observed` no observation is stated. `waited`: the start was put later for a gap in hours.
    An infusion that runs on after the visit has its `bag_changes` and the instant to `disconnect`.
    """

    arrival: datetime
    premedication: datetime
    infusion_start: datetime
    infusion_end: datetime
    observation_end: datetime
    start_known: bool = True
    length_known: bool = True
    observed: bool = True
    waited: bool = False
    runs_on: bool = False
    bag_changes: tuple[datetime, ...] = ()
    disconnect: datetime | None = None

    @property
    def leave_not_before(self) -> datetime | None:
        """When one may leave at the earliest; None where that is not known, or the infusion goes home too."""
        return self.observation_end if self.length_known and not self.runs_on else None


class Dose(NamedTuple):
    """One dose. `nominal`: by its cycle's actual day 1. `date` is None while held; `times` unless planned or given.

    `confirmed`: rule 22; a dose that is not confirmed "may change". `deferred` tells that its own place was changed
    by an action, `pushed` that the gap moved it.
    """

    id: DoseId
    nominal: date
    date: date | None
    state: DoseState
    times: VisitTimes | None
    confirmed: bool
    deferred: bool
    pushed: bool
    elsewhere: bool
    why: Why

    @property
    def cycle(self) -> int:
        """The number of its cycle."""
        return self.id.cycle

    @property
    def day(self) -> int:
        """The number of its day in the cycle."""
        return self.id.day

    @property
    def agent(self) -> str:
        """The key of its agent; empty in a regimen of one agent."""
        return self.id.agent


class Cycle(NamedTuple):
    """One cycle: `day1` is its actual day 1, `length_days` the distance to the next cycle's where there is one."""

    number: int
    day1: date
    length_days: int
    last_day: date
    doses: tuple[Dose, ...]


class Window(NamedTuple):
    """A span after the last dose. `through` is included; None while doses are held, and where `until` is an instant.

    `not_stated` names the agents of which no source says anything: then there is no end. `agent` names the one whose
    window lasts longest, where the regimen has several or an earlier course counts.
    """

    audience: str
    kind: WindowKind
    last_dose: date | None
    through: date | None
    until: datetime | None
    final: bool
    shown: bool
    verified: bool
    why: Why
    agent: str = ""
    not_stated: tuple[str, ...] = ()

    @property
    def last_date(self) -> date | None:
        """The civil date on which the window ends, counted in days or in hours."""
        return self.until.date() if self.until is not None else self.through


class Task(NamedTuple):
    """A check on a date. `day` is None at a cycle's end; `audience` is set when it concerns reproduction.

    `offset_days` is the regimen's distance, before closed days moved it; `ordinal` numbers the weekly ones from 1.
    `agent` is set where it belongs to a dose that lies apart from its visit, `of_cycle` where it belongs to a day of
    the cycle whether there is a dose on it or not. `at_home`: the patient does it. It lasts `lasts_days` from its date.
    """

    kind: str
    cycle: int
    day: int | None
    when: When
    date: date
    offset_days: int
    confirmed: bool
    why: Why
    audience: str | None = None
    ordinal: int = 0
    agent: str = ""
    of_cycle: bool = False
    at_home: bool = False
    lasts_days: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An action that would answer an advice."""

    kind: str
    cycle: int
    day: int
    to: date | None = None
    scope: str | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A remark of the plan on itself. `facts` identify it: an acknowledged advice returns when they change."""

    code: str
    severity: Severity
    cycle: int | None
    day: int | None
    message: str
    suggest: Suggestion | None
    facts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAction:
    """An action with its number in the course and whether it stands (has not been voided or replaced)."""

    number: int
    action: Action
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole plan of a course at `revision` (the number of actions recorded), as seen on `today`.

    `pregnancy` tells that a standing hold or cease has that cause. Tasks and advice are found when they are first read.
    """

    regimen: Regimen
    course: Course
    today: date
    intent: str
    revision: int
    cycles: tuple[Cycle, ...]
    windows: tuple[Window, ...]
    tasks: Sequence[Task]
    advice: Sequence[Advice]
    actions: tuple[RecordedAction, ...]
    audiences: tuple[Audience, ...]
    ceased: Cease | None
    held: Hold | None
    pregnancy: bool

    def whole(self) -> "Plan":
        """The same plan with nothing left to be found. Raises what would else be raised when it is read."""
        return replace(self, tasks=tuple(self.tasks), advice=tuple(self.advice))

    def doses(self) -> tuple[Dose, ...]:
        """All doses in the order of treatment, whatever their state."""
        return tuple(dose for cycle in self.cycles for dose in cycle.doses)

    def find(self, cycle: int, day: int, agent: str = "") -> Dose | None:
        """The dose of that cycle and day, of that agent or else the first of the visit; or None."""
        here = (dose for dose in self.doses() if dose.id[:2] == (cycle, day))
        return next((dose for dose in here if agent in ("", dose.agent)), None)
