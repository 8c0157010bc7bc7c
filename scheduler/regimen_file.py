"""Reads a regimen file: strict, all faults at once, each with its place and remedy."""

import re
from collections.abc import Mapping
from hashlib import sha256

from scheduler.errors import Fault
from scheduler.regimen import (
    Cite,
    CycleCount,
    LatePolicy,
    LateRule,
    LiverWatch,
    Preparation,
    Regimen,
    Review,
    Use,
)
from scheduler.regimen_agents import agent_keys, read_agents
from scheduler.regimen_cites import Cites
from scheduler.regimen_cycles import MAX_LENGTH, read_cycles
from scheduler.regimen_schema1 import told_of_schema_1, translated
from scheduler.regimen_tasks import read_tasks
from scheduler.regimen_windows import read_windows
from scheduler.toml_reader import UNREAD, TableReader, read_file, shown

SCHEMA = 2
INTENTS = ("continue", "transplant")
ID = re.compile(r"[a-z0-9-]+")


def parse_regimen(text: str, source: str) -> Regimen:
    """The regimen of a file's text. `source` names the file; FileRefused carries every fault found."""
    digest = sha256(text.encode(errors="replace")).hexdigest()
    return read_file(source, text, lambda tables, faults: _of_any_schema(tables, faults, digest))


# ---------------------------------------------------------------------------------------------------------------------


def _of_any_schema(tables: Mapping[str, object], faults: list[Fault], digest: str) -> Regimen:
    if tables.get("schema") != 1 or isinstance(tables["schema"], bool):
        return _read(TableReader(tables, "", faults), digest)
    try:
        return _read(TableReader(translated(tables), "", faults), digest)
    finally:
        faults[:] = map(told_of_schema_1, faults)


def _read(top: TableReader, digest: str) -> Regimen:
    top.whole("schema", SCHEMA, SCHEMA)
    cites = Cites(top.table("sources"))
    keys = agent_keys(top)
    shape = read_cycles(top, keys, cites)
    counts, counts_cite = _counts(top.table("counts"), cites)
    jurisdictions = top.texts("jurisdictions")
    regimen = Regimen(
        id=_id(top),
        version=top.text("version"),
        name=top.text("name"),
        jurisdictions=jurisdictions,
        label_date=top.day("label_date") if top.has("label_date") else None,
        checked_by=top.text("checked_by"),
        digest=digest,
        use=_use(top.table("use"), cites) if top.has("use") else None,
        templates=shape.templates,
        agents=read_agents(top, keys, shape, cites),
        counts=counts,
        counts_cite=counts_cite,
        late=_late(top.table("late"), cites) if top.has("late") else None,
        windows=read_windows(top, keys, jurisdictions, cites),
        tasks=read_tasks(top, keys, tuple(counts), cites),
        review=_review(top.table("review"), cites) if top.has("review") else None,
        liver_watch=_liver_watch(top.table("liver_watch"), cites) if top.has("liver_watch") else None,
        preparation=_preparation(top.table("preparation"), cites) if top.has("preparation") else None,
    )
    top.done()
    return regimen


def _id(top: TableReader) -> str:
    name = top.text("id")
    if name != UNREAD and not ID.fullmatch(name):
        top.fault("id", f"{shown(name)} holds other signs than small letters, digits and hyphens; rename it")
    return name


def _use(reader: TableReader, cites: Cites) -> Use:
    return Use(what=reader.text("what"), cite=cites.last(reader))


def _counts(reader: TableReader, cites: Cites) -> tuple[Mapping[str, CycleCount], Cite]:
    counts: dict[str, CycleCount] = {}
    for intent in INTENTS:
        if intent == INTENTS[0] or reader.has(intent):
            counts[intent] = _count(reader.table(intent))
    return counts, cites.last(reader)


def _count(reader: TableReader) -> CycleCount:
    """Fixed, or open-ended with how far ahead is planned, or a default and a maximum."""
    if reader.has("fixed"):
        fixed = reader.whole("fixed", 1, 99)
        count = CycleCount(default=fixed, minimum=fixed, maximum=fixed)
    elif reader.has("open"):
        if not reader.yes("open"):
            reader.fault("open", "is not true; write true, or give default and maximum")
        count = CycleCount(default=reader.whole("plan_ahead", 1, 99), minimum=1, maximum=None)
    else:
        maximum = reader.whole("maximum", 1, 99)
        default = reader.whole("default", 1, 99)
        if default > maximum:
            reader.fault("default", f"{default} is more than the maximum {maximum}; mend one of them")
        count = CycleCount(default=default, minimum=1, maximum=maximum)
    reader.done()
    return count


def _late(reader: TableReader, cites: Cites) -> LatePolicy:
    numbers = {key: reader.whole(key, 1, MAX_LENGTH) if reader.has(key) else None for key in LATE_DAYS}
    given = [number for number in numbers.values() if number is not None]
    if given != sorted(given):
        reader.fault("", "the numbers of days do not rise; mend them")
    rule = LateRule(reader.text("rule", default=LateRule.OMIT, choices=tuple(LateRule)))
    return LatePolicy(rule=rule, **numbers, cite=cites.last(reader))


# The numbers of days late, in rising order.
LATE_DAYS = ("omit_from_days", "reduce_from_days", "stop_after_days")


def _review(reader: TableReader, cites: Cites) -> Review:
    return Review(after_cycle=reader.whole("after_cycle", 1, 99), cite=cites.last(reader))


def _liver_watch(reader: TableReader, cites: Cites) -> LiverWatch:
    weeks = reader.whole("weekly_tests_after_transplant", 0, 52)
    return LiverWatch(weekly_tests_after_transplant=weeks, cite=cites.last(reader))


def _preparation(reader: TableReader, cites: Cites) -> Preparation:
    return Preparation(hours=reader.whole("hours", 1, 240), cite=cites.last(reader))
