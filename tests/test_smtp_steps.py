"""How a mail is handed over: steps told together where the server takes them so, else one by one."""

import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread, Timer

import pytest

from reminders.channels import DeliveryError, Fate, Outgoing, SmtpChannel, SmtpServer
from tests.smtp_server import MailServer

CONTENT = b"Subject: x\r\n\r\n.one dot\r\n"


def mail(to: str = "bob@patients.example", write: Callable[[], bytes] = lambda: CONTENT) -> Outgoing:
    return Outgoing(sender="clinic@clinic.example", to=to, write=write, name="x")


def channel_to(port: int) -> SmtpChannel:
    return SmtpChannel(SmtpServer(host="127.0.0.1", port=port, tls="none", timeout=5))


@pytest.fixture(params=["together", "one by one"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MailServer]:
    options = ("--one-by-one",) if request.param == "one by one" else ()
    made = MailServer(folder=tmp_path / "received", options=options)
    made.start()
    yield made
    made.stop()


def test_mails_arrive_whole_either_way(server: MailServer) -> None:
    channel = channel_to(server.port)
    for to in ("a@patients.example", "jörg@patients.example", '"with a blank"@patients.example'):
        channel.send(mail(to))
    channel.close()
    assert [each.to for each in server.mails()] == [
        ("a@patients.example",),
        ("jörg@patients.example",),
        ('"with a blank"@patients.example',),
    ]
    assert {each.content for each in server.mails()} == {CONTENT}


REFUSALS = [
    ("MAIL", "550 5.1.8 no", Fate.OURS),
    ("MAIL", "451 later", Fate.RETRY),
    ("MAIL", "421 closing", Fate.RETRY),
    ("MAIL", "drop", Fate.RETRY),
    ("RCPT", "550 5.1.1 no", Fate.REFUSED),
    ("RCPT", "450 later", Fate.RETRY),
    ("RCPT", "421 closing", Fate.RETRY),
    ("RCPT", "drop", Fate.RETRY),
    ("DATA", "554 no", Fate.REJECTED),
    ("DATA", "451 later", Fate.RETRY),
    ("DATA", "drop", Fate.RETRY),
    ("END", "550 no", Fate.REJECTED),
    ("END", "drop", Fate.LOST),
]


@pytest.mark.parametrize(("step", "answer", "fate"), REFUSALS, ids=str)
def test_a_refusal_means_the_same_either_way_and_the_next_mail_goes(
    server: MailServer, step: str, answer: str, fate: Fate
) -> None:
    channel = channel_to(server.port)
    channel.send(mail("first@patients.example"))
    # A kept connection that breaks before anything is told is replaced, and the mail goes at once.
    replaced = step == "MAIL" and answer in {"drop", "421 closing"}
    server.answer(step, *([answer, answer] if replaced else [answer]))
    with pytest.raises(DeliveryError) as refused:
        channel.send(mail())
    assert refused.value.fate is fate
    assert refused.value.answer == ("no answer" if fate is Fate.LOST else refused.value.answer)
    assert step in refused.value.answer or fate is Fate.LOST or step == "END"
    channel.send(mail("next@patients.example"))
    channel.close()
    assert [each.to[0] for each in server.mails()] == ["first@patients.example", "next@patients.example"]


def test_a_mail_that_can_not_be_written_leaves_nothing_behind(server: MailServer) -> None:
    def fail() -> bytes:
        raise ValueError("no words for it")

    channel = channel_to(server.port)
    with pytest.raises(ValueError, match="no words"):
        channel.send(mail(write=fail))
    channel.send(mail("next@patients.example"))
    channel.close()
    assert [each.to[0] for each in server.mails()] == ["next@patients.example"]


# -- Servers that only answer what they are told to -------------------------------------------------------------------


@contextmanager
def scripted(*connections: tuple[str, ...]) -> Iterator[tuple[int, list[bytes]]]:
    """The port of a server that gives these answers: for each connection each answer after what it waits for, which
    stands before a "|"; and what it was told, by connection."""
    told: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answers in connections:
            connection, _ = listener.accept()
            told.append(b"")
            with connection:
                for each in answers:
                    awaited, _, answer = each.rpartition("|")
                    while awaited.encode() not in told[-1]:
                        received = connection.recv(65536)
                        if not received:
                            break
                        told[-1] += received
                    connection.sendall(answer.replace("/", "\r\n").encode() + b"\r\n")
                while received := connection.recv(65536):
                    told[-1] += received

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1], told
    thread.join(timeout=10)
    listener.close()


HELLO = ("220 hello", "ehlo|250-test/250 PIPELINING")


def test_the_whole_envelope_is_told_before_anything_is_answered() -> None:
    """This server says nothing before it has heard DATA: told one by one, nobody would ever go on."""
    script = (*HELLO, "DATA\r\n|250 ok/250 ok/354 go on", "\r\n.\r\n|250 2.0.0 taken", "quit|221 bye")
    with scripted(script) as (port, told):
        channel = channel_to(port)
        assert channel.send(mail()) == "250 2.0.0"
        channel.close()
    assert told[0].count(b"MAIL FROM:<clinic@clinic.example>\r\nRCPT TO:<bob@patients.example>\r\nDATA\r\n") == 1


