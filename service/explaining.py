"""Why a date is what it is: the chain from rule to result, for a dose, a window or a check that somebody names."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from scheduler.errors import InvalidValue
from scheduler.plan import Fact, Plan, Task, Why
from scheduler.toml_reader import did_you_mean
from service.tables import plain


def explained(plan: Plan, keys: Iterable[str]) -> dict[str, tuple[Why, ...]]:
    """The reasons of each key, such as `c2d8`, `c2d8/blood-count` or `window/contraception/can-become-pregnant`.

    InvalidValue for a key that the plan has nothing of.
    """
    known: dict[str, tuple[Why, ...]] = {}
    for key, why in _reasons(plan):
        known[key] = (*known.get(key, ()), why)
    asked = [key.strip().lower().removesuffix("/infusion") for key in keys]
    for key in asked:
        if key not in known:
            message = f"--explain: the plan has no {key!r}; {did_you_mean(key, tuple(known))}"
            raise InvalidValue(message, field="explain")
    return {key: known[key] for key in asked}


def explanation_text(found: dict[str, tuple[Why, ...]]) -> str:
    """The reasons as text: each sentence, and below it each link of its chain."""
    return "\n\n".join(_paragraph(key, why) for key, reasons in found.items() for why in reasons)


# ---------------------------------------------------------------------------------------------------------------------


def _reasons(plan: Plan) -> Iterator[tuple[str, Why]]:
    for dose in plan.doses():
        role = f"c{dose.cycle}d{dose.day}"
        yield role, dose.why
        if dose.agent:
            yield f"{role}/{dose.agent}", dose.why
    for window in plan.windows:
        yield f"window/{window.kind}/{window.audience}", window.why
    for task in plan.tasks:
        yield _task_key(task), task.why


def _task_key(task: Task) -> str:
    place = f"c{task.cycle}/end" if task.day is None else f"c{task.cycle}d{task.day}"
    return f"{place}/{task.kind}"


def _paragraph(key: str, why: Why) -> str:
    sentence, chain = why()
    links = [f"  {number}. {_link(fact)}" for number, fact in enumerate(chain, start=1)]
    return "\n".join([f"{key}: {plain(sentence)}", *links])


def _link(fact: Fact) -> str:
    step = f"{_when(fact.since)} and {fact.amount} {fact.unit}: " if fact.since is not None else ""
    return f"{fact.rule}: {step}{_when(fact.result)} ({plain(fact.origin)}) [{plain(fact.source)}]"


def _when(day: date) -> str:
    return f"{day:%Y-%m-%d %H:%M%z}" if isinstance(day, datetime) else day.isoformat()
