"""The fields that record forms are made of: doses, cycles, dates, choices, reasons and corrections."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scheduler.choices import Choices
from scheduler.dose_id import DoseId
from scheduler.permitted import Permitted
from scheduler.plan import Dose, Plan
from web.action_words import describe
from web.date_words import permitted_words
from web.forms import Field, Input, Option
from web.speaking import later, say
from web.words import day_words, dose_words, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a form's choices come from: the plan as it stands, the versions of the regimen that can be chosen, the
    dates to which planned doses can be moved without a reason, and by kind of action the doses that it can concern
    (kinds that are not named: all). Visits in `kept` ("1-8") are offered all the same: what somebody asked for or
    chose is never put in another's place, and the refusal says what stands in the way."""

    plan: Plan
    versions: tuple[str, ...] = ()
    permitted: Mapping[DoseId, Permitted | None] = field(default_factory=dict)
    choices: Choices = field(default_factory=dict)
    kept: frozenset[str] = frozenset()

    def offers(self, kind: str, dose: Dose) -> bool:
        """Whether the dose can be chosen in the form of that kind."""
        return kind not in self.choices or dose.id in self.choices[kind] or visit_value(dose) in self.kept


REASON = Field(
    name="reason",
    label="Reason",
    input=Input.LONG,
    hint="For staff only. Needed when the entry departs from the regimen.",
)
ALL_DUE = later("All that are due on that visit")
_DATE_HINT = later("The preview names its weekday.")


def dose_field(material: Material, kind: str, label: str, *, none: str = "", empty: str = "") -> Field:
    """A choice of visits, those that an action of that `kind` can concern; `none` tells that there is none."""
    offered = [dose for dose in material.plan.doses() if material.offers(kind, dose)]
    visits = {dose.id[:2]: dose for dose in reversed(offered)}
    all_ = (Option(value="", label=empty),) if empty else ()
    return Field(
        name="dose",
        label=label,
        input=Input.SELECT,
        missing="" if empty else later("Choose the dose.") if visits else none,
        options=all_ + tuple(dose_option(dose, material) for dose in reversed(visits.values())),
    )


def visit_value(dose: Dose) -> str:
    """The dose's visit as forms and links name it."""
    return f"{dose.cycle}-{dose.day}"


def dose_option(dose: Dose, material: Material) -> Option:
    when = day_words(dose.date) if dose.date else say("no date")
    label = f"{dose_words(dose.cycle, dose.day)}: {when}, {word(dose.state).lower()}"
    if dose.id in material.permitted:
        label += f" ({permitted_words(material.permitted[dose.id])})"
    return Option(value=visit_value(dose), label=label, group=say("Cycle {cycle}", cycle=dose.cycle))


def agent_field(plan: Plan, everything: str) -> tuple[Field, ...]:
    """Which agent is meant, where the regimen has several."""
    if len(plan.regimen.agents) == 1:
        return ()
    agents = (Option(value=agent.key, label=agent.name) for agent in plan.regimen.ranked)
    none = Option(value="", label=everything)
    return (Field(name="agent", label="Agent", input=Input.SELECT, options=(none, *agents)),)


def cycle_field(plan: Plan) -> Field:
    options = tuple(
        Option(
            value=str(cycle.number),
            label=say("Cycle {cycle}, from {day}", cycle=cycle.number, day=day_words(cycle.day1)),
        )
        for cycle in plan.cycles
    )
    return Field(name="cycle", label="Cycle", input=Input.SELECT, missing="Choose the cycle.", options=options)


def date_field(name: str, label: str, missing: str, hint: str = "") -> Field:
    hint = f"{say(hint)} {say(_DATE_HINT)}".strip()
    return Field(name=name, label=label, input=Input.DATE, missing=missing, hint=hint, length=20)


def number_field(name: str, label: str, missing: str, hint: str = "") -> Field:
    return Field(name=name, label=label, input=Input.NUMBER, missing=missing, hint=hint, length=9)


def choice_field(
    name: str, label: str, missing: str, values: tuple[str, ...], words: Callable[[str], str] = word
) -> Field:
    options = tuple(Option(value=value, label=words(value)) for value in values)
    return Field(name=name, label=label, input=Input.RADIO, missing=missing, options=options)


def tick(name: str, label: str, hint: str = "") -> Field:
    return Field(name=name, label=label, input=Input.TICK, hint=hint, options=(Option(value="yes", label=label),))


def entries(plan: Plan) -> tuple[Option, ...]:
    return tuple(
        Option(value=str(entry.number), label=f"{entry.number}: {describe(entry.action)}")
        for entry in reversed(plan.actions)
        if entry.stands
    )


def correction(plan: Plan) -> Field:
    none = Option(value="", label="No, this is a new entry")
    options = (none, *entries(plan))
    hint = later("The chosen entry is taken back in the same step.")
    return Field(
        name="replaces", label="Does this correct an earlier entry?", input=Input.SELECT, hint=hint, options=options
    )
