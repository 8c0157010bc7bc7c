"""What each action does to the plan."""

from datetime import date, time
from typing import Any

import pytest

from scheduler import Plan, build_plan
from scheduler.actions import CeaseCause, HoldCause
from tests.core import act, action_of, at, course_of, dates_of, days, inotuzumab, plan_of

DAY1 = date(2026, 12, 7)
PLANNED = days(
    "12-07 12-14 12-21  12-28 01-04 01-11  01-25 02-01 02-08  02-22 03-01 03-08  03-22 03-29 04-05  04-19 04-26 05-03"
)
Table = dict[str, Any]


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


CYCLE1 = [given("C1D1", "2026-12-07"), given("C1D8", "2026-12-14"), given("C1D15", "2026-12-21")]


def plan(*actions: Table, **others: Any) -> Plan:
    return plan_of(course_of(DAY1, **others), *actions)


def shifts(*actions: Table) -> list[int]:
    """By how many days each dose lies from where it lies without the actions."""
    return [(on - was).days if on else 0 for on, was in zip(dates_of(plan(*actions)), PLANNED, strict=True)]


def states(found: Plan) -> str:
    """One letter a dose: p(lanned), g(iven), o(mitted), c(ancelled), h(eld)."""
    return "".join(dose.state[0] for dose in found.doses())


def test_a_course_without_actions_follows_the_regimen() -> None:
    found = plan()
    assert (dates_of(found), states(found), found.revision) == (PLANNED, "p" * 18, 0)


# -- Given --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "moved", "reason"),
    [
        ([given("C1D1", "2026-12-10")], [3] * 18, "a day 1 re-anchors its cycle and all later ones"),
        ([given("C1D1", "2026-12-05", reason="early")], [-2] * 18, "earlier too"),
        ([*CYCLE1[:1], given("C1D8", "2026-12-15")], [0, 1, *[0] * 16], "another day moves alone"),
        ([*CYCLE1[:1], given("C1D8", "2026-12-16")], [0, 2, 1, *[0] * 15], "unless the gap pushes the next"),
        ([*CYCLE1[:2], given("C1D15", "2026-12-23")], [0, 0, 2, *[1] * 15], "and that may be a day 1"),
        ([*CYCLE1, given("C2D1", "2027-01-02")], [0, 0, 0, *[5] * 15], "a late day 1 takes the rest along"),
    ],
)
def test_a_given_dose_lies_where_it_was_given(actions: list[Table], moved: list[int], reason: str) -> None:
    assert shifts(*actions) == moved, reason


def test_a_given_dose_is_confirmed_and_a_later_cycle_is_not() -> None:
    found = plan(*CYCLE1)
    assert states(found) == "ggg" + "p" * 15
    assert [dose.confirmed for dose in found.doses()] == [True] * 6 + [False] * 12, "cycle 1 has no planned dose left"
    assert [dose.confirmed for dose in plan(*CYCLE1[:1]).doses()] == [True] * 3 + [False] * 15
    assert [dose.confirmed for dose in plan(*CYCLE1, given("C2D1", "2026-12-28")).doses()] == [True] * 6 + [False] * 12


def test_a_partial_dose_counts_for_gap_window_and_last_dose() -> None:
    partial = given("C1D8", "2026-12-16", complete=False, started="09:00", ended="09:20", reason="shivering")
    found = plan(CYCLE1[0], partial, audiences=["breastfeeding"])
    assert at(found, "C1D15").date == date(2026, 12, 22), "six days after it"
    ceased = plan(CYCLE1[0], partial, act("cease", on="2026-12-17", cause="toxicity"), audiences=["breastfeeding"])
    assert (ceased.windows[0].last_dose, ceased.windows[0].final) == (date(2026, 12, 16), True)
    times = at(found, "C1D8").times
    assert times is not None
    assert times.infusion_end.time() == time(9, 20), "observation goes from the real stop"
    assert times.observation_end.time() == time(10, 20)


def test_a_dose_given_elsewhere_is_shown_as_such() -> None:
    found = plan(given("C1D1", "2026-12-08", elsewhere=True))
    assert at(found, "C1D1").elsewhere
    assert not at(found, "C1D8").elsewhere
    assert at(found, "C1D8").date == date(2026, 12, 15), "and counts like any other"


