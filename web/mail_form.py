"""The forms of who gets mails and which: what they ask, and how what was typed becomes a carer or a wish."""

from calendars.kinds import Detail
from reminders.rules import PATIENT, Kind, ReminderPolicy
from service.carers import MAIL_DETAILS, Contact, NewCarer, RecipientLine, Wish
from service.queries import CourseRecord
from service.recipients import CalendarFiles
from service.wiring import App
from web.forms import Field, Form, Input, Option, form_from
from web.speaking import later, say
from web.staff_language import patient_languages
from web.words import LANGUAGE, days_before

KIND_WORDS = later(
    {Kind.VISIT: "Reminders of visits", Kind.CHECK: "Reminders of checks", Kind.WINDOW: "Reminders of windows"}
)
DETAIL_WORDS = {
    Detail.DISCREET: Option(value="discreet", label="Discreet", hint="Neutral words: nothing of the treatment."),
    Detail.FULL: Option(value="full", label="Full", hint="With cycle and day. Ask the patient."),
}
FILES = (
    Option(value="no-feed", label="While they have no calendar address", hint="Else each visit would stand twice."),
    Option(value="always", label="Always"),
    Option(value="never", label="Never"),
)
NAME = Field(
    name="name",
    label="Carer's name",
    hint="For staff only: it is in no mail.",
    missing="Write the carer's name.",
    length=100,
)
CONSENT = Field(
    name="consent",
    label="The patient agrees that this person gets mails about the dates",
    input=Input.TICK,
    missing="The patient must agree: ask, then tick it.",
    hint="Carers never get anything about birth control, breastfeeding or pregnancy.",
)
PATIENT_CONSENT = Field(
    name="consent", label="The patient agrees to mails", input=Input.TICK, hint="Without this nothing is sent."
)
DETAIL = Field(
    name="detail",
    label="How much does a mail tell?",
    input=Input.RADIO,
    missing="Choose one.",
    options=tuple(DETAIL_WORDS[each] for each in MAIL_DETAILS),
)
CALENDAR = Field(
    name="calendar", label="Do mails bring calendar files?", input=Input.RADIO, missing="Choose one.", options=FILES
)


def carer_fields(app: App) -> tuple[Field, ...]:
    """What is asked of a new carer."""
    email = Field(
        name="email",
        label="Carer's mail address",
        input=Input.EMAIL,
        missing="Write the carer's mail address.",
        length=254,
    )
    return (NAME, email, CONSENT, _language(app), _zone(later("Carer's time zone")), DETAIL)


def choice_fields(app: App, policy: ReminderPolicy, role: str) -> tuple[Field, ...]:
    """What a recipient can choose: of what the clinic sends, never more; the patient's address and language as well."""
    contact: tuple[Field, ...] = ()
    if role == PATIENT:
        email = Field(name="email", label="Patient's mail address", input=Input.EMAIL, length=254)
        contact = (email, PATIENT_CONSENT, _language(app), _zone(later("Patient's time zone")))
    kinds = tuple(
        Field(name=kind.value, label=words, input=Input.TICKS, options=tuple(map(_days, policy.days_before(kind))))
        for kind, words in KIND_WORDS.items()
        if policy.days_before(kind) and (role == PATIENT or kind is not Kind.WINDOW)
    )
    change = Field(
        name=Kind.CHANGE.value,
        label="Notices of changes",
        input=Input.TICKS,
        hint="Without them somebody has to phone about each change.",
        options=(Option(value="0", label="When a date changes"),),
    )
    return (*contact, *kinds, change, DETAIL, CALENDAR)


def fresh_carer(app: App) -> Form:
    """What the fresh form holds: no name, no consent."""
    return form_from({"language": LANGUAGE, "zone": app.settings.clinic.zone, "detail": Detail.DISCREET.value})


def chosen_now(line: RecipientLine, record: CourseRecord, policy: ReminderPolicy) -> Form:
    """The form as the recipient has chosen so far."""
    sent = {kind: policy.days_before(kind) for kind in KIND_WORDS} | {Kind.CHANGE: (0,)}
    days = {kind.value: [day for day in sent[kind] if day in line.choice.get(kind, sent[kind])] for kind in sent}
    contact = {"email": line.email, "consent": record.consent, "language": line.language, "zone": line.zone}
    rest = {"detail": line.detail.value, "calendar": line.calendar.value}
    return form_from({**days, **contact, **rest})


def new_carer(form: Form) -> NewCarer:
    """The carer that was typed, in a form whose fields are all filled in."""
    return NewCarer(
        name=form.text("name"),
        email=form.text("email"),
        consent=bool(form.text("consent")),
        language=form.text("language"),
        zone=form.text("zone"),
        detail=Detail(form.text("detail")),
    )


def wish(form: Form, policy: ReminderPolicy, role: str) -> Wish:
    """What was chosen; a kind of which nothing was left out comes as the clinic sends it, also after a new setting."""
    sent = {kind: policy.days_before(kind) for kind in KIND_WORDS if role == PATIENT or kind is not Kind.WINDOW}
    sent |= {Kind.CHANGE: (0,)}
    ticked = {kind: tuple(day for day in days if str(day) in form.all(kind.value)) for kind, days in sent.items()}
    return Wish(
        days={kind: days for kind, days in ticked.items() if days != sent[kind]},
        detail=Detail(form.text("detail")),
        calendar=CalendarFiles(form.text("calendar")),
    )


def contact(form: Form, role: str) -> Contact | None:
    """Where and how the patient gets mails, as typed; None for a carer."""
    if role != PATIENT:
        return None
    return Contact(
        email=form.text("email"),
        consent=bool(form.text("consent")),
        language=form.text("language"),
        zone=form.text("zone"),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _days(days: int) -> Option:
    return Option(value=str(days), label=days_before(days) if days else say("on the day"))


def _language(app: App) -> Field:
    options = tuple(Option(value=code, label=words) for code, words in patient_languages(app).items())
    return Field(
        name="language",
        label="Language of the mails",
        input=Input.SELECT,
        missing="Choose the language.",
        options=options,
    )


def _zone(label: str) -> Field:
    hint = later("Mails go at sensible hours there. A name such as America/New_York.")
    return Field(name="zone", label=label, hint=hint, missing="Write the time zone.", length=60)
