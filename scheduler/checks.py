"""Whether an action can be recorded: what is rejected, and what needs a reason (scheduling rules, Actions)."""

from collections.abc import Sequence
from datetime import date

from scheduler.actions import Action
from scheduler.course import MAX_CYCLES, ClinicRules, Course
from scheduler.dates import check_recordable, wall_time_exists
from scheduler.errors import InvalidValue, NeedsReason, Rejected
from scheduler.fold import apply, begin, fold, in_order, standing, targets
from scheduler.judge import judge
from scheduler.lengths import count_departs, needs_reason_for_lengths
from scheduler.numbers import Numbers
from scheduler.regimen import Regimen
from scheduler.toml_reader import did_you_mean


def check_course(regimen: Regimen, course: Course) -> None:
    """Raises Rejected, NeedsReason or InvalidValue with one sentence when the course cannot start like this."""
    check_recordable(course.day1, field="day1")
    if not wall_time_exists(course.day1, course.at, course.zone):
        message = f"at: the clocks skip {course.at:%H:%M} on {course.day1} in {course.zone}; choose another time"
        raise InvalidValue(message, field="at")
    if course.intent not in regimen.counts:
        message = f"intent: {course.intent!r} is unknown; {did_you_mean(course.intent, regimen.intents())}"
        raise InvalidValue(message, field="intent")
    _check_audiences(regimen, course)
    _check_count(regimen, course)
    _check_lengths(regimen, course)


def check_action(
    regimen: Regimen, course: Course, actions: Sequence[Action], new: Action, *, today: date, clinic: ClinicRules
) -> None:
    """Raises Rejected or NeedsReason when `new` cannot follow the recorded `actions`. `today`: in the clinic's zone."""
    number = len(actions) + 1
    if not targets(new):
        judge(fold(regimen, course, actions, clinic.versions()), number, new, today=today, clinic=clinic)
        return
    _check_targets(actions, new)
    _replay(regimen, course, [*actions, new], today, clinic)


def check_actions(
    regimen: Regimen, course: Course, actions: Sequence[Action], *, today: date, clinic: ClinicRules
) -> None:
    """Checks each action against those before it; Rejected carries the `number` of the first that fails."""
    numbers = begin(regimen, course)
    for number, action in enumerate(actions, start=1):
        try:
            if targets(action):
                check_action(regimen, course, actions[: number - 1], action, today=today, clinic=clinic)
                numbers = fold(regimen, course, actions[:number], clinic.versions())
            else:
                judge(numbers, number, action, today=today, clinic=clinic)
                apply(numbers, number, action, clinic.versions())
        except Rejected as fault:
            fault.number = number
            raise


# ---------------------------------------------------------------------------------------------------------------------


def _check_targets(actions: Sequence[Action], new: Action) -> None:
    stands = standing(actions)
    for target in targets(new):
        field = "replaces" if target == new.replaces else "action"
        if target > len(actions):
            raise Rejected("no-such-action", f"there is no action {target} yet; name an earlier one", field=field)
        if not stands[target - 1]:
            message = f"action {target} does not stand any more; name an action that stands"
            raise Rejected("already-void", message, field=field)


def _replay(regimen: Regimen, course: Course, actions: Sequence[Action], today: date, clinic: ClinicRules) -> None:
    """Judges every standing action anew, since the last one takes others away; only it is asked for a reason."""
    numbers = begin(regimen, course)
    departure: NeedsReason | None = None
    for number, action in in_order(actions):
        if number == len(actions):
            departure = _departure(numbers, number, action, today, clinic)
        else:
            _judge_standing(numbers, number, action, clinic, field="replaces" if actions[-1].replaces else "action")
        apply(numbers, number, action, clinic.versions())
    if departure is not None:  # told last: no reason helps where a later action could not stand
        raise departure


def _departure(numbers: Numbers, number: int, new: Action, today: date, clinic: ClinicRules) -> NeedsReason | None:
    try:
        judge(numbers, number, new, today=today, clinic=clinic)
    except NeedsReason as fault:
        return fault
    return None


def _judge_standing(numbers: Numbers, number: int, action: Action, clinic: ClinicRules, *, field: str) -> None:
    try:
        judge(numbers, number, action, today=None, clinic=clinic)
    except NeedsReason:
        return
    except Rejected as fault:
        obstacle = str(fault).split(";")[0]
        message = f"action {number} ({action.kind}) could not stand then: {obstacle}. Void action {number} first"
        raise Rejected("later-action-stands", message, field=field) from None


def _check_audiences(regimen: Regimen, course: Course) -> None:
    names = [audience.name for audience in course.audiences]
    for name in names:
        if name not in regimen.audiences():
            message = f"audience: {name!r} is unknown; {did_you_mean(name, regimen.audiences())}"
            raise InvalidValue(message, field="audiences")
        if names.count(name) > 1:
            raise InvalidValue(f"audience: {name!r} is named twice; name it once", field="audiences")


def _check_count(regimen: Regimen, course: Course) -> None:
    if course.cycles is None:
        return
    if not 1 <= course.cycles <= MAX_CYCLES:
        raise InvalidValue(f"cycles: {course.cycles} is out of range; use 1 to {MAX_CYCLES}", field="cycles")
    departure = count_departs(regimen.counts[course.intent], course.cycles)
    if departure and not course.reason:
        raise NeedsReason(departure)


def _check_lengths(regimen: Regimen, course: Course) -> None:
    numbers = begin(regimen, course)
    count = numbers.cycle_count()
    for cycle, days in course.cycle_lengths.items():
        if not 1 <= cycle <= count:
            raise InvalidValue(f"cycle-length: there is no cycle {cycle}; use 1 to {count}", field="cycle_lengths")
        last = regimen.template(cycle).all_days()[-1]
        if not last < days <= 400:
            message = f"cycle-length: cycle {cycle} cannot last {days} days; use {last + 1} or more, up to 400"
            raise InvalidValue(message, field="cycle_lengths")
    plain = numbers.copy()
    plain.lengths.clear()
    if not course.reason:
        needs_reason_for_lengths(plain, numbers, count)
