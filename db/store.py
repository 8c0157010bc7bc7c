"""Courses in the database. Each function works within the session of one transaction and within one clinic."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, or_, select, update

from db.rows import (
    action_from_row,
    action_to_row,
    course_from_row,
    course_to_row,
    event_from_row,
    event_to_row,
    regimen_from_row,
    regimen_to_row,
    revision_from_row,
    revision_to_row,
)
from db.search import same_address
from db.stored import (
    CourseSummary,
    StoredAction,
    StoredCourse,
    StoredRegimen,
    StoredRevision,
)
from db.tables import ActionRow, CourseRow, EventRow, RegimenContentRow, RevisionRow
from scheduler.events import StampedEvent


class Conflict(Exception):
    """Another transaction stored the same revision, request id or course first; nothing of this one is kept."""


def keep_regimen(session: Session, regimen: StoredRegimen) -> None:
    """Stores the content unless it is there already."""
    insert = sqlite.insert if session.connection().dialect.name == "sqlite" else postgresql.insert
    values = regimen_to_row(regimen).model_dump()
    session.connection().execute(insert(RegimenContentRow).values(**values).on_conflict_do_nothing())


def regimens_of(session: Session, course: StoredCourse) -> tuple[StoredRegimen, ...]:
    """The contents that the course moved to, in the order of the actions that did it."""
    query = (
        select(RegimenContentRow)
        .join(ActionRow, col(ActionRow.regimen_digest) == RegimenContentRow.digest)
        .where(ActionRow.clinic_id == course.clinic_id, ActionRow.course_id == course.course.id)
        .order_by(col(ActionRow.number))
    )
    return tuple(regimen_from_row(row) for row in session.exec(query))


def add_course(session: Session, stored: StoredCourse) -> None:
    """Stores a new course and its regimen's content; Conflict when its id is taken."""
    keep_regimen(session, stored.regimen)
    session.add(course_to_row(stored))
    _flush(session)


def followers_of(session: Session, clinic_id: int, course_id: UUID) -> tuple[UUID, ...]:
    """The courses that go on from that one, in the order in which they were started."""
    query = select(CourseRow.id).where(CourseRow.clinic_id == clinic_id, CourseRow.follows_id == course_id)
    return tuple(session.exec(query.order_by(col(CourseRow.created_at), col(CourseRow.id))))


def has_course(session: Session, clinic_id: int, course_id: UUID) -> bool:
    """Whether the clinic has that course."""
    query = select(CourseRow.id).where(CourseRow.clinic_id == clinic_id, CourseRow.id == course_id)
    return session.exec(query).first() is not None


def known_courses(session: Session, clinic_id: int) -> dict[UUID, tuple[str, str, str]]:
    """Regimen, patient and first day (as it was planned) of all the clinic's courses."""
    query = select(CourseRow.id, CourseRow.regimen_id, CourseRow.patient, CourseRow.fields)
    found = session.exec(query.where(CourseRow.clinic_id == clinic_id).order_by(col(CourseRow.created_at).desc()))
    return {id_: (regimen, patient, fields["day1"]) for id_, regimen, patient, fields in found}


def find_course(session: Session, clinic_id: int, course_id: UUID, *, to_change: bool = False) -> StoredCourse | None:
    """The course, or None when the clinic has none of that id. `to_change` makes other writers of it wait."""
    query = (
        select(CourseRow, RegimenContentRow)
        .join(RegimenContentRow, col(RegimenContentRow.digest) == CourseRow.regimen_digest)
        .where(CourseRow.clinic_id == clinic_id, CourseRow.id == course_id)
    )
    if to_change:  # PostgreSQL; on SQLite the transaction itself has the write lock
        query = query.with_for_update(of=CourseRow, key_share=True)
    found = session.exec(query).first()
    return course_from_row(*found) if found else None


def course_ids(session: Session, clinic_id: int) -> dict[UUID, UUID | None]:
    """The clinic's courses, the oldest first, each with the one that it goes on from."""
    query = select(CourseRow.id, CourseRow.follows_id).where(CourseRow.clinic_id == clinic_id)
    return dict(session.exec(query.order_by(col(CourseRow.created_at), col(CourseRow.id))).all())


def courses_of_many(session: Session, clinic_id: int, ids: Collection[UUID]) -> dict[UUID, StoredCourse]:
    """Those courses of the clinic, by id."""
    query = (
        select(CourseRow, RegimenContentRow)
        .join(RegimenContentRow, col(RegimenContentRow.digest) == CourseRow.regimen_digest)
        .where(CourseRow.clinic_id == clinic_id, col(CourseRow.id).in_(ids))
    )
    return {row.id: course_from_row(row, regimen) for row, regimen in session.exec(query)}


