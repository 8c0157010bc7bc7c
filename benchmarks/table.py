"""`make bench | python -m benchmarks.table`: the rows of docs/benchmarks.md from the JSON lines."""

import json
import sys
from collections.abc import Mapping
from typing import Any


def row(told: Mapping[str, Any]) -> str:
    """One measurement as a row of the table."""
    met = {True: "yes", False: "no", None: "-"}[told.get("aim_met")]
    cells = (
        f"`{told['name']}`",
        told["what"],
        _time(told["seconds"]),
        told["reference"],
        _time(told["reference_seconds"]),
        f"{told['ratio']:g}",
        _aim(told),
        met,
    )
    return f"| {' | '.join(cells)} |"


# ---------------------------------------------------------------------------------------------------------------------


def _aim(told: Mapping[str, Any]) -> str:
    if "aim_ratio" in told:
        return f"at most {told['aim_ratio']:g}"
    return f"at most {_time(told['aim_seconds'])}" if "aim_seconds" in told else "none"


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


if __name__ == "__main__":
    for line in sys.stdin:
        print(row(json.loads(line)))
