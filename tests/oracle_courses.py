"""Random courses to compare two readers of the scheduling rules on.

`courses()` draws a whole course without asking anyone whether its actions are possible, so refusals come early.
`grow()` builds one action by action with the oracle, keeps what was accepted and tells what was not: that gives
long histories, and every refusal met on the way. Both take their choices from a `Chooser`, so that Hypothesis can
shrink them and a plain loop can run thousands.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from tests import oracle

T = TypeVar("T")
Course = dict[str, Any]
Action = dict[str, Any]
Dose = dict[str, Any]

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "Africa/Casablanca")
# Month ends, leap days, turns of the year, and days on which clocks change in one of the zones.
NOTABLE_DAYS = (
    date(2026, 12, 7),
    date(2026, 9, 14),
    date(2027, 1, 31),
    date(2026, 6, 28),
    date(2026, 6, 29),
    date(2026, 6, 30),
    date(2026, 12, 31),
    date(2027, 2, 28),
    date(2028, 2, 29),
    date(2024, 2, 29),
    date(2026, 3, 8),  # New York, an hour forward
    date(2026, 11, 1),  # New York, an hour back
    date(2027, 3, 28),  # Berlin, forward
    date(2026, 10, 25),  # Berlin, back
    date(2026, 10, 4),  # Sydney forward by an hour, Lord Howe by half an hour
    date(2027, 4, 4),  # Sydney and Lord Howe, back
    date(2026, 2, 15),  # Casablanca, back for Ramadan
    date(2026, 3, 22),  # Casablanca, forward after it
)
HOURS = ("09:00", "09:00", "14:30", "08:00", "23:30", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00")
JITTER = (0,) * 12 + (-1, 1, -2, 2, 1, 2, -3, 3, 4, 5, -5, 6, -6, 7, -7, 8, 10, 14, 21, 28, 35)
KINDS = (
    ("given",) * 14
    + ("defer",) * 9
    + ("omit", "cycle-length", "void") * 3
    + ("hold", "days", "cycles", "intent", "time", "audience") * 2
    + ("response", "away", "cease", "regimen")
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
)


class Chooser(Protocol):
    def integer(self, low: int, high: int) -> int: ...


class FromHypothesis:
    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))


class FromSeed:
    """The same seed, the same choices: for long runs without Hypothesis."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._asked = 0

    def integer(self, low: int, high: int) -> int:
        self._asked += 1
        digest = hashlib.blake2b(f"{self._seed}/{self._asked}".encode(), digest_size=8).digest()
        return low + int.from_bytes(digest, "big") % (high - low + 1)


@dataclass(frozen=True)
class Try:
    """`course` ends with the action that was tried; `plan` is there when it was accepted."""

    course: Course
    today: date
    verdict: str  # accepted, rejected, needs-reason
    why: str
    plan: dict[str, Any] | None

    @property
    def action(self) -> Action:
        return dict(self.course["actions"][-1])


def pick(chooser: Chooser, things: Sequence[T]) -> T:
    return things[chooser.integer(0, len(things) - 1)]


def chance(chooser: Chooser, percent: int) -> bool:
    # High numbers mean yes, so that shrinking leaves the plain case.
    return chooser.integer(0, 99) >= 100 - percent


# -- Courses ------------------------------------------------------------------------------------------------


@st.composite
def courses(draw: st.DrawFn, *, most_actions: int = 12, version: str = "1") -> tuple[Course, date]:
    """A course and a today; nobody checked whether its actions are possible."""
    chooser = FromHypothesis(draw)
    course, today = new_course(chooser)
    return blind_actions(chooser, course, today, most_actions, version), today


@st.composite
def grown_courses(draw: st.DrawFn, *, steps: int = 12, version: str = "1") -> list[Try]:
    """Every action that was tried on a growing course, in order."""
    return list(grow(FromHypothesis(draw), steps, versions=(version,)))


