"""The address that a calendar program subscribes to (feeds.md 16 and 18)."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from db.engine import DatabaseUnavailable
from db.feed_reader import NotNow
from db.stored import Fetched
from service.feeds import FeedState
from service.serving import FeedAnswer, FeedServer

log = logging.getLogger("infusions.web")

BEFORE, AFTER = "/c/", ".ics"
METHODS = ("GET", "HEAD")
MAX_CLIENT = 300
SECONDS_TO_COLLECT = 1  # the fetches of so long are stored together
SECONDS_UNTIL_AGAIN = 30
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Encoding",
}
AS_CALENDAR = {
    "Content-Type": "text/calendar; charset=utf-8",
    "Content-Disposition": 'inline; filename="calendar.ics"',
}


@dataclass(frozen=True, slots=True)
class Place:
    """What the log may call a feed's address: the path itself holds its token."""

    path: str


PLACE = Place("/c/{token}.ics")


@dataclass(eq=False)
class FeedDoor:
    """ASGI middleware that answers for the addresses of feeds, and hands on all others.

    It stands before the routes of the pages, since nothing that they need is needed here: no session, no form.
    `away` tells that the database gives no answer.
    """

    app: ASGIApp
    server: FeedServer
    gzip: bool
    away: Callable[[Request, DatabaseUnavailable], Response]
    _storing: asyncio.Task[None] | None = field(default=None, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not (path.startswith(BEFORE) and path.endswith(AFTER)):
            await self.app(scope, receive, send)
            return
        scope["route"] = PLACE
        response = await self._response(scope, path[len(BEFORE) : -len(AFTER)])
        await response(scope, receive, send)

    # -----------------------------------------------------------------------------------------------------------------

    async def _response(self, scope: Scope, token: str) -> Response:
        if scope["method"] not in METHODS:
            return PlainTextResponse("A calendar can only be read.\n", 405, HEADERS | {"Allow": ", ".join(METHODS)})
        asked = Headers(scope=scope)
        client = asked.get("user-agent", "")[:MAX_CLIENT]
        try:
            answer = self.server.fetch_now(token, client)
        except NotNow:
            try:
                answer = await run_in_threadpool(self.server.fetch, token, client)
            except DatabaseUnavailable as fault:
                return self.away(Request(scope), fault)
        if answer.fetched is not None:
            self._note(answer.fetched)
        return respond(answer, asked, gzip=self.gzip)

    def _note(self, fetched: Fetched) -> None:
        self.server.note(fetched)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())

    async def _store(self) -> None:
        while self.server.has_noted:
            await asyncio.sleep(SECONDS_TO_COLLECT)
            try:
                await run_in_threadpool(self.server.store_fetches)
            except DatabaseUnavailable as fault:
                log.warning("which feeds were fetched is not stored yet: %s", fault, extra={"action": "web_not_noted"})
                await asyncio.sleep(SECONDS_UNTIL_AGAIN)


def respond(answer: FeedAnswer, asked: Headers, *, gzip: bool) -> Response:
    """The response for a request with these headers: 200, 304, 404 (never existed) or 410 (revoked long ago)."""
    if answer.state is FeedState.UNKNOWN:
        return PlainTextResponse("There is no calendar at this address.\n", 404, HEADERS)
    if answer.state is FeedState.GONE:
        return PlainTextResponse("This calendar has ended. Remove it, and ask your clinic.\n", 410, HEADERS)
    packed = gzip and accepts_gzip(asked.get("accept-encoding", ""))
    tag = entity_tag(answer, packed=packed)
    headers = HEADERS | {"ETag": tag, "Last-Modified": _written(answer.modified)}
    if unchanged(asked, tag, answer.modified):
        return Response(status_code=304, headers=headers)
    headers |= AS_CALENDAR | ({"Content-Encoding": "gzip"} if packed else {})
    return Response(answer.packed if packed else answer.body, headers=headers)


def entity_tag(answer: FeedAnswer, *, packed: bool) -> str:
    """The strong tag of the bytes that are sent: the compressed ones are others, so theirs differs."""
    return f'"{answer.etag}-gzip"' if packed else f'"{answer.etag}"'


@lru_cache(maxsize=256)
def accepts_gzip(header: str) -> bool:
    """Whether `Accept-Encoding` takes gzip (RFC 9110, 12.5.3): named, or by `*`, and not with a quality of 0."""
    qualities = dict(_coding(part) for part in header.split(",") if part.strip())
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0


def unchanged(asked: Headers, tag: str, modified: datetime) -> bool:
    """Whether the client has these bytes already. With `If-None-Match` the date doesn't count (RFC 9110, 13.2.2)."""
    tags = asked.get("if-none-match")
    if tags is not None:
        known = {each.strip().removeprefix("W/") for each in tags.split(",")}
        return "*" in known or tag in known
    since = _read(asked.get("if-modified-since", ""))
    return since is not None and modified.replace(microsecond=0) <= since


# ---------------------------------------------------------------------------------------------------------------------


def _coding(part: str) -> tuple[str, float]:
    name, _, rest = part.partition(";")
    quality = rest.strip().lower().removeprefix("q=") if rest else "1"
    try:
        return name.strip().lower(), float(quality)
    except ValueError:
        return name.strip().lower(), 0.0


@lru_cache(maxsize=256)
def _written(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _read(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
