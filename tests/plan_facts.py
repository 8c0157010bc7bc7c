"""What tests read off a plan by themselves, without the core: neighbours, gaps that are too short, windows' lengths."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from dateutil.relativedelta import relativedelta

from scheduler.plan import Dose, DoseState, Plan, Window
from scheduler.regimen import Agent, Statement, Unit, WindowRule

COUNTED = (DoseState.PLANNED, DoseState.GIVEN)


def on(dose: Dose) -> date:
    assert dose.date is not None
    return dose.date


def counted(plan: Plan, agent: Agent) -> list[Dose]:
    """The agent's given and planned doses, in the order of treatment."""
    return [dose for dose in plan.doses() if dose.agent in ("", agent.key) and dose.state in COUNTED]


def neighbours(plan: Plan) -> list[tuple[Agent, Dose, Dose]]:
    """Each agent's given and planned doses, one after the other in the order of treatment."""
    agents = plan.regimen.agents.values()
    return [(agent, before, dose) for agent in agents for before, dose in pairwise(counted(plan, agent))]


def too_close(agent: Agent, before: Dose, dose: Dose) -> bool:
    gap = agent.gap
    if gap is None or gap.hours is None:
        return on(dose) - on(before) < timedelta(days=1 if gap is None or gap.days is None else gap.days)
    times = before.times, dose.times
    assert times[0] is not None
    assert times[1] is not None
    if not times[0].start_known or not times[1].start_known:
        return on(dose) - on(before) < timedelta(hours=gap.hours)
    return times[1].infusion_start - times[0].infusion_start < timedelta(hours=gap.hours)


def long_enough(window: Window, rule_: WindowRule, last: date) -> bool:
    """Whether the window is not shorter than that rule asks, by dateutil's months, which are never too long."""
    if window.through is None and window.until is None:
        return True  # no end is told: nobody reads that it is over
    if rule_.statement is not Statement.LASTS:
        return rule_.statement is Statement.NONE
    if rule_.unit is Unit.HOURS and window.until is not None:
        begun = datetime.combine(last, time(), window.until.tzinfo).astimezone(UTC)
        return window.until.astimezone(UTC) >= begun + timedelta(hours=rule_.amount)
    lengths: dict[Unit, Any] = {
        Unit.MONTHS: relativedelta(months=rule_.amount),
        Unit.WEEKS: timedelta(weeks=rule_.amount),
        Unit.DAYS: timedelta(days=rule_.amount),
        Unit.HOURS: timedelta(days=rule_.amount // 24 - 1),  # a clock change can put the end on the date before
    }
    through = window.through or (window.until.date() if window.until else None)
    return through is not None and through >= last + lengths[rule_.unit]
