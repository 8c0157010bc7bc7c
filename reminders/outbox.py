"""Decides which messages wait, in the transaction of the action that causes them. Stores through db/outbox_store.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.engine import Session
from reminders.policy import Recipient, ReminderPolicy
from scheduler.events import StampedEvent
from scheduler.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFacts:
    """What the outbox needs to know of a course. `plan` is the current one."""

    clinic_id: int
    course_id: UUID
    email: str | None
    consent: bool
    language: str
    patient_zone: str
    plan: Plan
    policy: ReminderPolicy

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Who gets mails: nobody without an address and consent."""
        return (Recipient(zone=self.patient_zone),) if self.email and self.consent else ()


def after_change(
    session: Session,
    facts: CourseFacts,
    before: Mapping[str, StampedEvent],
    after: Mapping[str, StampedEvent],
    *,
    revision: int,
    first: bool,
    patient_told: bool,
    now: datetime,
) -> None:
    """Brings the outbox to what the plan asks for, and adds the notices of what changed from `before` to `after`.

    `facts.plan` is the plan after the change. The `first` revision of a course is no change. Notices that tell of
    a dose held, omitted or ceased wait (`untold`) unless the patient has been told.
    """


def after_told(
    session: Session, facts: CourseFacts, events: Mapping[str, StampedEvent], *, upto: datetime, now: datetime
) -> None:
    """Lets go the notices, written up to and with the instant `upto`, that waited until the patient was told.

    `upto` is when the revision that the patient was told of was recorded; `events` are the current ones.
    """
