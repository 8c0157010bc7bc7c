"""What a new plan changes: the difference of two sets of events, and the stamps that calendar programs go by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from scheduler.dates import moment
from scheduler.events import Cancelled, Event, StampedEvent, uid_of
from scheduler.plan import DoseState, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The difference from old to new events. `altered` keep their time and change in something else."""

    moved: tuple[tuple[Event, Event], ...]
    altered: tuple[tuple[Event, Event], ...]
    added: tuple[Event, ...]
    cancelled: tuple[Event, ...]

    def __bool__(self) -> bool:
        return bool(self.moved or self.altered or self.added or self.cancelled)


def changes(old: Iterable[Event], new: Iterable[Event]) -> Changes:
    """What leads from the events `old` to the events `new`, matched by key."""
    before = {event.key: event for event in old}
    after = {event.key: event for event in new}
    both = [(before[key], after[key]) for key in after if key in before and not _same(before[key], after[key])]
    return Changes(
        moved=tuple(pair for pair in both if _moved(*pair)),
        altered=tuple(pair for pair in both if not _moved(*pair)),
        added=tuple(event for key, event in after.items() if key not in before),
        cancelled=tuple(event for key, event in before.items() if key not in after),
    )


def restamp(
    old: Mapping[str, StampedEvent], new: Iterable[Event], plan: Plan, *, at: datetime
) -> dict[str, StampedEvent]:
    """The events `new` of `plan` with their stamps after a change recorded at the instant `at`.

    An event that did not change keeps its stamps; a changed one gets a higher sequence and a later last_modified.
    One that left the plan stays, cancelled, so that its sequence goes on rising if it comes back.
    """
    at = at.replace(microsecond=0)
    wanted = {event.key: event for event in new}
    stamped = {key: _stamp(old.get(key), event, plan.course.id, at) for key, event in wanted.items()}
    held = {f"c{dose.cycle}d{dose.day}" for dose in plan.doses() if dose.state is DoseState.HELD}
    for key, gone in old.items():
        if key not in wanted:
            reason = Cancelled.TO_BE_ARRANGED if key.split("/")[0] in held else Cancelled.NOT_HAPPENING
            stamped[key] = gone if gone.cancelled is reason else replace(_raised(gone, at), cancelled=reason)
    return dict(sorted(stamped.items()))


def _moved(old: Event, new: Event) -> bool:
    return _when(old) != _when(new)


def _same(old: Event, new: Event) -> bool:
    return old == new and not _moved(old, new)


def _when(event: Event) -> tuple[date, date]:
    return _comparable(event.start), _comparable(event.end)


def _comparable(start: date | datetime) -> date:
    return moment(start) if isinstance(start, datetime) else start


def _stamp(old: StampedEvent | None, event: Event, course: UUID, at: datetime) -> StampedEvent:
    if old is None:
        return StampedEvent(event=event, uid=uid_of(course, event.key), sequence=0, created=at, last_modified=at)
    if _same(old.event, event) and old.cancelled is None:
        return old
    stayed = _comparable(old.event.start) == _comparable(event.start)
    moved_from = old.moved_from if stayed else old.event.start
    return replace(_raised(old, at), event=event, cancelled=None, moved_from=moved_from)


def _raised(old: StampedEvent, at: datetime) -> StampedEvent:
    # Two changes within a second, or a clock set back, must still read as newer.
    newer = max(at, old.last_modified + timedelta(seconds=1))
    return replace(old, sequence=old.sequence + 1, last_modified=newer)
