"""A made-up clinic for the first minute: plainly invented names, dates around today, nothing that looks real."""

import secrets
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from calendars.kinds import Detail, Reader
from scheduler.actions import Action, Cease, CeaseCause, Defer, Given, Hold, HoldCause
from scheduler.course import Audience, Course
from scheduler.plan import Dose, DoseState
from service.audit import HOME_CLINIC
from service.clock import today_in
from service.courses import NewCourse, record, start_course
from service.feeds import new_feed
from service.patients import NOTHING_KNOWN, PatientFacts
from service.queries import list_courses, load_course
from service.users import Role, add_user, list_users

if TYPE_CHECKING:
    from service.wiring import App

NURSE = "nurse"
REGIMEN = "inotuzumab-ozogamicin"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClinic:
    """What a visitor needs: a nurse's sign-in, and the address of the patient's calendar in mid-course."""

    user: str
    password: str
    feed_address: str


def load_demo(app: "App") -> DemoClinic | None:
    """Fills an empty database with the demo clinic; None, and no change, when there is a course or a user already."""
    if list_users(app) or list_courses(app):
        return None
    app = app.of(HOME_CLINIC)
    today = today_in(app.settings.clinic.zone, app.now())
    in_mid_course = _in_mid_course(app, today)
    _just_started(app, today)
    _ceased(app, today)
    _on_the_day(app, today)
    password = secrets.token_urlsafe(12)
    add_user(app, NURSE, Role.NURSE, password, by=NURSE)
    feed = new_feed(
        app,
        in_mid_course,
        name="Example phone",
        reader=Reader.PATIENT,
        detail=Detail.FULL,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
    )
    return DemoClinic(user=NURSE, password=password, feed_address=feed.address)


# ---------------------------------------------------------------------------------------------------------------------


def _in_mid_course(app: "App", today: date) -> UUID:
    """In the second of six cycles; one dose was moved by a day."""
    day1 = _monday(today) - timedelta(weeks=4)
    id_ = _start(app, "Patient Example One", day1, email="one@patient.example", audience="can-become-pregnant")
    late = day1 + timedelta(days=8)
    _record(app, id_, Defer(cycle=1, day=8, to=late, reason="the patient asked for the day after"))
    _give_all_until(app, id_, today - timedelta(days=1))
    return id_


def _just_started(app: "App", today: date) -> UUID:
    """Had the first dose some days ago."""
    id_ = _start(app, "Patient Example Two", today - timedelta(days=3), audience="partner-can-become-pregnant")
    _give_all_until(app, id_, today - timedelta(days=1))
    return id_


def _ceased(app: "App", today: date) -> UUID:
    """Had two cycles and went on to a transplant."""
    day1 = _monday(today) - timedelta(weeks=12)
    id_ = _start(app, "Patient Example Three", day1, intent="transplant", audience="can-become-pregnant")
    _give_all_until(app, id_, today)
    _record(app, id_, Cease(on=day1 + timedelta(weeks=8), cause=CeaseCause.TRANSPLANT))
    return id_


def _on_the_day(app: "App", today: date) -> None:
    """What a day has beside that: a visit today with an interpreter, one tomorrow of a patient without mails, a dose
    that nobody recorded, a course on hold."""
    arabic = PatientFacts(spoken_language="Arabic", interpreter=True)
    yesterday, tomorrow = _weekday(today - timedelta(days=1)), today + timedelta(days=1)
    here = _start(app, "Patient Example Four", today - timedelta(days=7), audience="breastfeeding", facts=arabic)
    _give_all_until(app, here, yesterday)
    unreached = _start(app, "Patient Example Five", tomorrow - timedelta(days=7), audience="breastfeeding")
    _give_all_until(app, unreached, yesterday)
    _start(app, "Patient Example Six", yesterday, audience="breastfeeding")
    day1 = _monday(today) - timedelta(weeks=2)
    held = _start(app, "Patient Example Seven", day1, audience="breastfeeding")
    _give_all_until(app, held, day1 + timedelta(days=7))
    _record(app, held, Hold(cycle=1, day=15, on=day1 + timedelta(days=10), cause=HoldCause.LIVER))


def _start(
    app: "App",
    patient: str,
    day1: date,
    *,
    audience: str,
    email: str | None = None,
    intent: str = "continue",
    facts: PatientFacts = NOTHING_KNOWN,
) -> UUID:
    zone = app.settings.clinic.zone
    course = Course(id=uuid4(), day1=day1, at=time(9), zone=zone, intent=intent, audiences=(Audience(name=audience),))
    new = NewCourse(
        regimen_id=REGIMEN,
        patient=patient,
        course=course,
        email=email,
        consent=email is not None,
        language="en",
        patient_zone=zone,
        facts=facts,
    )
    return start_course(app, new, by=NURSE)


def _give_all_until(app: "App", id_: UUID, last: date) -> None:
    """Records every dose planned up to that date as given on its day."""
    while due := _next_due(app, id_, last):
        assert due.date is not None  # noqa: S101 - a planned dose has a date
        _record(app, id_, Given(cycle=due.cycle, day=due.day, on=due.date))


def _next_due(app: "App", id_: UUID, last: date) -> Dose | None:
    planned = (dose for dose in load_course(app, id_).plan.doses() if dose.state is DoseState.PLANNED)
    return next((dose for dose in planned if dose.date is not None and dose.date <= last), None)


def _record(app: "App", id_: UUID, action: Action) -> None:
    record(app, id_, action, by=NURSE, patient_told=True)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weekday(day: date) -> date:
    """The day, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
