"""The auditor's look at the record: filtered, a page at a time, exported, verified. Each look is itself recorded."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from uuid import UUID

from db.audit_search import AuditFilter, FoundAudit, find_audit, newest_audit
from db.audit_store import AuditHead
from db.engine import reading, writing
from scheduler.dates import add_days, to_instant
from scheduler.errors import InvalidValue
from service import audit
from service.audit import What
from service.users import list_users

if TYPE_CHECKING:
    from service.wiring import App

PAGE = 50
PART = 500  # entries of an export that are read at a time
LONGEST = 200  # letters of a filter
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet compute a cell
COLUMNS = ("number", "at", "by", "what", "patient", "course", "from", "detail", "seal")
# Deeds by the beginning of their name; all others are about a course.
KINDS = {
    "views": ("course-viewed", "list-viewed"),
    "mails": ("mail", "carer-", "address-", "sending-", "unsubscribed", "resubscribed"),
    "calendars": ("feed-", "print-", "calendar-"),
    "staff": ("user-", "password-", "token-", "sign", "settings-", "audit-"),
}
COURSES = "courses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an auditor looks for; empty: anything. `patient`: part of a name, or a course's id. Dates are the clinic's,
    both included. `kind`: one of `kinds()`, `what`: one of the deeds."""

    by: str = ""
    what: str = ""
    kind: str = ""
    patient: str = ""
    since: date | None = None
    until: date | None = None

    def used(self) -> str:
        """The names of the filters that are set, for the record: what was typed may be a patient's name."""
        return " ".join(name for name in self.__slots__ if getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """A part of the record, the newest first. `older`: the place from which the next part goes on."""

    entries: tuple[FoundAudit, ...]
    older: int | None


def kinds() -> tuple[str, ...]:
    """The kinds of deeds."""
    return (*KINDS, COURSES)


def kind_of(what: str) -> str:
    """The kind of a deed."""
    return next((kind for kind, starts in KINDS.items() if what.startswith(starts)), COURSES)


def staff_names(app: "App", *, clinic_id: int) -> tuple[str, ...]:
    """Who may be looked for by name."""
    return tuple(user.name for user in list_users(app, clinic_id=clinic_id))


def look(app: "App", asked: Asked, *, by: str, before: int | None = None, clinic_id: int) -> AuditPage:
    """A page of the clinic's record; that somebody looked is recorded first. InvalidValue for a filter that is none."""
    wanted = _filter(app, asked, clinic_id)
    _note(app, What.AUDIT_VIEWED, asked, wanted, by=by, clinic_id=clinic_id)
    with reading(app.engine) as session:
        found = find_audit(session, clinic_id, wanted, limit=PAGE + 1, before=before)
    return AuditPage(entries=found[:PAGE], older=found[PAGE - 1].id if len(found) > PAGE else None)


def export(app: "App", asked: Asked, form: str, *, by: str, clinic_id: int) -> Iterator[str]:
    """The entries that the filter lets through, the newest first, as text in parts: `csv` or `json`.

    Recorded before the first part; InvalidValue at once for a filter that is none. No transaction lasts longer than
    one part.
    """
    wanted = _filter(app, asked, clinic_id)
    with reading(app.engine) as session:
        newest = newest_audit(session, clinic_id)
    _note(app, What.AUDIT_EXPORTED, asked, wanted, by=by, clinic_id=clinic_id, form=form)
    parts = _parts(app, wanted, newest + 1, clinic_id)
    return _csv(parts) if form == "csv" else _json(parts)


def verify(app: "App", *, by: str, clinic_id: int) -> tuple[AuditHead, tuple[str, ...]]:
    """What `infusions audit verify` tells; that somebody asked is recorded afterwards."""
    found = audit.faults(app, clinic_id=clinic_id)
    with writing(app.engine) as session:
        audit.note(session, What.AUDIT_VERIFIED, clinic_id=clinic_id, by=by, at=app.now(), faults=len(found[1]))
    return found


def told(found: FoundAudit) -> Mapping[str, object]:
    """One entry as plain values, of an export and of the HTTP interface."""
    entry = found.entry
    return {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "by": entry.by,
        "what": entry.what,
        "patient": found.patient,
        "course": str(entry.course_id) if entry.course_id else None,
        "from": entry.origin,
        "detail": entry.detail,
        "seal": found.seal,
    }


# ---------------------------------------------------------------------------------------------------------------------


def _filter(app: "App", asked: Asked, clinic_id: int) -> AuditFilter:
    zone = app.of(clinic_id).settings.clinic.zone
    for name in ("by", "patient"):
        if len(getattr(asked, name)) > LONGEST:
            raise InvalidValue(f"{name}: write at most {LONGEST} characters", field=name)
    if asked.since and asked.until and asked.until < asked.since:
        raise InvalidValue("until: is before the first day; swap the two", field="until")
    course = _course(asked.patient)
    return AuditFilter(
        by=asked.by or None,
        what=_deeds(asked),
        course_id=course,
        patient=None if course else asked.patient or None,
        since=_midnight(asked.since, zone) if asked.since else None,
        until=_midnight(add_days(asked.until, 1), zone) if asked.until else None,
    )


def _midnight(day: date, zone: str) -> datetime:
    return to_instant(day, time(0), zone).astimezone(UTC)


def _course(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _deeds(asked: Asked) -> frozenset[str] | None:
    if asked.what and asked.what not in set(What):
        raise InvalidValue("what: choose one of the deeds", field="what")
    if asked.kind and asked.kind not in kinds():
        raise InvalidValue("kind: choose one of the kinds", field="kind")
    if not (asked.what or asked.kind):
        return None
    return frozenset(
        each.value
        for each in What
        if asked.what in {"", each.value} and (not asked.kind or kind_of(each.value) == asked.kind)
    )


def _note(
    app: "App", what: What, asked: Asked, wanted: AuditFilter, *, by: str, clinic_id: int, form: str | None = None
) -> None:
    with writing(app.engine) as session:
        audit.note(
            session,
            what,
            clinic_id=clinic_id,
            by=by,
            at=app.now(),
            course_id=wanted.course_id,
            filters=asked.used() or None,
            form=form,
        )


def _parts(app: "App", wanted: AuditFilter, before: int, clinic_id: int) -> Iterator[tuple[FoundAudit, ...]]:
    while True:
        with reading(app.engine) as session:
            found = find_audit(session, clinic_id, wanted, limit=PART, before=before)
        if not found:
            return
        yield found
        before = found[-1].id


def _csv(parts: Iterator[tuple[FoundAudit, ...]]) -> Iterator[str]:
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + _line(COLUMNS)  # by this mark spreadsheets know that it is UTF-8
    for part in parts:
        yield "".join(_line(_cells(told(found))) for found in part)


def _cells(told: Mapping[str, object]) -> tuple[str, ...]:
    detail = json.dumps(told["detail"], sort_keys=True, ensure_ascii=False)
    plain = (detail if name == "detail" else told[name] for name in COLUMNS)
    return tuple("" if value is None else str(value) for value in plain)


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([f"'{cell}" if cell.lstrip().startswith(FORMULAS) else cell for cell in cells])
    return out.getvalue()


def _json(parts: Iterator[tuple[FoundAudit, ...]]) -> Iterator[str]:
    yield '{"schema": 1, "entries": ['
    mark = "\n"
    for part in parts:
        yield mark + ",\n".join(json.dumps(told(found), ensure_ascii=False) for found in part)
        mark = ",\n"
    yield "\n]}\n"
