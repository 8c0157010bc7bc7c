"""The length of a cycle as the numbers intend it, and when a departure from what the regimen names needs a reason."""

from scheduler.errors import NeedsReason
from scheduler.layout import Layout
from scheduler.numbers import Numbers
from scheduler.plan import DoseState
from scheduler.regimen import CycleCount, CycleTemplate


def intended_length(numbers: Numbers, cycle: int) -> int:
    """Days from the cycle's day 1 to the next one's, without pushes by the gap."""
    delay = numbers.delays.get(cycle + 1) if cycle < numbers.cycle_count() else None
    return numbers.length(cycle) + (delay.days if delay else 0)


def allowed_lengths(template: CycleTemplate) -> str:
    """The range of a cycle's length in words, such as "21 to 28"."""
    if template.shortest == template.longest:
        return str(template.longest)
    return f"{template.shortest} to {template.longest}"


def count_departs(allowed: CycleCount, count: int) -> str:
    """How a number of cycles departs from the regimen's, in words, or an empty text."""
    if allowed.maximum is not None and count > allowed.maximum:
        return f"{count} cycles are more than the {allowed.maximum} of the regimen"
    if count < allowed.minimum:
        return f"{count} cycles are fewer than the {allowed.minimum} of the regimen"
    return ""


def last_dose_day(layout: Layout, cycle: int) -> int:
    """The highest day number on which a given, planned or held dose of the cycle is laid out; 1 if there is none."""
    stays = (DoseState.PLANNED, DoseState.GIVEN, DoseState.HELD)
    slots = [slot for slot in layout.slots if slot.id.cycle == cycle and slot.state in stays]
    return max(((slot.date - slot.day1).days + 1 for slot in slots), default=1)


def needs_reason_for_lengths(before: Numbers, after: Numbers, cycles: int) -> None:
    """Raises NeedsReason when the step from `before` to `after` gives one of the cycles a length outside its range.

    A cycle whose next day 1 is given has its length from what happened; no deferral that changes it comes as far.
    """
    for cycle in range(1, cycles + 1):
        length = intended_length(after, cycle)
        template = after.regimen.template(cycle)
        if length == intended_length(before, cycle) or template.shortest <= length <= template.longest:
            continue
        allowed = allowed_lengths(template)
        raise NeedsReason(f"cycle {cycle} would last {length} days, and the regimen allows {allowed}")
