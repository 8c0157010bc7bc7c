"""Taking messages out of the outbox and giving them back: claim, begin, complete, reap. Claims are exclusive.

These are the queue's own functions: they hand out work of every clinic, and show none of it to anybody. `now` is the
caller's; no function here waits for a channel.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, exists, func, inspect, literal_column, or_
from sqlalchemy import select as sqlalchemy_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select, update

from db.outbox_store import (
    APART,
    CHANGE,
    LINK,
    State,
    StoredMessage,
    add_attempts,
    message_from_row,
)
from db.prepared import Prepared
from db.tables import AttemptRow, OutboxRow

DIED = "died"  # the answer of an attempt that has none
# In words, not as a value: SQLite takes the index of these rows only then, and they are few among all that wait.
CLAIMED: ColumnElement[str] = literal_column(f"'{State.CLAIMED.value}'")
DEATHS = 3  # so many workers may die over one mail before it is taken for the cause
FAR = timedelta(hours=2)  # no lease is so long: one that ends later was given by a clock that was wrong
DAY = timedelta(days=1)  # no mail's messages are due further apart
BEHIND = timedelta(minutes=1)  # and each time it goes behind the others, so that it keeps none of them back


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Messages that one worker has claimed to send as one mail: of one course, recipient and day, or one change.

    To close or free many mails in one go, one may stand for all of them.
    """

    messages: tuple[StoredMessage, ...]
    owner: str

    @property
    def clinic_id(self) -> int:
        """Whose mail it is."""
        return self.messages[0].clinic_id

    @property
    def course_id(self) -> UUID:
        """What course it is about."""
        return self.messages[0].course_id

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids of its messages, in order."""
        return tuple(message.id for message in self.messages)

    @property
    def message_id(self) -> str | None:
        """The Message-ID of a try that had no answer: this mail may have arrived."""
        return self.messages[0].message_id

    @property
    def first_tried_at(self) -> datetime | None:
        """When a channel first got it."""
        return min((each.first_tried_at for each in self.messages if each.first_tried_at), default=None)

    @property
    def may_be_prepared(self) -> bool:
        """Whether it may be worked out and written before its turn: not a link, which may be taken back until then, nor
        what was tried before: should writing it end the worker, it must be the one that is counted."""
        return all(each.attempt == 1 and each.kind != LINK for each in self.messages)

    @classmethod
    def together(cls, mails: Sequence["Mail"]) -> "Mail":
        """One that stands for all of these, which the same worker holds; there is at least one."""
        return cls(messages=tuple(message for mail in mails for message in mail.messages), owner=mails[0].owner)

    def only(self, ids: Collection[int]) -> "Mail":
        """The mail without its other messages."""
        messages = tuple(message for message in self.messages if message.id in ids)
        return self if len(messages) == len(self.messages) else replace(self, messages=messages)


def ready(row: type[OutboxRow], now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Of a message: whether it waits and may go at `now`."""
    return _waits(row) & (col(row.send_after) <= now)


def is_due(session: Session, now: datetime) -> bool:
    """Whether any message may go at `now`."""
    return session.exec(select(exists().where(ready(OutboxRow, now)))).one()


def claim(session: Session, *, owner: str, now: datetime, lease_until: datetime, limit: int) -> tuple[Mail, ...]:
    """Takes up to `limit` mails that are due, the longest due first. Nobody else gets them while the lease lasts."""
    found = _claiming().rows(session, now=now, soon=now + DAY, most=limit, by=owner, until=lease_until)
    return _mails(map(_message, found), owner)


def held(session: Session, mail: Mail) -> Mail:
    """The mail as its messages stand now, without those that this worker holds no more."""
    found = [row for fence in _fences(mail) for row in _HELD.rows(session, **fence)]
    return replace(mail, messages=tuple(map(_message, found)))


def begin(session: Session, mail: Mail, *, message_id: str, now: datetime, lease_until: datetime) -> None:
    """Notes, just before it goes to a channel, that the mail is being sent.

    The caller has made sure within this transaction that it holds the mail and that the course stands, and commits
    this before it sends: who finds a begun mail without an answer knows that it may have arrived.
    """
    first = {message.id: {"first_tried_at": message.first_tried_at or now} for message in mail.messages}
    _set(session, mail, first, begun=True, lease_until=lease_until, message_id=message_id)


