"""Plans without a database: from a regimen and a start, or from a course file."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from scheduler import CourseFile, build_plan, check_course, parse_course
from scheduler.checks import check_actions
from scheduler.course import Audience, Course
from scheduler.errors import InfusionsError, InvalidValue, Rejected
from scheduler.plan import Plan
from scheduler.regimen import Regimen
from service.catalogue import Catalogue, read_text
from service.clinic import clinic_rules, jurisdiction_of, years_of
from service.config import Settings

NO_LENGTHS: Mapping[int, int] = MappingProxyType({})


class FileRejected(InfusionsError):
    """An action of a course file that cannot be recorded: which, and why not."""

    def __init__(self, source: str, cause: Rejected) -> None:
        super().__init__(f"{source}, [[actions]] {cause.number}: {cause}")
        self.cause = cause


def read_course_file(path: Path, catalogue: Catalogue) -> CourseFile:
    """The course in the file; FileRefused with all its faults, InvalidValue when it cannot be read."""
    return parse_course(read_text(path, what="course file"), str(path), catalogue.by_id())


def course_of(
    regimen: Regimen,
    settings: Settings,
    *,
    id_: UUID,
    day1: date,
    at: time | None = None,
    zone: str | None = None,
    cycles: int | None = None,
    intent: str | None = None,
    lengths: Mapping[int, int] = NO_LENGTHS,
    audiences: tuple[Audience, ...] = (),
    reason: str = "",
    jurisdiction: str = "",
) -> Course:
    """The course that is asked for; the clinic's settings fill in hour, zone and whose label is followed."""
    return Course(
        id=id_,
        day1=day1,
        at=at or settings.clinic.default_at,
        zone=zone or settings.clinic.zone,
        cycles=cycles,
        intent=intent or "continue",
        cycle_lengths=lengths,
        audiences=audiences,
        reason=reason.strip(),
        jurisdiction=jurisdiction.strip() or jurisdiction_of(settings.clinic.country, regimen),
    )


def plan_course(file: CourseFile, *, settings: Settings, today: date, source: str) -> Plan:
    """The plan of the course after its actions; Rejected, or FileRejected naming the action, when one is refused."""
    rules = clinic_rules(settings, file.regimen, years_of(file.course.day1, today))
    check_course(file.regimen, file.course)
    try:
        check_actions(file.regimen, file.course, file.actions, today=today, clinic=rules)
    except Rejected as cause:
        raise FileRejected(source, cause) from None
    return build_plan(file.regimen, file.course, file.actions, today=today, clinic=rules)


def cycle_lengths(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Lengths in days by cycle; InvalidValue when a cycle is named twice."""
    lengths: dict[int, int] = {}
    for cycle, days in pairs:
        if cycle in lengths:
            raise InvalidValue(f"--cycle-length: cycle {cycle} is named twice; give it once", field="cycle_lengths")
        lengths[cycle] = days
    return lengths
