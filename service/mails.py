"""A course's mails as staff see them, and what staff do with them: pause, resume, send at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from db import outbox_store, store
from db.engine import Session, reading, writing
from db.outbox_store import APART, CHANGE, OPEN, State, StoredAttempt, StoredMessage
from db.stored import StoredCourse
from db.worklist_store import FAILED
from reminders.recheck import PAUSED
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.loading import LoadedCourse, NotFound, load, reminder_policy
from service.recipients import mail_recipients
from service.steps import Request

if TYPE_CHECKING:
    from service.wiring import App

AWAKE = timedelta(hours=1)  # how long a mail that staff send in quiet hours may wait there for a second try
UNTIL_TOLD = "waits until a person has told the patient"
HURRIED = "goes at the next pass, as staff asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLine:
    """One mail of a course: messages that go, or went, together.

    `at`: when it goes, or what became of it; None while nobody can say. `reason`: why it waits or failed; `answer`:
    what came of the last try. `handled_by`: who dealt with a failed one. Instants in UTC.
    """

    ids: tuple[int, ...]
    state: State
    is_change: bool
    event_keys: tuple[str, ...]
    recipient: str
    at: datetime | None
    deadline: datetime
    reason: str
    answer: str
    tries: int
    handled_by: str | None
    handled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseMails:
    """A course's mails. `quiet_until`: the end of the patient's quiet hours, if they are now; `suppressed`: nothing
    goes to the patient's address. What was withdrawn is left out."""

    paused: bool
    suppressed: bool
    quiet_until: datetime | None
    waiting: tuple[MailLine, ...]
    failed: tuple[MailLine, ...]
    sent: tuple[MailLine, ...]


def course_mails(app: "App", course_id: UUID, *, clinic_id: int = HOME_CLINIC) -> CourseMails:
    """What waits (the next first), failed and was sent (the newest first); NotFound for an unknown course."""
    with reading(app.engine) as session:
        course = store.find_course(session, clinic_id, course_id)
        if course is None:
            raise NotFound(
                f"course {course_id}: there is no such course; `infusions course list` shows those there are"
            )
        return mails_of(app, session, course)


def mails_of(app: "App", session: Session, course: StoredCourse) -> CourseMails:
    """What `course_mails` gives, of a course that was read in this session."""
    messages = outbox_store.messages_of(session, course.clinic_id, course.course.id)
    attempts = outbox_store.attempts_of(session, [each.id for each in messages if each.attempt])
    zones = {each.role: each.zone for each in mail_recipients(session, course, app.now())}
    suppressed = bool(course.email) and outbox_store.is_suppressed(session, course.clinic_id, course.email or "")
    app, now = app.of(course.clinic_id, session), app.now()
    quiet = reminder_policy(app.settings.reminders).quiet
    awake = quiet.not_before(now, course.patient_zone)

    def goes(message: StoredMessage) -> datetime | None:
        if message.state is State.UNTOLD or course.mails_paused:
            return None
        wakes = message.night_until is not None and now < message.night_until
        at = max(now, message.send_after)
        return at if wakes else quiet.not_before(at, zones.get(message.recipient, course.patient_zone))

    lines = [
        _line(group, attempts, goes(group[0]) if state in OPEN else None, paused=course.mails_paused)
        for state, group in _mails(messages)
    ]
    waiting = sorted((line for line in lines if line.state in OPEN), key=_next_first)
    settled = sorted(lines, key=lambda line: (line.at or line.deadline, line.ids), reverse=True)
    return CourseMails(
        paused=course.mails_paused,
        suppressed=suppressed,
        quiet_until=awake if awake > now else None,
        waiting=tuple(waiting),
        failed=tuple(line for line in settled if line.state in FAILED),
        sent=tuple(line for line in settled if line.state is State.SENT),
    )


