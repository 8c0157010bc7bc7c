"""What happens to a course: recorded, or only shown beforehand."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from service.changes_text import changes_json, windows_json
from service.closed_days import accept_open_dates, preview_open_dates
from service.courses import Outcome, neutral_notice, preview, record, tell_patient
from service.courses import Preview as Seen
from web.api.actions import Recording, ToRecord
from web.api.asking import Asker, Recorder, RequestId, answers
from web.api.bodies import AcceptOpenDates, OpenDates, ToTell
from web.api.course_answers import Preview, Recorded, Told

router = APIRouter(prefix="/api/v1/courses/{course_id}", tags=["recording"])

RECORDED = answers(Recorded, 404, 409, status=201)
SEEN = answers(Preview, 404)


@router.post("/actions/preview", responses=SEEN)
def look(course_id: UUID, body: ToRecord, who: Recorder) -> Response:
    """Show what recording the action would change; stores nothing."""
    _beside(body)
    return _seen(who, course_id, preview(who.app, course_id, body.action(), clinic_id=who.clinic_id))


@router.post("/actions", status_code=201, responses=RECORDED)
def act(course_id: UUID, body: ToRecord, who: Recorder, key: RequestId) -> Response:
    """Record an action."""
    beside = _beside(body).model_dump()
    return _recorded(course_id, record(who.app, course_id, body.action(), request_id=key, **beside, **who.who))


@router.post("/closed-days/preview", responses=SEEN)
def look_at_open_dates(course_id: UUID, body: OpenDates, who: Recorder) -> Response:
    """Show what moving doses from closed days to the open dates proposed would change; stores nothing."""
    return _seen(who, course_id, preview_open_dates(who.app, course_id, only=body.only(), clinic_id=who.clinic_id))


@router.post("/closed-days", status_code=201, responses=RECORDED)
def accept_dates(course_id: UUID, body: AcceptOpenDates, who: Recorder, key: RequestId) -> Response:
    """Move doses from closed days to the open dates proposed, all of them or none."""
    done = accept_open_dates(
        who.app,
        course_id,
        only=body.only(),
        seen_revision=body.seen_revision,
        patient_told=body.patient_told,
        request_id=key,
        **who.who,
    )
    return _recorded(course_id, done)


@router.post("/told", responses=answers(Told, 404))
def tell(course_id: UUID, body: ToTell, who: Recorder, key: RequestId) -> Response:
    """Note that the patient was told of a revision: mails that waited for it may go."""
    step = neutral_notice if body.neutral_notice else tell_patient
    step(who.app, course_id, body.revision, request_id=key, **who.who)
    return JSONResponse({"course": str(course_id), "revision": body.revision})


# ---------------------------------------------------------------------------------------------------------------------


def _beside(body: ToRecord) -> Recording:
    try:
        return body.beside()
    except ValidationError as fault:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in fault.errors()]) from None


def _seen(who: Asker, course_id: UUID, seen: Seen) -> Response:
    who.saw_course(course_id)
    return JSONResponse(
        {
            "course": str(course_id),
            "changes": changes_json(seen.changes),
            "windows": windows_json(seen.before, seen.after),
            "reminders": [str(notice) for notice in seen.notices],
        }
    )


def _recorded(course_id: UUID, done: Outcome) -> Response:
    told = {"course": str(course_id), "revision": done.revision, "changes": changes_json(done.changes)}
    return JSONResponse(told, 201)
