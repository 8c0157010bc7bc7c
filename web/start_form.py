"""How what was typed into the form that starts a course becomes a course."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID, uuid4

from calendars.kinds import Detail
from scheduler.course import Audience, Course
from scheduler.dates import parse_date, parse_time, zone_of
from scheduler.errors import InvalidValue
from scheduler.regimen import Regimen
from service.carers import NewCarer, check_carers
from service.clock import today_in
from service.courses import NewCourse
from service.wiring import App
from web.facts_form import guardian_faults, typed_facts
from web.forms import Faults, Field, Form, beside, missing_faults, whole_number
from web.moving_form import actions_of
from web.speaking import later
from web.start_fields import carer_name, carers_asked
from web.words import LANGUAGE


def new_course(app: App, form: Form, regimen: Regimen) -> NewCourse:
    """The course that was typed; InvalidValue names the field that can't be read."""
    return NewCourse(
        regimen_id=regimen.id,
        patient=form.text("patient"),
        course=_course(form, regimen),
        email=form.text("email") or None,
        consent=bool(form.text("consent")),
        language=form.text("language"),
        patient_zone=_zone(form, "patient_zone"),
        follows=earlier_course(form.text("follows")),
        facts=typed_facts(form),
        carers=tuple(_carers(app, form)),
        actions=actions_of(form, _today(app, form)),
    )


def draft(app: App, form: Form, regimen: Regimen) -> NewCourse:
    """What the form says of the treatment so far, whatever else is missing in it: enough for a calendar.

    InvalidValue names the field of the treatment that can't be read.
    """
    return NewCourse(
        regimen_id=regimen.id,
        patient="draft",
        course=_course(form, regimen),
        email=None,
        consent=False,
        language=LANGUAGE,
        patient_zone=_zone(form, "zone"),
        follows=earlier_course(form.text("follows")),
        actions=actions_of(form, _today(app, form)),
    )


def faults_of(asked: Iterable[Field], form: Form) -> Faults:
    """The sentence of each field that is missing or can't be; of a carer whom nobody named, none."""
    unnamed = tuple(carer_name(number, "") for number in range(1, carers_asked(form) + 1) if not _named(form, number))
    asked = tuple(field for field in asked if not field.name.startswith(unnamed))
    return missing_faults(asked, form) | guardian_faults(form)


def earlier_course(text: str) -> UUID | None:
    """The id of the course that the new one goes on from; None for an empty text. InvalidValue for one that is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidValue(
            later("This is no course: start from the page of the earlier one."), field="follows"
        ) from None


def fault_place(name: str, fields: Iterable[Field]) -> str:
    """The form's field for a field of the course; an empty text when the form has none."""
    place = {"cycle_lengths": "length"}.get(name, name)
    return place if place in {field.name for field in fields} else ""


# ---------------------------------------------------------------------------------------------------------------------


def _course(form: Form, regimen: Regimen) -> Course:
    return Course(
        id=uuid4(),
        day1=parse_date(form.text("day1"), field="day1"),
        at=parse_time(form.text("at"), field="at"),
        zone=_zone(form, "zone"),
        cycles=_number(form, "cycles"),
        intent=form.text("intent"),
        cycle_lengths=_lengths(form),
        audiences=tuple(_chosen(form, regimen)),
        reason=form.text("reason"),
        jurisdiction=form.text("jurisdiction"),
    )


def _today(app: App, form: Form) -> date:
    return today_in(_zone(form, "zone"), app.now())


def _named(form: Form, number: int) -> bool:
    return any(form.text(carer_name(number, name)) for name in ("name", "email", "consent"))


def _carers(app: App, form: Form) -> Iterable[NewCarer]:
    for number in range(1, carers_asked(form) + 1):
        if not _named(form, number):
            continue
        typed = {name: form.text(carer_name(number, name)) for name in ("name", "email", "language", "zone", "detail")}
        detail = Detail(typed.pop("detail"))
        carer = NewCarer(**typed, consent=bool(form.text(carer_name(number, "consent"))), detail=detail)
        try:
            check_carers(app, (carer,))
        except InvalidValue as fault:
            raise InvalidValue(beside(fault.field, fault), field=carer_name(number, fault.field)) from None
        yield carer


def _chosen(form: Form, regimen: Regimen) -> Iterable[Audience]:
    for name in regimen.audiences():
        answer = form.text(f"audience-{name}")
        if answer in {"shown", "private"}:
            yield Audience(name=name, private=answer == "private")


def _number(form: Form, name: str) -> int | None:
    text = form.text(name)
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise InvalidValue(later("Write a whole number, or leave it empty."), field=name)
    return number


def _zone(form: Form, name: str) -> str:
    try:
        zone_of(form.text(name))
    except InvalidValue as fault:
        raise InvalidValue(str(fault), field=name) from None
    return form.text(name)


def _lengths(form: Form) -> dict[int, int]:
    days = _number(form, "length")
    return {} if days is None else {1: days}
