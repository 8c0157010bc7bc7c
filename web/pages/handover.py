"""Handing over: what a patient takes along, on one page to show or to print; and the links to their page, ended."""

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from calendars.kinds import Detail
from scheduler.errors import InvalidValue
from service.handing_over import HandedOver, Wanted, hand_over
from service.page_links import MAX_NAME, PAGE_DETAILS, LinkLine, list_links, replace_link, revoke_link
from service.posting import mail_link
from service.queries import CourseRecord, load_course
from service.steps import RequestReused
from service.users import SessionUser
from web.calendar_help import PROGRAMS, Code, address_values
from web.forms import Faults, Field, Form, Input, Option, form_from, missing_faults, refusal
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder, WithToken
from web.speaking import later
from web.staff_language import patient_languages
from web.words import word

router = APIRouter()

REUSED = later("This form has made addresses already, with other answers. Send it again to make others.")
PROGRAM_HINTS = later(
    {
        "apple": "Looks for changes as the phone's settings say: each hour to once a day, or by hand only.",
        "android": "Needs a small app, or Google on a computer.",
        "google": "Hands the secret address to Google. A change often shows after 8 to 24 hours, at times later.",
        "outlook": "A change shows after some 3 hours, at times after more than a day.",
        "thunderbird": "Looks every 30 minutes while it is open.",
    }
)


@router.api_route("/courses/{course_id}/hand-over", methods=["GET", "HEAD"])
def ask(course_id: UUID, site: TheSite, who: Recorder) -> Response:
    """What the patient takes along: their page, calendars for the programs that they use, paper."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    values = {"things": "page", "name": "phone", "language": record.language, "request_id": uuid4().hex}
    return _form(site, who, record, form_from(values))


@router.post("/courses/{course_id}/hand-over")
def make(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Makes the addresses and shows them, this once, in the patient's language."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    faults = missing_faults(_fields(site), form)
    if faults:
        return _form(site, who, record, form, faults)
    if form.text("step") == "mail":
        return _mailed(site, who, record, form)
    try:
        made = hand_over(
            site.app,
            course_id,
            _wanted(form),
            by=who.user.name,
            request_id=form.text("request_id") or uuid4().hex,
            clinic_id=who.user.clinic_id,
        )
    except RequestReused:
        return _form(site, who, record, form.renewed(), {"": REUSED})
    except InvalidValue as refused:
        return _form(site, who, record, form, refusal(refused, _fields(site)))
    return _made(site, who, record, form.text("language"), made)


@router.api_route("/courses/{course_id}/links/{link_id}/revoke", methods=["GET", "HEAD"])
def ask_to_revoke(course_id: UUID, link_id: UUID, site: TheSite, who: Recorder) -> Response:
    """Asks before a link ends for good."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    return site.page("link_revoke.html", who=who, record=record, link=_link(site, who, course_id, link_id))


@router.post("/courses/{course_id}/links/{link_id}/revoke", dependencies=[WithToken])
def revoke(course_id: UUID, link_id: UUID, site: TheSite, who: Recorder) -> Response:
    """Ends the link."""
    link = _link(site, who, course_id, link_id)
    revoke_link(site.app, link.id, by=who.user.name, clinic_id=who.user.clinic_id)
    return RedirectResponse(f"/courses/{course_id}#links", 303)


@router.api_route("/courses/{course_id}/links/{link_id}/replace", methods=["GET", "HEAD"])
def ask_to_replace(course_id: UUID, link_id: UUID, site: TheSite, who: Recorder) -> Response:
    """Asks before a link ends and another one takes its place."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    link = _link(site, who, course_id, link_id)
    return site.page("link_replace.html", who=who, record=record, link=link, request_id=uuid4().hex)


@router.post("/courses/{course_id}/links/{link_id}/replace")
def replace(course_id: UUID, link_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Replaces the link, and shows the new address this once."""
    link = _link(site, who, course_id, link_id)
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    asked = form.text("request_id") or uuid4().hex
    made = replace_link(site.app, link.id, by=who.user.name, request_id=asked, clinic_id=who.user.clinic_id)
    return _made(site, who, record, link.language, HandedOver(page=made.address, calendars={}))


