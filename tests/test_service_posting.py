"""A link to the patient's page by mail: through the outbox, alone, once, and with no token at rest."""

import logging
import re
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from calendars.kinds import Detail
from db.engine import reading
from db.outbox_store import State
from scheduler.actions import Cease, CeaseCause
from scheduler.errors import InvalidValue
from service.audit import entries
from service.carers import list_recipients
from service.courses import record, start_course
from service.mails import pause_mails
from service.messages import list_messages, suppress
from service.page_links import list_links, revoke_link
from service.patient_page import Gone, read_page
from service.posting import mail_link
from service.steps import RequestReused
from service.unsubscribing import set_unsubscribed
from service.wiring import App
from service.worker import tick
from tests.stores import NURSE, Clock, bob, make_app

MORNING = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)  # nine in New York, when a reminder of the visit is due, too
NIGHT = datetime(2026, 12, 3, 4, 0, tzinfo=UTC)  # eleven in the evening there
ADDRESS = re.compile(r"https://calendar\.example\.org/p/([A-Za-z0-9_-]{43})")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def app(engine: Engine, clock: Clock, folder: Path) -> App:
    clock.at = MORNING - timedelta(minutes=1)
    return make_app(engine, clock, {"INFUSIONS_MAIL__FOLDER": str(folder)})


def send(app: App, course: UUID, *, request_id: str = "one", language: str = "en") -> None:
    mail_link(app, course, name="phone", detail=Detail.FULL, language=language, by=NURSE, request_id=request_id)


def pass_at(app: App, clock: Clock, now: datetime) -> None:
    clock.at = now
    tick(app, now)


def mails(folder: Path) -> list[EmailMessage]:
    found = sorted(folder.iterdir()) if folder.exists() else []
    return [message_from_bytes(path.read_bytes(), policy=default) for path in found]


def words_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def token_in(mail: EmailMessage) -> str:
    found = ADDRESS.search(words_of(mail))
    assert found
    return found[1]


def everything(app: App) -> str:
    """Every row of every table, as text."""
    with reading(app.engine) as session:
        connection = session.connection()
        return repr(
            [connection.execute(text(f"SELECT * FROM {name}")).all() for name in ("page", "outbox", "attempt", "audit")]
        )


def test_the_link_goes_as_a_mail_of_its_own_with_a_neutral_subject(app: App, clock: Clock, folder: Path) -> None:
    course = start_course(app, bob(), by=NURSE)
    send(app, course)
    pass_at(app, clock, MORNING)
    by_subject = {str(mail["Subject"]): mail for mail in mails(folder)}
    assert set(by_subject) == {"Your page", "Your appointment on Monday 7 December"}
    told = words_of(by_subject["Your page"])
    for word in ("inotuzumab", "ozogamicin", "Bob", "cycle", "infusion"):
        assert word not in told, word
    page = read_page(app, token_in(by_subject["Your page"]))
    assert page.link is not None
    assert (page.link.name, page.language) == ("phone", "en")
    assert not ADDRESS.search(words_of(by_subject["Your appointment on Monday 7 December"]))


