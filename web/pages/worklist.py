"""What staff have to do: doses to record, patients to tell, mails that did not arrive."""

from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from scheduler.errors import InvalidValue
from service.audit import list_viewed
from service.courses import RequestReused
from service.worklist import worklist
from service.worklist_acts import tick_off
from web.forms import whole_number
from web.render import TheSite
from web.session import CheckedForm, Recorder, Viewer

router = APIRouter()

LINES = 50  # of one page


@router.api_route("/worklist", methods=["GET", "HEAD"])
def lines(request: Request, site: TheSite, who: Viewer) -> Response:
    """A page of the clinic's lines, the urgent ones first."""
    list_viewed(site.app, by=who.user.name, clinic_id=who.user.clinic_id)
    found = worklist(site.app, clinic_id=who.user.clinic_id)
    pages = max(1, -(-len(found) // LINES))
    page = min(whole_number(request.query_params.get("page", "")) or 1, pages)
    return site.page(
        "worklist.html",
        who=who,
        lines=[(line, uuid4().hex) for line in found[(page - 1) * LINES : page * LINES]],
        total=len(found),
        page=page,
        pages=pages,
        done="done" in request.query_params,
    )


@router.post("/worklist")
def done(site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Ticks one line off."""
    try:
        tick_off(
            site.app,
            UUID(form.text("course")),
            form.text("line"),
            by=who.user.name,
            request_id=form.text("request_id") or uuid4().hex,
            clinic_id=who.user.clinic_id,
        )
    except (ValueError, InvalidValue):
        raise HTTPException(422) from None
    except RequestReused:
        raise HTTPException(409) from None
    return RedirectResponse("/?done" if form.text("back") == "day" else "/worklist?done", 303)
