"""What moves doses or lets them fall away: defer, hold, resume and omit."""

from datetime import date

from tests.oracle_layout import anchor_of, find, first_held, lay_out
from tests.oracle_numbers import (
    COUNTED,
    Key,
    Laid,
    Numbers,
    allowed_length,
    cycle_count,
    days_between,
    gap_days,
    intended_length,
    set_length,
    tolerance,
)
from tests.oracle_step import DONE, HOLD_CAUSES, SCOPES, Step, has_begun, refuse_known_length


def defer(step: Step) -> None:
    visit = step.visit(*DONE)
    to: date = step.action["to"]
    leads = any(laid.anchor for laid in visit)
    scope = _scope(step, visit[0], leads=leads)
    if scope == "course" and not leads and has_begun(step, visit[0].key[0] + 1):
        step.refuse("the cycle has its length: the next one has started")
    for laid in visit:
        _refuse_short_gap(step, laid, to)
    _shift(step, visit, to, scope)
    changed = visit[0].key[0] - (1 if leads else 0)
    if changed >= 1:
        _refuse_length(step, changed)
    sheet = lay_out(step.after)
    for laid in visit:
        _ask_about_late(step, find(sheet, laid.key), to)
    _ask_about_lengths(step)


def _scope(step: Step, first: Laid, *, leads: bool) -> str:
    cycle, day, rank = first.key
    only = "course" if leads else "dose" if day <= 1 else None
    if "scope" in step.action:
        step.one_of("scope", SCOPES)
    usual = step.before.agents[rank].day_rules.get(day)
    scope: str = step.action.get("scope", only or (usual.defer_scope.value if usual else "dose"))
    if only is not None and scope != only:
        step.refuse(f"day {day} of cycle {cycle} has only the scope {only}")
    return scope


def _ask_about_late(step: Step, laid: Laid, to: date) -> None:
    if laid.anchor:
        return
    numbers = step.after
    late = days_between(laid.nominal, to)
    number = numbers.regimen.late.omit_from_days if numbers.regimen.late else None
    if abs(late) > tolerance(numbers.agents[laid.key[2]], laid.key[1]) or (number is not None and late >= number):
        step.reasons.append("outside tolerance")


def _refuse_short_gap(step: Step, laid: Laid, to: date) -> None:
    gap = gap_days(step.before.agents[laid.key[2]])
    if laid.key[1] < 1 and to >= anchor_of(step.sheet, laid.key[0]).date:
        step.refuse("that is not before day 1 of its cycle")
    own = [other for other in step.sheet if other.key[2] == laid.key[2]]
    before = [other for other in own if other.key < laid.key and other.state in COUNTED]
    if laid.anchor:  # the days before day 1 follow it
        before = [other for other in before if other.key[0] != laid.key[0]]
    if before and days_between(before[-1].date, to) < gap:
        step.refuse(f"the dose before lies on {before[-1].date}")
    for other in own:
        if other.state == "given" and other.key > laid.key and days_between(to, other.date) < gap:
            step.refuse(f"the dose {other.key} was given on {other.date}")


def _shift(step: Step, visit: list[Laid], to: date, scope: str) -> None:
    first, numbers = visit[0], step.after
    cycle = first.key[0]
    moved_by = days_between(first.date, to)
    anchor = anchor_of(step.sheet, cycle)
    if anchor in visit:
        numbers.delay[cycle] = days_between(anchor.nominal, to)
    for laid in visit:
        if laid is not anchor:
            numbers.offset[laid.key] = 0 if anchor in visit else days_between(anchor.date, to)
    if anchor in visit or scope == "dose":
        return
    for key in _regular_keys(step.before, cycle):
        if key > first.key and key not in [laid.key for laid in visit] and key != anchor.key:
            numbers.offset[key] = numbers.offset.get(key, key[1] - 1) + moved_by
    if scope == "course":
        numbers.length[cycle] = set_length(numbers, cycle) + moved_by


