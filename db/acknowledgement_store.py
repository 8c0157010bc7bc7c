"""Remarks of plans of which somebody took note."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from db.stored import StoredAcknowledgement, StoredCourse
from db.tables import AcknowledgementRow


def acknowledged(
    session: Session, clinic_id: int, courses: Collection[UUID]
) -> dict[UUID, dict[str, StoredAcknowledgement]]:
    """For each of these courses what stands acknowledged, by its mark; a course without any is left out."""
    query = select(AcknowledgementRow).where(
        AcknowledgementRow.clinic_id == clinic_id,
        col(AcknowledgementRow.course_id).in_(courses),
        col(AcknowledgementRow.withdrawn_at).is_(None),
    )
    found: dict[UUID, dict[str, StoredAcknowledgement]] = {}
    for row in session.exec(query):
        stored = StoredAcknowledgement(mark=row.mark, code=row.code, at=row.at, by=row.by)
        found.setdefault(row.course_id, {})[row.mark] = stored
    return found


def save_acknowledgement(session: Session, course: StoredCourse, stored: StoredAcknowledgement) -> None:
    """Stores it, also where an earlier one was withdrawn. The course must be locked by the caller."""
    row = AcknowledgementRow(
        course_id=course.course.id,
        mark=stored.mark,
        clinic_id=course.clinic_id,
        code=stored.code,
        at=stored.at,
        by=stored.by,
    )
    session.merge(row)
    session.flush()


def withdraw_acknowledgement(session: Session, course: StoredCourse, mark: str, now: datetime) -> bool:
    """Notes that somebody wants to see the remark again; False when it does not stand acknowledged."""
    step = (
        update(AcknowledgementRow)
        .where(col(AcknowledgementRow.clinic_id) == course.clinic_id)
        .where(col(AcknowledgementRow.course_id) == course.course.id, col(AcknowledgementRow.mark) == mark)
        .where(col(AcknowledgementRow.withdrawn_at).is_(None))
    )
    return session.connection().execute(step.values(withdrawn_at=now)).rowcount == 1
