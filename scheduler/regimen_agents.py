"""Reads the agents of a regimen file: gap, lengths, and what the days of each allow."""

import re
from collections.abc import Mapping

from scheduler.regimen import Agent, Continuous, DayRule, Gap, Scope, Times
from scheduler.regimen_cites import Cites
from scheduler.regimen_cycles import EARLIEST_DAY, MAX_LENGTH, Shape
from scheduler.toml_reader import TableReader

MAX_AGENTS = 20
MAX_MINUTES = 60_000
DAY = 24 * 60  # minutes
KEY = re.compile(r"[a-z0-9-]{1,60}")
NUMBER = re.compile(r"0|-?[1-9][0-9]{0,2}")


def agent_keys(top: TableReader) -> tuple[str, ...]:
    """The keys of the tables [agents.KEY], in the order in which they are given on one visit."""
    reader = top.table("agents")
    keys = reader.keys
    if top.has("agents") and not keys:
        reader.fault("", "names no agent; add a table such as [agents.paclitaxel]")
    if len(keys) > MAX_AGENTS:
        reader.fault("", f"are more than {MAX_AGENTS}; split the regimen")
    for key in keys:
        if not KEY.fullmatch(key):
            reader.fault(key, "holds other signs than small letters, digits and hyphens, or over 60; rename it")
    return keys[:MAX_AGENTS]


def read_agents(top: TableReader, keys: tuple[str, ...], shape: Shape, cites: Cites) -> Mapping[str, Agent]:
    """The agents of those keys, held against the days that the cycles give them."""
    reader = top.table("agents") if keys else None
    agents = {key: _agent(reader.table(key), key, shape, cites) for key in keys} if reader else {}
    if reader and shape.readable:
        _check_order(reader, agents)
    return agents


# ---------------------------------------------------------------------------------------------------------------------


def _agent(reader: TableReader, key: str, shape: Shape, cites: Cites) -> Agent:
    times = _times(reader.table("times"), cites)
    continuous = _continuous(reader.table("continuous"), times, cites) if reader.has("continuous") else None
    agent = Agent(
        key=key,
        name=reader.text("name"),
        gap=_gap(reader.table("gap"), cites) if reader.has("gap") else None,
        times=times,
        continuous=continuous,
        day_rules=_day_rules(reader.table("days"), key, shape),
    )
    if shape.readable:
        _check_steps(reader, agent, shape)
    reader.done()
    return agent


def _gap(reader: TableReader, cites: Cites) -> Gap:
    if reader.has("days") == reader.has("hours"):
        reader.fault("", "needs either days or hours; give one of them")
    days = reader.whole("days", 1, MAX_LENGTH) if reader.has("days") else None
    hours = reader.whole("hours", 1, MAX_LENGTH * 24) if reader.has("hours") else None
    return Gap(days=days, hours=hours, cite=cites.last(reader))


def _times(reader: TableReader, cites: Cites) -> Times:
    infusion = reader.whole_numbers("infusion_minutes", 1, MAX_MINUTES) if reader.has("infusion_minutes") else ()
    watched = reader.whole_numbers("observation_minutes", 0, MAX_MINUTES) if reader.has("observation_minutes") else ()
    return Times(infusion_minutes=infusion, observation_minutes=watched, cite=cites.last(reader))


def _continuous(reader: TableReader, times: Times, cites: Cites) -> Continuous:
    bag_hours = reader.whole("bag_hours", 1, MAX_MINUTES // 60) if reader.has("bag_hours") else None
    if not times.infusion_minutes:
        reader.fault("", "runs on until an end that nothing gives; add infusion_minutes to the agent's times")
    return Continuous(bag_hours=bag_hours, cite=cites.last(reader))


def _day_rules(reader: TableReader, agent: str, shape: Shape) -> Mapping[int, DayRule]:
    days = shape.days_of(agent)
    rules: dict[int, DayRule] = {}
    for key in reader.keys:
        inner = reader.table(key)
        known = NUMBER.fullmatch(key) and EARLIEST_DAY <= int(key) <= MAX_LENGTH
        if not known or (shape.readable and int(key) not in days):
            reader.fault(key, "is not a day of any cycle; remove it or add the day to a cycle")
        else:
            rules[int(key)] = _day_rule(inner, day=int(key), leads=shape.leads(agent), readable=shape.readable)
    for day in days:
        if day not in rules and shape.readable:
            reader.fault(str(day), f"is missing; add a table for day {day} with its defer_scope")
    return rules


def _day_rule(reader: TableReader, *, day: int, leads: bool, readable: bool) -> DayRule:
    moves_cycle = readable and day == 1 and leads
    tolerance = None
    if reader.has("tolerance_days"):
        tolerance = reader.whole("tolerance_days", 0, 60)
        if moves_cycle:
            reader.fault("tolerance_days", "day 1 moves its whole cycle, so it has no tolerance; remove it")
    scope = Scope(reader.text("defer_scope", choices=tuple(Scope)))
    if moves_cycle and scope is not Scope.COURSE:
        reader.fault("defer_scope", 'day 1 moves its whole cycle; write defer_scope = "course"')
    if readable and day == 1 and not leads and scope is not Scope.DOSE:
        reader.fault("defer_scope", 'another agent is first on day 1 and moves the cycle; write defer_scope = "dose"')
    reader.done()
    return DayRule(tolerance_days=tolerance, defer_scope=scope)


def _check_steps(reader: TableReader, agent: Agent, shape: Shape) -> None:
    """The agent is given at all, and no two doses are closer than its gap or the infusion that still runs."""
    if not shape.days_of(agent.key):
        reader.fault("", "has no day in any cycle; add its days to [[cycles]] or remove the agent")
    steps = shape.steps(agent.key)
    for table in sorted({table for table, _ in steps}):
        step = min(days for number, days in steps if number == table)
        _check_step(reader, agent, table, step)


def _check_step(reader: TableReader, agent: Agent, table: int, step: int) -> None:
    gap = agent.gap
    if gap and gap.days is not None and step < gap.days:
        message = f"{gap.days} is longer than the step of {step} days in cycles {table}; mend days or the gap"
        reader.table("gap").fault("days", message)
    if gap and gap.hours is not None and step * 24 < gap.hours:
        message = f"{gap.hours} is longer than the step of {step} days in cycles {table}; mend days or the gap"
        reader.table("gap").fault("hours", message)
    if step < 1:
        reader.fault("", f"has two doses on one day in cycles {table}; mend the days")
    longest = max(agent.times.infusion_minutes, default=0)
    if agent.continuous and longest > step * DAY:
        message = f"{longest} is longer than the step of {step} days in cycles {table}; mend the days or the length"
        reader.table("times").fault("infusion_minutes", message)


def _check_order(reader: TableReader, agents: Mapping[str, Agent]) -> None:
    """Infusions that run on after the visit come last on it."""
    order = tuple(agents.values())
    for place, agent in enumerate(order):
        if agent.continuous and any(not later.continuous for later in order[place + 1 :]):
            reader.fault(
                agent.key, "runs on after the visit; put its table behind those of the agents that end on the visit"
            )
