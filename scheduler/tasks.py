"""The checks around doses (scheduling rules 19 and 20)."""

from collections.abc import Iterator
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple

from scheduler.actions import CeaseCause
from scheduler.closures import Closures
from scheduler.course import ClinicRules
from scheduler.dates import add_days
from scheduler.layout import Layout, Numbers, Slot
from scheduler.plan import LIVER_WATCH, DoseId, DoseState, Fact, Task, Why
from scheduler.regimen import HangsOn, LiverWatch, TaskRule, When
from scheduler.why import day_text, tell, tell_task
from scheduler.windows import last_dose, last_given


class Confirmed(NamedTuple):
    """Which doses are confirmed, and which cycles have such a dose."""

    doses: frozenset[DoseId]
    cycles: frozenset[int]


def tasks(
    numbers: Numbers, layout: Layout, clinic: ClinicRules, last_days: tuple[date, ...], confirmed: Confirmed
) -> tuple[Task, ...]:
    """The tasks of doses that are given or planned (after a cease: given), of cycle ends, and the liver watch."""
    maker = _Maker(numbers, layout, clinic, last_days, confirmed)
    found = [*maker.liver_watch()]
    for rule in numbers.regimen.tasks:
        found += maker.of_rule(rule)
    return tuple(sorted(found, key=attrgetter("date", "cycle")))


# ---------------------------------------------------------------------------------------------------------------------


class _Maker:
    def __init__(
        self,
        numbers: Numbers,
        layout: Layout,
        clinic: ClinicRules,
        last_days: tuple[date, ...],
        confirmed: Confirmed,
    ) -> None:
        self._numbers = numbers
        self._layout = layout
        self._clinic = clinic
        self._last_days = last_days
        self._confirmed = confirmed
        self._closures = Closures(numbers, clinic)
        self._found_dates: dict[tuple[When, int], dict[DoseId, tuple[date, date]]] = {}
        ceased = numbers.cease is not None
        self._doses = [slot for slot in layout.counted if slot.id in numbers.given or not ceased]

    def of_rule(self, rule: TaskRule) -> list[Task]:
        if rule.audience is not None and rule.audience not in self._numbers.audiences:
            return []
        if rule.intent is not None and rule.intent != self._numbers.intent:
            return []
        if rule.on is HangsOn.CYCLE_END:
            return list(self._cycle_ends(rule))
        return self._of_doses(rule, self._hung_on(rule))

    def _hung_on(self, rule: TaskRule) -> list[Slot]:
        doses = self._doses
        if rule.on is HangsOn.EACH_DOSE and rule.cycle is None:
            return doses
        if rule.on is HangsOn.FIRST_DOSE:
            gone = (DoseState.OMITTED, DoseState.CANCELLED)
            first = next((slot for slot in self._layout.slots if slot.state not in gone), None)
            doses = [slot for slot in doses if slot is first]
        elif rule.on is HangsOn.DAY_ONE:
            doses = [slot for slot in doses if slot.id.day == 1]
        return [slot for slot in doses if rule.cycle in (None, slot.id.cycle)]

    def _of_doses(self, rule: TaskRule, doses: list[Slot]) -> list[Task]:
        offset = self._offset(rule)
        dates = self._dates(rule.when, offset)
        confirmed = self._confirmed.doses
        found = []
        for slot in doses:
            asked, result = dates[slot.id]
            why = Why(tell_task, rule, slot.id, slot.date, offset, asked, result)
            sure, (cycle, day) = slot.id in confirmed, slot.id
            found.append(Task(rule.kind, cycle, day, rule.when, result, offset, sure, why, rule.audience))
        return found

    def _dates(self, when: When, offset: int) -> dict[DoseId, tuple[date, date]]:
        """For each dose the date so many days before or after it, and the open day for that."""
        found = self._found_dates.get((when, offset))
        if found is None:
            step = -offset if when is When.BEFORE else offset
            asked = [(slot.id, add_days(slot.date, step)) for slot in self._doses]
            found = {dose: (day, self._closures.open_day(day, when)) for dose, day in asked}
            self._found_dates[when, offset] = found
        return found

    def _offset(self, rule: TaskRule) -> int:
        own = self._clinic.after_test_days
        return own if rule.when is When.AFTER and own is not None else rule.offset_days

    def _cycle_ends(self, rule: TaskRule) -> Iterator[Task]:
        standing = {slot.id.cycle for slot in self._layout.counted}
        for cycle, last_day in enumerate(self._last_days, start=1):
            if rule.cycle in (None, cycle) and cycle in standing:
                asked = add_days(last_day, -rule.offset_days)
                result = self._closures.open_day(asked, When.BEFORE)
                end = f"the end of cycle {cycle}"
                yield Task(
                    kind=rule.kind,
                    cycle=cycle,
                    day=None,
                    when=rule.when,
                    date=result,
                    offset_days=rule.offset_days,
                    confirmed=cycle in self._confirmed.cycles,
                    audience=rule.audience,
                    why=Why(tell_task, rule, end, last_day, rule.offset_days, asked, result),
                )

    def liver_watch(self) -> Iterator[Task]:
        watch = self._numbers.regimen.liver_watch
        held = any(slot.state is DoseState.HELD for slot in self._layout.slots)
        last = last_given(self._layout) if held else last_dose(self._layout)
        if watch is None or last is None:
            return
        weeks = self._clinic.liver_watch_weeks
        yield self._watch_end(watch, last, weeks)
        cease = self._numbers.cease
        if cease is not None and cease.cause is CeaseCause.TRANSPLANT:
            for week in range(1, watch.weekly_tests_after_transplant + 1):
                yield self._weekly(watch, last, week, cease.on)

    def _watch_end(self, watch: LiverWatch, last: Slot, weeks: int) -> Task:
        end = last.date + timedelta(weeks=weeks)
        origin = f"{weeks} weeks after the last dose, {last.id} on {day_text(last.date)}"
        fact = Fact("liver-watch", origin, end, str(watch.cite))
        return Task(
            kind=LIVER_WATCH,
            cycle=last.id.cycle,
            day=last.id.day,
            when=When.AFTER,
            date=end,
            offset_days=weeks * 7,
            confirmed=last.state is DoseState.GIVEN,
            why=Why(tell, f"The liver is watched until {day_text(end)}: {origin}; {watch.cite}.", fact),
        )

    def _weekly(self, watch: LiverWatch, last: Slot, week: int, ceased: date) -> Task:
        asked = ceased + timedelta(weeks=week)
        result = self._closures.open_day(asked, When.AFTER)
        origin = f"week {week} after treatment ceased for a transplant, {day_text(ceased)}"
        fact = Fact("after-transplant", origin, result, str(watch.cite))
        return Task(
            kind="liver-tests",
            cycle=last.id.cycle,
            day=last.id.day,
            when=When.AFTER,
            date=result,
            offset_days=week * 7,
            confirmed=True,
            ordinal=week,
            why=Why(tell, f"{day_text(result)}: {origin}; {watch.cite}.", fact),
        )
