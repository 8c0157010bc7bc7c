"""Closed days: a dose is never moved in silence; an open date is proposed inside tolerance and gap, or none."""

from datetime import date, timedelta
from typing import Any

import pytest

from scheduler import ClinicRules, ClosedDayPolicy, InvalidValue, Plan
from scheduler.plan import Advice
from tests.core import act, at, course_of, plan_of

MONDAY = date(2026, 12, 7)
Table = dict[str, Any]
LATER, EARLIER, NEAREST = ClosedDayPolicy


def closed_days(plan: Plan) -> dict[str, Advice]:
    return {f"C{one.cycle}D{one.day}": one for one in plan.advice if one.code == "closed-day"}


def proposal(plan: Plan, dose: str) -> date | None:
    suggest = closed_days(plan)[dose].suggest
    return suggest.to if suggest else None


def clinic(*closed: str, policy: ClosedDayPolicy = LATER, **others: Any) -> ClinicRules:
    days = {date.fromisoformat(day): "a public holiday" for day in closed}
    return ClinicRules(closed=days, closed_day_policy=policy, **others)


def test_a_dose_on_a_closed_day_stays_and_the_advice_names_both_days() -> None:
    plan = plan_of(course_of(MONDAY), clinic=clinic("2026-12-14"), today=MONDAY)
    assert at(plan, "C1D8").date == date(2026, 12, 14)
    one = closed_days(plan)["C1D8"]
    assert one.message == "C1D8 on 14 Dec 2026: a public holiday; 15 Dec 2026 is open."
    assert one.suggest is not None
    assert (one.suggest.kind, one.suggest.to, one.suggest.scope) == ("defer", date(2026, 12, 15), "dose")
    assert list(closed_days(plan)) == ["C1D8"]


@pytest.mark.parametrize(
    ("rules", "actions", "reason"),
    [
        (ClinicRules(opening_days=frozenset({1, 2, 3, 4})), [], "the clinic is closed on Mondays"),
        (clinic("2026-12-14"), [], "a public holiday"),
        (clinic("2026-12-14"), [act("away", from_="2026-12-10", to="2026-12-11")], "a public holiday"),
        (ClinicRules(), [act("away", from_="2026-12-14", to="2026-12-14")], "the patient is away until 14 Dec 2026"),
        (
            clinic("2026-12-14"),
            [act("away", from_="2026-12-12", to="2026-12-14")],
            "the patient is away until 14 Dec 2026",
        ),
    ],
)
def test_the_advice_says_why_the_day_is_closed(rules: ClinicRules, actions: list[Table], reason: str) -> None:
    plan = plan_of(course_of(MONDAY), *actions, clinic=rules, today=MONDAY)
    assert closed_days(plan)["C1D8"].message == f"C1D8 on 14 Dec 2026: {reason}; 15 Dec 2026 is open."


FREE = [act("omit", "C1D8")]  # C1D15 on 2026-12-21 then has room on both sides


@pytest.mark.parametrize(
    ("closed", "policy", "expected", "reason"),
    [
        (["12-21"], LATER, "12-22", "the next open day"),
        (["12-21"], EARLIER, None, "C2D1 forbids no earlier day, but Saturday and Sunday are closed"),
        (["12-21", "12-22"], LATER, "12-23", "the last day of the tolerance"),
        (["12-21", "12-22", "12-23"], LATER, None, "none is left inside the tolerance"),
    ],
)
def test_the_proposal_stays_inside_the_tolerance(
    closed: list[str], policy: ClosedDayPolicy, expected: str | None, reason: str
) -> None:
    """C1D15 is on Monday 21 December; two days either side are Saturday to Wednesday."""
    rules = clinic(*(f"2026-{day}" for day in closed), policy=policy)
    # With a cycle of 28 days the gap to C2D1 leaves room.
    plan = plan_of(course_of(MONDAY, cycle_lengths={1: 28}), *FREE, clinic=rules, today=MONDAY)
    found = proposal(plan, "C1D15")
    if expected is None and policy is LATER:
        assert closed_days(plan)["C1D15"].message == (
            "C1D15 on 21 Dec 2026: a public holiday; no open date keeps tolerance and gap, so the prescriber decides."
        )
    elif expected is None:
        assert found == date(2026, 12, 22), "no earlier day is open, so a later one is proposed"
    else:
        assert found == date.fromisoformat(f"2026-{expected}"), reason


WEDNESDAY = date(2026, 12, 9)


