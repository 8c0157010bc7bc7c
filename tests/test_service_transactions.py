"""All of a use case is stored or nothing: under kill -9, under two writers at once, and the same on both databases."""

import os
import signal
import sqlite3
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from uuid import UUID

import pytest

import service.steps
from calendars.kinds import Detail, Reader
from db.engine import make_engine
from scheduler.actions import Action, Defer, Given, Hold, HoldCause, Omit, Resume
from service.courses import StaleRevision, record, start_course
from service.feeds import new_feed
from service.queries import load_course
from service.serving import FeedServer
from service.wiring import App
from tests.stores import NURSE, PUBLIC_URL, START, Clock, bob, make_app
from tests.test_service_courses import dump

COURSE = UUID("0b6e2a52-5d6a-4b53-9d0c-2f9f0a4f7c11")
DEFER_DAY_8 = Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="patient travelling")
OMIT_DAY_15 = Omit(cycle=1, day=15, reason="counts")

# The steps of the transaction, in their order: the process is killed right after each of them.
STEPS = [
    ("store", "advance_course"),
    ("store", "add_action"),
    ("store", "add_revision"),
    ("store", "save_events"),
    ("bodies", "rebuild"),
    ("day_upkeep", "keep"),
    ("outbox", "after_change"),
    ("audit", "note"),
]


@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_process_killed_in_the_middle_leaves_nothing(app: App, module: str, step: str) -> None:
    start(app)
    before = dump(app)
    killed = get_context("spawn").Process(target=record_and_die, args=(address(app), module, step))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert dump(app) == before
    assert record(app, COURSE, DEFER_DAY_8, by=NURSE, seen_revision=0, request_id="click").revision == 1
    assert {table for table, rows in dump(app).items() if rows != before[table]} == {
        "course",
        "action",
        "revision",
        "event",
        "feed",
        "day_fact",
        "outbox",
        "audit",
        "audit_head",
    }


def test_of_two_processes_that_record_at_once_one_wins_and_the_other_is_stale(app: App) -> None:
    start(app)
    outcomes = at_once(app, [(DEFER_DAY_8, "alice", None), (OMIT_DAY_15, "carol", None)])
    assert sorted(outcomes) == ["recorded 1", "stale 0 1"]
    assert [entry.number for entry in load_course(app, COURSE).entries] == [1]


def test_a_double_click_in_two_processes_is_recorded_once(app: App) -> None:
    start(app)
    outcomes = at_once(app, [(DEFER_DAY_8, "alice", "click"), (DEFER_DAY_8, "alice", "click")])
    assert sorted(outcomes) == ["recorded 1", "repeated 1"]
    assert len(load_course(app, COURSE).entries) == 1


def test_a_start_sent_many_times_at_once_makes_one_course(app: App) -> None:
    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: start_course(app, bob(), by=NURSE, request_id="click"), range(8)))
    assert len(set(started)) == 1
    assert len(dump(app)["course"]) == 1


def test_writers_of_other_courses_wait_and_all_get_through(app: App) -> None:
    courses = [start_course(app, bob(), by=NURSE) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda course: record(app, course, DEFER_DAY_8, by=NURSE, seen_revision=0), courses))
    assert [outcome.revision for outcome in done] == [1] * 6


def test_actions_recorded_at_once_without_a_seen_revision_are_numbered_one_after_the_other(app: App) -> None:
    start(app)
    actions: list[Action] = [Omit(cycle=cycle, day=15, reason="counts") for cycle in range(1, 6)]
    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(lambda action: record(app, COURSE, action, by=NURSE), actions))
    assert sorted(outcome.revision for outcome in done) == [1, 2, 3, 4, 5]
    assert [entry.number for entry in load_course(app, COURSE).entries] == [1, 2, 3, 4, 5]


