"""The library: every file that comes along is sound, and its worked example comes out as it was worked out by hand."""

from datetime import date, datetime

import pytest

from scheduler import ClinicRules, Plan, Regimen, build_plan, check_actions, check_course, parse_regimen
from scheduler.plan import Dose, DoseState, Window
from service.regimen_example import Example, load_example
from tests.core import REGIMENS

IDS = sorted(path.stem for path in REGIMENS.glob("*.toml"))


def regimen_of(id_: str) -> Regimen:
    """The regimen of a file that comes along."""
    return parse_regimen((REGIMENS / f"{id_}.toml").read_text(encoding="utf-8"), f"{id_}.toml")


def example_of(id_: str) -> Example:
    """The worked example of a regimen that comes along."""
    example = load_example(regimen_of(id_))
    assert example is not None
    return example


def plan_of(example: Example) -> Plan:
    """The plan of a worked example, its actions checked as when they are recorded."""
    file = example.course
    clinic = ClinicRules()
    check_course(file.regimen, file.course)
    check_actions(file.regimen, file.course, file.actions, today=example.today, clinic=clinic)
    return build_plan(file.regimen, file.course, file.actions, today=example.today, clinic=clinic)


# -- Worked examples ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", IDS)
def test_every_date_of_the_worked_example_comes_out(id_: str) -> None:
    example = example_of(id_)
    plan = plan_of(example)
    assert [(str(dose.id), dose.date, dose.state.value) for dose in plan.doses()] == [
        (row.of, row.value, row.what) for row in example.doses
    ]


@pytest.mark.parametrize("id_", IDS)
def test_every_window_of_the_worked_example_comes_out(id_: str) -> None:
    example = example_of(id_)
    plan = plan_of(example)
    assert [_window(window, example) for window in plan.windows] == [
        (row.of, row.value, row.what) for row in example.windows
    ]


@pytest.mark.parametrize("id_", IDS)
def test_every_check_of_the_worked_example_comes_out(id_: str) -> None:
    example = example_of(id_)
    found = {(task.kind, task.date, _belongs(task.cycle, task.day, task.kind)) for task in plan_of(example).tasks}
    assert found == {(row.of, row.value, row.what) for row in example.tasks}
    assert len(plan_of(example).tasks) == len(example.tasks)


@pytest.mark.parametrize("id_", IDS)
def test_the_times_of_the_worked_example_come_out(id_: str) -> None:
    example = example_of(id_)
    doses = {str(dose.id): dose for dose in plan_of(example).doses()}
    assert example.moments
    for row in example.moments:
        assert _moment(doses[row.of], row.what) == row.value, row


@pytest.mark.parametrize("id_", IDS)
def test_the_worked_example_has_a_start_a_dose_given_a_departure_windows_and_reasons(id_: str) -> None:
    example = example_of(id_)
    states = {row.what for row in example.doses}
    departs = {action.kind for action in example.course.actions} & {"defer", "omit"}
    assert DoseState.GIVEN in states
    assert departs
    assert len(example.windows) == 3
    rows = (*example.doses, *example.moments, *example.windows, *example.tasks)
    assert all(row.why.strip() for row in rows)


def _window(window: Window, example: Example) -> tuple[str, date | datetime | str, str]:
    end: date | datetime | str = "no end date"
    if window.until is not None:
        end = window.until.replace(tzinfo=None)
    elif window.through is not None:
        end = window.through
    return window.audience, end, "final" if window.final else "expected"


def _belongs(cycle: int, day: int | None, kind: str) -> str:
    if kind == "liver-watch":
        return ""
    return f"C{cycle}" if day is None else f"C{cycle}D{day}"


def _moment(dose: Dose, what: str) -> datetime | str:
    times = dose.times
    assert times is not None
    if what.startswith("bag change "):
        return times.bag_changes[int(what.removeprefix("bag change ")) - 1].replace(tzinfo=None)
    if what == "disconnect":
        assert times.disconnect is not None
        return times.disconnect.replace(tzinfo=None)
    if what == "infusion start" and not times.start_known:
        return "not known"
    if what in ("infusion end", "observation end") and not times.length_known:
        return "not known"
    if what == "observation end" and not times.observed:
        return "none stated"
    named = {
        "arrival": times.arrival,
        "infusion start": times.infusion_start,
        "infusion end": times.infusion_end,
        "observation end": times.observation_end,
    }
    return named[what].replace(tzinfo=None)
