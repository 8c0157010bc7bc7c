"""Links to the patient's page in the database: found by the hash of their token, by their id, or by their course."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Update
from sqlmodel import Session, col, select, update

from db.rows import page_from_row, page_to_row
from db.stored import StoredCourse, StoredPage
from db.tables import PageRow

# A link may be read before its course is locked; what is read after that counts, not what the session remembers.
AS_STORED = {"populate_existing": True}


def add_page(session: Session, page: StoredPage, token_hash: str) -> None:
    """Stores a new link."""
    session.add(page_to_row(page, token_hash))
    session.flush()


def find_page_of_token(session: Session, token_hash: str) -> StoredPage | None:
    """The link with that token, whatever its clinic: who has the token may read."""
    query = select(PageRow).where(PageRow.token_hash == token_hash).execution_options(**AS_STORED)
    found = session.exec(query).first()
    return page_from_row(found) if found else None


def find_page(session: Session, clinic_id: int, page_id: UUID) -> StoredPage | None:
    """The link, or None when the clinic has none of that id."""
    query = select(PageRow).where(PageRow.clinic_id == clinic_id, PageRow.id == page_id)
    found = session.exec(query.execution_options(**AS_STORED)).first()
    return page_from_row(found) if found else None


def pages_of(session: Session, course: StoredCourse) -> tuple[StoredPage, ...]:
    """The course's links, the revoked ones too, the oldest first."""
    query = (
        select(PageRow)
        .where(PageRow.clinic_id == course.clinic_id, PageRow.course_id == course.course.id)
        .order_by(col(PageRow.made_at), col(PageRow.id))
    )
    return tuple(page_from_row(row) for row in session.exec(query))


def posted_pages(
    session: Session, clinic_id: int | None = None, course_id: UUID | None = None
) -> tuple[StoredPage, ...]:
    """The links of a course whose mails wait; without a course those of all clinics: upkeep, shown to nobody."""
    query = select(PageRow).where(col(PageRow.posting).is_not(None)).order_by(col(PageRow.made_at), col(PageRow.id))
    if course_id is not None:
        query = query.where(PageRow.clinic_id == clinic_id, PageRow.course_id == course_id)
    return tuple(page_from_row(row) for row in session.exec(query))


def set_page_revoked(session: Session, page: StoredPage, at: datetime) -> None:
    """Notes that the link tells nothing any more."""
    session.connection().execute(_one(page).values(revoked_at=at, posting=None))


def set_page_seen(session: Session, page: StoredPage, at: datetime) -> None:
    """Notes when the page was last seen from this link."""
    session.connection().execute(_one(page).values(last_seen_at=at))


def set_page_look(session: Session, page: StoredPage, *, language: str, detail: str) -> None:
    """Changes how the page looks from this link."""
    session.connection().execute(_one(page).values(language=language, detail=detail))


def set_page_posting(session: Session, page: StoredPage, posting: str | None) -> None:
    """Keeps half of the token until the mail with it is settled; None forgets it."""
    session.connection().execute(_one(page).values(posting=posting))


# ---------------------------------------------------------------------------------------------------------------------


def _one(page: StoredPage) -> Update:
    return update(PageRow).where(col(PageRow.clinic_id) == page.clinic_id, col(PageRow.id) == page.id)
