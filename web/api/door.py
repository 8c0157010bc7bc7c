"""What stands before every route of the HTTP interface: whose token it is, and a body that is one JSON object."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.engine import DatabaseUnavailable
from service.api_tokens import Holder, holder_of
from service.audit import come_from
from service.wiring import App
from web.api import DESCRIPTION
from web.api.errors import refusal
from web.limits import PERIOD, Limit

HOLDER = "infusions.holder"
MAX_BODY = 256 * 1024
WRONG_TOKENS = 30  # of one address in 15 minutes; whoever has a right one is let in all the same


@dataclass(frozen=True, slots=True)
class Door:
    """ASGI middleware. `wrong` counts tokens that let nobody in, by where they come from."""

    inner: ASGIApp
    app: App
    wrong: Limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        # Whatever answers GET answers HEAD; the server sends no body then.
        scope = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        request = Request(scope, receive)
        try:
            if scope["path"] != DESCRIPTION:
                scope[HOLDER] = await run_in_threadpool(self._holder, request)
                come_from(f"{_address(scope)}, token {scope[HOLDER].token}")
            body = await _body(request)
        except HTTPException as fault:
            await refusal(request, fault.status_code, headers=fault.headers)(scope, receive, send)
            return
        except DatabaseUnavailable:
            await refusal(request, 503, headers={"Retry-After": "30"})(scope, receive, send)
            return
        await self.inner(scope, _once(body), send)

    def _holder(self, request: Request) -> Holder:
        """Who asks; HTTPException 401, or 429 after too many tokens that were none."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        found = holder_of(self.app, token.strip()) if kind.lower() == "bearer" else None
        if found is not None:
            return found
        address, now = _address(request.scope), self.app.now()
        if self.wrong.is_reached(address, now):
            raise HTTPException(429, headers={"Retry-After": str(int(PERIOD.total_seconds()))})
        if token:
            self.wrong.count(address, now)
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


# ---------------------------------------------------------------------------------------------------------------------


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


async def _body(request: Request) -> bytes:
    """The body, whole; HTTPException 413 when it is too large, 415 when it is no JSON, 400 when it can't be read."""
    if int(_length(request.headers)) > MAX_BODY:
        raise HTTPException(413)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413)
    if not body:
        return b""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415)
    try:
        read = json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_number)
        json.dumps(read, ensure_ascii=False).encode()  # half of a character can be escaped, and not be written again
    except (ValueError, RecursionError):  # also what a wrong encoding and a number without end raise
        raise HTTPException(400) from None
    if not isinstance(read, dict):
        raise HTTPException(400)
    return bytes(body)


def _length(headers: Headers) -> str:
    text = headers.get("content-length", "0")
    return text if text.isascii() and text.isdigit() and len(text) < 20 else "0"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; ValueError when a key stands twice, of which one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(text: str) -> None:
    raise ValueError(text)  # NaN and Infinity are no JSON


def _once(body: bytes) -> Receive:
    """What a route reads: the body that was read already."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
