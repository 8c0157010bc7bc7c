"""The HTTP interface for other programs, `/api/v1/…`: loaded when the first of them asks, since it would take a tenth
of the time in which the service starts.
"""

from dataclasses import dataclass, field
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from service.wiring import App

PREFIX = "/api/"
DESCRIPTION = "/openapi.json"


def is_api(scope: Scope) -> bool:
    """Whether the request is for an address of the interface; the service's own start and stop are for none."""
    if scope["type"] != "http":
        return False
    path: str = scope["path"]
    return path.startswith(PREFIX) or path == DESCRIPTION


@dataclass(slots=True)
class LateApi:
    """The interface as an ASGI application."""

    app: App
    _loaded: ASGIApp | None = None
    _lock: Lock = field(default_factory=Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        api = self._loaded
        if api is None:
            api = await run_in_threadpool(self._load)  # in a thread: feeds are answered meanwhile
        await api(scope, receive, send)

    def _load(self) -> ASGIApp:
        from web.api.app import create_api  # noqa: PLC0415 - late on purpose

        with self._lock:
            if self._loaded is None:
                self._loaded = create_api(self.app)
            return self._loaded
