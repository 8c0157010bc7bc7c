"""From claimed messages to the mail that leaves: what it is about, who sends it, and the Message-ID that it keeps."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from calendars.kinds import ClinicCard, Detail
from calendars.wording import Wording
from db.outbox_claims import Mail
from db.outbox_store import StoredMessage
from reminders.calendar_files import calendar_files
from reminders.channels.delivery import Outgoing
from reminders.message import MailFacts, Told, render
from reminders.mime import Envelope
from reminders.outbox import CourseFacts, was_of
from reminders.rules import Kind, Recipient, local_date, windows_without_end
from scheduler.events import StampedEvent
from scheduler.plan import DoseState, Plan

# A dose not recorded for so long makes every later date doubtful (scheduling rules, advice `overdue`).
UNRECORDED = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whose mails these are. `domain` is the clinic's, for Message-IDs."""

    address: str
    domain: str
    reply_to: str = ""

    def message_id(self, mail: Mail) -> str:
        """The Message-ID: that of the try that had no answer, or one that follows from the first message's key."""
        return mail.message_id or f"<{_digest(mail.messages[0])[:32]}@{self.domain}>"


def build(
    mail: Mail,
    *,
    facts: CourseFacts,
    events: Mapping[str, StampedEvent],
    recipient: Recipient,
    wording: Wording,
    clinic: ClinicCard,
    sender: Sender,
    unsubscribe: str,
    message_id: str,
    now: datetime,
) -> Outgoing:
    """The mail about these messages, by the course as it stands; its Date is that of the first try. It is written when
    it is first asked for."""
    to = recipient.email
    date = (mail.first_tried_at or now).replace(microsecond=0)
    envelope = Envelope(
        sender=sender.address,
        to=to,
        message_id=message_id,
        date=date,
        reply_to=sender.reply_to,
        unsubscribe=unsubscribe,
    )

    @cache
    def write() -> bytes:
        about = _about(mail, envelope, facts=facts, events=events, recipient=recipient, now=now)
        files = calendar_files(
            _visits(mail, events), facts.plan, recipient, wording=wording, clinic=clinic, organizer=sender.address
        )
        return render(replace(about, files=files), wording, clinic)

    return Outgoing(sender=sender.address, to=to, write=write, name=f"{date:%Y%m%dT%H%M%SZ}-{message_id[1:13]}")


# ---------------------------------------------------------------------------------------------------------------------


def _about(
    mail: Mail,
    envelope: Envelope,
    *,
    facts: CourseFacts,
    events: Mapping[str, StampedEvent],
    recipient: Recipient,
    now: datetime,
) -> MailFacts:
    # What a neutral notice is about stays out of everything: the words, the subject, the files.
    stamped = [(message, events[message.event_key]) for message in mail.messages if _tells(message)]
    reminded = {each.event.key: each.event for message, each in stamped if message.kind != Kind.CHANGE}
    return MailFacts(
        envelope=envelope,
        to_patient=recipient.is_patient,
        full=recipient.detail is Detail.FULL,
        regimen_id=facts.plan.regimen.id,
        zone=facts.plan.course.zone,
        events=tuple(reminded.values()),
        changes=tuple(
            Told(stamped=each, was=was_of(message)) for message, each in stamped if message.kind == Kind.CHANGE
        ),
        links=tuple(facts.links[message.event_key] for message in mail.messages if message.kind == Kind.LINK),
        neutral=any(message.neutral for message in mail.messages),
        unsure=_unsure(facts.plan, now),
        keep_on=windows_without_end(facts.plan, recipient),
    )


def _visits(mail: Mail, events: Mapping[str, StampedEvent]) -> Iterable[StampedEvent]:
    keys = dict.fromkeys(message.event_key for message in mail.messages if _tells(message))
    return (events[key] for key in keys)


def _tells(message: StoredMessage) -> bool:
    """Whether the mail tells of the event that the message is about."""
    return not (message.neutral or message.kind == Kind.LINK)


def _digest(message: StoredMessage) -> str:
    """What identifies a message in this database and in every backup of it."""
    key = (
        message.course_id,
        message.event_key,
        message.event_sequence,
        message.kind,
        message.channel,
        message.offset_days,
        message.recipient,
    )
    return hashlib.sha256("|".join(map(str, key)).encode()).hexdigest()


def _unsure(plan: Plan, now: datetime) -> bool:
    """Whether a dose should have been recorded by now."""
    ended_by = now - UNRECORDED
    latest = local_date(ended_by, plan.course.zone)  # dates first: to compare instants of two zones takes much longer
    ends = (dose.times.infusion_end for dose in plan.doses() if dose.state is DoseState.PLANNED and dose.times)
    return any(end.date() <= latest and end < ended_by for end in ends)
