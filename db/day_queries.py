"""What the clinic's day and the list of courses read: rows found by date, a part of them, and how many there are.

Each function works within the session of one transaction and one clinic, and asks the database once or twice.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import Session, and_, col, exists, func, or_, select

from db.rows import fact_from_row
from db.search import sought
from db.store import summary_of
from db.stored import CourseSummary, DayLine
from db.tables import (
    CourseRow,
    DayFactRow,
    RecipientRow,
    RegimenContentRow,
    RevisionRow,
    SuppressionRow,
    TickedRow,
)
from db.worklist_store import TO_PHONE, TO_TELL, is_overdue
from scheduler.day_facts import FactKind

COMING = (FactKind.VISIT, FactKind.GIVEN, FactKind.BAG, FactKind.PUMP)
PATIENT, GUARDIAN = "patient", "guardian"  # roles of recipients


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a list: how many lines to leave out, and how many to give at most."""

    skip: int = 0
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLines:
    """A part of the lines that were asked for, and how many there are in all."""

    lines: tuple[DayLine, ...]
    total: int


class Need(StrEnum):
    """What a course needs of somebody."""

    RECORD = "record"
    TELL = "tell"
    CHECK = "check"
    AFTER = "after"
    HOLD = "hold"
    CLOSED = "closed"
    WATCH = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which courses are looked for; empty values ask for nothing. `needs`: any of these."""

    words: str = ""
    regimen_id: str = ""
    state: str = ""
    needs: tuple[Need, ...] = ()


def who_comes(session: Session, clinic_id: int, day: date, part: Part) -> DayLines:
    """Visits, changes of bags and ends of infusions on that date, by the hour."""
    here = and_(_kind(*COMING), col(DayFactRow.first_day) == day)
    return _lines(session, clinic_id, here, part, col(DayFactRow.starts))


def in_hospital(session: Session, clinic_id: int, day: date, part: Part) -> DayLines:
    """Who stays in hospital on that date."""
    return _lines(session, clinic_id, _lasting(FactKind.STAY, day), part, col(DayFactRow.last_day))


def checks_due(session: Session, clinic_id: int, kind: FactKind, day: date, part: Part) -> DayLines:
    """Checks of that kind that are asked for on that date and that nobody has ticked, the longest due first."""
    here = and_(_lasting(kind, day), ~_is_ticked())
    return _lines(session, clinic_id, here, part, col(DayFactRow.first_day))


def on_hold(session: Session, clinic_id: int, part: Part) -> DayLines:
    """The courses on hold, the longest first."""
    return _lines(session, clinic_id, _kind(FactKind.HOLD), part, col(DayFactRow.first_day))


def on_closed_days(session: Session, clinic_id: int, day: date, part: Part) -> DayLines:
    """The next planned visit of each course, from that date on, that lies on a closed day; the next first."""
    return _lines(session, clinic_id, _lasting(FactKind.CLOSED, day), part, col(DayFactRow.last_day))


def under_watch(session: Session, clinic_id: int, today: date, part: Part) -> DayLines:
    """Whose liver is watched, the freshest dose first. A watch begins with a given dose, so none lies ahead."""
    here = and_(_kind(FactKind.WATCH), col(DayFactRow.last_day) >= today)
    return _lines(session, clinic_id, here, part, col(DayFactRow.last_day).desc())


def unreached(session: Session, clinic_id: int, today: date, last: date) -> tuple[DayLine, ...]:
    """Planned visits after `today` up to `last` of patients to whom no mail goes, whom nobody has phoned about them."""
    query = _facts(clinic_id, _unreached(today, last), col(DayFactRow.starts))
    return tuple(map(_line, session.execute(query)))


def count_unreached(session: Session, clinic_id: int, today: date, last: date) -> int:
    """How many there are of them."""
    query = select(func.count()).select_from(DayFactRow).join(CourseRow, col(CourseRow.id) == DayFactRow.course_id)
    here = query.where(col(DayFactRow.clinic_id) == clinic_id, _unreached(today, last))
    return int(session.execute(here).scalar_one())


def for_prescriber(session: Session, clinic_id: int) -> tuple[DayLine, ...]:
    """Courses in which something was recorded that a prescriber must hear of at once, and that nobody has ticked."""
    query = _facts(clinic_id, _untold_prescriber(), col(DayFactRow.first_day))
    return tuple(map(_line, session.execute(query)))


def count_for_prescriber(session: Session, clinic_id: int) -> int:
    """How many there are of them."""
    query = select(func.count()).select_from(DayFactRow).where(DayFactRow.clinic_id == clinic_id, _untold_prescriber())
    return int(session.execute(query).scalar_one())


def overdue_facts(session: Session, clinic_id: int, day: date) -> tuple[DayLine, ...]:
    """The planned visits before that date of the courses that `is_overdue` finds, the oldest first."""
    here = and_(is_overdue(day), _kind(FactKind.VISIT), col(DayFactRow.first_day) < day)
    return tuple(map(_line, session.execute(_facts(clinic_id, here, col(DayFactRow.first_day)))))


def search(
    session: Session, clinic_id: int, wanted: Wanted, day: date, part: Part
) -> tuple[tuple[CourseSummary, ...], int]:
    """Courses that are looked for, the next visit first, as of that date; and how many there are in all."""
    here = [col(CourseRow.clinic_id) == clinic_id]
    here += [col(CourseRow.sought).contains(word, autoescape=True) for word in sought(wanted.words).split()]
    if wanted.regimen_id:
        here.append(col(CourseRow.regimen_id) == wanted.regimen_id)
    if wanted.state:
        here.append(col(CourseRow.state) == wanted.state)
    if wanted.needs:
        here.append(or_(*(_needs(clinic_id, need, day) for need in wanted.needs)))
    total = session.execute(select(func.count()).select_from(CourseRow).where(*here)).scalar_one()
    query = (
        select(CourseRow, RegimenContentRow.name)
        .join(RegimenContentRow, col(RegimenContentRow.digest) == CourseRow.regimen_digest)
        .where(*here)
        .order_by(
            col(CourseRow.next_visit).is_(None), col(CourseRow.next_visit), col(CourseRow.sought), col(CourseRow.id)
        )
    )
    rows = session.execute(query.offset(part.skip).limit(part.most))
    return tuple(summary_of(row, name) for row, name in rows), total


def regimens_in_use(session: Session, clinic_id: int) -> tuple[tuple[str, str], ...]:
    """The ids and names of the regimens of the clinic's courses, by name."""
    query = (
        select(CourseRow.regimen_id, func.min(RegimenContentRow.name))
        .join(RegimenContentRow, col(RegimenContentRow.digest) == CourseRow.regimen_digest)
        .where(CourseRow.clinic_id == clinic_id)
        .group_by(CourseRow.regimen_id)
    )
    found = ((str(id_), str(name)) for id_, name in session.execute(query))
    return tuple(sorted(found, key=lambda one: one[1].casefold()))


