"""Staff and their sign-ins in the database."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select, update

from db.rows import user_from_row
from db.store import Conflict
from db.stored import StoredSession, StoredUser
from db.tables import PasswordLinkRow, UserRow, WebSessionRow


def add_user(
    session: Session,
    *,
    clinic_id: int,
    name: str,
    role: str,
    password_hash: str,
    created_at: datetime,
    language: str = "en",
) -> StoredUser:
    """Stores a new user; Conflict when the name, or the clinic, doesn't allow it."""
    row = UserRow(
        clinic_id=clinic_id,
        name=name,
        role=role,
        password_hash=password_hash,
        created_at=created_at,
        language=language,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict from error
    return user_from_row(row)


def find_user(session: Session, name: str, *, to_change: bool = False) -> StoredUser | None:
    """The user of that name, disabled or not. Names are unique among all clinics: a sign-in names no clinic.

    `to_change` makes whoever changes that user wait.
    """
    query = select(UserRow).where(UserRow.name == name)
    found = session.exec(query.with_for_update() if to_change else query).first()
    return user_from_row(found) if found else None


def find_user_by_id(session: Session, clinic_id: int, user_id: int) -> StoredUser | None:
    """The clinic's user of that number, disabled or not."""
    query = select(UserRow).where(UserRow.clinic_id == clinic_id, UserRow.id == user_id)
    found = session.exec(query).first()
    return user_from_row(found) if found else None


def users_of(session: Session, clinic_id: int) -> tuple[StoredUser, ...]:
    """The clinic's users by name, the disabled ones too."""
    query = select(UserRow).where(UserRow.clinic_id == clinic_id).order_by(col(UserRow.name))
    return tuple(user_from_row(row) for row in session.exec(query))


def other_users(session: Session, user: StoredUser, role: str) -> int:
    """How many others of the user's clinic have that role and may sign in; nobody changes them until the end of the
    transaction."""
    others = select(UserRow).where(UserRow.clinic_id == user.clinic_id, UserRow.role == role)
    found = session.exec(others.order_by(col(UserRow.id)).with_for_update().execution_options(populate_existing=True))
    return sum(row.id != user.id and row.disabled_at is None for row in found)


def set_role(session: Session, user: StoredUser, role: str) -> None:
    """Gives the user another role."""
    session.connection().execute(update(UserRow).where(col(UserRow.id) == user.id).values(role=role))


def set_language(session: Session, user_id: int, language: str) -> None:
    """Notes in which language the user reads the pages."""
    session.connection().execute(update(UserRow).where(col(UserRow.id) == user_id).values(language=language))


def set_password(session: Session, user: StoredUser, password_hash: str) -> None:
    """Replaces the user's password."""
    step = update(UserRow).where(col(UserRow.id) == user.id).values(password_hash=password_hash)
    session.connection().execute(step)


def add_link(session: Session, user: StoredUser, *, token_hash: str, end: datetime) -> None:
    """Stores a link by which the user sets a password until `end`; earlier ones of the user work no more."""
    session.connection().execute(delete(PasswordLinkRow).where(col(PasswordLinkRow.user_id) == user.id))
    session.add(PasswordLinkRow(token_hash=token_hash, clinic_id=user.clinic_id, user_id=user.id, expires_at=end))


def user_of_link(session: Session, token_hash: str, now: datetime) -> StoredUser | None:
    """The user whose password the link of that token sets, if it still works."""
    query = (
        select(UserRow)
        .join(PasswordLinkRow, col(PasswordLinkRow.user_id) == UserRow.id)
        .where(PasswordLinkRow.token_hash == token_hash, PasswordLinkRow.expires_at > now)
    )
    found = session.exec(query).first()
    return user_from_row(found) if found else None


def use_link(session: Session, token_hash: str) -> bool:
    """Takes the link away; False when another request has done so at this moment."""
    done = session.connection().execute(delete(PasswordLinkRow).where(col(PasswordLinkRow.token_hash) == token_hash))
    return done.rowcount == 1


def drop_links(session: Session, user: StoredUser) -> None:
    """Takes all links of the user away."""
    session.connection().execute(delete(PasswordLinkRow).where(col(PasswordLinkRow.user_id) == user.id))


def set_disabled(session: Session, user: StoredUser, at: datetime | None) -> None:
    """Notes that the user may not sign in any more; None: that they may again."""
    session.connection().execute(update(UserRow).where(col(UserRow.id) == user.id).values(disabled_at=at))


def add_session(
    session: Session, user: StoredUser, *, id_hash: str, csrf_token: str, now: datetime, end: datetime
) -> None:
    """Stores a sign-in that lasts until `end` at most, and forgets those of everybody that have ended."""
    session.connection().execute(delete(WebSessionRow).where(col(WebSessionRow.expires_at) <= now))
    session.add(
        WebSessionRow(
            id_hash=id_hash,
            clinic_id=user.clinic_id,
            user_id=user.id,
            csrf_token=csrf_token,
            created_at=now,
            last_seen_at=now,
            expires_at=end,
        )
    )


def find_session(session: Session, id_hash: str) -> StoredSession | None:
    """The sign-in of that token with its user, ended or not."""
    query = (
        select(WebSessionRow, UserRow)
        .join(UserRow, col(UserRow.id) == WebSessionRow.user_id)
        .where(WebSessionRow.id_hash == id_hash)
    )
    found = session.exec(query).first()
    if found is None:
        return None
    row, user = found
    return StoredSession(
        user=user_from_row(user),
        csrf_token=row.csrf_token,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
    )


def set_seen(session: Session, id_hash: str, at: datetime) -> None:
    """Notes that the sign-in was used."""
    step = update(WebSessionRow).where(col(WebSessionRow.id_hash) == id_hash).values(last_seen_at=at)
    session.connection().execute(step)


def end_session(session: Session, id_hash: str) -> None:
    """Forgets one sign-in."""
    session.connection().execute(delete(WebSessionRow).where(col(WebSessionRow.id_hash) == id_hash))


def end_sessions(session: Session, user: StoredUser) -> None:
    """Forgets all sign-ins of the user."""
    session.connection().execute(delete(WebSessionRow).where(col(WebSessionRow.user_id) == user.id))
