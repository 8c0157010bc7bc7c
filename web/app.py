"""The web application: which routes there are, and what stands around them."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from service.wiring import App
from web import feeds
from web.errors import add_handlers, error_page
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
    feeds.router,
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
    pages = FastAPI(title="Infusion Cycles", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    pages.state.site = site
    for router in ROUTERS:
        pages.include_router(router, include_in_schema=False)

    def show_error(request: Request, status: int, number: str) -> Response:
        return error_page(site, request, status, number)

    add_handlers(pages, site)
    pages.add_middleware(Guard, public_url=app.settings.server.public_url, error_page=show_error)
    return pages
