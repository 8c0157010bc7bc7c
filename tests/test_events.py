"""Events: what a calendar can show of a plan, what a new plan changes, and the stamps that calendar programs go by."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as draw
from hypothesis import settings
from hypothesis import strategies as st

from scheduler import Event, Plan, StampedEvent, build_plan, changes, course_id, events, mentions_pregnancy, restamp
from scheduler.actions import CeaseCause
from scheduler.events import Cancelled, EventKind, uid_of
from scheduler.plan import LIVER_WATCH
from scheduler.regimen import When, WindowKind
from tests.core import act, at, course_of, inotuzumab, plan_of, with_agent
from tests.core_strategies import History, histories, next_actions

DAY1 = date(2026, 12, 9)  # a Wednesday, so that checks a day away are on open days
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ALL = ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
Table = dict[str, Any]
Stamped = dict[str, StampedEvent]


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


G1 = given("C1D1", "2026-12-09")
HOLD = act("hold", "C1D15", on="2026-12-17", cause="counts")


def plan(*actions: Table, **fields: Any) -> Plan:
    return plan_of(course_of(DAY1, **fields), *actions)


def by_key(found: Plan) -> dict[str, Event]:
    return {event.key: event for event in events(found)}


def keys(*actions: Table, **fields: Any) -> set[str]:
    return set(by_key(plan(*actions, **fields)))


# -- Which events there are ---------------------------------------------------------------------------------------


def test_a_dose_has_an_infusion_an_observation_and_checks_on_either_side() -> None:
    found = by_key(plan())
    assert [key for key in found if key.startswith("c1d8/")] == [
        "c1d8/checks-after-1",
        "c1d8/checks-before-1",
        "c1d8/infusion",
        "c1d8/observation",
    ]
    dose = at(plan(), "C1D8").times
    assert dose is not None
    infusion, observation = found["c1d8/infusion"], found["c1d8/observation"]
    assert (infusion.kind, infusion.start, infusion.end) == (EventKind.INFUSION, dose.infusion_start, dose.infusion_end)
    assert (observation.start, observation.end) == (dose.infusion_end, dose.observation_end)
    assert (infusion.arrival, infusion.leave_not_before) == (dose.arrival, dose.observation_end)
    assert (infusion.cycle, infusion.day, infusion.all_day, infusion.first_date) == (1, 8, False, date(2026, 12, 16))
    before, after = found["c1d8/checks-before-1"], found["c1d8/checks-after-1"]
    assert (before.start, before.end, before.checks) == (*[date(2026, 12, 15)] * 2, ("blood-count", "liver-tests"))
    assert (after.start, after.checks, after.when) == (date(2026, 12, 17), ("liver-tests",), When.AFTER)
    assert (before.all_day, before.first_date, before.when) == (True, date(2026, 12, 15), When.BEFORE)


def test_keys_hold_no_date_and_come_sorted() -> None:
    found = [event.key for event in events(plan(audiences=ALL))]
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    assert not any("2026" in key or "2027" in key for key in found)
    assert [key for key in found if not key.startswith("c") or "end" in key] == [
        "c3/end/response-review",
        "window/breastfeeding/breastfeeding",
        "window/contraception/can-become-pregnant",
        "window/contraception/partner-can-become-pregnant",
    ]


def test_no_observation_no_event_of_it() -> None:
    regimen = with_agent(inotuzumab(), observation_minutes=(60, 0))
    found = build_plan(regimen, course_of(DAY1), [], today=DAY1)
    assert [event.key for event in events(found) if event.kind is EventKind.OBSERVATION] == ["c1d1/observation"]


@pytest.mark.parametrize(
    ("action", "gone", "reason"),
    [
        (act("omit", "C1D15"), "c1d15/", "an omitted dose"),
        (HOLD, "c1d15/", "a dose on hold"),
        (act("cease", on="2026-12-17", cause="other"), "c1d15/", "a cancelled dose"),
        (act("cycles", count=2), "c3d1/", "a dose that left the plan"),
        (act("cycles", count=2), "c3/end/", "and its cycle's end"),
    ],
)
def test_what_has_no_visit_has_no_events(action: Table, gone: str, reason: str) -> None:
    assert any(key.startswith(gone) for key in keys())
    assert not any(key.startswith(gone) for key in keys(action)), reason


def test_a_window_is_one_day_in_the_calendar_and_none_while_it_has_no_date() -> None:
    found = by_key(plan(audiences=["breastfeeding"]))["window/breastfeeding/breastfeeding"]
    assert (found.start, found.end, found.all_day) == (date(2027, 7, 5), date(2027, 7, 5), True)
    assert (found.window, found.reproductive, found.private) == (WindowKind.BREASTFEEDING, True, False)
    assert not found.confirmed, "it may move later"
    final = by_key(plan(G1, act("cease", on="2026-12-09", cause="other"), audiences=["breastfeeding"]))
    assert final["window/breastfeeding/breastfeeding"].confirmed
    assert not any(key.startswith("window") for key in keys(HOLD, audiences=["breastfeeding"]))


def test_the_pregnancy_test_is_an_event_of_its_own_and_private_with_its_audience() -> None:
    for audience, private in (("can-become-pregnant", False), ("can-become-pregnant:private", True)):
        found = by_key(plan(audiences=[audience]))
        own = found["c1d1/checks-before-1/pregnancy-test"]
        assert (own.reproductive, own.private, own.checks) == (True, private, ("pregnancy-test",))
        assert found["c1d1/checks-before-1"].checks == ("blood-count", "liver-tests", "ecg", "electrolytes")
        assert not found["c1d1/checks-before-1"].reproductive
        assert found["window/contraception/can-become-pregnant"].private is private


def test_the_liver_watch_is_for_staff_and_in_no_calendar() -> None:
    found = plan(G1)
    assert LIVER_WATCH in {task.kind for task in found.tasks}
    assert not any(LIVER_WATCH in event.checks for event in events(found))


def test_the_weekly_tests_after_a_transplant_have_their_own_keys() -> None:
    found = by_key(plan(G1, act("cease", on="2026-12-10", cause="transplant")))
    weekly = {key: event.start for key, event in found.items() if key.startswith("after-course")}
    assert weekly == {
        f"after-course/liver-tests-{week}": date(2026, 12, 10) + timedelta(weeks=week) for week in (1, 2, 3, 4)
    }


def test_events_are_confirmed_with_their_dose() -> None:
    found = by_key(plan(G1))
    assert found["c1d15/infusion"].confirmed
    assert found["c1d15/checks-after-1"].confirmed
    assert not found["c2d1/infusion"].confirmed
    assert not found["c2d1/observation"].confirmed
    assert not found["c2d1/checks-before-1"].confirmed


# -- What must not be told (rule 24) -------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", list(CeaseCause))
def test_the_cause_of_the_end_decides_what_is_left_to_show(cause: CeaseCause) -> None:
    ended = plan(G1, act("cease", on="2026-12-10", cause=cause.value), audiences=["can-become-pregnant"])
    found = set(by_key(ended))
    visits = {"c1d1/infusion", "c1d1/observation", "c1d1/checks-before-1", "c1d1/checks-after-1"}
    weekly = {f"after-course/liver-tests-{week}" for week in (1, 2, 3, 4)}
    reproductive = {"c1d1/checks-before-1/pregnancy-test", "window/contraception/can-become-pregnant"}
    match cause:
        case CeaseCause.DEATH:
            assert found == set(), "nothing at all, the past included"
        case CeaseCause.PREGNANCY:
            assert found == visits, "nothing that concerns reproduction"
        case CeaseCause.TRANSPLANT:
            assert found == visits | weekly | reproductive
        case _:
            assert found == visits | reproductive


def test_a_hold_for_pregnancy_takes_reproductive_events_away_until_it_is_voided() -> None:
    hold = act("hold", "C1D8", on="2026-12-10", cause="pregnancy")
    resume = act("resume", "C1D8", on="2026-12-16")
    for actions, told in (
        ([G1], False),
        ([G1, hold], True),
        ([G1, hold, resume], True),
        ([G1, hold, act("void", action=2)], False),
    ):
        found = plan(*actions, audiences=ALL)
        assert mentions_pregnancy(found) is told
        assert any(event.reproductive for event in events(found)) is not told


def test_after_a_death_every_event_is_cancelled() -> None:
    before = stamp({}, plan(G1, audiences=ALL))
    after = stamp(before, plan(G1, act("cease", on="2026-12-10", cause="death"), audiences=ALL))
    assert set(after) == set(before)
    assert all(event.cancelled is Cancelled.NOT_HAPPENING for event in after.values())


# -- Changes ------------------------------------------------------------------------------------------------------


def changed(before: Plan, after: Plan) -> dict[str, set[str]]:
    found = changes(events(before), events(after))
    return {
        "moved": {new.key for _, new in found.moved},
        "altered": {new.key for _, new in found.altered},
        "added": {event.key for event in found.added},
        "cancelled": {event.key for event in found.cancelled},
    }


def visit(dose: str, *, before: str = "-before-1", after: str = "-after-1") -> set[str]:
    return {f"{dose}/infusion", f"{dose}/observation", f"{dose}/checks{before}", f"{dose}/checks{after}"}


def test_a_deferral_moves_exactly_the_events_of_its_dose() -> None:
    assert changed(plan(), plan(act("defer", "C1D15", to="2026-12-24"))) == {
        "moved": visit("c1d15"),
        "altered": set(),
        "added": set(),
        "cancelled": set(),
    }


def test_an_omission_cancels_them_and_a_later_hour_moves_the_visit_alone() -> None:
    omitted = changed(plan(), plan(act("omit", "C1D15")))
    assert omitted == {"moved": set(), "altered": set(), "added": set(), "cancelled": visit("c1d15")}
    later = changed(plan(), plan(act("time", "C1D15", at="11:00")))
    assert later["moved"] == {"c1d15/infusion", "c1d15/observation"}
    assert not later["cancelled"] | later["added"] | later["altered"]


def test_a_change_that_keeps_the_time_is_an_alteration() -> None:
    cycle1 = [G1, given("C1D8", "2026-12-16")]
    settled = changed(plan(*cycle1), plan(*cycle1, given("C1D15", "2026-12-23")))
    assert settled["altered"] == visit("c2d1") | visit("c2d8") | visit("c2d15"), "cycle 2 is confirmed now"
    assert not settled["moved"] | settled["added"] | settled["cancelled"]
    hidden = act("audience", value="breastfeeding", change="private")
    assert changed(plan(audiences=["breastfeeding"]), plan(hidden, audiences=["breastfeeding"]))["altered"] == {
        "window/breastfeeding/breastfeeding"
    }


def test_nothing_changed_is_false_and_anything_is_true() -> None:
    assert not changes(events(plan()), events(plan()))
    assert not changes([], [])
    for action in (act("omit", "C1D8"), act("defer", "C1D15", to="2026-12-24"), act("intent", value="transplant")):
        assert changes(events(plan()), events(plan(action)))
        assert changes(events(plan(action)), events(plan()))


@draw(histories(), st.data())
@settings(max_examples=30)
def test_the_changes_applied_to_the_old_events_give_the_new_ones(history: History, data: st.DataObject) -> None:
    action = data.draw(next_actions(history))
    after = history.then(action) if history.accepts(action) else history
    old, new = events(history.plan()), events(after.plan())
    found = changes(old, new)
    result = {event.key: event for event in old}
    for event in found.cancelled:
        assert result.pop(event.key) == event
    for before, event in (*found.moved, *found.altered):
        assert result[event.key] == before
        result[event.key] = event
    for event in found.added:
        assert event.key not in result
        result[event.key] = event
    assert result == {event.key: event for event in new}
    assert [result[key] for key in sorted(result)] == list(new)


# -- Stamps -------------------------------------------------------------------------------------------------------


def stamp(old: Stamped, found: Plan, when: datetime = NOW) -> Stamped:
    return restamp(old, events(found), found, at=when)


def test_a_first_plan_has_sequences_of_0_and_the_instant_of_the_record() -> None:
    found = stamp({}, plan())
    assert list(found) == sorted(found)
    for key, event in found.items():
        assert (event.sequence, event.created, event.last_modified) == (0, NOW, NOW)
        assert event.uid == uid_of(course_id("inotuzumab-ozogamicin", "", DAY1), key)
        assert (event.cancelled, event.moved_from) == (None, None)
    assert len({event.uid for event in found.values()}) == len(found)


def test_seconds_are_the_finest_that_a_calendar_knows() -> None:
    found = stamp({}, plan(), NOW + timedelta(microseconds=999_999))
    assert {event.last_modified for event in found.values()} == {NOW}


def test_only_what_changed_gets_a_higher_sequence_and_a_later_stamp() -> None:
    first = stamp({}, plan())
    second = stamp(first, plan(act("defer", "C1D15", to="2026-12-24")), NOW + timedelta(hours=1))
    assert {key for key in second if second[key] != first[key]} == visit("c1d15")
    for key in visit("c1d15"):
        was, now = first[key], second[key]
        assert (now.uid, now.sequence, now.created) == (was.uid, 1, was.created)
        assert now.last_modified == NOW + timedelta(hours=1)
        assert now.moved_from == was.event.start
    assert stamp(second, plan(act("defer", "C1D15", to="2026-12-24")), NOW + timedelta(days=1)) == second


def test_the_stamp_is_always_newer_even_within_a_second_or_with_a_clock_set_back() -> None:
    moves = [plan(act("defer", "C1D15", to=f"2026-12-{day}")) for day in (22, 23, 24)]
    found = stamp({}, moves[0])
    for step, when in enumerate((NOW, NOW, NOW - timedelta(days=3), NOW + timedelta(milliseconds=900)), start=1):
        before = found["c1d15/infusion"]
        found = stamp(found, moves[step % 3], when)
        after = found["c1d15/infusion"]
        assert (after.sequence, after.last_modified) == (step, before.last_modified + timedelta(seconds=1))


def test_cancelled_and_restored_an_event_continues_its_sequence() -> None:
    first = stamp({}, plan())
    cancelled = stamp(first, plan(act("omit", "C1D15")), NOW + timedelta(hours=1))
    gone = cancelled["c1d15/infusion"]
    assert (gone.sequence, gone.cancelled, gone.event) == (1, Cancelled.NOT_HAPPENING, first["c1d15/infusion"].event)
    assert stamp(cancelled, plan(act("omit", "C1D15")), NOW + timedelta(hours=2)) == cancelled, (
        "it is not touched again"
    )
    back = stamp(cancelled, plan(), NOW + timedelta(hours=3))["c1d15/infusion"]
    assert (back.sequence, back.cancelled, back.uid) == (2, None, gone.uid)
    assert back.last_modified == NOW + timedelta(hours=3)
    assert back.moved_from is None, "it lies where it lay"


def test_a_dose_on_hold_is_to_be_arranged_and_what_leaves_with_it_is_not_happening() -> None:
    first = stamp({}, plan(G1, audiences=["breastfeeding"]))
    held = stamp(first, plan(G1, HOLD, audiences=["breastfeeding"]), NOW + timedelta(hours=1))
    assert {held[key].cancelled for key in visit("c1d15") | visit("c2d1")} == {Cancelled.TO_BE_ARRANGED}
    assert held["window/breastfeeding/breastfeeding"].cancelled is Cancelled.NOT_HAPPENING
    ceased = plan(G1, HOLD, act("cease", on="2026-12-18", cause="other"), audiences=["breastfeeding"])
    after = stamp(held, ceased, NOW + timedelta(hours=2))
    assert {after[key].cancelled for key in visit("c1d15")} == {Cancelled.NOT_HAPPENING}
    assert {after[key].sequence for key in visit("c1d15")} == {2}, "the patient is told something else"


def test_a_resumed_dose_comes_back_with_the_day_from_which_it_moved() -> None:
    first = stamp({}, plan(G1))
    held = stamp(first, plan(G1, HOLD), NOW + timedelta(hours=1))
    resumed = stamp(held, plan(G1, HOLD, act("resume", "C1D15", on="2026-12-25")), NOW + timedelta(hours=2))
    back = resumed["c1d15/infusion"]
    assert (back.sequence, back.cancelled, back.moved_from) == (2, None, first["c1d15/infusion"].event.start)


def test_the_day_from_which_an_event_moved_is_kept_through_an_alteration() -> None:
    first = stamp({}, plan())
    moved = stamp(first, plan(act("defer", "C2D1", to="2027-01-05")), NOW + timedelta(hours=1))
    cycle1 = [act("omit", "C1D8"), act("omit", "C1D15"), given("C1D1", "2026-12-09")]
    settled = stamp(moved, plan(act("defer", "C2D1", to="2027-01-05"), *cycle1), NOW + timedelta(hours=2))
    event = settled["c2d1/infusion"]
    assert event.event.confirmed
    assert (event.sequence, event.moved_from) == (2, first["c2d1/infusion"].event.start)


def test_the_second_pass_of_an_hour_that_comes_twice_is_another_time() -> None:
    """Python takes 01:30 and the 01:30 an hour later, in one zone, for equal."""
    course = course_of(date(2026, 11, 1), at="00:30")
    planned, late = plan_of(course), plan_of(course, given("C1D1", "2026-11-01", ended="01:30"))
    ends = [by_key(found)["c1d1/infusion"].end for found in (planned, late)]
    assert [f"{end:%H:%M%z}" for end in ends] == ["01:30-0400", "01:30-0500"]
    assert changed(planned, late)["moved"] == {"c1d1/infusion", "c1d1/observation"}
    assert stamp(stamp({}, planned), late)["c1d1/infusion"].sequence == 1


@draw(histories(most=8), st.data())
@settings(max_examples=30)
def test_along_any_history_stamps_only_rise(history: History, data: st.DataObject) -> None:
    stamped: Stamped = {}
    for number in range(len(history.actions) + 1):
        found = history.plan_of(history.actions[:number])
        when = NOW + timedelta(minutes=data.draw(st.integers(-5, 5)))
        before, stamped = stamped, restamp(stamped, events(found), found, at=when)
        assert set(before) <= set(stamped), "an event never disappears"
        assert {key for key, event in stamped.items() if event.cancelled is None} == set(by_key(found))
        for key, was in before.items():
            now = stamped[key]
            assert (now.uid, now.created) == (was.uid, was.created)
            if now == was:
                continue
            assert now.sequence == was.sequence + 1
            assert now.last_modified >= was.last_modified + timedelta(seconds=1)
