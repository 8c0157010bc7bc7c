"""Printed calendars in the database: found by the hash of their token, by their id, or by their course."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select, update

from db.rows import print_from_row, print_to_row
from db.stored import StoredCourse, StoredPrint
from db.tables import PrintRow


def add_print(session: Session, made: StoredPrint, token_hash: str) -> None:
    """Stores a new print."""
    session.add(print_to_row(made, token_hash))
    session.flush()


def find_print_of_token(session: Session, token_hash: str) -> StoredPrint | None:
    """The print with that token, whatever its clinic: who has the sheet may ask about it."""
    found = session.exec(select(PrintRow).where(PrintRow.token_hash == token_hash)).first()
    return print_from_row(found) if found else None


def find_print(session: Session, clinic_id: int, print_id: UUID) -> StoredPrint | None:
    """The print, or None when the clinic has none of that id."""
    found = session.exec(select(PrintRow).where(PrintRow.clinic_id == clinic_id, PrintRow.id == print_id)).first()
    return print_from_row(found) if found else None


def prints_of(session: Session, course: StoredCourse) -> tuple[StoredPrint, ...]:
    """The course's prints, the revoked ones too, the newest first."""
    query = (
        select(PrintRow)
        .where(PrintRow.clinic_id == course.clinic_id, PrintRow.course_id == course.course.id)
        .order_by(col(PrintRow.printed_at).desc(), col(PrintRow.id))
    )
    return tuple(print_from_row(row) for row in session.exec(query))


def printed_at(session: Session, clinic_id: int, course_id: UUID) -> tuple[datetime, ...]:
    """When each of the course's prints was made."""
    query = select(PrintRow.printed_at).where(PrintRow.clinic_id == clinic_id, PrintRow.course_id == course_id)
    return tuple(session.exec(query))


def set_print_revoked(session: Session, made: StoredPrint, at: datetime) -> None:
    """Notes that the print's address tells nothing any more."""
    step = update(PrintRow).where(col(PrintRow.clinic_id) == made.clinic_id, col(PrintRow.id) == made.id)
    session.connection().execute(step.values(revoked_at=at))
