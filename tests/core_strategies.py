"""What Hypothesis draws for the tests of the core: actions as plain fields, and courses with a history that was accepted."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from scheduler import ClinicRules, ClosedDayPolicy, Course, Plan, Rejected, action_from_fields, build_plan, check_action
from scheduler.actions import Action, CeaseCause, HoldCause
from scheduler.fold import fold
from scheduler.layout import Slot, lay_out
from scheduler.regimen import Regimen
from tests.core import course_of, inotuzumab, with_agent
from tests.oracle_regimens import FromSeed, newer, random_regimen

DAY1 = date(2026, 12, 7)
AUDIENCES = ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
# An ordinary course is mostly doses given; what ends a course comes seldom, since little is accepted after it.
KINDS = (
    *("given",) * 24,
    *("defer",) * 8,
    *("omit", "hold", "resume", "cycle-length", "void", "regimen") * 3,
    *("time", "cycles", "intent", "days", "response", "audience", "away", "cease"),
)


class History:
    """A course with actions that were accepted one after the other, as seen on `today`.

    No dataclass: Hypothesis would print the regimen, which fills pages and is the same in every example.
    """

    def __init__(
        self, regimen: Regimen, course: Course, actions: tuple[Action, ...], clinic: ClinicRules, today: date
    ) -> None:
        self.regimen = regimen
        self.course = course
        self.actions = actions
        self.clinic = clinic
        self.today = today

    def __repr__(self) -> str:
        newest = f" newest={self.clinic.newest.version}" if self.clinic.newest else ""
        return f"{self.course} {list(self.actions)} {self.clinic.closed_day_policy}{newest} today={self.today}"

    def plan(self, *more: Action) -> Plan:
        return self.plan_of((*self.actions, *more))

    def plan_of(self, actions: tuple[Action, ...]) -> Plan:
        return build_plan(self.regimen, self.course, actions, today=self.today, clinic=self.clinic)

    def check(self, action: Action) -> None:
        check_action(self.regimen, self.course, self.actions, action, today=self.today, clinic=self.clinic)

    def accepts(self, action: Action) -> bool:
        try:
            self.check(action)
        except Rejected:
            return False
        return True

    def then(self, action: Action) -> "History":
        return History(self.regimen, self.course, (*self.actions, action), self.clinic, self.today)


def newer_regimen() -> Regimen:
    """A made-up newer version that has other days, another length, fewer cycles and no second intent."""
    regimen = inotuzumab()
    first, later = regimen.templates
    (agent,) = regimen.ranked
    templates = (
        replace(first, days={agent.key: (1, 8)}),
        replace(later, days={agent.key: (1, 8, 15, 22)}, length=35, longest=35),
    )
    rule = agent.day_rules[8]
    changed = with_agent(regimen, day_rules={1: agent.day_rules[1], 8: rule, 15: rule, 22: rule})
    counts = {"continue": replace(regimen.counts["continue"], default=4, maximum=5)}
    return replace(changed, version="2027.1", digest="0" * 64, templates=templates, counts=counts)


@st.composite
def regimens(draw: st.DrawFn) -> tuple[Regimen, Regimen]:
    """A regimen and a newer version of it: inotuzumab's as often as one that is made up, of any shape."""
    seed = draw(st.integers(0, 400))
    if seed % 2 == 0:
        return inotuzumab(), newer_regimen()
    chooser = FromSeed(seed)
    regimen = random_regimen(chooser)
    return regimen, newer(chooser, regimen)


