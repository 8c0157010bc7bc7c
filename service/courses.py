"""What staff do with a course. Each use case is one transaction: all of it is stored, or nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from db import store
from db.engine import Session, reading, writing
from reminders import outbox
from reminders.policy import Notice, describe_change
from scheduler import action_to_fields, changes, events
from scheduler.actions import Action
from scheduler.changes import Changes
from scheduler.errors import InfusionsError, InvalidValue
from scheduler.plan import Plan
from service import audit
from service.audit import HOME_CLINIC, What
from service.loading import LoadedCourse, NotFound, facts_of, load
from service.starting import NewCourse, preview_start, start_course
from service.steps import Deed, Request, RequestReused, again_after_conflict, next_step, send_neutral, store_step

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
    "preview_start",
    "record",
    "record_each",
    "start_course",
    "tell_patient",
]


class StaleRevision(InfusionsError):
    """The course has moved on since the page was made: `changes` tells what it did from `seen` to `current`."""

    def __init__(self, seen: int, current: int, difference: Changes) -> None:
        super().__init__(f"the course is at revision {current}, not {seen}; look at what changed, then record anew")
        self.seen = seen
        self.current = current
        self.changes = difference


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
                store_step(app, session, step, action, asked.deed(loaded.now, request))
                loaded = loaded.after(step.course, asked.by, action, step.stamped)
            after = loaded.plan()
            difference = changes(events(before), events(after))
            return Outcome(revision=loaded.stored.revision, plan=after, changes=difference, repeated=False)

    return again_after_conflict(once)


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


def tell_patient(
    app: "App",
    course_id: UUID,
    revision: int,
    *,
    by: str,
    request_id: str | None = None,
    clinic_id: int = HOME_CLINIC,
) -> None:
    """Notes that staff have told the patient what that revision changed, so that its notice may go.

    Raises NotFound when the course, or that revision of it, isn't there; a second time changes nothing.
    """
    request = Request.of(request_id, "told", str(course_id), revision)
    with writing(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id, to_change=True)
        if not request.done(session, clinic_id):
            note_told(app, session, loaded, revision, by=by, request=request)


def neutral_notice(
    app: "App",
    course_id: UUID,
    revision: int,
    *,
    by: str,
    request_id: str | None = None,
    clinic_id: int = HOME_CLINIC,
) -> None:
    """Lets the notice that waits until the patient was told of that revision go as a mail that only asks to call.

    The revision still has to be told. Raises NotFound like `tell_patient`, InvalidValue when no mail can go in time or
    none waits; a second time changes nothing.
    """
    request = Request.of(request_id, "neutral", str(course_id), revision)
    with writing(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id, to_change=True)
        if request.done(session, clinic_id):
            return
        _check_revision(loaded, revision)
        stored, now = loaded.stored, loaded.now
        if store.revisions_of(session, stored)[revision].neutral_at is not None:
            return
        facts = facts_of(app, session, stored, loaded.plan(), now=now)
        upto = loaded.recorded_at(revision)
        send_neutral(session, facts, stored, loaded.stamped, revision=revision, upto=upto, now=now)
        audit.note(
            session,
            What.NEUTRAL_NOTICE,
            clinic_id=clinic_id,
            by=by,
            at=now,
            course_id=course_id,
            request=request,
            revision=revision,
        )


def note_told(
    app: "App",
    session: Session,
    loaded: LoadedCourse,
    revision: int,
    *,
    by: str,
    request: Request = Request.of(None),  # noqa: B008 - a value that never changes
) -> None:
    """What `tell_patient` does, within a transaction that has locked the course."""
    clinic_id, course_id, now = loaded.stored.clinic_id, loaded.stored.course.id, loaded.now
    _check_revision(loaded, revision)
    if not store.mark_told(session, loaded.stored, revision):
        return
    facts = facts_of(app, session, loaded.stored, loaded.plan(), now=now)
    untold = {each.recorded_at for each in store.revisions_of(session, loaded.stored) if each.to_tell}
    outbox.after_told(session, facts, loaded.stamped, upto=loaded.recorded_at(revision), untold=untold, now=now)
    audit.note(
        session,
        What.PATIENT_TOLD,
        clinic_id=clinic_id,
        by=by,
        at=now,
        course_id=course_id,
        request=request,
        revision=revision,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _check_revision(loaded: LoadedCourse, revision: int) -> None:
    if not 1 <= revision <= loaded.stored.revision:
        course_id = loaded.stored.course.id
        sentence = f"course {course_id}: there is no revision {revision} to tell of"
        raise NotFound(f"{sentence}; see `infusions course history {course_id}`")


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
