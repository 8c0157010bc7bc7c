"""Why a date is what it is: the chain of facts from rule to result, and the same in one sentence (rule 27)."""

from datetime import date, datetime
from typing import NamedTuple

from scheduler.course import EarlierDose
from scheduler.dates import add
from scheduler.dose_id import DoseId
from scheduler.gaps import gap_text
from scheduler.layout import Layout, Slot
from scheduler.numbers import Numbers
from scheduler.plan import DoseState, Fact, Told
from scheduler.regimen import TaskRule, Unit, When, WindowRule

SPOKEN = {
    DoseState.OMITTED: "would be",
    DoseState.CANCELLED: "would be",
    DoseState.HELD: "has no date: it is on hold and would be",
    DoseState.PLANNED: "is",
    DoseState.GIVEN: "is",
}


class LastDose(NamedTuple):
    """The dose that a window counts from, in words and as dates; `ended` is None where the end is not known."""

    dose: DoseId | EarlierDose
    on: date
    ended: datetime | None
    runs_on: bool
    given: bool

    @property
    def told(self) -> str:
        """Which dose it is, and on which date."""
        state = "was given" if self.given else "is planned"
        if isinstance(self.dose, EarlierDose):
            return f"the last dose of {self.dose.agent_name} in the earlier course {state} on {day_text(self.on)}"
        return f"the last dose, {self.dose}, {state} on {day_text(self.on)}"

    @property
    def counts_from(self) -> date | None:
        """The date that days, weeks and months count from: of an infusion that runs on, the one on which it ends."""
        if not self.runs_on:
            return self.on
        return self.ended.date() if self.ended is not None else None


def tell(sentence: str, *chain: Fact) -> Told:
    """A sentence and its facts as they stand."""
    return sentence, chain


def tell_dose(numbers: Numbers, layout: Layout, slot: Slot) -> Told:
    """The reasons for a dose's date."""
    if slot.state is DoseState.GIVEN:
        chain = [Fact("given", f"recorded as given on {day_text(slot.date)}", slot.date, "the record")]
    else:
        chain = [_place(numbers, layout, slot)]
        chain += _shift(numbers, slot)
        chain += _push(numbers, layout, slot)
    reasons = "; ".join(fact.origin for fact in chain)
    agent = f", {numbers.regimen.agent_of(slot.id).name}," if slot.id.agent else ""
    where = f"Cycle {slot.id.cycle} day {slot.id.day}{agent}"
    sentence = f"{where} {SPOKEN[slot.state]} {day_text(slot.date)}: {reasons}"
    return f"{sentence}; {chain[0].source}.", tuple(chain)


def tell_window(rule: WindowRule, last: LastDose, end: date, agent: str) -> Told:
    """The reasons for the end of a window; `agent` is told where others were asked too."""
    anchor = Fact("last-dose", last.told, last.on, "the plan")
    chain = [anchor]
    start: date = last.on
    if last.ended is not None and (last.runs_on or rule.unit is Unit.HOURS):
        start = last.ended if rule.unit is Unit.HOURS else last.ended.date()
        chain.append(_infusion_end(last, start))
    bound = "to that minute" if rule.unit is Unit.HOURS else "through that day"
    length = f"at least {rule.length} after it, {bound}"
    chain.append(Fact(f"{rule.unit}-after", length, end, str(rule.cite), start, rule.amount, rule.unit))
    told = f"{anchor.origin}, and {rule.length}{f' after {agent}' if agent else ''} are counted from it"
    return f"Through {moment_text(end)}: {told}; {rule.cite}.", tuple(chain)


def tell_window_open(rule: WindowRule | None, silent: tuple[str, ...], held: bool) -> Told:  # noqa: FBT001 - bound
    """Why a window has no end date: a source says nothing, doses are on hold, or the end of the infusion is unknown."""
    if silent or rule is None:
        names = " and ".join(silent)
        return f"No end date: no source says how long after {names}; ask the team before stopping.", ()
    why = "while doses are on hold" if held else "while the end of the last infusion is not known"
    return f"No end date {why}: {rule.length} are counted from the last dose; {rule.cite}.", ()


def tell_task(  # noqa: PLR0917 - bound by position, a hundred times a plan
    rule: TaskRule, anchor: object, on: date, offset: int, asked: date, result: date
) -> Told:
    """The reasons for a task's date: what it hangs on, its offset, and the closed days it was moved over."""
    side = "before" if rule.when is When.BEFORE else "after"
    days = "on the same day as" if offset == 0 else f"{offset} {'day' if offset == 1 else 'days'} {side}"
    origin = f"{days} {anchor}, {day_text(on)}"
    chain = [Fact("task-offset", origin, asked, str(rule.cite), on, (asked - on).days, "days")]
    sentence = f"{day_text(result)}: {origin}"
    if result != asked:
        chain.append(closed_fact(asked, result, When.BEFORE if result < asked else When.AFTER))
        sentence = f"{sentence}; {chain[-1].origin}"
    return f"{sentence}; {rule.cite}.", tuple(chain)


