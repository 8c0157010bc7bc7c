"""Sending as a whole: stopping and resuming it by hand, what stops it, and the numbers of it."""

from datetime import datetime
from typing import TYPE_CHECKING

from db import sending_store as store
from db.engine import reading, writing
from db.sending_store import Breaker
from reminders.breaker import stopped_since
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.loading import NotFound

if TYPE_CHECKING:
    from service.wiring import App

__all__ = ["Breaker", "metrics", "pause", "resume", "settle", "stopped", "stopped_since"]


def stopped(app: "App") -> Breaker | None:
    """What stops the mails of all processes; None when nothing does."""
    with reading(app.engine) as session:
        return store.breaker(session)


def pause(app: "App", *, by: str) -> None:
    """Lets no mail go until `resume`; what is due waits, and what gets too late becomes a line of the worklist."""
    with writing(app.engine) as session:
        now = app.now()
        store.pause(session, f"paused by {by}", now=now)
        audit.note(session, What.SENDING_STOPPED, clinic_id=HOME_CLINIC, by=by, at=now)


def resume(app: "App", *, by: str) -> None:
    """Lets mails go again with the next tick, whoever or whatever stopped them; NotFound when nothing did."""
    with writing(app.engine) as session:
        if not store.resume(session):
            raise NotFound("mails are not stopped, so there is nothing to start")
        audit.note(session, What.SENDING_STARTED, clinic_id=HOME_CLINIC, by=by, at=app.now())


def settle(app: "App", until: datetime, *, by: str) -> int:
    """After an older copy of the database was put back: closes what was due by `until`, since it may have gone before;
    how many messages. Staff find them on the worklist. InvalidValue for an instant that lies ahead."""
    now = app.now()
    if until > now:
        raise InvalidValue("--until: lies in the future; give the instant when the service was stopped", field="until")
    with writing(app.engine) as session:
        outcome = "may have gone before the database was restored; please phone"
        count = store.settle_due(session, HOME_CLINIC, until, outcome, now=now)
        audit.note(session, What.MAILS_SETTLED, clinic_id=HOME_CLINIC, by=by, at=now, messages=count)
    return count


def metrics(app: "App", now: datetime) -> str:
    """The numbers of sending in Prometheus' text format: of all processes together, without a name or an id."""
    with reading(app.engine) as session:
        waiting, counted, breaker = store.waiting(session, now), store.counters(session), store.breaker(session)
    late = max(0.0, (now - waiting.due_since).total_seconds()) if waiting.due_since else 0.0
    mails = {name.removeprefix("mails:"): value for name, value in counted.items() if name.startswith("mails:")}
    failed = {f'class="{fate}"': value for fate, value in mails.items() if fate != "sent"}
    state = "closed" if breaker is None else "paused" if breaker.paused else "open"
    states = {f'state="{each}"': float(each == state) for each in ("closed", "open", "paused")}
    families = (
        ("waiting", "gauge", "Messages that are not settled yet.", {"": float(waiting.messages)}),
        ("oldest_due_seconds", "gauge", "For how long the longest due message has been due.", {"": late}),
        ("sent_total", "counter", "Mails that the channel took.", {"": mails.get("sent", 0.0)}),
        ("failed_total", "counter", "Tries that failed, by what became of the mail.", failed),
        ("expired_total", "counter", "Messages that became too late.", {"": counted.get("expired", 0.0)}),
        ("breaker", "gauge", "Whether mails may go (closed), or are stopped by a fault or by staff.", states),
        ("ticks_total", "counter", "Passes over the outbox.", {"": counted.get("ticks", 0.0)}),
        ("tick_seconds_total", "counter", "How long all passes took.", {"": counted.get("tick_seconds", 0.0)}),
    )
    return "".join(_family(*family) for family in families)


# ---------------------------------------------------------------------------------------------------------------------


def _family(name: str, kind: str, text: str, values: dict[str, float]) -> str:
    full = f"infusions_reminders_{name}"
    lines = [f"# HELP {full} {text}", f"# TYPE {full} {kind}"]
    lines += [f"{full}{{{labels}}} {value!r}" if labels else f"{full} {value!r}" for labels, value in values.items()]
    return "\n".join(lines) + "\n"
