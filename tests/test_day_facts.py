"""The dated facts of a plan are what the plan says, counted here a second time from its doses, tasks and remarks."""

from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

import pytest

from scheduler import ClinicRules, Course, Plan, Regimen, build_plan
from scheduler.actions import Action
from scheduler.day_facts import DayFact, FactKind, day_facts
from scheduler.plan import LIVER_WATCH, Dose, DoseState
from tests.core import act, action_of, course_of, inotuzumab
from tests.test_core_agents import defer, gave, plan
from tests.test_core_agents_tasks import task, with_tasks
from tests.test_regimen_library import IDS, example_of

START = date(2026, 12, 7)  # a Monday
WATCHED = date(2027, 6, 28)  # eight weeks after the last dose that is planned, 3 May
LONG_AGO, LONG_AFTER = date(2000, 1, 1), date(2040, 1, 1)
GIVEN_TWICE = (act("given", "C1D1", on=START), act("given", "C1D8", on=date(2026, 12, 14)))
CHRISTMAS = ClinicRules(closed={date(2026, 12, 21): "own closure", date(2026, 12, 28): "own closure"})
COURSES = {
    "nothing recorded": ((), ClinicRules()),
    "two doses given": (GIVEN_TWICE, ClinicRules()),
    "one of them taken back": ((*GIVEN_TWICE, act("void", action=2)), ClinicRules()),
    "deferred to a weekend": ((*GIVEN_TWICE[:1], act("defer", "C1D8", to=date(2026, 12, 13))), ClinicRules()),
    "closed days": (GIVEN_TWICE, CHRISTMAS),
    "the patient away": ((act("away", from_=date(2026, 12, 14), to=date(2026, 12, 29)),), CHRISTMAS),
    "on hold": ((*GIVEN_TWICE, act("hold", "C1D15", on=date(2026, 12, 18), cause="liver")), ClinicRules()),
    "a dose left out": ((*GIVEN_TWICE[:1], act("omit", "C1D8")), ClinicRules()),
    "a response recorded": ((*GIVEN_TWICE, act("response", cycle=3, value="CR")), ClinicRules()),
    "ceased for a transplant": (
        (*GIVEN_TWICE, act("cease", on=date(2026, 12, 16), cause="transplant")),
        ClinicRules(after_test_days=3),
    ),
    "ceased by death": ((*GIVEN_TWICE, act("cease", on=date(2026, 12, 16), cause="death")), ClinicRules()),
    "transferred": ((*GIVEN_TWICE, act("cease", on=date(2026, 12, 16), cause="transferred")), ClinicRules()),
}
Case = tuple[Regimen, Course, tuple[Action, ...], ClinicRules]


def case(name: str) -> Case:
    """A course of that name: a worked example, or inotuzumab with what was recorded."""
    if name in IDS:
        file = example_of(name).course
        return file.regimen, file.course, file.actions, ClinicRules()
    plain, clinic = COURSES[name]
    course = course_of(START, audiences=["can-become-pregnant"])
    return inotuzumab(), course, tuple(action_of(each) for each in plain), clinic


def seen_on(found: Case, today: date) -> Plan:
    regimen, course, actions, clinic = found
    return build_plan(regimen, course, actions, today=today, clinic=clinic)


NAMES = [*IDS, *COURSES]


def of_kind(facts: tuple[DayFact, ...], *kinds: FactKind) -> list[DayFact]:
    return [fact for fact in facts if fact.kind in kinds]


def is_before(fact: DayFact) -> bool:
    """Whether it is a check before a visit."""
    return fact.kind is FactKind.CHECK and fact.detail["day"] is not None and "/cycle" not in fact.key


def facts_of(found: Case) -> tuple[DayFact, ...]:
    return day_facts(seen_on(found, LONG_AFTER), found[3])


def timed(plan: Plan) -> Iterator[tuple[tuple[int, int, date], Dose]]:
    for dose in plan.doses():
        if dose.date is not None and dose.times is not None:
            yield (dose.cycle, dose.day, dose.date), dose


@pytest.mark.parametrize("name", NAMES)
def test_no_fact_depends_on_today(name: str) -> None:
    found = case(name)
    assert facts_of(found) == day_facts(seen_on(found, LONG_AGO), found[3])


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_has_its_own_key_and_every_tick_its_own_reference(name: str) -> None:
    facts = facts_of(case(name))
    assert len({fact.key for fact in facts}) == len(facts)
    refs = [fact.ref for fact in facts if fact.ref and not is_before(fact)]
    refs += [ref for fact in facts for _, ref in fact.detail.get("ticks", ())]
    assert len(set(refs)) == len(refs)


