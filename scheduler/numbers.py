"""What the actions so far have set: numbers of days, never dates (scheduling rule 8)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import time
from typing import NamedTuple

from scheduler.actions import Away, Cease, Given, Hold, HoldCause, ResponseValue
from scheduler.course import Course
from scheduler.dose_id import DoseId
from scheduler.regimen import Regimen
from scheduler.regimen_cycles import EARLIEST_DAY


class Shift(NamedTuple):
    """A number of days that an action set, with that action's number."""

    days: int
    action: int


@dataclass(slots=True, kw_only=True)
class Numbers:
    """What the actions so far have set. Internal to the fold, which alone changes it.

    `delays` belong to the actual day 1 of a cycle, `offsets` to doses, counted from it; `ceases` to agents.
    """

    regimen: Regimen
    course: Course
    intent: str
    count: int | None
    at: time
    lengths: dict[int, Shift] = field(default_factory=dict)
    delays: dict[int, Shift] = field(default_factory=dict)
    offsets: dict[DoseId, Shift] = field(default_factory=dict)
    given: dict[DoseId, Given] = field(default_factory=dict)
    omitted: set[DoseId] = field(default_factory=set)
    only_days: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    other_version: bool = False
    times: dict[DoseId, time] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    held_for: dict[DoseId, HoldCause] = field(default_factory=dict)
    cease: Cease | None = None
    ceases: dict[str, Cease] = field(default_factory=dict)
    audiences: dict[str, bool] = field(default_factory=dict)
    responses: dict[int, ResponseValue] = field(default_factory=dict)
    absences: list[Away] = field(default_factory=list)
    pregnancy: bool = False

    def length(self, cycle: int) -> int:
        """L(k): the cycle's length in days, as set or by the regimen."""
        shift = self.lengths.get(cycle)
        return shift.days if shift else self.regimen.template(cycle).length

    def offset(self, dose: DoseId) -> int:
        """Days from the cycle's actual day 1 to a dose that does not move the cycle itself."""
        shift = self.offsets.get(dose)
        return shift.days if shift else dose.day - 1

    def cycle_count(self) -> int:
        """How many cycles the plan has: as set, else by the intent, never fewer than have a given dose."""
        if self.count is not None:
            return self.count
        return max([self.regimen.counts[self.intent].default, *(dose.cycle for dose in self.given)])

    def doses(self, cycle: int) -> tuple[DoseId, ...]:
        """The doses of a cycle: the regimen's, fewer after `days`; a given dose never falls away."""
        doses = self.regimen.doses(cycle)
        if not self.only_days and not self.other_version:
            return doses
        chosen = next((only for start, only in reversed(self.only_days) if start <= cycle), None)
        if chosen is not None:
            doses = tuple(dose for dose in doses if dose.day in chosen)
        others = [dose for dose in self.given if dose.cycle == cycle and dose not in doses]
        return tuple(sorted((*doses, *others))) if others else doses

    def first_held(self) -> DoseId | None:
        """The place in order from which on a standing hold takes planned doses. Day 1 stands for the days before it."""
        places = (DoseId(hold.cycle, EARLIEST_DAY if hold.day == 1 else hold.day) for hold in self.holds)
        return min(places, default=None)

    def cease_of(self, dose: DoseId) -> tuple[Cease, ...]:
        """The ceases that concern a dose: of the treatment, and of its agent."""
        found: Iterable[Cease | None] = (self.cease, self.ceases.get(dose.agent))
        return tuple(cease for cease in found if cease is not None)

    def copy(self) -> "Numbers":
        """Numbers that can be changed without changing the original."""
        return replace(
            self,
            lengths=dict(self.lengths),
            delays=dict(self.delays),
            offsets=dict(self.offsets),
            given=dict(self.given),
            omitted=set(self.omitted),
            only_days=list(self.only_days),
            times=dict(self.times),
            holds=list(self.holds),
            held_for=dict(self.held_for),
            ceases=dict(self.ceases),
            audiences=dict(self.audiences),
            responses=dict(self.responses),
            absences=list(self.absences),
        )