def complete(session: Session, mail: Mail, state: State, outcome: str = "", *, now: datetime) -> int:
    """Closes the mail as `state`; how many of its messages.

    Like `wait_again` it touches only what this worker still holds: after its lease another may have them.
    """
    return _set(session, mail, state=state.value, outcome=outcome, settled_at=now, owner=None, lease_until=None)


def wait_again(session: Session, mail: Mail, outcome: str = "", /, **values: object) -> int:
    """Lets the mail wait again, with these columns set; how many of its messages."""
    free = {"state": State.WAITING.value, "begun": False, "owner": None, "lease_until": None, "outcome": outcome}
    return _set(session, mail, **free | values)


def reap(session: Session, *, now: datetime, worker: str) -> int:
    """Gives back what workers held when their lease ran out; how many messages.

    A mail that was not begun just waits again. One that was begun may have arrived: it keeps its Message-ID, and
    the third worker that dies over it makes it dead.
    """
    rows = session.exec(_left_by_the_dead(now).with_for_update(skip_locked=True)).all()
    found = [message_from_row(row) for row in rows]
    for mail in _mails([message for message in found if message.begun], worker):
        _bury(session, mail, now, worker)
    idle = [message.id for message in found if not message.begun]
    if idle:
        free = {"state": State.WAITING.value, "owner": None, "lease_until": None}
        session.connection().execute(update(OutboxRow).where(col(OutboxRow.id).in_(idle)).values(**free))
    return len(found)


def tries_of(session: Session, mail: Mail) -> Mapping[str, int]:
    """How many attempts had each kind of answer (its first word), of that message of the mail that had the most."""
    query = select(AttemptRow.outbox_id, AttemptRow.answer).where(col(AttemptRow.outbox_id).in_(mail.ids))
    each = Counter((id_, answer.partition(" ")[0]) for id_, answer in session.exec(query))
    most: Counter[str] = Counter()
    for (_, kind), count in each.items():
        most[kind] = max(most[kind], count)
    return most


# ---------------------------------------------------------------------------------------------------------------------


_FENCE = (
    col(OutboxRow.id) == bindparam("of_id"),
    col(OutboxRow.attempt) == bindparam("of_attempt"),
    col(OutboxRow.owner) == bindparam("of_owner"),
    col(OutboxRow.state) == State.CLAIMED.value,
)
_HELD = Prepared(sqlalchemy_select(*inspect(OutboxRow).selectable.c).where(*_FENCE))


@lru_cache(maxsize=256)
def _message(row: tuple[Any, ...]) -> StoredMessage:
    """The message in a row of all columns: most are claimed and, a moment later, looked at unchanged."""
    return message_from_row(row)


def _left_by_the_dead(now: datetime) -> Any:
    lease = col(OutboxRow.lease_until)
    return (
        select(OutboxRow)
        .where(col(OutboxRow.state) == CLAIMED, or_(lease < now, lease > now + FAR))
        .order_by(col(OutboxRow.id))
    )


def _waits(row: type[OutboxRow]) -> ColumnElement[bool]:
    return col(row.settled_at).is_(None) & (col(row.state) == State.WAITING.value)


def _together(one: Any, other: Any) -> ColumnElement[bool]:
    """Whether two rows go as one mail. One sent without an answer stays what it was, alone with its Message-ID."""
    same: ColumnElement[bool] = (
        (one.clinic_id == other.clinic_id)
        & (one.course_id == other.course_id)
        & (one.recipient == other.recipient)
        & (one.channel == other.channel)
        & (one.group_date == other.group_date)
        & ((one.kind == CHANGE) == (other.kind == CHANGE))
        & ((one.kind == LINK) == (other.kind == LINK))
        & (func.coalesce(one.message_id, "") == func.coalesce(other.message_id, ""))
    )
    return same


