"""Starting a course: what is known of it, the whole calendar as it would be, then storing it."""

from dataclasses import dataclass
from uuid import uuid4

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from scheduler.errors import InvalidValue, Rejected
from scheduler.plan import Plan
from scheduler.regimen import Regimen
from service.courses import NewCourse, NotFound, RequestReused, preview_start, start_course
from service.loading import offered_regimens
from service.queries import CourseRecord, load_course
from service.users import SessionUser
from web.forms import Faults, Field, Form, all_fields, beside
from web.moving_form import MOVING, Row, place_of, row_fields, rows_of, shown_in
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder
from web.speaking import later, say, told
from web.start_fields import CARERS, first_values, sections, with_carer
from web.start_form import draft, earlier_course, fault_place, faults_of, new_course

router = APIRouter()

KEPT = ("follows", MOVING, CARERS)  # what the form holds beside its fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The calendar that follows from what was typed so far; without a plan `trouble` says why there is none."""

    plan: Plan | None
    trouble: str = ""


@router.api_route("/courses/new", methods=["GET", "HEAD"])
def ask(request: Request, site: TheSite, who: Recorder) -> Response:
    """The choice of the regimen, where there is one; then the form. `moving`: for a patient who is treated already."""
    regimen, query = _regimen(site, request), request.query_params
    follows, moving = query.get("follows", ""), bool(query.get(MOVING))
    if regimen is None:
        known = offered_regimens(site.app)
        return site.page("start_regimen.html", who=who, regimens=known, follows=follows, moving=moving)
    fresh = first_values(site.app.settings, regimen, follows)
    return _form(site, who, regimen, Form({**fresh.values, MOVING: ("yes",)}) if moving else fresh)


@router.post("/courses/new")
def send(request: Request, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """The preview of the calendar, or, confirmed, the course. The form again when it can't be."""
    regimen = _regimen(site, request)
    if regimen is None:
        return RedirectResponse("/courses/new", 303)
    match form.text("step"):
        case "live":
            return site.page("start_calendar.html", draft=_draft(site, who, regimen, form))
        case "show":
            return _form(site, who, regimen, form, show=True)
        case "edit":
            return _form(site, who, regimen, form)
        case "carer":
            return _form(site, who, regimen, with_carer(form, site.app.settings))
        case _:
            return _judged(site, who, regimen, form)


# ---------------------------------------------------------------------------------------------------------------------


def _regimen(site: Site, request: Request) -> Regimen | None:
    """The regimen that the address names, or the only one there is."""
    known = {regimen.id: regimen for regimen in offered_regimens(site.app)}
    if len(known) == 1:
        return next(iter(known.values()))
    return known.get(request.query_params.get("regimen", ""))


def _judged(site: Site, who: SessionUser, regimen: Regimen, form: Form) -> Response:
    fields = _fields(site, regimen, form)
    faults = faults_of(fields, form)
    if faults:
        return _form(site, who, regimen, form, faults)
    try:
        new = new_course(site.app, form, regimen)
        plan = preview_start(site.app, new, clinic_id=who.user.clinic_id)
        if form.text("step") == "confirm" and form.text("request_id"):
            return _start(site, who, new, form)
    except (InvalidValue, Rejected) as refused:
        place = _place(form, refused, fields)
        return _form(site, who, regimen, form, {place: beside(refused.field, refused)})
    kept = (*((field.name, form.all(field.name)) for field in fields), *((name, form.all(name)) for name in KEPT))
    earlier = _earlier(site, who, form)
    request_id = uuid4().hex
    return site.page(
        "start_preview.html", who=who, new=new, plan=plan, request_id=request_id, kept=kept, earlier=earlier
    )


def _fields(site: Site, regimen: Regimen, form: Form) -> tuple[Field, ...]:
    moving = row_fields(form) if form.text(MOVING) else ()
    return (*all_fields(sections(site.app, regimen, form)), *moving)


def _place(form: Form, refused: InvalidValue | Rejected, fields: tuple[Field, ...]) -> str:
    """The form's field at which the fault is told."""
    if isinstance(refused, Rejected) and refused.number is not None:
        return place_of(form, refused.number, refused.field)
    return fault_place(refused.field, fields)


def _draft(site: Site, who: SessionUser, regimen: Regimen, form: Form) -> Draft:
    if not form.text("day1"):
        return Draft(plan=None, trouble=later("It shows as soon as day 1 stands in the form."))
    try:
        new = draft(site.app, form, regimen)
        return Draft(plan=preview_start(site.app, new, clinic_id=who.user.clinic_id))
    except (InvalidValue, Rejected, NotFound) as refused:
        field = getattr(refused, "field", "")
        return Draft(plan=None, trouble=beside(field, refused))


def _start(site: Site, who: SessionUser, new: NewCourse, form: Form) -> Response:
    try:
        course_id = start_course(
            site.app, new, by=who.user.name, request_id=form.text("request_id"), clinic_id=who.user.clinic_id
        )
    except RequestReused as reused:
        raise InvalidValue(
            say(
                "This form was sent before with other values; look at the list of courses ({why}).",
                why=told(str(reused)),
            )
        ) from None
    return RedirectResponse(f"/courses/{course_id}?started", 303)


def _form(
    site: Site, who: SessionUser, regimen: Regimen, form: Form, faults: Faults | None = None, *, show: bool = False
) -> Response:
    asked = sections(site.app, regimen, form)
    drafted = _draft(site, who, regimen, form)
    rows: tuple[Row, ...] = ()
    if form.text(MOVING):
        rows = _rows(site, who, regimen, form, drafted)
        form = shown_in(form, rows)
    return site.page(
        "start_form.html",
        status=422 if faults else 200,
        who=who,
        regimen=regimen,
        sections=asked,
        fields=(*all_fields(asked), *row_fields(form)),
        form=form,
        faults=faults or {},
        earlier=_earlier(site, who, form),
        rows=rows,
        draft=drafted if show or form.text("day1") else Draft(plan=None),
    )


def _rows(site: Site, who: SessionUser, regimen: Regimen, form: Form, drafted: Draft) -> tuple[Row, ...]:
    """The rows by the plan that they lead to; where one of them can't be, by the plan without any."""
    plan = drafted.plan
    if plan is None:
        plain = Form({name: values for name, values in form.values.items() if name != MOVING})
        plan = _draft(site, who, regimen, plain).plan
    return rows_of(form, plan) if plan is not None else ()


def _earlier(site: Site, who: SessionUser, form: Form) -> CourseRecord | None:
    """The course that the new one goes on from; NotFound when the clinic has none of that id."""
    try:
        course_id = earlier_course(form.text("follows"))
    except InvalidValue:
        raise HTTPException(404) from None
    return load_course(site.app, course_id, clinic_id=who.user.clinic_id) if course_id else None
