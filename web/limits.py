"""How often a sign-in may fail, and a patient's page be asked for: counted in memory, with a bound on what is kept."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from service.users import known_as

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


@dataclass(slots=True)
class Limit:
    """How often something was done in the last 15 minutes, by whom or what; at most `most` times."""

    most: int
    _times: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def is_reached(self, key: str, now: datetime) -> bool:
        """Whether it was done so often already."""
        with self._lock:
            return len(self._recent(key, now)) >= self.most

    def count(self, key: str, now: datetime) -> None:
        """Counts that it was done at the instant `now`."""
        with self._lock:
            self._times[key] = [*self._recent(key, now), now][-self.most :]
            self._times.move_to_end(key)
            while len(self._times) > MAX_KEYS:
                self._times.popitem(last=False)

    def _recent(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._times.get(key, []) if now - at < PERIOD]


@dataclass(slots=True)
class PageLimits:
    """How often a patient's page is answered: whoever tries addresses that are none, and whoever asks without end."""

    unknown: Limit = field(default_factory=lambda: Limit(100))  # by where the request comes from
    seen: Limit = field(default_factory=lambda: Limit(240))  # by address of the page
    chosen: Limit = field(default_factory=lambda: Limit(60))


# ---------------------------------------------------------------------------------------------------------------------


def _limits(name: str, address: str) -> list[tuple[tuple[str, str], int]]:
    known = _known_by(name)
    return [
        ((known, address), FAILURES_OF_NAME_AT_ADDRESS),
        (("", address), FAILURES_OF_ADDRESS),
        ((known, ""), FAILURES_OF_NAME),
    ]


def _known_by(name: str) -> str:
    return known_as(name) or "-"
