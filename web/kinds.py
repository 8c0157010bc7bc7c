"""The record form of each kind of action: what it is called and what it asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scheduler.actions import CeaseCause, HoldCause, ResponseValue
from scheduler.dose_id import DoseId
from scheduler.permitted import Permitted
from scheduler.plan import Dose, DoseState, Plan
from scheduler.regimen import Scope
from web.date_words import permitted_words
from web.forms import Field, Input, Option
from web.words import cause_word, day_words, describe, dose_words, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a form's choices come from: the plan as it stands, the versions of the regimen that can be chosen, and the
    dates to which planned doses can be moved without a reason."""

    plan: Plan
    versions: tuple[str, ...] = ()
    permitted: Mapping[DoseId, Permitted | None] = field(default_factory=dict)


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
    return (*own, REASON) if kind == "void" else (*own, REASON, _correction(material.plan))


# ---------------------------------------------------------------------------------------------------------------------

REASON = Field(
    name="reason",
    label="Reason",
    input=Input.LONG,
    hint="For staff only. Needed when the entry departs from the regimen.",
)
ALL_DUE = "All that are due on that visit"
_DATE_HINT = "The preview names its weekday."
OK_HINT = "Beside each dose stand the dates that need no reason."


def _dose_field(material: Material, label: str, *, missing: str = "Choose the dose.", empty: str = "") -> Field:
    visits = {dose.id[:2]: dose for dose in reversed(material.plan.doses())}
    none = (Option(value="", label=empty),) if empty else ()
    return Field(
        name="dose",
        label=label,
        input=Input.SELECT,
        missing="" if empty else missing,
        options=none + tuple(_dose_option(dose, material) for dose in reversed(visits.values())),
    )


def _dose_option(dose: Dose, material: Material) -> Option:
    when = day_words(dose.date) if dose.date else "no date"
    label = f"{dose_words(dose.cycle, dose.day)}: {when}, {word(dose.state).lower()}"
    if dose.id in material.permitted:
        label += f" ({permitted_words(material.permitted[dose.id])})"
    return Option(value=f"{dose.cycle}-{dose.day}", label=label, group=f"Cycle {dose.cycle}")


def _agent_field(plan: Plan, everything: str) -> tuple[Field, ...]:
    """Which agent is meant, where the regimen has several."""
    if len(plan.regimen.agents) == 1:
        return ()
    agents = (Option(value=agent.key, label=agent.name) for agent in plan.regimen.ranked)
    none = Option(value="", label=everything)
    return (Field(name="agent", label="Agent", input=Input.SELECT, options=(none, *agents)),)


def _cycle_field(plan: Plan) -> Field:
    options = tuple(
        Option(value=str(cycle.number), label=f"Cycle {cycle.number}, from {day_words(cycle.day1)}")
        for cycle in plan.cycles
    )
    return Field(name="cycle", label="Cycle", input=Input.SELECT, missing="Choose the cycle.", options=options)


def _date_field(name: str, label: str, missing: str, hint: str = "") -> Field:
    hint = f"{hint} {_DATE_HINT}".strip()
    return Field(name=name, label=label, input=Input.DATE, missing=missing, hint=hint, length=20)


def _number_field(name: str, label: str, missing: str, hint: str = "") -> Field:
    return Field(name=name, label=label, input=Input.NUMBER, missing=missing, hint=hint, length=9)


def _choice_field(
    name: str, label: str, missing: str, values: tuple[str, ...], words: Callable[[str], str] = word
) -> Field:
    options = tuple(Option(value=value, label=words(value)) for value in values)
    return Field(name=name, label=label, input=Input.RADIO, missing=missing, options=options)


def _tick(name: str, label: str, hint: str = "") -> Field:
    return Field(name=name, label=label, input=Input.TICK, hint=hint, options=(Option(value="yes", label=label),))


def _entries(plan: Plan) -> tuple[Option, ...]:
    return tuple(
        Option(value=str(entry.number), label=f"{entry.number}: {describe(entry.action)}")
        for entry in reversed(plan.actions)
        if entry.stands
    )


def _correction(plan: Plan) -> Field:
    none = Option(value="", label="No, this is a new entry")
    options = (none, *_entries(plan))
    hint = "The chosen entry is taken back in the same step."
    return Field(
        name="replaces", label="Does this correct an earlier entry?", input=Input.SELECT, hint=hint, options=options
    )


def _given(material: Material) -> tuple[Field, ...]:
    clock = "Hours:minutes, for example 09:10; past midnight with its date, 2026-12-08 00:20. May stay empty."
    return (
        _dose_field(material, "Dose that was given"),
        *_agent_field(material.plan, ALL_DUE),
        _date_field("on", "Given on", "Say on which date the dose was given."),
        Field(name="started", label="Infusion started", hint=clock, length=20),
        Field(name="ended", label="Infusion ended", hint=clock, length=20),
        _tick("not_tolerated", "The patient did not tolerate it", "The next infusion and observation stay as long."),
        _tick("partial", "Only part of the dose was given", "Needs a reason."),
        _tick("elsewhere", "It was given at another place"),
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
        _dose_field(material, "Dose to move"),
        *_agent_field(material.plan, ALL_DUE),
        _date_field("to", "New date", "Say to which date the dose moves.", OK_HINT if material.permitted else ""),
        Field(name="scope", label="What moves along", input=Input.RADIO, options=scopes),
    )


