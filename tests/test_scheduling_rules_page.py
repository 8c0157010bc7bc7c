"""docs/scheduling-rules.md: its tables are what the core computes, and every rule that is cited stands there."""

import re
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from scheduler import ACTION_KINDS
from scheduler.dates import add_months
from tests.core import act, at, course_of, plan_of

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "scheduling-rules.md").read_text(encoding="utf-8")
FOLDERS = ("scheduler", "calendars", "db", "reminders", "service", "web", "tests", "docs")
CITED = re.compile(r"(?<!feed )\brules? (\d+)(?:(?: to |, | and )(\d+))?", re.IGNORECASE)
RECORDED = re.compile(r"(?P<kind>[a-z-]+) (?P<dose>\w+) (?:to |= )?(?P<value>[\d-]+)(?: (?P<scope>\w+))?")
REASON = {"reason": "as the page says"}


def rows(heading: str) -> list[tuple[str, ...]]:
    """The rows of the table that begins with this heading."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    assert table, heading
    return [tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in table]


@pytest.mark.parametrize(("last_dose", "length", "through"), rows("last dose"))
def test_a_window_of_the_page_ends_when_it_says(last_dose: str, length: str, through: str) -> None:
    months, unit = length.split()
    assert unit == "months"
    assert add_months(date.fromisoformat(last_dose), int(months)) == date.fromisoformat(through.strip("| "))


@pytest.mark.parametrize(("recorded", "lies"), rows("recorded"))
def test_a_case_of_the_page_comes_out_as_it_says(recorded: str, lies: str) -> None:
    plan = plan_of(course_of(date(2027, 2, 1), cycles=3), *map(action, recorded.split("; ")))
    expected = dict(each.split() for each in lies.strip("| ").split(", "))
    assert {dose: str(at(plan, dose).date) for dose in expected} == expected


def test_the_page_names_every_action_and_no_other() -> None:
    named = chain.from_iterable(re.findall(r"`([a-z-]+)`", row[0]) for row in rows("action"))
    assert sorted(named) == sorted(ACTION_KINDS)


def test_every_rule_that_is_cited_stands_on_the_page() -> None:
    there = set(re.findall(r"^(\d+)\. ", PAGE, re.MULTILINE))
    cited = {
        number
        for folder in FOLDERS
        for path in chain((ROOT / folder).rglob("*.py"), (ROOT / folder).rglob("*.md"))
        for found in CITED.findall(path.read_text(encoding="utf-8"))
        for number in found
        if number
    }
    assert len(there) == 28
    assert cited <= there


# ---------------------------------------------------------------------------------------------------------------------


def action(text: str) -> dict[str, Any]:
    """The action of a text such as "defer C2D8 to 2027-03-03 dose"."""
    found = RECORDED.fullmatch(text)
    assert found, text
    value = found["value"]
    match found["kind"]:
        case "given":
            return act("given", found["dose"], on=value)
        case "cycle-length":
            return act("cycle-length", cycle=int(found["dose"]), days=int(value))
        case kind:
            scope = {"scope": found["scope"]} if found["scope"] else {}
            return act(kind, found["dose"], to=value, **scope, **REASON)
