"""The address that a calendar program subscribes to: what is answered (ADR 10), and the way there.

GET and HEAD alike; an empty calendar for 30 days after the feed was revoked, since programs keep old entries on an
error, then 410; an unknown address 404.

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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
Headers = tuple[Header, ...]
ALWAYS: Headers = (
    (b"cache-control", b"private, no-cache"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
    (b"vary", b"Accept-Encoding"),
)
AS_CALENDAR: Headers = (
    (b"content-type", b"text/calendar; charset=utf-8"),
    (b"content-disposition", b'inline; filename="calendar.ics"'),
    (b"x-content-type-options", b"nosniff"),
)
AS_TEXT: Header = (b"content-type", b"text/plain; charset=utf-8")
IN_GZIP: Header = (b"content-encoding", b"gzip")
MOST_READY = 1024
START, BODY = "http.response.start", "http.response.body"


@dataclass(frozen=True, slots=True)
class Place:
    """What the log may call a feed's address: the path itself holds its token."""

    path: str


PLACE = Place("/c/{token}.ics")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is sent."""

    start: Message
    body: Message

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Sends it."""
        await send(self.start)
        await send(self.body)


@dataclass(frozen=True, slots=True)
class Ready:
    """What is sent of a calendar, but for its body: to those who have the bytes with this tag, and to the others."""

    tag: bytes
    unchanged: Reply
    headers: Headers


@dataclass(eq=False)
class FeedDoor:
    """An ASGI application that answers for the addresses of feeds. `away`: says that the database gives no answer.

    `guarding`: the headers that stand on every page, and on what is told here instead of a calendar; `lasting`: those
    that hold for the whole host, so on every answer; `around`: what guards the long way.
    """

    server: FeedServer
    gzip: bool
    away: Callable[[Request, DatabaseUnavailable], Response]
    guarding: Headers
    lasting: Headers
    around: Callable[[ASGIApp], ASGIApp]
    _storing: asyncio.Task[None] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._ready = lru_cache(maxsize=MOST_READY)(partial(ready, lasting=self.lasting))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        reply: ASGIApp
        try:
            reply = self._at_once(scope)
        except NotNow:
            reply = await self._at_leisure(scope)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the guard tells it without a token
            reply = self._failed(scope, fault)
        await reply(scope, receive, send)

    # -----------------------------------------------------------------------------------------------------------------

    def _at_once(self, scope: Scope) -> Reply:
        if scope["method"] not in METHODS:
            return told(405, "A calendar can only be read.", ALLOWED, *self.guarding)
        asked, token, client = _asked_of(scope)
        return self._reply(asked, self.server.fetch_now(token, client))

    async def _at_leisure(self, scope: Scope) -> ASGIApp:
        asked, token, client = _asked_of(scope)
        try:
            return self._reply(asked, await run_in_threadpool(self.server.fetch, token, client))
        except Exception as fault:  # noqa: BLE001 - the same
            return self._failed(scope, fault)

    def _failed(self, scope: Scope, fault: Exception) -> ASGIApp:
        scope["route"] = PLACE
        if isinstance(fault, DatabaseUnavailable):
            return self.around(self.away(Request(scope), fault))
        return self.around(partial(_fail, fault))

    def _reply(self, asked: Mapping[bytes, bytes], answer: FeedAnswer) -> Reply:
        if answer.fetched is not None:
            self._note(answer.fetched)
        if not answer.packed:
            return nothing(answer.state, self.guarding)
        packed = self.gzip and accepts_gzip(asked.get(b"accept-encoding", b""))
        found: Ready = self._ready(answer.etag, answer.modified, packed)
        if unchanged(asked, found.tag, answer.modified):
            return found.unchanged
        return whole(found.headers, answer.packed if packed else answer.body)

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


