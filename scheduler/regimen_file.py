"""Reads a regimen file: strict, all faults at once, each with its place and remedy."""

import re
from collections.abc import Mapping
from datetime import date
from hashlib import sha256

from scheduler.errors import Fault, FileRefused
from scheduler.regimen import (
    Cite,
    CycleCount,
    CycleTemplate,
    DayRule,
    HangsOn,
    LatePolicy,
    LiverWatch,
    Regimen,
    Scope,
    Source,
    TaskRule,
    When,
    WindowKind,
    WindowRule,
)
from scheduler.toml_reader import UNREAD, WHOLE, TableReader, did_you_mean, load_toml, shown

MAX_LENGTH = 400  # days; a bound on slips of the finger, above every published cycle
INTENTS = ("continue", "transplant")
ID = re.compile(r"[a-z0-9-]+")


def parse_regimen(text: str, source: str) -> Regimen:
    """The regimen of a file's text. `source` names the file; FileRefused carries every fault found."""
    faults: list[Fault] = []
    reader = TableReader(load_toml(text, source), "", faults)
    regimen = _RegimenReader(reader).read(sha256(text.encode()).hexdigest())
    reader.done()
    if faults:
        raise FileRefused(source, tuple(faults))
    return regimen


# ---------------------------------------------------------------------------------------------------------------------


