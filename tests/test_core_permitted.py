"""To which dates a dose can be moved without a reason: worked examples, and the judge's own answer for every date."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from scheduler import ClinicRules, Regimen, check_actions
from scheduler.actions import Action, Away, Cease, Defer
from scheduler.dose_id import DoseId
from scheduler.permitted import DAY, Permitted, permitted
from scheduler.plan import Dose, DoseState
from scheduler.regimen import Scope
from tests.core import act, action_of, course_of, inotuzumab, with_agent
from tests.core_regimens import prepared, trio
from tests.core_strategies import History, histories

MONDAY = date(2026, 12, 7)
LATER = date(2028, 1, 1)
Actions = tuple[Mapping[str, Any], ...]
GIVEN_1 = act("given", "C1D1", on="2026-12-07")

# Day 1 on Monday 7 December 2026; cycle 1 lasts 21 to 28 days, the others 28; 6 days between doses; days 8 and 15 ± 2.
EXAMPLES: list[tuple[str, Actions, str, str]] = [
    ("day 8 within its tolerance, and 6 days after day 1", (GIVEN_1,), "C1D8", "2026-12-13 to 2026-12-16"),
    ("day 1 given a day late takes its cycle along", (act("given", "C1D1", on="2026-12-08"),), "C1D8", "2026-12-14 to 2026-12-17"),
    ("day 15 is held back by day 8 on its day", (GIVEN_1,), "C1D15", "2026-12-20 to 2026-12-23"),
    ("day 15 after a late day 8: the gap leaves less than the tolerance", (GIVEN_1, act("given", "C1D8", on="2026-12-16")), "C1D15", "2026-12-22 to 2026-12-23"),
    ("cycle 2 starts 21 to 28 days after the day 1 that was given", (GIVEN_1,), "C2D1", "2026-12-28 to 2027-01-04"),
    ("a late day 15 keeps cycle 2 back by the gap", (GIVEN_1, act("given", "C1D8", on="2026-12-14"), act("given", "C1D15", on="2026-12-23")), "C2D1", "2026-12-29 to 2027-01-04"),
    ("cycle 2 lasts 28 days and no other number, so cycle 3 has one date", (GIVEN_1,), "C3D1", "2027-01-25 to 2027-01-25"),
    ("nothing lies before the first dose that could be too long", (), "C1D1", "any"),
    ("a length that departs: back to a permitted one, without a reason", (GIVEN_1, act("cycle-length", cycle=1, days=35, reason="agreed")), "C2D1", "2026-12-28 to 2027-01-04"),
    ("a day 1 beyond the longest cycle, whose permitted date the gap takes, may stay where it was agreed", (GIVEN_1, act("defer", "C2D15", to="2027-01-22", reason="agreed"), act("defer", "C3D1", to="2027-01-28", reason="agreed")), "C3D1", "2027-01-28 to 2027-01-28"),
    ("day 8 much too late pushes day 15 past its tolerance", (GIVEN_1, act("given", "C1D8", on="2026-12-18", reason="fever")), "C1D15", "none"),
    ("a dose on hold has no date", (GIVEN_1, act("hold", "C1D8", on="2026-12-14", cause="counts")), "C1D8", "not to be moved"),
    ("after the end nothing is moved", (GIVEN_1, act("cease", on="2026-12-20", cause="other")), "C1D8", "not to be moved"),
    ("a given dose is not moved", (GIVEN_1,), "C1D1", "not to be moved"),
]  # fmt: skip


def said(found: Mapping[DoseId, Permitted | None], name: str) -> str:
    """A range as the examples write it."""
    cycle, day = (int(part) for part in name[1:].split("D"))
    ranges = [range_ for dose, range_ in found.items() if dose[:2] == (cycle, day)]
    if not ranges:
        return "not to be moved"
    (range_,) = ranges
    if range_ is None:
        return "none"
    return "any" if range_[:2] == (None, None) else f"{range_.first} to {range_.last}"


@pytest.mark.parametrize(("why", "actions", "dose", "expected"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_the_permitted_dates_are_those_of_the_worked_examples(
    why: str, actions: Actions, dose: str, expected: str
) -> None:
    recorded = [action_of(plain) for plain in actions]
    check_actions(inotuzumab(), course_of(MONDAY), recorded, today=LATER, clinic=ClinicRules())
    found = permitted(inotuzumab(), course_of(MONDAY), recorded, clinic=ClinicRules())
    assert said(found, dose) == expected, why


def ranges_of(regimen: Regimen, *actions: Mapping[str, Any]) -> dict[str, str]:
    """By dose, with its agent where there are several, what the examples write."""
    recorded = [action_of(plain) for plain in actions]
    check_actions(regimen, course_of(MONDAY), recorded, today=LATER, clinic=ClinicRules())
    found = permitted(regimen, course_of(MONDAY), recorded, clinic=ClinicRules())
    return {
        f"C{dose.cycle}D{dose.day} {dose.agent}".strip(): said({dose: dates}, str(dose.visit))
        for dose, dates in found.items()
    }


def test_a_deferral_that_takes_the_course_along_is_limited_by_its_cycles_length() -> None:
    (agent,) = inotuzumab().ranked
    rules = {day: replace(rule, defer_scope=Scope.COURSE) for day, rule in agent.day_rules.items()}
    regimen = with_agent(inotuzumab(), day_rules=rules)
    found = ranges_of(regimen)
    assert found["C1D8"] == "2026-12-14 to 2026-12-16", "cycle 1 lasts 21 to 28 days: earlier it would be 20"
    assert found["C2D8"] == "2027-01-04 to 2027-01-04", "cycle 2 lasts 28 days and no other number"
    late = act("defer", "C2D8", to="2027-01-07", scope="dose", reason="agreed")
    assert ranges_of(regimen, late)["C2D8"] == "none", "back to its day it would take the cycle's end along"


def test_days_before_day_1_stay_before_it_and_no_tolerance_stated_is_none() -> None:
    found = ranges_of(prepared())
    assert found["C2D-1 beta"] == "2026-12-26 to 2026-12-26"
    assert found["C2D0 beta"] == "2026-12-27 to 2026-12-27"


def test_a_dose_that_lies_apart_from_its_visit_has_dates_of_its_own() -> None:
    apart = act("defer", "C2D1", agent="beta", to="2026-12-30", reason="agreed")
    found = ranges_of(trio(), apart)
    assert found["C2D1 alpha"] == "2026-12-28 to 2027-01-01", "alpha keeps 21 days, and cycle 1 lasts 25 at most"
    assert found["C2D1 gamma"] == found["C2D1 alpha"], "which moves with it"
    assert found["C2D1 beta"] == "2026-12-28 to 2026-12-28", "where it belongs"


def test_a_given_dose_after_it_leaves_less_room_or_none() -> None:
    out_of_order = act("defer", "C1D8", to="2026-12-24", reason="agreed")
    given = act("given", "C1D15", on="2026-12-20", reason="agreed")
    found = ranges_of(inotuzumab(), GIVEN_1, out_of_order, given)
    assert found["C1D8"] == "2026-12-13 to 2026-12-14", "6 days before what was given"


def test_closed_days_are_named_and_stay_permitted() -> None:
    away = Away(from_=date(2026, 12, 16), to=date(2026, 12, 17))
    recorded = [action_of(GIVEN_1), away]
    clinic = ClinicRules(opening_days=frozenset(range(5)))
    found = permitted(inotuzumab(), course_of(MONDAY), recorded, clinic=clinic)
    day8 = next(range_ for dose, range_ in found.items() if dose[:2] == (1, 8))
    assert day8 == Permitted(date(2026, 12, 13), date(2026, 12, 16), (date(2026, 12, 13), date(2026, 12, 16)))
    assert day8.holds(date(2026, 12, 13))
    assert not day8.holds(date(2026, 12, 12))
    assert not day8.holds(date(2026, 12, 17))
    first = permitted(inotuzumab(), course_of(MONDAY), [], clinic=clinic)[DoseId(1, 1, 0, "")]
    assert first == Permitted(None, None, ())


def moves(history: History, dose: DoseId) -> list[Action]:
    """The deferral that means the dose: its visit's, or its own where it lies apart; its date is still to be said."""
    plan = history.plan()
    here = [one for one in plan.doses() if one.id[:2] == dose[:2] and one.state in {DoseState.PLANNED, DoseState.HELD}]
    mine = next(one for one in here if one.id == dose)
    ceased = {each.action.agent for each in plan.actions if each.stands and isinstance(each.action, Cease)}
    open_ = [one for one in here if one.agent not in ceased]
    together = mine in open_ and open_[0].date == mine.date
    return [Defer(cycle=dose.cycle, day=dose.day, agent="" if together else dose.agent, to=day) for day in tried(mine)]


