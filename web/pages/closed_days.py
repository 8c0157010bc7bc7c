"""Accepting the open dates proposed for doses on closed days: before and after side by side, then one step."""

import re
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from scheduler.errors import InvalidValue
from service.closed_days import Visit, accept_open_dates, preview_open_dates
from service.courses import StaleRevision
from service.queries import CourseRecord, load_course
from service.users import SessionUser
from web.compare import compare
from web.forms import whole_number
from web.notices import in_words
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder

router = APIRouter()

VISIT = re.compile(r"([0-9]{1,3})-(-?[0-9]{1,3})")  # cycle and day; days before day 1 are below it


@router.api_route("/courses/{course_id}/closed-days", methods=["GET", "HEAD"])
def look(course_id: UUID, request: Request, site: TheSite, who: Recorder) -> Response:
    """What accepting every proposed date, or that of one visit (`dose=2-8`), would change."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    return _show(site, who, record, _visit(request.query_params.get("dose", "")))


@router.post("/courses/{course_id}/closed-days")
def accept(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Records them, if the course is still as it was shown; else shows anew what accepting would change."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    only, seen, request_id = (
        _visit(form.text("dose")),
        whole_number(form.text("seen_revision")),
        form.text("request_id"),
    )
    if seen is None or seen > record.revision or not request_id:
        return _show(site, who, record, only)  # nobody confirms what they have not seen
    try:
        outcome = accept_open_dates(
            site.app,
            course_id,
            by=who.user.name,
            only=only,
            seen_revision=seen,
            request_id=request_id,
            patient_told=bool(form.text("patient_told")),
            clinic_id=who.user.clinic_id,
        )
    except (StaleRevision, InvalidValue):
        return _show(site, who, record, only, stale=True)
    return RedirectResponse(f"/courses/{course_id}?recorded={outcome.revision}&since={seen + 1}", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _visit(text: str) -> Visit | None:
    found = VISIT.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def _show(site: Site, who: SessionUser, record: CourseRecord, only: Visit | None, *, stale: bool = False) -> Response:
    try:
        found = preview_open_dates(site.app, record.id, only=only, clinic_id=who.user.clinic_id)
    except InvalidValue:
        found = None
    return site.page(
        "closed_days.html",
        status=409 if stale else 200,
        who=who,
        record=record,
        only=only,
        stale=stale,
        found=found,
        comparison=compare(found.before, found.after) if found else None,
        mails=in_words(found.notices, record.patient_zone) if found else None,
        request_id=uuid4().hex,
    )
