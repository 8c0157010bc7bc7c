"""What a clinic's day asks of a plan: dated facts, of which none depends on today.

So they can be stored beside the course, and a day is found by comparing dates: what is due, missing, on hold.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from scheduler.actions import Away, Cease, CeaseCause, Hold, HoldCause, Response
from scheduler.closures import Closures
from scheduler.course import ClinicRules
from scheduler.events import Timed, timed_visits
from scheduler.plan import HOSPITAL_STAY, LIVER_WATCH, Dose, DoseState, Plan, Task
from scheduler.regimen import When

DAY = timedelta(days=1)
OPEN_END = date.max  # of what is asked for until somebody has dealt with it
REVIEW = "response-review"  # answered by recording its result
# Whose checks are not ours any more (scheduling rules 20 and 24).
NOT_OURS = frozenset({CeaseCause.DEATH, CeaseCause.TRANSFERRED, CeaseCause.HOSPICE})
USUAL_TICKS = ("weight", "premedication")  # asked on every visit, beside the checks that the regimen names


Place = tuple[int | None, int | None]  # cycle and day


class FactKind(StrEnum):
    """What a fact is.

    `VISIT` has a dose that is planned, `GIVEN` none any more. `CHECK` is asked for from its date on: before a planned
    visit up to the day before, since on the day it stands with the visit. `AFTER` is one after a given dose. `BAG` and
    `PUMP`: the change of a bag, and the end of an infusion that runs on. `HOLD`, `WATCH` (for the liver) and `STAY`
    last. `CLOSED` is a planned visit on a closed day, its last date; from its first on it is its course's next one.
    `PRESCRIBER`: a pregnancy was recorded on that date, and the prescriber decides what follows.
    """

    VISIT = "visit"
    GIVEN = "given"
    BAG = "bag-change"
    PUMP = "disconnect"
    CHECK = "check"
    AFTER = "after-check"
    STAY = "stay"
    HOLD = "hold"
    WATCH = "watch"
    CLOSED = "closed"
    PRESCRIBER = "prescriber"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFact:
    """One dated fact of a course; `key` is its own within the course. Both dates are included.

    `start` and `end` are instants in UTC: of a visit its arrival, and the last instant that is known. `ref` is what
    somebody can tick: it names the date too, so that a tick does not count for another one. `detail` holds JSON values.
    """

    key: str
    kind: FactKind
    first: date
    last: date
    start: datetime | None = None
    end: datetime | None = None
    ref: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def day_facts(plan: Plan, clinic: ClinicRules, *, noted: Collection[Place] = ()) -> tuple[DayFact, ...]:
    """The facts of a plan, by key. `noted`: the visits of which somebody took note that they lie on a closed day."""
    found = [*_visits(plan, clinic, noted), *_standing(plan)]
    if plan.ceased is None or plan.ceased.cause not in NOT_OURS:
        found += [*_checks(plan), *_after_checks(plan), *_watch(plan), *_for_prescriber(plan)]
    return tuple(sorted(found, key=lambda fact: fact.key))


# ---------------------------------------------------------------------------------------------------------------------


def _visits(plan: Plan, clinic: ClinicRules, noted: Collection[Place]) -> Iterator[DayFact]:
    """Visits with their doses and what is ticked on them, those on closed days, and what comes after on its own."""
    absences = [each.action for each in plan.actions if each.stands and isinstance(each.action, Away)]
    closures = Closures(absences, clinic)
    asked, closed = _asked_before(plan), list[DayFact]()
    for visit, apart in timed_visits(plan):
        (first, times), last = visit[0], visit[-1][1]
        on = _date_of(first)
        place = f"c{first.cycle}d{first.day}" + (f"/{apart}" if apart else "")
        planned = any(dose.state is DoseState.PLANNED for dose, _ in visit)
        checks = [(task.kind, _ref(_key(task), on)) for task in asked.get((first.cycle, first.day, on), ())]
        usual = [(name, _ref(f"{name}/{place}", on)) for name in USUAL_TICKS]
        yield DayFact(
            key=f"visit/{place}",
            kind=FactKind.VISIT if planned else FactKind.GIVEN,
            first=on,
            last=on,
            start=_utc(times.arrival),
            end=_utc(last.observation_end),
            ref=_ref(f"visit/{place}", on),
            detail={
                "cycle": first.cycle,
                "day": first.day,
                "agent": apart,
                "leaves": last.leave_not_before is not None,
                "doses": [_dose(plan, one) for one in visit],
                "ticks": [[name, ref] for name, ref in [*checks, *usual]],
            },
        )
        if planned and closures.is_closed(on) and (first.cycle, first.day) not in noted:
            detail = {"cycle": first.cycle, "day": first.day, "reason": closures.reason(on)}
            closed.append(DayFact(key=f"closed/{place}", kind=FactKind.CLOSED, first=on, last=on, detail=detail))
        yield from _running_on(plan, visit)
    since = date.min
    for fact in sorted(closed, key=lambda one: (one.last, one.key)):
        yield replace(fact, first=since)
        since = fact.last + DAY


def _dose(plan: Plan, one: Timed) -> dict[str, Any]:
    dose, times = one
    return {
        "agent": _agent_name(plan, dose),
        "given": dose.state is DoseState.GIVEN,
        "elsewhere": dose.elsewhere,
        "starts": _utc(times.infusion_start).isoformat() if times.start_known else None,
        "ends": _utc(times.infusion_end).isoformat() if times.length_known else None,
        "runs_on": times.runs_on,
    }


def _running_on(plan: Plan, visit: Iterable[Timed]) -> Iterator[DayFact]:
    """The changes of bags and the end of infusions that run on after the visit."""
    for dose, times in visit:
        if times.disconnect is None:
            continue
        place = f"c{dose.cycle}d{dose.day}" + (f"/{dose.agent}" if dose.agent else "")
        detail = {"cycle": dose.cycle, "day": dose.day, "agent": _agent_name(plan, dose)}
        moments = [(FactKind.BAG, f"/{number}", at) for number, at in enumerate(times.bag_changes, start=1)]
        for kind, number, at in [*moments, (FactKind.PUMP, "", times.disconnect)]:
            key, on, instant = f"{kind}/{place}{number}", at.date(), _utc(at)
            ref = _ref(key, on)
            yield DayFact(key=key, kind=kind, first=on, last=on, start=instant, end=instant, ref=ref, detail=detail)


def _standing(plan: Plan) -> Iterator[DayFact]:
    """Stays in hospital, and a hold."""
    for task in plan.tasks:
        if task.kind == HOSPITAL_STAY:
            last = task.date + timedelta(days=task.lasts_days - 1)
            detail: dict[str, Any] = {"cycle": task.cycle, "day": task.day}
            key = f"stay/c{task.cycle}d{task.day}{_order(task)}"
            yield DayFact(key=key, kind=FactKind.STAY, first=task.date, last=last, detail=detail)
    if plan.held is not None:
        held = plan.held
        detail = {"cycle": held.cycle, "day": held.day, "cause": held.cause.value}
        yield DayFact(key="hold", kind=FactKind.HOLD, first=held.on, last=OPEN_END, detail=detail)


def _for_prescriber(plan: Plan) -> Iterator[DayFact]:
    """The last hold or end of treatment that was recorded with the cause pregnancy (scheduling rule 24)."""
    told = [each.action for each in plan.actions if each.stands and isinstance(each.action, Hold | Cease)]
    dates = [action.on for action in told if action.cause in (HoldCause.PREGNANCY, CeaseCause.PREGNANCY)]
    for on in dates[-1:]:
        ref = _ref("prescriber/pregnancy", on)
        yield DayFact(key="prescriber", kind=FactKind.PRESCRIBER, first=on, last=OPEN_END, ref=ref)


def _watch(plan: Plan) -> Iterator[DayFact]:
    """The liver watch, once the last dose is given: it begins on that dose's date."""
    for task in plan.tasks:
        if task.kind == LIVER_WATCH and task.confirmed:
            after = plan.ceased is not None and plan.ceased.cause is CeaseCause.TRANSPLANT
            first = task.date - timedelta(days=task.offset_days)
            detail = {"cycle": task.cycle, "day": task.day, "transplant": after}
            yield DayFact(key="watch", kind=FactKind.WATCH, first=first, last=task.date, detail=detail)


