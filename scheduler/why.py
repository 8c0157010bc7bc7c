"""Why a date is what it is: the chain of facts from rule to result, and the same in one sentence (rule 27)."""

from datetime import date

from scheduler.layout import Layout, Numbers, Slot
from scheduler.plan import DoseId, DoseState, Fact, Told
from scheduler.regimen import TaskRule, When, WindowRule

SPOKEN = {
    DoseState.OMITTED: "would be",
    DoseState.CANCELLED: "would be",
    DoseState.HELD: "has no date: it is on hold and would be",
    DoseState.PLANNED: "is",
    DoseState.GIVEN: "is",
}


def tell(sentence: str, *chain: Fact) -> Told:
    """A sentence and its facts as they stand."""
    return sentence, chain


def tell_dose(numbers: Numbers, layout: Layout, slot: Slot, before: Slot | None) -> Told:
    """The reasons for a dose's date. `before` is the dose that counts for the gap."""
    if slot.state is DoseState.GIVEN:
        chain = [Fact("given", f"recorded as given on {day_text(slot.date)}", slot.date, "the record")]
    else:
        chain = [_place(numbers, layout, slot)]
        chain += _shift(numbers, slot)
        chain += _push(numbers, slot, before)
    reasons = "; ".join(fact.origin for fact in chain)
    sentence = f"Cycle {slot.id.cycle} day {slot.id.day} {SPOKEN[slot.state]} {day_text(slot.date)}: {reasons}"
    return f"{sentence}; {chain[0].source}.", tuple(chain)


def tell_window(rule: WindowRule, last: Slot | None, through: date | None) -> Told:
    """The reasons for the end of a window."""
    length = f"{rule.months} months"
    if through is None or last is None:
        sentence = f"No end date while doses are on hold: {length} are counted from the last dose; {rule.cite}."
        return sentence, ()
    state = "was given" if last.state is DoseState.GIVEN else "is planned"
    anchor = Fact("last-dose", f"the last dose, {last.id}, {state} on {day_text(last.date)}", last.date, "the plan")
    months = Fact("months-after", f"at least {length} after it, through that day", through, str(rule.cite))
    sentence = f"Through {day_text(through)}: {anchor.origin}, and {length} are counted from it; {rule.cite}."
    return sentence, (anchor, months)


def tell_task(  # noqa: PLR0917 - bound by position, a hundred times a plan
    rule: TaskRule, anchor: object, on: date, offset: int, asked: date, result: date
) -> Told:
    """The reasons for a task's date: what it hangs on, its offset, and the closed days it was moved over."""
    side = "before" if rule.when is When.BEFORE else "after"
    days = "on the same day as" if offset == 0 else f"{offset} {'day' if offset == 1 else 'days'} {side}"
    origin = f"{days} {anchor}, {day_text(on)}"
    chain = [Fact("task-offset", origin, asked, str(rule.cite))]
    sentence = f"{day_text(result)}: {origin}"
    if result != asked:
        nearest = "last open day before" if rule.when is When.BEFORE else "first open day after"
        origin = f"{day_text(asked)} is closed, so the {nearest}"
        chain.append(Fact("closed-day", origin, result, "the clinic's opening days"))
        sentence = f"{sentence}; {origin}"
    return f"{sentence}; {rule.cite}.", tuple(chain)


def day_text(day: date) -> str:
    """A date as staff read it: 7 Dec 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


# ---------------------------------------------------------------------------------------------------------------------

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _place(numbers: Numbers, layout: Layout, slot: Slot) -> Fact:
    cite = str(numbers.regimen.template(slot.id.cycle).cite)
    if slot.id == DoseId(1, 1):
        return Fact("course-start", "the course starts on that day", slot.nominal, cite)
    if slot.id.day != 1:
        origin = f"day {slot.id.day} of the cycle that started {day_text(slot.day1)}"
        return Fact("day-of-cycle", origin, slot.nominal, cite)
    return Fact("cycle-start", _cycle_start(numbers, layout, slot.id.cycle - 1), slot.nominal, cite)


def _cycle_start(numbers: Numbers, layout: Layout, previous: int) -> str:
    given = DoseId(previous, 1) in numbers.given
    length = numbers.lengths.get(previous)
    started = f"cycle {previous} day 1 {'was given' if given else 'lies on'} {day_text(layout.day1s[previous - 1])}"
    lasts = f"and the cycle lasts {numbers.length(previous)} days"
    if length is None:
        return f"{started} {lasts}"
    return f"{started} {lasts} {_by(length.action)}"


def _by(action: int) -> str:
    return f"(action {action})" if action else "(as the course was started)"


def _shift(numbers: Numbers, slot: Slot) -> list[Fact]:
    found = numbers.delays.get(slot.id.cycle) if slot.id.day == 1 else numbers.offsets.get(slot.id)
    moved = (slot.unpushed - slot.nominal).days
    if found is None or moved == 0:
        return []
    way = "later" if moved > 0 else "earlier"
    origin = f"moved {abs(moved)} {'day' if abs(moved) == 1 else 'days'} {way} by action {found.action}"
    return [Fact("moved", origin, slot.unpushed, "the record")]


def _push(numbers: Numbers, slot: Slot, before: Slot | None) -> list[Fact]:
    if slot.date == slot.unpushed or before is None:
        return []
    gap = numbers.regimen.min_gap_days
    origin = f"moved to keep {gap} days after {before.id} on {day_text(before.date)}"
    return [Fact("gap", origin, slot.date, str(numbers.regimen.gap_cite))]
