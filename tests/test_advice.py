"""The plan's remarks on itself: each code with its sentence and severity, when it comes, and when its facts change."""

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import pytest

from scheduler import ClinicRules, Course, Plan, build_plan, check_action
from scheduler.plan import Advice, Suggestion
from scheduler.regimen import Regimen
from tests.core import act, action_of, course_of, inotuzumab, plan_of, with_agent

DAY1 = date(2026, 12, 7)
Table = dict[str, Any]
LABEL = "Besponsa, US prescribing information"
UNREAD = "not verified, check the label"


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


G1 = given("C1D1", "2026-12-07")
CYCLE1 = [G1, given("C1D8", "2026-12-14"), given("C1D15", "2026-12-21")]


EVERY_DAY = frozenset(range(7))


def plan(*actions: Table, today: date = DAY1, clinic: ClinicRules | None = None, **fields: Any) -> Plan:
    """The plan of a clinic that is open every day, with actions that are not judged."""
    clinic = clinic or ClinicRules(opening_days=EVERY_DAY)
    recorded = [action_of(action) for action in actions]
    return build_plan(inotuzumab(), course_of(DAY1, **fields), recorded, today=today, clinic=clinic)


def of(found: Plan, code: str) -> list[Advice]:
    return [one for one in found.advice if one.code == code]


def only(found: Plan, code: str) -> Advice:
    (one,) = of(found, code)
    return one


def test_a_course_as_the_label_has_it_carries_no_advice() -> None:
    assert plan().advice == ()
    assert plan(*CYCLE1, today=date(2026, 12, 21)).advice == ()


class Told(NamedTuple):
    code: str
    severity: str
    dose: tuple[int | None, int | None]
    sentence: str
    suggest: Suggestion | None
    actions: list[Table]
    others: Table


TOLD = [
    Told(
        "moved-to-keep-gap",
        "note",
        (1, 15),
        "C1D15 moved from 21 Dec 2026 to 22 Dec 2026 to keep 6 days.",
        None,
        [act("defer", "C1D8", to="2026-12-16")],
        {},
    ),
    Told(
        "gap-too-short",
        "warn",
        (1, 8),
        f"C1D8 on 12 Dec 2026 is less than 6 days after C1D1 on 7 Dec 2026 ({LABEL}, 2.2).",
        None,
        [G1, given("C1D8", "2026-12-12", reason="agreed")],
        {"today": date(2026, 12, 13)},
    ),
    Told(
        "outside-tolerance",
        "warn",
        (1, 8),
        f"C1D8 lies 3 days later than its day; the regimen allows 2 either side ({LABEL}, 2.2).",
        None,
        [act("defer", "C1D8", to="2026-12-17", reason="agreed")],
        {},
    ),
    Told(
        "outside-tolerance",
        "warn",
        (1, 15),
        f"C1D15 lies 3 days earlier than its day; the regimen allows 2 either side ({LABEL}, 2.2).",
        None,
        [act("omit", "C1D8"), act("defer", "C1D15", to="2026-12-18", reason="agreed")],
        {},
    ),
    Told(
        "late-omit",
        "warn",
        (1, 8),
        "C1D8 is 7 days later than its day: ask the prescriber whether to omit it.",
        Suggestion(kind="omit", cycle=1, day=8),
        [act("defer", "C1D8", to="2026-12-21", reason="agreed"), act("omit", "C1D15")],
        {},
    ),
    Told(
        "late-omit",
        "warn",
        (6, 15),
        "C6D15 is 7 days later than its day: ask the prescriber whether to omit it.",
        None,
        [act("defer", "C6D15", to="2027-05-10", reason="agreed")],
        {},
    ),
    Told(
        "cycle-length-departs",
        "note",
        (2, None),
        f"Cycle 2 lasts 35 days; the regimen allows 28 ({LABEL}, 2.2).",
        None,
        [act("cycle-length", cycle=2, days=35, reason="agreed")],
        {},
    ),
    Told(
        "cycle-length-departs",
        "note",
        (1, None),
        f"Cycle 1 lasts 20 days; the regimen allows 21 to 28 ({LABEL}, 2.2).",
        None,
        [act("cycle-length", cycle=1, days=20, reason="agreed")],
        {},
    ),
    Told(
        "too-many-cycles",
        "warn",
        (None, None),
        f"The course has 7 cycles, and the regimen names 6 at most ({LABEL}, 2.2).",
        None,
        [],
        {"cycles": 7},
    ),
    Told(
        "long-interruption",
        "warn",
        (2, 1),
        f"C2D1 is 14 days later than its day: the label asks for less in the next cycle ({LABEL}, 2.3): {UNREAD}.",
        None,
        [act("defer", "C2D1", to="2027-01-11", reason="agreed")],
        {},
    ),
    Told(
        "long-interruption",
        "warn",
        (2, 1),
        f"C2D1 is 29 days later than its day: the label asks to consider stopping ({LABEL}, 2.3): {UNREAD}.",
        None,
        [act("defer", "C2D1", to="2027-01-26", reason="agreed")],
        {},
    ),
    Told(
        "partial-dose",
        "warn",
        (1, 1),
        "C1D1 was not given completely on 7 Dec 2026; the prescriber decides what follows.",
        None,
        [given("C1D1", "2026-12-07", complete=False, reason="rash")],
        {},
    ),
    Told(
        "on-hold",
        "note",
        (1, 8),
        "On hold since 10 Dec 2026, 7 days: resume, omit or cease when the team has decided.",
        Suggestion(kind="resume", cycle=1, day=8),
        [G1, act("hold", "C1D8", on="2026-12-10", cause="counts")],
        {"today": date(2026, 12, 17)},
    ),
    Told(
        "overdue",
        "warn",
        (1, 1),
        "C1D1 was planned for 7 Dec 2026 and is not recorded; record it today.",
        Suggestion(kind="given", cycle=1, day=1, to=DAY1),
        [],
        {"today": date(2026, 12, 8)},
    ),
    Told(
        "overdue",
        "warn",
        (1, 1),
        "C1D1 was planned for 7 Dec 2026 and is not recorded; urgent: nobody knows whether it was given.",
        Suggestion(kind="given", cycle=1, day=1, to=DAY1),
        [],
        {"today": date(2026, 12, 9)},
    ),
    Told(
        "closed-day",
        "warn",
        (1, 8),
        "C1D8 on 14 Dec 2026: a holiday; 15 Dec 2026 is open.",
        Suggestion(kind="defer", cycle=1, day=8, to=date(2026, 12, 15), scope="dose"),
        [],
        {"clinic": ClinicRules(closed={date(2026, 12, 14): "a holiday"})},
    ),
]