def new_course(chooser: Chooser) -> tuple[Course, date]:
    zone = pick(chooser, ZONES)
    if chance(chooser, 60):
        # A notable day is where some dose may lie, not always the first.
        day1 = pick(chooser, NOTABLE_DAYS) - timedelta(days=pick(chooser, (0, 0, 7, 14, 21, 28, 35, 49, 147)))
    else:
        day1 = date(2024, 1, 1) + timedelta(days=chooser.integer(0, 2500))
    course: Course = {
        "regimen": oracle.REGIMEN,
        "day1": day1,
        "at": pick(chooser, HOURS),
        "zone": zone,
        "audiences": [name + pick(chooser, ("", "", ":private")) for name in oracle.WINDOWS if chance(chooser, 50)],
        "actions": [],
    }
    if chance(chooser, 40):
        course["intent"] = pick(chooser, ("continue", "transplant"))
    if chance(chooser, 40):
        course["cycles"] = chooser.integer(1, 7)
        if course["cycles"] > 2 or chance(chooser, 20):
            course["reason"] = "agreed with the prescriber"
    return course, day1 + timedelta(days=pick(chooser, (200, 60, 30, 15, 7, 0, -3, 90, 120, 250)))


def blind_actions(chooser: Chooser, course: Course, today: date, most_actions: int, version: str = "1") -> Course:
    try:
        guess = oracle.plan(course, today)
    except oracle.OracleNeedsReason:
        return course
    actions: list[Action] = []
    for _ in range(chooser.integer(0, most_actions)):
        action = propose(chooser, guess, actions, today, version)
        if action["kind"] == "given":
            _believe(guess, action)
        actions.append(action)
    return {**course, "actions": actions}


def _believe(guess: dict[str, Any], action: Action) -> None:
    """A dose that was tried is taken as given, so that the next guess is the next dose."""
    for dose in _doses(guess):
        if (dose["cycle"], dose["day"]) == (action.get("cycle"), action.get("day")):
            dose["state"] = "given"


def grow(
    chooser: Chooser, steps: int, *, versions: Collection[str] = ("1",), closed: oracle.Closed | None = None
) -> Iterator[Try]:
    """One course, `steps` tries; a try that was refused leaves no trace in the course."""
    course, today = new_course(chooser)
    try:
        numbers = oracle.start(course)
    except oracle.OracleNeedsReason:
        course = {**course, "reason": "agreed with the prescriber"}
        numbers = oracle.start(course)
    is_closed = closed or oracle.weekend_is_closed
    plan = oracle.describe(numbers, today, is_closed)
    version = next(iter(versions))
    again: Action | None = None
    for _ in range(steps):
        action = again or propose(chooser, plan, course["actions"], today, version)
        again = None
        tried = {**course, "actions": [*course["actions"], action]}
        try:
            numbers = oracle.extend(tried, numbers, today, versions=versions)
        except oracle.OracleRejected as no:
            yield Try(tried, today, "rejected", no.why, None)
        except oracle.OracleNeedsReason as no:
            again = {**action, "reason": "the team decided so"} if chance(chooser, 80) else None
            yield Try(tried, today, "needs-reason", no.why, None)
        else:
            course = tried
            plan = oracle.describe(numbers, today, is_closed)
            yield Try(course, today, "accepted", "", plan)


# -- Actions ------------------------------------------------------------------------------------------------


def propose(
    chooser: Chooser, plan: dict[str, Any], earlier: Sequence[Action], today: date, version: str = "1"
) -> Action:
    """An action that somebody might well try next on this plan."""
    kind = pick(chooser, KINDS)
    states = {dose["state"] for dose in _doses(plan)}
    if chance(chooser, 35 if "held" in states else 1):
        kind = "resume"
    if "cancelled" in states and chance(chooser, 80):
        kind = pick(chooser, ("void", "void", "given", "omit", "response", "audience"))
    if kind == "void" and not earlier:
        kind = "given"
    action: Action = {"kind": kind, **PROPOSALS[kind](chooser, plan, today)}
    if kind == "void":
        action["action"] = chooser.integer(1, len(earlier))
    if kind == "regimen":
        action["version"] = version if chance(chooser, 80) else "0-unheard-of"
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


def _doses(plan: dict[str, Any]) -> list[Dose]:
    return [dose for cycle in plan["cycles"] for dose in cycle["doses"]]