def pause_mails(
    app: "App", course_id: UUID, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> None:
    """Keeps back all mails of the course from now on; what becomes too late meanwhile goes to the worklist.

    Raises NotFound for an unknown course. A second time changes nothing.
    """
    _set_paused(app, clinic_id, course_id, Request.of(request_id, "pause", str(course_id)), by, paused=True)


def resume_mails(
    app: "App", course_id: UUID, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> None:
    """Lets the course's mails go again: what is due goes at the next pass. Raises and repeats like `pause_mails`."""
    _set_paused(app, clinic_id, course_id, Request.of(request_id, "resume", str(course_id)), by, paused=False)


def send_now(
    app: "App",
    message_id: int,
    *,
    by: str,
    at_night: bool = False,
    request_id: str | None = None,
    course_id: UUID | None = None,
    clinic_id: int = HOME_CLINIC,
) -> datetime:
    """Lets a mail that waits go at the next pass, which checks it as always; gives when it goes, in UTC.

    In the patient's quiet hours it goes at their end, unless `at_night`. Raises NotFound for an unknown message and
    InvalidValue when it doesn't wait, mails are paused, or it would be too late by then.
    """
    request = Request.of(request_id, "send-now", message_id, at_night)
    with writing(app.engine) as session:
        found = outbox_store.find_message(session, clinic_id, message_id)
        if found is None or course_id not in {None, found.course_id}:
            raise NotFound(f"message {message_id}: there is none of that number; see `infusions reminders list`")
        loaded = load(app, session, clinic_id, found.course_id, to_change=True)
        app, now, zone = app.of(clinic_id, session), loaded.now, _zone_of(session, loaded, found.recipient)
        goes = now if at_night else reminder_policy(app.settings.reminders).quiet.not_before(now, zone)
        if request.done(session, clinic_id):
            return goes
        mail = _waiting_mail(session, loaded, message_id)
        if goes >= min(message.send_before for message in mail):
            message = f"message {message_id}: is too late after the quiet hours; send it at night, or phone"
            raise InvalidValue(message, field="at_night")
        night = now + AWAKE if at_night else None
        ids = [message.id for message in mail]
        outbox_store.change(session, ids, send_after=now, hurried=True, night_until=night)
        audit.note(
            session,
            What.MAIL_HURRIED,
            clinic_id=clinic_id,
            by=by,
            at=now,
            course_id=found.course_id,
            request=request,
            messages=" ".join(map(str, ids)),
            at_night="yes" if at_night else "no",
        )
    return goes


def reason_of(message: StoredMessage, *, paused: bool) -> str:
    """Why the message is in its state, in words for staff; an empty text when there is nothing to say."""
    if message.state is State.UNTOLD:
        return UNTIL_TOLD
    if message.state is not State.WAITING:
        return message.outcome
    if paused:
        return PAUSED
    return HURRIED if message.hurried and not message.outcome else message.outcome


def mail_key(message: StoredMessage) -> tuple[object, ...]:
    """What messages of one course have in common that are one mail."""
    return (
        message.recipient,
        message.channel,
        message.group_date,
        message.kind if message.kind in APART else "",
        message.message_id or "",
        message.state,
        message.outcome,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _zone_of(session: Session, loaded: LoadedCourse, role: str) -> str:
    recipients = mail_recipients(session, loaded.stored, loaded.now)
    return next((each.zone for each in recipients if each.role == role), loaded.stored.patient_zone)


def _set_paused(app: "App", clinic_id: int, course_id: UUID, request: Request, by: str, *, paused: bool) -> None:
    with writing(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id, to_change=True)
        if request.done(session, clinic_id) or loaded.stored.mails_paused is paused:
            return
        store.set_paused(session, loaded.stored, paused=paused)
        if not paused:
            _wake(session, loaded)
        what = What.MAILS_PAUSED if paused else What.MAILS_RESUMED
        audit.note(session, what, clinic_id=clinic_id, by=by, at=loaded.now, course_id=course_id, request=request)


def _wake(session: Session, loaded: LoadedCourse) -> None:
    """What a pass had found due and kept back is due at once."""
    messages = outbox_store.messages_of(session, loaded.stored.clinic_id, loaded.stored.course.id, to_change=True)
    kept = [each.id for each in messages if each.state is State.WAITING and each.outcome == PAUSED]
    outbox_store.change(session, kept, send_after=loaded.now, outcome="")


def _waiting_mail(session: Session, loaded: LoadedCourse, message_id: int) -> tuple[StoredMessage, ...]:
    if loaded.stored.mails_paused:
        raise InvalidValue("mails are paused for this patient; resume them first", field="message")
    messages = outbox_store.messages_of(session, loaded.stored.clinic_id, loaded.stored.course.id, to_change=True)
    wanted = next(each for each in messages if each.id == message_id)
    if wanted.state is not State.WAITING:
        message = f"message {message_id}: does not wait, it is {wanted.state}; look at the course's mails"
        raise InvalidValue(message, field="message")
    return tuple(each for each in messages if mail_key(each) == mail_key(wanted))


def _mails(messages: Iterable[StoredMessage]) -> Iterable[tuple[State, list[StoredMessage]]]:
    mails: dict[tuple[object, ...], list[StoredMessage]] = {}
    for message in messages:
        if message.state is not State.SUPERSEDED:
            mails.setdefault(mail_key(message), []).append(message)
    for group in mails.values():
        yield group[0].state, sorted(group, key=lambda message: (message.send_after, message.id))


def _line(
    group: list[StoredMessage], attempts: Iterable[StoredAttempt], goes: datetime | None, *, paused: bool
) -> MailLine:
    first = group[0]
    tried = [attempt for attempt in attempts if attempt.outbox_id == first.id]
    return MailLine(
        ids=tuple(message.id for message in group),
        state=first.state,
        is_change=first.kind == CHANGE,
        event_keys=tuple(dict.fromkeys(message.event_key for message in group)),
        recipient=first.recipient,
        at=goes if first.state in OPEN else first.settled_at,
        deadline=min(message.send_before for message in group),
        reason=reason_of(first, paused=paused),
        answer=tried[-1].answer if tried else "",
        tries=len(tried),
        handled_by=first.handled_by,
        handled_at=first.handled_at,
    )


def _next_first(line: MailLine) -> tuple[datetime, tuple[int, ...]]:
    return line.at or line.deadline, line.ids
