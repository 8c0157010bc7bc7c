"""What staff do with a course's mails: pause, resume, send at once; and what they are shown of them. On both databases."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from sqlalchemy import Engine

from db.outbox_store import State, StoredMessage
from scheduler.actions import Defer, Given, Omit
from scheduler.errors import InvalidValue
from service.audit import What, entries
from service.courses import RequestReused, record, start_course, tell_patient
from service.loading import NotFound
from service.mails import HURRIED, UNTIL_TOLD, MailLine, course_mails, pause_mails, resume_mails, send_now
from service.messages import list_messages, reasons, suppress
from service.wiring import App
from service.worker import tick
from tests.stores import NURSE, Clock, bob, make_app

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)  # seven in the morning in New York, before Bob's first Monday
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)  # nine: three days before
NIGHT = datetime(2026, 12, 5, 3, 0, tzinfo=UTC)  # ten in the evening
EIGHT = datetime(2026, 12, 5, 13, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def app(engine: Engine, clock: Clock, folder: Path) -> App:
    clock.at = FRIDAY
    return make_app(engine, clock, {"INFUSIONS_MAIL__FOLDER": str(folder)})


@pytest.fixture
def course(app: App) -> UUID:
    return start_course(app, bob(), by=NURSE)


def mails(folder: Path) -> int:
    return len(list(folder.iterdir())) if folder.exists() else 0


def first(app: App, course: UUID) -> StoredMessage:
    return list_messages(app, course, State.WAITING)[0]


def pass_at(app: App, clock: Clock, at: datetime) -> None:
    clock.at = at
    tick(app, at)


def deeds(app: App, course: UUID) -> list[str]:
    return [entry.what for entry in entries(app, course)]


# -- Pause and resume -----------------------------------------------------------------------------------------------------


def test_nothing_goes_while_mails_are_paused_and_what_is_due_goes_when_they_are_resumed(
    app: App, clock: Clock, course: UUID, folder: Path
) -> None:
    pause_mails(app, course, by=NURSE)
    pass_at(app, clock, DUE)
    pass_at(app, clock, DUE + timedelta(hours=1))
    assert mails(folder) == 0
    resume_mails(app, course, by=NURSE)
    pass_at(app, clock, DUE + timedelta(hours=1, minutes=1))
    assert mails(folder) == 1
    assert deeds(app, course) == [What.COURSE_STARTED, What.MAILS_PAUSED, What.MAILS_RESUMED]


def test_what_becomes_too_late_during_a_pause_is_for_the_telephone(
    app: App, clock: Clock, course: UUID, folder: Path
) -> None:
    pause_mails(app, course, by=NURSE)
    for hours in range(0, 75, 6):
        pass_at(app, clock, DUE + timedelta(hours=hours))
    assert mails(folder) == 0
    assert {line.state for line in course_mails(app, course).failed} == {State.EXPIRED}


def test_a_pause_holds_one_patients_mails_alone(app: App, clock: Clock, course: UUID, folder: Path) -> None:
    start_course(app, bob(email="karl@patients.example"), by=NURSE)
    pause_mails(app, course, by=NURSE)
    pass_at(app, clock, DUE)
    assert mails(folder) == 1


def test_a_second_pause_changes_nothing_and_an_unknown_course_is_told(app: App, course: UUID) -> None:
    pause_mails(app, course, by=NURSE)
    pause_mails(app, course, by="bea")
    assert deeds(app, course).count(What.MAILS_PAUSED) == 1
    with pytest.raises(NotFound):
        pause_mails(app, bob().course.id, by=NURSE)


def test_a_repeated_pause_does_not_undo_the_resumption_between(app: App, course: UUID) -> None:
    pause_mails(app, course, by=NURSE, request_id="one")
    resume_mails(app, course, by=NURSE, request_id="two")
    pause_mails(app, course, by=NURSE, request_id="one")
    assert not course_mails(app, course).paused
    with pytest.raises(RequestReused):
        pause_mails(app, course, by=NURSE, request_id="two")


def test_another_clinic_pauses_nothing(app: App, course: UUID) -> None:
    with pytest.raises(NotFound):
        pause_mails(app, course, by=NURSE, clinic_id=2)
    with pytest.raises(NotFound):
        send_now(app, first(app, course).id, by=NURSE, clinic_id=2)
    assert not course_mails(app, course).paused


# -- Send now ---------------------------------------------------------------------------------------------------------------


def test_a_hurried_mail_goes_at_the_next_pass_and_not_again_at_its_time(
    app: App, clock: Clock, course: UUID, folder: Path
) -> None:
    clock.at = FRIDAY + timedelta(hours=1, minutes=30)  # half past eight
    goes = send_now(app, first(app, course).id, by=NURSE)
    assert goes == clock.at
    assert reasons(app, [first(app, course)]) == {first(app, course).id: HURRIED}
    pass_at(app, clock, clock.at + timedelta(minutes=1))
    assert mails(folder) == 1
    pass_at(app, clock, DUE + timedelta(minutes=1))
    assert mails(folder) == 1
    assert deeds(app, course)[-1] == What.MAIL_HURRIED


def test_quiet_hours_hold_a_hurried_mail_until_their_end(app: App, clock: Clock, course: UUID, folder: Path) -> None:
    pass_at(app, clock, DUE)
    clock.at = NIGHT
    assert send_now(app, first(app, course).id, by=NURSE) == EIGHT
    pass_at(app, clock, NIGHT + timedelta(minutes=1))
    assert mails(folder) == 1
    pass_at(app, clock, EIGHT + timedelta(minutes=1))
    assert mails(folder) == 2


def test_staff_may_send_one_in_quiet_hours_but_only_within_the_hour(
    app: App, clock: Clock, course: UUID, folder: Path
) -> None:
    pass_at(app, clock, DUE)
    clock.at = NIGHT
    ids = [message.id for message in list_messages(app, course, State.WAITING)]
    send_now(app, ids[0], by=NURSE, at_night=True)
    assert course_mails(app, course).waiting[0].at == NIGHT
    pass_at(app, clock, NIGHT + timedelta(minutes=1))
    assert mails(folder) == 2
    send_now(app, first(app, course).id, by=NURSE, at_night=True)
    pass_at(app, clock, NIGHT + timedelta(minutes=70))
    assert mails(folder) == 2


def test_a_hurried_mail_is_checked_like_any_other(app: App, clock: Clock, course: UUID, folder: Path) -> None:
    clock.at = FRIDAY + timedelta(hours=2)
    message = first(app, course)
    send_now(app, message.id, by=NURSE)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9), reason="flu"), by=NURSE, patient_told=True)
    pass_at(app, clock, clock.at + timedelta(minutes=1))
    assert mails(folder) == 0


def test_an_action_that_leaves_the_event_alone_leaves_it_hurried(
    app: App, clock: Clock, course: UUID, folder: Path
) -> None:
    clock.at = FRIDAY + timedelta(hours=1, minutes=30)
    send_now(app, first(app, course).id, by=NURSE)
    record(app, course, Defer(cycle=3, day=15, to=date(2027, 2, 9), reason="away"), by=NURSE)
    pass_at(app, clock, clock.at + timedelta(minutes=1))
    assert mails(folder) == 1


def test_only_what_waits_can_be_sent_now(app: App, clock: Clock, course: UUID) -> None:
    message = first(app, course)
    pass_at(app, clock, DUE)
    with pytest.raises(InvalidValue, match="it is sent"):
        send_now(app, message.id, by=NURSE)
    with pytest.raises(NotFound):
        send_now(app, 10**9, by=NURSE)
    with pytest.raises(NotFound):
        send_now(app, message.id, by=NURSE, course_id=bob().course.id)
    waits = first(app, course)
    pause_mails(app, course, by=NURSE)
    with pytest.raises(InvalidValue, match="paused"):
        send_now(app, waits.id, by=NURSE)


def test_what_would_be_too_late_after_the_night_is_refused_unless_it_goes_at_night(app: App, clock: Clock) -> None:
    new = bob()
    course = start_course(app, new, by=NURSE)
    one_day = [
        each for each in list_messages(app, course) if each.event_key == "c1d1/infusion" and each.offset_days == 1
    ]
    clock.at = datetime(2026, 12, 7, 11, 0, tzinfo=UTC)  # six in the morning; the deadline is half past six
    with pytest.raises(InvalidValue, match="too late after the quiet hours"):
        send_now(app, one_day[0].id, by=NURSE)
    assert send_now(app, one_day[0].id, by=NURSE, at_night=True) == clock.at


def test_the_same_request_twice_is_one_deed_even_at_once(app: App, clock: Clock, course: UUID) -> None:
    clock.at = FRIDAY + timedelta(hours=2)
    message = first(app, course)
    twins = [Thread(target=send_now, args=(app, message.id), kwargs={"by": NURSE, "request_id": "r"}) for _ in range(2)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()
    assert deeds(app, course).count(What.MAIL_HURRIED) == 1
    with pytest.raises(RequestReused):
        send_now(app, message.id, by=NURSE, at_night=True, request_id="r")


# -- What staff see ---------------------------------------------------------------------------------------------------------


def test_mails_are_shown_as_they_go_together_with_their_times_and_answers(
    app: App, clock: Clock, course: UUID, folder: Path
) -> None:
    assert course_mails(app, course).waiting[0].at == DUE
    assert course_mails(app, course).quiet_until == datetime(2026, 12, 4, 13, 0, tzinfo=UTC)
    pass_at(app, clock, DUE)
    (sent,) = course_mails(app, course).sent
    assert sent.event_keys == ("c1d1/infusion",)
    assert (sent.answer, sent.tries) == ("sent written", 1)
    assert sent.at is not None
    assert DUE <= sent.at < DUE + timedelta(minutes=1)
    assert course_mails(app, course).quiet_until is None


def test_what_waits_for_a_person_says_so_and_goes_on_when_the_patient_was_told(
    app: App, clock: Clock, course: UUID
) -> None:
    record(app, course, Omit(cycle=1, day=15, reason="counts"), by=NURSE)
    untold = of_state(course_mails(app, course).waiting, State.UNTOLD)
    assert [(line.at, line.reason) for line in untold] == [(None, UNTIL_TOLD)]
    tell_patient(app, course, 1, by=NURSE)
    assert of_state(course_mails(app, course).waiting, State.UNTOLD) == []


def test_what_failed_says_why(app: App, clock: Clock, course: UUID) -> None:
    suppress(app, "bob@patients.example", by=NURSE)
    assert course_mails(app, course).suppressed
    pass_at(app, clock, DUE)
    (failed,) = course_mails(app, course).failed
    assert (failed.state, failed.reason) == (State.DEAD, "nothing goes to this address; please phone")
    found = list_messages(app, course, State.DEAD)
    assert set(reasons(app, found).values()) == {failed.reason}


def test_a_paused_course_promises_no_time(app: App, course: UUID) -> None:
    pause_mails(app, course, by=NURSE)
    shown = course_mails(app, course)
    assert {line.at for line in shown.waiting} == {None}
    assert set(reasons(app, list_messages(app, course)).values()) == {"paused for this patient"}


def test_an_unknown_course_has_no_mails(app: App) -> None:
    with pytest.raises(NotFound):
        course_mails(app, bob().course.id)
    course = start_course(app, bob(email=None), by=NURSE)
    record(app, course, Given(cycle=1, day=1, on=date(2026, 12, 4), reason="early"), by=NURSE)
    assert course_mails(app, course).waiting == ()


# ---------------------------------------------------------------------------------------------------------------------


def of_state(lines: Sequence[MailLine], state: State) -> list[MailLine]:
    return [line for line in lines if line.state is state]