def tried(dose: Dose) -> list[date]:
    assert dose.date is not None
    near = {base + DAY * step for base in (dose.date, dose.nominal) for step in range(-45, 46)}
    return sorted(near)


@given(histories(versions=True))
@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow], deadline=None)
def test_every_date_in_the_range_needs_no_reason_and_every_other_one_does(history: History) -> None:
    """Asked of the judge itself. Staying where a dose lies by itself is no departure, wherever that is."""
    found = permitted(history.regimen, history.course, history.actions, clinic=history.clinic)
    planned = [dose for dose in history.plan().doses() if dose.state is DoseState.PLANNED]
    for dose in planned[:3] + planned[-1:]:
        if dose.id not in found:
            assert not any(history.accepts(move) for move in moves(history, dose.id)[::9])
            continue
        range_ = found[dose.id]
        for move in moves(history, dose.id):
            assert isinstance(move, Defer)
            accepted = history.accepts(move)
            if range_ is not None and range_.holds(move.to):
                assert accepted, f"{dose.id} {move}"
            elif accepted:
                assert changes_nothing(history, move), f"{dose.id} {move} is beside {range_}"


def changes_nothing(history: History, move: Defer) -> bool:
    """Whether the deferral leaves the cycle's length, and with it every date, as it is without the gap's pushes."""
    before, after = history.plan(), history.plan(move)
    return [dose.date for dose in before.doses()] == [dose.date for dose in after.doses()]
