"""How often a sign-in may fail: counted in memory, per name and address, with a bound on what is kept."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

PERIOD = timedelta(minutes=15)
MAX_KEYS = 10_000

# Someone at another address must not be able to lock a nurse out with a handful of wrong guesses at her name, so the
# low limit is for name and address together; the others stop guessing that is spread over names or addresses.
FAILURES_OF_NAME_AT_ADDRESS = 5
FAILURES_OF_ADDRESS = 30
FAILURES_OF_NAME = 50


@dataclass(slots=True)
class SignInLimit:
    """The failed sign-ins of the last 15 minutes. The oldest keys go first when there are too many."""

    _failures: OrderedDict[tuple[str, str], list[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, name: str, address: str, now: datetime) -> timedelta:
        """How long to wait before this name may be tried from this address; zero when it may be tried now."""
        with self._lock:
            waits = [self._wait(key, limit, now) for key, limit in _limits(name, address)]
        return max(waits)

    def failed(self, name: str, address: str, now: datetime) -> None:
        """Counts a failure at the instant `now`."""
        with self._lock:
            for key, limit in _limits(name, address):
                times = [*self._recent(key, now), now]
                self._failures[key] = times[-limit:]
                self._failures.move_to_end(key)
            while len(self._failures) > MAX_KEYS:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forgets the failures of that name at that address."""
        with self._lock:
            self._failures.pop((_known_by(name), address), None)

    def _wait(self, key: tuple[str, str], limit: int, now: datetime) -> timedelta:
        recent = self._recent(key, now)
        return recent[-limit] + PERIOD - now if len(recent) >= limit else timedelta()

    def _recent(self, key: tuple[str, str], now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(key, []) if now - at < PERIOD]


# ---------------------------------------------------------------------------------------------------------------------


def _limits(name: str, address: str) -> list[tuple[tuple[str, str], int]]:
    known = _known_by(name)
    return [
        ((known, address), FAILURES_OF_NAME_AT_ADDRESS),
        (("", address), FAILURES_OF_ADDRESS),
        ((known, ""), FAILURES_OF_NAME),
    ]


def _known_by(name: str) -> str:
    return name.strip().casefold()[:100] or "-"
