"""Starting a course: what must be known, and the one transaction that stores it with all that follows from it.

A patient who is treated already is moved in: the course starts with the actions of what has happened so far.
"""

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from db.engine import Session, reading, writing
from db.stored import StoredCourse
from scheduler import (
    action_to_fields,
    build_plan,
    check_actions,
    check_course,
    course_to_fields,
    last_doses,
)
from scheduler.actions import Action, RegimenChange
from scheduler.course import Course, EarlierDose
from scheduler.dates import zone_of
from scheduler.errors import InvalidValue
from scheduler.plan import DoseState, Plan
from service.audit import HOME_CLINIC
from service.carers import NewCarer, check_carers
from service.clinic import clinic_rules, years_of
from service.clock import today_in
from service.config_values import Unreadable, mail_address
from service.languages import wording_of
from service.loading import NotFound, kept_regimen, load, mark_of, offered, with_plan
from service.patients import NOTHING_KNOWN, PatientFacts, check_facts, facts_asked
from service.steps import Deed, Request, again_after_conflict
from service.storing import Beginning, store_beginning

if TYPE_CHECKING:
    from datetime import datetime

    from service.wiring import App

MAX_NAME = 200
MAX_ACTIONS = 1000  # of one course that is moved in: far above any


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCourse:
    """A course to start. `consent`: the patient agreed to mails at `email`; their times are in `patient_zone`.

    `follows`: the patient's earlier course, whose last dose counts for the windows of this one. `facts`: what else
    staff know of the patient. `actions`: what has happened so far, of a patient who is moved in.
    """

    regimen_id: str
    patient: str
    course: Course
    email: str | None
    consent: bool
    language: str
    patient_zone: str
    follows: UUID | None = None
    facts: PatientFacts = NOTHING_KNOWN
    carers: tuple[NewCarer, ...] = ()
    actions: tuple[Action, ...] = ()


