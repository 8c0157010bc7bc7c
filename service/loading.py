"""What use cases and queries start from: a stored course with its regimen and rules, and plans folded from it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from db import store
from db.engine import Session
from db.stored import StoredAction, StoredCourse, StoredRegimen
from reminders.outbox import CourseFacts
from reminders.policy import ReminderPolicy
from reminders.quiet import QuietHours
from reminders.rules import KIND_OF, Recipient
from scheduler import build_plan, last_doses, parse_regimen
from scheduler.actions import Action
from scheduler.course import ClinicRules
from scheduler.errors import InfusionsError, InvalidValue
from scheduler.events import StampedEvent
from scheduler.plan import DoseState, Plan
from scheduler.regimen import Regimen
from service.clinic import clinic_rules, years_of
from service.clock import today_in
from service.config import ReminderSettings, Settings
from service.recipients import mail_recipients

if TYPE_CHECKING:
    from service.wiring import App


MARK = "-"  # between the two parts of a mark


class NotFound(InfusionsError):
    """What was asked for isn't there, or belongs to another clinic: the two look the same."""


class CourseState(StrEnum):
    """How a course stands, in one word."""

    PLANNED = "planned"
    RUNNING = "running"
    ON_HOLD = "on-hold"
    COMPLETE = "complete"
    CEASED = "ceased"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCourse:
    """A course as stored. `stamped`: its events by key, those that left the plan included.

    `now` is the instant (UTC) at which it was read, `today` the date then in the course's zone.
    """

    stored: StoredCourse
    regimen: Regimen
    actions: tuple[StoredAction, ...]
    stamped: dict[str, StampedEvent]
    rules: ClinicRules
    now: datetime
    today: date

    def plan(self, revision: int | None = None) -> Plan:
        """The plan at that revision, else the current one."""
        return self.plan_with([stored.action for stored in self.actions[:revision]])

    def plan_with(self, actions: Sequence[Action]) -> Plan:
        """The plan that follows from these actions."""
        return build_plan(self.regimen, self.stored.course, actions, today=self.today, clinic=self.rules)

    def following(self, earlier: Plan) -> "LoadedCourse":
        """The course as it is where the one that it goes on from has that plan."""
        course = replace(self.stored.course, earlier=last_doses(earlier))
        return replace(self, stored=replace(self.stored, course=course))

    def after(
        self, stored: StoredCourse, by: str, action: Action, stamped: Mapping[str, StampedEvent]
    ) -> "LoadedCourse":
        """The course after one more action, as it would be loaded."""
        recorded = StoredAction(number=stored.revision, action=action, by=by, recorded_at=self.now, regimen_digest=None)
        return replace(self, stored=stored, actions=(*self.actions, recorded), stamped=dict(stamped))

    def recorded_at(self, revision: int | None = None) -> datetime:
        """When that revision, else the current one, was recorded."""
        actions = self.actions[:revision]
        return actions[-1].recorded_at if actions else self.stored.created_at


def load(
    app: "App",
    session: Session,
    clinic_id: int,
    course_id: UUID,
    *,
    to_change: bool = False,
    now: datetime | None = None,
) -> LoadedCourse:
    """The course of that clinic; NotFound when there is none. `to_change` makes other writers of it wait.

    The clock is read after that wait, so that what is recorded later has the later instant.
    """
    stored = store.find_course(session, clinic_id, course_id, to_change=to_change)
    if stored is None:
        raise NotFound(f"course {course_id}: there is no such course; `infusions course list` shows those there are")
    app, now = app.of(clinic_id, session), now or app.now()
    return assemble(
        app,
        with_earlier(app, session, stored, now),
        now=now,
        actions=store.actions_of(session, stored),
        stamped=store.events_of(session, stored),
        moved_to=store.regimens_of(session, stored),
    )


def assemble(
    app: "App",
    stored: StoredCourse,
    *,
    now: datetime,
    actions: tuple[StoredAction, ...],
    stamped: dict[str, StampedEvent],
    moved_to: Iterable[StoredRegimen],
) -> LoadedCourse:
    """The course from what is stored of it, as it is at `now`; `moved_to`: the contents that its actions moved to."""
    app, today = app.of(stored.clinic_id), today_in(stored.course.zone, now)
    newest, years = app.catalogue.by_id().get(stored.regimen.id), years_of(stored.course.day1, today)
    # It keeps the texts of the versions that it moved to, so that a newer file changes nothing by itself.
    earlier = tuple(_regimen(app, kept) for kept in moved_to)
    return LoadedCourse(
        stored=stored,
        regimen=_regimen(app, stored.regimen),
        actions=actions,
        stamped=stamped,
        rules=replace(clinic_rules(app.settings, newest, years), earlier=earlier),
        now=now,
        today=today,
    )


def with_earlier(app: "App", session: Session, stored: StoredCourse, now: datetime) -> StoredCourse:
    """The course with the last doses of those that it goes on from, as they are planned or recorded now."""
    if stored.follows_id is None:
        return stored
    earlier = last_doses(load(app, session, stored.clinic_id, stored.follows_id, now=now).plan())
    return replace(stored, course=replace(stored.course, earlier=earlier))


