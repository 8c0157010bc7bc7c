"""Who is told what and when: from a plan's events to the messages that should be waiting. Pure; `now` comes in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from reminders.notices import Changed, change_times, changed, other_arrivals
from reminders.rules import (
    KIND_OF,
    PATIENT,
    Kind,
    Recipient,
    ReminderPolicy,
    Subject,
    allowed,
    comes_at,
    local_date,
    may_know,
    needs_no_reminder,
)
from scheduler.dates import add_days, to_instant
from scheduler.events import StampedEvent
from scheduler.plan import Plan

__all__ = [
    "Kind",
    "Notice",
    "NoticeKind",
    "Recipient",
    "Reminder",
    "ReminderPolicy",
    "describe_change",
    "is_wanted",
    "news_of",
    "wanted",
]

BEFORE_ARRIVAL = timedelta(hours=2)  # later than this a reminder of a visit helps nobody
LAST_HOUR = time(20)  # a reminder of what has no hour to count from, a check or a stay, goes on its day up to here
WINDOW_STAYS = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A message that should be waiting. Instants are UTC; `group_date` is the reader's date when it goes."""

    subject: Subject
    event_sequence: int
    send_after: datetime
    send_before: datetime
    group_date: date


class NoticeKind(StrEnum):
    """What a change would do: send a notice, keep one until the patient was told, add or withdraw a reminder."""

    CHANGE = "change"
    WAITS = "waits"
    REMINDER = "reminder"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One effect of a change on the mails to a recipient. `at`: when it goes, or would have gone (UTC); None while it
    waits."""

    what: NoticeKind
    event_keys: tuple[str, ...]
    at: datetime | None
    recipient: str = PATIENT

    def __str__(self) -> str:
        keys = ", ".join(self.event_keys) + ("" if self.recipient == PATIENT else f" (to {self.recipient})")
        when = f"{self.at:%Y-%m-%d %H:%M} UTC" if self.at else "when the patient has been told"
        match self.what:
            case NoticeKind.CHANGE | NoticeKind.WAITS:
                return f"a notice of the change goes {when}: {keys}"
            case NoticeKind.REMINDER:
                return f"a reminder goes {when}: {keys}"
            case NoticeKind.WITHDRAWN:
                return f"the reminder of {when} does not go: {keys}"


def wanted(
    stamped: Iterable[StampedEvent], plan: Plan, recipient: Recipient, policy: ReminderPolicy
) -> tuple[Reminder, ...]:
    """Every scheduled message that these events ask for, past ones included, in the order of their sending."""
    found = [
        reminder
        for each in stamped
        if (kind := _kind_asked_for(each, plan, recipient))
        for days in policy.days_before(kind)
        if recipient.wants(kind, days)
        if (reminder := _reminder(each, kind, days, recipient, policy))
    ]
    return tuple(sorted(found, key=lambda reminder: (reminder.send_after, reminder.subject)))


def is_wanted(
    subject: Subject, stamped: StampedEvent, plan: Plan, recipient: Recipient, policy: ReminderPolicy
) -> bool:
    """Whether what `wanted` gives for this event has a message on that subject to its recipient."""
    kind, days = subject.kind, subject.offset_days
    return (
        _kind_asked_for(stamped, plan, recipient) is kind
        and days in policy.days_before(kind)
        and recipient.wants(kind, days)
        and _reminder(stamped, kind, days, recipient, policy) is not None
    )


def news_of(
    before: Mapping[str, StampedEvent],
    after: Mapping[str, StampedEvent],
    *,
    plan: Plan,
    recipient: Recipient,
    policy: ReminderPolicy,
    now: datetime,
) -> Changed:
    """What the recipient should hear of a step: the dates that changed, and the visits with another hour to be there
    of which no reminder is left to tell it."""
    found = changed(before, after, plan=plan, recipient=recipient, now=now)

    def reminded(key: str) -> bool:
        return any(each.send_after > now for each in wanted([after[key]], plan, recipient, policy))

    arrivals = other_arrivals(before, after, plan=plan, now=now)
    return replace(found, changes=(*found.changes, *(each for each in arrivals if not reminded(each.event_key))))


def describe_change(
    before: Iterable[StampedEvent],
    after: Iterable[StampedEvent],
    *,
    plan_before: Plan,
    plan: Plan,
    recipient: Recipient,
    policy: ReminderPolicy,
    now: datetime,
) -> tuple[Notice, ...]:
    """What a change would do to the mails: the notice of it, reminders that would go and others that would not."""
    old, new = {each.event.key: each for each in before}, {each.event.key: each for each in after}
    ahead_before, ahead = (
        {(each.subject, each.send_after) for each in wanted(stamped, at, recipient, policy) if each.send_after > now}
        for stamped, at in ((old.values(), plan_before), (new.values(), plan))
    )
    notices = [_notice(NoticeKind.WITHDRAWN, *each) for each in sorted(ahead_before - ahead, key=_by_time)]
    notices += [_notice(NoticeKind.REMINDER, *each) for each in sorted(ahead - ahead_before, key=_by_time)]
    found = news_of(old, new, plan=plan, recipient=recipient, policy=policy, now=now)
    told = [each for each in found.changes if not each.silent]
    if told and allowed(Kind.CHANGE, plan) and recipient.wants(Kind.CHANGE):
        what = NoticeKind.WAITS if found.sad else NoticeKind.CHANGE
        goes, _ = change_times(told, recipient, policy, now)
        keys = tuple(each.event_key for each in told)
        notices.insert(0, Notice(what=what, event_keys=keys, at=None if found.sad else goes, recipient=recipient.role))
    return tuple(notices)


# ---------------------------------------------------------------------------------------------------------------------


def _kind_asked_for(each: StampedEvent, plan: Plan, recipient: Recipient) -> Kind | None:
    """As what the recipient is to be reminded of the event; None if they are not."""
    event, kind = each.event, KIND_OF.get(each.event.kind)
    if each.cancelled is not None or kind is None or not may_know(event, plan, recipient):
        return None
    return kind if allowed(kind, plan) and not needs_no_reminder(event, plan) else None


def _reminder(
    each: StampedEvent, kind: Kind, days: int, recipient: Recipient, policy: ReminderPolicy
) -> Reminder | None:
    event, zone = each.event, recipient.zone
    comes = comes_at(event)
    event_day = local_date(comes, zone) if comes else event.first_date
    day = add_days(event_day, -days)
    moment = to_instant(day, policy.at, zone).astimezone(UTC)
    if comes:
        deadline = comes.astimezone(UTC) - BEFORE_ARRIVAL
    elif kind is Kind.WINDOW:
        deadline = moment + WINDOW_STAYS
    else:
        deadline = max(to_instant(day, LAST_HOUR, zone).astimezone(UTC), moment + BEFORE_ARRIVAL)
    send_after = policy.quiet.place(moment, deadline, zone)
    if send_after is None:
        return None
    return Reminder(
        subject=Subject(each.event.key, kind, days, recipient.role),
        event_sequence=each.sequence,
        send_after=send_after,
        send_before=deadline,
        group_date=local_date(send_after, zone),
    )


def _notice(what: NoticeKind, subject: Subject, at: datetime) -> Notice:
    return Notice(what=what, event_keys=(subject.event_key,), at=at, recipient=subject.recipient)


def _by_time(pair: tuple[Subject, datetime]) -> tuple[datetime, Subject]:
    return pair[1], pair[0]
