"""The dated facts of courses, kept beside the plan that they follow from, and what was ticked of them.

Each function works within the session of one transaction; what concerns courses, within one clinic.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, or_, select, update

from db.rows import fact_from_row, fact_to_columns
from db.stored import StoredCourse, Ticked
from db.tables import CourseRow, DayFactRow, TickedRow
from scheduler.day_facts import DayFact


def save_facts(session: Session, course: StoredCourse, facts: Iterable[DayFact], mark: str) -> None:
    """Stores the course's facts in place of those that it had. `mark` tells what they were made by."""
    before = {fact.key: fact for fact in facts_of(session, course.clinic_id, course.course.id)}
    after = {fact.key: fact for fact in facts}
    changed = [key for key, fact in after.items() if before.get(key) != fact]
    connection = session.connection()
    if gone := [key for key in before if key not in after or key in set(changed)]:
        mine = delete(DayFactRow).where(col(DayFactRow.course_id) == course.course.id)
        connection.execute(mine.where(col(DayFactRow.key).in_(gone)))
    owner = {"clinic_id": course.clinic_id, "course_id": course.course.id}
    if changed:
        connection.execute(insert(DayFactRow), [owner | {"key": key} | fact_to_columns(after[key]) for key in changed])
    step = update(CourseRow).where(col(CourseRow.clinic_id) == course.clinic_id, col(CourseRow.id) == course.course.id)
    connection.execute(step.values(facts_by=mark))


def facts_of(session: Session, clinic_id: int, course_id: UUID) -> tuple[DayFact, ...]:
    """The course's facts, by key."""
    query = select(DayFactRow).where(DayFactRow.clinic_id == clinic_id, DayFactRow.course_id == course_id)
    found = (fact_from_row(row) for row in session.exec(query))
    return tuple(sorted(found, key=lambda fact: fact.key))  # databases sort texts each in their own way


def due_for_facts(session: Session, clinic_id: int, mark: str, limit: int) -> tuple[UUID, ...]:
    """The clinic's courses whose facts were made by something else than that mark; the next visits first."""
    query = select(CourseRow.id).where(CourseRow.clinic_id == clinic_id, _other(mark))
    query = query.order_by(col(CourseRow.next_visit).is_(None), col(CourseRow.next_visit), col(CourseRow.id))
    return tuple(session.exec(query.limit(limit)))


def count_due_for_facts(session: Session, mark: str, clinic_id: int) -> int:
    """How many courses of the clinic have facts that were made by something else than that mark."""
    query = select(func.count()).select_from(CourseRow).where(CourseRow.clinic_id == clinic_id, _other(mark))
    return session.exec(query).one()


def set_tick(
    session: Session, course: StoredCourse, refs: Collection[str], *, by: str, at: datetime | None
) -> tuple[str, ...]:
    """Ticks those, or takes the ticks back (`at` None); gives the ones that were not so before.

    Who ticked first stays. The course must be locked by the caller.
    """
    known = ticks_of(session, course.clinic_id, [course.course.id])
    changed = [ref for ref in refs if ((course.course.id, ref) in known) is (at is None)]
    dialect = sqlite if session.connection().dialect.name == "sqlite" else postgresql
    for ref in changed:
        step = dialect.insert(TickedRow).values(
            clinic_id=course.clinic_id, course_id=course.course.id, ref=ref, at=at, by=by
        )
        session.connection().execute(
            step.on_conflict_do_update(index_elements=["course_id", "ref"], set_={"at": at, "by": by})
        )
    return tuple(changed)


def ticks_of(session: Session, clinic_id: int, courses: Collection[UUID]) -> dict[tuple[UUID, str], Ticked]:
    """What is ticked of these courses."""
    query = select(TickedRow).where(TickedRow.clinic_id == clinic_id, col(TickedRow.course_id).in_(courses))
    rows = session.exec(query.where(col(TickedRow.at).is_not(None)).execution_options(populate_existing=True))
    return {(row.course_id, row.ref): Ticked(at=row.at, by=row.by) for row in rows if row.at is not None}


# ---------------------------------------------------------------------------------------------------------------------


def _other(mark: str) -> ColumnElement[bool]:
    # As two ranges, so that the index finds the few that differ.
    return or_(col(CourseRow.facts_by) < mark, col(CourseRow.facts_by) > mark)
