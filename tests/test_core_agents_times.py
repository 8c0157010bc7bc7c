"""The hours of visits with several agents, of infusions that run on, of unknown lengths, and gaps in hours."""

from datetime import date, datetime
from typing import Any

import pytest

from scheduler import plan_to_dict
from scheduler.plan import Dose
from tests.core import act, at
from tests.core_regimens import ALONE, COURSE, agent, by_hours, cycles, made_up, pump, silent, trio, unknown
from tests.test_core_agents import Made, defer, gave, omit, plan

Table = dict[str, Any]


def hours(dose: Dose) -> str:
    """Arrival, infusion and when one may leave, with what is not known as a question mark."""
    times = dose.times
    if times is None:
        return "none"
    start = clock(times.infusion_start) if times.start_known else "?"
    end = clock(times.infusion_end, dose.date) if times.length_known else "?"
    leave = clock(times.leave_not_before) if times.leave_not_before else "?"
    return f"{clock(times.arrival)} {start}-{end} {leave}"


def clock(instant: datetime, on: date | None = None) -> str:
    other = on is not None and instant.date() != on
    return f"{instant:%m-%d %H:%M}" if other else f"{instant:%H:%M}"


VISITS: list[tuple[Made, list[Table], dict[str, str], str]] = [
    (
        trio,
        [],
        {
            "C1D1 alpha": "08:30 09:00-10:30 12:00",
            "C1D1 beta": "08:30 12:00-13:00 13:30",
            "C1D1 gamma": "08:30 13:30-14:30 15:00",
            "C2D1 alpha": "08:30 09:00-09:30 10:00",
            "C1D2 gamma": "08:30 09:00-10:00 10:30",
        },
        "6: one after the other, each when infusion and observation before it are over; ordinals by agent",
    ),
    (
        trio,
        [gave("C1D1", "02-01", "alpha", tolerated=False)],
        {"C2D1 alpha": "08:30 09:00-10:30 12:00", "C2D1 beta": "08:30 12:00-13:00 13:30"},
        "1: an agent that was not tolerated keeps its longer time, and the next one waits for it",
    ),
    (
        trio,
        [gave("C1D1", "02-01", started="09:20", ended="15:00")],
        {
            "C1D1 alpha": "08:50 09:20-10:50 12:20",
            "C1D1 beta": "08:50 12:20-13:20 13:50",
            "C1D1 gamma": "08:50 13:50-15:00 15:30",
        },
        "3: of a visit's record the start belongs to the first dose, the end to the last",
    ),
    (
        trio,
        [gave("C1D1", "02-01", "beta", started="13:00", ended="14:30")],
        {"C1D1 alpha": "08:30 09:00-10:30 12:00", "C1D1 gamma": "08:30 15:00-16:00 16:30"},
        "6: what is recorded of one agent moves the ones after it",
    ),
    (
        trio,
        [defer("C1D1", "02-02", "gamma"), defer("C1D2", "02-03")],
        {"C1D1 beta": "08:30 12:00-13:00 13:30", "C1D1 gamma": "08:30 09:00-10:00 10:30"},
        "6: on another date it is another visit",
    ),
    (
        trio,
        [act("time", "C1D1", at="11:00"), defer("C2D1", "02-23", "beta")],
        {
            "C1D1 alpha": "10:30 11:00-12:30 14:00",
            "C2D1 beta": "08:30 09:00-10:00 10:30",
            "C2D2 gamma": "08:30 10:30-11:30 12:00",
        },
        "6: doses of two days that fall on one date are one visit, in the order of treatment",
    ),
    (
        trio,
        [omit("C1D1", "alpha")],
        {"C1D1 alpha": "none", "C1D1 beta": "08:30 09:00-10:00 10:30"},
        "an omitted dose takes no time",
    ),
    (
        pump,
        [],
        {
            "C1D1 alpha": "08:30 09:00-11:00 11:00",
            "C1D1 beta": "08:30 11:00-11:30 11:45",
            "C1D1 flow": "08:30 11:45-02-03 09:45 ?",
        },
        "7, 8: no observation is stated of alpha; the pump runs on and comes last",
    ),
    (
        unknown,
        [],
        {"C1D1 alpha": "08:30 09:00-? ?", "C1D1 beta": "08:30 ?-? ?", "C1D8 alpha": "08:30 09:00-? ?"},
        "7: an unknown length leaves open its end and all that follows on that visit",
    ),
    (
        unknown,
        [gave("C1D1", "02-01", "alpha", ended="11:15")],
        {"C1D1 alpha": "08:30 09:00-11:15 11:15", "C1D1 beta": "08:30 11:15-12:15 12:45"},
        "7: the recorded end is known",
    ),
    (
        unknown,
        [gave("C1D1", "02-01", "beta", started="12:00")],
        {"C1D1 alpha": "08:30 09:00-? ?", "C1D1 beta": "08:30 12:00-13:00 13:30"},
        "7: so is a recorded start",
    ),
    (
        unknown,
        [gave("C1D1", "02-01", "alpha", ended="08:15")],
        {"C1D1 alpha": "07:45 ?-08:15 08:15", "C1D1 beta": "07:45 08:15-09:15 09:45"},
        "7: an end before the planned start, without a length, says nothing of the start",
    ),
    (
        unknown,
        [gave("C1D1", "02-01", "beta", ended="12:30")],
        {"C1D1 beta": "08:30 11:30-12:30 13:00"},
        "7: an end alone tells the start where the length is known",
    ),
    (
        by_hours,
        [gave("C1D1", "02-01", started="10:40")],
        {"C1D1": "10:10 10:40-11:40 12:10", "C1D4": "10:10 10:40-11:40 12:10", "C2D1": "08:30 09:00-10:00 10:30"},
        "9: after a late start the next planned one is put later, to the first minute that keeps 72 hours",
    ),
    (
        by_hours,
        [gave("C1D1", "02-01", started="10:40"), gave("C1D4", "02-04", started="10:00", reason="r")],
        {"C1D4": "09:30 10:00-11:00 11:30"},
        "9: a recorded start stays",
    ),
]


