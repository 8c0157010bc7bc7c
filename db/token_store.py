"""The keys of other programs in the database."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update
from sqlmodel.sql.expression import Select

from db.rows import token_from_row
from db.store import Conflict
from db.stored import StoredToken
from db.tables import ApiTokenRow, UserRow


def add_token(
    session: Session,
    *,
    clinic_id: int,
    name: str,
    token_hash: str,
    role: str | None,
    user_id: int | None,
    now: datetime,
    by: str,
    end: datetime | None,
) -> StoredToken:
    """Stores a key; Conflict when the clinic has one of that name, or there is no such clinic."""
    row = ApiTokenRow(
        clinic_id=clinic_id,
        name=name,
        token_hash=token_hash,
        role=role,
        user_id=user_id,
        created_at=now,
        created_by=by,
        expires_at=end,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict from error
    return token_from_row(row, session.get(UserRow, user_id) if user_id is not None else None)


def find_token(session: Session, token_hash: str) -> StoredToken | None:
    """The key of that token with its user, whether it still works or not."""
    return next(_stored(session, _tokens().where(ApiTokenRow.token_hash == token_hash)), None)


def find_token_by_name(session: Session, clinic_id: int, name: str) -> StoredToken | None:
    """The clinic's key of that name, whether it still works or not."""
    wanted = _tokens().where(ApiTokenRow.clinic_id == clinic_id, ApiTokenRow.name == name)
    return next(_stored(session, wanted), None)


def tokens_of(session: Session, clinic_id: int) -> tuple[StoredToken, ...]:
    """The clinic's keys with their users, the oldest first."""
    return tuple(_stored(session, _tokens().where(ApiTokenRow.clinic_id == clinic_id).order_by(col(ApiTokenRow.id))))


def set_token_revoked(session: Session, token: StoredToken, at: datetime) -> None:
    """Notes that the key works no more."""
    session.connection().execute(update(ApiTokenRow).where(col(ApiTokenRow.id) == token.id).values(revoked_at=at))


def set_token_used(session: Session, token: StoredToken, at: datetime) -> None:
    """Notes that somebody asked with the key."""
    session.connection().execute(update(ApiTokenRow).where(col(ApiTokenRow.id) == token.id).values(last_used_at=at))


# ---------------------------------------------------------------------------------------------------------------------


def _tokens() -> Select[ApiTokenRow, UserRow]:
    return select(ApiTokenRow, UserRow).join(UserRow, col(UserRow.id) == ApiTokenRow.user_id, isouter=True)


def _stored(session: Session, query: Select[ApiTokenRow, UserRow]) -> Iterator[StoredToken]:
    return (token_from_row(row, user) for row, user in session.exec(query))
