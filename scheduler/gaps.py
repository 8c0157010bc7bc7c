"""Whether two doses of an agent are too close (scheduling rule 5): by dates, or by instants where hours are counted."""

from collections.abc import Mapping

from scheduler.dates import moment
from scheduler.dose_id import DoseId
from scheduler.layout import Slot
from scheduler.plan import VisitTimes
from scheduler.regimen import Agent


def too_close(agent: Agent, before: Slot, later: Slot, times: Mapping[DoseId, VisitTimes]) -> bool:
    """Whether `later` comes too soon after `before`; both are given or planned, and of that agent."""
    gap = agent.gap
    if gap is not None and gap.days is not None:
        return (later.date - before.date).days < gap.days
    if agent.gap_hours is not None:
        first, second = times[before.id], times[later.id]
        if first.start_known and second.start_known:
            apart = moment(second.infusion_start) - moment(first.infusion_start)
            return apart.total_seconds() < agent.gap_hours * 3600
    return (later.date - before.date).days < agent.gap_days


def gap_text(agent: Agent) -> str:
    """The distance in words: "6 days", "72 hours"; where none is stated, doses are on different days."""
    return agent.gap.text if agent.gap is not None else "1 day"
