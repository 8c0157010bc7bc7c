"""Staff: who may sign in, with which role and password."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from db import user_store
from db.engine import Session, reading, writing
from db.store import Conflict
from db.stored import StoredUser
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.loading import NotFound
from service.passwords import hash_of, of_nobody, verify
from service.tokens import hashed, new_token

if TYPE_CHECKING:
    from service.wiring import App

MAX_NAME = 100
LINK_LASTS = timedelta(days=3)  # over a weekend


class Role(StrEnum):
    """What a member of staff may do."""

    NURSE = "nurse"
    PRESCRIBER = "prescriber"
    CLINIC_ADMIN = "clinic-admin"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A member of staff."""

    id: int
    clinic_id: int
    name: str
    role: Role
    disabled: bool
    language: str = "en"  # of the pages that they see
    credential: str = field(default="", repr=False)  # changes with the password, and tells nothing of it


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUser:
    """Who is signed in, and the token that their forms carry."""

    user: User
    csrf_token: str


def add_user(
    app: "App",
    name: str,
    role: Role,
    password: str,
    *,
    by: str,
    language: str = "en",
    clinic_id: int = HOME_CLINIC,
) -> User:
    """Adds a member of staff. InvalidValue when the name is taken or the password too short or long."""
    known_as = _name(name)
    if not 0 < len(known_as) <= MAX_NAME or not known_as.isprintable():
        raise InvalidValue(f"name: give 1 to {MAX_NAME} characters on one line", field="name")
    password_hash = hash_of(password)
    try:
        with writing(app.engine) as session:
            now = app.now()
            added = user_store.add_user(
                session,
                clinic_id=clinic_id,
                name=known_as,
                role=role.value,
                password_hash=password_hash,
                created_at=now,
                language=language,
            )
            audit.note(session, What.USER_ADDED, clinic_id=clinic_id, by=by, at=now, user=added.id, role=role.value)
    except Conflict:
        message = f"name {known_as!r}: is taken, or there is no clinic {clinic_id}; choose another"
        raise InvalidValue(message, field="name") from None
    return user_of(added)


def invite_user(
    app: "App", name: str, role: Role, *, by: str, language: str = "en", clinic_id: int = HOME_CLINIC
) -> str:
    """Adds a member of staff who has no password yet; gives the token of the link by which they set it.

    InvalidValue when the name is taken or can't be one.
    """
    # A password that nobody knows: the link is the only way in.
    user = add_user(app, name, role, new_token(), by=by, language=language, clinic_id=clinic_id)
    return make_password_link(app, user.id, by=by, clinic_id=clinic_id)


def make_password_link(app: "App", user_id: int, *, by: str, clinic_id: int) -> str:
    """The token of a link by which that user sets a new password, once, within three days; earlier links end.

    NotFound for a user who isn't of that clinic, InvalidValue for one who is disabled.
    """
    token = new_token()
    with writing(app.engine) as session:
        now = app.now()
        user = _found_by_id(session, user_id, clinic_id)
        if user.disabled_at is not None:
            raise InvalidValue(f"user {user.name!r}: is disabled; enable them first", field="user")
        user_store.add_link(session, user, token_hash=hashed(token), end=now + LINK_LASTS)
        audit.note(session, What.PASSWORD_LINK_MADE, clinic_id=clinic_id, by=by, at=now, user=user.id)
    return token


def user_of_link(app: "App", token: str) -> User | None:
    """Whose password that link sets; None when it was used, has ended, or never was."""
    with reading(app.engine) as session:
        found = user_store.user_of_link(session, hashed(token), app.now())
    return user_of(found) if found and found.disabled_at is None else None


def use_password_link(app: "App", token: str, password: str) -> User:
    """Sets the password, ends the user's sign-ins and the link; NotFound when the link doesn't work (any more).

    InvalidValue for a bad password; the link still works then.
    """
    password_hash = hash_of(password)
    with writing(app.engine) as session:
        now = app.now()
        user = user_store.user_of_link(session, hashed(token), now)
        if user is None or user.disabled_at is not None or not user_store.use_link(session, hashed(token)):
            raise NotFound("this link was used before or has ended; ask your administrator for a new one")
        _set(session, user, password_hash, by=user.name, at=now)
    return user_of(user)


def change_password(app: "App", user: User, current: str, new: str) -> None:
    """Replaces one's own password and ends one's sign-ins; InvalidValue for a wrong or bad one."""
    if check_password(app, user.name, current) is None:
        raise InvalidValue("current: this is not your password; type it again", field="current")
    set_password(app, user.name, new, by=user.name, clinic_id=user.clinic_id)


def set_language(app: "App", user: User, language: str) -> None:
    """Notes in which language the user reads the pages."""
    with writing(app.engine) as session:
        user_store.set_language(session, user.id, language)


