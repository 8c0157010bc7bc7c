"""What the mails of courses follow from: read for many courses at once, and looked at again when a mail goes.

Each function works within the session of one transaction and within one clinic.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, inspect, or_
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import Session, SQLModel, col

from db.prepared import Prepared
from db.rows import action_from_row, course_from_row, event_from_row, recipient_from_row, regimen_from_row
from db.stored import StoredAction, StoredCourse, StoredRecipient, StoredRegimen
from db.tables import ActionRow, CourseRow, EventRow, FeedRow, RecipientRow, RegimenContentRow
from scheduler.events import StampedEvent

COLUMNS = ("revision", "mails_paused", "email", "consent", "language", "patient_zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides about a course's mails and can change; its plan and its events follow from the revision.

    `columns`: of the course, those of COLUMNS; `chosen`: the carers, and the patient once they chose; `readers`:
    those with a live calendar address.
    """

    columns: tuple[object, ...]
    chosen: tuple[StoredRecipient, ...]
    readers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailCourse:
    """A course as its mails need it. `stamped`: of its events those that were asked for, by key.

    `moved_to`: the regimen contents that it moved to, in the order of the actions that did it.
    """

    stored: StoredCourse
    standing: Standing
    actions: tuple[StoredAction, ...]
    moved_to: tuple[StoredRegimen, ...]
    stamped: dict[str, StampedEvent]


def mail_courses(
    session: Session, clinic_id: int, ids: Collection[UUID], keys: Collection[str], now: datetime
) -> dict[UUID, Callable[[], MailCourse]]:
    """For each of these courses what makes its value, with its events of these keys.

    Everything is read here. The values are made when they are asked for, which takes time and no database.
    """
    of_these = {"clinic": clinic_id, "ids": list(ids), "now": now}
    find = session.connection().execute
    courses = find(_COURSES, of_these).all()
    actions = _grouped(find(_ACTIONS, of_these))
    digests = {row.regimen_digest for row in courses}
    digests |= {row.regimen_digest for rows in actions.values() for row in rows if row.regimen_digest}
    make = partial(
        _mail_course,
        contents={row.digest: row for row in find(_CONTENTS, {"digests": list(digests)})},
        actions=actions,
        events=_grouped(find(_EVENTS, of_these | {"keys": list(keys)})),
        chosen=_grouped(find(_CHOSEN, of_these)),
        readers=_grouped(find(_READERS, of_these)),
    )
    return {row.id: partial(make, row) for row in courses}


def standing(session: Session, clinic_id: int, course_id: UUID, now: datetime, *, wait: bool) -> Standing | None:
    """How the course stands, which it does until this transaction ends.

    None when there is no such course, and unless the caller may `wait` when another transaction is changing it.
    """
    course = (_LOCKED if wait else _LOCKED_IF_FREE).rows(session, clinic=clinic_id, id=course_id)
    if not course:
        return None
    # Read after that, not with it: who changes these has the course first, so that they stand still by now.
    chosen = _CHOSEN_OF.rows(session, clinic=clinic_id, id=course_id)
    readers = _READERS_OF.rows(session, clinic=clinic_id, id=course_id, now=now)
    return _standing(tuple(course[0]), chosen, readers)


# ---------------------------------------------------------------------------------------------------------------------


def _columns(table: type[SQLModel]) -> Any:
    return inspect(table).selectable.c


def _of_clinic(table: type[SQLModel], *names: str) -> Any:
    columns = _columns(table)
    chosen = [columns[name] for name in names] or list(columns)
    return sqlalchemy_select(*chosen).where(columns.clinic_id == bindparam("clinic"))


_MANY: BindParameter[Any] = bindparam("ids", expanding=True)


def _both(query: Any, course_id: Any) -> tuple[Any, Prepared]:
    """The query for many courses, and for one: naming many is dear, and each mail asks for one."""
    many = query.where(course_id.in_(_MANY))
    return many, Prepared(query.where(course_id == bindparam("id")))


# Made once: making a statement takes longer than running it. Rows stay rows, since objects of tables take longer, too.
_COURSE = _of_clinic(CourseRow, *COLUMNS).where(_columns(CourseRow).id == bindparam("id"))
_LOCKED = Prepared(_COURSE.with_for_update(read=True))
_COURSES = _of_clinic(CourseRow).where(_columns(CourseRow).id.in_(_MANY))
_ACTIONS = _of_clinic(ActionRow).where(_columns(ActionRow).course_id.in_(_MANY))
_EVENTS = _of_clinic(EventRow).where(
    _columns(EventRow).course_id.in_(_MANY), _columns(EventRow).key.in_(bindparam("keys", expanding=True))
)
_CONTENTS = sqlalchemy_select(*_columns(RegimenContentRow)).where(
    _columns(RegimenContentRow).digest.in_(bindparam("digests", expanding=True))
)
_LOCKED_IF_FREE = Prepared(_COURSE.with_for_update(read=True, skip_locked=True))
_CHOSEN, _CHOSEN_OF = _both(
    _of_clinic(RecipientRow).order_by(col(RecipientRow.added_at), col(RecipientRow.role)),
    _columns(RecipientRow).course_id,
)
_READERS, _READERS_OF = _both(
    _of_clinic(FeedRow, "course_id", "reader").where(
        col(FeedRow.revoked_at).is_(None),
        or_(col(FeedRow.expires_at).is_(None), col(FeedRow.expires_at) > bindparam("now")),
    ),
    _columns(FeedRow).course_id,
)


def _grouped(rows: Iterable[Any]) -> Mapping[UUID, list[Any]]:
    by_course: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        by_course[row.course_id].append(row)
    return by_course


def _mail_course(
    row: Any,
    *,
    contents: Mapping[str, Any],
    actions: Mapping[UUID, list[Any]],
    events: Mapping[UUID, list[Any]],
    chosen: Mapping[UUID, list[Any]],
    readers: Mapping[UUID, list[Any]],
) -> MailCourse:
    own = sorted(actions.get(row.id, ()), key=lambda action: action.number)
    return MailCourse(
        stored=course_from_row(row, contents[row.regimen_digest]),
        standing=_standing(
            tuple(getattr(row, name) for name in COLUMNS), chosen.get(row.id, ()), readers.get(row.id, ())
        ),
        actions=tuple(map(action_from_row, own)),
        moved_to=tuple(regimen_from_row(contents[each.regimen_digest]) for each in own if each.regimen_digest),
        stamped={event.key: event_from_row(event) for event in events.get(row.id, ())},
    )


def _standing(columns: tuple[object, ...], chosen: Iterable[Any], readers: Iterable[Any]) -> Standing:
    return Standing(
        columns=columns,
        chosen=tuple(map(recipient_from_row, chosen)),
        readers=frozenset(each.reader for each in readers),
    )
