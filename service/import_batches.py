"""Taking in a table from the browser: it is stored, checked in slices, and, once somebody says so, stored in slices.

Whoever looks at it does the next slice, and so does each pass of a worker, so it needs nobody who looks, and goes on
after a restart from where it stood. A course and that its row is stored are one transaction. What a table
holds is forgotten when its rows are stored, at the latest after a day.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from threading import Event as Flag
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from db import import_store
from db.engine import DatabaseUnavailable, Session, reading, writing
from db.import_store import StoredBatch, StoredRow
from db.store import Conflict
from scheduler.errors import InfusionsError
from scheduler.plan import Plan
from service import audit
from service.audit import What
from service.clock import stopwatch
from service.course_rows import CellFault
from service.csv_text import CsvRow
from service.importing import CheckedRow, Intake, RowState, check_row, known_courses, request_of, rows_of_file
from service.loading import NotFound
from service.starting import asked_of, start_in
from service.steps import Request, RequestReused

if TYPE_CHECKING:
    from service.wiring import App

SECONDS = 1.0  # of work before a page is shown
AT_ONCE = 20  # rows that are checked in one transaction
PASS_SECONDS = 20.0  # of work in a pass: the next mails must not wait for long
LEASE = timedelta(minutes=1)
KEPT = timedelta(days=1)
NEW, STORED = import_store.NEW, "stored"

log = logging.getLogger(__name__)


class BatchState(StrEnum):
    """What is done with a table."""

    CHECKING = "checking"
    CHECKED = "checked"
    STORING = "storing"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A table as it stands: how many of its rows are new (to be checked), good, there, refused, stored."""

    id: UUID
    state: BatchState
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """How many rows it has."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """How many rows the work under way has still to do."""
        return self.counts.get(NEW if self.state is BatchState.CHECKING else RowState.GOOD, 0)

    @property
    def at_work(self) -> bool:
        """Whether there is something to do without anybody's word."""
        return self.state in {BatchState.CHECKING, BatchState.STORING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A table in the list of those that are known: who sent it, and when."""

    batch: Batch
    by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row as the preview shows it: its faults, or of a good one who, with what, from when to when."""

    number: int
    faults: tuple[CellFault, ...]
    told: Mapping[str, str]
    first: date | None = None
    last: date | None = None


def upload(app: "App", data: bytes, *, by: str, clinic_id: int) -> UUID:
    """Stores the table to be checked; InvalidValue for one that can't be read. Older tables of all are forgotten."""
    rows, now = rows_of_file(data), app.now()
    batch = StoredBatch(id=uuid4(), clinic_id=clinic_id, by=by, created_at=now, state=BatchState.CHECKING.value)
    with writing(app.engine) as session:
        import_store.forget_before(session, now - KEPT)
        import_store.add_batch(session, batch, ((row.number, dict(row.cells), row.surplus) for row in rows))
    return batch.id


def look(app: "App", batch_id: UUID, *, clinic_id: int) -> Batch:
    """The table as it stands; NotFound when the clinic has none of that id."""
    with reading(app.engine) as session:
        found = _find(session, clinic_id, batch_id)
        return Batch(id=found.id, state=BatchState(found.state), counts=import_store.counts(session, found))


def batches(app: "App", *, clinic_id: int) -> tuple[Listed, ...]:
    """The clinic's tables of the last day, the newest first."""
    with reading(app.engine) as session:
        found = import_store.batches_of(session, clinic_id)
    return tuple(
        Listed(
            batch=Batch(id=stored.id, state=BatchState(stored.state), counts=counts),
            by=stored.by,
            created_at=stored.created_at,
        )
        for stored, counts in found
    )


def go_on(app: "App", *, seconds: float = PASS_SECONDS, stop: Flag | None = None) -> None:
    """Goes on with the tables of all clinics at which nobody works, the oldest first, for about so many seconds in all
    or until asked to `stop`. Any number may do so at once."""
    until = stopwatch() + seconds
    with reading(app.engine) as session:
        waiting = import_store.waiting(session, (BatchState.CHECKING, BatchState.STORING), app.now())
    for stored in waiting:
        if stopwatch() > until or (stop and stop.is_set()):
            return
        try:
            work(app, stored.id, clinic_id=stored.clinic_id, seconds=until - stopwatch(), stop=stop)
        except DatabaseUnavailable:
            raise
        except InfusionsError as error:  # no reason to leave the others
            values = {"action": "import_failed", "batch": str(stored.id)}
            log.warning("import %s can't go on: %s", stored.id, type(error).__name__, extra=values)


def work(app: "App", batch_id: UUID, *, clinic_id: int, seconds: float = SECONDS, stop: Flag | None = None) -> Batch:
    """Goes on with what is to be done, for about so many seconds, and gives the table as it stands then."""
    batch = look(app, batch_id, clinic_id=clinic_id)
    if not batch.at_work:
        return batch
    with writing(app.engine) as session:
        stored = _find(session, clinic_id, batch_id)
        if not import_store.claim(session, stored, app.now(), app.now() + LEASE):
            return batch  # somebody else is at it
    try:
        app, until = app.of(clinic_id), stopwatch() + seconds
        slices = _check(app, stored) if batch.state is BatchState.CHECKING else _store(app, stored)
        for _ in slices:
            if stopwatch() > until or (stop and stop.is_set()):
                break
    finally:
        with writing(app.engine) as session:
            import_store.release(session, stored)
    return look(app, batch_id, clinic_id=clinic_id)


def confirm(app: "App", batch_id: UUID, *, by: str, clinic_id: int) -> None:
    """Lets the good rows be stored. A second time changes nothing."""
    with writing(app.engine) as session:
        batch = _find(session, clinic_id, batch_id)
        if batch.state == BatchState.CHECKED and import_store.move(session, batch, BatchState.STORING.value):
            good = import_store.counts(session, batch).get(RowState.GOOD, 0)
            audit.note(session, What.IMPORT_CONFIRMED, clinic_id=clinic_id, by=by, at=app.now(), courses=good)


def drop(app: "App", batch_id: UUID, *, clinic_id: int) -> None:
    """Stores nothing and forgets the table, unless it is being stored."""
    with writing(app.engine) as session:
        batch = _find(session, clinic_id, batch_id)
        if batch.state != BatchState.STORING:
            import_store.forget(session, clinic_id, batch_id)


def shown_rows(
    app: "App", batch_id: UUID, state: str, *, clinic_id: int, after: int = 0, limit: int
) -> tuple[ShownRow, ...]:
    """Rows of that state as the preview shows them, those below the row `after`."""
    with reading(app.engine) as session:
        batch = _find(session, clinic_id, batch_id)
        rows = import_store.rows_in(session, batch, state, after=after, limit=limit)
    return tuple(_shown(row) for row in rows)


def forget_old(app: "App", now: datetime) -> None:
    """Forgets the tables that nobody dealt with within a day."""
    with writing(app.engine) as session:
        import_store.forget_before(session, now - KEPT)


# ---------------------------------------------------------------------------------------------------------------------


def _find(session: Session, clinic_id: int, batch_id: UUID) -> StoredBatch:
    found = import_store.find_batch(session, clinic_id, batch_id)
    if found is None:
        raise NotFound("import: there is no such table any more; upload it again")
    return found


def _intake(app: "App", batch: StoredBatch) -> Intake:
    """The import as it stands by what is stored of the rows that were checked."""

    def above(course_id: UUID) -> Plan | None:
        with reading(app.engine) as session:
            row = import_store.row_of_course(session, batch, course_id)
        if row is None or row.state != RowState.GOOD:
            return None
        alone = replace(intake, rows={})
        return check_row(alone, _csv_row(row)).plan

    with reading(app.engine) as session:
        known = known_courses(session, batch.clinic_id)
        marks = import_store.marks(session, batch)
    intake = Intake(app=app, clinic_id=batch.clinic_id, now=app.now(), known=known, above=above)
    intake.rows.update({key: number for number, key, _, _ in reversed(marks)})
    intake.references.update({name.lower(): id_ for _, _, name, id_ in marks if name and id_ is not None})
    return intake


def _check(app: "App", batch: StoredBatch) -> Iterator[None]:
    intake = _intake(app, batch)
    while True:
        with reading(app.engine) as session:
            rows = import_store.rows_in(session, batch, NEW, limit=AT_ONCE)
        checked = [_noted(row, check_row(intake, _csv_row(row))) for row in rows]
        with writing(app.engine) as session:
            for each in checked:
                import_store.set_row(session, batch, each)
            if not checked:
                import_store.move(session, batch, BatchState.CHECKED.value)
        if not checked:
            return
        yield


def _store(app: "App", batch: StoredBatch) -> Iterator[None]:
    intake = _intake(app, batch)
    intake.rows.clear()  # each good row stands for itself by now
    while True:
        with reading(app.engine) as session:
            rows = import_store.rows_in(session, batch, RowState.GOOD, limit=1)
        if not rows:
            with writing(app.engine) as session:
                import_store.move(session, batch, BatchState.DONE.value)
            return
        try:
            _store_row(app, batch, intake, rows[0])
        except (RequestReused, Conflict):  # somebody started the same at this moment
            _set(app, batch, replace(rows[0], state=RowState.THERE.value, cells={}, detail={}))
        yield


def _store_row(app: "App", batch: StoredBatch, intake: Intake, row: StoredRow) -> None:
    """Stores the course of a good row and that it is stored, or that it can't be any more, in one transaction."""
    checked = check_row(intake, _csv_row(row))
    new = checked.new
    if new is None:
        _set(app, batch, _noted(row, checked))
        return
    if row.course_id is not None:
        new = replace(new, course=replace(new.course, id=row.course_id))
    with writing(app.engine) as session:
        request = Request.of(request_of(new), "start", asked_of(new))
        started = start_in(app, session, new, by=batch.by, request=request, clinic_id=batch.clinic_id)
        state = STORED if started == new.course.id else RowState.THERE.value
        import_store.set_row(session, batch, replace(row, state=state, cells={}, detail={}, course_id=started))
    if row.reference:
        intake.references[row.reference.lower()] = started


def _set(app: "App", batch: StoredBatch, row: StoredRow) -> None:
    with writing(app.engine) as session:
        import_store.set_row(session, batch, row)


def _csv_row(row: StoredRow) -> CsvRow:
    return CsvRow(number=row.number, cells=row.cells, surplus=row.surplus)


def _noted(row: StoredRow, checked: CheckedRow) -> StoredRow:
    detail: dict[str, object] = {"faults": [list(fault) for fault in checked.faults]}
    if checked.new is not None and checked.plan is not None:
        plan = checked.plan
        detail = {
            "told": {
                "patient": checked.new.patient,
                "regimen": plan.regimen.name,
                "first": plan.cycles[0].day1.isoformat(),
                "last": plan.cycles[-1].last_day.isoformat(),
                "cycles": str(len(plan.cycles)),
                "actions": str(len(checked.new.actions)),
            }
        }
    keeps = checked.state is RowState.GOOD
    return replace(
        row,
        state=checked.state.value,
        cells=row.cells if keeps else {},
        detail=detail,
        key=checked.key,
        reference=checked.reference,
        course_id=checked.course_id,
    )


def _shown(row: StoredRow) -> ShownRow:
    faults = tuple(CellFault(column, message) for column, message in row.detail.get("faults", ()))
    told = row.detail.get("told", {})
    first, last = (date.fromisoformat(told[name]) if name in told else None for name in ("first", "last"))
    return ShownRow(number=row.number, faults=faults, told=told, first=first, last=last)
