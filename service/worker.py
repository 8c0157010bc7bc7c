"""Sending reminders: one pass, and the clock that starts passes again and again. Every process may tick at once."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from threading import Event as Flag
from threading import Timer
from types import FrameType
from typing import TYPE_CHECKING
from uuid import uuid4

from apscheduler.schedulers.background import BackgroundScheduler

from db import outbox_claims, outbox_late, outbox_store, sending_store
from db.engine import DatabaseUnavailable, check_schema, writing
from reminders.channels import Channel
from reminders.dispatch import send_due
from reminders.outbox import TOO_LATE
from reminders.post import Post, Tally
from scheduler.dates import to_instant
from scheduler.errors import InfusionsError
from service import day_upkeep, feeds
from service.bounces import read_folder, return_path
from service.cases import load_cases
from service.clock import stopwatch, today_in
from service.digest import send_digests
from service.import_batches import forget_old, go_on
from service.posting import forget_posted
from service.settings_change import REST_SECONDS, follow_settings
from service.unsubscribing import unsubscribe_address
from service.way_out import channel_of, sender_of

if TYPE_CHECKING:
    from service.wiring import App

REAP_SECONDS = 60
PURGE_HOURS = 24
PATIENCE = 5  # seconds that a mail under way has once the process is asked to stop: it has to be gone within ten
KEPT = timedelta(days=90)  # how long a withdrawn reminder that nobody tried to send is kept for a look

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickResult:
    """What a pass did: reminders that were due, mails sent, reminders that became too late, mails that failed."""

    planned: int = 0
    sent: int = 0
    expired: int = 0
    failed: int = 0


class MailsStopped(InfusionsError):
    """No mail can go at the moment. What is due waits, and nothing of it is used up; `result` tells what went."""

    def __init__(self, trouble: str, result: TickResult) -> None:
        super().__init__(f"{trouble}; what is due waits and goes as soon as it can")
        self.result = result


class Clock:
    """The clock inside the process: jobs at intervals, in threads of its own, from `start` to `shutdown`.

    `channel`: the way out of the pass under way, or of the last.
    """

    def __init__(self) -> None:
        self.channel: Channel | None = None
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self.scheduler = BackgroundScheduler(timezone=UTC, job_defaults=defaults)
        self.stopping = Flag()

    def start(self) -> None:
        """Begins to run what was added."""
        self.scheduler.start()

    def shutdown(self) -> None:
        """Stops, once the pass under way has ended; it ends after the mail that is being sent. A server that does not
        answer by then is not waited for: what came of its mail is noted as of a lost connection."""
        self.stopping.set()
        if self.scheduler.running:
            waiting = Timer(PATIENCE, self._hang_up)
            waiting.start()
            self.scheduler.shutdown(wait=True)
            waiting.cancel()

    def _hang_up(self) -> None:
        if self.channel is not None:
            self.channel.hang_up()


def tick(app: "App", now: datetime, *, stop: Flag | None = None, channel: Channel | None = None) -> TickResult:
    """One pass at the instant `now`: gives back what died, puts off or closes what is late, sends what is due; by the
    `channel` of the settings, unless another is given.

    Safe to miss, to repeat and to run in several processes. Raises MailsStopped when mails can't go at all.
    """
    moment, started, stop = _running(now), stopwatch(), stop or Flag()
    part = partial(_part, stop)
    part("feeds", lambda: feeds.rebuild_stale(app, now, stop=stop))  # a feed that can't be built keeps back no mail
    if folder := app.settings.mail.bounces:
        part("bounces", lambda: read_folder(app, folder, now=now))
    _reap(app, now)
    part("settings", lambda: follow_settings(app, now, stop=stop))
    part("day facts", lambda: day_upkeep.follow(app, now, stop=stop))
    expired = _plan(app, now)
    post = _post(app, moment, stop, channel)
    part("digest", lambda: send_digests(app, moment(), post.channel, post.sender))
    tally = send_due(post)
    part("links", lambda: forget_posted(app))
    part("imports", lambda: go_on(app, stop=stop))
    part("settings", lambda: follow_settings(app, moment(), seconds=REST_SECONDS, stop=stop))
    _count(app, tally, expired, now, stopwatch() - started)
    result = TickResult(planned=tally.due, sent=tally.sent, expired=expired + tally.expired, failed=tally.failed)
    _tell(result)
    if tally.trouble:
        raise MailsStopped(tally.trouble, result)
    return result


def run_clock(app: "App") -> Clock:
    """Starts the clock: a pass at once, then one every `tick_seconds`. The caller calls its `shutdown`."""
    check_schema(app.engine)
    clock = Clock()
    seconds = app.settings.reminders.tick_seconds

    def pass_() -> None:
        clock.channel = channel_of(app.settings)
        tick(app, app.now(), stop=clock.stopping, channel=clock.channel)

    ticking = _guarded("tick", pass_)
    reaping = _guarded("reap", lambda: _reap(app, app.now()))
    purging = _guarded("purge", lambda: purge(app, app.now()))
    clock.scheduler.add_job(ticking, id="first-tick")
    clock.scheduler.add_job(ticking, "interval", seconds=seconds, id="tick")
    clock.scheduler.add_job(reaping, "interval", seconds=REAP_SECONDS, id="reap")
    clock.scheduler.add_job(purging, "interval", hours=PURGE_HOURS, id="purge")
    clock.start()
    return clock


def run_worker(app: "App") -> None:
    """Sends reminders until SIGINT or SIGTERM; then finishes the mail that is being sent."""
    with _signals() as stopped:
        clock = run_clock(app)
        try:
            stopped.wait()
        finally:
            clock.shutdown()
            app.engine.dispose()


def purge(app: "App", now: datetime) -> int:
    """Forgets old reminders that were withdrawn and never tried; how many. What was sent stays. And tables of courses
    that nobody took in."""
    forget_old(app, now)
    with writing(app.engine) as session:
        return outbox_store.drop_superseded(session, now - KEPT)


# ---------------------------------------------------------------------------------------------------------------------


def _running(now: datetime) -> Callable[[], datetime]:
    """A clock that stood at `now` a moment ago: a long pass must know when its leases run out and night falls."""
    started = stopwatch()
    return lambda: now + timedelta(seconds=stopwatch() - started)


def _reap(app: "App", now: datetime) -> int:
    with writing(app.engine) as session:
        return outbox_claims.reap(session, now=now, worker="reap")


def _plan(app: "App", now: datetime) -> int:
    """Closes what is too late, and puts what is late into today's mail of its recipient; how many were closed."""
    with writing(app.engine) as session:
        late = outbox_late.expire(session, now, TOO_LATE)
        for late_day in outbox_late.late_days(session, now):
            today = today_in(late_day.zone, now)
            if late_day.day < today:
                hour = app.of(late_day.clinic_id, session).settings.reminders.at
                at = to_instant(today, hour, late_day.zone).astimezone(UTC)
                outbox_late.move_day(session, late_day, to=today, at=at, now=now)
    for id_, course_id in late:
        values = {"action": "outbox_expired", "course_id": str(course_id), "outbox_ids": [id_]}
        log.warning("mail %s of course %s: expired, %s", id_, course_id, TOO_LATE, extra=values)
    return len(late)


