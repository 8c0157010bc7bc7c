"""Decides which messages wait, in the transaction of the action that causes them. Stores through db/outbox_store.py."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from db.engine import Session
from db.outbox_store import (
    APART,
    OPEN,
    NewMessage,
    State,
    StoredMessage,
    add_messages,
    change,
    follow_events,
    messages_of,
    settle,
)
from db.rows import read_moment, write_moment
from reminders.notices import Change, change_of, change_times, same_to_reader
from reminders.policy import Reminder, news_of, wanted
from reminders.rules import PATIENT, Kind, Recipient, ReminderPolicy, Subject, allowed, local_date
from scheduler.events import StampedEvent
from scheduler.plan import Plan

log = logging.getLogger(__name__)

UNSUBSCRIBED = "unsubscribed from mails; please phone"
NOT_TOLD = "not told: mails of this kind stop, or it just leaves"
TOO_LATE = "too late to mail; please phone"
TOLD_IN_PERSON = "told in person; too late to mail, or unsubscribed"
# After one of these the reader has heard of the change, or staff were asked to phone.
HEARD = frozenset({State.SENT, State.UNKNOWN, State.EXPIRED, State.DEAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFacts:
    """What the outbox needs to know of a course. `plan` is the current one; `recipients` have address and consent.

    `paused`: staff keep the mails back for now. `links`: by key the addresses of the patient's page that wait to
    be mailed; known to who sends alone.
    """

    clinic_id: int
    course_id: UUID
    recipients: tuple[Recipient, ...]
    plan: Plan
    policy: ReminderPolicy
    paused: bool = False
    links: Mapping[str, str] = field(default_factory=dict)

    def recipient(self, role: str) -> Recipient | None:
        """Who gets the mails of that role; None without an address and consent."""
        return next((each for each in self.recipients if each.role == role), None)


def after_change(
    session: Session,
    facts: CourseFacts,
    before: Mapping[str, StampedEvent],
    after: Mapping[str, StampedEvent],
    *,
    revision: int,
    first: bool,
    patient_told: bool,
    now: datetime,
) -> None:
    """Brings the outbox to what the plan asks for, and adds the notices of what changed from `before` to `after`.

    `facts.plan` is the plan after the change. The `first` revision of a course is no change. Notices that tell of
    a dose held, omitted or ceased wait (`untold`) unless the patient has been told.
    """
    stored = _follow(session, messages_of(session, facts.clinic_id, facts.course_id, to_change=True), before, after)
    outcome = f"withdrawn at revision {revision}"
    _bring_reminders(session, facts, stored, after, outcome=outcome, now=now)
    stored = _withdraw_notices(session, facts, stored, after, outcome=outcome, now=now)
    if first:
        return
    for recipient in facts.recipients:
        found = news_of(before, after, plan=facts.plan, recipient=recipient, policy=facts.policy, now=now)
        state = State.UNTOLD if found.sad and not patient_told else State.WAITING
        if not (allowed(Kind.CHANGE, facts.plan) and recipient.choice.wants(Kind.CHANGE)):
            state = State.SUPERSEDED
        notices = [message for message in stored if _is_notice(message, recipient)]
        fresh = _since_heard(found.changes, notices)
        _add_notices(session, facts, recipient, fresh, state=state, now=now)
        if state is State.WAITING and not all(each.silent for each in fresh):
            _gather(session, facts, recipient, notices, now)


def after_choice(
    session: Session, facts: CourseFacts, events: Mapping[str, StampedEvent], *, outcome: str, now: datetime
) -> None:
    """Brings the outbox to what its recipients want by now; `outcome` is noted where a message is withdrawn.

    A change that a patient who has unsubscribed did not hear of yet is left to staff, to be told by telephone.
    """
    stored = messages_of(session, facts.clinic_id, facts.course_id, to_change=True)
    _bring_reminders(session, facts, stored, events, outcome=outcome, now=now)
    notices = [message for message in stored if message.kind == Kind.CHANGE and _is_open(message)]
    wanting = {each.role for each in facts.recipients if each.choice.wants(Kind.CHANGE)}
    gone = {each.role for each in facts.recipients if each.unsubscribed}
    unwanted = [each.id for each in notices if each.recipient not in wanting]
    to_phone = [each.id for each in notices if each.recipient in wanting & gone and each.state is not State.UNTOLD]
    settle(session, unwanted, State.SUPERSEDED, outcome, now=now)
    settle(session, to_phone, State.DEAD, UNSUBSCRIBED, now=now)


def after_told(
    session: Session,
    facts: CourseFacts,
    events: Mapping[str, StampedEvent],
    *,
    upto: datetime,
    untold: Collection[datetime],
    now: datetime,
) -> None:
    """Lets go the notices, written up to and with the instant `upto`, that waited until the patient was told.

    `upto` is when the revision that the patient was told of was recorded, `untold` when those were of which they still
    have to be told: what these wrote goes on waiting. `events` are the current ones.
    """
    stored = messages_of(session, facts.clinic_id, facts.course_id, to_change=True)
    for recipient in facts.recipients:
        notices = [message for message in stored if _is_notice(message, recipient)]
        known = [message for message in notices if message.created_at <= upto and message.created_at not in untold]
        told = [message for message in known if message.state is State.UNTOLD]
        for id_, notice in _free(told, facts, recipient, events, now).items():
            _let_go(session, id_, notice, now)
        # A neutral notice that has not gone yet can tell everything now.
        change(session, [each.id for each in known if each.neutral], neutral=False)
        if told:
            _gather(session, facts, recipient, notices, now)


def after_neutral(
    session: Session, facts: CourseFacts, events: Mapping[str, StampedEvent], *, upto: datetime, now: datetime
) -> int:
    """Lets the patient's notices up to and with the instant `upto`, of which nobody has told them, go as one mail that
    only asks to call; how many. None when no mail could go in time. Those of carers wait until the patient was told."""
    patient = facts.recipient(PATIENT)
    if patient is None:
        return 0
    stored = messages_of(session, facts.clinic_id, facts.course_id, to_change=True)
    notices = [message for message in stored if _is_notice(message, patient)]
    untold = [each for each in notices if each.state is State.UNTOLD and each.created_at <= upto]
    free = _free(untold, facts, patient, events, now)
    goes = {id_: notice for id_, notice in free.items() if notice.state is State.WAITING}
    for id_, notice in goes.items():
        change(session, [id_], **_times(notice), state=State.WAITING.value, neutral=True)
    return len(goes)


def subject_of(message: StoredMessage) -> Subject:
    """What the message is about."""
    return Subject(message.event_key, Kind(message.kind), message.offset_days, message.recipient)


def was_of(message: StoredMessage) -> date | datetime | None:
    """The start that the reader of a notice last heard of; None for a new date."""
    return read_moment(message.was) if message.was else None


# -- Scheduled messages -----------------------------------------------------------------------------------------------


def _follow(
    session: Session,
    stored: Sequence[StoredMessage],
    before: Mapping[str, StampedEvent],
    after: Mapping[str, StampedEvent],
) -> tuple[StoredMessage, ...]:
    """Lets open messages go on with events whose reader sees no change: a message on its way isn't started anew."""
    sequences = {
        message.id: after[message.event_key].sequence
        for message in stored
        if message.state in OPEN
        and (old := before.get(message.event_key))
        and old.sequence == message.event_sequence != after[message.event_key].sequence
        and same_to_reader(old, after[message.event_key])
    }
    follow_events(session, sequences)
    return tuple(
        replace(message, event_sequence=sequences.get(message.id, message.event_sequence)) for message in stored
    )


