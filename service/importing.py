"""Takes in many courses from a table: every row is checked before the first is stored, and each is stored once.

A course is known by its patient, regimen and first day: a row of one that is there already is left alone.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from db import store
from db.engine import Session, reading
from scheduler.errors import Fault, FileRefused, InfusionsError, InvalidValue
from scheduler.plan import Plan
from service.audit import HOME_CLINIC
from service.clock import today_in
from service.course_rows import CellFault, ReadRow, check_columns, column_of, read_row, reference_of
from service.csv_text import CsvRow, read_rows
from service.loading import NotFound, load
from service.starting import NewCourse, check_follows, plan_of, start_course
from service.steps import RequestReused

if TYPE_CHECKING:
    from service.wiring import App


class RowState(StrEnum):
    """How a row stands: to be stored, there already, or refused."""

    GOOD = "good"
    THERE = "there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRow:
    """What became of a row. `course_id`: what the course is, or will be, called; `plan` is that of a good one.

    `key` is by what an import knows the course, `reference` by what rows below may name it.
    """

    number: int
    state: RowState
    new: NewCourse | None = None
    plan: Plan | None = None
    faults: tuple[CellFault, ...] = ()
    course_id: UUID | None = None
    key: str = ""
    reference: str = ""


@dataclass(slots=True, kw_only=True)
class Intake:
    """An import under way: what the clinic has and the rows so far had, courses by their key and by what rows below
    may call them. `above` gives the plan of a course of a row above that is not stored yet."""

    app: "App"
    clinic_id: int
    now: datetime
    known: Mapping[str, UUID]
    rows: dict[str, int] = field(default_factory=dict)
    references: dict[str, UUID] = field(default_factory=dict)
    above: Callable[[UUID], Plan | None]


def rows_of_file(data: bytes) -> tuple[CsvRow, ...]:
    """The rows of a file; InvalidValue says what is wrong with the file as a whole."""
    header, rows = read_rows(data)
    check_columns(header)
    return rows


def known_courses(session: Session, clinic_id: int) -> dict[str, UUID]:
    """The clinic's courses by their keys."""
    return {key_of(*known): id_ for id_, known in store.known_courses(session, clinic_id).items()}


def key_of(regimen_id: str, patient: str, day1: str) -> str:
    """By what a course is known to an import."""
    return hashlib.sha256(json.dumps([regimen_id, patient.strip(), day1]).encode()).hexdigest()


def key_of_new(new: NewCourse) -> str:
    """The key of a course that is to start."""
    return key_of(new.regimen_id, new.patient, new.course.day1.isoformat())


def check_row(intake: Intake, row: CsvRow) -> CheckedRow:
    """What would become of the row, after those so far; notes it among them. Nothing is stored."""
    app, now = intake.app, intake.now
    read = read_row(app, row.cells, today_in(app.settings.clinic.zone, now), surplus=row.surplus)
    if read.new is None:
        return CheckedRow(number=row.number, state=RowState.REFUSED, faults=read.faults)
    key = key_of_new(read.new)
    if key in intake.rows:
        message = (
            f"is the same patient, regimen and first day as row {intake.rows[key]}; leave one out, or tell two "
            "patients of the same name apart by a code"
        )
        return CheckedRow(number=row.number, state=RowState.REFUSED, faults=(CellFault("patient", message),))
    intake.rows[key] = row.number
    there = intake.known.get(key)
    if there is not None:
        _refer(intake, read, there)
        return CheckedRow(number=row.number, state=RowState.THERE, course_id=there, key=key, reference=read.reference)
    try:
        new, plan = _planned(intake, read)
    except InfusionsError as fault:
        told = column_of(fault, read.new, row.cells)
        return CheckedRow(number=row.number, state=RowState.REFUSED, faults=(told,), key=key)
    _refer(intake, read, new.course.id)
    return CheckedRow(
        number=row.number,
        state=RowState.GOOD,
        new=new,
        plan=plan,
        course_id=new.course.id,
        key=key,
        reference=read.reference,
    )


def check_file(app: "App", rows: Sequence[CsvRow], *, clinic_id: int = HOME_CLINIC) -> Iterator[CheckedRow]:
    """What would become of each row, one after the other. Nothing is stored."""
    plans: dict[UUID, Plan] = {}
    with reading(app.engine) as session:
        app, known = app.of(clinic_id, session), known_courses(session, clinic_id)
    intake = Intake(app=app, clinic_id=clinic_id, now=app.now(), known=known, above=plans.get)
    for row in rows:
        checked = check_row(intake, row)
        if checked.plan is not None and checked.reference and checked.course_id is not None:
            plans[checked.course_id] = checked.plan  # only such a course can be named by another row
        yield checked


def store_row(app: "App", new: NewCourse, *, by: str, clinic_id: int = HOME_CLINIC) -> UUID | None:
    """Starts the course of a checked row; None when somebody started the same meanwhile. Raises what a start does."""
    try:
        id_ = start_course(app, new, by=by, request_id=request_of(new), clinic_id=clinic_id)
    except RequestReused:
        return None
    return id_ if id_ == new.course.id else None


def request_of(new: NewCourse) -> str:
    """The request of that course's import: the same for the same course, whoever sends it and how often."""
    return f"import-{key_of_new(new)}"


def refused_rows(source: str, rows: Iterable[CheckedRow]) -> FileRefused:
    """All refused rows as one refusal of the file."""
    faults = tuple(
        Fault(place=place_of(row.number, fault.column), message=fault.message) for row in rows for fault in row.faults
    )
    return FileRefused(source, faults)


def place_of(number: int, column: str) -> str:
    """A cell as a person finds it."""
    return f"row {number}, {column}" if column else f"row {number}"


def counts_of(rows: Sequence[CheckedRow]) -> Mapping[RowState, int]:
    """How many rows stand how."""
    return {state: sum(row.state is state for row in rows) for state in RowState}


# ---------------------------------------------------------------------------------------------------------------------


def _refer(intake: Intake, read: ReadRow, course_id: UUID) -> None:
    if read.reference:
        intake.references[read.reference.lower()] = course_id


def _planned(intake: Intake, read: ReadRow) -> tuple[NewCourse, Plan]:
    new = read.new
    assert new is not None  # noqa: S101 - asked by check_row
    if not read.follows:
        return new, plan_of(intake.app, new, (), intake.now)
    earlier = intake.references.get(read.follows.lower()) or reference_of(read.follows)
    plan = _plan_before(intake, earlier)
    return replace(new, follows=earlier), plan_of(intake.app, new, check_follows(plan, new), intake.now)


def _plan_before(intake: Intake, course_id: UUID | None) -> Plan:
    try:
        if course_id is not None:
            above = intake.above(course_id)
            if above is not None:
                return above
            with reading(intake.app.engine) as session:
                return load(intake.app, session, intake.clinic_id, course_id, now=intake.now).plan()
    except NotFound:
        pass
    message = "follows: names no course of the clinic and none of a row above; mend it, or empty it"
    raise InvalidValue(message, field="follows")
