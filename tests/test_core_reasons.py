"""What departs from the regimen: refused without a reason, with one sentence that says so, and accepted with one."""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple

import pytest

from scheduler import ClinicRules, NeedsReason, check_action, check_course
from tests.core import act, action_of, course_of, inotuzumab, plan_of, refusal, with_agent

DAY1 = date(2026, 12, 7)
Table = dict[str, Any]
TAIL = ". This departs from the regimen: give a reason to record it."


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


G1 = given("C1D1", "2026-12-07")
G8 = given("C1D8", "2026-12-14")
HOLD8 = act("hold", "C1D8", on="2026-12-10", cause="counts")


class Case(NamedTuple):
    why: str
    before: tuple[Table, ...]
    last: Table
    departure: str


CASES = [
    Case(
        "a length above the range",
        (),
        act("cycle-length", cycle=1, days=29),
        "cycle 1 would last 29 days, and the regimen allows 21 to 28",
    ),
    Case(
        "a length below it",
        (),
        act("cycle-length", cycle=1, days=20),
        "cycle 1 would last 20 days, and the regimen allows 21 to 28",
    ),
    Case(
        "a length where the regimen allows one alone",
        (),
        act("cycle-length", cycle=2, days=27),
        "cycle 2 would last 27 days, and the regimen allows 28",
    ),
    Case(
        "the same length again: it departs each time it is set",
        (act("cycle-length", cycle=2, days=27, reason="agreed"),),
        act("cycle-length", cycle=2, days=27),
        "cycle 2 would last 27 days, and the regimen allows 28",
    ),
    Case(
        "a day 1 moved later than the range of the cycle before",
        (),
        act("defer", "C2D1", to="2027-01-05"),
        "cycle 1 would last 29 days, and the regimen allows 21 to 28",
    ),
    Case(
        "a day 1 moved earlier",
        (),
        act("defer", "C2D1", to="2026-12-27"),
        "cycle 1 would last 20 days, and the regimen allows 21 to 28",
    ),
    Case(
        "a later day 1 moved at all",
        (),
        act("defer", "C3D1", to="2027-01-26"),
        "cycle 2 would last 29 days, and the regimen allows 28",
    ),
    Case(
        "a dose moved with scope course, which lengthens its cycle",
        (),
        act("defer", "C2D8", to="2027-01-05", scope="course"),
        "cycle 2 would last 29 days, and the regimen allows 28",
    ),
    Case(
        "more cycles than the maximum",
        (),
        act("cycles", count=7),
        "7 cycles are more than the 6 of the regimen",
    ),
    Case(
        "more cycles than the maximum of the intent",
        (act("intent", value="transplant"),),
        act("cycles", count=4),
        "4 cycles are more than the 3 of the regimen",
    ),
    Case(
        "a dose deferred beyond the tolerance",
        (),
        act("defer", "C1D8", to="2026-12-17"),
        "2026-12-17 is 3 days from where C1D8 belongs; the regimen allows 2026-12-14 and 2 days either side",
    ),
    Case(
        "a dose moved earlier than the tolerance",
        (act("omit", "C1D8"),),
        act("defer", "C1D15", to="2026-12-18"),
        "2026-12-18 is 3 days from where C1D15 belongs; the regimen allows 2026-12-21 and 2 days either side",
    ),
    Case(
        "a dose given later than the plan shows, beyond the tolerance",
        (G1,),
        given("C1D8", "2026-12-17"),
        "2026-12-17 is 3 days from where C1D8 belongs; the regimen allows 2026-12-14 and 2 days either side",
    ),
    Case(
        "a dose given too soon after the one before, inside the tolerance",
        (G1,),
        given("C1D8", "2026-12-12"),
        "2026-12-12 is too close to C1D1 on 2026-12-07; doses are at least 6 days apart",
    ),
    Case(
        "a dose given too soon before one that was given",
        (G1, HOLD8, given("C1D15", "2026-12-21")),
        given("C1D8", "2026-12-16"),
        "2026-12-16 is too close to C1D15 on 2026-12-21; doses are at least 6 days apart",
    ),
    Case(
        "a day 1 given too soon after the cycle before, though a day 1 has no tolerance",
        (G1, G8, given("C1D15", "2026-12-23")),
        given("C2D1", "2026-12-28"),
        "2026-12-28 is too close to C1D15 on 2026-12-23; doses are at least 6 days apart",
    ),
    Case(
        "a dose given while on hold, outside the tolerance, on the date where it would lie",
        (G1, act("defer", "C1D8", to="2026-12-18", reason="agreed"), HOLD8),
        given("C1D8", "2026-12-18"),
        "2026-12-18 is 4 days from where C1D8 belongs; the regimen allows 2026-12-14 and 2 days either side",
    ),
    Case(
        "C1D1 given before the planned day",
        (),
        given("C1D1", "2026-12-06"),
        "C1D1 was given before its planned day, 2026-12-07",
    ),
    Case(
        "a dose not given completely",
        (),
        given("C1D1", "2026-12-07", complete=False),
        "C1D1 was not given completely",
    ),
    Case(
        "days left out from a cycle on",
        (),
        act("days", cycle=3, days=[1, 8]),
        "from cycle 3 on only days 1, 8 would be given",
    ),
    Case(
        "a day 1 left out",
        (act("omit", "C2D8"), act("omit", "C2D15")),
        act("omit", "C2D1"),
        "C2D1 starts its cycle and would be left out",
    ),
    Case(
        "a wrong date corrected to one that departs",
        (G1, G8),
        given("C1D1", "2026-12-05", replaces=1),
        "C1D1 was given before its planned day, 2026-12-07",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_a_departure_without_a_reason_is_refused_with_one_sentence(case: Case) -> None:
    fault = refusal(course_of(DAY1), *case.before, case.last)
    assert isinstance(fault, NeedsReason)
    assert (fault.code, fault.field, str(fault)) == ("needs-reason", "reason", case.departure + TAIL)


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_the_same_departure_with_a_reason_is_recorded(case: Case) -> None:
    plan = plan_of(course_of(DAY1), *case.before, {**case.last, "reason": "the team decided so"})
    assert plan.actions[-1].stands
    assert plan.actions[-1].action.reason == "the team decided so"


NO_REASON: list[tuple[str, tuple[Table, ...], Table]] = [
    ("C1D1 may begin later", (), act("defer", "C1D1", to="2027-02-01")),
    ("C1D1 deferred earlier is no record of the past", (), act("defer", "C1D1", to="2026-12-01")),
    ("C1D1 given late anchors the course", (), given("C1D1", "2026-12-20")),
    ("cycle 1 may last 28 days", (), act("cycle-length", cycle=1, days=28)),
    ("the same by moving day 1 of cycle 2", (), act("defer", "C2D1", to="2027-01-04")),
    ("the same by scope course", (), act("defer", "C1D8", to="2026-12-16", scope="course")),
    ("two days later are inside the tolerance", (), act("defer", "C1D8", to="2026-12-16")),
    ("one day earlier too", (), act("defer", "C1D8", to="2026-12-13")),
    ("a planned dose that is pushed keeps the gap", (G1,), given("C1D8", "2026-12-16")),
    ("a day 1 given late departs by itself", (G1, G8, given("C1D15", "2026-12-21")), given("C2D1", "2027-01-20")),
    (
        "a dose given on the date that the plan shows was agreed before",
        (G1, act("defer", "C1D8", to="2026-12-18", reason="agreed")),
        given("C1D8", "2026-12-18"),
    ),
    ("a hold carries its cause, and so does its end", (HOLD8,), act("resume", "C1D8", on="2027-01-20")),
    ("fewer cycles are no departure", (), act("cycles", count=2)),
    (
        "a day 1 may move though the next day 1 was given, since its own length is not its matter",
        (
            *(G1, act("omit", "C1D8"), act("omit", "C1D15")),
            act("hold", "C2D1", on="2026-12-28", cause="counts"),
            given("C3D1", "2027-01-25"),
        ),
        act("defer", "C2D1", to="2026-12-30"),
    ),
    (
        "the one date that the gap leaves between two given doses",
        (G1, HOLD8, given("C1D15", "2026-12-19")),
        act("defer", "C1D8", to="2026-12-13"),
    ),
    ("nor is the maximum itself", (act("cycles", count=2),), act("cycles", count=6)),
    ("a dose of another day left out", (), act("omit", "C1D8")),
    ("a number that was set stands when the intent changes", (), act("intent", value="transplant")),
    (
        "a void asks no reason again of what stands",
        (act("cycle-length", cycle=1, days=24), act("defer", "C2D1", to="2027-01-04", reason="agreed")),
        act("void", action=1),
    ),
]


@pytest.mark.parametrize(("why", "before", "last"), NO_REASON, ids=[why for why, _, _ in NO_REASON])
def test_what_the_regimen_allows_needs_no_reason(why: str, before: tuple[Table, ...], last: Table) -> None:
    assert plan_of(course_of(DAY1), *before, last).actions[-1].stands, why


@pytest.mark.parametrize(
    ("fields", "departure"),
    [
        ({"cycles": 7}, "7 cycles are more than the 6 of the regimen"),
        ({"cycles": 4, "intent": "transplant"}, "4 cycles are more than the 3 of the regimen"),
        ({"cycle_lengths": {1: 29}}, "cycle 1 would last 29 days, and the regimen allows 21 to 28"),
        ({"cycle_lengths": {2: 21}}, "cycle 2 would last 21 days, and the regimen allows 28"),
    ],
)
def test_a_course_that_starts_outside_the_range_carries_its_reason_itself(fields: Table, departure: str) -> None:
    with pytest.raises(NeedsReason) as caught:
        check_course(inotuzumab(), course_of(DAY1, **fields))
    assert str(caught.value) == departure + TAIL
    check_course(inotuzumab(), course_of(DAY1, reason="agreed", **fields))


def test_a_week_later_needs_a_reason_even_where_the_tolerance_is_wider() -> None:
    """No shipped regimen tolerates a week; one that does still asks (`late_days`)."""
    regimen = inotuzumab()
    (agent,) = regimen.ranked
    rules = {**agent.day_rules, 8: replace(agent.day_rules[8], tolerance_days=9)}
    wide = with_agent(regimen, day_rules=rules)
    for to, departs in (("2026-12-20", False), ("2026-12-21", True)):
        action = action_of(act("defer", "C1D8", to=to))
        call = partial(check_action, wide, course_of(DAY1), [], action, today=DAY1, clinic=ClinicRules())
        if not departs:
            call()
            continue
        with pytest.raises(NeedsReason) as caught:
            call()
        assert str(caught.value) == "2026-12-21 is 7 days later than C1D8 belongs" + TAIL


def test_a_record_that_departs_only_since_another_was_voided_is_not_asked_again() -> None:
    """C1D8 was two days late of a day 1 that was put off; now it is four days late of the first one."""
    plan_of(
        course_of(DAY1),
        act("defer", "C1D1", to="2026-12-09", reason="r"),
        act("defer", "C1D8", to="2026-12-18"),
        act("void", action=1),
    )
