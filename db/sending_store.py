"""The state of sending as a whole, the same for all processes: whether a channel is stopped, and what was counted.

Each function works within the session of one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, inspect, or_
from sqlalchemy import select as sqlalchemy_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete, select, update

from db.outbox_store import State
from db.prepared import Prepared
from db.tables import BreakerRow, CounterRow, OutboxRow

MAIL = "mail"  # the one channel there is
FIRST_PAUSE = timedelta(seconds=30)  # less than a minute, so that the next tick tries
LONGEST_PAUSE = timedelta(minutes=30)  # a sign-in refused more often than that may lock the account


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Why nothing is sent, since when, and when it is tried again (None: staff paused it)."""

    opened_at: datetime
    retry_at: datetime | None
    tries: int
    cause: str

    @property
    def paused(self) -> bool:
        """Whether staff stopped the mails, not a fault."""
        return self.retry_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What stands in the outbox: how many messages are open, and since when the longest due one is due."""

    messages: int
    due_since: datetime | None


def breaker(session: Session) -> Breaker | None:
    """What stops the mails; None when nothing does."""
    rows = _BREAKER.rows(session)
    if not rows:
        return None
    [row] = rows
    return Breaker(opened_at=row.opened_at, retry_at=row.retry_at, tries=row.tries, cause=row.cause)


def stop(session: Session, cause: str, *, now: datetime) -> bool:
    """Stops the mails of all processes, or notes that one more try failed; whether they went until now."""
    values = {"channel": MAIL, "opened_at": now, "retry_at": now + FIRST_PAUSE, "tries": 1, "cause": cause}
    if _insert(session, BreakerRow, values):
        return True
    row = session.get_one(BreakerRow, MAIL, with_for_update=True)
    if row.retry_at is not None:
        row.tries, row.cause = row.tries + 1, cause
        row.retry_at = now + _pause(row.tries)
        session.add(row)
        session.flush()
    return False


def pause(session: Session, cause: str, *, now: datetime) -> None:
    """Stops the mails until `resume`."""
    values = {"channel": MAIL, "opened_at": now, "retry_at": None, "tries": 0, "cause": cause}
    if not _insert(session, BreakerRow, values):
        step = update(BreakerRow).where(col(BreakerRow.channel) == MAIL)
        session.connection().execute(step.values(retry_at=None, cause=cause))


def resume(session: Session) -> bool:
    """Lets mails go again; whether they were stopped."""
    return session.connection().execute(delete(BreakerRow).where(col(BreakerRow.channel) == MAIL)).rowcount == 1


def recovered(session: Session) -> bool:
    """Lets mails go again after a try that succeeded, unless staff paused them meanwhile; whether they were stopped."""
    step = delete(BreakerRow).where(col(BreakerRow.channel) == MAIL, col(BreakerRow.retry_at).is_not(None))
    return session.connection().execute(step).rowcount == 1


def take_trial(session: Session, now: datetime) -> bool:
    """Whether the caller is the one who tries the channel now. For the next pause nobody else does."""
    # A time further ahead than any pause was written by a clock that was wrong, or is wrong now.
    passed = or_(col(BreakerRow.retry_at) <= now, col(BreakerRow.retry_at) > now + LONGEST_PAUSE)
    due = (col(BreakerRow.channel) == MAIL, passed)
    row = session.exec(select(BreakerRow).where(*due)).first()
    if row is None:
        return False
    step = update(BreakerRow).where(*due).values(retry_at=now + _pause(row.tries))
    return session.connection().execute(step).rowcount == 1


def settle_due(session: Session, clinic_id: int, until: datetime, outcome: str, *, now: datetime) -> int:
    """Closes as unknown what waits and was due by `until`; how many messages."""
    due = (
        col(OutboxRow.clinic_id) == clinic_id,
        col(OutboxRow.settled_at).is_(None),
        col(OutboxRow.state).in_([State.WAITING.value, State.CLAIMED.value]),
        col(OutboxRow.send_after) <= until,
    )
    values = {"state": State.UNKNOWN.value, "outcome": outcome, "settled_at": now, "owner": None, "lease_until": None}
    return session.connection().execute(update(OutboxRow).where(*due).values(**values)).rowcount


def waiting(session: Session, now: datetime) -> Waiting:
    """What is open, and what of it should have gone by `now`."""
    is_open = col(OutboxRow.settled_at).is_(None)
    count = session.exec(select(func.count()).select_from(OutboxRow).where(is_open)).one()
    due = select(func.min(OutboxRow.send_after)).where(
        is_open, col(OutboxRow.state).in_([State.WAITING.value, State.CLAIMED.value]), col(OutboxRow.send_after) <= now
    )
    return Waiting(messages=count, due_since=session.exec(due).one())


def count(session: Session, numbers: Mapping[str, float], *, now: datetime) -> None:
    """Adds to counters; one that nobody has counted yet begins at 0."""
    for name, number in sorted(numbers.items()):
        _insert(session, CounterRow, {"name": name, "value": 0.0, "at": now})
        step = update(CounterRow).where(col(CounterRow.name) == name)
        session.connection().execute(step.values(value=CounterRow.value + number, at=now))


def counters(session: Session) -> dict[str, float]:
    """All counters by name."""
    return {row.name: row.value for row in session.exec(select(CounterRow).order_by(CounterRow.name))}


# ---------------------------------------------------------------------------------------------------------------------

_BREAKER = Prepared(sqlalchemy_select(*inspect(BreakerRow).selectable.c).where(col(BreakerRow.channel) == MAIL))


def _pause(tries: int) -> timedelta:
    return min(FIRST_PAUSE * (1 << min(tries - 1, 10)), LONGEST_PAUSE)


def _insert(session: Session, row: type[BreakerRow] | type[CounterRow], values: Mapping[str, object]) -> bool:
    """Whether the row was new. Both databases know the clause, and SQLAlchemy has it for each by its own name."""
    connection = session.connection()
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    key = inspect(row).primary_key[0]
    # Whether a row was written is told by what comes back: PostgreSQL's driver gives no count here.
    return connection.execute(insert(row).values(**values).on_conflict_do_nothing().returning(key)).first() is not None