@pytest.mark.parametrize(("made", "actions", "expected", "reason"), VISITS, ids=[row[3] for row in VISITS])
def test_the_hours_follow_the_readings(made: Made, actions: list[Table], expected: dict[str, str], reason: str) -> None:
    found = {str(dose.id): hours(dose) for dose in plan(made, *actions).doses()}
    assert {dose: found[dose] for dose in expected} == expected, reason


def test_a_clock_change_puts_a_start_later_or_leaves_room() -> None:
    """In spring an hour is missing, so the same wall time comes an hour too soon; in autumn there is one to spare."""
    for day1, start in ((date(2026, 3, 6), "10:00"), (date(2026, 10, 30), "09:00")):
        found = at(plan(by_hours, day1=day1), "C1D4")
        assert found.times is not None
        assert f"{found.times.infusion_start:%H:%M}" == start


def test_a_start_that_would_fall_on_the_next_date_stays_and_the_gap_is_too_short() -> None:
    found = plan(by_hours, at="23:30", day1=date(2026, 3, 6))
    dose = at(found, "C1D4")
    assert dose.times is not None
    assert f"{dose.times.infusion_start:%m-%d %H:%M}" == "03-09 23:30"
    assert ("gap-too-short", 1, 4) in {(one.code, one.cycle, one.day) for one in found.advice}


def test_bags_are_changed_on_instants_and_the_end_is_the_time_to_disconnect() -> None:
    found = plan(pump, day1=date(2026, 10, 31))  # the clocks go back on 1 November
    times = at(found, "C1D1 flow").times
    assert times is not None
    assert [f"{change:%m-%d %H:%M}" for change in times.bag_changes] == ["11-01 10:45"]
    assert times.disconnect is not None
    assert f"{times.disconnect:%m-%d %H:%M}" == "11-02 08:45"


