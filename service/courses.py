"""What staff do with a course. Each use case is one transaction: all of it is stored, or nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from db import store
from db.engine import Session, reading, writing
from db.store import Conflict
from db.stored import StoredCourse
from reminders import outbox
from reminders.policy import Notice, describe_change
from scheduler import action_to_fields, build_plan, changes, check_course, course_to_fields, events, last_doses
from scheduler.actions import Action
from scheduler.changes import Changes
from scheduler.course import Course, EarlierDose
from scheduler.dates import zone_of
from scheduler.errors import InfusionsError, InvalidValue
from scheduler.plan import DoseState, Plan
from service import audit
from service.audit import HOME_CLINIC, What
from service.clinic import clinic_rules, years_of
from service.clock import today_in
from service.config_values import Unreadable, mail_address
from service.languages import wording_of
from service.loading import LoadedCourse, NotFound, facts_of, kept_regimen, load, mark_of_policy
from service.steps import Deed, Request, RequestReused, first_step, next_step, send_neutral, store_step

if TYPE_CHECKING:
    from datetime import datetime

    from service.wiring import App

__all__ = [
    "Asked",
    "NewCourse",
    "NotFound",
    "Outcome",
    "Preview",
    "RequestReused",
    "StaleRevision",
    "neutral_notice",
    "preview",
    "preview_each",
    "record",
    "record_each",
    "start_course",
    "tell_patient",
]

MAX_NAME = 200
T = TypeVar("T")


class StaleRevision(InfusionsError):
    """The course has moved on since the page was made: `changes` tells what it did from `seen` to `current`."""

    def __init__(self, seen: int, current: int, difference: Changes) -> None:
        super().__init__(f"the course is at revision {current}, not {seen}; look at what changed, then record anew")
        self.seen = seen
        self.current = current
        self.changes = difference


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCourse:
    """A course to start. `consent`: the patient agreed to mails at `email`; their times are in `patient_zone`.

    `follows`: the patient's earlier course, whose last dose counts for the windows of this one.
    """

    regimen_id: str
    patient: str
    course: Course
    email: str | None
    consent: bool
    language: str
    patient_zone: str
    follows: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a recorded action led to. `repeated`: the request had come before, and nothing was stored again."""

    revision: int
    plan: Plan
    changes: Changes
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an action would lead to; nothing is stored. `notices`: what it would do to the mails."""

    before: Plan
    after: Plan
    changes: Changes
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for a record, by which request, and of which revision; whether the patient knows already, or gets a
    neutral notice."""

    by: str
    seen_revision: int | None
    request: Request
    patient_told: bool
    neutral_notice: bool = False

    def deed(self, at: "datetime", request: Request) -> Deed:
        """The deed of one action at that instant."""
        return Deed(
            by=self.by, at=at, request=request, patient_told=self.patient_told, neutral_notice=self.neutral_notice
        )


Choose = Callable[[LoadedCourse], Sequence[Action]]  # the actions for a course as it is found


