"""Sign-ins: opened, known by a token of which only the hash is kept, closed."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from db import user_store
from db.engine import reading, writing
from db.stored import StoredSession
from service import audit
from service.audit import What
from service.loading import NotFound
from service.tokens import hashed, new_token
from service.users import SessionUser, User, user_of

if TYPE_CHECKING:
    from service.wiring import App

LONGEST_SESSION = timedelta(hours=12)  # a working day, however busy
NOTE_USE_EVERY = timedelta(minutes=1)


def open_session(app: "App", user: User) -> tuple[str, str]:
    """Signs the user in: the session's token, of which only the SHA-256 is kept, and the token for forms.

    NotFound when they were disabled, or got another password, since theirs was checked.
    """
    token, csrf_token = new_token(), new_token()
    with writing(app.engine) as session:
        now = app.now()
        stored = user_store.find_user(session, user.name, to_change=True)
        if stored is None or stored.disabled_at is not None or user_of(stored).credential != user.credential:
            raise NotFound(f"user {user.name!r}: was disabled or got another password at this moment; sign in again")
        user_store.add_session(
            session, stored, id_hash=hashed(token), csrf_token=csrf_token, now=now, end=now + LONGEST_SESSION
        )
        audit.note(session, What.SIGNED_IN, clinic_id=user.clinic_id, by=user.name, at=now, user=user.id)
    return token, csrf_token


def session_user(app: "App", token: str) -> SessionUser | None:
    """Who is signed in with that token, or None: ended, idle for too long, disabled, or never signed in."""
    now = app.now()
    id_hash = hashed(token)
    with reading(app.engine) as session:
        found = user_store.find_session(session, id_hash)
    if found is None or not _lasts(app, found, now):
        return None
    if now - found.last_seen_at >= NOTE_USE_EVERY:
        with writing(app.engine) as session:
            user_store.set_seen(session, id_hash, now)
    return SessionUser(user=user_of(found.user), csrf_token=found.csrf_token)


def close_session(app: "App", token: str) -> None:
    """Signs out; an unknown token changes nothing."""
    with writing(app.engine) as session:
        user_store.end_session(session, hashed(token))


# ---------------------------------------------------------------------------------------------------------------------


def _lasts(app: "App", found: StoredSession, now: datetime) -> bool:
    idle = timedelta(minutes=app.settings.security.idle_minutes)
    return found.user.disabled_at is None and now < found.expires_at and now - found.last_seen_at < idle
