"""Why: every date explains itself, in one sentence and as a chain of facts that leads to it."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as draw
from hypothesis import settings

from scheduler import ClinicRules, Plan
from scheduler.plan import Fact, Task, Why
from scheduler.why import day_text
from tests.core import act, at, course_of, plan_of
from tests.core_strategies import History, histories

DAY1 = date(2026, 12, 7)
Table = dict[str, Any]
LABEL = "Besponsa, US prescribing information, 2.2"
LEAFLET = "MedlinePlus drug information: inotuzumab ozogamicin injection"
PRACTICE = "the clinic's practice"


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


G1 = given("C1D1", "2026-12-07")

DOSES: list[tuple[str, list[Table], Table, str]] = [
    ("C1D1", [], {}, "Cycle 1 day 1 is 7 Dec 2026: the course starts on that day; {label}."),
    ("C1D8", [], {}, "Cycle 1 day 8 is 14 Dec 2026: day 8 of the cycle that started 7 Dec 2026; {label}."),
    (
        "C2D1",
        [],
        {},
        "Cycle 2 day 1 is 28 Dec 2026: cycle 1 day 1 lies on 7 Dec 2026 and the cycle lasts 21 days; {label}.",
    ),
    (
        "C2D1",
        [G1],
        {},
        "Cycle 2 day 1 is 28 Dec 2026: cycle 1 day 1 was given 7 Dec 2026 and the cycle lasts 21 days; {label}.",
    ),
    (
        "C2D1",
        [],
        {"cycle_lengths": {1: 28}},
        "Cycle 2 day 1 is 4 Jan 2027: cycle 1 day 1 lies on 7 Dec 2026 and the cycle lasts 28 days (as the course was started); {label}.",
    ),
    (
        "C2D1",
        [act("cycle-length", cycle=1, days=24)],
        {},
        "Cycle 2 day 1 is 31 Dec 2026: cycle 1 day 1 lies on 7 Dec 2026 and the cycle lasts 24 days (action 1); {label}.",
    ),
    ("C1D1", [G1], {}, "Cycle 1 day 1 is 7 Dec 2026: recorded as given on 7 Dec 2026; the record."),
    (
        "C1D8",
        [act("defer", "C1D8", to="2026-12-16")],
        {},
        "Cycle 1 day 8 is 16 Dec 2026: day 8 of the cycle that started 7 Dec 2026; moved 2 days later by action 1; {label}.",
    ),
    (
        "C1D15",
        [act("defer", "C1D15", to="2026-12-20")],
        {},
        "Cycle 1 day 15 is 20 Dec 2026: day 15 of the cycle that started 7 Dec 2026; moved 1 day earlier by action 1; {label}.",
    ),
    (
        "C1D15",
        [act("defer", "C1D8", to="2026-12-16")],
        {},
        "Cycle 1 day 15 is 22 Dec 2026: day 15 of the cycle that started 7 Dec 2026; moved to keep 6 days after C1D8 on 16 Dec 2026; {label}.",
    ),
    (
        "C1D15",
        [
            act("omit", "C2D8"),
            act("defer", "C1D8", to="2026-12-18", scope="cycle", reason="r"),
            act("defer", "C1D8", to="2026-12-20", scope="dose", reason="r"),
        ],
        {},
        "Cycle 1 day 15 is 26 Dec 2026: day 15 of the cycle that started 7 Dec 2026; moved 4 days later by action 2; moved to keep 6 days after C1D8 on 20 Dec 2026; {label}.",
    ),
    (
        "C2D1",
        [act("defer", "C2D1", to="2027-01-02")],
        {},
        "Cycle 2 day 1 is 2 Jan 2027: cycle 1 day 1 lies on 7 Dec 2026 and the cycle lasts 21 days; moved 5 days later by action 1; {label}.",
    ),
    (
        "C1D8",
        [act("omit", "C1D8")],
        {},
        "Cycle 1 day 8 would be 14 Dec 2026: day 8 of the cycle that started 7 Dec 2026; {label}.",
    ),
    (
        "C1D8",
        [act("hold", "C1D8", on="2026-12-10", cause="liver")],
        {},
        "Cycle 1 day 8 has no date: it is on hold and would be 14 Dec 2026: day 8 of the cycle that started 7 Dec 2026; {label}.",
    ),
    (
        "C1D8",
        [act("cease", on="2026-12-10", cause="other")],
        {},
        "Cycle 1 day 8 would be 14 Dec 2026: day 8 of the cycle that started 7 Dec 2026; {label}.",
    ),
]


@pytest.mark.parametrize(("dose", "actions", "fields", "sentence"), DOSES)
def test_a_dose_says_in_one_sentence_why_it_lies_where_it_lies(
    dose: str, actions: list[Table], fields: Table, sentence: str
) -> None:
    assert at(plan_of(course_of(DAY1, **fields), *actions), dose).why.sentence == sentence.format(label=LABEL)


def test_the_chain_holds_each_step_with_its_rule_origin_date_and_source() -> None:
    plan = plan_of(
        course_of(DAY1),
        act("defer", "C1D8", to="2026-12-18", scope="cycle", reason="r"),
        act("defer", "C1D8", to="2026-12-20", scope="dose", reason="r"),
    )
    assert at(plan, "C1D15").why.chain == (
        Fact(
            "day-of-cycle", "day 15 of the cycle that started 7 Dec 2026", date(2026, 12, 21), LABEL, DAY1, 14, "days"
        ),
        Fact(
            "moved", "moved 4 days later by action 1", date(2026, 12, 25), "the record", date(2026, 12, 21), 4, "days"
        ),
        Fact(
            "gap",
            "moved to keep 6 days after C1D8 on 20 Dec 2026",
            date(2026, 12, 26),
            LABEL,
            date(2026, 12, 20),
            6,
            "days",
        ),
    )
    assert [fact.rule for fact in at(plan, "C1D1").why.chain] == ["course-start"]
    assert [fact.rule for fact in at(plan, "C2D1").why.chain] == ["cycle-start", "gap"]


@draw(histories())
@settings(max_examples=30)
def test_the_last_fact_of_a_chain_is_the_date(history: History) -> None:
    plan = history.plan()
    dated: list[tuple[date, Why]] = [(dose.date, dose.why) for dose in plan.doses() if dose.date is not None]
    dated += [(task.date, task.why) for task in plan.tasks]
    dated += [(window.through, window.why) for window in plan.windows if window.through is not None]
    for day, why in dated:
        assert why.chain[-1].result == day
        assert day_text(day) in why.sentence
    for why in (dose.why for dose in plan.doses() if dose.date is None):
        assert why.sentence.split(":")[0].endswith("has no date")


@draw(histories())
@settings(max_examples=30)
def test_a_chain_replays_the_rules_from_dates_to_the_date(history: History) -> None:
    """The facts can be followed by hand: the place by the cycle, then the record's move, then the gap."""
    plan = history.plan()
    for dose in plan.doses():
        rules = [fact.rule for fact in dose.why.chain]
        assert rules == sorted(
            rules, key=["given", "course-start", "cycle-start", "day-of-cycle", "moved", "gap"].index
        )
        if rules[0] != "given":
            assert dose.why.chain[0].result == dose.nominal
        results = [fact.result for fact in dose.why.chain]
        assert all(one != other for one, other in pairwise(results)), "each step moves"
        assert dose.pushed == ("gap" in rules)


