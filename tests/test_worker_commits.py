"""One commit a mail: it notes what went and begins the next, after one more look at what has changed meanwhile."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text

from calendars.kinds import Detail, Reader
from db import outbox_claims as claims
from db import outbox_late
from db.engine import make_engine, reading, writing
from db.outbox_claims import Mail
from db.outbox_store import State, attempts_of
from reminders.channels import Channel, DeliveryError, Outgoing, SmtpChannel, SmtpServer
from reminders.channels.delivery import nothing
from reminders.dispatch import send_due
from reminders.post import Case, Post
from service import worker
from service.carers import NewCarer, Wish, add_carer, choose, remove_carer
from service.cases import load_cases
from service.courses import start_course
from service.feeds import new_feed
from service.mails import pause_mails
from service.messages import list_messages
from service.wiring import App
from service.worker import tick
from tests.crowds import multiply
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app, plain

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer) -> App:
    clock.at = FRIDAY
    return make_app(engine, clock, mail_server.environ())


def post_of(app: App, **more: object) -> Post:
    """What a pass at DUE works with, with other parts put in."""
    return replace(worker._post(app, lambda: DUE, threading.Event()), pause=timedelta(), **more)  # type: ignore[arg-type]


def crowd(app: App, count: int) -> UUID:
    """So many patients, each with a mail due; the first one's course."""
    course = start_course(app, bob(), by=NURSE)
    if count > 1:
        multiply(app, course, count - 1)
    return course


def states(app: App) -> Counter[State]:
    return Counter(each.state for each in list_messages(app) if each.send_after <= DUE)


class Watched:
    """A channel that has something looked at with each mail, just before it leaves."""

    def __init__(self, channel: Channel, look: Callable[[], None]) -> None:
        self._channel, self._look = channel, look

    def open(self) -> None:
        self._channel.open()

    def send(self, mail: Outgoing, meanwhile: Callable[[], None] = nothing, /) -> str:
        self._look()
        return self._channel.send(mail, meanwhile)

    def announce(self, sender: str, to: str, /) -> None:
        self._channel.announce(sender, to)

    def prepare(self, sender: str, to: str, /) -> None:
        self._channel.prepare(sender, to)

    def close(self) -> None:
        self._channel.close()

    def hang_up(self) -> None:
        self._channel.hang_up()


# -- Commits ----------------------------------------------------------------------------------------------------------


def commits(app: App, mails: int) -> int:
    crowd(app, mails)
    dialect, found = app.engine.dialect, list[None]()
    with pytest.MonkeyPatch.context() as patch:
        commit = dialect.do_commit
        patch.setattr(dialect, "do_commit", lambda driver: found.append(commit(driver)))
        assert tick(app, DUE).sent == mails
    return len(found)


def test_each_mail_costs_one_commit(app: App) -> None:
    few = commits(app, 5)
    assert commits(app, 25) - few == 20


def test_when_a_mail_leaves_all_before_are_noted_it_alone_is_begun_and_the_others_are_not(app: App) -> None:
    crowd(app, 4)
    seen: list[tuple[int, int, int]] = []

    def look() -> None:
        messages = [each for each in list_messages(app) if each.send_after <= DUE]
        sent = sum(each.state is State.SENT for each in messages)
        begun = sum(each.in_flight for each in messages)
        seen.append((sent, begun, sum(each.state is State.CLAIMED and not each.begun for each in messages)))

    post = post_of(app)
    assert send_due(replace(post, channel=Watched(post.channel, look))).sent == 4
    assert seen == [(0, 1, 3), (1, 1, 2), (2, 1, 1), (3, 1, 0)]
    assert states(app) == {State.SENT: 4}


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param("UPDATE outbox SET kind = 'nonsense' WHERE id = :id", id="within the transaction"),
        pytest.param(
            "UPDATE event SET fields = '{\"start\": 1}' WHERE key = 'c1d1/infusion' AND course_id ="
            " (SELECT course_id FROM outbox WHERE id = :id)",
            id="while it is worked out ahead",
        ),
    ],
)
def test_a_mail_that_cannot_be_checked_takes_nothing_from_the_one_before(
    app: App, mail_server: MailServer, spoil: str
) -> None:
    crowd(app, 3)
    due = [each for each in list_messages(app) if each.send_after <= DUE]
    with writing(app.engine) as session:
        session.connection().execute(text(spoil), {"id": due[1].id})
    result = tick(app, DUE)
    assert (result.sent, result.failed) == (2, 1)
    assert len(mail_server.mails()) == 2
    with reading(app.engine) as session:
        tries = [[each.answer for each in attempts_of(session, [message.id])] for message in due]
    assert [len(answers) for answers in tries] == [1, 1, 1]
    assert tries[1][0].startswith("fault ")
    assert states(app)[State.SENT] == 2


def test_what_went_is_noted_before_the_next_mail_waits_for_its_turn(
    engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    clock.at = FRIDAY
    app = make_app(engine, clock, mail_server.environ(RATE_PER_MINUTE="10"))
    crowd(app, 2)
    stop = threading.Event()
    thread = threading.Thread(target=lambda: tick(app, DUE, stop=stop))
    thread.start()
    wait_for(lambda: states(app)[State.SENT] == 1)
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive(), "a stop ends the wait, of which six seconds were left"
    assert states(app) == {State.SENT: 1, State.WAITING: 1}


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("step", "answer", "times"),
    [("END", "take", 1), ("END", "451 later", 1), ("END", "drop", 1), ("DATA", "451 later", 0)],
)
def test_the_next_mail_is_worked_out_once_while_the_server_has_the_whole_one(
    mail_server: MailServer, step: str, answer: str, times: int
) -> None:
    mail_server.answer(step, answer)
    channel = SmtpChannel(SmtpServer(host="127.0.0.1", port=mail_server.port, tls="none"))
    mail = Outgoing(sender="a@clinic.example", to="bob@patients.example", write=lambda: b"Subject: x\r\n\r\n", name="x")
    done: list[int] = []
    with suppress(DeliveryError):
        channel.send(mail, lambda: done.append(1))
    channel.close()
    assert len(done) == times


