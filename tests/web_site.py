"""The service as a process of its own on a real SQLite file, and visitors who use its pages as a browser would."""

import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest

from tests import forks
from tests.cli import process_environ
from tests.stores import NURSE, Clock, bob, make_app

if TYPE_CHECKING:
    from scheduler.actions import Action
    from service.queries import CourseRecord
    from service.wiring import App

PASSWORD = "correct horse battery"
NOW = "2026-12-14T15:00:00+00:00"  # a Monday, 10:00 in New York; Bob's first dose was due a week ago
NEW = "/courses/new?regimen=inotuzumab-ozogamicin"  # several come along, so one is chosen first
BOB = "bob@patients.example"
HOME, ELSEWHERE = 1, 2
# Alice the nurse, Pia the prescriber, Adam the admin, Erin the auditor; Charlie works elsewhere and must see nothing.
STAFF = {"alice": "nurse", "pia": "prescriber", "adam": "clinic-admin", "erin": "auditor", "charlie": "nurse"}


@dataclass
class Tag:
    """One element: its name, its attributes, the text inside."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    inside: list["Tag"] = field(default_factory=list)


@dataclass
class Page(HTMLParser):
    """A page as a reader of HTML finds it: all elements in their order, and its forms."""

    html: str

    def __post_init__(self) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self._open: list[Tag] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Tag(tag, {name: value or "" for name, value in attrs})
        self.tags.append(found)
        for each in self._open:
            each.inside.append(found)
        if tag == "br":
            self.handle_data(" ")
        if tag not in VOID_TAGS:
            self._open.append(found)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().name != tag:
            pass
        if tag in {"dd", "dt", "h2", "li", "p", "summary", "td", "th"}:  # what a page shows apart
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            tag.text += data

    def all(self, name: str) -> list[Tag]:
        """All elements of that name."""
        return [tag for tag in self.tags if tag.name == name]

    @property
    def text(self) -> str:
        """The words of the page's main part, with single blanks."""
        return " ".join(self.all("main")[0].text.split())

    def form(self) -> tuple[str, dict[str, list[str]]]:
        """Address and first values of the page's own form (not the one that signs out)."""
        form = next(tag for tag in self.all("form") if tag.attributes["action"] != "/sign-out")
        return form.attributes["action"], _values(form)


def foreign_scripts(page: Page) -> list[Tag]:
    """The scripts of a page beside our own files: one watches for idle sign-ins, one sets dates."""
    own = ("/static/idle.", "/static/dates.", "/static/start.")
    return [tag for tag in page.all("script") if tag.text or not tag.attributes.get("src", "").startswith(own)]


class Visitor:
    """Someone with a browser: keeps cookies, sends forms with what the page filled in and what they typed."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, headers={"Origin": url}, timeout=20)

    def get(self, path: str, *, status: int = 200) -> Page:
        """The page at that path, which must answer with `status`."""
        answer = self.http.get(path)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return Page(answer.text)

    def send(self, page: Page, **typed: str | list[str]) -> httpx.Response:
        """Sends the page's form, with these values in place of what it held; a value of [] takes a tick away.

        A date goes by its field's name, as ISO writes it: it is typed into the field's boxes.
        """
        action, values = page.form()
        return self.http.post(action, data=_in_boxes({**values, **typed}))

    def send_form(self, path: str, **typed: str) -> httpx.Response:
        """Opens the page and posts to its own address, with its session's token and these values."""
        return self.post(path, self.get(path), **typed)

    def post(self, path: str, page: Page | None = None, **typed: str) -> httpx.Response:
        """Posts these values with the session's token."""
        shown = page or self.get("/")
        return self.http.post(path, data={"token": shown.all("input")[0].attributes["value"], **typed})

    def preview(self, page: Page, **typed: str | list[str]) -> Page:
        """The preview that follows the page's form."""
        answer = self.send(page, step="preview", **typed)
        assert answer.status_code == 200, Page(answer.text).text
        return Page(answer.text)

    def confirm(self, page: Page, **typed: str | list[str]) -> str:
        """Confirms a preview; gives where it leads."""
        answer = self.send(page, step="confirm", **typed)
        assert answer.status_code == 303, Page(answer.text).text
        return answer.headers["location"]

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Signs in through the form."""
        return self.send(self.get("/sign-in"), name=name, password=password)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """A running service: its program as this process has it, and where it answers."""

    app: "App"
    url: str
    open: ExitStack
    told: list[str] = field(default_factory=list)

    def log(self) -> str:
        """What the service logged; known once it has stopped."""
        return "".join(self.told)

    def visitor(self, name: str = "") -> Visitor:
        """A visitor; with a `name`, one with the session of that user.

        Passwords are slow on purpose: whoever signs in by one does it with `sign_in`.
        """
        from service.sessions import open_session
        from service.users import list_users

        visitor = Visitor(self.url)
        self.open.enter_context(visitor.http)
        if name:
            everybody = (user for clinic_id in (HOME, ELSEWHERE) for user in list_users(self.app, clinic_id=clinic_id))
            token, _ = open_session(self.app, next(user for user in everybody if user.name == name))
            visitor.http.cookies.set("infusions_session", token, domain="127.0.0.1")
        return visitor

    def course(
        self, patient: str = "Bob Example", *, clinic_id: int = HOME, email: str | None = BOB, language: str = "en"
    ) -> UUID:
        """Starts a course like Bob's."""
        from service.courses import start_course

        new = replace(bob(), patient=patient, email=email, language=language)
        return start_course(self.app, new, by=NURSE, clinic_id=clinic_id)

    def record(self, course_id: UUID, *actions: "Action") -> None:
        """Records the actions, as the command line would."""
        from service.courses import record

        for action in actions:
            record(self.app, course_id, action, by=NURSE)

    def load(self, course_id: UUID) -> "CourseRecord":
        """The course as it is stored."""
        from service.queries import load_course

        return load_course(self.app, course_id)