def set_disabled(app: "App", user_id: int, *, disabled: bool, by: User) -> None:
    """Ends a user's sign-ins and lets them in no more, or lets them in again; of one's own clinic, never oneself.

    Raises NotFound for a user who isn't of that clinic, InvalidValue for oneself.
    """
    with writing(app.engine) as session:
        now = app.now()
        user = _found_by_id(session, user_id, by.clinic_id)
        if user.id == by.id:
            raise InvalidValue("user: you can't disable yourself; ask another administrator", field="user")
        if (user.disabled_at is not None) is disabled:
            return
        if disabled:
            _keep_an_admin(session, user)
        user_store.set_disabled(session, user, now if disabled else None)
        user_store.end_sessions(session, user)
        user_store.drop_links(session, user)
        what = What.USER_DISABLED if disabled else What.USER_ENABLED
        audit.note(session, what, clinic_id=user.clinic_id, by=by.name, at=now, user=user.id)


def set_role(app: "App", user_id: int, role: Role, *, by: User) -> None:
    """Gives a user of one's own clinic another role, never oneself; their sign-ins end, so that no page of theirs still
    shows what they may no longer do.

    Raises NotFound for a user who isn't of that clinic, InvalidValue for oneself or the last admin.
    """
    with writing(app.engine) as session:
        now = app.now()
        user = _found_by_id(session, user_id, by.clinic_id)
        if user.id == by.id:
            raise InvalidValue("user: you can't change your own role; ask another administrator", field="user")
        if user.role == role.value:
            return
        _keep_an_admin(session, user)
        user_store.set_role(session, user, role.value)
        user_store.end_sessions(session, user)
        audit.note(
            session,
            What.ROLE_CHANGED,
            clinic_id=user.clinic_id,
            by=by.name,
            at=now,
            user=user.id,
            before=user.role,
            role=role.value,
        )


def known_as(name: str) -> str:
    """The name by which whoever typed that is known: two spellings that look alike are one."""
    return _name(name)[:MAX_NAME]


def check_password(app: "App", name: str, password: str) -> User | None:
    """The user of that name if the password is theirs and they aren't disabled, else None.

    An unknown name takes as long as a known one, so that nobody can try out who works here.
    """
    with reading(app.engine) as session:
        found = user_store.find_user(session, known_as(name))
    known = found is not None and found.disabled_at is None
    right = verify(password, found.password_hash if found and known else of_nobody())
    return user_of(found) if found and known and right else None


def set_password(app: "App", name: str, password: str, *, by: str, clinic_id: int | None = None) -> None:
    """Replaces a user's password and ends their sign-ins; with `clinic_id` only if they are of that clinic.

    Raises NotFound for an unknown name, InvalidValue for a bad password.
    """
    password_hash = hash_of(password)
    with writing(app.engine) as session:
        user = _found(user_store.find_user(session, _name(name)), name, clinic_id)
        _set(session, user, password_hash, by=by, at=app.now())


def disable_user(app: "App", name: str, *, by: str, clinic_id: int | None = None) -> None:
    """Ends a user's sign-ins and lets them in no more; with `clinic_id` only if they are of that clinic.

    Raises NotFound for an unknown name.
    """
    with writing(app.engine) as session:
        now = app.now()
        user = _found(user_store.find_user(session, _name(name)), name, clinic_id)
        if user.disabled_at is None:
            user_store.set_disabled(session, user, now)
            audit.note(session, What.USER_DISABLED, clinic_id=user.clinic_id, by=by, at=now, user=user.id)
        user_store.end_sessions(session, user)


def list_users(app: "App", *, clinic_id: int = HOME_CLINIC) -> tuple[User, ...]:
    """The clinic's users by name, the disabled ones too."""
    with reading(app.engine) as session:
        return tuple(user_of(stored) for stored in user_store.users_of(session, clinic_id))


def user_of(stored: StoredUser) -> User:
    """The user that is stored so."""
    return User(
        id=stored.id,
        clinic_id=stored.clinic_id,
        name=stored.name,
        role=Role(stored.role),
        disabled=stored.disabled_at is not None,
        language=stored.language,
        credential=hashed(stored.password_hash)[:16],
    )


# ---------------------------------------------------------------------------------------------------------------------


def _name(text: str) -> str:
    # Two spellings that look the same, or differ in capitals only, are one name.
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _keep_an_admin(session: Session, user: StoredUser) -> None:
    """InvalidValue when nobody would be left who may manage the clinic: two admins at once, each the other."""
    if user.role == Role.CLINIC_ADMIN and not user_store.other_users(session, user, Role.CLINIC_ADMIN.value):
        raise InvalidValue("user: is the clinic's last administrator; make another one first", field="user")


def _found(stored: StoredUser | None, name: str, clinic_id: int | None) -> StoredUser:
    if stored is None or clinic_id not in {None, stored.clinic_id}:
        raise NotFound(f"user {name!r}: there is no such user; check the name")
    return stored


def _found_by_id(session: Session, user_id: int, clinic_id: int) -> StoredUser:
    found = user_store.find_user_by_id(session, clinic_id, user_id)
    if found is None:
        raise NotFound(f"user {user_id}: there is no such user; look at the list of users")
    return found


def _set(session: Session, user: StoredUser, password_hash: str, *, by: str, at: datetime) -> None:
    user_store.set_password(session, user, password_hash)
    user_store.end_sessions(session, user)
    user_store.drop_links(session, user)
    audit.note(session, What.PASSWORD_SET, clinic_id=user.clinic_id, by=by, at=at, user=user.id)