# -- Changed meanwhile ------------------------------------------------------------------------------------------------

CARER = NewCarer(name="Dora", email="dora@carers.example", consent=True, language="en", zone="America/New_York")


def changed_after_reading(app: App, change: Callable[[], object]) -> int:
    """The mails that a pass sends when the change is stored after the pass has read the courses."""
    post, done = post_of(app), False

    def load(mails: Sequence[Mail]) -> Callable[[UUID], Case]:
        nonlocal done
        cases = post.load(mails)
        for mail in mails:
            cases(mail.course_id)
        if not done:
            done = True
            change()
        return cases

    return send_due(replace(post, load=load)).sent


def test_a_pause_between_reading_and_sending_is_heeded(app: App, mail_server: MailServer) -> None:
    course = crowd(app, 1)
    assert changed_after_reading(app, lambda: pause_mails(app, course, by=NURSE)) == 0
    assert mail_server.mails() == ()


def test_consent_that_ends_between_reading_and_sending_is_heeded(app: App, mail_server: MailServer) -> None:
    course = crowd(app, 1)
    role = add_carer(app, course, CARER, by=NURSE)
    assert changed_after_reading(app, lambda: remove_carer(app, course, role, by=NURSE)) == 1
    assert [mail.to for mail in mail_server.mails()] == [("bob@patients.example",)]


def test_a_choice_of_words_between_reading_and_sending_is_heeded(app: App, mail_server: MailServer) -> None:
    course = crowd(app, 1)
    full = Wish(days={}, detail=Detail.FULL)
    assert changed_after_reading(app, lambda: choose(app, course, "patient", full, by=NURSE)) == 1
    assert "This is cycle 1, day 1." in mail_server.mails()[0].text


def test_a_calendar_opened_between_reading_and_sending_is_heeded(app: App, mail_server: MailServer) -> None:
    course = crowd(app, 1)

    def open_one() -> None:
        choices = {"detail": Detail.DISCREET, "language": "en", "alarms": (), "expires": None}
        new_feed(app, course, name="phone", reader=Reader.PATIENT, by=NURSE, **choices)  # type: ignore[arg-type]

    assert changed_after_reading(app, open_one) == 1
    kinds = [part.get_content_type() for part in mail_server.mails()[0].message.walk()]
    assert "text/calendar" not in kinds, "the visit would stand in the calendar twice"


def test_a_case_holds_only_on_its_day(app: App) -> None:
    crowd(app, 1)
    with writing(app.engine) as session:
        [mail] = claims.claim(session, owner="one", now=DUE, lease_until=DUE + timedelta(minutes=5), limit=5)
    case = load_cases(app, [mail], DUE)(mail.course_id)
    assert case.holds(case.standing, DUE)
    assert not case.holds(case.standing, DUE + timedelta(days=1))


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


def test_a_course_that_staff_hold_keeps_no_mail_before_it_from_being_noted(
    fresh_postgres_url: str, clock: Clock, mail_server: MailServer
) -> None:
    """Who has written waits for nobody: two that wait for each other would end as an error of one."""
    clock.at, engine = FRIDAY, make_engine(fresh_postgres_url)
    app = make_app(engine, clock, mail_server.environ())
    crowd(app, 2)
    second = [each for each in list_messages(app) if each.send_after <= DUE][1]
    with psycopg.connect(plain(make_url(fresh_postgres_url))) as staff:
        staff.execute("SELECT 1 FROM course WHERE id = %s FOR NO KEY UPDATE", [second.course_id])
        thread = threading.Thread(target=lambda: tick(app, DUE))
        thread.start()
        wait_for(lambda: states(app)[State.SENT] == 1)
        assert len(mail_server.mails()) == 1
        staff.rollback()
    thread.join()
    assert states(app) == {State.SENT: 2}
    engine.dispose()


def test_a_claim_is_quick_when_the_database_knows_nothing_of_the_rows_yet(
    own_postgres_url: str, clock: Clock, tmp_path: Path
) -> None:
    """What is known of an empty table once made PostgreSQL look for a mail's rows anew for every row of the table."""
    clock.at, engine = FRIDAY, make_engine(own_postgres_url)
    app = make_app(engine, clock, {"INFUSIONS_MAIL__FOLDER": str(tmp_path / "mail")})
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ALTER TABLE outbox SET (autovacuum_enabled = false)"))
        connection.execute(text("VACUUM ANALYZE outbox"))
    crowd(app, 200)
    with writing(engine) as session:
        session.connection().execute(text("SET LOCAL statement_timeout = '20s'"))
        lease = DUE + timedelta(minutes=5)
        assert len(claims.claim(session, owner="one", now=DUE, lease_until=lease, limit=50)) == 50
        assert outbox_late.expire(session, DUE + timedelta(days=400), "late")
    engine.dispose()
