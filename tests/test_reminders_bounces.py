"""Mails that come back: matched by their signed address, then by Message-ID; whatever else comes is ignored."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO, TextIOWrapper
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from db.engine import reading
from db.outbox_store import State, StoredMessage, attempts_of, suppressions
from service.bounces import Taken, check_folder, read_folder, take
from service.cli import run
from service.courses import start_course
from service.messages import list_messages
from service.wiring import App
from service.worker import tick
from tests.smtp_server import MailServer, Received
from tests.stores import NURSE, Clock, bob, make_app

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
BOB = "bob@patients.example"


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer, tmp_path: Path) -> App:
    clock.at = FRIDAY
    more = {"INFUSIONS_SECURITY__SECRET_FILE": str(tmp_path / "secret")}
    return make_app(engine, clock, mail_server.environ() | more)


@pytest.fixture
def course(app: App, clock: Clock) -> UUID:
    """Bob's course, whose first reminder was sent."""
    id_ = start_course(app, bob(email=BOB), by=NURSE)
    clock.at = DUE
    assert tick(app, DUE).sent == 1
    return id_


def sent(app: App, course: UUID) -> StoredMessage:
    return list_messages(app, course)[0]


def report(
    mail: Received, *, to: str | None = None, status: str = "5.1.1", action: str = "failed", about: str = BOB
) -> bytes:
    """A report as a mail server writes it (RFC 3464), about that mail, to its envelope sender or to another address."""
    head = (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {to or mail.sender}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        "Auto-Submitted: auto-replied\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=part\r\n\r\n"
        "--part\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--part\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {about}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        "--part\r\nContent-Type: message/rfc822\r\n\r\n"
    )
    return head.encode() + mail.content + b"\r\n--part--\r\n"


def suppressed(app: App) -> list[tuple[str, str]]:
    with reading(app.engine) as session:
        return [(address, cause) for address, _, cause in suppressions(session, 1)]


