"""One action on its way in: the fields that it may have, and the doses that it means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn

from scheduler.regimen import Regimen
from tests.oracle_layout import anchor_of, last_dose_day
from tests.oracle_numbers import Laid, Numbers, OracleRejected, cycle_count

SCOPES = ("dose", "cycle", "course")
HOLD_CAUSES = ("counts", "liver", "toxicity", "infection", "patient", "clinic", "pregnancy")
CEASE_CAUSES = (
    "completed",
    "no-response",
    "toxicity",
    "transplant",
    "patient-choice",
    "pregnancy",
    "transferred",
    "hospice",
    "death",
    "other",
)
OF_THE_PATIENT = ("pregnancy", "transferred", "hospice", "death")  # no cause to cease one agent
# kind: (fields that it must have, fields that it may have)
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "given": (("cycle", "day", "on"), ("agent", "started", "ended", "tolerated", "complete", "elsewhere")),
    "defer": (("cycle", "day", "to"), ("agent", "scope")),
    "hold": (("cycle", "day", "on", "cause"), ()),
    "resume": (("cycle", "day", "on"), ()),
    "omit": (("cycle", "day"), ("agent",)),
    "cycle-length": (("cycle", "days"), ()),
    "days": (("cycle", "days"), ()),
    "cycles": (("count",), ()),
    "intent": (("value",), ()),
    "response": (("cycle", "value"), ()),
    "time": (("at",), ("cycle", "day")),
    "audience": (("value",), ("change",)),
    "away": (("from", "to"), ()),
    "cease": (("on", "cause"), ("agent",)),
    "regimen": (("version",), ()),
    "void": (("action",), ()),
}
ANY_ACTION = ("kind", "reason", "replaces")
AFTER_CEASE = ("response", "audience", "given", "omit")
DONE = ("given", "omitted", "cancelled")


@dataclass
class Step:
    """One action on its way in: what stood before it, what stands after it, why it would need a reason."""

    number: int
    action: dict[str, Any]
    today: date
    versions: Mapping[str, Regimen]
    before: Numbers
    after: Numbers
    sheet: list[Laid]
    last: bool  # the action that comes in now, not one that is taken once more
    reasons: list[str] = field(default_factory=list)

    def refuse(self, why: str) -> NoReturn:
        raise OracleRejected(self.number, why)

    def one_of(self, name: str, allowed: Iterable[str]) -> str:
        value = self.action[name]
        if value not in allowed:
            self.refuse(f"unknown {name} {value!r}")
        return str(value)

    def cycle(self) -> int:
        cycle = self.action["cycle"]
        if not isinstance(cycle, int) or not 1 <= cycle <= cycle_count(self.before):
            self.refuse(f"the plan has no cycle {cycle}")
        return cycle

    def agent(self) -> int | None:
        """The place of the agent that the action names; None for the visit."""
        named = self.action.get("agent", "")
        if not named:
            return None
        keys = list(self.before.regimen.agents)
        if named not in keys:
            self.refuse(f"the regimen has no agent {named!r}")
        return keys.index(named) if self.before.several else None

    def doses(self) -> list[Laid]:
        """All doses of the cycle and day, of the agent that is named."""
        place, rank = (self.cycle(), self.action["day"]), self.agent()
        found = [laid for laid in self.sheet if laid.place == place and rank in (None, laid.key[2])]
        if not found:
            self.refuse(f"the plan has no day {place[1]} in cycle {place[0]}")
        return found

    def visit(self, *done: str, on: date | None = None) -> list[Laid]:
        """The open doses that the action means: one agent's, or all that share the date of the first of them.

        An agent that ceased has no open doses but those that were given (`on`) by then.
        """
        found = self.doses()
        fitting = [laid for laid in found if laid.state not in done and not self._stopped(laid, on)]
        if not fitting:
            self.refuse(f"this dose is {found[0].state}, or its agent has ceased")
        return [laid for laid in fitting if laid.date == fitting[0].date]

    def _stopped(self, laid: Laid, on: date | None) -> bool:
        last = self.before.stopped.get(laid.key[2])
        # What nothing else could clear: a dose planned before its agent ceased goes with its visit.
        overdue = self.action["kind"] == "omit" and laid.state == "planned" and self.agent() is None
        return last is not None and not overdue and (on is None or on > last)


def check_fields(number: int, action: dict[str, Any]) -> None:
    kind = action.get("kind")
    if kind not in FIELDS:
        raise OracleRejected(number, f"unknown kind {kind!r}")
    must, may = FIELDS[kind]
    for name in must:
        if name not in action:
            raise OracleRejected(number, f"{kind} lacks {name}")
    for name in action:
        if name not in must + may + ANY_ACTION:
            raise OracleRejected(number, f"{kind} has no field {name}")


def refuse_known_length(step: Step, cycle: int, length: int, numbers: Numbers) -> None:
    """A cycle whose next one has started has its length; no cycle ends before its last dose."""
    if has_begun(step, cycle + 1):
        step.refuse(f"cycle {cycle} has its length: the next one has started")
    if length <= last_dose_day(numbers, cycle):
        step.refuse(f"cycle {cycle} would end before its last dose")


def has_begun(step: Step, cycle: int) -> bool:
    return cycle <= cycle_count(step.before) and anchor_of(step.sheet, cycle).state == "given"
