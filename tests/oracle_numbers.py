"""What the oracle keeps of a course: numbers of days, never laid-out dates; and the two ways of saying no."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.course import EarlierDose
from scheduler.regimen import Agent, Regimen

Key = tuple[int, int, int]  # cycle, day, place of the agent in the file
Place = tuple[int, int]  # cycle, day
Remark = tuple[str, int | None, int | None]  # code, cycle, day

ONE_DAY = timedelta(days=1)
MOST_CYCLES = 99
COUNTED = ("given", "planned")


class OracleRejected(Exception):
    """Action `number` (from 1; 0 is the course itself) is impossible."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"action {number}: {why}")
        self.number = number
        self.why = why


class OracleNeedsReason(Exception):
    """Action `number` is possible, but only with a reason, and it has none."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"action {number} needs a reason: {why}")
        self.number = number
        self.why = why


@dataclass
class Numbers:
    """What the actions leave behind (rule 8)."""

    regimen: Regimen
    day1: date
    zone: ZoneInfo
    at: str
    intent: str
    count: int | None
    audiences: dict[str, bool]  # name: shown
    jurisdiction: str
    earlier: tuple[EarlierDose, ...]
    length: dict[int, int] = field(default_factory=dict)
    delay: dict[int, int] = field(default_factory=dict)
    offset: dict[Key, int] = field(default_factory=dict)
    given: dict[Key, dict[str, Any]] = field(default_factory=dict)
    omitted: set[Key] = field(default_factory=set)
    holds: list[Key] = field(default_factory=list)
    days: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    # Of which doses, the hour, and what was given then.
    times: list[tuple[frozenset[Key] | None, str, frozenset[Key]]] = field(default_factory=list)
    away: list[tuple[date, date]] = field(default_factory=list)
    cease: tuple[date, str] | None = None
    stopped: dict[int, date] = field(default_factory=dict)  # place of the agent: last date
    pregnancy: bool = False

    def copy(self) -> "Numbers":
        twin = Numbers(**vars(self))
        for name, value in vars(self).items():
            if isinstance(value, dict | set | list):
                setattr(twin, name, value.copy())
        return twin

    @property
    def agents(self) -> tuple[Agent, ...]:
        return tuple(self.regimen.agents.values())

    @property
    def several(self) -> bool:
        return len(self.agents) > 1


@dataclass
class Laid:
    """One dose on the calendar. `anchor`: its date is the actual day 1 of its cycle."""

    key: Key
    nominal: date
    date: date
    pushed: bool
    state: str
    anchor: bool = False

    @property
    def place(self) -> Place:
        return self.key[:2]


def days_between(first: date, last: date) -> int:
    return (last - first).days


def later(day: date, days: int) -> date:
    return day + timedelta(days=days)


@cache
def months_after(day: date, months: int) -> date:
    """The same day number that many months on; else the first of the month after (rule 13)."""
    wanted = day.day
    begun = 0
    while True:
        day += ONE_DAY
        begun += day.day == 1
        if begun > months or (begun == months and day.day == wanted):
            return day


def has_reason(thing: dict[str, Any]) -> bool:
    return bool(str(thing.get("reason", "")).strip())


# -- The shape of the course --------------------------------------------------------------------------------


def cycle_count(numbers: Numbers) -> int:
    if numbers.count is not None:
        return numbers.count
    return max([numbers.regimen.counts[numbers.intent].default, *(key[0] for key in numbers.given)])


def days_of(numbers: Numbers, cycle: int, rank: int) -> list[int]:
    """The days of an agent: the regimen's, those alone that `days` names, and all that were given."""
    days = set(numbers.regimen.template(cycle).days.get(numbers.agents[rank].key, ()))
    named = [only for from_cycle, only in numbers.days if from_cycle <= cycle]
    if named:
        days &= set(named[-1])
    return sorted(days | {key[1] for key in numbers.given if (key[0], key[2]) == (cycle, rank)})


def keys_of(numbers: Numbers, cycle: int) -> list[Key]:
    """The doses of a cycle in order: by day, then by the agents of the file."""
    ranks = range(len(numbers.agents))
    return sorted((cycle, day, rank) for rank in ranks for day in days_of(numbers, cycle, rank))


def set_length(numbers: Numbers, cycle: int) -> int:
    return numbers.length.get(cycle, numbers.regimen.template(cycle).length)


def allowed_length(numbers: Numbers, cycle: int, days: int) -> bool:
    template = numbers.regimen.template(cycle)
    return template.shortest <= days <= template.longest


def allowed_count(numbers: Numbers, count: int) -> bool:
    allowed = numbers.regimen.counts[numbers.intent]
    return count >= allowed.minimum and (allowed.maximum is None or count <= allowed.maximum)


def intended_length(numbers: Numbers, cycle: int) -> int:
    """L with the delay of the next day 1: the length that people asked for, before any push."""
    following = numbers.delay.get(cycle + 1, 0) if cycle < cycle_count(numbers) else 0
    return set_length(numbers, cycle) + following


def gap_days(agent: Agent) -> int:
    """Whole days that hold the gap; two doses of an agent are never on one date."""
    if agent.gap is None:
        return 1
    if agent.gap.hours is not None:
        return max(1, -(-agent.gap.hours // 24))
    return agent.gap.days or 1


def tolerance(agent: Agent, day: int) -> int:
    rule = agent.day_rules.get(day)
    return rule.tolerance_days or 0 if rule else 0
