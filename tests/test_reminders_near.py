"""What a person must do beside a mail: phone about a near change, tell what no mail tells first, note who left."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from calendars.kinds import Detail
from db.outbox_store import State
from reminders.rules import Kind
from scheduler.actions import Action, Cease, CeaseCause, Defer, Given, Hold, HoldCause, Omit, Resume, VisitTime, Void
from scheduler.errors import InvalidValue
from service.audit import entries
from service.carers import NewCarer, Wish, add_carer, choose
from service.courses import NotFound, neutral_notice, record, start_course, tell_patient
from service.messages import list_messages
from service.page_links import new_link
from service.patient_page import read_page
from service.patients import Guardian, PatientFacts
from service.queries import load_course
from service.unsubscribing import resubscribe, unsubscribe, unsubscribe_address
from service.wiring import App
from service.worker import tick
from service.worklist import Line, Todo, worklist
from service.worklist_acts import tick_off
from tests.smtp_server import MailServer, Received
from tests.stores import NURSE, Clock, bob, make_app

SATURDAY = datetime(2026, 12, 12, 15, 0, tzinfo=UTC)  # 10:00 in New York; Bob's day 8 is on Monday 14 December at 9
MONDAY = date(2026, 12, 14)
BOB, DORA = "bob@patients.example", "dora@mail.example"


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer) -> App:
    """The program on the Saturday before day 8."""
    clock.at = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
    return make_app(engine, clock, mail_server.environ() | {"INFUSIONS_CLINIC__PHONE": "+1 212 555 0100"})


@pytest.fixture
def course(app: App, clock: Clock) -> UUID:
    """Bob's course with day 1 given."""
    made = start_course(app, bob(email=BOB), by=NURSE)
    clock.at = datetime(2026, 12, 7, 20, 0, tzinfo=UTC)
    record(app, made, Given(cycle=1, day=1, on=date(2026, 12, 7)), by=NURSE)
    clock.at = SATURDAY
    tick(app, SATURDAY)  # what had become due until then has gone
    return made


def lines(app: App, todo: Todo = Todo.CALL) -> list[Line]:
    return [line for line in worklist(app) if line.todo is todo]


def hold(day: int = 8) -> Hold:
    return Hold(cycle=1, day=day, on=date(2026, 12, 12), cause=HoldCause.COUNTS)


def to(mail_server: MailServer, address: str) -> list[Received]:
    """The mails to that address, without reminders."""
    found = [mail for mail in mail_server.mails() if mail.to == (address,)]
    return [mail for mail in found if mail.message["Subject"].startswith(("A change", "Please call", "Overview"))]


# -- A change within 48 hours -----------------------------------------------------------------------------------------

NEAR: list[tuple[str, datetime, Action, bool]] = [
    ("moved away from the day after tomorrow", SATURDAY, Defer(cycle=1, day=8, to=date(2026, 12, 16)), True),
    ("held, though its notice waits", SATURDAY, hold(), True),
    ("left out", SATURDAY, Omit(cycle=1, day=8, reason="counts"), True),
    ("ceased", SATURDAY, Cease(on=date(2026, 12, 12), cause=CeaseCause.TOXICITY), True),
    ("moved to a near date", SATURDAY, Defer(cycle=1, day=8, to=date(2026, 12, 13), reason="wish"), True),
    ("one that is far", SATURDAY, Omit(cycle=1, day=15, reason="counts"), False),
    ("48 hours and a minute before", datetime(2026, 12, 12, 13, 59, tzinfo=UTC), hold(15), False),
    ("a death: nobody phones", SATURDAY, Cease(on=date(2026, 12, 12), cause=CeaseCause.DEATH), False),
]


@pytest.mark.parametrize("case", NEAR, ids=lambda case: case[0])
def test_a_change_within_48_hours_is_an_urgent_line_until_it_is_ticked_off(
    app: App, course: UUID, clock: Clock, case: tuple[str, datetime, Action, bool]
) -> None:
    _, clock.at, action, near = case
    record(app, course, action, by=NURSE)
    found = lines(app)
    assert [(line.number, line.urgent, line.course_id) for line in found] == ([(2, True, course)] if near else [])
    for line in found:
        assert worklist(app)[0] == line, "the first of all"
        tick_off(app, course, line.key, by="dora")
        tick_off(app, course, line.key, by="dora")
    assert lines(app) == []
    deeds = [each for each in entries(app, course) if each.what == "line-handled"]
    assert [each.by for each in deeds] == ["dora"] * near, "once"


def test_it_is_a_line_for_a_patient_without_mails_too(app: App, clock: Clock) -> None:
    made = start_course(app, bob(email=None), by=NURSE)
    clock.at = datetime(2026, 12, 6, 15, 0, tzinfo=UTC)
    record(app, made, Defer(cycle=1, day=1, to=date(2026, 12, 9), reason="flu"), by=NURSE)
    assert [line.number for line in lines(app)] == [1]