@pytest.mark.parametrize("name", NAMES)
def test_visits_are_the_doses_with_their_times(name: str) -> None:
    found = case(name)
    expected: dict[tuple[int, int, date], list[Dose]] = {}
    for place, dose in timed(seen_on(found, LONG_AFTER)):
        expected.setdefault(place, []).append(dose)
    facts = of_kind(facts_of(found), FactKind.VISIT, FactKind.GIVEN)
    assert {(fact.detail["cycle"], fact.detail["day"], fact.first) for fact in facts} == set(expected)
    for fact in facts:
        doses = expected[fact.detail["cycle"], fact.detail["day"], fact.first]
        planned = [dose for dose in doses if dose.state is DoseState.PLANNED]
        assert (fact.kind is FactKind.VISIT) == bool(planned)
        assert [dose["given"] for dose in fact.detail["doses"]].count(False) == len(planned)
        times = [dose.times for dose in doses if dose.times is not None]
        assert fact.start == min(one.arrival for one in times).astimezone(UTC)
        assert fact.end == max(one.observation_end for one in times).astimezone(UTC)


@pytest.mark.parametrize("name", NAMES)
def test_bags_and_pumps_are_those_of_the_doses(name: str) -> None:
    found = case(name)
    doses = [dose.times for _, dose in timed(seen_on(found, LONG_AFTER)) if dose.times is not None]
    facts = facts_of(found)
    changes = sorted(at.astimezone(UTC) for times in doses for at in times.bag_changes)
    assert sorted(fact.start for fact in of_kind(facts, FactKind.BAG) if fact.start) == changes
    ends = sorted(times.disconnect.astimezone(UTC) for times in doses if times.disconnect is not None)
    assert sorted(fact.start for fact in of_kind(facts, FactKind.PUMP) if fact.start) == ends


@pytest.mark.parametrize("name", NAMES)
def test_visits_on_closed_days_are_those_that_the_plan_remarks_on(name: str) -> None:
    found = case(name)
    remarks = [one for one in seen_on(found, LONG_AGO).advice if one.code == "closed-day"]
    facts = of_kind(facts_of(found), FactKind.CLOSED)
    assert sorted((fact.detail["cycle"], fact.detail["day"]) for fact in facts) == sorted(
        (one.cycle or 0, one.day or 0) for one in remarks
    )
    for fact in facts:
        assert any(fact.detail["reason"] in one.message for one in remarks), fact


@pytest.mark.parametrize("name", NAMES)
def test_a_hold_and_the_liver_watch_are_those_of_the_plan(name: str) -> None:
    found = case(name)
    seen, facts = seen_on(found, LONG_AFTER), facts_of(found)
    holds = [(fact.first, fact.last, fact.detail["cause"]) for fact in of_kind(facts, FactKind.HOLD)]
    assert holds == ([(seen.held.on, date.max, seen.held.cause.value)] if seen.held else [])
    ours = seen.ceased is None or seen.ceased.cause.value not in {"death", "transferred", "hospice"}
    given = [dose.date for dose in seen.doses() if dose.state is DoseState.GIVEN and dose.date is not None]
    planned = [dose for dose in seen.doses() if dose.state is DoseState.PLANNED]
    watched = [one.date for one in seen.tasks if one.kind == LIVER_WATCH and ours and given and not planned]
    assert [(fact.first, fact.last) for fact in of_kind(facts, FactKind.WATCH)] == [
        (max(given), end) for end in watched
    ]


@pytest.mark.parametrize("name", NAMES)
def test_checks_before_planned_visits_are_asked_for_up_to_the_day_before(name: str) -> None:
    found = case(name)
    seen = seen_on(found, LONG_AFTER)
    ours = seen.ceased is None or seen.ceased.cause.value not in {"death", "transferred", "hospice"}
    planned = {place[:2]: place[2] for place, dose in timed(seen) if dose.state is DoseState.PLANNED}
    expected = [
        (one.kind, one.cycle, one.day, one.date, planned[one.cycle, one.day] - timedelta(days=1))
        for one in seen.tasks
        if one.when == "before" and one.day is not None and not one.of_cycle and not one.at_home
        if ours and (one.cycle, one.day) in planned
    ]
    told = [
        (fact.detail["what"], fact.detail["cycle"], fact.detail["day"], fact.first, fact.last)
        for fact in facts_of(found)
        if is_before(fact)
    ]
    assert sorted(told) == sorted(expected)


# -- Readings ----------------------------------------------------------------------------------------------------------


def named(name: str, kind: FactKind) -> list[tuple[str, date, date]]:
    return [(fact.detail["what"], fact.first, fact.last) for fact in of_kind(facts_of(case(name)), kind)]


def test_after_tests_are_asked_of_the_last_given_dose_until_the_next() -> None:
    assert named("nothing recorded", FactKind.AFTER) == []
    assert named("two doses given", FactKind.AFTER) == [("liver-tests", date(2026, 12, 15), WATCHED)]
    assert named("one of them taken back", FactKind.AFTER) == [("liver-tests", date(2026, 12, 8), WATCHED)]


