"""The keys with which other programs ask over HTTP: made by staff for one clinic, shown once, revoked, let in.

A key acts for a user, with the role that they have at the moment; or for a system, under its own name with a role.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING

from db import token_store, user_store
from db.engine import Session, reading, writing
from db.store import Conflict
from db.stored import StoredToken, StoredUser
from scheduler.dates import add_days, to_instant
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.clock import today_in
from service.loading import NotFound
from service.sessions import NOTE_USE_EVERY
from service.tokens import TOKEN, hashed, new_token
from service.users import Role, known_as

if TYPE_CHECKING:
    from service.wiring import App

MAX_NAME = 60
# Names of users have no capitals, so nobody can be called like a system.
SYSTEM = "API {name}"


class TokenState(StrEnum):
    """Whether a key lets anybody in."""

    LIVE = "live"
    REVOKED = "revoked"
    EXPIRED = "expired"
    USER_DISABLED = "user disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who asks with a key. `by` stands in records; `token` is the key's number."""

    token: int
    clinic_id: int
    by: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLine:
    """A key in a list. `user`: for whom it acts; None: under its own name. `role`: what it may do now."""

    name: str
    user: str | None
    role: Role
    state: TokenState
    made_at: datetime
    made_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


def new_api_token(
    app: "App",
    name: str,
    *,
    user: str | None = None,
    role: Role | None = None,
    expires: date | None = None,
    by: str,
    clinic_id: int = HOME_CLINIC,
) -> str:
    """Makes a key for the user, or with the role; gives its token, which is shown this once.

    `expires`: the last day, by the clinic's clocks, on which it lets in. Raises InvalidValue for what can't be, and
    NotFound for a user who isn't of the clinic.
    """
    if (user is None) is (role is None):
        raise InvalidValue("token: name either the user for whom it acts or a role of its own", field="role")
    called = name.strip()
    if not 0 < len(called) <= MAX_NAME or not called.isprintable():
        message = f"name: call the token by the program that uses it, in 1 to {MAX_NAME} characters on one line"
        raise InvalidValue(message, field="name")
    token = new_token()
    try:
        with writing(app.engine) as session:
            now = app.now()
            acts_for = _user(session, user, clinic_id) if user is not None else None
            made = token_store.add_token(
                session,
                clinic_id=clinic_id,
                name=called,
                token_hash=hashed(token),
                role=role.value if role else None,
                user_id=acts_for.id if acts_for else None,
                now=now,
                by=by,
                end=_end_of(app, session, expires, clinic_id, now) if expires else None,
            )
            audit.note(
                session,
                What.TOKEN_MADE,
                clinic_id=clinic_id,
                by=by,
                at=now,
                token=made.id,
                user=acts_for.id if acts_for else None,
                role=made.role,
            )
    except Conflict:
        message = (
            f"name {called!r}: is taken, and the audit names it; or there is no clinic {clinic_id}; choose another"
        )
        raise InvalidValue(message, field="name") from None
    return token


def list_api_tokens(app: "App", *, clinic_id: int = HOME_CLINIC) -> tuple[TokenLine, ...]:
    """The clinic's keys, those that let nobody in any more too, the oldest first."""
    with reading(app.engine) as session:
        now = app.now()
        return tuple(_line(stored, now) for stored in token_store.tokens_of(session, clinic_id))


def revoke_api_token(app: "App", name: str, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Ends a key at once. NotFound for an unknown name; a second time changes nothing."""
    with writing(app.engine) as session:
        stored = token_store.find_token_by_name(session, clinic_id, name.strip())
        if stored is None:
            raise NotFound(f"token {name!r}: there is none of that name; `infusions token list` shows those there are")
        if stored.revoked_at is None:
            now = app.now()
            token_store.set_token_revoked(session, stored, now)
            audit.note(session, What.TOKEN_REVOKED, clinic_id=clinic_id, by=by, at=now, token=stored.id)


def holder_of(app: "App", token: str) -> Holder | None:
    """Who asks with that token; None when it is none, or lets nobody in any more. Notes the use, once a minute."""
    if not TOKEN.fullmatch(token):
        return None
    now = app.now()
    with reading(app.engine) as session:
        found = token_store.find_token(session, hashed(token))
    if found is None or _state(found, now) is not TokenState.LIVE:
        return None
    if found.last_used_at is None or now - found.last_used_at >= NOTE_USE_EVERY:
        with writing(app.engine) as session:
            token_store.set_token_used(session, found, now)
    by = found.user.name if found.user else SYSTEM.format(name=found.name)
    return Holder(token=found.id, clinic_id=found.clinic_id, by=by, role=_role(found))


# ---------------------------------------------------------------------------------------------------------------------


def _user(session: Session, name: str, clinic_id: int) -> StoredUser:
    found = user_store.find_user(session, known_as(name))
    if found is None or found.clinic_id != clinic_id:
        raise NotFound(f"user {name!r}: there is no such user in clinic {clinic_id}; check the name")
    if found.disabled_at is not None:
        raise InvalidValue(f"user {name!r}: is disabled; enable them first", field="user")
    return found


def _end_of(app: "App", session: Session, expires: date, clinic_id: int, now: datetime) -> datetime:
    zone = app.of(clinic_id, session).settings.clinic.zone
    if expires < today_in(zone, now):
        raise InvalidValue(f"expires: {expires} has passed; choose a later date", field="expires")
    return to_instant(add_days(expires, 1), time(0), zone)


def _role(stored: StoredToken) -> Role:
    return Role(stored.user.role if stored.user else str(stored.role))


def _state(stored: StoredToken, now: datetime) -> TokenState:
    if stored.revoked_at is not None:
        return TokenState.REVOKED
    if stored.expires_at is not None and stored.expires_at <= now:
        return TokenState.EXPIRED
    if stored.user is not None and stored.user.disabled_at is not None:
        return TokenState.USER_DISABLED
    return TokenState.LIVE


def _line(stored: StoredToken, now: datetime) -> TokenLine:
    return TokenLine(
        name=stored.name,
        user=stored.user.name if stored.user else None,
        role=_role(stored),
        state=_state(stored, now),
        made_at=stored.created_at,
        made_by=stored.created_by,
        expires_at=stored.expires_at,
        revoked_at=stored.revoked_at,
        last_used_at=stored.last_used_at,
    )
