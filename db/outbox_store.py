"""The outbox in the database: what waits, what went. Each function works within the session of one transaction.

Claiming and completing stand in `db/outbox_claims.py`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy import select as sqlalchemy_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete, insert, select, update

from db.prepared import Prepared
from db.search import same_address
from db.tables import AttemptRow, CourseRow, OutboxRow, SuppressionRow

CHANGE = "change"  # the kind of a message that tells of a change; all others but links are scheduled
LINK = "link"  # a link to the patient's page, which staff send: a mail of its own
APART = frozenset({CHANGE, LINK})  # what goes into no mail with reminders


class State(StrEnum):
    """Where a message stands. The first three are open, the others settled.

    waiting -> claimed -> sent | waiting (to be tried again) | dead | unknown; untold -> waiting;
    sent and unknown -> dead when the mail comes back;
    waiting and untold -> superseded | expired; superseded -> waiting when the same message is asked for again.
    """

    WAITING = "waiting"
    UNTOLD = "untold"
    CLAIMED = "claimed"
    SENT = "sent"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    DEAD = "dead"
    UNKNOWN = "unknown"


OPEN = frozenset({State.WAITING, State.UNTOLD, State.CLAIMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to store. `was`: the start that the reader last heard of, for a change."""

    event_key: str
    event_sequence: int
    kind: str
    offset_days: int
    recipient: str
    state: State
    send_after: datetime
    send_before: datetime
    group_date: date
    was: str | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage(NewMessage):
    """A message of the outbox."""

    id: int
    clinic_id: int
    course_id: UUID
    channel: str
    owner: str | None
    lease_until: datetime | None
    attempt: int
    begun: bool
    message_id: str | None
    first_tried_at: datetime | None
    created_at: datetime
    settled_at: datetime | None
    neutral: bool
    hurried: bool
    night_until: datetime | None
    handled_at: datetime | None
    handled_by: str | None

    @property
    def in_flight(self) -> bool:
        """Whether a channel may have it this moment."""
        return self.state is State.CLAIMED and self.begun


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttempt:
    """One try to deliver one message, and what came of it."""

    outbox_id: int
    at: datetime
    worker: str
    answer: str
    message_id: str | None


def messages_of(
    session: Session, clinic_id: int, course_id: UUID, *, to_change: bool = False
) -> tuple[StoredMessage, ...]:
    """All messages of a course in the order of their writing. `to_change` makes other writers of them wait."""
    query = select(OutboxRow).where(OutboxRow.clinic_id == clinic_id, OutboxRow.course_id == course_id)
    query = query.order_by(col(OutboxRow.id))
    if to_change:
        query = query.with_for_update()
    return tuple(message_from_row(row) for row in session.exec(query))


def find_message(session: Session, clinic_id: int, message_id: int) -> StoredMessage | None:
    """The message, or None when the clinic has none of that id."""
    query = select(OutboxRow).where(OutboxRow.clinic_id == clinic_id, OutboxRow.id == message_id)
    found = session.exec(query).first()
    return message_from_row(found) if found else None


def paused_courses(session: Session, clinic_id: int) -> frozenset[UUID]:
    """The clinic's courses whose mails are paused."""
    query = select(CourseRow.id).where(CourseRow.clinic_id == clinic_id, col(CourseRow.mails_paused))
    return frozenset(session.exec(query))


def list_messages(
    session: Session, clinic_id: int, *, states: Collection[State] = (), limit: int = 1000
) -> tuple[StoredMessage, ...]:
    """A clinic's messages in these states (all states if none is named), the next to go first."""
    query = select(OutboxRow).where(OutboxRow.clinic_id == clinic_id)
    if states:
        query = query.where(col(OutboxRow.state).in_([state.value for state in states]))
    query = query.order_by(col(OutboxRow.send_after), col(OutboxRow.id)).limit(limit)
    return tuple(message_from_row(row) for row in session.exec(query))


def add_messages(
    session: Session, clinic_id: int, course_id: UUID, messages: Iterable[NewMessage], *, now: datetime
) -> None:
    """Stores new messages, all in one statement."""
    rows = [_columns(message, clinic_id, course_id, now) for message in messages]
    if rows:
        session.connection().execute(_ADD_MESSAGE, rows)


def settle(session: Session, ids: Collection[int], state: State, outcome: str, *, now: datetime) -> int:
    """Closes messages that no channel has at the moment; how many there were."""
    return change(session, ids, state=state.value, outcome=outcome, settled_at=now, owner=None, lease_until=None)


def change(session: Session, ids: Collection[int], **values: object) -> int:
    """Sets these columns of messages that no channel has at the moment; how many there were."""
    if not ids:
        return 0
    step = update(OutboxRow).where(col(OutboxRow.id).in_(ids), ~in_flight()).values(**values)
    return session.connection().execute(step).rowcount


