"""Who is told what and when: from a plan's events to the messages that should be waiting. Pure; `now` comes in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from reminders.quiet import QuietHours
from scheduler.actions import CeaseCause
from scheduler.dates import add_days, to_instant, zone_of
from scheduler.events import Event, EventKind, StampedEvent, mentions_pregnancy
from scheduler.plan import DoseState, Plan

PATIENT = "patient"
BEFORE_ARRIVAL = timedelta(hours=2)  # later than this a reminder of a visit helps nobody
LAST_HOUR = time(20)  # a reminder of a check goes on its day, up to here: the check itself has no hour to count from
WINDOW_STAYS = timedelta(days=7)
CHANGE_STAYS = timedelta(hours=48)  # a change notice that names no visit
COLLAPSE = timedelta(minutes=10)  # a nurse's three corrections make one mail


class Kind(StrEnum):
    """What a message is about. The first three are scheduled; a recipient gets one mail of them a day at most."""

    VISIT = "visit"
    CHECK = "check"
    WINDOW = "window"
    CHANGE = "change"


KIND_OF = {EventKind.INFUSION: Kind.VISIT, EventKind.CHECK: Kind.CHECK, EventKind.WINDOW: Kind.WINDOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPolicy:
    """What the clinic sends: days before at the hour `at`; nothing in the quiet hours. All in the reader's zone."""

    infusion_days_before: tuple[int, ...] = (3, 1)
    task_days_before: tuple[int, ...] = (1,)
    window_days_before: tuple[int, ...] = (30,)
    at: time = time(9)
    quiet: QuietHours = QuietHours(start=time(20), end=time(8))

    def days_before(self, kind: Kind) -> tuple[int, ...]:
        """How many days before an event of this kind a reminder goes, each once."""
        match kind:
            case Kind.VISIT:
                return self.infusion_days_before
            case Kind.CHECK:
                return self.task_days_before
            case Kind.WINDOW:
                # On the day itself a mail would read as "over now" (scheduling rule 18).
                return tuple(days for days in self.window_days_before if days > 0)
            case Kind.CHANGE:
                return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets mails: a role, and the zone of their wall times."""

    role: str = PATIENT
    zone: str


class Subject(NamedTuple):
    """What a message is about, whatever the revision of the event."""

    event_key: str
    kind: Kind
    offset_days: int
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """A message that should be waiting. Instants are UTC; `group_date` is the reader's date when it goes."""

    subject: Subject
    event_sequence: int
    send_after: datetime
    send_before: datetime
    group_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one event that its reader should hear of. `was`: the start known before, None for a new date.

    `start`: the start now, None for a date that fell away. `arrival`: of a visit that stands. `ends`: when news of
    a date that fell away are no news any more.
    """

    event_key: str
    event_sequence: int
    was: date | datetime | None
    start: date | datetime | None
    arrival: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a revision changes for its reader. `sad`: a dose is held, omitted or ceased, so people tell it first."""

    changes: tuple[Change, ...]
    sad: bool


class NoticeKind(StrEnum):
    """What a change would do: send a notice, keep one until the patient was told, add or withdraw a reminder."""

    CHANGE = "change"
    WAITS = "waits"
    REMINDER = "reminder"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One effect of a change on the mails. `at`: when it goes, or would have gone (UTC); None while it waits."""

    what: NoticeKind
    event_keys: tuple[str, ...]
    at: datetime | None

    def __str__(self) -> str:
        keys = ", ".join(self.event_keys)
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
        if each.cancelled is None and (kind := _kind(each.event)) and _asked_for(each.event, kind, plan, recipient)
        for days in policy.days_before(kind)
        if (reminder := _reminder(each, kind, days, recipient, policy))
    ]
    return tuple(sorted(found, key=lambda reminder: (reminder.send_after, reminder.subject)))


def allowed(kind: Kind, plan: Plan) -> bool:
    """Whether messages of this kind go at all as the course stands (scheduling rule 24)."""
    cause = plan.ceased.cause if plan.ceased else None
    if cause in {CeaseCause.DEATH, CeaseCause.TRANSFERRED}:
        return False
    return cause is not CeaseCause.HOSPICE or kind is Kind.VISIT


def changed(
    before: Mapping[str, StampedEvent], after: Mapping[str, StampedEvent], plan: Plan, now: datetime
) -> Changed:
    """What a patient should hear of a step from one plan's events to the next; nothing of what is past."""
    found = [_change(key, before.get(key), after[key], plan, now) for key in sorted(after)]
    lost = any(_lost(before.get(key), after[key]) for key in after)
    return Changed(changes=tuple(change for change in found if change), sad=lost)


