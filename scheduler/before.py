"""The plan as an action finds it, and what every kind of action asks of it."""

from datetime import date, time

from scheduler.actions import Action, AudienceChange, Cease, Defer, Given, Hold, Omit, Response, Resume, Void
from scheduler.course import ClinicRules
from scheduler.dates import wall_time_exists
from scheduler.errors import NeedsReason, Rejected
from scheduler.fold import apply
from scheduler.layout import Slot, lay_out
from scheduler.meant import agent_key, meant
from scheduler.numbers import Numbers
from scheduler.plan import DoseState
from scheduler.toml_reader import did_you_mean

GONE = {
    DoseState.GIVEN: "was given on {on}; void that record first",
    DoseState.OMITTED: "is omitted; void the omission first",
    DoseState.CANCELLED: "is cancelled, since treatment was ceased; void the cease first",
}


class Before:
    """The plan before an action. `today` is None for an action that was accepted before."""

    def __init__(self, numbers: Numbers, number: int, *, today: date | None, clinic: ClinicRules) -> None:
        self.numbers = numbers
        self.number = number
        self.today = today
        self.clinic = clinic
        self.regimen = numbers.regimen
        self.layout = lay_out(numbers)

    def named(self, action: Given | Defer | Omit | Hold | Resume) -> tuple[Slot, ...]:
        """The doses of the action's cycle and day, of its agent if it names one; Rejected where there is none."""
        agent = agent_key(self.regimen, action) if isinstance(action, Given | Defer | Omit) else ""
        visit = self.visit(action.cycle, action.day)
        found = tuple(slot for slot in visit if agent in ("", slot.id.agent))
        if not found:
            keys = ", ".join(slot.id.agent for slot in visit)
            message = f"{visit[0].id.visit} is not a day of {agent}; name one of {keys}, or none for all"
            raise Rejected("no-such-dose", message, field="agent")
        return found

    def visit(self, cycle: int, day: int) -> tuple[Slot, ...]:
        """The doses of a cycle and day; Rejected where the plan has none."""
        found = self.layout.visit(cycle, day)
        if not found:
            self.cycle(cycle)
            days = ", ".join(map(str, sorted({dose.day for dose in self.numbers.doses(cycle)})))
            raise Rejected("no-such-dose", f"cycle {cycle} has no day {day}; use one of its days: {days}", field="day")
        return found

    def cycle(self, cycle: int) -> None:
        """Rejects a cycle that the plan doesn't have."""
        count = len(self.layout.day1s)
        if cycle > count:
            message = f"the plan has no cycle {cycle}; use 1 to {count}, or record more cycles first"
            raise Rejected("no-such-cycle", message, field="cycle")

    def meant(self, action: Given | Defer | Omit | Hold | Resume, verb: str) -> tuple[Slot, ...]:
        """The doses that the action means; Rejected where none of them is open any more."""
        named = self.named(action)
        found = meant(self.numbers, self.layout, action)
        if not found:
            dose, state = named[0].id, named[0].state
            what = f"cannot {verb} {dose}: it" if verb else str(dose)
            if state not in GONE:
                raise Rejected("ceased", f"{what} is of an agent that was ceased; void that cease first", field="day")
            raise Rejected(f"{state}-already", f"{what} {GONE[state].format(on=named[0].date)}", field="day")
        return found

    def known(self, field: str, value: str, known: tuple[str, ...]) -> None:
        """Rejects a value that is not among the known ones."""
        if value not in known:
            raise Rejected("unknown-value", f"{field}: {value!r} is unknown; {did_you_mean(value, known)}", field=field)

    def agent(self, action: Given | Defer | Omit | Cease) -> None:
        """Rejects an agent that the regimen doesn't have, and what cannot be recorded once an agent was ceased."""
        if not action.agent:
            return
        self.known("agent", action.agent, tuple(self.regimen.agents))
        cease = self.numbers.ceases.get(action.agent)
        if cease is not None and not (isinstance(action, Given) and action.on <= cease.on):
            message = f"{action.agent} was ceased on {cease.on}, so {action.kind} cannot be recorded for it"
            raise Rejected("ceased", f"{message}; void the cease first", field="agent")

    def not_ceased(self, action: Action) -> None:
        """Rejects what cannot be recorded any more once the whole treatment was ceased."""
        cease = self.numbers.cease
        if cease is None:
            return
        allowed = isinstance(action, Void | Response | AudienceChange)
        allowed |= isinstance(action, Given) and action.on <= cease.on
        if isinstance(action, Omit):
            allowed = any(slot.state is not DoseState.CANCELLED for slot in self.named(action))
        if not allowed:
            message = f"treatment was ceased on {cease.on}, so {action.kind} cannot be recorded; void the cease first"
            raise Rejected("ceased", message, field="kind")

    def reason(self, action: Action, departure: str) -> None:
        """Asks for a reason where the action has none."""
        if not action.reason:
            raise NeedsReason(departure)

    def after(self, action: Action) -> Numbers:
        """The numbers with the action in effect."""
        numbers = self.numbers.copy()
        apply(numbers, self.number, action, self.clinic.versions())
        return numbers

    def exists(self, day: date, at: time, field: str) -> None:
        """Rejects a wall time that the clocks skip."""
        zone = self.numbers.course.zone
        if not wall_time_exists(day, at, zone):
            message = f"{field}: the clocks in {zone} skip {at:%H:%M} on {day}; write the time that they showed"
            raise Rejected("no-such-time", message, field=field)