# ---------------------------------------------------------------------------------------------------------------------


def _fields(site: Site) -> tuple[Field, ...]:
    return (
        Field(
            name="things",
            label="The patient's page",
            input=Input.TICKS,
            options=(
                Option(
                    value="page",
                    label="A link to the patient's own page",
                    hint="Next visit, all dates, whom to call, own choices. Needs no account; the address is the key.",
                ),
            ),
        ),
        Field(
            name="name",
            label="Which device is the link for?",
            hint="Name the device, not the person: it stands in lists and in the audit.",
            missing="Name the device.",
            length=MAX_NAME,
        ),
        Field(
            name="programs",
            label="Calendar programs that the patient uses",
            input=Input.TICKS,
            hint="Each gets an address of its own, so that each can be revoked by itself.",
            options=tuple(Option(value=key, label=name, hint=PROGRAM_HINTS[key]) for key, name in PROGRAMS.items()),
        ),
        Field(
            name="detail",
            label="How much do they show?",
            input=Input.RADIO,
            missing="Ask the patient, and choose one.",
            hint="Others may see a phone over a shoulder. On their page the patient can change it.",
            options=tuple(Option(value=each.value, label=word(each)) for each in PAGE_DETAILS),
        ),
        Field(
            name="language",
            label="Language",
            input=Input.SELECT,
            missing="Choose the language.",
            options=tuple(Option(value=code_, label=label) for code_, label in patient_languages(site.app).items()),
        ),
    )


def _wanted(form: Form) -> Wanted:
    return Wanted(
        page=form.text("name") if "page" in form.all("things") else "",
        programs={key: name for key, name in PROGRAMS.items() if key in form.all("programs")},
        detail=Detail(form.text("detail")),
        language=form.text("language"),
    )


def _form(site: Site, who: SessionUser, record: CourseRecord, form: Form, faults: Faults | None = None) -> Response:
    return site.page(
        "handover.html",
        status=422 if faults else 200,
        who=who,
        record=record,
        untold=[entry for entry in record.entries if entry.to_tell],
        fields=_fields(site),
        form=form,
        faults=faults or {},
        languages=patient_languages(site.app),
    )


def _made(site: Site, who: SessionUser, record: CourseRecord, language: str, made: HandedOver) -> Response:
    wording = site.app.wordings[language]
    return site.page(
        "handover_made.html",
        who=who,
        record=record,
        say=wording.say,
        language=language,
        direction=wording.direction,
        page=made.page,
        page_code=Code(made.page) if made.page else "",
        calendars=[(key, PROGRAMS[key], address_values(address)) for key, address in made.calendars.items()],
    )


def _mailed(site: Site, who: SessionUser, record: CourseRecord, form: Form) -> Response:
    """Sends the link to the patient's page by mail; nobody sees its address here."""
    try:
        mail_link(
            site.app,
            record.id,
            name=form.text("name"),
            detail=Detail(form.text("detail")),
            language=form.text("language"),
            by=who.user.name,
            request_id=f"{form.text('request_id') or uuid4().hex} mail",
            clinic_id=who.user.clinic_id,
        )
    except RequestReused:
        return _form(site, who, record, form.renewed(), {"": REUSED})
    except InvalidValue as refused:
        return _form(site, who, record, form, refusal(refused, _fields(site)))
    return RedirectResponse(f"/courses/{record.id}#mails", 303)


def _link(site: Site, who: SessionUser, course_id: UUID, link_id: UUID) -> LinkLine:
    found = [each for each in list_links(site.app, course_id, clinic_id=who.user.clinic_id) if each.id == link_id]
    if not found or found[0].revoked_at is not None:
        raise HTTPException(404)
    return found[0]
