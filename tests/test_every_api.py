"""Every route of the HTTP interface, asked with every kind of token: what `tests.every_api` says is what happens."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi.routing import APIRoute

from service.api_tokens import new_api_token, revoke_api_token
from service.audit import entries
from service.courses import start_course
from service.users import Role, disable_user
from service.wiring import App
from tests.every_api import JSON, ROWS, ApiRow
from tests.prepared_site import CLINICS, NOW, PATIENTS, ROLES, PreparedSite, fill, prepared_site
from tests.stores import bob
from web.api.app import ROUTERS

UNKNOWN = "A" * 43
ADDRESSES = count(1)


class State(StrEnum):
    """How it stands with a token."""

    OF_A_SYSTEM = "a system's"
    OF_A_USER = "a user's"
    USER_DISABLED = "a disabled user's"
    REVOKED = "revoked"
    EXPIRED = "expired"


LETS_IN = {State.OF_A_SYSTEM, State.OF_A_USER}


@dataclass(frozen=True, slots=True)
class Program:
    """A program that asks: of which clinic, in which role, and how it stands with its token."""

    clinic: str
    role: str
    state: State

    def __str__(self) -> str:
        return f"{self.clinic} {self.role}, {self.state}"


EVERY_PROGRAM = tuple(Program(clinic, role, state) for clinic in CLINICS for role in ROLES for state in State)
NO_TOKENS = (
    "",
    "Bearer",
    f"Bearer {UNKNOWN}",
    f"Basic {UNKNOWN}",
    "Bearer x",
    f"Bearer {UNKNOWN} {UNKNOWN}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The prepared site with a token for every program."""

    site: PreparedSite
    tokens: dict[Program, str]


