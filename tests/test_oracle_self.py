"""The oracle is believed only as far as it agrees with the calendars that people worked out by hand."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.oracle_courses import FromSeed, Try, courses, grow, grown_courses

Action = dict[str, Any]
Key = tuple[int, int]
LATER = date(2030, 1, 1)


def course(day1: date, *actions: Action, **others: Any) -> dict[str, Any]:
    plain = {"regimen": oracle.REGIMEN, "day1": day1, "at": "09:00", "zone": "America/New_York"}
    return {**plain, "actions": list(actions), **others}


def act(kind: str, cycle: int | None = None, day: int | None = None, **others: Any) -> Action:
    action: Action = {"kind": kind, **others}
    if cycle is not None:
        action["cycle"] = cycle
    if day is not None:
        action["day"] = day
    return action


def three_cycles(*actions: Action, today: date = LATER, **others: Any) -> dict[str, Any]:
    return oracle.plan(course(date(2027, 2, 1), *actions, cycles=3, **others), today)


def dates(plan: dict[str, Any]) -> dict[Key, date | None]:
    return {(dose["cycle"], dose["day"]): dose["date"] for c in plan["cycles"] for dose in c["doses"]}


def states(plan: dict[str, Any]) -> dict[Key, str]:
    return {(dose["cycle"], dose["day"]): dose["state"] for c in plan["cycles"] for dose in c["doses"]}


# -- Worked by hand -----------------------------------------------------------------------------------------


def test_the_reference_calendar_is_the_one_checked_by_hand() -> None:
    audiences = ["can-become-pregnant", "partner-can-become-pregnant", "breastfeeding:private"]
    plan = oracle.plan(course(date(2026, 9, 14), audiences=audiences), date(2026, 9, 1))
    assert list(dates(plan).values()) == [
        *(date(2026, 9, 14), date(2026, 9, 21), date(2026, 9, 28)),
        *(date(2026, 10, 5), date(2026, 10, 12), date(2026, 10, 19)),
        *(date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)),
        *(date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14)),
        *(date(2026, 12, 28), date(2027, 1, 4), date(2027, 1, 11)),
        *(date(2027, 1, 25), date(2027, 2, 1), date(2027, 2, 8)),
    ]
    assert plan["cycles"][5]["last_day"] == date(2027, 2, 21)
    assert [(w["audience"], w["last_dose"], w["through"], w["final"]) for w in plan["windows"]] == [
        ("can-become-pregnant", date(2027, 2, 8), date(2027, 10, 8), False),
        ("partner-can-become-pregnant", date(2027, 2, 8), date(2027, 7, 8), False),
        ("breastfeeding", date(2027, 2, 8), date(2027, 4, 8), False),
    ]
    assert plan["advice"] == set()


@pytest.mark.parametrize(
    ("last_dose", "months", "through"),
    [
        (date(2026, 6, 28), 8, date(2027, 2, 28)),
        (date(2026, 6, 29), 8, date(2027, 3, 1)),
        (date(2026, 6, 30), 8, date(2027, 3, 1)),
        (date(2027, 6, 30), 8, date(2028, 3, 1)),
        (date(2026, 9, 30), 8, date(2027, 5, 30)),
        (date(2026, 9, 30), 5, date(2027, 3, 1)),
        (date(2026, 10, 31), 8, date(2027, 7, 1)),
        (date(2026, 12, 31), 2, date(2027, 3, 1)),
        (date(2026, 8, 31), 5, date(2027, 1, 31)),
        (date(2026, 12, 1), 2, date(2027, 2, 1)),
    ],
)
def test_months_after_the_last_dose_end_as_the_table_says(last_dose: date, months: int, through: date) -> None:
    assert oracle.months_after(last_dose, months) == through


DEFER_C2D1 = act("defer", 2, 1, to=date(2027, 2, 26))
LONGER_C1 = act("cycle-length", 1, days=28)
GIVEN_C1D1 = act("given", 1, 1, on=date(2027, 2, 1))
GIVEN_C1D8 = act("given", 1, 8, on=date(2027, 2, 8))
LATE_C1D8 = act("given", 1, 8, on=date(2027, 2, 10))


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([DEFER_C2D1], {(2, 1): date(2027, 2, 26), (3, 1): date(2027, 3, 26)}),
        ([DEFER_C2D1, LONGER_C1], {(2, 1): date(2027, 3, 1)}),
        ([act("defer", 2, 8, to=date(2027, 3, 3), scope="dose"), LONGER_C1], {(2, 8): date(2027, 3, 10)}),
        (
            [
                GIVEN_C1D1,
                GIVEN_C1D8,
                act("defer", 1, 15, to=date(2027, 2, 17)),
                act("given", 1, 15, on=date(2027, 2, 15)),
            ],
            {(2, 1): date(2027, 2, 22)},
        ),
        ([GIVEN_C1D1, LATE_C1D8], {(1, 15): date(2027, 2, 16)}),
        (
            [GIVEN_C1D1, LATE_C1D8, act("defer", 1, 15, to=date(2027, 2, 17), scope="course")],
            {(1, 15): date(2027, 2, 17), (2, 1): date(2027, 2, 23)},
        ),
    ],
)
def test_cases_that_two_careful_people_computed_differently(actions: list[Action], expected: dict[Key, date]) -> None:
    found = dates(three_cycles(*actions))
    assert {key: found[key] for key in expected} == expected


def test_c1d15_on_day_17_pushes_c2d1_to_day_23() -> None:
    plan = three_cycles(act("defer", 1, 15, to=date(2027, 2, 17)), today=date(2027, 2, 1))
    assert dates(plan)[2, 1] == date(2027, 2, 23)
    assert plan["advice"] == {("moved-to-keep-gap", 2, 1)}
    assert plan["cycles"][0]["length_days"] == 22


# -- Refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "actions"),
    [
        ("no such cycle", [act("omit", 4, 8)]),
        ("no such day", [act("omit", 1, 2)]),
        ("given twice", [GIVEN_C1D1, act("given", 1, 1, on=date(2027, 2, 2))]),
        ("given in the future", [act("given", 1, 1, on=date(2030, 1, 2))]),
        ("C1D1 was not given", [act("given", 1, 8, on=date(2027, 1, 30))]),
        ("C1D8 is still planned", [GIVEN_C1D1, act("given", 1, 15, on=date(2027, 2, 15))]),
        ("five days after C1D8", [act("defer", 1, 15, to=date(2027, 2, 13))]),
        ("a day 1 has only `course`", [{**DEFER_C2D1, "scope": "dose"}]),
        ("later doses of the cycle are planned", [act("omit", 2, 1, reason="r")]),
        ("the last dose", [act("omit", 3, 15)]),
        ("no hold", [act("resume", 1, 8, on=date(2027, 2, 8))]),
        ("the next cycle would start on a dose", [act("cycle-length", 1, days=15, reason="r")]),
        ("void of nothing", [act("void", action=1)]),
        ("C1D8 would stand before C1D1", [GIVEN_C1D1, GIVEN_C1D8, act("void", action=1)]),
        (
            "nothing follows a cease",
            [act("cease", on=date(2027, 2, 1), cause="other"), act("time", at="10:00")],
        ),
        ("dose after cease", [GIVEN_C1D1, act("cease", on=date(2027, 1, 31), cause="other")]),
        ("the clocks jump over this hour", [act("time", 3, 1, at="02:30")]),
    ],
)
def test_an_impossible_action_is_rejected(why: str, actions: list[Action]) -> None:
    shifted = [act("defer", 3, 1, to=date(2027, 3, 28), reason="r")] if "clocks" in why else []
    with pytest.raises(oracle.OracleRejected) as no:
        three_cycles(*shifted, *actions, zone="Europe/Berlin")
    assert no.value.number == len(shifted + actions)


@pytest.mark.parametrize(
    ("why", "action"),
    [
        ("cycle 1 of 29 days", act("cycle-length", 1, days=29)),
        ("cycle 1 of 29 days", act("defer", 2, 1, to=date(2027, 3, 2))),
        ("cycle 2 of 29 days", act("defer", 3, 1, to=date(2027, 3, 23))),
        ("three days late", act("defer", 1, 8, to=date(2027, 2, 11))),
        ("C1D1 before its day", act("given", 1, 1, on=date(2027, 1, 31))),
        ("seven cycles", act("cycles", count=7)),
        ("fewer days", act("days", 2, days=[1, 8])),
        ("an incomplete dose", act("given", 1, 1, on=date(2027, 2, 1), complete=False)),
    ],
)
def test_a_departure_needs_a_reason_and_is_possible_with_one(why: str, action: Action) -> None:
    with pytest.raises(oracle.OracleNeedsReason):
        three_cycles(action)
    three_cycles({**action, "reason": why})


def test_a_course_outside_the_range_carries_its_own_reason() -> None:
    with pytest.raises(oracle.OracleNeedsReason):
        oracle.plan(course(date(2027, 2, 1), cycles=3, intent="continue") | {"cycles": 7}, LATER)
    assert len(oracle.plan(course(date(2027, 2, 1), cycles=7, reason="r"), LATER)["cycles"]) == 7


# -- Hold, cease, void --------------------------------------------------------------------------------------


def test_a_hold_takes_the_dates_and_a_resume_brings_them_back_later() -> None:
    hold = act("hold", 1, 8, on=date(2027, 2, 7), cause="liver")
    held = three_cycles(GIVEN_C1D1, hold, audiences=["breastfeeding"])
    assert dates(held)[1, 8] is None
    assert (held["windows"][0]["through"], held["windows"][0]["last_dose"]) == (None, date(2027, 2, 1))
    resumed = three_cycles(GIVEN_C1D1, hold, act("resume", 1, 8, on=date(2027, 2, 11)))
    assert dates(resumed)[1, 15] == date(2027, 2, 18)
    assert dates(resumed)[2, 1] == date(2027, 2, 25)


def test_a_void_of_a_void_restores_the_action_at_its_old_place() -> None:
    voided = three_cycles(DEFER_C2D1, act("void", action=1))
    restored = three_cycles(DEFER_C2D1, act("void", action=1), act("void", action=2))
    assert dates(voided)[2, 1] == date(2027, 2, 22)
    assert dates(restored)[2, 1] == date(2027, 2, 26)


def test_an_omitted_day_1_stays_the_anchor_where_it_was() -> None:
    plan = three_cycles(
        act("defer", 2, 1, to=date(2027, 2, 25)),
        act("days", 2, days=[1], reason="r"),
        act("omit", 2, 1, reason="r"),
    )
    assert dates(plan)[3, 1] == date(2027, 3, 25)


def test_cease_makes_the_window_final_unless_a_dose_before_it_was_never_recorded() -> None:
    cease = act("cease", on=date(2027, 2, 10), cause="toxicity")
    open_end = three_cycles(GIVEN_C1D1, cease, audiences=["breastfeeding"])
    final = three_cycles(GIVEN_C1D1, cease, act("omit", 1, 8), audiences=["breastfeeding"])
    assert states(open_end)[1, 8] == "planned"
    assert [w["final"] for w in open_end["windows"] + final["windows"]] == [False, True]


# -- Hours --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day1", "at", "start"),
    [
        ("America/New_York", date(2027, 2, 1), "09:00", datetime(2027, 2, 1, 14, tzinfo=UTC)),
        ("America/New_York", date(2027, 3, 14), "02:30", datetime(2027, 3, 14, 7, 30, tzinfo=UTC)),
        ("America/New_York", date(2026, 11, 1), "01:30", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:15", datetime(2026, 10, 3, 15, 45, tzinfo=UTC)),
    ],
)
def test_a_clock_change_moves_the_start_but_never_shortens_the_visit(
    zone: str, day1: date, at: str, start: datetime
) -> None:
    dose = oracle.plan(course(day1, zone=zone, at=at), day1)["cycles"][0]["doses"][0]
    assert dose["infusion_start"] == start
    assert (dose["infusion_end"] - start).total_seconds() == 3600
    assert (dose["observation_end"] - start).total_seconds() == 7200


# -- Random courses -----------------------------------------------------------------------------------------


@given(courses())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_every_blind_course_is_planned_or_refused_at_one_of_its_actions(drawn: tuple[Any, date]) -> None:
    drawn_course, today = drawn
    try:
        plan = oracle.plan(drawn_course, today)
    except (oracle.OracleRejected, oracle.OracleNeedsReason) as no:
        assert 0 <= no.number <= len(drawn_course["actions"])  # noqa: PT017 - a refusal is an answer here
    else:
        assert plan["cycles"]


@given(grown_courses())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
def test_a_grown_course_is_what_the_whole_list_of_its_actions_gives(tries: list[Try]) -> None:
    for one in tries:
        if one.plan is not None:
            assert oracle.plan(one.course, one.today) == one.plan
        else:
            with pytest.raises((oracle.OracleRejected, oracle.OracleNeedsReason)):
                oracle.plan(one.course, one.today)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=40)
def test_an_accepted_defer_puts_its_dose_where_it_says(seed: int) -> None:
    for one in grow(FromSeed(seed), 12):
        action = one.action
        if one.plan is not None and action["kind"] == "defer":
            key = (action["cycle"], action["day"])
            assert dates(one.plan)[key] in (action["to"], None)


@pytest.mark.parametrize("seed", range(5))
def test_growing_the_same_seed_gives_the_same_course(seed: int) -> None:
    assert list(grow(FromSeed(seed), 8)) == list(grow(FromSeed(seed), 8))
