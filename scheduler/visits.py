"""The hours of a visit: arrival, infusion and observation, counted on instants (scheduling rules 9 to 11)."""

from collections.abc import Iterator
from datetime import date, datetime, time
from functools import lru_cache

from scheduler.actions import Given
from scheduler.dates import after, moment, to_instant
from scheduler.layout import Layout, Numbers, Slot
from scheduler.plan import DoseId, VisitTimes


def visits(numbers: Numbers, layout: Layout, lead_minutes: int) -> Iterator[tuple[DoseId, VisitTimes]]:
    """The times of each dose that is given or planned, in order.

    Lengths go by how many doses were given before and tolerated; after one that was not, the longer time stays.
    """
    infusion, observation = numbers.regimen.infusion_minutes, numbers.regimen.observation_minutes
    ordinal = 0
    for slot in layout.counted:
        lasts = infusion[min(ordinal, len(infusion) - 1)]
        watched = observation[min(ordinal, len(observation) - 1)]
        yield slot.id, _times(numbers, slot, lasts, watched, lead_minutes)
        given = numbers.given.get(slot.id)
        ordinal += given is None or (given.tolerated and given.complete)


def recorded_instant(wall: time | datetime, on: date, zone: str, *, later: bool) -> datetime:
    """The instant of a recorded wall time on `on`, or of a recorded local date and time."""
    if isinstance(wall, datetime):
        return to_instant(wall.date(), wall.time(), zone, later=later)
    return to_instant(on, wall, zone, later=later)


# ---------------------------------------------------------------------------------------------------------------------


def _times(numbers: Numbers, slot: Slot, lasts: int, watched: int, lead: int) -> VisitTimes:
    at = numbers.times.get(slot.id, numbers.at)
    given = numbers.given.get(slot.id)
    if given is None or (given.started is None and given.ended is None):
        return _planned(slot.date, at, numbers.course.zone, lasts, watched, lead)
    start, end = _recorded(given, to_instant(slot.date, at, numbers.course.zone), lasts, numbers.course.zone)
    return _around(start, end, watched, lead)


@lru_cache(maxsize=4096)  # a clinic's courses share days and hours, and each record lays the same course out again
def _planned(day: date, at: time, zone: str, lasts: int, watched: int, lead: int) -> VisitTimes:  # noqa: PLR0917 - a key
    start = to_instant(day, at, zone)
    return _around(start, after(start, lasts), watched, lead)


def _around(start: datetime, end: datetime, watched: int, lead: int) -> VisitTimes:
    arrival = after(start, -lead)
    return VisitTimes(
        arrival=arrival,
        premedication=arrival,
        infusion_start=start,
        infusion_end=end,
        observation_end=after(end, watched),
    )


def _recorded(given: Given, planned: datetime, lasts: int, zone: str) -> tuple[datetime, datetime]:
    start = planned
    if given.started is not None:
        start = recorded_instant(given.started, given.on, zone, later=False)
    if given.ended is None:
        return start, after(start, lasts)
    end = recorded_instant(given.ended, given.on, zone, later=True)
    if given.started is None and moment(end) <= moment(start):
        start = after(end, -lasts)
    return start, end
