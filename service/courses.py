"""What staff do with a course. Each use case is one transaction: all of it is stored, or nothing."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from db import store
from db.engine import Session, reading, writing
from db.store import Conflict
from db.stored import StoredAction, StoredCourse, StoredRevision
from reminders import outbox
from reminders.policy import Notice, Recipient, describe_change
from scheduler import (
    action_to_fields,
    build_plan,
    changes,
    check_action,
    check_course,
    course_to_fields,
    events,
    restamp,
)
from scheduler.actions import Action, RegimenChange
from scheduler.changes import Changes
from scheduler.course import Course
from scheduler.dates import zone_of
from scheduler.errors import InfusionsError, InvalidValue
from scheduler.events import StampedEvent
from scheduler.plan import Plan
from scheduler.regimen import Regimen
from service import audit, feeds
from service.audit import HOME_CLINIC, What
from service.clinic import clinic_rules, years_of
from service.clock import today_in
from service.config_values import Unreadable, mail_address
from service.loading import LoadedCourse, NotFound, day1_of, facts_of, kept_regimen, load, state_of

if TYPE_CHECKING:
    from service.wiring import App

MAX_NAME = 200
T = TypeVar("T")


class StaleRevision(InfusionsError):
    """The course has moved on since the page was made: `changes` tells what it did from there to `current`."""

    def __init__(self, seen: int, current: int, difference: Changes) -> None:
        super().__init__(f"the course is at revision {current}, not {seen}; look at what changed, then record anew")
        self.seen = seen
        self.current = current
        self.changes = difference


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCourse:
    """A course to start. `consent`: the patient agreed to mails at `email`; their times are in `patient_zone`."""

    regimen_id: str
    patient: str
    course: Course
    email: str | None
    consent: bool
    language: str
    patient_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a recorded action led to. `repeated`: the request had come before, and nothing was stored again."""

    revision: int
    plan: Plan
    changes: Changes
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an action would lead to; nothing is stored. `notices`: the mails that it would send or withdraw."""

    before: Plan
    after: Plan
    changes: Changes
    notices: tuple[Notice, ...]


def start_course(
    app: "App", new: NewCourse, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> UUID:
    """Starts a course and gives its id; a repeated request gives the id of the first.

    Raises InvalidValue, Rejected or NeedsReason when it can't start like this, RequestReused when it isn't the same.
    """
    _check_new(app, new)
    request = Request.of(request_id, "start", _new_as_fields(new))
    return _again_after_conflict(lambda: _start(app, new, by, request, clinic_id))


def record(
    app: "App",
    course_id: UUID,
    action: Action,
    *,
    by: str,
    seen_revision: int | None = None,
    request_id: str | None = None,
    patient_told: bool = False,
    clinic_id: int = HOME_CLINIC,
) -> Outcome:
    """Records the action; with `seen_revision` only if the course is still at it.

    Raises NotFound, StaleRevision, Rejected, NeedsReason, or RequestReused; then nothing is stored.
    """
    asked = [str(course_id), action.kind, action_to_fields(action), patient_told]
    request = Request.of(request_id, "record", asked)

    def once() -> Outcome:
        with writing(app.engine) as session:
            now = app.now()
            loaded = load(app, session, clinic_id, course_id, now=now, to_change=True)
            earlier = request.earlier(session, clinic_id)
            if earlier is not None:
                return _outcome_of(loaded, earlier.number)
            _refuse_stale(loaded, seen_revision)
            step = take_step(app, loaded, action, now)
            store_step(app, session, loaded, step, by, request, now, patient_told=patient_told)
            return Outcome(revision=step.number, plan=step.plan, changes=step.changes, repeated=False)

    return _again_after_conflict(once)


def preview(app: "App", course_id: UUID, action: Action, *, clinic_id: int = HOME_CLINIC) -> Preview:
    """What recording the action would change. Raises what `record` would, and stores nothing."""
    now = app.now()
    with reading(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id, now=now)
    step = take_step(app, loaded, action, now)
    before = loaded.plan()
    facts = facts_of(app, loaded.stored, step.plan)
    notices = describe_change(
        loaded.stamped.values(),
        step.stamped.values(),
        plan_before=before,
        plan=step.plan,
        recipient=Recipient(zone=facts.patient_zone),
        policy=facts.policy,
        now=now,
    )
    told = notices if facts.email and facts.consent else ()
    return Preview(before=before, after=step.plan, changes=step.changes, notices=told)


def tell_patient(app: "App", course_id: UUID, revision: int, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Notes that staff have told the patient what that revision changed, so that its notice may go.

    Raises NotFound when the course, or that revision of it, isn't there; a second time changes nothing.
    """
    with writing(app.engine) as session:
        now = app.now()
        loaded = load(app, session, clinic_id, course_id, now=now, to_change=True)
        if not 1 <= revision <= loaded.stored.revision:
            raise NotFound(f"course {course_id}: there is no revision {revision}; see `infusions history {course_id}`")
        if not store.mark_told(session, loaded.stored, revision):
            return
        outbox.patient_told(session, facts_of(app, loaded.stored, loaded.plan()), revision=revision, now=now)
        note(session, What.PATIENT_TOLD, loaded.stored, by, now, revision=revision)


