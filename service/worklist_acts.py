"""Ticking off a line of the worklist: somebody has dealt with it, and their name is noted."""

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from db import day_store, outbox_store, store, worklist_store
from db.engine import Session, writing
from db.worklist_store import FAILED
from scheduler.dates import parse_date
from scheduler.day_facts import FactKind
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.courses import note_told
from service.loading import LoadedCourse, NotFound, load
from service.steps import Request
from service.worklist import Todo

if TYPE_CHECKING:
    from service.wiring import App


def tick_off(
    app: "App", course_id: UUID, key: str, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> None:
    """Notes that somebody has dealt with the line: of one that asks to tell the patient, that the patient was told;
    of one that asks to call, that this was done, and that the patient was told of what no mail may tell first.

    Raises NotFound for an unknown course, InvalidValue for a key that is none. A second time changes nothing.
    """
    request = Request.of(request_id, "tick-off", str(course_id), key)
    with writing(app.engine) as session:
        loaded = load(app, session, clinic_id, course_id, to_change=True)
        if request.done(session, clinic_id) or not _deal(app, session, loaded, key, by):
            return
        now = loaded.now
        audit.note(
            session,
            What.LINE_HANDLED,
            clinic_id=clinic_id,
            by=by,
            at=now,
            course_id=course_id,
            request=request,
            line=key,
        )


# ---------------------------------------------------------------------------------------------------------------------


def _deal(app: "App", session: Session, loaded: LoadedCourse, key: str, by: str) -> bool:
    """Whether the line was still there."""
    todo, _, cause = key.partition(":")
    match todo:
        case Todo.RECORD:
            return _leave_unrecorded(session, loaded, parse_date(cause, field="line"))
        case Todo.TELL:
            return _told(app, session, loaded, _whole(cause), by)
        case Todo.CALL:
            return _called(app, session, loaded, _whole(cause), by)
        case Todo.NOTE:
            stored = loaded.stored
            return worklist_store.set_seen(session, stored.clinic_id, stored.course.id, cause, loaded.now)
        case Todo.REMIND:
            return bool(_tick(session, loaded, cause, by, FactKind.VISIT))
        case Todo.PRESCRIBE:
            return bool(_tick(session, loaded, cause, by, FactKind.PRESCRIBER))
        case Todo.PHONE:
            return _phoned(session, loaded, [_whole(number) for number in cause.split("-")], by)
        case _:
            raise InvalidValue(f"line: {key!r} is none of the worklist; open the worklist anew", field="line")


def _leave_unrecorded(session: Session, loaded: LoadedCourse, visit: date) -> bool:
    if loaded.stored.next_visit != visit or loaded.stored.overdue_handled == visit:
        return False
    store.set_overdue_handled(session, loaded.stored)
    return True


def _tick(session: Session, loaded: LoadedCourse, ref: str, by: str, kind: FactKind) -> tuple[str, ...]:
    """Notes that somebody was told of a fact of that kind, such as a visit as it is planned now."""
    facts = day_store.facts_of(session, loaded.stored.clinic_id, loaded.stored.course.id)
    if not any(fact.kind is kind and fact.ref == ref for fact in facts):
        return ()
    return day_store.set_tick(session, loaded.stored, [ref], by=by, at=loaded.now)


def _told(app: "App", session: Session, loaded: LoadedCourse, number: int, by: str) -> bool:
    if number not in {each.number for each in store.revisions_of(session, loaded.stored) if each.to_tell}:
        return False
    note_told(app, session, loaded, number, by=by)
    return True


def _called(app: "App", session: Session, loaded: LoadedCourse, number: int, by: str) -> bool:
    if not store.mark_phoned(session, loaded.stored, number, loaded.now):
        return False
    _told(app, session, loaded, number, by)
    clinic_id, course_id = loaded.stored.clinic_id, loaded.stored.course.id
    # The notice of the same change, when it came too late or did not arrive, has been made good for as well.
    failed = worklist_store.failed_notices(session, clinic_id, course_id, loaded.recorded_at(number))
    worklist_store.set_handled(session, clinic_id, failed, by=by, now=loaded.now)
    return True


def _phoned(session: Session, loaded: LoadedCourse, ids: list[int], by: str) -> bool:
    clinic_id, course_id = loaded.stored.clinic_id, loaded.stored.course.id
    messages = outbox_store.messages_of(session, clinic_id, course_id, to_change=True)
    failed = {message.id for message in messages if message.state in FAILED}
    if not failed.issuperset(ids):
        raise NotFound(f"course {course_id}: has no such mail that failed; open the worklist anew")
    return worklist_store.set_handled(session, clinic_id, ids, by=by, now=loaded.now) > 0


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidValue(f"line: {text!r} is no number; open the worklist anew", field="line")
    return int(text)
