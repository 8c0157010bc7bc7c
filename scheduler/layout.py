"""The layout: from numbers of days to dates, in one pass in the order of treatment (scheduling rules 1 to 8).

The fold keeps numbers of days, never dates. After each action all dates are laid out anew, so a push by the gap
goes when its cause goes, and the same input gives the same plan.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from scheduler.actions import Cease
from scheduler.dates import add_days
from scheduler.dose_id import DoseId
from scheduler.numbers import Numbers
from scheduler.plan import DoseState
from scheduler.regimen_cycles import EARLIEST_DAY


class Slot(NamedTuple):
    """A dose with its place: nominal and laid-out date; `day1` is its cycle's actual day 1. Held doses keep a date.

    `anchor` tells that its date is the actual day 1, so that the cycle moves with it.
    """

    id: DoseId
    nominal: date
    day1: date
    unpushed: date
    state: DoseState
    date: date
    anchor: bool

    @property
    def counted(self) -> bool:
        """Whether the dose counts for gap and window: given or planned."""
        return self.state in (DoseState.GIVEN, DoseState.PLANNED)


class Layout(NamedTuple):
    """All doses in the order of treatment, each cycle's actual day 1 (cycle 1 first), and the doses that count."""

    slots: tuple[Slot, ...]
    day1s: tuple[date, ...]
    counted: tuple[Slot, ...]

    def at(self, dose: DoseId) -> Slot:
        """The slot of a dose that the plan has."""
        return next(slot for slot in self.slots if slot.id == dose)

    def visit(self, cycle: int, day: int, agent: str = "") -> tuple[Slot, ...]:
        """The doses of that cycle and day, of one agent where its key is given."""
        here = (slot for slot in self.slots if slot.id[:2] == (cycle, day))
        return tuple(slot for slot in here if agent in ("", slot.id.agent))

    def anchor(self, cycle: int) -> Slot | None:
        """The dose whose date is the actual day 1 of that cycle, where the plan has the cycle."""
        return next((slot for slot in self.slots if slot.id.cycle == cycle and slot.anchor), None)

    def before(self, slot: Slot) -> Slot | None:
        """The nearest counted dose of the same agent before `slot` in order.

        Days before day 1 follow their cycle's day 1, so they are not before the dose that moves the cycle.
        """
        mine = (one for one in reversed(self.counted) if one.id.rank == slot.id.rank and one.id < _place(slot))
        return next(mine, None)

    def laid_out_before(self, slot: Slot) -> Slot:
        """The dose that pushed `slot`: the nearest of its agent before it that takes part in the layout."""
        mine = (one for one in reversed(self.slots) if one.id.rank == slot.id.rank and one.id < _place(slot))
        return next(one for one in mine if one.state is not DoseState.OMITTED)

    def next(self, slot: Slot) -> Slot | None:
        """The nearest counted dose of the same agent after `slot` in order."""
        mine = (one for one in self.counted if one.id.rank == slot.id.rank)
        return next((one for one in mine if one.id > slot.id), None)


def lay_out(numbers: Numbers, *, through: int | None = None) -> Layout:
    """The dates that follow from the numbers, with `cease` and `hold` applied last.

    With `through` up to that cycle alone, and without the slots of cycles before it whose doses were all given: what
    was given lies where it was given, and a fold asks for one cycle after the other.
    """
    pass_ = _Pass(numbers)
    day1s: list[date] = []
    start = numbers.course.day1
    count = numbers.cycle_count()
    for cycle in range(1, (count if through is None else min(count, through)) + 1):
        settled = pass_.settled(cycle) if through is not None and cycle < through else None
        day1s.append(settled or pass_.cycle(cycle, start))
        start = add_days(day1s[-1], numbers.length(cycle))
    slots = tuple(_withdraw(numbers, pass_.slots))
    return Layout(slots, tuple(day1s), tuple(slot for slot in slots if slot.state in _COUNTED))


# ---------------------------------------------------------------------------------------------------------------------


def _place(slot: Slot) -> DoseId:
    """Where a dose stands in the pass: what moves the cycle is laid out before all days of it."""
    return DoseId(slot.id.cycle, EARLIEST_DAY) if slot.anchor else slot.id


_COUNTED = (DoseState.GIVEN, DoseState.PLANNED)


@lru_cache(maxsize=2048)
def _span(days: int) -> timedelta:
    return timedelta(days=days)


