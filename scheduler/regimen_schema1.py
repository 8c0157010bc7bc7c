"""Files of schema 1, which courses may still be pinned to: one agent, with its facts spread over the file's top.

They are translated, table by table, to what schema 2 says. What is wrong in such a file is left to be found there.
"""

import re
from collections.abc import Callable, Mapping
from typing import cast

from scheduler.errors import Fault
from scheduler.regimen import AUDIENCES

Table = Mapping[str, object]


def agent_key(name: object) -> str:
    """The key of the one agent of a file of schema 1; a newer version of the regimen names its agent so."""
    return re.sub(r"[^a-z0-9]+", "-", str(name)[:60].lower()).strip("-") or "agent"


def translated(old: Table) -> dict[str, object]:
    """The file as schema 2 says it. The old one stays as it is."""
    key = agent_key(old.get("agent"))
    new = {name: value for name, value in old.items() if name not in MOVED}
    new |= {"schema": 2, "agents": {key: _agent(old)}}
    if "jurisdiction" in old:
        new["jurisdictions"] = [old["jurisdiction"]]
    if "cycles" in old:
        new["cycles"] = _each(old["cycles"], lambda cycle: _cycle(cycle, key))
    if "tasks" in old:
        new["tasks"] = _each(old["tasks"], _task)
    if isinstance(old.get("windows", []), list):
        new["windows"] = _windows(cast("list[object]", old.get("windows", [])), old.get("sources"))
    return new


def told_of_schema_1(fault: Fault) -> Fault:
    """A fault of the translated file with its place in the file as it stands."""
    place = fault.place
    for pattern, there in PLACES:
        place = re.sub(pattern, there, place)
    return Fault(place=place or "file", message=fault.message)


# ---------------------------------------------------------------------------------------------------------------------

# The keys of a file's top that schema 2 has elsewhere.
MOVED = ("schema", "agent", "jurisdiction", "min_gap_days", "gap", "days", "times", "cycles", "tasks", "windows")

PLACES = (
    (r"^agents\.[a-z0-9-]+\.gap, key `days`$", "key `min_gap_days`"),
    (r"^agents\.[a-z0-9-]+, key `name`$", "key `agent`"),
    (r"^agents\.[a-z0-9-]+(\.|, |$)", ""),
    (r"^(cycles \d+)\.days, key `[a-z0-9-]+`$", r"\1, key `days`"),
    (r"^key `jurisdictions`$", "key `jurisdiction`"),
)


def _agent(old: Table) -> Table:
    agent = {"name": old["agent"]} if "agent" in old else {}
    agent |= {key: old[key] for key in ("times", "days") if key in old}
    gap = old.get("gap", {})
    if isinstance(gap, dict):
        gap = gap | ({"days": old["min_gap_days"]} if "min_gap_days" in old else {})
    return {**agent, "gap": gap}


def _each(value: object, change: Callable[[Table], Table]) -> object:
    """Every table of a list changed; whatever else it is stays, to be found at fault."""
    if not isinstance(value, list):
        return value
    return [change(cast(Table, each)) if isinstance(each, dict) else each for each in value]


def _cycle(old: Table, agent: str) -> Table:
    return {**old, "days": {agent: old["days"]}} if "days" in old else old


def _task(old: Table) -> Table:
    new = {key: value for key, value in old.items() if key != "cycle"}
    return {**new, "cycles": [old["cycle"]]} if "cycle" in old else new


def _windows(old: list[object], sources: object) -> list[object]:
    """The windows without what follows from their audience, and "not stated" for an audience that had none."""
    found = cast("list[object]", _each(old, _window))
    named = [each.get("audience") for each in found if isinstance(each, dict)]
    source = next(iter(sources), "") if isinstance(sources, dict) else ""
    not_stated = {"not_stated": True, "source": source, "verified": False}
    return [*found, *({"audience": name, **not_stated} for name in AUDIENCES if name not in named)]


def _window(old: Table) -> Table:
    fits = AUDIENCES.get(str(old.get("audience"))) == old.get("kind")
    return {key: value for key, value in old.items() if key != "kind" or not fits}
