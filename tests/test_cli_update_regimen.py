"""`infusions course update-regimen`: the difference in dates first, then a recorded action."""

from importlib.resources import files
from pathlib import Path

import pytest

from scheduler import parse_regimen
from tests.cli import NOW, REGIMEN, Infusions

SHIPPED = (files("scheduler") / "regimens" / f"{REGIMEN}.toml").read_text(encoding="utf-8")
LATER_CYCLES = "length = 28\nshortest = 28\nlongest = 28"


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    environ = {"INFUSIONS_NOW": NOW, "INFUSIONS_REGIMENS__FOLDER": str(tmp_path / "own")}
    return Infusions(tmp_path, capsys, environ).migrated()


def add_newer_version(infusions: Infusions) -> None:
    """A version whose later cycles last a day longer."""
    assert LATER_CYCLES in SHIPPED
    version = parse_regimen(SHIPPED, "shipped").version
    text = SHIPPED.replace(f'version = "{version}"', 'version = "2027.1"').replace("2024-03-01", "2027-03-01")
    longer = text.replace(LATER_CYCLES, "length = 29\nshortest = 28\nlongest = 29")
    (infusions.folder / "own" / "newer.toml").write_text(longer, encoding="utf-8")


def test_the_difference_is_shown_first_and_recorded_only_when_accepted(infusions: Infusions) -> None:
    course = infusions.course("--audience", "breastfeeding")
    command = ("course", "update-regimen", course)
    assert "has no newer version than" in infusions.refused(*command)
    add_newer_version(infusions)
    remarks = infusions.done("course", "show", course, "--json").json()["advice"]
    assert "regimen-updated" in {each["code"] for each in remarks}
    shown = infusions.done(*command)
    assert shown.out.startswith("Nothing is stored. Recording it would change:")
    assert "moved      c3d1/infusion: Mon 2027-01-25 09:00 -> Tue 2027-01-26 09:00" in shown.out
    assert "window     breastfeeding for breastfeeding: at least until 2027-07-03 (may move later) -> " in shown.out
    assert infusions.done("course", "show", course, "--json").json()["revision"] == 0
    done = infusions.done(*command, "--accept", "--by", "alice", "--seen-revision", "0", "--json").json()
    assert (done["revision"], done["repeated"]) == (1, False)
    plan = infusions.done("course", "show", course, "--json").json()
    assert (plan["regimen"]["version"], plan["cycles"][2]["day1"]) == ("2027.1", "2027-01-26")
    assert "regimen-updated" not in {each["code"] for each in plan["advice"]}
    (entry,) = infusions.done("course", "history", course, "--json").json()["history"]
    assert (entry["kind"], entry["fields"], entry["by"]) == ("regimen", {"version": "2027.1"}, "alice")


def test_a_course_that_has_moved_on_is_not_updated_by_a_stale_page(infusions: Infusions) -> None:
    course = infusions.course()
    add_newer_version(infusions)
    infusions.done("course", "record", course, "cycles", "--count", "4")
    answer = infusions("course", "update-regimen", course, "--accept", "--seen-revision", "0")
    assert answer.code == 1
    assert "the course is at revision 1, not 0" in answer.err
    assert infusions.done("course", "show", course, "--json").json()["regimen"]["version"] != "2027.1"