def test_weekly_tests_after_a_transplant_are_asked_for_until_the_next_week() -> None:
    week, first = timedelta(days=7), date(2026, 12, 23)
    weekly = {("liver-tests", first + week * n, first + week * (n + 1) - timedelta(days=1)) for n in range(3)}
    end = date(2027, 2, 8)  # of the liver watch, eight weeks after the last dose
    last = {("liver-tests", first + week * 3, end), ("liver-tests", date(2026, 12, 17), end)}
    assert set(named("ceased for a transplant", FactKind.AFTER)) == weekly | last


def test_nobody_is_asked_for_checks_of_who_died_or_is_treated_elsewhere() -> None:
    for name in ("ceased by death", "transferred"):
        assert {fact.kind for fact in facts_of(case(name))} == {FactKind.GIVEN}


STOPPED = date(2026, 12, 16)
HELD = act("hold", "C1D15", on=date(2026, 12, 15), cause="pregnancy")


@pytest.mark.parametrize(
    ("recorded", "on", "why"),
    [
        ((), None, "nothing was recorded"),
        ((act("hold", "C1D15", on=date(2026, 12, 15), cause="liver"),), None, "another cause"),
        ((HELD,), date(2026, 12, 15), "a hold is decided about by the prescriber"),
        ((act("cease", on=STOPPED, cause="pregnancy"),), STOPPED, "and so is an end"),
        ((HELD, act("cease", on=STOPPED, cause="pregnancy")), STOPPED, "the last of them"),
        ((HELD, act("void", action=3)), None, "what was taken back"),
    ],
)
def test_a_recorded_pregnancy_is_for_the_prescriber(recorded: tuple[Any, ...], on: date | None, why: str) -> None:
    actions = tuple(action_of(each) for each in (*GIVEN_TWICE, *recorded))
    found = of_kind(facts_of((inotuzumab(), course_of(START), actions, ClinicRules())), FactKind.PRESCRIBER)
    assert [(fact.first, fact.ref) for fact in found] == ([(on, f"prescriber/pregnancy@{on}")] if on else []), why


def test_a_review_is_asked_for_until_its_result_is_recorded() -> None:
    reviews = [what for what, _, last in named("two doses given", FactKind.CHECK) if last == date.max]
    assert reviews == ["response-review"]
    for name in ("a response recorded", "ceased for a transplant"):
        assert "response-review" not in {what for what, _, _ in named(name, FactKind.CHECK)}


def test_a_tick_belongs_to_the_date_of_its_visit() -> None:
    (before,) = [fact for fact in facts_of(case("two doses given")) if fact.key == "visit/c1d15"]
    regimen, course, actions, clinic = case("two doses given")
    moved = (*actions, action_of(act("defer", "C1D15", to=date(2026, 12, 22))))
    (after,) = [fact for fact in facts_of((regimen, course, moved, clinic)) if fact.key == "visit/c1d15"]
    assert [name for name, _ in before.detail["ticks"]] == ["blood-count", "liver-tests", "weight", "premedication"]
    assert not {ref for _, ref in before.detail["ticks"]} & {ref for _, ref in after.detail["ticks"]}


def test_checks_of_a_cycle_are_asked_for_until_they_come_again() -> None:
    regimen = with_tasks(
        task("eye-exam", "cycle-days", days="[3]"), task("dexamethasone", "cycle-days", days="[2]", at_home="true")
    )
    seen = plan(lambda: regimen)
    days = [one.date for one in seen.tasks if one.kind == "eye-exam"]
    facts = of_kind(day_facts(seen, ClinicRules()), FactKind.CHECK)
    assert [(fact.first, fact.last) for fact in facts] == [(days[0], days[1] - timedelta(days=1)), (days[1], date.max)]
    assert {fact.detail["what"] for fact in facts} == {"eye-exam"}, "what is done at home is nobody's check"


def test_a_visit_of_which_one_agent_is_recorded_is_still_planned_and_keeps_its_checks() -> None:
    regimen = with_tasks(task("blood-count", "each-dose"))
    facts = day_facts(plan(lambda: regimen, gave("C1D1", "02-01", "alpha")), ClinicRules())
    (visit,) = [fact for fact in facts if fact.key == "visit/c1d1"]
    assert visit.kind is FactKind.VISIT
    assert [dose["given"] for dose in visit.detail["doses"]] == [True, False]
    assert "check/c1d1/blood-count/before-1" in {fact.key for fact in facts}


def test_an_agent_apart_from_its_visit_has_a_visit_and_checks_of_its_own() -> None:
    regimen = with_tasks(task("blood-count", "each-dose"), task("ecg", "each-dose", when='"after"'))
    seen = plan(lambda: regimen, gave("C1D1", "02-01", "alpha"), defer("C1D1", "02-03", "beta"))
    facts = {fact.key: fact for fact in day_facts(seen, ClinicRules())}
    assert facts["visit/c1d1/beta"].detail["agent"] == "beta"
    assert {key for key in facts if "c1d1/blood" in key} == {"check/c1d1/blood-count/before-1/beta"}
    assert [fact.detail["of"] for fact in facts.values() if fact.kind is FactKind.AFTER] == [
        str(facts["visit/c1d1"].first)
    ]
