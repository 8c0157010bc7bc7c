"""What staff still have to do, in the database: mails that could not be delivered, visits not recorded, changes of
which no person has told the patient. Each function works within the session of one transaction and one clinic."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, or_, select, update

from db.outbox_store import State, StoredMessage, message_from_row
from db.rows import action_from_row
from db.stored import StoredAction
from db.tables import ActionRow, CourseRow, OutboxRow, RevisionRow

# Written out, so that both databases see that the index of these few rows will do.
TO_TELL = text("revision.to_tell")
UNHANDLED = text("outbox.handled_at IS NULL AND outbox.state IN ('dead', 'expired', 'unknown')")
FAILED = frozenset({State.DEAD, State.EXPIRED, State.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message that did not arrive, or perhaps not. `stop_cause`: why the course was held or ended, if it was."""

    message: StoredMessage
    patient: str
    patient_zone: str
    stop_cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueVisit:
    """The first visit of a course that is past and not recorded."""

    course_id: UUID
    patient: str
    visit: date


@dataclass(frozen=True, slots=True, kw_only=True)
class UntoldChange:
    """An entry that took dates from a patient whom nobody has told yet."""

    course_id: UUID
    patient: str
    entry: StoredAction


def failed_messages(session: Session, clinic_id: int) -> tuple[FailedMessage, ...]:
    """The clinic's messages that staff have to make good for, the oldest first."""
    query = (
        select(OutboxRow, CourseRow.patient, CourseRow.patient_zone, CourseRow.stop_cause)
        .join(CourseRow, col(CourseRow.id) == OutboxRow.course_id)
        .where(OutboxRow.clinic_id == clinic_id, UNHANDLED)
        .order_by(col(OutboxRow.id))
    )
    return tuple(
        FailedMessage(message=message_from_row(row), patient=patient, patient_zone=zone, stop_cause=cause)
        for row, patient, zone, cause in session.exec(query)
    )


def overdue_visits(session: Session, clinic_id: int, today: date) -> tuple[OverdueVisit, ...]:
    """The courses whose next visit was before `today` and has not been dealt with, the oldest visit first."""
    visit, handled = col(CourseRow.next_visit), col(CourseRow.overdue_handled)
    query = (
        select(CourseRow)
        .where(CourseRow.clinic_id == clinic_id, visit < today, or_(handled.is_(None), handled != visit))
        .order_by(visit, col(CourseRow.id))
    )
    return tuple(
        OverdueVisit(course_id=row.id, patient=row.patient, visit=row.next_visit)
        for row in session.exec(query)
        if row.next_visit is not None
    )


def untold_changes(session: Session, clinic_id: int) -> tuple[UntoldChange, ...]:
    """The clinic's entries of which the patient has to be told, the oldest first."""
    query = (
        select(ActionRow, CourseRow.patient)
        .join(
            RevisionRow,
            (col(RevisionRow.course_id) == ActionRow.course_id) & (col(RevisionRow.action_number) == ActionRow.number),
        )
        .join(CourseRow, col(CourseRow.id) == ActionRow.course_id)
        .where(RevisionRow.clinic_id == clinic_id, TO_TELL)
        .order_by(col(RevisionRow.id))
    )
    return tuple(
        UntoldChange(course_id=row.course_id, patient=patient, entry=action_from_row(row))
        for row, patient in session.exec(query)
    )


def set_handled(session: Session, clinic_id: int, ids: Collection[int], *, by: str, now: datetime) -> int:
    """Notes that staff have dealt with these messages; with how many nobody had before."""
    step = (
        update(OutboxRow)
        .where(col(OutboxRow.clinic_id) == clinic_id, col(OutboxRow.id).in_(ids), UNHANDLED)
        .values(handled_at=now, handled_by=by)
    )
    return session.connection().execute(step).rowcount
