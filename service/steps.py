"""One step of a course, from its action to all that follows from it; and the request that asked for it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from calendars.view import kept_on
from db import store
from db.audit_store import find_deed
from db.engine import Session
from db.store import Conflict
from db.stored import StoredAction, StoredCourse, StoredRevision
from reminders import outbox
from reminders.notices import Change, changed, is_near
from reminders.outbox import CourseFacts
from reminders.rules import GUARDIAN, KIND_OF, PATIENT, Kind, Recipient
from scheduler import changes, check_action, events, restamp
from scheduler.actions import Action, CeaseCause, RegimenChange
from scheduler.changes import Changes
from scheduler.errors import InfusionsError, InvalidValue
from scheduler.events import EventKind, StampedEvent
from scheduler.plan import Plan
from service import audit, bodies, day_upkeep
from service.audit import What
from service.loading import LoadedCourse, facts_of, kept_regimen, load, with_plan

if TYPE_CHECKING:
    from service.wiring import App

MAX_REQUEST_ID = 200
BY_SETTINGS = "settings"  # who takes a step that follows from a changed setting
T = TypeVar("T")


class RequestReused(InfusionsError):
    """A request id that came before with something else in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request's id, and a digest of what it asks for: the same id with something else in it is refused."""

    id: str | None
    digest: str | None

    @classmethod
    def of(cls, id_: str | None, *asked: object) -> "Request":
        """The request of that id (None: it has none) that asks for these plain values."""
        if id_ is None:
            return cls(id=None, digest=None)
        if not 0 < len(id_) <= MAX_REQUEST_ID or not id_.isprintable():
            message = f"request id: must be 1 to {MAX_REQUEST_ID} characters that can be printed; send another"
            raise InvalidValue(message, field="request_id")
        plain = json.dumps(asked, sort_keys=True)
        return cls(id=id_, digest=hashlib.sha256(plain.encode()).hexdigest())

    def earlier(self, session: Session, clinic_id: int) -> StoredRevision | None:
        """The revision that this request made before, or None; RequestReused when it asked for something else."""
        found = store.find_request(session, clinic_id, self.id) if self.id else None
        if found is not None and found.request_digest != self.digest:
            raise RequestReused(f"request id {self.id}: came before with something else in it; send a new id")
        return found

    def done(self, session: Session, clinic_id: int) -> bool:
        """Whether this request's deed, one that makes no revision, was done before; RequestReused when it asked for
        something else."""
        found = find_deed(session, clinic_id, self.id) if self.id else None
        if found is not None and found.request_digest != self.digest:
            raise RequestReused(f"request id {self.id}: came before with something else in it; send a new id")
        return found is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Who takes a step, when, and by which request; whether the patient knows already, or gets a neutral notice."""

    by: str
    at: datetime
    request: Request
    patient_told: bool = False
    neutral_notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a step leads to. `course` is as it will be; `before` and `stamped` are its events, `changes` leads over;
    `was` is the plan that it starts from.
    """

    course: StoredCourse
    was: Plan
    plan: Plan
    before: Mapping[str, StampedEvent]
    stamped: Mapping[str, StampedEvent]
    changes: Changes

    @property
    def retold(self) -> bool:
        """Whether what the entries of the patient's feeds say beside their events changes too."""
        return kept_on(self.was) != kept_on(self.plan)


def next_step(loaded: LoadedCourse, action: Action) -> Step:
    """The step that `action` makes, checked and folded; nothing is stored. Raises Rejected or NeedsReason."""
    actions = [each.action for each in loaded.actions]
    course = loaded.stored.course
    check_action(loaded.regimen, course, actions, action, today=loaded.today, clinic=loaded.rules)
    plan = loaded.plan_with([*actions, action])
    return _to(replace(loaded.stored, revision=len(actions) + 1), loaded.plan(), plan, loaded.stamped, loaded.now)


def store_step(app: "App", session: Session, step: Step, action: Action, deed: Deed) -> None:
    """Stores the step that `action` made, and all that follows from it: revision, events, feeds, day facts, messages,
    audit."""
    course, number = step.course, step.course.revision
    store.advance_course(session, course)
    digest = _keep_moved_to(app, session, step) if isinstance(action, RegimenChange) else None
    stored = StoredAction(number=number, action=action, by=deed.by, recorded_at=deed.at, regimen_digest=digest)
    store.add_action(session, course, stored)
    facts = facts_of(app, session, course, step.plan, now=deed.at)
    store.add_revision(session, course.clinic_id, _revision(step, deed, facts.recipients))
    store.set_to_tell(session, course, to_tell(step.plan))
    store.save_events(session, course, step.before, step.stamped)
    bodies.rebuild(app, session, course, step.plan, step.stamped, now=deed.at, retold=step.retold)
    day_upkeep.keep(app, session, course, step.plan, now=deed.at)
    outbox.after_change(
        session,
        facts,
        step.before,
        step.stamped,
        revision=course.revision,
        first=False,
        patient_told=deed.patient_told,
        now=deed.at,
    )
    if deed.neutral_notice:
        send_neutral(session, facts, step.course, step.stamped, upto=deed.at, now=deed.at)
    audit.note(
        session,
        What.ACTION_RECORDED,
        clinic_id=course.clinic_id,
        by=deed.by,
        at=deed.at,
        course_id=course.course.id,
        revision=number,
        kind=action.kind,
    )
    _refresh_followers(app, session, step, deed)


