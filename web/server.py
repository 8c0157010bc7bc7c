"""Serves the pages and feeds with uvicorn: no access log, since a feed's path holds its token, and a clean stop."""

import gc
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from time import monotonic
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scheduler.errors import InvalidValue

SECONDS_TO_FINISH = 10  # a request under way is answered before the service stops
MOST_UNREAD = 64 * 1024  # bytes of a request's head: more is no program's, and would fill the memory
SECONDS_OF_ONE_STOP = 2  # one stop of a whole group of processes arrives twice: `make` hands SIGTERM on


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port` (0: any free one); InvalidValue when that cannot be had."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as fault:
        message = f"[server] host {host!r}, port {port}: cannot listen there ({fault.strerror}); choose another port"
        raise InvalidValue(message, field="port") from None
    return listener


def serve(
    pages: ASGIApp, listener: socket.socket, *, started: Callable[[], None], proxies: Sequence[str] = ("127.0.0.1",)
) -> None:
    """Answers requests until SIGINT or SIGTERM; calls `started` once it does.

    Only of the machines and networks named in `proxies` it is believed for whom they ask.
    """
    config = uvicorn.Config(
        pages,
        http=_Protocol,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    with closing(listener):
        _Server(config, started).run(sockets=[listener])


# ---------------------------------------------------------------------------------------------------------------------


class _Protocol(HttpToolsProtocol):
    """HTTP/1.1, parsed in C; a head that does not come to its end is refused, since that parser knows no limit."""

    _unread = 0  # bytes since a head, or a part of a body, was complete

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return  # what else was on its way when it was refused
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MOST_UNREAD and not self.transport.is_closing():
            self.send_400_response("Too much was sent before the request began.")

    def on_headers_complete(self) -> None:
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = started
        self._asked_at = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            gc.collect()
            gc.freeze()  # what the program itself consists of stays, so that no collection has to look at it again
            self._told()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends quietly: uvicorn would raise the signal again and the process would die of it, not stop."""
        before = {each: signal.signal(each, self._stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _stop(self, _: int, __: FrameType | None) -> None:
        if not self.should_exit:
            self.should_exit, self._asked_at = True, monotonic()
        elif monotonic() - self._asked_at > SECONDS_OF_ONE_STOP:
            self.force_exit = True  # whoever asks again waits for nobody
