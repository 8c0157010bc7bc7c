"""A plan as tables for people: cycles with their doses, windows, checks, remarks."""

from collections.abc import Iterator
from datetime import date, datetime

from scheduler.plan import Dose, Plan
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
    yield table(
        ("cycle", "day", "date", "state", "arrival", "infusion", "leave not before"),
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
            ("checked by", regimen.checked_by),
            ("ceased", f"{day(plan.ceased.on)}, {plan.ceased.cause}" if plan.ceased else None),
            ("on hold", f"since {day(plan.held.on)}, {plan.held.cause}" if plan.held else None),
        ]
    )


def _dose_row(dose: Dose) -> tuple[str, ...]:
    visit = dose.times
    if visit is None:
        return str(dose.cycle), str(dose.day), day(dose.date), dose.state, "", "", ""
    infusion = f"{_clock(visit.infusion_start)}-{_clock(visit.infusion_end)}"
    leave = _clock(visit.observation_end)
    return str(dose.cycle), str(dose.day), day(dose.date), dose.state, _clock(visit.arrival), infusion, leave


def _clock(instant: datetime) -> str:
    return f"{instant:%H:%M}"


def _windows(plan: Plan) -> str:
    rows = [
        (
            window.kind,
            window.audience,
            day(window.last_dose),
            day(window.through),
            "final" if window.final else "may move later",
            "patient" if window.shown else "staff only",
        )
        for window in plan.windows
    ]
    headers = ("window", "audience", "last dose", "at least until", "state", "shown to")
    return table(headers, rows) if rows else ""


def _checks(plan: Plan) -> str:
    together: dict[tuple[date, int, int | None], list[str]] = {}
    for task in plan.tasks:
        together.setdefault((task.date, task.cycle, task.day), []).append(task.kind)
    rows = [(day(when), _belongs(cycle, number), ", ".join(kinds)) for (when, cycle, number), kinds in together.items()]
    return table(("date", "for", "checks"), rows) if rows else ""


def _advice(plan: Plan) -> str:
    lines = [f"{advice.severity}: {plain(advice.message)}" for advice in plan.advice]
    return "\n".join(["Remarks", *lines]) if lines else ""


def _reasons(plan: Plan) -> Iterator[str]:
    yield from (plain(dose.why.sentence) for dose in plan.doses())
    yield from (plain(window.why.sentence) for window in plan.windows)
    yield from (plain(task.why.sentence) for task in plan.tasks)


def _belongs(cycle: int, number: int | None) -> str:
    return f"cycle {cycle} day {number}" if number else f"end of cycle {cycle}"
