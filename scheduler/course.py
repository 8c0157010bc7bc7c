"""The course and the clinic's rules: what the plan is made from beside the regimen and the actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from scheduler.errors import InvalidValue
from scheduler.regimen import Regimen, WindowRule

MAX_CYCLES = 99  # a technical bound: far above any regimen, low enough that a slip of the finger costs nothing


class ClosedDayPolicy(StrEnum):
    """Which open date is proposed for a dose on a closed day."""

    LATER = "later"
    EARLIER = "earlier"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """An audience that applies to the person; `private` ones are for staff only."""

    name: str
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierDose:
    """The last dose of an agent in an earlier course: its windows may outlast those of the course that follows.

    `ended` is the instant of the infusion's end, where it is known; `settled` tells that the earlier course has no
    planned or held dose left. `windows` are that agent's, `jurisdiction` that of the earlier course.
    """

    agent_name: str
    on: date
    ended: datetime | None
    settled: bool
    windows: tuple[WindowRule, ...]
    jurisdiction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One patient's treatment with one regimen. `at` is the infusion's start, a wall time in `zone`.

    `jurisdiction` says whose label is followed, where labels differ; `earlier` are courses that this one goes on from.
    """

    id: UUID
    day1: date
    at: time
    zone: str
    cycles: int | None = None
    intent: str = "continue"
    cycle_lengths: Mapping[int, int] = field(default_factory=dict)
    audiences: tuple[Audience, ...] = ()
    reason: str = ""
    jurisdiction: str = ""
    earlier: tuple[EarlierDose, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "cycle_lengths", MappingProxyType(dict(self.cycle_lengths)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicRules:
    """What the clinic decides. `closed` names single closed dates; weekdays are numbered 0 (Monday) to 6.

    `after_test_days` is the clinic's own distance of tests after a dose; without it the regimen's. `newest` is the
    newest version of the course's regimen that the clinic has, `earlier` are versions that the course moved to before.
    """

    opening_days: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    closed: Mapping[date, str] = field(default_factory=dict)
    closed_day_policy: ClosedDayPolicy = ClosedDayPolicy.LATER
    lead_minutes: int = 30
    liver_watch_weeks: int = 8
    after_test_days: int | None = None
    newest: Regimen | None = None
    earlier: tuple[Regimen, ...] = ()

    def __post_init__(self) -> None:
        if not self.opening_days:
            raise InvalidValue("opening_days: a clinic is open on at least one weekday", field="opening_days")
        object.__setattr__(self, "closed", MappingProxyType(dict(self.closed)))

    def versions(self) -> Mapping[str, Regimen]:
        """The versions of the regimen that an action can name; a course keeps one as it was when it moved to it."""
        newest = () if self.newest is None else (self.newest,)
        return {regimen.version: regimen for regimen in (*newest, *self.earlier)}

    def closure(self, day: date) -> str:
        """Why the clinic is closed on `day`, or an empty text."""
        if day in self.closed:
            return self.closed[day]
        return "" if day.weekday() in self.opening_days else f"the clinic is closed on {day:%A}s"
