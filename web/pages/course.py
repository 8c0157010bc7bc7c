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
from scheduler.events import EventKind
from scheduler.plan import Dose, DoseState, Plan
from service.acknowledging import acknowledge, look_again
from service.clinic import clinic_card
from service.course_page import course_sheet
from service.courses import neutral_notice, tell_patient
from service.mails import CourseMails, MailLine, course_mails
from service.queries import CourseRecord, HistoryEntry, load_course
from web.entries import next_dose
from web.forms import whole_number
from web.paging import part
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder, Viewer
from web.speaking import later, spoken
from web.words import LANGUAGE, sentence

router = APIRouter()

# A picture in a page can't load anything; opened by itself it must not either.
SVG_POLICY = "default-src 'none'; frame-ancestors 'none'"


NO_NEUTRAL = later("No mail to the patient waits that could go in time, so none goes. Tell the patient by telephone.")


DRAWN = {EventKind.INFUSION, EventKind.STAY, EventKind.WINDOW}
SHOWN_WHOLE = 30  # doses; a longer course shows the cycles around its next visit, the others as lines
NEWEST, SOONEST, LATEST = 20, 25, 10  # entries, mails that wait and mails that went, before "all" leads to the rest
PAGE = 60


@router.api_route("/courses/{course_id}", methods=["GET", "HEAD"])
def course(course_id: UUID, request: Request, site: TheSite, who: Viewer) -> Response:
    """The page of one course."""
    sheet = course_sheet(site.app, course_id, clinic_id=who.user.clinic_id)
    record, asked = sheet.record, request.query_params
    opened = _opened(record.plan, whole_number(asked.get("cycle", "")))
    picture = FORMATS["svg"].render(staff_view(site, record)).decode() if opened is None else ""
    return site.page(
        "course.html",
        who=who,
        sheet=sheet,
        record=record,
        timeline=Markup(picture),  # noqa: S704 - it escapes its texts
        opened=opened,
        feeds=sheet.feeds,
        prints=sheet.prints,
        links=sheet.links,
        unprinted="unprinted" in asked,
        next=next_dose(record.plan),
        last=last_given(record.plan),
        now=day_of_cycle(record.plan),
        untold=[entry for entry in record.entries if entry.to_tell],
        mails=sheet.mails,
        recipients=sheet.recipients,
        chosen=asked.get("chosen", ""),
        withdrawn=asked.get("withdrawn", ""),
        hurried=_mail(sheet.mails, whole_number(asked.get("hurried", ""))),
        request_id=uuid4().hex,
        stored=_step(record, whole_number(asked.get("recorded", "")), whole_number(asked.get("since", ""))),
        started="started" in asked,
        known="known" in asked,
        told="told" in asked,
        neutral="neutral" in asked,
        noted=asked.get("noted", ""),
        revoked=next((feed.name for feed in sheet.feeds if str(feed.id) == asked.get("revoked")), ""),
        newest=NEWEST,
        soonest=SOONEST,
        latest=LATEST,
    )


@router.api_route("/courses/{course_id}/history", methods=["GET", "HEAD"])
def history(course_id: UUID, request: Request, site: TheSite, who: Viewer) -> Response:
    """All that was recorded for the course, the newest first."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    shown = part(record.entries[::-1], request.query_params.get("page", ""), PAGE)
    return site.page("course_history.html", who=who, record=record, shown=shown)


@router.api_route("/courses/{course_id}/mails", methods=["GET", "HEAD"])
def mails(course_id: UUID, request: Request, site: TheSite, who: Viewer) -> Response:
    """All mails of the course, those that go last first."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    found = course_mails(site.app, course_id, clinic_id=who.user.clinic_id)
    settled = sorted((*found.failed, *found.sent), key=lambda line: (line.at or line.deadline, line.ids), reverse=True)
    shown = part((*found.waiting[::-1], *settled), request.query_params.get("page", ""), PAGE)
    return site.page("course_mails.html", who=who, record=record, shown=shown)


@router.post("/courses/{course_id}/remarks")
def remarks(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Notes that somebody took note of a remark, or that it is to be shown again."""
    step, mark = form.text("step"), form.text("mark")
    do = {"acknowledge": acknowledge, "again": look_again}.get(step)
    if do is None:
        load_course(site.app, course_id, clinic_id=who.user.clinic_id)  # of another clinic's course: 404 all the same
        raise HTTPException(422)
    try:
        do(site.app, course_id, mark, by=who.user.name, clinic_id=who.user.clinic_id)
    except InvalidValue as gone:
        raise HTTPException(409, sentence(str(gone))) from None
    return RedirectResponse(f"/courses/{course_id}?noted={step}#advice", 303)


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


def day_of_cycle(plan: Plan) -> tuple[int, int] | None:
    """In which cycle today is, and which day of it; None before the first one."""
    cycle = next((each for each in reversed(plan.cycles) if each.day1 <= plan.today), None)
    return (cycle.number, (plan.today - cycle.day1).days + 1) if cycle is not None else None


def staff_view(site: Site, record: CourseRecord) -> CalendarView:
    """The course as staff see it, for its picture: no more events than that draws."""
    return build_view(
        (each for each in record.stamped.values() if each.event.kind in DRAWN),
        record.plan,
        wording=site.app.wordings.get(spoken().language) or site.app.wordings[LANGUAGE],
        detail=Detail.FULL,
        reader=Reader.STAFF,
        clinic=clinic_card(site.app.settings.clinic),
        stamp=record.recorded_at,
        uid=record.id,
        today=record.plan.today,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _opened(plan: Plan, asked: int | None) -> frozenset[int] | None:
    """The cycles that a long course shows with all there is: those around the one asked for, else the next visit's."""
    if len(plan.doses()) <= SHOWN_WHOLE:
        return None
    upcoming = next_dose(plan)
    middle = asked or (upcoming.cycle if upcoming is not None else len(plan.cycles))
    return frozenset(range(middle - 1, middle + 2))


def _mail(mails: CourseMails, number: int | None) -> MailLine | None:
    return next((line for line in mails.waiting if number in line.ids), None)


def _step(record: CourseRecord, last: int | None, since: int | None) -> list[HistoryEntry]:
    """The entry that was just recorded; with `since` all those of its step."""
    first = last if since is None else since
    if first is None or last is None:
        return []
    return [entry for entry in record.entries if first <= entry.number <= last][-NEWEST:]
