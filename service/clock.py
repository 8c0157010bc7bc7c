"""The only place that reads the clock. Everything else gets `now` as an argument."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from scheduler.dates import zone_of
from scheduler.errors import InvalidValue

Clock = Callable[[], datetime]


def clock_from(environ: Mapping[str, str]) -> Clock:
    """A function that gives the instant in UTC: the machine's clock, or always INFUSIONS_NOW where set."""
    if not environ.get("INFUSIONS_NOW"):
        return _machine
    fixed = parse_instant(environ["INFUSIONS_NOW"], field="INFUSIONS_NOW")
    return lambda: fixed


def today_in(zone: str, now: datetime) -> date:
    """The civil date in `zone` at the instant `now`."""
    return now.astimezone(zone_of(zone)).date()


def parse_instant(text: str, *, field: str) -> datetime:
    """The instant in `text` (2026-12-06T14:00:00Z, or with an offset) in UTC; InvalidValue names `field`."""
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError(text)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{field}: {text!r} is not an instant; write it with its offset, as 2026-12-06T14:00:00Z"
        raise InvalidValue(message, field=field) from None


def after_all(at: datetime, earlier: Iterable[datetime]) -> datetime:
    """The instant, or a microsecond after the latest of these: so what is made within one instant has an order."""
    return max([at, *(each + timedelta(microseconds=1) for each in earlier)])


def stopwatch() -> float:
    """Seconds that only rise, for measuring how long something takes; they are no time of day."""
    return time.monotonic()


# ------------------------------------------------------------------------------------------------------------


def _machine() -> datetime:
    return datetime.now(UTC)
