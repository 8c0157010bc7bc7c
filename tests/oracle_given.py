"""What it means that a dose was given: what makes it impossible, and what asks for a reason."""

from datetime import date, datetime, timedelta

from tests.oracle_clock import Times, planned_length, recorded, too_close, visits
from tests.oracle_layout import anchor_of, find, lay_out
from tests.oracle_numbers import Laid, Numbers, days_between, tolerance
from tests.oracle_step import Step


def given(step: Step) -> None:
    on: date = step.action["on"]
    visit = step.visit("given", "omitted", on=on)
    for laid in visit:
        _refuse_impossible_given(step, laid, on)
    _record(step, visit)
    sheet = lay_out(step.after)
    _refuse_impossible_times(step, visit, sheet)
    if step.action.get("complete") is False:
        step.reasons.append("an incomplete dose")
    close = too_close(step.after, sheet)
    for laid in visit:
        if find(sheet, laid.key).anchor and laid.key[0] == 1 and on < laid.date:
            step.reasons.append("the course starts before its planned day 1")
        elsewhere = laid.state == "held" or on != laid.date
        if elsewhere and _off(step.after, find(sheet, laid.key)) > 0:
            step.reasons.append("outside tolerance")
        for first, second, by_hours in close:
            if laid.key in (first.key, second.key) and (elsewhere or by_hours):
                step.reasons.append("too close to the dose before or after")


def _refuse_impossible_given(step: Step, laid: Laid, on: date) -> None:
    if on > step.today:
        step.refuse("this day has not come yet")
    if step.before.cease and on > step.before.cease[0]:
        step.refuse("the treatment had ceased by then")
    for other in step.sheet:
        if other.key[2] != laid.key[2]:
            continue
        if other.state == "given" and other.key < laid.key and on <= other.date:
            step.refuse(f"the earlier dose {other.key} was given on {other.date}")
        if other.state == "given" and other.key > laid.key and on >= other.date:
            step.refuse(f"the later dose {other.key} was given on {other.date}")
        if other.state == "planned" and other.key < laid.key and other.date <= on:
            step.refuse(f"the dose {other.key} is still planned on {other.date}")
    first = anchor_of(step.sheet, 1)
    in_front = laid.key[0] == 1 and laid.key[1] <= 1
    if not in_front and first.state in ("planned", "held", "cancelled"):
        step.refuse("the first dose of all was not given yet")


def _record(step: Step, visit: list[Laid]) -> None:
    """`started` belongs to the first dose of the visit, `ended` to the last."""
    common = {name: value for name, value in step.action.items() if name not in ("started", "ended")}
    for laid in visit:
        step.after.given[laid.key] = common
    for name, laid in (("started", visit[0]), ("ended", visit[-1])):
        if name in step.action:
            recorded(step.number, step.action, name, step.before.zone)
            step.after.given[laid.key] = {**step.after.given[laid.key], name: step.action[name]}


def _refuse_impossible_times(step: Step, visit: list[Laid], sheet: list[Laid]) -> None:
    started, ended = (recorded(step.number, step.action, name, step.before.zone) for name in ("started", "ended"))
    if started and ended and ended < started:
        step.refuse("it ended before it started")
    times = visits(step.after, sheet)
    for laid in visit:
        one = times[laid.key]
        length = planned_length(step.after, sheet, laid.key) or timedelta()
        if one.free is None and ended and laid is visit[-1]:
            _refuse_late_end(step, ended, one)
        if one.start is None or one.end is None:
            continue
        if one.end < one.start:
            step.refuse("it ended before it started")
        if one.end - one.start > length + timedelta(hours=24):
            step.refuse("the end lies more than a day beyond the planned length")


def _refuse_late_end(step: Step, ended: datetime, one: Times) -> None:
    """Where nobody knows when it should have started, what is known of its visit counts."""
    if one.known_until and ended > one.known_until + timedelta(hours=24):
        step.refuse("the end lies more than a day beyond the planned length")


def _off(numbers: Numbers, laid: Laid) -> int:
    """How many days a dose lies beyond its tolerance; a cycle's anchor has none."""
    if laid.anchor:
        return 0
    return abs(days_between(laid.nominal, laid.date)) - tolerance(numbers.agents[laid.key[2]], laid.key[1])
