"""Visits as calendar files in mails: when they come, what stands in them, and that a feed has the same event."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import Engine

from calendars.kinds import Detail, Reader
from reminders.rules import Kind
from scheduler.actions import Defer, Hold, HoldCause
from service.carers import NewCarer, Wish, add_carer, choose
from service.courses import record, start_course
from service.feeds import new_feed, revoke_feed
from service.recipients import CalendarFiles
from service.serving import FeedServer
from service.wiring import App
from service.worker import TickResult, tick
from tests.smtp_server import MailServer, Received
from tests.stores import NURSE, Clock, bob, make_app

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
THREE_DAYS_BEFORE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
ONE_DAY_BEFORE = datetime(2026, 12, 6, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLINIC = {"INFUSIONS_CLINIC__NAME": "Example clinic", "INFUSIONS_CLINIC__ADDRESS": "1 Example Street"}

Pass = Callable[[datetime], TickResult]


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer) -> App:
    clock.at = FRIDAY
    return make_app(engine, clock, CLINIC | mail_server.environ())


@pytest.fixture
def at(app: App, clock: Clock) -> Pass:
    def pass_at(now: datetime) -> TickResult:
        clock.at = now
        return tick(app, now)

    return pass_at


def start(app: App) -> UUID:
    return start_course(app, bob(), by=NURSE)


def feed(app: App, course: UUID, reader: Reader = Reader.PATIENT) -> tuple[UUID, str]:
    made = new_feed(
        app,
        course,
        name="phone",
        reader=reader,
        detail=Detail.DISCREET,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
    )
    return made.id, made.address.rpartition("/")[2].removesuffix(".ics")


def files(mail: Received) -> list[EmailMessage]:
    return [part for part in mail.message.walk() if part.get_content_type() == "text/calendar"]


def content_of(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def event_of(part: EmailMessage) -> tuple[str, Any]:
    """The method and the one event, as another program reads the file."""
    content = content_of(part)
    assert content.count(b"\r\n") == content.count(b"\n")
    calendar = Calendar.from_ical(content)
    assert part.get_param("method") == calendar["METHOD"]
    [event] = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def test_without_a_feed_the_visit_comes_as_a_discreet_file(app: App, at: Pass, mail_server: MailServer) -> None:
    start(app)
    at(THREE_DAYS_BEFORE)
    [mail] = mail_server.mails()
    assert mail.message.get_content_type() == "multipart/mixed"
    [part] = files(mail)
    assert part.get_filename() == "date.ics"
    assert part.get_content_disposition() == "attachment"
    method, event = event_of(part)
    assert (method, event["SUMMARY"], event["STATUS"]) == ("PUBLISH", "Appointment", "CONFIRMED")
    assert event["DTSTART"].dt == datetime(2026, 12, 7, 14, 0, tzinfo=UTC)
    assert event["ORGANIZER"] == "mailto:clinic@clinic.example"
    for told in (b"inotuzumab", b"Example", b"Bob", b"cycle", b"X-WR-CALNAME"):
        assert told not in content_of(part)


def test_the_file_has_the_uid_of_the_feed_and_a_change_a_higher_sequence(
    app: App, at: Pass, mail_server: MailServer, clock: Clock
) -> None:
    course = start(app)
    choose(app, course, "patient", Wish(days={}, calendar=CalendarFiles.ALWAYS), by=NURSE)
    _, token = feed(app, course)
    at(THREE_DAYS_BEFORE)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
    at(THREE_DAYS_BEFORE + HOUR)
    record(
        app,
        course,
        Hold(cycle=1, day=1, on=date(2026, 12, 4), cause=HoldCause.CLINIC),
        by=NURSE,
        patient_told=True,
    )
    at(THREE_DAYS_BEFORE + 2 * HOUR)
    seen = [event_of(files(mail)[0]) for mail in mail_server.mails()]
    assert [method for method, _ in seen] == ["PUBLISH", "PUBLISH", "CANCEL"]
    sequences = [event["SEQUENCE"] for _, event in seen]
    assert sequences == sorted(set(sequences))
    [uid] = {str(event["UID"]) for _, event in seen}
    in_feed = {
        str(event["UID"]): event for event in Calendar.from_ical(FeedServer(app).fetch(token, "").body).walk("VEVENT")
    }
    assert in_feed[uid]["SEQUENCE"] == sequences[-1]
    assert in_feed[uid]["STATUS"] == seen[-1][1]["STATUS"] == "CANCELLED"


def test_each_visit_of_a_change_is_a_file_of_its_own(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
    at(THREE_DAYS_BEFORE)
    parts = files(mail_server.mails()[-1])
    assert len(parts) > 2
    assert [part.get_filename() for part in parts[:3]] == ["date.ics", "date-2.ics", "date-3.ics"]
    assert len({str(event_of(part)[1]["UID"]) for part in parts}) == len(parts)


def test_with_a_live_feed_none_comes_and_again_once_it_is_revoked(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    id_, _ = feed(app, course)
    at(THREE_DAYS_BEFORE)
    revoke_feed(app, id_, by=NURSE)
    at(ONE_DAY_BEFORE)
    assert [len(files(mail)) for mail in mail_server.mails()] == [0, 1]


def test_none_comes_to_those_who_want_none(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    choose(app, course, "patient", Wish(days={Kind.CHECK: ()}, calendar=CalendarFiles.NEVER), by=NURSE)
    at(THREE_DAYS_BEFORE)
    assert files(mail_server.mails()[0]) == []


def test_a_carers_file_follows_the_carers_own_feed_and_detail(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    feed(app, course, Reader.PATIENT)
    dora = NewCarer(
        name="Dora",
        email="dora@carers.example",
        consent=True,
        language="en",
        zone="America/New_York",
        detail=Detail.FULL,
    )
    add_carer(app, course, dora, by=NURSE)
    at(THREE_DAYS_BEFORE)
    by_address = {mail.to[0]: files(mail) for mail in mail_server.mails()}
    assert by_address["bob@patients.example"] == []
    _, event = event_of(by_address["dora@carers.example"][0])
    assert "cycle 1 day 1" in event["SUMMARY"]
