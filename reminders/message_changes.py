"""What a mail says about dates that changed. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reminders.mime import Block
from reminders.speaking import Speaker, Told, in_order, needs_blood_tests
from scheduler.events import Cancelled, EventKind

CYCLES_TOLD = 2  # of a change: the cycle that runs and the next
ROLES = {
    EventKind.INFUSION: "visit",
    EventKind.CHECK: "check",
    EventKind.DISCONNECT: "pump",
    EventKind.STAY: "stay",
    EventKind.HOME: "home",
    EventKind.WINDOW: "window",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Speaker):
    """The part of a mail that tells changes."""

    def blocks(self) -> Iterable[Block]:
        """What is new, and what holds for the visits among it."""
        told = sorted(self.facts.changes, key=lambda each: in_order(each.stamped.event))
        near, later = _near_and_later(told)
        lines = [*self._lines(near)]
        if later:
            lines.append(self.say("mail.later.moved" if any(map(stands, later)) else "mail.later.gone"))
        yield Block(heading=self.say("mail.news"), lines=tuple(lines))
        standing = [each.stamped.event for each in told if each.stamped.cancelled is None]
        if any(event.kind is EventKind.INFUSION for event in standing):
            reservations = ["mail.check-date"] if self.facts.unsure else []
            reservations += [] if all(event.confirmed for event in standing) else ["mail.may-change"]
            yield Block(lines=(*self.place(), *(self.say(key) for key in reservations)))

    def _lines(self, told: Sequence[Told]) -> Iterator[str]:
        """A line for each date; one for all bags of a pump, which may be one a day for weeks."""
        yield from (self._line(each) for each in told if each.stamped.event.kind is not EventKind.BAG_CHANGE)
        if any(each.stamped.event.kind is EventKind.BAG_CHANGE for each in told):
            yield self.say("mail.bags.changed")
        if any(each.stamped.event.kind is EventKind.WINDOW for each in told):
            yield from self.keep_on()

    def _line(self, told: Told) -> str:
        event, role = told.stamped.event, ROLES[told.stamped.event.kind]
        if role == "window":
            return f"{self.say('mail.window.changed' if told.was else 'mail.window.added')} {self.window(event)}"
        values = {"date": self.moment(event.start)} | ({"was": self.moment(told.was)} if told.was else {})
        if role == "visit":
            values |= self.arrival(event)
        elif event.checks:
            values["checks"] = self.names(event)
        news = self.say(f"mail.{role}.{_step(told)}", **values)
        return f"{news} {self.say('line.day-one')}" if stands(told) and needs_blood_tests(event) else news


def stands(told: Told) -> bool:
    """Whether it tells of a visit that takes place."""
    return told.stamped.cancelled is None and told.stamped.event.kind is EventKind.INFUSION


# ---------------------------------------------------------------------------------------------------------------------


def _step(told: Told) -> str:
    if told.stamped.cancelled is Cancelled.TO_BE_ARRANGED and told.stamped.event.kind is EventKind.INFUSION:
        return "held"
    if told.stamped.cancelled is not None:
        return "gone"
    if told.was == told.stamped.event.start:
        return "arrival"
    return "moved" if told.was else "added"


def _near_and_later(told: Sequence[Told]) -> tuple[list[Told], list[Told]]:
    """The changes of the first two cycles that change, with those of no cycle, and the others.

    A dose that is held takes forty dates along: told one by one, the next visit would drown among them.
    """
    cycles = sorted({each.stamped.event.cycle or 0 for each in told} - {0})[:CYCLES_TOLD]
    near = [each for each in told if each.stamped.event.cycle is None or each.stamped.event.cycle in cycles]
    return near, [each for each in told if each not in near]
