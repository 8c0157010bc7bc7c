"""The plan told as plain data: cycles and doses, tasks, advice."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from scheduler.regimen import HangsOn, LateRule, TaskRule, When
from tests.oracle_clock import Times, too_close, visits
from tests.oracle_layout import anchor_of, first_held, lay_out
from tests.oracle_numbers import (
    COUNTED,
    Key,
    Laid,
    Numbers,
    Remark,
    allowed_length,
    cycle_count,
    days_between,
    later,
    set_length,
    tolerance,
)
from tests.oracle_windows import tell_windows

Closed = Callable[[date], bool]
Cycle = dict[str, Any]
LIVER_WATCH_WEEKS = 8
JUDGED_ADVICE = (
    "moved-to-keep-gap",
    "gap-too-short",
    "outside-tolerance",
    "overdue",
    "cycle-length-departs",
    "too-many-cycles",
    "cycles-run-out",
    "late-omit",
    "late-shift",
    "long-interruption",
)
# Remarks on the whole course: where they point is not fixed.
OF_THE_COURSE = ("too-many-cycles", "cycles-run-out")


def describe(numbers: Numbers, today: date, closed: Closed) -> dict[str, Any]:
    sheet = lay_out(numbers)
    times = visits(numbers, sheet)
    cycles = _tell_cycles(numbers, sheet, times)
    advice, advice_open = _tell_advice(numbers, sheet, times, cycles, today)
    return {
        "cycles": cycles,
        "windows": tell_windows(numbers, sheet, times),
        "tasks": _tell_tasks(numbers, sheet, cycles, closed),
        "advice": advice,
        "advice_open": advice_open - advice,
    }


def _tell_cycles(numbers: Numbers, sheet: list[Laid], times: dict[Key, Times]) -> list[Cycle]:
    cycles = []
    for number in range(1, cycle_count(numbers) + 1):
        first = anchor_of(sheet, number).date
        length = set_length(numbers, number)
        if number < cycle_count(numbers):
            length = days_between(first, anchor_of(sheet, number + 1).date)
        doses = [_tell_dose(numbers, laid, times) for laid in sheet if laid.key[0] == number]
        last_day = later(first, length - 1)
        cycles.append({"number": number, "day1": first, "length_days": length, "last_day": last_day, "doses": doses})
    return cycles


def _tell_dose(numbers: Numbers, laid: Laid, times: dict[Key, Times]) -> dict[str, Any]:
    one = times.get(laid.key, Times())
    return {
        "cycle": laid.key[0],
        "day": laid.key[1],
        "agent": numbers.agents[laid.key[2]].key if numbers.several else "",
        "nominal": laid.nominal,
        "date": None if laid.state == "held" else laid.date,
        "state": laid.state,
        "arrival": one.arrival if one.start else None,
        "infusion_start": one.start,
        "infusion_end": one.end,
        "observation_end": one.watched if one.observed else None,
        "bag_changes": one.bags,
        "disconnect": one.disconnect,
    }


# -- Tasks --------------------------------------------------------------------------------------------------


def _tell_tasks(numbers: Numbers, sheet: list[Laid], cycles: list[Cycle], closed: Closed) -> list[dict[str, Any]]:
    def told(kind: str, place: tuple[int | None, int | None], when: str, day: date, step: int) -> dict[str, Any]:
        """`step` is where a closed day sends the task: to the day before, the day after, nowhere."""
        while step and (closed(day) or any(first <= day <= last for first, last in numbers.away)):
            day = later(day, step)
        return {"kind": kind, "cycle": place[0], "day": place[1], "when": when, "date": day}

    tasks = []
    listed = set()
    for rule in numbers.regimen.tasks:
        if rule.intent not in (None, numbers.intent) or rule.audience not in (None, *numbers.audiences):
            continue
        like_before = rule.when is When.BEFORE or rule.on is HangsOn.CYCLE_END
        stays = rule.on is HangsOn.CYCLE_DAYS and rule.lasts_days > 1
        step = 0 if rule.at_home or stays else -1 if like_before else 1
        away = -rule.offset_days if rule.when is When.BEFORE else rule.offset_days
        for place, day in _places(numbers, sheet, cycles, rule):
            once = rule.kind, place, rule.when, later(day, away), step
            if once not in listed:
                tasks.append(told(rule.kind, place, rule.when.value, later(day, away), step))
            listed.add(once)
    last = _last_dose(sheet)
    watch = numbers.regimen.liver_watch
    if watch is not None and last is not None:
        tasks.append(told("liver-watch", (None, None), "after", later(last, 7 * LIVER_WATCH_WEEKS), 0))
        if numbers.cease is not None and numbers.cease[1] == "transplant":
            weeks = range(1, watch.weekly_tests_after_transplant + 1)
            days = [later(numbers.cease[0], 7 * week) for week in weeks]
            tasks += [told("liver-tests", (None, None), "after", day, 1) for day in days]
    return tasks


def _places(
    numbers: Numbers, sheet: list[Laid], cycles: list[Cycle], rule: TaskRule
) -> Iterator[tuple[tuple[int, int | None], date]]:
    """Where a task hangs, and the date that it counts from; a visit has it once."""
    if rule.on in (HangsOn.CYCLE_END, HangsOn.CYCLE_DAYS):
        for cycle in cycles:
            stands = any(dose["state"] in COUNTED for dose in cycle["doses"])
            if stands and _of_cycle(rule, cycle["number"]):
                if rule.on is HangsOn.CYCLE_END:
                    yield (cycle["number"], None), cycle["last_day"]
                for day in rule.days:
                    yield (cycle["number"], day), later(cycle["day1"], day - 1)
        return
    own = [laid for laid in sheet if rule.agent in ("", numbers.agents[laid.key[2]].key)]
    first = next((laid for laid in own if laid.state not in ("omitted", "cancelled")), None)
    if rule.on is HangsOn.FIRST_DOSE:
        own = [laid for laid in own if first is not None and (laid.place, laid.date) == (first.place, first.date)]
    if rule.on is HangsOn.DAY_ONE:
        own = [laid for laid in own if laid.key[1] == 1]
    stopped = numbers.cease is not None
    standing = [
        laid
        for laid in own
        if laid.state == "given" or (laid.state == "planned" and not stopped and laid.key[2] not in numbers.stopped)
    ]
    yield from sorted({(laid.place, laid.date) for laid in standing if _of_cycle(rule, laid.key[0])})


def _of_cycle(rule: TaskRule, cycle: int) -> bool:
    return rule.cycles is None or cycle in rule.cycles


def _last_dose(sheet: list[Laid]) -> date | None:
    """The latest given or planned date; while doses are held, the latest given one."""
    states = ("given",) if first_held(sheet) else COUNTED
    return max((laid.date for laid in sheet if laid.state in states), default=None)


# -- Advice -------------------------------------------------------------------------------------------------


def _tell_advice(
    numbers: Numbers, sheet: list[Laid], times: dict[Key, Times], cycles: list[Cycle], today: date
) -> tuple[set[Remark], set[Remark]]:
    sure: set[Remark] = {("gap-too-short", *second.place) for _, second, _ in too_close(numbers, sheet)}
    maybe: set[Remark] = set()
    counts = numbers.regimen.counts[numbers.intent]
    if counts.maximum is not None and cycle_count(numbers) > counts.maximum:
        sure.add(("too-many-cycles", None, None))
    if counts.maximum is None and numbers.cease is None and today >= cycles[-1]["day1"]:
        settled = first_held(sheet) is None and len(numbers.stopped) < len(numbers.agents)
        (sure if settled else maybe).add(("cycles-run-out", None, None))
    for laid in sheet:
        if laid.state in COUNTED:
            _remark_dose(numbers, laid, today, sure, maybe)
            if times[laid.key].moved:
                (sure if laid.state == "planned" else maybe).add(("moved-to-keep-gap", *laid.place))
    _remark_long_pause(numbers, sheet, sure, maybe)
    for cycle in cycles:
        if not allowed_length(numbers, cycle["number"], cycle["length_days"]):
            following = [laid.state for laid in sheet if laid.key[0] == cycle["number"] + 1 and laid.anchor]
            here = [dose["state"] in COUNTED for dose in cycle["doses"]]
            settled = any(here) and not {"held", "cancelled"} & set(following)
            (sure if settled else maybe).add(("cycle-length-departs", cycle["number"], None))
    return sure, maybe


def _remark_dose(numbers: Numbers, laid: Laid, today: date, sure: set[Remark], maybe: set[Remark]) -> None:
    late = days_between(laid.nominal, laid.date)
    planned = laid.state == "planned"
    policy = numbers.regimen.late
    # Of a day that the version in force lacks, it says nothing.
    ruled = laid.key[1] in numbers.agents[laid.key[2]].day_rules
    if laid.pushed:
        sure.add(("moved-to-keep-gap", *laid.place))
    if planned and laid.date < today:
        sure.add(("overdue", *laid.place))
    if not laid.anchor and abs(late) > tolerance(numbers.agents[laid.key[2]], laid.key[1]):
        (sure if ruled else maybe).add(("outside-tolerance", *laid.place))
    if policy is None:
        return
    # What was given can no longer be left out, so only a planned dose is sure to carry this.
    if not laid.anchor and policy.omit_from_days is not None and late >= policy.omit_from_days:
        code = "late-omit" if policy.rule is LateRule.OMIT else "late-shift"
        (sure if planned else maybe).add((code, *laid.place))
    # Nothing was interrupted yet before the first dose.
    reduced = policy.reduce_from_days is not None and late >= policy.reduce_from_days
    stopped = policy.stop_after_days is not None and late > policy.stop_after_days
    if reduced or stopped:
        (maybe if laid.place <= (1, 1) or not planned else sure).add(("long-interruption", *laid.place))


def _remark_long_pause(numbers: Numbers, sheet: list[Laid], sure: set[Remark], maybe: set[Remark]) -> None:
    """A planned dose too long after the last given one; only the first of them is sure to say so.

    Whether the other agents' doses count as an interruption the rules leave open.
    """
    stop_after = numbers.regimen.late.stop_after_days if numbers.regimen.late else None
    given = [laid for laid in sheet if laid.state == "given"]
    if not given or stop_after is None:
        return
    last = max(laid.date for laid in given)
    planned = [laid for laid in sheet if laid.state == "planned"]
    behind = [laid for laid in planned if laid.key > given[-1].key]
    for laid in planned:
        own = [one.date for one in given if one.key[2] == laid.key[2]]
        if own and days_between(max(own), laid.date) > stop_after:
            maybe.add(("long-interruption", *laid.place))
        if days_between(last, laid.date) > stop_after:
            certain = not numbers.several and laid is behind[0] if behind else False
            (sure if certain else maybe).add(("long-interruption", *laid.place))
