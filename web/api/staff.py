"""Reminders, the worklist, and the record of who did what."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import JSONResponse, Response

from db.outbox_store import State
from scheduler.dates import parse_date
from service.as_json import line_json, reminder_json
from service.audit_search import Asked, look, told, verify
from service.mails import pause_mails, resume_mails, send_now
from service.messages import list_messages, reasons, release, suppress
from service.sending import stopped, stopped_since
from service.worklist import worklist
from service.worklist_acts import tick_off
from web.api.asking import Auditor, Recorder, RequestId, Viewer, answers
from web.api.bodies import Address, LineDone, ToSend
from web.api.patient_answers import Hurried, Paused, Reminders, Suppressed
from web.api.staff_answers import Audit, Done, Verified, Worklist

router = APIRouter(prefix="/api/v1", tags=["staff"])

BIGGEST = 2**62  # of a number in the database
Number = Annotated[int, Path(ge=1, le=BIGGEST)]
Date = Annotated[str | None, Query(json_schema_extra={"format": "date"})]


@router.get("/reminders", responses=answers(Reminders, 404))
def reminders(
    who: Viewer,
    course: Annotated[UUID | None, Query(description="Only those of that course.")] = None,
    state: Annotated[State | None, Query(description="Only those in that state.")] = None,
) -> Response:
    """List reminders, the next to go first; without a course at most 1,000."""
    if course is None:
        who.saw_list()
    else:
        who.saw_course(course)
    found = list_messages(who.app, course, state, clinic_id=who.clinic_id)
    why = reasons(who.app, found, clinic_id=who.clinic_id)
    breaker = stopped(who.app)
    lines = [reminder_json(each) | {"reason": why[each.id]} for each in found]
    return JSONResponse({"stopped": stopped_since(breaker) if breaker else None, "reminders": lines})


@router.post("/reminders/{reminder_id}/send-now", responses=answers(Hurried, 404))
def hurry(reminder_id: Number, body: ToSend, who: Recorder, key: RequestId) -> Response:
    """Let a reminder go at the next pass, checked as always."""
    send_now(who.app, reminder_id, at_night=body.at_night, request_id=key, **who.who)
    return JSONResponse({"reminder": reminder_id})


@router.post("/courses/{course_id}/reminders/pause", responses=answers(Paused, 404))
def pause(course_id: UUID, who: Recorder, key: RequestId) -> Response:
    """Keep back all mails of a course; what becomes too late meanwhile comes to the worklist."""
    pause_mails(who.app, course_id, request_id=key, **who.who)
    return JSONResponse({"course": str(course_id), "paused": True})


@router.post("/courses/{course_id}/reminders/resume", responses=answers(Paused, 404))
def resume(course_id: UUID, who: Recorder, key: RequestId) -> Response:
    """Let the mails of a course go again."""
    resume_mails(who.app, course_id, request_id=key, **who.who)
    return JSONResponse({"course": str(course_id), "paused": False})


@router.post("/reminders/suppress", responses=answers(Suppressed))
def suppress_(body: Address, who: Recorder, key: RequestId) -> Response:
    """Send nothing to an address any more."""
    suppress(who.app, body.address, request_id=key, **who.who)
    return JSONResponse({"suppressed": True})


@router.post("/reminders/release", responses=answers(Suppressed, 404))
def release_(body: Address, who: Recorder, key: RequestId) -> Response:
    """Allow mails to an address again."""
    release(who.app, body.address, request_id=key, **who.who)
    return JSONResponse({"suppressed": False})


@router.get("/worklist", responses=answers(Worklist))
def open_lines(who: Viewer) -> Response:
    """List what staff have to do because no mail can, the urgent lines first."""
    who.saw_list()
    return JSONResponse({"lines": [line_json(line) for line in worklist(who.app, clinic_id=who.clinic_id)]})


@router.post("/worklist/done", responses=answers(Done, 404))
def done(body: LineDone, who: Recorder, key: RequestId) -> Response:
    """Note that a line of the worklist is done; of one to tell, that the patient knows."""
    tick_off(who.app, body.course, body.line, request_id=key, **who.who)
    return JSONResponse({"course": str(body.course), "line": body.line})


@router.get("/audit", responses=answers(Audit))
def entries(
    *,
    who: Auditor,
    by: str = "",
    what: Annotated[str, Query(description="A deed.")] = "",
    kind: Annotated[str, Query(description="views, courses, calendars, mails or staff.")] = "",
    patient: Annotated[str, Query(description="Part of a name, or a course's id.")] = "",
    since: Date = None,
    until: Date = None,
    before: Annotated[int | None, Query(ge=1, le=BIGGEST, description="`older` of the page before.")] = None,
) -> Response:
    """Search the record of who did what, when and from where; 50 on a page. That somebody looked is recorded."""
    typed = {"since": since, "until": until}
    days = {name: parse_date(text, field=name) for name, text in typed.items() if text is not None}
    asked = Asked(by=by, what=what, kind=kind, patient=patient, **days)
    found = look(who.app, asked, before=before, **who.who)
    return JSONResponse({"entries": [told(each) for each in found.entries], "older": found.older})


@router.post("/audit/verify", responses=answers(Verified))
def check(who: Auditor) -> Response:
    """Look for changed, missing, swapped and added entries."""
    head, faults = verify(who.app, **who.who)
    return JSONResponse({"ok": not faults, "newest": head.number, "seal": head.seal, "faults": list(faults)})
