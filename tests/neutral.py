"""What a calendar program knows of an event, in a form that all our readers can give, whatever language they are in."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from calendars.view import CalendarView, Entry
from tests.readers import ReadEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralEvent:
    """An event: instants as 2026-12-07T14:00:00Z or civil dates (`end` exclusive), alarms as seconds before the start."""

    uid: str
    start: str
    end: str
    status: str
    summary: str
    description: str
    location: str
    alarms: tuple[int, ...]


def instant(seconds: float) -> str:
    """The instant that is so many seconds after the epoch."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def of_entry(entry: Entry) -> NeutralEvent:
    """What a program shall know of an entry: told from the view, without a look at the bytes."""
    end = entry.end if isinstance(entry.end, datetime) else entry.end + timedelta(days=1)
    return NeutralEvent(
        uid=str(entry.uid),
        start=_moment(entry.start),
        end=_moment(end),
        status=entry.status.value,
        summary=entry.summary,
        description=entry.description,
        location=entry.location,
        alarms=tuple(int(lead.total_seconds()) for lead in entry.alarms),
    )


def of_view(view: CalendarView) -> dict[str, NeutralEvent]:
    """The same of all entries, by UID."""
    return {str(entry.uid): of_entry(entry) for entry in view.entries}


def of_read(event: ReadEvent) -> NeutralEvent:
    """What one of the Python parsers read."""
    return NeutralEvent(
        uid=event.uid,
        start=_moment(event.start),
        end=_moment(event.end),
        status=event.status,
        summary=event.summary,
        description=event.description,
        location=event.location,
        alarms=tuple(int(alarm.before.total_seconds()) for alarm in event.alarms),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _moment(moment: date | datetime) -> str:
    return instant(moment.timestamp()) if isinstance(moment, datetime) else moment.isoformat()
