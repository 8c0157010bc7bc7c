"""Messages that did not go in time: closed where they may go no more, else put into a later day's mail.

Like the claims these are the queue's own functions: they work for every clinic, and show nothing of it to anybody.
"""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Update, func
from sqlmodel import Session, col, select, update

from db.outbox_claims import ready
from db.outbox_store import APART, State
from db.tables import CourseRow, OutboxRow, RecipientRow


def expire(session: Session, now: datetime, outcome: str) -> tuple[tuple[int, UUID], ...]:
    """Closes what waits and may not go any more; the ids of the messages, with their courses. Staff see them on their
    worklist."""
    late = (
        col(OutboxRow.settled_at).is_(None),
        col(OutboxRow.state).in_([State.WAITING.value, State.UNTOLD.value]),
        col(OutboxRow.send_after) <= now,
        col(OutboxRow.send_before) <= now,
    )
    step = _free_update(*late).values(state=State.EXPIRED.value, settled_at=now, outcome=outcome)
    found = session.connection().execute(step.returning(col(OutboxRow.id), col(OutboxRow.course_id)))
    return tuple((id_, course_id) for id_, course_id in found if id_ is not None)


class LateDay(NamedTuple):
    """A date on which scheduled messages of a clinic to readers in that zone should have gone."""

    clinic_id: int
    zone: str
    day: date


def late_days(session: Session, now: datetime) -> tuple[LateDay, ...]:
    """The clinics, zones and dates of scheduled messages that are due, as they were meant to go."""
    asked = select(col(OutboxRow.clinic_id), _zone(), col(OutboxRow.group_date))
    query = _zoned(asked).where(ready(OutboxRow, now), _regroups()).distinct()
    return tuple(LateDay(*found) for found in session.exec(query))


def move_day(session: Session, late_day: LateDay, *, to: date, at: datetime, now: datetime) -> int:
    """Puts what should have gone on that day to `to`, so that it goes in that day's mail: at `at`, or now if that is
    past or too late; how many messages."""
    clinic_id, zone, day = late_day
    of_zone = _zoned(select(OutboxRow.id)).where(ready(OutboxRow, now), _regroups(), _zone() == zone)
    late = (
        col(OutboxRow.clinic_id) == clinic_id,
        ready(OutboxRow, now),
        _regroups(),
        col(OutboxRow.group_date) == day,
        col(OutboxRow.id).in_(of_zone),
    )
    moved = 0
    if at > now:
        moved = _update_free(session, *late, col(OutboxRow.send_before) > at, group_date=to, send_after=at)
    return moved + _update_free(session, *late, group_date=to)


# ---------------------------------------------------------------------------------------------------------------------


def _zone() -> ColumnElement[str]:
    """The zone of a message's recipient: a carer's own, else the patient's."""
    return func.coalesce(RecipientRow.zone, CourseRow.patient_zone)


def _zoned(query: Any) -> Any:
    """The query over messages, with what `_zone` needs."""
    course = (col(CourseRow.id) == OutboxRow.course_id) & (col(CourseRow.clinic_id) == OutboxRow.clinic_id)
    carer = (
        (col(RecipientRow.course_id) == OutboxRow.course_id)
        & (col(RecipientRow.role) == OutboxRow.recipient)
        & (col(RecipientRow.zone) != "")
    )
    return query.select_from(OutboxRow).join(CourseRow, course).join(RecipientRow, carer, isouter=True)


def _update_free(session: Session, *conditions: ColumnElement[bool], **values: object) -> int:
    step = _free_update(*conditions).values(**values)
    # Counted by what comes back: SQLite's driver counts no rows of a statement that begins like this one.
    return len(session.connection().execute(step.returning(col(OutboxRow.id))).all())


def _free_update(*conditions: ColumnElement[bool]) -> Update:
    """Of the rows that nobody else is changing at this moment: waiting for them could deadlock with an action of staff,
    and the next pass finds them. They are joined for the reason that `claim` has."""
    free = select(OutboxRow.id).where(*conditions).with_for_update(skip_locked=True).cte("free")
    return update(OutboxRow).where(col(OutboxRow.id) == free.c.id)


def _regroups() -> ColumnElement[bool]:
    """Scheduled messages that were never left without an answer: they may join another mail."""
    return col(OutboxRow.kind).not_in(APART) & col(OutboxRow.message_id).is_(None)
