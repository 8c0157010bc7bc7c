"""Carers who get mails with consent, and what each recipient of mails chose. Each use case is one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from calendars.kinds import Detail
from db import outbox_store, recipient_store, store
from db.audit_store import find_deed
from db.engine import Session, reading, writing
from db.stored import StoredCourse, StoredRecipient
from reminders import outbox
from reminders.rules import GUARDIAN, PATIENT, Kind, ReminderPolicy
from scheduler.dates import zone_of
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.config_values import Unreadable, mail_address
from service.languages import wording_of
from service.loading import LoadedCourse, NotFound, facts_of, load, reminder_policy
from service.recipients import CalendarFiles, patient_of, save
from service.steps import Request

if TYPE_CHECKING:
    from service.wiring import App

MAX_NAME = 100
MAX_CARERS = 10
CARER = "carer-"
MAIL_DETAILS = (Detail.DISCREET, Detail.FULL)  # a mail without any text would be none


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCarer:
    """A carer to add. `consent`: the patient agreed that they get mails; their times are in `zone`."""

    name: str
    email: str
    consent: bool
    language: str
    zone: str
    detail: Detail = Detail.DISCREET


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a recipient wants of what the clinic sends: by kind the days before (a change has 0); a kind that isn't
    named comes as the clinic sends it. None leaves detail and calendar files as they are."""

    days: Mapping[Kind, tuple[int, ...]]
    detail: Detail | None = None
    calendar: CalendarFiles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where and how the patient gets mails. `consent`: they agreed to mails at `email`; their times are in `zone`."""

    email: str
    consent: bool
    language: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientLine:
    """Somebody who gets mails of a course, or did until consent was withdrawn or they unsubscribed."""

    role: str
    name: str
    email: str
    language: str
    zone: str
    detail: Detail
    choice: Mapping[Kind, tuple[int, ...]]
    calendar: CalendarFiles
    withdrawn_at: datetime | None
    unsubscribed_at: datetime | None
    consent: bool


def add_carer(
    app: "App",
    course_id: UUID,
    new: NewCarer,
    *,
    by: str,
    request_id: str | None = None,
    clinic_id: int = HOME_CLINIC,
) -> str:
    """Adds a carer, who gets mails from now on, and gives their role in the course: `carer-1` and so on.

    Raises NotFound for an unknown course and InvalidValue for what can't be. A repeated request adds nobody.
    """
    _check_new(app, new)
    request = Request.of(request_id, "add-carer", str(course_id), *(str(each) for each in astuple(new)))
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        if request.done(session, clinic_id):
            return _role_of(session, clinic_id, request)
        found = recipient_store.recipients_of(session, clinic_id, course_id)
        known = [each for each in found if each.role.startswith(CARER)]
        if sum(each.withdrawn_at is None for each in known) >= MAX_CARERS:
            raise InvalidValue(f"carer: a course has {MAX_CARERS} at most; remove one first", field="carer")
        carer = carer_of(course.stored, new, len(known) + 1, by=by, now=course.now)
        _store(app, session, course, carer, outcome="a carer was added", deed=Deed(What.CARER_ADDED, by, request))
    return carer.role


def check_carers(app: "App", carers: Sequence[NewCarer]) -> None:
    """Raises InvalidValue when a new course can't have these carers."""
    if len(carers) > MAX_CARERS:
        raise InvalidValue(f"carer: a course has {MAX_CARERS} at most; leave some out", field="carer")
    for each in carers:
        _check_new(app, each)


def carer_of(stored: StoredCourse, new: NewCarer, number: int, *, by: str, now: datetime) -> StoredRecipient:
    """The carer as one of the course's recipients; `number` counts its carers."""
    return StoredRecipient(
        clinic_id=stored.clinic_id,
        course_id=stored.course.id,
        role=f"{CARER}{number}",
        name=new.name.strip(),
        email=new.email.strip(),
        language=new.language,
        zone=new.zone,
        detail=new.detail.value,
        choice={},
        calendar=CalendarFiles.NO_FEED.value,
        added_at=now,
        added_by=by,
    )


