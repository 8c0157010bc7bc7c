"""Every answer at every step of the conversation with a mail server: what it costs, whom it stops, what the log says."""

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from db.engine import make_engine, reading
from db.outbox_store import State, attempts_of, suppressions
from service.courses import start_course
from service.messages import list_messages
from service.wiring import App
from service.worker import MailsStopped, tick
from service.worklist import Todo, worklist
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
ANN, BEN = "ann@patients.example", "ben@patients.example"
LATER, OURS, DEAD = "later", "ours", "dead"

# Step, answer, what it leads to for the first mail, whether the address is suppressed.
ANSWERS: list[tuple[str, str, str, bool]] = [
    ("CONNECT", "421 4.3.2 busy", OURS, False),
    ("CONNECT", "450 4.3.0 not now", OURS, False),
    ("CONNECT", "451 4.3.0 trouble", OURS, False),
    ("CONNECT", "550 5.7.1 you are not known here", OURS, False),
    ("CONNECT", "drop", OURS, False),
    ("EHLO", "421 4.3.2 busy", OURS, False),
    ("EHLO", "450 4.3.0 not now", OURS, False),
    ("EHLO", "451 4.3.0 trouble", OURS, False),
    ("EHLO", "550 5.7.1 say your name", OURS, False),
    ("EHLO", "drop", OURS, False),
    ("MAIL", "421 4.3.2 busy", LATER, False),
    ("MAIL", "450 4.1.8 not now", LATER, False),
    ("MAIL", "451 4.3.0 trouble", LATER, False),
    ("MAIL", "550 5.7.1 not you", OURS, False),
    ("MAIL", "drop", LATER, False),
    ("RCPT", "421 4.3.2 busy", LATER, False),
    ("RCPT", "450 4.2.0 greylisted", LATER, False),
    ("RCPT", "451 4.3.0 trouble", LATER, False),
    ("RCPT", "550 no such user", DEAD, True),
    ("RCPT", "550 5.1.1 no such user", DEAD, True),
    ("RCPT", "553 5.1.3 a strange address", DEAD, True),
    ("RCPT", "550 5.1.8 your domain is unknown", OURS, False),
    ("RCPT", "552 5.2.2 mailbox full", DEAD, False),
    ("RCPT", "554 5.7.1 relay access denied", LATER, False),
    ("RCPT", "550 5.7.26 not authenticated", LATER, False),
    ("RCPT", "drop", LATER, False),
    ("DATA", "421 4.3.2 busy", LATER, False),
    ("DATA", "450 4.3.0 not now", LATER, False),
    ("DATA", "451 4.3.0 trouble", LATER, False),
    ("DATA", "550 5.6.0 not like this", DEAD, False),
    ("DATA", "554 5.7.1 a policy", LATER, False),
    ("DATA", "drop", LATER, False),
    ("END", "421 4.3.2 busy", LATER, False),
    ("END", "450 4.3.0 not now", LATER, False),
    ("END", "451 4.3.0 trouble", LATER, False),
    ("END", "550 5.6.0 spam", DEAD, False),
    ("END", "550 5.7.1 a policy", LATER, False),
    ("END", "drop", LATER, False),
]


@pytest.fixture
def app(sqlite_url: str, clock: Clock, mail_server: MailServer) -> App:
    clock.at = FRIDAY
    return make_app(make_engine(sqlite_url), clock, mail_server.environ())


def start(app: App) -> dict[str, UUID]:
    """Two patients, each with a mail due, Ann's first."""
    return {address: start_course(app, bob(email=address), by=NURSE) for address in (ANN, BEN)}


def passes(app: App, clock: Clock) -> int:
    """Passes of two hours after the mails became due; how many of them were stopped."""
    stopped = 0
    for minutes in (0, 1, 5, 12, 25, 40, 60, 90, 120):
        clock.at = DUE + timedelta(minutes=minutes)
        try:
            tick(app, clock.at)
        except MailsStopped:
            stopped += 1
    return stopped


