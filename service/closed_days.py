"""Accepting the open dates proposed for doses on closed days: one of them, or all of a course, in one step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from scheduler import InvalidValue, open_date_deferrals
from scheduler.actions import Action
from service.audit import HOME_CLINIC
from service.courses import Asked, Choose, Outcome, Preview, preview_each, record_each
from service.loading import LoadedCourse
from service.steps import Request

if TYPE_CHECKING:
    from service.wiring import App

Visit = tuple[int, int]  # cycle and day


def preview_open_dates(
    app: "App", course_id: UUID, *, only: Visit | None = None, clinic_id: int = HOME_CLINIC
) -> Preview:
    """What accepting every proposed date, or that of one visit, would change; stores nothing.

    Raises NotFound, or InvalidValue where no date is proposed.
    """
    return preview_each(app, course_id, _chooser(only), clinic_id=clinic_id)


def accept_open_dates(
    app: "App",
    course_id: UUID,
    *,
    by: str,
    only: Visit | None = None,
    seen_revision: int | None = None,
    request_id: str | None = None,
    patient_told: bool = False,
    clinic_id: int = HOME_CLINIC,
) -> Outcome:
    """Records a deferral for each proposed date (of that one visit), all of them or none; raises what `record` does.

    Raises InvalidValue where no date is proposed.
    """
    request = Request.of(request_id, "accept-open-dates", str(course_id), only, patient_told)
    asked = Asked(by=by, seen_revision=seen_revision, request=request, patient_told=patient_told)
    return record_each(app, course_id, _chooser(only), asked, clinic_id=clinic_id)


# ---------------------------------------------------------------------------------------------------------------------


def _chooser(only: Visit | None) -> Choose:
    def choose(loaded: LoadedCourse) -> Sequence[Action]:
        recorded = [each.action for each in loaded.actions]
        course = loaded.stored.course
        found = open_date_deferrals(
            loaded.regimen, course, recorded, today=loaded.today, clinic=loaded.rules, only=only
        )
        if not found:
            visit = f"cycle {only[0]} day {only[1]}" if only else "this course"
            raise InvalidValue(
                f"{visit}: no open date is proposed for a dose on a closed day; look at the plan's remarks"
            )
        return found

    return choose
