"""The oracle is believed only as far as it agrees with the calendars that people worked out by hand."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler import Regimen, parse_regimen
from tests import oracle
from tests.core import inotuzumab
from tests.oracle_courses import Try, courses, grow, grown_courses, new_case
from tests.oracle_numbers import OracleNeedsReason, OracleRejected, months_after
from tests.oracle_proposals import Case
from tests.oracle_regimen_text import text_of
from tests.oracle_regimens import FromSeed, newer, random_regimen

Action = dict[str, Any]
Key = tuple[int, int]
LATER = date(2030, 1, 1)
HERE = Path(__file__).parent


@cache
def several() -> Regimen:
    """Alpha on days 1 and 8, beta on days -1 to 2, gamma running on for two days; from cycle 3 on beta alone."""
    path = HERE / "regimen_files" / "several-agents.toml"
    return parse_regimen(path.read_text(encoding="utf-8"), path.name)


def course(day1: date, *actions: Action, **others: Any) -> dict[str, Any]:
    return {"day1": day1, "at": "09:00", "zone": "America/New_York", "actions": list(actions), **others}


def act(kind: str, cycle: int | None = None, day: int | None = None, **others: Any) -> Action:
    action: Action = {"kind": kind, **others}
    if cycle is not None:
        action["cycle"] = cycle
    if day is not None:
        action["day"] = day
    return action


def three_cycles(*actions: Action, today: date = LATER, **others: Any) -> dict[str, Any]:
    return oracle.plan(inotuzumab(), course(date(2027, 2, 1), *actions, cycles=3, **others), today)


def dates(plan: dict[str, Any]) -> dict[Key, date | None]:
    return {(dose["cycle"], dose["day"]): dose["date"] for c in plan["cycles"] for dose in c["doses"]}


def states(plan: dict[str, Any]) -> dict[Key, str]:
    return {(dose["cycle"], dose["day"]): dose["state"] for c in plan["cycles"] for dose in c["doses"]}


# -- Worked by hand -----------------------------------------------------------------------------------------


def test_the_reference_calendar_is_the_one_checked_by_hand() -> None:
    audiences = ["can-become-pregnant", "partner-can-become-pregnant", "breastfeeding:private"]
    plan = oracle.plan(inotuzumab(), course(date(2026, 9, 14), audiences=audiences), date(2026, 9, 1))
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
        ("can-become-pregnant", [date(2027, 2, 8)], date(2027, 10, 8), False),
        ("partner-can-become-pregnant", [date(2027, 2, 8)], date(2027, 7, 8), False),
        ("breastfeeding", [date(2027, 2, 8)], date(2027, 4, 8), False),
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
    assert months_after(last_dose, months) == through


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
    with pytest.raises(OracleRejected) as no:
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
    with pytest.raises(OracleNeedsReason):
        three_cycles(action)
    three_cycles({**action, "reason": why})


def test_a_course_outside_the_range_carries_its_own_reason() -> None:
    with pytest.raises(OracleNeedsReason):
        oracle.plan(inotuzumab(), course(date(2027, 2, 1), cycles=3, intent="continue") | {"cycles": 7}, LATER)
    assert len(oracle.plan(inotuzumab(), course(date(2027, 2, 1), cycles=7, reason="r"), LATER)["cycles"]) == 7


# -- Hold, cease, void --------------------------------------------------------------------------------------


def test_a_hold_takes_the_dates_and_a_resume_brings_them_back_later() -> None:
    hold = act("hold", 1, 8, on=date(2027, 2, 7), cause="liver")
    held = three_cycles(GIVEN_C1D1, hold, audiences=["breastfeeding"])
    assert dates(held)[1, 8] is None
    assert (held["windows"][0]["through"], held["windows"][0]["last_dose"]) == (None, [date(2027, 2, 1)])
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
    dose = oracle.plan(inotuzumab(), course(day1, zone=zone, at=at), day1)["cycles"][0]["doses"][0]
    assert dose["infusion_start"] == start
    assert (dose["infusion_end"] - start).total_seconds() == 3600
    assert (dose["observation_end"] - start).total_seconds() == 7200


# -- Several agents, worked by hand ---------------------------------------------------------------------------


def with_several(*actions: Action, **others: Any) -> dict[str, Any]:
    return oracle.plan(several(), course(date(2027, 2, 1), *actions, **others), LATER)


def named(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The doses by names such as "C1D8 alpha"."""
    doses = [dose for cycle in plan["cycles"] for dose in cycle["doses"]]
    return {f"C{dose['cycle']}D{dose['day']} {dose['agent']}": dose for dose in doses}


def feb(day: int) -> date:
    return date(2027, 2, day)


