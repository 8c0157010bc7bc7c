"""Which doses can be given, moved, put on hold or left out at all: worked examples, and the judge's own answer."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from scheduler import ClinicRules, Regimen, Rejected, check_action
from scheduler.actions import Action, Defer, Given, Hold, HoldCause, Omit
from scheduler.choices import choices
from scheduler.dose_id import DoseId
from scheduler.errors import NeedsReason
from tests.core import act, action_of, course_of, inotuzumab
from tests.core_regimens import trio
from tests.core_strategies import History, histories

MONDAY = date(2026, 12, 7)
Actions = tuple[Mapping[str, Any], ...]
GIVEN_1 = act("given", "C1D1", on="2026-12-07")
STOPPED = act("cease", on="2026-12-15", cause="other")

# Two cycles: C1D1 7 Dec, C1D8 14 Dec, C1D15 21 Dec, C2D1 28 Dec, C2D8 4 Jan, C2D15 11 Jan.
ALL = "C1D1 C1D8 C1D15 C2D1 C2D8 C2D15"
EXAMPLES: list[tuple[str, Actions, str, str]] = [
    ("before the first dose no other can have been given", (), "given", "C1D1"),
    ("before it all can be moved", (), "defer", ALL),
    ("neither a day 1 whose cycle goes on nor the last dose can be left out", (), "omit", "C1D8 C1D15 C2D8"),
    ("a given dose is given once", (GIVEN_1,), "given", "C1D8 C1D15 C2D1 C2D8 C2D15"),
    ("a given dose moves no more", (GIVEN_1,), "defer", "C1D8 C1D15 C2D1 C2D8 C2D15"),
    ("nor is it put on hold", (GIVEN_1,), "hold", "C1D8 C1D15 C2D1 C2D8 C2D15"),
    ("one that was left out neither", (GIVEN_1, act("omit", "C1D8")), "defer", "C1D15 C2D1 C2D8 C2D15"),
    ("nor can it have been given", (GIVEN_1, act("omit", "C1D8")), "given", "C1D15 C2D1 C2D8 C2D15"),
    ("a day 1 of which nothing else stands", (act("omit", "C2D8"), act("omit", "C2D15")), "omit", "C1D8 C1D15"),
    ("what is on hold can have been given", (GIVEN_1, act("hold", "C1D8", on="2026-12-14", cause="counts")), "given", "C1D8 C1D15 C2D1 C2D8 C2D15"),
    ("after the end nothing moves", (GIVEN_1, STOPPED), "defer", ""),
    ("after the end a dose before it is left out", (GIVEN_1, STOPPED), "omit", "C1D8"),
    ("and one that was cancelled may have been given before it", (GIVEN_1, STOPPED), "given", "C1D8 C1D15 C2D1 C2D8 C2D15"),
]  # fmt: skip


def named(found: frozenset[DoseId]) -> str:
    return " ".join(str(dose) for dose in sorted(found))


@pytest.mark.parametrize(("why", "actions", "kind", "expected"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_the_choices_are_those_of_the_worked_examples(why: str, actions: Actions, kind: str, expected: str) -> None:
    course = course_of(MONDAY, cycles=2)
    found = choices(inotuzumab(), course, [action_of(plain) for plain in actions], clinic=ClinicRules())
    assert named(found[kind]) == expected, why


def test_of_one_drug_that_was_stopped_nothing_moves_any_more() -> None:
    given_day_1 = act("given", "C1D1", on="2026-12-07")
    stopped = act("cease", agent="beta", on="2026-12-08", cause="toxicity")
    found = choices(trio(), course_of(MONDAY), [action_of(given_day_1), action_of(stopped)], clinic=ClinicRules())
    assert {dose.agent for dose in found["defer"]} == {"alpha", "gamma"}


# ---------------------------------------------------------------------------------------------------------------------


def asked(kind: str, dose: DoseId, on: date) -> Action:
    """The action of that kind for the dose, on that date, with all that can be asked of it."""
    cycle, day, reason = dose.cycle, dose.day, "agreed"
    match kind:
        case "given":
            return Given(cycle=cycle, day=day, agent=dose.agent, on=on, reason=reason)
        case "defer":
            return Defer(cycle=cycle, day=day, agent=dose.agent, to=on, reason=reason)
        case "hold":
            return Hold(cycle=cycle, day=day, on=on, cause=HoldCause.COUNTS)
        case _:
            return Omit(cycle=cycle, day=day, agent=dose.agent, reason=reason)


def taken(regimen: Regimen, history: History, action: Action) -> bool:
    try:
        check_action(regimen, history.course, history.actions, action, today=date(2200, 1, 1), clinic=history.clinic)
    except NeedsReason:
        return True
    except Rejected:
        return False
    return True


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(history=histories(most=6))
def test_what_is_not_offered_the_judge_refuses_of_every_date_near_it(history: History) -> None:
    plan = history.plan()
    found = choices(history.regimen, history.course, history.actions, clinic=history.clinic)
    for kind, offered in found.items():
        for dose in plan.doses()[:12]:
            if dose.id in offered or (kind == "hold" and dose.agent):
                continue
            place = dose.date or dose.nominal
            for days in (-30, -1, 0, 1, 30):
                action = asked(kind, dose.id, place + timedelta(days=days))
                assert not taken(history.regimen, history, action), (kind, dose.id, action)