def _usual_scopes(plan: Plan) -> str:
    words = {
        Scope.DOSE: "moves alone",
        Scope.CYCLE: "takes its cycle along",
        Scope.COURSE: "takes all that follows along",
    }
    agents = plan.regimen.ranked
    rules = {day: rule for agent in reversed(agents) for day, rule in agent.day_rules.items()}
    return "; ".join(f"day {day} {words[rules[day].defer_scope]}" for day in sorted(rules)).capitalize() + "."


def _hold(material: Material) -> tuple[Field, ...]:
    return (
        _dose_field(material, "First dose on hold"),
        _date_field("on", "On hold from", "Say from which date.", "The date of the decision."),
        _choice_field("cause", "Cause", "Choose the cause.", tuple(HoldCause), cause_word),
    )


def _resume(material: Material) -> tuple[Field, ...]:
    held = {dose.id[:2]: _dose_option(dose, material) for dose in material.plan.doses() if dose.state is DoseState.HELD}
    return (
        Field(
            name="dose",
            label="Dose to go on with",
            input=Input.SELECT,
            missing="No dose is on hold.",
            options=tuple(held.values()),
        ),
        _date_field("on", "It will be given on", "Say on which date treatment goes on."),
    )


def _omit(material: Material) -> tuple[Field, ...]:
    return (_dose_field(material, "Dose to leave out"), *_agent_field(material.plan, ALL_DUE))


def _cycle_length(material: Material) -> tuple[Field, ...]:
    template = material.plan.regimen.templates
    spans = sorted(
        {
            f"{each.shortest} to {each.longest}" if each.shortest < each.longest else str(each.length)
            for each in template
        }
    )
    hint = f"From its day 1 to the next cycle's day 1. The regimen has {', or '.join(spans)}; else give a reason."
    return (_cycle_field(material.plan), _number_field("days", "Length in days", "Say how many days.", hint))


def _days(material: Material) -> tuple[Field, ...]:
    days = sorted(material.plan.regimen.all_days())
    options = tuple(Option(value=str(day), label=f"Day {day}") for day in days)
    kept = Field(name="days", label="Days that are given", input=Input.TICKS, missing="Tick the days.", options=options)
    return (_cycle_field(material.plan), kept)


def _cycles(material: Material) -> tuple[Field, ...]:
    count = material.plan.regimen.counts.get(material.plan.intent)
    limit = count.maximum if count else None
    hint = f"The regimen has at most {limit} for this intent; for more, give a reason." if limit is not None else ""
    return (_number_field("count", "Number of cycles", "Say how many cycles.", hint),)


def _intent(material: Material) -> tuple[Field, ...]:
    return (_choice_field("value", "What follows the treatment", "Choose one.", material.plan.regimen.intents()),)


def _response(material: Material) -> tuple[Field, ...]:
    values = tuple(ResponseValue)
    return (_cycle_field(material.plan), _choice_field("value", "Result", "Choose the result.", values))


def _time(material: Material) -> tuple[Field, ...]:
    at = Field(name="at", label="Start of the infusion", input=Input.TIME, missing="Say at what time.", length=10)
    return (at, _dose_field(material, "For which visit", empty="All doses not given yet"))


def _audience(material: Material) -> tuple[Field, ...]:
    changes = (
        Option(value="add", label="It applies: show its dates in the patient's own calendar and mails"),
        Option(value="add-private", label="It applies: keep it private, for staff only"),
        Option(value="shown", label="It applies already: show it from now on"),
        Option(value="private", label="It applies already: keep it private from now on"),
        Option(value="remove", label="It does not apply any more"),
    )
    hint = "Ask the patient alone. Carers and guardians never see these dates."
    return (
        _choice_field("value", "What applies", "Choose one.", material.plan.regimen.audiences()),
        Field(name="change", label="Change", input=Input.RADIO, missing="Choose one.", hint=hint, options=changes),
    )


def _away(_: Material) -> tuple[Field, ...]:
    return (
        _date_field("from", "First day away", "Say from which date."),
        _date_field("to", "Last day away", "Say until which date."),
    )


def _cease(material: Material) -> tuple[Field, ...]:
    return (
        *_agent_field(material.plan, "The whole treatment"),
        _date_field("on", "Stopped on", "Say on which date.", "Doses planned after this date are cancelled."),
        _choice_field("cause", "Cause", "Choose the cause.", tuple(CeaseCause), cause_word),
    )


def _regimen(material: Material) -> tuple[Field, ...]:
    options = tuple(Option(value=version, label=version) for version in material.versions)
    missing = "Choose the version."
    return (Field(name="version", label="Version", input=Input.RADIO, missing=missing, options=options),)


def _void(material: Material) -> tuple[Field, ...]:
    entries = _entries(material.plan)
    missing = "Choose the entry." if entries else "There is no entry to take back."
    return (Field(name="action", label="Entry to take back", input=Input.SELECT, missing=missing, options=entries),)


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