def test_days_before_day_1_lie_before_it_and_every_agent_has_its_own_days() -> None:
    doses = named(with_several())
    assert [(name, dose["date"]) for name, dose in doses.items() if name.startswith("C2")] == [
        ("C2D-1 beta", feb(20)),
        ("C2D0 beta", feb(21)),
        ("C2D1 alpha", feb(22)),
        ("C2D1 beta", feb(22)),
        ("C2D1 gamma", feb(22)),
        ("C2D2 beta", feb(23)),
        ("C2D8 alpha", date(2027, 3, 1)),
    ]
    assert list(doses)[-4:] == ["C3D1 beta", "C3D2 beta", "C4D1 beta", "C4D2 beta"]


def test_what_follows_an_unknown_length_on_a_visit_is_not_known_either() -> None:
    doses = named(with_several())
    known = [doses[f"C1D1 {agent}"]["infusion_start"] for agent in ("alpha", "beta", "gamma")]
    assert known == [datetime(2027, 2, 1, 14, tzinfo=UTC), datetime(2027, 2, 1, 17, tzinfo=UTC), None]
    assert doses["C1D1 alpha"]["observation_end"] == datetime(2027, 2, 1, 17, tzinfo=UTC)
    assert doses["C1D1 beta"]["infusion_end"] is None


def test_a_recorded_start_tells_the_bags_and_the_end_of_what_runs_on() -> None:
    gamma = act("given", 1, 1, on=feb(1), agent="gamma", started="13:00")
    dose = named(with_several(gamma))["C1D1 gamma"]
    assert dose["bag_changes"] == [datetime(2027, 2, 2, 18, tzinfo=UTC)]
    assert dose["disconnect"] == dose["infusion_end"] == datetime(2027, 2, 3, 18, tzinfo=UTC)


def test_the_next_lengths_come_after_a_dose_that_was_tolerated() -> None:
    badly = act("given", 1, 1, on=feb(1), agent="alpha", tolerated=False)
    for actions, minutes in (([], 30), ([badly], 90)):
        dose = named(with_several(*actions))["C1D8 alpha"]
        assert (dose["infusion_end"] - dose["infusion_start"]).total_seconds() == 60 * minutes


def beta_before_cycle_1() -> list[Action]:
    return [act("given", 1, -1, on=date(2027, 1, 30)), act("given", 1, 0, on=date(2027, 1, 31))]


def test_only_the_anchor_moves_its_cycle() -> None:
    first = [*beta_before_cycle_1(), act("given", 1, 1, on=feb(1)), act("given", 1, 2, on=feb(2))]
    order = [*first, act("given", 1, 8, on=feb(8)), act("given", 2, -1, on=feb(20)), act("given", 2, 0, on=feb(21))]
    beta = act("given", 2, 1, on=feb(23), agent="beta", reason="r")
    alpha = act("given", 2, 1, on=feb(23), agent="alpha")
    assert named(with_several(*order, beta))["C3D1 beta"]["date"] == date(2027, 3, 15)
    assert named(with_several(*order, beta, alpha))["C3D1 beta"]["date"] == date(2027, 3, 16)


def test_where_the_anchor_ceases_the_next_agent_holds_the_cycle() -> None:
    doses = named(with_several(act("cease", agent="alpha", on=feb(10), cause="toxicity")))
    assert [doses[f"C2D{day} alpha"]["state"] for day in (1, 8)] == ["cancelled", "cancelled"]
    assert doses["C2D1 beta"]["state"] == "planned"
    deferred = act("defer", 2, 1, to=feb(24))
    moved = named(with_several(act("cease", agent="alpha", on=feb(10), cause="toxicity"), deferred))
    assert [moved[f"C{cycle}D1 beta"]["date"] for cycle in (2, 3)] == [feb(24), date(2027, 3, 17)]


def test_an_action_without_an_agent_means_the_visit() -> None:
    visit = act("given", 1, 1, on=feb(1), started="09:10", ended="20:00")
    doses = named(with_several(*beta_before_cycle_1(), visit))
    assert {doses[f"C1D1 {agent}"]["state"] for agent in ("alpha", "beta", "gamma")} == {"given"}
    assert doses["C1D1 alpha"]["infusion_start"] == datetime(2027, 2, 1, 14, 10, tzinfo=UTC)
    assert doses["C1D1 gamma"]["infusion_end"] == datetime(2027, 2, 2, 1, tzinfo=UTC)


def test_the_latest_window_counts_and_one_that_is_not_stated_leaves_no_date() -> None:
    both = with_several(audiences=["can-become-pregnant", "partner-can-become-pregnant", "breastfeeding"])
    _, partner, breastfeeding = both["windows"]
    assert (partner["not_stated"], partner["through"]) == (["betamine"], None)
    assert breastfeeding["not_stated"] == ["betamine"]
    assert not any(window["final"] for window in both["windows"])


