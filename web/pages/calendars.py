"""The calendar addresses of a course: made and shown once, revoked."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from calendars.kinds import Detail, Reader
from scheduler.dates import parse_date
from scheduler.errors import InvalidValue
from service.courses import RequestReused
from service.feeds import FeedLine, list_feeds, new_feed, replace_feed, revoke_feed
from service.queries import CourseRecord, load_course
from service.users import SessionUser
from web.calendar_help import address_values
from web.forms import Faults, Field, Form, Input, Option, form_from, missing_faults, refusal
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder, WithToken
from web.speaking import later
from web.staff_language import patient_languages
from web.words import lead_words, word

router = APIRouter()


@router.api_route("/courses/{course_id}/feeds/new", methods=["GET", "HEAD"])
def ask(course_id: UUID, site: TheSite, who: Recorder) -> Response:
    """What a new address shows, and to whom."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    values = {"reader": "patient", "detail": "discreet", "language": record.language, "request_id": uuid4().hex}
    return _form(site, who, record, form_from(values))


@router.post("/courses/{course_id}/feeds/new")
def make(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Makes the address and shows it, this once."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    if form.text("step") == "edit":
        return _form(site, who, record, form)
    faults = missing_faults(_fields(site), form)
    if faults:
        return _form(site, who, record, form, faults)
    try:
        made = new_feed(
            site.app,
            course_id,
            name=form.text("name"),
            reader=Reader(form.text("reader")),
            detail=Detail(form.text("detail")),
            language=form.text("language"),
            alarms=[timedelta(hours=int(hours)) for hours in form.all("alarms")],
            expires=_expires(form),
            by=who.user.name,
            request_id=form.text("request_id") or uuid4().hex,
            clinic_id=who.user.clinic_id,
        )
    except RequestReused:
        return _form(site, who, record, form.renewed(), {"": CHANGED})
    except InvalidValue as refused:
        return _form(site, who, record, form, refusal(refused, _fields(site)))
    return _made(site, who, record, made.address)


@router.api_route("/courses/{course_id}/feeds/{feed_id}/revoke", methods=["GET", "HEAD"])
def ask_to_revoke(course_id: UUID, feed_id: UUID, site: TheSite, who: Recorder) -> Response:
    """Asks before an address is taken back for good."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    return site.page("feed_revoke.html", who=who, record=record, feed=_feed(site, who, course_id, feed_id))


@router.post("/courses/{course_id}/feeds/{feed_id}/revoke", dependencies=[WithToken])
def revoke(course_id: UUID, feed_id: UUID, site: TheSite, who: Recorder) -> Response:
    """Revokes the address."""
    feed = _feed(site, who, course_id, feed_id)
    revoke_feed(site.app, feed.id, by=who.user.name, clinic_id=who.user.clinic_id)
    return RedirectResponse(f"/courses/{course_id}?revoked={feed.id}#feeds", 303)


@router.api_route("/courses/{course_id}/feeds/{feed_id}/replace", methods=["GET", "HEAD"])
def ask_to_replace(course_id: UUID, feed_id: UUID, site: TheSite, who: Recorder) -> Response:
    """Asks before an address is taken back and another one takes its place."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    feed = _feed(site, who, course_id, feed_id)
    return site.page("feed_replace.html", who=who, record=record, feed=feed, request_id=uuid4().hex)


@router.post("/courses/{course_id}/feeds/{feed_id}/replace")
def replace(course_id: UUID, feed_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Replaces the address, and shows the new one this once."""
    feed = _feed(site, who, course_id, feed_id)
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    asked = form.text("request_id") or uuid4().hex
    try:
        made = replace_feed(site.app, feed.id, by=who.user.name, request_id=asked, clinic_id=who.user.clinic_id)
    except InvalidValue:  # it has expired since the page was shown
        raise HTTPException(409) from None
    return _made(site, who, record, made.address)


# ---------------------------------------------------------------------------------------------------------------------

CHANGED = later("This form has made an address already, with other answers. Send it again to make another one.")
LEADS = (24, 72, 2)  # hours before a visit


def _made(site: Site, who: SessionUser, record: CourseRecord, address: str) -> Response:
    return site.page("feed_made.html", who=who, record=record, **address_values(address))


def _fields(site: Site) -> tuple[Field, ...]:
    carer_hint = later("Without birth control, breastfeeding or pregnancy, whatever is chosen below.")
    readers = (
        Option(value="patient", label="The patient"),
        Option(value="carer", label="A carer or guardian", hint=carer_hint),
    )
    languages = tuple(Option(value=code, label=label) for code, label in patient_languages(site.app).items())
    return (
        Field(
            name="name",
            label="Whose device is it?",
            hint="For example “Mum's phone”. Staff see this name; it is in no calendar.",
            missing="Give the device a name.",
            length=100,
        ),
        Field(name="reader", label="Who reads it?", input=Input.RADIO, missing="Choose one.", options=readers),
        Field(
            name="detail",
            label="How much does it show?",
            input=Input.RADIO,
            missing="Choose one.",
            hint="Others may see the calendar over a shoulder or at work: ask the patient.",
            options=tuple(Option(value=each.value, label=word(each)) for each in Detail),
        ),
        Field(name="language", label="Language", input=Input.SELECT, missing="Choose the language.", options=languages),
        Field(
            name="alarms",
            label="Alarms",
            input=Input.TICKS,
            hint="Many calendar programs leave them out of subscribed calendars: they never replace the mails.",
            options=tuple(Option(value=str(each), label=lead_words(timedelta(hours=each))) for each in LEADS),
        ),
        Field(
            name="expires",
            label="Last day that it works",
            input=Input.DATE,
            hint="Empty: until it is revoked.",
            length=20,
        ),
    )


def _form(site: Site, who: SessionUser, record: CourseRecord, form: Form, faults: Faults | None = None) -> Response:
    return site.page(
        "feed_form.html",
        status=422 if faults else 200,
        who=who,
        record=record,
        fields=_fields(site),
        form=form,
        faults=faults or {},
    )


def _expires(form: Form) -> date | None:
    return parse_date(form.text("expires"), field="expires") if form.text("expires") else None


def _feed(site: Site, who: SessionUser, course_id: UUID, feed_id: UUID) -> FeedLine:
    found = [feed for feed in list_feeds(site.app, course_id, clinic_id=who.user.clinic_id) if feed.id == feed_id]
    if not found:
        raise HTTPException(404)
    return found[0]
