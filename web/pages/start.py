"""Starting a course: what is known of it, the whole calendar as it would be, then storing it."""

from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from scheduler.errors import InvalidValue, Rejected
from scheduler.regimen import Regimen
from service.courses import NewCourse, RequestReused, preview_start, start_course
from service.queries import CourseRecord, load_course
from service.users import SessionUser
from web.forms import Faults, Form, beside, missing_faults
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder
from web.start_form import Section, earlier_course, fault_place, first_values, new_course, sections

router = APIRouter()


@router.api_route("/courses/new", methods=["GET", "HEAD"])
def ask(request: Request, site: TheSite, who: Recorder) -> Response:
    """The choice of the regimen, where there is one; then the form."""
    regimen = _regimen(site, request)
    if regimen is None:
        follows = request.query_params.get("follows", "")
        return site.page("start_regimen.html", who=who, regimens=site.app.catalogue.regimens(), follows=follows)
    return _form(site, who, regimen, first_values(site.app.settings, regimen, request.query_params.get("follows", "")))


@router.post("/courses/new")
def send(request: Request, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """The preview of the calendar, or, confirmed, the course. The form again when it can't be."""
    regimen = _regimen(site, request)
    if regimen is None:
        return RedirectResponse("/courses/new", 303)
    step = form.text("step")
    if step == "edit":
        return _form(site, who, regimen, form)
    fields = [field for section in sections(site.app, regimen) for field in section.fields]
    faults = missing_faults(fields, form)
    if faults:
        return _form(site, who, regimen, form, faults)
    try:
        new = new_course(form, regimen)
        plan = preview_start(site.app, new, clinic_id=who.user.clinic_id)
        if step == "confirm" and form.text("request_id"):
            return _start(site, who, new, form)
    except (InvalidValue, Rejected) as refused:
        return _form(site, who, regimen, form, {fault_place(refused.field, fields): beside(refused.field, refused)})
    kept = (*((field.name, form.all(field.name)) for field in fields), ("follows", form.all("follows")))
    earlier = _earlier(site, who, form)
    request_id = uuid4().hex
    return site.page(
        "start_preview.html", who=who, new=new, plan=plan, request_id=request_id, kept=kept, earlier=earlier
    )


# ---------------------------------------------------------------------------------------------------------------------


def _regimen(site: Site, request: Request) -> Regimen | None:
    """The regimen that the address names, or the only one there is."""
    known = site.app.catalogue.by_id()
    if len(known) == 1:
        return next(iter(known.values()))
    return known.get(request.query_params.get("regimen", ""))


def _start(site: Site, who: SessionUser, new: NewCourse, form: Form) -> Response:
    try:
        course_id = start_course(
            site.app, new, by=who.user.name, request_id=form.text("request_id"), clinic_id=who.user.clinic_id
        )
    except RequestReused as reused:
        raise InvalidValue(
            f"This form was sent before with other values; look at the list of courses ({reused})."
        ) from None
    return RedirectResponse(f"/courses/{course_id}?started", 303)


def _form(site: Site, who: SessionUser, regimen: Regimen, form: Form, faults: Faults | None = None) -> Response:
    asked: tuple[Section, ...] = sections(site.app, regimen)
    return site.page(
        "start_form.html",
        status=422 if faults else 200,
        who=who,
        regimen=regimen,
        sections=asked,
        fields=[field for section in asked for field in section.fields],
        form=form,
        faults=faults or {},
        earlier=_earlier(site, who, form),
    )


def _earlier(site: Site, who: SessionUser, form: Form) -> CourseRecord | None:
    """The course that the new one goes on from; NotFound when the clinic has none of that id."""
    try:
        course_id = earlier_course(form.text("follows"))
    except InvalidValue:
        raise HTTPException(404) from None
    return load_course(site.app, course_id, clinic_id=who.user.clinic_id) if course_id else None
