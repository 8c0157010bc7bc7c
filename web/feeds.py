"""The address that a calendar program subscribes to (feeds.md 16 and 18)."""

import gzip
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response

from service.feeds import FeedAnswer, FeedState, fetch, note_fetch
from web.render import TheSite

router = APIRouter()

MAX_CLIENT = 300
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Encoding",
}


@router.api_route("/c/{token}.ics", methods=["GET", "HEAD"], include_in_schema=False)
def feed(token: str, request: Request, site: TheSite) -> Response:
    """The feed of that token: 200, 304, 404 (never existed) or 410 (revoked long ago)."""
    answer = fetch(site.app, token, request.headers.get("user-agent", "")[:MAX_CLIENT])
    if answer.state is FeedState.UNKNOWN:
        return PlainTextResponse("There is no calendar at this address.\n", 404, HEADERS)
    if answer.state is FeedState.GONE:
        return PlainTextResponse("This calendar has ended. Remove it, and ask your clinic.\n", 410, HEADERS)
    packed = site.app.settings.feeds.gzip and accepts_gzip(request.headers.get("accept-encoding", ""))
    headers = HEADERS | {
        "ETag": entity_tag(answer, packed=packed),
        "Last-Modified": format_datetime(answer.modified.astimezone(UTC).replace(microsecond=0), usegmt=True),
    }
    noted = BackgroundTask(note_fetch, site.app, answer)
    if unchanged(request, headers["ETag"], answer.modified):
        return Response(status_code=304, headers=headers, background=noted)
    headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    if packed:
        headers["Content-Encoding"] = "gzip"
    body = compressed(answer.body) if packed else answer.body
    return Response(body, headers=headers, media_type="text/calendar; charset=utf-8", background=noted)


def entity_tag(answer: FeedAnswer, *, packed: bool) -> str:
    """The strong tag of the bytes that are sent: the compressed ones are others, so theirs differs."""
    tag = answer.etag.strip('"')
    return f'"{tag}-gzip"' if packed else f'"{tag}"'


def accepts_gzip(header: str) -> bool:
    """Whether `Accept-Encoding` takes gzip (RFC 9110, 12.5.3): named, or by `*`, and not with a quality of 0."""
    qualities = dict(_coding(part) for part in header.split(",") if part.strip())
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0


def unchanged(request: Request, tag: str, modified: datetime) -> bool:
    """Whether the client has these bytes already. With `If-None-Match` the date doesn't count (RFC 9110, 13.2.2)."""
    asked = request.headers.get("if-none-match")
    if asked is not None:
        tags = {each.strip().removeprefix("W/") for each in asked.split(",")}
        return "*" in tags or tag in tags
    since = _http_date(request.headers.get("if-modified-since", ""))
    return since is not None and modified.replace(microsecond=0) <= since


@lru_cache(maxsize=128)
def compressed(body: bytes) -> bytes:
    """The body in gzip; without a time inside, so that the same body gives the same bytes."""
    return gzip.compress(body, compresslevel=6, mtime=0)


# ---------------------------------------------------------------------------------------------------------------------


def _coding(part: str) -> tuple[str, float]:
    name, _, rest = part.partition(";")
    quality = rest.strip().lower().removeprefix("q=") if rest else "1"
    try:
        return name.strip().lower(), float(quality)
    except ValueError:
        return name.strip().lower(), 0.0


def _http_date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
