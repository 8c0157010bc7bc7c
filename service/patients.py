"""What staff know of a patient beside the dates: what they read and speak, and who stands for a minor."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from calendars.kinds import Detail
from db import outbox_store, recipient_store, store
from db.engine import Session, writing
from db.stored import StoredCourse, StoredRecipient
from reminders import outbox
from reminders.rules import GUARDIAN
from scheduler.errors import InfusionsError, InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.config_values import Unreadable, mail_address
from service.languages import wording_of
from service.loading import LoadedCourse, facts_of, load
from service.recipients import CalendarFiles
from service.steps import Request

if TYPE_CHECKING:
    from datetime import datetime

    from service.wiring import App

MAX_NAME = 100
MAX_SHORT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardian:
    """Who stands for a minor, with an address or a telephone number. With `consent` they get mails, as carers do:
    never anything about reproduction."""

    name: str
    relation: str
    email: str = ""
    phone: str = ""
    consent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """`spoken_language`: what the patient speaks, where it is not what they read; as a person would name it."""

    spoken_language: str = ""
    interpreter: bool = False
    guardian: Guardian | None = None


NOTHING_KNOWN = PatientFacts()
NAMES = ("spoken_language", "interpreter", "guardian")


class FactsChanged(InfusionsError):
    """Somebody else has changed what is known of the patient since it was looked at."""

    def __init__(self) -> None:
        super().__init__("somebody else has changed this meanwhile, so nothing was stored; look at it, then try again")


def check_facts(facts: PatientFacts) -> PatientFacts:
    """The facts without blanks around them; InvalidValue names the first that can't be."""
    spoken = _line(facts.spoken_language, "spoken_language", "the spoken language", MAX_SHORT)
    return replace(facts, spoken_language=spoken, guardian=_check(facts.guardian) if facts.guardian else None)


def facts_in(session: Session, stored: StoredCourse) -> PatientFacts:
    """What is stored of them."""
    known = recipient_store.recipients_of(session, stored.clinic_id, stored.course.id)
    found = next((each for each in known if each.role == GUARDIAN), None)
    return PatientFacts(
        spoken_language=stored.spoken_language,
        interpreter=stored.interpreter,
        guardian=_as_guardian(found) if found is not None and found.name else None,
    )


def mark_of(facts: PatientFacts, language: str) -> str:
    """What stands for these facts and the language that the patient reads: another one as soon as one of them is."""
    return hashlib.sha256(f"{language}\n{facts}".encode()).hexdigest()[:32]


def change_facts(
    app: "App",
    course_id: UUID,
    facts: PatientFacts,
    *,
    by: str,
    language: str | None = None,
    seen: str | None = None,
    request_id: str | None = None,
    clinic_id: int = HOME_CLINIC,
) -> PatientFacts:
    """Stores the facts, and the `language` that the patient reads, in place of what stood there; waiting mails follow.

    None leaves the language. `seen` is the mark of what the change was made from. NotFound, InvalidValue, FactsChanged
    when it is another by now, RequestReused. A repeated request, or one that changes nothing, stores nothing.
    """
    checked = check_facts(facts)
    if language is not None:
        wording_of(app.wordings, language)
    request = Request.of(request_id, "facts", str(course_id), language, facts_to_dict(checked))
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        before = facts_in(session, course.stored)
        if request.done(session, clinic_id):
            return before
        if seen is not None and seen != mark_of(before, course.stored.language):
            raise FactsChanged
        changed = [name for name in NAMES if getattr(before, name) != getattr(checked, name)]
        changed += ["language"] if language not in {None, course.stored.language} else []
        if changed:
            _store(app, session, course, checked, language or course.stored.language, by=by)
            audit.note(
                session,
                What.PATIENT_CHANGED,
                clinic_id=clinic_id,
                by=by,
                at=course.now,
                course_id=course_id,
                request=request,
                changed=", ".join(changed),
            )
    return checked


def keep_guardian(app: "App", session: Session, course: LoadedCourse, guardian: Guardian | None, *, by: str) -> None:
    """Stores who stands for the patient; waiting mails follow. Without one, nothing goes to the one there was."""
    stored = course.stored
    known = recipient_store.recipients_of(session, stored.clinic_id, stored.course.id)
    before = next((each for each in known if each.role == GUARDIAN), None)
    if guardian is None and before is None:
        return
    after = guardian_of(stored, before, guardian, by=by, now=course.now)
    if after == before:
        return
    recipient_store.save_recipient(session, after)
    outbox_store.give_back(session, stored.clinic_id, stored.course.id)  # from who has looked at the old address
    facts = facts_of(app, session, stored, course.plan(), now=course.now)
    outbox.after_choice(session, facts, course.stamped, outcome="the guardian was changed", now=course.now)