def remove_carer(app: "App", course_id: UUID, role: str, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Notes that consent to mails to this carer ended: from this commit on none goes. A second time changes nothing."""
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        carer = _find(session, course, role)
        if role == PATIENT:
            raise InvalidValue("carer: the patient is none; record what the patient wants instead", field="carer")
        if carer.withdrawn_at is None:
            ended = replace(carer, withdrawn_at=course.now)
            _store(app, session, course, ended, outcome="consent withdrawn", deed=Deed(What.CARER_REMOVED, by))


def list_recipients(app: "App", course_id: UUID, *, clinic_id: int = HOME_CLINIC) -> tuple[RecipientLine, ...]:
    """The patient, a minor's guardian and the carers, also those whose mails ended; NotFound for an unknown course."""
    with reading(app.engine) as session:
        return recipients_of(session, load(app, session, clinic_id, course_id))


def recipients_of(session: Session, course: LoadedCourse) -> tuple[RecipientLine, ...]:
    """What `list_recipients` gives, of a course that was read in this session."""
    known = recipient_store.recipients_of(session, course.stored.clinic_id, course.stored.course.id)
    carers = [each for each in known if each.role != PATIENT and each.name]  # a guardian may have gone
    chosen = next((each for each in known if each.role == PATIENT), None)
    return tuple(_line(each) for each in (patient_of(course.stored, chosen), *carers))


def choose(
    app: "App",
    course_id: UUID,
    role: str,
    wish: Wish,
    *,
    by: str,
    contact: Contact | None = None,
    clinic_id: int = HOME_CLINIC,
) -> RecipientLine:
    """Records what a recipient wants, instead of what they chose before, and the patient's `contact` if it is given;
    waiting mails follow in the same step.

    Raises NotFound for an unknown course or role, and InvalidValue for what the clinic doesn't send or can't be.
    """
    app = app.of(clinic_id)
    _check_wish(wish, reminder_policy(app.settings.reminders))
    email = _check_reach(app, contact.language, contact.zone, contact.email) if contact else ""
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        if contact is not None and role == PATIENT:
            course = _with_contact(session, course, replace(contact, email=email))
        before = _find(session, course, role)
        after = replace(
            before,
            choice={kind.value: tuple(sorted(days, reverse=True)) for kind, days in wish.days.items()},
            detail=(wish.detail or Detail(before.detail)).value,
            calendar=(wish.calendar or CalendarFiles(before.calendar)).value,
        )
        _store(app, session, course, after, outcome="not wanted by the recipient", deed=Deed(What.MAILS_CHOSEN, by))
        return _line(after)


# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done, by whom and by which request."""

    what: What
    by: str
    request: Request | None = None


def _role_of(session: Session, clinic_id: int, request: Request) -> str:
    deed = find_deed(session, clinic_id, request.id or "")
    return str(deed.detail["recipient"]) if deed else ""


def _with_contact(session: Session, course: LoadedCourse, contact: Contact) -> LoadedCourse:
    """The course with the patient's new contact, stored."""
    changed = replace(
        course.stored,
        email=contact.email or None,
        consent=contact.consent,
        language=contact.language,
        patient_zone=contact.zone,
    )
    if changed != course.stored:
        store.set_contact(session, changed)
        _let_guardian_follow(session, changed)
        # A pass that has looked at the course already, and at the old address, must look again.
        outbox_store.give_back(session, changed.clinic_id, changed.course.id)
    return replace(course, stored=changed)


def _let_guardian_follow(session: Session, stored: StoredCourse) -> None:
    """Who stands for the patient gets mails in the language that the patient reads, at the patient's hours."""
    known = recipient_store.recipients_of(session, stored.clinic_id, stored.course.id)
    for each in known:
        if each.role == GUARDIAN and (each.language, each.zone) != (stored.language, stored.patient_zone):
            save(session, replace(each, language=stored.language, zone=stored.patient_zone))


def _check_new(app: "App", new: NewCarer) -> None:
    if not 0 < len(new.name.strip()) <= MAX_NAME or not new.name.isprintable():
        raise InvalidValue(f"name: give a name of 1 to {MAX_NAME} characters on one line", field="name")
    if not new.consent:
        message = "consent: the patient must agree to mails to this person; ask, then record it"
        raise InvalidValue(message, field="consent")
    if new.detail not in MAIL_DETAILS:
        raise InvalidValue(f"detail: {new.detail} says nothing; choose discreet or full", field="detail")
    if not _check_reach(app, new.language, new.zone, new.email):
        raise InvalidValue("email: is empty; give the carer's mail address", field="email")


def _check_reach(app: "App", language: str, zone: str, email: str) -> str:
    """The address, once language, zone and address are found to be such."""
    wording_of(app.wordings, language)
    try:
        zone_of(zone)
    except InvalidValue as fault:
        raise InvalidValue(str(fault), field="zone") from None
    try:
        return mail_address(email)
    except Unreadable as fault:
        raise InvalidValue(f"email: {fault}", field="email") from None


def _check_wish(wish: Wish, policy: ReminderPolicy) -> None:
    if wish.detail is not None and wish.detail not in MAIL_DETAILS:
        raise InvalidValue(f"detail: {wish.detail} says nothing; choose discreet or full", field="detail")
    for kind, days in wish.days.items():
        sent = (0,) if kind is Kind.CHANGE else policy.days_before(kind)
        more = sorted(set(days) - set(sent))
        if more:
            known = ", ".join(map(str, sent)) or "none"
            message = f"{kind}: the clinic sends none {more[0]} days before; it sends: {known}"
            raise InvalidValue(message, field=kind.value)


def _find(session: Session, course: LoadedCourse, role: str) -> StoredRecipient:
    known = recipient_store.recipients_of(session, course.stored.clinic_id, course.stored.course.id)
    found = next((each for each in known if each.role == role), None)
    if role == PATIENT:
        return patient_of(course.stored, found)
    if found is None:
        sentence = f"recipient {role!r}: the course has none; `infusions course carer list` shows those there are"
        raise NotFound(sentence)
    return found


def _store(
    app: "App",
    session: Session,
    course: LoadedCourse,
    recipient: StoredRecipient,
    *,
    outcome: str,
    deed: Deed,
) -> None:
    save(session, recipient)
    facts = facts_of(app, session, course.stored, course.plan(), now=course.now)
    outbox.after_choice(session, facts, course.stamped, outcome=outcome, now=course.now)
    audit.note(
        session,
        deed.what,
        clinic_id=course.stored.clinic_id,
        by=deed.by,
        at=course.now,
        course_id=course.stored.course.id,
        request=deed.request,
        recipient=recipient.role,
    )


def _line(stored: StoredRecipient) -> RecipientLine:
    return RecipientLine(
        role=stored.role,
        name=stored.name,
        email=stored.email,
        language=stored.language,
        zone=stored.zone,
        detail=Detail(stored.detail),
        choice={Kind(kind): days for kind, days in stored.choice.items()},
        calendar=CalendarFiles(stored.calendar),
        withdrawn_at=stored.withdrawn_at,
        unsubscribed_at=stored.unsubscribed_at,
        consent=stored.consent,
    )
