"""The liver watch after the last dose, where the regimen asks for one (scheduling rule 20)."""

from collections.abc import Iterator
from datetime import date, timedelta

from scheduler.actions import CeaseCause
from scheduler.closures import Closures
from scheduler.course import ClinicRules
from scheduler.layout import Layout, Slot
from scheduler.numbers import Numbers
from scheduler.plan import LIVER_WATCH, DoseState, Fact, Task, Told, Why
from scheduler.regimen import LiverWatch, When
from scheduler.why import closed_fact, day_text, tell
from scheduler.windows import last_dose, last_given


def liver_watch(numbers: Numbers, layout: Layout, clinic: ClinicRules, closures: Closures) -> Iterator[Task]:
    """The end of the watch after the last dose, and the weekly tests after a transplant."""
    watch = numbers.regimen.liver_watch
    held = any(slot.state is DoseState.HELD for slot in layout.slots)
    last = last_given(layout) if held else last_dose(layout)
    if watch is None or last is None:
        return
    yield _end(watch, last, clinic.liver_watch_weeks)
    cease = numbers.cease
    if cease is not None and cease.cause is CeaseCause.TRANSPLANT:
        for week in range(1, watch.weekly_tests_after_transplant + 1):
            yield _weekly(watch, last, week, cease.on, closures)


# ---------------------------------------------------------------------------------------------------------------------


def _end(watch: LiverWatch, last: Slot, weeks: int) -> Task:
    end = last.date + timedelta(weeks=weeks)
    return Task(
        kind=LIVER_WATCH,
        cycle=last.id.cycle,
        day=last.id.day,
        when=When.AFTER,
        date=end,
        offset_days=weeks * 7,
        confirmed=last.state is DoseState.GIVEN,
        why=Why(_tell_end, watch, last, weeks, end),
    )


def _tell_end(watch: LiverWatch, last: Slot, weeks: int, end: date) -> Told:
    origin = f"{weeks} weeks after the last dose, {last.id} on {day_text(last.date)}"
    fact = Fact("liver-watch", origin, end, str(watch.cite), last.date, weeks, "weeks")
    return f"The liver is watched until {day_text(end)}: {origin}; {watch.cite}.", (fact,)


def _weekly(watch: LiverWatch, last: Slot, week: int, ceased: date, closures: Closures) -> Task:
    asked = ceased + timedelta(weeks=week)
    result = closures.open_day(asked, When.AFTER)
    origin = f"week {week} after treatment ceased for a transplant, {day_text(ceased)}"
    facts = [Fact("after-transplant", origin, asked, str(watch.cite), ceased, week, "weeks")]
    if result != asked:
        facts.append(closed_fact(asked, result, When.AFTER))
    reasons = "; ".join(fact.origin for fact in facts)
    return Task(
        kind="liver-tests",
        cycle=last.id.cycle,
        day=last.id.day,
        when=When.AFTER,
        date=result,
        offset_days=week * 7,
        confirmed=True,
        ordinal=week,
        why=Why(tell, f"{day_text(result)}: {reasons}; {watch.cite}.", *facts),
    )
