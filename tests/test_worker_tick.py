"""Passes and the clock that starts them, with mails into the folder."""

import logging
import stat
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from db import outbox_claims as claims
from db.engine import make_engine, reading, writing
from db.outbox_claims import Mail
from db.outbox_store import State, StoredMessage, attempts_of, change
from reminders.channels import CHANNELS, DeliveryError, Fate, FolderChannel, Outgoing, SmtpChannel, SmtpServer
from reminders.dispatch import send_due
from reminders.post import Case
from scheduler.actions import Defer
from service import worker
from service.courses import record, start_course
from service.messages import list_messages, suppress
from service.sending import stopped
from service.way_out import channel_of, sender_of
from service.wiring import App
from service.worker import MailsStopped, TickResult, purge, run_clock, tick
from service.worklist import Todo, worklist
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app
from tests.test_smtp_steps import black_hole

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
LEASE = timedelta(minutes=5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def app(engine: Engine, clock: Clock, folder: Path) -> App:
    """The program with mails into a folder, on the Friday before Bob's first visit, at seven."""
    clock.at = FRIDAY
    return make_app(engine, clock, {"INFUSIONS_MAIL__FOLDER": str(folder)})


def start(app: App, email: str = "bob@patients.example") -> UUID:
    return start_course(app, bob(email=email), by=NURSE)


def due(app: App, course: UUID) -> StoredMessage:
    return list_messages(app, course)[0]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# -- A pass -----------------------------------------------------------------------------------------------------------


def test_without_a_mail_server_each_mail_is_a_file_that_only_its_owner_reads(app: App, folder: Path) -> None:
    course = start(app)
    assert tick(app, DUE) == TickResult(planned=1, sent=1)
    [name] = files(folder)
    assert name.startswith("20261204T1400")
    assert name.endswith(".eml")
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    message = message_from_bytes((folder / name).read_bytes(), policy=default)
    assert message["From"] == "reminders@calendar.example.org"
    assert message["Message-ID"] == due(app, course).message_id
    assert message["Message-ID"].endswith("@calendar.example.org>")


def test_an_empty_database_makes_an_empty_pass(app: App, folder: Path) -> None:
    assert tick(app, DUE) == TickResult()
    assert files(folder) == []


def test_a_folder_that_cannot_be_written_is_one_sentence_and_nothing_is_touched(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    clock.at = FRIDAY
    app = make_app(engine, clock, {"INFUSIONS_MAIL__FOLDER": str(tmp_path / "file" / "mail")})
    course = start(app)
    with pytest.raises(MailsStopped, match=r"mail folder .*: can't be written \(Not a directory\)"):
        tick(app, DUE)
    assert (due(app, course).state, due(app, course).attempt) == (State.WAITING, 0)


def test_a_password_file_that_cannot_be_read_is_one_sentence(app: App, tmp_path: Path) -> None:
    smtp = replace(app.settings.smtp, host="127.0.0.1", sender="a@b.example", password_file=tmp_path / "none")
    with pytest.raises(Exception, match=r"\[smtp\] password_file .*: can't be read \(No such file or directory\)"):
        channel_of(replace(app.settings, smtp=smtp))


@pytest.mark.parametrize(
    ("public_url", "sender", "address", "domain"),
    [
        ("https://calendar.example.org/x", "", "reminders@calendar.example.org", "calendar.example.org"),
        ("http://127.0.0.1:8000", "", "reminders@127.0.0.1", "127.0.0.1"),
        ("http://[::1]:8000", "", "reminders@localhost", "localhost"),
        ("http://127.0.0.1:8000", "team@clinic.example", "team@clinic.example", "clinic.example"),
    ],
)
def test_mails_come_from_the_senders_domain_or_the_services_own(
    app: App, public_url: str, sender: str, address: str, domain: str
) -> None:
    server = replace(app.settings.server, public_url=public_url)
    smtp = replace(app.settings.smtp, sender=sender)
    found = sender_of(replace(app.settings, server=server, smtp=smtp))
    assert (found.address, found.domain) == (address, domain)


def test_a_suppressed_address_gets_nothing_and_staff_are_asked_to_phone(app: App, folder: Path) -> None:
    course = start(app)
    suppress(app, "Bob@Patients.example", by=NURSE)
    assert tick(app, DUE) == TickResult(planned=1, failed=1)
    assert (due(app, course).state, due(app, course).outcome) == (
        State.DEAD,
        "nothing goes to this address; please phone",
    )
    assert files(folder) == []


# -- An action of staff in the middle of a pass -----------------------------------------------------------------------


def test_an_action_between_the_look_and_the_mark_is_seen(app: App, clock: Clock, folder: Path) -> None:
    course = start(app)
    clock.at = DUE
    post = worker._post(app, lambda: DUE, threading.Event())
    moved: list[bool] = []

    def load(mails: Sequence[Mail]) -> Callable[[UUID], Case]:
        cases = post.load(mails)
        if not moved:
            moved.append(True)
            record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
        return cases

    tally = send_due(replace(post, load=load))
    assert (tally.due, tally.sent) == (1, 0)
    assert files(folder) == []
    assert due(app, course).state is State.SUPERSEDED


def test_a_course_that_never_stands_still_is_left_for_the_next_pass(app: App, folder: Path) -> None:
    course = start(app)
    post = worker._post(app, lambda: DUE, threading.Event())

    def load(mails: Sequence[Mail]) -> Callable[[UUID], Case]:
        cases = post.load(mails)
        return lambda course_id: replace(cases(course_id), standing=replace(cases(course_id).standing, columns=()))

    assert send_due(replace(post, load=load)).sent == 0
    assert due(app, course).send_after == DUE + timedelta(minutes=1)
    assert tick(app, DUE + timedelta(minutes=1)).sent == 1


# -- Leases -----------------------------------------------------------------------------------------------------------


def claim(app: App, now: datetime, owner: str = "one") -> tuple[Mail, ...]:
    with writing(app.engine) as session:
        return claims.claim(session, owner=owner, now=now, lease_until=now + LEASE, limit=10)


def begin(app: App, mail: Mail, now: datetime) -> None:
    with writing(app.engine) as session:
        claims.begin(session, mail, message_id="<first@clinic.example>", now=now, lease_until=now + LEASE)


def test_what_one_worker_holds_no_other_gets_until_its_lease_runs_out(app: App) -> None:
    course = start(app)
    assert len(claim(app, DUE)) == 1
    assert claim(app, DUE, "two") == ()
    with writing(app.engine) as session:
        assert claims.reap(session, now=DUE + LEASE, worker="reap") == 0, "not a moment too early"
        assert claims.reap(session, now=DUE + LEASE + timedelta(seconds=1), worker="reap") == 1
    [mail] = claim(app, DUE + LEASE, "two")
    assert mail.messages[0].attempt == 2
    with reading(app.engine) as session:
        assert attempts_of(session, [due(app, course).id]) == (), "claimed and not begun does not count"


def test_who_lost_the_lease_completes_nothing(app: App) -> None:
    course = start(app)
    [old] = claim(app, DUE)
    begin(app, old, DUE)
    later = DUE + LEASE + timedelta(seconds=1)
    with writing(app.engine) as session:
        claims.reap(session, now=later, worker="reap")
    [new] = claim(app, later + timedelta(minutes=1), "two")
    with writing(app.engine) as session:
        assert claims.complete(session, old, State.SENT, now=later) == 0
        assert claims.wait_again(session, old) == 0
        assert claims.held(session, old).messages == ()
    assert due(app, course).owner == "two"
    with writing(app.engine) as session:
        assert claims.complete(session, new, State.SENT, now=later) == 1


def test_the_third_worker_that_dies_over_a_mail_makes_it_dead_and_it_keeps_its_message_id(app: App) -> None:
    course, now = start(app), DUE
    for death in (1, 2, 3):
        [mail] = claim(app, now, f"worker {death}")
        assert mail.message_id == (None if death == 1 else "<first@clinic.example>")
        begin(app, mail, now)
        now += LEASE + timedelta(seconds=1)
        with writing(app.engine) as session:
            claims.reap(session, now=now, worker="reap")
        now += timedelta(minutes=5)
    dead = due(app, course)
    assert (dead.state, dead.outcome) == (State.DEAD, "3 workers died while it was being sent")
    with reading(app.engine) as session:
        tries = attempts_of(session, [dead.id])
    assert [(each.worker, each.answer) for each in tries] == [(f"worker {death}", "died") for death in (1, 2, 3)]


def test_what_is_sent_long_before_its_day_takes_nothing_along_that_is_due_then(app: App) -> None:
    course = start(app)
    first, second = [each.id for each in list_messages(app, course)][:2]
    with writing(app.engine) as session:
        change(session, [first, second], group_date=date(2026, 12, 20), send_after=DUE)
        change(session, [second], send_after=DUE + timedelta(days=16))
    assert [mail.ids for mail in claim(app, DUE)] == [(first,)]


def test_what_a_dead_worker_held_is_given_back_however_late_it_is_due(app: App) -> None:
    course = start(app)
    claim(app, DUE)
    with writing(app.engine) as session:
        change(session, [due(app, course).id], send_after=DUE + timedelta(days=30))
        assert claims.reap(session, now=DUE + LEASE + timedelta(seconds=1), worker="reap") == 1
    assert due(app, course).state is State.WAITING


def test_a_mail_that_may_have_arrived_takes_no_other_row_along(app: App, folder: Path) -> None:
    course = start(app)
    [mail] = claim(app, DUE)
    begin(app, mail, DUE)
    monday = datetime(2026, 12, 6, 14, 0, tzinfo=UTC)
    assert tick(app, monday) == TickResult(planned=1, sent=1)
    assert tick(app, monday + timedelta(minutes=1)) == TickResult(planned=1, sent=1), "the one begun, by itself"
    sent = {each.message_id for each in list_messages(app, course) if each.state is State.SENT}
    assert len(sent) == 2
    assert "<first@clinic.example>" in sent
    assert "20261204T140000Z-first@clinic.eml" in files(folder), "dated when it was first begun"


def test_attempts_are_never_altered(app: App) -> None:
    start(app)
    tick(app, DUE)
    with pytest.raises(Exception, match="attempt is appended only"), writing(app.engine) as session:
        session.connection().execute(text("UPDATE attempt SET answer = 'x'"))


def test_withdrawn_reminders_are_forgotten_after_90_days_and_what_was_sent_is_kept(app: App, clock: Clock) -> None:
    course = start(app)
    tick(app, DUE)
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 16)), by=NURSE)
    withdrawn = [each for each in list_messages(app, course) if each.state is State.SUPERSEDED]
    assert purge(app, clock.at + timedelta(days=90)) == 0
    assert purge(app, clock.at + timedelta(days=91)) == len(withdrawn)
    assert State.SENT in {each.state for each in list_messages(app, course)}


