"""What the HTTP interface answers with: the shapes that `/openapi.json` describes; tests hold the answers against them.

Dates are ISO; instants carry their offset. A key with a value here may be missing; all others are always there.
"""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from db.outbox_store import State
from scheduler.plan import DoseState, Severity
from scheduler.regimen import When, WindowKind
from service.feeds import FeedState
from service.loading import CourseState
from service.recipients import CalendarFiles
from service.worklist import Todo
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


class Guardian(Answer):
    name: str
    relation: str
    email: str
    phone: str
    consent: bool


class CoursePlan(Plan):
    """The plan of a stored course, with what staff know of the patient."""

    course: UUID
    patient: str
    spoken_language: str | None
    interpreter: bool
    guardian: Guardian | None


class CourseLine(Answer):
    course: UUID
    patient: str
    regimen: str
    day1: date
    next_visit: date | None
    state: CourseState
    revision: int
    spoken_language: str | None
    interpreter: bool


class Courses(Answer):
    """One page of `total` courses."""

    courses: list[CourseLine]
    total: int
    page: int
    pages: int


class Started(Answer):
    course: UUID


class Entry(Answer):
    """One recorded action; `fields` are those of its kind."""

    number: int
    kind: str
    fields: dict[str, Any]
    by: str
    recorded_at: datetime
    stands: bool
    patient_told: bool


class History(Answer):
    course: UUID
    history: list[Entry]


class CourseFacts(Answer):
    """`mark` stands for these facts: sent with a change, it is refused when they are others by then."""

    course: UUID
    language: str
    spoken_language: str | None
    interpreter: bool
    guardian: Guardian | None
    mark: str


class WindowEnd(Answer):
    through: date | None
    until: datetime | None = None
    not_stated: list[str] = []
    final: bool
    shown: bool


class WindowChange(Answer):
    kind: WindowKind
    audience: str
    before: WindowEnd | None
    after: WindowEnd | None


class Preview(Answer):
    """What recording would change; nothing is stored. `reminders`: what becomes of the mails, in words."""

    course: UUID
    changes: Changes
    windows: list[WindowChange]
    reminders: list[str]


class Recorded(Answer):
    """The revision that the action made, and what it changed."""

    course: UUID
    revision: int
    changes: Changes


class Told(Answer):
    course: UUID
    revision: int


class Feed(Answer):
    feed: UUID
    name: str
    for_: Reader = Field(alias="for")
    detail: Level
    language: str
    alarm_minutes: list[int]
    state: FeedState
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_fetched_at: datetime | None
    last_client: str | None


class Feeds(Answer):
    course: UUID
    feeds: list[Feed]


class NewFeed(Answer):
    """`address` is a secret, and shown this once."""

    feed: UUID
    address: str


class RevokedFeed(Answer):
    feed: UUID
    state: Literal["revoked"]


class Page(Answer):
    page: UUID
    name: str
    detail: Level
    language: str
    state: Literal["live", "revoked"]
    made_at: datetime
    made_by: str
    revoked_at: datetime | None
    last_seen_at: datetime | None


class Pages(Answer):
    course: UUID
    pages: list[Page]


class NewPage(Answer):
    """`address` is a secret, and shown this once."""

    page: UUID
    address: str


class RevokedPage(Answer):
    page: UUID
    state: Literal["revoked"]


class Print(Answer):
    print: UUID
    printed_at: datetime
    by: str
    revision: int
    for_: Reader = Field(alias="for")
    detail: Level
    language: str
    paper: Literal["a4", "letter"]
    large_print: bool
    outdated: bool
    revoked_at: datetime | None


class Prints(Answer):
    course: UUID
    prints: list[Print]


class RevokedPrint(Answer):
    print: UUID
    state: Literal["revoked"]


class Reminder(Answer):
    id: int
    course: UUID
    state: State
    kind: str
    event: str
    recipient: str
    send_after: datetime
    send_before: datetime
    attempts: int
    outcome: str
    reason: str


class Reminders(Answer):
    """The next to go first. `stopped`: why no mail goes at all, in words, or null."""

    stopped: str | None
    reminders: list[Reminder]


class Hurried(Answer):
    reminder: int


class Paused(Answer):
    course: UUID
    paused: bool


class Suppressed(Answer):
    suppressed: bool


class Recipient(Answer):
    """Somebody who gets mails of a course, or did. `days_before`: by kind what they chose less of."""

    recipient: str
    name: str
    email: str | None
    consent: bool
    language: str
    zone: str
    detail: Level
    days_before: dict[str, list[int]]
    calendar: CalendarFiles
    withdrawn_at: datetime | None
    unsubscribed_at: datetime | None


class Recipients(Answer):
    course: UUID
    recipients: list[Recipient]


class NewCarer(Answer):
    """`carer`: what the course calls them."""

    course: UUID
    carer: str


class Withdrawn(Answer):
    course: UUID
    carer: str
    withdrawn: Literal[True]


class Line(Answer):
    course: UUID
    line: str
    todo: Todo
    urgent: bool
    since: datetime | None
    visit: date | None
    entry: int | None
    untold: bool
    recipient: str | None
    events: list[str]
    reason: str | None


class Worklist(Answer):
    """What no mail can do, the urgent lines first."""

    lines: list[Line]


class Done(Answer):
    course: UUID
    line: str


class Deed(Answer):
    """One entry of the record of who did what."""

    number: int | None
    at: datetime
    by: str
    what: str
    patient: str | None
    course: UUID | None
    from_: str | None = Field(alias="from")
    detail: dict[str, Any]
    seal: str | None


class Audit(Answer):
    """The newest first. `older`: what to send as `before` for the next page; null on the last."""

    entries: list[Deed]
    older: int | None


class Verified(Answer):
    """`newest` and `seal`: of the newest entry. `faults`: a sentence for each place that is not as it was written."""

    ok: bool
    newest: int
    seal: str
    faults: list[str]