class _Pass:
    """One pass over the cycles."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._recorded = bool(numbers.given or numbers.omitted)
        self._gaps = [_span(agent.gap_days) for agent in numbers.regimen.ranked]
        # The date from which on each agent's next dose keeps the gap.
        self._earliest = [date.min] * len(self._gaps)
        self.slots: list[Slot] = []

    def settled(self, cycle: int) -> date | None:
        """The actual day 1 of a cycle whose doses were all given, taken note of without its slots; else None."""
        given = self._numbers.given
        doses = self._numbers.doses(cycle)
        if not all(dose in given for dose in doses):
            return None
        for dose in doses:
            self._earliest[dose.rank] = given[dose].on + self._gaps[dose.rank]
        return next(given[dose].on for dose in doses if dose.day == 1)

    def cycle(self, cycle: int, start: date) -> date:
        """Lays out one cycle that starts on `start` by rule 2, and returns its actual day 1."""
        doses = self._numbers.doses(cycle)
        anchor, placed, state, day1 = self._anchor(cycle, doses, start)
        for dose in doses:
            if dose is anchor:
                slot = Slot(dose, start, day1, placed, state, day1, anchor=True)
            else:
                slot = self._beside(dose, day1)
            self.slots.append(slot)
            if slot.state is not DoseState.OMITTED:
                self._earliest[dose.rank] = slot.date + self._gaps[dose.rank]
        return day1

    def _beside(self, dose: DoseId, day1: date) -> Slot:
        """A dose at its offset from the actual day 1."""
        nominal = day1 + _span(dose.day - 1)
        offsets = self._numbers.offsets
        unpushed = day1 + _span(offsets[dose].days) if offsets and dose in offsets else nominal
        state, on = self._settle(dose, unpushed, day1)
        return Slot(dose, nominal, day1, unpushed, state, on, anchor=False)

    def _anchor(self, cycle: int, doses: Sequence[DoseId], start: date) -> tuple[DoseId, date, DoseState, date]:
        """The dose whose date is the actual day 1, where it is placed, how it stands, and where it settles."""
        delay = self._numbers.delays.get(cycle)
        placed = add_days(start, delay.days) if delay is not None else start
        firsts = [dose for dose in doses if dose.day == 1]
        for dose in firsts:
            state, settled = self._settle(dose, placed, None)
            if not self._gone(dose, state, settled):
                return dose, placed, state, settled
        return firsts[0], placed, *self._settle(firsts[0], placed, None)

    def _gone(self, dose: DoseId, state: DoseState, settled: date) -> bool:
        """Whether the dose is omitted, or cancelled since its agent was ceased; then the next agent is the anchor."""
        if state is not DoseState.PLANNED or not self._numbers.ceases:
            return state is DoseState.OMITTED
        cease = self._numbers.ceases.get(dose.agent)
        if cease is None:
            return False
        first_held = self._numbers.first_held()
        return settled > cease.on or (first_held is not None and dose >= first_held)

    def _settle(self, dose: DoseId, placed: date, day1: date | None) -> tuple[DoseState, date]:
        """How the dose stands, and its date after the gap has pushed it. `day1` is None for the anchor itself."""
        numbers = self._numbers
        if self._recorded:
            if dose in numbers.given:
                return DoseState.GIVEN, numbers.given[dose].on
            if dose in numbers.omitted:
                return DoseState.OMITTED, placed
        earliest = self._earliest[dose.rank]
        if placed >= earliest or self._past_given(dose, earliest):
            return DoseState.PLANNED, placed
        # A day before day 1 stays before it.
        stays = dose.day < 1 and day1 is not None and earliest >= day1
        return DoseState.PLANNED, placed if stays else earliest

    def _past_given(self, dose: DoseId, earliest: date) -> bool:
        """Nothing is pushed past a given dose: where the gap cannot be kept, the dose stays."""
        return any(
            other.rank == dose.rank and other > dose and given.on <= earliest
            for other, given in self._numbers.given.items()
        )


def _withdraw(numbers: Numbers, slots: list[Slot]) -> list[Slot]:
    """Applies `cease` and `hold` to the laid-out dates; a cease ends every hold (nothing can be resumed after it)."""
    first_held = numbers.first_held()
    if first_held is None and numbers.cease is None and not numbers.ceases:
        return slots
    return [slot._replace(state=_withdrawn(slot, first_held, numbers.cease_of(slot.id))) for slot in slots]


def _withdrawn(slot: Slot, first_held: DoseId | None, ceases: Sequence[Cease]) -> DoseState:
    if slot.state is not DoseState.PLANNED:
        return slot.state
    held = first_held is not None and slot.id >= first_held
    if ceases:
        gone = held or any(slot.date > cease.on for cease in ceases)
        return DoseState.CANCELLED if gone else DoseState.PLANNED
    return DoseState.HELD if held else DoseState.PLANNED
