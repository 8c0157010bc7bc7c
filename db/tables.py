"""The tables, and nothing else. Domain values are made from rows, and rows from them, in `db/rows.py`.

Every table but `regimen_content` (label text, the same for all), `breaker` and `counter` (the service's own state)
carries `clinic_id`, and no query crosses clinics; the foreign keys to a course contain it, so that the database
itself refuses a row of one clinic below a course of another. Kinds and states are stored as their text, not as
enums: a name in Python may change, a stored text may not. All datetimes are aware UTC. A `table=True` class
validates nothing: values are checked before.
"""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

# Alembic can only alter what has a name, and SQLite gives none.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

JsonObject = dict[str, Any]
UNHANDLED = text("handled_at IS NULL AND state IN ('dead', 'expired', 'unknown')")
HELD = text("state = 'claimed'")
POSTING = text("posting IS NOT NULL")
UNSEEN = text("unsubscribed_at IS NOT NULL AND stop_seen_at IS NULL")
# 64 bits on PostgreSQL; SQLite numbers rows by itself only under the name INTEGER (which holds 64 bits there).
BIG = BigInteger().with_variant(Integer(), "sqlite")
METADATA = MetaData(naming_convention=NAMES)


class Base(SQLModel):
    """What all tables share: the metadata that names every constraint."""

    metadata: ClassVar[MetaData] = METADATA


def _of_course() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["clinic_id", "course_id"], ["course.clinic_id", "course.id"])


class ClinicRow(Base, table=True):
    """A clinic; the first one is made by `migrate`."""

    __tablename__ = "clinic"

    id: int | None = Field(default=None, primary_key=True)
    name: str


class ClinicSettingsRow(Base, table=True):
    """What a clinic's admin has set, as a whole for each change; the newest revision holds. Appended only.

    `own`: by the setting's name ("clinic.phone") what config.toml would hold. What is not named comes from there.
    """

    __tablename__ = "clinic_settings"

    clinic_id: int = Field(primary_key=True, foreign_key="clinic.id")
    revision: int = Field(primary_key=True)
    own: JsonObject = Field(sa_type=JSON)
    changed_at: datetime
    changed_by: str


class UserRow(Base, table=True):
    """A member of staff. Disabled, never deleted: the audit names them."""

    __tablename__ = "user_account"

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id", index=True)
    name: str = Field(unique=True)
    role: str
    password_hash: str
    created_at: datetime
    disabled_at: datetime | None = None
    language: str = Field(default="en", sa_column_kwargs={"server_default": "en"})  # of their pages


