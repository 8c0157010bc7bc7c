"""Courses: found, started, shown; their history, and what staff know of the patient."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from scheduler import plan_to_dict
from scheduler.action_fields import MAX_NUMBER
from scheduler.errors import InvalidValue, Rejected
from service.as_json import course_json, entry_json
from service.courses import NewCourse, start_course
from service.day import Need, Wanted, find_courses
from service.loading import CourseState
from service.patients import Guardian, PatientFacts, change_facts, check_facts, facts_to_dict, mark_of
from service.planning import course_of
from service.queries import CourseRecord, load_course
from service.rendering import render
from web.api.asking import Recorder, RequestId, Viewer, ViewerOfFile, acceptable, answers
from web.api.bodies import FactsToKeep, ToStart
from web.api.course_answers import CourseFacts, CoursePlan, Courses, History, Started
from web.api.looks import Detail, For, Kind, Language, Level, Reader, look_of, media_type, with_files

router = APIRouter(prefix="/api/v1/courses", tags=["courses"])

FILES = (Kind.ICS, Kind.SVG, Kind.HTML, Kind.TEXT)


@router.get("", responses=answers(Courses))
def courses(
    *,
    who: Viewer,
    q: Annotated[str, Query(description="Part of the patient's name or code.")] = "",
    regimen: Annotated[str, Query(description="A regimen's id.")] = "",
    state: CourseState | None = None,
    need: Annotated[Need | None, Query(description="What the course needs of staff.")] = None,
    page: Annotated[int, Query(ge=1, le=MAX_NUMBER)] = 1,
) -> Response:
    """List the courses that are looked for, the next visit first; 50 on a page."""
    who.saw_list()
    wanted = Wanted(words=q, regimen_id=regimen, state=state.value if state else "", needs=(need,) if need else ())
    found = find_courses(who.app, wanted, page=page, clinic_id=who.clinic_id)
    lines = [course_json(line) for line in found.lines]
    return JSONResponse({"courses": lines, "total": found.total, "page": found.page, "pages": found.pages})


@router.post("", status_code=201, responses=answers(Started, 409, status=201))
def start(body: ToStart, who: Recorder, key: RequestId) -> Response:
    """Start a course; one of a patient who is treated already with the actions of what has happened so far."""
    if body.email and body.consent is None:
        raise Rejected("missing-field", "consent: say whether the patient agreed to mails at email", field="consent")
    app = who.app
    course = course_of(app.catalogue.regimen(body.regimen), app.settings, id_=uuid4(), **body.options())
    new = NewCourse(
        regimen_id=body.regimen,
        patient=body.patient,
        course=course,
        email=body.email,
        consent=bool(body.email and body.consent),
        language=body.language,
        patient_zone=body.patient_zone or course.zone,
        follows=body.follows,
        facts=_facts(body),
        actions=body.done(),
    )
    id_ = start_course(app, new, request_id=key, **who.who)
    return JSONResponse({"course": str(id_)}, 201, {"Location": f"/api/v1/courses/{id_}"})


@router.get("/{course_id}", responses=with_files(answers(CoursePlan, 404), *FILES))
def show(
    *,
    course_id: UUID,
    request: Request,
    who: ViewerOfFile,
    revision: Annotated[
        int | None, Query(ge=0, le=MAX_NUMBER, description="The plan as it was after that action.")
    ] = None,
    kind: Annotated[Kind, Query(alias="format", description="`pdf` is made under `/prints`.")] = Kind.JSON,
    reader: Reader = For.PATIENT,
    detail: Detail = Level.FULL,
    language: Language = "en",
) -> Response:
    """Show the plan of a course, as it is or as it was."""
    if kind is Kind.PDF:
        message = "format: a print of a course is kept note of; POST to /api/v1/courses/{course_id}/prints"
        raise Rejected("bad-value", message, field="format")
    acceptable(request, media_type(kind))
    record = load_course(who.app, course_id, revision, clinic_id=who.clinic_id)
    if kind is Kind.JSON:
        return JSONResponse(plan_to_dict(record.plan) | _beside(record))
    data = render(
        kind.value,
        record.plan,
        record.stamped.values(),
        settings=who.app.settings,
        look=look_of(reader, detail, language),
        uid=record.id,
        stamp=record.recorded_at,
        today=record.plan.today,
    )
    return Response(data, media_type=media_type(kind))


@router.get("/{course_id}/history", responses=answers(History, 404))
def history(course_id: UUID, who: Viewer) -> Response:
    """Show what was recorded, by whom and when."""
    record = load_course(who.app, course_id, clinic_id=who.clinic_id)
    return JSONResponse({"course": str(course_id), "history": [entry_json(entry) for entry in record.entries]})


@router.get("/{course_id}/facts", responses=answers(CourseFacts, 404))
def facts(course_id: UUID, who: Viewer) -> Response:
    """Show what is known of the patient beside the dates."""
    record = load_course(who.app, course_id, clinic_id=who.clinic_id)
    return _facts_answer(course_id, record.language, record.facts)


@router.put("/{course_id}/facts", responses=answers(CourseFacts, 404, 409))
def keep_facts(course_id: UUID, body: FactsToKeep, who: Recorder, key: RequestId) -> Response:
    """Put what is known of the patient in the place of what stands there; waiting mails follow."""
    wanted = _facts(body)
    change_facts(who.app, course_id, wanted, language=body.language, seen=body.mark, request_id=key, **who.who)
    return _facts_answer(course_id, body.language, wanted)


# ---------------------------------------------------------------------------------------------------------------------


def _beside(record: CourseRecord) -> dict[str, object]:
    more = {"course": str(record.id), "patient": record.patient, "revision": record.revision}
    return more | facts_to_dict(record.facts)


def _facts(body: ToStart | FactsToKeep) -> PatientFacts:
    guardian = Guardian(**body.guardian.model_dump()) if body.guardian else None
    facts = PatientFacts(spoken_language=body.spoken_language, interpreter=body.interpreter, guardian=guardian)
    try:
        return check_facts(facts)
    except InvalidValue as fault:
        field = fault.field.replace("guardian_", "guardian.") if fault.field != "guardian" else "guardian.name"
        raise InvalidValue(str(fault).replace(fault.field, field, 1), field=field) from None


def _facts_answer(course_id: UUID, language: str, facts: PatientFacts) -> Response:
    mark = mark_of(facts, language)
    return JSONResponse({"course": str(course_id), "language": language, **facts_to_dict(facts), "mark": mark})
