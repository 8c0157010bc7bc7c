"""The regimen: a treatment's rules as values. An invalid regimen cannot exist."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """What a deferral carries along: the dose alone, the rest of its cycle, or the rest of the course."""

    DOSE = "dose"
    CYCLE = "cycle"
    COURSE = "course"


class When(StrEnum):
    """Whether a task comes before or after what it hangs on."""

    BEFORE = "before"
    AFTER = "after"


class HangsOn(StrEnum):
    """What a task hangs on."""

    EACH_DOSE = "each-dose"
    DAY_ONE = "day-1"
    FIRST_DOSE = "first-dose"
    CYCLE_END = "cycle-end"


class WindowKind(StrEnum):
    """What a window asks of the person."""

    CONTRACEPTION = "contraception"
    BREASTFEEDING = "breastfeeding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document that facts were taken from. `dated` is the date that the document carries."""

    key: str
    title: str
    address: str
    dated: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cite:
    """Where a fact stands. `verified` is false when the source was not read for it."""

    source: Source
    section: str
    verified: bool

    @property
    def place(self) -> str:
        """The document, and the section where one is named."""
        return f"{self.source.title}, {self.section}" if self.section else self.source.title

    def __str__(self) -> str:
        return self.place if self.verified else f"{self.place}; not verified, check the label"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleTemplate:
    """The shape of `count` cycles in a row (None: all that follow). Lengths in days."""

    count: int | None
    length: int
    shortest: int
    longest: int
    days: tuple[int, ...]
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule:
    """How far a dose of this day may lie from its nominal date, in days, and what a deferral carries along."""

    tolerance_days: int
    defer_scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleCount:
    """How many cycles an intent plans by default and at most."""

    default: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """How many months after the last dose a window of an audience lasts."""

    audience: str
    kind: WindowKind
    months: int
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """A check: what it hangs on, on which side, how many days off; for one audience, intent or cycle if given."""

    kind: str
    on: HangsOn
    when: When
    offset_days: int
    cycle: int | None
    intent: str | None
    audience: str | None
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class LiverWatch:
    """After the last dose the liver is watched (weeks: the clinic's setting); after a transplant with weekly tests."""

    weekly_tests_after_transplant: int
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePolicy:
    """Days later than nominal from which a dose, the next cycle, or the whole course is put in question."""

    omit_from_days: int
    reduce_from_days: int
    stop_after_days: int
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen:
    """One treatment definition, as read from its file. `digest` identifies the file's content (SHA-256, hex)."""

    id: str
    version: str
    name: str
    agent: str
    jurisdiction: str
    label_date: date
    checked_by: str
    digest: str
    templates: tuple[CycleTemplate, ...]
    counts: Mapping[str, CycleCount]
    counts_cite: Cite
    min_gap_days: int
    gap_cite: Cite
    day_rules: Mapping[int, DayRule]
    late: LatePolicy
    infusion_minutes: tuple[int, ...]
    observation_minutes: tuple[int, ...]
    times_cite: Cite
    windows: tuple[WindowRule, ...]
    tasks: tuple[TaskRule, ...]
    review_after_cycle: int
    review_cite: Cite
    liver_watch: LiverWatch | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))
        object.__setattr__(self, "day_rules", MappingProxyType(dict(self.day_rules)))

    def template(self, cycle: int) -> CycleTemplate:
        """The template of cycle number `cycle` (from 1)."""
        last = 0
        for template in self.templates:
            if template.count is None or cycle <= last + template.count:
                return template
            last += template.count
        return self.templates[-1]

    def all_days(self) -> frozenset[int]:
        """Every day number that some cycle has."""
        return frozenset(day for template in self.templates for day in template.days)

    def audiences(self) -> tuple[str, ...]:
        """The audiences that the regimen has a window for, each once, in the file's order."""
        return tuple(dict.fromkeys(rule.audience for rule in self.windows))

    def intents(self) -> tuple[str, ...]:
        """The intents that the regimen knows, the default first."""
        return tuple(self.counts)
