"""Who gets mails: carers with consent, what each recipient chose, and the way out of all mails. Through a real mail
server and on both kinds of database."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import Engine

from calendars.kinds import Detail
from db.outbox_claims import Mail
from db.outbox_store import State, StoredMessage
from reminders.post import Case
from reminders.rules import Kind
from scheduler.actions import Cease, CeaseCause, Defer, Given, Hold, HoldCause
from scheduler.course import Audience
from scheduler.errors import InvalidValue
from service import audit, carers
from service.carers import NewCarer, Wish, add_carer, choose, list_recipients, remove_carer
from service.courses import NotFound, preview, record, start_course, tell_patient
from service.messages import list_messages
from service.unsubscribing import resubscribe, subscription, unsubscribe
from service.wiring import App
from service.worker import TickResult, tick
from tests.smtp_server import MailServer, Received
from tests.stores import NURSE, PUBLIC_URL, Clock, bob, make_app

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
THREE_DAYS_BEFORE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)  # 9:00 in New York, before Monday 7 December
IN_PARIS = datetime(2026, 12, 6, 8, 0, tzinfo=UTC)  # 9:00 in Paris
ONE_DAY_BEFORE = datetime(2026, 12, 6, 14, 0, tzinfo=UTC)
AUDIENCES = (Audience(name="can-become-pregnant"),)
DORA = NewCarer(name="Dora", email="dora@carers.example", consent=True, language="en", zone="Europe/Paris")
CLINIC = {"INFUSIONS_CLINIC__NAME": "Example clinic", "INFUSIONS_CLINIC__PHONE": "+1 212 555 0100"}

Pass = Callable[[datetime], TickResult]


@pytest.fixture
def app(engine: Engine, clock: Clock, mail_server: MailServer) -> App:
    """The program with the mail server in its settings, on the Friday before Bob's first visit, at seven."""
    clock.at = FRIDAY
    return make_app(engine, clock, CLINIC | mail_server.environ())


@pytest.fixture
def at(app: App, clock: Clock) -> Pass:
    """Moves the clock there and makes a pass."""

    def pass_at(now: datetime) -> TickResult:
        clock.at = now
        return tick(app, now)

    return pass_at


def start(app: App) -> UUID:
    return start_course(app, bob(audiences=AUDIENCES), by=NURSE)


def to(mail_server: MailServer, address: str) -> list[Received]:
    return [mail for mail in mail_server.mails() if mail.to == (address,)]


def of(app: App, course: UUID, role: str) -> list[StoredMessage]:
    return [each for each in list_messages(app, course) if each.recipient == role]


def states(app: App, course: UUID, role: str, kind: str = "") -> set[tuple[State, str]]:
    return {(each.state, each.outcome) for each in of(app, course, role) if kind in {"", each.kind}}


def token_of(mail: Received) -> str:
    return str(mail.message["List-Unsubscribe"]).removeprefix(f"<{PUBLIC_URL}/u/").removesuffix(">")


def whats(app: App, course: UUID) -> list[str]:
    return [each.what for each in audit.entries(app, course)]


# -- Carers -----------------------------------------------------------------------------------------------------------


