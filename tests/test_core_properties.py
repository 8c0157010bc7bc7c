"""What holds for every course, whatever was recorded."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from dateutil.relativedelta import relativedelta
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scheduler import action_from_fields, events, plan_to_dict
from scheduler.actions import Action, Given, Omit
from scheduler.plan import Cycle, Dose, DoseState, Plan, Suggestion
from scheduler.regimen import Unit
from tests.core_strategies import KINDS, History, histories, next_actions
from tests.plan_facts import COUNTED, counted, long_enough, neighbours, on, too_close

# Choosing an action that fits what came before takes a plan for each, and some draws fit nothing.
THOROUGH = settings(max_examples=45, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
PASSED = {DoseState.PLANNED, DoseState.CANCELLED}  # what a date becomes that passes the day on which treatment ceased


@given(histories())
@THOROUGH
def test_the_gap_is_kept_wherever_a_planned_dose_could_still_move(history: History) -> None:
    plan = history.plan()
    for agent, before, dose in neighbours(plan):
        if dose.state is not DoseState.PLANNED or not too_close(agent, before, dose):
            continue
        if dose.day <= 1:  # what belongs before day 1 is never pushed to it, nor does it push day 1
            continue
        own = counted(plan, agent)
        blocked_by = [later for later in own if later.id > dose.id and later.state is DoseState.GIVEN]
        assert blocked_by, "only a given dose after it may stand in the way"
        assert min(map(on, blocked_by)) <= on(before) + timedelta(days=agent.gap_days)


@given(histories())
@THOROUGH
def test_every_gap_that_is_too_short_is_remarked(history: History) -> None:
    plan = history.plan()
    short = {dose.id[:2] for agent, before, dose in neighbours(plan) if too_close(agent, before, dose)}
    assert {(one.cycle, one.day) for one in plan.advice if one.code == "gap-too-short"} == short


@given(histories(versions=True), st.data())
@THOROUGH
def test_a_given_dose_never_moves_whatever_is_recorded_later(history: History, data: st.DataObject) -> None:
    action = data.draw(next_actions(history, tuple(kind for kind in KINDS if kind != "void")))
    assume(action.replaces is None and history.accepts(action))
    before, after = history.plan(), history.plan(action)
    given_before = {dose.id: (dose.date, dose.state) for dose in before.doses() if dose.state is DoseState.GIVEN}
    assert given_before == {dose.id: (dose.date, dose.state) for dose in after.doses() if dose.id in given_before}


@given(histories(versions=True))
@THOROUGH
def test_every_dose_recorded_as_given_is_in_the_plan_on_its_date(history: History) -> None:
    plan = history.plan()
    records = [each.action for each in plan.actions if each.stands]
    recorded = {(one.cycle, one.day, one.on) for one in records if isinstance(one, Given)}
    assert {(*dose.id[:2], dose.date) for dose in plan.doses() if dose.state is DoseState.GIVEN} == recorded


@given(histories(), st.data())
@THOROUGH
def test_an_omission_leaves_all_others_where_they_were(history: History, data: st.DataObject) -> None:
    """Unless the omitted dose had pushed a later one, which then goes back, or was the day 1 that its cycle is counted
    from, and another agent's lies on another date. What moves may pass the day on which treatment ceased."""
    action = data.draw(next_actions(history, ("omit",)))
    assume(isinstance(action, Omit) and action.replaces is None and history.accepts(action))
    assert isinstance(action, Omit)
    before, after = history.plan(), history.plan(action)
    day_ones = {dose.date for dose in before.doses() if dose.id[:2] == (action.cycle, 1)}
    moves = any(dose.pushed for dose in before.doses()) or (action.day == 1 and len(day_ones) > 1)
    changed = []
    for was, now in zip(before.doses(), after.doses(), strict=True):
        assert was.id == now.id
        if was.state is DoseState.GIVEN or not (moves or was.state is DoseState.HELD):
            assert now.date == was.date
        if was.state is not now.state and not (moves and {was.state, now.state} == PASSED):
            changed.append(now)
    assert {(dose.state, *dose.id[:2]) for dose in changed} == {(DoseState.OMITTED, action.cycle, action.day)}
    assert len(changed) == 1 or not action.agent


