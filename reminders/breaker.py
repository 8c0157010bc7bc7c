"""The breaker: while the fault is ours, the mails of all processes wait, and one of them tries now and then."""

import logging
from collections.abc import Callable
from datetime import datetime

from db import sending_store as sending
from db.engine import Engine, Session, writing
from db.sending_store import Breaker

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Nothing is sent at the moment, and it is not for this pass to try. The message is a sentence."""

    def __init__(self, breaker: Breaker) -> None:
        super().__init__(stopped_since(breaker))


class Gate:
    """What a pass asks before it sends. `trial`: whether it is the one that tries, with one mail at a time."""

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self._engine, self._now = engine, now
        self.trial = False

    def ask(self, breaker: Breaker | None) -> None:
        """Makes this pass the one that tries where mails are stopped; Stopped when it is too early, or another does."""
        if breaker is None or self.trial:
            return
        with writing(self._engine) as session:
            self.trial = sending.take_trial(session, self._now())
        if not self.trial:
            raise Stopped(breaker)
        log.info("mails were stopped; one is tried", extra={"action": "breaker_half_open"})

    def look(self, session: Session) -> None:
        """Stopped when another process, or staff, have stopped the mails since this pass began."""
        breaker = sending.breaker(session)
        if breaker and (breaker.paused or not self.trial):
            raise Stopped(breaker)

    def stop(self, trouble: str) -> None:
        """Stops the mails of all processes; only who is the first to do so raises the alarm."""
        with writing(self._engine) as session:
            is_news = sending.stop(session, trouble, now=self._now())
        if is_news:
            log.error("mails are stopped: %s", trouble, extra={"action": "breaker_opened"})
        else:
            log.info("mails are still stopped: %s", trouble, extra={"action": "breaker_open"})

    def answered(self) -> None:
        """The channel has taken a mail, or refused one for what it is: it works again."""
        if not self.trial:
            return
        self.trial = False
        with writing(self._engine) as session:
            closed = sending.recovered(session)
        if closed:
            log.info("mails go again", extra={"action": "breaker_closed"})


def stopped_since(breaker: Breaker) -> str:
    """Since when and why nothing is sent, and when it is tried again, as the beginning of a sentence."""
    since = f"mails are stopped since {breaker.opened_at:%Y-%m-%d %H:%M} UTC: {breaker.cause}"
    return since if breaker.retry_at is None else f"{since}; the next try is at {breaker.retry_at:%H:%M} UTC"
