"""What staff have to do by telephone or by recording it: a line for each, until it is done or somebody ticks it off."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from db import day_queries, worklist_store
from db.engine import Session, reading
from db.outbox_store import State
from db.stored import DayLine
from db.worklist_store import FailedMessage, OpenChange, StoppedRecipient
from reminders.rules import Kind
from scheduler.actions import Action, CeaseCause, HoldCause
from scheduler.closures import LONGEST_CLOSURE
from service.audit import HOME_CLINIC
from service.clinic import clinic_rules
from service.clock import today_in
from service.mails import mail_key

if TYPE_CHECKING:
    from service.wiring import App

MAILS_STOP = frozenset({CeaseCause.DEATH, CeaseCause.TRANSFERRED})  # nobody gets any (scheduling rule 24)
URGENT_AFTER = timedelta(hours=24)  # after the end of a visit that nobody has recorded


class Todo(StrEnum):
    """What a line asks for. `PRESCRIBE`: to tell the prescriber of a pregnancy (scheduling rule 24); `REMIND`: to phone
    somebody about a visit, to whom no mail goes."""

    PRESCRIBE = "prescribe"

    CALL = "call"
    REMIND = "remind"
    RECORD = "record"
    TELL = "tell"
    PHONE = "phone"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDose:
    """A visit that nobody has recorded. `agent` names it where it lies apart from the others of its day."""

    cycle: int
    day: int
    date: date
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the worklist. `key` names its cause: what was ticked off comes back only for another.

    `since` is an instant in UTC; of a visit to phone about, its arrival. To call (a date within 48 hours has changed)
    and to tell: the `entry` and its `number`; `untold`: no mail tells it before a person; `neutral_at`: when staff let
    a neutral notice go. To tell the prescriber: `visit` is when it was
    recorded for. To remind and to record: `visit`, its `doses`, and the `revision` of the course. To phone: what
    the mail to `recipient` was about, its `state` and the `reason`. To note: the `recipient` who unsubscribed, and a
    carer's `name`.
    """

    todo: Todo
    key: str
    course_id: UUID
    patient: str
    since: datetime | None = None
    urgent: bool = False
    visit: date | None = None
    doses: tuple[DueDose, ...] = ()
    revision: int = 0
    reads: str = ""
    speaks: str = ""
    interpreter: bool = False
    entry: Action | None = None
    number: int | None = None
    untold: bool = False
    neutral_at: datetime | None = None
    name: str = ""
    state: State | None = None
    event_keys: tuple[str, ...] = ()
    recipient: str = ""
    reason: str = ""


def worklist(app: "App", *, clinic_id: int = HOME_CLINIC) -> tuple[Line, ...]:
    """The clinic's lines: what is urgent first, then visits to phone about, doses to record, changes to tell of, mails
    to make good for, and who wants no mails any more. Folds no plan, and asks as often for many lines as for few."""
    with reading(app.engine) as session:
        return open_lines(app, session, clinic_id)


def open_lines(app: "App", session: Session, clinic_id: int) -> tuple[Line, ...]:
    """The same within a session."""
    return tuple(sorted(_lines(app, session, clinic_id), key=lambda line: not line.urgent))


def count_lines(app: "App", *, clinic_id: int = HOME_CLINIC) -> int:
    """How many lines the worklist has; every page shows it."""
    with reading(app.engine) as session:
        app = app.of(clinic_id, session)
        today = today_in(app.settings.clinic.zone, app.now())
        lines = sum(1 for _ in _of_mails(session, clinic_id))
        last = day_after(app, today)
        return (
            lines
            + worklist_store.count_open(session, clinic_id, today)
            + day_queries.count_unreached(session, clinic_id, today, last)
            + day_queries.count_for_prescriber(session, clinic_id)
        )


def day_after(app: "App", today: date) -> date:
    """The clinic's next open day: who comes up to it and gets no mail is phoned on `today`."""
    rules = clinic_rules(app.settings, None, (today.year, today.year + 1))
    days = (today + timedelta(days=step) for step in range(1, LONGEST_CLOSURE))
    return next((day for day in days if not rules.closure(day)), today + timedelta(days=1))


# ---------------------------------------------------------------------------------------------------------------------