@pytest.mark.parametrize(
    ("policy", "closed", "expected", "reason"),
    [
        (LATER, ["12-23"], "12-24", "later"),
        (EARLIER, ["12-23"], "12-22", "earlier"),
        (NEAREST, ["12-23"], "12-24", "a day either side: ties go later"),
        (NEAREST, ["12-23", "12-24"], "12-22", "a day earlier is nearer than two days later"),
        (NEAREST, ["12-23", "12-22"], "12-24", "a day later is nearer than two days earlier"),
        (LATER, ["12-23", "12-24", "12-25"], "12-22", "no later day is open, so an earlier one is proposed"),
        (EARLIER, ["12-23", "12-22", "12-21"], "12-24", "no earlier day is open, so a later one is proposed"),
        (LATER, ["12-21", "12-22", "12-23", "12-24", "12-25"], None, "none at all"),
        (EARLIER, ["12-21", "12-22", "12-23", "12-24", "12-25"], None, "none at all"),
        (NEAREST, ["12-21", "12-22", "12-23", "12-24", "12-25"], None, "none at all"),
    ],
)
def test_the_clinics_policy_chooses_among_the_open_dates(
    policy: ClosedDayPolicy, closed: list[str], expected: str | None, reason: str
) -> None:
    """C1D15 is on Wednesday 23 December; C1D8 is left out and cycle 1 lasts 28 days, so that the gap leaves room."""
    rules = clinic(*(f"2026-{day}" for day in closed), policy=policy)
    plan = plan_of(course_of(WEDNESDAY, cycle_lengths={1: 28}), *FREE, clinic=rules, today=WEDNESDAY)
    assert proposal(plan, "C1D15") == (date.fromisoformat(f"2026-{expected}") if expected else None), reason


@pytest.mark.parametrize(
    ("dose", "closed", "policy", "expected", "reason"),
    [
        ("C1D8", ["12-16"], LATER, "12-17", "one day later keeps six days to C1D15 on 12-23"),
        ("C1D8", ["12-16", "12-17"], LATER, "12-15", "two days later would not; one day earlier keeps them to C1D1"),
        ("C1D8", ["12-15", "12-16", "12-17"], EARLIER, None, "two days earlier would not"),
    ],
)
def test_the_proposal_keeps_the_gap_to_both_neighbours_as_planned(
    dose: str, closed: list[str], policy: ClosedDayPolicy, expected: str | None, reason: str
) -> None:
    rules = clinic(*(f"2026-{day}" for day in closed), policy=policy)
    plan = plan_of(course_of(WEDNESDAY), clinic=rules, today=WEDNESDAY)
    assert proposal(plan, dose) == (date.fromisoformat(f"2026-{expected}") if expected else None), reason


def week(start: str, days: int) -> list[str]:
    first = date.fromisoformat(start)
    return [f"{first + timedelta(days=number)}" for number in range(days)]


@pytest.mark.parametrize(
    ("dose", "closed", "policy", "expected", "reason"),
    [
        ("C2D1", week("2026-12-30", 1), LATER, "2026-12-31", "the next open day"),
        ("C2D1", week("2026-12-30", 7), LATER, "2027-01-06", "up to seven days later"),
        ("C2D1", week("2026-12-30", 8), LATER, None, "not more"),
        ("C2D1", week("2026-12-30", 1), EARLIER, "2026-12-31", "not earlier than the shortest cycle 1"),
        ("C3D1", week("2027-01-27", 1), EARLIER, "2027-01-28", "nor than the shortest cycle 2"),
        ("C1D1", week("2026-12-09", 1), EARLIER, "2026-12-10", "nothing comes before the first"),
        ("C1D1", week("2026-12-09", 8), NEAREST, None, "and it has seven days too"),
    ],
)
def test_a_day_1_takes_its_cycle_along_up_to_seven_days_later(
    dose: str, closed: list[str], policy: ClosedDayPolicy, expected: str | None, reason: str
) -> None:
    plan = plan_of(course_of(WEDNESDAY), clinic=clinic(*closed, policy=policy), today=WEDNESDAY)
    assert proposal(plan, dose) == (date.fromisoformat(expected) if expected else None), reason


def test_a_day_1_can_be_proposed_earlier_where_the_cycle_before_was_lengthened() -> None:
    course = course_of(WEDNESDAY, cycle_lengths={1: 24})
    plan = plan_of(course, clinic=clinic("2027-01-02", policy=EARLIER), today=WEDNESDAY)
    assert proposal(plan, "C2D1") == date(2027, 1, 1), "on Saturday 2 January; 21 days would be 30 December"
    one = closed_days(plan)["C2D1"]
    assert one.suggest is not None
    assert one.suggest.scope == "course"


