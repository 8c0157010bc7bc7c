"""Accepting the open dates that are proposed for doses on closed days (scheduling rule 21)."""

from collections.abc import Iterator, Sequence
from datetime import date

from scheduler.actions import Action, Defer
from scheduler.build import build_plan
from scheduler.course import ClinicRules, Course
from scheduler.plan import Plan
from scheduler.regimen import Regimen, Scope

REASON = "closed day"


def open_date_deferrals(
    regimen: Regimen,
    course: Course,
    actions: Sequence[Action],
    *,
    today: date,
    clinic: ClinicRules,
    only: tuple[int, int] | None = None,
) -> tuple[Defer, ...]:
    """The deferrals that accept every open date proposed for the course, in the order in which to record them.

    `only`: those of one (cycle, day). One move changes where later doses lie, so each is proposed anew after it; a dose
    that comes to lie on a closed day by that is moved too. A dose without an open date stays where it is.
    """
    found: list[Defer] = []
    moved: set[tuple[int, int, str]] = set()
    while True:
        plan = build_plan(regimen, course, [*actions, *found], today=today, clinic=clinic)
        wanted = (move for move in _proposed(plan) if only in (None, (move.cycle, move.day)))
        waiting = [move for move in wanted if _place(move) not in moved]
        if not waiting:
            return tuple(found)
        moved.add(_place(waiting[0]))
        found.append(waiting[0])


# ---------------------------------------------------------------------------------------------------------------------


def _proposed(plan: Plan) -> Iterator[Defer]:
    for advice in plan.advice:
        to = advice.suggest
        if advice.code == "closed-day" and to is not None and to.to is not None:
            scope = Scope(to.scope) if to.scope else None
            yield Defer(cycle=to.cycle, day=to.day, agent=to.agent, to=to.to, scope=scope, reason=REASON)


def _place(move: Defer) -> tuple[int, int, str]:
    return move.cycle, move.day, move.agent
