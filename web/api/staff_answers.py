"""What is answered about what staff have to do, and about the record of who did what."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from service.worklist import Todo
from web.api.answers import Answer


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