# What moves for a patient to whom no mail goes, long before, and whether a person has to tell it.
UNMAILED: list[tuple[str, Action, bool]] = [
    ("a visit on another day", Defer(cycle=1, day=15, to=date(2026, 12, 23)), True),
    ("a visit at another hour", VisitTime(at=time(13), cycle=1, day=15), True),
    ("a dose left out", Omit(cycle=1, day=15, reason="counts"), True),
    ("a visit as planned", Given(cycle=1, day=1, on=date(2026, 12, 7)), False),
]


@pytest.mark.parametrize("case", UNMAILED, ids=lambda case: case[0])
def test_where_no_mail_goes_a_person_tells_of_another_date(
    app: App, clock: Clock, case: tuple[str, Action, bool]
) -> None:
    _, action, by_person = case
    clock.at = datetime(2026, 12, 7, 20, 0, tzinfo=UTC)
    courses = {
        "no address": start_course(app, bob(email=None), by=NURSE),
        "no consent": start_course(app, replace(bob(), consent=False), by=NURSE),
        "mails": start_course(app, bob(email=BOB), by=NURSE),
    }
    for course in courses.values():
        record(app, course, action, by=NURSE)
    found = [line.course_id for line in lines(app, Todo.TELL)]
    told_by_mail = isinstance(action, Defer | VisitTime)
    asked = {name for name, course in courses.items() if course in found}
    assert asked == ({"no address", "no consent"} | (set() if told_by_mail else {"mails"}) if by_person else set())
    for line in lines(app, Todo.TELL):
        tick_off(app, line.course_id, line.key, by="dora")
    assert lines(app, Todo.TELL) == []


def test_a_move_that_is_told_at_once_or_taken_back_or_read_by_a_guardian_is_no_line(app: App, clock: Clock) -> None:
    clock.at = datetime(2026, 12, 7, 20, 0, tzinfo=UTC)
    move = Defer(cycle=1, day=15, to=date(2026, 12, 23))
    told, taken_back = (start_course(app, bob(email=None), by=NURSE) for _ in range(2))
    record(app, told, move, by=NURSE, patient_told=True)
    record(app, taken_back, move, by=NURSE)
    record(app, taken_back, Void(action=1), by=NURSE, patient_told=True)
    dora = Guardian(name="Dora", relation="mother", phone="+1 212 555 0101", email=DORA, consent=True)
    facts = PatientFacts(guardian=dora)
    of_a_child = start_course(app, replace(bob(email=None), facts=facts), by=NURSE)
    record(app, of_a_child, move, by=NURSE)
    assert lines(app, Todo.TELL) == []


def test_the_patients_page_shows_a_date_that_moved_though_nobody_has_told_it(app: App, clock: Clock) -> None:
    clock.at = datetime(2026, 12, 7, 20, 0, tzinfo=UTC)
    made = start_course(app, bob(email=None), by=NURSE)
    page = new_link(app, made, name="phone", detail=Detail.DISCREET, language="en", by=NURSE)
    token = page.address.rpartition("/")[2]
    record(app, made, Defer(cycle=1, day=1, to=date(2026, 12, 10), reason="flu"), by=NURSE)
    assert not read_page(app, token).ask
    record(app, made, hold(1), by=NURSE)
    assert read_page(app, token).ask


def test_who_was_told_beforehand_needs_no_call(app: App, course: UUID) -> None:
    record(app, course, hold(), by=NURSE, patient_told=True)
    assert lines(app) == lines(app, Todo.TELL) == []


def test_one_call_does_for_a_change_that_no_mail_may_tell_first(app: App, course: UUID, clock: Clock) -> None:
    record(app, course, hold(), by=NURSE)
    [line] = lines(app)
    assert line.untold
    assert lines(app, Todo.TELL) == [], "one line, not two"
    tick_off(app, course, line.key, by=NURSE)
    assert load_course(app, course).entries[-1].patient_told
    waiting = [each for each in list_messages(app, course) if each.kind == Kind.CHANGE and each.settled_at is None]
    assert {each.state for each in waiting} == {State.WAITING}


def test_telling_the_patient_takes_the_call_off_the_list(app: App, course: UUID) -> None:
    record(app, course, hold(), by=NURSE)
    tell_patient(app, course, 2, by=NURSE)
    assert lines(app) == []


def test_a_mistake_that_is_taken_back_asks_for_no_call_itself(app: App, course: UUID) -> None:
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 16)), by=NURSE)
    record(app, course, Void(action=2), by=NURSE)
    assert [line.number for line in lines(app)] == [3], "the way back is near as well"
    record(app, course, Void(action=3), by=NURSE)
    assert [line.number for line in lines(app)] == [2, 4]


