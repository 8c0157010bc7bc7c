"""The regimen: a treatment's rules as values. An invalid regimen cannot exist."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from scheduler.dose_id import DoseId


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
    """What a task hangs on. `CYCLE_DAYS`: days of the cycle, whether there is a dose on them or not."""

    EACH_DOSE = "each-dose"
    DAY_ONE = "day-1"
    FIRST_DOSE = "first-dose"
    CYCLE_END = "cycle-end"
    CYCLE_DAYS = "cycle-days"


class WindowKind(StrEnum):
    """What a window asks of the person."""

    CONTRACEPTION = "contraception"
    BREASTFEEDING = "breastfeeding"


# The audiences, and what a window asks of each.
AUDIENCES: Mapping[str, WindowKind] = MappingProxyType(
    {
        "can-become-pregnant": WindowKind.CONTRACEPTION,
        "partner-can-become-pregnant": WindowKind.CONTRACEPTION,
        "breastfeeding": WindowKind.BREASTFEEDING,
    }
)


class Unit(StrEnum):
    """In what the label counts a window; never converted."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


def length_text(amount: int, unit: str) -> str:
    """A length in words: "8 months", "1 week"."""
    return f"{amount} {unit.removesuffix('s') if amount == 1 else unit}"


class Statement(StrEnum):
    """What the source says of a window: how long it lasts, that there is none, or nothing (scheduling rule 15)."""

    LASTS = "lasts"
    NONE = "none"
    NOT_STATED = "not-stated"