# -- Windows and tasks --------------------------------------------------------------------------------------------


def window_why(*actions: Table) -> str:
    (window,) = plan_of(course_of(DAY1, audiences=["can-become-pregnant"]), *actions).windows
    return window.why.sentence


def test_a_window_says_what_it_is_counted_from() -> None:
    assert window_why() == (
        "Through 3 Jan 2028: the last dose, C6D15, is planned on 3 May 2027, and 8 months are counted from it;"
        f" {LEAFLET}."
    )
    assert window_why(G1, act("cease", on="2026-12-08", cause="other")) == (
        "Through 7 Aug 2027: the last dose, C1D1, was given on 7 Dec 2026, and 8 months are counted from it;"
        f" {LEAFLET}."
    )
    assert window_why(G1, act("hold", "C1D8", on="2026-12-10", cause="liver")) == (
        f"No end date while doses are on hold: 8 months are counted from the last dose; {LEAFLET}."
    )


def test_the_chain_of_a_window_goes_from_the_last_dose_to_its_end() -> None:
    (window,) = plan_of(course_of(DAY1, audiences=["breastfeeding"])).windows
    assert window.why.chain == (
        Fact("last-dose", "the last dose, C6D15, is planned on 3 May 2027", date(2027, 5, 3), "the plan"),
        Fact(
            "months-after",
            "at least 2 months after it, through that day",
            date(2027, 7, 3),
            LEAFLET,
            date(2027, 5, 3),
            2,
            "months",
        ),
    )