def test_the_mail_is_written_while_the_server_reads_the_envelope() -> None:
    script = (*HELLO, "DATA\r\n|250 ok/250 ok/354 go on", "\r\n.\r\n|250 2.0.0 taken", "quit|221 bye")
    with scripted(script) as (port, told):
        heard: list[bool] = []

        def write() -> bytes:
            for _ in range(100):
                if told and b"DATA" in told[0]:
                    break
                time.sleep(0.02)
            heard.append(b"DATA" in told[0])
            return CONTENT

        channel = channel_to(port)
        channel.send(mail(write=write))
        channel.close()
    assert heard == [True]


def test_a_server_that_refuses_the_address_and_still_asks_for_the_mail_does_not_get_it() -> None:
    first = (*HELLO, "DATA\r\n|250 ok/550 5.1.1 no/354 go on")
    second = (*HELLO, "DATA\r\n|250 ok/250 ok/354 go on", "\r\n.\r\n|250 2.0.0 taken", "quit|221 bye")
    with scripted(first, second) as (port, told):
        channel = channel_to(port)
        with pytest.raises(DeliveryError) as refused:
            channel.send(mail())
        assert (refused.value.fate, refused.value.answer) == (Fate.REFUSED, "550 5.1.1 at RCPT")
        channel.send(mail("next@patients.example"))
        channel.close()
    assert b"Subject" not in told[0]
    assert b"RCPT TO:<next@patients.example>" in told[1]


SECURE = ("220 hello", "ehlo|250-test/250 STARTTLS")
SIGNED = ("220 hello", "ehlo|250-test/250 AUTH PLAIN")
GREETINGS = [
    ("the connect", (), "", "turns us away ({code}); wait, or ask"),
    ("EHLO", ("220 hello",), "ehlo", "breaks off the greeting (it said {code}); check [smtp]"),
    ("STARTTLS", SECURE, "STARTTLS", "breaks off the greeting (it said {code}); check [smtp]"),
    ("AUTH", SIGNED, "AUTH", "our sign-in"),
]


@pytest.mark.parametrize("code", [421, 450, 451, 550])
@pytest.mark.parametrize(("step", "before", "awaited", "said"), GREETINGS, ids=lambda value: str(value)[:10])
def test_a_refusal_before_any_mail_is_told_with_its_code_and_is_ours(
    step: str, before: tuple[str, ...], awaited: str, said: str, code: int
) -> None:
    answers = (*before, f"{awaited}|{code} no")
    if step == "EHLO":  # then smtplib says HELO
        answers = (*answers, f"helo|{code} no")
    with scripted(answers) as (port, told):
        server = SmtpServer(
            host="127.0.0.1",
            port=port,
            tls="starttls" if step == "STARTTLS" else "none",
            username="clinic" if step == "AUTH" else "",
            password="secret word",
            timeout=5,
        )
        channel = SmtpChannel(server)
        with pytest.raises(DeliveryError) as refused:
            channel.open()
    assert refused.value.fate is Fate.OURS
    assert said.format(code=code) in str(refused.value)
    assert str(code) in str(refused.value)
    assert "secret" not in str(refused.value)
    assert b"MAIL" not in told[0]


def test_a_sign_in_that_can_not_be_checked_now_is_no_wrong_password() -> None:
    for code, said in ((454, "can't check our sign-in now (454); wait"), (535, "refuses our sign-in (535); check")):
        with scripted((*SIGNED, f"AUTH|{code} no")) as (port, _):
            channel = SmtpChannel(SmtpServer(host="127.0.0.1", port=port, tls="none", username="clinic", timeout=5))
            with pytest.raises(DeliveryError, match=re.escape(said)):
                channel.open()


@contextmanager
def black_hole() -> Iterator[int]:
    """A port where nobody answers a connect: its queue is full, and what comes is dropped."""
    with socket.socket() as listener, ExitStack() as kept:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):
            waiting = kept.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_who_waits_for_a_connect_that_nobody_answers_can_be_sent_away() -> None:
    with black_hole() as port:
        channel = SmtpChannel(SmtpServer(host="127.0.0.1", port=port, tls="none", timeout=3))
        started = time.monotonic()
        Timer(0.2, channel.hang_up).start()
        with pytest.raises(DeliveryError, match="asked to stop") as left:
            channel.open()
        with pytest.raises(DeliveryError, match="asked to stop"):
            channel.send(mail())
        assert time.monotonic() - started < 2
    assert left.value.fate is Fate.OURS


def test_a_refused_address_costs_no_connection() -> None:
    script = (
        *HELLO,
        "DATA\r\n|250 ok/550 5.1.1 no/554 no valid recipients",
        "rset|250 ok",
        "next@patients.example>\r\nDATA\r\n|250 ok/250 ok/354 go on",
        "\r\n.\r\n|250 2.0.0 taken",
        "quit|221 bye",
    )
    with scripted(script) as (port, told):
        channel = channel_to(port)
        with pytest.raises(DeliveryError):
            channel.send(mail())
        channel.send(mail("next@patients.example"))
        channel.close()
    assert len(told) == 1
