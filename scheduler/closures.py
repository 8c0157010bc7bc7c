"""Closed days: the clinic's and the patient's absences, and the open dates proposed instead (scheduling rule 21)."""

from collections.abc import Sequence
from datetime import date, timedelta

from scheduler.actions import Away
from scheduler.course import ClinicRules, ClosedDayPolicy
from scheduler.layout import Layout, Slot
from scheduler.numbers import Numbers
from scheduler.plan import DoseState
from scheduler.regimen import When
from scheduler.why import day_text

DAY = timedelta(days=1)
LONGEST_CLOSURE = 370  # days looked at for an open one
DAY_ONE_LATER = 7  # how far a day 1 may be proposed later


class Closures:
    """Which days are closed for a course."""

    def __init__(self, absences: Sequence[Away], clinic: ClinicRules) -> None:
        self._clinic = clinic
        self._opening = clinic.opening_days
        self._closed = clinic.closed
        self._absences = tuple(absences)

    def reason(self, day: date) -> str:
        """Why `day` is closed for this patient, or an empty text."""
        for away in self._absences:
            if away.from_ <= day <= away.to:
                return f"the patient is away until {day_text(away.to)}"
        return self._clinic.closure(day)

    def open_day(self, day: date, when: When) -> date:
        """`day`, or the last open day before it (the first open day after it, for a task that comes after)."""
        step = -DAY if when is When.BEFORE else DAY
        opening, closed, away = self._opening, self._closed, self._absences
        found = day
        # The same question as is_closed, asked some hundred times a plan.
        for _ in range(LONGEST_CLOSURE):
            if found.weekday() in opening and found not in closed and not (away and self.is_closed(found)):
                return found
            found += step
        return day

    def is_closed(self, day: date) -> bool:
        """Whether `day` is closed for this patient."""
        if day.weekday() not in self._opening or day in self._closed:
            return True
        return any(away.from_ <= day <= away.to for away in self._absences) if self._absences else False


def proposal(
    numbers: Numbers,
    layout: Layout,
    doses: Sequence[Slot],
    closures: Closures,
    *,
    today: date,
    policy: ClosedDayPolicy,
) -> date | None:
    """The nearest open date for the planned doses of a visit on a closed day; None if there is none.

    It keeps the tolerance and the gap of each of them.
    """
    spans = [_span(numbers, layout, slot, moves_cycle=any(one.anchor for one in doses)) for slot in doses]
    earliest = max(today, *(first for first, _ in spans))
    latest = min(last for _, last in spans)
    planned = doses[0].date
    days = [earliest + DAY * step for step in range((latest - earliest).days + 1)]
    open_days = [day for day in days if not closures.is_closed(day)]
    later = min((day for day in open_days if day > planned), default=None)
    earlier = max((day for day in open_days if day < planned), default=None)
    return _choose(planned, earlier, later, policy)


# ---------------------------------------------------------------------------------------------------------------------


def _choose(planned: date, earlier: date | None, later: date | None, policy: ClosedDayPolicy) -> date | None:
    if earlier is None or later is None:
        return earlier or later
    if policy is ClosedDayPolicy.NEAREST:
        return earlier if planned - earlier < later - planned else later
    return earlier if policy is ClosedDayPolicy.EARLIER else later


def _span(numbers: Numbers, layout: Layout, slot: Slot, *, moves_cycle: bool) -> tuple[date, date]:
    """The first and last date that tolerance and gap leave; a day 1 takes its cycle along, other days do not."""
    gap = timedelta(days=numbers.regimen.agent_of(slot.id).gap_days)
    before, following = layout.before(slot), layout.next(slot)
    if moves_cycle:
        earliest, latest = _day_one_span(numbers, layout, slot)
        following = following if following is not None and following.state is DoseState.GIVEN else None
    else:
        rule = numbers.regimen.day_rule(slot.id)
        tolerance = timedelta(days=(rule.tolerance_days if rule is not None else None) or 0)
        earliest, latest = slot.nominal - tolerance, slot.nominal + tolerance
    if slot.id.day < 1:
        latest = min(latest, slot.day1 - DAY)
    if before is not None:
        earliest = max(earliest, before.date + gap)
    if following is not None:
        latest = min(latest, following.date - gap)
    return earliest, latest


def _day_one_span(numbers: Numbers, layout: Layout, slot: Slot) -> tuple[date, date]:
    previous = slot.id.cycle - 1
    earliest = slot.date
    if previous:
        earliest = layout.day1s[previous - 1] + DAY * numbers.regimen.template(previous).shortest
    return earliest, slot.date + DAY * DAY_ONE_LATER
