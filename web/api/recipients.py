"""Who gets the mails of a course beside the patient."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from calendars.kinds import Detail
from service.as_json import recipient_json
from service.carers import NewCarer as Carer
from service.carers import add_carer, list_recipients, remove_carer
from web.api.asking import Recorder, RequestId, Viewer, answers
from web.api.bodies import CarerToAdd
from web.api.patient_answers import NewCarer, Recipients, Withdrawn

router = APIRouter(prefix="/api/v1/courses/{course_id}", tags=["recipients"])


@router.get("/recipients", responses=answers(Recipients, 404))
def recipients(course_id: UUID, who: Viewer) -> Response:
    """List who gets mails of a course: the patient, a minor's guardian, the carers."""
    lines = list_recipients(who.app, course_id, clinic_id=who.clinic_id)
    return JSONResponse({"course": str(course_id), "recipients": [recipient_json(line) for line in lines]})


@router.post("/carers", status_code=201, responses=answers(NewCarer, 404, status=201))
def add(course_id: UUID, body: CarerToAdd, who: Recorder, key: RequestId) -> Response:
    """Add a carer, who gets mails from now on."""
    new = Carer(
        name=body.name,
        email=body.email,
        consent=body.consent,
        language=body.language,
        zone=body.zone or who.app.settings.clinic.zone,
        detail=Detail(body.detail),
    )
    role = add_carer(who.app, course_id, new, request_id=key, **who.who)
    return JSONResponse({"course": str(course_id), "carer": role}, 201)


@router.post("/carers/{carer}/withdraw", responses=answers(Withdrawn, 404))
def withdraw(course_id: UUID, carer: Annotated[str, Path(pattern="^carer-[0-9]{1,3}$")], who: Recorder) -> Response:
    """Note that consent to mails to a carer ended: none goes any more. A second time changes nothing."""
    remove_carer(who.app, course_id, carer, **who.who)
    return JSONResponse({"course": str(course_id), "carer": carer, "withdrawn": True})