def test_an_address_that_does_not_exist_gets_no_mail_any_more_and_staff_are_asked_to_phone(
    app: App, course: UUID, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    [mail] = mail_server.mails()
    assert mail.sender.startswith(f"clinic+b{sent(app, course).id}-")
    assert mail.sender.endswith("@clinic.example")
    assert mail.message["From"] == "clinic@clinic.example"
    assert take(app, report(mail), now=DUE) is Taken.SUPPRESSED
    assert (sent(app, course).state, sent(app, course).outcome) == (State.DEAD, "bounced 5.1.1; please phone")
    assert suppressed(app) == [(BOB, "bounced 5.1.1")]
    assert BOB not in caplog.text
    assert take(app, report(mail), now=DUE) is Taken.KNOWN, "the same report again"
    with reading(app.engine) as session:
        answers = [each.answer for each in attempts_of(session, [sent(app, course).id])]
    assert [answer.split()[0] for answer in answers] == ["sent", "bounced"]


@pytest.mark.parametrize(
    ("status", "action", "taken", "state"),
    [
        ("5.2.2", "failed", Taken.FAILED, State.DEAD),  # the mailbox is full: this mail is lost, the address is not
        ("4.4.7", "failed", Taken.FAILED, State.DEAD),  # given up after days
        ("4.4.1", "delayed", Taken.DELAYED, State.SENT),  # it is still being tried
        ("2.0.0", "delivered", Taken.IGNORED, State.SENT),
    ],
)
def test_other_reports_suppress_no_address(
    app: App, course: UUID, mail_server: MailServer, *, status: str, action: str, taken: Taken, state: State
) -> None:
    [mail] = mail_server.mails()
    assert take(app, report(mail, status=status, action=action), now=DUE) is taken
    assert sent(app, course).state is state
    assert suppressed(app) == []


def test_a_report_to_the_plain_address_is_matched_by_the_message_id(
    app: App, course: UUID, mail_server: MailServer
) -> None:
    [mail] = mail_server.mails()
    plain = "clinic@clinic.example"
    assert take(app, report(mail, to=plain, about="eve@elsewhere.example"), now=DUE) is Taken.IGNORED
    assert take(app, report(mail, to=plain), now=DUE) is Taken.SUPPRESSED
    assert sent(app, course).state is State.DEAD


def ignored(mail: Received) -> dict[str, bytes]:
    """What anybody may send, by what is wrong with it."""
    genuine = report(mail)
    local, _, domain = mail.sender.partition("@")
    mark = local.rpartition("-")[2]
    reply = EmailMessage()
    reply["Auto-Submitted"], reply["To"] = "auto-replied", mail.sender
    reply.set_content("I am away until Monday. Status: 5.1.1")
    return {
        "a forged mark": report(mail, to=f"{local[: -len(mark)]}{'a' * 16}@{domain}"),
        "the id of another": report(mail, to=f"clinic+b99999-{mark}@{domain}"),
        "an id beyond any": report(mail, to=f"clinic+b{'9' * 18}-{mark}@{domain}"),
        "neither mark nor Message-ID": genuine.replace(mail.sender.encode(), b"clinic@clinic.example").replace(
            mail.message["Message-ID"].encode(), b"<none@clinic.example>"
        ),
        "an auto-reply": bytes(reply),
        "nothing": b"",
        "noise": bytes(range(256)) * 40,
        "cut off": genuine[: genuine.index(b"Final-Recipient")],
        "nested without end": b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\r\n\r\n"
        + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 5000,
        "a read receipt": genuine.replace(b"delivery-status;", b"disposition-notification;", 1),
    }


def test_forged_unsigned_and_garbled_reports_and_auto_replies_are_ignored_with_one_line_each(
    app: App, course: UUID, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    [mail] = mail_server.mails()
    for what, content in ignored(mail).items():
        caplog.clear()
        assert take(app, content, now=DUE) is Taken.IGNORED, what
        assert [getattr(line, "action", "") for line in caplog.records] == ["bounce_ignored"], what
        assert BOB not in caplog.text
    assert sent(app, course).state is State.SENT
    assert suppressed(app) == []


def test_without_verp_mails_have_the_plain_address(engine: Engine, clock: Clock, mail_server: MailServer) -> None:
    clock.at = FRIDAY
    app = make_app(engine, clock, mail_server.environ(VERP="false"))
    start_course(app, bob(email=BOB), by=NURSE)
    tick(app, DUE)
    [mail] = mail_server.mails()
    assert mail.sender == "clinic@clinic.example"
    assert take(app, report(mail), now=DUE) is Taken.SUPPRESSED


def test_a_tick_reads_the_maildir_and_leaves_nothing_new(
    app: App, course: UUID, mail_server: MailServer, tmp_path: Path
) -> None:
    folder = tmp_path / "Maildir"
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    [mail] = mail_server.mails()
    (folder / "new" / "1.mx").write_bytes(b"junk")
    (folder / "new" / "2.mx").write_bytes(report(mail))
    more = {"INFUSIONS_SECURITY__SECRET_FILE": str(tmp_path / "secret"), "INFUSIONS_MAIL__BOUNCES": str(folder)}
    tick(make_app(app.engine, app.now, mail_server.environ() | more), DUE)
    assert sent(app, course).state is State.DEAD
    assert sorted(path.name for path in (folder / "cur").iterdir()) == ["1.mx:2,S", "2.mx:2,S"]
    assert list((folder / "new").iterdir()) == []


def test_a_folder_that_is_no_maildir_is_one_sentence(app: App, tmp_path: Path, mail_server: MailServer) -> None:
    with pytest.raises(Exception, match=r"\[mail\] bounces .*: is no Maildir"):
        read_folder(app, tmp_path / "none", now=DUE)
    there = make_app(app.engine, app.now, {"INFUSIONS_MAIL__BOUNCES": str(tmp_path)})
    with pytest.raises(Exception, match="it holds the folders new, cur and tmp"):
        check_folder(there.settings)


def test_the_command_takes_a_report_from_standard_input(
    app: App, course: UUID, mail_server: MailServer, store_url: str, tmp_path: Path
) -> None:
    [mail] = mail_server.mails()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("INFUSIONS_", "COV_"))}
    environ |= mail_server.environ() | {"INFUSIONS_DATABASE__URL": store_url}
    environ |= {"INFUSIONS_SECURITY__SECRET_FILE": str(tmp_path / "secret")}
    done = subprocess.run(
        [sys.executable, "-c", "from service.cli import main; main()", "bounce"],
        input=report(mail),
        env=environ,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"The report is taken: suppressed.\n"), done.stderr
    assert sent(app, course).state is State.DEAD


AWAY = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
TROUBLES = [
    ("bounce", {"INFUSIONS_DATABASE__URL": AWAY}, "no server"),
    ("bounces", {"INFUSIONS_DATABASE__URL": AWAY}, "the other name"),
    ("bounce", {"INFUSIONS_DATABASE__URL": "sqlite:///nowhere/nothing.db"}, "no database yet"),
    ("bounce", {"INFUSIONS_CLINIC__ZONE": "Nowhere"}, "a wrong setting"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda row: row[2])
def test_a_pipe_is_told_to_try_again_while_the_report_cannot_be_taken(
    trouble: tuple[str, dict[str, str], str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever code but 0 and 75 a pipe ends with, a mail system gives the report up for good."""
    name, environ, _ = trouble
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"Subject: back\r\n\r\n")))
    assert run([name], environ) == 75
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.strip()
    assert "Traceback" not in told.err


def test_what_is_no_report_is_done_and_an_unknown_option_is_wrong_usage(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"INFUSIONS_DATABASE__URL": sqlite_url, "INFUSIONS_SECURITY__SECRET_FILE": str(tmp_path / "secret")}
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"Subject: hello\r\n\r\n" + b"x" * 2_000_000)))
    assert run(["bounce"], environ) == 0
    assert run(["bounce", "--now"], environ) == 2