def actions_of_many(session: Session, clinic_id: int, ids: Collection[UUID]) -> dict[UUID, tuple[StoredAction, ...]]:
    """The actions of those courses, by course, in the order of their numbers."""
    query = select(ActionRow).where(ActionRow.clinic_id == clinic_id, col(ActionRow.course_id).in_(ids))
    found: dict[UUID, list[StoredAction]] = {}
    for row in session.exec(query.order_by(col(ActionRow.number))):
        found.setdefault(row.course_id, []).append(action_from_row(row))
    return {id_: tuple(actions) for id_, actions in found.items()}


def advance_course(session: Session, course: StoredCourse) -> None:
    """Moves the course on to its revision; Conflict when it isn't at the one before."""
    step = (
        update(CourseRow)
        .where(col(CourseRow.clinic_id) == course.clinic_id, col(CourseRow.id) == course.course.id)
        .where(col(CourseRow.revision) == course.revision - 1)
        .values(
            revision=course.revision,
            day1=course.day1,
            next_visit=course.next_visit,
            state=course.state,
            stop_cause=course.stop_cause,
        )
    )
    if session.connection().execute(step).rowcount != 1:
        raise Conflict


def add_action(session: Session, course: StoredCourse, stored: StoredAction) -> None:
    """Appends an action; Conflict when its number is taken."""
    session.add(action_to_row(stored, course.clinic_id, course.course.id))
    _flush(session)


def actions_of(session: Session, course: StoredCourse) -> tuple[StoredAction, ...]:
    """The course's actions in the order of their numbers."""
    query = (
        select(ActionRow)
        .where(ActionRow.clinic_id == course.clinic_id, ActionRow.course_id == course.course.id)
        .order_by(col(ActionRow.number))
    )
    return tuple(action_from_row(row) for row in session.exec(query))


def add_revision(session: Session, clinic_id: int, stored: StoredRevision) -> None:
    """Appends a revision; Conflict when its number, or its request id, is taken."""
    session.add(revision_to_row(stored, clinic_id))
    _flush(session)


def revisions_of(session: Session, course: StoredCourse) -> tuple[StoredRevision, ...]:
    """The course's revisions from 0, its start, on."""
    query = (
        select(RevisionRow)
        .where(RevisionRow.clinic_id == course.clinic_id, RevisionRow.course_id == course.course.id)
        .order_by(col(RevisionRow.number))
    )
    return tuple(revision_from_row(row) for row in session.exec(query))


def find_request(session: Session, clinic_id: int, request_id: str) -> StoredRevision | None:
    """The revision that the request of that id made, or None."""
    query = select(RevisionRow).where(RevisionRow.clinic_id == clinic_id, RevisionRow.request_id == request_id)
    found = session.exec(query).first()
    return revision_from_row(found) if found else None


def mark_told(session: Session, course: StoredCourse, revision: int) -> bool:
    """Notes that the patient has been told of that revision; False when that was noted before."""
    step = (
        update(RevisionRow)
        .where(col(RevisionRow.clinic_id) == course.clinic_id, col(RevisionRow.course_id) == course.course.id)
        .where(col(RevisionRow.number) == revision, col(RevisionRow.patient_told).is_(False))
        .values(patient_told=True, to_tell=False, to_phone=False)
    )
    return session.connection().execute(step).rowcount == 1


def mark_phoned(session: Session, course: StoredCourse, revision: int, now: datetime) -> bool:
    """Notes that the patient was phoned about that revision; False when nobody had to."""
    step = _revisions(course).where(col(RevisionRow.number) == revision, col(RevisionRow.to_phone))
    return session.connection().execute(step.values(to_phone=False, phoned_at=now)).rowcount == 1


def mark_neutral(session: Session, course: StoredCourse, upto: int, now: datetime) -> None:
    """Notes that a neutral notice goes of what the patient has to be told of, up to and with that revision."""
    step = _revisions(course).where(col(RevisionRow.number) <= upto, col(RevisionRow.to_tell))
    session.connection().execute(step.where(col(RevisionRow.neutral_at).is_(None)).values(neutral_at=now))