def guardian_of(
    stored: StoredCourse, before: StoredRecipient | None, guardian: Guardian | None, *, by: str, now: "datetime"
) -> StoredRecipient:
    """The guardian as one of the course's recipients; `before` is what stood there, and stays where there is none.

    Mails to them are in the language that the patient reads, at the patient's hours. What somebody else chose before is
    not theirs.
    """
    fresh = StoredRecipient(
        clinic_id=stored.clinic_id,
        course_id=stored.course.id,
        role=GUARDIAN,
        language=stored.language,
        zone=stored.patient_zone,
        detail=Detail.DISCREET.value,
        choice={},
        calendar=CalendarFiles.NO_FEED.value,
        added_at=now,
        added_by=by,
    )
    base = before or fresh
    if guardian is None:  # the row stays, for mails that went to them refer to it
        return replace(base, name="", relation="", email="", phone="", consent=False)
    another = guardian.email != base.email
    chosen = fresh if another and guardian.name != base.name else base
    return replace(
        base,
        language=stored.language,
        zone=stored.patient_zone,
        detail=chosen.detail,
        choice=chosen.choice,
        calendar=chosen.calendar,
        name=guardian.name,
        relation=guardian.relation,
        email=guardian.email,
        phone=guardian.phone,
        consent=guardian.consent,
        withdrawn_at=None if guardian.consent else base.withdrawn_at,
        # Who unsubscribed did so for their own address.
        unsubscribed_at=None if another else base.unsubscribed_at,
        stop_seen_at=None if another else base.stop_seen_at,
    )


def facts_to_dict(facts: PatientFacts) -> dict[str, object]:
    """The facts as JSON values."""
    guardian = facts.guardian
    return {
        "spoken_language": facts.spoken_language or None,
        "interpreter": facts.interpreter,
        "guardian": {name: getattr(guardian, name) for name in ("name", "relation", "email", "phone", "consent")}
        if guardian
        else None,
    }


def facts_asked(facts: PatientFacts) -> Iterator[tuple[str, object]]:
    """What a request says of them: nothing where nothing was said."""
    yield from ((name, value) for name, value in facts_to_dict(facts).items() if value)


# ---------------------------------------------------------------------------------------------------------------------


def _store(app: "App", session: Session, course: LoadedCourse, facts: PatientFacts, language: str, *, by: str) -> None:
    spoken = replace(course.stored, spoken_language=facts.spoken_language, interpreter=facts.interpreter)
    store.set_speech(session, spoken)
    stored = replace(spoken, language=language)
    if stored != spoken:
        store.set_contact(session, stored)
        outbox_store.give_back(session, stored.clinic_id, stored.course.id)  # from who has read it in the old language
    keep_guardian(app, session, replace(course, stored=stored), facts.guardian, by=by)


def _check(guardian: Guardian) -> Guardian:
    try:
        email = mail_address(guardian.email)
    except Unreadable as fault:
        raise InvalidValue(f"guardian_email: {fault}", field="guardian_email") from None
    checked = Guardian(
        name=_line(guardian.name, "guardian", "the guardian's name", MAX_NAME),
        relation=_line(guardian.relation, "guardian_relation", "how the guardian is related", MAX_SHORT),
        email=email,
        phone=_line(guardian.phone, "guardian_phone", "the guardian's telephone number", MAX_SHORT),
        consent=guardian.consent,
    )
    if not checked.name:
        raise InvalidValue("guardian: give the guardian's name", field="guardian")
    if not checked.relation:
        message = "guardian_relation: say how the guardian is related, such as mother"
        raise InvalidValue(message, field="guardian_relation")
    if not (checked.email or checked.phone):
        message = "guardian_phone: give a telephone number or a mail address of the guardian"
        raise InvalidValue(message, field="guardian_phone")
    if checked.consent and not checked.email:
        message = "guardian_email: mails were agreed to, so give the address; or leave the consent out"
        raise InvalidValue(message, field="guardian_email")
    return checked


def _line(text: str, field: str, what: str, most: int) -> str:
    found = text.strip()
    if len(found) > most or not found.isprintable():
        raise InvalidValue(f"{field}: write {what} in at most {most} characters on one line", field=field)
    return found


def _as_guardian(stored: StoredRecipient) -> Guardian:
    return Guardian(
        name=stored.name,
        relation=stored.relation,
        email=stored.email,
        phone=stored.phone,
        consent=stored.consent and stored.withdrawn_at is None,
    )