# -- Checks -----------------------------------------------------------------------------------------------------------


def _checks(plan: Plan) -> Iterator[DayFact]:
    """The checks before planned doses, and those of cycles, which are asked for until they come again."""
    hung = _hung_on(plan)
    for (_, _, on), tasks in _asked_before(plan).items():
        for task in tasks:
            if any(dose.state is DoseState.PLANNED for dose in hung[_visit_of(task, on)]):
                yield _check(FactKind.CHECK, task, task.date, on - DAY, on)
    answered = {each.action.cycle for each in plan.actions if each.stands and isinstance(each.action, Response)}
    of_cycles = [task for task in plan.tasks if _of_cycle(task)]
    for task, last in _until_again(of_cycles):
        # After the end of treatment nobody goes on, so nothing hangs on a review.
        if task.kind != REVIEW or not (plan.ceased or task.cycle in answered):
            yield _check(FactKind.CHECK, task, task.date, last, task.date)


def _after_checks(plan: Plan) -> Iterator[DayFact]:
    """The checks after the last given dose that asks for them, and those after the course, until they come again; where
    the liver is watched, at most as long as that."""
    hung, latest = _hung_on(plan), dict[str, tuple[Task, date]]()
    watched = next((task.date for task in plan.tasks if task.kind == LIVER_WATCH), OPEN_END)
    for task in plan.tasks:
        if not _of_visit(task, When.AFTER):
            continue
        given = [_date_of(dose) for dose in _doses_of(hung, task) if dose.state is DoseState.GIVEN]
        # Its offset tells apart tests of one kind, a week and two weeks after the dose.
        mark = f"{task.kind}{task.offset_days}"
        if given and (mark not in latest or latest[mark][1] <= given[0]):
            latest[mark] = (task, given[0])
    for task, on in latest.values():
        yield _check(FactKind.AFTER, task, task.date, watched, on)
    for task, last in _until_again([task for task in plan.tasks if task.ordinal]):
        yield _check(FactKind.AFTER, task, task.date, min(last, watched), task.date)