def _lines(app: "App", session: Session, clinic_id: int) -> Iterator[Line]:
    app, now = app.of(clinic_id, session), app.now()
    today = today_in(app.settings.clinic.zone, now)
    yield from map(_to_prescribe, day_queries.for_prescriber(session, clinic_id))
    yield from (_to_tell(Todo.CALL, each) for each in worklist_store.changes_to_phone(session, clinic_id))
    unreached = day_queries.unreached(session, clinic_id, today, day_after(app, today))
    yield from map(_to_remind, unreached)
    yield from _to_record(day_queries.overdue_facts(session, clinic_id, today), now)
    yield from (_to_tell(Todo.TELL, each) for each in worklist_store.untold_changes(session, clinic_id))
    yield from _of_mails(session, clinic_id)


def _of_mails(session: Session, clinic_id: int) -> Iterator[Line]:
    """What did not arrive, and who wants no more."""
    yield from _to_phone(worklist_store.failed_messages(session, clinic_id))
    stopped = worklist_store.stopped_recipients(session, clinic_id)
    yield from (_to_note(each) for each in stopped if each.stop_cause not in MAILS_STOP)


def _to_prescribe(found: DayLine) -> Line:
    return Line(
        todo=Todo.PRESCRIBE,
        key=f"{Todo.PRESCRIBE}:{found.fact.ref}",
        course_id=found.course_id,
        patient=found.patient,
        urgent=True,
        visit=found.fact.first,
    )


def _to_remind(found: DayLine) -> Line:
    return Line(
        todo=Todo.REMIND,
        key=f"{Todo.REMIND}:{found.fact.ref}",
        course_id=found.course_id,
        patient=found.patient,
        since=found.fact.start,
        visit=found.fact.first,
        doses=(_due(found),),
        reads=found.reads,
        speaks=found.speaks,
        interpreter=found.interpreter,
    )


def _to_record(found: Iterable[DayLine], now: datetime) -> Iterator[Line]:
    """A line for each course, with its visits that are past; the one with the oldest visit first."""
    courses: dict[UUID, list[DayLine]] = {}
    for each in found:
        courses.setdefault(each.course_id, []).append(each)
    for visits in courses.values():
        first = visits[0]
        since = min(each.fact.end for each in visits if each.fact.end is not None)
        yield Line(
            todo=Todo.RECORD,
            key=f"{Todo.RECORD}:{first.fact.first}",
            course_id=first.course_id,
            patient=first.patient,
            since=since,
            urgent=now - since > URGENT_AFTER,
            visit=first.fact.first,
            doses=tuple(map(_due, visits)),
            revision=first.revision,
        )


def _due(found: DayLine) -> DueDose:
    detail = found.fact.detail
    return DueDose(cycle=detail["cycle"], day=detail["day"], date=found.fact.first, agent=detail["agent"])


def _to_tell(todo: Todo, found: OpenChange) -> Line:
    return Line(
        todo=todo,
        key=f"{todo}:{found.entry.number}",
        course_id=found.course_id,
        patient=found.patient,
        since=found.entry.recorded_at,
        urgent=todo is Todo.CALL,
        entry=found.entry.action,
        number=found.entry.number,
        untold=found.to_tell,
        neutral_at=found.neutral_at,
    )


def _to_note(found: StoppedRecipient) -> Line:
    return Line(
        todo=Todo.NOTE,
        key=f"{Todo.NOTE}:{found.role}",
        course_id=found.course_id,
        patient=found.patient,
        since=found.since,
        recipient=found.role,
        name=found.name,
    )


def _to_phone(found: tuple[FailedMessage, ...]) -> Iterator[Line]:
    mails: dict[tuple[object, ...], list[FailedMessage]] = {}
    for each in found:
        if _concerns_staff(each):
            mails.setdefault((each.message.course_id, *mail_key(each.message)), []).append(each)
    for group in mails.values():
        first = group[0].message
        yield Line(
            todo=Todo.PHONE,
            key=f"{Todo.PHONE}:{'-'.join(str(each.message.id) for each in group)}",
            course_id=first.course_id,
            patient=group[0].patient,
            since=first.settled_at,
            state=first.state,
            event_keys=tuple(dict.fromkeys(each.message.event_key for each in group)),
            recipient=first.recipient,
            reason=first.outcome,
        )


def _concerns_staff(found: FailedMessage) -> bool:
    """Whether anybody should be phoned about it: not where no such mail would go any more (scheduling rule 24)."""
    match found.stop_cause:
        case cause if cause in MAILS_STOP:
            return False
        case CeaseCause.HOSPICE:
            return found.message.kind == Kind.VISIT
        case CeaseCause.PREGNANCY | HoldCause.PREGNANCY:
            return not found.message.event_key.startswith("window/")
        case _:
            return True
