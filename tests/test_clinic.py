"""The clinic's rules: public holidays as the package has them, own closures, and what settings say."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import holidays
import pytest
from holidays.registry import COUNTRIES

from scheduler.course import ClosedDayPolicy
from scheduler.errors import InvalidValue
from service.clinic import clinic_rules, years_of
from service.config import load_settings
from service.public_holidays import public_holidays
from tests.cli import process_environ

EVERY_COUNTRY_ALONE = """
import json, sys
from holidays.registry import COUNTRIES
from service.public_holidays import public_holidays
codes = [codes[0] for name, *codes in COUNTRIES.values()]
found = {code: {str(day): name for day, name in public_holidays(code, "", [2026, 2027]).items()} for code in codes}
assert "holidays.countries" not in sys.modules
print(json.dumps(found))
"""


def test_a_country_imported_alone_has_the_holidays_that_the_package_gives_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVERY_COUNTRY_ALONE],
        env=process_environ(LANGUAGE="de", LC_ALL="de_DE.UTF-8"),
        capture_output=True,
        text=True,
        check=True,
    )
    import json

    alone = json.loads(done.stdout)
    assert len(alone) == len(COUNTRIES)
    for code, found in alone.items():
        whole = holidays.country_holidays(code, years=[2026, 2027], language="en_US")
        assert found == {str(day): name for day, name in whole.items()}, code


def test_a_region_has_holidays_of_its_own() -> None:
    assert date(2026, 1, 6) in public_holidays("DE", "BY", [2026])
    assert date(2026, 1, 6) not in public_holidays("DE", "", [2026])
    assert public_holidays("DE", "BY", [2026])[date(2026, 1, 6)] == "Epiphany"
    assert public_holidays("", "", [2026]) == {}


@pytest.mark.parametrize(("country", "region", "field"), [("XX", "", "country"), ("US", "XX", "region")])
def test_an_unknown_country_or_region_is_one_sentence(country: str, region: str, field: str) -> None:
    with pytest.raises(InvalidValue, match="no public holidays are known") as told:
        public_holidays(country, region, [2026])
    assert told.value.field == field


def test_settings_become_rules(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        """
        [clinic]
        country = "US"
        opening_days = ["mon", "wed", "sat"]
        closures = ["2026-12-25 our feast", "2026-12-28"]
        closed_day_policy = "nearest"
        lead_minutes = 45
        liver_watch_weeks = 6
        after_test_days = 2
        """,
        encoding="utf-8",
    )
    rules = clinic_rules(load_settings(path, {}), None, [2026])
    assert rules.opening_days == frozenset({0, 2, 5})
    assert rules.closed[date(2026, 12, 25)] == "our feast"
    assert rules.closed[date(2026, 12, 28)] == "the clinic is closed"
    assert rules.closed[date(2026, 11, 26)] == "Thanksgiving Day"
    assert (rules.closed_day_policy, rules.lead_minutes) == (ClosedDayPolicy.NEAREST, 45)
    assert (rules.liver_watch_weeks, rules.after_test_days) == (6, 2)


@pytest.mark.parametrize(
    ("day1", "today", "years"),
    [
        (date(2026, 12, 7), date(2026, 12, 1), range(2026, 2030)),
        (date(2026, 1, 7), date(2028, 1, 1), range(2026, 2032)),
        (date(2027, 1, 7), date(2026, 12, 31), range(2026, 2031)),
    ],
)
def test_holidays_are_known_for_every_year_that_the_course_can_meet(day1: date, today: date, years: range) -> None:
    assert years_of(day1, today) == years
