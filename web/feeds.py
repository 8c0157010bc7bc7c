"""The address that a calendar program subscribes to (feeds.md 16 and 18): what is answered, and the way there.

All phones of the clinic ask here, several times a day, mostly to hear that nothing has changed. So this is plain ASGI
beside the pages: no session, no form, no thread where none is needed. What can be answered at once is, with the headers
that guard every answer; anything else takes the long way, within the guard of the pages.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache, partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from db.engine import DatabaseUnavailable
from db.feed_reader import NotNow
from db.stored import Fetched
from service.feeds import FeedState
from service.serving import FeedAnswer, FeedServer

log = logging.getLogger("infusions.web")

BEFORE, AFTER = "/c/", ".ics"
METHODS = ("GET", "HEAD")
ALLOWED = (b"allow", b"GET, HEAD")
MAX_CLIENT = 300
SECONDS_TO_COLLECT = 1  # the fetches of so long are stored together
SECONDS_UNTIL_AGAIN = 30

Header = tuple[bytes, bytes]
ALWAYS: tuple[Header, ...] = (
    (b"cache-control", b"private, no-cache"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
    (b"vary", b"Accept-Encoding"),
)
AS_CALENDAR: tuple[Header, ...] = (
    (b"content-type", b"text/calendar; charset=utf-8"),
    (b"content-disposition", b'inline; filename="calendar.ics"'),
)
AS_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
IN_GZIP: Header = (b"content-encoding", b"gzip")


@dataclass(frozen=True, slots=True)
class Place:
    """What the log may call a feed's address: the path itself holds its token."""

    path: str


PLACE = Place("/c/{token}.ics")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is sent."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = b""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Sends it."""
        length = () if self.status == 304 else ((b"content-length", b"%d" % len(self.body)),)
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, *length]})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(eq=False)
class FeedDoor:
    """An ASGI application that answers for the addresses of feeds. `away`: says that the database gives no answer.

    `guarding`: the headers that stand on every answer of the service; `around`: what guards the long way.
    """

    server: FeedServer
    gzip: bool
    away: Callable[[Request, DatabaseUnavailable], Response]
    guarding: tuple[Header, ...]
    around: Callable[[ASGIApp], ASGIApp]
    _storing: asyncio.Task[None] | None = field(default=None, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        reply: ASGIApp
        try:
            reply = self._at_once(scope)
        except NotNow:
            reply = self.around(self._at_leisure)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the guard tells it without a token
            reply = self.around(partial(_fail, fault))
        await reply(scope, receive, send)

    # -----------------------------------------------------------------------------------------------------------------

    def _at_once(self, scope: Scope) -> Reply:
        if scope["method"] not in METHODS:
            return told(405, "A calendar can only be read.", ALLOWED, *self.guarding)
        asked, token, client = _asked_of(scope)
        return self._reply(asked, self.server.fetch_now(token, client), self.guarding)

    async def _at_leisure(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = PLACE
        asked, token, client = _asked_of(scope)
        reply: Reply | Response
        try:
            reply = self._reply(asked, await run_in_threadpool(self.server.fetch, token, client))
        except DatabaseUnavailable as fault:
            reply = self.away(Request(scope), fault)
        await reply(scope, receive, send)

    def _reply(self, asked: Mapping[bytes, str], answer: FeedAnswer, guarding: tuple[Header, ...] = ()) -> Reply:
        if answer.fetched is not None:
            self._note(answer.fetched)
        return reply_to(asked, answer, *guarding, gzip=self.gzip)

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


def is_feed(scope: Scope) -> bool:
    """Whether the request is for the address of a feed, known or not."""
    if scope["type"] != "http":
        return False
    path: str = scope["path"]
    return path.startswith(BEFORE) and path.endswith(AFTER)


def asked_for(headers: list[Header]) -> dict[bytes, str]:
    """The request's headers by name in small letters; what is sent in several lines is one list (RFC 9110, 5.3)."""
    asked: dict[bytes, str] = {}
    for name, value in headers:
        text = value.decode("latin-1")
        asked[name] = f"{asked[name]}, {text}" if name in asked else text
    return asked


def reply_to(asked: Mapping[bytes, str], answer: FeedAnswer, *more: Header, gzip: bool) -> Reply:
    """The answer to a request with these headers: 200, 304, 404 (never existed) or 410 (revoked long ago)."""
    if answer.state is FeedState.UNKNOWN:
        return told(404, "There is no calendar at this address.", *more)
    if answer.state is FeedState.GONE:
        return told(410, "This calendar has ended. Remove it, and ask your clinic.", *more)
    packed = gzip and accepts_gzip(asked.get(b"accept-encoding", ""))
    tag = entity_tag(answer, packed=packed)
    headers = (*ALWAYS, (b"etag", tag.encode()), (b"last-modified", _written(answer.modified)), *more)
    if unchanged(asked, tag, answer.modified):
        return Reply(304, headers)
    if packed:
        return Reply(200, (*headers, *AS_CALENDAR, IN_GZIP), answer.packed)
    return Reply(200, (*headers, *AS_CALENDAR), answer.body)


def told(status: int, sentence: str, *headers: Header) -> Reply:
    """A sentence instead of a calendar."""
    return Reply(status, (*ALWAYS, *headers, AS_TEXT), f"{sentence}\n".encode())


def entity_tag(answer: FeedAnswer, *, packed: bool) -> str:
    """The strong tag of the bytes that are sent: the compressed ones are others, so theirs differs."""
    return f'"{answer.etag}-gzip"' if packed else f'"{answer.etag}"'


@lru_cache(maxsize=256)
def accepts_gzip(header: str) -> bool:
    """Whether `Accept-Encoding` takes gzip (RFC 9110, 12.5.3): named, or by `*`, and not with a quality of 0."""
    qualities = dict(_coding(part) for part in header.split(",") if part.strip())
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0


def unchanged(asked: Mapping[bytes, str], tag: str, modified: datetime) -> bool:
    """Whether the client has these bytes already. With `If-None-Match` the date doesn't count (RFC 9110, 13.2.2)."""
    tags = asked.get(b"if-none-match")
    if tags == tag:
        return True
    if tags is not None:
        known = {each.strip().removeprefix("W/") for each in tags.split(",")}
        return "*" in known or tag in known
    since = _read(asked.get(b"if-modified-since", ""))
    return since is not None and modified.replace(microsecond=0) <= since


# ---------------------------------------------------------------------------------------------------------------------


def _asked_of(scope: Scope) -> tuple[Mapping[bytes, str], str, str]:
    """The headers, the token that the path holds, and what the program calls itself."""
    asked = asked_for(scope["headers"])
    return asked, scope["path"][len(BEFORE) : -len(AFTER)], asked.get(b"user-agent", "")[:MAX_CLIENT]


async def _fail(fault: Exception, scope: Scope, _receive: Receive, _send: Send) -> None:
    scope["route"] = PLACE
    raise fault


def _coding(part: str) -> tuple[str, float]:
    name, _, rest = part.partition(";")
    quality = rest.strip().lower().removeprefix("q=") if rest else "1"
    try:
        return name.strip().lower(), float(quality)
    except ValueError:
        return name.strip().lower(), 0.0


@lru_cache(maxsize=4096)
def _written(moment: datetime) -> bytes:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True).encode()


def _read(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
