"""The layout: from numbers of days to dates, in one pass in the order of treatment (scheduling rules 1 to 8).

The fold keeps numbers of days, never dates. After each action all dates are laid out anew, so a push by the gap
goes when its cause goes, and the same input gives the same plan.
"""

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import NamedTuple

from scheduler.actions import Away, Cease, Given, Hold, HoldCause, ResponseValue
from scheduler.course import Course
from scheduler.dates import add_days
from scheduler.plan import DoseId, DoseState
from scheduler.regimen import Regimen


class Shift(NamedTuple):
    """A number of days that an action set, with that action's number."""

    days: int
    action: int


@dataclass(slots=True, kw_only=True)
class Numbers:
    """What the actions so far have set. Internal to the fold, which alone changes it."""

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
    times: dict[DoseId, time] = field(default_factory=dict)
    holds: list[tuple[DoseId, Hold]] = field(default_factory=list)
    held_for: dict[DoseId, HoldCause] = field(default_factory=dict)
    cease: Cease | None = None
    audiences: dict[str, bool] = field(default_factory=dict)
    responses: dict[int, ResponseValue] = field(default_factory=dict)
    absences: list[Away] = field(default_factory=list)
    pregnancy: bool = False

    def length(self, cycle: int) -> int:
        """L(k): the cycle's length in days, as set or by the regimen."""
        shift = self.lengths.get(cycle)
        return shift.days if shift else self.regimen.template(cycle).length

    def offset(self, dose: DoseId) -> int:
        """Days from the cycle's actual day 1 to a dose of another day."""
        shift = self.offsets.get(dose)
        return shift.days if shift else dose.day - 1

    def cycle_count(self) -> int:
        """How many cycles the plan has: as set, else by the intent, never fewer than have a given dose."""
        if self.count is not None:
            return self.count
        return max([self.regimen.counts[self.intent].default, *(dose.cycle for dose in self.given)])

    def days(self, cycle: int) -> tuple[int, ...]:
        """The day numbers of a cycle: the regimen's, fewer after `days`; a given dose never falls away."""
        days = self.regimen.template(cycle).days
        if not self.only_days and not self.given:
            return days
        chosen = next((only for start, only in reversed(self.only_days) if start <= cycle), None)
        if chosen is not None:
            days = tuple(day for day in days if day in chosen)
        others = [dose.day for dose in self.given if dose.cycle == cycle and dose.day not in days]
        return tuple(sorted((*days, *others))) if others else days

    def first_held(self) -> DoseId | None:
        """The earliest dose, in order, that a standing hold names."""
        return min((dose for dose, _ in self.holds), default=None)


class Slot(NamedTuple):
    """A dose with its place: nominal and laid-out date; `day1` is its cycle's actual day 1. Held doses keep a date."""

    id: DoseId
    nominal: date
    day1: date
    unpushed: date
    state: DoseState
    date: date

    @property
    def counted(self) -> bool:
        """Whether the dose counts for gap and window: given or planned."""
        return self.state in (DoseState.GIVEN, DoseState.PLANNED)


class Layout(NamedTuple):
    """All doses in the order of treatment, each cycle's actual day 1 (cycle 1 first), and the doses that count."""

    slots: tuple[Slot, ...]
    day1s: tuple[date, ...]
    counted: tuple[Slot, ...]

    def find(self, dose: DoseId) -> Slot | None:
        """The slot of a dose, or None where the plan has no such dose."""
        return next((slot for slot in self.slots if slot.id == dose), None)

    def at(self, dose: DoseId) -> Slot:
        """The slot of a dose that the plan has."""
        return next(slot for slot in self.slots if slot.id == dose)

    def before(self, dose: DoseId) -> Slot | None:
        """The nearest counted dose before `dose` in order."""
        return next((slot for slot in reversed(self.counted) if slot.id < dose), None)

    def next(self, dose: DoseId) -> Slot | None:
        """The nearest counted dose after `dose` in order."""
        return next((slot for slot in self.counted if slot.id > dose), None)


def lay_out(numbers: Numbers) -> Layout:
    """The dates that follow from the numbers, with `cease` and `hold` applied last."""
    slots: list[Slot] = []
    day1s: list[date] = []
    gap = timedelta(days=numbers.regimen.min_gap_days)
    previous: date | None = None
    start = numbers.course.day1
    for cycle in range(1, numbers.cycle_count() + 1):
        for day in numbers.days(cycle):
            dose = DoseId(cycle, day)
            nominal = start if day == 1 else add_days(day1s[-1], day - 1)
            placed = _unpushed(numbers, dose, start if day == 1 else day1s[-1])
            earliest = placed if previous is None else previous + gap
            state, settled = _settle(numbers, dose, placed, earliest)
            if day == 1:
                day1s.append(settled)
            if state is not DoseState.OMITTED:
                previous = settled
            slots.append(Slot(dose, nominal, day1s[-1], placed, state, settled))
        start = add_days(day1s[-1], numbers.length(cycle))
    settled_slots = tuple(_withdraw(numbers, slots))
    return Layout(settled_slots, tuple(day1s), tuple(slot for slot in settled_slots if slot.counted))


# ---------------------------------------------------------------------------------------------------------------------


def _unpushed(numbers: Numbers, dose: DoseId, anchor: date) -> date:
    if dose.day != 1:
        return add_days(anchor, numbers.offset(dose))
    delay = numbers.delays.get(dose.cycle)
    return add_days(anchor, delay.days) if delay else anchor


def _settle(numbers: Numbers, dose: DoseId, placed: date, earliest: date) -> tuple[DoseState, date]:
    record = numbers.given.get(dose)
    if record is not None:
        return DoseState.GIVEN, record.on
    if dose in numbers.omitted:
        return DoseState.OMITTED, placed
    if placed >= earliest:
        return DoseState.PLANNED, placed
    # Nothing is pushed past a given dose: where the gap cannot be kept, the dose stays.
    past_given = any(other > dose and given.on <= earliest for other, given in numbers.given.items())
    return DoseState.PLANNED, placed if past_given else earliest


def _withdraw(numbers: Numbers, slots: list[Slot]) -> list[Slot]:
    """Applies `cease` and `hold` to the laid-out dates; a cease ends every hold (nothing can be resumed after it)."""
    first_held, cease = numbers.first_held(), numbers.cease
    if first_held is None and cease is None:
        return slots
    return [slot._replace(state=_withdrawn(slot, first_held, cease)) for slot in slots]


def _withdrawn(slot: Slot, first_held: DoseId | None, cease: Cease | None) -> DoseState:
    if slot.state is not DoseState.PLANNED:
        return slot.state
    held = first_held is not None and slot.id >= first_held
    if cease is not None:
        return DoseState.CANCELLED if held or slot.date > cease.on else DoseState.PLANNED
    return DoseState.HELD if held else DoseState.PLANNED
