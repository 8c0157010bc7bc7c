"""A cycle as a lane of the timeline, in words and measures: the same on a screen, in print, and read aloud."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from calendars.kinds import Detail
from calendars.shapes import Mark, has_moved, mark_of
from calendars.spans import times_of
from calendars.view import CalendarView, Entry, Status
from calendars.wording import say_date, say_day, say_near, together
from scheduler.events import EventKind
from scheduler.plan import Cycle, Dose, DoseState

DATED = frozenset({DoseState.PLANNED, DoseState.GIVEN})


def has_dates(cycle: Cycle) -> bool:
    """Whether a dose of the cycle has a date that a patient may read."""
    return any(dose.state in DATED and dose.date is not None for dose in cycle.doses)


def name_of(cycle: Cycle, view: CalendarView) -> str:
    """What the lane is called: "Cycle 2 · from 28 December 2026"; at less than `full` only its date."""
    when = when_of(cycle, view)
    if view.detail is Detail.FULL:
        return f"{view.wording.say('timeline.lane', number=cycle.number)} · {when}"
    return when


def when_of(cycle: Cycle, view: CalendarView) -> str:
    """Since when the cycle lasts, or why it has no dates; empty at `busy` when it has none."""
    if has_dates(cycle):
        return view.wording.say("timeline.from", date=say_day(cycle.day1, view.language))
    if view.detail is Detail.BUSY:
        return ""
    if any(dose.state is DoseState.HELD for dose in cycle.doses):
        return view.wording.say("timeline.no-date")
    return state_of(Mark.CANCELLED, view)


def told(cycle: Cycle, view: CalendarView) -> str:
    """The lane in a sentence, for people who hear it."""
    doses = "; ".join(
        [
            *(_told(dose, view) for dose in doses_of(cycle)),
            *(_stay_told(each, view) for each in hospital_of(cycle, view)),
        ]
    )
    name = name_of(cycle, view)
    return f"{name}: {doses}." if name else f"{doses}."


def state_of(mark: Mark, view: CalendarView) -> str:
    """What a mark means."""
    return view.wording.say(f"state.{mark}.{'full' if view.detail is Detail.FULL else 'discreet'}")


def letter_of(mark: Mark, view: CalendarView) -> str:
    """The letter inside a mark; none at `busy`."""
    if view.detail is Detail.BUSY:
        return ""
    neutral = f"state.{mark}.letter.discreet"
    if view.detail is not Detail.FULL and view.wording.has(neutral):
        return view.wording.say(neutral)
    return view.wording.say(f"state.{mark}.letter")


def marks_of(view: CalendarView) -> tuple[Mark, ...]:
    """The marks that a legend has to explain, in their own order; none at `busy`."""
    doses = [dose for cycle in view.cycles() for dose in cycle.doses] if view.detail is not Detail.BUSY else []
    shown = {mark_of(dose) for dose in doses} | {Mark.MOVED for dose in doses if has_moved(dose)}
    return tuple(mark for mark in Mark if mark in shown)


def doses_of(cycle: Cycle) -> tuple[Dose, ...]:
    """The doses that have a mark: one for all that share day, date and state, as several drugs of one visit do.

    It lasts as long as the longest of them, and has moved where one of them has.
    """
    found: dict[object, Dose] = {}
    for dose in cycle.doses:
        place = (dose.day, dose.date or dose.nominal, dose.state)
        known = found.get(place, dose)
        moved = next((each for each in (known, dose) if has_moved(each)), dose)
        found[place] = max(known, dose, key=_lasts)._replace(nominal=moved.nominal)
    return tuple(found.values())


def rows_of(places: Sequence[float], apart: float) -> list[int]:
    """For each mark the first row in which it stands at least `apart` from those before it."""
    ends: list[float] = []
    rows = []
    for place in places:
        row = next((number for number, end in enumerate(ends) if place - end >= apart), len(ends))
        ends[row : row + 1] = [place]
        rows.append(row)
    return rows


def offset_of(dose: Dose, cycle: Cycle) -> int:
    """How many days after its cycle's day 1 the dose lies, or would by the plan while it has no date."""
    return ((dose.date or dose.nominal) - cycle.day1).days