class _RegimenReader:
    def __init__(self, top: TableReader) -> None:
        self._top = top
        self._sources = _read_sources(top.table("sources"))

    def read(self, digest: str) -> Regimen:
        top = self._top
        top.whole("schema", 1, 1)
        templates = self._templates()
        days = frozenset(day for template in templates for day in template.days)
        counts, counts_cite = self._counts(top.table("counts"))
        infusion, observation, times_cite = self._times(top.table("times"))
        review_after, review_cite = self._review(top.table("review"))
        windows = self._windows()
        return Regimen(
            id=self._id(),
            version=top.text("version"),
            name=top.text("name"),
            agent=top.text("agent"),
            jurisdiction=top.text("jurisdiction"),
            label_date=top.day("label_date") or date.min,
            checked_by=top.text("checked_by"),
            digest=digest,
            templates=templates,
            counts=counts,
            counts_cite=counts_cite,
            min_gap_days=self._gap(templates),
            gap_cite=self._cite(top.table("gap"), alone=True),
            day_rules=self._day_rules(top.table("days"), days),
            late=self._late(top.table("late")),
            infusion_minutes=infusion,
            observation_minutes=observation,
            times_cite=times_cite,
            windows=windows,
            tasks=self._tasks(tuple(counts), tuple(dict.fromkeys(rule.audience for rule in windows))),
            review_after_cycle=review_after,
            review_cite=review_cite,
            liver_watch=self._liver_watch(top.table("liver_watch")) if top.has("liver_watch") else None,
        )

    def _id(self) -> str:
        name = self._top.text("id")
        if name != UNREAD and not ID.fullmatch(name):
            self._top.fault("id", f"{shown(name)} holds other signs than small letters, digits and hyphens; rename it")
        return name

    def _cite(self, reader: TableReader, *, alone: bool = False) -> Cite:
        key = reader.text("source")
        source = self._sources.get(key)
        if source is None:
            if key != UNREAD:
                reader.fault(
                    "source", f"{shown(key)} is not among [sources]; {did_you_mean(key, tuple(self._sources))}"
                )
            source = Source(key=key, title="", address="", dated=None)
        cite = Cite(source=source, section=reader.text("section", default=""), verified=reader.yes("verified"))
        if alone:
            reader.done()
        return cite

    def _templates(self) -> tuple[CycleTemplate, ...]:
        readers = self._top.tables("cycles")
        if not readers:
            self._top.fault("cycles", "is missing; describe the cycles in at least one table [[cycles]]")
        return tuple(self._template(reader, last=reader is readers[-1]) for reader in readers)

    def _template(self, reader: TableReader, *, last: bool) -> CycleTemplate:
        length = reader.whole("length", 1, MAX_LENGTH)
        shortest = reader.whole("shortest", 1, MAX_LENGTH)
        longest = reader.whole("longest", 1, MAX_LENGTH)
        if not shortest <= length <= longest:
            reader.fault(
                "length", f"{length} is not between shortest {shortest} and longest {longest}; mend one of them"
            )
        days = reader.whole_numbers("days", 1, MAX_LENGTH)
        self._check_days(reader, days, shortest)
        count = reader.whole("count", 1, MAX_LENGTH) if reader.has("count") else None
        if (count is None) != last:
            reader.fault("count", "belongs to every table [[cycles]] but the last, which covers all that follow")
        cite = self._cite(reader)
        reader.done()
        return CycleTemplate(count=count, length=length, shortest=shortest, longest=longest, days=days, cite=cite)

    def _check_days(self, reader: TableReader, days: tuple[int, ...], shortest: int) -> None:
        if list(days) != sorted(set(days)) or days[0] != 1:
            reader.fault("days", "do not begin with day 1 and rise; list each day once, from 1 on")
        if days[-1] > shortest:
            reader.fault("days", f"day {days[-1]} is after the shortest cycle of {shortest} days; use 1 to {shortest}")

    def _gap(self, templates: tuple[CycleTemplate, ...]) -> int:
        gap = self._top.whole("min_gap_days", 1, MAX_LENGTH)
        for number, template in enumerate(templates, start=1):
            steps = [*(b - a for a, b in zip(template.days, template.days[1:], strict=False))]
            steps.append(template.length + 1 - template.days[-1])
            if min(steps) < gap:
                self._top.fault("min_gap_days", f"{gap} is longer than a step of cycles {number}; mend days or the gap")
        return gap

    def _day_rules(self, reader: TableReader, days: frozenset[int]) -> Mapping[int, DayRule]:
        rules: dict[int, DayRule] = {}
        for key in reader.keys:
            inner = reader.table(key)
            if not WHOLE.fullmatch(key) or int(key) not in days:
                reader.fault(key, "is not a day of any cycle; remove it or add the day to a cycle")
            else:
                rules[int(key)] = self._day_rule(inner, first=key == "1")
        for day in sorted(days - set(rules)):
            reader.fault(str(day), f"is missing; add the table [days.{day}]")
        reader.done()
        return rules

    def _day_rule(self, reader: TableReader, *, first: bool) -> DayRule:
        tolerance = 0 if first else reader.whole("tolerance_days", 0, 60)
        scope = Scope(reader.text("defer_scope", choices=tuple(Scope)))
        if first and scope is not Scope.COURSE:
            reader.fault("defer_scope", 'day 1 moves its whole cycle; write defer_scope = "course"')
        reader.done()
        return DayRule(tolerance_days=tolerance, defer_scope=scope)

    def _counts(self, reader: TableReader) -> tuple[Mapping[str, CycleCount], Cite]:
        counts: dict[str, CycleCount] = {}
        for intent in INTENTS:
            if intent == INTENTS[0] or reader.has(intent):
                counts[intent] = self._count(reader.table(intent))
        cite = self._cite(reader, alone=True)
        return counts, cite

    def _count(self, reader: TableReader) -> CycleCount:
        maximum = reader.whole("maximum", 1, 99)
        default = reader.whole("default", 1, 99)
        if default > maximum:
            reader.fault("default", f"{default} is more than the maximum {maximum}; mend one of them")
        reader.done()
        return CycleCount(default=default, maximum=maximum)

    def _late(self, reader: TableReader) -> LatePolicy:
        policy = LatePolicy(
            omit_from_days=reader.whole("omit_from_days", 1, MAX_LENGTH),
            reduce_from_days=reader.whole("reduce_from_days", 1, MAX_LENGTH),
            stop_after_days=reader.whole("stop_after_days", 1, MAX_LENGTH),
            cite=self._cite(reader),
        )
        if not policy.omit_from_days <= policy.reduce_from_days <= policy.stop_after_days:
            reader.fault("", "the three numbers of days do not rise; mend them")
        reader.done()
        return policy

    def _times(self, reader: TableReader) -> tuple[tuple[int, ...], tuple[int, ...], Cite]:
        infusion = reader.whole_numbers("infusion_minutes", 1, 60_000)
        observation = reader.whole_numbers("observation_minutes", 0, 60_000)
        return infusion, observation, self._cite(reader, alone=True)

    def _review(self, reader: TableReader) -> tuple[int, Cite]:
        after_cycle = reader.whole("after_cycle", 1, 99)
        return after_cycle, self._cite(reader, alone=True)

    def _liver_watch(self, reader: TableReader) -> LiverWatch:
        weeks = reader.whole("weekly_tests_after_transplant", 0, 52)
        return LiverWatch(weekly_tests_after_transplant=weeks, cite=self._cite(reader, alone=True))

    def _windows(self) -> tuple[WindowRule, ...]:
        readers = self._top.tables("windows")
        rules = tuple(self._window(reader) for reader in readers)
        seen = [(rule.audience, rule.kind) for rule in rules]
        for reader, pair in zip(readers, seen, strict=True):
            if seen.count(pair) > 1:
                reader.fault("audience", f"{pair[0]!r} has this window twice; keep one")
        return rules

    def _window(self, reader: TableReader) -> WindowRule:
        audiences = ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
        rule = WindowRule(
            audience=reader.text("audience", choices=audiences),
            kind=WindowKind(reader.text("kind", choices=tuple(WindowKind))),
            months=reader.whole("months", 1, 120),
            cite=self._cite(reader),
        )
        reader.done()
        return rule

    def _tasks(self, intents: tuple[str, ...], audiences: tuple[str, ...]) -> tuple[TaskRule, ...]:
        return tuple(self._task(reader, intents, audiences) for reader in self._top.tables("tasks"))

    def _task(self, reader: TableReader, intents: tuple[str, ...], audiences: tuple[str, ...]) -> TaskRule:
        rule = TaskRule(
            kind=reader.text("kind", choices=TASK_KINDS),
            on=HangsOn(reader.text("on", choices=tuple(HangsOn))),
            when=When(reader.text("when", choices=tuple(When))),
            offset_days=reader.whole("offset_days", 0, MAX_LENGTH),
            cycle=reader.whole("cycle", 1, 99) if reader.has("cycle") else None,
            intent=reader.text("intent", choices=intents) if reader.has("intent") else None,
            audience=reader.text("audience", choices=audiences) if reader.has("audience") else None,
            cite=self._cite(reader),
        )
        reader.done()
        return rule


# The kinds of checks that the calendars have words for.
TASK_KINDS = ("blood-count", "liver-tests", "ecg", "electrolytes", "pregnancy-test", "response-review")


def _read_sources(reader: TableReader) -> Mapping[str, Source]:
    sources = {}
    for key in reader.keys:
        inner = reader.table(key)
        dated = inner.day("dated") if inner.has("dated") else None
        title = inner.text("title")
        address = inner.text("address", default="")
        if not inner.has("address"):
            inner.fault("address", "is missing; give the document's address, or an empty text where there is none")
        if address and not address.startswith("https://"):
            inner.fault("address", "does not begin with https://; give the document's address or an empty text")
        inner.done()
        sources[key] = Source(key=key, title=title, address=address, dated=dated)
    if not sources:
        reader.fault("", "names no source; add at least one, such as [sources.label]")
    return sources