def facts_of(app: "App", session: Session, stored: StoredCourse, plan: Plan, *, now: datetime) -> CourseFacts:
    """What the reminders of a course follow from."""
    app = app.of(stored.clinic_id, session)
    return facts_for(app, stored, plan, mail_recipients(session, stored, now))


def facts_for(app: "App", stored: StoredCourse, plan: Plan, recipients: tuple[Recipient, ...]) -> CourseFacts:
    """What the reminders of a course to these recipients follow from."""
    return CourseFacts(
        clinic_id=stored.clinic_id,
        course_id=stored.course.id,
        recipients=recipients,
        plan=plan,
        policy=reminder_policy(app.of(stored.clinic_id).settings.reminders),
        paused=stored.mails_paused,
    )


def reminder_policy(settings: ReminderSettings) -> ReminderPolicy:
    """What the clinic sends, by its settings."""
    return ReminderPolicy(
        infusion_days_before=settings.infusion_days_before,
        task_days_before=settings.task_days_before,
        window_days_before=settings.window_days_before,
        at=settings.at,
        quiet=QuietHours(start=settings.quiet[0], end=settings.quiet[1]),
    )


def mark_of(settings: Settings) -> str:
    """What tells these settings from others that give a course other mails or other times: two parts, of which the
    second is about the times.

    The first also covers what this program reminds of, which an older one may not have.
    What only proposes (the policy on closed days) or says (names, numbers to call) makes no difference.
    """
    clinic = settings.clinic
    closed = sorted({each.day for each in clinic.closures})
    times = (
        clinic.country,
        clinic.region,
        clinic.opening_days,
        closed,
        clinic.lead_minutes,
        clinic.liver_watch_weeks,
        clinic.after_test_days,
    )
    return f"{_digest((reminder_policy(settings.reminders), KIND_OF))}{MARK}{_digest(times)}"


def same_times(mark: str, other: str) -> bool:
    """Whether courses have the same times by the settings of both marks; one from before times were marked differs in
    none, since nobody has asked for other times then."""
    times, others = mark.partition(MARK)[2], other.partition(MARK)[2]
    return times == others or not (times and others)


def offered_regimens(app: "App") -> tuple[Regimen, ...]:
    """The regimens with which this clinic starts courses, by id: all that there are until its admin has chosen."""
    chosen = app.settings.regimens.offered
    return tuple(each for each in app.catalogue.regimens() if not chosen or each.id in chosen)


def offered(app: "App", regimen_id: str) -> Regimen:
    """That regimen, for a new course of this clinic; InvalidValue when there is none or the clinic doesn't use it."""
    regimen, chosen = app.catalogue.regimen(regimen_id), app.settings.regimens.offered
    if chosen and regimen_id not in chosen:
        message = f"regimen {regimen_id!r}: is not in use in this clinic; a clinic admin chooses those that are"
        raise InvalidValue(message, field="regimen")
    return regimen


def kept_regimen(app: "App", regimen: Regimen) -> StoredRegimen:
    """The regimen with the text of its file, as a course keeps it."""
    text = app.catalogue.text(regimen.digest)
    if text is None:
        raise InvalidValue(f"regimen {regimen.id} {regimen.version}: its file is gone; put it back", field="regimen")
    return StoredRegimen(digest=regimen.digest, id=regimen.id, version=regimen.version, name=regimen.name, text=text)


def with_plan(stored: StoredCourse, plan: Plan) -> StoredCourse:
    """The course with what lists show of its plan."""
    planned = [dose.date for dose in plan.doses() if dose.state is DoseState.PLANNED and dose.date is not None]
    day1 = plan.cycles[0].day1 if plan.cycles else plan.course.day1
    stop = plan.ceased or plan.held
    return replace(
        stored,
        day1=day1,
        next_visit=min(planned, default=None),
        state=state_of(plan).value,
        stop_cause=stop.cause.value if stop else None,
    )


def state_of(plan: Plan) -> CourseState:
    """How the course stands by its plan."""
    states = {dose.state for dose in plan.doses()}
    if plan.ceased is not None:
        return CourseState.CEASED
    if plan.held is not None:
        return CourseState.ON_HOLD
    if DoseState.PLANNED not in states:
        return CourseState.COMPLETE
    return CourseState.RUNNING if DoseState.GIVEN in states else CourseState.PLANNED


# ---------------------------------------------------------------------------------------------------------------------


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def _regimen(app: "App", kept: StoredRegimen) -> Regimen:
    # The text that the course started with decides, whatever the clinic's folder holds by now.
    return app.catalogue.by_digest(kept.digest) or _parsed(kept.text, f"{kept.id} {kept.version}, as stored")


@lru_cache(maxsize=64)
def _parsed(text: str, source: str) -> Regimen:
    return parse_regimen(text, source)
