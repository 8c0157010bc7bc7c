"""The windows after the last dose: what they hang on, when they are final, and who may see them."""

from datetime import date
from typing import Any

import pytest

from scheduler import Plan
from tests.core import act, course_of, plan_of

DAY1 = date(2026, 12, 7)
ALL = ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
Table = dict[str, Any]


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


G1 = given("C1D1", "2026-12-07")


def window(*actions: Table, **fields: Any) -> tuple[str | None, str | None, bool]:
    """Last dose, end, and whether that is final, of the one window of the course."""
    fields.setdefault("audiences", ["can-become-pregnant"])
    (found,) = plan_of(course_of(DAY1, **fields), *actions).windows
    text = [day.isoformat() if day else None for day in (found.last_dose, found.through)]
    return text[0], text[1], found.final


def test_no_audience_is_assumed() -> None:
    assert plan_of(course_of(DAY1)).windows == ()


def test_each_audience_has_its_own_length_in_the_order_of_the_regimen() -> None:
    plan = plan_of(course_of(DAY1, audiences=reversed(ALL)))
    assert [(each.audience, each.kind.value, f"{each.through}") for each in plan.windows] == [
        ("can-become-pregnant", "contraception", "2028-01-03"),
        ("partner-can-become-pregnant", "contraception", "2027-10-03"),
        ("breastfeeding", "breastfeeding", "2027-07-03"),
    ]
    assert all(each.until is None and each.verified for each in plan.windows)


@pytest.mark.parametrize(
    ("actions", "fields", "expected", "reason"),
    [
        ([], {}, ("2027-05-03", "2028-01-03", False), "expected, while doses are planned"),
        ([G1], {}, ("2027-05-03", "2028-01-03", False), "also after the first"),
        (
            [G1, act("omit", "C1D8"), given("C1D15", "2026-12-21")],
            {"cycles": 1},
            ("2026-12-21", "2027-08-21", True),
            "final when the course is complete",
        ),
        (
            [G1, given("C1D8", "2026-12-14"), act("cease", on="2026-12-15", cause="toxicity")],
            {},
            ("2026-12-14", "2027-08-14", True),
            "final after the end",
        ),
        (
            [G1, act("cease", on="2026-12-15", cause="toxicity")],
            {},
            ("2026-12-14", "2027-08-14", False),
            "a dose that nobody recorded may have been given",
        ),
        (
            [G1, act("cease", on="2026-12-08", cause="transferred")],
            {},
            ("2026-12-07", "2027-08-07", False),
            "elsewhere treatment may go on",
        ),
        (
            [G1, act("hold", "C1D8", on="2026-12-10", cause="liver")],
            {},
            ("2026-12-07", None, False),
            "no end is shown while doses are on hold",
        ),
        (
            [G1, act("hold", "C1D8", on="2026-12-10", cause="liver"), act("cease", on="2026-12-11", cause="toxicity")],
            {},
            ("2026-12-07", "2027-08-07", True),
            "a stop ends the hold",
        ),
        (
            [act("defer", "C6D1", to="2027-05-19", reason="agreed")],
            {},
            ("2027-06-02", "2028-02-02", False),
            "it moves with the last dose",
        ),
        (
            [act("cease", on="2027-05-03", cause="completed"), act("omit", "C6D15")],
            {},
            ("2027-04-26", "2027-12-26", False),
            "an omitted dose is no last dose",
        ),
        (
            [
                act("hold", "C1D8", on="2026-12-08", cause="patient"),
                G1,
                given("C1D15", "2026-12-30", reason="late"),
                act("resume", "C1D8", on="2026-12-13"),
                act("cycles", count=1),
            ],
            {},
            ("2026-12-30", "2027-08-30", False),
            "the latest by date counts, whatever its place in the order",
        ),
        (
            [
                given("C1D1", "2026-12-07", complete=False, reason="stopped"),
                act("cease", on="2026-12-07", cause="other"),
            ],
            {},
            ("2026-12-07", "2027-08-07", True),
            "a partial dose counts",
        ),
    ],
)
def test_a_window_hangs_on_the_latest_dose_given_or_planned(
    actions: list[Table], fields: Table, expected: tuple[str | None, str | None, bool], reason: str
) -> None:
    assert window(*actions, **fields) == expected, reason


def seen(plan: Plan) -> list[bool]:
    return [each.shown for each in plan.windows]


def test_a_private_audience_is_not_shown() -> None:
    assert seen(plan_of(course_of(DAY1, audiences=["breastfeeding", "can-become-pregnant:private"]))) == [False, True]


@pytest.mark.parametrize(
    "action",
    [act("hold", "C1D8", on="2026-12-10", cause="pregnancy"), act("cease", on="2026-12-10", cause="pregnancy")],
    ids=["hold", "cease"],
)
def test_after_a_pregnancy_windows_stay_in_the_staffs_plan_and_nowhere_else(action: Table) -> None:
    plan = plan_of(course_of(DAY1, audiences=ALL), G1, action)
    assert seen(plan) == [False, False, False]


def test_a_resumption_does_not_show_windows_again_and_voiding_the_record_does() -> None:
    hold = act("hold", "C1D8", on="2026-12-10", cause="pregnancy")
    resumed = plan_of(course_of(DAY1, audiences=ALL), G1, hold, act("resume", "C1D8", on="2026-12-14"))
    assert (seen(resumed), resumed.pregnancy) == ([False, False, False], True)
    voided = plan_of(course_of(DAY1, audiences=ALL), G1, hold, act("void", action=2))
    assert (seen(voided), voided.pregnancy) == ([True, True, True], False)
