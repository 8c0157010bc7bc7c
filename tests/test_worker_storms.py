"""Many mails, many workers, and everything around them failing: what is due goes when it can, each mail once."""

import logging
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import Engine, event, make_url

from db import outbox_claims as claims
from db.engine import DatabaseUnavailable, make_engine, writing
from db.outbox_store import State
from service import worker
from service.courses import start_course
from service.messages import list_messages
from service.wiring import App
from service.worker import MailsStopped, TickResult, tick
from tests.crowds import multiply
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app, plain
from tests.test_worker_kill import worker as start_worker

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer) -> App:
    clock.at = FRIDAY
    return make_app(engine, clock, mail_server.environ())


def crowd(app: App, count: int) -> set[str]:
    """So many patients, each with a mail due."""
    first = "bob@patients.example"
    return {first} | multiply(app, start_course(app, bob(email=first), by=NURSE), count - 1, due=DUE)


def received(server: MailServer) -> Counter[str]:
    return Counter(mail.to[0] for mail in server.mails())


def until_done(app: App, now: datetime, *, most: int = 40, step: timedelta = timedelta(minutes=7)) -> datetime:
    """Passes like those of the clock, until nothing is due any more."""
    for _ in range(most):
        try:
            done = tick(app, now)
        except (MailsStopped, DatabaseUnavailable):
            done = None
        waits = [each for each in list_messages(app) if each.settled_at is None and each.send_after <= now]
        retried = [each for each in list_messages(app) if each.settled_at is None and each.outcome]
        if done is not None and not waits and not retried:
            return now
        now += step
    raise AssertionError("it never ends")


# -- Many workers -----------------------------------------------------------------------------------------------------


def each_once(app: App, store_url: str, server: MailServer, workers: int, count: int) -> None:
    addresses = crowd(app, count)
    processes = [start_worker(store_url, server, DUE, "tick", "--json") for _ in range(workers)]
    answers = [process.communicate(timeout=1800) for process in processes]
    assert {process.returncode for process in processes} == {0}, answers
    assert received(server) == dict.fromkeys(addresses, 1)


# One SQLite file is for one machine: two workers. A server is for many.
CROWDS = [("sqlite_url", 2), ("fresh_postgres_url", 2), ("fresh_postgres_url", 4), ("fresh_postgres_url", 8)]


