"""Whether two doses of an agent are too close (scheduling rule 5): by dates, or by instants where hours are counted."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from scheduler.dates import moment
from scheduler.dose_id import DoseId
from scheduler.layout import Layout, Slot
from scheduler.plan import DoseState, VisitTimes
from scheduler.regimen import Agent

Span = tuple[date | None, date | None]  # from and until, both included; None: without limit on that side


class Room(NamedTuple):
    """The room that the gap leaves for a dose: after the counted one before it, before the first given one after it."""

    previous: Slot | None
    following: Slot | None
    span: Span


def room(agent: Agent, layout: Layout, slot: Slot) -> Room:
    """Where a dose of that agent has room; planned doses after it make place."""
    gap = timedelta(days=agent.gap_days)
    previous = layout.before(slot)
    mine = (one for one in layout.slots if one.id.rank == slot.id.rank and one.id > slot.id)
    given = (one for one in mine if one.state is DoseState.GIVEN)
    following = min(given, key=lambda one: one.date, default=None)
    earliest = previous.date + gap if previous is not None else None
    return Room(previous, following, (earliest, following.date - gap if following is not None else None))


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
