"""The web application: which routes there are, and what stands around them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from db.engine import DatabaseUnavailable
from service.serving import FeedServer
from service.wiring import App
from web.api import LateApi, is_api
from web.errors import add_handlers, database_away, error_page
from web.feeds import ALWAYS, FeedDoor, is_feed
from web.pages import (
    account,
    assets,
    audit,
    calendars,
    closed_days,
    course,
    courses,
    day,
    facts,
    handover,
    health,
    mails,
    patient,
    people,
    prints,
    recipients,
    record,
    settings,
    sign_in,
    start,
    tokens,
    transfer,
    unsubscribe,
    worklist,
)
from web.render import Site, make_site
from web.security import LASTING, Guard, headers_beside, is_secure

# More specific paths first: `/courses/new` before `/courses/{id}`.
ROUTERS = (
    health.router,
    assets.router,
    sign_in.router,
    day.router,
    courses.router,
    start.router,
    transfer.router,
    course.router,
    facts.router,
    record.router,
    closed_days.router,
    calendars.router,
    prints.router,
    handover.router,
    mails.router,
    recipients.router,
    worklist.router,
    people.router,
    tokens.router,
    settings.router,
    audit.router,
    account.router,
    unsubscribe.router,
    patient.router,
)


def create_app(app: App) -> ASGIApp:
    """The whole service: feeds, pages, and the interface for other programs."""
    server = FeedServer(app)
    pages = create_pages(app, at_end=server.close)  # at the end nobody is left who would wait for it
    site: Site = pages.state.site
    secure = is_secure(app.settings.server.public_url)

    def away(request: Request, fault: DatabaseUnavailable) -> Response:
        return database_away(site, request, fault)

    feeds = FeedDoor(
        server,
        gzip=app.settings.feeds.gzip,
        away=away,
        guarding=headers_beside(ALWAYS, secure=secure),
        lasting=LASTING if secure else (),
        around=partial(_guarded, site=site),
    )

    api = LateApi(app)

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        await (feeds if is_feed(scope) else api if is_api(scope) else pages)(scope, receive, send)

    return service


def create_pages(app: App, *, at_end: Callable[[], None] = lambda: None) -> FastAPI:
    """The pages of the service; `at_end` is called when it stops."""
    site = make_site(app)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        at_end()

    pages = FastAPI(
        title="Infusion Cycles",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=life,
    )
    pages.state.site = site
    for router in ROUTERS:
        pages.include_router(router, include_in_schema=False)
    add_handlers(pages, site)
    pages.add_middleware(partial(_guarded, site=site))
    return pages


# ---------------------------------------------------------------------------------------------------------------------


def _guarded(app: ASGIApp, site: Site) -> Guard:
    def show_error(request: Request, status: int, number: str) -> Response:
        return error_page(site, request, status, number)

    return Guard(app, public_url=site.app.settings.server.public_url, error_page=show_error)
