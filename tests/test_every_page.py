"""Every route, asked by every kind of person: what `tests.every_page` says of each is what happens over real HTTP."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from fastapi.routing import APIRoute

from tests.every_page import EVERYBODY, ROWS, Row
from tests.prepared_site import (
    EVERY_PERSON,
    MAY_GO_ON,
    NO_SESSION,
    NOBODY,
    PATIENTS,
    Person,
    PreparedSite,
    State,
    fill,
    prepared_site,
)
from tests.web_site import Page, foreign_scripts
from web.app import ROUTERS
from web.feeds import PLACE

HEAVIEST = 100_000
NEEDS_NO_TOKEN = {
    "POST /u/{token}",
    "POST /welcome/{token}",
    "POST /p/{token}/choices",
    "POST /p/{token}/calendar",
}  # the address is the key, and there is no session
ACTIVE_NURSE = Person("home", "nurse", State.ACTIVE)


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreparedSite]:
    with prepared_site(migrated_sqlite, tmp_path_factory.mktemp("every-page")) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def http(site: PreparedSite) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, timeout=30) as client:
        yield client


def test_every_route_has_a_row() -> None:
    missing = sorted(routes() - {row.route for row in ROWS})
    lines = [f'Row(route="{route}", address="{route.split()[1]}", who=RECORDERS),' for route in missing]
    assert not missing, "\n".join(["tests/every_page.py: add a row for each, and read its head:", *lines])


def test_every_row_is_of_a_route() -> None:
    assert {row.route for row in ROWS} - routes() == set(), "tests/every_page.py: these routes are gone"


def test_rows_of_one_route_say_what_they_show() -> None:
    named = [str(row) for row in ROWS]
    assert len(set(named)) == len(named), sorted(name for name in set(named) if named.count(name) > 1)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_route_answers_every_person_as_its_row_says(row: Row, site: PreparedSite, http: httpx.Client) -> None:
    site.restore()
    before = site.counts()
    for person in people_for(row):
        answer = ask(http, site, row, person)
        assert answer.status_code == expected(row, person), f"{person}: {answer.text[:2000]}"
        if answer.status_code == 303 and expected(row, person) != row.answers:
            lost = "lost&" if row.method == "POST" and row.route != "POST /sign-out" else ""  # nothing was stored
            assert answer.headers["location"] == f"/sign-in?{lost}next={quote(sign_in_leads_to(row, site), safe='/')}"
        if person.clinic != "home" or person.role == NOBODY:
            assert not [name for name in PATIENTS if name in answer.text], str(person)
        if answer.status_code != row.answers:
            assert_nothing_is_stored(before, site.counts(), person)
        elif row.method == "POST":
            site.restore()
        else:
            before = site.counts()  # that a page was looked at is noted


@pytest.mark.parametrize("row", [row for row in ROWS if row.method == "POST"], ids=str)
def test_a_form_without_the_sessions_token_or_from_elsewhere_stores_nothing(
    row: Row, site: PreparedSite, http: httpx.Client
) -> None:
    person = somebody_who_may(row)
    site.restore()
    before = site.counts()
    if row.route not in NEEDS_NO_TOKEN:
        assert ask(http, site, row, person, token="of another sign-in").status_code == 403
    if not row.address.startswith("/u/"):  # mail programs post there, from no page at all
        # A patient's page sends no referrer, so its own forms come from no origin either (`test_web_patient`).
        for origin in ("https://evil.example", *(() if row.address.startswith("/p/") else ("null", ""))):
            assert ask(http, site, row, person, origin=origin).status_code == 403, origin
    assert_nothing_is_stored(before, site.counts(), person)


@pytest.mark.parametrize("row", [row for row in ROWS if row.method == "GET"], ids=str)
def test_head_answers_as_get_does_without_a_body_and_other_methods_are_refused(
    row: Row, site: PreparedSite, http: httpx.Client
) -> None:
    person = somebody_who_may(row)
    if row.route != "GET /metrics":
        answer = ask(http, site, row, person, method="HEAD")
        assert (answer.status_code, answer.content) == (row.answers, b"")
    for method in ("PUT", "DELETE", "PATCH"):
        assert ask(http, site, row, person, method=method).status_code == 405, method


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_page], ids=str)
def test_a_page_is_light_and_has_nothing_inline_and_nothing_from_elsewhere(
    row: Row, site: PreparedSite, http: httpx.Client
) -> None:
    answer = ask(http, site, row, somebody_who_may(row))
    site.restore()
    assert len(answer.content) < HEAVIEST
    page = Page(answer.text)
    assert not foreign_scripts(page)
    assert not page.all("style")
    for tag in page.tags:
        assert not [name for name in tag.attributes if name == "style" or name.startswith("on")], tag
        asked = [tag.attributes.get(name, "") for name in ("src", "action", "srcset", "data", "poster")]
        asked += [tag.attributes["href"]] if tag.name in {"link", "image", "use"} else []
        assert not [each for each in asked if (each and not each.startswith(("/", "#"))) or each.startswith("//")], tag
    assert [tag.attributes.get("lang") for tag in page.all("html")] != [None]
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert page.all("title")[0].text.strip(" ·")
    assert not [name for name in PATIENTS if name in page.all("title")[0].text], (
        "a title stays in the browser's history"
    )
    headers = answer.headers
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == ("no-referrer" if row.address.startswith(("/p/", "/u/")) else "same-origin")


@pytest.mark.parametrize("row", [row for row in ROWS if "{course}" in row.address and row.method == "GET"], ids=str)
def test_whoever_sees_a_page_of_a_patient_is_noted(row: Row, site: PreparedSite, http: httpx.Client) -> None:
    if row.route == "GET /courses/new":
        return
    before = site.counts()["audit"]
    ask(http, site, row, somebody_who_may(row))
    assert site.counts()["audit"] > before


def test_the_number_of_queries_does_not_grow_with_the_rows(site: PreparedSite, http: httpx.Client) -> None:
    site.restore()
    pages = [row for row in ROWS if row.method == "GET"]
    few = {str(row): queries(site, http, row) for row in pages}
    fill(site.app, UUID(site.names["course"]))
    many = {str(row): queries(site, http, row) for row in pages}
    site.restore()
    more = {
        name: (len(few[name]), len(many[name]), most_repeated(many[name]))
        for name in few
        if len(many[name]) > len(few[name])
    }
    assert not more, "\n".join(f"{name}: {counts}" for name, counts in more.items())


# ---------------------------------------------------------------------------------------------------------------------


def routes() -> set[str]:
    """Every route of the service, as method and path; HEAD goes with GET."""
    found = {f"GET {PLACE.path}"}
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            found |= {f"{method} {route.path}" for method in (route.methods or set()) - {"HEAD"}}
    return found


def expected(row: Row, person: Person) -> int:
    """The status that the row promises this person."""
    if row.who == EVERYBODY:
        return row.answers
    if person.state not in MAY_GO_ON or person.role == NOBODY:
        return 303
    if person.role not in row.who:
        return 403
    return row.answers if person.clinic == "home" else row.for_other_clinic


def people_for(row: Row) -> list[Person]:
    """Whom to ask as: of what is open to everybody, one of each state is enough."""
    return [person for person in EVERY_PERSON if row.who != EVERYBODY or person.role in {NOBODY, "nurse"}]


def sign_in_leads_to(row: Row, site: PreparedSite) -> str:
    address = row.filled(site.names)[0]
    return address if row.method == "GET" else address.partition("?")[0]


def somebody_who_may(row: Row) -> Person:
    return next(person for person in EVERY_PERSON if person.clinic == "home" and person.role in row.who)


def ask(
    http: httpx.Client,
    site: PreparedSite,
    row: Row,
    person: Person,
    *,
    method: str = "",
    token: str = "",
    origin: str | None = None,
) -> httpx.Response:
    """Asks as that person's browser would, with what the row's form sends."""
    session = site.sessions.get(person, NO_SESSION)
    address, body = row.filled(site.names)
    cookies = {"infusions_session": session.cookie, "infusions_sign_in": session.csrf}
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items() if value)}
    sender = site.url if origin is None else origin
    if sender:
        headers["Origin"] = sender
    http.cookies.clear()
    if (method or row.method) in {"GET", "HEAD"}:
        return http.request(method or "GET", address, headers=headers)
    return http.request(method or "POST", address, headers=headers, data={**body, "token": token or session.csrf})


def assert_nothing_is_stored(before: dict[str, int], after: dict[str, int], person: Person) -> None:
    assert {name: count for name, count in after.items() if count != before[name]} == {}, str(person)


def queries(site: PreparedSite, http: httpx.Client, row: Row) -> list[str]:
    with site.counting() as sent:
        assert ask(http, site, row, somebody_who_may(row)).status_code == row.answers, str(row)
    return list(sent)


def most_repeated(statements: list[str]) -> str:
    shortened = [re.sub(r"\s+", " ", statement)[:150] for statement in statements]
    name = max(set(shortened), key=shortened.count)
    return f"{shortened.count(name)} times {name}"
