"""What staff do with a course, on both kinds of database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from db.engine import reading, writing
from db.tables import METADATA
from reminders.policy import NoticeKind
from scheduler.actions import Action, Cease, CeaseCause, Cycles, Defer, Given, Hold, HoldCause, Omit, Resume, Void
from scheduler.course import Course
from scheduler.errors import InfusionsError, InvalidValue, NeedsReason, Rejected
from scheduler.events import Cancelled
from service.audit import entries
from service.courses import (
    NewCourse,
    NotFound,
    RequestReused,
    StaleRevision,
    preview,
    record,
    start_course,
    tell_patient,
)
from service.loading import CourseState
from service.queries import list_courses, load_course
from service.wiring import App
from tests.stores import NURSE, START, Clock, bob

DEFER_DAY_8 = Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="patient travelling")
GIVEN_DAY_1 = Given(cycle=1, day=1, on=date(2026, 12, 7))


def test_a_new_course_has_a_plan_events_and_a_first_revision(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    found = load_course(app, course_id)
    assert (found.patient, found.revision, found.entries) == ("Bob Example", 0, ())
    assert [dose.date for dose in found.plan.doses()][:4] == [
        date(2026, 12, 7),
        date(2026, 12, 14),
        date(2026, 12, 21),
        date(2026, 12, 28),
    ]
    assert found.state is CourseState.PLANNED
    assert {each.sequence for each in found.stamped.values()} == {0}
    assert {each.created for each in found.stamped.values()} == {START}
    assert [entry.what for entry in entries(app, course_id)] == ["course-started"]


def test_a_deferral_changes_exactly_the_events_concerned_with_the_same_uids_and_higher_sequences(
    app: App, clock: Clock
) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    before = load_course(app, course_id).stamped
    clock.pass_(days=1)
    outcome = record(app, course_id, replace(DEFER_DAY_8, to=date(2026, 12, 15)), by=NURSE, seen_revision=0)
    after = load_course(app, course_id).stamped

    concerned = {key for key in before if key.startswith("c1d8/")}
    assert {new.key for _, new in outcome.changes.moved} == concerned
    assert (outcome.changes.added, outcome.changes.cancelled, outcome.changes.altered) == ((), (), ())
    assert set(after) == set(before)
    for key in after:
        assert after[key].uid == before[key].uid
        if key in concerned:
            assert after[key].sequence == before[key].sequence + 1
            assert after[key].last_modified == START + timedelta(days=1)
            assert after[key].moved_from == before[key].event.start
            assert after[key].event.first_date > before[key].event.first_date
        else:
            assert after[key] == before[key]


def test_a_void_restores_the_plan_and_the_sequences_still_rise(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    before = load_course(app, course_id)
    record(app, course_id, DEFER_DAY_8, by=NURSE)
    record(app, course_id, Void(action=1), by=NURSE)
    after = load_course(app, course_id)
    assert after.plan.cycles == before.plan.cycles
    assert {key: each.event for key, each in after.stamped.items()} == {
        key: each.event for key, each in before.stamped.items()
    }
    assert after.stamped["c1d8/infusion"].sequence == 2
    assert after.stamped["c1d1/infusion"].sequence == 0
    assert [(entry.number, entry.stands) for entry in after.entries] == [(1, False), (2, True)]


def test_a_held_dose_leaves_as_to_be_arranged_and_comes_back_with_its_uid(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    uid = load_course(app, course_id).stamped["c1d8/infusion"].uid
    record(app, course_id, Hold(cycle=1, day=8, on=date(2026, 12, 12), cause=HoldCause.COUNTS), by=NURSE)
    held = load_course(app, course_id)
    assert held.state is CourseState.ON_HOLD
    assert held.stamped["c1d8/infusion"].cancelled is Cancelled.TO_BE_ARRANGED
    record(app, course_id, Resume(cycle=1, day=8, on=date(2026, 12, 16), reason="recovered"), by=NURSE)
    back = load_course(app, course_id).stamped["c1d8/infusion"]
    assert (back.uid, back.sequence, back.cancelled) == (uid, 2, None)


def test_a_page_that_is_no_longer_current_is_refused_with_the_difference(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    record(app, course_id, DEFER_DAY_8, by=NURSE, seen_revision=0)
    before = dump(app)
    with pytest.raises(StaleRevision, match="the course is at revision 1, not 0") as caught:
        record(app, course_id, Omit(cycle=1, day=15, reason="counts"), by="carol", seen_revision=0)
    assert (caught.value.seen, caught.value.current) == (0, 1)
    assert "c1d8/infusion" in {new.key for _, new in caught.value.changes.moved}
    assert dump(app) == before


@pytest.mark.parametrize("seen", [-1, 1, 99])
def test_a_revision_that_nobody_can_have_seen_is_refused(app: App, seen: int) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    with pytest.raises(InvalidValue, match="the course is at revision 0"):
        record(app, course_id, DEFER_DAY_8, by=NURSE, seen_revision=seen)


def test_without_a_seen_revision_the_action_goes_on_top_of_what_is_there(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    record(app, course_id, DEFER_DAY_8, by=NURSE)
    assert record(app, course_id, Omit(cycle=1, day=15, reason="counts"), by=NURSE).revision == 2


def test_a_repeated_request_gives_the_earlier_outcome_and_stores_nothing(app: App, clock: Clock) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    first = record(app, course_id, DEFER_DAY_8, by=NURSE, seen_revision=0, request_id="click")
    record(app, course_id, Omit(cycle=1, day=15, reason="counts"), by=NURSE)
    before = dump(app)
    clock.pass_(minutes=5)
    again = record(app, course_id, DEFER_DAY_8, by=NURSE, seen_revision=0, request_id="click")
    assert (again.revision, again.repeated, first.repeated) == (1, True, False)
    assert again.changes == first.changes
    assert again.plan.doses() == first.plan.doses()
    assert dump(app) == before


def test_a_repeated_start_gives_the_first_course(app: App) -> None:
    first = start_course(app, bob(), by=NURSE, request_id="click")
    before = dump(app)
    assert start_course(app, bob(), by=NURSE, request_id="click") == first
    assert dump(app) == before


def test_a_request_id_with_something_else_in_it_is_refused(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE, request_id="start")
    record(app, course_id, DEFER_DAY_8, by=NURSE, request_id="click")
    before = dump(app)
    for other in (replace(DEFER_DAY_8, to=date(2026, 12, 15)), GIVEN_DAY_1):
        with pytest.raises(RequestReused, match="click: came before with something else in it"):
            record(app, course_id, other, by=NURSE, request_id="click")
    with pytest.raises(RequestReused):
        record(app, course_id, DEFER_DAY_8, by=NURSE, request_id="start")
    with pytest.raises(RequestReused):
        start_course(app, replace(bob(), patient="Charlie"), by=NURSE, request_id="start")
    assert dump(app) == before


@pytest.mark.parametrize("request_id", ["", "a" * 201, "line\nbreak"])
def test_a_request_id_that_cant_be_one_is_refused(app: App, request_id: str) -> None:
    with pytest.raises(InvalidValue, match="request id"):
        start_course(app, bob(), by=NURSE, request_id=request_id)


@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        (Given(cycle=1, day=8, on=date(2026, 12, 1)), Rejected),
        (Given(cycle=1, day=1, on=date(2026, 12, 24)), Rejected),
        (Defer(cycle=1, day=8, to=date(2026, 12, 19)), NeedsReason),
        (Cycles(count=60), NeedsReason),
    ],
)
def test_what_is_rejected_leaves_nothing(app: App, action: Action, refusal: type[Rejected]) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    before = dump(app)
    for use_case in (lambda: record(app, course_id, action, by=NURSE), lambda: preview(app, course_id, action)):
        with pytest.raises(refusal):
            use_case()
    assert dump(app) == before


def test_nobody_records_without_a_name(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    before = dump(app)
    with pytest.raises(InvalidValue, match="by: who does this"):
        record(app, course_id, DEFER_DAY_8, by=" ")
    assert dump(app) == before


def test_a_preview_shows_what_recording_does_and_stores_nothing(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    before = dump(app)
    seen = preview(app, course_id, DEFER_DAY_8)
    assert dump(app) == before
    done = record(app, course_id, DEFER_DAY_8, by=NURSE)
    assert (seen.after, seen.changes) == (done.plan, done.changes)
    assert seen.before == load_course(app, course_id, revision=0).plan
    assert {notice.what for notice in seen.notices} >= {NoticeKind.CHANGE, NoticeKind.REMINDER, NoticeKind.WITHDRAWN}


def test_a_preview_for_a_patient_without_mail_announces_none(app: App) -> None:
    course_id = start_course(app, bob(email=None), by=NURSE)
    assert preview(app, course_id, DEFER_DAY_8).notices == ()


def test_history_is_never_rewritten(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    record(app, course_id, DEFER_DAY_8, by=NURSE)
    before = dump(app)
    record(app, course_id, Void(action=1), by="carol")
    after = dump(app)
    for table in ("action", "revision", "audit"):
        assert after[table][: len(before[table])] == before[table]
        assert len(after[table]) == len(before[table]) + 1


def test_an_earlier_revision_is_shown_as_it_stood(app: App, clock: Clock) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    steps = [load_course(app, course_id)]
    for action in (DEFER_DAY_8, Omit(cycle=1, day=15, reason="counts"), Void(action=1)):
        clock.pass_(minutes=7)
        record(app, course_id, action, by=NURSE)
        steps.append(load_course(app, course_id))
    for number, step in enumerate(steps):
        then = load_course(app, course_id, revision=number)
        assert (then.revision, then.stamped, then.plan.doses()) == (number, step.stamped, step.plan.doses())
        assert then.recorded_at == START + timedelta(minutes=7 * number)
    with pytest.raises(NotFound, match="there is no revision 4; it has 0 to 3"):
        load_course(app, course_id, revision=4)


def test_courses_are_listed_with_their_state_and_next_visit(app: App, clock: Clock) -> None:
    first = start_course(app, bob(), by=NURSE)
    clock.pass_(days=7)
    second = start_course(app, replace(bob(), patient="Dora"), by=NURSE)
    record(app, first, GIVEN_DAY_1, by=NURSE)
    assert [(line.id, line.patient, line.next_visit, line.state, line.revision) for line in list_courses(app)] == [
        (second, "Dora", date(2026, 12, 7), CourseState.PLANNED, 0),
        (first, "Bob Example", date(2026, 12, 14), CourseState.RUNNING, 1),
    ]
    record(app, first, Cease(on=date(2026, 12, 8), cause=CeaseCause.NO_RESPONSE), by=NURSE)
    ceased = list_courses(app)[1]
    assert (ceased.next_visit, ceased.state, ceased.regimen_name) == (None, CourseState.CEASED, "Inotuzumab ozogamicin")


def test_a_course_without_a_planned_dose_is_complete(app: App, clock: Clock) -> None:
    course_id = start_course(app, _with(bob(), cycles=1, reason="one cycle for the trial"), by=NURSE)
    clock.at = datetime(2027, 1, 4, 15, tzinfo=UTC)
    for day, on in ((1, 7), (8, 14), (15, 21)):
        record(app, course_id, Given(cycle=1, day=day, on=date(2026, 12, on)), by=NURSE)
    (line,) = list_courses(app)
    assert (line.state, line.next_visit) == (CourseState.COMPLETE, None)


def test_a_course_of_another_clinic_is_not_found(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    with writing(app.engine) as session:
        session.connection().execute(text("INSERT INTO clinic (name) VALUES ('Other clinic')"))
    before = dump(app)
    use_cases: list[Callable[[], object]] = [
        lambda: load_course(app, course_id, clinic_id=2),
        lambda: record(app, course_id, DEFER_DAY_8, by=NURSE, clinic_id=2),
        lambda: preview(app, course_id, DEFER_DAY_8, clinic_id=2),
        lambda: tell_patient(app, course_id, 0, by=NURSE, clinic_id=2),
    ]
    for use_case in use_cases:
        with pytest.raises(NotFound, match=f"course {course_id}: there is no such course"):
            use_case()
    assert list_courses(app, 2) == ()
    assert dump(app) == before


def test_two_clinics_may_use_the_same_request_id(app: App) -> None:
    with writing(app.engine) as session:
        session.connection().execute(text("INSERT INTO clinic (name) VALUES ('Other clinic')"))
    here = start_course(app, bob(), by=NURSE, request_id="click")
    there = start_course(app, bob(), by="dan", request_id="click", clinic_id=2)
    assert here != there
    assert [line.id for line in list_courses(app, 2)] == [there]


def test_an_id_that_is_taken_is_told(app: App) -> None:
    new = bob()
    start_course(app, new, by=NURSE)
    before = dump(app)
    with pytest.raises(InfusionsError, match="the id is taken; look, then try again"):
        start_course(app, new, by=NURSE)
    assert dump(app) == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"patient": " "}, "patient: give a name"),
        ({"patient": "Bob\nExample"}, "patient: give a name"),
        ({"language": "tlh"}, "language 'tlh': there is no wording; there is: ar, en, es"),
        ({"patient_zone": "Mars/Olympus"}, "zone 'Mars/Olympus'"),
        ({"email": "nobody"}, "email: must be a mail address"),
        ({"regimen_id": "unknown"}, "regimen 'unknown': there is no such regimen"),
    ],
)
def test_a_course_that_cant_start_is_refused(app: App, change: dict[str, str], told: str) -> None:
    before = dump(app)
    with pytest.raises(InvalidValue, match=told):
        start_course(app, replace(bob(), **change), by=NURSE)  # type: ignore[arg-type] # texts of the table above
    assert dump(app) == before


def test_a_start_that_departs_from_the_regimen_needs_a_reason(app: App) -> None:
    new = _with(bob(), cycles=9)
    with pytest.raises(NeedsReason):
        start_course(app, new, by=NURSE)
    start_course(app, _with(new, reason="trial protocol"), by=NURSE)


def test_telling_the_patient_is_noted_once(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    record(app, course_id, Omit(cycle=1, day=15, reason="counts"), by=NURSE)
    assert [entry.patient_told for entry in load_course(app, course_id).entries] == [False]
    for _ in range(2):
        tell_patient(app, course_id, 1, by="carol")
    assert [entry.patient_told for entry in load_course(app, course_id).entries] == [True]
    assert [(each.what, each.by) for each in entries(app, course_id)][-2:] == [
        ("action-recorded", NURSE),
        ("patient-told", "carol"),
    ]
    for revision in (0, 2):
        with pytest.raises(NotFound, match="there is no revision"):
            tell_patient(app, course_id, revision, by=NURSE)


def test_a_notice_of_a_lost_dose_waits_until_the_patient_is_told(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    record(app, course_id, Omit(cycle=1, day=15, reason="counts"), by=NURSE)
    assert _change_states(app) == {"untold"}
    tell_patient(app, course_id, 1, by=NURSE)
    assert _change_states(app) == {"waiting"}


def test_a_patient_told_beforehand_gets_the_notice_at_once(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    record(app, course_id, Omit(cycle=1, day=15, reason="counts"), by=NURSE, patient_told=True)
    assert _change_states(app) == {"waiting"}
    assert load_course(app, course_id).entries[0].patient_told


def test_an_unknown_course_is_told(app: App) -> None:
    missing = uuid4()
    with pytest.raises(NotFound, match=f"course {missing}: there is no such course; `infusions course list`"):
        load_course(app, missing)


def test_the_audit_holds_no_names_of_patients(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    record(app, course_id, DEFER_DAY_8, by=NURSE)
    assert "Bob" not in repr(dump(app)["audit"])
    assert "travelling" not in repr(dump(app)["audit"])


# ---------------------------------------------------------------------------------------------------------------------


def dump(app: App) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with reading(app.engine) as session:
        connection = session.connection()
        return {
            table.name: [tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key.columns))]
            for table in METADATA.sorted_tables
        }


def _with(new: NewCourse, **change: object) -> NewCourse:
    course: Course = replace(new.course, id=uuid4(), **change)  # type: ignore[arg-type] # the field's own type
    return replace(new, course=course)


def _change_states(app: App) -> set[str]:
    with reading(app.engine) as session:
        found = session.connection().execute(text("SELECT state FROM outbox WHERE kind = 'change'"))
        return set(found.scalars())
