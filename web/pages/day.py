"""The clinic's day: who comes, what to do, and the few things that are recorded right there."""

from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from scheduler.dates import parse_date, zone_of
from scheduler.errors import InvalidValue, Rejected
from service.audit import list_viewed
from service.courses import RequestReused, StaleRevision
from service.day import clinic_day
from service.day_acts import Visit, give_as_planned, just_recorded, set_ticks, take_back
from service.users import SessionUser
from web.day_view import visits, visits_after
from web.forms import Form, beside, whole_number
from web.render import Site, TheSite
from web.session import CheckedForm, Recorder, Viewer
from web.speaking import later

router = APIRouter()

FIRST, LAST = date(1900, 1, 1), date(2200, 1, 1)
CHANGED = later(
    "The course has changed since this page was made, so nothing was recorded. Look at it, then record anew."
)


@router.api_route("/", methods=["GET", "HEAD"])
def today(request: Request, site: TheSite, who: Viewer) -> Response:
    """The clinic's day: today, or the date of `day`; one page of those who come."""
    asked = request.query_params
    day, page = _date(asked.get("day", "")), whole_number(asked.get("page", "")) or 1
    return _show(site, who, day, page, done="done" in asked, recorded=asked.get("recorded", ""))


@router.post("/day/ticks")
def ticks(site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Ticks what was seen, or takes one tick back."""
    try:
        _tick(site, who, form)
    except InvalidValue as fault:
        return _refused(site, who, form, fault, 409)
    return RedirectResponse(f"/?{_back(form, done='')}", 303)


@router.post("/day/given")
def given(site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Records that the visit was given as planned, and what was ticked with it."""
    seen, course = whole_number(form.text("seen_revision")), _course(form)
    if seen is None or not form.text("request_id"):
        raise HTTPException(422)
    try:
        _tick(site, who, form)
        outcome = give_as_planned(
            site.app,
            course,
            _visit(form),
            by=who.user.name,
            seen_revision=seen,
            request_id=form.text("request_id"),
            clinic_id=who.user.clinic_id,
        )
    except StaleRevision:
        return _refused(site, who, form, None, 409)
    except (Rejected, InvalidValue, RequestReused) as fault:
        return _refused(site, who, form, fault, 422)
    return RedirectResponse(f"/?{_back(form, recorded=f'{course}:{seen + 1}-{outcome.revision}')}", 303)


@router.post("/day/undo")
def undo(site: TheSite, who: Recorder, form: CheckedForm) -> Response:
    """Takes back what was just recorded."""
    first, last = (whole_number(form.text(name)) for name in ("first", "last"))
    if first is None or last is None or not form.text("request_id"):
        raise HTTPException(422)
    try:
        take_back(
            site.app,
            _course(form),
            first,
            last,
            by=who.user.name,
            request_id=form.text("request_id"),
            clinic_id=who.user.clinic_id,
        )
    except StaleRevision:
        return _refused(site, who, form, None, 409)
    except (Rejected, InvalidValue, RequestReused) as fault:
        return _refused(site, who, form, fault, 422)
    return RedirectResponse(f"/?{_back(form, done='')}", 303)


# ---------------------------------------------------------------------------------------------------------------------


def _show(
    site: Site,
    who: SessionUser,
    day: date | None,
    page: int,
    *,
    status: int = 200,
    done: bool = False,
    recorded: str = "",
    fault: str = "",
    course: UUID | None = None,
) -> Response:
    clinic_id = who.user.clinic_id
    list_viewed(site.app, by=who.user.name, clinic_id=clinic_id)
    found = clinic_day(site.app, day=day, page=page, clinic_id=clinic_id)
    zone = zone_of(site.app.settings.clinic.zone)
    return site.page(
        "day.html",
        status=status,
        who=who,
        found=found,
        visits=visits(found, zone, site.app.settings.clinic.ticks),
        after=visits_after(found, zone),
        lines=[(line, uuid4().hex) for line in found.lines],
        recorded=_recorded(site, clinic_id, recorded),
        done=done,
        fault=fault,
        course=course,
        one=timedelta(days=1),
        new_id=lambda: uuid4().hex,
    )


def _refused(site: Site, who: SessionUser, form: Form, fault: Exception | None, status: int) -> Response:
    why = beside(getattr(fault, "field", "") or "", fault) if fault is not None else CHANGED
    day, page = _date(form.text("shown")), whole_number(form.text("page")) or 1
    return _show(site, who, day, page, status=status, fault=why, course=_course(form))


def _recorded(site: Site, clinic_id: int, text: str) -> object:
    course, _, numbers = text.partition(":")
    first, last = (whole_number(number) for number in numbers.partition("-")[::2])
    try:
        id_ = UUID(course)
    except ValueError:
        return None
    if first is None or last is None:
        return None
    return just_recorded(site.app, id_, first, last, clinic_id=clinic_id)


def _tick(site: Site, who: SessionUser, form: Form) -> None:
    """Stores the ticks of the form: one that is taken back, or those that were set."""
    back = form.text("back")
    wanted = (back,) if back else tuple(filter(None, form.all("tick")))
    if wanted:
        set_ticks(
            site.app,
            _course(form),
            wanted,
            by=who.user.name,
            back=bool(back),
            clinic_id=who.user.clinic_id,
        )


def _visit(form: Form) -> Visit:
    cycle, day, on = form.text("cycle"), form.text("day"), _date(form.text("on"))
    number = whole_number(day.removeprefix("-"))
    if whole_number(cycle) is None or number is None or on is None:
        raise HTTPException(422)
    return Visit(cycle=int(cycle), day=-number if day.startswith("-") else number, on=on)


def _course(form: Form) -> UUID:
    try:
        return UUID(form.text("course"))
    except ValueError:
        raise HTTPException(422) from None


def _date(text: str) -> date | None:
    try:
        found = parse_date(text, field="day") if text else None
    except InvalidValue:
        return None
    # The days before and after are shown, too, and have to be dates.
    return found if found is None or FIRST < found < LAST else None


def _back(form: Form, **more: str) -> str:
    """What leads back to where the form stood."""
    kept = {"day": form.text("shown"), "page": form.text("page")}
    return urlencode({name: value for name, value in kept.items() if value} | more)
