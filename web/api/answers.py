"""What the HTTP interface answers with: the shapes that `/openapi.json` describes; tests hold the answers against them.

Dates are ISO; instants carry their offset. A key with a value here may be missing; all others are always there.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from scheduler.plan import DoseState, Severity
from scheduler.regimen import When, WindowKind
from web.api.errors import CODES

Code = Literal[CODES]  # type: ignore[valid-type] # the set stands in one place
Reader = Literal["patient", "carer", "staff"]
Level = Literal["discreet", "busy", "full"]


class Answer(BaseModel):
    """An object with these keys and no others."""

    model_config = ConfigDict(extra="forbid")


class ChangedEvent(Answer):
    """An event that was moved (`from`: its start before), added, changed otherwise or cancelled."""

    key: str
    start: datetime | date
    end: datetime | date
    from_: datetime | date | None = Field(default=None, alias="from")


class Changes(Answer):
    """What changes in the patient's calendar."""

    moved: list[ChangedEvent]
    added: list[ChangedEvent]
    changed: list[ChangedEvent]
    cancelled: list[ChangedEvent]


class Difference(Changes):
    """What changed from the revision that was seen to the current one."""

    seen: int
    current: int


class ErrorFacts(Answer):
    """`message`: what, where, what to do. `field`: the value at fault. `reference` names the moment in the log."""

    code: Code
    message: str
    field: str | None
    reference: str


class Refusal(Answer):
    """What every refused request is answered with. `difference`: with the code `stale` of a course."""

    error: ErrorFacts
    difference: Difference | None = None


class RegimenLine(Answer):
    id: str
    version: str
    name: str
    agents: list[str]
    jurisdictions: list[str]
    label_date: date | None
    checked_by: str


class Regimens(Answer):
    regimens: list[RegimenLine]


class RegimenFile(RegimenLine):
    """`text`: the regimen's file, in TOML; `digest`: its SHA-256."""

    source: str
    digest: str
    text: str


class Checked(Answer):
    """`faults`: a sentence for each fault of the file, with its place."""

    ok: bool
    faults: list[str]


class RegimenName(Answer):
    id: str
    version: str
    name: str
    checked_by: str


class Fact(Answer):
    """One link of the reasons of a date: from where, what is added, which date results, by which rule and source."""

    rule: str
    from_: datetime | date | None = Field(alias="from")
    add: dict[str, int] | None
    result: datetime | date
    text: str
    source: str


class Reasoned(Answer):
    why: str
    chain: list[Fact]


class Span(Answer):
    start: datetime | None
    end: datetime | None


class Dose(Reasoned):
    cycle: int
    day: int
    agent: str = ""
    nominal: date
    date: date | None
    state: DoseState
    confirmed: bool
    elsewhere: bool
    arrival: datetime | None
    premedication: datetime | None
    infusion: Span | None
    observation: Span | None
    bag_changes: list[datetime] = []
    disconnect: datetime | None = None


class Cycle(Answer):
    number: int
    day1: date
    length_days: int
    last_day: date
    doses: list[Dose]


class Window(Reasoned):
    audience: str
    kind: WindowKind
    last_dose: date | None
    through: date | None
    until: datetime | None
    final: bool
    shown: bool
    verified: bool
    agent: str = ""
    not_stated: list[str] = []


class Task(Reasoned):
    kind: str
    cycle: int
    day: int | None
    when: When
    date: date
    agent: str = ""
    at_home: bool = False
    lasts_days: int = 1


class Suggestion(Answer):
    """An action that may be recorded as it stands."""

    kind: str
    cycle: int | None
    day: int | None
    agent: str = ""
    to: date | None = None
    on: date | None = None
    scope: str = ""


class Advice(Answer):
    code: str
    severity: Severity
    cycle: int | None
    day: int | None
    message: str
    suggest: Suggestion | None


class RecordedAction(BaseModel):
    """An action with the fields of its kind."""

    model_config = ConfigDict(extra="allow")

    number: int
    kind: str
    stands: bool


class Plan(Answer):
    """Every date of a course, and why it is what it is."""

    schema_: Literal[1] = Field(alias="schema")
    regimen: RegimenName
    zone: str
    intent: str
    revision: int
    today: date
    cycles: list[Cycle]
    windows: list[Window]
    tasks: list[Task]
    advice: list[Advice]
    actions: list[RecordedAction]
