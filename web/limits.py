"""How often a patient's page may be asked for: counted in memory, with a bound on what is kept."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

PERIOD = timedelta(minutes=15)
MAX_KEYS = 10_000


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
