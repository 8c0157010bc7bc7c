"""The stored facts of courses for the clinic's day: kept with each step, made anew for other settings or software."""

import hashlib
import logging
from datetime import datetime
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from threading import Event as Flag
from typing import TYPE_CHECKING
from uuid import UUID

from db import day_store
from db.acknowledgement_store import acknowledged
from db.engine import DatabaseUnavailable, Session, reading, writing
from db.settings_store import clinic_ids
from db.stored import StoredCourse
from scheduler.day_facts import day_facts
from scheduler.errors import InfusionsError
from scheduler.plan import Plan
from service.clinic import clinic_rules, years_of
from service.clock import stopwatch, today_in
from service.config import Settings
from service.loading import load
from service.remarks import noted_closed_days

if TYPE_CHECKING:
    from service.wiring import App

AT_ONCE = 500  # courses in one pass
SECONDS = 5.0  # and for so long at most: mails that are due must not wait for it
LIBRARIES = ("holidays", "python-dateutil", "tzdata")  # what the facts depend on beside our own code

log = logging.getLogger(__name__)


def keep(app: "App", session: Session, course: StoredCourse, plan: Plan, *, now: datetime) -> None:
    """Stores the facts of a plan that is being recorded, in its transaction."""
    app = app.of(course.clinic_id, session)
    rules = clinic_rules(app.settings, None, years_of(course.course.day1, plan.today))
    id_ = course.course.id
    noted = noted_closed_days(plan, acknowledged(session, course.clinic_id, [id_]).get(id_, {}))
    day_store.save_facts(session, course, day_facts(plan, rules, noted=noted), mark(app.settings, now))


def mark(settings: Settings, now: datetime) -> str:
    """What tells facts that are made now from others: our code, the clinic's settings, and the year.

    Public holidays are known some years ahead, so a new year brings new ones to long courses.
    """
    clinic = settings.clinic
    told = (clinic.opening_days, clinic.closures, clinic.lead_minutes, clinic.liver_watch_weeks, clinic.after_test_days)
    place = (clinic.zone, clinic.country, clinic.region)
    return _mark(repr((told, place, today_in(clinic.zone, now).year)))


def follow(app: "App", now: datetime, *, seconds: float = SECONDS, stop: Flag | None = None) -> int:
    """Makes the facts of courses anew that were made by other settings or software; how many courses.

    One transaction a course; those with the next visits first, what is left after so many `seconds`, or when asked to
    `stop`, at the next pass. One that can't be read keeps back no other.
    """
    started = stopwatch()
    with reading(app.engine) as session:
        due = [
            (clinic_id, course_id)
            for clinic_id in clinic_ids(session)
            for course_id in _due(app.of(clinic_id, session), session, now)
        ]
    done = failed = 0
    for clinic_id, course_id in due[:AT_ONCE]:
        if stopwatch() - started > seconds or (stop and stop.is_set()):
            break
        try:
            _follow(app, clinic_id, course_id, now)
        except DatabaseUnavailable:
            raise
        except InfusionsError:
            failed += 1
        else:
            done += 1
    if done or failed:
        values = {"action": "day_facts_followed", "courses": done, "failed": failed}
        log.info("the day facts of %d courses are made anew, %d can't", done, failed, extra=values)
    return done


def follow_all(app: "App", now: datetime) -> int:
    """The same until none is left that can be read; how many courses."""
    done = 0
    while part := follow(app, now, seconds=float("inf")):
        done += part
    return done


def behind(app: "App", now: datetime, *, clinic_id: int | None = None) -> int:
    """How many courses (of that clinic) still have facts of other settings or software."""
    with reading(app.engine) as session:
        asked = clinic_ids(session) if clinic_id is None else [clinic_id]
        count = day_store.count_due_for_facts
        return sum(count(session, mark(app.of(id_, session).settings, now), id_) for id_ in asked)


# ---------------------------------------------------------------------------------------------------------------------


def _due(app: "App", session: Session, now: datetime) -> tuple[UUID, ...]:
    return day_store.due_for_facts(session, app.clinic_of(), mark(app.settings, now), AT_ONCE)


def _follow(app: "App", clinic_id: int, course_id: UUID, now: datetime) -> None:
    with writing(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id, to_change=True, now=now)
        keep(app, session, loaded.stored, loaded.plan(), now=now)


@lru_cache(maxsize=8)
def _mark(told: str) -> str:
    return hashlib.sha256(f"{_program()}\n{told}".encode()).hexdigest()[:16]


@cache
def _program() -> str:
    """A digest of the core that makes plans and facts, and of the libraries below it."""
    digest = hashlib.sha256(" ".join(version(library) for library in LIBRARIES).encode())
    for file in sorted(files("scheduler").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".py"):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