def state(app: App, course: UUID) -> State:
    found = [each for each in list_messages(app, course) if each.kind == "visit" and each.offset_days == 3]
    return next(each.state for each in found if each.event_key == "c1d1/infusion")


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case[0]} {case[1]}")
def test_one_bad_answer_costs_at_most_its_own_mail(
    app: App, clock: Clock, mail_server: MailServer, caplog: pytest.LogCaptureFixture, case: tuple[str, str, str, bool]
) -> None:
    step, answer, leads_to, suppressed = case
    courses = start(app)
    mail_server.answer(step, answer)
    if step == "EHLO":
        mail_server.answer("HELO", answer)
    with caplog.at_level(logging.INFO):
        stopped = passes(app, clock)
    received = Counter(mail.to[0] for mail in mail_server.mails())
    assert received[BEN] == 1, "nobody else is stopped"
    assert received[ANN] == (0 if leads_to == DEAD else 1)
    assert state(app, courses[ANN]) is (State.DEAD if leads_to == DEAD else State.SENT)
    assert stopped == (1 if leads_to == OURS else 0)
    with reading(app.engine) as session:
        assert [row[0] for row in suppressions(session, 1)] == ([ANN] if suppressed else [])
        message = next(each for each in list_messages(app, courses[ANN]) if each.state in {State.SENT, State.DEAD})
        answers = [each.answer for each in attempts_of(session, [message.id])]
    phone = [line.course_id for line in worklist(app) if line.todo is Todo.PHONE]
    assert phone == ([courses[ANN]] if leads_to == DEAD else [])
    if leads_to == OURS:
        told = [line for line in caplog.records if getattr(line, "action", "") == "breaker_opened"]
        assert len(told) == 1, "one clear line"
        assert "check [smtp]" in told[0].getMessage() or "wait, or ask" in told[0].getMessage()
        assert [each for each in answers if not each.startswith(("sent", "ours"))] == []
    else:
        told = [line for line in caplog.records if line.levelno == logging.WARNING and "mail " in line.getMessage()]
        assert len(told) == 1
        assert str(courses[ANN]) in told[0].getMessage()
        assert "patients.example" not in caplog.text
    assert "Traceback" not in caplog.text


def test_a_relay_that_refuses_everybody_stops_the_mails_and_burns_none(
    app: App, clock: Clock, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    addresses = [f"patient{number}@patients.example" for number in range(6)]
    for address in addresses:
        start_course(app, bob(email=address), by=NURSE)
    mail_server.answer("RCPT", "always 554 5.7.1 relay access denied")
    with caplog.at_level(logging.ERROR), pytest.raises(MailsStopped, match=r"554 5\.7\.1 at RCPT.*check \[smtp\]"):
        tick(app, DUE)
    assert [line.action for line in caplog.records] == ["breaker_opened"]  # type: ignore[attr-defined]
    tried = [each for each in list_messages(app) if each.first_tried_at]
    assert len(tried) == 3, "three in a row are enough"
    for minutes in (1, 3, 8):  # while it lasts one mail tries now and then
        clock.at = DUE + timedelta(minutes=minutes)
        with pytest.raises(MailsStopped):
            tick(app, clock.at)
    mail_server.answer("RCPT", "take")
    clock.at = DUE + timedelta(hours=2)
    tick(app, clock.at)
    tick(app, clock.at + timedelta(hours=4))
    assert Counter(mail.to[0] for mail in mail_server.mails()) == dict.fromkeys(addresses, 1)
    with reading(app.engine) as session:
        assert suppressions(session, 1) == ()


def test_one_recipient_whose_server_bars_us_stops_nobody_and_comes_to_the_worklist(
    app: App, clock: Clock, mail_server: MailServer
) -> None:
    courses = start(app)
    mail_server.answer(f"RCPT {ANN}", "always 550 5.7.1 we do not take mails from you")
    for hour in range(72):
        clock.at = DUE + timedelta(hours=hour)
        tick(app, clock.at)
    assert Counter(mail.to[0] for mail in mail_server.mails()) == {BEN: 2}
    assert {line.course_id for line in worklist(app) if line.todo is Todo.PHONE} == {courses[ANN]}
    states = {each.state for each in list_messages(app, courses[ANN]) if each.event_key == "c1d1/infusion"}
    assert states == {State.EXPIRED}
    with reading(app.engine) as session:
        assert suppressions(session, 1) == ()