def task_of(plan: Plan, kind: str, when: str = "before") -> Task:
    return next(task for task in plan.tasks if (task.kind, task.when) == (kind, when))


def test_a_task_says_what_it_hangs_on_and_which_closed_day_moved_it() -> None:
    wednesday = plan_of(course_of(date(2026, 12, 9)))
    assert task_of(wednesday, "ecg").why.sentence == f"8 Dec 2026: 1 day before C1D1, 9 Dec 2026; {PRACTICE}."
    monday = plan_of(course_of(DAY1))
    assert task_of(monday, "ecg").why.sentence == (
        f"4 Dec 2026: 1 day before C1D1, 7 Dec 2026; 6 Dec 2026 is closed, so the last open day before; {PRACTICE}."
    )
    assert [fact.rule for fact in task_of(monday, "ecg").why.chain] == ["task-offset", "closed-day"]
    friday = plan_of(course_of(date(2026, 12, 11)))
    assert task_of(friday, "liver-tests", "after").why.sentence == (
        f"14 Dec 2026: 1 day after C1D1, 11 Dec 2026; 12 Dec 2026 is closed, so the first open day after; {PRACTICE}."
    )
    two = plan_of(course_of(date(2026, 12, 9)), clinic=ClinicRules(after_test_days=2))
    assert task_of(two, "liver-tests", "after").why.sentence == (
        f"11 Dec 2026: 2 days after C1D1, 9 Dec 2026; {PRACTICE}."
    )
    review = plan_of(course_of(date(2026, 12, 9)))
    assert task_of(review, "response-review").why.sentence == (
        f"23 Feb 2027: on the same day as the end of cycle 3, 23 Feb 2027; {LABEL}."
    )


def test_the_liver_watch_and_the_weekly_tests_say_from_when_they_are_counted() -> None:
    watched = "Besponsa, US prescribing information, 5.1"
    plan = plan_of(course_of(date(2026, 12, 9)), given("C1D1", "2026-12-09"))
    assert task_of(plan, "liver-watch", "after").why.sentence == (
        "The liver is watched until 30 Jun 2027: 8 weeks after the last dose, C6D15 on 5 May 2027; " + watched + "."
    )
    ceased = plan_of(
        course_of(date(2026, 12, 9)),
        given("C1D1", "2026-12-09"),
        act("cease", on="2026-12-10", cause="transplant"),
    )
    weekly = [task.why.sentence for task in ceased.tasks if task.ordinal]
    assert weekly[0] == (f"17 Dec 2026: week 1 after treatment ceased for a transplant, 10 Dec 2026; {watched}.")


# -- The value itself ---------------------------------------------------------------------------------------------


def test_two_reasons_are_equal_when_they_say_the_same() -> None:
    first, second = (at(plan_of(course_of(DAY1)), "C1D8").why for _ in range(2))
    other = at(plan_of(course_of(DAY1)), "C1D15").why
    assert first == second
    assert hash(first) == hash(second)
    assert first != other
    assert first != first.sentence
    assert repr(first) == f"Why({first.sentence!r})"


def test_a_plan_equals_a_plan_made_from_the_same() -> None:
    one, other = (plan_of(course_of(DAY1, audiences=["breastfeeding"]), G1) for _ in range(2))
    assert one == other
    assert one != replace(one, today=date(2026, 12, 8))