def without_history(plan: Plan) -> dict[str, Any]:
    """The plan but for its list of actions and its revision, and for the numbers of actions in its reasons."""
    plain = plan_to_dict(plan)
    del plain["actions"], plain["revision"]
    return plain


@given(histories(versions=True), st.data())
@THOROUGH
def test_a_void_restores_the_earlier_plan_exactly(history: History, data: st.DataObject) -> None:
    action = data.draw(next_actions(history, tuple(kind for kind in KINDS if kind != "void")))
    assume(action.replaces is None and history.accepts(action))
    after = history.then(action)
    void = action_from_fields("void", {"action": len(after.actions)})
    after.check(void)
    voided = after.then(void)
    assert without_history(voided.plan()) == without_history(history.plan())
    assert events(voided.plan()) == events(history.plan())
    restore = action_from_fields("void", {"action": len(voided.actions)})
    voided.check(restore)
    assert without_history(voided.plan(restore)) == without_history(after.plan())


@given(histories(), st.data())
@THOROUGH
def test_a_replacement_is_a_void_and_an_action_in_one_step(history: History, data: st.DataObject) -> None:
    assume(history.actions)
    target = data.draw(st.integers(1, len(history.actions)))
    assume(history.actions[target - 1].replaces is None)
    alone = replace(data.draw(next_actions(history, ("defer", "omit", "time", "cycles"))), replaces=None)
    replacing, void = replace(alone, replaces=target), action_from_fields("void", {"action": target})
    assume(history.accepts(replacing) and history.accepts(void) and history.then(void).accepts(alone))
    assert dates(history.plan(replacing)) == dates(history.plan(void, alone))


def dates(plan: Plan) -> list[tuple[Any, ...]]:
    return [(dose.id, dose.date, dose.state) for dose in plan.doses()]


@given(histories())
@THOROUGH
def test_a_window_never_ends_before_the_rule_says(history: History) -> None:
    plan = history.plan()
    for window in plan.windows:
        if plan.held is not None:
            assert (window.through, window.until) == (None, None)
        assert not (window.final and any(dose.state is DoseState.PLANNED for dose in plan.doses()))
        for rule in (rule for rule in plan.regimen.windows if rule.audience == window.audience):
            doses = counted(plan, plan.regimen.agents[rule.agent])
            assert not doses or long_enough(window, rule, max(map(on, doses)))


@given(histories())
@THOROUGH
def test_a_window_of_one_agent_ends_on_the_day_that_its_label_names(history: History) -> None:
    plan = history.plan()
    assume(len(plan.regimen.agents) == 1 and plan.held is None)
    (agent,) = plan.regimen.agents.values()
    months = {rule.audience: rule.amount for rule in plan.regimen.windows if rule.unit is Unit.MONTHS}
    for window in plan.windows:
        if window.audience in months and not agent.continuous and window.through is not None:
            last = max(map(on, counted(plan, agent)))
            asked = last + relativedelta(months=months[window.audience])
            assert window.last_dose == last
            assert asked <= window.through <= asked + timedelta(days=1)


@given(histories(most=6), st.integers(1, 400))
@THOROUGH
def test_a_later_last_dose_never_ends_a_window_earlier(history: History, days: int) -> None:
    plan = history.plan()
    assume(plan.windows and plan.held is None and plan.ceased is None)
    last = max((dose for dose in plan.doses() if dose.state in COUNTED), key=on)
    assume(last.state is DoseState.PLANNED)
    defer = {"cycle": last.cycle, "day": last.day, "to": on(last) + timedelta(days=days), "reason": "r"}
    action = action_from_fields("defer", defer)
    assume(history.accepts(action))
    for was, now in zip(plan.windows, history.plan(action).windows, strict=True):
        assert (was.last_date is None) == (now.last_date is None)
        assert was.last_date is None or now.last_date is None or now.last_date >= was.last_date


@given(histories(versions=True))
@settings(max_examples=30)
def test_the_same_input_gives_the_same_plan(history: History) -> None:
    first, second = history.plan(), history.plan()
    assert first == second
    assert plan_to_dict(first) == plan_to_dict(second)
    assert events(first) == events(second)


