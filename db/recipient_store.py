"""Who gets the mails of a course beside the patient, and what each of them chose."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from db.rows import recipient_from_row, recipient_to_columns
from db.stored import StoredCourse, StoredRecipient
from db.tables import FeedRow, OutboxRow, RecipientRow


def recipients_of(session: Session, clinic_id: int, course_id: UUID) -> tuple[StoredRecipient, ...]:
    """The carers, also those whose consent ended, and the patient once they chose; in the order of their adding."""
    query = select(RecipientRow).where(RecipientRow.clinic_id == clinic_id, RecipientRow.course_id == course_id)
    query = query.order_by(col(RecipientRow.added_at), col(RecipientRow.role)).execution_options(populate_existing=True)
    return tuple(recipient_from_row(row) for row in session.exec(query))


def recipients_of_many(
    session: Session, clinic_id: int, ids: Collection[UUID]
) -> dict[UUID, tuple[StoredRecipient, ...]]:
    """The same of several courses, by course."""
    query = select(RecipientRow).where(RecipientRow.clinic_id == clinic_id, col(RecipientRow.course_id).in_(ids))
    found: dict[UUID, list[StoredRecipient]] = {}
    for row in session.exec(query.order_by(col(RecipientRow.added_at), col(RecipientRow.role))):
        found.setdefault(row.course_id, []).append(recipient_from_row(row))
    return {id_: tuple(recipients) for id_, recipients in found.items()}


def save_recipient(session: Session, recipient: StoredRecipient) -> None:
    """Stores the recipient, or what changed about one. The course must be locked by the caller."""
    values = recipient_to_columns(recipient)
    known = (col(RecipientRow.course_id) == recipient.course_id, col(RecipientRow.role) == recipient.role)
    if not session.connection().execute(update(RecipientRow).where(*known).values(**values)).rowcount:
        session.add(RecipientRow(**values))
        session.flush()


def readers_with_feed(session: Session, course: StoredCourse, now: datetime) -> frozenset[str]:
    """For which readers (`patient`, `carer`) the course has a feed that is neither revoked nor expired."""
    live = col(FeedRow.expires_at).is_(None) | (col(FeedRow.expires_at) > now)
    query = select(FeedRow.reader).where(
        FeedRow.clinic_id == course.clinic_id,
        FeedRow.course_id == course.course.id,
        col(FeedRow.revoked_at).is_(None),
        live,
    )
    return frozenset(session.exec(query))


def recipient_of_message(session: Session, message_id: int) -> tuple[int, UUID, str] | None:
    """The clinic, course and recipient of the message with that id, whatever its clinic; None for an unknown one."""
    query = select(OutboxRow.clinic_id, OutboxRow.course_id, OutboxRow.recipient).where(OutboxRow.id == message_id)
    found = session.exec(query).first()
    return (found[0], found[1], found[2]) if found else None