def tell_cycle_day(rule: TaskRule, cycle: int, day: int, day1: date, result: date) -> Told:
    """The reasons for a task on a day of a cycle."""
    asked = add(day1, day - 1, "days")
    origin = f"day {day} of cycle {cycle}, which starts {day_text(day1)}"
    chain = [Fact("day-of-cycle", origin, asked, str(rule.cite), day1, day - 1, "days")]
    sentence = f"{day_text(result)}: {origin}"
    if result != asked:
        chain.append(closed_fact(asked, result, rule.when))
        sentence = f"{sentence}; {chain[-1].origin}"
    return f"{sentence}; {rule.cite}.", tuple(chain)


def closed_fact(asked: date, result: date, when: When) -> Fact:
    """The step from a closed day to an open one."""
    nearest = "last open day before" if when is When.BEFORE else "first open day after"
    origin = f"{day_text(asked)} is closed, so the {nearest}"
    return Fact("closed-day", origin, result, "the clinic's opening days", asked, (result - asked).days, "days")


def day_text(day: date) -> str:
    """A date as staff read it: 7 Dec 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment_text(day: date) -> str:
    """A date, or an instant with its wall time, as staff read it."""
    return f"{day_text(day)} {day:%H:%M}" if isinstance(day, datetime) else day_text(day)


# ---------------------------------------------------------------------------------------------------------------------

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _infusion_end(last: LastDose, start: date) -> Fact:
    origin = f"that infusion ends on {moment_text(start)}"
    if isinstance(start, datetime):
        return Fact("infusion-end", origin, start, "the plan")
    return Fact("infusion-end", origin, start, "the plan", last.on, (start - last.on).days, "days")


def _place(numbers: Numbers, layout: Layout, slot: Slot) -> Fact:
    cite = str(numbers.regimen.template(slot.id.cycle).cite)
    cycle, day = slot.id.cycle, slot.id.day
    if not slot.anchor:
        origin = f"day {day} of the cycle that started {day_text(slot.day1)}"
        return Fact("day-of-cycle", origin, slot.nominal, cite, slot.day1, day - 1, "days")
    if cycle == 1:
        return Fact("course-start", "the course starts on that day", slot.nominal, cite)
    since, length = layout.day1s[cycle - 2], numbers.length(cycle - 1)
    return Fact("cycle-start", _cycle_start(numbers, layout, cycle - 1), slot.nominal, cite, since, length, "days")


def _cycle_start(numbers: Numbers, layout: Layout, previous: int) -> str:
    anchor = layout.anchor(previous)
    given = anchor is not None and anchor.state is DoseState.GIVEN
    length = numbers.lengths.get(previous)
    started = f"cycle {previous} day 1 {'was given' if given else 'lies on'} {day_text(layout.day1s[previous - 1])}"
    lasts = f"and the cycle lasts {numbers.length(previous)} days"
    if length is None:
        return f"{started} {lasts}"
    return f"{started} {lasts} {_by(length.action)}"


def _by(action: int) -> str:
    return f"(action {action})" if action else "(as the course was started)"


def _shift(numbers: Numbers, slot: Slot) -> list[Fact]:
    found = numbers.delays.get(slot.id.cycle) if slot.anchor else numbers.offsets.get(slot.id)
    moved = (slot.unpushed - slot.nominal).days
    if found is None or moved == 0:
        return []
    way = "later" if moved > 0 else "earlier"
    origin = f"moved {abs(moved)} {'day' if abs(moved) == 1 else 'days'} {way} by action {found.action}"
    return [Fact("moved", origin, slot.unpushed, "the record", slot.nominal, moved, "days")]


def _push(numbers: Numbers, layout: Layout, slot: Slot) -> list[Fact]:
    if slot.date == slot.unpushed:
        return []
    agent = numbers.regimen.agent_of(slot.id)
    before = layout.laid_out_before(slot)
    origin = f"moved to keep {gap_text(agent)} after {before.id} on {day_text(before.date)}"
    source = str(agent.gap.cite) if agent.gap is not None else "no distance is stated, so doses are on different days"
    return [Fact("gap", origin, slot.date, source, before.date, agent.gap_days, "days")]