def test_a_locked_database_is_waited_for(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    app = make_app(engine, Clock())
    start(app)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    waker = threading.Timer(0.7, other.rollback)
    waker.start()
    began = time.monotonic()
    assert record(app, COURSE, DEFER_DAY_8, by=NURSE).revision == 1
    assert time.monotonic() - began > 0.5
    waker.join()
    other.close()
    engine.dispose()


def test_a_feed_is_served_while_somebody_writes(app: App) -> None:
    feed = start(app)
    entered, leave = threading.Event(), threading.Event()

    def slow_clock() -> datetime:
        entered.set()
        leave.wait(10)
        return START

    writer = threading.Thread(target=lambda: record(make_app(app.engine, slow_clock), COURSE, DEFER_DAY_8, by=NURSE))
    writer.start()
    entered.wait(10)
    assert FeedServer(app).fetch(feed, "curl").etag
    leave.set()
    writer.join()


def test_both_databases_give_the_same(sqlite_url: str, fresh_postgres_url: str) -> None:
    told = [story(url) for url in (sqlite_url, fresh_postgres_url)]
    assert told[0] == told[1]
    assert len(told[0]) == 12


# ---------------------------------------------------------------------------------------------------------------------


def start(app: App) -> str:
    """Starts the course with a feed, and gives the feed's token."""
    start_course(app, bob(id_=COURSE), by=NURSE)
    feed = new_feed(
        app,
        COURSE,
        name="my phone",
        reader=Reader.PATIENT,
        detail=Detail.FULL,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
    )
    return feed.address.removeprefix(f"{PUBLIC_URL}/c/").removesuffix(".ics")


def address(app: App) -> str:
    return app.engine.url.render_as_string(hide_password=False)


def record_and_die(url: str, module: str, step: str) -> None:
    """In a process of its own: records an action, and is killed after that step of the transaction."""
    owner = getattr(service.steps, module)
    real = getattr(owner, step)

    def then_die(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, step, then_die)
    record(make_app(make_engine(url), Clock()), COURSE, DEFER_DAY_8, by=NURSE, seen_revision=0, request_id="click")


def at_once(app: App, asked: list[tuple[Action, str, str | None]]) -> list[str]:
    """What became of requests that as many processes sent at the same moment, all having seen revision 0."""
    context = get_context("spawn")
    barrier = context.Barrier(len(asked))
    with ProcessPoolExecutor(len(asked), mp_context=context, initializer=set_barrier, initargs=(barrier,)) as pool:
        return [job.result() for job in [pool.submit(record_together, address(app), *each) for each in asked]]


def set_barrier(barrier: Barrier) -> None:
    global BARRIER  # noqa: PLW0603 - a process gets it when it starts, and in no other way
    BARRIER = barrier


def record_together(url: str, action: Action, by: str, request_id: str | None) -> str:
    app = make_app(make_engine(url), Clock())
    load_course(app, COURSE)
    BARRIER.wait(30)
    try:
        outcome = record(app, COURSE, action, by=by, seen_revision=0, request_id=request_id)
    except StaleRevision as stale:
        return f"stale {stale.seen} {stale.current}"
    return f"{'repeated' if outcome.repeated else 'recorded'} {outcome.revision}"


def story(url: str) -> list[object]:
    """A course with its outcomes, feeds and rows, as one kind of database tells it."""
    engine, clock = make_engine(url), Clock()
    app = make_app(engine, clock)
    feed = start(app)
    told: list[object] = []
    actions: list[Action] = [
        Given(cycle=1, day=1, on=date(2026, 12, 7)),
        DEFER_DAY_8,
        Hold(cycle=1, day=15, on=date(2026, 12, 20), cause=HoldCause.COUNTS),
        Resume(cycle=1, day=15, on=date(2026, 12, 23), reason="recovered"),
    ]
    for action in actions:
        clock.pass_(days=6)
        told.append(record(app, COURSE, action, by=NURSE))
        # The feed's own id is random.
        told.append(FeedServer(app).fetch(feed, "curl").body.partition(b"NAME:")[2])
    tables = dump(app)
    told += [tables["event"], tables["action"], tables["revision"], tables["outbox"]]
    engine.dispose()
    return told


BARRIER: Barrier
