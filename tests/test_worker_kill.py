"""Killed in the middle, and two at once: no mail is lost, and a mail sent again has the same Message-ID."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import NamedTuple

import pytest
from sqlalchemy import Engine

from db.engine import make_engine
from db.outbox_store import State
from service.courses import start_course
from service.messages import list_messages
from service.wiring import App
from service.worker import MailsStopped, TickResult, tick
from tests.crowds import multiply
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app

DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
PROGRAM = "import sys; from service.cli import run; sys.exit(run(sys.argv[1:], __import__('os').environ))"
# Seconds between the first mail of a run and the kill: some fall into a claim, some between sending and noting.
DELAYS = (0.0, 0.004, 0.011, 0.023, 0.05)


def fill(app: App, clock: Clock, count: int) -> set[str]:
    """So many patients, each with one mail due; their addresses."""
    clock.at = DUE - timedelta(hours=1)
    first = "patient@patients.example"
    return {first} | multiply(app, start_course(app, bob(email=first), by=NURSE), count - 1, due=DUE)


def worker(store_url: str, server: MailServer, now: datetime, *command: str) -> subprocess.Popen[str]:
    """The real command in a process of its own, with its clock at `now`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("INFUSIONS_", "COV_"))}
    environ |= server.environ() | {"INFUSIONS_DATABASE__URL": store_url, "INFUSIONS_NOW": now.isoformat()}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *command],
        env=environ,
        cwd=Path(__file__).parent.parent,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def count(server: MailServer) -> int:
    return len(list(server.folder.glob("*.mail")))


def test_kill_9_loses_nothing_and_repeats_only_with_the_same_message_id(
    engine: Engine, clock: Clock, store_url: str, mail_server: MailServer
) -> None:
    app = make_app(engine, clock, mail_server.environ())
    addresses = fill(app, clock, 60)
    now, killed = DUE, 0
    for delay in DELAYS:
        before = count(mail_server)
        if before >= len(addresses):
            break
        process = worker(store_url, mail_server, now, "worker")
        wait_for(lambda seen=before: count(mail_server) > seen)  # type: ignore[misc]
        time.sleep(delay)
        process.kill()
        process.communicate()
        killed += 1
        now += timedelta(minutes=6)  # by then the dead worker's lease has run out
    assert killed >= 3
    while tick(app, now).sent:
        now += timedelta(minutes=6)
    received = Counter(mail.to[0] for mail in mail_server.mails())
    assert set(received) == addresses, "none is lost"
    assert received.total() - len(addresses) <= killed, "at most one repeats for each kill"
    ids: dict[str, set[str]] = {}
    for mail in mail_server.mails():
        ids.setdefault(mail.to[0], set()).add(mail.message["Message-ID"])
    assert {len(each) for each in ids.values()} == {1}
    due = [each for each in list_messages(app) if each.send_after <= DUE and each.kind == "visit"]
    assert {each.state for each in due} == {State.SENT}


def test_sigterm_finishes_the_mail_that_is_being_sent_and_gives_the_others_back(
    engine: Engine, clock: Clock, store_url: str, mail_server: MailServer
) -> None:
    app = make_app(engine, clock, mail_server.environ())
    addresses = fill(app, clock, 40)
    process = worker(store_url, mail_server, DUE, "worker")
    wait_for(lambda: count(mail_server) > 0)
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    _, told = process.communicate(timeout=20)
    assert time.monotonic() - started < 10
    assert process.returncode == 0, told
    states = Counter(each.state for each in list_messages(app))
    assert states[State.CLAIMED] == 0, "nothing is left in anybody's hands"
    assert states[State.SENT] == count(mail_server), "what went is noted"
    tick(app, DUE + timedelta(seconds=1))
    received = Counter(mail.to[0] for mail in mail_server.mails())
    assert received == dict.fromkeys(addresses, 1)


@pytest.mark.parametrize("step", ["CONNECT", "RCPT", "END"])
def test_sigterm_waits_for_no_server_that_has_fallen_silent_and_loses_nothing(
    sqlite_url: str, clock: Clock, mail_server: MailServer, step: str
) -> None:
    engine = make_engine(sqlite_url)
    app = make_app(engine, clock, mail_server.environ())
    addresses = fill(app, clock, 3)
    mail_server.answer(step, "hang")
    process = worker(sqlite_url, mail_server, DUE, "worker")
    told = mail_server.folder / "answers.json"
    wait_for(lambda: json.loads(told.read_text())[step] == [])
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    _, said = process.communicate(timeout=40)
    assert time.monotonic() - started < 10
    assert process.returncode == 0, said
    assert not [each for each in list_messages(app) if each.state is State.CLAIMED]
    for minutes in (1, 10, 30):
        with suppress(MailsStopped):
            tick(app, DUE + timedelta(minutes=minutes))
    received = Counter(mail.to[0] for mail in mail_server.mails())
    assert received == dict.fromkeys(addresses, 1)
    engine.dispose()


