"""The web application: which routes there are, and what stands around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from db.engine import DatabaseUnavailable
from service.serving import FeedServer
from service.wiring import App
from web.errors import add_handlers, database_away, error_page
from web.feeds import FeedDoor
from web.pages import (
    assets,
    calendars,
    closed_days,
    course,
    courses,
    health,
    mails,
    prints,
    recipients,
    record,
    sign_in,
    start,
    unsubscribe,
    worklist,
)
from web.render import make_site
from web.security import Guard

# More specific paths first: `/courses/new` before `/courses/{id}`.
ROUTERS = (
    health.router,
    assets.router,
    sign_in.router,
    courses.router,
    start.router,
    course.router,
    record.router,
    closed_days.router,
    calendars.router,
    prints.router,
    mails.router,
    recipients.router,
    worklist.router,
    unsubscribe.router,
)


def create_app(app: App) -> FastAPI:
    """The pages and feeds of the service."""
    site = make_site(app)
    server = FeedServer(app)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        server.close()  # here, where it opened what it closes; nobody is left who would wait

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

    def show_error(request: Request, status: int, number: str) -> Response:
        return error_page(site, request, status, number)

    def away(request: Request, fault: DatabaseUnavailable) -> Response:
        return database_away(site, request, fault)

    add_handlers(pages, site)
    # The last one added stands outermost: the guard is around everything, feeds are answered before any page is asked.
    pages.add_middleware(FeedDoor, server=server, gzip=app.settings.feeds.gzip, away=away)
    pages.add_middleware(Guard, public_url=app.settings.server.public_url, error_page=show_error)
    return pages
