"""Replays the chain of reasons of a date from the plan's JSON alone, without the core (ADR 7, 18)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracle_numbers import months_after

Link = Mapping[str, Any]


def replayed(chain: Sequence[Link], *marks: date | datetime) -> date | datetime:
    """What the chain gives. Each link was recorded, or adds what it says to where it starts.

    That is what an earlier link gave, or one of the `marks`: dates that the plan gives to something else.
    """
    known = [*marks]
    for link in chain:
        if link["from"] is None:
            assert link["add"] is None, link
            known.append(when(link["result"]))
            continue
        assert when(link["from"]) in known, (link, "starts from nowhere")
        known.append(added(when(link["from"]), link["add"]))
    return known[-1]


def added(start: date | datetime, add: Mapping[str, int]) -> date | datetime:
    ((unit, amount),) = add.items()
    if unit == "hours":
        assert isinstance(start, datetime)
        return start + timedelta(hours=amount)
    if unit == "months":
        return months_after(start, amount)
    return start + timedelta(days=amount * {"days": 1, "weeks": 7}[unit])


def when(text: str) -> date | datetime:
    """The date, or the instant in UTC: what the clocks show then is for whoever reads it."""
    return datetime.fromisoformat(text).astimezone(UTC) if "T" in text else date.fromisoformat(text)


def marks_of(plan: Mapping[str, Any]) -> set[date | datetime]:
    """Where the chains of a plan may start: the cycles' first and last days, the doses, and the ends of infusions."""
    texts = [cycle[name] for cycle in plan["cycles"] for name in ("day1", "last_day")]
    texts += [action["on"] for action in plan["actions"] if "on" in action]
    for cycle in plan["cycles"]:
        for dose in cycle["doses"]:
            texts += [dose["date"], dose["nominal"], *((dose["infusion"] or {}).values())]
    return {when(text) for text in texts if text is not None}


def dated(plan: Mapping[str, Any]) -> Iterator[tuple[str, date | datetime, Sequence[Link]]]:
    """Every date that a plan gives, with what it is and its chain."""
    for cycle in plan["cycles"]:
        for dose in cycle["doses"]:
            if dose["date"] is not None:
                yield f"C{dose['cycle']}D{dose['day']} {dose.get('agent', '')}", when(dose["date"]), dose["chain"]
    for window in plan["windows"]:
        if window["through"] or window["until"]:
            yield window["audience"], when(window["through"] or window["until"]), window["chain"]
    for task in plan["tasks"]:
        yield f"{task['kind']} C{task['cycle']}", when(task["date"]), task["chain"]
