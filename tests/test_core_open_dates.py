"""Accepting the open dates proposed for doses on closed days: which moves, in which order, and that each can be recorded."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import ClinicRules, build_plan, check_action, open_date_deferrals
from scheduler.actions import Defer
from scheduler.regimen import Scope
from tests.core import act, action_of, course_of, inotuzumab

MONDAY = date(2026, 12, 7)
CHRISTMAS = {date(2026, 12, 28) + timedelta(days=step): "closed" for step in range(5)}  # 28 December to 1 January


def moves(actions: list[dict[str, Any]], closed: dict[date, str], **only: Any) -> list[tuple[str, str]]:
    found = open_date_deferrals(
        inotuzumab(),
        course_of(MONDAY),
        [action_of(each) for each in actions],
        today=MONDAY,
        clinic=ClinicRules(closed=closed),
        **only,
    )
    return [(f"C{move.cycle}D{move.day}", move.to.isoformat()) for move in found]


@pytest.mark.parametrize(
    ("closed", "only", "expected", "why"),
    [
        ({}, None, [], "no day is closed"),
        ({date(2026, 12, 14): "x"}, None, [("C1D8", "2026-12-15")], "the next day is open, and day 15 is 6 days later"),
        (CHRISTMAS, None, [("C2D1", "2027-01-04")], "a day 1 may go up to 7 days later; days 8 and 15 go with it"),
        (
            {date(2026, 12, 14): "x"} | CHRISTMAS,
            None,
            [("C1D8", "2026-12-15"), ("C2D1", "2027-01-04")],
            "each by itself",
        ),
        ({date(2026, 12, 14): "x"} | CHRISTMAS, (2, 1), [("C2D1", "2027-01-04")], "that visit alone"),
        ({date(2026, 12, 14): "x"} | CHRISTMAS, (1, 15), [], "that visit is on an open day"),
        (
            CHRISTMAS | {date(2027, 1, 11): "x"},
            None,
            [("C2D1", "2027-01-04"), ("C2D8", "2027-01-12")],
            "day 8 comes to lie on a closed day by the first move, and is moved too",
        ),
        (
            {date(2026, 12, day): "x" for day in (14, 15, 16)},
            None,
            [],
            "no open date keeps the tolerance of 2 days, so the dose stays",
        ),
    ],
)
def test_every_proposed_date_is_accepted_in_order(
    closed: dict[date, str], only: tuple[int, int] | None, expected: list[tuple[str, str]], why: str
) -> None:
    assert moves([], closed, only=only) == expected, why


def test_a_deferral_carries_the_regimens_scope_and_the_reason() -> None:
    found = open_date_deferrals(inotuzumab(), course_of(MONDAY), (), today=MONDAY, clinic=ClinicRules(closed=CHRISTMAS))
    assert found == (Defer(cycle=2, day=1, to=date(2027, 1, 4), scope=Scope.COURSE, reason="closed day"),)


@given(
    closed=st.sets(st.integers(0, 200).map(lambda step: MONDAY + timedelta(days=step)), max_size=60),
    hold=st.booleans(),
)
def test_all_that_is_proposed_can_be_recorded_and_no_proposal_is_left(closed: set[date], hold: bool) -> None:  # noqa: FBT001
    clinic = ClinicRules(closed=dict.fromkeys(closed, "closed"))
    course, regimen = course_of(MONDAY), inotuzumab()
    recorded = [action_of(act("given", "C1D1", on=MONDAY))]
    if hold:
        recorded.append(action_of(act("hold", "C3D1", on=MONDAY, cause="counts")))
    for move in open_date_deferrals(regimen, course, recorded, today=MONDAY, clinic=clinic):
        check_action(regimen, course, recorded, move, today=MONDAY, clinic=clinic)
        recorded.append(move)
    plan = build_plan(regimen, course, recorded, today=MONDAY, clinic=clinic)
    moved = {(move.cycle, move.day) for move in recorded[1:] if isinstance(move, Defer)}
    left = [one for one in plan.advice if one.code == "closed-day" and one.suggest]
    assert all((one.cycle, one.day) in moved for one in left)  # none is moved twice