class WebSessionRow(Base, table=True):
    """A sign-in. Only the SHA-256 of the token is stored, so that a stolen backup signs nobody in."""

    __tablename__ = "web_session"

    id_hash: str = Field(primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    user_id: int = Field(foreign_key="user_account.id", index=True)
    csrf_token: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime = Field(index=True)


class PasswordLinkRow(Base, table=True):
    """A link by which a user sets a password, once. Only the SHA-256 of its token is stored."""

    __tablename__ = "password_link"

    token_hash: str = Field(primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    user_id: int = Field(foreign_key="user_account.id", index=True)
    expires_at: datetime


class ApiTokenRow(Base, table=True):
    """A key with which another program asks (its token only as SHA-256). Revoked, never deleted: the audit names it.

    It acts for a user with the role that they have at the moment, or under its own name with a `role` of its own.
    """

    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("clinic_id", "name"),
        CheckConstraint("(user_id IS NULL) <> (role IS NULL)", name="user_or_role"),
    )

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    name: str
    token_hash: str = Field(unique=True)
    role: str | None = None
    user_id: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class SignInFailureRow(Base, table=True):
    """A failed sign-in, or one under way, of the last minutes. Name and address are keyed digests of what was typed."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index(None, "name", "at"), Index(None, "address", "at"))

    id: str = Field(primary_key=True)
    name: str
    address: str
    at: datetime = Field(index=True)
    pending: bool


class RegimenContentRow(Base, table=True):
    """A regimen file's text under its SHA-256: courses stay pinned to what they started with."""

    __tablename__ = "regimen_content"

    digest: str = Field(primary_key=True)
    id: str
    version: str
    name: str
    text: str


class CourseRow(Base, table=True):
    """A patient's course as it started (`fields`), and what the current revision makes of it.

    `day1`, `next_visit`, `state` and `stop_cause` (of a hold or an end) follow from the plan; they are kept so that
    a list of courses folds none. `overdue_handled`: the visit that stays on no worklist, although it isn't recorded.
    `mails_by` marks the settings by which its mails wait, so that changed ones reach them; `facts_by` what its day
    facts were made by. `language` is the one that the patient reads, `spoken_language` the one that they speak (a
    text; empty: the same). `sought`: the patient's name or code as it is searched for, `mail_key`: their mail
    address as it is compared.
    """

    __tablename__ = "course"
    __table_args__ = (
        UniqueConstraint("clinic_id", "id"),
        Index(None, "clinic_id", "next_visit"),
        Index(None, "clinic_id", "mails_by"),
        Index(None, "clinic_id", "facts_by"),
    )

    id: UUID = Field(primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    patient: str
    email: str | None = None
    consent: bool
    language: str
    patient_zone: str
    regimen_id: str
    regimen_digest: str = Field(foreign_key="regimen_content.digest", index=True)
    fields: JsonObject = Field(sa_type=JSON)
    revision: int
    day1: date
    next_visit: date | None = None
    state: str
    stop_cause: str | None = None
    mails_paused: bool = False
    mails_by: str = ""
    facts_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    sought: str = Field(default="", sa_column_kwargs={"server_default": ""})
    mail_key: str = Field(default="", sa_column_kwargs={"server_default": ""})
    overdue_handled: date | None = None
    created_at: datetime
    created_by: str
    follows_id: UUID | None = Field(default=None, index=True)
    spoken_language: str = Field(default="", sa_column_kwargs={"server_default": ""})
    interpreter: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class ActionRow(Base, table=True):
    """What staff recorded. Appended only: the schema refuses to alter or delete one.

    `regimen_digest`: the very content that a change of the regimen's version moved to.
    """

    __tablename__ = "action"
    __table_args__ = (
        _of_course(),
        UniqueConstraint("course_id", "number"),
        CheckConstraint("number >= 1", name="numbered_from_1"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    clinic_id: int
    course_id: UUID
    number: int
    kind: str
    fields: JsonObject = Field(sa_type=JSON)
    regimen_digest: str | None = Field(default=None, foreign_key="regimen_content.digest")
    by: str
    recorded_at: datetime


class RevisionRow(Base, table=True):
    """A numbered state of a course; 0 is its start. UNIQUE(course, number) lets one of two writers win.

    UNIQUE(clinic, request id) makes a repeated request harmless. `takes_dates`: it took dates from the patient;
    `to_tell`: that, or it moved a visit of a patient to whom no mail goes; it still stands, and nobody has noted yet
    that the patient knows. `near`: it changed a date of the next 48 hours; `to_phone`: and still stands, and nobody has
    phoned the patient. `neutral_at`: when staff let a neutral notice go before the patient was told.
    """

    __tablename__ = "revision"
    __table_args__ = (
        _of_course(),
        UniqueConstraint("course_id", "number"),
        UniqueConstraint("clinic_id", "request_id"),
        Index("ix_revision_to_tell", "clinic_id", sqlite_where=text("to_tell"), postgresql_where=text("to_tell")),
        Index("ix_revision_to_phone", "clinic_id", sqlite_where=text("to_phone"), postgresql_where=text("to_phone")),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    clinic_id: int
    course_id: UUID
    number: int
    recorded_at: datetime
    by: str
    action_number: int | None = None
    request_id: str | None = None
    request_digest: str | None = None
    patient_told: bool
    takes_dates: bool = False
    to_tell: bool = False
    near: bool = False
    to_phone: bool = False
    phoned_at: datetime | None = None
    neutral_at: datetime | None = None


class EventRow(Base, table=True):
    """The current state of one event of a course, with the stamps that calendar programs go by."""

    __tablename__ = "event"
    __table_args__ = (_of_course(),)

    course_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    clinic_id: int
    uid: UUID
    sequence: int
    created_at: datetime
    last_modified: datetime
    cancelled: str | None = None
    moved_from: str | None = None
    fields: JsonObject = Field(sa_type=JSON)


class DayFactRow(Base, table=True):
    """One dated fact of a course's plan, for the clinic's day: what is due, missing or on hold is found by date.

    It follows from the plan like an event, and is made again with it.
    """

    __tablename__ = "day_fact"
    __table_args__ = (
        _of_course(),
        Index(None, "clinic_id", "kind", "first_day", "last_day"),
        Index(None, "clinic_id", "kind", "last_day", "first_day"),
    )

    course_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True)
    clinic_id: int
    kind: str
    first_day: date
    last_day: date
    starts: datetime | None = None
    ends: datetime | None = None
    ref: str
    detail: JsonObject = Field(sa_type=JSON)


class TickedRow(Base, table=True):
    """What somebody ticked on the clinic's day: by whom and when, no value. `at` is None once it was taken back.

    `ref` is a fact's, with its date: when the visit moves, its ticks are to be made anew. The audit has every tick.
    """

    __tablename__ = "ticked"
    __table_args__ = (_of_course(),)

    course_id: UUID = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    clinic_id: int
    at: datetime | None = None
    by: str


class FeedRow(Base, table=True):
    """A calendar's address (its token only as SHA-256), its settings, and the bytes that it serves.

    `stale_at`: when time alone changes the bytes (a cancelled event leaves); None when it never does.
    `software`: what built the bytes, so that a new version builds them anew.
    """

    __tablename__ = "feed"
    __table_args__ = (_of_course(), Index(None, "clinic_id", "course_id"))

    id: UUID = Field(primary_key=True)
    clinic_id: int
    course_id: UUID
    token_hash: str = Field(unique=True)
    name: str
    reader: str
    detail: str
    language: str
    alarms: list[int] = Field(sa_type=JSON)  # minutes before the start
    created_at: datetime
    changed_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_fetched_at: datetime | None = None
    last_client: str | None = None
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    etag: str
    body_modified_at: datetime
    stale_at: datetime | None = Field(default=None, index=True)
    software: str


class PrintRow(Base, table=True):
    """A printed calendar: what it showed, and (as SHA-256) the token of the page that says whether it still holds.

    `shown`: by event the times that stand on the paper, and a digest of the clinic's numbers.
    """

    __tablename__ = "print"
    __table_args__ = (_of_course(), Index(None, "clinic_id", "course_id"))

    id: UUID = Field(primary_key=True)
    clinic_id: int
    course_id: UUID
    token_hash: str = Field(unique=True)
    reader: str
    detail: str
    language: str
    paper: str
    large_print: bool
    revision: int
    shown: JsonObject = Field(sa_type=JSON)
    printed_at: datetime
    printed_by: str
    revoked_at: datetime | None = None


class PageRow(Base, table=True):
    """A link to the patient's page (its token only as SHA-256), and how the page looks from there.

    `posting`: while a mail with the link waits, the half of its token that lies here; the other half is the secret.
    """

    __tablename__ = "page"
    __table_args__ = (
        _of_course(),
        Index(None, "clinic_id", "course_id"),
        # What a tick asks for: the few links whose mails may have gone.
        Index("ix_page_posting", "clinic_id", sqlite_where=POSTING, postgresql_where=POSTING),
    )

    id: UUID = Field(primary_key=True)
    clinic_id: int
    course_id: UUID
    token_hash: str = Field(unique=True)
    name: str
    detail: str
    language: str
    made_at: datetime
    made_by: str
    revoked_at: datetime | None = None
    last_seen_at: datetime | None = None
    posting: str | None = None


class RecipientRow(Base, table=True):
    """A carer who gets mails with consent; the `guardian` of a minor, who gets none without; or, as `patient`, what the
    patient chose (the rest stands in the course).

    `choice`: by kind the days before, as the recipient wants them. `withdrawn_at`: when a carer's consent ended.
    `stop_seen_at`: when staff took note that they unsubscribed. `mail_key`: the address as it is compared.
    """

    __tablename__ = "recipient"
    __table_args__ = (
        _of_course(),
        Index("ix_recipient_stopped", "clinic_id", sqlite_where=UNSEEN, postgresql_where=UNSEEN),
    )

    course_id: UUID = Field(primary_key=True)
    role: str = Field(primary_key=True)
    clinic_id: int
    name: str = ""
    email: str = ""
    language: str = ""
    zone: str = ""
    detail: str
    choice: dict[str, list[int]] = Field(sa_type=JSON)
    calendar: str
    added_at: datetime
    added_by: str
    withdrawn_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    stop_seen_at: datetime | None = None
    relation: str = Field(default="", sa_column_kwargs={"server_default": ""})
    phone: str = Field(default="", sa_column_kwargs={"server_default": ""})
    consent: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    mail_key: str = Field(default="", sa_column_kwargs={"server_default": ""})


class AcknowledgementRow(Base, table=True):
    """That somebody took note of a remark of the plan. `mark` is made of the remark and its facts, so that the remark
    is there again when they change. `withdrawn_at`: when somebody wanted to see it again all the same.
    """

    __tablename__ = "acknowledgement"
    __table_args__ = (_of_course(),)

    course_id: UUID = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    clinic_id: int
    code: str
    at: datetime
    by: str
    withdrawn_at: datetime | None = None


class ImportBatchRow(Base, table=True):
    """A table of courses that is being taken in. `lease_until`: until when somebody works at it."""

    __tablename__ = "import_batch"

    id: UUID = Field(primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    by: str
    created_at: datetime = Field(index=True)
    state: str
    lease_until: datetime | None = None


class ImportRowRow(Base, table=True):
    """A row of such a table. What it holds goes once it is dealt with; all of it goes with the batch."""

    __tablename__ = "import_row"

    batch_id: UUID = Field(foreign_key="import_batch.id", primary_key=True)
    number: int = Field(primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    state: str
    cells: JsonObject = Field(sa_type=JSON)
    surplus: int
    detail: JsonObject = Field(sa_type=JSON)
    key: str
    reference: str
    course_id: UUID | None = None


class DigestRow(Base, table=True):
    """A day's mail to one address of the staff: one row for each clinic, local date and address.

    `lease_until`: until when a worker has it, or when it may be tried again.
    """

    __tablename__ = "digest"

    clinic_id: int = Field(foreign_key="clinic.id", primary_key=True)
    day: date = Field(primary_key=True)
    address: str = Field(primary_key=True)
    state: str
    first_tried_at: datetime
    lease_until: datetime
    tries: int
    outcome: str = ""


class OutboxRow(Base, table=True):
    """A message to send, written in the transaction that causes it: ids, times and states, no name, no text.

    `was`: for a change, the start (ISO) that the person last heard of; None when they knew of no such date.
    `first_tried_at` is when a channel first got the mail, which keeps this Date and its Message-ID when sent again.
    `neutral`: it asks to call and tells nothing, since nobody has told the patient of the change yet.
    `hurried`: staff asked to send it at once; `night_until`: and, up to then, in quiet hours too.
    `handled_at`, `handled_by`: when, and who of, staff dealt with what could not be delivered.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        _of_course(),
        UniqueConstraint(
            "course_id",
            "event_key",
            "event_sequence",
            "kind",
            "channel",
            "offset_days",
            "recipient",
            name="uq_outbox_message",
        ),
        # What a tick asks for: the few rows that are not settled, by when they are due.
        Index(
            "ix_outbox_due",
            "send_after",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        # What a report of a mail that came back asks for.
        Index(
            None,
            "message_id",
            sqlite_where=text("message_id IS NOT NULL"),
            postgresql_where=text("message_id IS NOT NULL"),
        ),
        # What the search for dead workers asks for: the few that a worker holds.
        Index("ix_outbox_held", "id", sqlite_where=HELD, postgresql_where=HELD),
        # What a claim asks for: what goes as one mail with what is due.
        Index(None, "clinic_id", "course_id", "group_date"),
        # What every page asks for: the few mails that staff still have to make good for.
        Index("ix_outbox_failed", "clinic_id", sqlite_where=UNHANDLED, postgresql_where=UNHANDLED),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    clinic_id: int
    course_id: UUID
    event_key: str
    event_sequence: int
    kind: str
    channel: str = "mail"
    offset_days: int
    recipient: str = "patient"
    state: str
    send_after: datetime
    send_before: datetime
    group_date: date
    owner: str | None = None
    lease_until: datetime | None = None
    attempt: int = 0
    begun: bool = False
    message_id: str | None = None
    was: str | None = None
    first_tried_at: datetime | None = None
    created_at: datetime
    settled_at: datetime | None = None
    outcome: str = ""
    neutral: bool = False
    hurried: bool = False
    night_until: datetime | None = None
    handled_at: datetime | None = None
    handled_by: str | None = None


class AttemptRow(Base, table=True):
    """One try to deliver one message. Appended only."""

    __tablename__ = "attempt"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    clinic_id: int = Field(foreign_key="clinic.id")
    outbox_id: int = Field(foreign_key="outbox.id", index=True, sa_type=BIG)
    at: datetime
    worker: str
    answer: str
    message_id: str | None = None


class SuppressionRow(Base, table=True):
    """An address to which a clinic sends nothing any more."""

    __tablename__ = "suppression"

    clinic_id: int = Field(foreign_key="clinic.id", primary_key=True)
    address: str = Field(primary_key=True)
    since: datetime
    cause: str


class BreakerRow(Base, table=True):
    """A channel that takes nothing at the moment, for a reason that is no mail's fault; no row while it works.

    `retry_at`: when one worker tries it again; None when staff paused it, until they resume.
    """

    __tablename__ = "breaker"

    channel: str = Field(primary_key=True)
    opened_at: datetime
    retry_at: datetime | None = None
    tries: int
    cause: str


class CounterRow(Base, table=True):
    """A number that `/metrics` shows, of all processes together, and when it last changed."""

    __tablename__ = "counter"

    name: str = Field(primary_key=True)
    value: float
    at: datetime


class AuditRow(Base, table=True):
    """Who did what, when and from where. Appended only: the schema refuses to alter or delete one.

    A deed that makes no revision keeps its request's id here: UNIQUE(clinic, request id) makes a repeat harmless.
    `number` counts a clinic's entries from 1, `seal` is made of the entry and the seal before with a key that the
    database doesn't have; entries from before sealing have neither.
    """

    __tablename__ = "audit"
    __table_args__ = (
        # What the auditor asks for, the newest first.
        Index(None, "clinic_id", "id"),
        Index(None, "clinic_id", "by", "id"),
        Index(None, "clinic_id", "what", "id"),
        Index(None, "clinic_id", "course_id", "id"),
        UniqueConstraint("clinic_id", "request_id"),
        Index("ix_audit_clinic_id_number", "clinic_id", "number", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    clinic_id: int = Field(foreign_key="clinic.id")
    at: datetime
    by: str
    what: str
    course_id: UUID | None = None
    detail: JsonObject = Field(sa_type=JSON)
    request_id: str | None = None
    request_digest: str | None = None
    origin: str = Field(default="", sa_column_kwargs={"server_default": ""})
    number: int | None = None
    seal: str | None = None


class AuditHeadRow(Base, table=True):
    """The newest sealed entry of a clinic's audit: without it nobody would miss entries cut off at the end."""

    __tablename__ = "audit_head"

    clinic_id: int = Field(primary_key=True, foreign_key="clinic.id")
    number: int
    seal: str