@cache
def _claiming() -> Prepared:
    """The statement that claims, made once."""
    heads = _heads(bindparam("now")).limit(bindparam("most")).with_for_update(skip_locked=True).cte("heads")
    mate = aliased(OutboxRow)
    # Rows that a nurse's transaction holds at this moment are left to it: waiting for them could deadlock.
    mates = (
        select(mate.id)
        .join(heads, _together(mate, heads.c))
        # What staff send long before its day takes nothing along that is due on that day.
        .where(col(mate.state) == State.WAITING.value, col(mate.send_after) <= bindparam("soon"))
        .with_for_update(skip_locked=True, of=mate)
        .cte("mates")
    )
    step = update(OutboxRow).values(
        state=State.CLAIMED.value,
        owner=bindparam("by"),
        lease_until=bindparam("until"),
        attempt=OutboxRow.attempt + 1,
        begun=False,
    )
    # Joined, not `in`: PostgreSQL may look for the mates anew for each row of the table, and then takes hours. Nor is
    # it asked again whether they wait, which they do while they are locked: it would look for that, not for the ids.
    step = step.where(col(OutboxRow.id) == mates.c.id)
    return Prepared(step.returning(*inspect(OutboxRow).selectable.c))


def _heads(now: datetime | BindParameter[datetime]) -> Select[Any]:
    """One row of each mail that is due, the same for every worker: who locks it has the mail."""
    head, other = aliased(OutboxRow, name="head"), aliased(OutboxRow, name="other")
    # That others of the mail wait is told without `settled_at`: PostgreSQL would take the index of what is due, as
    # long as it knows nothing of the table, and read all that is due anew for each row; without, it goes by the course.
    waits = (col(other.state) == State.WAITING.value) & (col(other.send_after) <= now)
    earlier = exists().where(waits, col(other.id) < head.id, _together(other, head))
    table = inspect(head).selectable
    names = ("id", "clinic_id", "course_id", "recipient", "channel", "group_date", "kind", "message_id")
    query = sqlalchemy_select(*(table.c[name] for name in names))
    return query.where(ready(head, now), ~earlier).order_by(col(head.send_after), col(head.id))


def _set(
    session: Session, mail: Mail, each: Mapping[int, Mapping[str, object]] | None = None, /, **values: object
) -> int:
    """Sets these columns of what this worker still holds, those of `each` by message; how many messages."""
    own = each or {}
    rows = [{**values, **own.get(message.id, {})} for message in mail.messages]
    if not rows:
        return 0
    step = _set_held(tuple(sorted(rows[0])))
    return step.change(session, (row | fence for row, fence in zip(rows, _fences(mail), strict=True)))


def _fences(mail: Mail) -> list[dict[str, object]]:
    """For each message what tells that this worker still holds it."""
    return [{"of_id": each.id, "of_attempt": each.attempt, "of_owner": mail.owner} for each in mail.messages]


@cache
def _set_held(names: tuple[str, ...]) -> Prepared:
    """The statement, made once for the same columns: making it takes longer than running it."""
    return Prepared(update(OutboxRow).where(*_FENCE).values({name: bindparam(name) for name in names}))


def _mails(messages: Iterable[StoredMessage], owner: str) -> tuple[Mail, ...]:
    mails: dict[tuple[object, ...], list[StoredMessage]] = {}
    for each in sorted(messages, key=lambda message: (message.send_after, message.id)):
        kind = each.kind if each.kind in APART else ""
        key = (each.course_id, each.recipient, each.channel, each.group_date, kind, each.message_id)
        mails.setdefault(key, []).append(each)
    return tuple(
        Mail(messages=tuple(sorted(group, key=lambda message: message.id)), owner=owner) for group in mails.values()
    )


def _bury(session: Session, mail: Mail, now: datetime, worker: str) -> None:
    first = mail.messages[0]
    add_attempts(
        session,
        mail.clinic_id,
        mail.ids,
        at=now,
        worker=first.owner or worker,
        answer=DIED,
        message_id=first.message_id,
    )
    deaths = tries_of(session, mail)[DIED]
    values: dict[str, object] = {"state": State.WAITING.value, "begun": False, "owner": None, "lease_until": None}
    values |= {"send_after": now + deaths * BEHIND}
    if deaths >= DEATHS:
        outcome = f"{DEATHS} workers died while it was being sent"
        values |= {"state": State.DEAD.value, "settled_at": now, "outcome": outcome}
    session.connection().execute(update(OutboxRow).where(col(OutboxRow.id).in_(mail.ids)).values(**values))
