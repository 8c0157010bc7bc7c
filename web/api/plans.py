"""Regimens, and plans that nothing stores."""

from datetime import UTC, datetime, time
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from scheduler import CourseFile, events, parse_regimen, plan_to_dict, restamp
from scheduler.course_file import course_id
from scheduler.errors import FileRefused
from service.as_json import regimen_json
from service.clock import today_in
from service.planning import course_of, plan_course
from service.rendering import render
from web.api.answers import Checked, Plan, RegimenFile, Regimens
from web.api.asking import Viewer, ViewerOfFile, acceptable, answers
from web.api.bodies import RegimenToCheck, ToPlan
from web.api.looks import Detail, For, Kind, Language, Level, Reader, look_of, media_type, with_files

router = APIRouter(prefix="/api/v1", tags=["plans"])

FILES = (Kind.ICS, Kind.SVG, Kind.HTML, Kind.TEXT, Kind.PDF)  # a PDF of what is stored nowhere is a draft


@router.get("/regimens", responses=answers(Regimens))
def regimens(who: Viewer) -> Response:
    """List the regimens that the service has."""
    return JSONResponse({"regimens": [regimen_json(each) for each in who.app.catalogue.regimens()]})


@router.get("/regimens/{regimen_id}", responses=answers(RegimenFile, 404))
def regimen(regimen_id: str, who: Viewer) -> Response:
    """Show a regimen, with the text of its file."""
    if regimen_id not in who.app.catalogue.by_id():
        raise HTTPException(404)
    entry = who.app.catalogue.entry(regimen_id)
    found = entry.regimen
    return JSONResponse(regimen_json(found) | {"source": entry.source, "digest": found.digest, "text": entry.text})


@router.post("/regimens/check", responses=answers(Checked))
def check(body: RegimenToCheck, who: Viewer) -> Response:  # noqa: ARG001 - a token is asked for
    """Check the text of a regimen file; stores nothing."""
    try:
        parse_regimen(body.text, body.source)
    except FileRefused as refused:
        return JSONResponse({"ok": False, "faults": [f"{refused.source}, {fault}" for fault in refused.faults]})
    return JSONResponse({"ok": True, "faults": []})


@router.post("/plan", responses=with_files(answers(Plan), *FILES))
def plan(
    *,
    body: ToPlan,
    request: Request,
    who: ViewerOfFile,
    kind: Annotated[Kind, Query(alias="format")] = Kind.JSON,
    reader: Reader = For.PATIENT,
    detail: Detail = Level.FULL,
    language: Language = "en",
) -> Response:
    """Plan a course that is only asked about: from the fields of a course file. Stores nothing."""
    acceptable(request, media_type(kind))
    app, regimen = who.app, who.app.catalogue.regimen(body.regimen)
    id_ = body.id or course_id(regimen.id, body.patient, body.day1)
    course = course_of(regimen, app.settings, id_=id_, **body.options())
    today = body.today or today_in(course.zone, app.now())
    file = CourseFile(course=course, regimen=regimen, actions=body.done(), patient=body.patient)
    planned = plan_course(file, settings=app.settings, today=today, source="body")
    if kind is Kind.JSON:
        return JSONResponse(plan_to_dict(planned))
    stamp = datetime.combine(today, time(), tzinfo=UTC)
    stamped = restamp({}, events(planned), planned, at=stamp).values()
    look = look_of(reader, detail, language)
    data = render(kind.value, planned, stamped, settings=app.settings, look=look, uid=id_, stamp=stamp, today=today)
    return Response(data, media_type=media_type(kind))
