"""The benchmarks measure what they say: the same dates, one JSON object a line, an aim that can be missed."""

import re
from pathlib import Path

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.plans import inotuzumab, same_dates, six_cycles
from benchmarks.table import row
from benchmarks.timing import Result, fastest


def test_the_reference_gives_the_same_eighteen_dates() -> None:
    dates = [dose.date for dose in six_cycles(inotuzumab()).doses()]
    assert [moment.date() for moment in same_dates()] == dates
    assert len(dates) == 18


def test_a_result_tells_its_ratio_and_whether_the_aim_is_met() -> None:
    result = Result(what="a", seconds=0.6, reference="b", reference_seconds=0.2, aim_ratio=3.5)
    assert result.as_dict("x") == {
        "name": "x",
        "what": "a",
        "seconds": 0.6,
        "reference": "b",
        "reference_seconds": 0.2,
        "ratio": 3.0,
        "aim_ratio": 3.5,
        "aim_met": True,
    }
    assert Result(what="a", seconds=0.6, reference="b", reference_seconds=0.2, aim_ratio=2.9).missed
    assert Result(what="a", seconds=0.6, reference="b", reference_seconds=0.2, aim_seconds=0.5).missed
    assert not Result(what="a", seconds=0.6, reference="b", reference_seconds=0.2).missed
    large = Result(what="a", seconds=0.6, reference="b", reference_seconds=0.2, size_bytes=20, aim_bytes=10)
    assert large.missed


def test_the_fastest_round_of_each_work_counts() -> None:
    calls = {"a": 0, "b": 0}

    def work(name: str) -> None:
        calls[name] += 1

    assert all(0 < seconds < 1 for seconds in fastest(lambda: work("a"), lambda: work("b"), rounds=3, seconds=0))
    assert calls["a"] == calls["b"] > 3


def test_an_unknown_benchmark_is_wrong_usage() -> None:
    assert main(["nothing"]) == 2
    feeds = ["written", "built", "full", "gzip", "304", "radicale", "many-courses"]
    plans = ["plan", "plan-cycles", "plan-record", "plan-command"]
    assert list(BENCHMARKS)[:11] == [*plans, *(f"feed-{name}" for name in feeds)]


def test_a_result_becomes_a_row_of_the_document() -> None:
    result = Result(what="a", seconds=0.0006, reference="b", reference_seconds=0.012, aim_ratio=0.1)
    assert row(result.as_dict("x")) == "| `x` | a | 0.6 ms | b | 12 ms | 0.05 | at most 0.1 | yes |"
    result = Result(what="a", seconds=1.5, reference="b", reference_seconds=1, aim_seconds=1)
    assert row(result.as_dict("x")) == "| `x` | a | 1.5 s | b | 1 s | 1.5 | at most 1 s | no |"
    result = Result(what="a", seconds=0.00002, reference="b", reference_seconds=1)
    assert row(result.as_dict("x")) == "| `x` | a | 0.02 ms | b | 1 s | 2e-05 | none | - |"


def test_each_benchmark_has_its_row_in_the_document() -> None:
    text = (Path(__file__).parent.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^\| `([a-z0-9-]+)` \|", text) == list(BENCHMARKS)
