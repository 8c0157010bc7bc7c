"""The look at a message just before it is sent: whether it is still true, still welcome, and the right hour. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.outbox_store import State, StoredMessage
from reminders.notices import change_of, is_news
from reminders.outbox import TOO_LATE, UNSUBSCRIBED, CourseFacts, subject_of, was_of
from reminders.policy import is_wanted
from reminders.rules import Kind, Recipient, allowed, may_know
from scheduler.events import StampedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be done with a message that is due: send it (no state), close it as `state`, or wait `until`.

    `outcome` is the reason, for staff.
    """

    state: State | None = None
    outcome: str = ""
    until: datetime | None = None


SEND = Verdict()
PAUSED = "paused for this patient"
PAUSE_LOOK = timedelta(minutes=10)  # how often a mail that is kept back is looked at, so that it expires in time


def judge(message: StoredMessage, facts: CourseFacts, events: Mapping[str, StampedEvent], now: datetime) -> Verdict:
    """Whether the message still may go, by the course as it stands now: the re-check just before sending."""
    recipient = facts.recipient(message.recipient)
    if recipient is None:
        return Verdict(state=State.SUPERSEDED, outcome="no address, or no consent to mails")
    if not recipient.choice.wants(Kind(message.kind), message.offset_days):
        return Verdict(state=State.SUPERSEDED, outcome="not wanted by the recipient")
    if recipient.unsubscribed:
        return Verdict(state=State.DEAD, outcome=UNSUBSCRIBED)
    if not _stands(message, facts, recipient, events, now):
        return Verdict(state=State.SUPERSEDED, outcome="the plan has moved on")
    goes = now if _may_wake(message, now) else facts.policy.quiet.not_before(now, recipient.zone)
    if goes >= message.send_before:
        return Verdict(state=State.EXPIRED, outcome=TOO_LATE)
    if facts.paused:
        return Verdict(until=min(now + PAUSE_LOOK, message.send_before), outcome=PAUSED)
    return SEND if goes <= now else Verdict(until=goes)


def _may_wake(message: StoredMessage, now: datetime) -> bool:
    """Whether staff have said that it may go in quiet hours, and lately: not a day later, after many tries."""
    return message.night_until is not None and now < message.night_until


def _stands(
    message: StoredMessage,
    facts: CourseFacts,
    recipient: Recipient,
    events: Mapping[str, StampedEvent],
    now: datetime,
) -> bool:
    if message.kind == Kind.LINK:
        return message.event_key in facts.links and allowed(Kind.LINK, facts.plan)
    stamped = events.get(message.event_key)
    if stamped is None or stamped.sequence != message.event_sequence:
        return False
    if message.kind != Kind.CHANGE:
        return is_wanted(subject_of(message), stamped, facts.plan, recipient, facts.policy)
    known = allowed(Kind.CHANGE, facts.plan) and may_know(stamped.event, facts.plan, recipient)
    return known and is_news(change_of(stamped, was_of(message), facts.plan), stamped, facts.plan, now)