def test_two_workers_send_each_mail_once(engine: Engine, clock: Clock, store_url: str, mail_server: MailServer) -> None:
    app = make_app(engine, clock, mail_server.environ())
    addresses = fill(app, clock, 60)
    both = [worker(store_url, mail_server, DUE, "tick", "--json") for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    received = Counter(mail.to[0] for mail in mail_server.mails())
    assert received == dict.fromkeys(addresses, 1)


@pytest.mark.parametrize("workers", [2, 4])
def test_passes_that_start_at_the_same_moment_share_the_mails(
    engine: Engine, clock: Clock, mail_server: MailServer, workers: int
) -> None:
    app = make_app(engine, clock, mail_server.environ())
    addresses = fill(app, clock, 30)
    results: list[TickResult] = []
    barrier = Barrier(workers)

    def work() -> None:
        barrier.wait()
        results.append(tick(app, DUE))

    threads = [Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.sent for result in results) == len(addresses)
    assert Counter(mail.to[0] for mail in mail_server.mails()) == dict.fromkeys(addresses, 1)


# -- Many kills -------------------------------------------------------------------------------------------------------

# Imports and reads once what comes with the program, and forks a worker for each instant that it is told: a start costs
# milliseconds, not seconds.
NURSERY = """
import os, signal, sys
import service.worker, service.wiring, service.cli_serve
from service.catalogue import load_catalogue, load_wordings
from service.cli import run
from service.config import load_settings
load_catalogue(load_settings(None, os.environ)), load_wordings()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(run(["worker"], {**os.environ, "INFUSIONS_NOW": line.strip()}))
    print(child, flush=True)
"""


# One in the morning in New York: 200 kills, each with the five minutes of a lease, still end on that day.
EARLY = datetime(2026, 12, 4, 6, 0, tzinfo=UTC)
ALL_DAY = {"INFUSIONS_REMINDERS__QUIET": '["00:00", "00:00"]', "INFUSIONS_REMINDERS__AT": "01:00"}


class Kills(NamedTuple):
    """How many, how many mails a minute, and patients for each kill. Without a wait between two mails one commit notes
    the first and begins the second."""

    kills: int
    rate: str = "6000"
    patients: int = 12


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(Kills(50), id="50 kills"),
        pytest.param(Kills(10, rate="60000", patients=40), id="10 kills at full speed"),
        pytest.param(Kills(200), id="200 kills", marks=pytest.mark.slow),
        pytest.param(Kills(100, rate="60000", patients=40), id="100 kills at full speed", marks=pytest.mark.slow),
    ],
)
def test_kill_9_at_any_instant_again_and_again(
    clock: Clock, engine: Engine, store_url: str, mail_server: MailServer, told: Kills
) -> None:
    kills = told.kills
    settings = mail_server.environ(RATE_PER_MINUTE=told.rate) | ALL_DAY
    app = make_app(engine, clock, settings)
    clock.at = EARLY - timedelta(hours=1)
    first = "bob@patients.example"
    course = start_course(app, bob(email=first), by=NURSE)
    addresses = {first} | multiply(app, course, kills * told.patients, due=EARLY)
    engine.dispose()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("INFUSIONS_", "COV_"))}
    nursery = subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        env=environ | settings | {"INFUSIONS_DATABASE__URL": store_url},
        cwd=Path(__file__).parent.parent,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    now = EARLY
    for kill in range(kills):
        before = count(mail_server)
        nursery.stdin.write(f"{now.isoformat()}\n")
        nursery.stdin.flush()
        child = int(nursery.stdout.readline())
        share = (kill * 37 % 101) / 100
        if kill % 2:  # anywhere between its start and some dozen mails later
            time.sleep(share * 0.35)
        else:  # among its mails, however long a busy machine takes to begin
            with suppress(AssertionError):
                wait_for(lambda seen=before: count(mail_server) > seen, 10)  # type: ignore[misc]
            time.sleep(share * 0.06)
        os.kill(child, signal.SIGKILL)
        now += timedelta(minutes=5, seconds=10)
    nursery.communicate()
    assert count(mail_server) > 0, "workers were killed while they sent"
    for _ in range(8):
        tick(app, now)
        now += timedelta(minutes=6)
    received = Counter(mail.to[0] for mail in mail_server.mails() if mail.message["Message-ID"])
    assert set(received) == addresses, "none is lost"
    ids = Counter(mail.message["Message-ID"] for mail in mail_server.mails())
    assert sum(count - 1 for count in ids.values()) <= kills, "at most one repeats for each kill"
    assert received.total() - len(addresses) == sum(count - 1 for count in ids.values()), "under one Message-ID"
