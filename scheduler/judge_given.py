"""Judges a record that a dose was given: its order, its hours, and what it departs from."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from scheduler.actions import Given
from scheduler.before import Before
from scheduler.dates import moment, to_instant
from scheduler.dose_id import DoseId
from scheduler.errors import NeedsReason, Rejected
from scheduler.gaps import gap_text, too_close
from scheduler.layout import Slot, lay_out
from scheduler.meant import OPEN_FOR_RECORD
from scheduler.plan import DoseState
from scheduler.visit_order import in_visit_order
from scheduler.visits import visits

LONGEST_BEYOND = timedelta(hours=24)


def judge_given(before: Before, action: Given) -> None:
    """What was given, in order, on a day that has come; with a reason where it departs from the regimen."""
    slots = before.meant(action, "")
    if before.today is not None and action.on > before.today:
        message = f"{slots[0].id} cannot be recorded as given on {action.on}: that is after today, {before.today}"
        raise Rejected("in-future", f"{message}; record it when it was given", field="on")
    for slot in slots:
        _order(before, slot.id, action.on)
    _times(before, action, slots)
    if not action.reason:
        _reasons(before, action, slots)


def judge_first(before: Before, dose: DoseId) -> None:
    """Rejects another dose before the first one of the course was given."""
    first = before.layout.anchor(1)
    starts = dose.cycle == 1 and dose.day <= 1
    if first is not None and not starts and first.state in OPEN_FOR_RECORD:
        raise Rejected("before-first", f"{dose} cannot be given before C1D1; record C1D1 first", field="day")


# ---------------------------------------------------------------------------------------------------------------------


def _order(before: Before, dose: DoseId, on: date) -> None:
    """Rejects a record out of order: doses of an agent are given one after the other, and C1D1 comes first."""
    judge_first(before, dose)
    for slot in before.layout.slots:
        if slot.id.rank != dose.rank:
            continue
        if slot.id < dose and slot.state is DoseState.GIVEN and slot.date >= on:
            message = f"{slot.id}, which comes before {dose}, was given on {slot.date}; give a later date than that"
            raise Rejected("out-of-order", message, field="on")
        if slot.id > dose and slot.state is DoseState.GIVEN and slot.date <= on:
            message = f"{slot.id}, which comes after {dose}, was given on {slot.date}; give an earlier date than that"
            raise Rejected("out-of-order", message, field="on")
        if slot.id < dose and slot.state is DoseState.PLANNED and slot.date <= on:
            message = f"{slot.id} is still planned on {slot.date}; record, defer or omit {slot.id} first"
            raise Rejected("earlier-planned", message, field="day")


def _times(before: Before, action: Given, slots: tuple[Slot, ...]) -> None:
    zone = before.numbers.course.zone
    started = _instant(before, action.started, action.on, "started")
    ended = _instant(before, action.ended, action.on, "ended")
    if isinstance(action.started, datetime) and action.started.date() != action.on:
        raise Rejected("bad-time", f"started: is not on {action.on}; mend the date or the time", field="started")
    if ended is None:
        return
    if started is not None and ended < started:
        message = "ended: is before started; past midnight write the date too, such as 2026-12-08T00:20"
        raise Rejected("ended-before-started", message, field="ended")
    if ended < moment(to_instant(action.on, time(0), zone)) or ended > _latest_end(before, action, slots):
        message = f"ended: is more than a day away from {action.on}; mend the date or the time"
        raise Rejected("bad-time", message, field="ended")


def _latest_end(before: Before, action: Given, slots: tuple[Slot, ...]) -> datetime:
    """The latest instant that can be meant as the end: well beyond that of the last dose by the regimen."""
    numbers = before.after(replace(action, ended=None))
    last = in_visit_order(before.regimen, [slot.id for slot in slots])[-1]
    return moment(visits(numbers, lay_out(numbers), 0)[last].infusion_end) + LONGEST_BEYOND


def _instant(before: Before, wall: time | datetime | None, on: date, field: str) -> datetime | None:
    if wall is None:
        return None
    day, at = (wall.date(), wall.time()) if isinstance(wall, datetime) else (on, wall)
    before.exists(day, at, field)
    return moment(to_instant(day, at, before.numbers.course.zone, later=field == "ended"))


def _reasons(before: Before, action: Given, slots: tuple[Slot, ...]) -> None:
    for slot in slots:
        if not action.complete:
            raise NeedsReason(f"{slot.id} was not given completely")
        if slot.anchor and slot.id.cycle == 1 and action.on < slot.date:
            raise NeedsReason(f"C1D1 was given before its planned day, {slot.date}")
    as_planned = action.on == slots[0].date and all(slot.state is not DoseState.HELD for slot in slots)
    if not as_planned and not any(slot.anchor for slot in slots):
        for slot in slots:
            tolerated(before, slot, action.on)
    by_hours = any(before.regimen.agent_of(slot.id).gap_hours is not None for slot in slots)
    if not as_planned or by_hours:
        _neighbours(before, action, slots)


def tolerated(before: Before, slot: Slot, on: date) -> None:
    """Asks for a reason for a date outside the tolerance of a dose that does not move its cycle."""
    rule = before.regimen.day_rule(slot.id)
    tolerance = (rule.tolerance_days if rule is not None else None) or 0
    away = abs((on - slot.nominal).days)
    if away > tolerance:
        allowed = f"{slot.nominal} and {tolerance} days either side" if tolerance else f"{slot.nominal} alone"
        raise NeedsReason(f"{on} is {away} days from where {slot.id} belongs; the regimen allows {allowed}")


def _neighbours(before: Before, action: Given, slots: tuple[Slot, ...]) -> None:
    """Asks for a reason where a dose ends up too close to the counted one of its agent before or after it."""
    numbers = before.after(action)
    layout = lay_out(numbers)
    times = visits(numbers, layout, 0)
    for slot in slots:
        agent = before.regimen.agent_of(slot.id)
        mine = layout.at(slot.id)
        previous, following = layout.before(mine), layout.next(mine)
        near = None
        if previous is not None and too_close(agent, previous, mine, times):
            near = previous
        elif following is not None and too_close(agent, mine, following, times):
            near = following
        if near is not None:
            departure = f"{action.on} is too close to {near.id} on {near.date}"
            raise NeedsReason(f"{departure}; doses are at least {gap_text(agent)} apart")
