"""Quiet hours: when no mail may arrive, as wall times in the reader's zone. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from scheduler.dates import to_instant, zone_of

# A mail that has to go before the quiet hours goes this long before them, so that a second try still fits.
AHEAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `start` up to, and without, `end`; they may pass midnight. Equal times mean that there are none."""

    start: time
    end: time

    def covers(self, instant: datetime, zone: str) -> bool:
        """Whether the clocks of `zone` show a quiet time at `instant`."""
        wall = instant.astimezone(zone_of(zone)).time()
        if self.start <= self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end

    def not_before(self, instant: datetime, zone: str) -> datetime:
        """`instant`, or the end of the quiet hours that it falls into; in UTC."""
        if not self.covers(instant, zone):
            return instant.astimezone(UTC)
        ends = self._turns(self.end, instant, zone)
        return min(end for end in ends if end > instant and not self.covers(end, zone))

    def ahead_of(self, instant: datetime, zone: str) -> datetime:
        """A moment shortly before the quiet hours that `instant` falls into; in UTC."""
        starts = self._turns(self.start, instant, zone)
        moment = max(start for start in starts if start <= instant) - AHEAD
        return self.not_before(moment, zone)

    def place(self, wanted: datetime, deadline: datetime, zone: str) -> datetime | None:
        """When to send what is wanted at `wanted`: then, or at the end of the quiet hours, or before them if that
        is not before `deadline`; None when no moment is. In UTC."""
        later = self.not_before(wanted, zone)
        if later < deadline:
            return later
        if not self.covers(wanted, zone):
            return None
        earlier = self.ahead_of(wanted, zone)
        return earlier if earlier < deadline else None

    def _turns(self, wall: time, around: datetime, zone: str) -> Iterator[datetime]:
        """The instants at which the clocks of `zone` show `wall`, on the days around `around`; both of an hour that
        occurs twice."""
        today: date = around.astimezone(zone_of(zone)).date()
        for days in (-2, -1, 0, 1, 2):
            for later in (False, True):
                yield to_instant(today + timedelta(days=days), wall, zone, later=later).astimezone(UTC)
