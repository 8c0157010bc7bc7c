"""Who gets a course's mails: the patient, and carers and a guardian with consent. What each of them chose of what the
clinic sends."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from calendars.kinds import Detail, Reader
from db import recipient_store
from db.engine import Session
from db.stored import StoredCourse, StoredRecipient
from reminders.rules import PATIENT, Choice, Kind, Recipient


class CalendarFiles(StrEnum):
    """Whether mails bring visits as calendar files; `no-feed`: while the reader has no live feed (else they double)."""

    NO_FEED = "no-feed"
    ALWAYS = "always"
    NEVER = "never"


def mail_recipients(session: Session, stored: StoredCourse, now: datetime) -> tuple[Recipient, ...]:
    """To whom mails of the course may go: those with address and consent.

    A patient who has unsubscribed is among them, for staff phone about changes; a carer who has is not.
    """
    chosen = recipient_store.recipients_of(session, stored.clinic_id, stored.course.id)
    return recipients_by(stored, chosen, recipient_store.readers_with_feed(session, stored, now))


def recipients_by(
    stored: StoredCourse, chosen: Iterable[StoredRecipient], readers: frozenset[str]
) -> tuple[Recipient, ...]:
    """The same from what is stored: what was `chosen`, and which `readers` have a live calendar address."""
    known = {each.role: each for each in chosen}
    found = [patient_of(stored, known.get(PATIENT))] if stored.email and stored.consent else []
    found += [each for role, each in known.items() if role != PATIENT and gets_mails(each)]
    return tuple(_recipient(each, readers) for each in found)


def gets_mails(carer: StoredRecipient) -> bool:
    """Whether a carer or guardian has an address, their consent stands and they have not unsubscribed."""
    reachable = bool(carer.email) and carer.consent
    return reachable and carer.withdrawn_at is None and carer.unsubscribed_at is None


def patient_of(stored: StoredCourse, chosen: StoredRecipient | None) -> StoredRecipient:
    """The patient as a recipient: as the course says, with what they chose, if they did."""
    return StoredRecipient(
        clinic_id=stored.clinic_id,
        course_id=stored.course.id,
        role=PATIENT,
        name=stored.patient,
        email=stored.email or "",
        language=stored.language,
        zone=stored.patient_zone,
        detail=chosen.detail if chosen else Detail.DISCREET.value,
        choice=chosen.choice if chosen else {},
        calendar=chosen.calendar if chosen else CalendarFiles.NO_FEED.value,
        added_at=stored.created_at,
        added_by=stored.created_by,
        consent=stored.consent,
        unsubscribed_at=chosen.unsubscribed_at if chosen else None,
        stop_seen_at=chosen.stop_seen_at if chosen else None,
    )


def save(session: Session, recipient: StoredRecipient) -> None:
    """Stores what a recipient chose; who the patient is stands in the course alone."""
    if recipient.role == PATIENT:
        recipient = replace(recipient, name="", email="", language="", zone="")
    recipient_store.save_recipient(session, recipient)


# ---------------------------------------------------------------------------------------------------------------------


def _recipient(stored: StoredRecipient, with_feed: frozenset[str]) -> Recipient:
    reader = Reader.PATIENT if stored.role == PATIENT else Reader.CARER
    files = CalendarFiles(stored.calendar)
    return Recipient(
        role=stored.role,
        zone=stored.zone,
        email=stored.email,
        language=stored.language,
        detail=Detail(stored.detail),
        choice=Choice(days={Kind(kind): days for kind, days in stored.choice.items()}),
        unsubscribed=stored.unsubscribed_at is not None,
        calendar=files is CalendarFiles.ALWAYS or (files is CalendarFiles.NO_FEED and reader not in with_feed),
    )
