"""Rows from domain values, and domain values from rows: the one place where a stored shape is known."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from db.search import same_address, sought
from db.stored import (
    StoredAction,
    StoredAudit,
    StoredBody,
    StoredCourse,
    StoredFeed,
    StoredPage,
    StoredPrint,
    StoredRecipient,
    StoredRegimen,
    StoredRevision,
    StoredToken,
    StoredUser,
)
from db.tables import (
    ActionRow,
    ApiTokenRow,
    AuditRow,
    CourseRow,
    DayFactRow,
    EventRow,
    FeedRow,
    JsonObject,
    PageRow,
    PrintRow,
    RecipientRow,
    RegimenContentRow,
    RevisionRow,
    UserRow,
)
from scheduler.action_fields import action_from_fields, action_to_fields, course_from_fields, course_to_fields
from scheduler.dates import zone_of
from scheduler.day_facts import DayFact, FactKind
from scheduler.events import Cancelled, Event, EventKind, StampedEvent
from scheduler.regimen import When, WindowKind


def regimen_to_row(regimen: StoredRegimen) -> RegimenContentRow:
    return RegimenContentRow(**_values(regimen))


def regimen_from_row(row: RegimenContentRow) -> StoredRegimen:
    return StoredRegimen(**_columns(row, StoredRegimen))


def course_to_row(stored: StoredCourse) -> CourseRow:
    values = _values(stored)
    course, regimen = values.pop("course"), values.pop("regimen")
    return CourseRow(
        id=course.id,
        regimen_id=regimen.id,
        regimen_digest=regimen.digest,
        fields=course_to_fields(course),
        sought=sought(stored.patient),
        mail_key=same_address(stored.email or ""),
        **values,
    )


def course_from_row(row: CourseRow, regimen: RegimenContentRow) -> StoredCourse:
    course = course_from_fields(row.fields)
    return StoredCourse(
        course=course, regimen=regimen_from_row(regimen), **_columns(row, StoredCourse, "course", "regimen")
    )


def action_to_row(stored: StoredAction, clinic_id: int, course_id: UUID) -> ActionRow:
    return ActionRow(
        clinic_id=clinic_id,
        course_id=course_id,
        number=stored.number,
        kind=stored.action.kind,
        fields=action_to_fields(stored.action),
        regimen_digest=stored.regimen_digest,
        by=stored.by,
        recorded_at=stored.recorded_at,
    )


def action_from_row(row: ActionRow) -> StoredAction:
    action = action_from_fields(row.kind, row.fields)
    return StoredAction(action=action, **_columns(row, StoredAction, "action"))


def revision_to_row(stored: StoredRevision, clinic_id: int) -> RevisionRow:
    return RevisionRow(clinic_id=clinic_id, **_values(stored))


def revision_from_row(row: RevisionRow) -> StoredRevision:
    return StoredRevision(**_columns(row, StoredRevision))


def event_to_row(stamped: StampedEvent, clinic_id: int, course_id: UUID) -> EventRow:
    return EventRow(
        clinic_id=clinic_id,
        course_id=course_id,
        key=stamped.event.key,
        uid=stamped.uid,
        sequence=stamped.sequence,
        created_at=stamped.created,
        last_modified=stamped.last_modified,
        cancelled=stamped.cancelled.value if stamped.cancelled else None,
        moved_from=write_moment(stamped.moved_from) if stamped.moved_from else None,
        fields=event_to_fields(stamped.event),
    )


def fact_to_columns(fact: DayFact) -> dict[str, Any]:
    """What of a fact can change; its key names it."""
    return {
        "kind": fact.kind.value,
        "first_day": fact.first,
        "last_day": fact.last,
        "starts": fact.start,
        "ends": fact.end,
        "ref": fact.ref,
        "detail": dict(fact.detail),
    }


def fact_from_row(row: DayFactRow) -> DayFact:
    return DayFact(
        key=row.key,
        kind=FactKind(row.kind),
        first=row.first_day,
        last=row.last_day,
        start=row.starts,
        end=row.ends,
        ref=row.ref,
        detail=row.detail,
    )


def event_from_row(row: EventRow) -> StampedEvent:
    return StampedEvent(
        event=event_from_fields(row.key, row.fields),
        uid=row.uid,
        sequence=row.sequence,
        created=row.created_at,
        last_modified=row.last_modified,
        cancelled=Cancelled(row.cancelled) if row.cancelled else None,
        moved_from=read_moment(row.moved_from) if row.moved_from else None,
    )


def feed_to_row(feed: StoredFeed, body: StoredBody, token_hash: str) -> FeedRow:
    values = _values(feed) | {"alarms": list(feed.alarms)}
    return FeedRow(token_hash=token_hash, **body_to_columns(body), **values)


def print_to_row(stored: StoredPrint, token_hash: str) -> PrintRow:
    return PrintRow(token_hash=token_hash, **_values(stored))


def print_from_row(row: PrintRow) -> StoredPrint:
    return StoredPrint(**_columns(row, StoredPrint))


def page_to_row(stored: StoredPage, token_hash: str) -> PageRow:
    return PageRow(token_hash=token_hash, **_values(stored))


def page_from_row(row: PageRow) -> StoredPage:
    return StoredPage(**_columns(row, StoredPage))


def body_to_columns(body: StoredBody) -> dict[str, Any]:
    values = _values(body)
    return {"body_modified_at": values.pop("modified_at"), **values}


def feed_from_row(row: FeedRow) -> StoredFeed:
    return StoredFeed(alarms=tuple(row.alarms), **_columns(row, StoredFeed, "alarms"))


def body_from_row(row: FeedRow) -> StoredBody:
    return StoredBody(modified_at=row.body_modified_at, **_columns(row, StoredBody, "modified_at"))


def recipient_to_columns(recipient: StoredRecipient) -> dict[str, Any]:
    choice = {kind: list(days) for kind, days in recipient.choice.items()}
    return _values(recipient) | {"choice": choice, "mail_key": same_address(recipient.email)}


def recipient_from_row(row: RecipientRow) -> StoredRecipient:
    choice = {kind: tuple(days) for kind, days in row.choice.items()}
    return StoredRecipient(choice=choice, **_columns(row, StoredRecipient, "choice"))


def user_from_row(row: UserRow) -> StoredUser:
    return StoredUser(**_columns(row, StoredUser))


def token_from_row(row: ApiTokenRow, user: UserRow | None) -> StoredToken:
    return StoredToken(user=user_from_row(user) if user else None, **_columns(row, StoredToken, "user"))


def audit_from_row(row: AuditRow) -> StoredAudit:
    return StoredAudit(**_columns(row, StoredAudit))


def event_to_fields(event: Event) -> JsonObject:
    """The event's fields but its key as JSON values, without those that have their default."""
    return {
        field.name: _plain(getattr(event, field.name))
        for field in fields(event)
        if field.name != "key" and getattr(event, field.name) != field.default
    }