# -- Defer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "moved", "reason"),
    [
        (None, [0] * 4 + [2, 1] + [0] * 12, "the regimen's scope for day 8 is the dose alone; the gap pushes day 15"),
        ("dose", [0] * 4 + [2, 1] + [0] * 12, "the same when said"),
        ("cycle", [0] * 4 + [2, 2] + [0] * 12, "the later doses of the cycle go along"),
        ("course", [0] * 4 + [2, 2] + [2] * 12, "and all later cycles"),
    ],
)
def test_a_deferral_carries_along_what_its_scope_says(scope: str | None, moved: list[int], reason: str) -> None:
    assert shifts(act("defer", "C2D8", to="2027-01-06", scope=scope, reason="agreed")) == moved, reason


@pytest.mark.parametrize("scope", [None, "course"])
def test_a_deferred_day_1_moves_its_cycle_whole_and_later_ones_once(scope: str | None) -> None:
    defer = act("defer", "C2D1", to="2026-12-31", scope=scope)
    assert shifts(defer) == [0] * 3 + [3] * 15
    assert [cycle.length_days for cycle in plan(defer).cycles] == [24, 28, 28, 28, 28, 28], "its own length stays"


def test_a_dose_can_be_moved_earlier() -> None:
    assert shifts(act("defer", "C1D15", to="2026-12-20")) == [0, 0, -1, *[0] * 15]
    assert shifts(act("defer", "C1D15", to="2026-12-20", scope="course", reason="agreed")) == [0, 0, *[-1] * 16]


def test_a_second_deferral_takes_the_place_of_the_first() -> None:
    first = act("defer", "C2D8", to="2027-01-06", scope="course", reason="agreed")
    assert shifts(first, act("defer", "C2D8", to="2027-01-04", scope="course")) == [0] * 18


def test_a_push_is_not_kept_when_its_cause_goes() -> None:
    pushing = act("defer", "C1D8", to="2026-12-16")
    assert shifts(pushing) == [0, 2, 1, *[0] * 15]
    assert shifts(pushing, act("defer", "C1D8", to="2026-12-15")) == [0, 1, *[0] * 16]


def test_the_scopes_that_carry_along_start_from_the_offsets_not_from_the_pushes() -> None:
    """Reading 22: the offset of C1D15 moves, not the date to which the gap had pushed it."""
    pushing = act("defer", "C1D8", to="2026-12-16")
    again = act("defer", "C1D8", to="2026-12-17", scope="cycle", reason="agreed")
    assert shifts(pushing, again) == [0, 3, 2, *[1] * 15], "12-22 by its offset, then the gap to 12-17 asks for 12-23"
    back = act("defer", "C1D8", to="2026-12-15", scope="cycle")
    assert shifts(pushing, back) == [0, 1, 0, *[0] * 15], "12-20 by its offset, the gap asks for 12-21"


# -- Hold and resume ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", list(HoldCause))
def test_a_hold_takes_the_date_from_that_dose_and_all_later_planned_ones(cause: HoldCause) -> None:
    found = plan(*CYCLE1[:1], act("hold", "C1D15", on="2026-12-15", cause=cause.value), audiences=["breastfeeding"])
    assert states(found) == "gp" + "h" * 16
    held = found.doses()[2:]
    assert all(dose.date is None and dose.times is None for dose in held)
    (window,) = found.windows
    assert (window.last_dose, window.through, window.final) == (date(2026, 12, 7), None, False)
    assert (found.held is not None, found.pregnancy) == (True, cause is HoldCause.PREGNANCY)
    assert window.shown is (cause is not HoldCause.PREGNANCY), "nothing of it outside the staff's pages"


def test_a_window_on_hold_before_any_dose_was_given_has_no_dates_at_all() -> None:
    hold = act("hold", "C1D1", on="2026-12-07", cause="infection")
    (window,) = plan(hold, audiences=["can-become-pregnant"]).windows
    assert (window.last_dose, window.through, window.until, window.final) == (None, None, None, False)


