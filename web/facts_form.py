"""What is asked of a patient beside the dates: what they read and speak, and who stands for a minor."""

from service.patients import Guardian, PatientFacts
from service.queries import CourseRecord
from service.wiring import App
from web.forms import Faults, Field, Form, Input, Option, Section, form_from
from web.speaking import later, say
from web.staff_language import patient_languages

GUARDIAN = ("guardian", "guardian_relation", "guardian_phone", "guardian_email", "guardian_consent")


def facts_sections(app: App) -> tuple[Section, ...]:
    """What the form asks that changes these facts: as the form that starts a course does."""
    return (Section(title="Patient", fields=speech_fields(app)), guardian_section())


def speech_fields(app: App) -> tuple[Field, ...]:
    """What the patient reads and speaks, and whether somebody stands for them."""
    age = app.settings.clinic.age_of_majority
    minor = Field(
        name="minor",
        label=say("The patient is under {age}", age=age),
        input=Input.TICK,
        hint="Then somebody stands for them: the form asks who.",
        options=(Option(value="yes", label="yes"),),
    )
    return (_language(app), SPOKEN, INTERPRETER, minor)


def guardian_section() -> Section:
    """Who stands for a minor; hidden until the minor is ticked."""
    return Section(title="Guardian", lead=GUARDIAN_LEAD, fields=GUARDIAN_FIELDS, kind="guardian")


def known_facts(record: CourseRecord) -> Form:
    """The form as it is known by now."""
    guardian = record.facts.guardian
    spoken = {"spoken_language": record.facts.spoken_language, "interpreter": record.facts.interpreter}
    told = {"language": record.language, "minor": guardian is not None, **spoken}
    if guardian is not None:
        values = (guardian.name, guardian.relation, guardian.phone, guardian.email, guardian.consent)
        told |= dict(zip(GUARDIAN, values, strict=True))
    return form_from(told)


def guardian_faults(form: Form) -> Faults:
    """The sentence where a minor has no guardian, or a guardian no minor."""
    if form.text("minor") and not form.text("guardian"):
        return {"guardian": later("Write the name of who stands for the patient.")}
    if not form.text("minor") and any(form.text(name) for name in GUARDIAN):
        return {"minor": later("A guardian is named: tick this, or empty the guardian's fields.")}
    return {}


def typed_facts(form: Form) -> PatientFacts:
    """The facts that were typed."""
    guardian = Guardian(
        name=form.text("guardian"),
        relation=form.text("guardian_relation"),
        email=form.text("guardian_email"),
        phone=form.text("guardian_phone"),
        consent=bool(form.text("guardian_consent")),
    )
    return PatientFacts(
        spoken_language=form.text("spoken_language"),
        interpreter=bool(form.text("interpreter")),
        guardian=guardian if form.text("minor") else None,
    )


# ---------------------------------------------------------------------------------------------------------------------

SPOKEN = Field(
    name="spoken_language",
    label="Language that the patient speaks",
    hint="Only if it is another one.",
    length=60,
)
INTERPRETER = Field(
    name="interpreter",
    label="An interpreter is needed",
    input=Input.TICK,
    options=(Option(value="yes", label="yes"),),
)
GUARDIAN_LEAD = later(
    "Who stands for the patient. With consent they get mails, as carers do; nothing about reproduction."
)
GUARDIAN_FIELDS = (
    Field(name="guardian", label="Guardian's name", hint="For staff only: it is in no mail.", length=100),
    Field(name="guardian_relation", label="How they are related", hint="Such as mother or legal guardian.", length=60),
    Field(name="guardian_phone", label="Guardian's telephone number", length=60),
    Field(name="guardian_email", label="Guardian's mail address", input=Input.EMAIL, length=254),
    Field(
        name="guardian_consent",
        label="The guardian agrees to reminders by mail",
        input=Input.TICK,
        hint="Without this nothing is sent to them.",
        options=(Option(value="yes", label="yes"),),
    ),
)


def _language(app: App) -> Field:
    options = tuple(Option(value=code, label=label) for code, label in patient_languages(app).items())
    return Field(
        name="language",
        label="Language that the patient reads",
        input=Input.SELECT,
        hint="Of calendar, prints and mails.",
        missing="Choose the language.",
        options=options,
    )
