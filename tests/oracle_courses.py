"""Random courses for the oracle: plain data in the shape of a parsed course file, with any regimen.

`courses()` builds a course without asking anyone whether its actions are possible, so refusals come early.
`grow()` builds one action by action with the oracle, keeps what was accepted and tells what was not: that gives
long histories, and every refusal met on the way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scheduler.course import EarlierDose
from scheduler.regimen import AUDIENCES, Regimen
from tests import oracle
from tests.oracle_clock import instants_of
from tests.oracle_numbers import OracleNeedsReason, OracleRejected
from tests.oracle_proposals import HOURS, Action, Case, Course, doses_of, propose
from tests.oracle_regimens import Chooser, FromHypothesis, chance, newer, pick, random_regimen
from tests.oracle_telling import describe

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


@dataclass(frozen=True)
class Try:
    """`course` ends with the action that was tried; `plan` is there when it was accepted."""

    case: Case
    course: Course
    verdict: str  # accepted, rejected, needs-reason
    why: str
    plan: dict[str, Any] | None

    @property
    def action(self) -> Action:
        return dict(self.course["actions"][-1])


# -- Courses ------------------------------------------------------------------------------------------------


@st.composite
def courses(draw: st.DrawFn, *, most_actions: int = 12) -> Case:
    """A course; nobody checked whether its actions are possible."""
    chooser = FromHypothesis(draw)
    return blind_actions(chooser, new_case(chooser), most_actions)


@st.composite
def grown_courses(draw: st.DrawFn, *, steps: int = 12) -> list[Try]:
    """Every action that was tried on a growing course, in order."""
    chooser = FromHypothesis(draw)
    return list(grow(chooser, new_case(chooser), steps))


def new_case(chooser: Chooser, regimen: Regimen | None = None) -> Case:
    """A course without actions, on that regimen or a made-up one."""
    later = None
    if regimen is None:
        regimen = random_regimen(chooser)
        later = newer(chooser, regimen) if chance(chooser, 30) else None
    if chance(chooser, 60):
        # A notable day is where some dose may lie, not always the first.
        day1 = pick(chooser, NOTABLE_DAYS) - timedelta(days=pick(chooser, (0, 0, 7, 14, 21, 28, 35, 49, 147)))
    else:
        day1 = date(2024, 1, 1) + timedelta(days=chooser.integer(0, 2500))
    zone, at = pick(chooser, ZONES), pick(chooser, HOURS)
    if not instants_of(datetime.combine(day1, time.fromisoformat(at)), ZoneInfo(zone)):
        at = "09:00"  # on that day no clock shows the hour
    course: Course = {
        "regimen": regimen.id,
        "day1": day1,
        "at": at,
        "zone": zone,
        "audiences": [name + pick(chooser, ("", "", ":private")) for name in AUDIENCES if chance(chooser, 50)],
        "intent": pick(chooser, tuple(regimen.counts)),
        "actions": [],
    }
    if chance(chooser, 40):
        course["cycles"] = chooser.integer(1, 6)
    if chance(chooser, 12):
        longest = max([28, *(template.longest for template in regimen.templates)])
        course["cycle_lengths"] = {chooser.integer(1, 3): longest + pick(chooser, (0, 7, -1))}
    if chance(chooser, 40):
        course["jurisdiction"] = pick(chooser, ("US", "CH", "CH", "JP"))
    if chance(chooser, 15):
        course["earlier"] = _earlier(chooser, course)
    if chance(chooser, 90):
        course["reason"] = "agreed with the prescriber"
    today = day1 + timedelta(days=pick(chooser, (200, 60, 30, 15, 7, 0, -3, 90, 120, 250)))
    return Case(regimen, later, course, today)


def _earlier(chooser: Chooser, course: Course) -> tuple[EarlierDose, ...]:
    """The last doses of one agent, or of all, of a course of another regimen."""
    regimen = random_regimen(chooser)
    agents = list(regimen.agents.values())[: pick(chooser, (1, 1, 4))]
    doses = []
    for agent in agents:
        on = course["day1"] - timedelta(days=pick(chooser, (30, 7, 200, -40)))
        ended = datetime.combine(on, time(15, 30), ZoneInfo(course["zone"])) if chance(chooser, 60) else None
        windows = tuple(rule for rule in regimen.windows if rule.agent == agent.key)
        doses.append(
            EarlierDose(
                agent_name=agent.name,
                on=on,
                ended=ended,
                settled=chance(chooser, 70),
                windows=windows,
                jurisdiction=pick(chooser, ("", "US", "CH")),
            )
        )
    return tuple(doses)


def blind_actions(chooser: Chooser, case: Case, most_actions: int) -> Case:
    try:
        guess = oracle.plan(case.regimen, case.course, case.today)
    except (OracleNeedsReason, OracleRejected):
        return case
    actions: list[Action] = []
    for _ in range(chooser.integer(0, most_actions)):
        action = propose(chooser, guess, actions, case)
        if action["kind"] == "given":
            _believe(guess, action)
        actions.append(action)
    return Case(case.regimen, case.newest, {**case.course, "actions": actions}, case.today)


def _believe(guess: dict[str, Any], action: Action) -> None:
    """A dose that was tried is taken as given, so that the next guess is the next dose."""
    for dose in doses_of(guess):
        if (dose["cycle"], dose["day"]) == (action.get("cycle"), action.get("day")):
            dose["state"] = "given"


def grow(chooser: Chooser, case: Case, steps: int) -> Iterator[Try]:
    """One course, `steps` tries; a try that was refused leaves no trace in the course."""
    course = case.course
    try:
        numbers = oracle.start(case.regimen, course)
    except OracleNeedsReason:
        course = {**course, "reason": "agreed with the prescriber"}
        numbers = oracle.start(case.regimen, course)
    except OracleRejected:
        course = {name: value for name, value in course.items() if name != "cycle_lengths"}
        course["reason"] = "agreed with the prescriber"
        numbers = oracle.start(case.regimen, course)
    plan = describe(numbers, case.today, oracle.weekend_is_closed)
    again: Action | None = None
    for _ in range(steps):
        action = again or propose(chooser, plan, course["actions"], case)
        again = None
        tried = {**course, "actions": [*course["actions"], action]}
        try:
            numbers = oracle.extend(case.regimen, tried, numbers, case.today, newest=case.newest)
        except OracleRejected as no:
            yield Try(case, tried, "rejected", no.why, None)
        except OracleNeedsReason as no:
            again = {**action, "reason": "the team decided so"} if chance(chooser, 80) else None
            yield Try(case, tried, "needs-reason", no.why, None)
        else:
            course = tried
            plan = describe(numbers, case.today, oracle.weekend_is_closed)
            yield Try(case, course, "accepted", "", plan)