def test_a_day_1_keeps_the_gap_to_the_dose_before() -> None:
    pushed = act("defer", "C1D15", to="2026-12-25")
    plan = plan_of(course_of(WEDNESDAY), pushed, clinic=clinic("2026-12-31", policy=EARLIER), today=WEDNESDAY)
    assert at(plan, "C2D1").date == date(2026, 12, 31), "six days after C1D15"
    assert proposal(plan, "C2D1") == date(2027, 1, 1), "cycle 1 might end a day earlier, but the gap forbids it"


def test_nothing_is_proposed_for_a_day_1_that_a_given_dose_has_overtaken() -> None:
    actions = [
        act("given", "C1D1", on="2026-12-09"),
        act("omit", "C1D8"),
        act("omit", "C1D15"),
        act("defer", "C2D1", to="2027-01-23", reason="agreed"),
        act("hold", "C2D8", on="2026-12-26", cause="counts"),
        act("given", "C2D8", on="2027-01-12", reason="mixed up"),
    ]
    plan = plan_of(course_of(WEDNESDAY), *actions, today=date(2027, 1, 12))
    assert proposal(plan, "C2D1") is None, "every date from today on is too late"


def test_a_date_before_today_is_never_proposed() -> None:
    for today, expected in ((date(2026, 12, 22), "2026-12-22"), (date(2026, 12, 23), "2026-12-24")):
        plan = plan_of(
            course_of(WEDNESDAY, cycle_lengths={1: 28}),
            *FREE,
            clinic=clinic("2026-12-23", policy=EARLIER),
            today=today,
        )
        assert proposal(plan, "C1D15") == date.fromisoformat(expected)


def test_a_planned_dose_before_today_is_overdue_and_not_on_a_closed_day() -> None:
    plan = plan_of(course_of(WEDNESDAY), clinic=clinic("2026-12-09"), today=date(2026, 12, 10))
    assert {one.code for one in plan.advice if (one.cycle, one.day) == (1, 1)} == {"overdue"}


def test_given_omitted_and_held_doses_are_on_no_closed_day() -> None:
    rules = clinic("2026-12-09", "2026-12-16", "2026-12-23")
    actions = [act("given", "C1D1", on="2026-12-09"), act("omit", "C1D8")]
    plan = plan_of(course_of(WEDNESDAY), *actions, clinic=rules, today=WEDNESDAY)
    assert set(closed_days(plan)) == {"C1D15"}
    held = plan_of(
        course_of(WEDNESDAY), act("hold", "C1D1", on="2026-12-09", cause="clinic"), clinic=rules, today=WEDNESDAY
    )
    assert closed_days(held) == {}


def test_after_a_stop_nothing_is_proposed_since_nothing_can_be_deferred() -> None:
    cease = act("cease", on="2026-12-20", cause="patient-choice")
    plan = plan_of(course_of(WEDNESDAY), cease, clinic=clinic("2026-12-16"), today=WEDNESDAY)
    one = closed_days(plan)["C1D8"]
    assert one.suggest is None
    assert one.message == (
        "C1D8 on 16 Dec 2026: a public holiday; treatment is ceased: nothing can be deferred, so the prescriber decides."
    )


def test_accepting_the_proposal_puts_the_dose_there_and_ends_the_advice() -> None:
    plan = plan_of(course_of(WEDNESDAY), clinic=clinic("2026-12-16"), today=WEDNESDAY)
    to = proposal(plan, "C1D8")
    accepted = act("defer", "C1D8", to=to, reason="closed day")
    after = plan_of(course_of(WEDNESDAY), accepted, clinic=clinic("2026-12-16"), today=WEDNESDAY)
    assert (at(after, "C1D8").date, closed_days(after)) == (to, {})


def test_a_clinic_is_open_on_some_weekday() -> None:
    with pytest.raises(InvalidValue) as caught:
        ClinicRules(opening_days=frozenset())
    assert str(caught.value) == "opening_days: a clinic is open on at least one weekday"


def test_a_clinic_open_on_one_weekday_proposes_that_one() -> None:
    rules = ClinicRules(opening_days=frozenset({3}))
    plan = plan_of(course_of(WEDNESDAY), clinic=rules, today=WEDNESDAY)
    assert {one.suggest.to.weekday() for one in closed_days(plan).values() if one.suggest and one.suggest.to} == {3}
