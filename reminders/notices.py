"""What a new plan changes for the reader of mails: the notices of changed dates. Pure; `now` comes in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from reminders.rules import KIND_OF, Recipient, ReminderPolicy, comes_at, concerns, is_given
from scheduler.dates import to_instant
from scheduler.events import Event, EventKind, StampedEvent
from scheduler.plan import Plan

BEFORE_VISIT = timedelta(hours=2)
STAYS = timedelta(hours=48)  # a notice that names no visit
NEAR = timedelta(hours=48)  # a change so near is told by telephone, too (scheduling rule 23)
COLLAPSE = timedelta(minutes=10)  # a nurse's three corrections make one mail
LAST_HOUR = time(20)  # an all-day date that fell away is news up to here


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one event that its reader should hear of. `was`: the start known before, None for a new date.

    `start`: the start now, None for a date that fell away. `arrival`: when to be there, of what stands and has an hour;
    where nothing else has changed, `was` is `start`. `ends`: when news of a date that fell away are no news any more.
    `silent`: nobody is told, it just leaves.
    """

    event_key: str
    event_sequence: int
    was: date | datetime | None
    start: date | datetime | None
    arrival: datetime | None
    ends: datetime | None
    silent: bool = False

    @property
    def arrival_alone(self) -> bool:
        """Whether the date stays, and only the hour to be there is another."""
        return self.was == self.start and self.arrival is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a revision changes for its reader. `sad`: a dose is held, omitted or ceased, so people tell it first."""

    changes: tuple[Change, ...]
    sad: bool


def changed(
    before: Mapping[str, StampedEvent],
    after: Mapping[str, StampedEvent],
    *,
    plan: Plan,
    recipient: Recipient,
    now: datetime,
) -> Changed:
    """What the recipient should hear of a step from one plan's events to those of `plan`; nothing of what is past."""
    theirs = [key for key in sorted(after) if concerns(after[key].event, recipient)]
    found = [change for key in theirs if (change := _change(before.get(key), after[key], plan, now))]
    lost = any(_lost(before.get(key), after[key]) for key in after)
    return Changed(changes=tuple(_one_bag_each(found, after)), sad=lost)


def other_arrivals(
    before: Mapping[str, StampedEvent], after: Mapping[str, StampedEvent], *, plan: Plan, now: datetime
) -> tuple[Change, ...]:
    """The visits that stay where they are and to which the patient has to come at another hour than before."""
    both = ((before[key], after[key]) for key in sorted(after) if key in before)
    moved = [(old, new) for old, new in both if _arrives_anew(_known(old), _known(new))]
    found = (change_of(new, new.event.start, plan) for _, new in moved)
    return tuple(each for each in found if is_news(each, after[each.event_key], plan, now))


def is_near(changes: Iterable[Change], zone: str, now: datetime) -> bool:
    """Whether one of the changes takes, gives or moves a date of the next 48 hours; dates without an hour in `zone`."""
    told = [each for each in changes if not each.silent]
    moments = [moment for each in told for moment in (each.was, each.start, each.arrival) if moment]
    return any(_within(moment, zone, now) for moment in moments)


def change_times(
    changes: Iterable[Change], recipient: Recipient, policy: ReminderPolicy, now: datetime
) -> tuple[datetime, datetime]:
    """When a notice of these changes goes and until when it may: after 10 minutes and outside the quiet hours, and
    up to 2 hours before the earliest changed visit, or for 48 hours. The first may lie after the second."""
    arrivals = [change.arrival for change in changes if change.arrival]
    deadline = min(arrivals) - BEFORE_VISIT if arrivals else now + STAYS
    return policy.quiet.not_before(now + COLLAPSE, recipient.zone), deadline.astimezone(UTC)


def change_of(stamped: StampedEvent, was: date | datetime | None, plan: Plan) -> Change:
    """The change from `was` to where the event stands now."""
    after = _known(stamped)
    return Change(
        event_key=stamped.event.key,
        event_sequence=stamped.sequence,
        was=was,
        start=after.start if after else None,
        arrival=comes_at(after) if after else None,
        ends=None if after else _starts(stamped.event, plan),
        # "The birth-control date was cancelled" would mislead, and so would its test.
        silent=after is None and stamped.event.reproductive,
    )


def is_news(change: Change, stamped: StampedEvent, plan: Plan, now: datetime) -> bool:
    """Whether the change is still worth telling: it is one, and its date is not past or given."""
    event = stamped.event
    differs = change.was != change.start or change.arrival_alone
    return differs and not is_given(event, plan) and _starts(event, plan) > now


def same_to_reader(old: StampedEvent, new: StampedEvent) -> bool:
    """Whether a reader of mails would see no difference between two states of an event."""
    return _seen(old) == _seen(new)


# ---------------------------------------------------------------------------------------------------------------------


def _one_bag_each(changes: Iterable[Change], after: Mapping[str, StampedEvent]) -> Iterator[Change]:
    """The changes with one bag of each infusion, the next: all of them move together, and there may be one a day."""
    bags: dict[tuple[int | None, int | None], tuple[date | datetime, Change]] = {}
    for each in changes:
        event = after[each.event_key].event
        if event.kind is not EventKind.BAG_CHANGE:
            yield each
        elif (place := (event.cycle, event.day)) not in bags or event.start < bags[place][0]:
            bags[place] = (event.start, each)
    yield from (each for _, each in bags.values())


def _within(moment: date | datetime, zone: str, now: datetime) -> bool:
    if isinstance(moment, datetime):
        return now < moment <= now + NEAR
    begins, ends = (to_instant(moment, hour, zone) for hour in (time(0), LAST_HOUR))
    return begins <= now + NEAR and now < ends


def _known(stamped: StampedEvent | None) -> Event | None:
    """The event as its reader knows it: none that left the plan, none that is for staff, and a visit as one thing."""
    if stamped is None or stamped.cancelled is not None or stamped.event.private:
        return None
    return stamped.event if stamped.event.kind in KIND_OF else None


def _seen(stamped: StampedEvent) -> tuple[object, ...] | None:
    event = _known(stamped)
    return (event.start, event.arrival) if event else None


def _change(old: StampedEvent | None, new: StampedEvent, plan: Plan, now: datetime) -> Change | None:
    before = _known(old)
    change = change_of(new, before.start if before else None, plan)
    return change if change.was != change.start and is_news(change, new, plan, now) else None


def _arrives_anew(old: Event | None, new: Event | None) -> bool:
    return bool(old and new and old.start == new.start and old.arrival != new.arrival and new.arrival)


def _lost(old: StampedEvent | None, new: StampedEvent) -> bool:
    before = _known(old)
    return before is not None and before.kind is EventKind.INFUSION and _known(new) is None


def _starts(event: Event, plan: Plan) -> datetime:
    if comes := comes_at(event):
        return comes.astimezone(UTC)
    return to_instant(event.first_date, LAST_HOUR, plan.course.zone).astimezone(UTC)
