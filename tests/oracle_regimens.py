"""Made-up regimens of every shape that a regimen file can tell, such as a file would be accepted for.

Choices come from a `Chooser`, so that Hypothesis can shrink them and a plain loop can run thousands.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from scheduler.regimen import (
    AUDIENCES,
    Agent,
    Cite,
    Continuous,
    CycleCount,
    CycleTemplate,
    DayRule,
    Gap,
    HangsOn,
    LatePolicy,
    LateRule,
    LiverWatch,
    Regimen,
    Review,
    Scope,
    Source,
    Statement,
    TaskRule,
    Times,
    Unit,
    When,
    WindowRule,
)

T = TypeVar("T")

BOOK = Source(key="book", title="nothing but a test", address="", dated=date(2026, 1, 1))
READ = Cite(source=BOOK, section="1", verified=True)
UNREAD = Cite(source=BOOK, section="", verified=False)
KEYS = ("alpha", "beta", "gamma", "delta")
PLACES = ("US", "CH")
DAYS = ((1,), (1,), (1, 8, 15), (1, 8), (1, 4, 8, 11), (1, 2), (1, 2, 3, 4, 5), (1, 2, 8, 9, 15, 16), (8,), (1, 15))
MORE_DAYS = ((0,), (-1,), (-1, 0, 1, 2), (0, 7), (2,), (1, 8, 15, 22), (3, 10), (0, 1))
GAP_DAYS = (6, 7, 1, 3, 2, 14)
GAP_HOURS = (72, 24, 20, 48, 36)
LENGTHS = (28, 21, 14, 7, 42)
INFUSIONS = ((60,), (90, 30), (), (420, 240, 210), (10,), (30,), (180, 120))
OBSERVATIONS = ((60,), (90, 30), (), (), (30,), (0,))
PUMPS = ((2760,), (1440,), (5760, 2880), (40320,))
AMOUNTS = {Unit.MONTHS: (8, 6, 3, 1, 12), Unit.WEEKS: (1, 3, 26), Unit.DAYS: (30, 90, 7), Unit.HOURS: (48, 72, 1200)}


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


def pick(chooser: Chooser, things: Sequence[T]) -> T:
    return things[chooser.integer(0, len(things) - 1)]


def chance(chooser: Chooser, percent: int) -> bool:
    # High numbers mean yes, so that shrinking leaves the plain case.
    return chooser.integer(0, 99) >= 100 - percent


def random_regimen(chooser: Chooser) -> Regimen:
    """A regimen of one to four agents; the first is mostly the one whose day 1 moves the cycles."""
    keys = KEYS[: pick(chooser, (1, 2, 3, 2, 3, 1, 4))]
    pump = len(keys) > 1 and chance(chooser, 25)
    agents = {key: _drug(chooser, key, pump=pump and key == keys[-1]) for key in keys}
    if len(keys) == 1 and chance(chooser, 15):
        agents = {key: _drug(chooser, key, pump=True) for key in keys}
    templates = _templates(chooser, agents)
    places = PLACES if chance(chooser, 50) else PLACES[:1]
    return Regimen(
        id="made-up",
        version="1",
        name="Made up",
        jurisdictions=places,
        label_date=None,
        checked_by="nobody: made up",
        digest="0" * 64,
        use=None,
        templates=templates,
        agents={key: _with_days(chooser, agent, templates) for key, agent in agents.items()},
        counts=_counts(chooser),
        counts_cite=READ,
        late=_late(chooser) if chance(chooser, 75) else None,
        windows=tuple(_windows(chooser, keys, places)),
        tasks=tuple(_task(chooser, keys) for _ in range(chooser.integer(0, 5))),
        review=Review(after_cycle=chooser.integer(1, 4), cite=READ) if chance(chooser, 30) else None,
        liver_watch=LiverWatch(weekly_tests_after_transplant=4, cite=UNREAD) if chance(chooser, 30) else None,
        preparation=None,
    )


def newer(chooser: Chooser, regimen: Regimen) -> Regimen:
    """Another version: of the same agents with other days and counts, or now and then of other agents."""
    if chance(chooser, 8):
        return replace(random_regimen(chooser), version="2")
    templates = _templates(chooser, regimen.agents)
    agents = {key: _with_days(chooser, agent, templates) for key, agent in regimen.agents.items()}
    return replace(regimen, version="2", digest="1" * 64, templates=templates, agents=agents, counts=_counts(chooser))


# -- Agents and cycles --------------------------------------------------------------------------------------


def _drug(chooser: Chooser, key: str, *, pump: bool) -> Agent:
    gap = None
    if chance(chooser, 80):
        hours = chance(chooser, 25)
        gap = Gap(
            days=None if hours else pick(chooser, GAP_DAYS),
            hours=pick(chooser, GAP_HOURS) if hours else None,
            cite=_cite(chooser),
        )
    infusions = pick(chooser, PUMPS if pump else INFUSIONS)
    observations = () if pump and chance(chooser, 80) else pick(chooser, OBSERVATIONS)
    bags = Continuous(bag_hours=pick(chooser, (24, None, 48, 96)), cite=READ) if pump else None
    return Agent(
        key=key,
        name=f"{key}mab",
        gap=gap,
        times=Times(infusion_minutes=infusions, observation_minutes=observations, cite=_cite(chooser)),
        continuous=bags,
        day_rules={},
    )


def _templates(chooser: Chooser, agents: Mapping[str, Agent]) -> tuple[CycleTemplate, ...]:
    many = pick(chooser, (1, 2, 1, 2, 3))
    templates = [_template(chooser, agents, last=number == many - 1) for number in range(many)]
    if not _fit(agents, templates):
        templates = templates[-1:]
    found = {key for template in templates for key in template.days}
    *others, last = templates
    days = {key: last.days.get(key, (1,)) for key in agents if key in last.days or key not in found}
    return (*others, replace(last, days=days))


def _template(chooser: Chooser, agents: Mapping[str, Agent], *, last: bool) -> CycleTemplate:
    length = pick(chooser, LENGTHS)
    length = max([length, *(_step(agent) for agent in agents.values())])
    days: dict[str, tuple[int, ...]] = {}
    for key, agent in agents.items():
        leads = not any(1 in numbers for numbers in days.values())
        some = pick(chooser, DAYS if leads or chance(chooser, 60) else MORE_DAYS)
        if chance(chooser, 10) and days:
            continue
        some = tuple(day for day in some if day >= 1) if leads and 1 in some else some
        days[key] = _spaced(some, _step(agent), length) or (1,)
    if not any(1 in numbers for numbers in days.values()):
        key = next(iter(days))
        days[key] = _spaced((1, *(day for day in days[key] if day > 1)), _step(agents[key]), length)
    shortest = max([length - pick(chooser, (0, 0, 2, 7)), *(numbers[-1] for numbers in days.values()), 1])
    return CycleTemplate(
        count=None if last else pick(chooser, (1, 1, 2, 3)),
        length=length,
        shortest=shortest,
        longest=length + pick(chooser, (0, 0, 7, 3)),
        days=days,
        cite=_cite(chooser),
    )


def _step(agent: Agent) -> int:
    """The days that two doses are apart at least: by the gap, and by an infusion that still runs."""
    gap = agent.gap
    kept = 1 if gap is None else gap.days or -(-(gap.hours or 0) // 24)
    longest = max(agent.times.infusion_minutes, default=0) if agent.continuous else 0
    return max(kept, -(-longest // 1440))


def _spaced(days: tuple[int, ...], step: int, length: int) -> tuple[int, ...]:
    """Of these days those that the step allows, to the next cycle's first one too."""
    kept: list[int] = []
    for day in days:
        if (not kept or day - kept[-1] >= step) and day + step <= length + (kept or [day])[0]:
            kept.append(day)
    return tuple(day for day in kept if day <= length)


