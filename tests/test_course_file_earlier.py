"""The earlier courses of a course file: which agent, when its last dose was, when that ended."""

from datetime import UTC, date, datetime

import pytest

from scheduler import FileRefused, parse_course, parse_regimen
from scheduler.course import EarlierDose
from tests.core import REGIMENS

KNOWN = {
    id_: parse_regimen((REGIMENS / f"{id_}.toml").read_text(encoding="utf-8"), id_)
    for id_ in ("inotuzumab-ozogamicin", "polatuzumab-br")
}
HEAD = """\
regimen = "inotuzumab-ozogamicin"
day1 = 2026-12-07
at = "09:00"
zone = "America/New_York"
jurisdiction = "US"
"""


def earlier(*lines: str) -> EarlierDose:
    """The one earlier dose of a course file."""
    (found,) = parse_course(HEAD + "\n".join(["[[earlier]]", *lines]), "c.toml", KNOWN).course.earlier
    return found


def faults(*lines: str) -> list[str]:
    """The faults of a course file with that earlier course."""
    with pytest.raises(FileRefused) as caught:
        earlier(*lines)
    return [str(fault) for fault in caught.value.faults]


def test_a_regimen_of_one_agent_needs_no_name_of_it() -> None:
    found = earlier('regimen = "inotuzumab-ozogamicin"', "last_dose = 2026-06-01")
    assert (found.agent_name, found.on, found.ended) == ("inotuzumab ozogamicin", date(2026, 6, 1), None)
    assert (found.settled, found.jurisdiction) == (True, "US")
    assert [rule.length for rule in found.windows] == ["8 months", "5 months", "2 months"]


@pytest.mark.parametrize("ended", ['"2026-06-01T12:10"', "2026-06-01T12:10:00"])
def test_the_end_of_an_infusion_is_a_local_time(ended: str) -> None:
    found = earlier('regimen = "polatuzumab-br"', 'agent = "rituximab"', "last_dose = 2026-06-01", f"ended = {ended}")
    assert (found.agent_name, found.ended) == ("rituximab", datetime(2026, 6, 1, 16, 10, tzinfo=UTC))
    assert {rule.agent for rule in found.windows} == {"rituximab"}


WRONG = "earlier 1, key `ended`: is not a local date and time; write it as 2026-12-07T10:05"


@pytest.mark.parametrize(
    ("reason", "lines", "expected"),
    [
        (
            "one of several agents must be named",
            ['regimen = "polatuzumab-br"', "last_dose = 2026-06-01"],
            "earlier 1, key `agent`: is missing; give a text in quotes",
        ),
        (
            "a slip in the agent",
            ['regimen = "polatuzumab-br"', 'agent = "rituxmab"', "last_dose = 2026-06-01"],
            "earlier 1, key `agent`: 'rituxmab' is not among its agents; did you mean 'rituximab'?",
        ),
        (
            "another agent than the only one",
            ['regimen = "inotuzumab-ozogamicin"', 'agent = "rituximab"', "last_dose = 2026-06-01"],
            "earlier 1, key `agent`: 'rituximab' is not among its agents; use one of: inotuzumab-ozogamicin",
        ),
        ("no date", ['regimen = "inotuzumab-ozogamicin"'], "earlier 1, key `last_dose`: is missing; give a date such as 2026-12-07, without quotes"),
        ("a word for a time", ['regimen = "inotuzumab-ozogamicin"', "last_dose = 2026-06-01", 'ended = "noon"'], WRONG),
        ("a date for a time", ['regimen = "inotuzumab-ozogamicin"', "last_dose = 2026-06-01", "ended = 2026-06-01"], WRONG),
        ("a time with an offset", ['regimen = "inotuzumab-ozogamicin"', "last_dose = 2026-06-01", "ended = 2026-06-01T12:00:00Z"], WRONG),
        ("a number for a time", ['regimen = "inotuzumab-ozogamicin"', "last_dose = 2026-06-01", "ended = 12"], WRONG),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_earlier_course_is_told(reason: str, lines: list[str], expected: str) -> None:
    assert faults(*lines) == [expected], reason
