"""The breaker: while the fault is ours, one alarm is raised, the mails of all processes wait, and nothing is used up."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db.engine import writing
from db.outbox_store import State
from db.sending_store import take_trial
from reminders.channels import Outgoing, SmtpChannel
from service import sending
from service.courses import start_course
from service.loading import NotFound
from service.messages import list_messages
from service.wiring import App
from service.worker import MailsStopped, tick
from tests.cli import NOW, Infusions
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
REFUSED = "550 5.7.60 not allowed to send as this address"


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer) -> App:
    """Three patients with a mail due, and another process's view of the same database."""
    clock.at = FRIDAY
    app = make_app(engine, clock, mail_server.environ())
    for name in ("ann", "ben", "cem"):
        start_course(app, bob(email=f"{name}@patients.example"), by=NURSE)
    clock.at = DUE
    return app


def stopped_at(app: App, minutes: float) -> str:
    with pytest.raises(MailsStopped) as told:
        tick(app, DUE + timedelta(minutes=minutes))
    return str(told.value)


def test_it_opens_once_waits_longer_each_time_lets_one_mail_try_and_closes_when_that_went(
    app: App, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail_server.answer("MAIL", REFUSED, REFUSED)
    with caplog.at_level(logging.INFO):
        assert "said 550 5.7.60 at MAIL" in stopped_at(app, 0)
        assert "mails are stopped since 2026-12-04 14:00 UTC" in stopped_at(app, 0.2), "nobody asks the server"
        assert "said 550 5.7.60 at MAIL" in stopped_at(app, 1), "one tries"
        assert "the next try is at 14:02 UTC" in stopped_at(app, 1.5)
        assert tick(app, DUE + timedelta(minutes=3)).sent == 3
    alarms = [line for line in caplog.records if line.levelno >= logging.ERROR]
    assert [getattr(line, "action", "") for line in alarms] == ["breaker_opened"]
    assert "patients.example" not in caplog.text
    assert sending.stopped(app) is None
    assert len(mail_server.mails()) == 3


def test_nothing_of_what_waits_is_used_up_however_long_it_takes(app: App, mail_server: MailServer) -> None:
    mail_server.answer("MAIL", f"always {REFUSED}")
    for minutes in range(0, 240, 7):
        stopped_at(app, minutes)
    waiting = [each for each in list_messages(app) if each.send_after <= DUE]
    assert {(each.state, each.message_id) for each in waiting} == {(State.WAITING, None)}
    breaker = sending.stopped(app)
    assert breaker is not None
    assert breaker.tries < 20, "a sign-in tried all the time may lock the account"
    mail_server.answer("MAIL")
    assert tick(app, DUE + timedelta(hours=5)).sent == 3


def test_of_two_processes_only_one_tries(app: App, mail_server: MailServer) -> None:
    mail_server.answer("MAIL", REFUSED)
    stopped_at(app, 0)
    with writing(app.engine) as session:
        assert take_trial(session, DUE + timedelta(minutes=1)), "the other process"
    stopped_at(app, 1)
    assert mail_server.mails() == ()


def test_a_refusal_of_one_address_closes_it_too(app: App, mail_server: MailServer) -> None:
    mail_server.answer("MAIL", REFUSED)
    stopped_at(app, 0)
    mail_server.answer("RCPT", "550 5.1.1 no such user")
    done = tick(app, DUE + timedelta(minutes=1))
    assert (done.sent, done.failed) == (2, 1)
    assert sending.stopped(app) is None


def test_a_pause_holds_until_it_is_ended_and_no_try_ends_it(app: App, mail_server: MailServer) -> None:
    sending.pause(app, by=NURSE)
    assert "paused by alice" in stopped_at(app, 0)
    stopped_at(app, 60)
    assert mail_server.mails() == ()
    sending.resume(app, by=NURSE)
    assert tick(app, DUE + timedelta(hours=1)).sent == 3
    with pytest.raises(NotFound, match="nothing to start"):
        sending.resume(app, by=NURSE)


def test_a_pause_stops_a_pass_under_way_after_the_mail_that_is_being_sent(
    app: App, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = SmtpChannel.send

    def and_pause(channel: SmtpChannel, mail: Outgoing, meanwhile: Callable[[], None]) -> str:
        sending.pause(app, by=NURSE)
        return send(channel, mail, meanwhile)

    monkeypatch.setattr(SmtpChannel, "send", and_pause)
    stopped_at(app, 0)
    assert len(mail_server.mails()) == 1
    assert {each.state for each in list_messages(app) if each.send_after <= DUE} == {State.SENT, State.WAITING}


def test_a_clock_that_was_a_day_ahead_keeps_nothing_stopped(app: App, mail_server: MailServer) -> None:
    mail_server.answer("MAIL", REFUSED)
    with pytest.raises(MailsStopped):
        tick(app, DUE + timedelta(days=1))
    assert tick(app, DUE + timedelta(minutes=1)).sent == 3


def test_the_command_line_pauses_starts_and_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    infusions = Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW}).migrated()
    infusions.done("reminders", "stop")
    assert infusions.done("reminders", "list").out.startswith("Attention: mails are stopped since ")
    assert "paused by cli" in infusions.done("reminders", "list", "--json").json()["stopped"]
    told = infusions("doctor")
    assert told.code == 1
    assert "MEND  sending: mails are stopped since" in told.out
    infusions.done("reminders", "start")
    assert "ok    sending: nothing stops the mails" in infusions("doctor").out
    assert "nothing to start" in infusions.refused("reminders", "start")
