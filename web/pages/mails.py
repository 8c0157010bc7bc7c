"""What staff do with a course's mails: pause and resume them, send one at once."""

from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from scheduler.errors import InvalidValue
from service.courses import RequestReused
from service.mails import CourseMails, MailLine, course_mails, pause_mails, resume_mails, send_now
from service.messages import State
from service.queries import load_course
from web.forms import Form
from web.render import TheSite
from web.session import CheckedForm, Recorder
from web.speaking import later

router = APIRouter()

GONE = later("This mail does not wait any more, so nothing was changed. Open the course again and look at its mails.")


@router.post("/courses/{course_id}/mails/pause")
def pause(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Keeps back all mails of the course."""
    pause_mails(site.app, course_id, by=who.user.name, request_id=_request_id(form), clinic_id=who.user.clinic_id)
    return RedirectResponse(f"/courses/{course_id}#mails", 303)


@router.post("/courses/{course_id}/mails/resume")
def resume(course_id: UUID, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Lets the course's mails go again."""
    resume_mails(site.app, course_id, by=who.user.name, request_id=_request_id(form), clinic_id=who.user.clinic_id)
    return RedirectResponse(f"/courses/{course_id}#mails", 303)


@router.api_route("/courses/{course_id}/mails/{message_id}/send", methods=["GET", "HEAD"])
def ask_to_send(course_id: UUID, message_id: int, site: TheSite, who: Recorder) -> Response:
    """Asks before a mail goes at once; in the patient's quiet hours it says so."""
    record = load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    mails = course_mails(site.app, course_id, clinic_id=who.user.clinic_id)
    return site.page(
        "mail_send.html",
        who=who,
        record=record,
        mails=mails,
        mail=_waiting(mails, message_id),
        message_id=message_id,
        request_id=uuid4().hex,
    )


@router.post("/courses/{course_id}/mails/{message_id}/send")
def send(course_id: UUID, message_id: int, site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Lets the mail go at the next pass; in quiet hours only when that was asked for."""
    load_course(site.app, course_id, clinic_id=who.user.clinic_id)
    try:
        send_now(
            site.app,
            message_id,
            by=who.user.name,
            at_night=form.text("when") == "night",
            request_id=_request_id(form),
            course_id=course_id,
            clinic_id=who.user.clinic_id,
        )
    except (InvalidValue, RequestReused):
        raise HTTPException(409, GONE) from None
    return RedirectResponse(f"/courses/{course_id}?hurried={message_id}#mails", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _request_id(form: Form) -> str:
    return form.text("request_id") or uuid4().hex


def _waiting(mails: CourseMails, message_id: int) -> MailLine:
    found = [line for line in mails.waiting if message_id in line.ids and line.state is State.WAITING]
    if not found or mails.paused:
        raise HTTPException(409, GONE)
    return found[0]
