"""To which dates a planned dose can be moved without a reason: what gap, tolerance and cycle lengths leave of them.

The judge of a deferral decides; this says beforehand what it will say, and a property test holds the two together.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from scheduler.actions import Action, Defer
from scheduler.before import Before
from scheduler.closures import Closures
from scheduler.course import ClinicRules, Course
from scheduler.dose_id import DoseId
from scheduler.errors import Rejected
from scheduler.fold import fold
from scheduler.gaps import Span, room
from scheduler.judge_moves import judge_defer
from scheduler.layout import Layout, Slot
from scheduler.lengths import last_dose_day
from scheduler.meant import OPEN, scope_of
from scheduler.numbers import Numbers
from scheduler.plan import DoseState
from scheduler.regimen import Regimen, Scope

DAY = timedelta(days=1)


class Permitted(NamedTuple):
    """The dates, both included, to which a visit can be moved without a reason; None: no limit on that side.

    `closed` names those of them that are closed days; it stays empty where a limit is missing. They are permitted
    all the same: a closed day is for a person to judge.
    """

    first: date | None
    last: date | None
    closed: tuple[date, ...] = ()

    def holds(self, day: date) -> bool:
        """Whether the day is one of them."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def permitted(
    regimen: Regimen, course: Course, actions: Sequence[Action], *, clinic: ClinicRules
) -> Mapping[DoseId, Permitted | None]:
    """For each planned dose that can be moved: to which dates its visit can be, taking along what the regimen says.

    None where a reason is needed for every date. A dose that lies apart from its visit moves by itself.
    """
    numbers = fold(regimen, course, actions, clinic.versions())
    if numbers.cease is not None:
        return {}
    before = Before(numbers, len(actions) + 1, today=None, clinic=clinic)
    closures = Closures(numbers.absences, clinic)
    found: dict[DoseId, Permitted | None] = {}
    for visit, action in _movable(numbers, before.layout):
        span = _span(before, visit, action)
        dates = Permitted(*span, _closed(closures, span)) if span is not None else None
        found |= dict.fromkeys((slot.id for slot in visit), dates)
    return found


# ---------------------------------------------------------------------------------------------------------------------


def _movable(numbers: Numbers, layout: Layout) -> Iterator[tuple[tuple[Slot, ...], Defer]]:
    """What moves together, with the deferral that means it: its date is still to be said."""
    waiting = (slot for slot in layout.slots if slot.state in OPEN and slot.id.agent not in numbers.ceases)
    for (cycle, day), here in groupby(waiting, key=lambda slot: slot.id[:2]):
        slots = tuple(here)
        visit = tuple(slot for slot in slots if slot.date == slots[0].date)
        apart = ((slot,) for slot in slots if slot.date != slots[0].date)
        for moved in (visit, *apart):
            if all(slot.state is DoseState.PLANNED for slot in moved):
                agent = "" if moved is visit else moved[0].id.agent
                yield moved, Defer(cycle=cycle, day=day, agent=agent, to=moved[0].date)


def _span(before: Before, visit: tuple[Slot, ...], action: Defer) -> Span | None:
    """The dates that are left; None where none is."""
    scope = scope_of(before.regimen, visit, None)
    anchor = next((slot for slot in visit if slot.anchor), None)
    spans = [room(before.regimen.agent_of(slot.id), before.layout, slot).span for slot in visit]
    if visit[0].id.day < 1:
        spans.append((None, visit[0].day1 - DAY))
    if anchor is not None:
        return _of_day_one(before, anchor, spans)
    left = _overlap([*spans, *(_tolerated(before, slot) for slot in visit)])
    if left is None or scope is not Scope.COURSE:
        return left
    first, last = _tolerated(before, visit[0])
    days = (first + DAY * step for step in range((last - first).days + 1))
    return _accepted(before, action, [day for day in days if Permitted(*left).holds(day)])


def _of_day_one(before: Before, anchor: Slot, spans: list[Span]) -> Span | None:
    """A day 1 moves its cycle, so the length of the one before says how far; where it lies by itself it may stay."""
    previous = anchor.id.cycle - 1
    if not previous:
        return _overlap(spans)
    template = before.regimen.template(previous)
    start, longer = before.layout.day1s[previous - 1], last_dose_day(before.layout, previous) + 1
    lengths = (start + DAY * max(template.shortest, longer), start + DAY * template.longest)
    return _overlap([*spans, lengths]) or _overlap([*spans, (anchor.unpushed, anchor.unpushed)])


def _tolerated(before: Before, slot: Slot) -> tuple[date, date]:
    rule, late = before.regimen.day_rule(slot.id), before.regimen.late
    tolerance = (rule.tolerance_days if rule is not None else None) or 0
    limit = late.omit_from_days if late is not None else None
    latest = tolerance if limit is None else min(tolerance, limit - 1)
    return slot.nominal - DAY * tolerance, slot.nominal + DAY * latest


def _accepted(before: Before, action: Defer, days: Sequence[date]) -> Span | None:
    """What the judge takes of these few dates: a deferral that takes the course along changes a cycle's length too."""
    taken = [day for day in days if _takes(before, action, day)]
    return (taken[0], next(day for day in taken if day + DAY not in taken)) if taken else None


def _takes(before: Before, action: Defer, to: date) -> bool:
    try:
        judge_defer(before, Defer(cycle=action.cycle, day=action.day, agent=action.agent, to=to))
    except Rejected:
        return False
    return True


def _overlap(spans: Sequence[Span]) -> Span | None:
    first = max((first for first, _ in spans if first is not None), default=None)
    last = min((last for _, last in spans if last is not None), default=None)
    return None if first is not None and last is not None and first > last else (first, last)


def _closed(closures: Closures, span: Span) -> tuple[date, ...]:
    first, last = span
    if first is None or last is None:
        return ()
    days = (first + DAY * step for step in range((last - first).days + 1))
    return tuple(day for day in days if closures.is_closed(day))