def test_the_end_that_is_latest_says_from_which_agent_it_came() -> None:
    no_beta = act("cease", agent="beta", on=date(2027, 1, 1), cause="other")
    (window,) = with_several(no_beta, audiences=["can-become-pregnant"])["windows"]
    assert (window["agent"], window["through"], window["final"]) == (["alphamab"], date(2027, 6, 1), False)


@pytest.mark.parametrize(
    ("place", "weeks_end", "verified"),
    [("US", date(2027, 3, 22), True), ("CH", date(2027, 3, 31), False), ("", date(2027, 3, 31), False)],
)
def test_the_label_of_the_jurisdiction_counts_else_the_longest(place: str, weeks_end: date, verified: bool) -> None:  # noqa: FBT001 - a column
    stop = act("cease", on=date(2027, 3, 1), cause="other")
    done = [act("cease", agent="beta", on=date(2027, 1, 1), cause="other"), stop]
    (window,) = with_several(*done, audiences=["partner-can-become-pregnant"], jurisdiction=place)["windows"]
    assert (window["through"], window["verified"]) == (weeks_end, [verified])


def test_an_open_end_asks_for_more_cycles_once_the_last_one_runs() -> None:
    for today, runs_out in ((date(2027, 4, 11), False), (date(2027, 4, 12), True)):
        plan = oracle.plan(several(), course(date(2027, 2, 1)), today)
        assert (("cycles-run-out", None, None) in plan["advice"]) is runs_out


@pytest.mark.parametrize(
    ("why", "actions"),
    [
        ("no such agent", [act("omit", 1, 1, agent="omega")]),
        ("another agent's day 1 moves alone", [act("defer", 2, 1, to=feb(23), agent="beta", scope="course")]),
        ("a patient's cause ends all", [act("cease", agent="beta", on=feb(1), cause="pregnancy")]),
        ("beta has ceased", [act("cease", agent="beta", on=feb(1), cause="other"), act("omit", 2, 2)]),
        ("within 24 hours", [act("defer", 2, 1, to=feb(21), agent="beta")]),
    ],
)
def test_what_is_impossible_for_one_agent_is_rejected(why: str, actions: list[Action]) -> None:
    with pytest.raises(OracleRejected) as no:
        with_several(*actions)
    assert no.value.number == len(actions), why


# -- Random courses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_every_made_up_regimen_is_one_that_a_file_can_tell(seed: int) -> None:
    chooser = FromSeed(seed)
    first = random_regimen(chooser)
    for regimen in (first, newer(chooser, first)):
        read = parse_regimen(text_of(regimen), "made-up.toml")
        assert without_digest(read) == without_digest(regimen)


def without_digest(regimen: Regimen) -> Mapping[str, Any]:
    return {name: getattr(regimen, name) for name in Regimen.__slots__ if name != "digest"}


@given(courses())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_every_blind_course_is_planned_or_refused_at_one_of_its_actions(case: Case) -> None:
    try:
        plan = oracle.plan(case.regimen, case.course, case.today, newest=case.newest)
    except (OracleRejected, OracleNeedsReason) as no:
        assert 0 <= no.number <= len(case.course["actions"])  # noqa: PT017 - a refusal is an answer here
    else:
        assert plan["cycles"]


@given(grown_courses())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=30)
def test_a_grown_course_is_what_the_whole_list_of_its_actions_gives(tries: list[Try]) -> None:
    for one in tries:
        if one.plan is not None:
            assert of_all(one) == one.plan
        else:
            with pytest.raises((OracleRejected, OracleNeedsReason)):
                of_all(one)


def of_all(one: Try) -> dict[str, Any]:
    return oracle.plan(one.case.regimen, one.course, one.case.today, newest=one.case.newest)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=40)
def test_an_accepted_defer_puts_its_visit_where_it_says(seed: int) -> None:
    chooser = FromSeed(seed)
    for one in grow(chooser, new_case(chooser), 12):
        action = one.action
        if one.plan is not None and action["kind"] == "defer":
            place = (action["cycle"], action["day"])
            doses = [dose for cycle in one.plan["cycles"] for dose in cycle["doses"]]
            found = [dose["date"] for dose in doses if (dose["cycle"], dose["day"]) == place]
            assert {action["to"], None} & set(found)


@pytest.mark.parametrize("seed", range(5))
def test_growing_the_same_seed_gives_the_same_course(seed: int) -> None:
    one, other = FromSeed(seed), FromSeed(seed)
    assert list(grow(one, new_case(one), 8)) == list(grow(other, new_case(other), 8))
