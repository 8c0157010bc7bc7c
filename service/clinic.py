"""What the settings and the public holidays say about the clinic, as the values that core and calendars take."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from scheduler.course import ClinicRules, ClosedDayPolicy
from scheduler.regimen import Regimen
from service.config import ClinicSettings, Settings
from service.config_values import WEEKDAYS
from service.public_holidays import public_holidays

if TYPE_CHECKING:
    from calendars.kinds import ClinicCard

# Whose medicines the European Commission approves: the 27 members, Iceland, Liechtenstein and Norway.
EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE"}
    | {"IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
)
YEARS_AHEAD = 3  # a course of the longest regimen, its delays, and the windows after it


def clinic_rules(settings: Settings, newest: Regimen | None, years: Iterable[int]) -> ClinicRules:
    """The clinic's rules with the public holidays of `years`; `newest` is the clinic's version of the regimen.

    Raises InvalidValue when there are no holidays known for the country or region.
    """
    clinic = settings.clinic
    closed = dict(public_holidays(clinic.country, clinic.region, years))
    closed |= {closure.day: closure.name for closure in clinic.closures}
    return ClinicRules(
        opening_days=frozenset(WEEKDAYS.index(day) for day in clinic.opening_days),
        closed=closed,
        closed_day_policy=ClosedDayPolicy(clinic.closed_day_policy),
        lead_minutes=clinic.lead_minutes,
        liver_watch_weeks=clinic.liver_watch_weeks,
        after_test_days=clinic.after_test_days,
        newest=newest,
    )


def years_of(day1: date, today: date) -> range:
    """The years whose holidays a course that starts on `day1` can meet, as seen on `today`."""
    return range(min(day1.year, today.year), max(day1.year, today.year) + YEARS_AHEAD + 1)


def jurisdiction_of(country: str, regimen: Regimen) -> str:
    """Whose label a clinic of that country follows, among those of the regimen; an empty text when none is theirs."""
    area = "EU" if country in EU else country
    return next((name for name in (country, area) if name in regimen.jurisdictions), "")


def clinic_card(clinic: ClinicSettings) -> "ClinicCard":
    """How patients reach the clinic."""
    from calendars.kinds import ClinicCard

    return ClinicCard(
        name=clinic.name,
        phone=clinic.phone,
        after_hours_phone=clinic.after_hours_phone,
        emergency_number=clinic.emergency_number,
        fever_threshold=clinic.fever_threshold,
        address=clinic.address,
    )
