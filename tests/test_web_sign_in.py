"""Signing in and out, and what stands between a stranger and the pages."""

from pathlib import Path

import httpx
import pytest

from service.users import disable_user
from tests.web_site import NEW, PASSWORD, Page, Web, add_staff, running
from web.pages.sign_in import own_path

SESSION = "infusions_session"


def test_a_page_asks_to_sign_in_and_comes_back_to_where_one_wanted_to_go(web: Web) -> None:
    visitor = web.visitor()
    asked = visitor.http.get("/courses/new")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/courses/new")
    form = visitor.get(asked.headers["location"])
    answer = visitor.send(form, name="alice", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/courses/new")
    assert "Patient's name or code" in visitor.get(NEW).text


def test_the_sessions_cookie_is_out_of_reach_of_scripts_and_other_sites(web: Web) -> None:
    visitor = web.visitor()
    cookies = visitor.sign_in("alice").headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith(SESSION))
    flags = {flag.strip().lower() for flag in session.split(";")[1:]}
    assert {"httponly", "path=/", "samesite=lax"} <= flags
    assert not any(flag.startswith(("domain", "expires", "max-age")) for flag in flags)


def test_behind_https_cookies_are_bound_to_the_host_and_browsers_are_told_to_stay(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    (tmp_path / "infusions.db").write_bytes(migrated_sqlite.read_bytes())
    with running(tmp_path, INFUSIONS_SERVER__PUBLIC_URL="https://clinic.example") as web:
        add_staff(web.app)
        asked = httpx.get(f"{web.url}/sign-in")
        cookie = asked.headers["set-cookie"]
        assert cookie.startswith("__Host-sign-in=")
        assert {"secure", "httponly", "path=/"} <= {flag.strip().lower() for flag in cookie.split(";")}
        assert asked.headers["strict-transport-security"] == "max-age=31536000"
        token = cookie.partition("=")[2].partition(";")[0]
        form = {"token": token, "name": "alice", "password": PASSWORD}
        sent = {"cookie": f"__Host-sign-in={token}", "origin": "https://clinic.example"}
        signed_in = httpx.post(f"{web.url}/sign-in", data=form, headers=sent)
        assert any(each.startswith("__Host-session=") for each in signed_in.headers.get_list("set-cookie"))
        in_the_clear = httpx.post(f"{web.url}/sign-in", data=form, headers={**sent, "origin": web.url})
        assert in_the_clear.status_code == 403


@pytest.mark.parametrize("name", ["pia", "nobody-of-that-name"])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(web: Web, name: str) -> None:
    visitor = web.visitor()
    answer = visitor.sign_in(name, "a wrong password")
    page = Page(answer.text)
    assert answer.status_code == 422
    assert "Name and password don't belong together." in page.text
    assert page.form()[1]["name"] == [name]
    assert page.form()[1]["password"] == [""]
    assert SESSION not in visitor.http.cookies


def test_after_five_failures_a_name_has_to_wait_and_others_do_not(web: Web) -> None:
    visitor = web.visitor()
    for _ in range(5):
        assert visitor.sign_in("adam", "a wrong password").status_code == 422
    answer = visitor.sign_in("Adam ", PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "901")
    assert "Too many attempts failed. Try again in 15 minutes" in Page(answer.text).text
    assert visitor.sign_in("erin").status_code == 303


def test_signing_in_makes_a_new_session_and_ends_the_one_before(web: Web) -> None:
    visitor = web.visitor("alice")
    first = visitor.http.cookies[SESSION]
    visitor.sign_in("alice")
    assert visitor.http.cookies[SESSION] != first
    visitor.http.cookies.clear()
    visitor.http.cookies.set(SESSION, first)
    assert visitor.http.get("/").status_code == 303


def test_signing_out_ends_the_session_for_good(web: Web) -> None:
    visitor = web.visitor("alice")
    kept = visitor.http.cookies[SESSION]
    token = visitor.get("/").all("input")[0].attributes["value"]
    out = visitor.http.post("/sign-out", data={"token": token})
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in?signed-out")
    assert "You are signed out." in visitor.get("/sign-in?signed-out").text
    visitor.http.cookies.set(SESSION, kept)
    assert visitor.http.get("/").status_code == 303


def test_a_disabled_user_is_out_at_once(migrated_sqlite: Path, tmp_path: Path) -> None:
    (tmp_path / "infusions.db").write_bytes(migrated_sqlite.read_bytes())
    with running(tmp_path) as web:
        add_staff(web.app)
        visitor = web.visitor("alice")
        disable_user(web.app, "alice", by="cli")
        assert visitor.http.get("/").status_code == 303
        assert visitor.sign_in("alice").status_code == 422


def test_a_session_ends_when_it_is_not_used(migrated_sqlite: Path, tmp_path: Path) -> None:
    (tmp_path / "infusions.db").write_bytes(migrated_sqlite.read_bytes())
    with running(tmp_path, now="2026-12-14T15:00:00Z") as web:
        add_staff(web.app)
        session = web.visitor("alice").http.cookies[SESSION]
    with running(tmp_path, now="2026-12-14T15:31:00Z") as web:
        visitor = web.visitor()
        visitor.http.cookies.set(SESSION, session)
        assert visitor.http.get("/").status_code == 303


def test_who_sends_a_form_after_the_sign_in_ended_is_told_that_nothing_was_stored(web: Web) -> None:
    visitor = web.visitor("alice")
    page, path = visitor.get(NEW), "/courses/new"
    visitor.http.cookies.delete(SESSION)
    answer = visitor.send(page, patient="Lost Example", step="confirm")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?lost&next={path}")
    assert "what you sent was not stored" in visitor.get(answer.headers["location"]).text
    assert "not stored" not in visitor.get(f"/sign-in?next={path}").text


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/courses/new?regimen=x", "/courses/new?regimen=x"),
        ("", "/"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/sign-in", "/"),
        ("/c/secret.ics", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "a" * 600, "/"),
    ],
)
def test_signing_in_never_leads_to_another_site(path: str, leads_to: str) -> None:
    assert own_path(path) == leads_to