def test_five_hundred_of_many_are_found_by_index_alone(sqlite_url: str) -> None:
    """Each look-up of a mail's other rows must go by its course and day: by time alone it would read all that is due."""
    steps = steps_of(claims._heads(DUE).limit(50), sqlite_url)
    assert any("head USING INDEX ix_outbox_due" in step for step in steps), steps
    assert any("other USING INDEX" in step and "course_id=? AND group_date=?" in step for step in steps), steps


def test_what_dead_workers_left_is_looked_for_among_what_is_held_alone(sqlite_url: str) -> None:
    assert steps_of(claims._left_by_the_dead(DUE), sqlite_url) == ["SCAN outbox USING INDEX ix_outbox_held"]


def steps_of(query: Any, url: str) -> list[str]:
    """How SQLite goes about it."""
    engine = make_engine(url)
    statement = query.compile(engine, compile_kwargs={"literal_binds": True})
    with reading(engine) as session:
        plan = session.connection().execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
    engine.dispose()
    return [row[3] for row in plan]


# -- The clock --------------------------------------------------------------------------------------------------------


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_the_clock_ticks_at_once_and_again_and_stops_cleanly(engine: Engine, clock: Clock, folder: Path) -> None:
    clock.at = FRIDAY
    settings = {"INFUSIONS_MAIL__FOLDER": str(folder), "INFUSIONS_REMINDERS__TICK_SECONDS": "1"}
    app = make_app(engine, clock, settings)
    start(app)
    running = run_clock(app)
    try:
        jobs = {job.id: job for job in running.scheduler.get_jobs()}
        assert {"tick", "reap", "purge"} <= set(jobs)
        for name in ("tick", "reap", "purge"):
            job = jobs[name]
            assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)
            assert type(job.trigger).__name__ == "IntervalTrigger"
        assert str(running.scheduler.timezone) == "UTC"
        clock.at = DUE
        wait_for(lambda: len(files(folder)) == 1)
    finally:
        running.shutdown()
    running.shutdown()
    clock.at = DUE + timedelta(days=2)
    time.sleep(1.2)
    assert len(files(folder)) == 1, "nothing ticks any more"


