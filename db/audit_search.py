"""Looking through a clinic's audit: filtered, the newest first, a part at a time by the key's index."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from db.rows import audit_from_row
from db.search import sought
from db.stored import StoredAudit
from db.tables import AuditRow, CourseRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What is looked for; None: anything. From `since` up to, and without, `until`; `patient`: part of a name."""

    by: str | None = None
    what: Collection[str] | None = None
    course_id: UUID | None = None
    patient: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAudit:
    """An entry with its place in the table, the seal, and the patient whose course it is about."""

    id: int
    entry: StoredAudit
    seal: str | None
    patient: str | None


def find_audit(
    session: Session, clinic_id: int, wanted: AuditFilter, *, limit: int, before: int | None = None
) -> tuple[FoundAudit, ...]:
    """The clinic's newest entries that the filter lets through, of those before that place; one query."""
    course = (col(CourseRow.id) == AuditRow.course_id) & (col(CourseRow.clinic_id) == AuditRow.clinic_id)
    query = select(AuditRow, CourseRow.patient).join(CourseRow, course, isouter=True)
    query = query.where(AuditRow.clinic_id == clinic_id)
    if before is not None:
        query = query.where(col(AuditRow.id) < before)
    if wanted.by is not None:
        query = query.where(AuditRow.by == wanted.by)
    if wanted.what is not None:
        query = query.where(col(AuditRow.what).in_(sorted(wanted.what)))
    if wanted.course_id is not None:
        query = query.where(AuditRow.course_id == wanted.course_id)
    for word in sought(wanted.patient or "").split():
        query = query.where(col(CourseRow.sought).contains(word, autoescape=True))
    if wanted.since is not None:
        query = query.where(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditRow.at < wanted.until)
    rows = session.exec(query.order_by(col(AuditRow.id).desc()).limit(limit))
    return tuple(
        FoundAudit(id=row.id or 0, entry=audit_from_row(row), seal=row.seal, patient=patient) for row, patient in rows
    )


def newest_audit(session: Session, clinic_id: int) -> int:
    """The place of the clinic's newest entry; 0 when there is none."""
    return session.exec(select(func.max(AuditRow.id)).where(AuditRow.clinic_id == clinic_id)).one() or 0
