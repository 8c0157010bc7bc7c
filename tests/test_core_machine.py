"""Whatever staff record, in any order and on any regimen: what must hold after every step (ADR 2 and 7)."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scheduler import (
    NeedsReason,
    Plan,
    Regimen,
    Rejected,
    action_from_fields,
    action_to_fields,
    build_plan,
    changes,
    check_action,
    events,
    parse_regimen,
    plan_to_dict,
)
from scheduler.actions import ACTION_KINDS, Action, CeaseCause, Given
from scheduler.events import EventKind
from scheduler.plan import DoseState
from tests.chains import dated, marks_of, replayed
from tests.core import REGIMENS
from tests.oracle_courses import new_case
from tests.oracle_proposals import Case, propose
from tests.oracle_regimens import FromHypothesis, FromSeed, newer, random_regimen
from tests.oracle_told import action_of, clinic_of, course_from_plain, told
from tests.plan_facts import COUNTED, counted, long_enough, neighbours, on, too_close

KINDS = (*(kind for kind in ACTION_KINDS if kind != "void"), *("given",) * 8, *("defer",) * 3)


@cache
def library() -> tuple[Regimen, ...]:
    """Every regimen that is shipped."""
    return tuple(parse_regimen(path.read_text(encoding="utf-8"), path.name) for path in sorted(REGIMENS.glob("*.toml")))


class Courses(RuleBasedStateMachine):
    """One course: whatever is tried is accepted or refused with a sentence, and what was accepted makes a sound plan."""

    @initialize(seed=st.integers(0, 9999))
    def begin(self, seed: int) -> None:
        chooser = FromSeed(seed)
        made_up = seed % 4 == 3
        regimen = random_regimen(chooser) if made_up else library()[seed % len(library())]
        case = new_case(chooser, regimen)
        course = {**case.course, "reason": "agreed"}
        course.pop("cycle_lengths", None)  # which lengths can start a course is not asked here
        self.case = Case(regimen, newer(chooser, regimen) if made_up else None, course, case.today)
        self.course = course_from_plain(course)
        self.actions: list[Action] = []
        self.plain: list[dict[str, Any]] = []
        self.plan = self.plan_of(self.actions)

    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    def record(self, data: st.DataObject, kind: str) -> None:
        self.attempt(propose(FromHypothesis(data.draw), told(self.plan), self.plain, self.case, (kind,)))

    @precondition(lambda self: self.plain)
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, len(self.actions)))
        before, standing = self.plan, [each for each in self.plan.actions if each.stands]
        if not self.attempt({"kind": "void", "action": number}):
            return
        if all(each.number != number for each in standing) or self.actions[number - 1].replaces is not None:
            return
        restore = action_of({"kind": "void", "action": len(self.actions)})
        self.check(restore)
        again = self.plan_of([*self.actions, restore])
        assert shape(again) == shape(before), "a void of a void restores"

    @precondition(lambda self: self.plain)
    @rule(data=st.data(), kind=st.sampled_from(("given", "defer", "omit", "time", "cycle-length")))
    def replace(self, data: st.DataObject, kind: str) -> None:
        plain = propose(FromHypothesis(data.draw), told(self.plan), self.plain, self.case, (kind,))
        if plain["kind"] != "void":
            self.attempt({**plain, "replaces": data.draw(st.integers(1, len(self.actions)))})

    # -- What holds -------------------------------------------------------------------------------------------

    @invariant()
    def the_gap_is_kept_or_told(self) -> None:
        short = {(one.cycle, one.day) for one in self.plan.advice if one.code == "gap-too-short"}
        for agent, before, dose in neighbours(self.plan):
            if too_close(agent, before, dose):
                assert (dose.cycle, dose.day) in short, (dose.id, self.plain)

    @invariant()
    def no_window_is_shorter_than_its_label(self) -> None:
        for window in self.plan.windows:
            for agent in self.plan.regimen.agents.values():
                doses = counted(self.plan, agent)
                rules = [one for one in self.plan.regimen.windows if one.agent == agent.key]
                for one in (one for one in rules if one.audience == window.audience and doses):
                    if one.jurisdiction in ("", self.course.jurisdiction):
                        assert long_enough(window, one, max(on(dose) for dose in doses)), (window, one, self.plain)

    def teardown(self) -> None:
        if not hasattr(self, "plan"):
            return
        assert self.plan_of(self.actions) == self.plan, "the same input gives the same plan"
        self.every_date_follows_from_its_chain()
        self.calendars_show_each_visit_once()
        for action in self.actions:
            fields = json.loads(json.dumps(action_to_fields(action)))
            assert action_from_fields(action.kind, fields) == action_from_fields(action.kind, dict(fields)) == action

    def every_date_follows_from_its_chain(self) -> None:
        plan = json.loads(json.dumps(plan_to_dict(self.plan)))
        marks = marks_of(plan)
        for name, day, chain in dated(plan):
            assert replayed(chain, *marks) == day, (name, chain, self.plain)

    def calendars_show_each_visit_once(self) -> None:
        found = events(self.plan)
        keys = [event.key for event in found]
        assert keys == sorted(set(keys))
        same = changes(found, found)
        assert not any((same.added, same.moved, same.cancelled))
        shown = {(event.cycle, event.day) for event in found if event.kind is EventKind.INFUSION}
        visits = {dose.id[:2] for dose in self.plan.doses() if dose.state in COUNTED}
        died = self.plan.ceased is not None and self.plan.ceased.cause is CeaseCause.DEATH
        assert shown == (set() if died else visits), self.plain

    # -- Steps --------------------------------------------------------------------------------------------------

    def attempt(self, plain: dict[str, Any]) -> bool:
        """Whether the action was accepted; where only a reason lacked, it is given."""
        try:
            action = action_of(plain)
            self.check(action)
        except NeedsReason:
            return self.attempt({**plain, "reason": "the team decided so"})
        except Rejected as fault:
            refused = fault
        else:
            self.accept(plain, action)
            return True
        assert str(refused).strip(), plain
        assert "\n" not in str(refused), plain
        assert refused.code, plain
        return False

    def accept(self, plain: dict[str, Any], action: Action) -> None:
        before = self.plan
        self.actions.append(action)
        self.plain.append(plain)
        self.plan = self.plan_of(self.actions)
        if action.kind != "void" and action.replaces is None:
            given = {dose.id: dose.date for dose in before.doses() if dose.state is DoseState.GIVEN}
            now = {dose.id: dose.date for dose in self.plan.doses() if dose.state is DoseState.GIVEN}
            assert given.items() <= now.items(), ("a given dose never moves", self.plain)
        if isinstance(action, Given):
            recorded = [dose for dose in self.plan.doses() if dose.id[:2] == (action.cycle, action.day)]
            assert any(dose.date == action.on and dose.state is DoseState.GIVEN for dose in recorded), self.plain

    def check(self, action: Action) -> None:
        clinic = clinic_of(self.case)
        check_action(self.case.regimen, self.course, self.actions, action, today=self.case.today, clinic=clinic)

    def plan_of(self, actions: list[Action]) -> Plan:
        clinic = clinic_of(self.case)
        return build_plan(self.case.regimen, self.course, actions, today=self.case.today, clinic=clinic)


# -------------------------------------------------------------------------------------------------------------


def shape(plan: Plan) -> dict[str, Any]:
    plain = told(plan)
    return {**plain, "advice": sorted(map(str, plain["advice"]))}


Courses.TestCase.settings = settings(
    max_examples=500,
    stateful_step_count=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
TestCourses = Courses.TestCase


@pytest.mark.slow
def test_ten_thousand_longer_courses_hold_what_five_hundred_hold() -> None:
    long = settings(Courses.TestCase.settings, max_examples=10_000, stateful_step_count=25)
    run_state_machine_as_test(Courses, settings=long)