def send_neutral(
    session: Session,
    facts: CourseFacts,
    course: StoredCourse,
    stamped: Mapping[str, StampedEvent],
    *,
    revision: int | None = None,
    upto: datetime,
    now: datetime,
) -> None:
    """Lets the notices up to that revision (without one, the current), written up to `upto`, go as a mail that only
    asks to call; InvalidValue when there is none."""
    if not outbox.after_neutral(session, facts, stamped, upto=upto, now=now):
        message = "neutral notice: no mail to the patient waits that could go in time; tell the patient by telephone"
        raise InvalidValue(message, field="neutral_notice")
    store.mark_neutral(session, course, course.revision if revision is None else revision, now)


def refresh_by_settings(app: "App", session: Session, loaded: LoadedCourse) -> Mapping[str, StampedEvent]:
    """Brings what follows from a course to its plan by the clinic's settings of now; its events as they are then.

    No revision of its own: nobody recorded anything here.
    """
    return _refresh(app, session, loaded, Deed(by=BY_SETTINGS, at=loaded.now, request=Request.of(None)), loaded.plan())


def to_tell(plan: Plan) -> tuple[int, ...]:
    """The revisions of which a person should tell the patient if they took dates: nobody is told after a death."""
    if plan.ceased is not None and plan.ceased.cause is CeaseCause.DEATH:
        return ()
    return tuple(action.number for action in plan.actions if action.stands)


def again_after_conflict(use_case: Callable[[], T]) -> T:
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


# ---------------------------------------------------------------------------------------------------------------------


def _to(course: StoredCourse, was: Plan, plan: Plan, before: Mapping[str, StampedEvent], now: datetime) -> Step:
    wanted = events(plan.whole())
    shown = [each.event for each in before.values() if each.cancelled is None]
    return Step(
        course=with_plan(course, plan),
        was=was,
        plan=plan,
        before=before,
        stamped=restamp(before, wanted, plan, at=now),
        changes=changes(shown, wanted),
    )


def _refresh(app: "App", session: Session, loaded: LoadedCourse, deed: Deed, was: Plan) -> Mapping[str, StampedEvent]:
    """Brings what follows from a course to its plan, when the course that it goes on from, or a setting of the clinic,
    has changed; its events as they are then. `was`: its plan before.

    No revision of its own: nobody recorded anything here. The courses that go on from it are refreshed too.
    """
    course = loaded.stored
    step = _to(course, was, loaded.plan(), loaded.stamped, deed.at)
    if step.stamped != step.before or step.retold:
        store.save_events(session, course, step.before, step.stamped)
        bodies.rebuild(app, session, course, step.plan, step.stamped, now=deed.at, retold=step.retold)
        day_upkeep.keep(app, session, course, step.plan, now=deed.at)
        outbox.after_change(
            session,
            facts_of(app, session, course, step.plan, now=deed.at),
            step.before,
            step.stamped,
            revision=course.revision,
            first=False,
            patient_told=deed.patient_told,
            now=deed.at,
        )
    _refresh_followers(app, session, step, deed)
    return step.stamped


def _refresh_followers(app: "App", session: Session, step: Step, deed: Deed) -> None:
    id_ = step.course.course.id
    for follower in store.followers_of(session, step.course.clinic_id, id_):
        loaded = load(app, session, step.course.clinic_id, follower, to_change=True, now=deed.at)
        _refresh(app, session, loaded, deed, loaded.following(step.was).plan())


def _keep_moved_to(app: "App", session: Session, step: Step) -> str:
    # A file may change under the same version; the course keeps the very text that it moved to. One that is in no
    # file any more is one that the course has already.
    digest = step.plan.regimen.digest
    if app.catalogue.by_digest(digest) is not None:
        store.keep_regimen(session, kept_regimen(app, step.plan.regimen))
    return digest


def _revision(step: Step, deed: Deed, recipients: Iterable[Recipient]) -> StoredRevision:
    by_mail = any(each.role in {PATIENT, GUARDIAN} for each in recipients)
    return StoredRevision(
        course_id=step.course.course.id,
        number=step.course.revision,
        recorded_at=deed.at,
        by=deed.by,
        action_number=step.course.revision,
        request_id=deed.request.id,
        request_digest=deed.request.digest,
        patient_told=deed.patient_told,
        takes_dates=any(event.kind is EventKind.INFUSION for event in step.changes.cancelled),
        to_tell=not (by_mail or deed.patient_told) and _moves_visit(step, deed.at),
        near=is_near(_news(step, deed.at), step.course.patient_zone, deed.at),
    )


def _moves_visit(step: Step, now: datetime) -> bool:
    """Whether the patient has to come at another date: where no mail tells it, a person does."""
    return any(KIND_OF.get(step.stamped[each.event_key].event.kind) is Kind.VISIT for each in _news(step, now))


def _news(step: Step, now: datetime) -> tuple[Change, ...]:
    """What the step changes for the patient, who has an address or not."""
    patient = Recipient(zone=step.course.patient_zone)
    return changed(step.before, step.stamped, plan=step.plan, recipient=patient, now=now).changes