@pytest.mark.parametrize("told", TOLD)
def test_an_advice_says_what_is_remarkable_and_what_would_answer_it(told: Told) -> None:
    one = only(plan(*told.actions, **told.others), told.code)
    assert (one.severity, (one.cycle, one.day), one.message) == (told.severity, told.dose, told.sentence)
    assert one.suggest == told.suggest
    assert one.facts


# -- Thresholds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "codes", "reason"),
    [
        ("2026-12-16", set(), "two days are tolerated"),
        ("2026-12-17", {"outside-tolerance"}, "three are not"),
        ("2026-12-20", {"outside-tolerance"}, "six days are no week"),
        ("2026-12-21", {"outside-tolerance", "late-omit"}, "seven are"),
        ("2026-12-27", {"outside-tolerance", "late-omit"}, "thirteen days"),
        ("2026-12-28", {"outside-tolerance", "late-omit", "long-interruption"}, "fourteen: less in the next cycle"),
        ("2027-01-11", {"outside-tolerance", "late-omit", "long-interruption"}, "28: still less"),
        ("2027-01-12", {"outside-tolerance", "late-omit", "long-interruption"}, "29: consider stopping"),
    ],
)
def test_the_later_a_dose_the_more_is_remarked(to: str, codes: set[str], reason: str) -> None:
    found = plan(act("defer", "C1D8", to=to, reason="agreed"))
    assert {one.code for one in found.advice if (one.cycle, one.day) == (1, 8)} == codes, reason


@pytest.mark.parametrize(
    ("to", "asks"), [("2027-01-25", "less in the next cycle"), ("2027-01-26", "consider stopping")]
)
def test_28_days_are_not_more_than_28(to: str, asks: str) -> None:
    late = only(plan(act("defer", "C2D1", to=to, reason="agreed")), "long-interruption")
    assert asks in late.message


def test_a_day_1_has_no_tolerance_and_is_not_omitted_for_being_late() -> None:
    found = plan(act("defer", "C2D1", to="2027-01-10", reason="agreed"))
    assert {one.code for one in found.advice} == {"cycle-length-departs"}