def _aim(chooser: Chooser, plan: dict[str, Any], reach: int, *states: str) -> Dose:
    """One of the first `reach` doses in these states; now and then any dose at all."""
    fitting = [dose for dose in _doses(plan) if dose["state"] in states]
    if not fitting or chance(chooser, 4):
        return pick(chooser, _doses(plan))
    return pick(chooser, fitting[:reach])


def _near(chooser: Chooser, dose: Dose) -> date:
    day: date = dose["date"] or dose["nominal"]
    return day + timedelta(days=pick(chooser, JITTER))


def _where(dose: Dose) -> Action:
    return {"cycle": dose["cycle"], "day": dose["day"]}


def _propose_given(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    reach = 1 if chance(chooser, 85) else 3
    states = ("planned", "held", "cancelled") if chance(chooser, 15) else ("planned",)
    dose = _aim(chooser, plan, reach, *states)
    on = _near(chooser, dose)
    if on > today and chance(chooser, 70):
        on = today
    action = {**_where(dose), "on": on}
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


def _propose_defer(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    dose = _aim(chooser, plan, 5, "planned", "planned", "held")
    action = {**_where(dose), "to": _near(chooser, dose)}
    if dose["day"] == 1:
        if chance(chooser, 50):
            action["scope"] = "course" if chance(chooser, 90) else "dose"
    elif chance(chooser, 70):
        action["scope"] = pick(chooser, oracle.SCOPES)
    return action


def _propose_hold(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    dose = _aim(chooser, plan, 6, "planned", "held")
    return {**_where(dose), "on": today, "cause": pick(chooser, oracle.HOLD_CAUSES)}


def _propose_resume(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    dose = _aim(chooser, plan, 1, "held")
    return {**_where(dose), "on": _near(chooser, dose)}


def _propose_omit(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    return _where(_aim(chooser, plan, 6, "planned", "held"))


def _cycle(chooser: Chooser, plan: dict[str, Any]) -> int:
    """Mostly the cycle that runs, or the next."""
    running = next((dose["cycle"] for dose in _doses(plan) if dose["state"] in ("planned", "held")), 1)
    return int(running) + pick(chooser, (0, 0, 0, 1, 1, 2, -1))


def _propose_cycle_length(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    days = pick(chooser, (28, 21, 24, 22, 28, 35, 20, 16, 15, 42))
    return {"cycle": _cycle(chooser, plan), "days": days}


def _propose_days(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    some = ([1, 8], [1], [1, 15], [1, 8, 15], [1, 8], [8, 15], [1, 8, 22])
    return {"cycle": _cycle(chooser, plan), "days": pick(chooser, some)}


def _propose_cycles(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    return {"count": pick(chooser, (6, 2, 3, 4, 5, 7, 1, 0))}


def _propose_intent(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    return {"value": pick(chooser, ("transplant", "continue"))}


def _propose_response(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    return {"cycle": _cycle(chooser, plan), "value": pick(chooser, ("CR", "CRi", "none"))}


def _propose_time(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    action: Action = {"at": pick(chooser, HOURS)}
    return action if chance(chooser, 40) else {**action, **_where(_aim(chooser, plan, 8, "planned"))}


def _propose_audience(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    # What a change means for an audience that is there already, or not yet, the rules leave open.
    value = pick(chooser, tuple(oracle.WINDOWS))
    present = any(window["audience"] == value for window in plan["windows"])
    change = pick(chooser, ("remove", "private", "shown")) if present else "add"
    return {"value": value, "change": change}


def _propose_away(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    first = _near(chooser, _aim(chooser, plan, 6, "planned"))
    return {"from": first, "to": first + timedelta(days=pick(chooser, (0, 2, 6, 13, -1)))}


def _propose_cease(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    return {
        "on": _near(chooser, _aim(chooser, plan, 3, "planned", "held")),
        "cause": pick(chooser, oracle.CEASE_CAUSES),
    }


def _propose_nothing(chooser: Chooser, plan: dict[str, Any], today: date) -> Action:
    return {}


PROPOSALS: dict[str, Callable[[Chooser, dict[str, Any], date], Action]] = {
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