def _fit(agents: Mapping[str, Agent], templates: Sequence[CycleTemplate]) -> bool:
    """Whether no dose lies too close to the next one, from one series of cycles to the next too."""
    for key, agent in agents.items():
        start, dates = 0, []
        for template in (each for each in templates for _ in range(each.count or 2)):
            dates += [start + day for day in template.days.get(key, ())]
            start += template.length
        if any(second - first < _step(agent) for first, second in pairwise(dates)):
            return False
    return True


def _with_days(chooser: Chooser, agent: Agent, templates: Sequence[CycleTemplate]) -> Agent:
    days = sorted({day for template in templates for day in template.days.get(agent.key, ())})
    leads = any(_leader(template) == agent.key for template in templates)
    rules = {}
    for day in days:
        tolerance = pick(chooser, (2, 1, None, 3, 0))
        scope = pick(chooser, (Scope.DOSE, Scope.DOSE, Scope.CYCLE, Scope.COURSE))
        if day == 1:
            tolerance, scope = (None, Scope.COURSE) if leads else (tolerance, Scope.DOSE)
        if day < 1:
            scope = Scope.DOSE
        rules[day] = DayRule(tolerance_days=tolerance, defer_scope=scope)
    return replace(agent, day_rules=rules)


def _leader(template: CycleTemplate) -> str:
    return next(key for key, days in template.days.items() if 1 in days)


