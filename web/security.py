"""What guards every answer: headers, the origin of what is posted, and one page for what nobody foresaw."""

import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from traceback import extract_tb
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.audit import come_from
from web.speaking import hear

log = logging.getLogger("infusions.web")

# Nothing but our own style sheet, small script, pictures and forms; nothing inline, and nothing from elsewhere.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With `no-referrer` a browser would send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
ONE_YEAR = 365 * 24 * 60 * 60
# What holds for the whole host, on whichever answer it comes; only behind https.
LASTING = ((b"strict-transport-security", b"max-age=%d" % ONE_YEAR),)
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

ErrorPage = Callable[[Request, int, str], Response]


def reference() -> str:
    """A short number by which a person can name what went wrong, and the log tells more about it."""
    return secrets.token_hex(4)


def route_of(request: Request) -> str:
    """The method and the route as it is written in the code: a path may hold a feed's token, and ids of patients."""
    route = request.scope.get("route")
    return f"{request.method} {getattr(route, 'path', '(no route)')}"


def where(fault: BaseException) -> str:
    """The type of the fault and the places that it came through. Not its text, which may hold a patient's name."""
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(fault.__traceback__)]
    return " < ".join([type(fault).__name__, *reversed(places)])


@dataclass(frozen=True, slots=True)
class Guard:
    """ASGI middleware around all routes. `error_page` makes the page for a status."""

    app: ASGIApp
    public_url: str
    error_page: ErrorPage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, headers = False, _headers(secure=is_secure(self.public_url))

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, headers)
            await send(message)

        come_from((scope.get("client") or ("",))[0])
        hear(Headers(scope=scope).get("accept-language", ""))
        try:
            if scope["method"] in SAFE_METHODS or _needs_no_session(scope) or self._is_ours(Headers(scope=scope)):
                await self.app(scope, receive, guarded)
            else:
                await self.error_page(Request(scope, receive), 403, "")(scope, receive, guarded)
        except Exception as fault:  # noqa: BLE001 - whatever it is, a person gets a page and nothing of a patient
            request, number = Request(scope, receive), reference()
            place = {"action": "web_failed", "reference": number}
            log.error("request %s failed, reference %s: %s", route_of(request), number, where(fault), extra=place)  # noqa: TRY400 - a traceback may show a name
            if not started:
                await self.error_page(request, 500, number)(scope, receive, guarded)

    def _is_ours(self, headers: Headers) -> bool:
        """Whether a form was sent from one of our own pages. Browsers name the origin of everything that is posted."""
        sender = headers.get("origin") or headers.get("referer") or ""
        public = urlsplit(self.public_url)
        posted = urlsplit(sender)
        if public.scheme == "https":
            return (posted.scheme, posted.netloc) == (public.scheme, public.netloc)
        # In the clear (one's own machine) a page may be reached by more names than one: the browser's own will do.
        return bool(posted.netloc) and posted.netloc in {public.netloc, headers.get("host", "")}


def is_secure(public_url: str) -> bool:
    """Whether the service is reached by https alone."""
    return public_url.startswith("https:")


def headers_beside(own: Iterable[tuple[bytes, bytes]], *, secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of every answer that one with its `own` headers still needs."""
    there = {name for name, _ in own}
    return tuple(each for each in _headers(secure=secure) if each[0] not in there)


# ---------------------------------------------------------------------------------------------------------------------


@cache
def _headers(*, secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    named = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
    return (*named, *(LASTING if secure else ()))


def _add_headers(message: Message, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    """Adds those that the answer has not set itself."""
    there = {name for name, _ in message["headers"]}
    message["headers"] = [*message["headers"], *(each for each in headers if each[0] not in there)]


def _needs_no_session(scope: Scope) -> bool:
    """Whether the address itself is the key, so that no session can be misused. A calendar program asks for a feed:
    it knows nothing but reading and is answered 405. A mail program posts to the page that stops mails (RFC 8058). A
    patient's page sends no referrer, so its forms come with no origin: they carry a mark of their own instead. A
    program sends its token in a header, which no browser does by itself."""
    path: str = scope["path"]
    return path.startswith(("/c/", "/u/", "/p/", "/api/"))
