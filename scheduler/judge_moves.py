"""Judges what moves or removes doses: deferring, resuming, omitting."""

from datetime import date

from scheduler.actions import Defer, Omit, Resume
from scheduler.before import Before
from scheduler.errors import NeedsReason, Rejected
from scheduler.gaps import room
from scheduler.judge_given import tolerated
from scheduler.layout import Slot, lay_out
from scheduler.lengths import intended_length, last_dose_day, needs_reason_for_lengths
from scheduler.meant import first_to_resume, omittable, scope_of
from scheduler.plan import DoseState
from scheduler.regimen import Scope


def judge_defer(before: Before, action: Defer) -> None:
    """A date with room for each dose of the visit, and a scope that its day can have."""
    slots = before.meant(action, "defer")
    scope = scope_of(before.regimen, slots, action.scope)
    if action.scope not in (None, scope):
        _bad_scope(slots[0], scope)
    if scope is Scope.COURSE and not any(slot.anchor for slot in slots):
        _next_cycle_open(before, action.cycle)
    _room(before, slots, action.to, "to")
    _stays_before(slots[0], action.to, "to")
    _beyond_last_dose(before, action, slots, scope)
    if not action.reason:
        _reasons(before, action, slots)


def judge_resume(before: Before, action: Resume) -> None:
    """The first dose on hold, on a date with room for it."""
    before.visit(action.cycle, action.day)
    visit = f"C{action.cycle}D{action.day}"
    if before.numbers.first_held() is None:
        raise Rejected("no-hold", f"nothing is on hold, so {visit} cannot be resumed; defer it to move it", field="day")
    held = [slot for slot in before.layout.slots if slot.state is DoseState.HELD]
    first = first_to_resume(held) if held else None
    if first is None or first.id[:2] != (action.cycle, action.day):
        remedy = (
            f"the first dose on hold is {first.id.visit}; resume that one, or omit it first"
            if first is not None
            else "the plan has no dose on hold any more; defer it to move it"
        )
        raise Rejected("not-first-held", f"{visit} cannot be resumed: {remedy}", field="day")
    slots = before.meant(action, "resume")
    _room(before, slots, action.on, "on")
    _stays_before(slots[0], action.on, "on")


def judge_omit(before: Before, action: Omit) -> None:
    """Not the last dose, and of a day 1 not all that stands while its cycle goes on; a day 1 with a reason."""
    slots = before.meant(action, "omit")
    dose = slots[0].id
    if not omittable(before.numbers, before.layout, slots):
        message = f"{dose} is the last dose of the course and cannot be omitted; record that treatment ceases instead"
        raise Rejected("last-dose", message, field="day")
    if dose.day != 1:
        return
    beside = [slot for slot in before.visit(action.cycle, action.day) if slot not in slots]
    whole = not action.agent or not any(slot.counted or slot.state is DoseState.HELD for slot in beside)
    later = [slot for slot in before.layout.slots if slot.id > dose and slot not in slots]
    if whole and any(slot.id.cycle == dose.cycle and slot.state is DoseState.PLANNED for slot in later):
        message = f"{dose} cannot be omitted while a later dose of its cycle is planned; hold or defer {dose} instead"
        raise Rejected("day-1-anchors", message, field="day")
    departure = f"{dose} starts its cycle and would be left out" if whole else f"{dose} would be left out"
    before.reason(action, departure)


# ---------------------------------------------------------------------------------------------------------------------


def _bad_scope(slot: Slot, scope: Scope) -> None:
    if scope is Scope.COURSE:
        message = f"scope: a day 1 moves its whole cycle; leave the scope out or write {scope.value!r}"
        raise Rejected("bad-scope", message, field="scope")
    why = "another dose holds day 1" if slot.id.day == 1 else "it lies before day 1"
    message = f"scope: {slot.id} moves alone, since {why}; leave the scope out or write {scope.value!r}"
    raise Rejected("bad-scope", message, field="scope")


def _stays_before(slot: Slot, to: date, field: str) -> None:
    if slot.id.day < 1 and to >= slot.day1:
        message = f"{slot.id} lies before day 1 of its cycle, {slot.day1}; give an earlier date, or omit it"
        raise Rejected("after-day-1", message, field=field)


def _reasons(before: Before, action: Defer, slots: tuple[Slot, ...]) -> None:
    if not any(slot.anchor for slot in slots):
        for slot in slots:
            tolerated(before, slot, action.to)
            _late(before, slot, action.to)
    needs_reason_for_lengths(before.numbers, before.after(action), len(before.layout.day1s))


def _late(before: Before, slot: Slot, to: date) -> None:
    limit = before.regimen.late.omit_from_days if before.regimen.late is not None else None
    late = (to - slot.nominal).days
    if limit is not None and late >= limit:
        raise NeedsReason(f"{to} is {late} days later than {slot.id} belongs")


def _beyond_last_dose(before: Before, action: Defer, slots: tuple[Slot, ...], scope: Scope) -> None:
    """Rejects a deferral that would let a cycle end before its last dose."""
    moves_cycle = any(slot.anchor for slot in slots)
    cycle = action.cycle - 1 if moves_cycle else action.cycle
    if scope is not Scope.COURSE or cycle == 0:
        return
    after = before.after(action)
    last = last_dose_day(lay_out(after), cycle)
    length = intended_length(after, cycle)
    if length != intended_length(before.numbers, cycle) and length <= last:
        message = f"cycle {cycle} would last {length} days and has a dose on its day {last}; move that dose first"
        raise Rejected("too-short", message, field="to")


def _room(before: Before, slots: tuple[Slot, ...], to: date, field: str) -> None:
    """Rejects a date that is too close to the dose before one of these, or to a given dose after it."""
    for slot in slots:
        _room_of(before, slot, to, field)


def _room_of(before: Before, slot: Slot, to: date, field: str) -> None:
    dose = slot.id
    previous, following, (earliest, latest) = room(before.regimen.agent_of(dose), before.layout, slot)
    if earliest is not None and latest is not None and following is not None and earliest > latest:
        between = f"between {previous and previous.id} and the dose given on {following.date}"
        raise Rejected("gap", f"{between} there is no room for {dose}; omit it", field=field)
    if earliest is not None and to < earliest:
        message = f"{dose} on {to} is too close to {previous and previous.id}; the first possible date is {earliest}"
        raise Rejected("gap", message, field=field)
    if latest is not None and following is not None and to > latest:
        span = f"{latest} or earlier" if earliest is None else f"{earliest} to {latest}"
        message = f"{dose} on {to} is too close to the dose given on {following.date}; choose {span}"
        raise Rejected("gap", message, field=field)


def _next_cycle_open(before: Before, cycle: int) -> None:
    following = before.layout.anchor(cycle + 1)
    if following is not None and following.state is DoseState.GIVEN:
        message = f"the length of cycle {cycle} is settled, since C{cycle + 1}D1 was given"
        raise Rejected("length-settled", f"{message}; move the dose alone (scope 'dose')", field="cycle")