class LateRule(StrEnum):
    """What becomes of a dose that is much too late: it is omitted, or given as soon as possible, the rest shifting."""

    OMIT = "omit"
    SHIFT = "shift"


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
    """The shape of `count` cycles in a row (None: all that follow). Lengths in days.

    `days` names, for each agent that the cycles have, its day numbers in rising order; days below 1 come before day 1.
    """

    count: int | None
    length: int
    shortest: int
    longest: int
    days: Mapping[str, tuple[int, ...]]
    cite: Cite

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", MappingProxyType(dict(self.days)))

    def all_days(self) -> tuple[int, ...]:
        """The day numbers on which some agent is given, each once, in rising order."""
        return tuple(sorted({day for days in self.days.values() for day in days}))


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRule:
    """How far a dose of this day may lie from its nominal date, in days, and what a deferral carries along.

    A tolerance that the source does not state is None, and counts as 0 days.
    """

    tolerance_days: int | None
    defer_scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far two doses of an agent are apart at least: in days, or in hours from start to start."""

    days: int | None
    hours: int | None
    cite: Cite

    @property
    def text(self) -> str:
        """The distance in words: "6 days", "72 hours"."""
        if self.hours is not None:
            return length_text(self.hours, Unit.HOURS)
        return length_text(self.days or 0, Unit.DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Minutes of infusion and of observation by the ordinal of given doses; the last one stays.

    No infusion minutes: the source gives no length (by rate, or not read). No observation minutes: it states none.
    """

    infusion_minutes: tuple[int, ...]
    observation_minutes: tuple[int, ...]
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuous:
    """The infusion runs on when the visit is over: until it is disconnected, with a new bag every `bag_hours`."""

    bag_hours: int | None
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One drug of the regimen. `gap` None: no distance is stated, so two doses are at least on different days."""

    key: str
    name: str
    gap: Gap | None
    times: Times
    continuous: Continuous | None
    day_rules: Mapping[int, DayRule]

    def __post_init__(self) -> None:
        object.__setattr__(self, "day_rules", MappingProxyType(dict(self.day_rules)))

    @property
    def gap_days(self) -> int:
        """How many days apart the dates of two doses lie at least: what holds the gap, or different dates."""
        if self.gap is None:
            return 1
        return self.gap.days if self.gap.days is not None else -(-(self.gap.hours or 0) // 24)

    @property
    def gap_hours(self) -> int | None:
        """The gap in hours from start to start, where it is counted in hours."""
        return self.gap.hours if self.gap is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleCount:
    """How many cycles an intent plans by default, and how few and how many are inside the regimen.

    `maximum` None: open-ended; the default is then only how far ahead is planned, and the nurse adds cycles.
    """

    default: int
    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRule:
    """What a source says of an audience after the last dose of an agent; for one jurisdiction, or ("") for all."""

    agent: str
    audience: str
    jurisdiction: str
    statement: Statement
    amount: int
    unit: Unit
    cite: Cite

    @property
    def kind(self) -> WindowKind:
        """What the window asks of the person."""
        return AUDIENCES[self.audience]

    @property
    def length(self) -> str:
        """The length in words: "8 months", "1 week"."""
        return length_text(self.amount, self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule:
    """A check: what it hangs on, on which side, how many days off.

    For some cycles (None: all), one intent, one audience or one agent ("": any) if given. `days` are the cycle's days
    for `cycle-days`. `at_home`: the patient does it, so closed days don't move it. `lasts_days`: from its date on.
    """

    kind: str
    on: HangsOn
    when: When
    offset_days: int
    cycles: frozenset[int] | None
    intent: str | None
    audience: str | None
    agent: str
    days: tuple[int, ...]
    at_home: bool
    lasts_days: int
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class LiverWatch:
    """After the last dose the liver is watched (weeks: the clinic's setting); after a transplant with weekly tests."""

    weekly_tests_after_transplant: int
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePolicy:
    """What becomes of late doses, and how many days late a dose, the next cycle or the course is put in question.

    A number of days that the source does not give is None.
    """

    rule: LateRule
    omit_from_days: int | None
    reduce_from_days: int | None
    stop_after_days: int | None
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The treatment goes on after that cycle only with a response."""

    after_cycle: int
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """From mixing to the end of the infusion at most so many hours."""

    hours: int
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """For whom the regimen is, in words for staff."""

    what: str
    cite: Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen:
    """One treatment definition, as read from its file. `digest` identifies the file's content (SHA-256, hex).

    `agents` stand in the order in which they are given on one visit. `jurisdictions` are those whose labels its facts
    come from, the first being that of the facts that name none.
    """

    id: str
    version: str
    name: str
    jurisdictions: tuple[str, ...]
    label_date: date | None
    checked_by: str
    digest: str
    use: Use | None
    templates: tuple[CycleTemplate, ...]
    agents: Mapping[str, Agent]
    counts: Mapping[str, CycleCount]
    counts_cite: Cite
    late: LatePolicy | None
    windows: tuple[WindowRule, ...]
    tasks: tuple[TaskRule, ...]
    review: Review | None
    liver_watch: LiverWatch | None
    preparation: Preparation | None
    # What follows from the fields above alone: made once, since every layout of every course asks for it.
    ranked: tuple[Agent, ...] = field(init=False, repr=False, compare=False)
    _doses: dict[int, tuple[DoseId, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))
        object.__setattr__(self, "agents", MappingProxyType(dict(self.agents)))
        object.__setattr__(self, "ranked", tuple(self.agents.values()))
        object.__setattr__(self, "_doses", {})

    def template(self, cycle: int) -> CycleTemplate:
        """The template of cycle number `cycle` (from 1)."""
        last = 0
        for template in self.templates:
            if template.count is None or cycle <= last + template.count:
                return template
            last += template.count
        return self.templates[-1]

    def doses(self, cycle: int) -> tuple[DoseId, ...]:
        """The doses of cycle number `cycle` in the order of treatment."""
        found = self._doses.get(cycle)
        if found is None:
            days = self.template(cycle).days
            ids = (self.dose_id(cycle, day, rank) for rank, key in enumerate(self.agents) for day in days.get(key, ()))
            found = self._doses[cycle] = tuple(sorted(ids))
        return found

    def dose_id(self, cycle: int, day: int, rank: int) -> DoseId:
        """The dose of the agent that stands at `rank`; with one agent the dose names none."""
        return DoseId(cycle, day, rank, self.ranked[rank].key if len(self.ranked) > 1 else "")

    def agent_of(self, dose: DoseId) -> Agent:
        """The agent of a dose."""
        return self.ranked[dose.rank]

    def day_rule(self, dose: DoseId) -> DayRule | None:
        """The rule of a dose's day; None for a dose given by a version that had that day."""
        return self.ranked[dose.rank].day_rules.get(dose.day)

    def all_days(self) -> frozenset[int]:
        """Every day number that some cycle has."""
        return frozenset(day for template in self.templates for day in template.all_days())

    def audiences(self) -> tuple[str, ...]:
        """The audiences that the regimen says something of, each once, in the file's order."""
        return tuple(dict.fromkeys(rule.audience for rule in self.windows))

    def intents(self) -> tuple[str, ...]:
        """The intents that the regimen knows, the default first."""
        return tuple(self.counts)