def start_course(
    app: "App", new: NewCourse, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> UUID:
    """Starts a course and gives its id; a repeated request gives the id of the first.

    Raises InvalidValue, Rejected or NeedsReason when it can't start like this, RequestReused when it isn't the same.
    """
    _check_new(app, new)
    request = Request.of(request_id, "start", _new_as_fields(new))
    return _again_after_conflict(lambda: _start(app, new, by, request, clinic_id))


def preview_start(app: "App", new: NewCourse, *, clinic_id: int = HOME_CLINIC) -> Plan:
    """The plan that the course would start with. Raises what `start_course` would, and stores nothing."""
    _check_new(app, new)
    with reading(app.engine) as session:
        _, plan = _as_started(app, session, new, by="", clinic_id=clinic_id, now=app.now())
    return plan


def record(
    app: "App",
    course_id: UUID,
    action: Action,
    *,
    by: str,
    seen_revision: int | None = None,
    request_id: str | None = None,
    patient_told: bool = False,
    neutral_notice: bool = False,
    clinic_id: int = HOME_CLINIC,
) -> Outcome:
    """Records the action; with `seen_revision` only if the course is still at it.

    `neutral_notice`: its notice, which would wait until the patient was told, goes and only asks to call.
    Raises NotFound, StaleRevision, Rejected, NeedsReason, RequestReused, or InvalidValue when no neutral notice can
    go; then nothing is stored.
    """
    if patient_told and neutral_notice:
        message = "neutral notice: who knows of the change needs none; choose one of the two"
        raise InvalidValue(message, field="neutral_notice")
    values = ["record", str(course_id), action.kind, action_to_fields(action), patient_told]
    request = Request.of(request_id, *values, *(["neutral"] if neutral_notice else []))
    asked = Asked(
        by=by,
        seen_revision=seen_revision,
        request=request,
        patient_told=patient_told,
        neutral_notice=neutral_notice,
    )
    return record_each(app, course_id, lambda _: (action,), asked, clinic_id=clinic_id)


def preview(app: "App", course_id: UUID, action: Action, *, clinic_id: int = HOME_CLINIC) -> Preview:
    """What recording the action would change. Raises what `record` would, and stores nothing."""
    return preview_each(app, course_id, lambda _: (action,), clinic_id=clinic_id)


def record_each(app: "App", course_id: UUID, choose: Choose, asked: Asked, *, clinic_id: int) -> Outcome:
    """Records what `choose` names, one action after the other, all of them or none; raises what `record` does."""

    def once() -> Outcome:
        with writing(app.engine) as session:
            loaded = load(app, session, clinic_id, course_id, to_change=True)
            earlier = asked.request.earlier(session, clinic_id)
            if earlier is not None:
                return _outcome_of(loaded, earlier.number)
            _refuse_stale(loaded, asked.seen_revision)
            before = loaded.plan()
            actions = choose(loaded)
            for number, action in enumerate(actions, start=1):
                step = next_step(loaded, action)
                # The request belongs to the last: only when that is stored, all is.
                request = asked.request if number == len(actions) else Request.of(None)
                store_step(app, session, step, asked.deed(loaded.now, request))
                loaded = loaded.after(step.course, asked.by, action, step.stamped)
            after = loaded.plan()
            difference = changes(events(before), events(after))
            return Outcome(revision=loaded.stored.revision, plan=after, changes=difference, repeated=False)

    return _again_after_conflict(once)


def preview_each(app: "App", course_id: UUID, choose: Choose, *, clinic_id: int) -> Preview:
    """What recording all that `choose` names would change. Raises what `record_each` would, and stores nothing."""
    with reading(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id)
        before, stamped = loaded.plan(), loaded.stamped
        for action in choose(loaded):
            step = next_step(loaded, action)
            loaded = loaded.after(step.course, "", action, step.stamped)
        after = loaded.plan()
        facts = facts_of(app, session, loaded.stored, after, now=loaded.now)
    notices = [
        describe_change(
            stamped.values(),
            loaded.stamped.values(),
            plan_before=before,
            plan=after,
            recipient=recipient,
            policy=facts.policy,
            now=loaded.now,
        )
        for recipient in facts.recipients
    ]
    told = tuple(notice for each in notices for notice in each)
    return Preview(before=before, after=after, changes=changes(events(before), events(after)), notices=told)


def tell_patient(app: "App", course_id: UUID, revision: int, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Notes that staff have told the patient what that revision changed, so that its notice may go.

    Raises NotFound when the course, or that revision of it, isn't there; a second time changes nothing.
    """
    with writing(app.engine) as session:
        note_told(app, session, load(app, session, clinic_id, course_id, to_change=True), revision, by=by)


def neutral_notice(app: "App", course_id: UUID, revision: int, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Lets the notice that waits until the patient was told of that revision go as a mail that only asks to call.

    The revision still has to be told. Raises NotFound like `tell_patient`, InvalidValue when no mail can go in time or
    none waits; a second time changes nothing.
    """
    with writing(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id, to_change=True)
        _check_revision(loaded, revision)
        stored, now = loaded.stored, loaded.now
        if store.revisions_of(session, stored)[revision].neutral_at is not None:
            return
        facts = facts_of(app, session, stored, loaded.plan(), now=now)
        upto = loaded.recorded_at(revision)
        send_neutral(session, facts, stored, loaded.stamped, revision=revision, upto=upto, now=now)
        audit.note(
            session, What.NEUTRAL_NOTICE, clinic_id=clinic_id, by=by, at=now, course_id=course_id, revision=revision
        )


def note_told(app: "App", session: Session, loaded: LoadedCourse, revision: int, *, by: str) -> None:
    """What `tell_patient` does, within a transaction that has locked the course."""
    clinic_id, course_id, now = loaded.stored.clinic_id, loaded.stored.course.id, loaded.now
    _check_revision(loaded, revision)
    if not store.mark_told(session, loaded.stored, revision):
        return
    facts = facts_of(app, session, loaded.stored, loaded.plan(), now=now)
    outbox.after_told(session, facts, loaded.stamped, upto=loaded.recorded_at(revision), now=now)
    audit.note(session, What.PATIENT_TOLD, clinic_id=clinic_id, by=by, at=now, course_id=course_id, revision=revision)


# ---------------------------------------------------------------------------------------------------------------------


def _check_new(app: "App", new: NewCourse) -> None:
    if not 0 < len(new.patient.strip()) <= MAX_NAME or not new.patient.isprintable():
        message = f"patient: give a name of 1 to {MAX_NAME} characters on one line"
        raise InvalidValue(message, field="patient")
    wording_of(app.wordings, new.language)
    zone_of(new.patient_zone)
    try:
        mail_address(new.email or "")
    except Unreadable as fault:
        raise InvalidValue(f"email: {fault}", field="email") from None


def _new_as_fields(new: NewCourse) -> dict[str, object]:
    # The id is made anew for each request, so it doesn't tell whether two ask for the same.
    names = ("regimen_id", "patient", "email", "consent", "language", "patient_zone")
    follows = str(new.follows) if new.follows else None
    return (
        {name: getattr(new, name) for name in names}
        | {"follows": follows}
        | {"course": course_to_fields(new.course) | {"id": ""}}
    )


def _start(app: "App", new: NewCourse, by: str, request: Request, clinic_id: int) -> UUID:
    with writing(app.engine) as session:
        earlier = request.earlier(session, clinic_id)
        if earlier is not None:
            return earlier.course_id
        now = app.now()
        stored, plan = _as_started(app, session, new, by=by, clinic_id=clinic_id, now=now)
        store_step(app, session, first_step(stored, plan, now), Deed(by=by, at=now, request=request))
    return new.course.id


def _as_started(
    app: "App", session: Session, new: NewCourse, *, by: str, clinic_id: int, now: "datetime"
) -> tuple[StoredCourse, Plan]:
    regimen = app.catalogue.regimen(new.regimen_id)
    course = replace(new.course, earlier=_followed(app, session, new, clinic_id, now))
    check_course(regimen, course)
    today = today_in(course.zone, now)
    rules = clinic_rules(app.settings, regimen, years_of(course.day1, today))
    plan = build_plan(regimen, course, (), today=today, clinic=rules)
    stored = StoredCourse(
        clinic_id=clinic_id,
        patient=new.patient.strip(),
        email=new.email or None,
        consent=new.consent,
        language=new.language,
        patient_zone=new.patient_zone,
        regimen=kept_regimen(app, regimen),
        course=course,
        follows_id=new.follows,
        revision=0,
        day1=new.course.day1,
        next_visit=None,
        state="",  # day 1, next visit and state: by the first step's plan
        created_at=now,
        created_by=by,
        mails_by=mark_of_policy(app.settings.reminders),
    )
    return stored, plan


def _check_revision(loaded: LoadedCourse, revision: int) -> None:
    if not 1 <= revision <= loaded.stored.revision:
        course_id = loaded.stored.course.id
        sentence = f"course {course_id}: there is no revision {revision} to tell of"
        raise NotFound(f"{sentence}; see `infusions course history {course_id}`")


def _followed(app: "App", session: Session, new: NewCourse, clinic_id: int, now: "datetime") -> tuple[EarlierDose, ...]:
    """The last doses of the courses that the new one goes on from; it starts after what was given in them."""
    if new.follows is None:
        return ()
    try:
        plan = load(app, session, clinic_id, new.follows, now=now).plan()
    except NotFound as fault:
        raise InvalidValue(f"follows: {fault}", field="follows") from None
    given = [dose.date for dose in plan.doses() if dose.state is DoseState.GIVEN and dose.date is not None]
    if given and new.course.day1 <= max(given):
        message = f"day1: the course that it follows has a dose on {max(given)}; start after that, or follow none"
        raise InvalidValue(message, field="day1")
    return last_doses(plan)


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
    # What was recorded in one step has one instant: the clock is read after the wait for other writers.
    first = next(each.number for each in loaded.actions if each.recorded_at == loaded.recorded_at(number))
    difference = changes(events(loaded.plan(first - 1)), events(plan))
    return Outcome(revision=number, plan=plan, changes=difference, repeated=True)


def _again_after_conflict(use_case: Callable[[], T]) -> T:
    """Two equal requests at once, on a database that lets both begin: the later one finds what the earlier stored."""
    try:
        return use_case()
    except Conflict:
        pass
    try:
        return use_case()
    except Conflict as error:
        message = "somebody else stored the same at this moment, or the id is taken; look, then try again"
        raise InfusionsError(message) from error
