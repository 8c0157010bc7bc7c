"""What pages and commands show of courses. Nothing here stores anything."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from db import store
from db.engine import Session, reading
from db.stored import CourseSummary, StoredAction, StoredRevision
from scheduler import events, restamp
from scheduler.actions import Action, RegimenChange
from scheduler.course import Course
from scheduler.errors import InvalidValue
from scheduler.events import StampedEvent
from scheduler.plan import Plan
from scheduler.regimen import Regimen
from service.audit import HOME_CLINIC
from service.feeds import FeedLine, list_feeds
from service.loading import CourseState, LoadedCourse, NotFound, load, state_of
from service.patients import PatientFacts, facts_in

if TYPE_CHECKING:
    from service.wiring import App

__all__ = [
    "CourseLine",
    "CourseRecord",
    "FeedLine",
    "HistoryEntry",
    "list_courses",
    "list_feeds",
    "load_course",
    "newer_version",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseLine:
    """A course in a list. `next_visit`: the first planned dose, which may be overdue, or None."""

    id: UUID
    patient: str
    regimen_name: str
    day1: date
    next_visit: date | None
    state: CourseState
    revision: int
    spoken_language: str
    interpreter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One recorded action. `stands`: not voided since; `recorded_at` in UTC.

    `to_tell`: a person has to tell the patient; `takes_dates`: before any mail does, since it took dates (scheduling
    rule 23); else because no mail goes to this patient.
    `to_phone`: it changed a date of the next 48 hours, and nobody has phoned; `neutral_at`: when a neutral notice was
    let go.
    """

    number: int
    action: Action
    by: str
    recorded_at: datetime
    stands: bool
    patient_told: bool
    to_tell: bool
    takes_dates: bool
    to_phone: bool
    neutral_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRecord:
    """A course at one revision: its history up to there, its plan, and its events by key (the gone ones too).

    `facts`: what the patient speaks, whether an interpreter is needed, and the guardian of a minor, as of now.
    """

    id: UUID
    patient: str
    email: str | None
    consent: bool
    language: str
    patient_zone: str
    course: Course
    regimen: Regimen
    actions: tuple[Action, ...]
    entries: tuple[HistoryEntry, ...]
    plan: Plan
    revision: int
    recorded_at: datetime
    state: CourseState
    stamped: dict[str, StampedEvent]
    facts: PatientFacts


def list_courses(app: "App", clinic_id: int = HOME_CLINIC) -> tuple[CourseLine, ...]:
    """The clinic's courses, the newest first."""
    with reading(app.engine) as session:
        found = store.course_summaries(session, clinic_id)
    return tuple(map(line_of, found))


def line_of(found: CourseSummary) -> CourseLine:
    """The course as a line of a list."""
    return CourseLine(
        id=found.id,
        patient=found.patient,
        regimen_name=found.regimen_name,
        day1=found.day1,
        next_visit=found.next_visit,
        state=CourseState(found.state),
        revision=found.revision,
        spoken_language=found.spoken_language,
        interpreter=found.interpreter,
    )


def load_course(
    app: "App", course_id: UUID, revision: int | None = None, *, clinic_id: int = HOME_CLINIC
) -> CourseRecord:
    """The course at that revision, else the current one; NotFound when the course, or the revision, isn't there."""
    with reading(app.engine) as session:
        return record_of(session, load(app, session, clinic_id, course_id), revision)


def record_of(session: Session, loaded: LoadedCourse, revision: int | None = None) -> CourseRecord:
    """What `load_course` gives, of a course that was read in this session."""
    told = {each.number: each for each in store.revisions_of(session, loaded.stored)}
    facts = facts_in(session, loaded.stored)
    current, course_id = loaded.stored.revision, loaded.stored.course.id
    if revision is not None and not 0 <= revision <= current:
        raise NotFound(f"course {course_id}: there is no revision {revision}; it has 0 to {current}")
    return _record(loaded, current if revision is None else revision, told, facts)


def newer_version(app: "App", course_id: UUID, *, reason: str = "", clinic_id: int = HOME_CLINIC) -> RegimenChange:
    """The action that moves the course to the newest version of its regimen; InvalidValue when it follows that."""
    with reading(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id)
    follows, newest = loaded.plan().regimen, loaded.rules.newest
    if newest is None or newest.version == follows.version:
        raise InvalidValue(f"course {course_id}: {follows.id} has no newer version than {follows.version}")
    return RegimenChange(version=newest.version, reason=reason)


# ---------------------------------------------------------------------------------------------------------------------


def _record(loaded: LoadedCourse, revision: int, told: dict[int, StoredRevision], facts: PatientFacts) -> CourseRecord:
    stored = loaded.stored
    plan = loaded.plan(revision)
    return CourseRecord(
        id=stored.course.id,
        patient=stored.patient,
        email=stored.email,
        consent=stored.consent,
        language=stored.language,
        patient_zone=stored.patient_zone,
        course=stored.course,
        regimen=loaded.regimen,
        actions=tuple(each.action for each in loaded.actions[:revision]),
        entries=tuple(_entry(each, plan, told[each.number]) for each in loaded.actions[:revision]),
        plan=plan,
        revision=revision,
        recorded_at=loaded.recorded_at(revision),
        state=state_of(plan),
        stamped=loaded.stamped if revision == stored.revision else _stamped_at(loaded, revision),
        facts=facts,
    )


def _entry(stored: StoredAction, plan: Plan, revision: StoredRevision) -> HistoryEntry:
    return HistoryEntry(
        number=stored.number,
        action=stored.action,
        by=stored.by,
        recorded_at=stored.recorded_at,
        stands=plan.actions[stored.number - 1].stands,
        patient_told=revision.patient_told,
        to_tell=revision.to_tell,
        takes_dates=revision.takes_dates,
        to_phone=revision.to_phone,
        neutral_at=revision.neutral_at,
    )


def _stamped_at(loaded: LoadedCourse, revision: int) -> dict[str, StampedEvent]:
    """The events as they stood then: stamps follow from what was recorded when."""
    stamped: dict[str, StampedEvent] = {}
    for number in range(revision + 1):
        plan = loaded.plan(number)
        stamped = restamp(stamped, events(plan), plan, at=loaded.recorded_at(number))
    return stamped
