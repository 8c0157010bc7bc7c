"""One course: where it stands, its dates, its calendars, its history."""

from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from calendars import FORMATS
from calendars.kinds import Detail, Reader
from calendars.view import CalendarView, build_view
from scheduler.errors import InvalidValue
from scheduler.plan import Dose, DoseState, Plan
from service.carers import list_recipients
from service.clinic import clinic_card
from service.courses import neutral_notice, tell_patient
from service.feeds import list_feeds
from service.mails import course_mails
from service.prints import list_prints
from service.queries import CourseRecord, HistoryEntry, load_course
from web.entries import next_dose
from web.forms import whole_number
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder, Viewer
from web.words import LANGUAGE

router = APIRouter()

# A picture in a page can't load anything; opened by itself it must not either.
SVG_POLICY = "default-src 'none'; frame-ancestors 'none'"


NO_NEUTRAL = "No mail to the patient waits that could go in time, so none goes. Tell the patient by telephone."


@router.api_route("/courses/{course_id}", methods=["GET", "HEAD"])
def course(course_id: UUID, request: Request, site: TheSite, who: Viewer) -> Response:
    """The page of one course."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    asked = request.query_params
    stored = _entry(record, whole_number(asked.get("recorded", "")))
    mails = course_mails(site.app, course_id, clinic_id=who.user.clinic_id)
    feeds = list_feeds(site.app, course_id, clinic_id=who.user.clinic_id)
    revoked = next((feed.name for feed in feeds if str(feed.id) == asked.get("revoked")), "")
    return site.page(
        "course.html",
        who=who,
        record=record,
        timeline=Markup(FORMATS["svg"].render(staff_view(site, record)).decode()),  # noqa: S704 - it escapes its texts
        feeds=feeds,
        prints=list_prints(site.app, course_id, clinic_id=who.user.clinic_id),
        unprinted="unprinted" in asked,
        next=next_dose(record.plan),
        last=last_given(record.plan),
        untold=[entry for entry in record.entries if entry.to_tell],
        mails=mails,
        recipients=list_recipients(site.app, course_id, clinic_id=who.user.clinic_id),
        chosen=asked.get("chosen", ""),
        withdrawn=asked.get("withdrawn", ""),
        hurried=next((line for line in mails.waiting if whole_number(asked.get("hurried", "")) in line.ids), None),
        request_id=uuid4().hex,
        stored=stored,
        started="started" in asked,
        told="told" in asked,
        neutral="neutral" in asked,
        revoked=revoked,
    )


@router.api_route("/courses/{course_id}/timeline.svg", methods=["GET", "HEAD"])
def timeline(course_id: UUID, site: TheSite, who: Viewer) -> Response:
    """The picture of the course's doses."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    picture = FORMATS["svg"]
    headers = {"Content-Security-Policy": SVG_POLICY}
    return Response(picture.render(staff_view(site, record)), media_type=picture.media_type, headers=headers)


@router.post("/courses/{course_id}/told")
def told(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Notes that the patient has been told of a revision, so that its notice may go; or lets a neutral one go."""
    revision = whole_number(form.text("revision"))
    if revision is None:
        raise HTTPException(422)
    if form.text("step") != "neutral":
        tell_patient(site.app, course_id, revision, by=who.user.name, clinic_id=who.user.clinic_id)
        return RedirectResponse(f"/courses/{course_id}?told", 303)
    try:
        neutral_notice(site.app, course_id, revision, by=who.user.name, clinic_id=who.user.clinic_id)
    except InvalidValue:
        raise HTTPException(409, NO_NEUTRAL) from None
    return RedirectResponse(f"/courses/{course_id}?neutral#untold", 303)


def last_given(plan: Plan) -> Dose | None:
    """The dose given last, or None before the first."""
    given = [dose for dose in plan.doses() if dose.state is DoseState.GIVEN and dose.date is not None]
    return max(given, key=lambda dose: (dose.date, dose.id), default=None)


def staff_view(site: Site, record: CourseRecord) -> CalendarView:
    """The course as staff see it, for pictures and prints."""
    return build_view(
        record.stamped.values(),
        record.plan,
        wording=site.app.wordings[LANGUAGE],
        detail=Detail.FULL,
        reader=Reader.STAFF,
        clinic=clinic_card(site.app.settings.clinic),
        stamp=record.recorded_at,
        uid=record.id,
        today=record.plan.today,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _entry(record: CourseRecord, number: int | None) -> HistoryEntry | None:
    return next((entry for entry in record.entries if entry.number == number), None)
