"""The benchmarks of reminders do what they say, here with few rows; what they find out is left to `make bench`."""

import pytest

from benchmarks import mails, outbox, queue
from benchmarks.timing import Result

FEW = {
    "added": lambda: outbox.added(200),
    "taken": lambda: outbox.taken(1000, take=100),
    "taken of many": lambda: outbox.taken_of_many(2000, 1000, take=100),
    "sent": lambda: mails.sent(80, rounds=2),
    "done": lambda: queue.done(100, rounds=2),
    "done together": lambda: queue.done_together(100, rounds=2),
}


@pytest.mark.parametrize("name", FEW)
def test_a_benchmark_counts_what_both_sides_do_and_tells_both_times(name: str) -> None:
    result = FEW[name]()
    assert isinstance(result, Result)
    assert result.seconds > 0
    assert result.reference_seconds > 0
    assert (result.aim_ratio is None) == (name == "done")
