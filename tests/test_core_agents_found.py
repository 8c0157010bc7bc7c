"""What the comparison with the oracle found, each with the sentence that decides it."""

from datetime import date
from functools import partial

from scheduler import Regimen
from tests.core_regimens import ALONE, COURSE, agent, by_hours, cycles, made_up, silent, trio
from tests.test_core_agents import CYCLE1, cease, defer, doses, gave, omit, plan, refused


def test_a_visit_that_is_recorded_after_an_agent_was_ceased_leaves_that_agent_out() -> None:
    """ADR 7.4: what else is recorded for that agent afterwards is refused but `given` on or before that date."""
    found = doses(plan(trio, *CYCLE1, cease("02-22", "beta"), gave("C2D1", "02-24")))
    assert [found[f"C2D1 {key}"] for key in ("alpha", "beta", "gamma")] == [
        "02-24 given",
        "02-24 cancelled",
        "02-24 given",
    ]


def test_what_is_left_of_a_ceased_agent_is_not_moved() -> None:
    """ADR 7.4, for a visit of which nothing else is open."""
    fault = refused(trio, *CYCLE1[:1], cease("02-02", "gamma"), defer("C1D2", "02-03"))
    assert (fault.code, fault.field) == ("ceased", "day")
    assert str(fault) == "cannot defer C1D2 gamma: it is of an agent that was ceased; void that cease first"


def test_a_visit_that_is_omitted_takes_along_what_is_left_of_a_ceased_agent() -> None:
    found = doses(plan(trio, *CYCLE1[:1], cease("02-02", "gamma"), omit("C1D2")))
    assert found["C1D2 gamma"] == "02-02 omitted"


def test_naming_the_agent_is_no_way_to_omit_a_day_1_on_which_nothing_else_stands() -> None:
    """Scheduling rules: `omit` of a day 1 while a later dose of that cycle is planned is rejected."""
    alone = [omit("C1D1", "beta"), omit("C1D1", "gamma")]
    assert refused(trio, *alone, omit("C1D1", "alpha")).code == "day-1-anchors"
    assert doses(plan(trio, *alone[:1], omit("C1D1", "alpha")))["C1D1 alpha"] == "02-01 omitted"


def test_how_long_an_infusion_can_have_taken_goes_by_the_length_of_that_dose() -> None:
    """ADR 2.19: more than 24 hours beyond the planned length; the second dose of alpha takes 30 minutes, not 90."""
    late = gave("C2D1", "02-22", "alpha", started="09:00", ended="2027-02-23T09:31")
    assert refused(trio, *CYCLE1, late).code == "bad-time"
    assert doses(plan(trio, *CYCLE1, {**late, "ended": "2027-02-23T09:30"}))["C2D1 alpha"] == "02-22 given"


def test_the_end_of_a_later_dose_of_a_visit_is_held_against_its_own_start() -> None:
    """ADR 7.6: beta starts at 12:00, when alpha's 90 minutes and the 90 after them are over, and takes 60."""
    late = gave("C1D1", "02-01", "beta", ended="2027-02-02T13:01")
    assert refused(trio, late).code == "bad-time"
    assert doses(plan(trio, {**late, "ended": "2027-02-02T13:00"}))["C1D1 beta"] == "02-01 given"


def test_a_start_that_follows_from_a_recorded_end_was_not_put_later() -> None:
    """ADR 7.9: only a planned start is put later; this one was 60 minutes before its recorded end."""
    begun = [gave("C1D1", "02-01", started="15:00"), gave("C1D4", "02-04", ended="10:00", reason="r")]
    found = plan(by_hours, *begun)
    (late,) = [dose.times for dose in found.doses() if dose.id[:2] == (1, 4)]
    assert late is not None
    assert f"{late.infusion_start:%H:%M}" == "09:00"
    codes = {(one.code, one.cycle, one.day) for one in found.advice}
    assert ("moved-to-keep-gap", 1, 4) not in codes
    assert ("gap-too-short", 1, 4) in codes


def cycle_end(when: str, *more: str) -> str:
    """A check a day before or after the end of cycle 1, which is Sunday 21 February 2027."""
    told = "\n".join(more)
    return f"""
[[tasks]]
kind = "dexamethasone"
on = "cycle-end"
when = "{when}"
offset_days = 1
cycles = [1]
{told}
source = "book"
verified = true
"""


def with_check(check: str) -> Regimen:
    return made_up(
        agent("alpha", f"days.1 = {COURSE}\ndays.2 = {ALONE}"), cycles("alpha = [1, 2]"), silent("alpha"), check
    )


def test_a_check_at_the_end_of_a_cycle_lies_on_its_side_of_it() -> None:
    """Scheduling rule 19: before or after, offset in days; ADR 7.15: at home no closed day moves it."""
    found = {}
    for when in ("before", "after"):
        for home in ("", "at_home = true"):
            (task,) = plan(partial(with_check, cycle_end(when, home))).tasks
            found[when, home] = task.date
            assert task.why.chain[0].result == date(2027, 2, 20 if when == "before" else 22)
            assert "open day before" in task.why.sentence or task.date == task.why.chain[0].result
    assert found == {
        ("before", ""): date(2027, 2, 19),
        ("before", "at_home = true"): date(2027, 2, 20),
        ("after", ""): date(2027, 2, 22),
        ("after", "at_home = true"): date(2027, 2, 22),
    }
