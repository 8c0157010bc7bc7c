"""A feed over HTTP: the service against a bare Starlette application with the same bytes, and against Radicale.

Each server is one process on this machine, and the servers take turns, so that a busy spell meets them all.
"""

import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypedDict
from urllib.parse import urlsplit

import httpx

from benchmarks.client import asking
from benchmarks.plans import DAY1
from benchmarks.timing import Result, fastest


class Rounds(TypedDict):
    """How often and how long `fastest` measures."""

    rounds: int
    seconds: float


PLAIN = {"accept-encoding": "identity"}
GZIP = {"accept-encoding": "gzip"}
SIGNED_IN = {"authorization": "Basic Y2xpbmljOg=="}  # as "clinic", without a password: Radicale has one root each
SHORT: Rounds = {"rounds": 100, "seconds": 0.02}  # a short round is more likely one that nobody disturbed
FEW, MANY = 100, 100_000
ASKED = 99  # so many different feeds are asked for in turn, of few courses and of many


def full() -> Result:
    """The whole feed, as it is for a program that takes no gzip, against the bare application."""
    return _against_bare("feed of 6 cycles served, 200", PLAIN)


def packed() -> Result:
    """The same for one that takes gzip, as nearly all do."""
    return _against_bare("feed of 6 cycles served, 200 in gzip", GZIP)


def unchanged() -> Result:
    """What nearly all requests are: nothing has changed."""
    return _against_bare("feed of 6 cycles served, 304", PLAIN, again=True)


def against_radicale() -> Result:
    """The whole feed as nearly all programs ask for it, against Radicale with the same calendar."""
    with _service() as address:
        body = httpx.get(address, headers=PLAIN).content
        with _radicale(body) as calendar:
            ours, reference = fastest(asking([address], GZIP), asking([calendar], GZIP | SIGNED_IN), **SHORT)
    return Result(
        what="feed of 6 cycles served, 200 to a program that takes gzip",
        seconds=ours,
        reference="Radicale with the same calendar",
        reference_seconds=reference,
        aim_ratio=0.01,
        size_bytes=len(body),
    )


def many_courses() -> Result:
    """Feeds from a database of 100,000 courses, against one of 100."""
    with _service(FEW) as few, _service(MANY) as many:
        asked = (asking(_addresses(address, count), GZIP) for address, count in ((many, MANY), (few, FEW)))
        ours, reference = fastest(*asked, rounds=9, seconds=0.5)
    return Result(
        what=f"one of {ASKED} feeds in gzip, {MANY} courses in the database",
        seconds=ours,
        reference=f"{FEW} courses in the database",
        reference_seconds=reference,
        aim_ratio=1.2,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _against_bare(what: str, headers: dict[str, str], *, again: bool = False) -> Result:
    with _service() as address, httpx.Client() as client:
        with client.stream("GET", address, headers=headers) as answer:
            body = b"".join(answer.iter_raw())
        headers = headers | ({"if-none-match": answer.headers["etag"]} if again else {})
        with _bare(answer.headers, body) as bare:
            status = 304 if again else 200
            ours, reference = fastest(*(asking([each], headers, status=status) for each in (address, bare)), **SHORT)
    return Result(
        what=what,
        seconds=ours,
        reference="bare Starlette with the same bytes",
        reference_seconds=reference,
        aim_ratio=1.25,  # 0.8 of what it serves in the same time
        size_bytes=0 if again else len(body),
    )


@contextmanager
def _service(courses: int = 1) -> Iterator[str]:
    """The address of a feed, on a service of its own with so many courses."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as opened:
        folder = Path(name)
        _infusions(folder, "migrate")
        start = ("new", "inotuzumab-ozogamicin", "--patient", "Example", "--day1", DAY1.isoformat())
        course = _infusions(folder, "course", *start).strip()
        path = urlsplit(_infusions(folder, "feed", "new", course, "--name", "phone", "--detail", "full").strip()).path
        if courses > 1:
            _multiply(folder / "data" / "infusions.db", courses)
        program = command("serve", "--no-reminders", "--port", "0")
        url = opened.enter_context(serving(program, folder, environ()))
        httpx.get(url + path).raise_for_status()
        yield url + path


def _multiply(file: Path, courses: int) -> None:
    """Copies the one course and its feed, so that there are so many; the feed's tokens are known to `_addresses`."""
    with closing(sqlite3.connect(file)) as connection:
        for table in ("course", "feed"):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            (original,) = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names
            rows = (_copy(dict(zip(columns, original, strict=True)), number) for number in range(courses - 1))
            marks = ", ".join(f":{column}" for column in columns)
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - our own names
        connection.commit()


def _copy(row: dict[str, object], number: int) -> dict[str, object]:
    names = {
        "id": f"{number + 1:032x}",
        "course_id": f"{number + 1:032x}",
        "token_hash": hash_of(numbered_token(number)),
    }
    return row | {name: value for name, value in names.items() if name in row}


def _addresses(address: str, courses: int) -> list[str]:
    """The addresses of feeds that lie all over the database."""
    server = address.partition("/c/")[0]
    step = max(1, courses // ASKED)
    return [f"{server}/c/{numbered_token(number)}.ics" for number in range(0, courses - 1, step)]


def numbered_token(number: int) -> str:
    """The token of a feed that a benchmark made."""
    return f"{number:043}"


def hash_of(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


@contextmanager
def _bare(headers: httpx.Headers, body: bytes) -> Iterator[str]:
    kept = {name: value for name, value in headers.items() if name not in {"date", "content-length"}}
    said = {"headers": kept, "tag": headers["etag"], "body": b64encode(body).decode()}
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "answer.json"
        file.write_text(json.dumps(said), encoding="ascii")
        with serving([sys.executable, "-m", "benchmarks.bare", str(file)], Path(name), environ()) as url:
            yield f"{url}/feed"


@contextmanager
def _radicale(body: bytes) -> Iterator[str]:
    """The address of the same calendar on a Radicale of its own, in the folder that it stores in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        options = ["--server-hosts", f"127.0.0.1:{port}", "--auth-type", "none", "--storage-filesystem-folder", name]
        command = [sys.executable, "-m", "radicale", "--config", "", *options, "--logging-level", "error"]
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            address = f"http://127.0.0.1:{port}/clinic/feed/"
            _until_it_answers(address)
            httpx.get(address.replace("feed/", ""), headers=SIGNED_IN)  # makes what belongs to that name
            made = httpx.put(address, content=body, headers=SIGNED_IN | {"content-type": "text/calendar"}, timeout=60)
            made.raise_for_status()
            yield address
        finally:
            process.terminate()
            process.wait()


def _until_it_answers(address: str) -> None:
    for _ in range(300):
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("Radicale does not start")


@contextmanager
def serving(program: list[str], folder: Path, variables: dict[str, str]) -> Iterator[str]:
    """The address of what this program serves, while it runs."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        program, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        line = next(line for line in process.stdout if line.startswith("Serving "))
        yield line.split()[1]
    finally:
        process.terminate()
        process.wait()


def _infusions(folder: Path, *args: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        command(*args), cwd=folder, env=environ(), capture_output=True, text=True, check=True
    )
    return done.stdout


def command(*args: str) -> list[str]:
    """The program with these arguments."""
    return [sys.executable, "-c", "from service.cli import main; main()", *args]


def environ() -> dict[str, str]:
    """The environment without settings of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INFUSIONS_")}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[1])}
