"""The keys of other programs: made for a clinic, shown once, kept as a hash, and ended at once."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import reading, writing
from db.tables import ClinicRow
from scheduler.errors import InvalidValue
from service.api_tokens import (
    Holder,
    TokenState,
    holder_of,
    list_api_tokens,
    new_api_token,
    revoke_api_token,
)
from service.audit import entries
from service.courses import NotFound
from service.users import Role, add_user, disable_user, list_users, set_disabled, set_role
from service.wiring import App
from tests.cli import NOW, Infusions
from tests.stores import Clock

PASSWORD = "correct horse battery"
OTHER = 2


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})


def key(app: App, name: str = "laboratory", role: Role = Role.NURSE, expires: date | None = None) -> str:
    return new_api_token(app, name, role=role, expires=expires, by="cli")


def state(app: App) -> TokenState:
    (line,) = list_api_tokens(app)
    return line.state


def test_a_system_asks_under_its_own_name_with_its_role(app: App) -> None:
    token = key(app)
    assert holder_of(app, token) == Holder(token=1, clinic_id=1, by="API laboratory", role=Role.NURSE)


def test_no_user_can_be_called_like_a_system(app: App) -> None:
    user = add_user(app, "API laboratory", Role.NURSE, PASSWORD, by="cli")
    assert user.name == "api laboratory"


def test_a_users_token_has_the_role_that_they_have_at_the_moment(app: App) -> None:
    admin = add_user(app, "adam", Role.CLINIC_ADMIN, PASSWORD, by="cli")
    alice = add_user(app, "alice", Role.NURSE, PASSWORD, by="cli")
    token = new_api_token(app, "script", user="Alice", by="alice")
    assert holder_of(app, token) == Holder(token=1, clinic_id=1, by="alice", role=Role.NURSE)
    set_role(app, alice.id, Role.AUDITOR, by=admin)
    found = holder_of(app, token)
    assert found is not None
    assert found.role is Role.AUDITOR


def test_the_tokens_of_a_disabled_user_stop_at_once_and_work_again_when_they_are_enabled(app: App) -> None:
    admin = add_user(app, "adam", Role.CLINIC_ADMIN, PASSWORD, by="cli")
    add_user(app, "alice", Role.NURSE, PASSWORD, by="cli")
    token = new_api_token(app, "script", user="alice", by="cli")
    disable_user(app, "alice", by="cli")
    assert (holder_of(app, token), state(app)) == (None, TokenState.USER_DISABLED)
    with pytest.raises(InvalidValue, match="is disabled"):
        new_api_token(app, "another", user="alice", by="cli")
    alice = next(user for user in list_users(app) if user.name == "alice")
    set_disabled(app, alice.id, disabled=False, by=admin)
    assert holder_of(app, token) is not None


def test_a_revoked_token_lets_nobody_in_and_a_second_time_changes_nothing(app: App) -> None:
    token = key(app)
    revoke_api_token(app, "laboratory", by="cli")
    noted = len(entries(app))
    revoke_api_token(app, "laboratory", by="cli")
    assert (holder_of(app, token), state(app), len(entries(app))) == (None, TokenState.REVOKED, noted)
    with pytest.raises(NotFound, match="there is none of that name"):
        revoke_api_token(app, "unknown", by="cli")


def test_a_token_works_to_the_end_of_its_last_day_in_the_clinics_zone(app: App, clock: Clock) -> None:
    token = key(app, expires=date(2026, 12, 3))
    clock.at = datetime(2026, 12, 4, 4, 59, 59, tzinfo=UTC)  # 23:59:59 in New York
    assert holder_of(app, token) is not None
    clock.pass_(seconds=1)
    assert (holder_of(app, token), state(app)) == (None, TokenState.EXPIRED)
    with pytest.raises(InvalidValue, match="has passed"):
        key(app, "another", expires=date(2026, 12, 3))


def test_only_the_hash_is_kept_and_no_entry_of_the_record_has_the_token(app: App) -> None:
    token = key(app)
    with reading(app.engine) as session:
        row = session.connection().execute(text("SELECT * FROM api_token")).one()
    assert token not in str(row)
    assert len(token) == 43
    told = [(entry.what, entry.by, entry.detail) for entry in entries(app)]
    assert told == [("token-made", "cli", {"token": 1, "user": None, "role": "nurse"})]


@pytest.mark.parametrize("given", ["", "x", "é" * 43, "A" * 43, "A" * 44, "A" * 100_000, "' OR 1=1 --"])
def test_what_is_no_token_lets_nobody_in(app: App, given: str) -> None:
    key(app)
    assert holder_of(app, given) is None


def test_the_use_is_noted_at_most_once_a_minute(app: App, clock: Clock) -> None:
    token = key(app)
    (line,) = list_api_tokens(app)
    assert line.last_used_at is None
    first = clock.at
    for seconds, noted in ((0, 0), (30, 0), (30, 60)):
        clock.pass_(seconds=seconds)
        holder_of(app, token)
        (line,) = list_api_tokens(app)
        assert line.last_used_at == first + timedelta(seconds=noted)


def test_a_name_is_used_once_in_a_clinic_even_when_it_was_revoked(app: App) -> None:
    key(app)
    revoke_api_token(app, "laboratory", by="cli")
    with pytest.raises(InvalidValue, match="is taken"):
        key(app, " laboratory ")
    with writing(app.engine) as session:
        session.add(ClinicRow(id=OTHER, name="Elsewhere"))
    token = new_api_token(app, "laboratory", role=Role.AUDITOR, by="cli", clinic_id=OTHER)
    found = holder_of(app, token)
    assert found is not None
    assert found.clinic_id == OTHER
    assert [line.role for line in list_api_tokens(app, clinic_id=OTHER)] == [Role.AUDITOR]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 61])
def test_a_name_is_short_and_on_one_line(app: App, name: str) -> None:
    with pytest.raises(InvalidValue, match="1 to 60 characters"):
        key(app, name)


def test_a_user_of_another_clinic_a_user_and_a_role_or_neither_are_refused(app: App) -> None:
    with writing(app.engine) as session:
        session.add(ClinicRow(id=OTHER, name="Elsewhere"))
    add_user(app, "charlie", Role.NURSE, PASSWORD, by="cli", clinic_id=OTHER)
    with pytest.raises(NotFound, match="no such user in clinic 1"):
        new_api_token(app, "script", user="charlie", by="cli")
    for user, role in ((None, None), ("charlie", Role.NURSE)):
        with pytest.raises(InvalidValue, match="either the user"):
            new_api_token(app, "script", user=user, role=role, by="cli")
    assert list_api_tokens(app) == ()


def test_the_command_line_makes_lists_and_revokes_tokens(infusions: Infusions) -> None:
    infusions.migrated()
    made = infusions.done("token", "new", "laboratory", "--role", "nurse", "--expires", "2027-06-30", "--json").json()
    assert (made["name"], len(made["token"])) == ("laboratory", 43)
    shown = infusions.done("token", "list").out
    assert made["token"] not in shown
    assert "laboratory" in shown
    assert "2027-07-01 04:00 UTC" in shown
    assert infusions.done("token", "revoke", "laboratory").out == "Token laboratory is revoked.\n"
    (line,) = infusions.done("token", "list", "--json").json()["tokens"]
    assert (line["name"], line["role"], line["state"], line["user"]) == ("laboratory", "nurse", "revoked", None)
    assert "there is none of that name" in infusions.refused("token", "revoke", "unknown")
    assert "no such user" in infusions.refused("token", "new", "script", "--user", "nobody")
    assert infusions("token", "new", "script").code == 2
    assert infusions("token", "new", "script", "--user", "a", "--role", "nurse").code == 2
