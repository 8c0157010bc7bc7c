"""The page that stops mails, and lets them go again (RFC 8058). Who has the address needs no sign-in.

GET shows a page and does nothing: mail programs and scanners open addresses by themselves. What the page tells is
the same for everybody: no name, no date, nothing of a treatment.
"""

from collections.abc import Callable
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.courses import NotFound
from service.unsubscribing import Subscription, resubscribe, subscription, unsubscribe
from service.wiring import App
from web.patients import patient_page, preferred
from web.render import Site, TheSite

router = APIRouter()

MAX_BODY = 4096
RESUME = {"action": ["resume"]}


@router.api_route("/u/{token}", methods=["GET", "HEAD"])
def show(token: str, request: Request, site: TheSite) -> Response:
    """How things stand, with one button."""
    return _page(site, request, token, subscription, done=False)


@router.post("/u/{token}")
async def act(token: str, request: Request, site: TheSite) -> Response:
    """Stops the mails; or, from the page's own button, lets them go again. No redirect: RFC 8058, 3.2, forbids one."""
    body = b""
    async for chunk in request.stream():
        body += chunk[: MAX_BODY - len(body)]
    # Mail programs post `List-Unsubscribe=One-Click` in one of two encodings; all but our own button means "stop".
    step = resubscribe if parse_qs(body.decode("ascii", "replace")) == RESUME else unsubscribe
    return await run_in_threadpool(_page, site, request, token, step, done=True)


# ---------------------------------------------------------------------------------------------------------------------


def _page(
    site: Site, request: Request, token: str, step: Callable[[App, str], Subscription], *, done: bool
) -> Response:
    try:
        found = step(site.app, token)
    except NotFound:
        return _shown(site, token, "unknown", preferred(request, site.app.wordings), done=False)
    site.turn_to(found.clinic_id)
    return _shown(site, token, "stopped" if found.unsubscribed else "going", found.language, done=done)


def _shown(site: Site, token: str, state: str, language: str, *, done: bool) -> Response:
    status = 404 if state == "unknown" else 200
    return patient_page(site, "unsubscribe.html", language, status=status, state=state, token=token, done=done)
