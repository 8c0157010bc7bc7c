"""What a record form holds at first, and how what was typed becomes the plain values of an action."""

from collections.abc import Mapping

from scheduler import action_to_fields
from scheduler.actions import Action
from scheduler.plan import Dose, DoseState, Plan
from web.forms import Faults, Field, Form, form_from, whole_number
from web.kinds import fields_of
from web.record_fields import Material, visit_value
from web.speaking import say


def first_values(kind: str, material: Material, asked: Mapping[str, str]) -> Form:
    """What a fresh form holds: what the link asked for, else the next dose and today."""
    names = {field.name for field in fields_of(kind, material)}
    values = {name: value for name, value in asked.items() if name in names}
    plan = material.plan
    dose = _dose(plan, values.get("dose", "")) or _next_offered(kind, material)
    if "dose" in names and dose is not None and kind != "time":
        values.setdefault("dose", visit_value(dose))
        values.setdefault("cycle", str(dose.cycle))
    if kind == "defer" and dose is not None and dose.date is not None:
        values.setdefault("to", dose.date.isoformat())  # what a day or a week later is counted from
    if "on" in names and kind != "resume":
        values.setdefault("on", _usual_date(kind, plan, dose))
    if "cycle" in names:
        values.setdefault("cycle", str(dose.cycle if dose else 1))
    return form_from({name: value for name, value in values.items() if name in names})


def corrected_values(number: int, action: Action) -> Form:
    """The form that would record the same action again, as a correction of the entry `number`."""
    plain = action_to_fields(action) | {"replaces": number}
    if visit_named(action):
        plain["dose"] = visit_named(action)
    for ticked, (name, _) in TICKED.items():
        plain[ticked] = name in plain
    if action.kind == "audience":
        name, _, mark = str(plain["value"]).partition(":")
        plain |= {"value": name, "change": "add-private" if mark else plain["change"]}
    return form_from(plain)


def visit_named(action: Action) -> str:
    """The visit that an action names, as the forms do; an empty text when it names none."""
    plain = action_to_fields(action)
    return f"{plain['cycle']}-{plain['day']}" if {"cycle", "day"} <= plain.keys() else ""


def read_fields(kind: str, form: Form, fields: tuple[Field, ...]) -> tuple[dict[str, object], Faults]:
    """The plain values that `action_from_fields` takes, and the faults of numbers that are none."""
    plain: dict[str, object] = {}
    faults: Faults = {}
    for field in fields:
        typed = [value for value in form.all(field.name) if value]
        if not typed:
            continue
        try:
            plain |= _read(kind, field.name, typed)
        except ValueError:
            faults[field.name] = say("{label}: write a whole number.", label=say(field.label))
    if form.text("change") == "add-private" and "value" in plain:
        plain["value"] = f"{plain['value']}:private"
    return plain, faults


def field_at_fault(name: str, fields: tuple[Field, ...]) -> str:
    """The form's field for a field of the action; an empty text when the form has none."""
    names = {field.name for field in fields}
    others = {"cycle": "dose", "day": "dose", "tolerated": "not_tolerated", "complete": "partial"}
    return next((known for known in (name, others.get(name, "")) if known in names), "")


def next_dose(plan: Plan) -> Dose | None:
    """The first dose in the order of treatment that is still planned, overdue ones included; None without any."""
    return next((dose for dose in plan.doses() if dose.state is DoseState.PLANNED), None)


# ---------------------------------------------------------------------------------------------------------------------

# The boxes of `given` that say what was not as usual, and the values that a tick stands for.
TICKED: dict[str, tuple[str, bool]] = {
    "not_tolerated": ("tolerated", False),
    "partial": ("complete", False),
    "elsewhere": ("elsewhere", True),
}
NUMBERS = {"cycle", "count", "replaces", "action"}


def _read(kind: str, name: str, typed: list[str]) -> dict[str, object]:
    if name == "dose":
        cycle, _, day = typed[0].partition("-")
        return {"cycle": int(cycle), "day": int(day)}
    if name in TICKED:
        plain, value = TICKED[name]
        return {plain: value}
    if name == "days" and kind == "days":
        return {"days": [_whole(value) for value in typed]}
    if name == "days" or name in NUMBERS:
        return {name: _whole(typed[0])}
    if name == "change" and typed[0] == "add-private":
        return {"change": "add"}
    return {name: typed[0]}


def _whole(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise ValueError(text)
    return number


def _dose(plan: Plan, value: str) -> Dose | None:
    return next((dose for dose in plan.doses() if visit_value(dose) == value), None)


def _next_offered(kind: str, material: Material) -> Dose | None:
    planned = (dose for dose in material.plan.doses() if dose.state is DoseState.PLANNED)
    return next((dose for dose in planned if material.offers(kind, dose)), None)


def _usual_date(kind: str, plan: Plan, dose: Dose | None) -> str:
    if kind == "given" and dose is not None and dose.date is not None:
        # A dose that lies ahead was hardly given today: the date is for a person to say.
        return dose.date.isoformat() if dose.date <= plan.today else ""
    return plan.today.isoformat()
