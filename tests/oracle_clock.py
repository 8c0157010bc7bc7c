"""The hours of visits: what was recorded, what follows from it, and what stays unknown (rules 9 to 11; ADR 7, 6 to 9)."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle_layout import neighbours
from tests.oracle_numbers import COUNTED, Key, Laid, Numbers, OracleRejected, days_between, gap_days

LEAD = timedelta(minutes=30)


@dataclass
class Times:
    """UTC instants; None is not known. `observed`: the source states an observation. `free`: when it could start.

    `known_until`: the last start on the visit that is known.
    """

    free: datetime | None = None
    known_until: datetime | None = None
    arrival: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    watched: datetime | None = None
    observed: bool = True
    bags: list[datetime] = field(default_factory=list)
    disconnect: datetime | None = None
    moved: bool = False


def visits(numbers: Numbers, sheet: list[Laid]) -> dict[Key, Times]:
    """The times of every given or planned dose."""
    found: dict[Key, Times] = {}
    before: dict[int, Laid] = {}  # each agent's dose before, on the calendar
    counted = [laid for laid in sheet if laid.state in COUNTED]
    minutes = _minutes(numbers, counted)
    for day in sorted({laid.date for laid in counted}):
        visit = sorted((x for x in counted if x.date == day), key=lambda x: in_visit(numbers, x.key))
        free: datetime | None = _planned_start(numbers, min(laid.key for laid in visit), day)
        known_until = free
        for laid in visit:
            length, watch = minutes[laid.key]
            start = _keep_hours(numbers, laid, free, found, before.get(laid.key[2]))
            times = _times(numbers, laid, start, length)
            times.free = start
            known_until = start or known_until
            times.known_until = known_until
            times.moved = start != free and times.start == start
            times.arrival = found[visit[0].key].arrival if laid is not visit[0] else _less(times.start, LEAD)
            times.observed = watch is not None
            times.watched = None if times.end is None else times.end + (watch or timedelta())
            _run_on(numbers, laid.key, times)
            found[laid.key] = times
            before[laid.key[2]] = laid
            free = times.watched
    return found


def in_visit(numbers: Numbers, key: Key) -> tuple[bool, Key]:
    """The order of a visit: what runs on after it comes last."""
    return numbers.agents[key[2]].continuous is not None, key


def too_close(numbers: Numbers, sheet: list[Laid]) -> list[tuple[Laid, Laid, bool]]:
    """Neighbours that do not keep the gap of their agent, and whether their starts tell so."""
    times = visits(numbers, sheet)
    pairs = []
    for first, second in neighbours(numbers, sheet):
        agent = numbers.agents[first.key[2]]
        begun, then = times[first.key].start, times[second.key].start
        close, by_hours = days_between(first.date, second.date) < gap_days(agent), False
        if agent.gap is not None and agent.gap.hours is not None and begun is not None and then is not None:
            close, by_hours = then - begun < timedelta(hours=agent.gap.hours), True
        if close:
            pairs.append((first, second, by_hours))
    return pairs


def planned_length(numbers: Numbers, sheet: list[Laid], key: Key) -> timedelta | None:
    return _minutes(numbers, [laid for laid in sheet if laid.state in COUNTED])[key][0]


# -- One dose -----------------------------------------------------------------------------------------------


def _times(numbers: Numbers, laid: Laid, start: datetime | None, length: timedelta | None) -> Times:
    """The dose starts and ends as recorded, else at `start` and `length` after it."""
    record = numbers.given.get(laid.key, {}) if laid.state == "given" else {}
    if "started" in record:
        start = existing(0, read_wall(0, record["started"], laid.date), numbers.zone)[0]
    end = None if start is None or length is None else start + length
    if "ended" in record:
        end = existing(0, read_wall(0, record["ended"], laid.date), numbers.zone)[-1]
        if "started" not in record and (start is None or end <= start):
            start = None if length is None else end - length
    return Times(start=start, end=end)


def _keep_hours(
    numbers: Numbers, laid: Laid, start: datetime | None, found: dict[Key, Times], before: Laid | None
) -> datetime | None:
    """The first minute on the dose's date that keeps a gap in hours; where there is none, where it was."""
    gap = numbers.agents[laid.key[2]].gap
    if start is None or gap is None or gap.hours is None or before is None or before.key > laid.key:
        return start
    earlier = found[before.key].start
    if earlier is None:
        return start
    kept = earlier + timedelta(hours=gap.hours)
    if kept.second or kept.microsecond:
        kept = kept.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return kept if kept > start and kept.astimezone(numbers.zone).date() == laid.date else start


