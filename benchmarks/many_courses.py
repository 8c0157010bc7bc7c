"""A clinic of many courses: some of every kind are started by the program, and their rows copied."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from benchmarks.serving import hash_of, numbered_token
from calendars.kinds import Detail, Reader
from db.engine import Session, writing
from db.tables import METADATA
from scheduler import Audience, Course
from scheduler.actions import Action, Cease, CeaseCause, Given, Hold, HoldCause
from service.courses import record
from service.feeds import new_feed
from service.starting import NewCourse, preview_start, start_course
from service.wiring import App

NOW = datetime(2026, 12, 14, 15, 0, tzinfo=UTC)  # ten o'clock in New York, a Monday
TODAY = date(2026, 12, 14)
BY = "benchmark"
TABLES = ("course", "action", "revision", "event", "day_fact", "outbox", "feed")  # with rows of a course
NUMBERED = ("action", "revision", "outbox")  # to whose rows the database gives ids


def fill(app: App, courses: int) -> Sequence[UUID]:
    """Starts and copies until there are so many; gives some that are under treatment, started by the program.

    Of 5,000 some 800 are under treatment, with 50 to 100 visits on a day, 100 on hold, 150 to come, the others over.
    """
    running = [_start(app, 7 * weeks + number) for weeks in range(2, 12) for number in range(5)]
    held = [_start(app, 30 + number) for number in range(2)]
    for id_, ago in zip(held, (30, 31), strict=True):
        day1 = TODAY - timedelta(days=ago)
        hold = Hold(cycle=2, day=15, on=day1 + timedelta(days=29), cause=HoldCause.LIVER)
        record(app, id_, hold, by=BY, patient_told=True)
    to_come = [_start(app, -3 - number) for number in range(5)]
    over = [_start(app, ago, CeaseCause.COMPLETED) for ago in (200, 230, 300, 400)]
    copies = {**dict.fromkeys(running, 15), **dict.fromkeys(held, 49), **dict.fromkeys(to_come, 29)}
    left = courses - sum(copies.values()) - len(copies) - len(over)
    copies |= dict.fromkeys(over, max(0, left // len(over)))
    number = 0
    for original, count in copies.items():
        with writing(app.engine) as session:
            _copy(session, original, count, number)
        number += count
    return running


# ---------------------------------------------------------------------------------------------------------------------


def _start(app: App, ago: int, ceased: CeaseCause | None = None) -> UUID:
    """A course that began so many days ago, of which every dose until yesterday is given."""
    id_, day1 = uuid4(), TODAY - timedelta(days=ago)
    audience = (Audience(name="can-become-pregnant"),)
    new = NewCourse(
        regimen_id="inotuzumab-ozogamicin",
        patient=f"Patient {id_.hex[:6]}",
        course=Course(id=id_, day1=day1, at=time(9), zone="America/New_York", audiences=audience),
        email="patient@patients.example",
        consent=True,
        language="en",
        patient_zone="America/New_York",
    )
    doses = preview_start(app, new).doses()
    actions: list[Action] = [
        Given(cycle=dose.cycle, day=dose.day, on=dose.date) for dose in doses if dose.date and dose.date < TODAY
    ]
    if ceased is not None:
        actions.append(Cease(on=TODAY - timedelta(days=1), cause=ceased))
    start_course(app, replace(new, actions=tuple(actions)), by=BY)
    look = {"reader": Reader.PATIENT, "detail": Detail.FULL, "language": "en", "alarms": (), "expires": None}
    new_feed(app, id_, name="phone", by=BY, **look)  # type: ignore[arg-type]
    return id_


def _copy(session: Session, original: UUID, count: int, number: int) -> None:
    """So many more courses with the rows of the original; their feeds have the tokens of these numbers."""
    ids = [uuid4() for _ in range(count)]
    connection = session.connection()
    for name in TABLES:
        table = METADATA.tables[name]
        key = table.c.id if name == "course" else table.c.course_id
        rows = [dict(row._mapping) for row in connection.execute(select(table).where(key == original))]  # noqa: SLF001 - its documented way
        copied = [_as(name, row, id_, number + at) for at, id_ in enumerate(ids) for row in rows]
        for start in range(0, len(copied), 5000):
            connection.execute(insert(table), copied[start : start + 5000])


def _as(name: str, row: dict[str, Any], course: UUID, number: int) -> dict[str, Any]:
    if name == "course":
        return row | {"id": course, "patient": f"Patient {number}", "sought": f"patient {number}"}
    changed = row | {"course_id": course}
    if name in NUMBERED:
        del changed["id"]
    if name == "feed":
        changed |= {"id": uuid4(), "token_hash": hash_of(numbered_token(number))}
    return changed | ({"request_id": None} if "request_id" in row else {})