def asked_for(headers: list[Header]) -> dict[bytes, bytes]:
    """The request's headers by name in small letters; what is sent in several lines is one list (RFC 9110, 5.3)."""
    asked = dict(headers)
    if len(asked) < len(headers):
        asked = {name: b", ".join(value for each, value in headers if each == name) for name in asked}
    return asked


def ready(etag: str, modified: datetime, packed: bool, *, lasting: Headers) -> Ready:  # noqa: FBT001 - kept by it
    """What is sent of the calendar with this `etag`, `packed` in gzip or plain.

    No header that is about a document (which scripts it may run, what may frame it): a browser shows no calendar as
    one, and nosniff keeps it from taking it for another kind of file.
    """
    tag = entity_tag(etag, packed=packed)
    same = (*ALWAYS, (b"etag", tag), (b"last-modified", _written(modified)), *lasting)
    return Ready(
        tag=tag,
        unchanged=Reply({"type": START, "status": 304, "headers": same}, {"type": BODY}),
        headers=(*same, *AS_CALENDAR, *((IN_GZIP,) if packed else ())),
    )


def whole(headers: Headers, body: bytes, status: int = 200) -> Reply:
    """An answer with all that it has."""
    length = (b"content-length", b"%d" % len(body))
    return Reply({"type": START, "status": status, "headers": (*headers, length)}, {"type": BODY, "body": body})


def nothing(state: FeedState, guarding: Headers) -> Reply:
    """The answer where no calendar is: 410 (revoked long ago) or 404 (there never was one)."""
    if state is FeedState.GONE:
        return told(410, "This calendar has ended. Remove it, and ask your clinic.", *guarding)
    return told(404, "There is no calendar at this address.", *guarding)


def told(status: int, sentence: str, *headers: Header) -> Reply:
    """A sentence instead of a calendar."""
    return whole((*ALWAYS, *headers, AS_TEXT), f"{sentence}\n".encode(), status)


def entity_tag(etag: str, *, packed: bool) -> bytes:
    """The strong tag of the bytes that are sent: the compressed ones are others, so theirs differs."""
    return (f'"{etag}-gzip"' if packed else f'"{etag}"').encode()


@lru_cache(maxsize=256)
def accepts_gzip(header: bytes) -> bool:
    """Whether `Accept-Encoding` takes gzip (RFC 9110, 12.5.3): named, or by `*`, and not with a quality of 0."""
    qualities = dict(_coding(part) for part in header.decode("latin-1").split(",") if part.strip())
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0


def unchanged(asked: Mapping[bytes, bytes], tag: bytes, modified: datetime) -> bool:
    """Whether the client has these bytes already. With `If-None-Match` the date doesn't count (RFC 9110, 13.2.2)."""
    tags = asked.get(b"if-none-match")
    if tags == tag:
        return True
    if tags is not None:
        known = {each.strip().removeprefix(b"W/") for each in tags.split(b",")}
        return b"*" in known or tag in known
    since = asked.get(b"if-modified-since")
    return since is not None and _is_since(modified, since.decode("latin-1"))


# ---------------------------------------------------------------------------------------------------------------------


def _asked_of(scope: Scope) -> tuple[Mapping[bytes, bytes], str, str]:
    """The headers, the token that the path holds, and what the program calls itself."""
    asked = asked_for(scope["headers"])
    client = asked.get(b"user-agent", b"")[:MAX_CLIENT].decode("latin-1")
    return asked, scope["path"][len(BEFORE) : -len(AFTER)], client


async def _fail(fault: Exception, _scope: Scope, _receive: Receive, _send: Send) -> None:
    raise fault


def _coding(part: str) -> tuple[str, float]:
    name, _, rest = part.partition(";")
    quality = rest.strip().lower().removeprefix("q=") if rest else "1"
    try:
        return name.strip().lower(), float(quality)
    except ValueError:
        return name.strip().lower(), 0.0


def _written(moment: datetime) -> bytes:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True).encode()


def _is_since(modified: datetime, text: str) -> bool:
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return False
    since = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return modified.replace(microsecond=0) <= since
