"""The fold: what the standing actions set, one after the other (scheduling rule 8)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import assert_never

from scheduler.action_fields import parse_audience
from scheduler.actions import (
    Action,
    AudienceChange,
    AudienceStep,
    Away,
    Cease,
    CeaseCause,
    CycleLength,
    Cycles,
    Days,
    Defer,
    Given,
    Hold,
    HoldCause,
    Intent,
    Omit,
    RegimenChange,
    Response,
    Resume,
    VisitTime,
    Void,
)
from scheduler.course import Course
from scheduler.layout import Layout, Slot, lay_out
from scheduler.meant import agent_key, doses_named, meant, scope_of
from scheduler.numbers import Numbers, Shift
from scheduler.plan import DoseState
from scheduler.regimen import Regimen, Scope
from scheduler.visit_order import in_visit_order


def begin(regimen: Regimen, course: Course) -> Numbers:
    """The numbers of a course before any action."""
    return Numbers(
        regimen=regimen,
        course=course,
        intent=course.intent,
        count=course.cycles,
        at=course.at,
        lengths={cycle: Shift(days, 0) for cycle, days in course.cycle_lengths.items()},
        audiences={audience.name: audience.private for audience in course.audiences},
    )


def standing(actions: Sequence[Action]) -> tuple[bool, ...]:
    """For each action whether it stands: not the target of a later standing `void` or `replaces`."""
    stands = [True] * len(actions)
    for index in range(len(actions) - 1, -1, -1):
        if stands[index]:
            for target in (*targets(actions[index]), *_replaced_before(actions, actions[index].replaces)):
                stands[target - 1] = False
    return tuple(stands)


def targets(action: Action) -> tuple[int, ...]:
    """The numbers of the actions that this one voids."""
    found = (action.action if isinstance(action, Void) else None, action.replaces)
    return tuple(number for number in found if number is not None)


def in_order(actions: Sequence[Action]) -> list[tuple[int, Action]]:
    """The standing actions with their numbers, in the order in which they take effect.

    A `given` that corrects a `given` of the same dose takes the place of the first record: what happened happened
    then, and later records build on it. Every other action takes effect where it was recorded.
    """
    stands = standing(actions)
    numbered = [(number, action) for number, action in enumerate(actions, start=1) if stands[number - 1]]
    return sorted(numbered, key=lambda pair: (_place(actions, pair[0]), pair[0]))


def apply(  # noqa: C901 - one branch for each kind of action
    numbers: Numbers, number: int, action: Action, versions: Mapping[str, Regimen]
) -> None:
    """Changes `numbers` by one action, which must be one that the checks accept."""
    match action:
        case Given():
            _give(numbers, action)
        case Defer():
            _defer(numbers, number, action)
        case Hold():
            numbers.holds.append(action)
            numbers.pregnancy |= action.cause is HoldCause.PREGNANCY
        case Resume():
            _resume(numbers, number, action)
        case Omit():
            _omit(numbers, number, action)
        case CycleLength():
            numbers.lengths[action.cycle] = Shift(action.days, number)
            numbers.delays.pop(action.cycle + 1, None)
        case Days():
            numbers.only_days.append((action.cycle, action.days))
        case Cycles():
            numbers.count = action.count
        case Intent():
            numbers.intent = action.value
        case Response():
            numbers.responses[action.cycle] = action.value
        case VisitTime():
            _set_time(numbers, action)
        case AudienceChange():
            _change_audience(numbers, action)
        case Away():
            numbers.absences.append(action)
        case Cease():
            _cease(numbers, action)
        case RegimenChange():
            numbers.regimen = versions.get(action.version, numbers.regimen)
            numbers.other_version = True
        case Void():
            return
        case _:  # pragma: no cover
            assert_never(action)


def fold(regimen: Regimen, course: Course, actions: Sequence[Action], versions: Mapping[str, Regimen]) -> Numbers:
    """The numbers after all standing actions. Trusts that each was checked when it was recorded.

    `versions` holds those that the course moved to, by name.
    """
    numbers = begin(regimen, course)
    for number, action in in_order(actions):
        apply(numbers, number, action, versions)
    return numbers


# ---------------------------------------------------------------------------------------------------------------------


def _replaced_before(actions: Sequence[Action], number: int | None) -> Iterator[int]:
    """What the action `number`, replaced now, had replaced itself, and so on: a correction can be corrected."""
    while number is not None:
        number = actions[number - 1].replaces
        if number is not None:
            yield number


def _place(actions: Sequence[Action], number: int) -> int:
    action = actions[number - 1]
    while isinstance(action, Given) and action.replaces is not None:
        replaced = actions[action.replaces - 1]
        if not isinstance(replaced, Given) or not _same_dose(action, replaced):
            return number
        number, action = action.replaces, replaced
    return number


def _same_dose(one: Given, other: Given) -> bool:
    """Whether two records are of the same dose; one that names no agent is of all on its visit."""
    same_agent = one.agent == other.agent or "" in (one.agent, other.agent)
    return (one.cycle, one.day) == (other.cycle, other.day) and same_agent


def _give(numbers: Numbers, action: Given) -> None:
    doses = doses_named(numbers, action)
    if len(doses) > 1:
        doses = in_visit_order(numbers.regimen, [slot.id for slot in meant(numbers, lay_out(numbers), action)])
    for dose in doses:
        first, last = dose is doses[0], dose is doses[-1]
        numbers.given[dose] = action if first and last else _part(action, first=first, last=last)
        # The hour that held then stays with the visit, whatever hour later ones get.
        numbers.times.setdefault(dose, numbers.at)


def _part(action: Given, *, first: bool, last: bool) -> Given:
    """What a record of a whole visit says of one of its doses."""
    return replace(action, started=action.started if first else None, ended=action.ended if last else None)


def _defer(numbers: Numbers, number: int, action: Defer) -> None:
    doses = meant(numbers, lay_out(numbers, through=action.cycle), action)
    _move(numbers, number, doses, action.to, scope_of(numbers.regimen, doses, action.scope))


def _move(numbers: Numbers, number: int, doses: tuple[Slot, ...], to: date, scope: Scope) -> None:
    """Puts these doses, which share a date, on `to`; what comes after the first of them follows as `scope` says."""
    first = doses[0]
    anchor = next((slot for slot in doses if slot.anchor), None)
    day1 = first.day1
    if anchor is not None:
        numbers.delays[first.id.cycle] = Shift((to - anchor.nominal).days, number)
        day1 = to
    for slot in doses:
        offset = (to - day1).days
        if not slot.anchor and (anchor is None or offset != numbers.offset(slot.id)):
            numbers.offsets[slot.id] = Shift(offset, number)
    if anchor is None and scope is not Scope.DOSE:
        _take_along(numbers, number, doses, (to - first.date).days, scope)


def _take_along(numbers: Numbers, number: int, doses: tuple[Slot, ...], shift: int, scope: Scope) -> None:
    moved = {slot.id for slot in doses}
    cycle = doses[0].id.cycle
    for later in numbers.regimen.doses(cycle):
        if later > doses[0].id and later not in moved:
            numbers.offsets[later] = Shift(numbers.offset(later) + shift, number)
    if scope is Scope.COURSE:
        numbers.lengths[cycle] = Shift(numbers.length(cycle) + shift, number)


def _resume(numbers: Numbers, number: int, action: Resume) -> None:
    doses = meant(numbers, lay_out(numbers, through=action.cycle), action)
    for slot in doses:
        numbers.held_for[slot.id] = numbers.holds[-1].cause
    numbers.holds.clear()
    _move(numbers, number, doses, action.on, Scope.COURSE if action.day > 0 else Scope.DOSE)


def _omit(numbers: Numbers, number: int, action: Omit) -> None:
    doses = doses_named(numbers, action)
    if len(doses) == 1 and action.day != 1:
        numbers.omitted.update(doses)
        return
    layout = lay_out(numbers, through=action.cycle)
    slots = meant(numbers, layout, action)
    numbers.omitted.update(slot.id for slot in slots)
    anchor = next((slot for slot in slots if slot.anchor), None)
    if anchor is not None:
        _hand_over(numbers, number, layout, anchor)


def _hand_over(numbers: Numbers, number: int, layout: Layout, anchor: Slot) -> None:
    """When the dose that holds day 1 is omitted, the next one that holds it keeps the date that it had.

    Where none is left the omitted one keeps its own, relative to the cycle before (scheduling rule 1).
    """
    cycle = anchor.id.cycle
    heir = lay_out(numbers, through=cycle).anchor(cycle) or anchor
    stays = anchor if heir.state is DoseState.OMITTED else layout.at(heir.id)
    numbers.delays[cycle] = Shift((stays.date - anchor.nominal).days, number)
    if stays.date != anchor.date:
        # Nothing else moves: the others are now counted from another date.
        for slot in layout.slots:
            if slot.id.cycle == cycle and slot.id != stays.id:
                numbers.offsets[slot.id] = Shift((slot.unpushed - stays.date).days, number)


def _cease(numbers: Numbers, action: Cease) -> None:
    agent = agent_key(numbers.regimen, action)
    if agent:
        numbers.ceases[agent] = action
    else:
        numbers.cease = action
        numbers.pregnancy |= action.cause is CeaseCause.PREGNANCY


def _set_time(numbers: Numbers, action: VisitTime) -> None:
    if action.cycle is not None and action.day is not None:
        here = (dose for dose in numbers.doses(action.cycle) if dose.day == action.day)
        numbers.times.update((dose, action.at) for dose in here)
        return
    numbers.at = action.at
    numbers.times = {dose: at for dose, at in numbers.times.items() if dose in numbers.given}


def _change_audience(numbers: Numbers, action: AudienceChange) -> None:
    audience = parse_audience(action.value)
    if action.change is AudienceStep.REMOVE:
        numbers.audiences.pop(audience.name, None)
    elif action.change is AudienceStep.ADD:
        numbers.audiences[audience.name] = audience.private
    elif audience.name in numbers.audiences:  # it may be gone since, when the action that added it was voided
        numbers.audiences[audience.name] = action.change is AudienceStep.PRIVATE