def _post(app: "App", moment: Callable[[], datetime], stop: Flag, channel: Channel | None = None) -> Post:
    smtp = app.settings.smtp
    secret = cache(app.secret)  # one look at its file, not one for each mail
    return Post(
        engine=app.engine,
        channel=channel or channel_of(app.settings),
        load=lambda mails: load_cases(app, mails, moment()),
        sender=sender_of(app.settings),
        owner=f"{os.getpid()}-{uuid4().hex[:12]}",
        now=moment,
        stop=stop,
        unsubscribe=lambda message: unsubscribe_address(app, message, secret()),
        return_path=return_path(app, sender_of(app.settings).address),
        pause=timedelta(minutes=1) / smtp.rate_per_minute if smtp.host else timedelta(),
    )


def _count(app: "App", tally: Tally, expired: int, now: datetime, seconds: float) -> None:
    """Adds this pass to what `/metrics` shows."""
    numbers = {f"mails:{fate}": float(number) for fate, number in tally.fates.items()}
    numbers |= {"expired": float(expired + tally.expired), "ticks": 1.0, "tick_seconds": seconds}
    with writing(app.engine) as session:
        sending_store.count(session, numbers, now=now)


def _tell(result: TickResult) -> None:
    if result != TickResult():
        values = {"action": "tick", **{name: getattr(result, name) for name in TickResult.__slots__}}
        counts = (result.planned, result.sent, result.expired, result.failed)
        log.info("tick: %s due, %s sent, %s expired, %s failed", *counts, extra=values)


def _part(stop: Flag, name: str, job: Callable[[], object]) -> None:
    """Does one part of a pass, whose faults keep back no other; without a database the whole pass fails, once.

    Once asked to `stop` nothing more is begun.
    """
    if stop.is_set():
        return
    away: list[DatabaseUnavailable] = []

    def tried() -> None:
        try:
            job()
        except DatabaseUnavailable as error:
            away.append(error)

    _guarded(name, tried)()
    if away:
        raise away[0]


def _guarded(name: str, job: Callable[[], object]) -> Callable[[], None]:
    """The job with its faults told as one line: the clock goes on, and the next pass may fare better."""

    def run() -> None:
        try:
            job()
        except MailsStopped:
            pass  # who stopped them has raised the alarm; one each pass would hide everything else
        except InfusionsError as error:
            # A known trouble has its sentence; a traceback would only hide it.
            log.error("%s: %s", name, error, extra={"action": f"{name}_failed"})  # noqa: TRY400 - see above
        except Exception:
            log.exception("%s: unexpected fault", name, extra={"action": f"{name}_failed"})

    return run


@contextmanager
def _signals() -> Iterator[Flag]:
    """A flag that SIGINT and SIGTERM raise; afterwards they do what they did before."""
    stopped = Flag()

    def raise_flag(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, raise_flag) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
