"""The words of the morning's mail to staff: no names, each course by the start of its id and by its page. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from calendars.wording import Wording, say_date, say_list, say_time
from reminders.mime import Block, Envelope, Letter, serialise
from reminders.rules import comes_at
from scheduler.dates import zone_of
from scheduler.events import Event, EventKind

COME_BY_THE_CLOCK = (EventKind.INFUSION, EventKind.BAG_CHANGE, EventKind.DISCONNECT)
SHORT = 8  # so many characters of an id tell the courses of one day apart


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFacts:
    """What the mail of a `day` tells: events of today and tomorrow, and the worklist's open lines by the courses that
    they are about: what a prescriber must hear of at once, near dates changed, visits not recorded, patients to tell,
    mails to make good for, mails stopped.

    `zone` is the clinic's; `pages` the address below which the courses' pages stand.
    """

    day: date
    zone: str
    pages: str
    events: tuple[tuple[UUID, Event], ...] = ()
    to_prescribe: tuple[UUID, ...] = ()
    to_call: tuple[UUID, ...] = ()
    overdue: tuple[tuple[UUID, date], ...] = ()
    to_tell: tuple[UUID, ...] = ()
    to_phone: tuple[UUID, ...] = ()
    stopped: tuple[UUID, ...] = ()


def render_digest(facts: DigestFacts, envelope: Envelope, wording: Wording) -> bytes:
    """The mail, ready to send. The same facts give the same bytes."""
    return serialise(compose_digest(facts, wording), envelope, language=wording.language, direction=wording.direction)


def compose_digest(facts: DigestFacts, wording: Wording) -> Letter:
    """Subject and content: always all headings, so that an empty morning reads as one."""
    say, day = wording.say, say_date(facts.day, wording.language)
    tomorrow = facts.day + timedelta(days=1)
    overdue = (
        (course, say("digest.overdue-line", course=short(course), date=say_date(visit, wording.language)))
        for course, visit in facts.overdue
    )
    sections = (
        (say("digest.today", date=day), _visits(facts, facts.day, wording)),
        (say("digest.tomorrow", date=say_date(tomorrow, wording.language)), _visits(facts, tomorrow, wording)),
        (say("digest.prescribe"), _courses(facts.to_prescribe, wording)),
        (say("digest.call"), _courses(facts.to_call, wording)),
        (say("digest.overdue"), overdue),
        (say("digest.checks"), _checks(facts, wording)),
        (say("digest.tell"), _courses(facts.to_tell, wording)),
        (say("digest.phone"), _courses(facts.to_phone, wording)),
        (say("digest.stopped"), _courses(facts.stopped, wording)),
    )
    blocks = [Block(heading=heading, lines=_lines(found, facts, wording)) for heading, found in sections]
    blocks.append(Block(lines=(say("digest.end"),)))
    return Letter(subject=say("digest.subject", date=day), blocks=tuple(blocks))


def short(course: UUID) -> str:
    """The course as the mail calls it."""
    return str(course)[:SHORT]


# ---------------------------------------------------------------------------------------------------------------------

Line = tuple[UUID, str]


def _lines(found: Iterable[Line], facts: DigestFacts, wording: Wording) -> tuple[str, ...]:
    return tuple(f"{line} {facts.pages}/{course}" for course, line in found) or (wording.say("digest.none"),)


def _visits(facts: DigestFacts, day: date, wording: Wording) -> Iterable[Line]:
    """Who comes on that day: to a stay in hospital, which has no hour, then by the clock."""
    for course, event in sorted(facts.events, key=lambda each: (str(each[0]), each[1].key)):
        if event.kind is EventKind.STAY and event.first_date == day:
            yield course, wording.say("digest.course", course=short(course))
    zone = zone_of(facts.zone)
    arrivals = ((comes.astimezone(zone), course) for course, event in facts.events if (comes := _comes(event)))
    for arrival, course in sorted(arrivals):
        if arrival.date() == day:
            yield course, wording.say("digest.visit", time=say_time(arrival, wording.language), course=short(course))


def _comes(event: Event) -> datetime | None:
    return comes_at(event) if event.kind in COME_BY_THE_CLOCK else None


def _checks(facts: DigestFacts, wording: Wording) -> Iterable[Line]:
    found = (each for each in facts.events if each[1].kind is EventKind.CHECK and each[1].first_date == facts.day)
    for course, event in sorted(found, key=lambda each: (str(each[0]), each[1].key)):
        if event.reproductive or event.private:  # a mail is no place for it; the course's page tells
            yield course, wording.say("digest.course", course=short(course))
            continue
        checks = say_list([kind.replace("-", " ") for kind in event.checks], wording.language)
        yield course, wording.say("digest.check", course=short(course), checks=checks)


def _courses(courses: Iterable[UUID], wording: Wording) -> Iterable[Line]:
    for course in dict.fromkeys(courses):
        yield course, wording.say("digest.course", course=short(course))
