"""Through a real mail server: what arrives, and what each kind of answer leads to. On both kinds of database."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from db.engine import reading
from db.outbox_store import State, StoredAttempt, StoredMessage, attempts_of
from scheduler.actions import Cease, CeaseCause, Defer, Hold, HoldCause
from service.courses import record, start_course, tell_patient
from service.messages import list_messages
from service.wiring import App
from service.worker import MailsStopped, TickResult, tick
from tests.smtp_server import TLS, MailServer
from tests.stores import NURSE, Clock, bob, make_app

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
THREE_DAYS_BEFORE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)  # 9:00 in New York, before Monday 7 December
ONE_DAY_BEFORE = datetime(2026, 12, 6, 14, 0, tzinfo=UTC)
VISIT = "c1d1/infusion"
CLINIC = {
    "INFUSIONS_CLINIC__NAME": "Example clinic",
    "INFUSIONS_CLINIC__PHONE": "+1 212 555 0100",
    "INFUSIONS_CLINIC__AFTER_HOURS_PHONE": "+1 212 555 0199",
    "INFUSIONS_CLINIC__ADDRESS": "1 Example Street, New York",
}


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer) -> App:
    """The program with the mail server in its settings, on the Friday before Bob's first visit, at seven."""
    clock.at = FRIDAY
    return make_app(engine, clock, CLINIC | mail_server.environ(REPLY_TO="desk@clinic.example"))


@pytest.fixture
def at(app: App, clock: Clock) -> Callable[[datetime], TickResult]:
    """Moves the clock there and makes a pass."""

    def pass_at(now: datetime) -> TickResult:
        clock.at = now
        return tick(app, now)

    return pass_at


Pass = Callable[[datetime], TickResult]


def start(app: App, *, email: str = "bob@patients.example") -> UUID:
    return start_course(app, bob(email=email), by=NURSE)


def visit(app: App, course: UUID, offset: int = 3) -> StoredMessage:
    found = [each for each in list_messages(app, course) if each.event_key == VISIT and each.offset_days == offset]
    return found[-1]


def first_tried(message: StoredMessage) -> datetime:
    """In whole seconds, as mails tell it. A pass runs on from its instant: on a busy machine by a second or two."""
    assert message.first_tried_at is not None
    return message.first_tried_at.replace(microsecond=0)


def attempts(app: App, message: StoredMessage) -> list[StoredAttempt]:
    with reading(app.engine) as session:
        return list(attempts_of(session, [message.id]))


def test_a_reminder_arrives_with_its_headers_and_the_same_words_twice(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    assert at(THREE_DAYS_BEFORE) == TickResult(planned=1, sent=1)
    [mail] = mail_server.mails()
    assert re.fullmatch(r"clinic\+b\d+-[a-z2-7]{16}@clinic\.example", mail.sender)
    assert mail.to == ("bob@patients.example",)
    message = mail.message
    assert message["Subject"] == "Your appointment on Monday 7 December"
    assert message["From"] == "clinic@clinic.example"
    assert message["To"] == "bob@patients.example"
    assert message["Reply-To"] == "desk@clinic.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@clinic.example>")
    assert parsedate_to_datetime(message["Date"]) == first_tried(visit(app, course))
    assert message.get_content_type() == "multipart/mixed"  # Bob has no feed, so the visit comes as a file, too
    for words in (mail.text, mail.html):
        plain = " ".join(words.split())
        for said in ("Monday 7 December 2026", "08:30 (Eastern Time)", "not before 11:00", "1 Example Street"):
            assert said in plain
    sent = visit(app, course)
    assert (sent.state, sent.message_id) == (State.SENT, message["Message-ID"])
    assert [each.answer for each in attempts(app, sent)] == ["sent 250 2.0.0"]
    assert b"\r\n" in mail.content
    assert b"\n" not in mail.content.replace(b"\r\n", b"")


