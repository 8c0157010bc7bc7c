"""The form that starts a course: what it asks, and how what was typed becomes a course."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

from scheduler.course import Audience, Course
from scheduler.dates import parse_date, parse_time, zone_of
from scheduler.errors import InvalidValue
from scheduler.regimen import Regimen
from service.clinic import jurisdiction_of
from service.config import Settings
from service.courses import NewCourse
from service.languages import labels
from service.wiring import App
from web.forms import Field, Form, Input, Option, form_from, whole_number
from web.words import LANGUAGE, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Fields that stand together."""

    title: str
    lead: str
    fields: tuple[Field, ...]


def sections(app: App, regimen: Regimen) -> tuple[Section, ...]:
    """What is asked before a course of that regimen can start."""
    found = (
        Section(title="Patient", lead="", fields=(PATIENT,)),
        Section(title="Treatment", lead="", fields=_treatment(regimen)),
        Section(title="Birth control and breastfeeding", lead=ASK_ALONE, fields=_audiences(regimen)),
        Section(title="Mails", lead="", fields=(EMAIL, CONSENT, _language(app), PATIENT_ZONE)),
        Section(title="If the start departs from the regimen", lead="", fields=(REASON,)),
    )
    return tuple(section for section in found if section.fields)


def first_values(settings: Settings, regimen: Regimen, follows: str = "") -> Form:
    """What the fresh form holds: the clinic's usual hour and zone, the regimen's first intent, whose label is followed.

    No audience. `follows`: the course that the new one goes on from.
    """
    return form_from(
        {
            "at": f"{settings.clinic.default_at:%H:%M}",
            "zone": settings.clinic.zone,
            "patient_zone": settings.clinic.zone,
            "intent": regimen.intents()[0],
            "language": LANGUAGE,
            "jurisdiction": jurisdiction_of(settings.clinic.country, regimen),
            "follows": follows,
        }
    )


def new_course(form: Form, regimen: Regimen) -> NewCourse:
    """The course that was typed; InvalidValue names the field that can't be read."""
    course = Course(
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
    return NewCourse(
        regimen_id=regimen.id,
        patient=form.text("patient"),
        course=course,
        email=form.text("email") or None,
        consent=bool(form.text("consent")),
        language=form.text("language"),
        patient_zone=_zone(form, "patient_zone"),
        follows=earlier_course(form.text("follows")),
    )


def earlier_course(text: str) -> UUID | None:
    """The id of the course that the new one goes on from; None for an empty text. InvalidValue for one that is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidValue("This is no course: start from the page of the earlier one.", field="follows") from None


def fault_place(name: str, fields: Iterable[Field]) -> str:
    """The form's field for a field of the course; an empty text when the form has none."""
    place = {"cycle_lengths": "length"}.get(name, name)
    return place if place in {field.name for field in fields} else ""


# ---------------------------------------------------------------------------------------------------------------------

ASK_ALONE = (
    "Ask the patient alone, and ask how to show the dates. Shown dates are in the patient's own calendar and mails; "
    "private ones are for staff only. Carers and guardians never see them."
)
PATIENT = Field(
    name="patient",
    label="Patient's name or code",
    hint="For staff only: it is in no calendar and no mail.",
    missing="Write the patient's name or code.",
    length=200,
)
EMAIL = Field(name="email", label="Mail address", input=Input.EMAIL, length=254)
CONSENT = Field(
    name="consent",
    label="The patient agrees to reminders by mail",
    input=Input.TICK,
    hint="Without this nothing is sent.",
    options=(Option(value="yes", label="yes"),),
)
_ZONE_HINT = "A name such as America/New_York."
PATIENT_ZONE = Field(
    name="patient_zone",
    label="Patient's time zone",
    hint=f"Mails go at sensible hours there. {_ZONE_HINT}",
    missing="Write the patient's time zone.",
    length=60,
)
REASON = Field(
    name="reason",
    label="Reason",
    input=Input.LONG,
    hint="Needed for more cycles, or another length, than it allows. For staff only.",
)


def _treatment(regimen: Regimen) -> tuple[Field, ...]:
    intents = tuple(Option(value=name, label=word(name), hint=_count(regimen, name)) for name in regimen.intents())
    first = regimen.template(1)
    span = f"{first.shortest} to {first.longest}" if first.shortest < first.longest else str(first.length)
    length = Field(
        name="length",
        label="Length of cycle 1 in days",
        input=Input.NUMBER,
        hint=f"Empty: {first.length}. The regimen allows {span}.",
        length=9,
    )
    return (
        Field(
            name="day1",
            label="Day 1 of cycle 1",
            input=Input.DATE,
            hint="The preview names its weekday.",
            missing="Say on which date the treatment starts.",
            length=20,
        ),
        Field(name="at", label="Start of the infusion", input=Input.TIME, missing="Say at what time.", length=10),
        Field(
            name="zone",
            label="Clinic's time zone",
            hint=_ZONE_HINT,
            missing="Write the clinic's time zone.",
            length=60,
        ),
        *_jurisdiction(regimen),
        Field(name="intent", label="Intent", input=Input.RADIO, missing="Choose the intent.", options=intents),
        Field(
            name="cycles",
            label="Number of cycles",
            input=Input.NUMBER,
            hint="Empty: the regimen's number for the intent.",
            length=9,
        ),
        length,
    )


def _jurisdiction(regimen: Regimen) -> tuple[Field, ...]:
    if len(regimen.jurisdictions) < 2:
        return ()
    unknown = Option(
        value="", label="Not known", hint="Where labels differ the longest time counts, marked unverified."
    )
    options = (unknown, *(Option(value=name, label=word(name)) for name in regimen.jurisdictions))
    return (Field(name="jurisdiction", label="Whose label is followed", input=Input.RADIO, options=options),)


def _count(regimen: Regimen, intent: str) -> str:
    count = regimen.counts[intent]
    if count.maximum is None:
        return f"{count.default} cycles planned ahead, then as long as it goes on"
    if count.default == count.maximum:
        return f"{count.default} cycles"
    return f"{count.default} cycles, at most {count.maximum}"


def _audiences(regimen: Regimen) -> tuple[Field, ...]:
    # No default: whether it applies, and whether it may be shown, is the patient's answer.
    answers = (
        Option(value="shown", label="Applies: show the dates in the patient's own calendar and mails"),
        Option(value="private", label="Applies: keep the dates private, for staff only"),
        Option(value="no", label="Does not apply"),
    )
    return tuple(
        Field(
            name=f"audience-{name}",
            label=word(name),
            input=Input.RADIO,
            missing=f"{word(name)}: choose an answer.",
            options=answers,
        )
        for name in regimen.audiences()
    )


def _chosen(form: Form, regimen: Regimen) -> Iterable[Audience]:
    for name in regimen.audiences():
        answer = form.text(f"audience-{name}")
        if answer != "no":
            yield Audience(name=name, private=answer == "private")


def _language(app: App) -> Field:
    options = tuple(Option(value=code, label=label) for code, label in labels(app.wordings).items())
    missing = "Choose the language."
    return Field(
        name="language", label="Language of calendar and mails", input=Input.SELECT, missing=missing, options=options
    )


def _number(form: Form, name: str) -> int | None:
    text = form.text(name)
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise InvalidValue("Write a whole number, or leave it empty.", field=name)
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
