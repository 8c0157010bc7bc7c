"""Taking note of what a plan remarks on itself. The remark stays acknowledged until its facts change."""

from typing import TYPE_CHECKING
from uuid import UUID

from db.acknowledgement_store import acknowledged, save_acknowledgement, withdraw_acknowledgement
from db.engine import writing
from db.stored import StoredAcknowledgement
from scheduler.errors import InvalidValue
from service import audit, day_upkeep
from service.audit import HOME_CLINIC, What
from service.loading import load
from service.remarks import mark_of

if TYPE_CHECKING:
    from service.wiring import App

GONE = "this remark has changed since the page was opened, so nothing was stored; look at the course again"


def acknowledge(app: "App", course_id: UUID, mark: str, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Notes who took note of that remark, and when. A second time changes nothing.

    Raises NotFound for an unknown course, InvalidValue when the plan doesn't remark that any more.
    """
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        advice = next((each for each in course.plan().advice if mark_of(each) == mark), None)
        if advice is None:
            raise InvalidValue(GONE, field="mark")
        if mark in acknowledged(session, clinic_id, [course_id]).get(course_id, {}):
            return
        stored = StoredAcknowledgement(mark=mark, code=advice.code, at=course.now, by=by)
        save_acknowledgement(session, course.stored, stored)
        day_upkeep.keep(app, session, course.stored, course.plan(), now=course.now)
        audit.note(
            session,
            What.ADVICE_ACKNOWLEDGED,
            clinic_id=clinic_id,
            by=by,
            at=course.now,
            course_id=course_id,
            code=advice.code,
            cycle=advice.cycle,
            day=advice.day,
        )


def look_again(app: "App", course_id: UUID, mark: str, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Takes an acknowledgement back, so that the remark is open again. A second time changes nothing.

    Raises NotFound for an unknown course.
    """
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        known = acknowledged(session, clinic_id, [course_id]).get(course_id, {}).get(mark)
        if known is None:
            return
        withdraw_acknowledgement(session, course.stored, mark, course.now)
        day_upkeep.keep(app, session, course.stored, course.plan(), now=course.now)
        what = What.ADVICE_REOPENED
        audit.note(session, what, clinic_id=clinic_id, by=by, at=course.now, course_id=course_id, code=known.code)
