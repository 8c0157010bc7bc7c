"""A whole site over real HTTP for tests that go through every page: two clinics, all roles, courses of several shapes
and states, all in one process so that the queries can be counted. Every name is invented. After what stores something,
`restore` puts back the database as it was.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import event

from scheduler.actions import (
    Action,
    Away,
    Cease,
    CeaseCause,
    Defer,
    Given,
    Hold,
    HoldCause,
    Omit,
    Response,
    ResponseValue,
    VisitTime,
)
from scheduler.course import Audience, Course
from tests.stores import Clock, bob, make_app

if TYPE_CHECKING:
    from service.users import User
    from service.wiring import App

NOW = datetime(2026, 12, 14, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
HOME, ELSEWHERE = 1, 2
CLINICS = {"home": HOME, "elsewhere": ELSEWHERE}
ROLES = ("nurse", "prescriber", "clinic-admin", "auditor")
PASSWORD = "correct horse battery"
NURSE = "home-nurse"
NOBODY = "nobody"
SETTINGS = {
    "INFUSIONS_CLINIC__NAME": "Example clinic",
    "INFUSIONS_CLINIC__PHONE": "+1 212 555 0100",
    "INFUSIONS_CLINIC__AFTER_HOURS_PHONE": "+1 212 555 0199",
    "INFUSIONS_CLINIC__EMERGENCY_NUMBER": "911",
}
# Of the first clinic: nobody of the other one, and nobody without a sign-in, may ever read one of these.
PATIENTS = ("Bob Example", "Berta Example", "Amal Example", "Clara Example", "Severin Example", "Stefan Example")


# Stands in names and reasons: were it not taken as text, a script would run on the page that shows it.
HOSTILE = "</script><script>owned = 1</script><img src=x onerror='owned=1'>\""


class State(StrEnum):
    """How it stands with somebody's membership, once they have a session."""

    ACTIVE = "active"
    DISABLED = "disabled mid-session"
    RESET_PENDING = "password reset pending"
    SIGNED_OUT = "signed out"
    IDLE = "session idle for too long"


# An administrator's link to set a new password ends nothing before it is used; to end sign-ins they disable.
MAY_GO_ON = {State.ACTIVE, State.RESET_PENDING}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a browser: of which clinic, in which role, and how their membership stands."""

    clinic: str
    role: str
    state: State

    def __str__(self) -> str:
        return f"{self.clinic} {self.role}, {self.state}" if self.role != NOBODY else NOBODY


@dataclass(frozen=True, slots=True)
class Session:
    """What their browser holds: the cookie's token, and the token that forms carry."""

    cookie: str
    csrf: str


