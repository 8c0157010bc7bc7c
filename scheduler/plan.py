"""The plan: every date that follows from regimen, course, actions, clinic rules and today, with its reasons."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from scheduler.actions import Action, Cease, Hold
from scheduler.course import Audience, Course
from scheduler.regimen import Regimen, When, WindowKind

LIVER_WATCH = "liver-watch"  # the one task that is a span's end and no visit: for staff, in no calendar


class DoseId(NamedTuple):
    """Which dose: cycle and day. Sorts in the order of treatment."""

    cycle: int
    day: int

    def __str__(self) -> str:
        return f"C{self.cycle}D{self.day}"


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
    """One link of a chain of reasons: the rule, what it started from in words, the date it gave, and its source."""

    rule: str
    origin: str
    result: date
    source: str


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
    """The instants of a visit, in the clinic's zone."""

    arrival: datetime
    premedication: datetime
    infusion_start: datetime
    infusion_end: datetime
    observation_end: datetime


class Dose(NamedTuple):
    """One dose. `nominal`: by its cycle's actual day 1. `date` is None while held; `times` unless planned or given.

    `confirmed`: rule 22; a dose that is not confirmed "may change". `deferred` tells that its own place was changed
    by an action, `pushed` that the gap moved it.
    """

    cycle: int
    day: int
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
    def id(self) -> DoseId:
        """The dose's place in the course."""
        return DoseId(self.cycle, self.day)


class Cycle(NamedTuple):
    """One cycle: `day1` is its actual day 1, `length_days` the distance to the next cycle's where there is one."""

    number: int
    day1: date
    length_days: int
    last_day: date
    doses: tuple[Dose, ...]


class Window(NamedTuple):
    """A span after the last dose. `through` is included; None while doses are held."""

    audience: str
    kind: WindowKind
    last_dose: date | None
    through: date | None
    until: datetime | None
    final: bool
    shown: bool
    verified: bool
    why: Why


class Task(NamedTuple):
    """A check on a date. `day` is None at a cycle's end; `audience` is set when it concerns reproduction.

    `offset_days` is the regimen's distance, before closed days moved it; `ordinal` numbers the weekly ones from 1.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An action that would answer an advice."""

    kind: str
    cycle: int
    day: int
    to: date | None = None
    scope: str | None = None


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

    `pregnancy` tells that a standing hold or cease has that cause.
    """

    regimen: Regimen
    course: Course
    today: date
    intent: str
    revision: int
    cycles: tuple[Cycle, ...]
    windows: tuple[Window, ...]
    tasks: tuple[Task, ...]
    advice: tuple[Advice, ...]
    actions: tuple[RecordedAction, ...]
    audiences: tuple[Audience, ...]
    ceased: Cease | None
    held: Hold | None
    pregnancy: bool

    def doses(self) -> tuple[Dose, ...]:
        """All doses in the order of treatment, whatever their state."""
        return tuple(dose for cycle in self.cycles for dose in cycle.doses)

    def find(self, cycle: int, day: int) -> Dose | None:
        """The dose of that cycle and day, or None."""
        return next((dose for dose in self.doses() if (dose.cycle, dose.day) == (cycle, day)), None)
