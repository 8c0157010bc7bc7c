"""Clinics of any size to measure with, in a database of their own on the disk of the temporary folder."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from sqlalchemy import delete, insert, inspect, select

from benchmarks.plans import DAY1
from db.engine import Engine, make_engine, writing
from db.migrations import migrate
from db.outbox_store import NewMessage, State, add_messages
from db.tables import CourseRow, OutboxRow
from scheduler import Course
from service.catalogue import load_catalogue, load_wordings
from service.config import DatabaseSettings, load_settings
from service.courses import NewCourse, start_course
from service.wiring import App

DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)  # 9 in the morning in New York, three days before the first visit
MESSAGES = 100  # of a course: about what six cycles have


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="infusions-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def make_app(url: str, folder: Path, environ: Mapping[str, str] | None = None) -> App:
    """The program on a fresh database at `url`; its clock stands two hours before DUE."""
    migrate(url)
    secret = {"INFUSIONS_SECURITY__SECRET_FILE": str(folder / "secret")}
    settings = replace(load_settings(None, secret | dict(environ or {})), database=DatabaseSettings(url=url))
    return App(
        settings=settings,
        engine=make_engine(url),
        catalogue=load_catalogue(settings),
        wordings=load_wordings(),
        now=lambda: DUE - timedelta(hours=2),
    )


def start(app: App, number: int, at: time = time(9)) -> UUID:
    """A course of six cycles that a patient of their own starts, with the first mail due at DUE."""
    course = Course(id=uuid5(UUID(int=0), f"{number}"), day1=DAY1, at=at, zone="America/New_York")
    new = NewCourse(
        regimen_id="inotuzumab-ozogamicin",
        patient=f"Patient {number}",
        course=course,
        email=f"patient{number}@patients.example",
        consent=True,
        language="en",
        patient_zone="America/New_York",
    )
    return start_course(app, new, by="benchmark")


def courses(app: App, count: int) -> list[UUID]:
    """So many courses that have nothing in the outbox yet."""
    first = start(app, 0)
    ids = [uuid5(first, f"{number}") for number in range(count)]
    table = inspect(CourseRow).selectable
    with writing(app.engine) as session:
        connection = session.connection()
        [row] = connection.execute(select(table).where(table.c.id == first)).mappings()
        connection.execute(insert(CourseRow), [{**row, "id": id_} for id_ in ids])
        connection.execute(delete(OutboxRow))
    return ids


def reminders(number: int, count: int, each: int = MESSAGES) -> list[NewMessage]:
    """Those of one of `count` courses: one of all is due each second from DUE on, and each is a mail of its own."""
    return [
        NewMessage(
            event_key=f"c{turn}d1/infusion",
            event_sequence=0,
            kind="visit",
            offset_days=1,
            recipient="patient",
            state=State.WAITING,
            send_after=DUE + timedelta(seconds=turn * count + number),
            send_before=DUE + timedelta(days=365),
            group_date=DUE.date() + timedelta(days=turn),
        )
        for turn in range(each)
    ]


def add(engine: Engine, ids: Sequence[UUID], *, together: int = 1, each: int = MESSAGES) -> None:
    """Adds so many reminders of each of these courses, those of `together` courses in one transaction."""
    for start in range(0, len(ids), together):
        with writing(engine) as session:
            for number in range(start, min(start + together, len(ids))):
                add_messages(session, 1, ids[number], reminders(number, len(ids), each), now=DUE)
