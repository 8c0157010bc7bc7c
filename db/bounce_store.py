"""What a report of a mail that came back needs of the outbox. Each function works within one transaction's session."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select, update

from db.outbox_store import State, StoredMessage, message_from_row
from db.tables import OutboxRow

GONE = (State.SENT.value, State.UNKNOWN.value)  # a report may come for what went, or may have gone


def mail_of(session: Session, *, id_: int | None = None, message_id: str = "") -> tuple[StoredMessage, ...]:
    """The messages of one mail that went: by the id of any of them, else by its Message-ID; of whatever clinic."""
    if id_ is not None:
        row = session.get(OutboxRow, id_)
        if row is None or row.message_id is None:
            return ()
        message_id = row.message_id
    query = select(OutboxRow).where(OutboxRow.message_id == message_id).order_by(col(OutboxRow.id))
    return tuple(message_from_row(row) for row in session.exec(query))


def came_back(session: Session, ids: Sequence[int], outcome: str, *, now: datetime) -> int:
    """Closes messages that went as dead after all, once; how many there were."""
    went = (col(OutboxRow.id).in_(ids), col(OutboxRow.state).in_(GONE))
    step = update(OutboxRow).where(*went).values(state=State.DEAD.value, outcome=outcome, settled_at=now)
    return session.connection().execute(step).rowcount
