"""The record of who did what, written in the deed's transaction. It holds ids and numbers, no patients' names."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from db.engine import Session, reading
from db.store import add_audit, audit_of
from db.stored import StoredAudit
from scheduler.errors import InvalidValue

if TYPE_CHECKING:
    from service.steps import Request
    from service.wiring import App

HOME_CLINIC = 1  # the clinic that `migrate` makes


class What(StrEnum):
    """The deeds that are recorded."""

    COURSE_STARTED = "course-started"
    ACTION_RECORDED = "action-recorded"
    PATIENT_TOLD = "patient-told"
    NEUTRAL_NOTICE = "neutral-notice"
    MAIL_HURRIED = "mail-hurried"
    MAILS_PAUSED = "mails-paused"
    MAILS_RESUMED = "mails-resumed"
    LINE_HANDLED = "line-handled"
    CARER_ADDED = "carer-added"
    CARER_REMOVED = "carer-removed"
    MAILS_CHOSEN = "mails-chosen"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"
    FEED_MADE = "feed-made"
    FEED_REVOKED = "feed-revoked"
    CALENDAR_PRINTED = "calendar-printed"
    PRINT_REVOKED = "print-revoked"
    ADDRESS_SUPPRESSED = "address-suppressed"
    ADDRESS_RELEASED = "address-released"
    SENDING_STOPPED = "sending-stopped"
    SENDING_STARTED = "sending-started"
    MAILS_SETTLED = "mails-settled"
    USER_ADDED = "user-added"
    USER_DISABLED = "user-disabled"
    PASSWORD_SET = "password-set"  # noqa: S105 - a deed's name
    SIGNED_IN = "signed-in"


def note(
    session: Session,
    what: What,
    *,
    clinic_id: int,
    by: str,
    at: datetime,
    course_id: UUID | None = None,
    request: "Request | None" = None,
    **detail: str | int | None,
) -> None:
    """Appends one entry; InvalidValue when nobody is named. `detail` carries ids and numbers only.

    `request`: of a deed that makes no revision, so that its repeat is known.
    """
    if not by.strip():
        raise InvalidValue("by: who does this must be named; give a user's name", field="by")
    entry = StoredAudit(
        at=at,
        by=by,
        what=what.value,
        course_id=course_id,
        detail=dict(detail),
        request_id=request.id if request else None,
        request_digest=request.digest if request else None,
    )
    add_audit(session, clinic_id, entry)


def entries(app: "App", course_id: UUID | None = None, *, clinic_id: int = HOME_CLINIC) -> tuple[StoredAudit, ...]:
    """The clinic's record, or what of it concerns one course, the oldest first; instants in UTC."""
    with reading(app.engine) as session:
        return audit_of(session, clinic_id, course_id)
