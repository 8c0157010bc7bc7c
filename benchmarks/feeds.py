"""A calendar feed: its bytes built from the plan, and served by the real service."""

import http.client
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import plain_icalendar
from benchmarks.plans import DAY1, inotuzumab, six_cycles
from benchmarks.timing import Result, fastest
from calendars import FORMATS
from calendars.kinds import ClinicCard, Detail, Reader
from calendars.view import CalendarView, build_view
from scheduler import Plan, events, restamp
from service.catalogue import load_wordings

CLINIC = ClinicCard(name="Example clinic", phone="+1 555 0100", address="1 Example Street")


def written() -> Result:
    """60 events with 100 alarms, at full detail, by our writer against the icalendar package alone."""
    view = _sixty_events()
    timezone = plain_icalendar.timezone_of(view)
    render = FORMATS["ics"].render
    ours, reference = fastest(lambda: render(view), lambda: plain_icalendar.render(view, timezone))
    return Result(
        what="60 events with 100 alarms written",
        seconds=ours,
        reference="the icalendar package alone",
        reference_seconds=reference,
        aim_ratio=0.1,
        size_bytes=len(render(view)),
    )


def built() -> Result:
    """The iCalendar bytes of a course of six cycles, at full detail, against the plan that they show."""
    render = FORMATS["ics"].render
    plan, view = _course()
    ours, reference = fastest(lambda: render(view()), lambda: six_cycles(plan.regimen))
    return Result(
        what="feed of 6 cycles built, full detail",
        seconds=ours,
        reference="the plan itself",
        reference_seconds=reference,
        size_bytes=len(render(view())),
    )


def served() -> Result:
    """One feed over HTTP on a kept connection, against a bare server that sends the same bytes."""
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder)) as address:
        body = _get(address)()
        with _bare_server(body) as bare:
            ours, reference = fastest(_get(address), _get(bare))
    return Result(
        what="feed of 6 cycles served over HTTP",
        seconds=ours,
        reference="Python's http.server with the same bytes",
        reference_seconds=reference,
        size_bytes=len(body),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _course() -> tuple[Plan, Callable[[], CalendarView]]:
    """The plan of six cycles, and what makes the view of it that a patient has at full detail."""
    plan = six_cycles(inotuzumab())
    stamp = datetime.combine(DAY1, time(), tzinfo=UTC)
    stamped = restamp({}, events(plan), plan, at=stamp).values()
    wording = load_wordings()["en"]

    def view() -> CalendarView:
        return build_view(
            stamped,
            plan,
            wording=wording,
            detail=Detail.FULL,
            reader=Reader.PATIENT,
            clinic=CLINIC,
            stamp=stamp,
            uid=plan.course.id,
            today=DAY1,
        )

    return plan, view


def _sixty_events() -> CalendarView:
    leads = (timedelta(days=1), timedelta(hours=2))
    view = _course()[1]()
    entries = [replace(each, alarms=leads[: 1 + (n < 40)]) for n, each in enumerate(view.entries[:60])]
    if len(entries) != 60 or sum(len(each.alarms) for each in entries) != 100:
        raise AssertionError("the course has too few events")
    return replace(view, entries=tuple(entries))


def _get(address: str) -> Any:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)

    def get() -> bytes:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise AssertionError(f"status {answer.status}")
        return body

    return get


@contextmanager
def _service(folder: Path) -> Iterator[str]:
    """The address of a feed, on a service of its own."""
    _infusions(folder, "migrate")
    start = ("new", "inotuzumab-ozogamicin", "--patient", "Example", "--day1", DAY1.isoformat())
    course = _infusions(folder, "course", *start).strip()
    path = urlsplit(_infusions(folder, "feed", "new", course, "--name", "phone", "--detail", "full").strip()).path
    process = subprocess.Popen(  # noqa: S603 - our own program
        _command("serve", "--no-reminders", "--port", "0"),
        cwd=folder,
        env=_environ(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        line = next(line for line in process.stdout if line.startswith("Serving "))
        yield line.split()[1] + path
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _bare_server(body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer, as the service sends it
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def _infusions(folder: Path, *args: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        _command(*args), cwd=folder, env=_environ(), capture_output=True, text=True, check=True
    )
    return done.stdout


def _command(*args: str) -> list[str]:
    return [sys.executable, "-c", "from service.cli import main; main()", *args]


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INFUSIONS_")}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[1])}
