"""The list of the clinic's courses."""

from datetime import date

from fastapi import APIRouter
from starlette.responses import Response

from service.audit import list_viewed
from service.clock import today_in
from service.queries import CourseLine, list_courses
from web.render import TheSite
from web.session import Viewer

router = APIRouter()


@router.api_route("/", methods=["GET", "HEAD"])
def courses(site: TheSite, who: Viewer) -> Response:
    """All courses of the clinic, those with the next visit first."""
    list_viewed(site.app, by=who.user.name, clinic_id=who.user.clinic_id)
    lines = sorted(list_courses(site.app, who.user.clinic_id), key=_by_next_visit)
    today = today_in(site.app.settings.clinic.zone, site.app.now())
    return site.page("courses.html", who=who, lines=lines, today=today)


# ---------------------------------------------------------------------------------------------------------------------


def _by_next_visit(line: CourseLine) -> tuple[date, str]:
    return line.next_visit or date.max, line.patient.casefold()