def test_a_clock_that_waits_for_a_connect_stops_in_time_and_stops_nobody_else(
    sqlite_url: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connect that nobody answers lasts half a minute; who is asked to stop has ten seconds."""
    monkeypatch.setattr(worker, "PATIENCE", 0.3)
    clock.at = FRIDAY
    with black_hole() as port:
        app = make_app(make_engine(sqlite_url), clock, MailServer(folder=Path(), port=port).environ())
        course = start(app)
        clock.at = DUE
        running = run_clock(app)
        wait_for(lambda: any(thread.name == "mail-server" for thread in threading.enumerate()))
        begun = time.monotonic()
        running.shutdown()
        assert time.monotonic() - begun < 5
    assert due(app, course).state is State.WAITING, "nothing was taken"
    assert stopped(app) is None, "our own hurry is no fault of the server"
    app.engine.dispose()


def test_once_asked_to_stop_a_pass_begins_nothing(app: App, folder: Path) -> None:
    start(app)
    asked = threading.Event()
    asked.set()
    assert tick(app, DUE, stop=asked) == TickResult()
    assert files(folder) == []


def test_a_trouble_is_one_line_in_the_log_and_the_clock_goes_on(
    app: App, caplog: pytest.LogCaptureFixture, mail_server: MailServer
) -> None:
    mail_server.stop()
    course = start(app)
    smtp = replace(app.settings.smtp, host="127.0.0.1", port=mail_server.port, tls="none", sender="a@b.example")
    there = replace(app, settings=replace(app.settings, smtp=smtp))
    job = worker._guarded("tick", lambda: tick(there, DUE))
    with caplog.at_level(logging.INFO):
        job()
    [line] = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert "can't be reached (Connection refused)" in line.getMessage()
    assert line.exc_info is None
    assert "bob" not in caplog.text
    assert due(app, course).state is State.WAITING


def test_outcomes_are_logged_with_ids_only(app: App, caplog: pytest.LogCaptureFixture) -> None:
    course = start(app)
    with caplog.at_level(logging.INFO):
        tick(app, DUE)
    [line] = [each for each in caplog.records if getattr(each, "action", "") == "outbox_sent"]
    assert str(course) in line.getMessage()
    assert "patients.example" not in caplog.text
    assert "Bob" not in caplog.text


def test_what_expires_is_one_line_each_with_ids_only_and_a_line_of_the_worklist(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    courses = {start(app), start(app)}
    with caplog.at_level(logging.INFO):
        result = tick(app, DUE + timedelta(days=3))  # the visit's own morning: two days too late
    lines = [each for each in caplog.records if getattr(each, "action", "") == "outbox_expired"]
    expired = {each.id: each.course_id for each in list_messages(app) if each.state is State.EXPIRED}
    assert result.expired == len(expired) == len(lines) > 2
    assert {line.outbox_ids[0]: UUID(line.course_id) for line in lines} == expired  # type: ignore[attr-defined]
    assert "patients.example" not in caplog.text
    assert "Bob" not in caplog.text
    assert {line.course_id for line in worklist(app) if line.todo is Todo.PHONE} == courses


# -- What every channel must do ---------------------------------------------------------------------------------------

MAIL = Outgoing(
    sender="clinic@clinic.example",
    to="bob@patients.example",
    write="Subject: Grüße\r\n\r\n.\r\n..two dots\r\nlast".encode,
    name="20261204T140000Z-0123456789ab",
)


@pytest.fixture(params=sorted(CHANNELS))
def way_out(request: pytest.FixtureRequest, folder: Path, mail_server: MailServer) -> FolderChannel | SmtpChannel:
    match CHANNELS[request.param]:
        case cls if cls is FolderChannel:
            return FolderChannel(folder)
        case cls if cls is SmtpChannel:
            return SmtpChannel(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none"))
        case other:
            raise AssertionError(f"{other}: say here how a test makes one")


def test_a_channel_delivers_the_bytes_as_they_are_and_opens_and_closes_again(
    way_out: FolderChannel | SmtpChannel, folder: Path, mail_server: MailServer
) -> None:
    for _ in range(2):
        way_out.open()
        way_out.open()
        way_out.send(replace(MAIL, name=f"mail-{len(mail_server.mails()) + len(files(folder))}"))
        way_out.close()
        way_out.close()
    written = [path.read_bytes() for path in sorted(folder.glob("*.eml"))] if folder.exists() else []
    received = [mail.content for mail in mail_server.mails()]
    assert [content.rstrip(b"\r\n") for content in written + received] == [MAIL.write()] * 2


def test_a_channel_without_a_way_says_that_the_fault_is_ours(tmp_path: Path, mail_server: MailServer) -> None:
    mail_server.stop()
    (tmp_path / "file").write_text("")
    for channel in (
        FolderChannel(tmp_path / "file"),
        SmtpChannel(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none")),
        SmtpChannel(SmtpServer(host="no-such-host.invalid", port=25, tls="implicit")),
    ):
        with pytest.raises(DeliveryError) as told:
            channel.open()
        assert told.value.fate is Fate.OURS
        assert not told.value.permanent


def test_a_server_that_falls_silent_is_given_up_after_its_time(mail_server: MailServer) -> None:
    channel = SmtpChannel(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none", timeout=0.3))
    mail_server.answer("RCPT", "hang")
    mail_server.answer("END", "hang")
    for fate, answer in ((Fate.RETRY, "gone at RCPT"), (Fate.LOST, "no answer")):
        with pytest.raises(DeliveryError) as told:
            channel.send(MAIL)
        assert (told.value.fate, told.value.answer, told.value.hung_up) == (fate, answer, True)
    assert channel.send(MAIL).startswith("250")
    channel.close()
