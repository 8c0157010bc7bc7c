"""How a remark of the plan on itself is put."""

from scheduler.dose_id import DoseId
from scheduler.plan import Advice, Severity, Suggestion
from scheduler.regimen import Cite

UNREAD = "not verified, check the label"


def cited(sentence: str, cite: Cite) -> str:
    """The sentence with its source; a source that was not read shows as such."""
    return f"{sentence} ({cite})" if cite.verified else f"{sentence} ({cite.place}): {UNREAD}"


def remark(
    code: str,
    severity: Severity,
    message: str,
    *,
    facts: str,
    dose: DoseId | None = None,
    cycle: int | None = None,
    suggest: Suggestion | None = None,
) -> Advice:
    """A remark on the course, a cycle or a dose. The agent of a dose is one of the facts that identify it."""
    return Advice(
        code=code,
        severity=severity,
        cycle=dose.cycle if dose is not None else cycle,
        day=dose.day if dose is not None else None,
        message=f"{message}.",
        suggest=suggest,
        facts=f"{dose.agent} {facts}" if dose is not None and dose.agent else facts,
    )
