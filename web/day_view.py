"""The clinic's day as its page shows it: times as the clinic's clocks have them, what to do, what is ticked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID, uuid4

from calendars.wording import say_duration
from db.stored import DayLine, Ticked
from scheduler.day_facts import FactKind
from service.day import ClinicDay, is_asked
from web.speaking import later, say, spoken
from web.words import clock_words, word

TICK_WORDS = later({"weight": "Weight taken", "premedication": "Premedication given"})
WHAT = later({FactKind.BAG: "Change of the bag", FactKind.PUMP: "Infusion ends: take the pump off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TickView:
    """Something that the clinic asks on a visit; `by` and `at` when somebody has ticked it."""

    ref: str
    words: str
    by: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseView:
    """What is given, and from when to when; empty where that is not known."""

    agent: str
    times: str
    given: bool
    elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """One who comes. `arrives` and `leaves` are times of day, `chair` how long that is; empty where not known.

    `what`: of a change of a bag or an end of an infusion. `planned`: something of it is not recorded yet. `key` tells
    it apart on the page, `place` is cycle and day, `request_id` that of its form.
    """

    key: str
    course_id: UUID
    patient: str
    regimen_name: str
    revision: int
    reads: str
    speaks: str
    interpreter: bool
    cycle: int
    day: int
    on: date
    arrives: str
    leaves: str
    chair: str
    what: str
    doses: tuple[DoseView, ...]
    ticks: tuple[TickView, ...]
    planned: bool
    begins_cycle: bool
    request_id: str


def visits(found: ClinicDay, zone: tzinfo, asked: Collection[str]) -> tuple[VisitView, ...]:
    """Who comes on the day, by the hour. `asked`: what staff are asked to tick, as the clinic has set it."""
    return tuple(_visit(line, found.ticks, zone, asked) for line in found.coming.lines)


def visits_after(found: ClinicDay, zone: tzinfo) -> tuple[VisitView, ...]:
    """Who comes on the day after it; without ticks."""
    return tuple(_visit(line, {}, zone, ()) for line in found.tomorrow.lines)


# ---------------------------------------------------------------------------------------------------------------------


def _visit(line: DayLine, ticks: Mapping[tuple[UUID, str], Ticked], zone: tzinfo, wanted: Collection[str]) -> VisitView:
    fact, detail = line.fact, line.fact.detail
    apart = fact.kind in WHAT
    leaves = fact.end if not apart and detail["leaves"] else None
    asked = [] if apart else [each for each in detail["ticks"] if is_asked(each[0], detail["day"], wanted)]
    return VisitView(
        key=f"{line.course_id.hex[:8]}-{fact.key.replace('/', '-')}",
        course_id=line.course_id,
        patient=line.patient,
        regimen_name=line.regimen_name,
        revision=line.revision,
        reads=line.reads,
        speaks=line.speaks,
        interpreter=line.interpreter,
        cycle=detail["cycle"],
        day=detail["day"],
        on=fact.first,
        arrives=_clock(fact.start, zone),
        leaves=_clock(leaves, zone),
        chair=_length(fact.start, leaves),
        what=f"{say(WHAT[fact.kind])}: {detail['agent']}" if apart else "",
        doses=() if apart else tuple(_dose(dose, zone) for dose in detail["doses"]),
        ticks=tuple(_tick(name, ref, detail["day"], ticks.get((line.course_id, ref)), zone) for name, ref in asked),
        planned=fact.kind is FactKind.VISIT,
        begins_cycle=not apart and detail["day"] == 1,
        request_id=uuid4().hex,
    )


def _dose(dose: Mapping[str, Any], zone: tzinfo) -> DoseView:
    starts, ends = (_clock(_instant(dose[name]), zone) for name in ("starts", "ends"))
    if dose["runs_on"]:
        times = say("from {start}, goes on after the visit", start=starts) if starts else say("goes on after the visit")
    else:
        both = say("{start} to {end}", start=starts, end=ends)
        times = both if starts and ends else say("from {time}", time=starts) if starts else ""
    return DoseView(agent=dose["agent"], times=times, given=dose["given"], elsewhere=dose["elsewhere"])


def _tick(name: str, ref: str, day: int, ticked: Ticked | None, zone: tzinfo) -> TickView:
    words = say(TICK_WORDS[name]) if name in TICK_WORDS else say("{check} seen", check=word(name))
    if name == "blood-count" and day == 1:
        words = say("Blood count of day 1 seen")
    if ticked is None:
        return TickView(ref=ref, words=words)
    return TickView(ref=ref, words=words, by=ticked.by, at=_clock(ticked.at, zone))


def _clock(at: datetime | None, zone: tzinfo) -> str:
    return clock_words(at.astimezone(zone)) if at is not None else ""


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _length(start: datetime | None, end: datetime | None) -> str:
    return say_duration(end - start, spoken().language) if start is not None and end is not None and end > start else ""
