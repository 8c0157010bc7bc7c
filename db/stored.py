"""What the store gives back: values, no rows. Instants are aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from scheduler.actions import Action
from scheduler.course import Course
from scheduler.day_facts import DayFact


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRegimen:
    """A regimen file's text as a course started with it."""

    digest: str
    id: str
    version: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCourse:
    """A course as it started, and its current revision. `day1`, `next_visit`, `state`, `stop_cause`: by the plan.

    `overdue_handled`: the visit that staff have dealt with otherwise than by recording it. `mails_by` marks the
    settings by which its mails were first planned. `follows_id`: the patient's earlier course, whose last dose counts
    for the windows of this one. `language` is what the patient reads, `spoken_language` what they speak, if it is
    another.
    """

    clinic_id: int
    patient: str
    email: str | None
    consent: bool
    language: str
    patient_zone: str
    regimen: StoredRegimen
    course: Course
    revision: int
    day1: date
    next_visit: date | None
    state: str
    created_at: datetime
    created_by: str
    stop_cause: str | None = None
    mails_paused: bool = False
    overdue_handled: date | None = None
    mails_by: str = ""
    follows_id: UUID | None = None
    spoken_language: str = ""
    interpreter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAction:
    """An action with who recorded it and when. `regimen_digest`: the content that a `regimen` action moved to."""

    number: int
    action: Action
    by: str
    recorded_at: datetime
    regimen_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRevision:
    """A numbered state of a course. `request_digest` tells what the request with `request_id` asked for."""

    course_id: UUID
    number: int
    recorded_at: datetime
    by: str
    action_number: int | None
    request_id: str | None
    request_digest: str | None
    patient_told: bool
    takes_dates: bool = False
    to_tell: bool = False
    near: bool = False
    to_phone: bool = False
    phoned_at: datetime | None = None
    neutral_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFeed:
    """A calendar's address and settings, without its secret. `alarms` are minutes before the start."""

    id: UUID
    clinic_id: int
    course_id: UUID
    name: str
    reader: str
    detail: str
    language: str
    alarms: tuple[int, ...]
    created_at: datetime
    changed_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_fetched_at: datetime | None
    last_client: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPrint:
    """A printed calendar, without its secret. `shown`: by event the times that stand on the paper."""

    id: UUID
    clinic_id: int
    course_id: UUID
    reader: str
    detail: str
    language: str
    paper: str
    large_print: bool
    revision: int
    shown: dict[str, str]
    printed_at: datetime
    printed_by: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPage:
    """A link to the patient's page, without its secret. `posting`: half of the token, while a mail with it waits."""

    id: UUID
    clinic_id: int
    course_id: UUID
    name: str
    detail: str
    language: str
    made_at: datetime
    made_by: str
    revoked_at: datetime | None = None
    last_seen_at: datetime | None = None
    posting: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecipient:
    """A carer, a minor's guardian, or (role `patient`, whose address stands in the course) what the patient chose.

    `choice`: by kind the days before that are wanted. `calendar`: whether mails bring calendar files. `relation` and
    `phone` are a guardian's; without `consent` no mail goes.
    """

    clinic_id: int
    course_id: UUID
    role: str
    name: str = ""
    email: str = ""
    language: str = ""
    zone: str = ""
    detail: str
    choice: dict[str, tuple[int, ...]]
    calendar: str
    added_at: datetime
    added_by: str
    withdrawn_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    stop_seen_at: datetime | None = None
    relation: str = ""
    phone: str = ""
    consent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAcknowledgement:
    """That somebody took note of a remark of the plan, which `mark` stands for."""

    mark: str
    code: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBody:
    """The bytes that a feed serves, in gzip. `etag`: the digest of what is in it.

    `stale_at`: when time alone changes them; `software`: what built them.
    """

    body: bytes
    etag: str
    modified_at: datetime
    stale_at: datetime | None
    software: str


class ServedFeed(NamedTuple):
    """What is read to serve a feed, and no more; the fields are those of StoredFeed and StoredBody, and which
    revision its clinic's settings have.

    A tuple, since one is made for each request of each phone.
    """

    clinic_id: int
    settings_revision: int
    expires_at: datetime | None
    revoked_at: datetime | None
    last_fetched_at: datetime | None
    etag: str
    body_modified_at: datetime
    software: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """That the feed of a token was fetched, by a program of the family `client`."""

    token_hash: str
    at: datetime
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUser:
    """A member of staff."""

    id: int
    clinic_id: int
    name: str
    role: str
    password_hash: str
    created_at: datetime
    disabled_at: datetime | None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A key with which another program asks: for a user, or under its own name with a role."""

    id: int
    clinic_id: int
    name: str
    role: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    user: StoredUser | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A sign-in with its user."""

    user: StoredUser
    csrf_token: str
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSummary:
    """A line of the list of courses: `next_visit` is the first dose that is planned, which may be overdue."""

    id: UUID
    patient: str
    regimen_name: str
    day1: date
    next_visit: date | None
    state: str
    revision: int
    spoken_language: str
    interpreter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAudit:
    """Who did what and when."""

    at: datetime
    by: str
    what: str
    course_id: UUID | None
    detail: dict[str, object]
    origin: str = ""
    request_id: str | None = None
    request_digest: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """That somebody ticked something on the clinic's day: who, and when."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """A fact with the course that it belongs to. `speaks`: what the patient speaks, where it is not what they read."""

    course_id: UUID
    patient: str
    regimen_name: str
    revision: int
    reads: str
    speaks: str
    interpreter: bool
    fact: DayFact


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSettings:
    """A revision of what a clinic's admin has set: by the setting's name what config.toml would hold."""

    revision: int
    own: Mapping[str, object]
    changed_at: datetime
    changed_by: str
