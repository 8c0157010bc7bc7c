"""Printed calendars: made, listed, revoked, and whether they still hold. The page behind a code is the patient's."""

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from calendars import FORMATS
from calendars.kinds import Detail
from calendars.view import CalendarView, Entry, Status, kept_on
from db import print_store
from db.engine import Session, reading, writing
from db.stored import StoredPrint
from scheduler.actions import CeaseCause
from scheduler.errors import InvalidValue
from scheduler.plan import Plan
from service import audit
from service.audit import HOME_CLINIC, What
from service.clock import after_all
from service.loading import LoadedCourse, NotFound, load
from service.queries import CourseRecord, load_course
from service.rendering import Look, sheet_of, view_of
from service.steps import Request, RequestReused
from service.tokens import hashed, new_token, token_of

if TYPE_CHECKING:
    from service.wiring import App

# No keys of events: a digest of the clinic's numbers, and what to keep up where no source says for how long.
CARD, KEPT = "clinic", "kept"


class SheetState(StrEnum):
    """Whether a sheet still holds."""

    CURRENT = "current"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A printed calendar as it was made: a PDF file, and the address behind its code, which is shown to nobody else."""

    id: UUID
    body: bytes
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintLine:
    """A print in a list. `outdated`: what it shows has changed since."""

    id: UUID
    look: Look
    revision: int
    printed_at: datetime
    printed_by: str
    revoked_at: datetime | None
    outdated: bool


def print_course(
    app: "App",
    course_id: UUID,
    look: Look,
    *,
    by: str,
    revision: int | None = None,
    request_id: str | None = None,
    clinic_id: int = HOME_CLINIC,
) -> Printed:
    """Prints the course as it stands, or stood at `revision`. The audit keeps who printed what, and when.

    Raises NotFound for an unknown course, InvalidValue for what can't be printed, RequestReused when the request came
    before for something else, or the course has changed since.
    """
    app = app.of(clinic_id)
    record = load_course(app, course_id, revision, clinic_id=clinic_id)
    if _has_died(record.plan):
        raise InvalidValue(f"course {course_id}: has ended; there is nothing to print", field="course")
    request = Request.of(request_id)
    token = token_of(app, "print", clinic_id, request.id, by) if request.id else new_token()
    address = f"{app.settings.server.public_url}/p/{token}"
    view = _view(app, record, look, address)
    made = _stored(app, record, look, view, by=by, clinic_id=clinic_id)
    body = FORMATS["pdf"].render(view)
    with writing(app.engine) as session:
        earlier = print_store.find_print_of_token(session, hashed(token))
        if earlier is not None:
            return Printed(id=_same(earlier, made).id, body=body, address=address)
        earlier_ones = print_store.printed_at(session, clinic_id, course_id)
        made = replace(made, printed_at=after_all(made.printed_at, earlier_ones))
        print_store.add_print(session, made, hashed(token))
        _audit(session, What.CALENDAR_PRINTED, made, by, made.printed_at)
    return Printed(id=made.id, body=body, address=address)


def list_prints(app: "App", course_id: UUID, *, clinic_id: int = HOME_CLINIC) -> tuple[PrintLine, ...]:
    """The course's prints, the newest first; NotFound for an unknown course."""
    with reading(app.engine) as session:
        return prints_of(app, session, load(app, session, clinic_id, course_id))


def prints_of(app: "App", session: Session, course: LoadedCourse) -> tuple[PrintLine, ...]:
    """What `list_prints` gives, of a course that was read in this session."""
    app = app.of(course.stored.clinic_id, session)
    prints = print_store.prints_of(session, course.stored)
    views: dict[tuple[str, ...], CalendarView] = {}  # most prints of a course are alike
    for made in prints:
        if _kind(made) not in views:
            views[_kind(made)] = _now_shown(app, course, made)
    return tuple(_line(course, made, views[_kind(made)]) for made in prints)


