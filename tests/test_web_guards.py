"""What guards every answer in a browser, over real HTTP: behind https, and in the clear on one's own machine."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from calendars.kinds import Detail, Reader
from service.feeds import new_feed
from tests.stores import NURSE
from tests.web_site import PASSWORD, Page, Web, add_staff, running

PUBLIC = "https://clinic.example"
# One of each kind of answer: a page, a redirect, what is not there, what comes from elsewhere, files, a
# calendar nobody made, the patients' pages.
ANSWERS = (
    ("GET", "/sign-in", 200),
    ("GET", "/", 303),
    ("GET", "/nothing", 404),
    ("PUT", "/sign-in", 403),
    ("POST", "/sign-out", 403),
    ("GET", "/healthz", 200),
    ("GET", "/static/x.css", 404),
    ("GET", "/c/x.ics", 404),
    ("PUT", "/c/x.ics", 405),
    ("GET", "/p/x", 404),
    ("GET", "/u/x", 404),
    ("GET", "/api/v1/courses", 401),
    ("POST", "/api/v1/courses", 401),
    ("GET", "/openapi.json", 200),
)


@pytest.fixture(scope="module", params=["", PUBLIC], ids=["in the clear", "behind https"])
def service(
    request: pytest.FixtureRequest, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("guards")
    (folder / "infusions.db").write_bytes(migrated_sqlite.read_bytes())
    settings = {"INFUSIONS_SERVER__PUBLIC_URL": request.param} if request.param else {}
    with running(folder, **settings) as web:
        add_staff(web.app)
        yield web


def is_secure(service: Web) -> bool:
    return service.app.settings.server.public_url == PUBLIC


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS, ids=str)
def test_every_answer_is_guarded(service: Web, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, service.url + path, headers={"origin": "https://evil.example"})
    assert answer.status_code == status
    headers = answer.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}  # no address of others, nothing inline, no eval
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    for_patients = path.startswith(("/p/", "/u/", "/c/"))
    assert headers["referrer-policy"] == ("no-referrer" if for_patients else "same-origin")
    assert ("strict-transport-security" in headers) is is_secure(service)
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


def test_cookies_are_bound_to_the_host_behind_https_and_out_of_reach_of_scripts_anywhere(service: Web) -> None:
    origin = PUBLIC if is_secure(service) else service.url
    asked = httpx.get(f"{service.url}/sign-in")
    cookies = asked.headers.get_list("set-cookie")
    name, _, token = cookies[0].partition(";")[0].partition("=")
    form = {"token": token, "name": "alice", "password": PASSWORD}
    sent = {"cookie": f"{name}={token}", "origin": origin}
    signed_in = httpx.post(f"{service.url}/sign-in", data=form, headers=sent)
    assert signed_in.status_code == 303
    cookies += signed_in.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if "session" in cookie.partition("=")[0]).partition(";")[0]
    page = Page(httpx.get(service.url, headers={"cookie": session}).text)
    out = {"token": page.all("input")[0].attributes["value"]}
    signed_out = httpx.post(f"{service.url}/sign-out", data=out, headers={"cookie": session, "origin": origin})
    assert signed_out.status_code == 303
    cookies += signed_out.headers.get_list("set-cookie")
    assert len(cookies) == 4
    for cookie in cookies:
        name, *flags = cookie.split(";")
        told = {flag.strip().lower().partition("=")[0]: flag.strip().lower().partition("=")[2] for flag in flags}
        assert name.startswith("__Host-") is is_secure(service)
        assert ("secure" in told) is is_secure(service)
        assert "httponly" in told
        assert told["samesite"] == "lax"
        assert told["path"] == "/"
        assert "domain" not in told


def test_what_holds_for_the_whole_host_is_told_to_calendar_programs_too(service: Web) -> None:
    made = new_feed(
        service.app,
        service.course("Cal Example"),
        name="phone",
        reader=Reader.PATIENT,
        detail=Detail.DISCREET,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
    )
    answer = httpx.get(service.url + httpx.URL(made.address).path)
    assert answer.status_code == 200
    assert ("strict-transport-security" in answer.headers) is is_secure(service)


def test_the_picture_of_a_course_has_no_style_and_no_script_of_its_own(service: Web) -> None:
    course = service.course("Pia Example")
    origin = PUBLIC if is_secure(service) else service.url
    cookie = httpx.get(f"{service.url}/sign-in").headers["set-cookie"].partition(";")[0]
    form = {"token": cookie.partition("=")[2], "name": "pia", "password": PASSWORD}
    answer = httpx.post(f"{service.url}/sign-in", data=form, headers={"cookie": cookie, "origin": origin})
    session = answer.headers.get_list("set-cookie")[0].partition(";")[0]
    picture = httpx.get(f"{service.url}/courses/{course}/timeline.svg", headers={"cookie": session})
    page = Page(picture.text)
    assert picture.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert not page.all("style") + page.all("script") + page.all("foreignobject") + page.all("image")
    assert not [name for tag in page.tags for name in tag.attributes if name == "style" or name.startswith("on")]