def _bring_reminders(
    session: Session,
    facts: CourseFacts,
    stored: Sequence[StoredMessage],
    events: Mapping[str, StampedEvent],
    *,
    outcome: str,
    now: datetime,
) -> None:
    asked = {
        (reminder.subject, reminder.event_sequence): reminder
        for recipient in facts.recipients
        for reminder in wanted(events.values(), facts.plan, recipient, facts.policy)
    }
    found = {(subject_of(message), message.event_sequence): message for message in stored if message.kind not in APART}
    gone = [message.id for key, message in found.items() if key not in asked and _is_open(message)]
    settle(session, gone, State.SUPERSEDED, outcome, now=now)
    for key, message in found.items():
        if key in asked:
            _bring(session, message, asked[key], now)
    # What should have gone by now is not made up for: who sets a date at short notice tells the person.
    fresh = [reminder for key, reminder in asked.items() if key not in found and reminder.send_after > now]
    add_messages(session, facts.clinic_id, facts.course_id, map(_reminder, fresh), now=now)


def _bring(session: Session, message: StoredMessage, asked: Reminder, now: datetime) -> None:
    """A message that is there already: its times follow the policy, and it waits again if it had been withdrawn."""
    times = {"send_after": asked.send_after, "send_before": asked.send_before, "group_date": asked.group_date}
    if message.state is State.SUPERSEDED and asked.send_after > now:
        change(session, [message.id], **times, state=State.WAITING.value, settled_at=None, outcome="")
    elif _is_open(message) and _follows_policy(message) and _differs(message, times):
        change(session, [message.id], **times)


def _follows_policy(message: StoredMessage) -> bool:
    """Whether its times are the policy's: not once it was tried, or staff asked to send it at once."""
    return message.first_tried_at is None and not message.hurried


def _differs(message: StoredMessage, times: Mapping[str, object]) -> bool:
    return any(getattr(message, name) != value for name, value in times.items())


def _reminder(reminder: Reminder) -> NewMessage:
    subject = reminder.subject
    return NewMessage(
        event_key=subject.event_key,
        event_sequence=reminder.event_sequence,
        kind=subject.kind.value,
        offset_days=subject.offset_days,
        recipient=subject.recipient,
        state=State.WAITING,
        send_after=reminder.send_after,
        send_before=reminder.send_before,
        group_date=reminder.group_date,
    )


# -- Change notices ---------------------------------------------------------------------------------------------------


