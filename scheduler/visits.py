"""The hours of a visit: arrival, infusion and observation, counted on instants (scheduling rules 9 to 11)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from scheduler.actions import Given
from scheduler.dates import after, moment, to_instant
from scheduler.dose_id import DoseId
from scheduler.layout import Layout
from scheduler.numbers import Numbers
from scheduler.plan import VisitTimes
from scheduler.regimen import Agent
from scheduler.visit_order import in_visit_order

Visits = Mapping[DoseId, VisitTimes]
MINUTE = timedelta(minutes=1)


def visits(numbers: Numbers, layout: Layout, lead_minutes: int) -> Visits:
    """The times of each dose that is given or planned.

    Doses on one date are given one after the other. Lengths go by how many doses of the agent were given before and
    tolerated; after one that was not, the longer time stays.
    """
    maker = _Maker(numbers, lead_minutes)
    by_date: dict[date, list[_Due]] = {}
    for due in _lengths(numbers, layout):
        by_date.setdefault(due[0], []).append(due)
    for day in sorted(by_date):
        maker.visit(day, by_date[day])
    return maker.found


def recorded_instant(wall: time | datetime, on: date, zone: str, *, later: bool) -> datetime:
    """The instant of a recorded wall time on `on`, or of a recorded local date and time."""
    if isinstance(wall, datetime):
        return to_instant(wall.date(), wall.time(), zone, later=later)
    return to_instant(on, wall, zone, later=later)


# ---------------------------------------------------------------------------------------------------------------------


class _Length(NamedTuple):
    """Minutes of infusion and observation, None where not known; and for an infusion that runs on, of each bag."""

    lasts: int | None
    watched: int | None
    runs_on: bool
    bag: int | None


@lru_cache(maxsize=1024)
def _by_ordinal(infusion: tuple[int, ...], observation: tuple[int, ...], bag: int | None) -> tuple[_Length, ...]:
    """The lengths of an agent's doses by their ordinal; the last one stays."""
    count = max(len(infusion), len(observation), 1)
    lasts = (*infusion, *(infusion[-1:] or (None,)) * count)
    watched = (*observation, *(observation[-1:] or (None,)) * count)
    return tuple(_Length(lasts[ordinal], watched[ordinal], bag is not None, bag or None) for ordinal in range(count))


def _bag(agent: Agent) -> int | None:
    """Minutes of a bag; 0 where the infusion runs on without one; None where it ends with the visit."""
    return None if agent.continuous is None else (agent.continuous.bag_hours or 0) * 60


_Due = tuple[date, DoseId, _Length, Given | None]


def _lengths(numbers: Numbers, layout: Layout) -> Iterator[_Due]:
    """Each dose that counts with its date, its length, and what was recorded of it."""
    agents = [
        _by_ordinal(agent.times.infusion_minutes, agent.times.observation_minutes, _bag(agent))
        for agent in numbers.regimen.ranked
    ]
    ordinals = [0] * len(agents)
    records = numbers.given
    for slot in layout.counted:
        dose = slot.id
        rank = dose.rank
        lengths, ordinal = agents[rank], ordinals[rank]
        given = records.get(dose) if records else None
        yield slot.date, dose, lengths[ordinal] if ordinal < len(lengths) else lengths[-1], given
        ordinals[rank] += given is None or (given.tolerated and given.complete)