@pytest.fixture(scope="module")
def web(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The service with its staff, for all tests of a file; each of them makes the courses that it needs."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copy(migrated_sqlite, folder / "infusions.db")
    with running(folder) as found:
        add_staff(found.app)
        yield found


@contextmanager
def running(folder: Path, now: str = NOW, **settings: str) -> Iterator[Web]:
    """The service on the database in `folder`, as a process of its own whose clock stands at `now`."""
    from db.engine import make_engine

    environ = {
        "INFUSIONS_DATABASE__URL": f"sqlite:///{folder / 'infusions.db'}",
        "INFUSIONS_SECURITY__SECRET_FILE": str(folder / "secret"),
        "INFUSIONS_MAIL__FOLDER": str(folder / "mail"),
        **settings,
    }
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "service.log"
    log.unlink(missing_ok=True)
    arguments = ("serve", "--no-reminders", "--port", str(port))
    server = forks.forked(forks.serve, folder, arguments, process_environ(**environ, INFUSIONS_NOW=now), log=log)
    with closing(server):
        try:
            _wait_until_it_serves(server, log)
            engine = make_engine(environ["INFUSIONS_DATABASE__URL"])
            clock = Clock(datetime.fromisoformat(now))
            with ExitStack() as opened:
                opened.callback(engine.dispose)
                same = {name: value for name, value in environ.items() if "SECRET_FILE" in name}
                app = make_app(engine, clock, {"INFUSIONS_SERVER__PUBLIC_URL": url, **same, **settings})
                web = Web(app=app, url=url, open=opened)
                yield web
        finally:
            server.terminate()
            server.join(20)
        web.told.append(log.read_text())
        assert server.exitcode == 0, web.log()


@cache
def password_hash() -> str:
    """What is stored of the password that all have: hashing it is slow on purpose, so it is done once."""
    from service.passwords import hash_of

    return hash_of(PASSWORD)


def add_staff(app: "App") -> None:
    """Makes the users, and a second clinic for the one who must see nothing of the first."""
    from db import user_store
    from db.engine import writing
    from db.tables import ClinicRow

    with writing(app.engine) as session:
        session.add(ClinicRow(id=ELSEWHERE, name="Elsewhere"))
        for name, role in STAFF.items():
            user_store.add_user(
                session,
                clinic_id=ELSEWHERE if name == "charlie" else HOME,
                name=name,
                role=role,
                password_hash=password_hash(),
                created_at=app.now(),
            )


# ---------------------------------------------------------------------------------------------------------------------

VOID_TAGS = {"meta", "link", "input", "br", "img"}


def _values(form: Tag) -> dict[str, list[str]]:
    """What a browser would send if nobody typed anything."""
    values: dict[str, list[str]] = {}
    for tag in form.inside:
        name, kind = tag.attributes.get("name", ""), tag.attributes.get("type", "text")
        if tag.name == "input" and name and (kind not in {"radio", "checkbox"} or "checked" in tag.attributes):
            values.setdefault(name, []).append(tag.attributes.get("value", ""))
        elif tag.name == "textarea":
            values[name] = [tag.text.removeprefix("\n")]
        elif tag.name == "select":
            options = [option for option in tag.inside if option.name == "option"]
            chosen = next((option for option in options if "selected" in option.attributes), options[0])
            values[name] = [chosen.attributes["value"]]
    for name in _dates(values):
        values[name] = ["-".join(part.zfill(2) for part in _boxes(values, name) if part)]
    return values


def _dates(values: Mapping[str, object]) -> list[str]:
    """The date fields of a form: those that have a box for the year."""
    return [name.removesuffix(".year") for name in values if name.endswith(".year")]


def _boxes(values: Mapping[str, list[str]], name: str) -> list[str]:
    return [values[f"{name}.{box}"][0] for box in ("year", "month", "day")]


def _in_boxes(values: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
    """The values as a browser sends them: dates in three boxes. What is no date goes into the last of them."""
    sent = dict(values)
    for name in _dates(values):
        held = sent.pop(name)
        parts = [part.lstrip("0") for part in (held if isinstance(held, str) else held[0]).split("-")]
        for box, part in zip(("year", "month", "day"), parts if len(parts) == 3 else [*parts, "", ""], strict=True):
            sent[f"{name}.{box}"] = part
    return sent


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_it_serves(server: ForkServerProcess, log: Path) -> None:
    end = monotonic() + 60
    while not (log.exists() and "Serving" in log.read_text()):
        assert server.is_alive(), log.read_text()
        assert monotonic() < end, "the service did not start"
        sleep(0.01)
