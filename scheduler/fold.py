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
from scheduler.layout import Numbers, Shift, lay_out
from scheduler.plan import DoseId
from scheduler.regimen import Regimen, Scope


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
            dose = DoseId(action.cycle, action.day)
            _move(numbers, number, dose, action.to, scope_of(action, numbers.regimen))
        case Hold():
            numbers.holds.append((DoseId(action.cycle, action.day), action))
            numbers.pregnancy |= action.cause is HoldCause.PREGNANCY
        case Resume():
            _resume(numbers, number, action)
        case Omit():
            _omit(numbers, number, DoseId(action.cycle, action.day))
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
            numbers.cease = action
            numbers.pregnancy |= action.cause is CeaseCause.PREGNANCY
        case RegimenChange():
            numbers.regimen = versions.get(action.version, numbers.regimen)
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


def copy(numbers: Numbers) -> Numbers:
    """Numbers that can be changed without changing the original."""
    return replace(
        numbers,
        lengths=dict(numbers.lengths),
        delays=dict(numbers.delays),
        offsets=dict(numbers.offsets),
        given=dict(numbers.given),
        omitted=set(numbers.omitted),
        only_days=list(numbers.only_days),
        times=dict(numbers.times),
        holds=list(numbers.holds),
        held_for=dict(numbers.held_for),
        audiences=dict(numbers.audiences),
        responses=dict(numbers.responses),
        absences=list(numbers.absences),
    )


def scope_of(action: Defer, regimen: Regimen) -> Scope:
    """The scope of a deferral: as given, else the regimen's for that day."""
    return action.scope or regimen.day_rules[action.day].defer_scope


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
        if not isinstance(replaced, Given) or (replaced.cycle, replaced.day) != (action.cycle, action.day):
            return number
        number, action = action.replaces, replaced
    return number


def _give(numbers: Numbers, action: Given) -> None:
    dose = DoseId(action.cycle, action.day)
    numbers.given[dose] = action
    # The hour that held then stays with the visit, whatever hour later ones get.
    numbers.times.setdefault(dose, numbers.at)


def _move(numbers: Numbers, number: int, dose: DoseId, to: date, scope: Scope) -> None:
    slot = lay_out(numbers).at(dose)
    if dose.day == 1:
        numbers.delays[dose.cycle] = Shift((to - slot.nominal).days, number)
        return
    shift = (to - slot.date).days
    numbers.offsets[dose] = Shift((to - slot.day1).days, number)
    if scope is Scope.DOSE:
        return
    for day in numbers.regimen.template(dose.cycle).days:
        later = DoseId(dose.cycle, day)
        if later > dose:
            numbers.offsets[later] = Shift(numbers.offset(later) + shift, number)
    if scope is Scope.COURSE:
        numbers.lengths[dose.cycle] = Shift(numbers.length(dose.cycle) + shift, number)


def _resume(numbers: Numbers, number: int, action: Resume) -> None:
    dose = DoseId(action.cycle, action.day)
    numbers.held_for[dose] = numbers.holds[-1][1].cause
    numbers.holds.clear()
    _move(numbers, number, dose, action.on, Scope.COURSE)


def _omit(numbers: Numbers, number: int, dose: DoseId) -> None:
    if dose.day == 1:
        # As the anchor of its cycle it keeps the date that it had, relative to the cycle before (scheduling rule 1).
        slot = lay_out(numbers).at(dose)
        numbers.delays[dose.cycle] = Shift((slot.date - slot.nominal).days, number)
    numbers.omitted.add(dose)


def _set_time(numbers: Numbers, action: VisitTime) -> None:
    if action.cycle is not None and action.day is not None:
        numbers.times[DoseId(action.cycle, action.day)] = action.at
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