# ---------------------------------------------------------------------------------------------------------------------


def _unreached(today: date, last: date) -> ColumnElement[bool]:
    mailed = and_(col(CourseRow.consent), col(CourseRow.mail_key) != "", ~_unsubscribed(), ~_suppressed(CourseRow))
    soon = and_(col(DayFactRow.first_day) > today, col(DayFactRow.first_day) <= last)
    return and_(_kind(FactKind.VISIT), soon, ~or_(mailed, _guarded()), ~_is_ticked())


def _untold_prescriber() -> ColumnElement[bool]:
    return and_(_kind(FactKind.PRESCRIBER), ~_is_ticked())


def _kind(*kinds: FactKind) -> ColumnElement[bool]:
    return col(DayFactRow.kind).in_([kind.value for kind in kinds])


def _lasting(kind: FactKind, day: date) -> ColumnElement[bool]:
    return and_(_kind(kind), col(DayFactRow.first_day) <= day, col(DayFactRow.last_day) >= day)


def _is_ticked() -> ColumnElement[bool]:
    return exists().where(
        col(TickedRow.course_id) == DayFactRow.course_id,
        col(TickedRow.ref) == DayFactRow.ref,
        col(TickedRow.at).is_not(None),
    )


def _unsubscribed() -> ColumnElement[bool]:
    return exists().where(
        col(RecipientRow.course_id) == CourseRow.id,
        col(RecipientRow.role) == PATIENT,
        col(RecipientRow.unsubscribed_at).is_not(None),
    )


