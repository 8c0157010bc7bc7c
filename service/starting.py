"""Starting a course: what must be known, and the one transaction that stores it with all that follows from it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from db.engine import Session, reading, writing
from db.stored import StoredCourse
from scheduler import build_plan, check_course, course_to_fields, last_doses
from scheduler.course import Course, EarlierDose
from scheduler.dates import zone_of
from scheduler.errors import InvalidValue
from scheduler.plan import DoseState, Plan
from service.audit import HOME_CLINIC
from service.clinic import clinic_rules, years_of
from service.clock import today_in
from service.config_values import Unreadable, mail_address
from service.languages import wording_of
from service.loading import NotFound, kept_regimen, load, mark_of_policy
from service.patients import NOTHING_KNOWN, PatientFacts, check_facts, facts_asked, keep_guardian
from service.steps import Deed, Request, again_after_conflict, first_step, store_step

if TYPE_CHECKING:
    from datetime import datetime

    from service.wiring import App

MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCourse:
    """A course to start. `consent`: the patient agreed to mails at `email`; their times are in `patient_zone`.

    `follows`: the patient's earlier course, whose last dose counts for the windows of this one. `facts`: what else
    staff know of the patient.
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


def start_course(
    app: "App", new: NewCourse, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> UUID:
    """Starts a course and gives its id; a repeated request gives the id of the first.

    Raises InvalidValue, Rejected or NeedsReason when it can't start like this, RequestReused when it isn't the same.
    """
    _check_new(app, new)
    request = Request.of(request_id, "start", _new_as_fields(new))
    return again_after_conflict(lambda: _start(app, new, by, request, clinic_id))


def preview_start(app: "App", new: NewCourse, *, clinic_id: int = HOME_CLINIC) -> Plan:
    """The plan that the course would start with. Raises what `start_course` would, and stores nothing."""
    _check_new(app, new)
    with reading(app.engine) as session:
        _, plan = _as_started(app, session, new, by="", clinic_id=clinic_id, now=app.now())
    return plan


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
    check_facts(new.facts)


def _new_as_fields(new: NewCourse) -> dict[str, object]:
    # The id is made anew for each request, so it doesn't tell whether two ask for the same.
    names = ("regimen_id", "patient", "email", "consent", "language", "patient_zone")
    follows = str(new.follows) if new.follows else None
    return (
        {name: getattr(new, name) for name in names}
        | {"follows": follows}
        | dict(facts_asked(new.facts))
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
        if new.facts.guardian is not None:
            course = load(app, session, clinic_id, new.course.id, now=now)
            keep_guardian(app, session, course, check_facts(new.facts).guardian, by=by)
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
        spoken_language=check_facts(new.facts).spoken_language,
        interpreter=new.facts.interpreter,
    )
    return stored, plan


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
