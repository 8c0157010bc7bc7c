"""Many courses in from a table, in three steps: upload, look at what would start, confirm; and all courses out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response, StreamingResponse

from scheduler.errors import InvalidValue
from service.course_columns import COLUMNS, template
from service.csv_text import MAX_BYTES, MAX_ROWS, csv_line, with_bom
from service.exporting import export_courses
from service.import_batches import STORED, Batch, BatchState, batches, confirm, drop, shown_rows, upload, work
from service.importing import RowState
from service.users import SessionUser
from web.render import Site, TheSite
from web.rights import Right, has_right
from web.session import CheckedForm, May, Recorder
from web.speaking import later

router = APIRouter()

Exporter = Annotated[SessionUser, Depends(May(Right.EXPORT))]
SHOWN = 50  # rows of one kind on a page: it stays small, whatever the table
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@router.api_route("/courses/import", methods=["GET", "HEAD"])
def ask(site: TheSite, who: Recorder) -> Response:
    """The choice of a file."""
    return _ask(site, who)


@router.post("/courses/import")
def send(site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Stores the table for its check; the form again for one that can't be read."""
    data = form.files.get("file", b"") or form.text("table").encode()
    if not data:
        return _ask(site, who, later("Choose a file, or paste its rows."))
    try:
        batch_id = upload(site.app, data, by=who.user.name, clinic_id=who.user.clinic_id)
    except InvalidValue as fault:
        return _ask(site, who, str(fault), typed=form.text("table"))
    return RedirectResponse(f"/courses/import/{batch_id}", 303)


@router.api_route("/courses/import/template.csv", methods=["GET", "HEAD"])
def empty_table(who: Recorder) -> Response:  # noqa: ARG001 - only for those who may use it
    """An empty table with one made-up course."""
    return _file(b"".join(with_bom([template()])), "csv", "courses.csv")


@router.api_route("/courses/import/{batch_id}", methods=["GET", "HEAD"])
def watch(batch_id: UUID, site: TheSite, who: Recorder, after: int = 0) -> Response:
    """How far it is; goes on with what is to be done, and comes back by itself until that is over."""
    batch = work(site.app, batch_id, clinic_id=who.user.clinic_id)
    answer = _show(site, who, batch, after)
    if batch.at_work:
        answer.headers["Refresh"] = "1"
    return answer


@router.post("/courses/import/{batch_id}")
def decide(batch_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Lets the good rows be stored, or forgets the table."""
    if form.text("step") == "store":
        confirm(site.app, batch_id, by=who.user.name, clinic_id=who.user.clinic_id)
        return RedirectResponse(f"/courses/import/{batch_id}", 303)
    drop(site.app, batch_id, clinic_id=who.user.clinic_id)
    return RedirectResponse("/courses/import", 303)


@router.api_route("/courses/import/{batch_id}/refused.csv", methods=["GET", "HEAD"])
def refused(batch_id: UUID, site: TheSite, who: Recorder) -> Response:
    """All refused rows with column, fault and remedy, as a table."""
    rows = shown_rows(site.app, batch_id, RowState.REFUSED, clinic_id=who.user.clinic_id, limit=MAX_ROWS)
    lines = (csv_line((str(row.number), fault.column, fault.message)) for row in rows for fault in row.faults)
    return _file(b"".join(with_bom([csv_line(("row", "column", "fault")), *lines])), "csv", "refused.csv")


@router.api_route("/courses/export.{kind}", methods=["GET", "HEAD"])
def export(kind: str, site: TheSite, who: Exporter) -> Response:
    """All courses of the clinic, sent as they are read."""
    found = MEDIA_TYPES.get(kind)
    if found is None:
        return Response(status_code=404)
    parts = export_courses(site.app, kind, by=who.user.name, clinic_id=who.user.clinic_id)
    return StreamingResponse(parts, media_type=found, headers=_as_file(f"courses.{kind}"))


# ---------------------------------------------------------------------------------------------------------------------


def _ask(site: Site, who: SessionUser, fault: str = "", typed: str = "") -> Response:
    return site.page(
        "import_form.html",
        status=422 if fault else 200,
        who=who,
        fault=fault,
        typed=typed,
        known=batches(site.app, clinic_id=who.user.clinic_id),
        columns=COLUMNS,
        most_rows=MAX_ROWS,
        most_bytes=MAX_BYTES,
        may_export=has_right(who.user.role, Right.EXPORT),
    )


def _show(site: Site, who: SessionUser, batch: Batch, after: int) -> Response:
    clinic_id = who.user.clinic_id
    seen = {
        state: shown_rows(site.app, batch.id, state, clinic_id=clinic_id, after=after, limit=SHOWN)
        for state in (RowState.REFUSED, RowState.GOOD)
        if batch.state in {BatchState.CHECKED, BatchState.DONE}
    }
    good, faulty = seen.get(RowState.GOOD, ()), seen.get(RowState.REFUSED, ())
    full = [rows[-1].number for rows in (good, faulty) if len(rows) == SHOWN]
    return site.page(
        "import_batch.html",
        who=who,
        batch=batch,
        counts={name: batch.counts.get(name, 0) for name in ("new", "good", "there", "refused", STORED)},
        good=good,
        refused=faulty,
        after=after,
        further=min(full, default=0),
    )


def _file(body: bytes, kind: str, name: str) -> Response:
    return Response(body, media_type=MEDIA_TYPES[kind], headers=_as_file(name))


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
