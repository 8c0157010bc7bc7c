"""The checks around doses and on days of the cycle (scheduling rules 19 and 20)."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple

from scheduler.closures import Closures
from scheduler.course import ClinicRules
from scheduler.dates import add_days
from scheduler.dose_id import DoseId
from scheduler.layout import Layout, Slot
from scheduler.liver_watch import liver_watch
from scheduler.numbers import Numbers
from scheduler.plan import DoseState, Task, Why
from scheduler.regimen import HangsOn, TaskRule, When
from scheduler.why import tell_cycle_day, tell_task


class Confirmed(NamedTuple):
    """Which doses are confirmed, and which cycles have such a dose."""

    doses: frozenset[DoseId]
    cycles: frozenset[int]


def tasks(
    numbers: Numbers, layout: Layout, clinic: ClinicRules, last_days: tuple[date, ...], confirmed: Confirmed
) -> tuple[Task, ...]:
    """The tasks of doses that are given or planned (after a cease: given), of cycles, and the liver watch."""
    closures = Closures(numbers.absences, clinic)
    maker = _Maker(numbers, layout, closures, confirmed, clinic.after_test_days)
    found = list(liver_watch(numbers, layout, clinic, closures))
    for rule in numbers.regimen.tasks:
        if rule.audience is not None and rule.audience not in numbers.audiences:
            continue
        if rule.intent is not None and rule.intent != numbers.intent:
            continue
        if rule.on is HangsOn.CYCLE_END:
            found += maker.cycle_ends(rule, last_days)
        elif rule.on is HangsOn.CYCLE_DAYS:
            found += maker.cycle_days(rule)
        else:
            found += maker.around_doses(rule)
    return tuple(sorted(found, key=attrgetter("date", "cycle")))


# ---------------------------------------------------------------------------------------------------------------------


class _Visit(NamedTuple):
    """A visit by its first dose; `apart` is its agent where the visit is not on the first date of its cycle and day."""

    dose: DoseId
    on: date
    apart: str

    @property
    def place(self) -> tuple[int, int, date]:
        """What all doses of the visit have in common."""
        return self.dose.cycle, self.dose.day, self.on


class _Maker:
    def __init__(
        self, numbers: Numbers, layout: Layout, closures: Closures, confirmed: Confirmed, after_test_days: int | None
    ) -> None:
        self._layout = layout
        self._closures = closures
        self._confirmed = confirmed
        self._after_test_days = after_test_days
        self._doses = layout.counted
        if numbers.cease is not None or numbers.ceases:
            kept = (slot for slot in layout.counted if slot.id in numbers.given or not numbers.cease_of(slot.id))
            self._doses = tuple(kept)
        self._visits = _visits(self._doses)
        self._standing = {slot.id.cycle for slot in layout.counted}
        self._found_dates: dict[tuple[int, When, bool], dict[date, tuple[date, date]]] = {}
        # What earlier rules have put on a visit: two agents can ask for the same.
        self._listed: dict[tuple[str, When, int, str | None], list[_Visit]] = {}

    def around_doses(self, rule: TaskRule) -> list[Task]:
        """The tasks of a rule that hangs on doses, each visit once."""
        when, offset = rule.when, rule.offset_days
        if when is When.AFTER and self._after_test_days is not None and not rule.at_home:
            offset = self._after_test_days
        dates = self._dates(-offset if when is When.BEFORE else offset, when, rule.at_home)
        kind, audience, confirmed = rule.kind, rule.audience, self._confirmed.doses
        found = []
        for dose, on, apart in self._once(rule, offset):
            asked, result = dates[on]
            why = Why(tell_task, rule, dose, on, offset, asked, result)
            cycle, day, _, _ = dose
            found.append(Task(kind, cycle, day, when, result, offset, dose in confirmed, why, audience, 0, apart))
        if rule.at_home or rule.lasts_days > 1:
            return [task._replace(at_home=rule.at_home, lasts_days=rule.lasts_days) for task in found]
        return found

    def cycle_ends(self, rule: TaskRule, last_days: tuple[date, ...]) -> Iterator[Task]:
        """The tasks at the end of cycles that have a dose that counts."""
        for cycle, last_day in enumerate(last_days, start=1):
            if cycle in self._standing and _in_cycles(rule, cycle):
                asked = add_days(last_day, rule.offset_days if rule.when is When.AFTER else -rule.offset_days)
                result = asked if rule.at_home else self._closures.open_day(asked, When.BEFORE)
                end = f"the end of cycle {cycle}"
                why = Why(tell_task, rule, end, last_day, rule.offset_days, asked, result)
                yield self._of_cycle(rule, cycle, None, result, why)

    def cycle_days(self, rule: TaskRule) -> Iterator[Task]:
        """The tasks on days of cycles that have a dose that counts.

        Closed days move neither a stay nor what is done at home.
        """
        for cycle, day1 in enumerate(self._layout.day1s, start=1):
            for day in rule.days if cycle in self._standing and _in_cycles(rule, cycle) else ():
                asked = add_days(day1, day - 1)
                stays = rule.at_home or rule.lasts_days > 1
                result = asked if stays else self._closures.open_day(asked, rule.when)
                yield self._of_cycle(rule, cycle, day, result, Why(tell_cycle_day, rule, cycle, day, day1, result))

    def _of_cycle(self, rule: TaskRule, cycle: int, day: int | None, on: date, why: Why) -> Task:
        return Task(
            kind=rule.kind,
            cycle=cycle,
            day=day,
            when=rule.when,
            date=on,
            offset_days=rule.offset_days,
            confirmed=cycle in self._confirmed.cycles,
            why=why,
            audience=rule.audience,
            of_cycle=True,
            at_home=rule.at_home,
            lasts_days=rule.lasts_days,
        )

    def _once(self, rule: TaskRule, offset: int) -> Sequence[_Visit]:
        """The visits that a rule hangs on, without those on which another rule has listed the same."""
        mark = (rule.kind, rule.when, offset, rule.audience)
        before = self._listed.get(mark)
        visits = self._hung_on(rule)
        if before is None:
            self._listed[mark] = visits
            return visits
        seen = {visit.place for visit in before}
        fresh = [visit for visit in visits if visit.place not in seen]
        self._listed[mark] = before + fresh
        return fresh

    def _hung_on(self, rule: TaskRule) -> list[_Visit]:
        visits = self._visits if not rule.agent else self._visits_with(rule.agent)
        if rule.on is HangsOn.FIRST_DOSE:
            first = self._first(rule.agent)
            found = next((visit for visit in visits if visit.place == first), None)
            visits = [found] if found is not None else []
        elif rule.on is HangsOn.DAY_ONE:
            visits = [visit for visit in visits if visit.dose.day == 1]
        if rule.cycles is None:
            return visits
        return [visit for visit in visits if visit.dose.cycle in rule.cycles]

    def _visits_with(self, agent: str) -> list[_Visit]:
        """The visits on which the agent is given. With one agent that is every visit, and doses don't name it."""
        mine = {_place(slot) for slot in self._doses if slot.id.agent in ("", agent)}
        return [visit for visit in self._visits if visit.place in mine]

    def _first(self, agent: str) -> tuple[int, int, date] | None:
        """The visit of the first dose (of that agent) that is not omitted or cancelled; None while it is on hold."""
        gone = (DoseState.OMITTED, DoseState.CANCELLED)
        standing = (slot for slot in self._layout.slots if slot.state not in gone)
        first = next((slot for slot in standing if "" in (agent, slot.id.agent) or slot.id.agent == agent), None)
        return _place(first) if first is not None and first.counted else None

    def _dates(self, step: int, when: When, at_home: bool) -> dict[date, tuple[date, date]]:  # noqa: FBT001 - a key
        """For each date with doses the date so many days off, and the open day for that."""
        found = self._found_dates.get((step, when, at_home))
        if found is None:
            open_day, span = self._closures.open_day, timedelta(days=step)
            asked = [(on, on + span) for _, on, _ in self._visits]
            found = {on: (day, day if at_home else open_day(day, when)) for on, day in asked}
            self._found_dates[step, when, at_home] = found
        return found


def _place(slot: Slot) -> tuple[int, int, date]:
    """What doses of one visit have in common."""
    return slot.id.cycle, slot.id.day, slot.date


def _visits(doses: Sequence[Slot]) -> list[_Visit]:
    found: list[_Visit] = []
    here: list[date] = []  # the dates on which the doses of the cycle and day in hand lie
    last: tuple[int, int] | None = None
    for slot in doses:
        dose, on = slot.id, slot.date
        place = dose[:2]
        if place != last:
            last, here = place, [on]
            found.append(_Visit(dose, on, ""))
        elif on not in here:
            here.append(on)
            found.append(_Visit(dose, on, dose.agent))
    return found


def _in_cycles(rule: TaskRule, cycle: int) -> bool:
    return rule.cycles is None or cycle in rule.cycles