def test_rows_that_fall_on_one_day_are_lines_of_one_mail_with_one_message_id(
    engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    clock.at = FRIDAY
    app = make_app(engine, clock, mail_server.environ() | {"INFUSIONS_REMINDERS__TASK_DAYS_BEFORE": "[0]"})
    course = start(app)
    clock.at = THREE_DAYS_BEFORE  # the checks of day 1 are on this day, and the visit in three days
    assert tick(app, clock.at) == TickResult(planned=3, sent=1)
    [mail] = mail_server.mails()
    assert "Your checks" in mail.text
    assert "Monday 7 December" in mail.text
    sent = [each for each in list_messages(app, course) if each.state is State.SENT]
    assert {each.message_id for each in sent} == {mail.message["Message-ID"]}
    assert {each.kind for each in sent} == {"visit", "check"}


def test_nothing_is_sent_twice_nor_before_its_time(app: App, at: Pass, mail_server: MailServer) -> None:
    start(app)
    assert at(THREE_DAYS_BEFORE - timedelta(seconds=1)).sent == 0
    at(THREE_DAYS_BEFORE)
    for _ in range(3):
        assert at(THREE_DAYS_BEFORE + timedelta(minutes=1)).sent == 0
    assert len(mail_server.mails()) == 1


def test_an_empty_pass_does_not_even_connect(app: App, at: Pass, mail_server: MailServer) -> None:
    start(app)
    mail_server.stop()
    assert at(datetime(2026, 12, 2, 14, 0, tzinfo=UTC)) == TickResult()


def test_a_moved_dose_sends_nothing_for_its_old_time(app: App, at: Pass, mail_server: MailServer, clock: Clock) -> None:
    course = start(app)
    clock.at = datetime(2026, 12, 10, 15, 0, tzinfo=UTC)
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 16)), by=NURSE)
    at(clock.at + timedelta(minutes=10))
    [notice] = mail_server.mails()
    assert notice.message["Subject"] == "A change to your appointments"
    assert "Monday 14 December 2026, 09:00 has moved. It is now on Wednesday 16 December 2026, 09:00." in " ".join(
        notice.text.split()
    )
    for day in (11, 12, 13, 14, 15):
        at(datetime(2026, 12, day, 14, 30, tzinfo=UTC))
    subjects = [mail.message["Subject"] for mail in mail_server.mails()[1:]]
    assert subjects == [
        "Your appointment on Wednesday 16 December",  # three days before the new date
        "Your check on Tuesday 15 December",
        "Your appointment on Wednesday 16 December",
    ]


def test_a_cancelled_dose_sends_nothing_but_the_notice_once_the_patient_was_told(
    app: App, at: Pass, mail_server: MailServer, clock: Clock
) -> None:
    course = start(app)
    clock.at = datetime(2026, 12, 10, 12, 0, tzinfo=UTC)
    record(app, course, Cease(on=date(2026, 12, 10), cause=CeaseCause.TOXICITY), by=NURSE)
    for day in (11, 12, 13):
        assert at(datetime(2026, 12, day, 14, 30, tzinfo=UTC)).sent == 0
    tell_patient(app, course, 1, by=NURSE)
    at(clock.at + timedelta(minutes=10))
    [notice] = mail_server.mails()
    assert "Your appointment on Monday 14 December 2026, 09:00 will not take place." in " ".join(notice.text.split())
    assert "toxicity" not in notice.text
    assert "Cease" not in notice.text


