"""Which doses can be recorded as given, moved, put on hold or left out at all, whatever date and reason are named.

The judges decide; this asks them beforehand, so that a form offers nothing that they would refuse of every date.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from scheduler.actions import Action, Defer, Given, Hold, HoldCause, Omit
from scheduler.before import Before
from scheduler.course import ClinicRules, Course
from scheduler.dates import FIRST_YEAR
from scheduler.dose_id import DoseId
from scheduler.errors import Rejected
from scheduler.fold import fold
from scheduler.judge_given import judge_first
from scheduler.judge_moves import judge_omit
from scheduler.regimen import Regimen

EARLY = date(FIRST_YEAR, 1, 1)  # what was ceased can be given up to that date; which date it is, is told later

ASKED: dict[str, Callable[[DoseId], Given | Defer | Hold | Omit]] = {
    "given": lambda dose: Given(cycle=dose.cycle, day=dose.day, agent=dose.agent, on=EARLY),
    "defer": lambda dose: Defer(cycle=dose.cycle, day=dose.day, agent=dose.agent, to=EARLY),
    "hold": lambda dose: Hold(cycle=dose.cycle, day=dose.day, on=EARLY, cause=HoldCause.CLINIC),
    "omit": lambda dose: Omit(cycle=dose.cycle, day=dose.day, agent=dose.agent, reason="told later"),
}
Choices = Mapping[str, frozenset[DoseId]]


def choices(regimen: Regimen, course: Course, actions: Sequence[Action], *, clinic: ClinicRules) -> Choices:
    """By kind of action (given, defer, hold, omit) the doses of which it can be recorded now."""
    numbers = fold(regimen, course, actions, clinic.versions())
    before = Before(numbers, len(actions) + 1, today=None, clinic=clinic)
    doses = [slot.id for slot in before.layout.slots]
    return {kind: frozenset(dose for dose in doses if _open(before, dose, ask(dose))) for kind, ask in ASKED.items()}


# ---------------------------------------------------------------------------------------------------------------------


def _open(before: Before, dose: DoseId, action: Given | Defer | Hold | Omit) -> bool:
    try:
        before.not_ceased(action)
        meant = {slot.id for slot in before.meant(action, "")}
        if isinstance(action, Given):
            judge_first(before, dose)
        if isinstance(action, Omit):
            judge_omit(before, action)
    except Rejected:
        return False
    return dose in meant