@pytest.mark.parametrize(
    ("hold", "resume", "moved", "reason"),
    [
        ("C1D8", ("C1D8", "2026-12-21"), [0, *[7] * 17], "later doses follow as after scope course"),
        ("C2D1", ("C2D1", "2027-01-11"), [0] * 3 + [14] * 15, "a day 1 takes its cycle and all later ones along"),
        ("C1D15", ("C1D15", "2026-12-21"), [0] * 18, "resumed on its day, all is as before"),
    ],
)
def test_a_resumption_gives_the_dates_back(hold: str, resume: tuple[str, str], moved: list[int], reason: str) -> None:
    held = act("hold", hold, on="2026-12-08", cause="counts")
    assert shifts(held, act("resume", resume[0], on=resume[1])) == moved, reason


def test_one_resumption_ends_two_holds() -> None:
    later = act("hold", "C3D1", on="2026-12-08", cause="liver")
    earlier = act("hold", "C2D1", on="2026-12-09", cause="counts")
    found = plan(later, earlier, act("resume", "C2D1", on="2026-12-28"))
    assert (states(found), found.held, dates_of(found)) == ("p" * 18, None, PLANNED)


def test_a_held_dose_can_be_given_and_the_hold_of_the_later_ones_stays() -> None:
    hold = act("hold", "C1D8", on="2026-12-08", cause="counts")
    found = plan(CYCLE1[0], hold, CYCLE1[1])
    assert states(found) == "gg" + "h" * 16
    assert found.held is not None
    assert states(plan(CYCLE1[0], hold, CYCLE1[1], act("resume", "C1D15", on="2026-12-21"))) == "gg" + "p" * 16


def test_a_hold_of_which_no_dose_is_left_is_none() -> None:
    """Else a course whose last dose was given in spite of its hold would count as on hold for ever."""
    hold = act("hold", "C1D15", on="2026-12-15", cause="counts")
    found = plan(CYCLE1[0], CYCLE1[1], hold, CYCLE1[2], cycles=1)
    assert (states(found), found.held) == ("ggg", None)
    ceased = plan(hold, act("cease", on="2026-12-16", cause="toxicity"))
    assert (states(ceased), ceased.held) == ("pp" + "c" * 16, None), "a stop ends the hold"


def test_held_doses_can_be_omitted_or_deferred() -> None:
    hold = act("hold", "C1D8", on="2026-12-08", cause="counts")
    assert states(plan(hold, act("omit", "C1D8"))) == "po" + "h" * 16
    deferred = plan(hold, act("defer", "C1D8", to="2026-12-15"))
    assert states(deferred) == "p" + "h" * 17, "it stays on hold"
    assert states(plan(hold, act("omit", "C1D8"), act("resume", "C1D15", on="2026-12-21"))) == "po" + "p" * 16


# -- Omit ---------------------------------------------------------------------------------------------------------


def test_an_omitted_dose_falls_away_and_nothing_else_moves() -> None:
    found = plan(act("omit", "C2D8"))
    assert dates_of(found) == PLANNED
    assert states(found) == "pppp" + "o" + "p" * 13
    assert [(dose.cycle, dose.day) for dose in found.doses()][4] == (2, 8), "numbering stays"
    assert at(found, "C2D8").times is None


def test_an_omitted_day_1_keeps_its_distance_to_the_cycle_before_as_the_anchor() -> None:
    late = act("defer", "C2D1", to="2026-12-30")
    omits = [act("omit", dose, reason="agreed") for dose in ("C2D8", "C2D15", "C2D1")]
    assert at(plan(late, *omits), "C3D1").date == date(2027, 1, 27), "the deferral's two days stay"
    given_late = given("C1D1", "2026-12-10")
    assert at(plan(late, *omits, given_late), "C3D1").date == date(2027, 1, 30), "and follow the cycle before"


def test_an_omitted_day_1_keeps_also_the_push_that_it_had() -> None:
    """A dose of another day goes back when the cause of its push goes; an anchor stays where it was."""
    pushing, back = act("defer", "C1D15", to="2026-12-23"), act("defer", "C1D15", to="2026-12-21")
    omits = [act("omit", dose, reason="agreed") for dose in ("C2D8", "C2D15", "C2D1")]
    assert at(plan(pushing, *omits, back), "C3D1").date == date(2027, 1, 26), "C2D1 had been pushed by a day"
    assert at(plan(pushing, back, *omits), "C3D1").date == date(2027, 1, 25)


