"""Reads one row of a table of courses: a new course, or every fault of the row with its column."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID, uuid4

from calendars.kinds import Detail
from scheduler import action_from_fields
from scheduler.actions import Action, Defer, Given, Omit
from scheduler.course import Audience, Course
from scheduler.dates import parse_date, parse_time, zone_of
from scheduler.errors import InfusionsError, InvalidValue, Rejected
from scheduler.regimen import Regimen
from scheduler.toml_reader import did_you_mean, shown
from service.carers import NewCarer, check_carers
from service.clinic import jurisdiction_of
from service.course_columns import ANSWERS, AUDIENCES, NAMES
from service.patients import Guardian, PatientFacts
from service.starting import NewCourse, check_new

if TYPE_CHECKING:
    from service.wiring import App

T = TypeVar("T")
D = TypeVar("D")
SO_FAR = ("given", "omitted", "moved")
LONGEST = 20_000  # characters of a cell


class CellFault(NamedTuple):
    """What is wrong with a cell, and what to do."""

    column: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """What a row says. `reference`: by what rows below may name it, `follows`: which course it goes on from; the new
    course itself doesn't know that yet."""

    new: NewCourse | None
    faults: tuple[CellFault, ...]
    reference: str = ""
    follows: str = ""


def check_columns(header: tuple[str, ...]) -> None:
    """Raises InvalidValue when a column is unknown, named twice, or missing."""
    for name in header:
        if name not in NAMES:
            raise InvalidValue(f"column {shown(name)} is unknown; {did_you_mean(name, NAMES)}")
        if header.count(name) > 1:
            raise InvalidValue(f"column {shown(name)} stands there twice; keep one of the two")
    missing = [name for name in ("patient", "regimen", "day1") if name not in header]
    if missing:
        raise InvalidValue(f"column {missing[0]!r} is missing; add it, or see the empty table of `--template`")


def read_row(app: "App", cells: Mapping[str, str], today: date, *, surplus: int = 0) -> ReadRow:
    """The course of these cells; it is not planned yet. `today` tells what was given from what is put off."""
    reader = _Reader(cells)
    if surplus:
        reader.fault("", f"{surplus} cells stand beyond the last column; put texts with separators into quotes")
    new = _new(app, reader, today)
    if new is not None and not reader.faults:
        try:
            check_new(app, new)
        except InfusionsError as fault:
            reader.refuse(fault, "actions")
    found = new if not reader.faults else None
    return ReadRow(
        new=found, faults=tuple(reader.faults), reference=reader.text("course"), follows=reader.text("follows")
    )


def column_of(fault: InfusionsError, new: NewCourse, cells: Mapping[str, str]) -> CellFault:
    """The cell that a fault of the whole course belongs to."""
    number = getattr(fault, "number", None)
    if isinstance(fault, Rejected) and number is not None:
        action = new.actions[number - 1]
        column = "actions" if cells.get("actions") else _column_of_action(action)
        place = f"action {number}, " if column == "actions" else ""
        return CellFault(column, f"{place}{_without(fault, column)}")
    field = getattr(fault, "field", "")
    return CellFault(_column(field, new), _without(fault, field))


# ---------------------------------------------------------------------------------------------------------------------

_VISIT = re.compile(r"C([0-9]{1,2})D(-?[0-9]{1,3})(?:\s+([0-9-]{10}))?(?:\s*\(([^()]+)\))?", re.IGNORECASE)


class _Reader:
    """Reads the cells of a row one by one and gathers what is wrong with them."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self._cells = cells
        self.faults: list[CellFault] = []
        for name, cell in cells.items():
            if len(cell) > LONGEST:
                self.fault(name, f"is longer than {LONGEST} characters; shorten it")

    def text(self, name: str, default: str = "") -> str:
        return self._cells.get(name) or default

    def fault(self, column: str, message: str) -> None:
        self.faults.append(CellFault(column, message))

    def refuse(self, fault: InfusionsError, column: str) -> None:
        field = getattr(fault, "field", "")
        self.fault(field if field in NAMES else column, _without(fault, field))

    def read(self, name: str, how: Callable[[str], T], default: D) -> T | D:
        """The cell as `how` reads it; the default where it is empty or, with a fault noted, can't be read."""
        text = self.text(name)
        if not text:
            return default
        try:
            return how(text)
        except (InvalidValue, Rejected) as fault:
            self.fault(name, _without(fault, name))
            return default

    def maybe(self, name: str, how: Callable[[str], T]) -> T | None:
        """The cell as `how` reads it; None where it is empty or, with a fault noted, can't be read."""
        return self.read(name, how, None)

    def needed(self, name: str, how: Callable[[str], T], what: str) -> T | None:
        """The same, of a cell that may not be empty."""
        if not self.text(name):
            self.fault(name, f"is empty; {what}")
        return self.maybe(name, how)

    def flag(self, name: str, *, needed: str = "") -> bool:
        """Yes or no; `needed` says why it may not be empty."""
        text = self.text(name).lower()
        if text not in {"", "yes", "no"}:
            self.fault(name, f"{shown(text)} is neither yes nor no; write one of them")
        elif not text and needed:
            self.fault(name, f"is empty; {needed}")
        return text == "yes"


