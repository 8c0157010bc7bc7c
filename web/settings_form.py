"""The forms of a clinic's settings: what each group asks, and how what was typed becomes what config.toml holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from scheduler.dates import parse_date
from scheduler.errors import FileRefused, InvalidValue
from service.clinic_settings import OwnSettings
from service.config import Settings
from service.config_values import WEEKDAYS
from service.own_settings import as_written, closure_spans, value_of
from service.wiring import App
from web.forms import Faults, Field, Form, Input, Option, form_from, whole_number
from web.speaking import later, say
from web.speaking import told as translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Settings that are changed together. `names` are theirs in config.toml, `fields` those of the form."""

    key: str
    title: str
    lead: str
    names: tuple[str, ...]
    fields: tuple[Field, ...] = ()


LABELS = later(
    {
        "clinic.name": "Name, as patients see it",
        "clinic.address": "Where patients come",
        "clinic.phone": "Telephone",
        "clinic.after_hours_phone": "Telephone at night and on closed days",
        "clinic.emergency_number": "Emergency number",
        "clinic.fever_threshold": "Fever: call at once from",
        "clinic.zone": "Time zone",
        "clinic.opening_days": "Open on",
        "clinic.closed_day_policy": "For a dose on a closed day, propose",
        "clinic.closures": "Closures",
        "clinic.ticks": "Staff tick on a visit",
        "clinic.default_at": "Infusions start at",
        "clinic.lead_minutes": "Patients arrive before that, minutes",
        "reminders.infusion_days_before": "Visits: days before",
        "reminders.task_days_before": "Checks: days before",
        "reminders.window_days_before": "End of birth control or breastfeeding rules: days before",
        "reminders.at": "Mails go at",
        "reminders.quiet": "No mail between",
        "regimens.offered": "Regimens in use",
    }
)
DAY_WORDS = later(
    dict(zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
)
POLICIES = later(
    {
        "later": "the next open day",
        "earlier": "the open day before",
        "nearest": "the nearest open day",
    }
)
TICK_LABELS = later(
    {
        "blood-count-day-1": "Blood count seen, on day 1 of a cycle",
        "blood-count-other-days": "Blood count seen, on the other days",
        "liver-tests": "Liver tests seen",
        "other-checks": "Other checks of the regimen seen",
        "weight": "Weight taken",
        "premedication": "Premedication given",
    }
)
NUMBERS = later("Whole numbers with commas, such as 3, 1. Empty: none goes.")


def groups(app: App) -> dict[str, Group]:
    """The groups by their key, in the order of the page."""
    found = (_patients(), _days(), CLOSURES, _times(), VISITS, _reminders(), _regimens(app))
    return {group.key: group for group in found}


def first_values(group: Group, settings: Settings) -> Form:
    """The form as the settings are."""
    values: dict[str, object] = {name.partition(".")[2]: as_written(value_of(settings, name)) for name in group.names}
    for name in ("infusion_days_before", "task_days_before", "window_days_before"):
        if name in values:
            values[name] = ", ".join(map(str, value_of(settings, f"reminders.{name}")))  # type: ignore[call-overload]
    if group.key == "reminders":
        values |= {
            "quiet_from": f"{settings.reminders.quiet[0]:%H:%M}",
            "quiet_to": f"{settings.reminders.quiet[1]:%H:%M}",
        }
    if group.key == "regimens" and not settings.regimens.offered:
        values["offered"] = [option.value for option in group.fields[0].options]
    return form_from(values)


def wanted(group: Group, form: Form, found: OwnSettings, today: date) -> dict[str, object]:
    """What was typed, as config.toml would hold it; InvalidValue where that can be nothing at all."""
    if form.text("reset") in group.names:
        return {form.text("reset"): None}
    if group.key == "closures":
        return {"clinic.closures": _closures(form, found.settings, today)}
    return {name: _typed(name, group, form, found.settings) for name in group.names}


def faults_of(group: Group, refused: FileRefused) -> Faults:
    """The sentences beside the fields; those of settings that the form has no field for stand above it."""
    places = {"quiet": "quiet_from", "closures": "first"}
    known = {field.name for field in group.fields}
    found: Faults = {}
    for fault in refused.faults:
        key = fault.place.partition(".")[2]
        place = places.get(key, key)
        label = say(LABELS.get(fault.place, fault.place))
        found[place if place in known else ""] = say(
            "{setting}: {fault}", setting=label, fault=translated(fault.message)
        )
    return found


def in_words(name: str, value: object) -> str:
    """A setting's value, as config.toml would hold it, in words."""
    if name == "clinic.opening_days" and isinstance(value, list):
        return ", ".join(say(DAY_WORDS[day]) for day in value)
    if name == "clinic.closed_day_policy":
        return say(POLICIES[str(value)])
    if name == "clinic.ticks" and isinstance(value, list):
        return "; ".join(say(TICK_LABELS[tick]) for tick in value) or say("nothing")
    if name == "regimens.offered" and not value:
        return say("all that there are")
    if name == "clinic.closures" and isinstance(value, list):
        return ", ".join(map(_closure_words, value)) or say("none")
    if name == "reminders.quiet" and isinstance(value, list):
        return say("{start} and {end}", start=value[0], end=value[1])
    if isinstance(value, list):
        return ", ".join(map(str, value)) or say("none")
    return str(value) if value != "" else say("not set")


# ---------------------------------------------------------------------------------------------------------------------


def _closure_words(closure: object) -> str:
    first, _, rest = str(closure).partition(" to ")
    last, _, name = rest.partition(" ")
    return say("{first} to {last} {name}", first=first, last=last, name=name) if rest else str(closure)


def _patients() -> Group:
    names = ("name", "address", "phone", "after_hours_phone", "emergency_number", "fever_threshold")
    hints = later(
        {
            "name": "On every page, print and mail. A name such as “Day Clinic” tells nobody what patients come for.",
            "after_hours_phone": "For fever at night. Empty: the telephone above.",
            "emergency_number": "For trouble breathing or fainting, such as 911.",
            "fever_threshold": "Such as 38.0 °C (100.4 °F). Your clinicians decide.",
        }
    )
    missing = later({"name": "Write the clinic's name."})
    fields = tuple(
        Field(
            name=name,
            label=LABELS[f"clinic.{name}"],
            hint=hints.get(name, ""),
            missing=missing.get(name, ""),
            length=500,
        )
        for name in names
    )
    lead = later("It stands on every calendar, print and mail. Calendars are made anew when they are next fetched.")
    return Group(
        key="patients",
        title="What patients see and call",
        lead=lead,
        names=tuple(f"clinic.{name}" for name in names),
        fields=fields,
    )


def _days() -> Group:
    days = tuple(Option(value=day, label=words) for day, words in DAY_WORDS.items())
    said = {value: say(words) for value, words in POLICIES.items()}
    policies = tuple(Option(value=value, label=words[0].upper() + words[1:]) for value, words in said.items())
    return Group(
        key="days",
        title="Opening days",
        lead="No dose moves by itself: a dose on a closed day is remarked, and a nurse accepts another date.",
        names=("clinic.opening_days", "clinic.closed_day_policy", "clinic.zone"),
        fields=(
            Field(
                name="opening_days",
                label=LABELS["clinic.opening_days"],
                input=Input.TICKS,
                missing="Tick at least one day.",
                options=days,
            ),
            Field(
                name="closed_day_policy",
                label=LABELS["clinic.closed_day_policy"],
                input=Input.RADIO,
                missing="Choose what is proposed.",
                options=policies,
            ),
            Field(
                name="zone",
                label=LABELS["clinic.zone"],
                hint="Of new courses and of these pages; courses there are keep theirs. Such as America/New_York.",
                missing="Write the time zone.",
                length=60,
            ),
        ),
    )


CLOSURES = Group(
    key="closures",
    title="Closures",
    lead="Days on which the clinic is closed beside its weekly ones and public holidays.",
    names=("clinic.closures",),
    fields=(
        Field(name="first", label="First closed day", input=Input.DATE, missing="Write the first closed day."),
        Field(name="last", label="Last closed day", input=Input.DATE, hint="Empty: one day."),
        Field(
            name="name", label="Name", hint="Such as Christmas. Staff see it.", missing="Name the closure.", length=100
        ),
    ),
)


VISITS = Group(
    key="visits",
    title="What is ticked on a visit",
    lead="On the clinic's day staff tick what they have seen or done: who and when, no values. A tick clears nobody.",
    names=("clinic.ticks",),
    fields=(
        Field(
            name="ticks",
            label=LABELS["clinic.ticks"],
            input=Input.TICKS,
            hint="Of the checks, those that the regimen names for the visit. None: nothing is asked.",
            options=tuple(Option(value=name, label=words) for name, words in TICK_LABELS.items()),
        ),
    ),
)


def _times() -> Group:
    return Group(
        key="times",
        title="Usual times",
        lead="The hour is what the form of a new course begins with.",
        names=("clinic.default_at", "clinic.lead_minutes"),
        fields=(
            Field(
                name="default_at", label=LABELS["clinic.default_at"], input=Input.TIME, missing="Write the usual hour."
            ),
            Field(
                name="lead_minutes",
                label=LABELS["clinic.lead_minutes"],
                input=Input.NUMBER,
                hint="Changes the arrival in every calendar; the next reminders tell it.",
                missing="Write how many minutes.",
                length=3,
            ),
        ),
    )


def _reminders() -> Group:
    days = ("infusion_days_before", "task_days_before", "window_days_before")
    fields = tuple(Field(name=name, label=LABELS[f"reminders.{name}"], hint=NUMBERS, length=100) for name in days)
    hour = Field(
        name="at",
        label=LABELS["reminders.at"],
        input=Input.TIME,
        hint="As the reader's clocks show it.",
        missing="Write the hour.",
    )
    quiet = (
        Field(name="quiet_from", label="No mail from", input=Input.TIME, missing="Write when the quiet hours begin."),
        Field(name="quiet_to", label="No mail until", input=Input.TIME, missing="Write when the quiet hours end."),
    )
    return Group(
        key="reminders",
        title="Reminders",
        lead="Mails that wait are planned anew at the next passes; what went stays as it went.",
        names=(*(f"reminders.{name}" for name in days), "reminders.at", "reminders.quiet"),
        fields=(*fields, hour, *quiet),
    )


def _regimens(app: App) -> Group:
    options = tuple(Option(value=each.id, label=each.name, hint=each.id) for each in app.catalogue.regimens())
    return Group(
        key="regimens",
        title="Regimens in use",
        lead="With these new courses start. Courses that follow another go on as they are.",
        names=("regimens.offered",),
        fields=(
            Field(
                name="offered",
                label=LABELS["regimens.offered"],
                input=Input.TICKS,
                missing="Tick at least one regimen.",
                options=options,
            ),
        ),
    )


def _typed(name: str, group: Group, form: Form, settings: Settings) -> object:
    key = name.partition(".")[2]
    match name:
        case "clinic.opening_days" | "clinic.ticks":
            return list(form.all(key))
        case "clinic.lead_minutes":
            number = whole_number(form.text(key))
            return form.text(key) if number is None else number
        case "reminders.quiet":
            return [form.text("quiet_from"), form.text("quiet_to")]
        case "regimens.offered":
            ticked = sorted(form.all(key))
            everything = not settings.regimens.offered and len(ticked) == len(group.fields[0].options)
            return [] if everything else ticked
        case _ if key.endswith("_days_before"):
            return [_number(entry.strip()) for entry in form.text(key).split(",") if entry.strip()]
        case _:
            return form.text(key)


def _number(text: str) -> object:
    number = whole_number(text)
    return text if number is None else number


def _closures(form: Form, settings: Settings, today: date) -> list[str]:
    spans = closure_spans(settings.clinic.closures)
    ending = form.text("end")
    if not ending:
        first = parse_date(form.text("first"), field="first")
        last = parse_date(form.text("last"), field="last") if form.text("last") else first
        return [*(span.text for span in spans), f"{first} to {last} {form.text('name')}"]
    if ending not in {span.text for span in spans}:
        raise InvalidValue(later("this closure has been changed meanwhile; look at those that there are"), field="")
    kept = [span for span in spans if span.text != ending]
    running = next(span for span in spans if span.text == ending)
    if running.first < today:  # what was closed was closed: it ends with yesterday
        kept.append(replace(running, last=min(running.last, today - timedelta(days=1))))
    return [span.text for span in kept]


def told(name: str, found: OwnSettings) -> Mapping[str, object]:
    """What the page shows of a setting: its label, its value in words, and who set it, where somebody did."""
    value = in_words(name, as_written(value_of(found.settings, name)))
    return {"name": name, "label": LABELS[name], "value": value, "set_by": found.set_by.get(name)}
