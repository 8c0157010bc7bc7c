"""Who gets a course's mails, and which: carers with consent, and what each recipient chose."""

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from reminders.rules import PATIENT
from scheduler.errors import InvalidValue
from service.carers import RecipientLine, add_carer, choose, list_recipients, remove_carer
from service.courses import RequestReused
from service.loading import reminder_policy
from service.queries import CourseRecord, load_course
from service.users import SessionUser
from web.forms import Faults, Form, missing_faults, refusal
from web.mail_form import carer_fields, choice_fields, chosen_now, contact, fresh_carer, new_carer, wish
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder, WithToken
from web.speaking import later

router = APIRouter()

REUSED = later("This form has added a carer already, with other answers. Look at the course's mails first.")


@router.api_route("/courses/{course_id}/mails/carers/new", methods=["GET", "HEAD"])
def ask(course_id: UUID, site: TheSite, who: Recorder) -> Response:
    """The form that adds a carer."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    return _carer_form(site, who, record, fresh_carer(site.app))


@router.post("/courses/{course_id}/mails/carers/new")
def add(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Adds the carer; the form again when that can't be."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    fields = carer_fields(site.app)
    faults = missing_faults(fields, form)
    if faults:
        return _carer_form(site, who, record, form, faults)
    try:
        role = add_carer(
            site.app,
            course_id,
            new_carer(form),
            by=who.user.name,
            request_id=form.text("request_id") or uuid4().hex,
            clinic_id=who.user.clinic_id,
        )
    except InvalidValue as refused:
        return _carer_form(site, who, record, form, refusal(refused, fields))
    except RequestReused:
        raise HTTPException(409, REUSED) from None
    return RedirectResponse(f"/courses/{course_id}?chosen={role}#mails", 303)


@router.api_route("/courses/{course_id}/mails/{role}/choice", methods=["GET", "HEAD"])
def ask_choice(course_id: UUID, role: str, site: TheSite, who: Recorder) -> Response:
    """The form of what a recipient wants."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    line = _line(site, who, course_id, role)
    return _choice_form(site, who, record, line, chosen_now(line, record, reminder_policy(site.app.settings.reminders)))


@router.post("/courses/{course_id}/mails/{role}/choice")
def send_choice(course_id: UUID, role: str, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Records what the recipient wants; waiting mails follow."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    line, policy = _line(site, who, course_id, role), reminder_policy(site.app.settings.reminders)
    fields = choice_fields(site.app, policy, role)
    faults = missing_faults(fields, form)
    if faults:
        return _choice_form(site, who, record, line, form, faults=faults)
    try:
        choose(
            site.app,
            course_id,
            role,
            wish(form, policy, role),
            by=who.user.name,
            contact=contact(form, role),
            clinic_id=who.user.clinic_id,
        )
    except InvalidValue as refused:
        return _choice_form(site, who, record, line, form, faults=refusal(refused, fields))
    return RedirectResponse(f"/courses/{course_id}?chosen={role}#mails", 303)


@router.api_route("/courses/{course_id}/mails/{role}/withdraw", methods=["GET", "HEAD"])
def ask_to_withdraw(course_id: UUID, role: str, site: TheSite, who: Recorder) -> Response:
    """Asks before a carer's mails end."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    return site.page("carer_withdraw.html", who=who, record=record, line=_carer(site, who, course_id, role))


@router.post("/courses/{course_id}/mails/{role}/withdraw", dependencies=[WithToken])
def withdraw(course_id: UUID, role: str, site: TheSite, who: Recorder) -> Response:
    """Notes that consent to this carer's mails ended."""
    _carer(site, who, course_id, role)
    remove_carer(site.app, course_id, role, by=who.user.name, clinic_id=who.user.clinic_id)
    return RedirectResponse(f"/courses/{course_id}?withdrawn={role}#mails", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _line(site: Site, who: SessionUser, course_id: UUID, role: str) -> RecipientLine:
    """The recipient; 404 when the course has none of that role, or consent to them ended."""
    lines = list_recipients(site.app, course_id, clinic_id=who.user.clinic_id)
    found = next((line for line in lines if line.role == role and line.withdrawn_at is None), None)
    if found is None:
        raise HTTPException(404)
    return found


def _carer(site: Site, who: SessionUser, course_id: UUID, role: str) -> RecipientLine:
    if role == PATIENT:
        raise HTTPException(404)
    return _line(site, who, course_id, role)


def _carer_form(
    site: Site, who: SessionUser, record: CourseRecord, form: Form, faults: Faults | None = None
) -> Response:
    return site.page(
        "carer_form.html",
        status=422 if faults else 200,
        who=who,
        record=record,
        fields=carer_fields(site.app),
        form=form,
        faults=faults or {},
        request_id=form.text("request_id") or uuid4().hex,
    )


def _choice_form(
    site: Site, who: SessionUser, record: CourseRecord, line: RecipientLine, form: Form, *, faults: Faults | None = None
) -> Response:
    return site.page(
        "choice_form.html",
        status=422 if faults else 200,
        who=who,
        record=record,
        line=line,
        fields=choice_fields(site.app, reminder_policy(site.app.settings.reminders), line.role),
        form=form,
        faults=faults or {},
    )
