"""All that the page of one course shows, read in one go: the number of queries doesn't grow with what there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from db.acknowledgement_store import acknowledged
from db.engine import reading
from db.stored import StoredAcknowledgement
from scheduler.choices import Choices, choices
from scheduler.dose_id import DoseId
from scheduler.permitted import Permitted, permitted
from scheduler.plan import Advice
from scheduler.preparation import Mixing, mixing
from service.audit import HOME_CLINIC
from service.carers import RecipientLine, recipients_of
from service.feeds import FeedLine, feeds_of
from service.loading import LoadedCourse, load
from service.mails import CourseMails, mails_of
from service.page_links import LinkLine, links_of
from service.prints import PrintLine, prints_of
from service.queries import CourseRecord, record_of
from service.remarks import mark_of, rank

if TYPE_CHECKING:
    from service.wiring import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A remark of the plan on itself. `mark` stands for it and its facts; `noted`: who took note of it, and when."""

    advice: Advice
    mark: str
    noted: StoredAcknowledgement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSheet:
    """A course with what belongs to it. `permitted`: by planned dose the dates that need no reason (None: there is
    none); `remarks`: what is most urgent first; `mixing`: by planned dose when the pharmacy may mix it, where the
    regimen says so; `choices`: which doses can be given, moved, put on hold or left out."""

    record: CourseRecord
    permitted: Mapping[DoseId, Permitted | None]
    choices: Choices
    mixing: Mapping[DoseId, Mixing]
    remarks: tuple[Remark, ...]
    mails: CourseMails
    feeds: tuple[FeedLine, ...]
    prints: tuple[PrintLine, ...]
    recipients: tuple[RecipientLine, ...]
    links: tuple[LinkLine, ...]


def course_sheet(app: "App", course_id: UUID, *, clinic_id: int = HOME_CLINIC) -> CourseSheet:
    """The course as it stands; NotFound when the clinic has none of that id."""
    with reading(app.engine) as session:
        app = app.of(clinic_id, session)
        course = load(app, session, clinic_id, course_id)
        record = record_of(session, course)
        noted = acknowledged(session, clinic_id, [course_id]).get(course_id, {})
        return CourseSheet(
            record=record,
            permitted=_permitted(course),
            choices=_choices(course),
            mixing=_mixing(record),
            remarks=tuple(_remark(each, noted) for each in sorted(record.plan.advice, key=rank)),
            mails=mails_of(app, session, course.stored),
            feeds=feeds_of(app, session, course),
            prints=prints_of(app, session, course),
            recipients=recipients_of(session, course),
            links=links_of(session, course.stored),
        )


def dose_choices(
    app: "App", course_id: UUID, *, clinic_id: int = HOME_CLINIC
) -> tuple[Mapping[DoseId, Permitted | None], Choices]:
    """The dates to which the course's planned doses can be moved without a reason, and by kind of action the doses that
    it can concern; NotFound for an unknown course."""
    with reading(app.engine) as session:
        course = load(app, session, clinic_id, course_id)
        return _permitted(course), _choices(course)


# ---------------------------------------------------------------------------------------------------------------------


def _permitted(course: LoadedCourse) -> Mapping[DoseId, Permitted | None]:
    actions = [each.action for each in course.actions]
    return permitted(course.regimen, course.stored.course, actions, clinic=course.rules)


def _choices(course: LoadedCourse) -> Choices:
    actions = [each.action for each in course.actions]
    return choices(course.regimen, course.stored.course, actions, clinic=course.rules)


def _mixing(record: CourseRecord) -> dict[DoseId, Mixing]:
    spans = ((dose.id, mixing(record.plan.regimen, dose)) for dose in record.plan.doses())
    return {dose: span for dose, span in spans if span is not None}


def _remark(advice: Advice, noted: Mapping[str, StoredAcknowledgement]) -> Remark:
    mark = mark_of(advice)
    return Remark(advice=advice, mark=mark, noted=noted.get(mark))
