"""The patient's page: behind a link of the patient's own, or the code of a printed sheet. No account, no session.

Whoever has the address may read. From a link things can be chosen, too; a sheet hangs where visitors see it.
"""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from calendars.kinds import Detail
from reminders.rules import Kind
from scheduler.errors import InvalidValue
from service.loading import NotFound, reminder_policy
from service.page_choices import choose_look, choose_mails, make_calendar, want_mails
from service.patient_page import Gone, PageTold, read_page, see_page
from service.tokens import form_mark
from web.calendar_help import address_values
from web.forms import Form, Posted
from web.patient_view import CHANGE_DAY, MAIL_KINDS, page_values
from web.patients import patient_page, preferred
from web.render import Site, TheSite
from web.session import same_token

router = APIRouter()

UNKNOWN, REVOKED, TOO_OFTEN = 404, 410, 429


@router.api_route("/p/{token}", methods=["GET", "HEAD"])
def show(token: str, request: Request, site: TheSite) -> Response:
    """The page, noted as seen. `view`: how the dates are shown; `from`: which part of them; `saved`: after a choice."""
    return _answered(site, request, token, see_page, lambda told: _page(site, request, token, told))


@router.post("/p/{token}/choices")
def choose(token: str, request: Request, site: TheSite, form: Posted) -> Response:
    """Stores what the patient chose: how the page looks, or which mails come."""

    def chosen(told: PageTold) -> Response:
        try:
            _choose(site, told, form)
        except InvalidValue:
            return _page(site, request, token, told, status=422)
        return RedirectResponse(f"/p/{token}?saved#choices", 303, headers={"Referrer-Policy": "no-referrer"})

    return _sent(site, request, token, form, chosen)


@router.post("/p/{token}/calendar")
def calendar(token: str, request: Request, site: TheSite, form: Posted) -> Response:
    """Makes a calendar address for a device of the patient's own, and shows it this once."""

    def made(told: PageTold) -> Response:
        try:
            detail = Detail(form.text("detail"))
            feed = make_calendar(site.app, told, detail=detail, request_id=form.text("request_id"))
        except (InvalidValue, ValueError):
            return _page(site, request, token, told, status=422)
        shown = {"clinic": _card(site, told), "token": token, **address_values(feed.address)}
        return patient_page(site, "patient_calendar.html", told.language, status=200, **shown)

    return _sent(site, request, token, form, made)


# ---------------------------------------------------------------------------------------------------------------------

Told = Callable[[PageTold], Response]


def _answered(site: Site, request: Request, token: str, look: Callable[..., PageTold], answer: Told) -> Response:
    now, limits = site.app.now(), site.page_limits
    comes_from = request.client.host if request.client else ""
    if limits.unknown.is_reached(comes_from, now) or limits.seen.is_reached(token, now):
        return _nothing(site, request, TOO_OFTEN)
    try:
        told = look(site.app, token)
    except NotFound:
        limits.unknown.count(comes_from, now)
        return _nothing(site, request, UNKNOWN)
    except Gone:
        return _nothing(site, request, REVOKED)
    site.turn_to(told.clinic_id)
    limits.seen.count(token, now)
    return answer(told)


def _sent(site: Site, request: Request, token: str, form: Form, answer: Told) -> Response:
    """The answer to a form of the page itself; a form from elsewhere changes nothing, nor does one of a sheet."""

    def checked(told: PageTold) -> Response:
        limit, now = site.page_limits.chosen, site.app.now()
        if limit.is_reached(token, now):
            return _nothing(site, request, TOO_OFTEN)
        if not _is_ours(site, request, token, form):
            raise HTTPException(403)
        if told.link is None or told.view is None:
            return _page(site, request, token, told)
        limit.count(token, now)
        return answer(told)

    return _answered(site, request, token, read_page, checked)


def _is_ours(site: Site, request: Request, token: str, form: Form) -> bool:
    # Browsers say from where a form was sent; some old ones don't, and none names our origin, since the page sends no
    # referrer. The mark stands on the page alone.
    sender, origin = request.headers.get("sec-fetch-site", "same-origin"), request.headers.get("origin", "null")
    ours = {"null", urlsplit(site.app.settings.server.public_url).netloc, request.headers.get("host", "")}
    known = sender == "same-origin" and (urlsplit(origin).netloc or origin) in ours
    return known and same_token(form.raw("mark"), form_mark(site.app, token))


def _choose(site: Site, told: PageTold, form: Form) -> None:
    match form.text("step"):
        case "look":
            try:
                detail = Detail(form.text("detail"))
            except ValueError:
                raise InvalidValue("detail: choose one", field="detail") from None
            choose_look(site.app, told, language=form.text("language"), detail=detail)
        case "mails":
            choose_mails(site.app, told, _days(site, form))
        case "stop":
            want_mails(site.app, told, wanted=False)
        case "again":
            want_mails(site.app, told, wanted=True)
        case _:
            raise InvalidValue("step: there is no such step", field="step")


def _days(site: Site, form: Form) -> dict[Kind, tuple[int, ...]]:
    """By kind the days that are ticked; a kind of which all are ticked comes as the clinic sends it."""
    policy = reminder_policy(site.app.settings.reminders)
    sent = {kind: policy.days_before(kind) for kind in MAIL_KINDS} | {Kind.CHANGE: (CHANGE_DAY,)}
    ticked = {kind: tuple(day for day in days if str(day) in form.all(kind.value)) for kind, days in sent.items()}
    return {kind: days for kind, days in ticked.items() if days != sent[kind]}


def _page(site: Site, request: Request, token: str, told: PageTold, *, status: int = 200) -> Response:
    if told.view is None:
        return patient_page(site, "patient_number.html", told.language, clinic=_card(site, told))
    values = page_values(site.app, token, told, request.query_params)
    return patient_page(
        site,
        "patient_page.html",
        told.language,
        status=status,
        clinic=_card(site, told),
        saved="saved" in request.query_params and status == 200,
        refused=status != 200,
        **values,
    )


def _card(site: Site, told: PageTold) -> object:
    """What the page shows of the clinic: its name can be a diagnosis."""
    clinic = site.app.settings.clinic
    return clinic if told.detail is Detail.FULL and told.view is not None else replace(clinic, name="")


def _nothing(site: Site, request: Request, status: int) -> Response:
    """The same page for whatever is not there: only its status tells what a mail program or browser should do."""
    language = preferred(request, site.app.wordings)
    clinic = replace(site.app.settings.clinic, name="")
    key = "you.wait" if status == TOO_OFTEN else "you.unknown"
    response = patient_page(site, "patient_nothing.html", language, status=status, key=key, clinic=clinic)
    if status == TOO_OFTEN:
        response.headers["Retry-After"] = "900"
    return response
