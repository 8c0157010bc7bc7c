"""Checks, remarks and events where a visit has several agents, days have no dose, and infusions run on."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scheduler import ClinicRules, Plan, Regimen, build_plan, events
from scheduler.dates import add
from scheduler.events import Event, EventKind
from tests.core import act, action_of, course_of
from tests.core_regimens import (
    ALONE,
    AUDIENCES,
    COURSE,
    SOURCE,
    agent,
    by_hours,
    cycles,
    made_up,
    open_ended,
    prepared,
    pump,
    silent,
    trio,
    unknown,
    window,
)
from tests.test_core_agents import CYCLE1, DAY1, cease, defer, gave, omit, plan

Table = dict[str, Any]
SUNDAYS_TOO = ClinicRules(opening_days=frozenset(range(7)))


def task(kind: str, on: str, **more: str) -> str:
    """A table of a task; `more` are keys with their TOML values."""
    lines = {"when": '"before"', "offset_days": "1"} if on != "cycle-days" else {}
    values = "\n".join(f"{key} = {value}" for key, value in (lines | more).items())
    return f'\n[[tasks]]\nkind = "{kind}"\non = "{on}"\n{values}\nsource = "book"\nverified = true\n'


def with_tasks(*tables: str, counts: str = "fixed = 2") -> Regimen:
    """Alpha on days 1 and 8, beta on day 1, with these tasks."""
    return made_up(
        agent("alpha", f"days.1 = {COURSE}\ndays.8 = {ALONE}", observed=""),
        agent("beta", f"days.1 = {ALONE}", observed=""),
        cycles("alpha = [1, 8], beta = [1]"),
        silent("alpha", "beta"),
        *tables,
        counts=counts,
    )


def listed(found: Plan) -> list[str]:
    """Tasks in a word or two."""
    return [
        f"{each.kind} c{each.cycle}d{each.day}{f' {each.agent}' if each.agent else ''} {each.date:%m-%d}"
        for each in found.tasks
    ]


TASKS: list[tuple[tuple[str, ...], list[Table], list[str], str]] = [
    (
        (task("blood-count", "each-dose"),),
        [],
        ["blood-count c1d1 01-31", "blood-count c1d8 02-07", "blood-count c2d1 02-21", "blood-count c2d8 02-28"],
        "15: once for a visit, though two agents hang on it",
    ),
    (
        (task("blood-count", "each-dose"),),
        [defer("C2D1", "02-24", "beta")],
        [
            *("blood-count c1d1 01-31", "blood-count c1d8 02-07", "blood-count c2d1 02-21"),
            *("blood-count c2d1 beta 02-23", "blood-count c2d8 02-28"),
        ],
        "15: a dose on another date is another visit",
    ),
    (
        (task("ecg", "each-dose", agent='"alpha"'), task("ecg", "each-dose", agent='"beta"')),
        [],
        ["ecg c1d1 01-31", "ecg c1d8 02-07", "ecg c2d1 02-21", "ecg c2d8 02-28"],
        "15: once, though two agents ask for it",
    ),
    (
        (task("ecg", "each-dose", agent='"beta"'), task("ecg", "each-dose")),
        [],
        ["ecg c1d1 01-31", "ecg c1d8 02-07", "ecg c2d1 02-21", "ecg c2d8 02-28"],
        "15: and those that the other did not ask for",
    ),
    (
        (task("eye-exam", "day-1", agent='"beta"', cycles='["1 to 9"]'),),
        [omit("C1D1", "beta")],
        ["eye-exam c2d1 02-21"],
        "of one agent: not where it is omitted",
    ),
    (
        (task("ecg", "first-dose", agent='"beta"'),),
        [omit("C1D1", "beta")],
        ["ecg c2d1 02-21"],
        "the first dose of that agent",
    ),
    (
        (task("ecg", "each-dose"),),
        [cease("02-07", "alpha")],
        ["ecg c1d1 01-31", "ecg c2d1 02-21"],
        "4: what hangs on the other agent stays",
    ),
    (
        (task("ecg", "each-dose", agent='"alpha"'),),
        [gave("C1D1", "02-01"), cease("02-07", "alpha")],
        ["ecg c1d1 01-31"],
        "4: of the ceased agent what belongs to given doses stays",
    ),
    (
        (task("dexamethasone", "cycle-days", days='["0 to 1", 3]', at_home="true"),),
        [],
        [
            *("dexamethasone c1d0 01-31", "dexamethasone c1d1 02-01", "dexamethasone c1d3 02-03"),
            *("dexamethasone c2d0 02-21", "dexamethasone c2d1 02-22", "dexamethasone c2d3 02-24"),
        ],
        "15: on the named days from day 1, on a Sunday too, since it is done at home",
    ),
    (
        (task("blood-count", "cycle-days", days="[6]"), task("liver-tests", "cycle-days", days="[6]", when='"after"')),
        [],
        ["blood-count c1d6 02-05", "liver-tests c1d6 02-08", "blood-count c2d6 02-26", "liver-tests c2d6 03-01"],
        "15: what is done at the clinic rolls to its side",
    ),
    (
        (task("dexamethasone", "cycle-days", days="[2]", at_home="true"),),
        [cease("02-10", cause="other")],
        ["dexamethasone c1d2 02-02"],
        "15: it falls away with a cycle none of whose doses stands",
    ),
    (
        (task("hospital-stay", "cycle-days", days="[6]", lasts_days="9", cycles="[1]"),),
        [],
        ["hospital-stay c1d6 02-06"],
        "a stay is not moved by closed days of the clinic",
    ),
    (
        (task("dexamethasone", "each-dose", at_home="true"),),
        [],
        [
            "dexamethasone c1d1 01-31",
            "dexamethasone c1d8 02-07",
            "dexamethasone c2d1 02-21",
            "dexamethasone c2d8 02-28",
        ],
        "nor is what is done at home before a dose",
    ),
]


@pytest.mark.parametrize(("tables", "actions", "expected", "reason"), TASKS, ids=[row[3] for row in TASKS])
def test_tasks_are_listed_once_for_a_visit(
    tables: tuple[str, ...], actions: list[Table], expected: list[str], reason: str
) -> None:
    regimen = with_tasks(*tables)
    clinic = ClinicRules() if "cycle-days" in tables[0] else SUNDAYS_TOO
    clinic = ClinicRules() if "at_home" in tables[0] else clinic
    recorded = [action_of(action) for action in actions]
    found = build_plan(regimen, course_of(DAY1), recorded, today=DAY1, clinic=clinic)
    assert listed(found) == expected, reason


def test_a_task_on_a_day_of_the_cycle_says_why_it_is_there() -> None:
    regimen = with_tasks(task("blood-count", "cycle-days", days="[5]"), counts="fixed = 1")
    (found,) = plan(lambda: regimen).tasks
    assert found.why.sentence == "5 Feb 2027: day 5 of cycle 1, which starts 1 Feb 2027; a made-up book."
    later = with_tasks(task("blood-count", "cycle-days", days="[7]", when='"after"'), counts="fixed = 1")
    (moved,) = plan(lambda: later).tasks
    assert moved.why.sentence == (
        "8 Feb 2027: day 7 of cycle 1, which starts 1 Feb 2027; 7 Feb 2027 is closed, so the first open day after;"
        " a made-up book."
    )
    for one in (found, moved):
        for fact in one.why.chain:
            assert fact.since is not None
            assert add(fact.since, fact.amount, fact.unit) == fact.result


def test_the_clinics_own_distance_does_not_hold_at_home() -> None:
    after = {"when": '"after"', "offset_days": "2"}
    regimen = with_tasks(
        task("dexamethasone", "first-dose", at_home="true", **after), task("ecg", "first-dose", **after)
    )
    clinic = ClinicRules(after_test_days=1)
    found = build_plan(regimen, course_of(DAY1), [], today=DAY1, clinic=clinic)
    assert listed(found) == ["ecg c1d1 02-02", "dexamethasone c1d1 02-03"]


# -- Events ---------------------------------------------------------------------------------------------------------


def shown(event: Event) -> str:
    """An event in a word or two."""
    if event.all_day:
        return f"{event.key} {event.start:%m-%d}" + (f"..{event.end:%m-%d}" if event.end != event.start else "")
    end = "?" if event.open_end else f"{event.end:%H:%M}"
    return f"{event.key} {event.start:%m-%d %H:%M}-{end} {'+'.join(event.agents)}".strip()


def test_a_visit_is_one_event_and_what_lies_apart_another() -> None:
    found = [
        shown(event) for event in events(plan(trio, defer("C1D1", "02-03", "beta"))) if event.key.startswith("c1d")
    ]
    assert found == [
        "c1d1/infusion 02-01 09:00-13:00 alphamab+gammamab",
        "c1d1/infusion/beta 02-03 09:00-10:00 betamab",
        "c1d1/observation 02-01 13:00-13:30 alphamab+gammamab",
        "c1d1/observation/beta 02-03 10:00-10:30 betamab",
        "c1d2/infusion 02-02 09:00-10:00 gammamab",
        "c1d2/observation 02-02 10:00-10:30 gammamab",
        "c1d8/infusion 02-08 09:00-10:00 gammamab",
        "c1d8/observation 02-08 10:00-10:30 gammamab",
    ]


def test_what_runs_on_has_events_for_its_bags_and_its_end() -> None:
    found = [event for event in events(plan(pump)) if event.key.startswith("c1d1/")]
    assert [shown(event) for event in found] == [
        "c1d1/bag/flow-1 02-02 11:45-11:45 flowmab",
        "c1d1/disconnect/flow 02-03 09:45-09:45 flowmab",
        "c1d1/infusion 02-01 09:00-? alphamab+betamab+flowmab",
    ]
    assert {event.kind for event in found} == {EventKind.BAG_CHANGE, EventKind.DISCONNECT, EventKind.INFUSION}
    assert all(event.arrival is None for event in found[:2])
    assert f"{found[2].end:%H:%M}" == "11:45", "the last instant that is known"


def test_with_one_agent_the_keys_of_what_runs_on_name_none() -> None:
    regimen = made_up(
        agent("flow", f"days.1 = {COURSE}", infusion="[2880]", more=f"continuous = {{ bag_hours = 24, {SOURCE} }}"),
        cycles("flow = [1]"),
        silent("flow"),
        counts="fixed = 1",
    )
    found = [shown(event) for event in events(plan(lambda: regimen))]
    assert found == [
        "c1d1/bag/1 02-02 09:00-09:00",
        "c1d1/disconnect 02-03 09:00-09:00",
        "c1d1/infusion 02-01 09:00-?",
    ]


def test_an_unknown_length_leaves_the_end_of_the_event_open() -> None:
    first = next(event for event in events(plan(unknown)) if event.key == "c1d1/infusion")
    assert (first.open_end, first.leave_not_before, first.start == first.end) == (True, None, True)
    assert not any(event.kind is EventKind.OBSERVATION for event in events(plan(unknown)))


def test_home_tasks_and_stays_are_events_of_their_own() -> None:
    regimen = with_tasks(
        task("dexamethasone", "cycle-days", days='["0 to 1"]', at_home="true"),
        task("dexamethasone", "first-dose", at_home="true"),
        task("hospital-stay", "cycle-days", days="[1, 15]", lasts_days="3"),
        task("blood-count", "cycle-days", days="[2]"),
        task("blood-count", "each-dose"),
        counts="fixed = 1",
    )
    found = {event.key: event for event in events(plan(lambda: regimen)) if event.all_day}
    assert {key: (event.kind.value, shown(event).removeprefix(f"{key} ")) for key, event in found.items()} == {
        "c1/day0/dexamethasone": ("home", "01-31"),
        "c1/day1/dexamethasone": ("home", "02-01"),
        "c1/day2/checks": ("check", "02-02"),
        "c1/stay": ("stay", "02-01..02-03"),
        "c1/stay/day15": ("stay", "02-15..02-17"),
        "c1d1/checks-before-1": ("check", "01-29"),
        "c1d1/home-before-1/dexamethasone": ("home", "01-31"),
        "c1d8/checks-before-1": ("check", "02-05"),
    }


def test_a_window_that_ends_at_an_hour_stands_on_its_date() -> None:
    regimen = made_up(
        agent("alpha", f"days.1 = {COURSE}"),
        cycles("alpha = [1]"),
        silent("alpha", but=(("alpha", AUDIENCES[0]),)),
        window("alpha", AUDIENCES[0], "hours = 48"),
        counts="fixed = 1",
    )
    (found,) = (event for event in events(plan(lambda: regimen, audiences=AUDIENCES[:1])) if event.window)
    assert (found.start, found.end) == (date(2027, 2, 3), date(2027, 2, 3))
    assert f"{found.until:%m-%d %H:%M}" == "02-03 10:00"


def test_what_has_no_end_date_is_no_event() -> None:
    regimen = made_up(
        agent("alpha", f"days.1 = {COURSE}"),
        cycles("alpha = [1]"),
        silent("alpha", but=(("alpha", AUDIENCES[0]),)),
        window("alpha", AUDIENCES[0], "not_stated = true"),
    )
    assert not any(event.window for event in events(plan(lambda: regimen, audiences=AUDIENCES[:1])))


# -- Remarks ----------------------------------------------------------------------------------------------------------


def remarks(found: Plan) -> list[str]:
    """The remarks in a word or two, without those on sources."""
    return [
        f"{one.code} c{one.cycle}d{one.day}{f' {one.suggest.agent}' if one.suggest and one.suggest.agent else ''}"
        + (f" -> {one.suggest.kind} {one.suggest.to or ''}".rstrip() if one.suggest else "")
        for one in found.advice
        if one.code != "unverified"
    ]


def test_an_overdue_visit_is_one_remark_and_can_be_recorded() -> None:
    found = plan(trio, today=date(2027, 2, 4))
    assert remarks(found) == ["overdue c1d1 -> given 2027-02-01", "overdue c1d2"]
    message = found.advice[0].message
    assert message == (
        "C1D1 was planned for 1 Feb 2027 and is not recorded; urgent: nobody knows whether it was given."
    )
    accepted = plan(trio, gave("C1D1", "02-01"), today=date(2027, 2, 4))
    assert remarks(accepted) == ["overdue c1d2 -> given 2027-02-02"]


def test_what_lies_apart_from_its_visit_is_remarked_by_its_agent() -> None:
    found = plan(trio, defer("C1D1", "02-03", "beta"), today=date(2027, 2, 4))
    late = [one for one in remarks(found) if one.startswith("overdue")]
    assert late == [
        "overdue c1d1 -> given 2027-02-01",
        "overdue c1d1 beta -> given 2027-02-03",
        "overdue c1d2",
    ]


def test_a_day_before_day_1_is_overdue_by_itself_and_need_not_wait() -> None:
    found = plan(prepared, today=date(2027, 2, 2))
    late = [one for one in remarks(found) if one.startswith("overdue")]
    assert late == ["overdue c1d-1 -> given 2027-01-30", "overdue c1d0", "overdue c1d1"]
    recorded = plan(prepared, gave("C1D-1", "01-30"), gave("C1D0", "01-31"), today=date(2027, 2, 2))
    assert [one for one in remarks(recorded) if "overdue" in one] == ["overdue c1d1 -> given 2027-02-01"]


def closed(*days: date) -> ClinicRules:
    return ClinicRules(opening_days=frozenset(range(7)), closed=dict.fromkeys(days, "a holiday"))


def remarks_with(made: Regimen, clinic: ClinicRules, *actions: Table) -> list[str]:
    recorded = [action_of(action) for action in actions]
    return remarks(build_plan(made, course_of(DAY1), recorded, today=DAY1, clinic=clinic))


def test_a_closed_day_proposes_a_date_for_the_whole_visit() -> None:
    clinic = closed(date(2027, 2, 22))
    assert remarks_with(trio(), clinic, *CYCLE1) == ["closed-day c2d1 -> defer 2027-02-23"]
    late = [gave("C1D1", "02-01", "alpha"), gave("C1D1", "02-04", "beta", reason="r")]
    found = remarks_with(trio(), clinic, *late, gave("C1D1", "02-01", "gamma"))
    assert "closed-day c2d1 -> defer 2027-02-23" in found, "beta lies apart by its gap and is not on that day"


def test_a_proposal_keeps_the_gap_of_each_dose_of_the_visit() -> None:
    """Alpha could come a day earlier, beta with its gap of 21 days could not."""
    regimen = made_up(
        agent("alpha", f"days.1 = {COURSE}", gap="days = 7"),
        agent("beta", f"days.1 = {ALONE}", gap="days = 21"),
        cycles("alpha = [1], beta = [1]", span=(14, 28)),
        silent("alpha", "beta"),
    )
    clinic = ClinicRules(
        opening_days=frozenset(range(7)),
        closed={date(2027, 2, 22): "a holiday"},
        closed_day_policy="earlier",  # type: ignore[arg-type]
    )
    assert remarks_with(regimen, clinic) == ["closed-day c2d1 -> defer 2027-02-23"]


def test_a_closed_day_before_day_1_stays_before_it() -> None:
    found = remarks_with(prepared(), closed(date(2027, 2, 21)))
    assert [one for one in found if "closed" in one] == ["closed-day c2d0"], "no tolerance: no other date"


def test_a_planned_dose_of_a_ceased_agent_cannot_be_moved_off_a_closed_day() -> None:
    found = remarks_with(trio(), closed(date(2027, 2, 22)), *CYCLE1, cease("02-25", "alpha"))
    assert found == ["closed-day c2d1"], "nor can the others without it: they have no tolerance"
    gamma = remarks_with(trio(), closed(date(2027, 2, 23)), *CYCLE1, cease("02-25", "gamma"))
    assert gamma == ["closed-day c2d2"]


def test_a_late_dose_where_the_rest_shifts_is_a_note() -> None:
    found = plan(trio, defer("C1D2", "02-07"))
    late = [one for one in found.advice if one.code == "late-shift"]
    assert [(one.cycle, one.day, one.severity.value, one.suggest) for one in late] == [(1, 2, "note", None)]
    assert late[0].message == (
        "C1D2 gamma is 5 days later than its day: it is given as soon as possible, the rest follows (a made-up book)."
    )


def test_no_number_of_days_asks_nothing() -> None:
    for made in (prepared, by_hours):
        found = plan(made, defer("C2D1", "04-30"), today=DAY1)
        assert not {"late-omit", "late-shift", "long-interruption"} & {one.code for one in found.advice}


def test_a_start_put_later_to_keep_the_gap_in_hours_is_remarked() -> None:
    found = plan(by_hours, gave("C1D1", "02-01", started="10:40"), today=DAY1)
    assert remarks(found) == ["moved-to-keep-gap c1d4"]
    assert found.advice[0].message == "C1D4 on 4 Feb 2027 starts at 10:40 to keep 72 hours."


def test_a_gap_that_is_too_short_names_the_agent() -> None:
    records = [*CYCLE1, gave("C2D1", "02-21", reason="r")]
    found = [one.message for one in plan(trio, *records).advice if one.code == "gap-too-short"]
    assert found == [
        "C2D1 alpha on 21 Feb 2027 is less than 21 days after C1D1 alpha on 1 Feb 2027 (a made-up book).",
    ]


UNREAD = "not verified, check the label."


def test_each_group_of_facts_that_was_not_read_is_remarked_once() -> None:
    def unread(text: str) -> str:
        return text.replace("verified = true", "verified = false")

    regimen = made_up(
        unread(agent("alpha", f"days.1 = {COURSE}", gap="days = 21")),
        agent("beta", f"days.1 = {ALONE}", gap="days = 2", infusion="", observed=""),
        unread(cycles("alpha = [1], beta = [1]")),
        silent("alpha", "beta", but=(("alpha", AUDIENCES[0]),)),
        window("alpha", AUDIENCES[0], "weeks = 1", verified="false"),
        unread(task("ecg", "first-dose")) + task("electrolytes", "first-dose"),
    )
    found = plan(lambda: regimen, today=DAY1, audiences=AUDIENCES[:1])
    assert [one.message for one in found.advice if one.code == "unverified"] == [
        f"1 week of birth control for a patient who can become pregnant: {UNREAD}",
        f"The cycles and their days: {UNREAD}",
        f"The times of infusion and observation (alphamab): {UNREAD}",
        f"The gap between doses (alphamab): {UNREAD}",
        f"The checks (ecg): {UNREAD}",
    ]
    held = plan(
        lambda: regimen, act("hold", "C1D1", on="2027-02-01", cause="liver"), today=DAY1, audiences=AUDIENCES[:1]
    )
    assert held.advice[0].message == f"Birth control for a patient who can become pregnant: {UNREAD}"


def test_a_number_of_cycles_that_was_not_read_is_remarked() -> None:
    regimen = open_ended()
    unread = replace(regimen, counts_cite=replace(regimen.counts_cite, verified=False))
    found = build_plan(unread, course_of(DAY1), [], today=DAY1)
    assert [one.message for one in found.advice] == [f"The number of cycles: {UNREAD}"]
