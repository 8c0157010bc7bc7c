"""A client that costs next to nothing: what is measured is the server. One kept connection, bytes made before."""

import re
import socket
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


def asking(addresses: Sequence[str], headers: Mapping[str, str], *, status: int = 200) -> Callable[[], bytes]:
    """A function that gets the next of these addresses (of one server) and gives the body; AssertionError for
    another status. A server that closes after each answer is connected to anew."""
    first = urlsplit(addresses[0])
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    requests = cycle(
        f"GET {urlsplit(address).path} HTTP/1.1\r\nHost: {first.netloc}\r\n{lines}\r\n".encode()
        for address in addresses
    )
    kept: list[socket.socket] = []

    def get() -> bytes:
        connection = kept.pop() if kept else _connected(first.hostname or "", first.port or 80)
        connection.sendall(next(requests))
        head, body = _head(connection)
        if head.split(b" ", 2)[1] != b"%d" % status:
            raise AssertionError(head.partition(b"\r\n")[0].decode())
        found = _LENGTH.search(head)
        missing = (int(found[1]) if found and status != 304 else 0) - len(body)
        parts = [body]
        while missing > 0:
            parts.append(connection.recv(min(missing, 1 << 18)))
            missing -= len(parts[-1])
        if head.startswith(b"HTTP/1.0"):
            connection.close()
        else:
            kept.append(connection)
        return b"".join(parts)

    return get


# ---------------------------------------------------------------------------------------------------------------------


def _connected(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(1 << 18)
        if not more:
            raise AssertionError("the server closed the connection")
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    return head + b"\r\n", body
