"""A plan as tables for people: cycles with their doses, windows, checks, remarks."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from scheduler.plan import Dose, Plan, Task, VisitTimes, Window
from service.tables import pairs, plain, table


def plan_table(plan: Plan, *, why: bool = False) -> str:
    """The whole plan as text; with `why` each date's reason too."""
    return "\n\n".join(part for part in _parts(plan, why=why) if part)


def day(when: date | None) -> str:
    """A date with its weekday, or a dash."""
    return f"{when:%a %Y-%m-%d}" if when else "-"


# ---------------------------------------------------------------------------------------------------------------------


def _parts(plan: Plan, *, why: bool) -> Iterator[str]:
    yield _head(plan)
    several = ("agent",) if len(plan.regimen.agents) > 1 else ()
    yield table(
        ("cycle", "day", *several, "date", "state", "arrival", "infusion", "leave not before"),
        [_dose_row(dose) for dose in plan.doses()],
    )
    yield _windows(plan)
    yield _checks(plan)
    yield _advice(plan)
    if why:
        yield "Why\n" + "\n".join(_reasons(plan))


def _head(plan: Plan) -> str:
    regimen = plan.regimen
    start = plan.cycles[0].day1 if plan.cycles else plan.course.day1
    return pairs(
        [
            ("regimen", f"{regimen.name} ({regimen.id}, version {regimen.version})"),
            ("day 1", day(start)),
            ("zone", plan.course.zone),
            ("intent", plan.intent),
            ("jurisdiction", plan.course.jurisdiction or None),
            ("checked by", regimen.checked_by),
            ("ceased", f"{day(plan.ceased.on)}, {plan.ceased.cause}" if plan.ceased else None),
            ("on hold", f"since {day(plan.held.on)}, {plan.held.cause}" if plan.held else None),
        ]
    )


def _dose_row(dose: Dose) -> tuple[str, ...]:
    agent = (dose.agent,) if dose.agent else ()
    place = (str(dose.cycle), str(dose.day), *agent, day(dose.date), dose.state)
    visit = dose.times
    if visit is None:
        return *place, "", "", ""
    return *place, _clock(visit.arrival), _infusion(visit), _clock(visit.leave_not_before)


def _infusion(visit: VisitTimes) -> str:
    """From when to when; a question mark for what is not known, and the date of an end on another day."""
    start = _clock(visit.infusion_start) if visit.start_known else "?"
    if not visit.length_known:
        return f"{start}-?"
    end = visit.infusion_end
    return f"{start}-{_clock(end)}" if not visit.runs_on else f"{start}-{_clock(end)} on {day(end.date())}"


def _clock(instant: datetime | None) -> str:
    return f"{instant:%H:%M}" if instant is not None else "-"


def _windows(plan: Plan) -> str:
    rows = [
        (
            window.kind,
            window.audience,
            day(window.last_dose),
            _until(window),
            _state(window),
            "patient" if window.shown else "staff only",
        )
        for window in plan.windows
    ]
    headers = ("window", "audience", "last dose", "at least until", "state", "shown to")
    return table(headers, rows) if rows else ""


def _until(window: Window) -> str:
    if window.not_stated:
        return f"not stated for {', '.join(window.not_stated)}"
    return f"{day(window.until.date())} {_clock(window.until)}" if window.until is not None else day(window.through)


def _state(window: Window) -> str:
    state = "final" if window.final else "may move later"
    return state if window.verified else f"{state}; not verified, check the label"


def _checks(plan: Plan) -> str:
    together: dict[tuple[str, str], list[str]] = {}
    for task in plan.tasks:
        together.setdefault((_span(task), _belongs(task)), []).append(task.kind)
    rows = [(when, belongs, ", ".join(kinds)) for (when, belongs), kinds in together.items()]
    return table(("date", "for", "checks"), rows) if rows else ""


def _advice(plan: Plan) -> str:
    lines = [f"{advice.severity}: {plain(advice.message)}" for advice in plan.advice]
    return "\n".join(["Remarks", *lines]) if lines else ""


def _reasons(plan: Plan) -> Iterator[str]:
    yield from (plain(dose.why.sentence) for dose in plan.doses())
    yield from (plain(window.why.sentence) for window in plan.windows)
    yield from (plain(task.why.sentence) for task in plan.tasks)


def _span(task: Task) -> str:
    last = task.date + timedelta(days=task.lasts_days - 1)
    return day(task.date) if last == task.date else f"{day(task.date)} to {day(last)}"


def _belongs(task: Task) -> str:
    if task.day is None:
        return f"end of cycle {task.cycle}"
    at_home = ", at home" if task.at_home else ""
    return f"cycle {task.cycle} day {task.day}{f' {task.agent}' if task.agent else ''}{at_home}"