def test_a_recorded_end_is_the_time_to_disconnect() -> None:
    times = at(plan(pump, gave("C1D1", "02-01", ended="2027-02-03T07:00")), "C1D1 flow").times
    assert times is not None
    assert (f"{times.disconnect:%m-%d %H:%M}", len(times.bag_changes)) == ("02-03 07:00", 1)


def test_an_infusion_that_runs_on_needs_no_bags() -> None:
    without = made_up(
        agent(
            "flow", f"days.1 = {COURSE}", infusion="[2760]", more='continuous = { source = "book", verified = true }'
        ),
        cycles("flow = [1]"),
        silent("flow"),
    )
    times = at(plan(lambda: without), "C1D1").times
    assert times is not None
    assert (times.bag_changes, times.runs_on) == ((), True)


@pytest.mark.parametrize(
    ("made", "dose", "expected"),
    [
        (
            pump,
            "C1D1 flow",
            {
                "agent": "flow",
                "infusion": {"start": "2027-02-01T11:45:00-05:00", "end": "2027-02-03T09:45:00-05:00"},
                "observation": None,
                "bag_changes": ["2027-02-02T11:45:00-05:00"],
                "disconnect": "2027-02-03T09:45:00-05:00",
            },
        ),
        (
            unknown,
            "C1D1 alpha",
            {"agent": "alpha", "infusion": {"start": "2027-02-01T09:00:00-05:00", "end": None}, "observation": None},
        ),
        (unknown, "C1D1 beta", {"infusion": {"start": None, "end": None}, "observation": None}),
        (
            trio,
            "C1D1 beta",
            {"observation": {"start": "2027-02-01T13:00:00-05:00", "end": "2027-02-01T13:30:00-05:00"}},
        ),
    ],
)
def test_the_json_says_null_where_nothing_is_known(made: Made, dose: str, expected: Table) -> None:
    told = plan_to_dict(plan(made))
    found = next(
        each
        for cycle in told["cycles"]
        for each in cycle["doses"]
        if f"C{each['cycle']}D{each['day']} {each['agent']}" == dose
    )
    assert {key: found[key] for key in expected} == expected
    assert ("disconnect" in found) == ("disconnect" in expected)


def test_with_one_agent_nothing_of_agents_shows() -> None:
    told = plan_to_dict(plan(by_hours))
    assert not any("agent" in dose for cycle in told["cycles"] for dose in cycle["doses"])


def test_no_two_doses_of_an_agent_without_a_gap_share_a_date() -> None:
    free = made_up(agent("alpha", f"days.1 = {COURSE}\ndays.2 = {ALONE}"), cycles("alpha = [1, 2]"), silent("alpha"))
    found = plan(lambda: free, gave("C1D1", "02-01"), defer("C1D2", "02-22"))
    assert at(found, "C2D1").date == date(2027, 2, 23)
    assert at(found, "C2D1").why.chain[-1].source == "no distance is stated, so doses are on different days"


def test_a_gap_in_hours_after_a_start_that_is_not_known_goes_by_dates() -> None:
    made = made_up(
        agent("alpha", f"days.1 = {COURSE}\ndays.4 = {ALONE}", infusion="", observed=""),
        agent("beta", f"days.1 = {ALONE}\ndays.4 = {ALONE}", gap="hours = 72"),
        cycles("alpha = [1, 4], beta = [1, 4]", length=14),
        silent("alpha", "beta"),
    )
    first = gave("C1D1", "02-01")
    assert "gap-too-short" not in {one.code for one in plan(lambda: made, first, gave("C1D4", "02-04")).advice}
    early = plan(lambda: made, first, gave("C1D4", "02-03", reason="r"))
    assert [one.message.split(" on ")[0] for one in early.advice if one.code == "gap-too-short"] == ["C1D4 beta"]