class _Maker:
    """Makes the times visit by visit, since a gap in hours asks for the start before."""

    def __init__(self, numbers: Numbers, lead_minutes: int) -> None:
        self._numbers = numbers
        self._lead = lead_minutes
        self._zone = numbers.course.zone
        self._hours = [agent.gap_hours for agent in numbers.regimen.ranked]
        self._by_hours = any(self._hours)
        self._last: dict[int, tuple[DoseId, VisitTimes]] = {}
        self.found: dict[DoseId, VisitTimes] = {}

    def visit(self, day: date, due: list[_Due]) -> None:
        """Makes the times of the doses of one date."""
        numbers = self._numbers
        if len(due) > 1:
            order = in_visit_order(numbers.regimen, (dose for _, dose, _, _ in due))
            due.sort(key=lambda one: order.index(one[1]))
        at = numbers.times.get(min(dose for _, dose, _, _ in due), numbers.at) if numbers.times else numbers.at
        if self._by_hours or any(given is not None and _timed(given) for _, _, _, given in due):
            self._chained(day, at, due)
            return
        times = _as_planned(day, at, self._zone, self._lead, tuple([length for _, _, length, _ in due]))
        for (_, dose, _, _), visit in zip(due, times, strict=True):
            self.found[dose] = visit

    def _chained(self, day: date, at: time, due: list[_Due]) -> None:
        chain = _Chain(to_instant(day, at, self._zone), self._zone)
        for _, dose, length, given in due:
            chain.add(length, given, self._earliest(dose, day))
            self._last[dose.rank] = dose, chain.times[-1]
        self.found.update(zip((dose for _, dose, _, _ in due), chain.around(self._lead), strict=True))

    def _earliest(self, dose: DoseId, day: date) -> datetime | None:
        """The first minute of `day` that keeps the gap in hours to the dose before, where there is one."""
        hours = self._hours[dose.rank]
        before, times = self._last.get(dose.rank, (None, None))
        if hours is None or before is None or times is None or before > dose or not times.start_known:
            return None
        instant = after(times.infusion_start, hours * 60)
        return instant if instant.date() == day else None


@lru_cache(maxsize=4096)  # a clinic's courses share days and hours, and each record lays the same course out again
def _as_planned(day: date, at: time, zone: str, lead: int, lengths: tuple[_Length, ...]) -> tuple[VisitTimes, ...]:
    """The times of doses that nothing was recorded of and no gap in hours holds back."""
    chain = _Chain(to_instant(day, at, zone), zone)
    for length in lengths:
        chain.add(length, None, None)
    return tuple(chain.around(lead))


class _Chain:
    """The doses of one visit, one after the other: each starts when infusion and observation before it are over."""

    def __init__(self, start: datetime, zone: str) -> None:
        self._next = start
        self._known = True
        self._zone = zone
        self.times: list[VisitTimes] = []

    def add(self, length: _Length, given: Given | None, earliest: datetime | None) -> None:
        """Adds a dose; `earliest` keeps a start back that was not recorded otherwise."""
        start, known = self._next, self._known
        waited = known and earliest is not None and moment(earliest) > moment(start)
        if waited and earliest is not None:
            start = earliest
        end = after(start, length.lasts) if known and length.lasts is not None else None
        if given is not None and _timed(given):
            start, end, known = _recorded(given, start, length.lasts, self._zone, known=known)
            waited = waited and start == earliest  # else the start was recorded, or follows from the recorded end
        over = end or start
        left = after(over, length.watched) if end is not None and length.watched is not None else over
        self._next, self._known = left, end is not None
        runs = length.runs_on and end is not None
        self.times.append(
            VisitTimes(
                arrival=start,
                premedication=start,
                infusion_start=start,
                infusion_end=over,
                observation_end=left,
                start_known=known,
                length_known=end is not None,
                observed=length.watched is not None,
                waited=waited,
                runs_on=length.runs_on,
                bag_changes=tuple(_bag_changes(start, over, length.bag)) if runs and length.bag else (),
                disconnect=over if runs else None,
            )
        )

    def around(self, lead: int) -> Iterable[VisitTimes]:
        """The times, each with the arrival of the visit."""
        arrival = after(self.times[0].infusion_start, -lead)
        return (times._replace(arrival=arrival, premedication=arrival) for times in self.times)


def _bag_changes(start: datetime, end: datetime, bag: int) -> Iterable[datetime]:
    minutes = int((moment(end) - moment(start)) / MINUTE)
    return (after(start, passed) for passed in range(bag, minutes, bag))


def _timed(given: Given) -> bool:
    return given.started is not None or given.ended is not None


def _recorded(
    given: Given, planned: datetime, lasts: int | None, zone: str, *, known: bool
) -> tuple[datetime, datetime | None, bool]:
    """Start, end (None: not known), and whether the start is known, of a dose with a recorded time."""
    start = planned
    if given.started is not None:
        start, known = recorded_instant(given.started, given.on, zone, later=False), True
    if given.ended is None:
        return start, after(start, lasts) if known and lasts is not None else None, known
    end = recorded_instant(given.ended, given.on, zone, later=True)
    if given.started is None and (not known or moment(end) <= moment(start)):
        # It took its length before the recorded end; without one only the end is known.
        return (after(end, -lasts) if lasts is not None else end), end, lasts is not None
    return start, end, known