def _new(app: "App", row: _Reader, today: date) -> NewCourse | None:
    clinic = app.settings.clinic
    known = app.catalogue.by_id()
    patient = row.needed("patient", str, "write the patient's name or code")
    regimen = row.needed("regimen", lambda text: _regimen(text, known), "write the regimen's id")
    day1 = row.needed("day1", lambda text: parse_date(text, field="day1"), "write the date of the first dose")
    _version(row, regimen)
    zone = row.read("zone", lambda text: zone_of(text).key, clinic.zone)
    actions = tuple(_actions(row, today))
    facts, carers, audiences = _facts(row), tuple(_carers(app, row)), tuple(_audiences(row, regimen))
    email = row.text("email")
    consent = row.flag("consent", needed="write yes or no: did the patient agree to mails?" if email else "")
    at = row.read("at", lambda text: parse_time(text, field="at"), clinic.default_at)
    cycles = row.maybe("cycles", lambda text: _whole(text, "cycles"))
    lengths = row.maybe("cycle_lengths", _lengths)
    patient_zone = row.read("patient_zone", lambda text: zone_of(text).key, clinic.zone)
    if patient is None or regimen is None or day1 is None:
        return None
    return NewCourse(
        regimen_id=regimen.id,
        patient=patient,
        course=Course(
            id=uuid4(),
            day1=day1,
            at=at,
            zone=zone,
            cycles=cycles,
            cycle_lengths=lengths or {},
            intent=row.text("intent", regimen.intents()[0]),
            audiences=audiences,
            reason=row.text("reason"),
            jurisdiction=row.text("jurisdiction", jurisdiction_of(clinic.country, regimen)),
        ),
        email=email or None,
        consent=consent,
        language=row.text("language", "en"),
        patient_zone=patient_zone,
        facts=facts,
        carers=carers,
        actions=actions,
    )


def _regimen(text: str, known: Mapping[str, Regimen]) -> Regimen:
    if text not in known:
        raise InvalidValue(f"{shown(text)} is unknown; {did_you_mean(text, tuple(known))}")
    return known[text]


def _version(row: _Reader, regimen: Regimen | None) -> None:
    wanted = row.text("regimen_version")
    if regimen is not None and wanted and wanted != regimen.version:
        message = f"is {shown(wanted)} and the clinic has {regimen.version}; empty it to start with that"
        row.fault("regimen_version", message)


def _audiences(row: _Reader, regimen: Regimen | None) -> Iterator[Audience]:
    wanted = regimen.audiences() if regimen is not None else ()
    for name in AUDIENCES:
        answer = row.text(name).lower()
        if answer and answer not in ANSWERS:
            row.fault(name, f"{shown(answer)} is no answer; write shown, private or no")
        elif name in wanted and not answer:
            row.fault(name, "is empty; ask the patient alone, then write shown, private or no")
        elif name not in wanted and answer in {"shown", "private"} and regimen is not None:
            row.fault(name, f"{regimen.id} says nothing of it; write no, or empty it")
        elif answer in {"shown", "private"}:
            yield Audience(name=name, private=answer == "private")


def _facts(row: _Reader) -> PatientFacts:
    told = {name: row.text(f"guardian_{name}") for name in ("relation", "phone", "email")}
    needed = "write yes or no: did the guardian agree to mails?" if told["email"] else ""
    consent = row.flag("guardian_consent", needed=needed)
    if not row.text("guardian") and any(told.values()):
        row.fault("guardian", "is empty; write the guardian's name, or empty the other cells of the guardian")
    guardian = Guardian(name=row.text("guardian"), consent=consent, **told) if row.text("guardian") else None
    spoken = row.text("spoken_language")
    return PatientFacts(spoken_language=spoken, interpreter=row.flag("interpreter"), guardian=guardian)


