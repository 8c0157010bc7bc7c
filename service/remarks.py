"""Remarks of a plan on itself, and whether somebody took note of them."""

import hashlib
from collections.abc import Collection

from scheduler.plan import Advice, Plan, Severity

CLOSED_DAY, UNVERIFIED = "closed-day", "unverified"


def mark_of(advice: Advice) -> str:
    """What stands for the remark with its facts: it changes when they do."""
    told = f"{advice.code}\n{advice.cycle}\n{advice.day}\n{advice.facts}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def noted_closed_days(plan: Plan, noted: Collection[str]) -> frozenset[tuple[int | None, int | None]]:
    """Cycle and day of the visits on a closed day of which somebody took note; `noted`: the marks of such remarks."""
    remarks = [advice for advice in plan.advice if advice.code == CLOSED_DAY]
    still_open = {(each.cycle, each.day) for each in remarks if mark_of(each) not in noted}
    return frozenset((each.cycle, each.day) for each in remarks) - still_open


def rank(advice: Advice) -> int:
    """How soon somebody should look: first what may harm, then dates on closed days, then notes, and last facts that
    nobody has read, which are the same for all courses of the regimen."""
    if advice.code == UNVERIFIED:
        return 3
    if advice.severity is not Severity.WARN:
        return 2
    return 1 if advice.code == CLOSED_DAY else 0