def _withdraw_notices(
    session: Session,
    facts: CourseFacts,
    stored: Sequence[StoredMessage],
    events: Mapping[str, StampedEvent],
    *,
    outcome: str,
    now: datetime,
) -> tuple[StoredMessage, ...]:
    """A notice of an event that has changed again is withdrawn; what it would have told goes into the next one."""
    stops = not allowed(Kind.CHANGE, facts.plan) or not facts.recipients
    old = {
        message.id
        for message in stored
        if message.kind == Kind.CHANGE
        and _is_open(message)
        and (stops or events[message.event_key].sequence != message.event_sequence)
    }
    settle(session, old, State.SUPERSEDED, outcome, now=now)
    return tuple(replace(each, state=State.SUPERSEDED) if each.id in old else each for each in stored)


def _since_heard(changes: Iterable[Change], notices: Iterable[StoredMessage]) -> tuple[Change, ...]:
    """The changes that are left when each is counted from the date that the reader last heard of."""
    latest = {message.event_key: message for message in notices}
    unheard = {key: message for key, message in latest.items() if not (message.state in HEARD or message.in_flight)}
    counted = (
        (replace(each, was=was_of(unheard[each.event_key])) if each.event_key in unheard else each, each.arrival_alone)
        for each in changes
    )
    # A date that is back where the reader knows it is no news, unless they have to be there at another hour.
    return tuple(each for each, arrival_alone in counted if each.was != each.start or arrival_alone)


def _add_notices(
    session: Session,
    facts: CourseFacts,
    recipient: Recipient,
    news: Sequence[Change],
    *,
    state: State,
    now: datetime,
) -> None:
    goes, deadline = change_times(news, recipient, facts.policy, now)
    rows = [_notice(each, recipient, state, goes, deadline) for each in news]
    add_messages(session, facts.clinic_id, facts.course_id, rows, now=now)
    for _ in (row for row in rows if row.state is State.EXPIRED):
        values = {"action": "outbox_expired", "course_id": str(facts.course_id)}
        log.warning("notice of course %s: expired, %s", facts.course_id, TOO_LATE, extra=values)


def _free(
    untold: Iterable[StoredMessage],
    facts: CourseFacts,
    recipient: Recipient,
    events: Mapping[str, StampedEvent],
    now: datetime,
) -> dict[int, NewMessage]:
    """By id, the notices as they would be if they were written now and waited for nobody."""
    news = {each.id: change_of(events[each.event_key], was_of(each), facts.plan) for each in untold}
    goes, deadline = change_times(news.values(), recipient, facts.policy, now)
    return {id_: _notice(each, recipient, State.WAITING, goes, deadline) for id_, each in news.items()}


def _let_go(session: Session, id_: int, notice: NewMessage, now: datetime) -> None:
    if notice.state is not State.WAITING:
        settle(session, [id_], State.SUPERSEDED, TOLD_IN_PERSON, now=now)
        return
    change(session, [id_], **_times(notice), state=State.WAITING.value)


def _times(notice: NewMessage) -> dict[str, object]:
    return {name: getattr(notice, name) for name in ("send_after", "send_before", "group_date")}


def _notice(news: Change, recipient: Recipient, state: State, goes: datetime, deadline: datetime) -> NewMessage:
    # Kept all the same: it says what the reader last heard of, should the date come back.
    state = State.SUPERSEDED if news.silent else state
    # Until the patient has been told, the notice waits as long as it is news; its own deadline counts from then.
    send_before = news.ends or deadline if state is State.UNTOLD else min(deadline, news.ends or deadline)
    late = state is State.WAITING and goes >= send_before
    outcome = NOT_TOLD if state is State.SUPERSEDED else TOO_LATE if late else ""
    if late:
        state = State.EXPIRED
    elif state is State.WAITING and recipient.unsubscribed:
        state, outcome = State.DEAD, UNSUBSCRIBED
    return NewMessage(
        event_key=news.event_key,
        event_sequence=news.event_sequence,
        kind=Kind.CHANGE.value,
        offset_days=0,
        recipient=recipient.role,
        state=state,
        send_after=min(goes, send_before),
        send_before=send_before,
        group_date=local_date(goes, recipient.zone),
        was=write_moment(news.was) if news.was else None,
        outcome=outcome,
    )


def _gather(
    session: Session, facts: CourseFacts, recipient: Recipient, notices: Iterable[StoredMessage], now: datetime
) -> None:
    """Lets notices that still wait go with the newest: corrections within ten minutes of each other make one mail."""
    goes, _ = change_times((), recipient, facts.policy, now)
    waiting = [each for each in notices if each.state is State.WAITING and each.first_tried_at is None]
    ids = [message.id for message in waiting if goes < message.send_before]
    change(session, ids, send_after=goes, group_date=local_date(goes, recipient.zone))


# ---------------------------------------------------------------------------------------------------------------------


def _is_open(message: StoredMessage) -> bool:
    return message.state in OPEN and not message.in_flight


def _is_notice(message: StoredMessage, recipient: Recipient) -> bool:
    return message.kind == Kind.CHANGE and message.recipient == recipient.role