def revoke_print(app: "App", print_id: UUID, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Ends what the address behind a print's code tells. NotFound for an unknown one; a second time changes nothing."""
    with writing(app.engine) as session:
        made = print_store.find_print(session, clinic_id, print_id)
        if made is None:
            raise NotFound(f"print {print_id}: there is no such print; `infusions print list COURSE` shows a course's")
        if made.revoked_at is None:
            now = app.now()
            print_store.set_print_revoked(session, made, now)
            _audit(session, What.PRINT_REVOKED, made, by, now)


def state_of_sheet(app: "App", course: LoadedCourse, made: StoredPrint) -> SheetState:
    """Whether what the sheet shows still holds."""
    return SheetState.OUTDATED if _is_outdated(course, made, _now_shown(app, course, made)) else SheetState.CURRENT


def look_of(made: StoredPrint) -> Look:
    """For whom the sheet was made, and how."""
    return Look(
        reader=made.reader,
        detail=made.detail,
        language=made.language,
        paper=made.paper,
        large_print=made.large_print,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _view(app: "App", record: CourseRecord, look: Look, address: str) -> CalendarView:
    return view_of(
        record.plan,
        record.stamped.values(),
        settings=app.settings,
        wordings=app.wordings,
        look=look,
        uid=record.id,
        stamp=record.recorded_at,
        today=record.plan.today,
        sheet=sheet_of(look, printed=record.plan.today, name=record.patient, address=address),
    )


def _stored(
    app: "App", record: CourseRecord, look: Look, view: CalendarView, *, by: str, clinic_id: int
) -> StoredPrint:
    return StoredPrint(
        id=uuid4(),
        clinic_id=clinic_id,
        course_id=record.id,
        reader=look.reader,
        detail=look.detail,
        language=look.language,
        paper=look.paper,
        large_print=look.large_print,
        revision=record.revision,
        shown=_shown(view),
        printed_at=app.now(),
        printed_by=by,
    )


def _same(earlier: StoredPrint, made: StoredPrint) -> StoredPrint:
    alike = ("course_id", "reader", "detail", "language", "paper", "large_print", "revision", "shown")
    if any(getattr(earlier, name) != getattr(made, name) for name in alike) or earlier.revoked_at is not None:
        raise RequestReused("request id: came before with something else in it; send a new id")
    return earlier


def _shown(view: CalendarView) -> dict[str, str]:
    """By event the times on the paper, and what of the event it tells; beside them what no event tells."""
    card = hashlib.sha256("\n".join(astuple(view.clinic)).encode()).hexdigest()[:16]
    holds = [entry for entry in view.entries if entry.status is not Status.CANCELLED]
    if view.detail is not Detail.FULL:
        return {CARD: card} | {entry.key: _times(entry) for entry in holds}
    kept = {KEPT: " ".join(kept_on(view.plan))} if view.keep_on else {}
    return {CARD: card} | kept | {entry.key: "|".join((_times(entry), *entry.content)) for entry in holds}


def _times(entry: Entry) -> str:
    return " ".join(_plain(each) for each in (entry.start, entry.end, entry.arrival, entry.leave) if each is not None)


def _plain(moment: date) -> str:
    return moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else moment.isoformat()


def _is_outdated(course: LoadedCourse, made: StoredPrint, view: CalendarView) -> bool:
    """Whether something on the paper that is still to come has changed. What has passed can't mislead any more."""
    now = _shown(view)
    keys = {key for key in now.keys() | made.shown.keys() if now.get(key) != made.shown.get(key)}
    return any(
        key in {CARD, KEPT} or _is_to_come(key, now, course) or _is_to_come(key, made.shown, course) for key in keys
    )


def _is_to_come(key: str, shown: Mapping[str, str], course: LoadedCourse) -> bool:
    if key not in shown:
        return False
    last = shown[key].partition("|")[0].rpartition(" ")[2]
    return datetime.fromisoformat(last) > course.now if "T" in last else date.fromisoformat(last) >= course.today


def _now_shown(app: "App", course: LoadedCourse, made: StoredPrint) -> CalendarView:
    return view_of(
        course.plan(),
        course.stamped.values(),
        settings=app.settings,
        wordings=app.wordings,
        look=look_of(made),
        uid=course.stored.course.id,
        stamp=course.recorded_at(),
        today=course.today,
    )


def _kind(made: StoredPrint) -> tuple[str, ...]:
    return made.reader, made.detail, made.language


def _line(course: LoadedCourse, made: StoredPrint, view: CalendarView) -> PrintLine:
    return PrintLine(
        id=made.id,
        look=look_of(made),
        revision=made.revision,
        printed_at=made.printed_at,
        printed_by=made.printed_by,
        revoked_at=made.revoked_at,
        outdated=_is_outdated(course, made, view),
    )


def _has_died(plan: Plan) -> bool:
    return plan.ceased is not None and plan.ceased.cause is CeaseCause.DEATH


def _audit(session: Session, what: What, made: StoredPrint, by: str, at: datetime) -> None:
    audit.note(
        session,
        what,
        clinic_id=made.clinic_id,
        by=by,
        at=at,
        course_id=made.course_id,
        print=str(made.id),
        revision=made.revision,
    )