@given(histories(), st.integers(1, 40))
@settings(max_examples=30)
def test_a_course_that_starts_later_has_every_date_as_much_later(history: History, days: int) -> None:
    """Without any record: nothing hangs on the calendar but closed days, which move only tasks."""
    course = history.course
    plan = History(history.regimen, course, (), history.clinic, history.today).plan()
    moved = type(course)(
        id=course.id,
        day1=course.day1 + timedelta(days=days),
        at=course.at,
        zone=course.zone,
        intent=course.intent,
        audiences=course.audiences,
    )
    later = History(history.regimen, moved, (), history.clinic, history.today).plan()
    shifts = {on(now) - on(was) for was, now in zip(plan.doses(), later.doses(), strict=True)}
    assert shifts == {timedelta(days=days)}


@given(histories())
@THOROUGH
def test_what_the_advice_suggests_can_be_recorded(history: History) -> None:
    for one in history.plan().advice:
        if one.suggest is not None and one.suggest.kind != "resume":
            history.check(suggested(one.suggest))


@given(histories())
@THOROUGH
def test_an_accepted_proposal_puts_the_dose_on_an_open_day_and_breaks_nothing(history: History) -> None:
    harmful = {"gap-too-short", "outside-tolerance", "late-omit", "closed-day"}
    plan = history.plan()
    for one in plan.advice:
        if one.code != "closed-day" or one.suggest is None:
            continue
        after = history.plan(suggested(one.suggest))
        moved = after.find(one.suggest.cycle, one.suggest.day)
        assert moved is not None
        doses = [dose for dose in after.doses() if dose.id[:2] == moved.id[:2]]
        assert one.suggest.to in [dose.date for dose in doses]
        had = {each.code for each in plan.advice if (each.cycle, each.day) == (one.cycle, one.day)}
        has = {each.code for each in after.advice if (each.cycle, each.day) == (one.cycle, one.day)}
        assert not (has - had) & harmful


def suggested(suggest: Suggestion) -> Action:
    fields: dict[str, Any] = {"cycle": suggest.cycle, "day": suggest.day, "reason": "closed day"}
    fields |= {"to": suggest.to, "scope": suggest.scope} if suggest.kind == "defer" else {}
    fields |= {"on": suggest.to} if suggest.kind == "given" else {}
    return action_from_fields(suggest.kind, fields)


@given(histories(versions=True))
@THOROUGH
def test_doses_are_in_order_with_one_day_1_a_cycle_and_dates_that_fit_their_state(history: History) -> None:
    plan = history.plan()
    ids = [dose.id for dose in plan.doses()]
    assert ids == sorted(set(ids))
    assert [cycle.number for cycle in plan.cycles] == list(range(1, len(plan.cycles) + 1))
    for cycle in plan.cycles:
        assert cycle.day1 in [dose.date or cycle.day1 for dose in cycle.doses if dose.day == 1]
        assert cycle.last_day == cycle.day1 + timedelta(days=cycle.length_days - 1)
    assert all(dose.nominal == cycle.day1 + timedelta(days=dose.day - 1) for dose, cycle in beside_day_1(plan))
    for cycle, following in pairwise(plan.cycles):
        assert following.day1 - cycle.day1 == timedelta(days=cycle.length_days)
    for dose in plan.doses():
        assert (dose.date is None) == (dose.state is DoseState.HELD)
        assert (dose.times is None) == (dose.state not in COUNTED)
        if dose.times is not None and dose.state is DoseState.PLANNED:
            times = dose.times
            assert times.infusion_start.date() >= on(dose)
            assert times.arrival < times.infusion_start <= times.infusion_end <= times.observation_end
            assert (times.infusion_start < times.infusion_end) == times.length_known
            assert list(times.bag_changes) == sorted(set(times.bag_changes))
            assert all(times.infusion_start < change < times.infusion_end for change in times.bag_changes)


def beside_day_1(plan: Plan) -> list[tuple[Dose, Cycle]]:
    """The doses of other days than day 1, each with its cycle."""
    return [(dose, cycle) for cycle in plan.cycles for dose in cycle.doses if dose.day != 1]