def test_an_omitted_dose_does_not_count_for_the_gap() -> None:
    assert shifts(act("omit", "C1D8"), act("defer", "C1D15", to="2026-12-19")) == [0, 0, -2, *[0] * 15]


def test_c1d1_left_out_does_not_block_later_doses() -> None:
    omits = [act("omit", dose, reason="given before the course") for dose in ("C1D8", "C1D15", "C1D1")]
    assert states(plan(*omits, given("C2D1", "2026-12-28"))) == "ooog" + "p" * 14


# -- Lengths, days, numbers ----------------------------------------------------------------------------------------


def test_a_cycle_length_replaces_earlier_extensions_and_clears_the_delay_of_the_next_day_1() -> None:
    extended = act("defer", "C1D8", to="2026-12-16", scope="course")
    delayed = act("defer", "C2D1", to="2027-01-02")
    assert [cycle.length_days for cycle in plan(extended, delayed).cycles][:2] == [26, 28]
    found = plan(extended, delayed, act("cycle-length", cycle=1, days=24))
    assert found.cycles[0].length_days == 24
    assert at(found, "C1D8").date == date(2026, 12, 16), "the doses of the cycle stay"


def test_the_length_of_the_last_cycle_moves_its_end() -> None:
    found = plan(act("cycle-length", cycle=6, days=35, reason="agreed"))
    assert (dates_of(found), found.cycles[-1].last_day) == (PLANNED, date(2027, 5, 23))


def test_days_leave_out_doses_from_a_cycle_on() -> None:
    found = plan(act("days", cycle=2, days=[1, 8], reason="two doses a cycle"))
    assert [len(cycle.doses) for cycle in found.cycles] == [3, 2, 2, 2, 2, 2]
    assert at(found, "C3D1").date == date(2027, 1, 25), "day 1s stay where they are"


def test_the_latest_word_on_the_days_decides() -> None:
    fewer = act("days", cycle=2, days=[1, 8], reason="two doses a cycle")
    again = act("days", cycle=4, days=[1, 8, 15], reason="tolerated")
    assert [len(cycle.doses) for cycle in plan(fewer, again).cycles] == [3, 2, 2, 3, 3, 3]
    assert [len(cycle.doses) for cycle in plan(again, fewer).cycles] == [3, 2, 2, 2, 2, 2]


def test_days_never_take_a_given_dose_away() -> None:
    found = plan(*CYCLE1, act("days", cycle=1, days=[1], reason="not tolerated"))
    assert [len(cycle.doses) for cycle in found.cycles] == [3, 1, 1, 1, 1, 1]
    assert states(found) == "ggg" + "p" * 5


def test_cycles_beyond_the_number_leave_and_their_actions_wait() -> None:
    later = act("defer", "C4D8", to="2027-03-02")
    fewer = plan(later, act("cycles", count=2))
    assert (len(fewer.cycles), dates_of(fewer)) == (2, PLANNED[:6])
    more = plan(later, act("cycles", count=2), act("cycles", count=5))
    assert at(more, "C4D8").date == date(2027, 3, 2)


@pytest.mark.parametrize(
    ("fields", "actions", "cycles", "reason"),
    [
        ({}, [act("intent", value="transplant")], 2, "the new intent's default"),
        ({"cycles": 5}, [act("intent", value="transplant")], 5, "a number that was set stands"),
        ({}, [act("cycles", count=4), act("intent", value="transplant")], 4, "also one that an action set"),
        (
            {},
            [
                *CYCLE1,
                given("C2D1", "2026-12-28"),
                *(act("omit", dose) for dose in ("C2D8", "C2D15")),
                given("C3D1", "2027-01-25"),
                act("intent", value="transplant"),
            ],
            3,
            "never fewer than the cycles with a given dose",
        ),
        ({"intent": "transplant"}, [act("intent", value="continue")], 6, "and more again"),
    ],
)
def test_the_intent_sets_the_number_of_cycles(fields: Table, actions: list[Table], cycles: int, reason: str) -> None:
    assert len(plan(*actions, **fields).cycles) == cycles, reason