def change_times(
    changes: Iterable[Change], recipient: Recipient, policy: ReminderPolicy, now: datetime
) -> tuple[datetime, datetime]:
    """When a notice of these changes goes and until when it may: after 10 minutes and outside the quiet hours, and
    up to 2 hours before the earliest changed visit, or for 48 hours. The first may lie after the second."""
    arrivals = [change.arrival for change in changes if change.arrival]
    deadline = min(arrivals) - BEFORE_ARRIVAL if arrivals else now + CHANGE_STAYS
    return policy.quiet.not_before(now + COLLAPSE, recipient.zone), deadline.astimezone(UTC)


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
    news = changed(old, new, plan, now)
    if news.changes and allowed(Kind.CHANGE, plan):
        what = NoticeKind.WAITS if news.sad else NoticeKind.CHANGE
        goes, _ = change_times(news.changes, recipient, policy, now)
        keys = tuple(change.event_key for change in news.changes)
        notices.insert(0, Notice(what=what, event_keys=keys, at=None if news.sad else goes))
    return tuple(notices)


def local_date(instant: datetime, zone: str) -> date:
    """The civil date in `zone` at `instant`."""
    return instant.astimezone(zone_of(zone)).date()


# ---------------------------------------------------------------------------------------------------------------------


def _kind(event: Event) -> Kind | None:
    return KIND_OF.get(event.kind)


def _asked_for(event: Event, kind: Kind, plan: Plan, recipient: Recipient) -> bool:
    if event.private or not allowed(kind, plan):
        return False
    if event.reproductive and (recipient.role != PATIENT or mentions_pregnancy(plan)):
        return False
    return not (kind is Kind.VISIT and _is_given(event, plan))


def _is_given(event: Event, plan: Plan) -> bool:
    if event.kind is not EventKind.INFUSION or event.cycle is None or event.day is None:
        return False
    dose = plan.find(event.cycle, event.day)
    return dose is not None and dose.state is DoseState.GIVEN


def _reminder(
    each: StampedEvent, kind: Kind, days: int, recipient: Recipient, policy: ReminderPolicy
) -> Reminder | None:
    event, zone = each.event, recipient.zone
    event_day = local_date(event.arrival, zone) if event.arrival else event.first_date
    day = add_days(event_day, -days)
    moment = to_instant(day, policy.at, zone).astimezone(UTC)
    if event.arrival:
        deadline = event.arrival.astimezone(UTC) - BEFORE_ARRIVAL
    elif kind is Kind.CHECK:
        deadline = max(to_instant(day, LAST_HOUR, zone).astimezone(UTC), moment + BEFORE_ARRIVAL)
    else:
        deadline = moment + WINDOW_STAYS
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


def _known(stamped: StampedEvent | None) -> Event | None:
    """The event as its reader knows it: none that left the plan, none that is for staff, and a visit as one thing."""
    if stamped is None or stamped.cancelled is not None or stamped.event.private:
        return None
    return stamped.event if stamped.event.kind in KIND_OF else None


def _change(key: str, old: StampedEvent | None, new: StampedEvent, plan: Plan, now: datetime) -> Change | None:
    before, after = _known(old), _known(new)
    event = after or before
    if event is None or (before and after and before.start == after.start):
        return None
    # A date to remember just leaves: "the birth-control date was cancelled" would mislead, and so would its test.
    if after is None and event.reproductive:
        return None
    if _is_given(event, plan) or _is_past(event, plan, now):
        return None
    return Change(
        event_key=key,
        event_sequence=new.sequence,
        was=before.start if before else None,
        start=after.start if after else None,
        arrival=after.arrival if after else None,
        ends=None if after else _starts(event, plan),
    )


def _lost(old: StampedEvent | None, new: StampedEvent) -> bool:
    before = _known(old)
    return before is not None and before.kind is EventKind.INFUSION and _known(new) is None


def _starts(event: Event, plan: Plan) -> datetime:
    if event.arrival:
        return event.arrival.astimezone(UTC)
    return to_instant(event.first_date, LAST_HOUR, plan.course.zone).astimezone(UTC)


def _is_past(event: Event, plan: Plan, now: datetime) -> bool:
    return _starts(event, plan) <= now


def _notice(what: NoticeKind, subject: Subject, at: datetime) -> Notice:
    return Notice(what=what, event_keys=(subject.event_key,), at=at)


def _by_time(pair: tuple[Subject, datetime]) -> tuple[datetime, Subject]:
    return pair[1], pair[0]
