"""`infusions feed check`: a running service, other people's servers with every fault, and files."""

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli import NOW, Infusions
from tests.test_calendars_checking import GOOD
from tests.test_web_feeds import make_feed
from tests.web_site import Web

WELL = {
    "Content-Type": "text/calendar; charset=utf-8",
    "Cache-Control": "private, no-cache",
    "ETag": '"one"',
    "Last-Modified": "Tue, 01 Dec 2026 12:00:00 GMT",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Encoding",
}
SECRET = "SeCrEt-ToKeN-0123456789-abcdefghijklmnopqrst"


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})


@contextmanager
def server(
    headers: Mapping[str, str] = WELL,
    body: bytes = GOOD,
    *,
    status: int = 200,
    keeps: bool = True,
    head: int = 200,
    packed: bytes = b"",
) -> Iterator[str]:
    """The address of a calendar on a server that behaves like this. `keeps`: it answers 304 to who has it; `packed`:
    what it sends as the gzip of the body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = keeps and "ETag" in headers and self.headers.get("If-None-Match") == headers["ETag"]
            asked = "gzip" in self.headers.get("Accept-Encoding", "")
            sent = (packed or gzip.compress(body, mtime=0)) if asked else body
            self.send_response(304 if known else status)
            for name, value in (dict(headers) | ({"Content-Encoding": "gzip"} if asked else {})).items():
                self.send_header(name, value)
            self.end_headers()
            if not known:
                self.wfile.write(sent)

        def do_HEAD(self) -> None:
            self.send_response(head)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}/calendars/{SECRET}.ics?key={SECRET}"
    finally:
        made.shutdown()
        made.server_close()


def without(name: str) -> dict[str, str]:
    return {other: value for other, value in WELL.items() if other != name}


def found(infusions: Infusions, address: str, *options: str) -> tuple[int, set[str]]:
    """The exit code and what was found; the secret must stand nowhere."""
    answer = infusions("feed", "check", address, "--json", *options)
    told = infusions("feed", "check", address, *options)
    assert SECRET not in answer.out + answer.err + told.out + told.err
    assert told.code == answer.code
    return answer.code, {each["code"] for each in answer.json()["findings"]}


def test_our_own_service_serves_as_it_should(web: Web, infusions: Infusions) -> None:
    address = make_feed(web, web.course("Carol Example"), detail="discreet", alarms=["24"])
    answer = infusions("feed", "check", address, "--detail", "discreet")
    assert answer.code == 0, answer.out
    assert "No problems." in answer.out
    for told in (
        "127.0.0.1",
        "America/New_York",
        "neutral titles",
        "24 hours before",
        "after 6 hours",
        "304",
        "Appointment",
    ):
        assert told in answer.out, told
    assert address.rpartition("/")[2].removesuffix(".ics") not in answer.out + answer.err
    shown = infusions("feed", "check", address.replace("http:", "HTTP:"), "--json").json()
    assert shown["ok"] is True
    assert shown["findings"] == []
    assert shown["http"]["honours_304"] is True
    assert shown["next"][0]["summary"] == "Check"


def test_a_level_that_tells_too_much_is_a_problem(web: Web, infusions: Infusions) -> None:
    course = web.course("Dora Example")
    full, discreet = (make_feed(web, course, detail=detail) for detail in ("full", "discreet"))
    assert found(infusions, full) == (0, set())
    assert found(infusions, full, "--detail", "discreet") == (1, {"telling"})
    assert found(infusions, discreet, "--detail", "busy") == (1, {"not-busy"})
    assert found(infusions, make_feed(web, course, detail="busy"), "--detail", "busy") == (0, set())


@pytest.mark.parametrize(
    ("serve", "code", "wanted"),
    [
        (server, 0, set()),
        (lambda: server(WELL | {"Content-Type": "text/html"}), 1, {"content-type"}),
        (lambda: server(without("Content-Type")), 1, {"content-type"}),
        (lambda: server(WELL | {"Set-Cookie": "a=b"}), 1, {"cookie"}),
        (lambda: server(WELL | {"Cache-Control": "public, max-age=86400"}), 1, {"shared-cache"}),
        (lambda: server(without("Cache-Control")), 1, {"shared-cache"}),
        (lambda: server(without("ETag")), 1, {"no-etag"}),
        (lambda: server(keeps=False), 1, {"no-304"}),
        (lambda: server(WELL | {"ETag": 'W/"one"'}), 0, {"weak-etag"}),
        (lambda: server(without("Last-Modified")), 0, {"no-last-modified-header"}),
        (lambda: server(without("Referrer-Policy")), 0, {"referrer"}),
        (lambda: server(without("X-Robots-Tag")), 0, {"robots"}),
        (lambda: server(WELL | {"Content-Disposition": "attachment"}), 0, {"attachment"}),
        (lambda: server(head=405), 1, {"head"}),
        (lambda: server(status=404), 1, {"not-found"}),
        (lambda: server(status=410), 1, {"gone"}),
        (lambda: server(status=401), 1, {"sign-in"}),
        (lambda: server(status=500), 1, {"status"}),
        (lambda: server(without("Vary")), 1, {"no-vary"}),
        (lambda: server(WELL | {"Vary": "Cookie, accept-encoding"}), 0, set()),
        (lambda: server(WELL | {"Content-Length": str(len(GOOD) + 500)}), 1, {"cut-off"}),
        (lambda: server(body=GOOD + b"X-LONG:x\r\n" * 2_000_000), 1, {"too-large"}),
        (lambda: server(WELL | {"Content-Encoding": "gzip"}, gzip.compress(GOOD)), 1, {"gzip-unasked", "gzip-differs"}),
        (lambda: server(body=GOOD, packed=gzip.compress(bytes(100_000_000))), 1, {"gzip-differs"}),
        (lambda: server(body=b"<html>"), 1, {"no-calendar", "last-line"}),
    ],
)
def test_other_servers_are_told_what_to_mend(
    infusions: Infusions, serve: Callable[[], "Iterator[str]"], code: int, wanted: set[str]
) -> None:
    with serve() as address:  # type: ignore[attr-defined] # a context manager, as a table can hold it
        assert found(infusions, address) == (code, wanted)


def test_a_server_that_leads_on_is_followed_and_told_of(infusions: Infusions) -> None:
    with server() as last, server(WELL | {"Location": last}, status=302) as first:
        assert found(infusions, first) == (1, {"redirect"})
    with server(WELL | {"Location": f"/{SECRET}.ics"}, status=302) as round_and_round:
        assert found(infusions, round_and_round) == (1, {"redirect", "status"})


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"http://127.0.0.1:1/{SECRET}", "127.0.0.1: gives no answer"),
        (f"ftp://example.org/{SECRET}", "address: this is no address of a calendar"),
        (f"http://[/{SECRET}", "address: this is no address of a calendar"),
        (f"https://example.org:nine/{SECRET}", "address: this is no address of a calendar"),
        ("no-such-file.ics", "file: it cannot be read (No such file or directory)"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_without_the_secret(infusions: Infusions, address: str, told: str) -> None:
    sentence = infusions.refused("feed", "check", address)
    assert told in sentence
    assert SECRET not in sentence


def test_a_file_is_explained_without_a_server(infusions: Infusions, tmp_path: Path) -> None:
    (tmp_path / "one.ics").write_bytes(GOOD)
    answer = infusions.done("feed", "check", str(tmp_path / "one.ics"))
    assert "Monday 7 December 2026, 14:00–15:00 (UTC)  Visit" in answer.out
    assert "No problems." in answer.out
    (tmp_path / "two.ics").write_bytes(GOOD.replace(b"SUMMARY:Visit", b"SUMMARY:\x1b[31mred\x07"))
    answer = infusions("feed", "check", str(tmp_path / "two.ics"))
    assert answer.code == 1
    assert "\x1b" not in answer.out
    assert "Lines hold control characters." in answer.out
