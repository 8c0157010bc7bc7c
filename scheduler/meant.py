"""Which doses an action means: those of its visit that are open, or that of the agent it names."""

from collections.abc import Sequence

from scheduler.actions import Cease, Defer, Given, Hold, Omit, Resume
from scheduler.dose_id import DoseId
from scheduler.layout import Layout, Slot
from scheduler.numbers import Numbers
from scheduler.plan import DoseState
from scheduler.regimen import Regimen, Scope

OPEN = (DoseState.PLANNED, DoseState.HELD)
OPEN_FOR_RECORD = (*OPEN, DoseState.CANCELLED)


def agent_key(regimen: Regimen, action: Given | Defer | Omit | Cease) -> str:
    """The key of the agent that an action names as doses carry it: with one agent they carry none."""
    return action.agent if len(regimen.agents) > 1 else ""


def doses_named(numbers: Numbers, action: Given | Omit) -> tuple[DoseId, ...]:
    """The doses of that cycle and day, of the named agent if there is one, whatever became of them."""
    agent = agent_key(numbers.regimen, action)
    here = (dose for dose in numbers.doses(action.cycle) if dose.day == action.day)
    return tuple(dose for dose in here if agent in ("", dose.agent))


def meant(numbers: Numbers, layout: Layout, action: Given | Defer | Omit | Hold | Resume) -> tuple[Slot, ...]:
    """The doses that an action means: open ones of its cycle and day that share the date of the first of them."""
    agent = agent_key(numbers.regimen, action) if isinstance(action, Given | Defer | Omit) else ""
    named = layout.visit(action.cycle, action.day, agent)
    if isinstance(action, Given):
        found = [slot for slot in named if slot.state in OPEN_FOR_RECORD and _possible(numbers, slot, action)]
    else:
        found = [slot for slot in named if slot.state in OPEN and not _settled(numbers, slot, action)]
    return tuple(slot for slot in found if slot.date == found[0].date)


def scope_of(regimen: Regimen, doses: tuple[Slot, ...], asked: Scope | None) -> Scope:
    """How far the deferral of these doses carries: as asked, else by the regimen's rule for the first of them.

    What holds the actual day 1 moves the course; what else lies on day 1 or before it moves alone.
    """
    if any(slot.anchor for slot in doses):
        return Scope.COURSE
    first = doses[0].id
    rule = regimen.day_rule(first)
    if first.day <= 1:
        return Scope.DOSE
    return asked or (rule.defer_scope if rule is not None else Scope.DOSE)


def first_to_resume(held: Sequence[Slot]) -> Slot:
    """Of doses on hold the one that is resumed first; days before day 1 are resumed with it."""
    first = held[0]
    day1 = (slot for slot in held if slot.id[:2] == (first.id.cycle, 1))
    return next(day1, first) if first.id.day < 1 else first


def omittable(numbers: Numbers, layout: Layout, slots: tuple[Slot, ...]) -> bool:
    """Whether something of the course is left when these doses are omitted: on their visit, or after it."""
    visit = slots[0].id[:2]
    left = (slot for slot in layout.slots if slot.id[:2] >= visit and slot not in slots)
    return numbers.cease is not None or any(slot.counted or slot.state is DoseState.HELD for slot in left)


# ---------------------------------------------------------------------------------------------------------------------


def _possible(numbers: Numbers, slot: Slot, action: Given) -> bool:
    """A dose of a ceased agent can only have been given until then."""
    cease = numbers.ceases.get(slot.id.agent)
    return cease is None or action.agent != "" or action.on <= cease.on


def _settled(numbers: Numbers, slot: Slot, action: Defer | Omit | Hold | Resume) -> bool:
    """What is still planned of a ceased agent is recorded or left out, and moves no more."""
    return slot.id.agent in numbers.ceases and not isinstance(action, Omit)
