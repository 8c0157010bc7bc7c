"""Public holidays of a country and region, from the `holidays` package."""

import sys
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from threading import Lock
from typing import TYPE_CHECKING

from scheduler.errors import InvalidValue

if TYPE_CHECKING:
    from holidays import HolidayBase

LANGUAGE = "en_US"  # else the names would follow the machine's locale; where a country lacks it they stay its own
COUNTRIES = "holidays.countries"
_swapping = Lock()


def public_holidays(country: str, region: str, years: Iterable[int]) -> Mapping[date, str]:
    """The names of the public holidays by date; none for an empty country.

    Raises InvalidValue when there are none known for that country or region.
    """
    return dict(_found(country, region, tuple(sorted(set(years))))) if country else {}


# ---------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _found(country: str, region: str, years: tuple[int, ...]) -> tuple[tuple[date, str], ...]:
    try:
        found = _calendar_of(country)(subdiv=region or None, years=years, language=LANGUAGE)
    except (NotImplementedError, LookupError):
        place = f"{country}, {region}" if region else country
        message = f"[clinic] country, region: no public holidays are known for {place}; mend or empty them"
        raise InvalidValue(message, field="region" if region else "country") from None
    return tuple(sorted(found.items()))


def _calendar_of(country: str) -> "type[HolidayBase]":
    from holidays.registry import COUNTRIES as REGISTRY

    for module, (name, *codes) in REGISTRY.items():
        if country in codes:
            found: type[HolidayBase] = getattr(_alone(f"{COUNTRIES}.{module}"), name)
            return found
    raise LookupError(country)


def _alone(module: str) -> object:
    """The module of one country without its 250 neighbours.

    The package imports them all (0.1 s of the 0.3 that `infusions plan` may take), so for this import an unexecuted
    package stands in its place. A test compares every country with what the package itself says.
    """
    with _swapping:
        if COUNTRIES in sys.modules:
            return import_module(module)
        spec = find_spec(COUNTRIES)
        if spec is None:
            raise LookupError(module)
        sys.modules[COUNTRIES] = module_from_spec(spec)
        try:
            return import_module(module)
        finally:
            del sys.modules[COUNTRIES]
