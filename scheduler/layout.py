"""The layout: from numbers of days to dates, in one pass in the order of treatment (scheduling rules 1 to 8).

The fold keeps numbers of days, never dates. After each action all dates are laid out anew, so a push by the gap
goes when its cause goes, and the same input gives the same plan.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from scheduler.actions import Cease
from scheduler.dates import from_ordinal
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
    """The dates that follow from the numbers, with `cease` and `hold` applied last; of all cycles or `through` one."""
    pass_ = _Pass(numbers)
    day1s: list[date] = []
    start = numbers.course.day1.toordinal()
    count = numbers.cycle_count()
    for cycle in range(1, (count if through is None else min(count, through)) + 1):
        day1 = pass_.cycle(cycle, start)
        day1s.append(from_ordinal(day1))
        start = day1 + numbers.length(cycle)
    slots = tuple(_withdraw(numbers, pass_.slots))
    return Layout(slots, tuple(day1s), tuple(slot for slot in slots if slot.state in _COUNTED))


# ---------------------------------------------------------------------------------------------------------------------


def _place(slot: Slot) -> DoseId:
    """Where a dose stands in the pass: what moves the cycle is laid out before all days of it."""
    return DoseId(slot.id.cycle, EARLIEST_DAY) if slot.anchor else slot.id


_COUNTED = (DoseState.GIVEN, DoseState.PLANNED)


class _Pass:
    """One pass over the cycles. Days are counted as ordinals here, which are cheap to add and to compare."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._gaps = tuple(agent.gap_days for agent in numbers.regimen.ranked)
        # The date from which on each agent's next dose keeps the gap.
        self._earliest = [0] * len(self._gaps)
        self.slots: list[Slot] = []

    def cycle(self, cycle: int, start: int) -> int:
        """Lays out one cycle that starts on `start` by rule 2, and returns its actual day 1."""
        numbers = self._numbers
        doses = numbers.doses(cycle)
        anchor, placed, state, day1 = self._anchor(cycle, doses, start)
        first = from_ordinal(day1)
        for dose in doses:
            if dose is anchor:
                self._keep(dose, state, day1)
                nominal, unpushed = from_ordinal(start), from_ordinal(placed)
                self.slots.append(Slot(dose, nominal, first, unpushed, state, first, anchor=True))
            else:
                self.slots.append(self._slot(dose, day1, first))
        return day1

    def _slot(self, dose: DoseId, day1: int, first: date) -> Slot:
        """A dose at its offset from the actual day 1."""
        usual = day1 + dose.day - 1
        offset = self._numbers.offsets.get(dose)
        placed = usual if offset is None else day1 + offset.days
        state, settled = self._settle(dose, placed, day1)
        self._keep(dose, state, settled)
        nominal = from_ordinal(usual)
        unpushed = nominal if placed == usual else from_ordinal(placed)
        on = unpushed if settled == placed else from_ordinal(settled)
        return Slot(dose, nominal, first, unpushed, state, on, anchor=False)

    def _anchor(self, cycle: int, doses: Sequence[DoseId], start: int) -> tuple[DoseId, int, DoseState, int]:
        """The dose whose date is the actual day 1, where it is placed, how it stands, and where it settles."""
        delay = self._numbers.delays.get(cycle)
        placed = start + delay.days if delay is not None else start
        firsts = [dose for dose in doses if dose.day == 1]
        for dose in firsts:
            state, settled = self._settle(dose, placed, None)
            if not self._gone(dose, state, settled):
                return dose, placed, state, settled
        return firsts[0], placed, *self._settle(firsts[0], placed, None)

    def _gone(self, dose: DoseId, state: DoseState, settled: int) -> bool:
        """Whether the dose is omitted, or cancelled since its agent was ceased; then the next agent is the anchor."""
        if state is not DoseState.PLANNED or not self._numbers.ceases:
            return state is DoseState.OMITTED
        cease = self._numbers.ceases.get(dose.agent)
        if cease is None:
            return False
        first_held = self._numbers.first_held()
        return settled > cease.on.toordinal() or (first_held is not None and dose >= first_held)

    def _settle(self, dose: DoseId, placed: int, day1: int | None) -> tuple[DoseState, int]:
        """How the dose stands, and its date after the gap has pushed it. `day1` is None for the anchor itself."""
        numbers = self._numbers
        record = numbers.given.get(dose)
        if record is not None:
            return DoseState.GIVEN, record.on.toordinal()
        if dose in numbers.omitted:
            return DoseState.OMITTED, placed
        earliest = self._earliest[dose.rank]
        if placed >= earliest or self._past_given(dose, earliest):
            return DoseState.PLANNED, placed
        # A day before day 1 stays before it.
        stays = dose.day < 1 and day1 is not None and earliest >= day1
        return DoseState.PLANNED, placed if stays else earliest

    def _past_given(self, dose: DoseId, earliest: int) -> bool:
        """Nothing is pushed past a given dose: where the gap cannot be kept, the dose stays."""
        return any(
            other.rank == dose.rank and other > dose and given.on.toordinal() <= earliest
            for other, given in self._numbers.given.items()
        )

    def _keep(self, dose: DoseId, state: DoseState, settled: int) -> None:
        if state is not DoseState.OMITTED:
            self._earliest[dose.rank] = settled + self._gaps[dose.rank]


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
