"""Actions that somebody might well try next on a plan of the oracle's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from scheduler.regimen import AUDIENCES, Regimen
from tests.oracle_regimens import Chooser, chance, pick
from tests.oracle_step import CEASE_CAUSES, HOLD_CAUSES, SCOPES

Course = dict[str, Any]
Action = dict[str, Any]
Dose = dict[str, Any]

HOURS = ("09:00", "09:00", "14:30", "08:00", "23:30", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00")
JITTER = (0,) * 12 + (-1, 1, -2, 2, 1, 2, -3, 3, 4, 5, -5, 6, -6, 7, -7, 8, 10, 14, 21, 28, 35)
KINDS = (
    ("given",) * 14
    + ("defer",) * 9
    + ("omit", "cycle-length", "void") * 3
    + ("hold", "days", "cycles", "intent", "time", "audience") * 2
    + ("response", "away", "cease", "cease", "regimen")
)
WRONG_FIELDS: tuple[Action, ...] = (
    {"cycle": 99},
    {"cycle": 0},
    {"day": 2},
    {"kind": "postpone"},
    {"colour": "blue"},
    {"scope": "week"},
    {"cause": "weather"},
    {"value": "maybe"},
    {"replaces": 40},
    {"agent": "omega"},
)


@dataclass(frozen=True)
class Case:
    """What a course is made of beside its actions. `newest`: a later version of the regimen that the clinic has."""

    regimen: Regimen
    newest: Regimen | None
    course: Course
    today: date


def propose(
    chooser: Chooser, plan: dict[str, Any], earlier: Sequence[Action], case: Case, kinds: Sequence[str] = KINDS
) -> Action:
    """An action, mostly of one of these kinds, that somebody might well try next on this plan."""
    kind = pick(chooser, kinds)
    states = [dose["state"] for dose in doses_of(plan)]
    if chance(chooser, 35 if "held" in states else 1):
        kind = "resume"
    if "cancelled" in states and "planned" not in states and chance(chooser, 80):
        kind = pick(chooser, ("void", "void", "given", "omit", "response", "audience"))
    if kind == "void" and not earlier:
        kind = "given"
    action: Action = {"kind": kind, **PROPOSALS[kind](chooser, plan, case)}
    if kind == "void":
        action["action"] = chooser.integer(1, len(earlier))
    if kind == "regimen":
        known = case.regimen.version if case.newest is None else case.newest.version
        action["version"] = known if chance(chooser, 80) else "0-unheard-of"
    if kind not in ("void", "regimen") and earlier and chance(chooser, 6):
        action["replaces"] = _number_like(chooser, action, earlier)
    if chance(chooser, 45):
        action["reason"] = "the team decided so"
    if chance(chooser, 3):
        action.update(pick(chooser, WRONG_FIELDS))
    return action


def _number_like(chooser: Chooser, action: Action, earlier: Sequence[Action]) -> int:
    """Mostly the latest action of the same kind, as when somebody corrects it."""
    same = [number for number, other in enumerate(earlier, 1) if other["kind"] == action["kind"]]
    return same[-1] if same and chance(chooser, 75) else chooser.integer(1, len(earlier))


def doses_of(plan: dict[str, Any]) -> list[Dose]:
    return [dose for cycle in plan["cycles"] for dose in cycle["doses"]]


def _aim(chooser: Chooser, plan: dict[str, Any], reach: int, *states: str) -> Dose:
    """One of the first `reach` doses in these states; now and then any dose at all."""
    fitting = [dose for dose in doses_of(plan) if dose["state"] in states]
    if not fitting or chance(chooser, 4):
        return pick(chooser, doses_of(plan))
    return pick(chooser, fitting[:reach])


def _near(chooser: Chooser, dose: Dose) -> date:
    day: date = dose["date"] or dose["nominal"]
    return day + timedelta(days=pick(chooser, JITTER))


def _place(dose: Dose) -> Action:
    return {"cycle": dose["cycle"], "day": dose["day"]}


def _where(chooser: Chooser, dose: Dose) -> Action:
    """The visit of a dose, or the dose of its agent alone."""
    return {**_place(dose), "agent": dose["agent"]} if dose["agent"] and chance(chooser, 35) else _place(dose)


def _propose_given(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    reach = 1 if chance(chooser, 85) else 3
    states = ("planned", "held", "cancelled") if chance(chooser, 15) else ("planned",)
    dose = _aim(chooser, plan, reach, *states)
    on = _near(chooser, dose)
    if on > case.today and chance(chooser, 70):
        on = case.today
    action = {**_where(chooser, dose), "on": on}
    if chance(chooser, 15):
        action["started"] = pick(chooser, (*HOURS, "09:20", "10:05"))
    if chance(chooser, 20):
        clock = pick(chooser, (*HOURS, "10:05", "10:40", "15:45"))
        late = timedelta(days=pick(chooser, (0, 1, 2)))
        action["ended"] = clock if chance(chooser, 75) else f"{on + late}T{clock}"
    if chance(chooser, 8):
        action["complete"] = False
    if chance(chooser, 8):
        action["tolerated"] = False
    if chance(chooser, 5):
        action["elsewhere"] = True
    return action


def _propose_defer(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    dose = _aim(chooser, plan, 5, "planned", "planned", "held")
    action = {**_where(chooser, dose), "to": _near(chooser, dose)}
    if dose["day"] == 1 and not dose["agent"]:
        if chance(chooser, 50):
            action["scope"] = "course" if chance(chooser, 90) else "dose"
    elif chance(chooser, 70):
        action["scope"] = pick(chooser, SCOPES)
    return action


def _propose_hold(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    dose = _aim(chooser, plan, 6, "planned", "held")
    return {**_place(dose), "on": case.today, "cause": pick(chooser, HOLD_CAUSES)}


def _propose_resume(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    dose = _aim(chooser, plan, 1, "held")
    if dose["day"] < 1 and chance(chooser, 80):
        dose = {**dose, "day": 1}  # a hold from day 1 on began with the days before it
    return {**_place(dose), "on": _near(chooser, dose)}


def _propose_omit(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    return _where(chooser, _aim(chooser, plan, 6, "planned", "held"))


def _cycle(chooser: Chooser, plan: dict[str, Any]) -> int:
    """Mostly the cycle that runs, or the next."""
    running = next((dose["cycle"] for dose in doses_of(plan) if dose["state"] in ("planned", "held")), 1)
    return int(running) + pick(chooser, (0, 0, 0, 1, 1, 2, -1))


def _propose_cycle_length(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    cycle = _cycle(chooser, plan)
    now = next((each["length_days"] for each in plan["cycles"] if each["number"] == cycle), 28)
    return {"cycle": cycle, "days": now + pick(chooser, (0, 1, 7, -1, -2, 2, 14, -7, 3))}


def _propose_days(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    cycle = _cycle(chooser, plan)
    known = sorted({dose["day"] for dose in doses_of(plan) if dose["cycle"] == cycle and dose["day"] != 1})
    some = [1, *(day for day in known if chance(chooser, 60))] if chance(chooser, 85) else [1, 8, 22]
    return {"cycle": cycle, "days": sorted(some)}


def _propose_cycles(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    return {"count": pick(chooser, (6, 2, 3, 4, 5, 7, 1, 0))}


def _propose_intent(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    return {"value": pick(chooser, ("transplant", "continue", "cure"))}


def _propose_response(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    return {"cycle": _cycle(chooser, plan), "value": pick(chooser, ("CR", "CRi", "none"))}


def _propose_time(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    action: Action = {"at": pick(chooser, HOURS)}
    return action if chance(chooser, 40) else {**action, **_place(_aim(chooser, plan, 8, "planned"))}


def _propose_audience(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    # What a change means for an audience that is there already, or not yet, the rules leave open.
    value = pick(chooser, tuple(AUDIENCES))
    present = any(window["audience"] == value for window in plan["windows"])
    change = pick(chooser, ("remove", "private", "shown")) if present else "add"
    return {"value": value, "change": change}


def _propose_away(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    first = _near(chooser, _aim(chooser, plan, 6, "planned"))
    return {"from": first, "to": first + timedelta(days=pick(chooser, (0, 2, 6, 13, -1)))}


def _propose_cease(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    dose = _aim(chooser, plan, 3, "planned", "held")
    action = {"on": _near(chooser, dose), "cause": pick(chooser, CEASE_CAUSES)}
    return {**action, "agent": dose["agent"]} if dose["agent"] and chance(chooser, 60) else action


def _propose_nothing(chooser: Chooser, plan: dict[str, Any], case: Case) -> Action:
    return {}


PROPOSALS: dict[str, Callable[[Chooser, dict[str, Any], Case], Action]] = {
    "given": _propose_given,
    "defer": _propose_defer,
    "hold": _propose_hold,
    "resume": _propose_resume,
    "omit": _propose_omit,
    "cycle-length": _propose_cycle_length,
    "days": _propose_days,
    "cycles": _propose_cycles,
    "intent": _propose_intent,
    "response": _propose_response,
    "time": _propose_time,
    "audience": _propose_audience,
    "away": _propose_away,
    "cease": _propose_cease,
    "regimen": _propose_nothing,
    "void": _propose_nothing,
}