@st.composite
def histories(draw: st.DrawFn, *, most: int = 12, versions: bool = False) -> History:
    """A course with up to `most` accepted actions; what was refused on the way is left out."""
    regimen, later = draw(regimens())
    day1 = DAY1 + timedelta(days=draw(st.integers(0, 400)))
    audiences = draw(st.lists(st.sampled_from(AUDIENCES), unique=True))
    intent = draw(st.sampled_from(regimen.intents()))
    course = course_of(day1, audiences=audiences, intent=intent, reason="agreed")
    policy = draw(st.sampled_from(list(ClosedDayPolicy)))
    clinic = ClinicRules(closed_day_policy=policy, newest=later if versions else None)
    today = day1 + timedelta(days=draw(st.sampled_from([400, 400, 400, 100, 30, 8, -5])))
    history = History(regimen, course, (), clinic, today)
    for _ in range(draw(st.integers(most // 2, most))):
        action = draw(next_actions(history))
        if history.accepts(action):
            history = history.then(action)
    return history


@st.composite
def next_actions(draw: st.DrawFn, history: History, kinds: tuple[str, ...] = KINDS) -> Action:
    """An action that has a chance to be accepted now."""
    kind = draw(st.sampled_from(kinds))
    # The layout alone, since a whole plan for each draw would make up most of the time.
    numbers = fold(history.regimen, history.course, history.actions, history.clinic.versions())
    slots = lay_out(numbers).slots
    open_slots = [slot for slot in slots if slot.state in ("planned", "held")] or list(slots)
    # Mostly the next dose, since records come in order.
    place = draw(st.sampled_from([0, 0, 0, 0, 0, 1, 2, 3, 7]))
    slot = open_slots[min(place, len(open_slots) - 1)]
    reason = draw(st.sampled_from(["", "decided", "decided", "decided"]))
    fields = draw(_fields(kind, slot, history))
    if history.actions and draw(st.integers(0, 9)) == 9:
        fields["replaces"] = draw(st.integers(1, len(history.actions)))
    return action_from_fields(kind, {**fields, "reason": reason})


# ---------------------------------------------------------------------------------------------------------------


@st.composite
def _fields(draw: st.DrawFn, kind: str, slot: Slot, history: History) -> dict[str, Any]:
    near = slot.date + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, -1, 2, 3, 5, 7, 9, 15, 30])))
    here: dict[str, Any] = {"cycle": slot.id.cycle, "day": slot.id.day}
    one = {"agent": slot.id.agent} if slot.id.agent and draw(st.integers(0, 2)) == 2 else {}
    match kind:
        case "given":
            extra = draw(st.sampled_from([{}, {}, {"tolerated": False}, {"complete": False}, {"elsewhere": True}]))
            return {**here, **one, "on": near, **extra}
        case "defer":
            scope = draw(st.sampled_from([None, "dose", "cycle", "course"]))
            return {**here, **one, "to": near, "scope": scope}
        case "hold":
            return {**here, "on": near, "cause": draw(st.sampled_from([each.value for each in HoldCause]))}
        case "resume":
            return {**here, "on": near}
        case "omit":
            return {**here, **one}
        case "cease":
            return {**one, "on": near, "cause": draw(st.sampled_from([each.value for each in CeaseCause]))}
        case "void":
            return {"action": draw(st.integers(1, max(1, len(history.actions))))}
        case "time":
            place = draw(st.sampled_from([{}, here]))
            return {"at": draw(st.sampled_from(["08:00", "14:30", "02:30", "23:30"])), **place}
        case "away":
            return {"from": near, "to": near + timedelta(days=draw(st.integers(0, 20)))}
        case "audience":
            change = draw(st.sampled_from(["add", "remove", "private", "shown"]))
            return {"value": draw(st.sampled_from(AUDIENCES)), "change": change}
        case _:
            return draw(_course_fields(kind, slot.id.cycle, history.regimen))


@st.composite
def _course_fields(draw: st.DrawFn, kind: str, cycle: int, regimen: Regimen) -> dict[str, Any]:
    match kind:
        case "cycle-length":
            usual = regimen.template(cycle).length
            return {"cycle": cycle, "days": draw(st.sampled_from([28, 21, 24, 35, 49, 400, usual, usual + 1]))}
        case "days":
            some = draw(st.sets(st.sampled_from(regimen.template(cycle).all_days())))
            return {"cycle": cycle, "days": draw(st.sampled_from([[1, 8], [1, 22], sorted({1, *some})]))}
        case "cycles":
            return {"count": draw(st.sampled_from([6, 2, 3, 4, 8, 99]))}
        case "intent":
            return {"value": draw(st.sampled_from(["transplant", "continue"]))}
        case "response":
            return {"cycle": cycle, "value": draw(st.sampled_from(["CR", "CRi", "none"]))}
        case "regimen":
            return {"version": draw(st.sampled_from(["2027.1", "2", regimen.version]))}
        case _:
            raise AssertionError(kind)
