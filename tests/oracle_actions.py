"""What each kind of action does to the numbers, what it is refused for, and for what it needs a reason."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from scheduler.regimen import AUDIENCES, Regimen
from tests.oracle_clock import existing, read_clock
from tests.oracle_given import given
from tests.oracle_layout import lay_out
from tests.oracle_moves import defer, hold, omit, resume
from tests.oracle_numbers import COUNTED, MOST_CYCLES, Numbers, allowed_count, allowed_length
from tests.oracle_step import AFTER_CEASE, CEASE_CAUSES, OF_THE_PATIENT, Step, refuse_known_length


def apply(
    number: int,
    action: dict[str, Any],
    numbers: Numbers,
    today: date,
    versions: Mapping[str, Regimen],
    *,
    last: bool = True,
) -> tuple[Numbers, list[str]]:
    """What stands after the action, and why it would need a reason."""
    step = Step(number, action, today, versions, numbers, numbers.copy(), lay_out(numbers), last)
    if numbers.cease is not None and action["kind"] not in AFTER_CEASE:
        step.refuse("the treatment has ceased")
    EFFECTS[action["kind"]](step)
    return step.after, step.reasons


def _cycle_length(step: Step) -> None:
    cycle, days = step.cycle(), step.action["days"]
    refuse_known_length(step, cycle, days, step.before)
    step.after.length[cycle] = days
    step.after.delay.pop(cycle + 1, None)
    if not allowed_length(step.after, cycle, days):
        step.reasons.append(f"cycle {cycle} lasts {days} days")


def _days(step: Step) -> None:
    days = tuple(sorted(step.action["days"]))
    known = step.before.regimen.template(step.cycle()).all_days()
    if 1 not in days or len(set(days)) != len(days) or not set(days) <= set(known):
        step.refuse("the regimen has no such days")
    step.after.days.append((step.cycle(), days))
    step.reasons.append("fewer doses in a cycle")


def _cycles(step: Step) -> None:
    count = step.action["count"]
    if not 1 <= count <= MOST_CYCLES or any(key[0] > count for key in step.before.given):
        step.refuse("a later cycle has a given dose")
    if not allowed_count(step.before, count):
        step.reasons.append("a number of cycles outside the regimen")
    step.after.count = count


def _intent(step: Step) -> None:
    step.after.intent = step.one_of("value", step.before.regimen.counts)


def _response(step: Step) -> None:
    step.cycle()
    step.one_of("value", ("CR", "CRi", "none"))


def _time(step: Step) -> None:
    at = step.action["at"]
    read_clock(step.number, at)
    given = frozenset(step.before.given)
    if "cycle" not in step.action and "day" not in step.action:
        step.after.times.append((None, at, given))
        return
    if "cycle" not in step.action or "day" not in step.action:
        step.refuse("a visit is named by cycle and day")
    found = step.doses()
    for laid in found:
        if laid.state in COUNTED:
            existing(step.number, datetime.combine(laid.date, read_clock(step.number, at)), step.before.zone)
    step.after.times.append((frozenset(laid.key for laid in found), at, given))


def _audience(step: Step) -> None:
    name = step.one_of("value", AUDIENCES)
    change = step.one_of("change", ("add", "remove", "private", "shown")) if "change" in step.action else "add"
    audiences = step.after.audiences
    if step.last and (change == "add") == (name in audiences):
        step.refuse("the audience is there already, or is not there")
    if change == "add":
        audiences[name] = True
    elif change == "remove":
        audiences.pop(name, None)
    elif name in audiences:
        audiences[name] = change == "shown"


def _away(step: Step) -> None:
    if step.action["to"] < step.action["from"]:
        step.refuse("an absence ends after it begins")
    step.after.away.append((step.action["from"], step.action["to"]))


def _cease(step: Step) -> None:
    on: date = step.action["on"]
    cause = step.one_of("cause", CEASE_CAUSES)
    rank = step.agent()
    if rank is not None and (cause in OF_THE_PATIENT or rank in step.before.stopped):
        step.refuse("that cause is the patient's, or the agent has ceased already")
    for laid in step.sheet:
        if laid.state == "given" and laid.date > on and rank in (None, laid.key[2]):
            step.refuse(f"the dose {laid.key} was given on {laid.date}")
    if rank is not None:
        step.after.stopped[rank] = on
        return
    step.after.cease = (on, cause)
    step.after.pregnancy |= cause == "pregnancy"


def _regimen(step: Step) -> None:
    new = step.versions[step.one_of("version", step.versions)]
    if list(new.agents) != list(step.before.regimen.agents):
        step.refuse("another set of agents is another course")
    if step.before.intent not in new.counts:
        step.refuse(f"that version knows no intent {step.before.intent}")
    step.after.regimen = new


EFFECTS: dict[str, Callable[[Step], None]] = {
    "given": given,
    "defer": defer,
    "hold": hold,
    "resume": resume,
    "omit": omit,
    "cycle-length": _cycle_length,
    "days": _days,
    "cycles": _cycles,
    "intent": _intent,
    "response": _response,
    "time": _time,
    "audience": _audience,
    "away": _away,
    "cease": _cease,
    "regimen": _regimen,
}