def stay_of(dose: Dose) -> timedelta | None:
    """How long one stays from the infusion's start on, for a dose with a stay after it; else None."""
    times = dose.times
    if times is None or times.observation_end.timestamp() <= times.infusion_end.timestamp():
        return None
    return timedelta(seconds=times.observation_end.timestamp() - times.infusion_start.timestamp())


def run_of(dose: Dose) -> timedelta | None:
    """How long an infusion runs that goes on for days, from its start on; else None."""
    times = dose.times
    if times is None:
        return None
    end = times.disconnect or times.infusion_end
    length = timedelta(seconds=end.timestamp() - times.infusion_start.timestamp())
    return length if length >= timedelta(days=1) else None


def hospital_of(cycle: Cycle, view: CalendarView) -> tuple[Entry, ...]:
    """The stays in hospital of a cycle that hold; none at `busy`."""
    if view.detail is Detail.BUSY:
        return ()
    return tuple(
        entry
        for entry in view.entries
        if entry.kind is EventKind.STAY
        and entry.key.startswith(f"c{cycle.number}/")
        and entry.status is not Status.CANCELLED
    )


def shades_of(view: CalendarView) -> dict[str, str]:
    """What is shaded on the lanes, and the words that a legend has for it; nothing at `busy`."""
    if view.detail is Detail.BUSY:
        return {}
    cycles = view.cycles()
    doses = [dose for cycle in cycles for dose in doses_of(cycle)]
    there = {
        "stay": any(map(stay_of, doses)),
        "run": any(map(run_of, doses)),
        "hospital": any(hospital_of(cycle, view) for cycle in cycles),
    }
    ending = "" if view.detail is Detail.FULL else ".discreet"
    return {name: view.wording.say(f"timeline.{name}{ending}") for name, shown in there.items() if shown}


def span_of(cycles: Sequence[Cycle]) -> tuple[int, int]:
    """From how many days before day 1 (0 or less) to how many after it lanes must reach: the longest cycle's length, or
    more where a dose lies beyond it."""
    offsets = [offset_of(dose, cycle) for cycle in cycles for dose in cycle.doses]
    lengths = [cycle.length_days - 1 for cycle in cycles]
    return min([0, *offsets]), max([1, *lengths, *offsets])


def windows_of(view: CalendarView) -> Iterator[tuple[Entry, date]]:
    """The windows that this reader sees, each with the date of the last dose that it counts from. At `full` alone."""
    if view.detail is not Detail.FULL:
        return
    starts = {f"window/{each.kind}/{each.audience}": each.last_dose for each in view.plan.windows}
    for entry in view.entries:
        if entry.kind is EventKind.WINDOW:
            yield entry, starts.get(entry.key) or entry.first_date


# ---------------------------------------------------------------------------------------------------------------------


def _told(dose: Dose, view: CalendarView) -> str:
    say, language = view.wording.say, view.language
    day = say("timeline.day", day=dose.day) if view.detail is Detail.FULL else ""
    on = say_date(dose.date, language) if dose.date is not None else ""
    if view.detail is Detail.BUSY:
        return on
    state = "" if mark_of(dose) is Mark.MOVED else state_of(mark_of(dose), view)
    moved = say("timeline.moved", date=say_day(dose.nominal, language)) if has_moved(dose) else ""
    run = run_of(dose)
    last = dose.times.infusion_start + run if dose.times and run else None
    lasts = say("page.until", date=say_near(last.date(), language)) if last else ""
    return ", ".join(filter(None, (day, on, lasts, state, moved)))


def _stay_told(entry: Entry, view: CalendarView) -> str:
    return together(f"{entry.brief}, {say_date(entry.first_date, view.language)}", times_of(entry, view), view.language)


def _lasts(dose: Dose) -> timedelta:
    return max(run_of(dose) or timedelta(), stay_of(dose) or timedelta())