# -- Hours, audiences, absences ------------------------------------------------------------------------------------


def hours(found: Plan) -> list[time]:
    return [dose.times.infusion_start.time() for dose in found.doses() if dose.times]


def test_the_hour_of_one_visit_or_of_all_still_planned() -> None:
    one = act("time", "C1D8", at="14:30")
    assert hours(plan(one))[:3] == [time(9), time(14, 30), time(9)]
    every = act("time", at="11:00")
    assert set(hours(plan(one, every))) == {time(11)}, "an hour for all goes over single ones"
    assert hours(plan(CYCLE1[0], every, act("time", "C1D15", at="08:00")))[:3] == [time(9), time(11), time(8)]
    assert hours(plan(every, CYCLE1[0], act("time", at="10:00")))[0] == time(11), "the hour that held then"


@pytest.mark.parametrize(
    ("actions", "shown", "reason"),
    [
        ([], {"breastfeeding": True}, "as the course was started"),
        ([("breastfeeding", "private")], {"breastfeeding": False}, "for staff only"),
        ([("breastfeeding", "private"), ("breastfeeding", "shown")], {"breastfeeding": True}, "and back"),
        ([("breastfeeding", "remove")], {}, "it does not apply"),
        ([("can-become-pregnant", "add")], {"can-become-pregnant": True, "breastfeeding": True}, "an added one"),
        (
            [("can-become-pregnant:private", "add")],
            {"can-become-pregnant": False, "breastfeeding": True},
            "private from the start",
        ),
    ],
)
def test_audiences_come_go_and_hide(actions: list[tuple[str, str]], shown: dict[str, bool], reason: str) -> None:
    changes = [act("audience", value=value, change=change) for value, change in actions]
    found = plan(*changes, audiences=["breastfeeding"])
    assert {window.audience: window.shown for window in found.windows} == shown, reason


def test_a_change_of_an_audience_whose_addition_was_voided_does_nothing() -> None:
    add = act("audience", value="breastfeeding", change="add")
    hide = act("audience", value="breastfeeding", change="private")
    assert plan(add, hide, act("void", action=1)).audiences == ()


def test_a_response_and_an_absence_move_nothing() -> None:
    found = plan(act("response", cycle=1, value="CRi"), act("away", from_="2026-12-10", to="2026-12-20"))
    assert dates_of(found) == PLANNED


# -- Cease --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", list(CeaseCause))
def test_doses_planned_after_the_end_are_cancelled(cause: CeaseCause) -> None:
    found = plan(*CYCLE1, act("cease", on="2026-12-22", cause=cause.value), audiences=["breastfeeding"])
    assert states(found) == "ggg" + "c" * 15
    assert dates_of(found) == PLANNED, "a cancelled dose tells where it would have been"
    assert all(dose.times is None for dose in found.doses()[3:])
    (window,) = found.windows
    assert (window.last_dose, window.through) == (date(2026, 12, 21), date(2027, 2, 21))
    assert window.final is (cause is not CeaseCause.TRANSFERRED), "elsewhere treatment may go on"
    assert window.shown is (cause is not CeaseCause.PREGNANCY)
    assert (found.ceased is not None, found.pregnancy) == (True, cause is CeaseCause.PREGNANCY)


def test_a_dose_before_the_end_that_nobody_recorded_stays_planned_and_overdue() -> None:
    found = plan(*CYCLE1[:2], act("cease", on="2026-12-21", cause="toxicity"), audiences=["breastfeeding"])
    assert states(found) == "ggp" + "c" * 15
    assert ("overdue", 1, 15) in {(one.code, one.cycle, one.day) for one in found.advice}
    assert not found.windows[0].final, "it may have been given"


def test_a_stop_without_any_dose_given_or_left_leaves_no_window() -> None:
    cease = act("cease", on="2026-12-06", cause="patient-choice")
    assert plan(cease, audiences=["can-become-pregnant"]).windows == ()
    held = act("hold", "C1D1", on="2026-12-05", cause="infection")
    assert plan(held, act("cease", on="2026-12-30", cause="toxicity"), audiences=["breastfeeding"]).windows == ()


