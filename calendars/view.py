"""The view: what one reader sees of one plan, ready for any format. Each rule on who may see what stands here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from calendars.kinds import ClinicCard, Detail, Reader, clean
from calendars.sheet import Sheet
from calendars.staff_notes import staff_note
from calendars.texts import Texts
from calendars.wording import Wording
from scheduler.actions import CeaseCause
from scheduler.dates import zone_of
from scheduler.errors import InvalidValue
from scheduler.events import Event, EventKind, StampedEvent, mentions_pregnancy
from scheduler.plan import Cycle, Plan
from scheduler.regimen import WindowKind

__all__ = ["CalendarView", "ClinicCard", "Detail", "Entry", "Reader", "Status", "build_view"]


class Status(StrEnum):
    """How certain an entry is, in the words of RFC 5545."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a calendar. `start`, `end`: instants in the view's zone, or civil dates, both included (`all_day`).

    `lines` are the description's parts that are this entry's own; `brief` is the title where its date, cycle and day
    stand beside it, without what became of it; `content`: which drugs, or checks, in any language; `leave` is when one
    may leave at the earliest; `open_end`: nobody knows when it ends; `alarms` lie that long before `start`. A
    `staff_note` is for pages of staff, never for a feed. Stamps are UTC instants of whole seconds.
    """

    uid: UUID
    key: str
    kind: EventKind
    sequence: int
    created: datetime
    last_modified: datetime
    start: date | datetime
    end: date | datetime
    status: Status
    summary: str
    description: str
    location: str
    busy: bool
    brief: str = ""
    arrival: datetime | None = None
    leave: datetime | None = None
    moved_from: date | datetime | None = None
    alarms: tuple[timedelta, ...] = ()
    lines: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    staff_note: str = ""
    open_end: bool = False

    def __post_init__(self) -> None:
        for name in ("summary", "brief", "description", "location", "staff_note"):
            object.__setattr__(self, name, clean(getattr(self, name)))
        object.__setattr__(self, "lines", tuple(clean(line) for line in self.lines))
        if self.all_day and (isinstance(self.end, datetime) or self.end < self.start):
            raise InvalidValue(f"entry {self.key}: an all-day entry ends on a date, not before it begins; mend the end")

    @property
    def all_day(self) -> bool:
        """Whether the entry is a civil date without a time."""
        return not isinstance(self.start, datetime)

    @property
    def first_date(self) -> date:
        """The civil date in the view's zone on which the entry starts."""
        return self.start.date() if isinstance(self.start, datetime) else self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """One plan as one reader sees it: entries in the order of time. `refresh` is an ISO 8601 duration, such as PT6H.

    `guidance` is what holds for each visit (at `full`), `keep_on` what of it is to be kept up without a date. `stamp`
    is the instant of the plan's last change. `sheet` is what it is printed with, if it is.
    """

    uid: UUID
    title: str
    language: str
    zone: str
    revision: int
    stamp: datetime
    detail: Detail
    reader: Reader
    entries: tuple[Entry, ...]
    guidance: tuple[str, ...]
    plan: Plan
    wording: Wording
    clinic: ClinicCard
    refresh: str
    sheet: Sheet | None = None
    keep_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", clean(self.title))
        if not re.fullmatch(r"P(?=.)(\d+W|(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)", self.refresh):
            sentence = f"refresh: {self.refresh!r} is not a duration; write it as PT6H"
            raise InvalidValue(sentence, field="refresh")

    def cycles(self) -> tuple[Cycle, ...]:
        """The cycles that may be drawn: none after death, and only doses with a time once pregnancy is recorded."""
        if _has_died(self.plan):
            return ()
        if not mentions_pregnancy(self.plan):
            return self.plan.cycles
        return tuple(seen for seen in map(_with_dated_doses, self.plan.cycles) if seen.doses)


def build_view(
    stamped: Iterable[StampedEvent],
    plan: Plan,
    *,
    wording: Wording,
    detail: Detail,
    reader: Reader,
    clinic: ClinicCard,
    stamp: datetime,
    uid: UUID,
    today: date,
    keep_cancelled_days: int = 30,
    alarms: tuple[timedelta, ...] = (),
    refresh: str = "PT6H",
    changed_at: datetime | None = None,
    sheet: Sheet | None = None,
) -> CalendarView:
    """What `reader` sees of `plan` on `today` (a date in the clinic's zone), at the level `detail`.

    `changed_at` is when the feed's own settings (level, language, alarms), or what all entries say, last changed:
    no entry counts as older. `alarms` are lead times before each visit and check.
    """
    zone = plan.course.zone
    kinds = () if reader is Reader.CARER else kept_on(plan)
    texts = Texts(wording=wording, detail=detail, clinic=clinic, regimen=plan.regimen, zone=zone, kept_on=kinds)
    kept = today - timedelta(days=keep_cancelled_days)
    seen = (_local(one, zone) for one in stamped if _may_see(one.event, plan, reader))
    entries = [
        _entry(one, texts, plan, reader=reader, alarms=alarms, changed_at=changed_at)
        for one in seen
        if one.cancelled is None or _still_told(one.event, plan, kept)
    ]
    return CalendarView(
        uid=uid,
        title=texts.calendar_title(),
        language=wording.language,
        zone=zone,
        revision=plan.revision,
        stamp=_stamp(stamp, changed_at),
        detail=detail,
        reader=reader,
        entries=tuple(sorted(entries, key=_in_order_of_time)),
        guidance=() if _has_died(plan) else (*texts.guidance(), *texts.keep_on()),
        plan=plan,
        wording=wording,
        clinic=clinic,
        refresh=refresh,
        sheet=sheet,
        keep_on=texts.keep_on(),
    )


