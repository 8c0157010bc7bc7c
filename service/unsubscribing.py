"""Stopping mails by the address in each mail, and a way back (RFC 8058). Who has the address needs no sign-in."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from db import recipient_store
from db.engine import Session, reading, writing
from db.outbox_store import StoredMessage
from db.stored import StoredRecipient
from reminders import outbox
from reminders.rules import PATIENT
from reminders.tokens import is_genuine, make_token, message_id_of
from service import audit
from service.audit import What
from service.loading import LoadedCourse, NotFound, facts_of, load
from service.recipients import patient_of, save

if TYPE_CHECKING:
    from service.wiring import App

BY_MAIL = "recipient"  # who acts: the person who has the mail, patient or carer


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """How things stand for the one who has the mail; no name, no date, nothing of a treatment."""

    clinic_id: int
    unsubscribed: bool
    language: str


def unsubscribe_address(app: "App", message: StoredMessage, secret: bytes = b"") -> str:
    """The address of the page that stops the mails of the message's recipient; who has read the secret gives it."""
    token = make_token(secret or app.secret(), message.id, message.course_id, message.recipient)
    return f"{app.settings.server.public_url}/u/{token}"


def subscription(app: "App", token: str) -> Subscription:
    """How things stand; nothing is changed. NotFound for a token that this service did not make."""
    with reading(app.engine) as session:
        clinic_id, course_id, role = _whose(app, session, token)
        return _told(_find(load(app, session, clinic_id, course_id), session, role))


def unsubscribe(app: "App", token: str) -> Subscription:
    """Stops the mails to the one who has the token: from this commit on none goes. A second time changes nothing."""
    return _set(app, token, unsubscribed=True)


def resubscribe(app: "App", token: str) -> Subscription:
    """Lets the mails go again; those that should have gone meanwhile are not made up for."""
    return _set(app, token, unsubscribed=False)


def set_unsubscribed(app: "App", whose: tuple[int, UUID, str], *, unsubscribed: bool, by: str) -> Subscription:
    """Stops the mails to the recipient (clinic, course, role), or lets them go again; NotFound for an unknown one."""
    clinic_id, course_id, role = whose
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        before = _find(course, session, role)
        if (before.unsubscribed_at is not None) is unsubscribed:
            return _told(before)
        after = replace(before, unsubscribed_at=course.now if unsubscribed else None, stop_seen_at=None)
        save(session, after)
        facts = facts_of(app, session, course.stored, course.plan(), now=course.now)
        outbox.after_choice(session, facts, course.stamped, outcome="unsubscribed from mails", now=course.now)
        what = What.UNSUBSCRIBED if unsubscribed else What.RESUBSCRIBED
        audit.note(session, what, clinic_id=clinic_id, by=by, at=course.now, course_id=course_id, recipient=role)
        return _told(after)


# ---------------------------------------------------------------------------------------------------------------------


def _set(app: "App", token: str, *, unsubscribed: bool) -> Subscription:
    with reading(app.engine) as session:  # a made-up address must not make writers wait
        whose = _whose(app, session, token)
    return set_unsubscribed(app, whose, unsubscribed=unsubscribed, by=BY_MAIL)


def _whose(app: "App", session: Session, token: str) -> tuple[int, UUID, str]:
    secret = app.secret()
    message_id = message_id_of(secret, token)
    found = recipient_store.recipient_of_message(session, message_id) if message_id is not None else None
    if message_id is None or found is None or not is_genuine(secret, token, message_id, found[1], found[2]):
        raise NotFound("this address is none of ours; open the one in your mail, or call us")
    return found


def _find(course: LoadedCourse, session: Session, role: str) -> StoredRecipient:
    known = recipient_store.recipients_of(session, course.stored.clinic_id, course.stored.course.id)
    found = next((each for each in known if each.role == role), None)
    if role == PATIENT:
        return patient_of(course.stored, found)
    if found is None:
        raise NotFound("this address is none of ours; open the one in your mail, or call us")
    return found


def _told(recipient: StoredRecipient) -> Subscription:
    return Subscription(
        clinic_id=recipient.clinic_id,
        unsubscribed=recipient.unsubscribed_at is not None,
        language=recipient.language,
    )
