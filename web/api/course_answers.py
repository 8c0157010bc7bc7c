"""What is answered about courses: lists, plans, history, what staff know, what an action changes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from scheduler.regimen import WindowKind
from service.loading import CourseState
from web.api.answers import Answer, Changes, Plan


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
    not_stated: list[str] = Field(default=[])
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
