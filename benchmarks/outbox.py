"""The outbox: adding reminders and taking those that are due, against APScheduler's job store on the same disk."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from benchmarks.clinics import DUE, MESSAGES, add, courses, make_app, own_folder
from benchmarks.timing import Result, fastest, timed
from db import outbox_claims as claims
from db.engine import Engine, writing

TAKEN = 500
LEASE = timedelta(minutes=5)
LATE = DUE + timedelta(days=364)  # by then all are due


def added(count: int = 100_000) -> Result:
    """Reminders written, those of a course in one transaction as a nurse's action does it, against jobs added."""
    with own_folder() as folder, _clinic(folder, count) as (engine, ids), _job_store(folder) as (scheduler, _):
        ours = timed(lambda: add(engine, ids))
        reference = timed(lambda: _add_jobs(scheduler, count))
    return Result(
        what=f"{count:,} reminders added, {MESSAGES} a transaction",
        seconds=ours,
        reference=f"{count:,} jobs added to APScheduler's SQLAlchemyJobStore",
        reference_seconds=reference,
        aim_ratio=1 / 20,
    )


def taken(count: int = 100_000, take: int = TAKEN) -> Result:
    """The next due reminders taken, against due jobs found and removed, which is how APScheduler takes them."""
    with own_folder() as folder, _clinic(folder, count) as (engine, ids), _job_store(folder) as (scheduler, store):
        add(engine, ids, together=100)
        _fill_store(scheduler, store, count)
        our_now, their_now = _moments(take), _moments(take)
        ours, reference = fastest(
            lambda: _take(engine, next(our_now), take),
            lambda: _take_jobs(store, next(their_now), take),
            rounds=5,
            seconds=0,
        )
    return Result(
        what=f"the next {take} of {count:,} reminders taken",
        seconds=ours,
        reference=f"{take} due jobs of {count:,} found and removed in SQLAlchemyJobStore",
        reference_seconds=reference,
        aim_ratio=1 / 10,
    )


def taken_of_many(many: int = 1_000_000, few: int = 10_000, take: int = TAKEN) -> Result:
    """Reminders taken of very many that are due, against as many taken of few."""
    with own_folder() as folder, _clinic(folder, many) as (crowded, ids), _clinic(folder, few) as (quiet, others):
        add(crowded, ids, together=100)
        add(quiet, others, together=100)
        ours, reference = fastest(
            lambda: _take(crowded, LATE, take), lambda: _take(quiet, LATE, take), rounds=7, seconds=0
        )
    return Result(
        what=f"{take} of {many:,} due reminders taken",
        seconds=ours,
        reference=f"{take} of {few:,} due reminders taken",
        reference_seconds=reference,
        aim_ratio=2.0,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _nothing() -> None:
    """What the jobs would do."""


@contextmanager
def _clinic(folder: Path, count: int) -> Iterator[tuple[Engine, list[UUID]]]:
    """A database with the courses of so many reminders."""
    app = make_app(f"sqlite:///{folder}/infusions-{count}.db", folder)
    try:
        yield app.engine, courses(app, count // MESSAGES)
    finally:
        app.engine.dispose()


@contextmanager
def _job_store(folder: Path) -> Iterator[tuple[BackgroundScheduler, SQLAlchemyJobStore]]:
    store = SQLAlchemyJobStore(url=f"sqlite:///{folder}/jobs.db")
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone="UTC")
    scheduler.start(paused=True)
    try:
        yield scheduler, store
    finally:
        scheduler.shutdown()


def _add_jobs(scheduler: BackgroundScheduler, count: int) -> None:
    for number in range(count):
        scheduler.add_job(_nothing, "date", run_date=DUE + timedelta(seconds=number))


def _fill_store(scheduler: BackgroundScheduler, store: SQLAlchemyJobStore, count: int) -> None:
    """The rows that `_add_jobs` makes, in one transaction."""
    like = scheduler.add_job(_nothing, "date", run_date=DUE - timedelta(days=1)).__getstate__()
    rows = []
    for number in range(count):
        due = DUE + timedelta(seconds=number)
        state = like | {"id": f"{number}", "next_run_time": due, "trigger": DateTrigger(due)}
        pickled = pickle.dumps(state, store.pickle_protocol)
        rows.append({"id": state["id"], "next_run_time": due.timestamp(), "job_state": pickled})
    with store.engine.begin() as connection:
        connection.execute(store.jobs_t.delete())
        connection.execute(store.jobs_t.insert(), rows)


def _moments(take: int) -> Iterator[datetime]:
    """The instants at which the next so many are due."""
    now = DUE - timedelta(seconds=1)
    while True:
        now += timedelta(seconds=take)
        yield now


def _take(engine: Engine, now: datetime, take: int) -> None:
    with writing(engine) as session:
        mails = claims.claim(session, owner="benchmark", now=now, lease_until=now + LEASE, limit=take)
    _check(len(mails), take)


def _take_jobs(store: SQLAlchemyJobStore, now: datetime, take: int) -> None:
    jobs = store.get_due_jobs(now)
    for job in jobs:
        store.remove_job(job.id)
    _check(len(jobs), take)


def _check(found: int, take: int) -> None:
    if found != take:
        raise AssertionError(f"{found} taken, not {take}")