def test_the_call_makes_good_for_the_notice_that_came_too_late(app: App, course: UUID, clock: Clock) -> None:
    clock.at = datetime(2026, 12, 14, 12, 0, tzinfo=UTC)  # an hour and a half before Bob leaves
    before = lines(app, Todo.PHONE)
    record(app, course, VisitTime(at=time(10), cycle=1, day=8), by=NURSE)
    [line] = lines(app)
    assert len(lines(app, Todo.PHONE)) == len(before) + 1, "its notice can't go in quiet hours, and is too late after"
    tick_off(app, course, line.key, by=NURSE)
    assert lines(app) == []
    assert lines(app, Todo.PHONE) == before


# -- Neutral notices --------------------------------------------------------------------------------------------------

TELLING = ("hold", "held", "14", "december", "moved", "not take place", "visit on", "appointment", "arranged", "dose")


def words(mail: Received) -> str:
    """What is said in the mail before what every mail says."""
    text = " ".join(mail.text.split())
    return f"{mail.message['Subject']} {text.partition('Can')[0]}".lower()


def test_a_neutral_notice_asks_to_call_and_tells_nothing(
    app: App, course: UUID, clock: Clock, mail_server: MailServer
) -> None:
    record(app, course, hold(), by=NURSE, neutral_notice=True)
    assert tick(app, clock.at).sent == 0, "corrections within ten minutes make one mail"
    assert tick(app, clock.at + timedelta(minutes=10)).sent == 1
    [mail] = to(mail_server, BOB)
    assert mail.message["Subject"] == "Please call us"
    assert not [each for each in TELLING if each in words(mail)], words(mail)
    assert "+1 212 555 0100" in mail.text.replace("\u00a0", " ")
    assert {part.get_content_type() for part in mail.message.walk()} == {
        "multipart/alternative",
        "text/plain",
        "text/html",
    }, "no calendar file"
    [line] = lines(app)
    assert (line.untold, line.neutral_at) == (True, SATURDAY), "a person still has to tell"
    tell_patient(app, course, 2, by=NURSE)
    assert tick(app, clock.at + timedelta(hours=1)).sent == 0, "it was the notice: none goes twice"


def test_it_can_be_chosen_later_and_a_second_time_changes_nothing(
    app: App, course: UUID, clock: Clock, mail_server: MailServer
) -> None:
    record(app, course, Omit(cycle=1, day=15, reason="counts"), by=NURSE)
    assert tick(app, clock.at + timedelta(minutes=20)).sent == 0
    for _ in range(2):
        neutral_notice(app, course, 2, by=NURSE)
    assert tick(app, clock.at + timedelta(minutes=20)).sent == 1
    assert to(mail_server, BOB)[-1].message["Subject"] == "Please call us"
    assert [line.neutral_at for line in lines(app, Todo.TELL)] == [SATURDAY]
    assert [each.what for each in entries(app, course)].count("neutral-notice") == 1


def test_who_is_told_before_it_goes_reads_everything(
    app: App, course: UUID, clock: Clock, mail_server: MailServer
) -> None:
    record(app, course, Omit(cycle=1, day=15, reason="counts"), by=NURSE, neutral_notice=True)
    tell_patient(app, course, 2, by=NURSE)
    assert tick(app, clock.at + timedelta(minutes=10)).sent == 1
    [mail] = to(mail_server, BOB)
    assert "will not take place" in " ".join(mail.text.split())


def test_in_a_mail_with_other_news_it_is_one_more_sentence(
    app: App, course: UUID, clock: Clock, mail_server: MailServer
) -> None:
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 15)), by=NURSE)
    record(app, course, Omit(cycle=1, day=15, reason="counts"), by=NURSE, neutral_notice=True)
    assert tick(app, clock.at + timedelta(minutes=10)).sent == 1
    [mail] = to(mail_server, BOB)
    text = " ".join(mail.text.split())
    assert "It is now on Tuesday 15 December 2026" in text
    assert "Please also call us before your next visit." in text
    assert "21 December" not in text


def test_a_dose_that_comes_back_before_it_goes_withdraws_it(
    app: App, course: UUID, clock: Clock, mail_server: MailServer
) -> None:
    record(app, course, hold(), by=NURSE, neutral_notice=True)
    record(app, course, Resume(cycle=1, day=8, on=MONDAY), by=NURSE)
    assert tick(app, clock.at + timedelta(minutes=10)).sent == 0
    assert [mail for mail in to(mail_server, BOB) if mail.message["Subject"] == "Please call us"] == []