@pytest.fixture(scope="module")
def asked(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with prepared_site(migrated_sqlite, tmp_path_factory.mktemp("every-api")) as prepared:
        tokens = {program: _token(prepared.app, program) for program in EVERY_PROGRAM}
        site = replace(prepared, names={**prepared.names, "weekend": str(_on_saturdays(prepared.app))})
        keep(site)
        yield Asked(site=site, tokens=tokens)


@pytest.fixture
def http(asked: Asked) -> Iterator[httpx.Client]:
    """A client with an address of its own: whoever sends many wrong tokens from one is held up."""
    number = next(ADDRESSES)
    transport = httpx.HTTPTransport(local_address=f"127.0.{number // 200}.{number % 200 + 1}")
    with httpx.Client(base_url=asked.site.url, timeout=30, transport=transport) as client:
        yield client


def test_every_route_has_a_row() -> None:
    assert sorted(routes() - {row.route for row in ROWS}) == [], "tests/every_api.py: add a row for each"


def test_every_row_is_of_a_route() -> None:
    assert {row.route for row in ROWS} - routes() == set(), "tests/every_api.py: these routes are gone"


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_route_answers_every_token_as_its_row_says(row: ApiRow, asked: Asked, http: httpx.Client) -> None:
    site = asked.site
    site.restore()
    before = site.counts()
    for program, token in asked.tokens.items():
        answer = ask(http, site, row, token)
        assert answer.status_code == expected(row, program), f"{program}: {answer.text[:2000]}"
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        if program.clinic != "home":
            assert not [name for name in PATIENTS if name in answer.text], str(program)
        if answer.status_code == row.answers < 400:
            assert answer.headers["content-type"] == row.gives
        else:
            assert_is_refusal(answer)
            if answer.status_code == 401:
                assert answer.headers["www-authenticate"] == "Bearer"
        if answer.status_code in {401, 403, 404, 409, 422} and row.answers != answer.status_code:
            after = site.counts()
            assert {name for name in after if after[name] != before[name]} == set(), str(program)
        if row.method == "GET":
            before = site.counts()  # that somebody looked is noted
        elif answer.status_code < 400:
            site.restore()


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_without_a_token_that_works_nothing_is_told_and_nothing_stored(
    row: ApiRow, asked: Asked, http: httpx.Client
) -> None:
    before = asked.site.counts()
    address, body = row.filled(asked.site.names)
    session = next(each for person, each in asked.site.sessions.items() if person.role == "nurse" and each.cookie)
    for header in NO_TOKENS:
        headers = {"Cookie": f"infusions_session={session.cookie}"} | ({"Authorization": header} if header else {})
        answer = http.request(row.method, address, json=body, headers=headers)
        assert answer.status_code == 401, header
        assert_is_refusal(answer)
    assert asked.site.counts() == before


@pytest.mark.parametrize("row", [row for row in ROWS if row.views], ids=str)
def test_who_sees_a_patient_is_noted_with_the_token_and_where_they_asked_from(
    row: ApiRow, asked: Asked, http: httpx.Client
) -> None:
    program = Program("home", "nurse", State.OF_A_SYSTEM)
    before = len(entries(asked.site.app))
    assert ask(http, asked.site, row, asked.tokens[program]).status_code == row.answers
    noted = entries(asked.site.app)[before:]
    assert [entry.what for entry in noted] == [f"{row.views}-viewed"]
    assert noted[0].by == "API home nurse, a system's"
    assert noted[0].origin.startswith("127.0.")
    assert ", token " in noted[0].origin
    assert noted[0].course_id is not None or row.views == "list"


@pytest.mark.parametrize("row", [row for row in ROWS if row.method != "GET" and row.answers in {200, 201}], ids=str)
def test_every_change_is_noted_under_the_users_name(row: ApiRow, asked: Asked, http: httpx.Client) -> None:
    if row.route.endswith(("/plan", "/check", "/preview", "/resume", "/done")):
        return  # nothing is changed
    asked.site.restore()
    before = len(entries(asked.site.app))
    role = "auditor" if "auditor" in row.who and len(row.who) == 1 else "nurse"
    assert ask(http, asked.site, row, asked.tokens[Program("home", role, State.OF_A_USER)]).status_code == row.answers
    noted = entries(asked.site.app)[before:]
    assert noted
    assert {entry.by for entry in noted} == {f"home-{role}"}
    assert all(", token " in entry.origin for entry in noted)


@pytest.mark.parametrize("row", [row for row in ROWS if row.method == "GET"], ids=str)
def test_head_answers_as_get_does_and_other_methods_are_refused_in_the_same_shape(
    row: ApiRow, asked: Asked, http: httpx.Client
) -> None:
    token = asked.tokens[Program("home", "nurse" if "nurse" in row.who else "auditor", State.OF_A_SYSTEM)]
    assert ask(http, asked.site, row, token, method="HEAD").status_code == row.answers
    answer = ask(http, asked.site, row, token, method="PATCH")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert_is_refusal(answer)


def test_the_number_of_queries_does_not_grow_with_the_rows(asked: Asked, http: httpx.Client) -> None:
    asked.site.restore()
    token = asked.tokens[Program("home", "nurse", State.OF_A_SYSTEM)]
    rows = [row for row in ROWS if row.method == "GET" and "nurse" in row.who]
    few = {str(row): queries(asked.site, http, row, token) for row in rows}
    fill(asked.site.app, UUID(asked.site.names["course"]))
    many = {str(row): queries(asked.site, http, row, token) for row in rows}
    asked.site.restore()
    assert {name: (count, many[name]) for name, count in few.items() if many[name] > count} == {}


# ---------------------------------------------------------------------------------------------------------------------


def routes() -> set[str]:
    """Every route of the interface, as method and path."""
    found = set()
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            found |= {f"{method} {route.path}" for method in route.methods or set()}
    return found


def expected(row: ApiRow, program: Program) -> int:
    """The status that the row promises this program."""
    if program.state not in LETS_IN:
        return 401
    if program.role not in row.who:
        return 403
    return row.answers if program.clinic == "home" else row.for_other_clinic


def ask(http: httpx.Client, site: PreparedSite, row: ApiRow, token: str, *, method: str = "") -> httpx.Response:
    """Asks as a program would."""
    address, body = row.filled(site.names)
    return http.request(method or row.method, address, json=body, headers={"Authorization": f"Bearer {token}"})


def assert_is_refusal(answer: httpx.Response) -> None:
    assert answer.headers["content-type"] == JSON
    error = answer.json()["error"]
    assert sorted(error) == ["code", "field", "message", "reference"]
    assert error["message"].count("\n") == 0


def queries(site: PreparedSite, http: httpx.Client, row: ApiRow, token: str) -> int:
    with site.counting() as sent:
        assert ask(http, site, row, token).status_code == row.answers, str(row)
    return len(sent)


def keep(site: PreparedSite) -> None:
    """What `restore` puts back has the tokens too, all of them used just now."""
    with closing(sqlite3.connect(site.database)) as source, closing(sqlite3.connect(site.kept)) as target:
        source.execute("UPDATE api_token SET last_used_at = ?", (NOW.replace(tzinfo=None).isoformat(" "),))
        source.commit()
        source.backup(target)


def _on_saturdays(app: App) -> UUID:
    new = replace(bob(), patient="Berta Example")
    return start_course(app, replace(new, course=replace(new.course, day1=date(2026, 12, 19))), by="cli")


def _token(app: App, program: Program) -> str:
    clinic = CLINICS[program.clinic]
    name, role = str(program), Role(program.role)
    if program.state is State.EXPIRED:
        earlier = replace(app, now=lambda: NOW - timedelta(days=2))
        return new_api_token(earlier, name, role=role, expires=date(2026, 12, 13), by="cli", clinic_id=clinic)
    if program.state is State.OF_A_USER:
        user = f"{program.clinic}-{program.role}"
        return new_api_token(app, name, user=user, by="cli", clinic_id=clinic)
    if program.state is State.USER_DISABLED:
        user = f"{program.clinic}-{program.role}-new"
        token = new_api_token(app, name, user=user, by="cli", clinic_id=clinic)
        disable_user(app, user, by="cli")
        return token
    token = new_api_token(app, name, role=role, by="cli", clinic_id=clinic)
    if program.state is State.REVOKED:
        revoke_api_token(app, name, by="cli", clinic_id=clinic)
    return token
