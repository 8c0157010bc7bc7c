"""A visit as a calendar file in a mail (RFC 5546, 6047): for readers without a feed, in which it would stand twice.

The same UID as in a feed, so that a reader who subscribes later has one entry. One event a file. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from calendars.ical import render_message
from calendars.kinds import ClinicCard, Reader
from calendars.view import build_view
from calendars.wording import Wording
from reminders.rules import Recipient
from scheduler.events import EventKind, StampedEvent
from scheduler.plan import Plan


class Method(StrEnum):
    """What the reader's program is to do: keep the event as it is now, or take it as cancelled."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFile:
    """A calendar file of one event: UTF-8 with CRLF. `method` stands in it, too."""

    method: Method
    content: bytes


def calendar_files(
    stamped: Iterable[StampedEvent],
    plan: Plan,
    recipient: Recipient,
    *,
    wording: Wording,
    clinic: ClinicCard,
    organizer: str,
) -> tuple[CalendarFile, ...]:
    """The visits among these events, as much of each as the recipient may see; none if they want no such files."""
    if not recipient.calendar:
        return ()
    files = []
    for each in stamped:
        view = build_view(
            [each] if each.event.kind is EventKind.INFUSION else (),
            plan,
            wording=wording,
            detail=recipient.detail,
            reader=Reader.PATIENT if recipient.is_patient else Reader.CARER,
            clinic=clinic,
            stamp=each.last_modified,
            uid=each.uid,
            today=plan.today,
        )
        if view.entries:
            method = Method.CANCEL if each.cancelled else Method.PUBLISH
            content = render_message(view, method=method.value, organizer=organizer)
            files.append(CalendarFile(method=method, content=content))
    return tuple(files)