def test_before_the_first_dose_nothing_was_interrupted() -> None:
    assert plan(act("defer", "C1D1", to="2027-03-01")).advice == ()
    late = plan(given("C1D1", "2027-03-01"), today=date(2027, 3, 1))
    assert late.advice == ()


@pytest.mark.parametrize(
    ("cause", "end"),
    [
        ("toxicity", f" after toxicity: the label omits the next dose of the cycle then ({LABEL}, 2.3): {UNREAD}."),
        ("infection", ": ask the prescriber whether to omit it."),
    ],
)
def test_the_omission_cites_the_label_only_after_toxicity(cause: str, end: str) -> None:
    hold = act("hold", "C1D8", on="2026-12-14", cause=cause)
    first = of(plan(hold, act("resume", "C1D8", on="2026-12-21")), "late-omit")[0]
    assert first.message == f"C1D8 is 7 days later than its day{end}"


def test_an_interruption_still_counts_for_the_next_cycle_after_the_late_dose_was_given() -> None:
    late = [*CYCLE1[:2], given("C1D15", "2027-01-04", reason="recovered")]
    found = only(plan(*late, today=date(2027, 1, 4)), "long-interruption")
    assert found.message.startswith("C1D15 is 14 days later than its day: the label asks for less in the next cycle")
    before = act("defer", "C1D15", to="2027-01-04", reason="agreed")
    assert only(plan(*CYCLE1[:2], before, today=date(2027, 1, 4)), "long-interruption").facts == found.facts
    cycle2 = [given(f"C2D{n}", on) for n, on in ((1, "2027-01-10"), (8, "2027-01-17"), (15, "2027-01-24"))]
    assert of(plan(*late, *cycle2, today=date(2027, 1, 24)), "long-interruption") == [], "that cycle is over"


def test_a_planned_dose_more_than_28_days_after_the_last_given_asks_for_confirmation() -> None:
    asks = f"the prescriber confirms it, with a new pregnancy test, ECG and response check before ({LABEL}, 2.3): {UNREAD}."
    exactly = plan(*CYCLE1, act("defer", "C2D1", to="2027-01-18", reason="agreed"), today=date(2026, 12, 21))
    assert not any(asks in one.message for one in exactly.advice), "28 days"
    over = plan(*CYCLE1, act("defer", "C2D1", to="2027-01-19", reason="agreed"), today=date(2026, 12, 21))
    messages = [one.message for one in of(over, "long-interruption")]
    assert f"C2D1 is 29 days after the last dose given, C1D15: {asks}" in messages
    assert len(messages) == 2, "it is 22 days late as well"
    complete = plan(*CYCLE1, cycles=1, today=date(2027, 12, 21))
    assert complete.advice == (), "nothing is planned"


@pytest.mark.parametrize(
    ("today", "severity", "facts"),
    [
        ("2026-12-16", None, None),
        ("2026-12-17", "note", "2026-12-10 7"),
        ("2026-12-23", "note", "2026-12-10 7"),
        ("2026-12-24", "warn", "2026-12-10 14"),
        ("2027-01-07", "warn", "2026-12-10 28"),
    ],
)
def test_a_hold_is_remarked_at_7_14_and_28_days(today: str, severity: str | None, facts: str | None) -> None:
    hold = act("hold", "C1D8", on="2026-12-10", cause="counts")
    found = of(plan(G1, hold, today=date.fromisoformat(today)), "on-hold")
    assert [(one.severity, one.facts) for one in found] == ([(severity, facts)] if severity else [])


def test_a_hold_with_an_earlier_one_after_it_suggests_the_first_dose_on_hold() -> None:
    holds = [act("hold", "C2D1", on="2026-12-10", cause="counts"), act("hold", "C1D8", on="2026-12-12", cause="liver")]
    one = only(plan(G1, *holds, today=date(2026, 12, 20)), "on-hold")
    assert one.suggest == Suggestion(kind="resume", cycle=1, day=8)
    assert of(plan(G1, *holds, act("cease", on="2026-12-15", cause="other"), today=date(2026, 12, 20)), "on-hold") == []


REVIEWED = act("response", cycle=3, value="CR")