def test_a_carer_gets_mails_at_their_own_hour_in_words_for_a_carer(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    assert add_carer(app, course, DORA, by=NURSE) == "carer-1"
    at(THREE_DAYS_BEFORE)
    at(IN_PARIS)
    [mail] = to(mail_server, "dora@carers.example")
    assert mail.message["Subject"] == "The appointment on Monday 7 December"
    words = " ".join(mail.text.split())
    assert "You get this mail because you help someone. In it, “you” means that person." in words
    assert "Monday 7 December 2026" in words
    assert "08:30 (Eastern Time)" in words  # the visit is where the clinic is
    assert to(mail_server, "bob@patients.example")[0].message["Subject"] == "Your appointment on Monday 7 December"
    assert len({mail.message["Message-ID"] for mail in mail_server.mails()}) == 2


def test_a_carer_never_gets_anything_that_concerns_reproduction(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    add_carer(app, course, replace(DORA, detail=Detail.FULL), by=NURSE)
    keys = {each.event_key for each in of(app, course, "carer-1")}
    private = {each.event_key for each in of(app, course, "patient")} - keys
    assert any(key.startswith("window/") for key in private)
    assert not any(key.startswith("window/") for key in keys)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
    for day in range(3, 22):
        at(datetime(2026, 12, day, 14, 0, tzinfo=UTC))
    mails = to(mail_server, "dora@carers.example")
    assert len(mails) > 3
    for mail in mails:
        for word in ("birth control", "pregnan", "breastfeed"):
            assert word not in mail.text.lower()


def test_full_says_what_the_appointment_is_and_discreet_does_not(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    add_carer(app, course, replace(DORA, detail=Detail.FULL), by=NURSE)
    at(ONE_DAY_BEFORE)
    [full] = to(mail_server, "dora@carers.example")
    assert full.message["Subject"] == "Infusion on Monday 7 December: cycle 1, day 1"
    assert "This is cycle 1, day 1." in full.text
    discreet = to(mail_server, "bob@patients.example")[-1]
    assert "cycle" not in discreet.text


def test_a_preview_says_to_whom_each_mail_would_go(app: App) -> None:
    course = start(app)
    add_carer(app, course, DORA, by=NURSE)
    found = preview(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9))).notices
    told = {str(notice).endswith("(to carer-1)"): notice.recipient for notice in found}
    assert told == {False: "patient", True: "carer-1"}


def test_a_removed_carer_gets_nothing_and_their_waiting_mails_are_withdrawn(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    add_carer(app, course, DORA, by=NURSE)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
    remove_carer(app, course, "carer-1", by=NURSE)
    remove_carer(app, course, "carer-1", by=NURSE)  # a second time changes nothing
    at(ONE_DAY_BEFORE)
    assert to(mail_server, "dora@carers.example") == []
    assert {state for state, _ in states(app, course, "carer-1")} == {State.SUPERSEDED}
    assert whats(app, course).count("carer-removed") == 1
    assert add_carer(app, course, DORA, by=NURSE) == "carer-2"


def test_after_death_no_mail_goes_to_carers_either(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    add_carer(app, course, DORA, by=NURSE)
    record(app, course, Cease(on=date(2026, 12, 4), cause=CeaseCause.DEATH), by=NURSE, patient_told=True)
    assert add_carer(app, course, replace(DORA, email="eve@carers.example"), by=NURSE) == "carer-2"
    at(THREE_DAYS_BEFORE)
    at(ONE_DAY_BEFORE)
    assert mail_server.mails() == ()


def test_a_hold_waits_for_carers_too_until_the_patient_was_told(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    add_carer(app, course, DORA, by=NURSE)
    record(app, course, Hold(cycle=1, day=1, on=date(2026, 12, 4), cause=HoldCause.INFECTION), by=NURSE)
    at(THREE_DAYS_BEFORE)
    assert mail_server.mails() == ()
    tell_patient(app, course, 1, by=NURSE)
    at(datetime(2026, 12, 4, 15, 0, tzinfo=UTC))
    assert {mail.to for mail in mail_server.mails()} == {("bob@patients.example",), ("dora@carers.example",)}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": " "}, "name: give a name"),
        ({"email": "nobody"}, "email: "),
        ({"email": ""}, "email: is empty"),
        ({"consent": False}, "consent: the patient must agree"),
        ({"language": "xx"}, "language 'xx': there is no wording"),
        ({"zone": "Mars/Base"}, "zone 'Mars/Base'"),
        ({"detail": Detail.BUSY}, "detail: busy says nothing"),
    ],
)
def test_what_cannot_be_a_carer_is_refused_in_a_sentence(app: App, change: dict[str, object], told: str) -> None:
    course = start(app)
    with pytest.raises(InvalidValue, match=told):
        add_carer(app, course, replace(DORA, **change), by=NURSE)  # type: ignore[arg-type] # a table of bad values
    assert [each.role for each in list_recipients(app, course)] == ["patient"]


def test_a_course_has_a_limit_of_carers(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    course = start(app)
    monkeypatch.setattr(carers, "MAX_CARERS", 1)
    add_carer(app, course, DORA, by=NURSE)
    with pytest.raises(InvalidValue, match="at most; remove one first"):
        add_carer(app, course, DORA, by=NURSE)
    remove_carer(app, course, "carer-1", by=NURSE)
    assert add_carer(app, course, DORA, by=NURSE) == "carer-2"


def test_a_carer_that_the_course_does_not_have_is_told_and_the_patient_is_none(app: App) -> None:
    course = start(app)
    with pytest.raises(NotFound, match="'carer-7': the course has none"):
        remove_carer(app, course, "carer-7", by=NURSE)
    with pytest.raises(InvalidValue, match="the patient is none"):
        remove_carer(app, course, "patient", by=NURSE)


def test_a_late_mail_of_a_carer_goes_in_their_own_days_mail(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    add_carer(app, course, replace(DORA, zone="Asia/Tokyo"), by=NURSE)
    # Nothing ran when it was due, at 9:00 on Sunday in Tokyo; now it is 5:00 on Monday there, 15:00 on Sunday here.
    at(datetime(2026, 12, 6, 20, 0, tzinfo=UTC))
    assert to(mail_server, "dora@carers.example") == []
    at(datetime(2026, 12, 7, 0, 0, tzinfo=UTC))
    [mail] = to(mail_server, "dora@carers.example")
    assert "Monday 7 December" in mail.message["Subject"]


# -- Choice -----------------------------------------------------------------------------------------------------------


def test_a_recipient_gets_only_what_they_chose_and_can_choose_anew(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    line = choose(app, course, "patient", Wish(days={Kind.VISIT: (1,), Kind.CHECK: ()}), by=NURSE)
    assert line.choice == {Kind.VISIT: (1,), Kind.CHECK: ()}
    waiting = {(each.kind, each.offset_days) for each in of(app, course, "patient") if each.state is State.WAITING}
    assert waiting == {("visit", 1), ("window", 30)}
    at(THREE_DAYS_BEFORE)
    assert mail_server.mails() == ()
    choose(app, course, "patient", Wish(days={}), by=NURSE)
    waiting = {(each.kind, each.offset_days) for each in of(app, course, "patient") if each.state is State.WAITING}
    assert waiting == {("visit", 3), ("visit", 1), ("check", 1), ("window", 30)}
    at(ONE_DAY_BEFORE)
    assert len(mail_server.mails()) == 1


def test_no_notice_of_changes_goes_to_those_who_want_none(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    choose(app, course, "patient", Wish(days={Kind.CHANGE: ()}), by=NURSE)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
    at(datetime(2026, 12, 4, 15, 0, tzinfo=UTC))
    assert mail_server.mails() == ()
    choose(app, course, "patient", Wish(days={}), by=NURSE)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 10)), by=NURSE)
    at(datetime(2026, 12, 4, 16, 0, tzinfo=UTC))
    [mail] = mail_server.mails()
    words = " ".join(mail.text.split())
    assert "Your appointment on Monday 7 December 2026" in words
    assert "It is now on Thursday 10 December 2026" in words  # counted from what Bob last heard


def test_a_notice_that_waits_is_withdrawn_by_a_choice(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
    choose(app, course, "patient", Wish(days={Kind.CHANGE: ()}), by=NURSE)
    at(datetime(2026, 12, 4, 15, 0, tzinfo=UTC))
    assert mail_server.mails() == ()
    assert states(app, course, "patient", "change") == {(State.SUPERSEDED, "not wanted by the recipient")}


def test_nobody_can_choose_more_than_the_clinic_sends(app: App) -> None:
    course = start(app)
    with pytest.raises(InvalidValue, match="visit: the clinic sends none 7 days before; it sends: 3, 1"):
        choose(app, course, "patient", Wish(days={Kind.VISIT: (7, 1)}), by=NURSE)
    with pytest.raises(InvalidValue, match="detail: busy says nothing"):
        choose(app, course, "patient", Wish(days={}, detail=Detail.BUSY), by=NURSE)
    with pytest.raises(NotFound):
        choose(app, course, "carer-1", Wish(days={}), by=NURSE)


# -- The way out ------------------------------------------------------------------------------------------------------


def test_each_mail_carries_a_signed_address_that_stops_mails_in_one_click(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    at(THREE_DAYS_BEFORE)
    [mail] = mail_server.mails()
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = token_of(mail)
    assert f"{PUBLIC_URL}/u/{token}" in mail.text.split()
    assert f"{PUBLIC_URL}/u/{token}" in mail.html
    for told in (str(course), course.hex, "bob", "patient"):
        assert told not in token
    assert subscription(app, token).unsubscribed is False


def test_after_unsubscribing_nothing_goes_and_staff_see_what_to_phone_about(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    at(THREE_DAYS_BEFORE)
    token = token_of(mail_server.mails()[0])
    assert unsubscribe(app, token).unsubscribed
    assert unsubscribe(app, token).unsubscribed  # a second click changes nothing
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
    at(datetime(2026, 12, 5, 15, 0, tzinfo=UTC))
    at(datetime(2026, 12, 8, 15, 0, tzinfo=UTC))
    assert len(mail_server.mails()) == 1
    assert states(app, course, "patient", "change") == {(State.DEAD, "unsubscribed from mails; please phone")}
    assert {state for state, _ in states(app, course, "patient", "visit")} == {State.SENT, State.SUPERSEDED}
    assert whats(app, course).count("unsubscribed") == 1
    assert list_recipients(app, course)[0].unsubscribed_at == THREE_DAYS_BEFORE


def test_a_notice_that_waits_is_left_to_staff_when_the_patient_unsubscribes(
    app: App, at: Pass, mail_server: MailServer
) -> None:
    course = start(app)
    at(THREE_DAYS_BEFORE)
    record(app, course, Defer(cycle=1, day=1, to=date(2026, 12, 9)), by=NURSE)
    record(app, course, Hold(cycle=3, day=1, on=date(2026, 12, 4), cause=HoldCause.PATIENT), by=NURSE)
    unsubscribe(app, token_of(mail_server.mails()[0]))
    found = states(app, course, "patient", "change")
    assert (State.DEAD, "unsubscribed from mails; please phone") in found or State.UNTOLD in {each for each, _ in found}
    tell_patient(app, course, 2, by=NURSE)
    at(datetime(2026, 12, 4, 15, 0, tzinfo=UTC))
    assert len(mail_server.mails()) == 1
    assert not {State.WAITING, State.UNTOLD} & {state for state, _ in states(app, course, "patient", "change")}


def test_who_unsubscribed_can_come_back(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    at(THREE_DAYS_BEFORE)
    token = token_of(mail_server.mails()[0])
    unsubscribe(app, token)
    assert not resubscribe(app, token).unsubscribed
    assert at(ONE_DAY_BEFORE).sent == 1
    assert whats(app, course)[-2:] == ["unsubscribed", "resubscribed"]


def test_a_carer_unsubscribes_for_themselves_alone(app: App, at: Pass, mail_server: MailServer) -> None:
    course = start(app)
    add_carer(app, course, DORA, by=NURSE)
    at(IN_PARIS)
    unsubscribe(app, token_of(to(mail_server, "dora@carers.example")[0]))
    record(app, course, Given(cycle=1, day=1, on=date(2026, 12, 4), reason="came early"), by=NURSE)
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 12)), by=NURSE)
    at(datetime(2026, 12, 6, 15, 0, tzinfo=UTC))
    assert len(to(mail_server, "dora@carers.example")) == 1
    assert len(to(mail_server, "bob@patients.example")) > 1
    assert State.DEAD not in {state for state, _ in states(app, course, "carer-1")}


def test_an_unsubscribing_in_the_middle_of_a_pass_is_heeded(app: App, clock: Clock, mail_server: MailServer) -> None:
    from threading import Event as Flag

    from reminders.dispatch import send_due
    from service import worker

    course = start(app)
    clock.at = THREE_DAYS_BEFORE
    post = worker._post(app, lambda: THREE_DAYS_BEFORE, Flag())
    message = next(each for each in of(app, course, "patient") if each.send_after == THREE_DAYS_BEFORE)
    token = post.unsubscribe(message).rpartition("/")[2]

    def load(mails: Sequence[Mail]) -> Callable[[UUID], Case]:
        cases = post.load(mails)
        unsubscribe(app, token)
        return cases

    assert send_due(replace(post, load=load)).sent == 0
    assert mail_server.mails() == ()


@pytest.mark.parametrize("change", ["first", "last", "short", "other"])
def test_a_token_that_this_service_did_not_make_is_none(
    app: App, at: Pass, mail_server: MailServer, change: str
) -> None:
    start(app)
    at(THREE_DAYS_BEFORE)
    token = token_of(mail_server.mails()[0])
    flipped = {"A": "B"}.get(token[0], "A"), {"A": "B"}.get(token[-1], "A")
    made_up = {
        "first": flipped[0] + token[1:],
        "last": token[:-1] + flipped[1],
        "short": token[:-1],
        "other": "_" * 32,
    }[change]
    for use_case in (subscription, unsubscribe, resubscribe):
        with pytest.raises(NotFound, match="none of ours"):
            use_case(app, made_up)
    assert not subscription(app, token).unsubscribed
