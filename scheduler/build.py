"""The plan of a course: fold, layout, and everything that hangs on the dates."""

from collections.abc import Sequence
from datetime import date, timedelta

from scheduler.actions import Action, Hold
from scheduler.advice import advice
from scheduler.course import Audience, ClinicRules, Course
from scheduler.fold import fold, standing
from scheduler.late import Late
from scheduler.layout import Layout, Slot, lay_out
from scheduler.numbers import Numbers
from scheduler.plan import Cycle, Dose, DoseState, Plan, RecordedAction, VisitTimes, Why
from scheduler.regimen import Regimen
from scheduler.tasks import Confirmed, tasks
from scheduler.visits import Visits, visits
from scheduler.why import tell_dose
from scheduler.windows import windows


def build_plan(
    regimen: Regimen,
    course: Course,
    actions: Sequence[Action],
    *,
    today: date,
    clinic: ClinicRules | None = None,
) -> Plan:
    """The plan that follows from regimen, course, recorded actions and clinic rules, as seen on `today`.

    `today` is the date in the course's zone. The actions are trusted to have been accepted by check_action, in order.
    """
    clinic = clinic or ClinicRules()
    numbers = fold(regimen, course, actions, clinic.versions())
    layout = lay_out(numbers)
    times = visits(numbers, layout, clinic.lead_minutes)
    cycles = _cycles(numbers, layout, times)
    last_days = tuple(cycle.last_day for cycle in cycles)
    found_windows = windows(numbers, layout, times)
    found_tasks = Late(lambda: tasks(numbers, layout, clinic, last_days, _confirmed(cycles)))
    found_advice = Late(lambda: advice(numbers, layout, times, found_windows, found_tasks, clinic, today))
    stands = standing(actions)
    return Plan(
        regimen=numbers.regimen,
        course=course,
        today=today,
        intent=numbers.intent,
        revision=len(actions),
        cycles=cycles,
        windows=found_windows,
        tasks=found_tasks,
        advice=found_advice,
        actions=tuple(
            RecordedAction(number=number, action=action, stands=stands[number - 1])
            for number, action in enumerate(actions, start=1)
        ),
        audiences=tuple(Audience(name=name, private=private) for name, private in numbers.audiences.items()),
        ceased=numbers.cease,
        held=_held(numbers, layout),
        pregnancy=numbers.pregnancy,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _held(numbers: Numbers, layout: Layout) -> Hold | None:
    """The hold that keeps doses without dates; a hold outlives them when they are given or leave the plan."""
    return numbers.holds[0] if any(slot.state is DoseState.HELD for slot in layout.slots) else None


def _cycles(numbers: Numbers, layout: Layout, times: Visits) -> tuple[Cycle, ...]:
    confirmed = _confirmed_cycles(layout)
    doses: dict[int, list[Dose]] = {cycle: [] for cycle in range(1, len(layout.day1s) + 1)}
    for slot in layout.slots:
        cycle = slot.id.cycle
        doses[cycle].append(_dose(numbers, layout, slot, times.get(slot.id), confirmed=cycle in confirmed))
    return tuple(_cycle(numbers, layout, number, tuple(members)) for number, members in doses.items())


def _cycle(numbers: Numbers, layout: Layout, number: int, doses: tuple[Dose, ...]) -> Cycle:
    day1 = layout.day1s[number - 1]
    following = layout.day1s[number] if number < len(layout.day1s) else None
    length = (following - day1).days if following is not None else numbers.length(number)
    last_day = day1 + timedelta(days=length - 1)
    return Cycle(number=number, day1=day1, length_days=length, last_day=last_day, doses=doses)


def _dose(numbers: Numbers, layout: Layout, slot: Slot, times: VisitTimes | None, *, confirmed: bool) -> Dose:
    given = numbers.given.get(slot.id)
    id_, nominal, _, unpushed, state, on, _ = slot
    deferred, pushed = (unpushed != nominal, on != unpushed) if given is None else (False, False)
    elsewhere = given is not None and given.elsewhere
    why = Why(tell_dose, numbers, layout, slot)
    shown = None if state is DoseState.HELD else on
    return Dose(id_, nominal, shown, state, times, confirmed or given is not None, deferred, pushed, elsewhere, why)


def _confirmed_cycles(layout: Layout) -> frozenset[int]:
    """Cycle 1, cycles with a given dose, and cycles whose predecessor has no planned dose left (rule 22)."""
    given = {slot.id.cycle for slot in layout.slots if slot.state is DoseState.GIVEN}
    planned = {slot.id.cycle for slot in layout.slots if slot.state is DoseState.PLANNED}
    settled = {cycle for cycle in range(2, len(layout.day1s) + 1) if cycle - 1 not in planned}
    return frozenset({1} | given | settled)


def _confirmed(cycles: tuple[Cycle, ...]) -> Confirmed:
    doses = [dose for cycle in cycles for dose in cycle.doses if dose.confirmed]
    return Confirmed(frozenset(dose.id for dose in doses), frozenset(dose.cycle for dose in doses))
