"""Tables of courses that are being taken in, row by row. Each function works within one clinic but `forget_before`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import Session, col, or_, select, update

from db.tables import ImportBatchRow, ImportRowRow, JsonObject

NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBatch:
    """A table under way: whose, since when, and what is done with it."""

    id: UUID
    clinic_id: int
    by: str
    created_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """A row of it. `detail`: its faults, or what is shown of a good one; `key`, `reference`: as an import knows it."""

    number: int
    state: str
    cells: dict[str, str]
    surplus: int
    detail: JsonObject
    key: str
    reference: str
    course_id: UUID | None


def add_batch(session: Session, batch: StoredBatch, rows: Iterable[tuple[int, dict[str, str], int]]) -> None:
    """Stores a table with its rows: number, cells, and how many stand beyond the last column."""
    session.add(
        ImportBatchRow(
            id=batch.id, clinic_id=batch.clinic_id, by=batch.by, created_at=batch.created_at, state=batch.state
        )
    )
    session.flush()
    session.add_all(
        ImportRowRow(
            batch_id=batch.id,
            number=number,
            clinic_id=batch.clinic_id,
            state=NEW,
            cells=cells,
            surplus=surplus,
            detail={},
            key="",
            reference="",
        )
        for number, cells, surplus in rows
    )
    session.flush()


def find_batch(session: Session, clinic_id: int, batch_id: UUID) -> StoredBatch | None:
    """The table, or None when the clinic has none of that id."""
    query = select(ImportBatchRow).where(ImportBatchRow.clinic_id == clinic_id, ImportBatchRow.id == batch_id)
    found = session.exec(query).first()
    return _batch(found) if found is not None else None


def batches_of(session: Session, clinic_id: int) -> tuple[tuple[StoredBatch, dict[str, int]], ...]:
    """The clinic's tables, the newest first, with how many of their rows stand how."""
    query = select(ImportBatchRow).where(ImportBatchRow.clinic_id == clinic_id)
    batches = tuple(map(_batch, session.exec(query.order_by(col(ImportBatchRow.created_at).desc()))))
    counted = select(ImportRowRow.batch_id, ImportRowRow.state, func.count()).where(ImportRowRow.clinic_id == clinic_id)
    counts: dict[UUID, dict[str, int]] = {}
    for batch_id, state, number in session.exec(counted.group_by(col(ImportRowRow.batch_id), col(ImportRowRow.state))):
        counts.setdefault(batch_id, {})[state] = number
    return tuple((batch, counts.get(batch.id, {})) for batch in batches)


def waiting(session: Session, states: Iterable[str], now: datetime) -> tuple[StoredBatch, ...]:
    """The tables of all clinics in one of these states at which nobody works, the oldest first."""
    free = or_(col(ImportBatchRow.lease_until).is_(None), col(ImportBatchRow.lease_until) <= now)
    query = select(ImportBatchRow).where(col(ImportBatchRow.state).in_(list(states)), free)
    return tuple(map(_batch, session.exec(query.order_by(col(ImportBatchRow.created_at)))))


def move(session: Session, batch: StoredBatch, state: str) -> bool:
    """Takes the table from the state in which it was read to that one; False when somebody else did."""
    step = update(ImportBatchRow).where(col(ImportBatchRow.clinic_id) == batch.clinic_id)
    step = step.where(col(ImportBatchRow.id) == batch.id, col(ImportBatchRow.state) == batch.state)
    return session.connection().execute(step.values(state=state)).rowcount == 1


def claim(session: Session, batch: StoredBatch, now: datetime, until: datetime) -> bool:
    """Takes the table for work until that instant; False while somebody else has it."""
    free = or_(col(ImportBatchRow.lease_until).is_(None), col(ImportBatchRow.lease_until) <= now)
    step = update(ImportBatchRow).where(col(ImportBatchRow.clinic_id) == batch.clinic_id)
    step = step.where(col(ImportBatchRow.id) == batch.id, free)
    return session.connection().execute(step.values(lease_until=until)).rowcount == 1