# 5,000 take minutes, so CI sends 100: what would be sent twice shows in how claims overlap, not in how many there are.
@pytest.mark.parametrize("count", [100, pytest.param(5000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("crowd_of", CROWDS, ids=lambda row: f"{row[1]} on {row[0]}")
def test_several_workers_send_each_of_many_mails_once(
    request: pytest.FixtureRequest, clock: Clock, mail_server: MailServer, crowd_of: tuple[str, int], count: int
) -> None:
    database, workers = crowd_of
    url = request.getfixturevalue(database)
    clock.at, engine = FRIDAY, make_engine(url)
    each_once(make_app(engine, clock, mail_server.environ()), url, mail_server, workers, count)
    engine.dispose()


@pytest.mark.parametrize("count", [100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_morning_with_many_patients_goes_in_one_pass(
    sqlite_url: str, clock: Clock, tmp_path: Path, count: int
) -> None:
    clock.at, engine = FRIDAY, make_engine(sqlite_url)
    app = make_app(engine, clock, {"INFUSIONS_MAIL__FOLDER": str(tmp_path / "mail")})
    crowd(app, count)
    assert tick(app, DUE) == TickResult(planned=count, sent=count)
    assert len(list((tmp_path / "mail").glob("*.eml"))) == count
    engine.dispose()


# -- The mail server --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("answer", ["421 4.3.2 closing", "451 4.3.0 trouble"])
def test_whatever_the_server_says_for_now_at_any_step_each_mail_arrives(
    app: App, mail_server: MailServer, step: str, answer: str
) -> None:
    addresses = crowd(app, 6)
    mail_server.answer(step, "take", answer, answer, "take", answer)
    until_done(app, DUE)
    got = received(mail_server)
    assert set(got) == addresses
    assert got.total() == len(addresses), "lost after DATA is not taken here, so nothing comes twice"
    assert {each.state for each in list_messages(app) if each.send_after <= DUE} == {State.SENT}


def test_a_server_that_drops_every_tenth_connection_gets_every_mail_all_the_same(
    app: App, mail_server: MailServer
) -> None:
    addresses = crowd(app, 40)
    mail_server.answer("RCPT", *(["take"] * 9 + ["drop"]) * 12)
    until_done(app, DUE)
    assert received(mail_server) == dict.fromkeys(addresses, 1)


def test_a_server_that_drops_every_tenth_mail_after_taking_it_gets_it_twice_with_one_message_id(
    app: App, mail_server: MailServer
) -> None:
    addresses = crowd(app, 30)
    mail_server.answer("END", *(["take"] * 9 + ["take and drop"]) * 3)
    until_done(app, DUE)
    got = received(mail_server)
    assert set(got) == addresses
    assert got.total() == len(addresses) + 3
    ids = {(mail.to[0], mail.message["Message-ID"]) for mail in mail_server.mails()}
    assert len(ids) == len(addresses)


# -- The database -----------------------------------------------------------------------------------------------------


def limited(url: str, *pragmas: Callable[[sqlite3.Connection], str]) -> Engine:
    """An engine on the same file whose connections have these pragmas, too."""
    engine = make_engine(url)

    def set_pragmas(connection: sqlite3.Connection, _: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma(connection))

    event.listen(engine, "connect", set_pragmas)
    return engine


def trouble(app: App, caplog: pytest.LogCaptureFixture, now: datetime) -> str:
    """What a pass of the clock logs when it fails: one line without a traceback."""
    with caplog.at_level(logging.ERROR):
        worker._guarded("tick", lambda: tick(app, now))()
    lines = [line for line in caplog.records if line.levelno >= logging.ERROR]
    caplog.clear()
    assert len(lines) == 1
    assert lines[0].exc_info is None
    return lines[0].getMessage()


def test_a_locked_database_is_one_line_and_the_mails_go_when_it_is_free(
    sqlite_url: str, clock: Clock, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock.at, engine = FRIDAY, limited(sqlite_url, lambda _: "PRAGMA busy_timeout=100")
    app = make_app(engine, clock, mail_server.environ())
    addresses = crowd(app, 3)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "another program keeps it locked" in trouble(app, caplog, DUE)
    other.execute("ROLLBACK")
    other.close()
    assert tick(app, DUE).sent == 3
    assert received(mail_server) == dict.fromkeys(addresses, 1)
    engine.dispose()


def test_a_full_disk_is_one_line_and_the_mails_go_when_there_is_room(
    sqlite_url: str, clock: Clock, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock.at, roomy = FRIDAY, make_engine(sqlite_url)
    addresses = crowd(make_app(roomy, clock, mail_server.environ()), 60)
    roomy.dispose()
    full = limited(sqlite_url, lambda connection: f"PRAGMA max_page_count={pages(connection)}")
    told = trouble(make_app(full, clock, mail_server.environ()), caplog, DUE)
    assert "database or disk is full" in told
    assert "the space on its disk" in told
    full.dispose()
    app = make_app(roomy, clock, mail_server.environ())
    until_done(app, DUE + timedelta(minutes=6))
    got = received(mail_server)
    assert set(got) == addresses
    assert got.total() <= len(addresses) + 1, "at most the one whose answer could not be noted"
    roomy.dispose()


def pages(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return count


def test_a_database_server_that_cuts_every_connection_again_and_again_costs_no_mail(
    fresh_postgres_url: str, clock: Clock, mail_server: MailServer
) -> None:
    clock.at, engine = FRIDAY, make_engine(fresh_postgres_url)
    app = make_app(engine, clock, mail_server.environ())
    addresses = crowd(app, 60)
    stop, cuts, now, interrupted = Flag(), 0, DUE, 0

    def cut() -> int:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        with psycopg.connect(plain(make_url(fresh_postgres_url)), autocommit=True) as connection:
            return len(connection.execute(f"{query} AND pid != pg_backend_pid()").fetchall())

    def keep_cutting() -> None:
        nonlocal cuts
        while not stop.wait(0.15):
            cuts += cut()

    thread = Thread(target=keep_cutting)
    thread.start()
    for _ in range(6):
        try:
            tick(app, now)
        except (DatabaseUnavailable, MailsStopped):
            interrupted += 1
        now += timedelta(minutes=6)
    stop.set()
    thread.join()
    until_done(app, now)
    got = received(mail_server)
    assert set(got) == addresses
    assert cuts > 0
    assert got.total() - len(addresses) <= interrupted, "at most the one that was under way"
    assert len({(mail.to[0], mail.message["Message-ID"]) for mail in mail_server.mails()}) == len(addresses)
    engine.dispose()


# -- The clock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)])
def test_a_clock_that_jumps_sends_nothing_twice_nor_at_night(
    app: App, mail_server: MailServer, jump: timedelta
) -> None:
    crowd(app, 3)
    for minute in range(0, 3 * 24 * 60, 45):
        now = DUE - timedelta(hours=2, minutes=-minute)
        shown = now + jump if minute % 4 == 1 or 600 <= minute < 900 else now
        tick(app, shown)
    sent = [each for each in list_messages(app) if each.state is State.SENT]
    keys = Counter((each.course_id, each.event_key, each.offset_days) for each in sent)
    assert set(keys.values()) == {1}
    assert all(8 <= each.settled_at.astimezone(NEW_YORK).hour < 20 for each in sent if each.settled_at)
    assert received(mail_server).total() == len({each.message_id for each in sent})


def test_a_lease_given_by_a_clock_a_day_ahead_holds_nobody_up(app: App) -> None:
    crowd(app, 2)
    ahead = DUE + timedelta(days=1)
    with writing(app.engine) as session:
        assert claims.claim(session, owner="ahead", now=ahead, lease_until=ahead + timedelta(minutes=5), limit=5)
    assert tick(app, DUE).sent == 2
