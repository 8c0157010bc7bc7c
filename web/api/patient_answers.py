"""What is answered about what patients and carers get: calendars, pages, prints, mails."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from db.outbox_store import State
from service.feeds import FeedState
from service.recipients import CalendarFiles
from web.api.answers import Answer, Level, Reader


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
