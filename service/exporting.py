"""Gives out all courses of a clinic, a few at a time, as a table that an import reads or as JSON with the history."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from db import recipient_store, store
from db.engine import reading, writing
from db.stored import StoredAction, StoredCourse, StoredRecipient
from reminders.rules import GUARDIAN, PATIENT
from scheduler import action_to_fields, course_to_fields
from service import audit
from service.audit import HOME_CLINIC, What
from service.course_columns import AUDIENCES, NAMES
from service.csv_text import csv_line, with_bom
from service.recipients import gets_mails

if TYPE_CHECKING:
    from service.wiring import App

AT_ONCE = 100  # courses of one read


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCourse:
    """What an export says of a course. `carers` are those who get mails; whoever unsubscribed agrees to none."""

    stored: StoredCourse
    actions: tuple[StoredAction, ...]
    consent: bool
    guardian: StoredRecipient | None
    carers: tuple[StoredRecipient, ...]


def export_courses(app: "App", kind: str, *, by: str, clinic_id: int = HOME_CLINIC) -> Iterator[bytes]:
    """All courses of the clinic, the oldest first, as `csv` or `json`. That somebody sees them is noted at once."""
    with writing(app.engine) as session:
        ids = tuple(_followed_first(store.course_ids(session, clinic_id)))
        audit.note(
            session,
            What.COURSES_EXPORTED,
            clinic_id=clinic_id,
            by=by,
            at=app.now(),
            courses=len(ids),
            kind=kind,
        )
    return FORMATS[kind](_courses(app, clinic_id, ids))


# ---------------------------------------------------------------------------------------------------------------------


def _followed_first(follows: dict[UUID, UUID | None]) -> Iterator[UUID]:
    """Each course once, after the one that it goes on from: an import reads from above."""
    done: set[UUID] = set()
    for id_ in follows:
        chain = [id_]
        while (earlier := follows.get(chain[-1])) is not None and earlier in follows:
            chain.append(earlier)
        for each in reversed(chain):
            if each not in done:
                done.add(each)
                yield each


def _courses(app: "App", clinic_id: int, ids: Sequence[UUID]) -> Iterator[ExportedCourse]:
    """Read in parts, so that neither memory nor a lock grows with their number."""
    for first in range(0, len(ids), AT_ONCE):
        with reading(app.engine) as session:
            some = ids[first : first + AT_ONCE]
            actions = store.actions_of_many(session, clinic_id, some)
            recipients = recipient_store.recipients_of_many(session, clinic_id, some)
            courses = store.courses_of_many(session, clinic_id, some)
        for id_ in some:
            if id_ in courses:
                yield _exported(courses[id_], actions.get(id_, ()), recipients.get(id_, ()))


def _exported(
    stored: StoredCourse, actions: tuple[StoredAction, ...], recipients: tuple[StoredRecipient, ...]
) -> ExportedCourse:
    patient = next((each for each in recipients if each.role == PATIENT), None)
    stopped = patient is not None and patient.unsubscribed_at is not None
    guardian = next((each for each in recipients if each.role == GUARDIAN and each.name), None)
    others = (each for each in recipients if each.role not in {PATIENT, GUARDIAN})
    return ExportedCourse(
        stored=stored,
        actions=actions,
        consent=stored.consent and not stopped,
        guardian=guardian,
        carers=tuple(each for each in others if gets_mails(each)),
    )


def _csv(courses: Iterator[ExportedCourse]) -> Iterator[bytes]:
    def lines() -> Iterator[str]:
        yield csv_line(NAMES)
        for each in courses:
            cells = _cells(each)
            yield csv_line(cells.get(name, "") for name in NAMES)

    return with_bom(lines())


def _cells(exported: ExportedCourse) -> dict[str, str]:
    stored, course = exported.stored, exported.stored.course
    answers = {each.name: "private" if each.private else "shown" for each in course.audiences}
    asked = {name: answers.get(name, "no") for name in AUDIENCES}
    return (
        {
            "patient": stored.patient,
            "regimen": stored.regimen.id,
            "regimen_version": stored.regimen.version,
            "day1": course.day1.isoformat(),
            "at": f"{course.at:%H:%M}",
            "zone": course.zone,
            "intent": course.intent,
            "cycles": str(course.cycles) if course.cycles is not None else "",
            "cycle_lengths": " ".join(f"{cycle}={days}" for cycle, days in sorted(course.cycle_lengths.items())),
            "jurisdiction": course.jurisdiction,
            "reason": course.reason,
            "email": stored.email or "",
            "consent": _yes_no(exported.consent) if stored.email else "",
            "language": stored.language,
            "spoken_language": stored.spoken_language,
            "interpreter": _yes_no(stored.interpreter),
            "patient_zone": stored.patient_zone,
            "carers": json.dumps([_carer(each) for each in exported.carers], ensure_ascii=False)
            if exported.carers
            else "",
            "course": str(course.id),
            "follows": str(stored.follows_id) if stored.follows_id else "",
            "actions": json.dumps([_action(each) for each in exported.actions], ensure_ascii=False)
            if exported.actions
            else "",
        }
        | asked
        | _guardian_cells(exported.guardian)
    )


def _guardian_cells(guardian: StoredRecipient | None) -> dict[str, str]:
    if guardian is None:
        return {}
    return {
        "guardian": guardian.name,
        "guardian_relation": guardian.relation,
        "guardian_phone": guardian.phone,
        "guardian_email": guardian.email,
        "guardian_consent": _yes_no(gets_mails(guardian)) if guardian.email else "",
    }


def _json(courses: Iterator[ExportedCourse]) -> Iterator[bytes]:
    yield b'{"schema": 1, "courses": ['
    for number, each in enumerate(courses):
        yield (b",\n" if number else b"\n") + json.dumps(_plain(each), ensure_ascii=False).encode("utf-8", "replace")
    yield b"\n]}\n"


def _plain(exported: ExportedCourse) -> dict[str, object]:
    stored, guardian = exported.stored, exported.guardian
    return {
        "course": course_to_fields(stored.course),
        "regimen": {"id": stored.regimen.id, "version": stored.regimen.version, "digest": stored.regimen.digest},
        "patient": stored.patient,
        "email": stored.email,
        "consent": exported.consent,
        "language": stored.language,
        "patient_zone": stored.patient_zone,
        "spoken_language": stored.spoken_language or None,
        "interpreter": stored.interpreter,
        "guardian": _guardian_cells(guardian) | {"guardian_consent": gets_mails(guardian)} if guardian else None,
        "carers": [_carer(each) for each in exported.carers],
        "follows": str(stored.follows_id) if stored.follows_id else None,
        "started": {"by": stored.created_by, "at": stored.created_at.isoformat()},
        "revision": stored.revision,
        "state": stored.state,
        "next_visit": stored.next_visit.isoformat() if stored.next_visit else None,
        "actions": [
            {"number": each.number, **_action(each), "by": each.by, "recorded_at": each.recorded_at.isoformat()}
            for each in exported.actions
        ],
    }


def _action(stored: StoredAction) -> dict[str, object]:
    return {"kind": stored.action.kind, **action_to_fields(stored.action)}


def _carer(stored: StoredRecipient) -> dict[str, str]:
    return {name: getattr(stored, name) for name in ("name", "email", "language", "zone", "detail")}


def _yes_no(value: object) -> str:
    return "yes" if value else "no"


FORMATS: dict[str, Callable[[Iterator[ExportedCourse]], Iterator[bytes]]] = {"csv": _csv, "json": _json}
