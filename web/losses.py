"""Which entries took dates from a patient, who should hear of it from a person before any mail (rule 23)."""

from collections.abc import Iterator, Sequence

from scheduler import build_plan
from scheduler.actions import Action, CeaseCause
from scheduler.plan import DoseId, Plan
from service.queries import CourseRecord, HistoryEntry

# Only these can take a date away; all others move dates, add some, or change none.
MAY_TAKE_DATES = {"hold", "omit", "cease", "days", "cycles", "intent", "void"}


def untold(record: CourseRecord) -> tuple[HistoryEntry, ...]:
    """The standing entries that took dates from the patient, and of which nobody noted that the patient knows."""
    ceased = record.plan.ceased
    if ceased is not None and ceased.cause is CeaseCause.DEATH:
        return ()
    return tuple(_untold(record))


# ---------------------------------------------------------------------------------------------------------------------


def _untold(record: CourseRecord) -> Iterator[HistoryEntry]:
    for entry in record.entries:
        suspect = entry.action.kind in MAY_TAKE_DATES or entry.action.replaces is not None
        if entry.stands and not entry.patient_told and suspect:
            before = _plan(record, record.actions[: entry.number - 1])
            if _dated(before) - _dated(_plan(record, record.actions[: entry.number])):
                yield entry


def _plan(record: CourseRecord, actions: Sequence[Action]) -> Plan:
    # Closed days and the like move no dose, so the clinic's rules can stay out.
    return build_plan(record.regimen, record.course, actions, today=record.plan.today)


def _dated(plan: Plan) -> frozenset[DoseId]:
    return frozenset(dose.id for dose in plan.doses() if dose.times is not None)
