"""What the patient's page tells whoever has its address: a link of the patient's, or the code of a printed sheet."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from calendars.kinds import Detail
from calendars.patient_page import next_visit
from calendars.view import CalendarView, Entry
from db import page_store, print_store, recipient_store, store
from db.engine import Session, reading, writing
from db.stored import StoredPage, StoredPrint, StoredRecipient
from reminders.rules import PATIENT, Kind, allowed
from scheduler.actions import CeaseCause
from scheduler.dates import zone_of
from scheduler.errors import InfusionsError
from service import audit
from service.audit import What
from service.loading import LoadedCourse, NotFound, load
from service.prints import SheetState, look_of, state_of_sheet
from service.recipients import patient_of
from service.rendering import Look, view_of
from service.tokens import TOKEN, hashed

if TYPE_CHECKING:
    from service.wiring import App

SHEET = "printed sheet"  # who saw the page, where nobody can be named


class Gone(InfusionsError):
    """The address worked once and was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTold:
    """What the page tells, in its language and at its level.

    `view` is None after a death: then only the telephone is told. `ask`: a person has to tell of a change first, so
    the patient is to call and no date is told (scheduling rule 23). `sheet`: of a sheet's code, whether the paper still
    holds. `link`: the patient's own link, from which things can be chosen. `mails`: what the patient chose of the
    mails; None when they get none. `now` is an instant in the clinic's zone.
    """

    language: str
    detail: Detail
    course_id: UUID
    clinic_id: int
    now: datetime
    view: CalendarView | None
    ask: bool
    sheet: SheetState | None
    link: StoredPage | None
    mails: StoredRecipient | None

    @property
    def today(self) -> date:
        """The date in the clinic's zone."""
        return self.now.date()

    @property
    def seen_by(self) -> str:
        """Who sees the page, as the audit names them: the link by the name that staff gave it."""
        return f"patient's link “{self.link.name}”" if self.link else SHEET

    @property
    def next_visit(self) -> Entry | None:
        """The visit that goes on or comes next, where it may be told."""
        return None if self.view is None or self.ask else next_visit(self.view, self.now)


def read_page(app: "App", token: str) -> PageTold:
    """What the page behind that token tells; nobody is noted. NotFound for an unknown token, Gone for a revoked one."""
    if not TOKEN.fullmatch(token):
        raise NotFound(UNKNOWN)
    with reading(app.engine) as session:
        door = _door(session, hashed(token))
        app = app.of(door.clinic_id, session)
        course = load(app, session, door.clinic_id, door.course_id)
        # A date that moved may be read here before a person tells it; one that was taken may not.
        untold = any(each.to_tell and each.takes_dates for each in store.revisions_of(session, course.stored))
        return _told(app, session, course, door, untold=untold)


def see_page(app: "App", token: str) -> PageTold:
    """The same, noted in the audit as seen."""
    told = read_page(app, token)
    with writing(app.engine) as session:
        at = app.now()
        audit.note(
            session,
            What.PAGE_SEEN,
            clinic_id=told.clinic_id,
            by=told.seen_by,
            at=at,
            course_id=told.course_id,
            page=str(told.link.id) if told.link else None,
        )
        if told.link:
            page_store.set_page_seen(session, told.link, at)
    return told


# ---------------------------------------------------------------------------------------------------------------------

UNKNOWN = "this address is none of ours; ask for a new one"


def _door(session: Session, token_hash: str) -> StoredPage | StoredPrint:
    door = page_store.find_page_of_token(session, token_hash) or print_store.find_print_of_token(session, token_hash)
    if door is None:
        raise NotFound(UNKNOWN)
    if door.revoked_at is not None:
        raise Gone("this address was revoked; ask for a new one")
    return door


def _told(
    app: "App", session: Session, course: LoadedCourse, door: StoredPage | StoredPrint, *, untold: bool
) -> PageTold:
    link, sheet = (door, None) if isinstance(door, StoredPage) else (None, door)
    plan = course.plan()
    died = plan.ceased is not None and plan.ceased.cause is CeaseCause.DEATH
    look = look_of(sheet) if sheet else Look(detail=door.detail, language=door.language)
    view = None if died else _view(app, course, look)
    return PageTold(
        language=door.language,
        detail=Detail(door.detail),
        course_id=door.course_id,
        clinic_id=door.clinic_id,
        now=course.now.astimezone(zone_of(course.stored.course.zone)),
        view=view,
        ask=untold,
        sheet=state_of_sheet(app, course, sheet) if sheet and not died else None,
        link=link,
        mails=_mails(session, course) if link and allowed(Kind.VISIT, plan) else None,
    )


def _view(app: "App", course: LoadedCourse, look: Look) -> CalendarView:
    return view_of(
        course.plan(),
        course.stamped.values(),
        settings=app.settings,
        wordings=app.wordings,
        look=look,
        uid=course.stored.course.id,
        stamp=course.recorded_at(),
        today=course.today,
    )


def _mails(session: Session, course: LoadedCourse) -> StoredRecipient | None:
    """What the patient chose of the mails, if mails may go to them at all."""
    stored = course.stored
    if not (stored.email and stored.consent):
        return None
    known = recipient_store.recipients_of(session, stored.clinic_id, stored.course.id)
    return patient_of(stored, next((each for each in known if each.role == PATIENT), None))