def set_to_tell(session: Session, course: StoredCourse, numbers: Collection[int]) -> None:
    """Of the revisions that the patient wasn't told of: of these that took dates, or that only a person tells, the
    patient is to be told, about those that changed a near date somebody is to phone, and about the others not."""
    stands = col(RevisionRow.number).in_(numbers)
    step = _revisions(course).where(~col(RevisionRow.patient_told))
    for_a_person = or_(col(RevisionRow.takes_dates), col(RevisionRow.to_tell))
    session.connection().execute(step.where(for_a_person).values(to_tell=stands))
    unphoned = step.where(col(RevisionRow.near), col(RevisionRow.phoned_at).is_(None))
    session.connection().execute(unphoned.values(to_phone=stands))


def due_for_settings(session: Session, clinic_id: int, mark: str, limit: int) -> tuple[UUID, ...]:
    """The clinic's courses that follow other settings than those of that mark; the next visits first."""
    query = select(CourseRow.id).where(CourseRow.clinic_id == clinic_id, _follows_other(mark))
    query = query.order_by(col(CourseRow.next_visit).is_(None), col(CourseRow.next_visit), col(CourseRow.id))
    return tuple(session.exec(query.limit(limit)))


def count_due_for_settings(session: Session, clinic_id: int, mark: str) -> int:
    """How many of them there are."""
    query = select(func.count()).select_from(CourseRow).where(CourseRow.clinic_id == clinic_id, _follows_other(mark))
    return session.exec(query).one()


def set_mails_by(session: Session, course: StoredCourse, mark: str) -> None:
    """Notes which settings the course's mails and times follow."""
    session.connection().execute(_this(course).values(mails_by=mark))


def set_contact(session: Session, course: StoredCourse) -> None:
    """Stores where and how the patient gets mails."""
    names = ("email", "consent", "language", "patient_zone")
    values = {name: getattr(course, name) for name in names}
    session.connection().execute(_this(course).values(values | {"mail_key": same_address(course.email or "")}))


def set_speech(session: Session, course: StoredCourse) -> None:
    """Stores what the patient speaks, and whether an interpreter is needed."""
    session.connection().execute(
        _this(course).values(spoken_language=course.spoken_language, interpreter=course.interpreter)
    )


def set_paused(session: Session, course: StoredCourse, *, paused: bool) -> None:
    """Whether the course's mails are paused."""
    session.connection().execute(_this(course).values(mails_paused=paused))


def set_overdue_handled(session: Session, course: StoredCourse) -> None:
    """Notes that staff have dealt with the next visit, which is overdue."""
    session.connection().execute(_this(course).values(overdue_handled=course.next_visit))


def events_of(session: Session, course: StoredCourse) -> dict[str, StampedEvent]:
    """The course's events by key, those that left the plan included."""
    query = select(EventRow).where(EventRow.clinic_id == course.clinic_id, EventRow.course_id == course.course.id)
    return {row.key: event_from_row(row) for row in session.exec(query.order_by(col(EventRow.key)))}


def save_events(
    session: Session,
    course: StoredCourse,
    before: Mapping[str, StampedEvent],
    after: Mapping[str, StampedEvent],
) -> None:
    """Stores what differs between `before`, as events_of gave it, and `after`."""
    for key, stamped in after.items():
        if before.get(key) != stamped:
            session.merge(event_to_row(stamped, course.clinic_id, course.course.id))
    session.flush()


def course_summaries(session: Session, clinic_id: int) -> tuple[CourseSummary, ...]:
    """The clinic's courses, the newest first."""
    query = (
        select(CourseRow, RegimenContentRow.name)
        .join(RegimenContentRow, col(RegimenContentRow.digest) == CourseRow.regimen_digest)
        .where(CourseRow.clinic_id == clinic_id)
        .order_by(col(CourseRow.created_at).desc(), col(CourseRow.id))
    )
    return tuple(summary_of(row, name) for row, name in session.exec(query))


def summary_of(row: CourseRow, regimen_name: str) -> CourseSummary:
    """The line of a course."""
    return CourseSummary(
        id=row.id,
        patient=row.patient,
        regimen_name=regimen_name,
        day1=row.day1,
        next_visit=row.next_visit,
        state=row.state,
        revision=row.revision,
        spoken_language=row.spoken_language,
        interpreter=row.interpreter,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _follows_other(mark: str) -> ColumnElement[bool]:
    return or_(col(CourseRow.mails_by) < mark, col(CourseRow.mails_by) > mark)


def _this(course: StoredCourse) -> Update:
    return update(CourseRow).where(col(CourseRow.clinic_id) == course.clinic_id, col(CourseRow.id) == course.course.id)


def _revisions(course: StoredCourse) -> Update:
    return update(RevisionRow).where(
        col(RevisionRow.clinic_id) == course.clinic_id, col(RevisionRow.course_id) == course.course.id
    )


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict from error
