"""What staff do on the clinic's day: tick what was seen, record a visit as given as planned, and take that back.

A tick says who saw something, and when. It holds no value, clears nobody, and nothing waits for it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from db import day_store, store
from db.engine import reading, writing
from scheduler.actions import Action, Given, Void
from scheduler.errors import InvalidValue
from scheduler.plan import DoseState
from service import audit
from service.audit import HOME_CLINIC, What
from service.courses import Asked, Outcome, record_each
from service.loading import LoadedCourse, NotFound
from service.steps import Request

if TYPE_CHECKING:
    from service.wiring import App

OPEN = (DoseState.PLANNED, DoseState.HELD, DoseState.CANCELLED)  # what an entry without an agent can mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Which day of which cycle, on which date."""

    cycle: int
    day: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class JustRecorded:
    """Entries that can be taken back at once: the numbers from `first` to `last`, and what they say."""

    course_id: UUID
    patient: str
    first: int
    last: int
    actions: tuple[Action, ...]


def set_ticks(
    app: "App",
    course_id: UUID,
    refs: Collection[str],
    *,
    by: str,
    back: bool = False,
    clinic_id: int = HOME_CLINIC,
) -> None:
    """Notes that somebody saw or did these, or takes that back. Who ticked first stays; a repeat changes nothing.

    Raises NotFound for an unknown course, InvalidValue for what the course does not ask (any more, on that date).
    """
    wanted = sorted(set(refs))
    with writing(app.engine) as session:
        course = store.find_course(session, clinic_id, course_id, to_change=True)
        if course is None:
            raise NotFound(f"course {course_id}: there is no such course")
        facts = day_store.facts_of(session, clinic_id, course_id)
        known = {fact.ref for fact in facts} | {ref for fact in facts for _, ref in fact.detail.get("ticks", ())}
        if not known.issuperset(wanted):
            raise InvalidValue(
                "tick: the visit has moved, or is not planned any more; look at the day anew", field="tick"
            )
        now = app.now()
        changed = day_store.set_tick(session, course, wanted, by=by, at=None if back else now)
        if changed:
            what = What.TICK_TAKEN_BACK if back else What.TICKED
            audit.note(
                session,
                what,
                clinic_id=clinic_id,
                by=by,
                at=now,
                course_id=course_id,
                ticks=" ".join(changed),
            )


def give_as_planned(
    app: "App",
    course_id: UUID,
    visit: Visit,
    *,
    by: str,
    seen_revision: int,
    request_id: str,
    clinic_id: int = HOME_CLINIC,
) -> Outcome:
    """Records that what is planned of the visit was given on its date; raises what recording does, and InvalidValue
    when nothing of it is planned on that date."""
    values = ["given-as-planned", str(course_id), visit.cycle, visit.day, visit.on.isoformat()]
    asked = Asked(by=by, seen_revision=seen_revision, request=Request.of(request_id, *values), patient_told=False)
    return record_each(app, course_id, lambda loaded: _as_planned(loaded, visit), asked, clinic_id=clinic_id)


def take_back(
    app: "App",
    course_id: UUID,
    first: int,
    last: int,
    *,
    by: str,
    request_id: str,
    clinic_id: int = HOME_CLINIC,
) -> Outcome:
    """Voids the entries from `first` to `last`, the newest first, while the course is at the last of them; raises what
    recording does, and InvalidValue when they are no doses that were given."""
    asked = Asked(
        by=by,
        seen_revision=last,
        request=Request.of(request_id, "take-back", str(course_id), first, last),
        patient_told=False,
    )

    def voids(loaded: LoadedCourse) -> Sequence[Action]:
        entries = loaded.actions[first - 1 : last]
        if first < 1 or not entries or not all(isinstance(each.action, Given) for each in entries):
            raise InvalidValue("take back: there is no such record; look at the course's history")
        return [Void(action=each.number) for each in reversed(entries)]

    return record_each(app, course_id, voids, asked, clinic_id=clinic_id)


def just_recorded(
    app: "App", course_id: UUID, first: int, last: int, *, clinic_id: int = HOME_CLINIC
) -> JustRecorded | None:
    """The entries, while they are the newest of the course; None otherwise."""
    with reading(app.engine) as session:
        course = store.find_course(session, clinic_id, course_id)
        if course is None or course.revision != last or not 1 <= first <= last:
            return None
        entries = store.actions_of(session, course)[first - 1 :]
    actions = tuple(each.action for each in entries)
    if not all(isinstance(each, Given) for each in actions):
        return None
    return JustRecorded(course_id=course_id, patient=course.patient, first=first, last=last, actions=actions)


# ---------------------------------------------------------------------------------------------------------------------


def _as_planned(loaded: LoadedCourse, visit: Visit) -> Sequence[Action]:
    here = [dose for dose in loaded.plan().doses() if dose.id[:2] == (visit.cycle, visit.day)]
    due = [dose for dose in here if dose.state is DoseState.PLANNED and dose.date == visit.on]
    if not due:
        where = f"cycle {visit.cycle} day {visit.day}"
        raise InvalidValue(f"{where}: nothing is planned on {visit.on} any more; look at the course")
    given = Given(cycle=visit.cycle, day=visit.day, on=visit.on)
    # Without an agent it means what shares the date of the first open dose: where that is another, each is named.
    still_open = [dose for dose in here if dose.state in OPEN]
    if [dose for dose in still_open if dose.date == still_open[0].date] == due:
        return [given]
    return [Given(cycle=visit.cycle, day=visit.day, on=visit.on, agent=dose.agent) for dose in due]
