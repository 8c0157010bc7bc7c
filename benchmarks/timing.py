"""Measuring: the fastest of several runs, since whatever else the machine does can only make a run slower."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Seconds for one run of something and of its reference; at most `aim_ratio` times it, or `aim_seconds`.

    What it makes is `size_bytes` large, at most `aim_bytes`.
    """

    what: str
    seconds: float
    reference: str
    reference_seconds: float
    aim_ratio: float | None = None
    aim_seconds: float | None = None
    aim_bytes: int | None = None
    size_bytes: int | None = None

    @property
    def ratio(self) -> float:
        """How many times as long as the reference."""
        return self.seconds / self.reference_seconds

    @property
    def missed(self) -> bool:
        """Whether an aim is missed."""
        too_slow = self.aim_seconds is not None and self.seconds > self.aim_seconds
        too_large = self.aim_bytes is not None and (self.size_bytes or 0) > self.aim_bytes
        return too_slow or too_large or (self.aim_ratio is not None and self.ratio > self.aim_ratio)

    def as_dict(self, name: str) -> dict[str, object]:
        """The result for people and scripts; what doesn't apply is left out."""
        told = {
            "name": name,
            "what": self.what,
            "seconds": float(f"{self.seconds:.3g}"),
            "reference": self.reference,
            "reference_seconds": float(f"{self.reference_seconds:.3g}"),
            "ratio": float(f"{self.ratio:.3g}"),
            "aim_ratio": self.aim_ratio,
            "aim_seconds": self.aim_seconds,
            "size_bytes": self.size_bytes,
            "aim_bytes": self.aim_bytes,
            "aim_met": None if self.aim_ratio is None and self.aim_seconds is None else not self.missed,
        }
        return {key: value for key, value in told.items() if value is not None}


def fastest(*works: Callable[[], object], rounds: int = 7, seconds: float = 0.2) -> list[float]:
    """Seconds for one call of each work: its fastest round. The works take turns, so a busy spell meets them all."""
    calls = [_calls_in(work, seconds) for work in works]
    best = [float("inf")] * len(works)
    gc.disable()
    try:
        for _ in range(rounds):
            for index, work in enumerate(works):
                best[index] = min(best[index], _round(work, calls[index]))
    finally:
        gc.enable()
    return best


def timed(work: Callable[[], object]) -> float:
    """Seconds for one call, of what can be done only once."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


# ---------------------------------------------------------------------------------------------------------------------


def _calls_in(work: Callable[[], object], seconds: float) -> int:
    work()  # what is made once and kept is no part of the figure
    return max(1, int(seconds / max(_round(work, 1), 1e-7)))


def _round(work: Callable[[], object], calls: int) -> float:
    begin = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - begin) / calls