@pytest.mark.parametrize(
    ("actions", "today", "sentence", "reason"),
    [
        ([], "2027-02-21", None, "cycle 3 ends that day"),
        ([], "2027-02-22", "no result of a response review is recorded", "the day after it"),
        (
            [act("response", cycle=3, value="none")],
            "2027-02-22",
            "no CR or CRi is recorded in the reviews so far",
            "not",
        ),
        ([REVIEWED], "2027-02-22", None, "a complete remission"),
        ([act("response", cycle=2, value="CRi")], "2027-02-22", None, "with incomplete recovery, and found earlier"),
        (
            [act("response", cycle=2, value="CR"), act("response", cycle=3, value="none")],
            "2027-02-22",
            None,
            "it was reached within three cycles",
        ),
        ([act("cycles", count=3)], "2027-02-22", None, "no later cycle"),
        ([act("cease", on="2027-02-21", cause="no-response")], "2027-02-22", None, "no later dose is planned"),
        ([act("hold", "C4D1", on="2027-02-21", cause="clinic")], "2027-02-22", None, "nor while all are on hold"),
    ],
)
def test_the_response_review_is_asked_for_after_cycle_3(
    actions: list[Table], today: str, sentence: str | None, reason: str
) -> None:
    found = of(plan(*actions, today=date.fromisoformat(today)), "review-response")
    expected = f"Cycle 3 has ended and {sentence}; the prescriber decides whether to go on ({LABEL}, 2.2)."
    assert [one.message for one in found] == ([expected] if sentence else []), reason
    assert all(one.severity == "warn" for one in found)


def test_a_number_of_cycles_that_stands_is_too_many_for_a_new_intent() -> None:
    found = plan(act("intent", value="transplant"), cycles=6)
    assert only(found, "too-many-cycles").message.startswith("The course has 6 cycles, and the regimen names 3 at most")
    assert of(plan(act("intent", value="transplant")), "too-many-cycles") == []


# -- Suggestions that can be recorded ------------------------------------------------------------------------------


def test_only_the_first_overdue_dose_can_be_recorded_so_only_it_is_suggested() -> None:
    overdue = of(plan(today=date(2026, 12, 22)), "overdue")
    assert [one.suggest is not None for one in overdue] == [True, False, False]
    after_c1d1 = of(plan(G1, today=date(2026, 12, 22)), "overdue")
    assert [(one.day, one.suggest is not None) for one in after_c1d1] == [(8, True), (15, False)]


def test_nothing_is_suggested_for_an_overdue_dose_that_a_given_one_has_overtaken() -> None:
    actions = [
        G1,
        act("defer", "C1D8", to="2026-12-29", reason="agreed"),
        act("hold", "C1D15", on="2026-12-20", cause="counts"),
        given("C1D15", "2026-12-28", reason="mixed up"),
    ]
    assert plan_of(course_of(DAY1), *actions).revision == 4
    overdue = of(plan(*actions, today=date(2026, 12, 31)), "overdue")
    assert [(one.day, one.suggest) for one in overdue] == [(8, None)]


def test_what_is_suggested_after_a_stop_is_what_can_be_recorded_then() -> None:
    actions = [
        G1,
        act("defer", "C1D15", to="2026-12-30", reason="agreed"),
        act("omit", "C1D8"),
        act("cease", on="2026-12-30", cause="toxicity"),
    ]
    found = plan(*actions, today=date(2026, 12, 20))
    one = only(found, "late-omit")
    assert one.suggest == Suggestion(kind="omit", cycle=1, day=15), "even the last overdue dose can be left out now"
    course = course_of(DAY1)
    recorded = [action_of(action) for action in actions]
    omit = action_of(act("omit", "C1D15"))
    check_action(inotuzumab(), course, recorded, omit, today=date(2026, 12, 20), clinic=ClinicRules())


# -- Sources and versions ------------------------------------------------------------------------------------------


def unread(regimen: Regimen, part: str) -> Regimen:
    """The regimen with the source of its windows or times unread."""
    if part == "times":
        times = regimen.ranked[0].times
        return with_agent(regimen, times=replace(times, cite=replace(times.cite, verified=False)))
    windows = tuple(replace(rule, cite=replace(rule.cite, verified=False)) for rule in regimen.windows)
    return replace(regimen, windows=windows)


def remarks(regimen: Regimen, course: Course, clinic: ClinicRules | None = None) -> list[tuple[str, str, str]]:
    found = build_plan(regimen, course, [], today=DAY1, clinic=clinic).advice
    return [(one.code, one.severity, one.message) for one in found]


