"""The record form of each kind of action: what it is called and what it asks."""

from collections.abc import Callable
from dataclasses import dataclass

from scheduler.actions import CeaseCause, HoldCause, ResponseValue
from scheduler.plan import DoseState, Plan
from scheduler.regimen import Scope
from web.forms import Field, Input, Option
from web.record_fields import (
    ALL_DUE,
    REASON,
    Material,
    agent_field,
    choice_field,
    correction,
    cycle_field,
    date_field,
    dose_field,
    dose_option,
    entries,
    number_field,
    tick,
)
from web.speaking import later, say
from web.words import cause_word, length_words

USUAL_SCOPES = later(
    {
        Scope.DOSE: "day {day} moves alone",
        Scope.CYCLE: "day {day} takes its cycle along",
        Scope.COURSE: "day {day} takes all that follows along",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of action as the pages show it. `fields` gives what its form asks, beside reason and correction."""

    title: str
    lead: str
    fields: Callable[[Material], tuple[Field, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """What staff call something else than the kind whose form it opens; `address` follows that of the course."""

    title: str
    lead: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindGroup:
    """Kinds that stand together in the list of what can be recorded, and shortcuts to them."""

    title: str
    codes: tuple[str, ...]
    shortcuts: tuple[Shortcut, ...] = ()


def fields_of(kind: str, material: Material) -> tuple[Field, ...]:
    """All fields of the form of that kind, in the order in which they are asked."""
    own = KINDS[kind].fields(material)
    return (*own, REASON) if kind == "void" else (*own, REASON, correction(material.plan))


# ---------------------------------------------------------------------------------------------------------------------


def _given(material: Material) -> tuple[Field, ...]:
    clock = later("Hours:minutes, for example 09:10; past midnight with its date, 2026-12-08 00:20. May stay empty.")
    return (
        dose_field(material, "given", "Dose that was given", none="No dose is left that could have been given."),
        *agent_field(material.plan, ALL_DUE),
        date_field("on", "Given on", "Say on which date the dose was given."),
        Field(name="started", label="Infusion started", hint=clock, length=20),
        Field(name="ended", label="Infusion ended", hint=clock, length=20),
        tick("not_tolerated", "The patient did not tolerate it", "The next infusion and observation stay as long."),
        tick("partial", "Only part of the dose was given", "Needs a reason."),
        tick("elsewhere", "It was given at another place"),
    )


def _defer(material: Material) -> tuple[Field, ...]:
    usual = Option(value="", label="As the regimen has it", hint=_usual_scopes(material.plan))
    scopes = (
        usual,
        Option(value=Scope.DOSE, label="This dose alone"),
        Option(value=Scope.CYCLE, label="This dose and the later ones of its cycle"),
        Option(value=Scope.COURSE, label="This dose and everything after it"),
    )
    return (
        dose_field(material, "defer", "Dose to move", none="No dose is left that could be moved."),
        *agent_field(material.plan, ALL_DUE),
        date_field("to", "New date", "Say to which date the dose moves."),
        Field(name="scope", label="What moves along", input=Input.RADIO, options=scopes),
    )


def _usual_scopes(plan: Plan) -> str:
    agents = plan.regimen.ranked
    rules = {day: rule for agent in reversed(agents) for day, rule in agent.day_rules.items()}
    told = "; ".join(say(USUAL_SCOPES[rules[day].defer_scope], day=day) for day in sorted(rules))
    return told[:1].upper() + told[1:] + "."


def _hold(material: Material) -> tuple[Field, ...]:
    return (
        dose_field(material, "hold", "First dose on hold", none="No dose is left that could be put on hold."),
        date_field("on", "On hold from", "Say from which date.", "The date of the decision."),
        choice_field("cause", "Cause", "Choose the cause.", tuple(HoldCause), cause_word),
    )


def _resume(material: Material) -> tuple[Field, ...]:
    held = {dose.id[:2]: dose_option(dose, material) for dose in material.plan.doses() if dose.state is DoseState.HELD}
    return (
        Field(
            name="dose",
            label="Dose to go on with",
            input=Input.SELECT,
            missing="No dose is on hold.",
            options=tuple(held.values()),
        ),
        date_field("on", "It will be given on", "Say on which date treatment goes on."),
    )


def _omit(material: Material) -> tuple[Field, ...]:
    dose = dose_field(material, "omit", "Dose to leave out", none="No dose can be left out: put it on hold, or stop.")
    return (dose, *agent_field(material.plan, ALL_DUE))


def _cycle_length(material: Material) -> tuple[Field, ...]:
    template = material.plan.regimen.templates
    spans = sorted({length_words(each.shortest, each.longest) for each in template})
    text = later("From its day 1 to the next cycle's day 1. The regimen has {lengths}; else give a reason.")
    hint = say(text, lengths=say(", or ").join(spans))
    return (cycle_field(material.plan), number_field("days", "Length in days", "Say how many days.", hint))


def _days(material: Material) -> tuple[Field, ...]:
    days = sorted(material.plan.regimen.all_days())
    options = tuple(Option(value=str(day), label=say("Day {day}", day=day)) for day in days)
    kept = Field(name="days", label="Days that are given", input=Input.TICKS, missing="Tick the days.", options=options)
    return (cycle_field(material.plan), kept)


def _cycles(material: Material) -> tuple[Field, ...]:
    count = material.plan.regimen.counts.get(material.plan.intent)
    limit = count.maximum if count else None
    text = later("The regimen has at most {count} for this intent; for more, give a reason.")
    hint = say(text, count=limit) if limit is not None else ""
    return (number_field("count", "Number of cycles", "Say how many cycles.", hint),)


def _intent(material: Material) -> tuple[Field, ...]:
    return (choice_field("value", "What follows the treatment", "Choose one.", material.plan.regimen.intents()),)


def _response(material: Material) -> tuple[Field, ...]:
    values = tuple(ResponseValue)
    return (cycle_field(material.plan), choice_field("value", "Result", "Choose the result.", values))


def _time(material: Material) -> tuple[Field, ...]:
    at = Field(name="at", label="Start of the infusion", input=Input.TIME, missing="Say at what time.", length=10)
    return (at, dose_field(material, "defer", "For which visit", empty="All doses not given yet"))


def _audience(material: Material) -> tuple[Field, ...]:
    changes = (
        Option(value="add", label="It applies: show its dates in the patient's own calendar and mails"),
        Option(value="add-private", label="It applies: keep it private, for staff only"),
        Option(value="shown", label="It applies already: show it from now on"),
        Option(value="private", label="It applies already: keep it private from now on"),
        Option(value="remove", label="It does not apply any more"),
    )
    hint = later("Ask the patient alone. Carers and guardians never see these dates.")
    return (
        choice_field("value", "What applies", "Choose one.", material.plan.regimen.audiences()),
        Field(name="change", label="Change", input=Input.RADIO, missing="Choose one.", hint=hint, options=changes),
    )


def _away(_: Material) -> tuple[Field, ...]:
    return (
        date_field("from", "First day away", "Say from which date."),
        date_field("to", "Last day away", "Say until which date."),
    )


def _cease(material: Material) -> tuple[Field, ...]:
    return (
        *agent_field(material.plan, "The whole treatment"),
        date_field("on", "Stopped on", "Say on which date.", "Doses planned after this date are cancelled."),
        choice_field("cause", "Cause", "Choose the cause.", tuple(CeaseCause), cause_word),
    )


def _regimen(material: Material) -> tuple[Field, ...]:
    options = tuple(Option(value=version, label=version) for version in material.versions)
    missing = later("Choose the version.")
    return (Field(name="version", label="Version", input=Input.RADIO, missing=missing, options=options),)


def _void(material: Material) -> tuple[Field, ...]:
    known = entries(material.plan)
    missing = later("Choose the entry.") if known else later("There is no entry to take back.")
    return (Field(name="action", label="Entry to take back", input=Input.SELECT, missing=missing, options=known),)


KINDS: dict[str, Kind] = {
    "given": Kind(title="Dose given", lead="A dose was given, here or elsewhere, whole or in part.", fields=_given),
    "defer": Kind(title="Move a dose", lead="A dose goes to an earlier or later date.", fields=_defer),
    "hold": Kind(
        title="Put on hold", lead="This dose and all later ones lose their dates until you resume.", fields=_hold
    ),
    "resume": Kind(title="Resume", lead="The hold ends: the dose gets a date, the later ones follow.", fields=_resume),
    "omit": Kind(title="Leave a dose out", lead="The dose falls away; nothing else moves.", fields=_omit),
    "time": Kind(title="Change the time", lead="Another hour for one visit, or for all to come.", fields=_time),
    "away": Kind(title="Patient away", lead="Doses in that time are pointed out, not moved.", fields=_away),
    "cycle-length": Kind(title="Cycle length", lead="The days from one day 1 to the next.", fields=_cycle_length),
    "days": Kind(title="Days of the cycle", lead="From a cycle on only some of its days are given.", fields=_days),
    "cycles": Kind(title="Number of cycles", lead="More or fewer cycles than planned.", fields=_cycles),
    "intent": Kind(title="Intent", lead="Whether a transplant follows the treatment.", fields=_intent),
    "audience": Kind(
        title="Birth control and breastfeeding", lead="Which dates apply, and who sees them.", fields=_audience
    ),
    "response": Kind(title="Response", lead="The result of a response review.", fields=_response),
    "cease": Kind(title="Stop the treatment", lead="Doses planned after that date are cancelled.", fields=_cease),
    "regimen": Kind(title="New version of the regimen", lead="Planned doses follow the new version.", fields=_regimen),
    "void": Kind(title="Take back an entry", lead="The entry no longer counts; it stays in the history.", fields=_void),
}

PARTIAL = Shortcut(
    title="Given only in part",
    lead="It counts for dates and windows. Needs a reason.",
    address="record/given?partial=yes",
)
CORRECT = Shortcut(
    title="Correct an entry", lead="Choose it in the history: its form opens as it was recorded.", address="history"
)

GROUPS = (
    KindGroup(title="A visit", codes=("given", "defer", "time", "omit"), shortcuts=(PARTIAL,)),
    KindGroup(title="An interruption or the end", codes=("hold", "resume", "away", "cease")),
    KindGroup(
        title="The course", codes=("cycle-length", "days", "cycles", "intent", "response", "audience", "regimen")
    ),
    KindGroup(title="A mistake", codes=("void",), shortcuts=(CORRECT,)),
)