def _actions(row: _Reader, today: date) -> Iterator[Action]:
    if not row.text("actions"):
        yield from _so_far(row, today)
        return
    if any(row.text(name) for name in SO_FAR):
        row.fault("actions", "stands beside given, omitted or moved; keep one of the two ways")
    for number, entry in enumerate(_json_list(row, "actions"), start=1):
        fields = {name: value for name, value in entry.items() if name != "kind"}
        try:
            yield action_from_fields(str(entry.get("kind", "")), fields)
        except Rejected as fault:
            row.fault("actions", f"action {number}, {fault}")


def _so_far(row: _Reader, today: date) -> Iterator[Action]:
    found = [(visit, action) for name in SO_FAR for visit, action in _visits(row, name, today)]
    places = [visit for visit, _ in found]
    for visit in sorted({each for each in places if places.count(each) > 1}):
        row.fault("given", f"C{visit[0]}D{visit[1]} stands there twice; keep what happened")
    yield from (action for _, action in sorted(found, key=lambda each: each[0]))


def _visits(row: _Reader, column: str, today: date) -> Iterator[tuple[tuple[int, int], Action]]:
    for text in filter(None, (part.strip() for part in row.text(column).split(";"))):
        match = _VISIT.fullmatch(text)
        if match is None or (match[3] is None) is not (column == "omitted"):
            example = "C1D15" if column == "omitted" else "C1D8 2026-09-21"
            row.fault(column, f"{shown(text)} can't be read; write it as {example}, with semicolons between")
            continue
        visit, reason = (int(match[1]), int(match[2])), (match[4] or "").strip()
        try:
            yield visit, _action(column, visit, match[3], reason, today)
        except (InvalidValue, Rejected) as fault:
            row.fault(column, _without(fault, column))


def _action(column: str, visit: tuple[int, int], on: str | None, reason: str, today: date) -> Action:
    cycle, day = visit
    if on is None:
        return Omit(cycle=cycle, day=day, reason=reason)
    when = parse_date(on, field=column)
    if column == "given":
        return Given(cycle=cycle, day=day, on=when, reason=reason)
    if when <= today:
        raise InvalidValue(f"{when} is not to come; if the dose was given then, write it under given")
    return Defer(cycle=cycle, day=day, to=when, reason=reason)


def _carers(app: "App", row: _Reader) -> Iterator[NewCarer]:
    for number, entry in enumerate(_json_list(row, "carers"), start=1):
        told = {name: str(entry.get(name, "")) for name in ("name", "email", "language", "zone")}
        try:
            carer = NewCarer(**told, consent=True, detail=Detail(str(entry.get("detail", "discreet"))))
            check_carers(app, (carer,))
        except InvalidValue as fault:
            row.fault("carers", f"carer {number}, {fault}")
        except ValueError:
            known = "is unknown; write discreet or full"
            row.fault("carers", f"carer {number}, detail: {shown(entry.get('detail'))} {known}")
        else:
            yield carer


def _json_list(row: _Reader, column: str) -> list[dict[str, object]]:
    text = row.text(column)
    if not text:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        row.fault(column, "can't be read; leave it as an export wrote it, or empty")
        return []
    return found


def _lengths(text: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in text.split():
        cycle, _, days = part.partition("=")
        number = _whole(cycle, "cycle_lengths", "write it as 1=28")
        if number in found:
            raise InvalidValue(f"cycle {number} stands there twice; keep one")
        found[number] = _whole(days, "cycle_lengths", "write it as 1=28")
    return found


def _whole(text: str, field: str, remedy: str = "write a whole number") -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise InvalidValue(f"{shown(text)} can't be read; {remedy}", field=field)
    return int(text)


def _column_of_action(action: Action) -> str:
    return {Given.kind: "given", Omit.kind: "omitted", Defer.kind: "moved"}.get(action.kind, "actions")


def _column(field: str, new: NewCourse) -> str:
    if field == "audiences" and new.course.audiences:
        return new.course.audiences[0].name
    return field if field in NAMES else ""


def _without(fault: InfusionsError, field: str) -> str:
    """The sentence without the field's name in front: the column stands beside it."""
    return str(fault).removeprefix(f"{field}: ")


def reference_of(text: str) -> UUID | None:
    """The id in a cell that names a course; None for one that is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