def test_a_shown_number_whose_source_was_not_read_says_so() -> None:
    windows, times = unread(inotuzumab(), "windows"), unread(inotuzumab(), "times")
    sentence = f"2 months without breastfeeding: {UNREAD}."
    assert remarks(windows, course_of(DAY1, audiences=["breastfeeding"])) == [("unverified", "warn", sentence)]
    assert remarks(windows, course_of(DAY1)) == [], "a number that is not shown needs no remark"
    assert remarks(times, course_of(DAY1)) == [
        ("unverified", "warn", f"The times of infusion and observation: {UNREAD}.")
    ]


def test_a_source_without_a_section_is_named_without_one() -> None:
    regimen = inotuzumab()
    cite = replace(regimen.counts_cite, section="", verified=False)
    found = build_plan(replace(regimen, counts_cite=cite), course_of(DAY1, cycles=7), [], today=DAY1)
    sentence = f"The course has 7 cycles, and the regimen names 6 at most ({LABEL}): {UNREAD}."
    assert only(found, "too-many-cycles").message == sentence


def test_a_newer_version_of_the_regimen_is_remarked_until_the_course_moves_to_it() -> None:
    newer = replace(inotuzumab(), version="2027.1")
    clinic = ClinicRules(newest=newer)
    sentence = "The regimen has a newer version, 2027.1; this course follows 2026.2."
    assert remarks(inotuzumab(), course_of(DAY1), clinic) == [("regimen-updated", "note", sentence)]
    assert plan(act("regimen", version="2027.1"), clinic=clinic).advice == ()
    assert remarks(inotuzumab(), course_of(DAY1), ClinicRules(newest=inotuzumab())) == []


# -- Facts --------------------------------------------------------------------------------------------------------

WEEKEND = ClinicRules(closed={date(2026, 12, 14): "a holiday"})
SAME: list[tuple[str, tuple[list[Table], Table], tuple[list[Table], Table], bool]] = [
    ("overdue", ([], {"today": date(2026, 12, 8)}), ([], {"today": date(2026, 12, 9)}), False),
    ("overdue", ([], {"today": date(2026, 12, 9)}), ([], {"today": date(2026, 12, 10)}), False),
    ("overdue", ([], {"today": date(2026, 12, 10)}), ([], {"today": date(2026, 12, 13)}), True),
    (
        "moved-to-keep-gap",
        ([act("defer", "C1D8", to="2026-12-16")], {}),
        ([act("defer", "C1D8", to="2026-12-16"), act("time", at="10:00")], {}),
        True,
    ),
    (
        "outside-tolerance",
        ([act("defer", "C1D8", to="2026-12-17", reason="r")], {}),
        ([act("defer", "C1D8", to="2026-12-18", reason="r")], {}),
        False,
    ),
    ("too-many-cycles", ([], {"cycles": 7}), ([], {"cycles": 8}), False),
    (
        "cycle-length-departs",
        ([act("cycle-length", cycle=2, days=35, reason="r")], {}),
        ([act("cycle-length", cycle=2, days=36, reason="r")], {}),
        False,
    ),
    ("closed-day", ([], {"clinic": WEEKEND}), ([], {"clinic": WEEKEND, "today": date(2026, 12, 9)}), True),
    (
        "closed-day",
        ([], {"clinic": WEEKEND}),
        ([], {"clinic": ClinicRules(closed={date(2026, 12, 14): "x", date(2026, 12, 15): "x"})}),
        False,
    ),
    (
        "review-response",
        ([], {"today": date(2027, 2, 22)}),
        ([act("response", cycle=3, value="none")], {"today": date(2027, 2, 22)}),
        False,
    ),
]


@pytest.mark.parametrize(("code", "first", "second", "same"), SAME)
def test_facts_change_when_what_is_remarked_changes_and_only_then(
    code: str, first: tuple[list[Table], Table], second: tuple[list[Table], Table], *, same: bool
) -> None:
    """An acknowledged advice comes back only with other facts."""
    facts = [of(plan(*actions, **others), code)[0].facts for actions, others in (first, second)]
    assert (facts[0] == facts[1]) is same


def test_advice_comes_in_the_order_of_treatment_with_that_on_the_course_first() -> None:
    found = plan(act("defer", "C2D8", to="2027-01-14", reason="r"), cycles=7, today=date(2026, 12, 20))
    places = [(one.cycle or 0, one.day or 0) for one in found.advice]
    assert places == sorted(places)
    assert found.advice[0].code == "too-many-cycles"