def _guarded() -> ColumnElement[bool]:
    """Whether a minor's guardian gets mails."""
    return exists().where(
        col(RecipientRow.course_id) == CourseRow.id,
        col(RecipientRow.role) == GUARDIAN,
        col(RecipientRow.consent),
        col(RecipientRow.mail_key) != "",
        ~_suppressed(RecipientRow),
        col(RecipientRow.withdrawn_at).is_(None),
        col(RecipientRow.unsubscribed_at).is_(None),
    )


def _suppressed(row: type[CourseRow] | type[RecipientRow]) -> ColumnElement[bool]:
    return exists().where(col(SuppressionRow.clinic_id) == row.clinic_id, col(SuppressionRow.address) == row.mail_key)


# What a line says of the course; the rest of its row is long and takes time to read.
_OF_COURSE = (
    col(CourseRow.id),
    col(CourseRow.patient),
    col(CourseRow.revision),
    col(CourseRow.language),
    col(CourseRow.spoken_language),
    col(CourseRow.interpreter),
)


def _facts(clinic_id: int, here: ColumnElement[bool], *order: Any) -> Any:
    return (
        sqlalchemy_select(DayFactRow, *_OF_COURSE, col(RegimenContentRow.name))
        .join(CourseRow, col(CourseRow.id) == DayFactRow.course_id)
        .join(RegimenContentRow, col(RegimenContentRow.digest) == CourseRow.regimen_digest)
        .where(col(DayFactRow.clinic_id) == clinic_id, here)
        .order_by(*order, col(CourseRow.sought), col(DayFactRow.course_id), col(DayFactRow.key))
    )


def _lines(session: Session, clinic_id: int, here: ColumnElement[bool], part: Part, *order: Any) -> DayLines:
    count = select(func.count()).select_from(DayFactRow).where(col(DayFactRow.clinic_id) == clinic_id, here)
    rows = session.execute(_facts(clinic_id, here, *order).offset(part.skip).limit(part.most))
    return DayLines(lines=tuple(map(_line, rows)), total=session.execute(count).scalar_one())


def _line(row: Any) -> DayLine:
    fact, id_, patient, revision, reads, speaks, interpreter, regimen_name = row
    return DayLine(
        course_id=id_,
        patient=patient,
        regimen_name=regimen_name,
        revision=revision,
        reads=reads,
        speaks=speaks,
        interpreter=interpreter,
        fact=fact_from_row(fact),
    )


def _needs(clinic_id: int, need: Need, day: date) -> ColumnElement[bool]:
    match need:
        case Need.RECORD:
            return is_overdue(day)
        case Need.TELL:
            revision = exists().where(col(RevisionRow.course_id) == CourseRow.id)
            return revision.where(or_(TO_TELL, TO_PHONE))
        case Need.CHECK:
            return _has(clinic_id, and_(_lasting(FactKind.CHECK, day), ~_is_ticked()))
        case Need.AFTER:
            return _has(clinic_id, and_(_lasting(FactKind.AFTER, day), ~_is_ticked()))
        case Need.HOLD:
            return _has(clinic_id, _kind(FactKind.HOLD))
        case Need.CLOSED:
            return _has(clinic_id, _lasting(FactKind.CLOSED, day))
        case Need.WATCH:
            return _has(clinic_id, _lasting(FactKind.WATCH, day))


def _has(clinic_id: int, here: ColumnElement[bool]) -> ColumnElement[bool]:
    query = select(DayFactRow.course_id).where(col(DayFactRow.clinic_id) == clinic_id, here)
    return col(CourseRow.id).in_(query)
