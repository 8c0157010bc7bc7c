"""What the admins of clinics have set, in the database: appended, the newest revision of a clinic holds."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, distinct
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, or_, select

from db.outbox_store import CHANGE
from db.store import Conflict
from db.stored import StoredSettings
from db.tables import ClinicRow, ClinicSettingsRow, CourseRow, DayFactRow, FeedRow, OutboxRow, PrintRow
from scheduler.day_facts import FactKind


def settings_revision(session: Session, clinic_id: int) -> int:
    """The number of the clinic's newest settings; 0 while nobody has set anything. One read of an index."""
    query = select(func.max(ClinicSettingsRow.revision)).where(ClinicSettingsRow.clinic_id == clinic_id)
    return session.exec(query).one() or 0


def settings_at(session: Session, clinic_id: int, revision: int) -> StoredSettings | None:
    """What the clinic's admin had set at that revision."""
    row = session.get(ClinicSettingsRow, (clinic_id, revision))
    return _from_row(row) if row else None


def settings_history(session: Session, clinic_id: int) -> tuple[StoredSettings, ...]:
    """All revisions of the clinic's settings, the oldest first."""
    query = select(ClinicSettingsRow).where(ClinicSettingsRow.clinic_id == clinic_id)
    return tuple(_from_row(row) for row in session.exec(query.order_by(col(ClinicSettingsRow.revision))))


def add_settings(session: Session, clinic_id: int, settings: StoredSettings) -> None:
    """Stores the next revision; Conflict when somebody else has just stored the same one."""
    row = ClinicSettingsRow(
        clinic_id=clinic_id,
        revision=settings.revision,
        own=dict(settings.own),
        changed_at=settings.changed_at,
        changed_by=settings.changed_by,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict from error


def clinic_ids(session: Session) -> tuple[int, ...]:
    """The numbers of all clinics."""
    return tuple(id_ for id_ in session.exec(select(ClinicRow.id).order_by(col(ClinicRow.id))) if id_ is not None)


def visit_days(session: Session, clinic_id: int, today: date) -> tuple[date, ...]:
    """The dates from `today` on at which the clinic expects patients for infusions, each once; by an index."""
    query = select(col(DayFactRow.first_day)).where(*_visits(clinic_id), col(DayFactRow.first_day) >= today).distinct()
    return tuple(sorted(session.exec(query)))


def count_courses_on(session: Session, clinic_id: int, days: Collection[date]) -> int:
    """How many courses of the clinic have a visit on one of these dates."""
    if not days:
        return 0
    listed = col(DayFactRow.first_day).in_(sorted(days))
    return session.exec(
        select(func.count(distinct(col(DayFactRow.course_id)))).where(*_visits(clinic_id), listed)
    ).one()


def count_running(session: Session, clinic_id: int, today: date) -> int:
    """How many courses of the clinic have a visit ahead."""
    query = select(func.count()).where(CourseRow.clinic_id == clinic_id, col(CourseRow.next_visit) >= today)
    return session.exec(query).one()


def count_feeds(session: Session, clinic_id: int, now: datetime) -> int:
    """How many calendars of the clinic are in use."""
    query = select(func.count()).where(FeedRow.clinic_id == clinic_id, col(FeedRow.revoked_at).is_(None))
    lives = or_(col(FeedRow.expires_at).is_(None), col(FeedRow.expires_at) > now)
    return session.exec(query.where(lives)).one()


def count_prints(session: Session, clinic_id: int) -> int:
    """How many printed sheets of the clinic still tell behind their code whether they hold."""
    query = select(func.count()).where(PrintRow.clinic_id == clinic_id, col(PrintRow.revoked_at).is_(None))
    return session.exec(query).one()


def count_reminders(session: Session, clinic_id: int) -> int:
    """How many reminders of the clinic wait to be sent."""
    waits = (col(OutboxRow.settled_at).is_(None), col(OutboxRow.kind) != CHANGE)
    return session.exec(select(func.count()).where(OutboxRow.clinic_id == clinic_id, *waits)).one()


# ---------------------------------------------------------------------------------------------------------------------


def _from_row(row: ClinicSettingsRow) -> StoredSettings:
    return StoredSettings(
        revision=row.revision, own=dict(row.own), changed_at=row.changed_at, changed_by=row.changed_by
    )


def _visits(clinic_id: int) -> tuple[ColumnElement[bool], ...]:
    return (col(DayFactRow.clinic_id) == clinic_id, col(DayFactRow.kind) == FactKind.VISIT.value)
