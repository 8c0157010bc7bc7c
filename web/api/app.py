"""The HTTP interface for other programs: `/api/v1/…` in JSON with a bearer token, described in `/openapi.json`."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from service.wiring import App
from web.api import DESCRIPTION, courses, handing_over, plans, recipients, recording, staff
from web.api.asking import WithBearer
from web.api.door import WRONG_TOKENS, Door
from web.api.errors import add_handlers, refusal
from web.limits import Limit
from web.security import Guard

# More specific paths first: `/reminders/suppress` before `/reminders/{id}/…`.
ROUTERS = (plans.router, courses.router, recording.router, handing_over.router, recipients.router, staff.router)
ABOUT = """
The use cases of the command line `infusions`, for other programs.

A token is made with `infusions token new` and sent as `Authorization: Bearer TOKEN`. It belongs to one clinic; what is
of another is not found. A rejected request stores nothing. `Idempotency-Key` makes a repeat harmless: the same key,
sent with the same token to the same address, is done once and answered alike; with another body it is refused. A
refused request uses up no key. Unknown keys and names in a query are refused.
"""


def create_api(app: App) -> FastAPI:
    """The interface as an ASGI application."""
    api = FastAPI(
        title="Infusion Cycles",
        version="1",
        description=ABOUT.strip(),
        openapi_url=None,  # below
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[WithBearer],
    )
    api.state.app = app
    for router in ROUTERS:
        api.include_router(router)
    add_handlers(api)

    @api.get(DESCRIPTION, include_in_schema=False)
    def description() -> Response:
        """The description; in a thread, since making it takes long enough to keep a feed waiting."""
        return JSONResponse(api.openapi())

    wrong = Limit(WRONG_TOKENS)

    def door(inner: ASGIApp) -> Door:
        return Door(inner, app, wrong)

    def guard(inner: ASGIApp) -> Guard:
        return Guard(inner, public_url=app.settings.server.public_url, error_page=_failed)

    api.add_middleware(door)
    api.add_middleware(guard)  # around the door
    return api


# ---------------------------------------------------------------------------------------------------------------------


def _failed(request: Request, status: int, number: str) -> Response:
    return refusal(request, status, number=number)
