"""The clinic's users in the browser: invited, disabled, given a new way in; one's own password."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.errors import InvalidValue
from service.audit import entries
from service.loading import NotFound
from service.sessions import open_session
from service.users import (
    Role,
    add_user,
    change_password,
    check_password,
    disable_user,
    invite_user,
    list_users,
    make_password_link,
    set_disabled,
    set_password,
    set_role,
    use_password_link,
    user_of_link,
)
from service.wiring import App
from tests.stores import Clock
from tests.web_site import ELSEWHERE, PASSWORD, Page, Visitor, Web, add_staff, running

SENTENCE = "a short sentence to keep"


def invite(admin: Visitor, name: str, role: str = "nurse") -> str:
    answer = admin.send_form("/people", name=name, role=role)
    assert answer.status_code == 200, Page(answer.text).text
    return Page(answer.text).all("code")[0].text


def test_an_invited_person_chooses_a_password_and_signs_in(web: Web) -> None:
    address = invite(web.visitor("adam"), "Nora")
    assert address.startswith(f"{web.url}/welcome/")
    nora = web.visitor()
    assert nora.sign_in("nora", SENTENCE).status_code == 422
    path = address.removeprefix(web.url)
    form = nora.get(path)
    assert "You sign in with the name nora" in form.text
    answer = nora.send(form, new=SENTENCE, again=SENTENCE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?welcome")
    assert nora.sign_in("nora", SENTENCE).status_code == 303
    assert "Who comes today" in nora.get("/").text
    assert "was used before" in web.visitor().get(path, status=404).text
    assert web.visitor().send(form, new="another sentence", again="another sentence").status_code == 404
    assert check_password(web.app, "nora", SENTENCE)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"new": "", "again": ""}, "Type a new password"),
        ({"new": "short", "again": "short"}, "must have 12 to 200 characters"),
        ({"new": SENTENCE, "again": SENTENCE + "!"}, "not the same"),
    ],
)
def test_a_bad_password_is_told_and_the_link_still_works(web: Web, typed: dict[str, str], told: str) -> None:
    admin = web.visitor("adam")
    path = invite(admin, f"Paul {told}").removeprefix(web.url)
    answer = web.visitor().send(web.visitor().get(path), **typed)
    assert answer.status_code == 422
    assert told in Page(answer.text).text
    assert SENTENCE not in answer.text
    web.visitor().get(path)


def test_a_name_that_is_taken_or_empty_is_told_and_what_was_typed_stays(web: Web) -> None:
    admin = web.visitor("adam")
    answer = admin.send_form("/people", name="alice", role="nurse")
    assert answer.status_code == 422
    assert "is taken" in Page(answer.text).text
    empty = admin.send_form("/people", name="", role="auditor")
    assert "Give the person a name" in Page(empty.text).text
    chosen = [tag for tag in Page(empty.text).all("input") if "checked" in tag.attributes]
    assert [tag.attributes["value"] for tag in chosen] == ["auditor"]


def test_a_disabled_person_is_out_at_once_and_may_come_back(web: Web) -> None:
    admin = web.visitor("adam")
    path = invite(admin, "Olga").removeprefix(web.url)
    olga = web.visitor()
    olga.send(olga.get(path), new=SENTENCE, again=SENTENCE)
    olga.sign_in("olga", SENTENCE)
    olga.get("/")
    number = next(user.id for user in list_users(web.app) if user.name == "olga")
    link = admin.post(f"/people/{number}/link")
    assert admin.post(f"/people/{number}/disable").status_code == 303
    assert olga.http.get("/").status_code == 303  # to the sign-in
    assert olga.sign_in("olga", SENTENCE).status_code == 422
    gone = Page(link.text).all("code")[0].text.removeprefix(web.url)
    web.visitor().get(gone, status=404)
    assert admin.post(f"/people/{number}/link").status_code == 422
    assert admin.post(f"/people/{number}/enable").status_code == 303
    assert web.visitor().sign_in("olga", SENTENCE).status_code == 303
    web.visitor().get(gone, status=404)


def test_nobody_disables_themselves_or_somebody_of_another_clinic(web: Web) -> None:
    admin = web.visitor("adam")
    adam = next(user for user in list_users(web.app) if user.name == "adam")
    answer = admin.post(f"/people/{adam.id}/disable")
    assert answer.status_code == 422
    assert "can't disable yourself" in Page(answer.text).text
    (charlie,) = list_users(web.app, clinic_id=ELSEWHERE)
    for step in ("disable", "enable", "link", "promote"):
        assert admin.post(f"/people/{charlie.id}/{step}").status_code == 404, step
    assert "charlie" not in admin.get("/people").text
    web.visitor("charlie").get("/")


@pytest.mark.parametrize("name", ["alice", "pia", "erin", "charlie"])
def test_only_administrators_see_and_change_users(web: Web, name: str) -> None:
    visitor = web.visitor(name)
    assert "Only administrators" in visitor.get("/people", status=403).text
    assert visitor.post("/people", name="eve", role="clinic-admin").status_code == 403
    assert "/people" not in {link.attributes["href"] for link in visitor.get("/").all("a")}
    assert "eve" not in {user.name for user in list_users(web.app)}


def test_one_changes_ones_own_password_and_is_signed_out_everywhere(web: Web) -> None:
    path = invite(web.visitor("adam"), "Ruth").removeprefix(web.url)
    ruth, elsewhere = web.visitor(), web.visitor()
    ruth.send(ruth.get(path), new=SENTENCE, again=SENTENCE)
    for each in (ruth, elsewhere):
        each.sign_in("ruth", SENTENCE)
    wrong = ruth.send(ruth.get("/account"), current="not my password", new="a newer sentence", again="a newer sentence")
    assert wrong.status_code == 422
    assert "not your password" in Page(wrong.text).text
    done = ruth.send(ruth.get("/account"), current=SENTENCE, new="a newer sentence", again="a newer sentence")
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?welcome")
    assert elsewhere.http.get("/").status_code == 303
    assert ruth.sign_in("ruth", SENTENCE).status_code == 422
    assert ruth.sign_in("ruth", "a newer sentence").status_code == 303


def test_a_link_ends_after_three_days_and_when_a_newer_one_is_made(app: App, clock: Clock) -> None:
    add_staff(app)
    adam = next(user for user in list_users(app) if user.name == "adam")
    first = make_password_link(app, adam.id, by="adam", clinic_id=1)
    second = make_password_link(app, adam.id, by="adam", clinic_id=1)
    assert (user_of_link(app, first), user_of_link(app, second)) == (None, adam)
    clock.at += timedelta(days=3)
    assert user_of_link(app, second) is None
    third = make_password_link(app, adam.id, by="adam", clinic_id=1)
    change_password(app, adam, PASSWORD, SENTENCE)
    assert user_of_link(app, third) is None
    told = [entry.what for entry in entries(app)]
    assert told.count("password-link-made") == 3
    assert told.count("password-set") == 1


def test_neither_links_nor_passwords_reach_the_log_or_the_database(migrated_sqlite: Path, tmp_path: Path) -> None:
    (tmp_path / "infusions.db").write_bytes(migrated_sqlite.read_bytes())
    with running(tmp_path) as web:
        add_staff(web.app)
        token = invite(web.visitor("adam"), "Nora").rpartition("/")[2]
        nora = web.visitor()
        nora.send(nora.get(f"/welcome/{token}"), new=SENTENCE, again=SENTENCE)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("infusions.db*"))
    for secret in (token, SENTENCE):
        assert secret not in web.log()
        assert secret.encode() not in stored


# --- Roles ---


def test_another_role_holds_at_once_and_the_earlier_sign_in_ends(web: Web) -> None:
    admin = web.visitor("adam")
    invited = web.visitor()
    path = invite(admin, "rosa").removeprefix(web.url)
    invited.send(invited.get(path), new=SENTENCE, again=SENTENCE)
    assert invited.sign_in("rosa", SENTENCE).status_code == 303
    assert invited.http.get("/courses/new").status_code == 200
    rosa = next(user for user in list_users(web.app) if user.name == "rosa")
    assert admin.post(f"/people/{rosa.id}/role", admin.get("/people"), role="auditor").status_code == 303
    assert invited.http.get("/courses/new").status_code == 303, "to the sign-in"
    assert invited.sign_in("rosa", SENTENCE).status_code == 303
    assert invited.http.get("/courses/new").status_code == 403
    last = [entry for entry in entries(web.app) if entry.what == "user-role-changed"][-1]
    assert (last.by, last.detail) == ("adam", {"user": rosa.id, "before": "nurse", "role": "auditor"})


def test_nobody_changes_their_own_role_or_that_of_another_clinics_user_or_into_none(web: Web) -> None:
    admin = web.visitor("adam")
    adam = next(user for user in list_users(web.app) if user.name == "adam")
    charlie = next(user for user in list_users(web.app, clinic_id=ELSEWHERE) if user.name == "charlie")
    page = admin.get("/people")
    answer = admin.post(f"/people/{adam.id}/role", page, role="nurse")
    assert "change your own role" in Page(answer.text).text
    assert admin.post(f"/people/{charlie.id}/role", page, role="nurse").status_code == 404
    assert admin.post(f"/people/{adam.id}/role", page, role="owner").status_code == 422
    assert web.visitor("alice").http.get("/people").status_code == 403


def test_two_admins_who_disable_each_other_at_once_leave_one(app: App) -> None:
    users = {name: add_user(app, name, Role.CLINIC_ADMIN, PASSWORD, by="cli") for name in ("adam", "eve")}
    set_disabled(app, users["eve"].id, disabled=True, by=users["adam"])
    with pytest.raises(InvalidValue, match="last administrator"):
        set_disabled(app, users["adam"].id, disabled=True, by=users["eve"])
    with pytest.raises(InvalidValue, match="last administrator"):
        set_role(app, users["adam"].id, Role.NURSE, by=users["eve"])
    assert [user.disabled for user in list_users(app)] == [False, True]


# --- What somebody hostile would try ---


def test_a_password_that_was_replaced_while_it_was_checked_opens_no_session(app: App) -> None:
    user = add_user(app, "alice", Role.NURSE, PASSWORD, by="cli")
    checked = check_password(app, "alice", PASSWORD)
    assert checked is not None
    set_password(app, "alice", SENTENCE, by="cli")
    with pytest.raises(NotFound):
        open_session(app, checked)
    fresh = check_password(app, "alice", SENTENCE)
    assert fresh is not None
    disable_user(app, "alice", by="cli")
    with pytest.raises(NotFound):
        open_session(app, fresh)
    assert PASSWORD not in repr(user)
    assert user.credential not in repr(user)


def test_who_guesses_at_the_password_of_an_open_session_has_to_wait(web: Web) -> None:
    path = invite(web.visitor("adam"), "greta").removeprefix(web.url)
    greta = web.visitor()
    greta.send(greta.get(path), new=SENTENCE, again=SENTENCE)
    greta.sign_in("greta", SENTENCE)
    wrong = {"current": "a wrong password", "new": "another sentence", "again": "another sentence"}
    told = [greta.send_form("/account", **wrong).status_code for _ in range(6)]
    assert told == [422] * 5 + [429]
    right = greta.send_form("/account", **{**wrong, "current": SENTENCE})
    assert right.status_code == 429
    assert "Wait a quarter of an hour" in Page(right.text).text


def test_a_link_is_used_once_even_by_two_at_the_same_moment(app: App) -> None:
    token = invite_user(app, "nora", Role.NURSE, by="cli")

    def use(_: int) -> bool:
        try:
            use_password_link(app, token, SENTENCE)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [False, False, False, True]