def give_back(session: Session, clinic_id: int, course_id: UUID) -> None:
    """Takes messages of the course from workers that hold but have not begun them, so that they look anew."""
    held = (
        col(OutboxRow.clinic_id) == clinic_id,
        col(OutboxRow.course_id) == course_id,
        col(OutboxRow.state) == State.CLAIMED.value,
        ~col(OutboxRow.begun),
    )
    free = {"state": State.WAITING.value, "owner": None, "lease_until": None}
    session.connection().execute(update(OutboxRow).where(*held).values(**free))


def follow_events(session: Session, sequences: Mapping[int, int]) -> None:
    """Lets messages (by id) go on with a new sequence of their event, which changed in nothing that they tell."""
    for id_, sequence in sequences.items():
        step = update(OutboxRow).where(col(OutboxRow.id) == id_).values(event_sequence=sequence)
        session.connection().execute(step)


def attempts_of(session: Session, ids: Collection[int]) -> tuple[StoredAttempt, ...]:
    """What was tried for these messages, in order."""
    query = select(AttemptRow).where(col(AttemptRow.outbox_id).in_(ids)).order_by(col(AttemptRow.id))
    return tuple(
        StoredAttempt(
            outbox_id=row.outbox_id, at=row.at, worker=row.worker, answer=row.answer, message_id=row.message_id
        )
        for row in session.exec(query)
    )


def add_attempts(
    session: Session,
    clinic_id: int,
    ids: Iterable[int],
    *,
    at: datetime,
    worker: str,
    answer: str,
    message_id: str | None,
) -> None:
    """Appends what came of a try, once for each message of the mail."""
    common = {"clinic_id": clinic_id, "at": at, "worker": worker, "answer": answer, "message_id": message_id}
    _ADD_ATTEMPT.change(session, ({"outbox_id": id_, **common} for id_ in ids))


def suppress(session: Session, clinic_id: int, address: str, *, cause: str, now: datetime) -> None:
    """Sends nothing to the address any more; the first cause stands."""
    row = {"clinic_id": clinic_id, "address": same_address(address), "since": now, "cause": cause}
    connection = session.connection()
    insert_row = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert_row(SuppressionRow).values(**row).on_conflict_do_nothing())


def release(session: Session, clinic_id: int, address: str) -> bool:
    """Allows mails to the address again; whether it was suppressed."""
    found = delete(SuppressionRow).where(
        col(SuppressionRow.clinic_id) == clinic_id, col(SuppressionRow.address) == same_address(address)
    )
    return session.connection().execute(found).rowcount == 1


def is_suppressed(session: Session, clinic_id: int, address: str) -> bool:
    """Whether the clinic sends nothing to the address."""
    return bool(_IS_SUPPRESSED.rows(session, clinic=clinic_id, address_=same_address(address)))


def suppressions(session: Session, clinic_id: int) -> tuple[tuple[str, datetime, str], ...]:
    """Each suppressed address, since when and why, by address."""
    query = select(SuppressionRow).where(SuppressionRow.clinic_id == clinic_id).order_by(SuppressionRow.address)
    return tuple((row.address, row.since, row.cause) for row in session.exec(query))


def drop_superseded(session: Session, before: datetime) -> int:
    """Removes messages that were superseded before then and that nobody tried to send; how many."""
    tried = select(AttemptRow.id).where(AttemptRow.outbox_id == OutboxRow.id).exists()
    old = delete(OutboxRow).where(
        col(OutboxRow.state) == State.SUPERSEDED.value, col(OutboxRow.settled_at) < before, ~tried
    )
    return session.connection().execute(old).rowcount


def message_from_row(row: Any) -> StoredMessage:
    """The message in a row of the table or of a query of all its columns."""
    values = {name: getattr(row, name) for name in _NAMES}
    return StoredMessage(**values | {"state": State(row.state)})


def in_flight() -> ColumnElement[bool]:
    """Of the rows: those that a channel may have this moment. What is out can't be called back."""
    return (col(OutboxRow.state) == State.CLAIMED.value) & col(OutboxRow.begun)


# ---------------------------------------------------------------------------------------------------------------------

_NEW, _NAMES = (tuple(field.name for field in fields(kind)) for kind in (NewMessage, StoredMessage))
# Made once, since each mail asks for them: making a statement takes longer than running it.
_ADD_MESSAGE = insert(OutboxRow)
_ATTEMPT = ("clinic_id", "outbox_id", "at", "worker", "answer", "message_id")
_ADD_ATTEMPT = Prepared(insert(AttemptRow).inline().values({name: bindparam(name) for name in _ATTEMPT}))
_IS_SUPPRESSED = Prepared(
    sqlalchemy_select(col(SuppressionRow.address)).where(
        col(SuppressionRow.clinic_id) == bindparam("clinic"), col(SuppressionRow.address) == bindparam("address_")
    )
)


def _columns(message: NewMessage, clinic_id: int, course_id: UUID, now: datetime) -> dict[str, Any]:
    settled = None if message.state in OPEN else now
    return {name: getattr(message, name) for name in _NEW} | {
        "state": message.state.value,
        "clinic_id": clinic_id,
        "course_id": course_id,
        "channel": "mail",
        "attempt": 0,
        "begun": False,
        "neutral": False,
        "hurried": False,
        "created_at": now,
        "settled_at": settled,
    }
