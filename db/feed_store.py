"""Feeds in the database: settings and bytes. A feed is found by its token's hash, by its id, or by its course."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Update, bindparam
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select, update
from sqlmodel.sql.expression import SelectOfScalar

from db.rows import body_from_row, body_to_columns, feed_from_row, feed_to_row
from db.stored import Fetched, StoredBody, StoredCourse, StoredFeed
from db.tables import FeedRow

# A feed may be read before its course is locked; what is read after that counts, not what the session remembers.
AS_STORED = {"populate_existing": True}


def add_feed(session: Session, feed: StoredFeed, body: StoredBody, token_hash: str) -> None:
    """Stores a new feed."""
    session.add(feed_to_row(feed, body, token_hash))
    session.flush()


def find_by_token(session: Session, token_hash: str) -> StoredFeed | None:
    """The settings of the feed of that token, whatever its clinic: who has the token may read."""
    found = session.exec(_settings().where(FeedRow.token_hash == token_hash)).first()
    return feed_from_row(found) if found else None


def find_feed(session: Session, clinic_id: int, feed_id: UUID) -> StoredFeed | None:
    """The feed's settings, or None when the clinic has none of that id."""
    found = session.exec(_settings().where(FeedRow.clinic_id == clinic_id, FeedRow.id == feed_id)).first()
    return feed_from_row(found) if found else None


def feeds_of(session: Session, course: StoredCourse) -> tuple[StoredFeed, ...]:
    """The settings of the course's feeds, the revoked ones too, the oldest first."""
    query = (
        _settings()
        .where(FeedRow.clinic_id == course.clinic_id, FeedRow.course_id == course.course.id)
        .order_by(col(FeedRow.created_at), col(FeedRow.id))
    )
    return tuple(feed_from_row(row) for row in session.exec(query))


def bodies_of(session: Session, course: StoredCourse) -> dict[UUID, StoredBody]:
    """What the course's feeds serve, by the feed's id."""
    query = select(FeedRow).where(FeedRow.clinic_id == course.clinic_id, FeedRow.course_id == course.course.id)
    return {row.id: body_from_row(row) for row in session.exec(query.execution_options(**AS_STORED))}


def stale_feeds(session: Session, now: datetime) -> tuple[StoredFeed, ...]:
    """The feeds of all clinics whose bytes time alone has changed by `now`: upkeep, shown to nobody."""
    query = _settings().where(col(FeedRow.stale_at) <= now, col(FeedRow.revoked_at).is_(None))
    return tuple(feed_from_row(row) for row in session.exec(query.order_by(col(FeedRow.stale_at))))


def save_body(session: Session, feed: StoredFeed, body: StoredBody) -> None:
    """Replaces the bytes that the feed serves."""
    session.connection().execute(_one(feed).values(**body_to_columns(body)))


def set_changed(session: Session, feed: StoredFeed, at: datetime) -> None:
    """Notes that what the feed shows changed at `at` by something else than the plan."""
    session.connection().execute(_one(feed).values(changed_at=at))


def set_revoked(session: Session, feed: StoredFeed, at: datetime) -> None:
    """Notes that the feed has been revoked."""
    session.connection().execute(_one(feed).values(revoked_at=at))


def set_fetched(session: Session, fetched: Iterable[Fetched]) -> None:
    """Notes when these feeds were last fetched, and by which family of programs."""
    step = (
        update(FeedRow)
        .where(col(FeedRow.token_hash) == bindparam("of_token"))
        .values(last_fetched_at=bindparam("at"), last_client=bindparam("by"))
    )
    rows = [{"of_token": each.token_hash, "at": each.at, "by": each.client} for each in fetched]
    if rows:
        session.connection().execute(step, rows)


# ---------------------------------------------------------------------------------------------------------------------


def _settings() -> SelectOfScalar[FeedRow]:
    return select(FeedRow).execution_options(**AS_STORED).options(defer(FeedRow.body))  # type: ignore[arg-type] # tens of kilobytes that nobody reads


def _one(feed: StoredFeed) -> Update:
    return update(FeedRow).where(col(FeedRow.clinic_id) == feed.clinic_id, col(FeedRow.id) == feed.id)
