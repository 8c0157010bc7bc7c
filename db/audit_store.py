"""The record of who did what: appended, each entry sealed with a key and the seal of the one before."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from db.rows import audit_from_row
from db.store import Conflict
from db.stored import StoredAudit
from db.tables import AuditHeadRow, AuditRow

SEALING_KEY = "infusions_audit_key"  # what an engine carries it under, as a function that gives it


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The newest sealed entry of a clinic: its number from 1 (0: none yet) and its seal."""

    number: int
    seal: str


def add_audit(session: Session, clinic_id: int, entry: StoredAudit) -> None:
    """Appends to the record of who did what; sealed when the engine carries a key.

    The clinic's other writers wait from here to the end of the transaction, so that each entry has one before it.
    Conflict when the same request has appended one at this moment.
    """
    row = AuditRow(
        clinic_id=clinic_id,
        at=entry.at,
        by=entry.by,
        what=entry.what,
        course_id=entry.course_id,
        detail=entry.detail,
        origin=entry.origin,
        request_id=entry.request_id,
        request_digest=entry.request_digest,
    )
    key: Callable[[], bytes] | None = session.connection().get_execution_options().get(SEALING_KEY)
    if key is not None:
        _seal(session, row, key())
    session.add(row)
    if row.request_id is not None:
        _flush(session)


def find_deed(session: Session, clinic_id: int, request_id: str) -> StoredAudit | None:
    """The deed that the request of that id did, or None."""
    query = select(AuditRow).where(AuditRow.clinic_id == clinic_id, AuditRow.request_id == request_id)
    found = session.exec(query).first()
    return audit_from_row(found) if found else None


def audit_of(session: Session, clinic_id: int, course_id: UUID | None = None) -> tuple[StoredAudit, ...]:
    """The clinic's record, or what of it concerns one course, the oldest first."""
    query = select(AuditRow).where(AuditRow.clinic_id == clinic_id).order_by(col(AuditRow.id))
    if course_id is not None:
        query = query.where(AuditRow.course_id == course_id)
    return tuple(audit_from_row(row) for row in session.exec(query))


def audit_head(session: Session, clinic_id: int) -> AuditHead:
    """The newest sealed entry of the clinic."""
    row = session.get(AuditHeadRow, clinic_id)
    return AuditHead(number=row.number, seal=row.seal) if row else AuditHead(number=0, seal="")


def audit_faults(session: Session, clinic_id: int, key: bytes) -> Iterator[str]:
    """A sentence for each place where the clinic's record is not as it was written; none when it is whole.

    Entries from before sealing began come first and are not looked at.
    """
    query = select(AuditRow).where(AuditRow.clinic_id == clinic_id).order_by(col(AuditRow.id))
    expected, before = 1, ""
    for row in session.exec(query).yield_per(1000):
        if row.number is None or row.seal is None:
            if expected > 1:
                yield f"an entry without a seal stands after entry {expected - 1}: it was put in, or its seal was taken"
            continue
        if row.number > expected:
            yield _missing(expected, row.number - 1)
        elif row.number < expected:
            yield f"entry {row.number} stands after entry {expected - 1}: entries were swapped or repeated"
        gap = row.number != expected
        if not gap and not hmac.compare_digest(_seal_of(row, before, key), row.seal):
            yield f"entry {row.number} is not as it was written"
        expected, before = row.number + 1, row.seal
    head = audit_head(session, clinic_id)
    if head.number >= expected:
        yield _missing(expected, head.number)
    elif (head.number, head.seal) != (expected - 1, before):
        yield "the note of the newest entry does not match it: it was changed, or entries were put in at the end"


# ---------------------------------------------------------------------------------------------------------------------


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict from error


def _seal(session: Session, row: AuditRow, key: bytes) -> None:
    query = select(AuditHeadRow).where(AuditHeadRow.clinic_id == row.clinic_id).with_for_update()
    head = session.exec(query).first()
    if head is None:
        head = AuditHeadRow(clinic_id=row.clinic_id, number=0, seal="")
    row.number = head.number + 1
    row.seal = _seal_of(row, head.seal, key)
    head.number, head.seal = row.number, row.seal
    session.add(head)
    session.flush()


def _seal_of(row: AuditRow, before: str, key: bytes) -> str:
    course = str(row.course_id) if row.course_id else None
    at = row.at.astimezone(UTC).isoformat()
    told = [row.clinic_id, row.number, at, row.by, row.what, course, row.detail, row.origin]
    told += [row.request_id, row.request_digest, before]
    plain = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()


def _missing(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
