"""`--explain`: the chain of reasons of one date, for people and as data that can be worked out again."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scheduler.dates import add
from tests.cli import NOW, Infusions

COURSE = """
regimen = "inotuzumab-ozogamicin"
day1 = 2026-12-07
at = "09:00"
zone = "America/New_York"
audiences = ["can-become-pregnant"]
[[actions]]
kind = "given"
cycle = 1
day = 1
on = 2026-12-07
[[actions]]
kind = "defer"
cycle = 1
day = 8
to = 2026-12-16
reason = "patient travelling"
"""


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course.toml").write_text(COURSE, encoding="utf-8")
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})


PLAN = ("plan", "--course", "course.toml", "--today", "2026-12-08")


def test_a_dose_that_an_action_and_then_the_gap_moved_tells_each_step(infusions: Infusions) -> None:
    told = infusions.done(*PLAN, "--explain", "c1d15").out
    assert told.startswith("c1d15: Cycle 1 day 15 is 22 Dec 2026: ")
    assert "  1. day-of-cycle: 2026-12-07 and 14 days: 2026-12-21 (" in told
    assert "  2. gap: 2026-12-16 and 6 days: 2026-12-22 (" in told
    assert "Besponsa, US prescribing information, 2.2" in told


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("c1d1", "Cycle 1 day 1 is 7 Dec 2026: recorded as given on 7 Dec 2026"),
        ("C2D1", "Cycle 2 day 1 is 28 Dec 2026: "),
        ("c2d8/infusion", "Cycle 2 day 8 is 4 Jan 2027: "),
        ("window/contraception/can-become-pregnant", "Through 3 Jan 2028: "),
        ("c1d8/blood-count", "15 Dec 2026: 1 day before C1D8"),
        ("c3/end/response-review", "19 Feb 2027: "),
    ],
)
def test_every_kind_of_date_can_be_asked_for(infusions: Infusions, key: str, first: str) -> None:
    told = infusions.done(*PLAN, "--explain", key).out
    assert first in told.splitlines()[0]


def test_several_can_be_asked_for_at_once_and_as_data(infusions: Infusions) -> None:
    found = infusions.done(*PLAN, "--explain", "c1d8", "--explain", "c1d15", "--json").json()["explained"]
    assert list(found) == ["c1d8", "c1d15"]
    ((reason,),) = [found["c1d15"]]
    assert reason["why"].startswith("Cycle 1 day 15 is 22 Dec 2026")
    assert [replayed(fact) for fact in reason["chain"]] == [fact["result"] for fact in reason["chain"]]


def replayed(fact: dict[str, Any]) -> str:
    ((unit, amount),) = fact["add"].items()
    return add(date.fromisoformat(fact["from"]), amount, unit).isoformat()


def test_what_the_plan_does_not_have_is_refused_with_what_it_has(infusions: Infusions) -> None:
    told = infusions.refused(*PLAN, "--explain", "c1d9")
    assert "the plan has no 'c1d9'; " in told
    assert "c1d8" in told


def test_a_stored_course_explains_itself_too(infusions: Infusions) -> None:
    infusions.done("migrate")
    course = infusions.course()
    told = infusions.done("course", "show", course, "--explain", "c6d15").out
    assert told.startswith("c6d15: Cycle 6 day 15 is ")