# -- What is said beside the days ---------------------------------------------------------------------------


def _counts(chooser: Chooser) -> dict[str, CycleCount]:
    counts = {"continue": _count(chooser)}
    if chance(chooser, 40):
        counts["transplant"] = _count(chooser)
    return counts


def _count(chooser: Chooser) -> CycleCount:
    default = chooser.integer(2, 5)
    kind = chooser.integer(0, 2)
    if kind == 0:
        return CycleCount(default=default, minimum=1, maximum=default + pick(chooser, (0, 0, 1)))
    return CycleCount(default=default, minimum=default, maximum=default) if kind == 1 else _open(default)


def _open(ahead: int) -> CycleCount:
    return CycleCount(default=ahead, minimum=1, maximum=None)


def _late(chooser: Chooser) -> LatePolicy:
    numbers = pick(chooser, ((7, 14, 28), (7, 14, 28), (None, None, None), (3, None, 42), (None, 10, None)))
    return LatePolicy(
        rule=pick(chooser, tuple(LateRule)),
        omit_from_days=numbers[0],
        reduce_from_days=numbers[1],
        stop_after_days=numbers[2],
        cite=_cite(chooser),
    )


def _windows(chooser: Chooser, keys: Sequence[str], places: Sequence[str]) -> Iterator[WindowRule]:
    for key in keys:
        for audience in AUDIENCES:
            apart = len(places) > 1 and chance(chooser, 30)
            for place in places if apart else ("",):
                yield _window(chooser, key, audience, place)


def _window(chooser: Chooser, agent: str, audience: str, place: str) -> WindowRule:
    statement = pick(chooser, (Statement.LASTS,) * 6 + (Statement.NONE,) * 2 + (Statement.NOT_STATED,))
    unit = pick(chooser, (Unit.MONTHS, Unit.MONTHS, Unit.MONTHS, *Unit))
    lasts = statement is Statement.LASTS
    return WindowRule(
        agent=agent,
        audience=audience,
        jurisdiction=place,
        statement=statement,
        amount=pick(chooser, AMOUNTS[unit]) if lasts else 0,
        unit=unit if lasts else Unit.DAYS,
        cite=_cite(chooser),
    )


def _task(chooser: Chooser, keys: Sequence[str]) -> TaskRule:
    on = pick(chooser, tuple(HangsOn))
    of_days = on is HangsOn.CYCLE_DAYS
    some: dict[str, Any] = {"cycles": None, "intent": None, "audience": None, "agent": ""}
    if chance(chooser, 30):
        some["cycles"] = frozenset(pick(chooser, ((1,), (1, 3), (2, 3, 4), (3,))))
    if chance(chooser, 15):
        some["intent"] = "continue"
    if chance(chooser, 15):
        some["audience"] = pick(chooser, tuple(AUDIENCES))
    if chance(chooser, 35) and on not in (HangsOn.CYCLE_DAYS, HangsOn.CYCLE_END):
        some["agent"] = pick(chooser, keys)
    kind = pick(chooser, ("blood-count", "liver-tests", "ecg", "eye-exam", "dexamethasone", "response-review"))
    return TaskRule(
        kind=kind,
        on=on,
        when=pick(chooser, tuple(When)),
        offset_days=0 if of_days else pick(chooser, (1, 0, 2, 7)),
        days=pick(chooser, ((1, 8), (0, 1, 2), (-1,), (1,))) if of_days else (),
        at_home=kind == "dexamethasone",
        lasts_days=pick(chooser, (1, 1, 9)),
        cite=_cite(chooser),
        **some,
    )


def _cite(chooser: Chooser) -> Cite:
    return UNREAD if chance(chooser, 30) else READ