def _check(kind: FactKind, task: Task, first: date, last: date, on: date) -> DayFact:
    key = _key(task)
    detail = {"what": task.kind, "cycle": task.cycle, "day": task.day, "of": on.isoformat()}
    return DayFact(key=key, kind=kind, first=first, last=last, ref=_ref(key, on), detail=detail)


def _until_again(tasks: Iterable[Task]) -> Iterator[tuple[Task, date]]:
    """Each task with the day before the next of its kind."""
    following: dict[str, date] = {}
    for task in sorted(tasks, key=lambda one: one.date, reverse=True):
        again = following.get(task.kind)
        yield task, max(task.date, again - DAY) if again is not None else OPEN_END
        following[task.kind] = task.date


def _asked_before(plan: Plan) -> dict[tuple[int, int, date], list[Task]]:
    """The checks before each visit, by its cycle, day and date."""
    hung = _hung_on(plan)
    found: dict[tuple[int, int, date], list[Task]] = {}
    for task in plan.tasks:
        doses = _doses_of(hung, task) if _of_visit(task, When.BEFORE) else ()
        if doses and task.day is not None:
            found.setdefault((task.cycle, task.day, _date_of(doses[0])), []).append(task)
    return found


Hung = Mapping[tuple[int, int, date], list[Dose]]


def _hung_on(plan: Plan) -> Hung:
    """The doses of each visit, by its cycle, day and date."""
    found: dict[tuple[int, int, date], list[Dose]] = {}
    for visit, _ in timed_visits(plan):
        first = visit[0][0]
        found[first.cycle, first.day, _date_of(first)] = [dose for dose, _ in visit]
    return found


def _doses_of(hung: Hung, task: Task) -> list[Dose]:
    """The doses of the visit that the task hangs on: the first of its cycle and day, or the one with its agent."""
    visits = (doses for place, doses in hung.items() if place[:2] == (task.cycle, task.day))
    apart = (doses for doses in visits if not task.agent or any(dose.agent == task.agent for dose in doses))
    return next(apart, [])


def _visit_of(task: Task, on: date) -> tuple[int, int, date]:
    assert task.day is not None  # noqa: S101 - a task of a visit has a day
    return task.cycle, task.day, on


def _here(task: Task) -> bool:
    """Whether the clinic does it, on one day."""
    return not task.at_home and task.kind not in (HOSPITAL_STAY, LIVER_WATCH)


def _of_visit(task: Task, when: When) -> bool:
    return _here(task) and task.when is when and task.day is not None and not task.of_cycle and not task.ordinal


def _of_cycle(task: Task) -> bool:
    return _here(task) and (task.of_cycle or task.day is None)


# -- Names ------------------------------------------------------------------------------------------------------------


def _key(task: Task) -> str:
    place = f"c{task.cycle}" + (f"d{task.day}" if task.day is not None else "/end")
    return f"check/{place}/{task.kind}/{task.when}-{task.offset_days}{_order(task)}"


def _order(task: Task) -> str:
    """What tells a task from others of its kind on the same visit, cycle or course."""
    parts = (task.agent, str(task.ordinal or ""), "cycle" if task.of_cycle else "", task.audience or "")
    return "".join(f"/{part}" for part in parts if part)


def _ref(key: str, on: date) -> str:
    return f"{key}@{on.isoformat()}"


def _agent_name(plan: Plan, dose: Dose) -> str:
    return plan.regimen.agent_of(dose.id).name


def _date_of(dose: Dose) -> date:
    assert dose.date is not None  # noqa: S101 - a dose with times has a date
    return dose.date


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
