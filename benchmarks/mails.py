"""Mails sent end to end by the worker's pass, against a bare loop of smtplib that sends the same bytes."""

import logging
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from time import perf_counter

from sqlalchemy import update
from sqlmodel import col

from benchmarks.clinics import DUE, make_app, own_folder, start
from benchmarks.timing import Result
from db.engine import writing
from db.tables import OutboxRow
from service.wiring import App
from service.wiring import start as begin_process
from service.worker import tick
from tests.crowds import multiply
from tests.smtp_server import MailServer, Received

VISITS = 10  # different arrivals, so that not all mails say the same


def sent(mails: int = 2200, rounds: int = 11) -> Result:
    """Claimed, checked again, built, sent and completed with a commit each, on SQLite; one worker, one connection.

    Both sides take turns, and the turn in the middle counts: the speed of the machine changes from one to the next, and
    the fastest of each side may come from different hours of it.
    """
    begin_process()
    each = mails // rounds
    turns: list[tuple[float, float]] = []
    with own_folder() as folder, _server(folder) as server:
        app = _clinic(folder, server, each, rounds)
        with _logged(folder):
            for number in range(rounds):
                seconds = _tick(app, _moment(number), each) / each
                turns.append((seconds, _loop(server, server.latest(each)) / each))
        app.engine.dispose()
    ours, bare = sorted(turns, key=lambda turn: turn[0] / turn[1])[rounds // 2]
    return Result(
        what="a mail from the outbox to the server, SQLite",
        seconds=ours,
        reference="the same bytes by smtplib, one connection kept",
        reference_seconds=bare,
        aim_ratio=2.0,
    )


# ---------------------------------------------------------------------------------------------------------------------


@contextmanager
def _server(folder: Path) -> Iterator[MailServer]:
    """The mail server of the tests, in a process of its own."""
    server = MailServer(folder=folder / "received")
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _logged(folder: Path) -> Iterator[None]:
    """The log of a worker, one line a mail, into a file."""
    root, handler = logging.getLogger(), logging.FileHandler(folder / "log")
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()


def _clinic(folder: Path, server: MailServer, each: int, rounds: int) -> App:
    """Patients with a mail due in each round, on a fresh database."""
    app = make_app(f"sqlite:///{folder}/infusions.db", folder, server.environ())
    for number in range(rounds):
        for visit in range(VISITS):
            arrival = time(8 + visit // 4, visit % 4 * 15)
            multiply(app, start(app, number * VISITS + visit, arrival), each // VISITS - 1)
        with writing(app.engine) as session:
            due_now = update(OutboxRow).where(col(OutboxRow.send_after) == DUE)
            session.connection().execute(due_now.values(send_after=_moment(number)))
    return app


def _moment(number: int) -> datetime:
    """When the mails of a round are due: all by day."""
    return DUE + timedelta(minutes=20 * (1 + number))


def _tick(app: App, now: datetime, each: int) -> float:
    begin = perf_counter()
    result = tick(app, now)
    seconds = perf_counter() - begin
    if result.sent != each:
        raise AssertionError(f"{result.sent} sent, not {each}")
    return seconds


def _loop(server: MailServer, mails: Sequence[Received]) -> float:
    with smtplib.SMTP("127.0.0.1", server.port) as smtp:
        smtp.ehlo()
        begin = perf_counter()
        for mail in mails:
            smtp.sendmail(mail.sender, mail.to, mail.content)
        return perf_counter() - begin
