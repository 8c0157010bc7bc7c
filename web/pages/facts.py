"""What is known of a patient beside the dates, changed after the start of a course."""

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from scheduler.errors import InvalidValue
from service.courses import RequestReused
from service.patients import FactsChanged, change_facts, mark_of
from service.queries import CourseRecord, load_course
from service.users import SessionUser
from web.facts_form import facts_sections, guardian_faults, known_facts, typed_facts
from web.forms import Faults, Form, all_fields, missing_faults, refusal
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder
from web.speaking import later

router = APIRouter()

STALE = later("This was changed since the page was opened. Look at what is stored now, then send yours anew.")


@router.api_route("/courses/{course_id}/facts", methods=["GET", "HEAD"])
def ask(course_id: UUID, site: TheSite, who: Recorder) -> Response:
    """The form, as it is known by now."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    return _form(site, who, record, known_facts(record))


@router.post("/courses/{course_id}/facts")
def send(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Stores what was typed; the form again when that can't be."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    fields = all_fields(facts_sections(site.app))
    faults = missing_faults(fields, form) | guardian_faults(form)
    if faults:
        return _form(site, who, record, form, faults=faults)
    try:
        change_facts(
            site.app,
            course_id,
            typed_facts(form),
            by=who.user.name,
            language=form.text("language"),
            seen=form.text("seen"),
            request_id=form.text("request_id") or uuid4().hex,
            clinic_id=who.user.clinic_id,
        )
    except InvalidValue as refused:
        return _form(site, who, record, form, faults=refusal(refused, fields))
    except (FactsChanged, RequestReused):
        return _stale(site, who, course_id, form)
    return RedirectResponse(f"/courses/{course_id}?known", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _stale(site: Site, who: SessionUser, course_id: UUID, form: Form) -> Response:
    """What was typed beside what is stored by now; sent anew it counts."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    kept = Form({name: values for name, values in form.values.items() if name not in {"seen", "request_id"}})
    return _form(site, who, record, kept, faults={"": STALE}, status=409)


def _form(
    site: Site,
    who: SessionUser,
    record: CourseRecord,
    form: Form,
    *,
    faults: Faults | None = None,
    status: int = 422,
) -> Response:
    asked = facts_sections(site.app)
    return site.page(
        "facts_form.html",
        status=status if faults else 200,
        who=who,
        record=record,
        sections=asked,
        fields=all_fields(asked),
        form=form,
        faults=faults or {},
        stale=bool(faults) and status == 409,
        seen=form.text("seen") or mark_of(record.facts, record.language),
        request_id=form.text("request_id") or uuid4().hex,
    )
