"""The windows after the last dose (scheduling rules 12, 13, 16, 17)."""

from scheduler.actions import CeaseCause
from scheduler.dates import add_months
from scheduler.layout import Layout, Numbers, Slot
from scheduler.plan import DoseState, Why, Window
from scheduler.regimen import WindowRule
from scheduler.why import tell_window


def windows(numbers: Numbers, layout: Layout) -> tuple[Window, ...]:
    """The windows of the course's audiences, in the order of the regimen."""
    last = last_dose(layout)
    held = any(slot.state is DoseState.HELD for slot in layout.slots)
    if last is None and not held:
        return ()
    anchor = last_given(layout) if held else last
    open_doses = any(slot.state is DoseState.PLANNED for slot in layout.counted)
    final = not held and not open_doses and not _moved_away(numbers)
    rules = [rule for rule in numbers.regimen.windows if rule.audience in numbers.audiences]
    return tuple(_window(numbers, rule, anchor, held=held, final=final) for rule in rules)


def last_dose(layout: Layout) -> Slot | None:
    """The anchor: the latest by date among given and planned doses."""
    return max(layout.counted, key=lambda slot: slot.date, default=None)


def last_given(layout: Layout) -> Slot | None:
    """The latest dose that was given."""
    given = [slot for slot in layout.slots if slot.state is DoseState.GIVEN]
    return max(given, key=lambda slot: slot.date, default=None)


# ---------------------------------------------------------------------------------------------------------------------


def _moved_away(numbers: Numbers) -> bool:
    return numbers.cease is not None and numbers.cease.cause is CeaseCause.TRANSFERRED


def _window(numbers: Numbers, rule: WindowRule, anchor: Slot | None, *, held: bool, final: bool) -> Window:
    through = None if held or anchor is None else add_months(anchor.date, rule.months)
    return Window(
        audience=rule.audience,
        kind=rule.kind,
        last_dose=anchor.date if anchor is not None else None,
        through=through,
        until=None,
        final=final,
        shown=not numbers.audiences[rule.audience] and not numbers.pregnancy,
        verified=rule.cite.verified,
        why=Why(tell_window, rule, anchor, through),
    )
