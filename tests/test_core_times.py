"""The hours of a visit: arrival, infusion, observation; clock changes inside a visit; what was recorded."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from scheduler import ClinicRules, InvalidValue, Plan, build_plan, check_course
from scheduler.plan import VisitTimes
from tests.core import act, action_of, at, course_of, inotuzumab, plan_of, refusal, with_agent

DAY1 = date(2026, 12, 7)
MINUTE = timedelta(minutes=1)
Table = dict[str, Any]


def times(plan: Plan, dose: str = "C1D1") -> VisitTimes:
    found = at(plan, dose).times
    assert found is not None
    return found


def minutes(start: datetime, end: datetime) -> float:
    """Elapsed minutes: between instants, not between wall times."""
    return (end.astimezone(UTC) - start.astimezone(UTC)) / MINUTE


def spoken(*instants: datetime) -> str:
    return " ".join(f"{instant:%H:%M%z}" for instant in instants)


def visit(plan: Plan, dose: str = "C1D1") -> str:
    found = times(plan, dose)
    return spoken(found.arrival, found.infusion_start, found.infusion_end, found.observation_end)


def test_a_visit_goes_from_arrival_to_the_end_of_observation() -> None:
    plan = plan_of(course_of(DAY1))
    assert visit(plan) == "08:30-0500 09:00-0500 10:00-0500 11:00-0500"
    assert times(plan).premedication == times(plan).arrival
    assert visit(plan, "C5D1") == "08:30-0400 09:00-0400 10:00-0400 11:00-0400", "22 March is summer time"
    early = plan_of(course_of(DAY1), clinic=ClinicRules(lead_minutes=75))
    assert visit(early) == "07:45-0500 09:00-0500 10:00-0500 11:00-0500"


# Zone, day, start of the infusion, and the visit: arrival, start, end, end of observation.
CHANGES = [
    ("America/New_York", "2027-03-14", "01:15", "00:45-0500 01:15-0500 03:15-0400 04:15-0400", "spring, an hour"),
    ("America/New_York", "2026-11-01", "01:15", "00:45-0400 01:15-0400 01:15-0500 02:15-0500", "autumn, an hour"),
    ("Europe/Berlin", "2027-03-28", "01:30", "01:00+0100 01:30+0100 03:30+0200 04:30+0200", "spring, an hour"),
    ("Europe/Berlin", "2026-10-25", "02:30", "02:00+0200 02:30+0200 02:30+0100 03:30+0100", "autumn, an hour"),
    ("Australia/Lord_Howe", "2026-10-04", "01:30", "01:00+1030 01:30+1030 03:00+1100 04:00+1100", "half an hour"),
    ("Australia/Lord_Howe", "2027-04-04", "01:45", "01:15+1100 01:45+1100 02:15+1030 03:15+1030", "and back"),
    ("Africa/Casablanca", "2026-02-15", "02:15", "01:45+0100 02:15+0100 02:15+0000 03:15+0000", "for Ramadan"),
    ("Africa/Casablanca", "2026-03-22", "01:15", "00:45+0000 01:15+0000 03:15+0100 04:15+0100", "and after it"),
]


@pytest.mark.parametrize(("zone", "day", "start", "expected", "reason"), CHANGES)
def test_a_clock_change_inside_a_visit_shortens_nothing(
    zone: str, day: str, start: str, expected: str, reason: str
) -> None:
    plan = plan_of(course_of(date.fromisoformat(day), at=start, zone=zone))
    found = times(plan)
    assert visit(plan) == expected, reason
    assert minutes(found.infusion_start, found.infusion_end) == 60
    assert minutes(found.infusion_end, found.observation_end) == 60
    assert minutes(found.arrival, found.infusion_start) == 30


SKIPPED = [
    ("America/New_York", "2027-03-14", "02:30", "03:30-0400"),
    ("Europe/Berlin", "2027-03-28", "02:30", "03:30+0200"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "02:45+1100"),
    ("Africa/Casablanca", "2026-03-22", "02:15", "03:15+0100"),
]


@pytest.mark.parametrize(("zone", "day", "start", "shifted"), SKIPPED)
def test_a_plan_that_lands_on_a_skipped_wall_time_is_shifted_forward_by_the_gap(
    zone: str, day: str, start: str, shifted: str
) -> None:
    day8 = date.fromisoformat(day)
    plan = plan_of(course_of(day8 - timedelta(days=7), at=start, zone=zone))
    assert spoken(times(plan, "C1D8").infusion_start) == shifted
    assert minutes(times(plan, "C1D8").infusion_start, times(plan, "C1D8").infusion_end) == 60


@pytest.mark.parametrize(("zone", "day", "start", "shifted"), SKIPPED)
def test_a_skipped_wall_time_is_refused_where_somebody_types_it(zone: str, day: str, start: str, shifted: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        check_course(inotuzumab(), course_of(date.fromisoformat(day), at=start, zone=zone))
    assert str(caught.value) == f"at: the clocks skip {start} on {day} in {zone}; choose another time"
    course = course_of(date.fromisoformat(day), at="09:00", zone=zone)
    for field, action in (
        ("at", act("time", "C1D1", at=start)),
        ("started", act("given", "C1D1", on=day, started=start)),
        ("ended", act("given", "C1D1", on=day, started="00:30", ended=start)),
        ("ended", act("given", "C1D1", on=day, ended=f"{day}T{start}")),
    ):
        fault = refusal(course, action)
        assert (fault.code, fault.field) == ("no-such-time", field)
        assert str(fault) == (f"{field}: the clocks in {zone} skip {start} on {day}; write the time that they showed")


def test_an_hour_for_all_visits_may_be_skipped_on_one_of_them() -> None:
    course = course_of(date(2027, 3, 7))
    assert spoken(times(plan_of(course, act("time", at="02:30")), "C1D8").infusion_start) == "03:30-0400"


@pytest.mark.parametrize(
    ("zone", "day", "wall", "first", "later"),
    [
        ("America/New_York", "2026-11-01", "01:30", "01:30-0400", "01:30-0500"),
        ("Europe/Berlin", "2026-10-25", "02:30", "02:30+0200", "02:30+0100"),
        ("Australia/Lord_Howe", "2027-04-04", "01:45", "01:45+1100", "01:45+1030"),
        ("Africa/Casablanca", "2026-02-15", "02:30", "02:30+0100", "02:30+0000"),
    ],
)
def test_an_ambiguous_start_means_the_first_and_an_ambiguous_end_the_later(
    zone: str, day: str, wall: str, first: str, later: str
) -> None:
    course = course_of(date.fromisoformat(day), at="00:30", zone=zone)
    for started, ended in ((wall, wall), (f"{day}T{wall}", f"{day}T{wall}")):
        found = times(plan_of(course, act("given", "C1D1", on=day, started=started, ended=ended)))
        assert spoken(found.infusion_start, found.infusion_end) == f"{first} {later}"
        assert minutes(found.infusion_end, found.observation_end) == 60


@pytest.mark.parametrize(
    ("recorded", "expected", "reason"),
    [
        ({}, "08:30 09:00 10:00 11:00", "as planned"),
        ({"started": "09:20"}, "08:50 09:20 10:20 11:20", "the rest follows the real start"),
        ({"started": "09:20", "ended": "10:05"}, "08:50 09:20 10:05 11:05", "observation follows the real end"),
        ({"ended": "10:30"}, "08:30 09:00 10:30 11:30", "a late end of an infusion begun in time"),
        ({"ended": "08:00"}, "06:30 07:00 08:00 09:00", "an end before the planned start: begun its length before"),
        ({"ended": "09:00"}, "07:30 08:00 09:00 10:00", "also at the planned start"),
        ({"started": "23:30", "ended": "2026-12-08T00:20"}, "23:00 23:30 00:20 01:20", "past midnight"),
        ({"started": "2026-12-07T23:30"}, "23:00 23:30 00:30 01:30", "a start with its date"),
        ({"ended": "2026-12-08T10:00"}, "08:30 09:00 10:00 11:00", "a day and an hour are the longest"),
        ({"started": "09:00", "ended": "09:00"}, "08:30 09:00 09:00 10:00", "stopped at once"),
    ],
)
def test_infusion_and_observation_follow_what_was_recorded(recorded: Table, expected: str, reason: str) -> None:
    found = times(plan_of(course_of(DAY1), act("given", "C1D1", on="2026-12-07", **recorded)))
    walls = (found.arrival, found.infusion_start, found.infusion_end, found.observation_end)
    assert " ".join(f"{instant:%H:%M}" for instant in walls) == expected, reason


def test_a_recorded_start_is_judged_by_the_hour_of_its_own_visit() -> None:
    """25 hours after 14:30 are 15:30 on the next day, not 10:00 as for a visit at 09:00."""
    later = act("time", "C1D1", at="14:30")
    plan_of(course_of(DAY1), later, act("given", "C1D1", on="2026-12-07", ended="2026-12-08T15:30"))
    fault = refusal(course_of(DAY1), later, act("given", "C1D1", on="2026-12-07", ended="2026-12-08T15:31"))
    assert fault.code == "bad-time"


# Infusion 90, 60, then 30 minutes; observation 90, then 30.
TOLD = [
    ((), "90+90 60+30 30+30 30+30", "by the ordinal of the doses, planned ones as if tolerated"),
    (({},), "90+90 60+30 30+30 30+30", "given as planned"),
    (({"tolerated": False},), "90+90 90+90 60+30 30+30", "after a dose not tolerated the longer time stays"),
    (({"complete": False, "reason": "stopped"},), "90+90 90+90 60+30 30+30", "nor does a partial dose count"),
    (({}, {"tolerated": False}), "90+90 60+30 60+30 30+30", "at whichever dose it happens"),
    (({}, None), "90+90 60+30 30+30", "an omitted dose has no ordinal"),
]


@pytest.mark.parametrize(("recorded", "expected", "reason"), TOLD)
def test_lengths_go_by_how_many_doses_were_tolerated(
    recorded: tuple[Table | None, ...], expected: str, reason: str
) -> None:
    regimen = with_agent(inotuzumab(), infusion_minutes=(90, 60, 30), observation_minutes=(90, 30))
    doses = [("C1D1", "2026-12-07"), ("C1D8", "2026-12-14")]
    actions = [
        act("omit", dose) if fields is None else act("given", dose, on=on, **fields)
        for (dose, on), fields in zip(doses, recorded, strict=False)
    ]
    plan = build_plan(regimen, course_of(DAY1), [action_of(action) for action in actions], today=DAY1)
    found = [dose.times for dose in plan.doses()[:4] if dose.times]
    lengths = " ".join(
        f"{minutes(each.infusion_start, each.infusion_end):.0f}+{minutes(each.infusion_end, each.observation_end):.0f}"
        for each in found
    )
    assert lengths == expected, reason


def test_instants_carry_the_clinics_zone() -> None:
    for zone in ("America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"):
        found = times(plan_of(course_of(DAY1, zone=zone)))
        assert all(str(instant.tzinfo) == zone for instant in found[:5])
        assert f"{found.infusion_start:%H:%M}" == "09:00"
