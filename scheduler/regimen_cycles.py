"""Reads the cycles of a regimen file: their lengths, and the days on which each agent is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from scheduler.regimen import CycleTemplate
from scheduler.regimen_cites import Cites
from scheduler.toml_reader import TableReader, did_you_mean, shown

MAX_LENGTH = 400  # days; a bound on slips of the finger, above every published cycle
MAX_TABLES = 99  # no course has more cycles
EARLIEST_DAY = -30  # no cycle is prepared more than a month ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The cycles of a regimen. `readable`: all their days were read, so other facts can be held against them."""

    templates: tuple[CycleTemplate, ...]
    readable: bool
    order: tuple[str, ...]

    def days_of(self, agent: str) -> tuple[int, ...]:
        """The day numbers that an agent has in some cycle, in rising order."""
        return tuple(sorted({day for template in self.templates for day in template.days.get(agent, ())}))

    def leads(self, agent: str) -> bool:
        """Whether the agent is the first on day 1 of some cycle, so that its day 1 moves the cycle."""
        return any(first_on_day_one(template.days, self.order) == agent for template in self.templates)

    def steps(self, agent: str) -> tuple[tuple[int, int], ...]:
        """For each step from one dose of an agent to its next: the number of the table [[cycles]], and the days."""
        found = []
        for index, template in enumerate(self.templates):
            days = template.days.get(agent, ())
            found += [(index + 1, later - day) for day, later in pairwise(days)]
            for after in self._after(index) if days else ():
                if agent in after.days:
                    found.append((index + 1, template.length + after.days[agent][0] - days[-1]))
        return tuple(found)

    def _after(self, index: int) -> tuple[CycleTemplate, ...]:
        """What a cycle of that table may be followed by: one of its own kind, or one of the next table."""
        template = self.templates[index]
        again = (template,) if template.count != 1 else ()
        return again + self.templates[index + 1 : index + 2]


def first_on_day_one(days: Mapping[str, tuple[int, ...]], order: tuple[str, ...]) -> str:
    """The agent that is given first on day 1, in the order of the file; an empty text where none is."""
    return next((agent for agent in order if 1 in days.get(agent, ())), "")


def read_cycles(top: TableReader, order: tuple[str, ...], cites: Cites) -> Shape:
    """The tables [[cycles]] of a file whose agents stand in that order."""
    readers = top.tables("cycles")
    if not readers:
        top.fault("cycles", "is missing; describe the cycles in at least one table [[cycles]]")
    if len(readers) > MAX_TABLES:
        top.fault("cycles", f"are more than {MAX_TABLES} tables; use count for cycles of the same shape")
    read = [_template(reader, order, cites, last=reader is readers[-1]) for reader in readers[:MAX_TABLES]]
    templates = tuple(template for template, _ in read)
    return Shape(templates=templates, readable=bool(read) and all(readable for _, readable in read), order=order)


# ---------------------------------------------------------------------------------------------------------------------


def _template(reader: TableReader, order: tuple[str, ...], cites: Cites, *, last: bool) -> tuple[CycleTemplate, bool]:
    noted = reader.noted
    length = reader.whole("length", 1, MAX_LENGTH)
    shortest = reader.whole("shortest", 1, MAX_LENGTH)
    longest = reader.whole("longest", 1, MAX_LENGTH)
    lengths_read = reader.noted == noted
    if lengths_read and not shortest <= length <= longest:
        reader.fault("length", f"{length} is not between shortest {shortest} and longest {longest}; mend one of them")
    days = _days(reader.table("days"), order)
    readable = lengths_read and days is not None
    if days is not None and readable:
        _check_days(reader, days, order, shortest)
    count = reader.whole("count", 1, MAX_LENGTH) if reader.has("count") else None
    if count is None and not last:
        reader.fault("count", "is missing; say how many such cycles come before those of the next table")
    if count is not None and last:
        reader.fault("count", "does not belong into the last table [[cycles]], which covers all that follow; remove it")
    template = CycleTemplate(
        count=count, length=length, shortest=shortest, longest=longest, days=days or {}, cite=cites.last(reader)
    )
    return template, readable


def _days(reader: TableReader, order: tuple[str, ...]) -> dict[str, tuple[int, ...]] | None:
    """The days of each agent, or None where some could not be read."""
    found = {}
    for agent in order:
        if reader.has(agent):
            found[agent] = reader.rising(agent, EARLIEST_DAY, MAX_LENGTH)
    strangers = [key for key in reader.keys if key not in order]
    for key in strangers:
        reader.has(key)
        reader.fault(key, f"{shown(key)} is not among [agents]; {did_you_mean(key, order)}")
    if not found and not strangers:
        reader.fault("", "names no agent; write it as days.KEY = [1, 8]")
    days = {agent: days for agent, days in found.items() if days is not None}
    return days if found and len(days) == len(found) and not strangers else None


def _check_days(
    reader: TableReader, days: Mapping[str, tuple[int, ...]], order: tuple[str, ...], shortest: int
) -> None:
    first = first_on_day_one(days, order)
    if not first:
        reader.fault("days", "no agent has day 1; every cycle starts with one, so count the days from it")
    elif days[first][0] < 1:
        reader.fault(
            "days", f"{shown(first)} is the first on day 1 and has a day before it; count the days from its first"
        )
    for agent, numbers in days.items():
        if numbers[-1] > shortest:
            reader.fault(
                "days",
                f"day {numbers[-1]} of {shown(agent)} is after the shortest cycle of {shortest} days;"
                f" use days up to {shortest}",
            )
