"""Plans without a database: from a regimen and a start, or from a course file."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from scheduler import CourseFile, build_plan, check_course, parse_course
from scheduler.checks import check_actions
from scheduler.errors import InfusionsError, InvalidValue, Rejected
from scheduler.plan import Plan
from service.catalogue import Catalogue, read_text
from service.clinic import clinic_rules, years_of
from service.config import Settings


class FileRejected(InfusionsError):
    """An action of a course file that cannot be recorded: which, and why not."""

    def __init__(self, source: str, cause: Rejected) -> None:
        super().__init__(f"{source}, [[actions]] {cause.number}: {cause}")
        self.cause = cause


def read_course_file(path: Path, catalogue: Catalogue) -> CourseFile:
    """The course in the file; FileRefused with all its faults, InvalidValue when it cannot be read."""
    return parse_course(read_text(path, what="course file"), str(path), catalogue.by_id())


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