def kept_on(plan: Plan) -> tuple[WindowKind, ...]:
    """What the patient is to keep up, and to ask before stopping, since no source says for how long; each once."""
    if mentions_pregnancy(plan) or _has_died(plan):
        return ()
    return tuple(dict.fromkeys(window.kind for window in plan.windows if window.shown and window.not_stated))


# -------------------------------------------------------------------------------------------------------------


def _may_see(event: Event, plan: Plan, reader: Reader) -> bool:
    if _has_died(plan):
        return False
    if event.reproductive and (reader is Reader.CARER or mentions_pregnancy(plan)):
        return False
    return not event.private or reader is Reader.STAFF


def _still_told(event: Event, plan: Plan, kept: date) -> bool:
    # A window that is "cancelled" could be read as leave to stop; it just goes.
    if event.kind is EventKind.WINDOW or mentions_pregnancy(plan):
        return False
    last = event.end.date() if isinstance(event.end, datetime) else event.end
    return last >= kept


def _has_died(plan: Plan) -> bool:
    return plan.ceased is not None and plan.ceased.cause is CeaseCause.DEATH


def _with_dated_doses(cycle: Cycle) -> Cycle:
    doses = tuple(dose for dose in cycle.doses if dose.times is not None)
    return Cycle(
        number=cycle.number, day1=cycle.day1, length_days=cycle.length_days, last_day=cycle.last_day, doses=doses
    )


def _local(stamped: StampedEvent, zone: str) -> StampedEvent:
    """The same with every instant in `zone`, whatever zone a store gave them back in."""
    event, moved, tz = stamped.event, stamped.moved_from, zone_of(zone)
    if not (isinstance(event.start, datetime) and isinstance(event.end, datetime)):
        return stamped
    leave, arrival = event.leave_not_before, event.arrival
    if all(
        not isinstance(each, datetime) or each.tzinfo is tz for each in (event.start, event.end, arrival, leave, moved)
    ):
        return stamped
    local = replace(
        event,
        start=event.start.astimezone(tz),
        end=event.end.astimezone(tz),
        arrival=arrival and arrival.astimezone(tz),
        leave_not_before=leave and leave.astimezone(tz),
    )
    return replace(stamped, event=local, moved_from=moved.astimezone(tz) if isinstance(moved, datetime) else moved)


def _entry(
    stamped: StampedEvent,
    texts: Texts,
    plan: Plan,
    *,
    reader: Reader,
    alarms: tuple[timedelta, ...],
    changed_at: datetime | None,
) -> Entry:
    event = stamped.event
    last_modified = _stamp(stamped.last_modified, changed_at)
    lines = texts.lines(stamped)
    gone = stamped.cancelled is not None
    parts = (*lines, *texts.beside(stamped), texts.updated(last_modified))
    return Entry(
        uid=stamped.uid,
        key=event.key,
        kind=event.kind,
        sequence=stamped.sequence,
        created=_stamp(stamped.created, None),
        last_modified=last_modified,
        start=event.start,
        end=event.end,
        status=_status(stamped),
        summary=texts.title(stamped),
        description="\n".join(filter(None, parts)),
        location=texts.place(event),
        busy=not event.all_day and not gone,
        brief=texts.brief(event),
        arrival=None if gone else event.arrival,
        leave=None if gone else event.leave_not_before,
        moved_from=None if gone else stamped.moved_from,
        alarms=() if gone else _alarms(event, alarms),
        lines=lines,
        content=event.agents or event.checks,
        staff_note=staff_note(event, plan, wording=texts.wording) if reader is Reader.STAFF else "",
        open_end=event.open_end,
    )


def _status(stamped: StampedEvent) -> Status:
    if stamped.cancelled is not None:
        return Status.CANCELLED
    return Status.CONFIRMED if stamped.event.confirmed else Status.TENTATIVE


def _alarms(event: Event, leads: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    if event.kind in (EventKind.INFUSION, EventKind.BAG_CHANGE, EventKind.DISCONNECT):
        return tuple(sorted(set(leads), reverse=True))
    if event.kind not in (EventKind.CHECK, EventKind.HOME, EventKind.STAY):
        return ()  # the stay is part of the visit, and a window's last day is no day to be called up
    # A whole day starts at midnight: "a day before" is told at nine in the morning of that day, not at night.
    days = sorted({lead.days for lead in leads if lead.days}, reverse=True)
    return tuple(timedelta(days=count) - timedelta(hours=9) for count in days)


def _stamp(at: datetime, changed_at: datetime | None) -> datetime:
    latest = at if changed_at is None else max(at, changed_at)
    return latest.astimezone(UTC).replace(microsecond=0)


def _in_order_of_time(entry: Entry) -> tuple[date, bool, datetime | None, str]:
    # Only entries of the same sort and date compare their times, so a date never meets an instant.
    start = entry.start.astimezone(UTC) if isinstance(entry.start, datetime) else None
    return entry.first_date, start is not None, start, entry.key
