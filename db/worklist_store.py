"""What staff still have to do, in the database: mails that could not be delivered, visits not recorded, changes of
which no person has told the patient, recipients who want no mails any more.

Each function works within the session of one transaction and one clinic.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, text
from sqlmodel import Session, and_, col, func, or_, select, update

from db.outbox_store import CHANGE, State, StoredMessage, message_from_row
from db.rows import action_from_row
from db.stored import StoredAction
from db.tables import ActionRow, CourseRow, OutboxRow, RecipientRow, RevisionRow

# Written out, so that both databases see that the index of these few rows will do.
TO_TELL = text("revision.to_tell")
TO_PHONE = text("revision.to_phone")
UNSEEN = text("recipient.unsubscribed_at IS NOT NULL AND recipient.stop_seen_at IS NULL")
UNHANDLED = text("outbox.handled_at IS NULL AND outbox.state IN ('dead', 'expired', 'unknown')")
PATIENT = "patient"  # the recipient that is no carer
FAILED = frozenset({State.DEAD, State.EXPIRED, State.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message that did not arrive, or perhaps not. `stop_cause`: why the course was held or ended, if it was."""

    message: StoredMessage
    patient: str
    patient_zone: str
    stop_cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChange:
    """An entry of which nobody has told the patient yet, or phoned about. `to_tell`: it took dates; `neutral_at`: when
    staff let a neutral notice go."""

    course_id: UUID
    patient: str
    entry: StoredAction
    to_tell: bool
    neutral_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRecipient:
    """Somebody who has unsubscribed, of which staff have not taken note yet. `name` is a carer's own."""

    course_id: UUID
    patient: str
    role: str
    name: str
    since: datetime
    stop_cause: str | None


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


def count_open(session: Session, clinic_id: int, today: date) -> int:
    """How many courses have an overdue visit, and how many entries wait to be told or phoned about."""
    overdue = select(func.count()).select_from(CourseRow).where(CourseRow.clinic_id == clinic_id, is_overdue(today))
    found = session.exec(overdue).one()
    for open_ in (TO_TELL, TO_PHONE):  # each by its own index; what has both is one line
        query = select(func.count()).select_from(RevisionRow).where(RevisionRow.clinic_id == clinic_id, open_)
        both = query if open_ is TO_PHONE else query.where(~col(RevisionRow.to_phone))
        found += session.exec(both).one()
    return found


def is_overdue(today: date) -> ColumnElement[bool]:
    """Of a course: its next visit was before `today` and nobody has dealt with it otherwise than by recording it."""
    visit, handled = col(CourseRow.next_visit), col(CourseRow.overdue_handled)
    return and_(visit < today, or_(handled.is_(None), handled != visit))


def untold_changes(session: Session, clinic_id: int) -> tuple[OpenChange, ...]:
    """The clinic's entries of which the patient has to be told, without those to phone about; the oldest first."""
    return _changes(session, clinic_id, TO_TELL, ~col(RevisionRow.to_phone))


def changes_to_phone(session: Session, clinic_id: int) -> tuple[OpenChange, ...]:
    """The clinic's entries about which the patient has to be phoned, the oldest first."""
    return _changes(session, clinic_id, TO_PHONE)


def stopped_recipients(session: Session, clinic_id: int) -> tuple[StoppedRecipient, ...]:
    """Who unsubscribed without staff's having taken note, the longest ago first."""
    query = (
        select(RecipientRow, CourseRow.patient, CourseRow.stop_cause)
        .join(CourseRow, col(CourseRow.id) == RecipientRow.course_id)
        .where(RecipientRow.clinic_id == clinic_id, UNSEEN, col(RecipientRow.withdrawn_at).is_(None))
        .order_by(col(RecipientRow.unsubscribed_at), col(RecipientRow.course_id), col(RecipientRow.role))
    )
    return tuple(
        StoppedRecipient(
            course_id=row.course_id,
            patient=patient,
            role=row.role,
            name=row.name,
            since=row.unsubscribed_at,
            stop_cause=cause,
        )
        for row, patient, cause in session.exec(query)
        if row.unsubscribed_at is not None
    )


def set_seen(session: Session, clinic_id: int, course_id: UUID, role: str, now: datetime) -> bool:
    """Notes that staff know that this recipient has unsubscribed; False when they knew, or it is not so."""
    step = update(RecipientRow).where(
        col(RecipientRow.clinic_id) == clinic_id,
        col(RecipientRow.course_id) == course_id,
        col(RecipientRow.role) == role,
        UNSEEN,
    )
    return session.connection().execute(step.values(stop_seen_at=now)).rowcount == 1


def failed_notices(session: Session, clinic_id: int, course_id: UUID, written_at: datetime) -> tuple[int, ...]:
    """The ids of the patient's notices, written at that instant, that did not arrive and that nobody has dealt with."""
    query = select(OutboxRow.id).where(
        OutboxRow.clinic_id == clinic_id,
        OutboxRow.course_id == course_id,
        OutboxRow.kind == CHANGE,
        OutboxRow.recipient == PATIENT,
        OutboxRow.created_at == written_at,
        UNHANDLED,
    )
    return tuple(id_ for id_ in session.exec(query) if id_ is not None)


def set_handled(session: Session, clinic_id: int, ids: Collection[int], *, by: str, now: datetime) -> int:
    """Notes that staff have dealt with these messages; with how many nobody had before."""
    step = (
        update(OutboxRow)
        .where(col(OutboxRow.clinic_id) == clinic_id, col(OutboxRow.id).in_(ids), UNHANDLED)
        .values(handled_at=now, handled_by=by)
    )
    return session.connection().execute(step).rowcount


# ---------------------------------------------------------------------------------------------------------------------


def _changes(session: Session, clinic_id: int, *conditions: Any) -> tuple[OpenChange, ...]:
    query = (
        select(ActionRow, CourseRow.patient, RevisionRow.to_tell, RevisionRow.neutral_at)
        .join(
            RevisionRow,
            (col(RevisionRow.course_id) == ActionRow.course_id) & (col(RevisionRow.action_number) == ActionRow.number),
        )
        .join(CourseRow, col(CourseRow.id) == ActionRow.course_id)
        .where(RevisionRow.clinic_id == clinic_id, *conditions)
        .order_by(col(RevisionRow.id))
    )
    return tuple(
        OpenChange(
            course_id=row.course_id,
            patient=patient,
            entry=action_from_row(row),
            to_tell=to_tell,
            neutral_at=neutral_at,
        )
        for row, patient, to_tell, neutral_at in session.exec(query)
    )