def _run_on(numbers: Numbers, key: Key, times: Times) -> None:
    """The bags of an infusion that runs on after the visit, and where it is disconnected."""
    continuous = numbers.agents[key[2]].continuous
    if continuous is None or times.end is None:
        return
    times.disconnect = times.end
    if continuous.bag_hours is None or times.start is None:
        return
    change = times.start + timedelta(hours=continuous.bag_hours)
    while change < times.end:
        times.bags.append(change)
        change += timedelta(hours=continuous.bag_hours)


def _minutes(numbers: Numbers, counted: list[Laid]) -> dict[Key, tuple[timedelta | None, timedelta | None]]:
    """Infusion and observation of each dose: the next length comes after a dose that was tolerated."""
    found: dict[Key, tuple[timedelta | None, timedelta | None]] = {}
    for rank, agent in enumerate(numbers.agents):
        step = 0
        for laid in (one for one in counted if one.key[2] == rank):
            lists = (agent.times.infusion_minutes, agent.times.observation_minutes)
            infusion, observation = (
                timedelta(minutes=each[min(step, len(each) - 1)]) if each else None for each in lists
            )
            found[laid.key] = infusion, observation
            record = numbers.given.get(laid.key, {})
            step += record.get("tolerated", True) and record.get("complete", True)
    return found


def _less(instant: datetime | None, length: timedelta) -> datetime | None:
    return None if instant is None else instant - length


# -- Clocks -------------------------------------------------------------------------------------------------


def instants_of(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which clocks in the zone show `wall`: none in a gap, two in an overlap."""
    offsets = {_offset_near(wall, hours, zone) for hours in (-30, 30)}
    candidates = [wall.replace(tzinfo=UTC) - offset for offset in offsets]
    return sorted(i for i in candidates if i.astimezone(zone).replace(tzinfo=None, fold=0) == wall)


def _offset_near(wall: datetime, hours: int, zone: ZoneInfo) -> timedelta:
    offset = (wall.replace(tzinfo=UTC) + timedelta(hours=hours)).astimezone(zone).utcoffset()
    if offset is None:
        raise AssertionError
    return offset


@cache
def start_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first of two; in a gap the wall time shifted forward by the size of the gap."""
    found = instants_of(wall, zone)
    if found:
        return found[0]
    return wall.replace(tzinfo=UTC) - _offset_near(wall, -30, zone)


def hour_of(numbers: Numbers, key: Key) -> str:
    at = numbers.at
    for whose, hour, given_then in numbers.times:
        if (whose is None and key not in given_then) or (whose is not None and key in whose):
            at = hour
    return at


def _planned_start(numbers: Numbers, key: Key, on: date) -> datetime:
    return start_instant(datetime.combine(on, read_clock(0, hour_of(numbers, key))), numbers.zone)


def existing(number: int, wall: datetime, zone: ZoneInfo) -> list[datetime]:
    found = instants_of(wall, zone)
    if not found:
        raise OracleRejected(number, f"clocks never show {wall}")
    return found


def recorded(number: int, record: dict[str, Any], name: str, zone: ZoneInfo) -> datetime | None:
    """The instant of `started` or `ended`, where it was recorded."""
    if name not in record:
        return None
    return existing(number, read_wall(number, record[name], record["on"]), zone)[0 if name == "started" else -1]


def read_wall(number: int, value: object, on: date) -> datetime:
    text = str(value).replace(" ", "T")
    day, separator, clock = text.rpartition("T")
    if not separator:
        return datetime.combine(on, read_clock(number, clock))
    try:
        return datetime.combine(date.fromisoformat(day), read_clock(number, clock))
    except ValueError as wrong:
        raise OracleRejected(number, f"{value!r} is no local date-time") from wrong


def read_clock(number: int, text: object) -> time:
    parts = str(text).split(":")
    numbers = [int(part) for part in parts if len(part) == 2 and part.isdigit()]
    if len(numbers) != len(parts) or len(parts) not in (2, 3) or numbers[0] > 23 or max(numbers) > 59:
        raise OracleRejected(number, f"{text!r} is no time of day")
    return time(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 0)
