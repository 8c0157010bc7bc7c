"""The worklist: what stands on it, what takes a line off, and what brings one back. On both databases."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event

from db import worklist_store
from db.engine import make_engine, reading, writing
from db.outbox_store import State
from scheduler.actions import Action, Cease, CeaseCause, Defer, Given, Hold, HoldCause, Omit, Void
from scheduler.errors import InvalidValue
from service.audit import What, entries
from service.courses import RequestReused, record, start_course, tell_patient
from service.loading import NotFound
from service.mails import course_mails
from service.messages import suppress
from service.wiring import App
from service.worker import tick
from service.worklist import Line, Todo, count_lines, worklist
from service.worklist_acts import tick_off
from tests.stores import NURSE, Clock, bob, make_app

MONDAY = datetime(2026, 12, 7, 17, 0, tzinfo=UTC)  # Bob's first dose ended an hour ago
TUESDAY = MONDAY + timedelta(days=1)
DUE = datetime(2026, 12, 11, 14, 0, tzinfo=UTC)  # three days before day 8
OMIT = Omit(cycle=1, day=15, reason="counts")


@pytest.fixture
def app(engine: Engine, clock: Clock, tmp_path: Path) -> App:
    clock.at = MONDAY - timedelta(days=1)
    return make_app(engine, clock, {"INFUSIONS_MAIL__FOLDER": str(tmp_path / "mail")})


@pytest.fixture
def course(app: App) -> UUID:
    return start_course(app, bob(), by=NURSE)


def lines(app: App, todo: Todo) -> list[Line]:
    found = worklist(app)
    assert count_lines(app) == len(found)
    return [line for line in found if line.todo is todo]


def only(app: App, todo: Todo) -> Line:
    (line,) = lines(app, todo)
    return line


def undelivered(app: App, clock: Clock, course: UUID) -> Line:
    """The line of a mail that could not go, once the first dose is recorded."""
    clock.at = TUESDAY
    record(app, course, Given(cycle=1, day=1, on=date(2026, 12, 7)), by=NURSE)
    suppress(app, "bob@patients.example", by=NURSE)
    clock.at = DUE
    tick(app, DUE)
    for line in lines(app, Todo.PHONE):  # what became too late before the address was known to take nothing
        if line.state is State.EXPIRED:
            tick_off(app, course, line.key, by=NURSE)
    return only(app, Todo.PHONE)


# -- Doses ------------------------------------------------------------------------------------------------------------------


def test_a_dose_is_to_be_recorded_from_the_next_day_on_and_urgent_after_24_hours(
    app: App, clock: Clock, course: UUID
) -> None:
    clock.at = MONDAY
    assert lines(app, Todo.RECORD) == []
    clock.at = MONDAY + timedelta(hours=14)
    line = only(app, Todo.RECORD)
    assert (line.course_id, line.patient, line.urgent) == (course, "Bob Example", False)
    assert [(dose.cycle, dose.day) for dose in line.doses] == [(1, 1)]
    assert line.since == datetime(2026, 12, 7, 16, 0, tzinfo=UTC)
    clock.at = TUESDAY
    assert only(app, Todo.RECORD).urgent
    record(app, course, Given(cycle=1, day=1, on=date(2026, 12, 7)), by=NURSE)
    assert lines(app, Todo.RECORD) == []


def test_a_dose_ticked_off_comes_back_only_with_another_date(app: App, clock: Clock, course: UUID) -> None:
    clock.at = TUESDAY
    tick_off(app, course, only(app, Todo.RECORD).key, by="bea")
    assert lines(app, Todo.RECORD) == []
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9), reason="flu"), by=NURSE)
    assert lines(app, Todo.RECORD) == []
    clock.at = TUESDAY + timedelta(days=2)
    assert only(app, Todo.RECORD).visit == date(2026, 12, 9)
    done = entries(app, course)[1]
    assert (done.what, done.by, done.at) == (What.LINE_HANDLED, "bea", TUESDAY)


# -- Patients to tell -------------------------------------------------------------------------------------------------------


def test_a_patient_is_to_be_told_until_somebody_says_so(app: App, clock: Clock, course: UUID) -> None:
    record(app, course, OMIT, by=NURSE)
    line = only(app, Todo.TELL)
    assert (line.entry, line.number) == (OMIT, 1)
    tell_patient(app, course, 1, by=NURSE)
    assert lines(app, Todo.TELL) == []


def test_ticking_such_a_line_off_lets_the_notice_go(app: App, course: UUID) -> None:
    record(app, course, OMIT, by=NURSE)
    tick_off(app, course, only(app, Todo.TELL).key, by="bea")
    assert lines(app, Todo.TELL) == []
    told = [entry for entry in entries(app, course) if entry.what == What.PATIENT_TOLD]
    assert [entry.by for entry in told] == ["bea"]
    assert not [line for line in course_mails(app, course).waiting if line.at is None]


def test_also_a_patient_without_address_is_to_be_told(app: App) -> None:
    course = start_course(app, bob(email=None), by=NURSE)
    record(app, course, OMIT, by=NURSE)
    assert only(app, Todo.TELL).course_id == course


@pytest.mark.parametrize(
    "actions",
    [
        [OMIT, Void(action=1)],
        [OMIT, Cease(on=date(2026, 12, 6), cause=CeaseCause.DEATH)],
        [Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="away")],
    ],
    ids=["voided", "death", "moved"],
)
def test_nobody_is_to_be_told_of_what_does_not_stand_or_took_nothing(
    app: App, course: UUID, actions: list[Action]
) -> None:
    for action in actions:
        record(app, course, action, by=NURSE)
    found = [line for line in lines(app, Todo.TELL) if line.number == 1]
    assert found == []


def test_what_stands_again_is_to_be_told_again(app: App, course: UUID) -> None:
    for action in (OMIT, Cease(on=date(2026, 12, 6), cause=CeaseCause.DEATH), Void(action=2)):
        record(app, course, action, by=NURSE)
    assert [line.number for line in lines(app, Todo.TELL)] == [1]


# -- Mails ------------------------------------------------------------------------------------------------------------------


def test_a_mail_that_could_not_go_is_for_the_telephone_until_it_is_ticked_off(
    app: App, clock: Clock, course: UUID
) -> None:
    line = undelivered(app, clock, course)
    assert line.reason == "nothing goes to this address; please phone"
    tick_off(app, course, line.key, by="bea")
    assert lines(app, Todo.PHONE) == []
    done = [mail for mail in course_mails(app, course).failed if mail.handled_by == "bea"]
    assert [(mail.state, mail.handled_at) for mail in done] == [(State.DEAD, DUE)]


def test_the_next_undelivered_mail_is_another_line(app: App, clock: Clock, course: UUID) -> None:
    tick_off(app, course, undelivered(app, clock, course).key, by=NURSE)
    clock.at = DUE + timedelta(days=2)
    tick(app, clock.at)
    assert lines(app, Todo.PHONE)


@pytest.mark.parametrize("cause", [CeaseCause.DEATH, CeaseCause.TRANSFERRED])
def test_nobody_is_phoned_about_mails_that_would_not_go_any_more(
    app: App, clock: Clock, course: UUID, cause: CeaseCause
) -> None:
    undelivered(app, clock, course)
    record(app, course, Cease(on=date(2026, 12, 11), cause=cause), by=NURSE)
    assert lines(app, Todo.PHONE) == []
    record(app, course, Void(action=2), by=NURSE)
    assert lines(app, Todo.PHONE)


def test_nobody_is_phoned_about_birth_control_after_pregnancy(app: App, clock: Clock) -> None:
    course = start_course(app, bob(), by=NURSE)
    mark_window_mail_dead(app, course)
    assert only(app, Todo.PHONE).event_keys[0].startswith("window/")
    record(app, course, Hold(cycle=1, day=1, on=date(2026, 12, 6), cause=HoldCause.PREGNANCY), by=NURSE)
    assert lines(app, Todo.PHONE) == []


def mark_window_mail_dead(app: App, course: UUID) -> None:
    from db import outbox_store

    with writing(app.engine) as session:
        found = outbox_store.messages_of(session, 1, course)
        ids = [message.id for message in found if message.event_key.startswith("window/")]
        outbox_store.settle(session, ids, outbox_store.State.DEAD, "550 no such user", now=app.now())


# -- Ticking off ------------------------------------------------------------------------------------------------------------


def test_a_line_ticked_off_twice_is_one_deed(app: App, clock: Clock, course: UUID) -> None:
    line = undelivered(app, clock, course)
    for request_id in ("one", "one", "two"):
        tick_off(app, course, line.key, by=NURSE, request_id=request_id)
    done = [entry for entry in entries(app, course) if entry.detail == {"line": line.key}]
    assert [(entry.what, entry.request_id) for entry in done] == [(What.LINE_HANDLED, "one")]
    with pytest.raises(RequestReused):
        tick_off(app, course, "phone:1", by=NURSE, request_id="one")


@pytest.mark.parametrize("key", ["", "phone", "phone:x", "phone:1-", "tell:ten", "record:soon", "other:1"])
def test_a_key_that_is_none_is_refused(app: App, course: UUID, key: str) -> None:
    with pytest.raises(InvalidValue):
        tick_off(app, course, key, by=NURSE)


def test_mails_that_did_not_fail_or_are_not_of_that_course_cannot_be_ticked_off(
    app: App, clock: Clock, course: UUID
) -> None:
    line = undelivered(app, clock, course)
    other = start_course(app, bob(email=None), by=NURSE)
    with pytest.raises(NotFound):
        tick_off(app, other, line.key, by=NURSE)
    with pytest.raises(NotFound):
        tick_off(app, course, f"phone:{course_mails(app, course).waiting[0].ids[0]}", by=NURSE)
    with pytest.raises(NotFound):
        tick_off(app, course, line.key, by=NURSE, clinic_id=2)
    tick_off(app, course, "record:2026-12-07", by=NURSE)
    tick_off(app, course, "tell:1", by=NURSE)
    lines_done = {entry.detail["line"] for entry in entries(app, course) if entry.what == What.LINE_HANDLED}
    assert not lines_done & {"record:2026-12-07", "tell:1", line.key}


def test_the_count_on_every_page_reads_the_few_rows_that_are_open_by_index_alone(sqlite_url: str) -> None:
    engine, said = make_engine(sqlite_url), []
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2:4]))
    with reading(engine) as session:
        worklist_store.failed_messages(session, 1)
        worklist_store.count_open(session, 1, date(2026, 12, 7))
        asked = [each for each in said if each[0].startswith("SELECT")]
        plans = [session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in asked]
        first = [plan.all()[0][-1].split(" (")[0] for plan in plans]
    engine.dispose()
    assert first == [
        "SEARCH outbox USING INDEX ix_outbox_failed",
        "SEARCH course USING INDEX ix_course_clinic_id_next_visit",
        "SEARCH revision USING INDEX ix_revision_to_tell",
        "SEARCH revision USING INDEX ix_revision_to_phone",
    ]


def test_the_clinic_next_door_has_an_empty_list(app: App, clock: Clock, course: UUID) -> None:
    undelivered(app, clock, course)
    assert worklist(app, clinic_id=2) == ()
    assert count_lines(app, clinic_id=2) == 0


def test_a_pregnancy_is_urgent_for_the_prescriber_until_somebody_notes_that_they_know(
    app: App, clock: Clock, course: UUID
) -> None:
    assert lines(app, Todo.PRESCRIBE) == []
    hold = Hold(cycle=1, day=1, on=date(2026, 12, 6), cause=HoldCause.PREGNANCY)
    record(app, course, hold, by=NURSE, patient_told=True)
    line = only(app, Todo.PRESCRIBE)
    assert (line.urgent, line.visit, worklist(app)[0]) == (True, date(2026, 12, 6), line)
    assert count_lines(app) == len(worklist(app))
    tick_off(app, course, line.key, by="bea")
    assert lines(app, Todo.PRESCRIBE) == []
    assert entries(app, course)[-1].detail["line"] == line.key
    clock.pass_(days=1)
    record(app, course, Cease(on=date(2026, 12, 7), cause=CeaseCause.PREGNANCY), by=NURSE, patient_told=True)
    again = only(app, Todo.PRESCRIBE)
    assert again.visit == date(2026, 12, 7), "another entry is another cause"
    record(app, course, Void(action=2), by=NURSE, patient_told=True)
    assert lines(app, Todo.PRESCRIBE) == [], "what was taken back asks nothing, what was ticked off neither"


def test_another_cause_asks_no_prescriber_and_after_a_death_nobody_is_asked(app: App, course: UUID) -> None:
    record(
        app,
        course,
        Hold(cycle=1, day=1, on=date(2026, 12, 6), cause=HoldCause.PREGNANCY),
        by=NURSE,
        patient_told=True,
    )
    other = start_course(app, bob(id_=uuid4()), by=NURSE)
    liver = Hold(cycle=1, day=1, on=date(2026, 12, 6), cause=HoldCause.LIVER)
    record(app, other, liver, by=NURSE, patient_told=True)
    assert [line.course_id for line in lines(app, Todo.PRESCRIBE)] == [course]
    record(app, course, Cease(on=date(2026, 12, 6), cause=CeaseCause.DEATH), by=NURSE, patient_told=True)
    assert lines(app, Todo.PRESCRIBE) == []