def _regular_keys(numbers: Numbers, cycle: int) -> list[Key]:
    """The doses of a cycle as the regimen has them, and those that are laid out without it."""
    days = numbers.regimen.template(cycle).days
    own = {(cycle, day, rank) for rank, agent in enumerate(numbers.agents) for day in days.get(agent.key, ())}
    return sorted(own | {key for key in numbers.given if key[0] == cycle})


def _refuse_length(step: Step, cycle: int) -> None:
    """A `defer` that changes the length of `cycle` must leave one that is possible."""
    length = intended_length(step.after, cycle)
    if length == intended_length(step.before, cycle):
        return
    refuse_known_length(step, cycle, length, step.after)


def _ask_about_lengths(step: Step) -> None:
    for cycle in range(1, cycle_count(step.after) + 1):
        length = intended_length(step.after, cycle)
        unchanged = length == intended_length(step.before, cycle)
        if not unchanged and not has_begun(step, cycle + 1) and not allowed_length(step.after, cycle, length):
            step.reasons.append(f"cycle {cycle} lasts {length} days")


def hold(step: Step) -> None:
    found = step.doses()
    cause = step.one_of("cause", HOLD_CAUSES)
    if all(laid.state in DONE or laid.key[2] in step.before.stopped for laid in found):
        step.refuse(f"this dose is {found[0].state}")
    cycle, day, _ = found[0].key
    in_front = [laid.key for laid in step.sheet if laid.key[0] == cycle and day == 1]
    step.after.holds.append(min([found[0].key, *in_front]))
    step.after.pregnancy |= cause == "pregnancy"


def resume(step: Step) -> None:
    visit = step.visit(*DONE, "planned")
    first = first_held(step.sheet)
    cycle, day, _ = visit[0].key
    in_front = first is not None and day == 1 and first.key[0] == cycle and first.key[1] < 1
    if first is None or (first.place != visit[0].place and not in_front):
        step.refuse("this is not the first dose on hold")
    if day < 1 and any(laid.place == (cycle, 1) and laid.state == "held" for laid in step.sheet):
        step.refuse("day 1 is on hold: resume it")
    for laid in visit:
        _refuse_short_gap(step, laid, step.action["on"])
    step.after.holds.clear()
    _shift(step, visit, step.action["on"], "course" if day >= 1 else "dose")


def omit(step: Step) -> None:
    visit = step.visit(*DONE)
    cycle, day, _ = visit[0].key
    after = [laid for laid in step.sheet if laid.key > visit[0].key and laid not in visit]
    left = [laid for laid in step.sheet if laid.place >= visit[0].place and laid not in visit]
    if step.before.cease is None and not any(laid.state in (*COUNTED, "held") for laid in left):
        step.refuse("the last dose is not omitted: the course ends with `cease`")
    if day == 1:
        step.reasons.append("a cycle without a dose of its day 1")
        planned = any(laid.key[0] == cycle and laid.state == "planned" for laid in after)
        if planned and not (step.agent() is not None and _other_day_1(step, visit)):
            step.refuse("a later dose of this cycle is planned")
    step.after.omitted |= {laid.key for laid in visit}
    anchor = anchor_of(step.sheet, cycle)
    if anchor in visit:
        following = _other_day_1(step, visit)
        kept = following[0] if following else anchor
        step.after.delay[cycle] = days_between(anchor.nominal, kept.date)
        for key in _regular_keys(step.before, cycle):  # nothing else moves
            offset = step.after.offset.get(key, key[1] - 1)
            step.after.offset[key] = offset - days_between(anchor.date, kept.date)


def _other_day_1(step: Step, visit: list[Laid]) -> list[Laid]:
    """The other agents' doses of that day 1 that stand."""
    place = visit[0].place
    standing = (*COUNTED, "held")
    return [laid for laid in step.sheet if laid.place == place and laid not in visit and laid.state in standing]
