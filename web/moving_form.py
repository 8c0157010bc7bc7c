"""Moving in a patient who is treated already: a row for each visit so far, and how the rows become actions.

The fields of a row end in its cycle and day: `as-1-8` (given on the date that stands there), `on-1-8` (given on, or put
off to, another date), `out-1-8` (left out), `why-1-8` (a reason).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from scheduler.actions import Action, Defer, Given, Omit
from scheduler.dates import parse_date
from scheduler.errors import InvalidValue
from scheduler.plan import Dose, DoseState, Plan
from web.date_boxes import BOXES
from web.forms import Field, Form, Input
from web.speaking import later, say
from web.words import dose_words

MOVING = "moving"  # set where the form asks for what has happened so far
AHEAD = 2  # visits to come that are shown as well: they may have been put off
MOST_ROWS = 120
LONGEST_REASON = 1000
Visit = tuple[int, int]  # cycle and day


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A visit to ask about: `planned` is the date to tick, if nothing else was said."""

    cycle: int
    day: int
    planned: date | None
    past: bool

    @property
    def code(self) -> str:
        """What the names of its fields end in."""
        return f"{self.cycle}-{self.day}"


def actions_of(form: Form, today: date) -> tuple[Action, ...]:
    """What the rows say has happened, in the order of the visits; InvalidValue names the field that can't be."""
    if not form.text(MOVING):
        return ()
    return tuple(action for visit in _answered(form) if (action := _action(form, visit, today)) is not None)


def rows_of(form: Form, plan: Plan) -> tuple[Row, ...]:
    """The visits to ask about: all up to today by the plan that the rows so far lead to, those answered, two more."""
    visits: dict[Visit, Dose] = {}
    for dose in plan.doses():
        visits.setdefault((dose.cycle, dose.day), dose)
    answered, left = set(_answered(form)), AHEAD
    rows: list[Row] = []
    for visit, dose in visits.items():
        past = dose.date is not None and dose.date <= plan.today
        if not past and visit not in answered:
            left -= 1
        if (past or visit in answered or left >= 0) and len(rows) < MOST_ROWS:
            settled = dose.state in (DoseState.GIVEN, DoseState.OMITTED) or visit in answered
            rows.append(Row(cycle=visit[0], day=visit[1], planned=dose.nominal if settled else dose.date, past=past))
    return tuple(rows)


def shown_in(form: Form, rows: tuple[Row, ...]) -> Form:
    """The form as its rows show it: a date that was ticked and stands there no more is one that was typed."""
    values = dict(form.values)
    for row in rows:
        ticked = form.text(f"as-{row.code}")
        if ticked and (row.planned is None or ticked != row.planned.isoformat()):
            empty = {f"as-{row.code}", *(f"on-{row.code}.{box}" for box in BOXES)}
            values = {name: each for name, each in values.items() if name not in empty}
            values[f"on-{row.code}"] = (ticked,)
    return Form(values)


def row_fields(form: Form) -> tuple[Field, ...]:
    """The fields of all rows that were answered, for what is kept and for where a fault belongs."""
    return (ELSEWHERE, *(field for visit in _answered(form) for field in _fields(visit)))


def place_of(form: Form, number: int, field: str) -> str:
    """The field of the row whose action has that number; `field` is the action's own."""
    visits = [visit for visit in _answered(form) if _says(form, visit)]
    cycle, day = visits[number - 1]
    code = f"{cycle}-{day}"
    if field == "reason":
        return f"why-{code}"
    return f"out-{code}" if form.text(f"out-{code}") else f"on-{code}"


ELSEWHERE = Field(name="elsewhere", label="These doses were given in another clinic", input=Input.TICK)

# ---------------------------------------------------------------------------------------------------------------------

_NAME = re.compile(r"(?:as|on|out|why)-([0-9]{1,2})-(-?[0-9]{1,3})")


def _answered(form: Form) -> tuple[Visit, ...]:
    """The visits of which something was said, in their order."""
    found = (_NAME.fullmatch(name) for name, values in form.values.items() if any(values))
    return tuple(sorted({(int(match[1]), int(match[2])) for match in found if match}))


def _fields(visit: Visit) -> Iterator[Field]:
    code, label = f"{visit[0]}-{visit[1]}", dose_words(*visit)
    yield Field(name=f"as-{code}", label=label)
    yield Field(name=f"on-{code}", label=label, input=Input.DATE)
    yield Field(name=f"out-{code}", label=label)
    yield Field(name=f"why-{code}", label=label, length=LONGEST_REASON)


def _says(form: Form, visit: Visit) -> bool:
    code = f"{visit[0]}-{visit[1]}"
    return any(form.text(f"{name}-{code}") for name in ("as", "on", "out"))


def _action(form: Form, visit: Visit, today: date) -> Action | None:
    cycle, day = visit
    code = f"{cycle}-{day}"
    ticked, typed, out = (form.text(f"{name}-{code}") for name in ("as", "on", "out"))
    reason = form.text(f"why-{code}")
    if sum(map(bool, (ticked, typed, out))) > 1:
        text = later("{dose}: given as planned, another date, or left out? Keep one of them.")
        raise InvalidValue(say(text, dose=dose_words(cycle, day)), field=f"on-{code}")
    if out:
        return Omit(cycle=cycle, day=day, reason=reason)
    if not (ticked or typed):
        if reason:
            text = later("{dose}: a reason stands here; say what happened, or empty it.")
            raise InvalidValue(say(text, dose=dose_words(cycle, day)), field=f"why-{code}")
        return None
    on = parse_date(ticked or typed, field=f"on-{code}")
    if on > today:
        return Defer(cycle=cycle, day=day, to=on, reason=reason)
    return Given(cycle=cycle, day=day, on=on, reason=reason, elsewhere=bool(form.text("elsewhere")))
