"""The staff's mail of the morning: what it tells, to whom, once a day, and what happens when it can't go."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from scheduler.actions import Given, Hold, HoldCause
from scheduler.errors import FileRefused
from service.config import load_settings
from service.courses import record, start_course
from service.messages import suppress
from service.wiring import App
from service.worker import TickResult, tick
from tests.smtp_server import MailServer, Received
from tests.stores import NURSE, PUBLIC_URL, Clock, bob, make_app

SEVEN = datetime(2026, 12, 7, 12, 0, tzinfo=UTC)  # 07:00 in New York, on the day of Bob's first visit
DESK = "desk@clinic.example"
TO = {"INFUSIONS_REMINDERS__DIGEST_TO": f'["{DESK}"]', "INFUSIONS_CLINIC__ZONE": "America/New_York"}

Pass = Callable[[datetime], TickResult]


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer) -> App:
    return make_app(engine, clock, TO | mail_server.environ())


@pytest.fixture
def at(app: App, clock: Clock) -> Pass:
    def pass_at(now: datetime) -> TickResult:
        clock.at = now
        return tick(app, now)

    return pass_at


def start(app: App, email: str | None = None) -> UUID:
    return start_course(app, bob(email=email), by=NURSE)


def digests(mail_server: MailServer, address: str = DESK) -> list[Received]:
    return [mail for mail in mail_server.mails() if mail.to == (address,)]


def words(mail: Received) -> str:
    return " ".join(mail.text.split())


def test_it_goes_at_seven_once_a_day_and_names_nobody(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    at(SEVEN - timedelta(seconds=1))
    assert digests(mail_server) == []
    for minutes in (0, 1, 60, 300):
        at(SEVEN + timedelta(minutes=minutes))
    [mail] = digests(mail_server)
    assert mail.message["Subject"] == "Overview for Monday 7 December 2026"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    line = f"08:30: course {str(course)[:8]} {PUBLIC_URL}/courses/{course}"
    assert f"Visits today, Monday 7 December 2026 - {line}" in words(mail)
    assert "Visits tomorrow, Tuesday 8 December 2026 - none" in words(mail)
    for told in ("Bob", "inotuzumab", "patients.example"):
        assert told not in mail.content.decode()
    at(SEVEN + timedelta(days=1))
    assert len(digests(mail_server)) == 2
    assert len({mail.message["Message-ID"] for mail in digests(mail_server)}) == 2


def test_it_tells_of_tomorrow_of_checks_of_what_nobody_recorded_and_of_mails_that_failed(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    overdue = start(app)
    failing = start(app, "bob@patients.example")
    record(app, failing, Given(cycle=1, day=1, on=date(2026, 12, 1), reason="early"), by=NURSE)
    suppress(app, "bob@patients.example", by=NURSE)
    for day in range(1, 9):
        at(datetime(2026, 12, day, 15, 0, tzinfo=UTC))
    mail = digests(mail_server)[-1]
    found = words(mail)
    assert f"Not recorded yet - Course {str(overdue)[:8]}: visit of Monday 7 December 2026" in found
    assert f"Mails that did not arrive: please phone - Course {str(failing)[:8]}" in found
    assert "Checks due today - Course" in found


def test_what_a_prescriber_must_hear_at_once_stands_before_all_else_and_does_not_say_what_it_is(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    record(app, course, Hold(cycle=1, day=1, on=date(2026, 12, 1), cause=HoldCause.PREGNANCY), by=NURSE)
    at(SEVEN)
    [mail] = digests(mail_server)
    found = words(mail)
    line = f"For the prescriber, at once - Course {str(course)[:8]} {PUBLIC_URL}/courses/{course}"
    assert f"{line} A date within 48 hours" in found, found
    assert "pregnan" not in mail.content.decode().lower()


def test_an_empty_morning_reads_as_one(app: App, at: Pass, mail_server: MailServer) -> None:
    at(SEVEN)
    [mail] = digests(mail_server)
    assert words(mail).count("- none") == 9


def test_without_an_address_there_is_none(engine: Engine, clock: Clock, mail_server: MailServer) -> None:
    app = make_app(engine, clock, mail_server.environ())
    clock.at = SEVEN
    tick(app, SEVEN)
    assert mail_server.mails() == ()


def test_it_is_tried_again_with_the_same_message_id_but_not_into_the_evening(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    mail_server.answer("END", "drop")
    at(SEVEN)
    at(SEVEN + timedelta(minutes=5))
    at(SEVEN + timedelta(minutes=20))
    assert len({mail.message["Message-ID"] for mail in digests(mail_server)}) == 1
    mail_server.answer("RCPT", "always 450 4.2.0 later")
    for hours in range(12, 15):
        at(SEVEN + timedelta(days=1, hours=hours))
    assert len({mail.message["Message-ID"] for mail in digests(mail_server)}) == 1


def test_an_address_that_is_refused_keeps_back_no_other_and_no_reminder(
    engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    both = {"INFUSIONS_REMINDERS__DIGEST_TO": '["gone@clinic.example", "desk@clinic.example"]'}
    app = make_app(engine, clock, TO | both | mail_server.environ())
    mail_server.answer("RCPT gone@clinic.example", "always 550 5.1.1 unknown")
    clock.at = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
    start(app, "bob@patients.example")
    for hours in (0, 1, 2, 3):
        clock.at = datetime(2026, 12, 4, 12 + hours, 0, tzinfo=UTC)
        tick(app, clock.at)
    assert sorted(mail.to[0] for mail in mail_server.mails()) == ["bob@patients.example", "desk@clinic.example"]


def test_while_staff_keep_all_mails_back_it_waits(app: App, at: Pass, mail_server: MailServer) -> None:
    from db import sending_store
    from db.engine import writing

    with writing(app.engine) as session:
        sending_store.pause(session, "a new server", now=SEVEN)
    at(SEVEN)
    assert mail_server.mails() == ()
    with writing(app.engine) as session:
        sending_store.resume(session)
    at(SEVEN + timedelta(hours=1))
    assert len(digests(mail_server)) == 1


def test_while_a_fault_of_ours_stops_the_mails_it_waits_and_it_may_be_the_one_that_tries(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    from service.sending import stopped

    mail_server.answer("MAIL", "always 550 5.7.1 not you")
    at(SEVEN)
    found = stopped(app)
    assert found is not None, "its own failure stops all mails"
    assert "550 5.7.1 at MAIL" in found.cause
    at(SEVEN + timedelta(seconds=10))
    later = stopped(app)
    assert later == found, "too early: nobody has tried"
    mail_server.answer("MAIL", "take")
    at(SEVEN + timedelta(minutes=31))
    assert stopped(app) is None
    assert len(digests(mail_server)) == 1


def test_of_several_workers_one_sends_it(app: App, clock: Clock, mail_server: MailServer) -> None:
    clock.at = SEVEN
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tick(app, SEVEN), range(4)))
    assert len(digests(mail_server)) == 1


def test_the_setting_takes_addresses_alone() -> None:
    found = load_settings(None, {"INFUSIONS_REMINDERS__DIGEST_TO": '["a@b.example", "a@b.example"]'})
    assert found.reminders.digest_to == ("a@b.example",)
    for bad in ('["nobody"]', '[""]', "a@b.example"):
        with pytest.raises(FileRefused, match="DIGEST_TO"):
            load_settings(None, {"INFUSIONS_REMINDERS__DIGEST_TO": bad})
