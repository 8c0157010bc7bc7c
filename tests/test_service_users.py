"""Staff: passwords, sign-ins, and who is kept out."""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from db.engine import reading, writing
from scheduler.errors import InvalidValue
from service.audit import entries
from service.courses import NotFound
from service.sessions import close_session, open_session, session_user
from service.users import (
    Role,
    User,
    add_user,
    check_password,
    disable_user,
    list_users,
    set_password,
)
from service.wiring import App
from tests.stores import START, Clock

PASSWORD = "correct horse battery"


def alice(app: App) -> User:
    return add_user(app, "Alice", Role.NURSE, PASSWORD, by="cli")


def test_a_user_signs_in_with_their_own_password_only(app: App) -> None:
    user = alice(app)
    assert check_password(app, "Alice", PASSWORD) == user
    assert (user.name, user.role, user.clinic_id, user.disabled) == ("alice", Role.NURSE, 1, False)
    for name, password in (
        ("Alice", PASSWORD.upper()),
        ("Alice", ""),
        ("Bob", PASSWORD),
        ("", PASSWORD),
        ("a" * 999, ""),
    ):
        assert check_password(app, name, password) is None


def test_a_password_is_stored_as_an_argon2_hash(app: App) -> None:
    alice(app)
    with reading(app.engine) as session:
        stored = session.connection().execute(text("SELECT password_hash FROM user_account")).scalar_one()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


@pytest.mark.parametrize("typed", ["alice", "ALICE", " Alice ", "Ａlice"])  # the last one is a full-width A
def test_a_name_is_known_however_it_is_typed(app: App, typed: str) -> None:
    user = alice(app)
    assert check_password(app, typed, PASSWORD) == user
    with pytest.raises(InvalidValue, match="is taken"):
        add_user(app, typed, Role.NURSE, PASSWORD, by="cli")
    assert len(list_users(app)) == 1


def test_a_password_with_another_coding_of_the_same_letters_is_the_same(app: App) -> None:
    add_user(app, "zoe", Role.NURSE, "Café am Markt 7", by="cli")
    assert check_password(app, "zoe", "Cafe\u0301 am Markt 7")


@pytest.mark.parametrize(
    ("name", "password", "told"),
    [
        (" ", PASSWORD, "name: give 1 to 100"),
        ("a" * 101, PASSWORD, "name: give 1 to 100"),
        ("a\nb", PASSWORD, "name: give 1 to 100"),
        ("bob", "short", "password: must have 12 to 200"),
        ("bob", "x" * 201, "password: must have 12 to 200"),
    ],
)
def test_a_user_that_cant_be_is_refused(app: App, name: str, password: str, told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        add_user(app, name, Role.NURSE, password, by="cli")
    assert list_users(app) == ()


def test_a_clinic_that_isnt_there_is_told(app: App) -> None:
    with pytest.raises(InvalidValue, match="there is no clinic 7"):
        add_user(app, "bob", Role.NURSE, PASSWORD, by="cli", clinic_id=7)


def test_an_unknown_name_takes_as_long_as_a_wrong_password(app: App) -> None:
    alice(app)
    add_user(app, "gone", Role.NURSE, PASSWORD, by="cli")
    disable_user(app, "gone", by="cli")
    check_password(app, "nobody", "the first one makes what it compares with")
    known, unknown, disabled = (
        statistics.median(seconds(app, name) for _ in range(5)) for name in ("alice", "nobody", "gone")
    )
    assert known * 0.5 < unknown < known * 2
    assert known * 0.5 < disabled < known * 2


def test_a_session_tells_who_is_signed_in(app: App) -> None:
    user = alice(app)
    token, csrf_token = open_session(app, user)
    found = session_user(app, token)
    assert found is not None
    assert (found.user, found.csrf_token) == (user, csrf_token)
    assert session_user(app, csrf_token) is None
    assert open_session(app, user)[0] != token


def test_only_the_hash_of_a_sessions_token_is_stored(app: App) -> None:
    token, _ = open_session(app, alice(app))
    with reading(app.engine) as session:
        assert token not in repr(session.connection().execute(text("SELECT * FROM web_session")).all())


def test_a_session_ends_after_idle_minutes_and_each_use_renews_it(app: App, clock: Clock) -> None:
    token, _ = open_session(app, alice(app))
    for _ in range(3):
        clock.pass_(minutes=29)
        assert session_user(app, token)
    clock.pass_(minutes=30)
    assert session_user(app, token) is None


def test_a_session_ends_after_a_working_day_however_busy(app: App, clock: Clock) -> None:
    token, _ = open_session(app, alice(app))
    while clock.at < START + timedelta(hours=11, minutes=50):
        clock.pass_(minutes=10)
        assert session_user(app, token)
    clock.pass_(minutes=10)
    assert session_user(app, token) is None


def test_signing_out_ends_that_session_alone(app: App) -> None:
    user = alice(app)
    here, _ = open_session(app, user)
    there, _ = open_session(app, user)
    close_session(app, here)
    close_session(app, here)
    assert session_user(app, here) is None
    assert session_user(app, there)


def test_a_new_password_ends_every_session(app: App) -> None:
    token, _ = open_session(app, alice(app))
    set_password(app, "alice", "another long password", by="cli")
    assert session_user(app, token) is None
    assert check_password(app, "alice", PASSWORD) is None
    assert check_password(app, "alice", "another long password")


def test_a_disabled_user_is_kept_out_at_once_and_stays_listed(app: App) -> None:
    token, _ = open_session(app, alice(app))
    for _ in range(2):
        disable_user(app, "Alice", by="cli")
    assert session_user(app, token) is None
    assert check_password(app, "alice", PASSWORD) is None
    assert [(user.name, user.disabled) for user in list_users(app)] == [("alice", True)]


def test_ended_sessions_are_forgotten_when_somebody_signs_in(app: App, clock: Clock) -> None:
    user = alice(app)
    open_session(app, user)
    clock.pass_(hours=13)
    open_session(app, user)
    with reading(app.engine) as session:
        assert session.connection().execute(text("SELECT count(*) FROM web_session")).scalar() == 1


def test_an_unknown_user_is_told(app: App) -> None:
    use_cases: list[Callable[[], None]] = [
        lambda: disable_user(app, "bob", by="cli"),
        lambda: set_password(app, "bob", PASSWORD, by="cli"),
    ]
    for use_case in use_cases:
        with pytest.raises(NotFound, match="user 'bob': there is no such user"):
            use_case()


def test_a_user_of_another_clinic_is_not_found(app: App) -> None:
    with writing(app.engine) as session:
        session.connection().execute(text("INSERT INTO clinic (name) VALUES ('Other clinic')"))
    alice(app)
    with pytest.raises(NotFound):
        disable_user(app, "alice", by="dan", clinic_id=2)
    assert list_users(app, clinic_id=2) == ()
    assert check_password(app, "alice", PASSWORD)


def test_what_is_done_with_users_is_in_the_audit(app: App) -> None:
    open_session(app, alice(app))
    set_password(app, "alice", PASSWORD, by="cli")
    disable_user(app, "alice", by="cli")
    assert [(entry.what, entry.by) for entry in entries(app)] == [
        ("user-added", "cli"),
        ("signed-in", "alice"),
        ("password-set", "cli"),
        ("user-disabled", "cli"),
    ]


# ---------------------------------------------------------------------------------------------------------------------


def seconds(app: App, name: str) -> float:
    """The processor time that a refusal takes, whatever else the machine does meanwhile."""
    began = time.process_time()
    assert check_password(app, name, "not the right one") is None
    return time.process_time() - began
