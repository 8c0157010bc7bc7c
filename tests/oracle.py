"""A slow second opinion on the plan of a course with any regimen.

Written from the scheduling rules and the pages 2 and 7 of docs/adr alone, for plain data, and without a look at the
scheduler (whose values for a regimen it reads): where the two agree, two readers of the rules agree. Nothing here is
clever on purpose, and the calendar is laid out again for every question.

`advice` holds the remarks that the rules demand, `advice_open` those that they neither demand nor exclude: a
plan's remarks of the codes in `JUDGED_ADVICE` must include all of the first and may add only from the second.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.regimen import AUDIENCES, Regimen
from tests.oracle_actions import apply
from tests.oracle_layout import last_dose_day
from tests.oracle_numbers import (
    MOST_CYCLES,
    Numbers,
    OracleNeedsReason,
    OracleRejected,
    allowed_count,
    allowed_length,
    cycle_count,
    has_reason,
)
from tests.oracle_step import check_fields
from tests.oracle_telling import Closed, describe

Course = dict[str, Any]
Action = dict[str, Any]


def weekend_is_closed(day: date) -> bool:
    return day.strftime("%a") in ("Sat", "Sun")


def plan(
    regimen: Regimen,
    course: Course,
    today: date,
    closed: Closed = weekend_is_closed,
    *,
    newest: Regimen | None = None,
) -> dict[str, Any]:
    """The plan of a parsed course file. `newest`: the version that a `regimen` action may name beside the course's."""
    numbers = start(regimen, course)
    actions = list(course.get("actions", []))
    for number in range(1, len(actions) + 1):
        numbers = extend(regimen, {**course, "actions": actions[:number]}, numbers, today, newest=newest)
    return describe(numbers, today, closed)


def start(regimen: Regimen, course: Course) -> Numbers:
    """The course before its first action; for building a course action by action with `extend`."""
    intent = course.get("intent", "continue")
    count = course.get("cycles")
    if intent not in regimen.counts or (count is not None and not 1 <= count <= MOST_CYCLES):
        raise OracleRejected(0, "unknown intent or number of cycles")
    audiences = {}
    for text in course.get("audiences", []):
        name, _, privacy = text.partition(":")
        if name not in AUDIENCES or privacy not in ("", "private"):
            raise OracleRejected(0, f"unknown audience {text}")
        audiences[name] = privacy == ""
    numbers = Numbers(
        regimen=regimen,
        day1=course["day1"],
        zone=ZoneInfo(course["zone"]),
        at=course["at"],
        intent=intent,
        count=count,
        audiences=audiences,
        jurisdiction=course.get("jurisdiction", ""),
        earlier=tuple(course.get("earlier", ())),
    )
    lengths = course.get("cycle_lengths", {})
    for cycle, days in lengths.items():
        if not 1 <= cycle <= cycle_count(numbers) or days <= last_dose_day(numbers, cycle):
            raise OracleRejected(0, f"cycle {cycle} cannot last {days} days")
    numbers.length = dict(lengths)
    usual = all(allowed_length(numbers, cycle, days) for cycle, days in lengths.items())
    if count is not None and not allowed_count(numbers, count):
        usual = False
    if not usual and not has_reason(course):
        raise OracleNeedsReason(0, "a number or length of cycles outside the regimen")
    return numbers


def extend(regimen: Regimen, course: Course, before: Numbers, today: date, *, newest: Regimen | None = None) -> Numbers:
    """What stands after the last action of `course`, where `before` stood after the last but one."""
    versions = {one.version: one for one in (newest, regimen) if one is not None}
    return _take(start(regimen, course), list(course["actions"]), before, today, versions)


# -- The order of things ------------------------------------------------------------------------------------


def _take(
    blank: Numbers, actions: list[Action], numbers: Numbers, today: date, versions: Mapping[str, Regimen]
) -> Numbers:
    """The last of `actions` comes in; `numbers` is what the others left."""
    number = len(actions)
    action = actions[-1]
    check_fields(number, action)
    voided = _names_to_void(action)
    reasons: list[str] = []
    if voided:
        standing = _standing(actions[:-1])
        for name in voided:
            if name not in standing:
                raise OracleRejected(number, f"there is no standing action {name}")
        numbers, reasons = _again(blank, actions, today, versions)
    if action["kind"] == "void":
        return numbers
    if _place(blank, actions, number) == number:
        numbers, reasons = apply(number, action, numbers, today, versions)
    if reasons and not has_reason(action):
        raise OracleNeedsReason(number, "; ".join(reasons))
    return numbers


def _again(
    blank: Numbers, actions: list[Action], today: date, versions: Mapping[str, Regimen]
) -> tuple[Numbers, list[str]]:
    """All that still stands, taken once more from the blank course, without the last action if its place is the last.

    Also why the last action needs a reason, where it was taken at an earlier place.
    """
    numbers = blank
    asked: list[str] = []
    places = {number: _place(blank, actions, number) for number in _standing(actions)}
    for number in sorted(places, key=lambda number: (places[number], number)):
        action = actions[number - 1]
        if action["kind"] == "void" or number == len(actions) == places[number]:
            continue
        try:
            last = number == len(actions)
            numbers, reasons = apply(number, action, numbers, today, versions, last=last)
        except OracleRejected as rejected:
            raise OracleRejected(len(actions), f"then {rejected}") from rejected
        asked = reasons if last else asked
    return numbers, asked


def _place(blank: Numbers, actions: list[Action], number: int) -> int:
    """Where an action counts: a `given` that corrects one of the same dose counts where that one stood."""
    action = actions[number - 1]
    if action["kind"] != "given" or "replaces" not in action:
        return number
    corrected = actions[action["replaces"] - 1]
    same = all(corrected.get(name) == action[name] for name in ("kind", "cycle", "day"))
    agents = {corrected.get("agent", ""), action.get("agent", "")} - {""}
    same &= not blank.several or len(agents) < 2
    return _place(blank, actions, action["replaces"]) if same else number


def _names_to_void(action: Action) -> list[int]:
    names = [action["action"]] if action["kind"] == "void" else []
    return names + ([action["replaces"]] if "replaces" in action else [])


def _standing(actions: list[Action]) -> set[int]:
    """From the last to the first: an action stands unless a later one that stands voids it."""
    standing: set[int] = set()
    for number in range(len(actions), 0, -1):
        later = [actions[other - 1] for other in standing]
        if not any(number in _names_to_void(action) + _replaced_long_ago(actions, action) for action in later):
            standing.add(number)
    return standing


def _replaced_long_ago(actions: list[Action], action: Action) -> list[int]:
    """What the action that this one replaces had replaced, and what that one had, and so on."""
    replaced = actions[action["replaces"] - 1] if "replaces" in action else {}
    return [replaced["replaces"], *_replaced_long_ago(actions, replaced)] if "replaces" in replaced else []