def event_from_fields(key: str, plain: Mapping[str, Any]) -> Event:
    """The event that event_to_fields wrote, with that key."""
    return Event(key=key, **{name: _READERS.get(name, _same)(value) for name, value in plain.items()})


def write_moment(moment: date | datetime) -> str:
    """A civil date in ISO form, or an instant with its offset and zone: 2026-12-07T09:00:00-05:00[America/New_York]."""
    return f"{moment.isoformat()}[{moment.tzinfo}]" if isinstance(moment, datetime) else moment.isoformat()


def read_moment(text: str) -> date | datetime:
    """The date or instant that write_moment wrote; the offset decides in the hour that occurs twice."""
    instant, _, zone = text.removesuffix("]").partition("[")
    return datetime.fromisoformat(instant).astimezone(zone_of(zone)) if zone else date.fromisoformat(instant)


# ---------------------------------------------------------------------------------------------------------------------


def _values(stored: Any) -> dict[str, Any]:
    return {name: getattr(stored, name) for name in _names(stored.__class__)}


def _columns(row: object, wanted: Any, *but: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _names(wanted, *but)}


@cache
def _names(kind: Any, *but: str) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in but)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return write_moment(value)
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def _same(value: object) -> object:
    return value


_READERS: Mapping[str, Any] = {
    "kind": EventKind,
    "start": read_moment,
    "end": read_moment,
    "arrival": read_moment,
    "leave_not_before": read_moment,
    "checks": tuple,
    "when": When,
    "window": WindowKind,
    "agents": tuple,
    "until": read_moment,
}
