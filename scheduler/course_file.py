"""Reads a course file: the course, its regimen and its actions, strictly, all faults at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import NAMESPACE_URL, UUID, uuid5

from scheduler.action_fields import action_from_fields, parse_audience
from scheduler.actions import Action
from scheduler.course import Audience, Course, EarlierDose
from scheduler.dates import parse_time, parse_wall, recordable, to_instant, zone_of
from scheduler.errors import InvalidValue, Rejected
from scheduler.regimen import Regimen
from scheduler.toml_reader import UNREAD, WHOLE, TableReader, did_you_mean, read_file, shown

NAMESPACE = uuid5(NAMESPACE_URL, "infusion-cycles/course")


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFile:
    """What a course file says. The actions are read, not yet checked against the plan."""

    course: Course
    regimen: Regimen
    actions: tuple[Action, ...]
    patient: str


def parse_course(text: str, source: str, regimens: Mapping[str, Regimen]) -> CourseFile:
    """The course of a file's text. `source` names the file; FileRefused carries every fault found."""
    return read_file(source, text, lambda tables, faults: _course_file(TableReader(tables, "", faults), regimens))


def course_id(regimen: str, patient: str, day1: date) -> UUID:
    """The id of a course that has none of its own: the same for the same regimen, patient and day 1."""
    return uuid5(NAMESPACE, f"{regimen}\n{patient}\n{day1.isoformat()}")


# ---------------------------------------------------------------------------------------------------------------------


def _course_file(top: TableReader, regimens: Mapping[str, Regimen]) -> CourseFile | None:
    """What the file says; None, and a fault noted, where its regimen or its first date is not known."""
    regimen = _regimen(top, regimens)
    patient = top.text("patient", default="")
    course = _course(top, regimen, patient, regimens)
    actions = _actions(top)
    top.done()
    if course is None or regimen is None:
        return None
    return CourseFile(course=course, regimen=regimen, actions=actions, patient=patient)


def _regimen(top: TableReader, regimens: Mapping[str, Regimen]) -> Regimen | None:
    name = top.text("regimen")
    if name not in regimens and name != UNREAD:
        top.fault("regimen", f"{shown(name)} is unknown; {did_you_mean(name, tuple(regimens))}")
    return regimens.get(name)


def _course(top: TableReader, regimen: Regimen | None, patient: str, regimens: Mapping[str, Regimen]) -> Course | None:
    day1 = top.day("day1")
    at = _at(top)
    zone = _zone(top)
    cycles = top.whole("cycles", 1, 99) if top.has("cycles") else None
    intents = regimen.intents() if regimen else ()
    intent = top.text("intent", default="continue", choices=intents)
    lengths = _lengths(top)
    audiences = _audiences(top, regimen)
    reason = top.text("reason", default="")
    jurisdiction = top.text("jurisdiction", default="")
    earlier = tuple(_earlier(top, zone, jurisdiction, regimens))
    own_id = _id(top)
    if day1 is None or regimen is None:
        return None
    return Course(
        id=own_id or course_id(regimen.id, patient, day1),
        day1=day1,
        at=at,
        zone=zone,
        cycles=cycles,
        intent=intent,
        cycle_lengths=lengths,
        audiences=audiences,
        reason=reason,
        jurisdiction=jurisdiction,
        earlier=earlier,
    )


def _at(top: TableReader) -> time:
    value = top.raw("at")
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    text = top.text("at")
    try:
        return parse_time(text, field="at")
    except InvalidValue:
        if text != UNREAD:
            top.fault("at", f'{shown(text)} is not a time of day; write it as "09:00"')
        return time(9)


def _zone(top: TableReader) -> str:
    name = top.text("zone")
    try:
        zone_of(name)
    except InvalidValue:
        if name != UNREAD:
            top.fault("zone", f"{shown(name)} is no time zone; use an IANA name such as America/New_York")
        return "UTC"
    return name


def _lengths(top: TableReader) -> dict[int, int]:
    if not top.has("cycle_lengths"):
        return {}
    table = top.table("cycle_lengths")
    lengths = {}
    for key in table.keys:
        days = table.whole(key, 1, 400)
        if WHOLE.fullmatch(key):
            lengths[int(key)] = days
        else:
            table.fault(key, "is not the number of a cycle; write it as 1 = 28")
    table.done()
    return lengths


def _audiences(top: TableReader, regimen: Regimen | None) -> tuple[Audience, ...]:
    value = top.raw("audiences")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        top.fault("audiences", 'is not a list of texts; write it as ["breastfeeding"]')
        return ()
    found = []
    for text in value:
        try:
            found.append(parse_audience(text))
        except InvalidValue as fault:
            top.fault("audiences", str(fault))
    known = regimen.audiences() if regimen else tuple(audience.name for audience in found)
    for audience in found:
        if audience.name not in known:
            top.fault("audiences", f"{shown(audience.name)} is unknown; {did_you_mean(audience.name, known)}")
    return tuple(found)


def _earlier(top: TableReader, zone: str, jurisdiction: str, regimens: Mapping[str, Regimen]) -> Iterator[EarlierDose]:
    """The last doses of earlier courses. Such a course has ended: what is still planned in it, no file can say."""
    for table in top.tables("earlier"):
        regimen = _regimen(table, regimens)
        agent = _earlier_agent(table, regimen)
        on = table.day("last_dose")
        ended = _ended(table, zone)
        table.done()
        if regimen is not None and agent is not None and on is not None:
            yield EarlierDose(
                agent_name=regimen.agents[agent].name,
                on=on,
                ended=ended,
                settled=True,
                windows=tuple(rule for rule in regimen.windows if rule.agent == agent),
                jurisdiction=jurisdiction,
            )


def _earlier_agent(table: TableReader, regimen: Regimen | None) -> str | None:
    known = tuple(regimen.agents) if regimen is not None else ()
    if len(known) == 1 and not table.has("agent"):
        return known[0]
    name = table.text("agent")
    if name in known:
        return name
    if known and name != UNREAD:
        table.fault("agent", f"{shown(name)} is not among its agents; {did_you_mean(name, known)}")
    return None


def _ended(table: TableReader, zone: str) -> datetime | None:
    value = table.raw("ended")
    wall = _local(value)
    if value is not None and wall is None:
        table.fault("ended", "is not a local date and time; write it as 2026-12-07T10:05")
    return to_instant(wall.date(), wall.time(), zone, later=True) if wall is not None else None


def _local(value: object) -> datetime | None:
    try:
        wall = parse_wall(value, field="ended") if isinstance(value, str) else value
    except InvalidValue:
        return None
    return wall if isinstance(wall, datetime) and wall.tzinfo is None and recordable(wall) else None


def _id(top: TableReader) -> UUID | None:
    if not top.has("id"):
        return None
    text = top.text("id")
    try:
        return UUID(text)
    except ValueError:
        if text != UNREAD:
            top.fault("id", "is not a UUID; leave it out or write one")
        return None


def _actions(top: TableReader) -> tuple[Action, ...]:
    actions = []
    for table in top.tables("actions"):
        kind = table.text("kind")
        fields = {key: table.raw(key) for key in table.keys if key != "kind"}
        try:
            actions.append(action_from_fields(kind, fields))
        except Rejected as fault:
            if kind != UNREAD:
                table.fault("kind" if fault.code == "unknown-kind" else fault.field, str(fault))
    return tuple(actions)