NO_SESSION = Session("", "no-token")
EVERY_PERSON = (
    *(Person(clinic, role, state) for clinic in CLINICS for role in ROLES for state in State),
    Person("home", NOBODY, State.SIGNED_OUT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSite:
    """The running site. `names`: what stands for the braces in a row's address and body."""

    app: "App"
    url: str
    names: Mapping[str, str]
    sessions: Mapping[Person, Session]
    database: Path
    kept: Path

    def restore(self) -> None:
        """Puts the database back to what was prepared."""
        with closing(sqlite3.connect(self.kept)) as source, closing(sqlite3.connect(self.database)) as target:
            source.backup(target)

    def counts(self) -> dict[str, int]:
        """How many rows each table has: what is stored shows there, since nothing is ever overwritten."""
        with closing(sqlite3.connect(self.database)) as database:
            tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements that the site sends to the database meanwhile."""
        sent: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            sent.append(statement)

        event.listen(self.app.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(self.app.engine, "before_cursor_execute", note)


@contextmanager
def prepared_site(migrated: Path, folder: Path, *, marks: str = HOSTILE) -> Iterator[PreparedSite]:
    """The site on an SQLite database of its own in `folder`, prepared, and served until the end of the block.

    `marks` stand in names and reasons.
    """
    database, kept = folder / "infusions.db", folder / "kept.db"
    database.write_bytes(migrated.read_bytes())

    def keep() -> None:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(kept)) as target:
            source.backup(target)

    with prepared_on(f"sqlite:///{database}", prepared=keep, marks=marks) as site:
        yield replace(site, database=database, kept=kept)


@contextmanager
def prepared_on(
    address: str, *, prepared: Callable[[], None] = lambda: None, marks: str = HOSTILE
) -> Iterator[PreparedSite]:
    """The site on that database, which holds the tables and nothing else; `prepared` is called before it is served."""
    from db.engine import make_engine
    from web.server import listen

    engine = make_engine(address)
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = make_app(engine, Clock(NOW), {**SETTINGS, "INFUSIONS_SERVER__PUBLIC_URL": url})
    sessions = _staff(app)
    names = _contents(app, marks)
    prepared()
    with served(app, listener):
        yield PreparedSite(app=app, url=url, names=names, sessions=sessions, database=Path(), kept=Path())
    engine.dispose()


@contextmanager
def served(app: "App", listener: object) -> Iterator[None]:
    """Serves the whole program over real HTTP in a thread of this process."""
    import uvicorn

    from web.app import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(app), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def fill(app: "App", course_id: UUID) -> None:
    """Many more rows of everything: courses, users, entries, calendars, prints, carers, mails and things to do."""
    add = _adding(app, "second")
    for number in range(6):
        other = _start(app, f"Patient Number {number}", email=f"number{number}@patients.example")
        _record(app, other, GIVEN, Defer(cycle=1, day=8, to=date(2026, 12, 18), reason="travelling"))
        _record(app, other, Omit(cycle=2, day=15, reason="counts"))
        day = 7 + number
        _record(app, course_id, Away(from_=date(2027, 1, day), to=date(2027, 1, day)))
        _record(app, course_id, Omit(cycle=3 + number % 3, day=(8, 15)[number // 3], reason="counts"))
        _feed(app, course_id, f"Phone {number}")
        _print(app, course_id, "en")
        _carer(app, course_id, f"carer{number}@mail.example")
        add(f"number-{number}", "nurse", HOME)


# ---------------------------------------------------------------------------------------------------------------------

GIVEN = Given(cycle=1, day=1, on=date(2026, 12, 7))


def _staff(app: "App") -> dict[Person, Session]:
    """One person for each clinic, role and state, and what their browser holds."""
    from db.engine import writing
    from db.tables import ClinicRow
    from service.sessions import close_session, open_session
    from service.users import disable_user, make_password_link

    with writing(app.engine) as session:
        session.add(ClinicRow(id=ELSEWHERE, name="Elsewhere"))
    add = _adding(app)
    found: dict[Person, Session] = {Person("home", NOBODY, State.SIGNED_OUT): NO_SESSION}
    earlier = replace(app, now=lambda: NOW - timedelta(minutes=app.settings.security.idle_minutes))
    for clinic, number in CLINICS.items():
        for role in ROLES:
            for state, ending in {State.ACTIVE: "", State.DISABLED: "-out", State.RESET_PENDING: "-new"}.items():
                name = f"{clinic}-{role}{ending}"
                user = add(name, role, number)
                found[Person(clinic, role, state)] = Session(*open_session(app, user))
                if state is State.DISABLED:
                    disable_user(app, name, by="cli")
                elif state is State.RESET_PENDING:
                    make_password_link(app, user.id, by="cli", clinic_id=number)
                else:
                    found[Person(clinic, role, State.IDLE)] = Session(*open_session(earlier, user))
                    left = Session(*open_session(app, user))
                    close_session(app, left.cookie)
                    found[Person(clinic, role, State.SIGNED_OUT)] = left
    return found


def _adding(app: "App", first_name: str = "first") -> Callable[[str, str, int], "User"]:
    """Adds users who all have the password of the first: hashing it is slow on purpose."""
    from db import user_store
    from db.engine import reading, writing
    from service.users import Role, User, add_user, list_users

    add_user(app, first_name, Role.NURSE, PASSWORD, by="cli")
    with reading(app.engine) as session:
        first = user_store.find_user(session, first_name)
    assert first is not None

    def add(name: str, role: str, clinic_id: int) -> User:
        with writing(app.engine) as session:
            user = user_store.add_user(
                session,
                clinic_id=clinic_id,
                name=name,
                role=role,
                password_hash=first.password_hash,
                created_at=app.now(),
            )
        return next(each for each in list_users(app, clinic_id=clinic_id) if each.id == user.id)

    return add


def _contents(app: "App", marks: str) -> dict[str, str]:
    """The courses with all that belongs to them; what the rows of `every_page` name in braces."""
    from service.feeds import list_feeds
    from service.mails import course_mails
    from service.page_links import list_links
    from service.prints import list_prints
    from service.tokens import form_mark
    from service.users import Role, invite_user, list_users

    course = _start(app, "Bob Example", email="bob@patients.example")
    _record(app, course, GIVEN, Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="travelling"))
    _record(app, course, VisitTime(at=clock_time(11), cycle=1, day=15), Omit(cycle=2, day=15, reason="counts" + marks))
    feed_address = _feed(app, course, "Bob's phone" + marks)
    sheet = _print(app, course, "en")
    page = _page(app, course, "en")
    carer = _carer(app, course, "dora@mail.example")
    planned = _start(app, "Berta Example", language="es", email="berta@patients.example", day1=date(2026, 12, 21))
    held = _start(app, "Amal Example", language="ar", email="amal@patients.example")
    _record(app, held, GIVEN, Hold(cycle=1, day=8, on=date(2026, 12, 14), cause=HoldCause.LIVER))
    ceased = _start(app, "Clara Example", day1=date(2026, 11, 2))
    _record(app, ceased, *(Given(cycle=1, day=day, on=date(2026, 11, 1) + timedelta(days=day)) for day in (1, 8, 15)))
    _record(app, ceased, Response(cycle=1, value=ResponseValue.CR))
    _record(app, ceased, Cease(on=date(2026, 11, 20), cause=CeaseCause.TOXICITY, reason="raised liver values"))
    several = _start(app, "Severin Example" + marks, regimen="gemcitabine-nab-paclitaxel", audiences=())
    stay = _start(app, "Stefan Example", regimen="blinatumomab", audiences=(), day1=date(2026, 12, 14))
    away = _start(app, "Dora Elsewhere", clinic_id=ELSEWHERE, email="elsewhere@patients.example")
    spare = next(user.id for user in list_users(app) if user.name == "first")
    return {
        "course": str(course),
        "planned": str(planned),
        "held": str(held),
        "ceased": str(ceased),
        "several": str(several),
        "stay": str(stay),
        "other_clinics_course": str(away),
        "feed": str(list_feeds(app, course)[0].id),
        "feed_token": _last_part(feed_address).removesuffix(".ics"),
        "print": str(list_prints(app, course)[0].id),
        "sheet": sheet,
        "sheet_es": _print(app, planned, "es"),
        "sheet_ar": _print(app, held, "ar"),
        "page": page,
        "page_mark": form_mark(app, page),
        "page_es": _page(app, planned, "es"),
        "page_ar": _page(app, course, "ar"),
        "page_held": _page(app, held, "en"),
        "page_ceased": _page(app, ceased, "en"),
        "page_stay": _page(app, stay, "en"),
        "link": str(list_links(app, course)[0].id),
        "mail": str(course_mails(app, course).waiting[0].ids[0]),
        "carer": carer,
        "stop": _stop(app, course),
        "stop_es": _stop(app, planned),
        "stop_ar": _stop(app, held),
        "import": str(_import(app)),
        "user": str(spare),
        "api_token": _api_token(app),
        "welcome": invite_user(app, "invited", Role.NURSE, by="cli"),
    }


def _api_token(app: "App") -> str:
    """Makes a token for another program; gives its name."""
    from service.api_tokens import new_api_token
    from service.users import Role

    new_api_token(app, "laboratory", role=Role.NURSE, by="cli")
    return "laboratory"


def _import(app: "App") -> UUID:
    """A table that was checked: one good row, one refused."""
    from service.import_batches import upload, work

    rows = ("Nora Example,inotuzumab-ozogamicin,2026-12-21,no,no,no", "Bob Example,inotuzumab-ozogamicin,soon,no,no,no")
    header = "patient,regimen,day1,can-become-pregnant,partner-can-become-pregnant,breastfeeding"
    batch = upload(app, "\n".join((header, *rows)).encode(), by=NURSE, clinic_id=HOME)
    while work(app, batch, clinic_id=HOME).at_work:
        pass
    return batch


def _start(
    app: "App",
    patient: str,
    *,
    regimen: str = "inotuzumab-ozogamicin",
    day1: date = date(2026, 12, 7),
    language: str = "en",
    email: str | None = None,
    audiences: tuple[str, ...] = ("can-become-pregnant",),
    clinic_id: int = HOME,
) -> UUID:
    from service.courses import start_course

    applies = tuple(Audience(name=name) for name in audiences)
    course = Course(id=uuid4(), day1=day1, at=clock_time(9), zone="America/New_York", audiences=applies)
    new = replace(bob(), regimen_id=regimen, patient=patient, email=email, language=language, course=course)
    return start_course(app, new, by=NURSE, clinic_id=clinic_id)


def _record(app: "App", course_id: UUID, *actions: Action) -> None:
    from service.courses import record

    for action in actions:
        record(app, course_id, action, by=NURSE)


def _feed(app: "App", course_id: UUID, name: str) -> str:
    from calendars.kinds import Detail, Reader
    from service.feeds import new_feed

    made = new_feed(
        app,
        course_id,
        name=name,
        reader=Reader.PATIENT,
        detail=Detail.DISCREET,
        language="en",
        alarms=(timedelta(hours=24),),
        expires=None,
        by=NURSE,
    )
    return made.address


def _page(app: "App", course: UUID, language: str) -> str:
    """Makes a link to the patient's page; gives its token."""
    from calendars.kinds import Detail
    from service.page_links import new_link

    return _last_part(new_link(app, course, name="phone", detail=Detail.FULL, language=language, by="cli").address)


def _print(app: "App", course_id: UUID, language: str) -> str:
    """Prints the calendar; gives the token behind the sheet's code."""
    from service.prints import print_course
    from service.rendering import Look

    return _last_part(print_course(app, course_id, Look(language=language), by=NURSE).address)


def _carer(app: "App", course_id: UUID, email: str) -> str:
    from service.carers import NewCarer, add_carer

    carer = NewCarer(name="Dora Carer", email=email, consent=True, language="en", zone="Europe/Paris")
    return add_carer(app, course_id, carer, by=NURSE)


def _stop(app: "App", course_id: UUID) -> str:
    """The token of the address that stops the patient's mails."""
    from service.messages import list_messages
    from service.unsubscribing import unsubscribe_address

    return _last_part(unsubscribe_address(app, list_messages(app, course_id)[0]))


def _last_part(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2]
