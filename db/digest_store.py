"""The morning's mail to staff: what it tells of, and one row for each clinic, date and address: it goes once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, or_, select, update

from db.rows import event_from_row
from db.tables import DigestRow, EventRow
from scheduler.events import Event


class DigestState(StrEnum):
    """Where a day's mail to an address stands: it goes, or is tried again, until it is sent or given up."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestKey:
    """Which mail: the clinic, the date there, and the address."""

    clinic_id: int
    day: date
    address: str


def is_open(session: Session, key: DigestKey, now: datetime) -> bool:
    """Whether the mail is neither settled nor, at `now`, in anybody's hands."""
    row = session.get(DigestRow, (key.clinic_id, key.day, key.address))
    return row is None or (row.state == DigestState.WAITING and row.lease_until <= now)


def take(session: Session, key: DigestKey, *, now: datetime, lease_until: datetime) -> datetime | None:
    """Takes the mail until then; when it was first tried. None when it is settled, or another worker has it."""
    values: dict[str, Any] = {"clinic_id": key.clinic_id, "day": key.day, "address": key.address}
    values |= {"state": DigestState.WAITING.value, "first_tried_at": now, "lease_until": lease_until, "tries": 1}
    connection = session.connection()
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    added = insert(DigestRow).values(outcome="", **values).on_conflict_do_nothing().returning(DigestRow.day)
    if connection.execute(added).first() is not None:
        return now
    step = _one(key).where(col(DigestRow.state) == DigestState.WAITING.value, col(DigestRow.lease_until) <= now)
    if connection.execute(step.values(lease_until=lease_until, tries=DigestRow.tries + 1)).rowcount != 1:
        return None
    return session.get_one(DigestRow, (key.clinic_id, key.day, key.address), populate_existing=True).first_tried_at


def settle(session: Session, key: DigestKey, state: DigestState, outcome: str, *, again_at: datetime) -> None:
    """Notes what became of the mail; one that still waits is tried again at `again_at`."""
    session.connection().execute(_one(key).values(state=state.value, outcome=outcome, lease_until=again_at))


def events_on(session: Session, clinic_id: int, days: Collection[date]) -> tuple[tuple[UUID, Event], ...]:
    """The clinic's events that stand and start on one of these dates (as its clocks show them), with their courses."""
    start = col(EventRow.fields)["start"].as_string()
    query = select(EventRow).where(
        EventRow.clinic_id == clinic_id,
        col(EventRow.cancelled).is_(None),
        or_(*(start.startswith(day.isoformat()) for day in days)),
    )
    return tuple((row.course_id, event_from_row(row).event) for row in session.exec(query))


# ---------------------------------------------------------------------------------------------------------------------


def _one(key: DigestKey) -> Update:
    return update(DigestRow).where(
        col(DigestRow.clinic_id) == key.clinic_id,
        col(DigestRow.day) == key.day,
        col(DigestRow.address) == key.address,
    )
