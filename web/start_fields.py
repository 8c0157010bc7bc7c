"""What the form that starts a course asks, in the order in which a nurse asks it."""

from dataclasses import replace

from scheduler.regimen import Regimen
from service.clinic import jurisdiction_of
from service.config import Settings
from service.wiring import App
from web.facts_form import guardian_section, speech_fields
from web.forms import Field, Form, Input, Option, Section, form_from, whole_number
from web.mail_form import carer_fields
from web.speaking import later, say
from web.words import LANGUAGE, length_words, word

CARERS = "carers"  # how many carers the form asks for
MOST_CARERS = 5  # of one form; more are added on the course's page
ASK_ALONE = later(
    "Ask the patient alone, and ask how to show the dates. Shown dates are in the patient's own calendar and mails; "
    "private ones are for staff only. Carers and guardians never see them."
)


def sections(app: App, regimen: Regimen, form: Form) -> tuple[Section, ...]:
    """What is asked before a course of that regimen can start; the form says how many carers are named."""
    found = (
        Section(title="Treatment", fields=_treatment(regimen), more=_seldom(regimen)),
        Section(title="Patient", fields=(PATIENT, *speech_fields(app))),
        guardian_section(),
        Section(title="Birth control and breastfeeding", lead=ASK_ALONE, fields=_audiences(regimen)),
        Section(title="Mails to the patient", fields=(EMAIL, CONSENT, PATIENT_ZONE)),
        *(_carer(app, number) for number in range(1, carers_asked(form) + 1)),
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


def carers_asked(form: Form) -> int:
    """For how many carers the form has fields."""
    return min(whole_number(form.text(CARERS)) or 0, MOST_CARERS)


def with_carer(form: Form, settings: Settings) -> Form:
    """The form with fields for one carer more, in the clinic's zone, as discreet as can be."""
    number = carers_asked(form) + 1
    if number > MOST_CARERS:
        return form
    fresh = {"zone": settings.clinic.zone, "language": LANGUAGE, "detail": "discreet"}
    values = {carer_name(number, name): (value,) for name, value in fresh.items()}
    return Form({**form.values, CARERS: (str(number),), **values})


def carer_name(number: int, name: str) -> str:
    """The name of that field of that carer: several stand in one form."""
    return f"carer{number}_{name}"


# ---------------------------------------------------------------------------------------------------------------------

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
_ZONE_HINT = later("A name such as America/New_York.")
PATIENT_ZONE = Field(
    name="patient_zone",
    label="Patient's time zone",
    hint="Mails go at sensible hours there. A name such as America/New_York.",
    missing="Write the patient's time zone.",
    length=60,
)
REASON = Field(
    name="reason",
    label="Reason, if the start departs from the regimen",
    input=Input.LONG,
    hint="Needed for more cycles, or another length, than it allows. For staff only.",
)


def _treatment(regimen: Regimen) -> tuple[Field, ...]:
    intents = tuple(Option(value=name, label=word(name), hint=_count(regimen, name)) for name in regimen.intents())
    return (
        Field(
            name="day1",
            label="Day 1 of cycle 1",
            input=Input.DATE,
            missing="Say on which date the treatment starts.",
            length=20,
        ),
        Field(name="at", label="Start of the infusion", input=Input.TIME, missing="Say at what time.", length=10),
        *_jurisdiction(regimen),
        Field(name="intent", label="Intent", input=Input.RADIO, missing="Choose the intent.", options=intents),
    )


def _seldom(regimen: Regimen) -> tuple[Field, ...]:
    first = regimen.template(1)
    span = length_words(first.shortest, first.longest)
    return (
        Field(
            name="cycles",
            label="Number of cycles",
            input=Input.NUMBER,
            hint="Empty: the regimen's number for the intent.",
            length=9,
        ),
        Field(
            name="length",
            label="Length of cycle 1 in days",
            input=Input.NUMBER,
            hint=say("Empty: {days}. The regimen allows {span}.", days=first.length, span=span),
            length=9,
        ),
        Field(
            name="zone",
            label="Clinic's time zone",
            hint=_ZONE_HINT,
            missing="Write the clinic's time zone.",
            length=60,
        ),
        REASON,
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
        return say("{count} cycles planned ahead, then as long as it goes on", count=count.default)
    if count.default == count.maximum:
        return say("{count} cycles", count=count.default)
    return say("{count} cycles, at most {maximum}", count=count.default, maximum=count.maximum)


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
            missing=say("{question}: choose an answer.", question=word(name)),
            options=answers,
        )
        for name in regimen.audiences()
    )


def _carer(app: App, number: int) -> Section:
    fields = tuple(replace(field, name=carer_name(number, field.name)) for field in carer_fields(app))
    return Section(
        title=say("Carer {number}", number=number), lead="Leave the name and address empty for none.", fields=fields
    )
