"""Signing in and out."""

from datetime import timedelta
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from service import sign_in_limits
from service.audit import HOME_CLINIC
from service.loading import NotFound
from service.sessions import close_session, open_session
from service.sign_in_limits import TooManyFailures
from service.users import User, check_password
from web.forms import Form, Posted
from web.render import Site, TheSite
from web.session import (
    StaleForm,
    WithToken,
    drop_cookie,
    new_token,
    same_token,
    session_cookie,
    set_cookie,
    sign_in_cookie,
)

router = APIRouter()

MAX_PASSWORD = 1000
# A check takes 64 MB and a tenth of a second of one core on purpose; a crowd of guesses must not starve the rest.
CHECKS_AT_ONCE = BoundedSemaphore(4)


async def unforged(request: Request, site: TheSite, form: Posted) -> Form:
    """The sign-in form, once it has shown the token that came with its page."""
    if not same_token(form.raw("token"), request.cookies.get(sign_in_cookie(site), "")):
        raise StaleForm
    return form


@router.api_route("/sign-in", methods=["GET", "HEAD"])
async def ask(request: Request, site: TheSite) -> Response:
    """The sign-in form."""
    values = {"next": own_path(request.query_params.get("next", ""))}
    return _form(
        request,
        site,
        values,
        signed_out="signed-out" in request.query_params,
        welcome="welcome" in request.query_params,
        lost="lost" in request.query_params,
    )


@router.post("/sign-in")
def sign_in(request: Request, site: TheSite, form: Annotated[Form, Depends(unforged)]) -> Response:
    """Opens a session and goes to the page that was asked for; 422 when name and password don't belong together."""
    name = form.text("name")
    values = {"name": name, "next": own_path(form.text("next"))}
    address = request.client.host if request.client else ""
    try:
        tried = sign_in_limits.begin(site.app, name, address)
    except TooManyFailures as full:
        response = _form(request, site, values, status=429, wait=full.wait)
        response.headers["Retry-After"] = str(int(full.wait.total_seconds()) + 1)
        return response
    user = _checked(site, name, form.raw("password"))
    if user is None:
        sign_in_limits.failed(site.app, tried)
        return _form(request, site, values, status=422, refused=True)
    try:
        token, _ = open_session(site.app, user)
    except NotFound:  # disabled, or a new password, since it was checked
        return _form(request, site, values, status=422, refused=True)
    sign_in_limits.passed(site.app, tried)
    _close_earlier(request, site)
    response = RedirectResponse(values["next"], 303)
    set_cookie(response, site, session_cookie(site), token)
    drop_cookie(response, site, sign_in_cookie(site))
    return response


@router.post("/sign-out", dependencies=[WithToken])
def sign_out(request: Request, site: TheSite) -> Response:
    """Closes the session."""
    _close_earlier(request, site)
    response = RedirectResponse("/sign-in?signed-out", 303)
    drop_cookie(response, site, session_cookie(site))
    return response


def own_path(path: str) -> str:
    """The path if it leads to one of our own pages, else the start page: a link must not send anybody elsewhere."""
    ours = path.startswith("/") and not path.startswith(("//", "/sign-", "/c/")) and "\\" not in path
    return path if ours and path.isascii() and path.isprintable() and len(path) <= 500 else "/"


# ---------------------------------------------------------------------------------------------------------------------


def _form(
    request: Request,
    site: Site,
    values: dict[str, str],
    *,
    status: int = 200,
    refused: bool = False,
    wait: timedelta | None = None,
    signed_out: bool = False,
    welcome: bool = False,
    lost: bool = False,
) -> Response:
    site.turn_to(HOME_CLINIC)  # nobody knows yet whose clinic it is; most services have but one
    token = request.cookies.get(sign_in_cookie(site)) or new_token()
    response = site.page(
        "sign_in.html",
        status=status,
        token=token,
        name=values.get("name", ""),
        next=values["next"],
        refused=refused,
        wait=wait,
        signed_out=signed_out,
        welcome=welcome,
        lost=lost,
    )
    set_cookie(response, site, sign_in_cookie(site), token)
    return response


def _checked(site: Site, name: str, password: str) -> User | None:
    if len(password) > MAX_PASSWORD:
        return None
    with CHECKS_AT_ONCE:
        return check_password(site.app, name, password)


def _close_earlier(request: Request, site: Site) -> None:
    token = request.cookies.get(session_cookie(site), "")
    if token:
        close_session(site.app, token)
