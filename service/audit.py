"""The record of who did what from where, written in the deed's transaction. It holds ids and numbers, no names of
patients.

Each entry is sealed: a keyed hash over it and the seal of the one before, so that a changed, missing or swapped entry
shows (`infusions audit verify`).
"""

import hmac
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from db.audit_store import SEALING_KEY, AuditHead, add_audit, audit_faults, audit_head, audit_of
from db.engine import Engine, Session, reading, writing
from db.store import has_course
from db.stored import StoredAudit
from scheduler.errors import InvalidValue

if TYPE_CHECKING:
    from service.steps import Request
    from service.wiring import App

HOME_CLINIC = 1  # the clinic that `migrate` makes


class What(StrEnum):
    """The deeds that are recorded."""

    COURSE_STARTED = "course-started"
    COURSE_MOVED_IN = "course-moved-in"
    IMPORT_CONFIRMED = "import-confirmed"
    COURSES_EXPORTED = "courses-exported"
    COURSE_VIEWED = "course-viewed"
    PATIENT_CHANGED = "patient-changed"
    LIST_VIEWED = "list-viewed"
    ACTION_RECORDED = "action-recorded"
    PATIENT_TOLD = "patient-told"
    ADVICE_ACKNOWLEDGED = "advice-acknowledged"
    ADVICE_REOPENED = "advice-reopened"
    NEUTRAL_NOTICE = "neutral-notice"
    MAIL_HURRIED = "mail-hurried"
    MAILS_PAUSED = "mails-paused"
    MAILS_RESUMED = "mails-resumed"
    LINE_HANDLED = "line-handled"
    TICKED = "ticked"
    TICK_TAKEN_BACK = "tick-taken-back"
    CARER_ADDED = "carer-added"
    CARER_REMOVED = "carer-removed"
    MAILS_CHOSEN = "mails-chosen"
    UNSUBSCRIBED = "unsubscribed"
    RESUBSCRIBED = "resubscribed"
    FEED_MADE = "feed-made"
    FEED_REVOKED = "feed-revoked"
    CALENDAR_PRINTED = "calendar-printed"
    PRINT_REVOKED = "print-revoked"
    PAGE_LINK_MADE = "page-link-made"
    PAGE_LINK_REVOKED = "page-link-revoked"
    PAGE_LINK_MAILED = "page-link-mailed"
    PAGE_SEEN = "page-seen"
    PAGE_LOOK_CHOSEN = "page-look-chosen"
    ADDRESS_SUPPRESSED = "address-suppressed"
    ADDRESS_RELEASED = "address-released"
    SENDING_STOPPED = "sending-stopped"
    SENDING_STARTED = "sending-started"
    MAILS_SETTLED = "mails-settled"
    SETTINGS_CHANGED = "settings-changed"
    USER_ADDED = "user-added"
    USER_DISABLED = "user-disabled"
    USER_ENABLED = "user-enabled"
    PASSWORD_LINK_MADE = "password-link-made"  # noqa: S105 - a deed's name
    PASSWORD_SET = "password-set"  # noqa: S105 - a deed's name
    ROLE_CHANGED = "user-role-changed"
    TOKEN_MADE = "token-made"  # noqa: S105 - a deed's name
    TOKEN_REVOKED = "token-revoked"  # noqa: S105 - a deed's name
    AUDIT_VIEWED = "audit-viewed"
    AUDIT_EXPORTED = "audit-exported"
    AUDIT_VERIFIED = "audit-verified"
    SIGNED_IN = "signed-in"


# From where the current request or command comes. Thirty use cases would hand it through and say nothing else with it.
_origin: ContextVar[str] = ContextVar("origin", default="")


def sealing(engine: Engine, secret: Callable[[], bytes]) -> Engine:
    """The engine whose audit entries are sealed with a key made from the secret, which is read on first use."""
    return engine.execution_options(**{SEALING_KEY: lambda: sealing_key(secret())})


def sealing_key(secret: bytes) -> bytes:
    """The key of the seals: the secret itself signs links in mails."""
    return hmac.digest(secret, b"audit", "sha256")


def come_from(origin: str) -> None:
    """Notes from where this request or command comes (an address, or the command line), for what it does."""
    _origin.set(origin)


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
        origin=_origin.get(),
        request_id=request.id if request else None,
        request_digest=request.digest if request else None,
    )
    add_audit(session, clinic_id, entry)


def entries(app: "App", course_id: UUID | None = None, *, clinic_id: int = HOME_CLINIC) -> tuple[StoredAudit, ...]:
    """The clinic's record, or what of it concerns one course, the oldest first; instants in UTC."""
    with reading(app.engine) as session:
        return audit_of(session, clinic_id, course_id)


def course_viewed(app: "App", course_id: UUID | str, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Notes that somebody saw that course of the clinic; nothing where there is no such course."""
    try:
        wanted = UUID(str(course_id))
    except ValueError:
        return
    with writing(app.engine) as session:
        if has_course(session, clinic_id, wanted):
            note(session, What.COURSE_VIEWED, clinic_id=clinic_id, by=by, at=app.now(), course_id=wanted)


def list_viewed(app: "App", *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Notes that somebody saw a list of the clinic's patients."""
    with writing(app.engine) as session:
        note(session, What.LIST_VIEWED, clinic_id=clinic_id, by=by, at=app.now())


def faults(app: "App", *, clinic_id: int = HOME_CLINIC) -> tuple[AuditHead, tuple[str, ...]]:
    """The newest entry's number and seal, and a sentence for each place where the record is not as it was written."""
    with reading(app.engine) as session:
        found = tuple(audit_faults(session, clinic_id, sealing_key(app.secret())))
        return audit_head(session, clinic_id), found
