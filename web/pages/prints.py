"""Printed calendars: the form and the file, for staff. The page behind a sheet's code stands in `patient.py`."""

from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from calendars.kinds import Detail
from calendars.sheet import Paper
from scheduler.errors import InvalidValue
from service.courses import RequestReused
from service.prints import PrintLine, list_prints, print_course, revoke_print
from service.queries import CourseRecord, load_course
from service.rendering import Look
from service.users import SessionUser
from web.forms import Faults, Field, Form, Input, Option, form_from, missing_faults, refusal
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder, WithToken
from web.speaking import later
from web.staff_language import patient_languages
from web.words import word

router = APIRouter()

CHANGED = later(
    "The course, or this form, has changed since it was printed from here. Send it again to print another sheet."
)
FILE = {
    # No name in the file's name: it stays in the folder for downloads.
    "Content-Disposition": 'inline; filename="calendar.pdf"',
    # What browsers put around a file to show it has styles of its own.
    "Content-Security-Policy": (
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ),
}
LETTER_COUNTRIES = frozenset({"US", "CA", "MX", "CL", "CO", "PH"})


@router.api_route("/courses/{course_id}/prints/new", methods=["GET", "HEAD"])
def ask(course_id: UUID, request: Request, site: TheSite, who: Recorder) -> Response:
    """For whom, how much, and on which paper; `language` and `large` may be chosen already."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    values = {
        "reader": "patient",
        "language": request.query_params.get("language", record.language),
        "large": request.query_params.get("large"),
        "paper": Paper.LETTER if site.app.settings.clinic.country in LETTER_COUNTRIES else Paper.A4,
        "request_id": uuid4().hex,
    }
    return _form(site, who, record, form_from(values))


@router.post("/courses/{course_id}/prints/new")
def make(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Prints it: the answer is the file."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    faults = missing_faults(_fields(site), form)
    if faults:
        return _form(site, who, record, form, faults)
    try:
        made = print_course(
            site.app,
            course_id,
            _look(form),
            by=who.user.name,
            request_id=form.text("request_id") or uuid4().hex,
            clinic_id=who.user.clinic_id,
        )
    except RequestReused:
        return _form(site, who, record, form.renewed(), {"": CHANGED})
    except InvalidValue as refused:
        return _form(site, who, record, form, refusal(refused, _fields(site)))
    return Response(made.body, media_type="application/pdf", headers=FILE)


@router.api_route("/courses/{course_id}/prints/{print_id}/revoke", methods=["GET", "HEAD"])
def ask_to_revoke(course_id: UUID, print_id: UUID, site: TheSite, who: Recorder) -> Response:
    """Asks before the page behind a sheet's code ends for good."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    return site.page("print_revoke.html", who=who, record=record, print=_print(site, who, course_id, print_id))


@router.post("/courses/{course_id}/prints/{print_id}/revoke", dependencies=[WithToken])
def revoke(course_id: UUID, print_id: UUID, site: TheSite, who: Recorder) -> Response:
    """Ends what the page behind a sheet's code tells."""
    found = _print(site, who, course_id, print_id)
    revoke_print(site.app, found.id, by=who.user.name, clinic_id=who.user.clinic_id)
    return RedirectResponse(f"/courses/{course_id}?unprinted#prints", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _fields(site: Site) -> tuple[Field, ...]:
    carer_hint = later("Without birth control, breastfeeding or pregnancy.")
    details = (Detail.FULL, Detail.DISCREET)
    papers = {Paper.A4: "A4", Paper.LETTER: "Letter"}
    return (
        Field(
            name="reader",
            label="For whom is it?",
            input=Input.RADIO,
            missing="Choose one.",
            options=(
                Option(value="patient", label="The patient"),
                Option(value="carer", label="A carer or guardian", hint=carer_hint),
            ),
        ),
        Field(
            name="detail",
            label="How much does it show?",
            input=Input.RADIO,
            missing="Ask the patient, and choose one.",
            hint="It hangs where visitors see it: ask the patient. The full one names the patient.",
            options=tuple(Option(value=each.value, label=word(each)) for each in details),
        ),
        Field(
            name="language",
            label="Language",
            input=Input.SELECT,
            missing="Choose the language.",
            options=tuple(Option(value=code, label=label) for code, label in patient_languages(site.app).items()),
        ),
        Field(
            name="paper",
            label="Paper",
            input=Input.RADIO,
            missing="Choose one.",
            options=tuple(Option(value=each.value, label=label) for each, label in papers.items()),
        ),
        Field(
            name="large",
            label="Large print",
            input=Input.TICKS,
            options=(Option(value="yes", label="Large letters, one day below the other"),),
        ),
    )


def _look(form: Form) -> Look:
    return Look(
        reader=form.text("reader"),
        detail=form.text("detail"),
        language=form.text("language"),
        paper=form.text("paper"),
        large_print=bool(form.text("large")),
    )


def _form(site: Site, who: SessionUser, record: CourseRecord, form: Form, faults: Faults | None = None) -> Response:
    return site.page(
        "print_form.html",
        status=422 if faults else 200,
        who=who,
        record=record,
        untold=[entry for entry in record.entries if entry.to_tell],
        fields=_fields(site),
        form=form,
        faults=faults or {},
    )


def _print(site: Site, who: SessionUser, course_id: UUID, print_id: UUID) -> PrintLine:
    found = [each for each in list_prints(site.app, course_id, clinic_id=who.user.clinic_id) if each.id == print_id]
    if not found:
        raise HTTPException(404)
    return found[0]
