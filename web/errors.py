"""Pages for what went wrong: what happened, what to do, a reference number; no traceback and nothing of a patient."""

import logging
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from db.engine import DatabaseUnavailable
from scheduler.errors import InfusionsError, InvalidValue
from service.courses import NotFound, RequestReused
from web.patients import is_for_patients, trouble_page
from web.render import Site
from web.security import reference, route_of
from web.session import SignInNeeded
from web.speaking import later

log = logging.getLogger("infusions.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a person is told: what happened, and what to do."""

    title: str
    sentence: str


EXPLANATIONS = {
    400: Explanation(title="This could not be read", sentence="Go back, reload the page and try again."),
    403: Explanation(
        title="This is not allowed",
        sentence="The form did not come from this site, so nothing was stored. Open the page here and try again.",
    ),
    404: Explanation(
        title="Nothing is here",
        sentence="The address is mistyped, or the course belongs to another clinic. Start from the list of courses.",
    ),
    405: Explanation(title="This can't be done here", sentence="Go back and use the buttons of the page."),
    409: Explanation(
        title="Someone was faster",
        sentence="The course was changed meanwhile, so nothing was stored. Open it again and look first.",
    ),
    413: Explanation(title="Too much text", sentence="Go back and shorten the longest text."),
    415: Explanation(title="This could not be read", sentence="Only the forms of these pages are taken here."),
    422: Explanation(title="This could not be stored", sentence="Go back and mend what the form points out."),
    429: Explanation(title="Too many requests", sentence="Wait a minute, then try again. Nothing was stored."),
    500: Explanation(
        title="Something failed on our side",
        sentence="Look at the course before you record again. If this stays, tell your administrator the reference.",
    ),
    503: Explanation(
        title="The database gives no answer",
        sentence="Nothing was stored. Try again in a minute. If this stays, tell your administrator the reference.",
    ),
}


# A calendar program shows this to nobody, but who opens the address by hand reads it.
FOR_CALENDARS = (
    "This calendar can't be read just now. Calendar programs ask again by themselves. Reference {reference}\n"
)


def error_page(site: Site, request: Request, status: int, number: str, sentence: str = "") -> Response:
    """The answer for that status, in the shape that its reader knows: a sentence for a calendar program, JSON for a
    program that asks for it, else a page. `sentence` takes the place of the usual one; without a number one is made.
    """
    number = number or reference()
    if request.url.path.startswith("/c/"):
        return PlainTextResponse(FOR_CALENDARS.format(reference=number), status)
    if is_for_patients(request.url.path):
        return trouble_page(site, request, status, number)
    usual = EXPLANATIONS.get(status) or Explanation(title=HTTPStatus(status).phrase, sentence="Go back and try again.")
    told = sentence or usual.sentence
    if prefers_json(request.headers.get("accept", "")):
        code = HTTPStatus(status).phrase.lower().replace(" ", "-")
        return JSONResponse({"error": {"code": code, "message": told, "field": None, "reference": number}}, status)
    return site.page("error.html", status=status, title=usual.title, sentence=told, reference=number)


def prefers_json(accept: str) -> bool:
    """Whether an Accept header asks for JSON and no page: a program's. Browsers name text/html first."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return "application/json" in kinds and "text/html" not in kinds


def database_away(site: Site, request: Request, fault: DatabaseUnavailable) -> Response:
    """The page for a database that gives no answer."""
    log.error("the database gives no answer: %s", fault, extra={"action": "web_database_away"})
    response = _logged(site, request, 503)
    response.headers["Retry-After"] = "30"
    return response


def add_handlers(pages: FastAPI, site: Site) -> None:
    """Answers every fault that a route may raise with a page. What nobody foresaw is answered by the guard."""

    async def sign_in(_: Request, fault: SignInNeeded) -> Response:
        lost = "lost&" if fault.lost else ""
        return RedirectResponse(f"/sign-in?{lost}next={quote(fault.next_path, safe='/')}", 303)

    async def refused(request: Request, fault: HTTPException) -> Response:
        sentence = "" if fault.detail == HTTPStatus(fault.status_code).phrase else fault.detail
        response = _logged(site, request, fault.status_code, sentence)
        response.headers.update(fault.headers or {})
        return response

    async def not_found(request: Request, _: Exception) -> Response:
        return _logged(site, request, 404)

    async def overtaken(request: Request, fault: InfusionsError) -> Response:
        if type(fault) is InfusionsError or isinstance(fault, RequestReused):
            return _logged(site, request, 409)
        if isinstance(fault, InvalidValue) and fault.field == "request_id":
            return _logged(
                site,
                request,
                422,
                later("The form was changed on its way here. Go back, reload the page and send it anew."),
            )
        raise fault  # nobody expected this kind here: the guard answers it

    async def away(request: Request, fault: DatabaseUnavailable) -> Response:
        return database_away(site, request, fault)

    pages.exception_handler(SignInNeeded)(sign_in)
    pages.exception_handler(HTTPException)(refused)
    pages.exception_handler(InfusionsError)(overtaken)
    pages.exception_handler(NotFound)(not_found)
    pages.exception_handler(RequestValidationError)(not_found)  # an id in the path that can't be one
    pages.exception_handler(DatabaseUnavailable)(away)


# ---------------------------------------------------------------------------------------------------------------------


def _logged(site: Site, request: Request, status: int, sentence: str = "") -> Response:
    number = reference()
    place = {"action": "web_refused", "reference": number, "status": status}
    log.info("request %s answered %d, reference %s", route_of(request), status, number, extra=place)
    return error_page(site, request, status, number, sentence)