def test_a_carer_gets_none_and_hears_when_the_patient_knows(
    app: App, course: UUID, clock: Clock, mail_server: MailServer
) -> None:
    new = NewCarer(name="Dora", email=DORA, consent=True, language="en", zone="Europe/Paris", detail=Detail.DISCREET)
    add_carer(app, course, new, by=NURSE)
    record(app, course, hold(), by=NURSE, neutral_notice=True)
    tick(app, clock.at + timedelta(minutes=10))
    assert [mail.message["Subject"] for mail in to(mail_server, BOB)] == ["Please call us"]
    assert to(mail_server, DORA) == []
    tell_patient(app, course, 2, by=NURSE)
    tick(app, clock.at + timedelta(minutes=20))
    assert len(to(mail_server, DORA)) == 1


def test_where_no_mail_could_go_none_is_promised(app: App, course: UUID, clock: Clock) -> None:
    moved = Defer(cycle=1, day=8, to=date(2026, 12, 16))
    with pytest.raises(InvalidValue, match="tell the patient by telephone"):  # a move is told by its own notice
        record(app, course, moved, by=NURSE, neutral_notice=True)
    assert load_course(app, course).revision == 1, "nothing is stored"
    with pytest.raises(InvalidValue, match="choose one of the two"):
        record(app, course, hold(), by=NURSE, patient_told=True, neutral_notice=True)
    with pytest.raises(NotFound):
        neutral_notice(app, course, 7, by=NURSE)
    choose(app, course, "patient", Wish(days={Kind.CHANGE: ()}), by=NURSE)
    record(app, course, hold(), by=NURSE)
    with pytest.raises(InvalidValue, match="no mail to the patient waits"):
        neutral_notice(app, course, 2, by=NURSE)


def test_one_that_would_be_too_late_is_refused(app: App, course: UUID, clock: Clock) -> None:
    clock.at = datetime(2026, 12, 13, 3, 0, tzinfo=UTC)
    unsubscribe(app, token_of(app, course))
    record(app, course, hold(), by=NURSE)
    with pytest.raises(InvalidValue, match="by telephone"):
        neutral_notice(app, course, 2, by=NURSE)


# -- Who wants no mails any more --------------------------------------------------------------------------------------


def token_of(app: App, course: UUID, recipient: str = "patient") -> str:
    message = next(each for each in list_messages(app, course) if each.recipient == recipient)
    return unsubscribe_address(app, message).rpartition("/")[2]


def test_who_unsubscribes_is_a_line_to_note_once_each_time(app: App, course: UUID) -> None:
    token = token_of(app, course)
    unsubscribe(app, token)
    unsubscribe(app, token)
    [line] = lines(app, Todo.NOTE)
    assert (line.key, line.recipient, line.urgent) == ("note:patient", "patient", False)
    tick_off(app, course, line.key, by=NURSE)
    assert lines(app, Todo.NOTE) == []
    resubscribe(app, token)
    assert lines(app, Todo.NOTE) == []
    unsubscribe(app, token)
    assert len(lines(app, Todo.NOTE)) == 1, "a new cause"
    resubscribe(app, token)
    assert lines(app, Todo.NOTE) == [], "its cause is gone"


def test_a_carer_who_leaves_is_named_to_staff_and_nobody_after_a_death(app: App, course: UUID) -> None:
    new = NewCarer(name="Dora", email=DORA, consent=True, language="en", zone="Europe/Paris", detail=Detail.DISCREET)
    role = add_carer(app, course, new, by=NURSE)
    unsubscribe(app, token_of(app, course, role))
    assert [(line.recipient, line.name) for line in lines(app, Todo.NOTE)] == [("carer-1", "Dora")]
    record(app, course, Cease(on=date(2026, 12, 12), cause=CeaseCause.DEATH), by=NURSE)
    assert lines(app, Todo.NOTE) == []


def test_the_overview_for_staff_lists_every_open_line(engine: Engine, clock: Clock, mail_server: MailServer) -> None:
    desk = {"INFUSIONS_REMINDERS__DIGEST_TO": '["desk@clinic.example"]', "INFUSIONS_CLINIC__ZONE": "America/New_York"}
    app = make_app(engine, clock, mail_server.environ() | desk)
    near, far = (start_course(app, bob(email=BOB), by=NURSE) for _ in range(2))
    clock.at = datetime(2026, 12, 6, 12, 0, tzinfo=UTC)  # seven in the morning, the day before the first visit
    record(app, near, Defer(cycle=1, day=1, to=date(2026, 12, 8), reason="flu"), by=NURSE)
    record(app, far, Omit(cycle=1, day=15, reason="counts"), by=NURSE)
    unsubscribe(app, token_of(app, far))
    tick(app, clock.at)
    [mail] = to(mail_server, "desk@clinic.example")
    text = " ".join(mail.text.split())
    assert f"A date within 48 hours has changed: phone the patient - Course {str(near)[:8]}" in text
    assert f"Patients to be told of a change - Course {str(far)[:8]}" in text
    assert f"No more mails wanted: phone about changes - Course {str(far)[:8]}" in text
