"""The list of the clinic's courses, filtered and searched."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.audit import list_viewed
from service.clock import today_in
from service.day import Need, Wanted, find_courses
from service.loading import CourseState
from web.forms import whole_number
from web.render import TheSite
from web.session import Viewer
from web.speaking import later

router = APIRouter()

ANY = "any"
MAX_WORDS = 100
NEEDS = later(
    {
        ANY: "Anything below",
        Need.RECORD: "A dose to record",
        Need.TELL: "The patient to be told or phoned",
        Need.CHECK: "A check that is due",
        Need.AFTER: "A test after a dose",
        Need.HOLD: "On hold",
        Need.CLOSED: "A dose on a closed day",
        Need.WATCH: "Liver watch",
    }
)
# Who is only watched needs nothing of anybody.
ALL_NEEDS = tuple(need for need in Need if need is not Need.WATCH)


@router.api_route("/courses", methods=["GET", "HEAD"])
def courses(request: Request, site: TheSite, who: Viewer) -> Response:
    """The courses that are looked for, those with the next visit first; a page of them."""
    list_viewed(site.app, by=who.user.name, clinic_id=who.user.clinic_id)
    asked = {name: request.query_params.get(name, "").strip()[:MAX_WORDS] for name in ("q", "regimen", "state", "need")}
    wanted = Wanted(
        words=asked["q"],
        regimen_id=asked["regimen"],
        state=asked["state"] if asked["state"] in set(CourseState) else "",
        needs=_needs(asked["need"]),
    )
    page = whole_number(request.query_params.get("page", "")) or 1
    found = find_courses(site.app, wanted, page=page, clinic_id=who.user.clinic_id)
    return site.page(
        "courses.html",
        who=who,
        found=found,
        asked=asked,
        searched=any(asked.values()),
        states=tuple(CourseState),
        needs=NEEDS,
        today=today_in(site.app.settings.clinic.zone, site.app.now()),
        more=urlencode({name: value for name, value in asked.items() if value}),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _needs(asked: str) -> tuple[Need, ...]:
    if asked == ANY:
        return ALL_NEEDS
    return (Need(asked),) if asked in set(Need) else ()
