"""The next mail is announced to a server that takes steps together: nothing goes by that, whatever comes after it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from db.engine import DatabaseUnavailable, writing
from db.outbox_claims import Mail
from db.outbox_store import LINK, State, change
from reminders.channels import DeliveryError, Outgoing, SmtpChannel, SmtpServer
from reminders.channels.delivery import Fate, nothing
from reminders.dispatch import send_due
from reminders.post import Case, Post
from service import worker
from service.courses import start_course
from service.mails import pause_mails
from service.messages import list_messages
from tests.crowds import multiply
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app

Announce = Callable[[SmtpChannel, str], None]
CLINIC = "a@clinic.example"
ANN, BOB, EVE = "ann@patients.example", "bob@patients.example", "eve@patients.example"
FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)


@pytest.fixture
def channel(mail_server: MailServer) -> Iterator[SmtpChannel]:
    """A channel that has just sent a mail to Ann."""
    made = SmtpChannel(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none"))
    made.send(to(ANN))
    yield made
    made.close()


def announced(channel: SmtpChannel, address: str) -> None:
    channel.announce(CLINIC, address)


def prepared(channel: SmtpChannel, address: str) -> None:
    channel.announce(CLINIC, address)
    channel.prepare(CLINIC, address)


@pytest.fixture(params=[announced, prepared])
def announce(request: pytest.FixtureRequest) -> Announce:
    """Announces a mail to an address; once the server is also asked to get ready for it."""
    made: Announce = request.param
    return made


def to(address: str) -> Outgoing:
    return Outgoing(sender=CLINIC, to=address, write=lambda: b"Subject: x\r\n\r\nx\r\n", name="x")


def got(server: MailServer) -> list[str]:
    return [mail.to[0] for mail in server.mails()]


def test_an_announced_mail_goes_once(channel: SmtpChannel, mail_server: MailServer, announce: Announce) -> None:
    announce(channel, BOB)
    assert channel.send(to(BOB)).startswith("250")
    channel.send(to(EVE))
    assert got(mail_server) == [ANN, BOB, EVE]


def test_another_mail_than_the_announced_goes_to_its_own_reader_alone(
    channel: SmtpChannel, mail_server: MailServer, announce: Announce
) -> None:
    announce(channel, BOB)
    channel.send(to(EVE))
    assert [mail.to for mail in mail_server.mails()] == [(ANN,), (EVE,)]


def test_of_two_announcements_the_last_counts(
    channel: SmtpChannel, mail_server: MailServer, announce: Announce
) -> None:
    announce(channel, BOB)
    announce(channel, EVE)
    channel.send(to(EVE))
    assert [mail.to for mail in mail_server.mails()] == [(ANN,), (EVE,)]


def test_an_announcement_that_nothing_follows_sends_nothing(
    channel: SmtpChannel, mail_server: MailServer, announce: Announce
) -> None:
    announce(channel, BOB)
    channel.close()
    assert got(mail_server) == [ANN]


def test_a_refused_announcement_is_told_with_its_mail_and_the_next_one_goes(
    channel: SmtpChannel, mail_server: MailServer, announce: Announce
) -> None:
    mail_server.answer(f"RCPT {BOB}", "550 5.1.1 unknown")
    announce(channel, BOB)
    with pytest.raises(DeliveryError) as error:
        channel.send(to(BOB))
    assert error.value.fate is Fate.REFUSED
    channel.send(to(EVE))
    assert got(mail_server) == [ANN, EVE]


@pytest.mark.parametrize("answer", ["drop", "421 4.3.2 too many mails"])
def test_a_server_that_ends_the_connection_at_an_announcement_costs_no_mail(
    channel: SmtpChannel, mail_server: MailServer, answer: str, announce: Announce
) -> None:
    mail_server.answer("MAIL", answer)
    announce(channel, BOB)
    channel.send(to(BOB))
    assert got(mail_server) == [ANN, BOB]


def test_an_announced_mail_that_cannot_be_written_leaves_no_half_of_itself(
    channel: SmtpChannel, mail_server: MailServer, announce: Announce
) -> None:
    def fail() -> bytes:
        raise RuntimeError

    announce(channel, BOB)
    with pytest.raises(RuntimeError):
        channel.send(replace(to(BOB), write=fail))
    channel.send(to(EVE))
    assert got(mail_server) == [ANN, EVE]


@pytest.mark.parametrize("address", [f"bob\r\nRCPT TO:<{EVE}>", '"b o b"@patients.example', ""])
def test_an_address_that_is_not_plain_is_announced_to_nobody(
    channel: SmtpChannel, mail_server: MailServer, address: str, announce: Announce
) -> None:
    mail_server.answer("RCPT", "550 5.1.1 unknown")
    announce(channel, address)
    with pytest.raises(DeliveryError, match="550"):
        channel.send(to(EVE))
    assert got(mail_server) == [ANN]


def test_nobody_is_asked_to_get_ready_for_what_was_not_announced(channel: SmtpChannel, mail_server: MailServer) -> None:
    channel.prepare(CLINIC, BOB)
    channel.send(to(BOB))
    channel.announce(CLINIC, BOB)
    mail_server.answer("CONNECT", "421 4.3.2 one connection is enough")
    channel.prepare(CLINIC, EVE)
    channel.send(to(EVE))
    assert got(mail_server) == [ANN, BOB, EVE]


def test_after_a_refusal_the_server_that_was_asked_to_get_ready_is_left(
    channel: SmtpChannel, mail_server: MailServer
) -> None:
    mail_server.answer(f"RCPT {BOB}", "550 5.1.1 unknown")
    mail_server.answer("DATA", "354 go on all the same")
    prepared(channel, BOB)
    with pytest.raises(DeliveryError, match="550"):
        channel.send(to(BOB))
    channel.send(to(EVE))
    assert got(mail_server) == [ANN, EVE]


# -- In a pass --------------------------------------------------------------------------------------------------------


class Announced(SmtpChannel):
    """A channel that has something done between an announcement and the look at what is stored, or between that look
    and its commit."""

    def __init__(
        self, server: SmtpServer, then: Callable[[], None] = nothing, before_commit: Callable[[], None] = nothing
    ) -> None:
        super().__init__(server)
        self._then, self._before_commit, self.addresses = then, before_commit, list[str]()

    def announce(self, sender: str, to: str, /) -> None:
        super().announce(sender, to)
        self.addresses.append(to)
        self._then()

    def prepare(self, sender: str, to: str, /) -> None:
        super().prepare(sender, to)
        self._before_commit()


@pytest.fixture
def post(engine: Engine, clock: Clock, mail_server: MailServer) -> Post:
    """A pass at DUE with four mails."""
    clock.at = FRIDAY
    app = make_app(engine, clock, mail_server.environ())
    multiply(app, start_course(app, bob(), by=NURSE), 3)
    return replace(worker._post(app, lambda: DUE, threading.Event()), pause=timedelta())


def test_a_pause_after_the_announcement_is_heeded_and_the_next_mail_goes(
    post: Post, engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    app, paused = make_app(engine, clock, mail_server.environ()), list[UUID]()
    mail_server.answer("CONNECT", "take", "always 421 4.3.2 one connection is enough")

    def pause() -> None:
        if not paused:
            waits = [each for each in list_messages(app) if each.state is State.CLAIMED and not each.begun]
            paused.append(min(waits, key=lambda each: (each.send_after, each.id)).course_id)
            pause_mails(app, paused[0], by=NURSE)

    channel = Announced(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none"), pause)
    assert send_due(replace(post, channel=channel)).sent == 3
    assert len(channel.addresses) == 2, "after one that does not go the next is not announced"
    assert channel.addresses[0] not in got(mail_server)
    sent = {each.course_id for each in list_messages(app) if each.state is State.SENT}
    assert len(sent) == 3
    assert not sent & {*paused}


def test_a_stop_after_the_announcement_sends_nothing_more_than_the_mail_that_was_due(
    post: Post, engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    app = make_app(engine, clock, mail_server.environ())
    channel = Announced(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none"), post.stop.set)
    assert send_due(replace(post, channel=channel)).sent == 2
    assert len(mail_server.mails()) == 2
    states = [each.state for each in list_messages(app) if each.send_after <= DUE]
    assert (states.count(State.SENT), states.count(State.WAITING)) == (2, 2)


def test_a_link_and_what_was_tried_before_are_not_written_before_their_turn(
    post: Post, engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    """A link may be taken back until then; and what ended a worker when it was written must be marked before it is."""
    app = make_app(engine, clock, mail_server.environ())
    second, third = [each.id for each in list_messages(app) if each.send_after <= DUE][1:3]
    with writing(app.engine) as session:
        change(session, [second], attempt=1)
        change(session, [third], kind=LINK)
    channel = Announced(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none"))
    assert send_due(replace(post, channel=channel)).sent == 3, "nobody knows that link"
    assert channel.addresses == [], "nor is the fourth, which comes after one that did not go"


def test_events_that_were_stamped_anew_after_they_were_read_cost_no_mail(
    post: Post, engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    app, loads = make_app(engine, clock, mail_server.environ()), list[int]()

    def load(mails: Sequence[Mail]) -> Callable[[UUID], Case]:
        cases = post.load(mails)
        loads.append(len(mails))
        if len(loads) == 1:  # as when the clinic's settings reach the course, and readers see no change
            with writing(app.engine) as session:
                for table, column in (("event", "sequence"), ("outbox", "event_sequence")):
                    session.connection().execute(text(f"UPDATE {table} SET {column} = {column} + 1"))
        return cases

    assert send_due(replace(post, load=load)).sent == 4
    assert loads == [4, 1, 1, 1, 1]


def test_nothing_goes_to_a_server_that_was_ready_when_the_commit_fails(
    post: Post, engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    app = make_app(engine, clock, mail_server.environ())
    times = list[int]()

    def fail() -> None:
        times.append(len(mail_server.mails()))
        if len(times) == 2:
            raise DatabaseUnavailable("database: gone")

    channel = Announced(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none"), before_commit=fail)
    with pytest.raises(DatabaseUnavailable):
        send_due(replace(post, channel=channel))
    assert times == [1, 2], "each mail leaves after its own commit"
    assert len(mail_server.mails()) == 2
    clock.at = DUE + timedelta(minutes=10)
    worker.tick(app, clock.at)
    ids = [mail.message["Message-ID"] for mail in mail_server.mails()]
    assert len(ids) == len({*ids}) == 4
