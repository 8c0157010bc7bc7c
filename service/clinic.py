"""What the settings and the public holidays say about the clinic, as the values that core and calendars take."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from scheduler.course import ClinicRules, ClosedDayPolicy
from scheduler.errors import InvalidValue
from scheduler.regimen import Regimen
from service.config import ClinicSettings, Settings
from service.config_values import WEEKDAYS

if TYPE_CHECKING:
    from calendars.view import ClinicCard

YEARS_AHEAD = 3  # a course of the longest regimen, its delays, and the windows after it


def clinic_rules(settings: Settings, newest: Regimen | None, years: Iterable[int]) -> ClinicRules:
    """The clinic's rules with the public holidays of `years`; `newest` is the clinic's version of the regimen.

    Raises InvalidValue when there are no holidays known for the country or region.
    """
    clinic = settings.clinic
    closed = dict(_holidays(clinic.country, clinic.region, tuple(sorted(set(years)))))
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


def clinic_card(clinic: ClinicSettings) -> "ClinicCard":
    """How patients reach the clinic."""
    from calendars.view import ClinicCard

    return ClinicCard(
        name=clinic.name,
        phone=clinic.phone,
        after_hours_phone=clinic.after_hours_phone,
        emergency_number=clinic.emergency_number,
        fever_threshold=clinic.fever_threshold,
        address=clinic.address,
    )


# ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _holidays(country: str, region: str, years: tuple[int, ...]) -> tuple[tuple[date, str], ...]:
    if not country:
        return ()
    import holidays  # 0.1 s: only where dates are compared with it

    try:
        found = holidays.country_holidays(country, subdiv=region or None, years=years)
    except NotImplementedError:
        place = f"{country}, {region}" if region else country
        message = f"[clinic] country and region: no public holidays are known for {place}; mend or empty them"
        raise InvalidValue(message, field="region" if region else "country") from None
    return tuple(sorted(found.items()))
