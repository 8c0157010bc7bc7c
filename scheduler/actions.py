"""The actions that staff record. Appended, never edited or deleted; each refuses bad input when it is made."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time
from enum import StrEnum
from typing import ClassVar

from scheduler.dates import check_recordable
from scheduler.regimen import Scope


class HoldCause(StrEnum):
    """Why a dose is on hold."""

    COUNTS = "counts"
    LIVER = "liver"
    TOXICITY = "toxicity"
    INFECTION = "infection"
    PATIENT = "patient"
    CLINIC = "clinic"
    PREGNANCY = "pregnancy"


class CeaseCause(StrEnum):
    """Why the treatment stops."""

    COMPLETED = "completed"
    NO_RESPONSE = "no-response"
    TOXICITY = "toxicity"
    TRANSPLANT = "transplant"
    PATIENT_CHOICE = "patient-choice"
    PREGNANCY = "pregnancy"
    TRANSFERRED = "transferred"
    HOSPICE = "hospice"
    DEATH = "death"
    OTHER = "other"


class ResponseValue(StrEnum):
    """What the bone marrow showed: complete remission, the same with incomplete recovery, or neither."""

    CR = "CR"
    CRI = "CRi"
    NONE = "none"


class AudienceStep(StrEnum):
    """What happens to an audience of the course."""

    ADD = "add"
    REMOVE = "remove"
    PRIVATE = "private"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionBase:
    """What every action may carry: a reason, and the number of an earlier action that it replaces."""

    reason: str = ""
    replaces: int | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, date):
                check_recordable(value, field=field.name.rstrip("_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(ActionBase):
    """The dose was given on `on`. `started`, `ended`: wall times, or local date-times past midnight.

    Without `agent` all doses of that visit, here as in the actions below that may name one.
    """

    kind: ClassVar[str] = "given"
    cycle: int
    day: int
    on: date
    started: time | datetime | None = None
    ended: time | datetime | None = None
    tolerated: bool = True
    complete: bool = True
    elsewhere: bool = False
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer(ActionBase):
    """The dose moves to `to`, earlier or later; without `scope` the regimen's for that day."""

    kind: ClassVar[str] = "defer"
    cycle: int
    day: int
    to: date
    scope: Scope | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(ActionBase):
    """That dose and all later planned ones lose their dates, from `on`."""

    kind: ClassVar[str] = "hold"
    cycle: int
    day: int
    on: date
    cause: HoldCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(ActionBase):
    """The hold ends; the dose lies on `on` and the later ones follow."""

    kind: ClassVar[str] = "resume"
    cycle: int
    day: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Omit(ActionBase):
    """The dose falls away; nothing else moves."""

    kind: ClassVar[str] = "omit"
    cycle: int
    day: int
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleLength(ActionBase):
    """The cycle lasts `days` days."""

    kind: ClassVar[str] = "cycle-length"
    cycle: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Days(ActionBase):
    """From that cycle on only these days."""

    kind: ClassVar[str] = "days"
    cycle: int
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycles(ActionBase):
    """The course has `count` cycles."""

    kind: ClassVar[str] = "cycles"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(ActionBase):
    """What the treatment leads to: a name among the regimen's intents."""

    kind: ClassVar[str] = "intent"
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(ActionBase):
    """The result of the response review of a cycle; feeds advice only."""

    kind: ClassVar[str] = "response"
    cycle: int
    value: ResponseValue


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTime(ActionBase):
    """The hour of one visit, or, without cycle and day, of all doses that are not given."""

    kind: ClassVar[str] = "time"
    at: time
    cycle: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceChange(ActionBase):
    """An audience is added (shown; `name:private` for staff only), removed, made private or shown."""

    kind: ClassVar[str] = "audience"
    value: str
    change: AudienceStep = AudienceStep.ADD


@dataclass(frozen=True, slots=True, kw_only=True)
class Away(ActionBase):
    """The patient is away from `from_` to `to`, both included."""

    kind: ClassVar[str] = "away"
    from_: date
    to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cease(ActionBase):
    """Treatment stops, with one agent or altogether: doses planned after `on` are cancelled."""

    kind: ClassVar[str] = "cease"
    on: date
    cause: CeaseCause
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenChange(ActionBase):
    """Planned doses follow this version of the regimen from now on."""

    kind: ClassVar[str] = "regimen"
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Void(ActionBase):
    """The action of that number no longer counts; a void of a standing void restores it at its old place."""

    kind: ClassVar[str] = "void"
    action: int


Action = (
    Given
    | Defer
    | Hold
    | Resume
    | Omit
    | CycleLength
    | Days
    | Cycles
    | Intent
    | Response
    | VisitTime
    | AudienceChange
    | Away
    | Cease
    | RegimenChange
    | Void
)

ACTION_KINDS: dict[str, type[Action]] = {
    cls.kind: cls
    for cls in (
        Given,
        Defer,
        Hold,
        Resume,
        Omit,
        CycleLength,
        Days,
        Cycles,
        Intent,
        Response,
        VisitTime,
        AudienceChange,
        Away,
        Cease,
        RegimenChange,
        Void,
    )
}
