"""The pages that a nurse waits for, from a real server process; 20 feeds a second are fetched beside it."""

import re
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx

from benchmarks.client import asking
from benchmarks.clinics import make_app, own_folder
from benchmarks.many_courses import NOW, fill
from benchmarks.queue import fresh, server
from benchmarks.serving import GZIP, command, environ, numbered_token, serving
from benchmarks.timing import Result
from service.users import Role, add_user

COURSES = 5000
ASKED = 200  # so often each page
POLLS = 20  # feeds a second
WORD = "correct horse battery"


def day(courses: int = COURSES, asked: int = ASKED) -> Result:
    """The clinic's day."""
    return _measured("the day", courses, asked)


def course(courses: int = COURSES, asked: int = ASKED) -> Result:
    """The pages of courses under treatment."""
    return _measured("a course", courses, asked)


def day_on_postgresql() -> Result:
    """The clinic's day, the database a PostgreSQL on the same machine."""
    return _measured("the day", COURSES, ASKED, on_postgresql=True)


def course_on_postgresql() -> Result:
    """The pages of courses under treatment, the database a PostgreSQL on the same machine."""
    return _measured("a course", COURSES, ASKED, on_postgresql=True)


# ---------------------------------------------------------------------------------------------------------------------


def _measured(page: str, courses: int, asked: int, *, on_postgresql: bool = False) -> Result:
    with (
        own_folder() as folder,
        _database(folder, on_postgresql=on_postgresql) as database,
        _served(database, folder, courses) as (url, running),
        _signed_in(url) as client,
        _polling(url),
    ):
        paths = ["/"] if page == "the day" else [f"/courses/{id_}" for id_ in running]
        for number in range(10):  # what is made once and kept is no part of the figure
            client.get(paths[number % len(paths)]).raise_for_status()
        seen = [_timed(client, paths[number % len(paths)]) for number in range(asked)]
    seconds = sorted(took for took, _ in seen)
    where = ", PostgreSQL" if on_postgresql else ""
    return Result(
        what=f"page of {page}, {courses} courses, {POLLS} feeds a second beside it{where}: 95 of 100 within",
        seconds=seconds[int(asked * 0.95)],
        reference="the same page, the median",
        reference_seconds=statistics.median(seconds),
        aim_seconds=0.1,
        size_bytes=max(size for _, size in seen),
        aim_bytes=100_000,
    )


def _timed(client: httpx.Client, path: str) -> tuple[float, int]:
    begin = time.perf_counter()
    answer = client.get(path)
    took = time.perf_counter() - begin
    answer.raise_for_status()
    return took, len(answer.content)


@contextmanager
def _database(folder: Path, *, on_postgresql: bool) -> Iterator[str]:
    if on_postgresql:
        with server(folder) as found:
            yield fresh(found, "infusions")
    else:
        yield f"sqlite:///{folder / 'infusions.db'}"


@contextmanager
def _served(database: str, folder: Path, courses: int) -> Iterator[tuple[str, Sequence[UUID]]]:
    """The address of a service with so many courses, and the ids of some that are under treatment."""
    app = replace(make_app(database, folder), now=lambda: NOW)
    add_user(app, "nurse", Role.NURSE, WORD, by="benchmark")
    running = fill(app, courses)
    app.engine.dispose()
    settings = {
        "INFUSIONS_DATABASE__URL": database,
        "INFUSIONS_SECURITY__SECRET_FILE": str(folder / "secret"),
        "INFUSIONS_NOW": NOW.isoformat(),
    }
    with serving(command("serve", "--no-reminders", "--port", "0"), folder, environ() | settings) as url:
        yield url, running


@contextmanager
def _signed_in(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"Origin": url}, timeout=60) as client:
        found = re.search(r'name="token" value="([^"]+)"', client.get("/sign-in").text)
        form = {"token": found[1] if found else "", "name": "nurse", "password": WORD}
        if client.post("/sign-in", data=form).status_code != httpx.codes.SEE_OTHER:
            raise AssertionError("nobody can sign in")
        yield client


@contextmanager
def _polling(url: str) -> Iterator[None]:
    """Fetches feeds from all over the database, so many a second."""
    ended = threading.Event()
    addresses = [f"{url}/c/{numbered_token(number)}.ics" for number in range(500)]

    def poll() -> None:
        get = asking(addresses, GZIP)
        while not ended.wait(1 / POLLS):
            get()

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
