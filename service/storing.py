"""Stores the beginning of a course: what is known of the patient, what has happened so far, and all that follows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db import recipient_store, store
from db.engine import Session
from db.stored import StoredAction, StoredCourse, StoredRevision
from reminders import outbox
from scheduler import events, restamp
from scheduler.actions import Action
from scheduler.plan import Plan
from service import audit, bodies, day_upkeep
from service.audit import What
from service.carers import NewCarer, carer_of
from service.loading import facts_of
from service.patients import Guardian, guardian_of
from service.steps import Deed

if TYPE_CHECKING:
    from service.wiring import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A course as it begins. `course` stands at the revision after its `actions`, `plan` is the one that they lead to.

    All of it is recorded by the deed's person at the deed's instant.
    """

    course: StoredCourse
    plan: Plan
    actions: tuple[Action, ...]
    guardian: Guardian | None
    carers: tuple[NewCarer, ...]


def store_beginning(app: "App", session: Session, begun: Beginning, deed: Deed) -> None:
    """Stores it within a transaction. Nothing is a change: who is moved in was told of the past by people."""
    course = begun.course
    store.add_course(session, course)
    for number in range(len(begun.actions) + 1):
        store.add_revision(session, course.clinic_id, _revision(course, number, deed))
    for number, action in enumerate(begun.actions, start=1):
        store.add_action(session, course, StoredAction(number=number, action=action, by=deed.by, recorded_at=deed.at))
    _keep_recipients(session, begun, deed)
    # Nobody saw a calendar before: what was planned otherwise at first is neither moved nor cancelled in it.
    stamped = restamp({}, events(begun.plan), begun.plan, at=deed.at)
    store.save_events(session, course, {}, stamped)
    bodies.rebuild(app, session, course, begun.plan, stamped, now=deed.at)
    day_upkeep.keep(app, session, course, begun.plan, now=deed.at)
    outbox.after_change(
        session,
        facts_of(app, session, course, begun.plan, now=deed.at),
        {},
        stamped,
        revision=course.revision,
        first=True,
        patient_told=True,
        now=deed.at,
    )
    audit.note(
        session,
        What.COURSE_MOVED_IN if begun.actions else What.COURSE_STARTED,
        clinic_id=course.clinic_id,
        by=deed.by,
        at=deed.at,
        course_id=course.course.id,
        revision=course.revision,
        actions=len(begun.actions),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _revision(course: StoredCourse, number: int, deed: Deed) -> StoredRevision:
    first = number == 0  # the request belongs to the start
    return StoredRevision(
        course_id=course.course.id,
        number=number,
        recorded_at=deed.at,
        by=deed.by,
        action_number=number or None,
        request_id=deed.request.id if first else None,
        request_digest=deed.request.digest if first else None,
        patient_told=not first,
    )


def _keep_recipients(session: Session, begun: Beginning, deed: Deed) -> None:
    course = begun.course
    if begun.guardian is not None:
        guardian = guardian_of(course, None, begun.guardian, by=deed.by, now=deed.at)
        recipient_store.save_recipient(session, guardian)
    for number, new in enumerate(begun.carers, start=1):
        recipient_store.save_recipient(session, carer_of(course, new, number, by=deed.by, now=deed.at))
