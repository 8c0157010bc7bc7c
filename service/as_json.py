"""What lists show, as plain JSON values: `--json` on the command line and the HTTP interface say the same."""

from datetime import date
from typing import TYPE_CHECKING

from scheduler import action_to_fields
from scheduler.regimen import Regimen

if TYPE_CHECKING:
    from service.carers import RecipientLine
    from service.feeds import FeedLine
    from service.messages import StoredMessage
    from service.page_links import LinkLine
    from service.prints import PrintLine
    from service.queries import CourseLine, HistoryEntry
    from service.worklist import Line


def regimen_json(regimen: Regimen) -> dict[str, object]:
    """A regimen in a list."""
    return {
        "id": regimen.id,
        "version": regimen.version,
        "name": regimen.name,
        "agents": [agent.name for agent in regimen.agents.values()],
        "jurisdictions": list(regimen.jurisdictions),
        "label_date": _iso(regimen.label_date),
        "checked_by": regimen.checked_by,
    }


def course_json(line: "CourseLine") -> dict[str, object]:
    """A course in a list."""
    return {
        "course": str(line.id),
        "patient": line.patient,
        "regimen": line.regimen_name,
        "day1": line.day1.isoformat(),
        "next_visit": _iso(line.next_visit),
        "state": str(line.state),
        "revision": line.revision,
        "spoken_language": line.spoken_language or None,
        "interpreter": line.interpreter,
    }


def entry_json(entry: "HistoryEntry") -> dict[str, object]:
    """An entry of a history."""
    return {
        "number": entry.number,
        "kind": entry.action.kind,
        "fields": action_to_fields(entry.action),
        "by": entry.by,
        "recorded_at": entry.recorded_at.isoformat(),
        "stands": entry.stands,
        "patient_told": entry.patient_told,
    }


def feed_json(line: "FeedLine") -> dict[str, object]:
    """A feed in a list: never its address."""
    return {
        "feed": str(line.id),
        "name": line.name,
        "for": str(line.reader),
        "detail": str(line.detail),
        "language": line.language,
        "alarm_minutes": [int(lead.total_seconds()) // 60 for lead in line.alarms],
        "state": str(line.state),
        "created_at": line.created_at.isoformat(),
        "expires_at": _iso(line.expires_at),
        "revoked_at": _iso(line.revoked_at),
        "last_fetched_at": _iso(line.last_fetched_at),
        "last_client": line.last_client,
    }


def page_json(line: "LinkLine") -> dict[str, object]:
    """A link to a patient's page in a list: never its address."""
    return {
        "page": str(line.id),
        "name": line.name,
        "detail": str(line.detail),
        "language": line.language,
        "state": page_state(line),
        "made_at": line.made_at.isoformat(),
        "made_by": line.made_by,
        "revoked_at": _iso(line.revoked_at),
        "last_seen_at": _iso(line.last_seen_at),
    }


def page_state(line: "LinkLine") -> str:
    """Whether the link's address still tells anything."""
    return "live" if line.revoked_at is None else "revoked"


def print_json(line: "PrintLine") -> dict[str, object]:
    """A print in a list."""
    return {
        "print": str(line.id),
        "printed_at": line.printed_at.isoformat(),
        "by": line.printed_by,
        "revision": line.revision,
        "for": line.look.reader,
        "detail": line.look.detail,
        "language": line.look.language,
        "paper": line.look.paper,
        "large_print": line.look.large_print,
        "outdated": line.outdated,
        "revoked_at": _iso(line.revoked_at),
    }


def reminder_json(message: "StoredMessage") -> dict[str, object]:
    """A message, on its way or gone."""
    return {
        "id": message.id,
        "course": str(message.course_id),
        "state": str(message.state),
        "kind": message.kind,
        "event": message.event_key,
        "recipient": message.recipient,
        "send_after": message.send_after.isoformat(),
        "send_before": message.send_before.isoformat(),
        "attempts": message.attempt,
        "outcome": message.outcome,
    }


def recipient_json(line: "RecipientLine") -> dict[str, object]:
    """Somebody who gets mails of a course, or did."""
    return {
        "recipient": line.role,
        "name": line.name,
        "email": line.email or None,
        "consent": line.consent,
        "language": line.language,
        "zone": line.zone,
        "detail": str(line.detail),
        "days_before": {str(kind): list(days) for kind, days in line.choice.items()},
        "calendar": str(line.calendar),
        "withdrawn_at": _iso(line.withdrawn_at),
        "unsubscribed_at": _iso(line.unsubscribed_at),
    }


def line_json(line: "Line") -> dict[str, object]:
    """A line of the worklist."""
    return {
        "course": str(line.course_id),
        "line": line.key,
        "todo": str(line.todo),
        "urgent": line.urgent,
        "since": _iso(line.since),
        "visit": _iso(line.visit),
        "entry": line.number,
        "untold": line.untold,
        "recipient": line.recipient or None,
        "events": list(line.event_keys),
        "reason": line.reason or None,
    }


# ---------------------------------------------------------------------------------------------------------------------


def _iso(when: date | None) -> str | None:
    return when.isoformat() if when else None
