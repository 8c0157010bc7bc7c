"""A regimen in words: what is given when, how far it may move, what is watched, and where each fact stands."""

from collections.abc import Iterator
from dataclasses import dataclass

from scheduler.regimen import (
    Agent,
    Cite,
    CycleCount,
    CycleTemplate,
    HangsOn,
    LateRule,
    Regimen,
    Scope,
    Source,
    Statement,
    TaskRule,
    WindowRule,
)

UNREAD = "not verified, check the label"
NO_LENGTH = "infusion of a length that is not known"
AFTER = {
    "can-become-pregnant": "no pregnancy, for those who can become pregnant",
    "partner-can-become-pregnant": "birth control, for those whose partner can become pregnant",
    "breastfeeding": "no breastfeeding",
}
CARRIES = {
    Scope.DOSE: "it alone moves",
    Scope.CYCLE: "the rest of its cycle moves along",
    Scope.COURSE: "everything after it moves along",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and its sentences."""

    title: str
    lines: tuple[str, ...]


def sections(regimen: Regimen) -> tuple[Section, ...]:
    """The regimen, heading by heading; headings without a sentence are left out."""
    found = (
        Section(title="What it is", lines=tuple(_what(regimen))),
        Section(title="Agents, in the order of a visit", lines=tuple(_agents(regimen))),
        Section(title="Cycles", lines=tuple(_cycles(regimen))),
        Section(title="When a dose moves", lines=tuple(_moves(regimen))),
        Section(title="After the last dose", lines=tuple(_window(rule, regimen) for rule in regimen.windows)),
        Section(title="Checks", lines=tuple(_checks(regimen))),
        Section(title="Sources", lines=tuple(_source(each) for each in sources(regimen))),
    )
    return tuple(section for section in found if section.lines)


def cycles_text(regimen: Regimen, number: int) -> str:
    """Which cycles the template at that place covers: "cycle 1", "cycles 2 to 12", "cycles 13 and later"."""
    first = 1 + sum(each.count or 0 for each in regimen.templates[:number])
    count = regimen.templates[number].count
    if count is None:
        return "all cycles" if first == 1 else f"cycles {first} and later"
    return f"cycle {first}" if count == 1 else f"cycles {first} to {first + count - 1}"


def sources(regimen: Regimen) -> tuple[Source, ...]:
    """The documents that the regimen's facts cite, each once, in the order in which they are first cited."""
    return tuple({cite.source.key: cite.source for cite in cites(regimen)}.values())


def cites(regimen: Regimen) -> Iterator[Cite]:
    """Every citation of the regimen."""
    if regimen.use:
        yield regimen.use.cite
    for agent in regimen.agents.values():
        yield agent.times.cite
        yield from (each.cite for each in (agent.gap, agent.continuous) if each is not None)
    yield from (each.cite for each in regimen.templates)
    yield regimen.counts_cite
    for fact in (regimen.late, regimen.review, regimen.liver_watch, regimen.preparation):
        if fact is not None:
            yield fact.cite
    yield from (rule.cite for rule in regimen.windows)
    yield from (rule.cite for rule in regimen.tasks)


def days_text(days: tuple[int, ...]) -> str:
    """Days in words, three or more in a row as a range: "days 1, 8 and 15", "days 1 to 5"."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [part for run in runs for part in _run(run)]
    return f"{'day' if len(days) == 1 else 'days'} {_listed(parts)}"


def minutes_text(minutes: tuple[int, ...]) -> str:
    """Lengths by ordinal: "90 minutes the first time, 30 minutes from the second time on"."""
    if len(minutes) == 1:
        return _length(minutes[0])
    early = [f"{_length(each)} the {_ordinal(number)} time" for number, each in enumerate(minutes[:-1], start=1)]
    return f"{', '.join(early)}, {_length(minutes[-1])} from the {_ordinal(len(minutes))} time on"


# ---------------------------------------------------------------------------------------------------------------------


def _what(regimen: Regimen) -> Iterator[str]:
    if regimen.use:
        yield _cited(f"For {regimen.use.what}.", regimen.use.cite)
    dated = f", label of {regimen.label_date}" if regimen.label_date else ""
    yield f"Facts from: {_listed(list(regimen.jurisdictions))}{dated}."
    yield f"Checked by: {regimen.checked_by}."
    if not all(cite.verified for cite in cites(regimen)):
        yield f'What was not read in a document is marked "{UNREAD}".'


def _agents(regimen: Regimen) -> Iterator[str]:
    for number, agent in enumerate(regimen.agents.values(), start=1):
        yield _cited(f"{number}. {agent.name}: {_times(agent)}.", agent.times.cite)
        if agent.continuous:
            bags = f", a new bag every {agent.continuous.bag_hours} hours" if agent.continuous.bag_hours else ""
            yield _cited(f"   It runs on when the visit is over{bags}.", agent.continuous.cite)
    if regimen.preparation:
        hours = f"From mixing to the end of the infusion at most {regimen.preparation.hours} hours."
        yield _cited(hours, regimen.preparation.cite)


def _times(agent: Agent) -> str:
    times = agent.times
    infusion = f"infusion {minutes_text(times.infusion_minutes)}" if times.infusion_minutes else NO_LENGTH
    if not times.observation_minutes:
        return f"{infusion}; no observation stated"
    watched = minutes_text(times.observation_minutes)
    return f"{infusion}; then observation of at least {watched}"


def _cycles(regimen: Regimen) -> Iterator[str]:
    for number, template in enumerate(regimen.templates):
        given = "; ".join(f"{regimen.agents[key].name} on {days_text(days)}" for key, days in template.days.items())
        text = f"{_capital(cycles_text(regimen, number))}: {_span(template)}; {given}."
        yield _cited(text, template.cite)
    for intent, count in regimen.counts.items():
        yield _cited(f"{_count(count)}{_for(intent, regimen)}.", regimen.counts_cite)
    if regimen.review:
        after = f"After cycle {regimen.review.after_cycle} it goes on only with a response."
        yield _cited(after, regimen.review.cite)


def _span(template: CycleTemplate) -> str:
    if template.shortest == template.longest:
        return f"{template.length} days"
    return f"{template.length} days, {template.shortest} to {template.longest} allowed"


def _count(count: CycleCount) -> str:
    if count.maximum is None:
        return f"Open-ended; {_number(count.default)} planned ahead"
    if count.minimum == count.maximum:
        return f"{_capital(_number(count.maximum))}, no fewer and no more"
    if count.default == count.maximum:
        return f"At most {_number(count.maximum)}, all planned"
    return f"{_capital(_number(count.default))} planned, at most {count.maximum}"


def _number(cycles: int) -> str:
    return "1 cycle" if cycles == 1 else f"{cycles} cycles"


def _for(intent: str, regimen: Regimen) -> str:
    return f" ({intent})" if len(regimen.counts) > 1 else ""


def _moves(regimen: Regimen) -> Iterator[str]:
    for agent in regimen.agents.values():
        name = f"{_capital(agent.name)}: " if len(regimen.agents) > 1 else ""
        if agent.gap:
            yield _cited(f"{name}{'at' if name else 'At'} least {agent.gap.text} between two doses.", agent.gap.cite)
        else:
            yield f"{name}{'no' if name else 'No'} distance between two doses is stated; they are on different days."
        for day, rule in agent.day_rules.items():
            reach = "no tolerance is stated"
            if rule.tolerance_days is not None:
                reach = f"{_number_of_days(rule.tolerance_days)} either side"
            if day == 1 and rule.defer_scope is Scope.COURSE:
                reach = "it is the cycle's start"
            yield f"{name}{'day' if name else 'Day'} {day}: {reach}; put off, {CARRIES[rule.defer_scope]}."
    yield from _late(regimen)


def _late(regimen: Regimen) -> Iterator[str]:
    late = regimen.late
    if late is None:
        return
    if late.rule is LateRule.SHIFT:
        yield _cited("A late dose is given as soon as possible, and the rest follows.", late.cite)
    for days, what in (
        (late.omit_from_days, "{} days late or more: the dose is omitted."),
        (late.reduce_from_days, "{} days late or more: less in the next cycle."),
        (late.stop_after_days, "More than {} days late: consider stopping."),
    ):
        if days is not None:
            yield _cited(what.format(days), late.cite)


def _window(rule: WindowRule, regimen: Regimen) -> str:
    after = f"After {regimen.agents[rule.agent].name}" if len(regimen.agents) > 1 else "After the last dose"
    where = f" ({rule.jurisdiction})" if rule.jurisdiction else ""
    asked = AFTER[rule.audience]
    if rule.statement is Statement.NOT_STATED:
        return _cited(f"{after}{where}, {asked}: not stated, so no end date is shown.", rule.cite)
    length = "no window" if rule.statement is Statement.NONE else f"at least {rule.length}"
    return _cited(f"{after}{where}, {asked}: {length}.", rule.cite)


def _checks(regimen: Regimen) -> Iterator[str]:
    for rule in regimen.tasks:
        yield _cited(f"{_check_name(rule.kind)}: {_task(rule, regimen)}.", rule.cite)
    if regimen.liver_watch:
        weeks = regimen.liver_watch.weekly_tests_after_transplant
        text = f"The liver is watched after the last dose; after a transplant with weekly tests for {weeks} weeks."
        yield _cited(text, regimen.liver_watch.cite)


def _check_name(kind: str) -> str:
    return "ECG" if kind == "ecg" else _capital(kind.replace("-", " "))


def _task(rule: TaskRule, regimen: Regimen) -> str:
    parts = [_when(rule)]
    if rule.agent and len(regimen.agents) > 1:
        parts.append(f"of {regimen.agents[rule.agent].name}")
    if rule.cycles is not None:
        parts.append(f"in cycle{'s' if len(rule.cycles) > 1 else ''} {_bare(tuple(sorted(rule.cycles)))}")
    if rule.lasts_days > 1:
        parts.append(f"for {rule.lasts_days} days")
    if rule.at_home:
        parts.append("at home")
    if rule.audience:
        parts.append(f"for {rule.audience}")
    if rule.intent:
        parts.append(f"with intent {rule.intent}")
    return ", ".join(parts)


def _when(rule: TaskRule) -> str:
    if rule.on is HangsOn.CYCLE_DAYS:
        return f"on {days_text(rule.days)} of the cycle"
    hangs_on = {
        HangsOn.EACH_DOSE: "each dose",
        HangsOn.DAY_ONE: "day 1",
        HangsOn.FIRST_DOSE: "the first dose",
        HangsOn.CYCLE_END: "the last day of the cycle",
    }[rule.on]
    if rule.offset_days == 0:
        return f"on {hangs_on}" if rule.on is HangsOn.CYCLE_END else f"on the date of {hangs_on}"
    return f"{_number_of_days(rule.offset_days)} {rule.when} {hangs_on}"


def _source(source: Source) -> str:
    dated = f", of {source.dated}" if source.dated else ""
    address = f", {source.address}" if source.address else ""
    return f"[{source.key}] {source.title}{dated}{address}"


def _cited(text: str, cite: Cite) -> str:
    place = f"{cite.source.key} {cite.section}".strip()
    return f"{text} [{place}]" if cite.verified else f"{text} [{place}; {UNREAD}]"


def _run(run: list[int]) -> list[str]:
    return [str(day) for day in run] if len(run) < 3 else [f"{run[0]} to {run[-1]}"]


def _bare(numbers: tuple[int, ...]) -> str:
    return days_text(numbers).split(" ", 1)[1]


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _length(minutes: int) -> str:
    days, rest = divmod(minutes, 24 * 60)
    if days and not rest:
        return "1 day" if days == 1 else f"{days} days"
    hours, rest = divmod(minutes, 60)
    return f"{hours} hours" if hours > 8 and not rest else f"{minutes} minutes"


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _number_of_days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