def test_the_token_is_at_rest_neither_while_the_mail_waits_nor_after(
    app: App, clock: Clock, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    course = start_course(app, bob(), by=NURSE)
    send(app, course)
    before = everything(app)
    pass_at(app, clock, MORNING)
    mail = next(mail for mail in mails(folder) if mail["Subject"] == "Your page")
    token, after = token_in(mail), everything(app)
    assert token not in before
    assert token not in after
    assert token not in caplog.text
    with reading(app.engine) as session:
        halves = session.connection().execute(text("SELECT posting FROM page")).scalars().all()
    assert halves == [None], "once the mail has gone, nobody can make its token again"


def test_it_is_sent_once_and_another_of_the_same_request_is_refused(app: App, clock: Clock, folder: Path) -> None:
    course = start_course(app, bob(), by=NURSE)
    send(app, course)
    send(app, course)
    for minutes in range(3):
        pass_at(app, clock, MORNING + timedelta(minutes=minutes))
    assert [str(mail["Subject"]) for mail in mails(folder)].count("Your page") == 1
    assert len(list_links(app, course)) == 1
    with pytest.raises(RequestReused):
        send(app, course, language="es")
    assert [each.by for each in entries(app, course) if each.what == "page-link-mailed"] == [NURSE]


def test_at_night_it_waits_for_the_end_of_the_quiet_hours(app: App, clock: Clock, folder: Path) -> None:
    clock.at = NIGHT
    course = start_course(app, bob(), by=NURSE)
    send(app, course)
    pass_at(app, clock, NIGHT)
    assert mails(folder) == []
    pass_at(app, clock, datetime(2026, 12, 3, 13, 1, tzinfo=UTC))
    assert [str(mail["Subject"]) for mail in mails(folder)] == ["Your page"]


def test_a_link_that_is_revoked_before_it_went_does_not_go(app: App, clock: Clock, folder: Path) -> None:
    course = start_course(app, bob(), by=NURSE)
    send(app, course)
    revoke_link(app, list_links(app, course)[0].id, by=NURSE)
    pass_at(app, clock, MORNING)
    assert "Your page" not in [str(mail["Subject"]) for mail in mails(folder)]
    assert {each.state for each in list_messages(app, course) if each.kind == "link"} == {State.SUPERSEDED}


def test_after_a_death_no_link_goes_and_none_can_be_sent(app: App, clock: Clock, folder: Path) -> None:
    course = start_course(app, bob(), by=NURSE)
    send(app, course)
    record(app, course, Cease(on=date(2026, 12, 4), cause=CeaseCause.DEATH), by=NURSE)
    pass_at(app, clock, MORNING)
    assert mails(folder) == []
    with pytest.raises(InvalidValue, match="mails to this patient have ended"):
        send(app, course, request_id="two")


def test_other_changes_leave_a_waiting_link_alone(app: App, clock: Clock, folder: Path) -> None:
    clock.at = NIGHT
    course = start_course(app, bob(), by=NURSE)
    send(app, course)
    whose = (1, course, "patient")
    set_unsubscribed(app, whose, unsubscribed=True, by="recipient")
    set_unsubscribed(app, whose, unsubscribed=False, by="recipient")
    assert list_recipients(app, course)[0].unsubscribed_at is None
    assert {each.state for each in list_messages(app, course) if each.kind == "link"} == {State.WAITING}


@pytest.mark.parametrize("why", ["no address", "no consent", "unsubscribed", "suppressed", "paused"])
def test_without_a_way_to_mail_it_is_refused_and_nothing_is_made(app: App, why: str) -> None:
    from dataclasses import replace

    new = bob(email=None if why == "no address" else "bob@patients.example")
    course = start_course(app, replace(new, consent=why != "no consent"), by=NURSE)
    if why == "unsubscribed":
        set_unsubscribed(app, (1, course, "patient"), unsubscribed=True, by="recipient")
    elif why == "suppressed":
        suppress(app, "bob@patients.example", by=NURSE)
    elif why == "paused":
        pause_mails(app, course, by=NURSE)
    with pytest.raises(InvalidValue, match=r"^mail: "):
        send(app, course)
    assert list_links(app, course) == ()
    assert [each for each in list_messages(app, course) if each.kind == "link"] == []


def test_a_mailed_link_is_revoked_like_any_other(app: App, clock: Clock, folder: Path) -> None:
    course = start_course(app, bob(), by=NURSE)
    send(app, course, language="ar")
    pass_at(app, clock, MORNING)
    token = next(token_in(mail) for mail in mails(folder) if ADDRESS.search(words_of(mail)))
    assert read_page(app, token).language == "ar"
    revoke_link(app, list_links(app, course)[0].id, by=NURSE)
    with pytest.raises(Gone):
        read_page(app, token)