def release(session: Session, batch: StoredBatch) -> None:
    """Gives it back."""
    step = update(ImportBatchRow).where(col(ImportBatchRow.clinic_id) == batch.clinic_id)
    session.connection().execute(step.where(col(ImportBatchRow.id) == batch.id).values(lease_until=None))


def counts(session: Session, batch: StoredBatch) -> dict[str, int]:
    """How many of its rows stand how."""
    query = select(ImportRowRow.state, func.count()).where(ImportRowRow.clinic_id == batch.clinic_id)
    return dict(session.exec(query.where(ImportRowRow.batch_id == batch.id).group_by(ImportRowRow.state)).all())


def rows_in(
    session: Session, batch: StoredBatch, state: str, *, after: int = 0, limit: int = 1_000_000
) -> tuple[StoredRow, ...]:
    """Its rows of that state below the row `after`, in their order."""
    query = select(ImportRowRow).where(ImportRowRow.clinic_id == batch.clinic_id, ImportRowRow.batch_id == batch.id)
    query = query.where(ImportRowRow.state == state, ImportRowRow.number > after)
    return tuple(map(_row, session.exec(query.order_by(col(ImportRowRow.number)).limit(limit))))


def row_of_course(session: Session, batch: StoredBatch, course_id: UUID) -> StoredRow | None:
    """The row that becomes that course."""
    query = select(ImportRowRow).where(ImportRowRow.clinic_id == batch.clinic_id, ImportRowRow.batch_id == batch.id)
    found = session.exec(query.where(ImportRowRow.course_id == course_id)).first()
    return _row(found) if found is not None else None


def marks(session: Session, batch: StoredBatch) -> tuple[tuple[int, str, str, UUID | None], ...]:
    """Of the rows that were checked: number, key, reference, course."""
    query = select(ImportRowRow.number, ImportRowRow.key, ImportRowRow.reference, ImportRowRow.course_id)
    query = query.where(ImportRowRow.clinic_id == batch.clinic_id, ImportRowRow.batch_id == batch.id)
    return tuple(session.exec(query.where(ImportRowRow.key != "").order_by(col(ImportRowRow.number))).all())


def set_row(session: Session, batch: StoredBatch, row: StoredRow) -> None:
    """Stores what became of a row."""
    step = update(ImportRowRow).where(
        col(ImportRowRow.clinic_id) == batch.clinic_id,
        col(ImportRowRow.batch_id) == batch.id,
        col(ImportRowRow.number) == row.number,
    )
    values = {name: getattr(row, name) for name in ("state", "cells", "detail", "key", "reference", "course_id")}
    session.connection().execute(step.values(**values))


def forget(session: Session, clinic_id: int, batch_id: UUID) -> None:
    """Takes the table and its rows away."""
    for table, name in ((ImportRowRow, "batch_id"), (ImportBatchRow, "id")):
        step = delete(table).where(col(table.clinic_id) == clinic_id, getattr(table, name) == batch_id)
        session.connection().execute(step)


def forget_before(session: Session, instant: datetime) -> None:
    """Takes away all tables from before that instant, of all clinics: what they hold is no record."""
    old = select(ImportBatchRow.id).where(col(ImportBatchRow.created_at) < instant)
    session.connection().execute(delete(ImportRowRow).where(col(ImportRowRow.batch_id).in_(old)))
    session.connection().execute(delete(ImportBatchRow).where(col(ImportBatchRow.created_at) < instant))


# ---------------------------------------------------------------------------------------------------------------------


def _batch(row: ImportBatchRow) -> StoredBatch:
    return StoredBatch(id=row.id, clinic_id=row.clinic_id, by=row.by, created_at=row.created_at, state=row.state)


def _row(row: ImportRowRow) -> StoredRow:
    names = ("number", "state", "cells", "surplus", "detail", "key", "reference", "course_id")
    return StoredRow(**{name: getattr(row, name) for name in names})