def test_a_form_without_the_sessions_token_stores_nothing(web: Web) -> None:
    visitor, other = web.visitor("alice"), web.visitor("alice")
    page = visitor.get(NEW)
    foreign = other.get(NEW).form()[1]["token"]
    for token in ("", "x", foreign[0]):
        answer = visitor.send(page, token=token)
        assert answer.status_code == 403
        assert "earlier sign-in" in Page(answer.text).text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_form_sent_from_elsewhere_is_refused_before_it_is_read(web: Web, origin: str) -> None:
    visitor = web.visitor("alice")
    page = visitor.get(NEW)
    visitor.http.headers["origin"] = origin
    assert visitor.send(page).status_code == 403


def test_a_browser_that_names_no_origin_is_known_by_its_referrer(web: Web) -> None:
    visitor = web.visitor("alice")
    page = visitor.get(NEW)
    del visitor.http.headers["origin"]
    visitor.http.headers["referer"] = f"{web.url}/courses/new"
    assert visitor.send(page, step="preview").status_code == 422
    visitor.http.headers["referer"] = "https://evil.example/courses/new"
    assert visitor.send(page, step="preview").status_code == 403


def test_what_is_no_form_or_too_large_is_refused(web: Web) -> None:
    visitor = web.visitor("alice")
    assert visitor.http.post("/courses/new", json={"token": "x"}).status_code == 415
    assert visitor.http.post("/courses/new", data={"reason": "x" * 70_000}).status_code == 413
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert visitor.http.post("/courses/new", content=b"reason=%ff", headers=headers).status_code == 400
    assert visitor.http.post("/courses/new", content="reason=ä".encode(), headers=headers).status_code == 400