def test_a_row_that_no_longer_stands_is_withdrawn_by_the_look_just_before_sending(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    from sqlalchemy import text

    from db.engine import writing

    with writing(app.engine) as session:  # as if an older program had moved the event and forgotten the outbox
        session.connection().execute(text("UPDATE event SET sequence = 5 WHERE key = :key"), {"key": VISIT})
    assert at(THREE_DAYS_BEFORE).sent == 0
    assert visit(app, course).state is State.SUPERSEDED
    with writing(app.engine) as session:
        session.connection().execute(text("UPDATE course SET consent = :no"), {"no": False})
    assert at(datetime(2026, 12, 11, 14, 0, tzinfo=UTC)).sent == 0
    assert mail_server.mails() == ()


def test_nothing_goes_in_the_quiet_hours_even_when_it_is_due(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    night = datetime(2026, 12, 5, 3, 0, tzinfo=UTC)  # 22:00 in New York: the service was down since the morning
    assert at(night).sent == 0
    assert visit(app, course).send_after == datetime(2026, 12, 5, 13, 0, tzinfo=UTC)
    assert at(datetime(2026, 12, 5, 12, 59, tzinfo=UTC)).sent == 0
    assert at(datetime(2026, 12, 5, 14, 0, tzinfo=UTC)).sent == 1, "with the mails of that day, at nine"


def test_what_is_late_goes_in_one_mail_with_what_is_due(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    assert at(ONE_DAY_BEFORE + timedelta(hours=1)) == TickResult(planned=2, sent=1)  # down since Friday
    [mail] = mail_server.mails()
    assert mail.text.count("Monday 7 December 2026") == 1, "the visit stands in it once"
    assert {visit(app, course, days).message_id for days in (1, 3)} == {mail.message["Message-ID"]}


def test_after_two_days_of_silence_the_late_become_lines_of_the_worklist(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    result = at(datetime(2026, 12, 7, 12, 0, tzinfo=UTC))
    assert result.sent == 0
    assert result.expired == 2
    expired = [each for each in list_messages(app, course) if each.state is State.EXPIRED]
    assert {each.outcome for each in expired} == {"too late to mail; please phone"}
    assert mail_server.mails() == ()


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted", "451 4.3.0 try later", "421 4.3.2 shutting down", "drop"])
def test_a_refusal_for_now_is_tried_again_after_more_than_five_minutes(
    app: App, at: Pass, mail_server: MailServer, step: str, answer: str
) -> None:
    course = start(app)
    mail_server.answer(step, answer)
    assert at(THREE_DAYS_BEFORE) == TickResult(planned=1, failed=1)
    again = visit(app, course)
    assert again.state is State.WAITING
    assert timedelta(minutes=5) < again.send_after - THREE_DAYS_BEFORE < timedelta(minutes=11)
    assert at(THREE_DAYS_BEFORE + timedelta(minutes=5)).sent == 0
    assert at(again.send_after).sent == 1
    [mail] = mail_server.mails()
    first = first_tried(visit(app, course))
    assert first < again.send_after
    assert parsedate_to_datetime(mail.message["Date"]) == first, "the date of the first try"
    assert [each.answer.split()[0] for each in attempts(app, again)] == [
        "lost" if (step, answer) == ("END", "drop") else "retry",
        "sent",
    ]
    assert len({each.message_id for each in attempts(app, again)}) == 1


def test_a_mail_refused_again_and_again_expires_before_the_visit(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    mail_server.answer("RCPT", "always 450 4.2.0 greylisted")
    now, tries = ONE_DAY_BEFORE, 0
    while (message := visit(app, course, 1)).state is State.WAITING:
        now = max(now, message.send_after)
        at(now)
        tries += 1
        assert now < message.send_before
    assert message.state is State.EXPIRED
    assert 5 < tries < 15
    hours = {each.at.astimezone(UTC).hour for each in attempts(app, message)}
    assert hours.isdisjoint(set(range(1, 13))), "no try between 20:00 and 8:00 in New York"


def test_a_refused_address_is_dead_and_suppressed_and_stops_no_other(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    gone = start(app, email="gone@patients.example")
    here = start(app, email="here@patients.example")
    mail_server.answer("RCPT gone@patients.example", "550 5.1.1 <gone@patients.example> unknown")
    assert at(THREE_DAYS_BEFORE) == TickResult(planned=2, sent=1, failed=1)
    dead = visit(app, gone)
    assert (dead.state, dead.outcome) == (State.DEAD, "550 5.1.1 at RCPT; please phone")
    assert visit(app, here).state is State.SENT
    at(ONE_DAY_BEFORE)
    assert visit(app, gone, 1).outcome == "nothing goes to this address; please phone"
    assert attempts(app, visit(app, gone, 1)) == [], "nobody asked the server again"
    assert [mail.to for mail in mail_server.mails()] == [("here@patients.example",)] * 2


def test_a_refused_mail_is_dead_and_its_address_is_not_suppressed(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    mail_server.answer("END", "554 5.6.0 looks like spam")
    at(THREE_DAYS_BEFORE)
    assert visit(app, course).outcome == "554 5.6.0 at the end of DATA; please phone"
    assert at(ONE_DAY_BEFORE).sent == 1


@pytest.mark.parametrize(("step", "answer"), [("MAIL", "550 5.7.1 not you"), ("RCPT", "530 5.7.0 sign in first")])
def test_what_is_our_own_fault_stops_the_pass_and_uses_nothing_up(
    app: App, at: Pass, mail_server: MailServer, step: str, answer: str
) -> None:
    courses = [start(app, email=f"{name}@patients.example") for name in ("ann", "ben", "cem")]
    mail_server.answer(step, answer)
    with pytest.raises(MailsStopped, match=r"mail server 127\.0\.0\.1:\d+ said 5\d\d .*check \[smtp\]"):
        at(THREE_DAYS_BEFORE)
    assert mail_server.mails() == ()
    for course in courses:
        message = visit(app, course)
        assert (message.state, message.message_id, message.first_tried_at) == (State.WAITING, None, None)
        assert message.send_after == THREE_DAYS_BEFORE
    assert at(THREE_DAYS_BEFORE + timedelta(minutes=1)).sent == 3


def test_an_unreachable_server_is_one_sentence_and_nothing_is_touched(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    mail_server.stop()
    with pytest.raises(MailsStopped) as told:
        at(THREE_DAYS_BEFORE)
    assert str(told.value) == (
        f"mail server 127.0.0.1:{mail_server.port} can't be reached (Connection refused); check [smtp] host, port"
        " and tls; what is due waits and goes as soon as it can"
    )
    message = visit(app, course)
    assert (message.state, message.attempt, attempts(app, message)) == (State.WAITING, 0, [])
    mail_server.start()
    assert at(THREE_DAYS_BEFORE + timedelta(minutes=1)).sent == 1


def test_a_server_that_hangs_up_again_and_again_is_left_in_peace(app: App, at: Pass, mail_server: MailServer) -> None:
    for name in ("ann", "ben", "cem", "dan", "eve"):
        start(app, email=f"{name}@patients.example")
    mail_server.answer("RCPT", "always drop")
    with pytest.raises(MailsStopped, match="broke off at RCPT") as told:
        at(THREE_DAYS_BEFORE)
    assert told.value.result.failed == 3, "the other two were not tried"


def test_a_connection_that_ends_between_mails_costs_nothing(app: App, at: Pass, mail_server: MailServer) -> None:
    for name in ("ann", "ben", "cem"):
        start(app, email=f"{name}@patients.example")
    mail_server.answer("MAIL", "take", "drop", "take", "421 4.7.0 enough for one connection")
    assert at(THREE_DAYS_BEFORE) == TickResult(planned=3, sent=3)


def test_a_mail_lost_after_its_last_dot_is_sent_once_more_with_the_same_message_id(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    mail_server.answer("END", "take and drop")
    at(THREE_DAYS_BEFORE)
    lost = visit(app, course)
    assert lost.state is State.WAITING
    at(lost.send_after)
    first, second = mail_server.mails()
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.content == second.content
    assert visit(app, course).state is State.SENT


def test_a_mail_lost_twice_is_unknown_and_not_sent_a_third_time(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    mail_server.answer("END", "take and drop", "take and drop")
    at(THREE_DAYS_BEFORE)
    at(visit(app, course).send_after)
    assert visit(app, course).state is State.UNKNOWN
    assert at(THREE_DAYS_BEFORE + timedelta(hours=5)).sent == 0
    assert len({mail.message["Message-ID"] for mail in mail_server.mails()}) == 1


def test_an_address_in_another_script_is_written_to_where_the_server_can(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    start(app, email="björn@bücher.example")
    assert at(THREE_DAYS_BEFORE).sent == 1
    [mail] = mail_server.mails()
    assert mail.to == ("björn@xn--bcher-kva.example",)
    assert "björn@bücher.example".encode() in mail.content


def test_a_domain_in_another_script_needs_nothing_of_the_server(app: App, at: Pass, mail_server: MailServer) -> None:
    start(app, email="bob@bücher.example")
    assert at(THREE_DAYS_BEFORE).sent == 1
    assert mail_server.mails()[0].to == ("bob@xn--bcher-kva.example",)


@pytest.fixture
def another_server(tmp_path: Path) -> Iterator[Callable[..., MailServer]]:
    """Starts a mail server with options."""
    made: list[MailServer] = []

    def start_one(*options: str) -> MailServer:
        server = MailServer(folder=tmp_path / f"server-{len(made)}", options=options)
        server.start()
        made.append(server)
        return server

    yield start_one
    for server in made:
        server.stop()


def test_a_server_that_knows_only_ascii_makes_that_mail_dead_and_no_other(
    engine: Engine, clock: Clock, another_server: Callable[..., MailServer]
) -> None:
    server = another_server("--ascii-only")
    clock.at = FRIDAY
    app = make_app(engine, clock, server.environ())
    course = start(app, email="björn@patients.example")
    start(app)
    assert tick(app, THREE_DAYS_BEFORE) == TickResult(planned=2, sent=1, failed=1)
    assert visit(app, course).outcome == "no SMTPUTF8; please phone"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls_needs_a_certificate_that_can_be_trusted(
    engine: Engine,
    clock: Clock,
    another_server: Callable[..., MailServer],
    monkeypatch: pytest.MonkeyPatch,
    tls: str,
) -> None:
    server = another_server(f"--{tls}")
    clock.at = FRIDAY
    app = make_app(engine, clock, server.environ(TLS=tls))
    start(app)
    with pytest.raises(MailsStopped, match="certificate that can't be trusted"):
        tick(app, THREE_DAYS_BEFORE)
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "localhost.pem"))
    assert tick(app, THREE_DAYS_BEFORE + timedelta(minutes=1)).sent == 1


def test_starttls_is_required_and_never_left_out_silently(
    engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    clock.at = FRIDAY
    app = make_app(engine, clock, mail_server.environ(TLS="starttls"))
    start(app)
    with pytest.raises(MailsStopped, match="offers no STARTTLS"):
        tick(app, THREE_DAYS_BEFORE)
    assert mail_server.mails() == ()


def test_a_refused_sign_in_stops_the_pass_and_a_right_one_sends(
    engine: Engine, clock: Clock, another_server: Callable[..., MailServer], tmp_path: Path
) -> None:
    server = another_server("--password", "right")
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    clock.at = FRIDAY
    app = make_app(engine, clock, server.environ(USERNAME="clinic", PASSWORD_FILE=str(secret)))
    course = start(app)
    with pytest.raises(MailsStopped, match=r"refuses our sign-in \(535\)"):
        tick(app, THREE_DAYS_BEFORE)
    assert visit(app, course).attempt == 0
    secret.write_text("right\n")
    assert tick(app, THREE_DAYS_BEFORE + timedelta(minutes=1)).sent == 1


def test_a_broken_course_stops_no_other(app: App, at: Pass, mail_server: MailServer) -> None:
    broken, fine = start(app), start(app, email="ann@patients.example")
    from sqlalchemy import text

    from db.engine import writing

    with writing(app.engine) as session:
        words = {"id": broken.hex if app.engine.dialect.name == "sqlite" else str(broken)}
        session.connection().execute(text("UPDATE course SET language = 'xx' WHERE id = :id"), words)
    now = THREE_DAYS_BEFORE
    assert at(now) == TickResult(planned=2, sent=1, failed=1)
    assert visit(app, fine).state is State.SENT
    for _ in range(2):
        now = visit(app, broken).send_after
        at(now)
    dead = visit(app, broken)
    assert (dead.state, dead.outcome) == (
        State.DEAD,
        "the mail can't be written (KeyError); please phone, and report it",
    )


def test_a_hold_told_by_mail_names_no_cause(app: App, at: Pass, mail_server: MailServer, clock: Clock) -> None:
    course = start(app)
    clock.at = THREE_DAYS_BEFORE - timedelta(minutes=30)
    hold = Hold(cycle=1, day=8, on=date(2026, 12, 1), cause=HoldCause.LIVER, reason="ALT 400")
    record(app, course, hold, by=NURSE, patient_told=True)
    at(clock.at + timedelta(minutes=10))
    [mail] = mail_server.mails()
    plain = " ".join(mail.text.split())
    assert "Your appointment on Monday 14 December 2026, 09:00 will not take place. There is no new date yet." in plain
    assert "ALT" not in plain
    assert "birth control" not in plain.lower()


def test_a_patient_in_another_zone_gets_the_mail_at_nine_there_with_the_clinics_times(
    app: App, at: Pass, mail_server: MailServer, clock: Clock
) -> None:
    clock.at = datetime(2026, 12, 3, 15, 0, tzinfo=UTC)
    start_course(app, replace(bob(), patient_zone="Asia/Kolkata"), by=NURSE)
    nine_in_kolkata = datetime(2026, 12, 4, 3, 30, tzinfo=UTC)
    assert at(nine_in_kolkata - timedelta(minutes=1)).sent == 0
    assert at(nine_in_kolkata).sent == 1
    assert "08:30 (Eastern Time)" in mail_server.mails()[0].text