# ---------------------------------------------------------------------------------------------------------------------


def _check_new(app: "App", new: NewCourse) -> None:
    if not new.patient.strip() or len(new.patient) > MAX_NAME or not new.patient.isprintable():
        message = f"patient: give a name of 1 to {MAX_NAME} characters on one line"
        raise InvalidValue(message, field="patient")
    if new.language not in app.wordings:
        known = ", ".join(sorted(app.wordings))
        raise InvalidValue(f"language {new.language!r}: there is no wording; there is: {known}", field="language")
    zone_of(new.patient_zone)
    try:
        mail_address(new.email or "")
    except Unreadable as fault:
        raise InvalidValue(f"email: {fault}", field="email") from None


def _new_as_fields(new: NewCourse) -> dict[str, object]:
    # The id is made anew for each request, so it doesn't tell whether two ask for the same.
    fields = {"regimen": new.regimen_id, "course": course_to_fields(new.course) | {"id": ""}}
    for name in ("patient", "email", "consent", "language", "patient_zone"):
        fields[name] = getattr(new, name)
    return fields


def _start(app: "App", new: NewCourse, by: str, request: Request, clinic_id: int) -> UUID:
    regimen = app.catalogue.regimen(new.regimen_id)
    check_course(regimen, new.course)
    with writing(app.engine) as session:
        earlier = request.earlier(session, clinic_id)
        if earlier is not None:
            return earlier.course_id
        now = app.now()
        today = today_in(new.course.zone, now)
        rules = clinic_rules(app.settings, regimen, years_of(new.course.day1, today))
        plan = build_plan(regimen, new.course, (), today=today, clinic=rules)
        stored = StoredCourse(
            clinic_id=clinic_id,
            patient=new.patient.strip(),
            email=new.email or None,
            consent=new.consent,
            language=new.language,
            patient_zone=new.patient_zone,
            regimen=kept_regimen(app, regimen),
            course=new.course,
            revision=0,
            day1=day1_of(plan),
            state=state_of(plan).value,
            created_at=now,
            created_by=by,
        )
        store.add_course(session, stored)
        add_revision(session, stored, 0, by, request, now)
        stamped = restamp({}, events(plan), plan, at=now)
        store.save_events(session, stored, {}, stamped)
        tell(app, session, stored, plan, {}, stamped, now, patient_told=False)
        note(session, What.COURSE_STARTED, stored, by, now)
    return new.course.id


def _refuse_stale(loaded: LoadedCourse, seen: int | None) -> None:
    current = loaded.stored.revision
    if seen is None or seen == current:
        return
    if not 0 <= seen <= current:
        message = f"seen revision {seen}: the course is at revision {current}; look at it anew"
        raise InvalidValue(message, field="seen_revision")
    raise StaleRevision(seen, current, changes(events(loaded.plan(seen)), events(loaded.plan())))


def _outcome_of(loaded: LoadedCourse, number: int) -> Outcome:
    plan = loaded.plan(number)
    difference = changes(events(loaded.plan(number - 1)), events(plan))
    return Outcome(revision=number, plan=plan, changes=difference, repeated=True)


def _latest(app: "App", loaded: LoadedCourse) -> Regimen | None:
    return app.catalogue.by_id().get(loaded.regimen.id)


def _again_after_conflict(use_case: Callable[[], T]) -> T:
    """Two equal requests at once, on a database that lets both begin: the later one finds what the earlier stored."""
    try:
        return use_case()
    except Conflict:
        pass
    try:
        return use_case()
    except Conflict as error:
        message = "somebody else stored the same at this moment, or the course's id is taken; look, then try again"
        raise InfusionsError(message) from error