def test_a_dose_can_be_recorded_after_the_end_when_it_was_given_before() -> None:
    cease = act("cease", on="2026-12-10", cause="toxicity")
    found = plan(cease, given("C1D1", "2026-12-07"))
    assert states(found) == "g" + "c" * 17
    early = plan(given("C1D1", "2026-12-07"), cease, given("C1D8", "2026-12-10", reason="given before the stop"))
    assert states(early) == "gg" + "c" * 16, "also one that the stop had cancelled"


# -- Void and replaces --------------------------------------------------------------------------------------------


def test_a_void_restores_and_a_void_of_a_void_brings_back() -> None:
    defer = act("defer", "C1D8", to="2026-12-16")
    once = plan(defer, act("void", action=1))
    assert (dates_of(once), [each.stands for each in once.actions]) == (PLANNED, [False, True])
    twice = plan(defer, act("void", action=1), act("void", action=2))
    assert dates_of(twice) == dates_of(plan(defer))
    assert [each.stands for each in twice.actions] == [True, False, True]


def test_a_restored_action_takes_effect_at_its_old_place() -> None:
    first = act("defer", "C1D8", to="2026-12-16", scope="cycle")
    second = act("defer", "C1D8", to="2026-12-15", scope="cycle")
    assert shifts(first, act("void", action=1), second)[:3] == [0, 1, 1]
    assert shifts(first, act("void", action=1), second, act("void", action=2))[:3] == [0, 1, 1]
    assert shifts(first, second)[:3] == [0, 1, 1], "as if it had never been voided"


def test_an_action_that_replaces_another_is_one_step() -> None:
    found = plan(act("defer", "C1D8", to="2026-12-16"), act("defer", "C2D8", to="2027-01-05", replaces=1))
    assert [each.stands for each in found.actions] == [False, True]
    assert found.revision == 2
    assert at(found, "C1D8").date == date(2026, 12, 14)


def test_a_voided_replacement_gives_its_target_back() -> None:
    actions = [act("defer", "C1D8", to="2026-12-16"), act("omit", "C1D15", replaces=1), act("void", action=2)]
    found = plan(*actions)
    assert [each.stands for each in found.actions] == [True, False, True]
    assert at(found, "C1D8").date == date(2026, 12, 16)


def test_a_corrected_date_of_a_first_dose_takes_its_place_and_later_records_build_on_it() -> None:
    """Reading 21: without it, C1D1 could be corrected only by voiding everything after it."""
    found = plan(*CYCLE1[:2], given("C1D1", "2026-12-08", replaces=1))
    assert states(found) == "gg" + "p" * 16
    assert at(found, "C1D1").date == date(2026, 12, 8)
    assert at(found, "C1D15").date == date(2026, 12, 22), "by its cycle's corrected day 1"


def test_a_correction_of_a_correction_takes_the_first_place_too() -> None:
    first, second = given("C1D1", "2026-12-08", replaces=1), given("C1D1", "2026-12-06", reason="r", replaces=3)
    found = plan(*CYCLE1[:2], first, second)
    assert (at(found, "C1D1").date, at(found, "C1D8").date) == (date(2026, 12, 6), date(2026, 12, 14))
    assert [each.stands for each in found.actions] == [False, True, False, True]


def test_a_record_that_replaces_that_of_another_dose_takes_effect_where_it_was_recorded() -> None:
    hold = act("hold", "C1D8", on="2026-12-08", cause="counts")
    wrong = given("C1D15", "2026-12-20", reason="mixed up")
    found = plan(CYCLE1[0], hold, wrong, given("C1D8", "2026-12-20", replaces=3, reason="it was day 8"))
    assert states(found) == "gg" + "h" * 16
    assert at(found, "C1D8").date == date(2026, 12, 20)


def test_the_plan_of_stored_actions_is_built_without_judging_them_again() -> None:
    """What was accepted once is trusted: a later rule never makes an old course unreadable."""
    unjudged = [action_of(given("C1D8", "2026-12-14"))]
    found = build_plan(inotuzumab(), course_of(DAY1), unjudged, today=DAY1)
    assert states(found) == "pg" + "p" * 16