def start_course(
    app: "App", new: NewCourse, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> UUID:
    """Starts a course and gives its id; a repeated request gives the id of the first.

    What has happened so far is recorded by the same step, by the same person at the same instant; no mail tells of
    it. Raises InvalidValue, Rejected (with the `number` of the action at fault) or NeedsReason when it can't start
    like this, RequestReused when it isn't the same.
    """
    check_new(app, new)
    request = Request.of(request_id, "start", asked_of(new))
    return again_after_conflict(lambda: _start(app, new, by, request, clinic_id))


def preview_start(app: "App", new: NewCourse, *, clinic_id: int = HOME_CLINIC) -> Plan:
    """The plan that the course would start with. Raises what `start_course` would, and stores nothing."""
    check_new(app, new)
    with reading(app.engine) as session:
        app, now = app.of(clinic_id, session), app.now()
        earlier = _followed(app, session, new, clinic_id, now)
    return plan_of(app, new, earlier, now)


def check_new(app: "App", new: NewCourse) -> None:
    """Raises InvalidValue when what is known of the patient can't be. The course itself is checked with its plan."""
    if not 0 < len(new.patient.strip()) <= MAX_NAME or not new.patient.isprintable():
        message = f"patient: give a name of 1 to {MAX_NAME} characters on one line"
        raise InvalidValue(message, field="patient")
    wording_of(app.wordings, new.language)
    zone_of(new.patient_zone)
    try:
        mail_address(new.email or "")
    except Unreadable as fault:
        raise InvalidValue(f"email: {fault}", field="email") from None
    check_facts(new.facts)
    check_carers(app, new.carers)
    if len(new.actions) > MAX_ACTIONS:
        raise InvalidValue(f"actions: a course starts with {MAX_ACTIONS} at most; record the rest later")
    if any(isinstance(action, RegimenChange) for action in new.actions):
        # A course starts with the clinic's newest version: there is none to move on to.
        raise InvalidValue("actions: a new course follows the newest version; leave the change of version out")


def plan_of(app: "App", new: NewCourse, earlier: tuple[EarlierDose, ...], now: "datetime") -> Plan:
    """The plan that the course would start with in the clinic that `app` was bound to, where these doses went before
    it. Raises what `start_course` does."""
    regimen = offered(app, new.regimen_id)
    course = replace(new.course, earlier=earlier)
    check_course(regimen, course)
    today = today_in(course.zone, now)
    rules = clinic_rules(app.settings, regimen, years_of(course.day1, today))
    check_actions(regimen, course, new.actions, today=today, clinic=rules)
    return build_plan(regimen, course, new.actions, today=today, clinic=rules).whole()


def check_follows(plan: Plan, new: NewCourse) -> tuple[EarlierDose, ...]:
    """What the earlier course of that plan leaves to the new one, which starts after what was given in it."""
    given = [dose.date for dose in plan.doses() if dose.state is DoseState.GIVEN and dose.date is not None]
    if given and new.course.day1 <= max(given):
        message = f"day1: the course that it follows has a dose on {max(given)}; start after that, or follow none"
        raise InvalidValue(message, field="day1")
    return last_doses(plan)


def asked_of(new: NewCourse) -> dict[str, object]:
    """What a request asks for, as plain values; the id is made anew for each, so it doesn't tell two apart."""
    names = ("regimen_id", "patient", "email", "consent", "language", "patient_zone")
    more: dict[str, object] = dict(facts_asked(new.facts))
    if new.carers:
        more["carers"] = [[str(each) for each in astuple(carer)] for carer in new.carers]
    if new.actions:
        more["actions"] = [[action.kind, action_to_fields(action)] for action in new.actions]
    return (
        {name: getattr(new, name) for name in names}
        | {"follows": str(new.follows) if new.follows else None}
        | more
        | {"course": course_to_fields(new.course) | {"id": ""}}
    )


def start_in(app: "App", session: Session, new: NewCourse, *, by: str, request: Request, clinic_id: int) -> UUID:
    """What `start_course` does, within a transaction."""
    earlier = request.earlier(session, clinic_id)
    if earlier is not None:
        return earlier.course_id
    app, now = app.of(clinic_id, session), app.now()
    plan = plan_of(app, new, _followed(app, session, new, clinic_id, now), now)
    stored = _stored(app, new, plan, by=by, clinic_id=clinic_id, now=now)
    begun = Beginning(
        course=stored, plan=plan, actions=new.actions, guardian=check_facts(new.facts).guardian, carers=new.carers
    )
    store_beginning(app, session, begun, Deed(by=by, at=now, request=request))
    return new.course.id


# ---------------------------------------------------------------------------------------------------------------------


def _start(app: "App", new: NewCourse, by: str, request: Request, clinic_id: int) -> UUID:
    with writing(app.engine) as session:
        return start_in(app, session, new, by=by, request=request, clinic_id=clinic_id)


def _stored(app: "App", new: NewCourse, plan: Plan, *, by: str, clinic_id: int, now: "datetime") -> StoredCourse:
    fresh = StoredCourse(
        clinic_id=clinic_id,
        patient=new.patient.strip(),
        email=new.email or None,
        consent=new.consent,
        language=new.language,
        patient_zone=new.patient_zone,
        regimen=kept_regimen(app, plan.regimen),
        course=plan.course,
        follows_id=new.follows,
        revision=len(new.actions),
        day1=new.course.day1,
        next_visit=None,
        state="",  # day 1, next visit and state: by the plan
        created_at=now,
        created_by=by,
        mails_by=mark_of(app.settings),
        spoken_language=check_facts(new.facts).spoken_language,
        interpreter=new.facts.interpreter,
    )
    return with_plan(fresh, plan)


def _followed(app: "App", session: Session, new: NewCourse, clinic_id: int, now: "datetime") -> tuple[EarlierDose, ...]:
    """The last doses of the courses that the new one goes on from."""
    if new.follows is None:
        return ()
    try:
        plan = load(app, session, clinic_id, new.follows, now=now).plan()
    except NotFound as fault:
        raise InvalidValue(f"follows: {fault}", field="follows") from None
    return check_follows(plan, new)
