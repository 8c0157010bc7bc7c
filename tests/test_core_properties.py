"""What holds for every course, whatever was recorded."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from dateutil.relativedelta import relativedelta
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scheduler import Plan, action_from_fields, events, plan_to_dict
from scheduler.actions import Action, Given
from scheduler.plan import Dose, DoseState, Suggestion
from tests.core_strategies import KINDS, History, histories, next_actions

COUNTED = (DoseState.PLANNED, DoseState.GIVEN)
# Choosing an action that fits what came before takes a plan for each, and some draws fit nothing.
THOROUGH = settings(max_examples=45, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def counted(plan: Plan) -> list[Dose]:
    return [dose for dose in plan.doses() if dose.state in COUNTED]


def on(dose: Dose) -> date:
    assert dose.date is not None
    return dose.date


@given(histories())
@THOROUGH
def test_the_gap_is_kept_wherever_a_planned_dose_could_still_move(history: History) -> None:
    plan = history.plan()
    gap = timedelta(days=plan.regimen.ranked[0].gap_days)
    doses = [dose for dose in plan.doses() if dose.state is not DoseState.OMITTED and dose.date is not None]
    for before, dose in pairwise(doses):
        if dose.state is not DoseState.PLANNED or on(dose) - on(before) >= gap:
            continue
        blocked_by = [later for later in doses if later.id > dose.id and later.state is DoseState.GIVEN]
        assert blocked_by, "only a given dose after it may stand in the way"
        assert min(map(on, blocked_by)) <= on(before) + gap


@given(histories())
@THOROUGH
def test_every_gap_that_is_too_short_is_remarked(history: History) -> None:
    plan = history.plan()
    short = {
        (dose.cycle, dose.day)
        for before, dose in pairwise(counted(plan))
        if on(dose) - on(before) < timedelta(days=plan.regimen.ranked[0].gap_days)
    }
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
    recorded = {(one.cycle, one.day): one.on for one in records if isinstance(one, Given)}
    assert {(dose.cycle, dose.day): dose.date for dose in plan.doses() if dose.state is DoseState.GIVEN} == recorded


@given(histories(), st.data())
@THOROUGH
def test_an_omission_leaves_all_others_where_they_were(history: History, data: st.DataObject) -> None:
    """Unless the omitted dose had pushed a later one, which then goes back: pushes go when their cause goes."""
    action = data.draw(next_actions(history, ("omit",)))
    assume(action.replaces is None and history.accepts(action))
    before, after = history.plan(), history.plan(action)
    pushed = any(dose.pushed for dose in before.doses())
    for was, now in zip(before.doses(), after.doses(), strict=True):
        assert was.id == now.id
        if not pushed and was.state is not DoseState.HELD:
            assert (now.date, now.nominal) == (was.date, was.nominal)
        if was.state is DoseState.GIVEN:
            assert now.date == was.date
    assert sum(was.state != now.state for was, now in zip(before.doses(), after.doses(), strict=True)) == 1


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
    last = max((on(dose) for dose in counted(plan)), default=None)
    months = {(rule.audience, rule.kind): rule.amount for rule in plan.regimen.windows}
    for window in plan.windows:
        if plan.held is not None:
            assert window.through is None
            continue
        assert last is not None
        assert window.last_dose == last
        assert window.through is not None
        asked = last + relativedelta(months=months[window.audience, window.kind])
        assert asked <= window.through <= asked + timedelta(days=1)
        assert not (window.final and any(dose.state is DoseState.PLANNED for dose in plan.doses()))


@given(histories(most=6), st.integers(1, 400))
@THOROUGH
def test_a_later_last_dose_never_ends_a_window_earlier(history: History, days: int) -> None:
    plan = history.plan()
    assume(plan.windows and plan.held is None and plan.ceased is None)
    last = max(counted(plan), key=on)
    assume(last.state is DoseState.PLANNED)
    defer = {"cycle": last.cycle, "day": last.day, "to": on(last) + timedelta(days=days), "reason": "r"}
    action = action_from_fields("defer", defer)
    assume(history.accepts(action))
    for was, now in zip(plan.windows, history.plan(action).windows, strict=True):
        assert was.through is not None
        assert now.through is not None
        assert now.through >= was.through


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
        assert moved.date == one.suggest.to
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
        assert cycle.doses[0].day == 1
        assert cycle.last_day == cycle.day1 + timedelta(days=cycle.length_days - 1)
    for cycle, following in pairwise(plan.cycles):
        assert following.day1 - cycle.day1 == timedelta(days=cycle.length_days)
    for dose in plan.doses():
        assert (dose.date is None) == (dose.state is DoseState.HELD)
        assert (dose.times is None) == (dose.state not in COUNTED)
        if dose.times is not None and dose.state is DoseState.PLANNED:
            assert dose.times.infusion_start.date() >= on(dose)
            assert (
                dose.times.arrival < dose.times.infusion_start < dose.times.infusion_end <= dose.times.observation_end
            )
