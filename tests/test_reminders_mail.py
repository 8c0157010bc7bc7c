"""The mail itself: its words, its headers and its bytes. Pure."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import calendars
from calendars.kinds import ClinicCard
from calendars.wording import Wording, parse_wording
from reminders.message import MailFacts, Told, compose, render
from reminders.mime import Block, Envelope, Letter, as_html, as_text, serialise
from scheduler import events, restamp
from scheduler.errors import InvalidValue
from scheduler.events import Cancelled
from tests.core import course_of, plan_of

NOW = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
CLINIC = ClinicCard(
    name="Example clinic",
    phone="+1 212 555 0100",
    after_hours_phone="+1 212 555 0199",
    emergency_number="911",
    fever_threshold="38.0 °C (100.4 °F)",
    address="1 Example Street\nNew York",
)
ENVELOPE = Envelope(
    sender="clinic@clinic.example",
    to="bob@patients.example",
    message_id="<0123456789abcdef@clinic.example>",
    date=NOW,
    reply_to="desk@clinic.example",
)
PLAN = plan_of(course_of(date(2026, 12, 7), audiences=("can-become-pregnant", "breastfeeding")))
STAMPED = restamp({}, events(PLAN), PLAN, at=NOW)


@pytest.fixture(scope="module")
def english() -> Wording:
    folder = Path(calendars.__file__).parent / "wording"
    return parse_wording("en", (folder / "en.po").read_text(encoding="utf-8"))


def about(*keys: str, **fields: Any) -> MailFacts:
    return MailFacts(
        envelope=ENVELOPE,
        regimen_id=PLAN.regimen.id,
        zone=PLAN.course.zone,
        events=tuple(STAMPED[key].event for key in keys),
        **fields,
    )


def moved(key: str, *, days: int = 2) -> Told:
    """That event, moved by so many days."""
    event = STAMPED[key].event
    later = {name: getattr(event, name) + timedelta(days=days) for name in ("start", "end")}
    later |= {"arrival": event.arrival + timedelta(days=days)} if event.arrival else {}
    return Told(stamped=replace(STAMPED[key], event=replace(event, **later)), was=event.start)


def gone(key: str, reason: Cancelled) -> Told:
    return Told(stamped=replace(STAMPED[key], cancelled=reason), was=STAMPED[key].event.start)


VISIT = "c1d8/infusion"
CHECKS = "c1d8/checks-before-1"
WINDOW = "window/contraception/can-become-pregnant"
BREASTFEEDING = "window/breastfeeding/breastfeeding"
TENTATIVE = "c2d1/infusion"
REVIEW = "c3/end/response-review"
CHANGES = (
    moved(VISIT),
    moved(CHECKS),
    moved(WINDOW),
    Told(stamped=STAMPED[TENTATIVE], was=None),
    Told(stamped=STAMPED["c2d1/checks-before-1"], was=None),
    Told(stamped=STAMPED[BREASTFEEDING], was=None),
    gone("c1d15/infusion", Cancelled.NOT_HAPPENING),
    gone("c1d15/checks-before-1", Cancelled.NOT_HAPPENING),
    gone("c2d8/infusion", Cancelled.TO_BE_ARRANGED),
)
MAILS = {
    "a visit": about(VISIT),
    "a visit that may change": about(TENTATIVE),
    "checks": about(CHECKS),
    "a visit, checks and a window": about(VISIT, CHECKS, WINDOW),
    "windows": about(WINDOW, BREASTFEEDING),
    "a point to plan": about(REVIEW),
    "doubtful dates": about(VISIT, unsure=True),
    "every change": about(changes=CHANGES),
    "one change": about(changes=(moved(VISIT),), unsure=True),
}


def words(text: str) -> list[str]:
    return re.findall(r"[^\s]+", text)


def test_a_mail_about_a_visit_reads_like_this(english: Wording) -> None:
    letter = compose(about(VISIT, CHECKS), english, CLINIC)
    assert letter.subject == "Your appointment on Monday 14 December"
    assert as_text(letter).replace("\u00a0", " ") == (Path(__file__).parent / "golden" / "mail-visit.txt").read_text(
        "utf-8"
    )


def test_a_mail_about_changes_reads_like_this(english: Wording) -> None:
    letter = compose(about(changes=CHANGES), english, CLINIC)
    assert letter.subject == "A change to your appointments"
    assert as_text(letter).replace("\u00a0", " ") == (Path(__file__).parent / "golden" / "mail-change.txt").read_text(
        "utf-8"
    )


@pytest.mark.parametrize("name", MAILS)
def test_text_and_html_say_the_same(english: Wording, name: str) -> None:
    letter = compose(MAILS[name], english, CLINIC)
    page = as_html(letter, language="en", direction="ltr")
    body = unescape(re.sub(r"<[^>]+>", " ", page.partition("<body")[2].partition(">")[2]))
    text = re.sub(r"(?m)^- ", "", as_text(letter))
    assert words(body) == words(text)


@pytest.mark.parametrize("name", MAILS)
def test_what_a_lock_screen_shows_is_neutral(english: Wording, name: str) -> None:
    letter = compose(MAILS[name], english, CLINIC)
    shown = letter.subject + " " + " ".join(as_text(letter).split())[:150]
    telling = (
        "infusion",
        "inotuzumab",
        "besponsa",
        "cancer",
        "leuk",
        "birth",
        "breast",
        "pregnan",
        "blood",
        "liver",
        "clinic",
    )
    assert not [word for word in telling if word in shown.lower()]


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_says_whom_to_call_and_when(english: Wording, name: str) -> None:
    text = " ".join(as_text(compose(MAILS[name], english, CLINIC)).replace("\u00a0", " ").split())
    for said in (
        "Can't come? Call us; do not wait for the next date.",
        "Our number is +1 212 555 0100.",
        "Fever of 38.0 °C (100.4 °F) or more: call +1 212 555 0199 at once",
        "Trouble breathing, or you faint: call 911.",
        "No message does not mean that nothing changed.",
        "This mailbox is not read for emergencies.",
    ):
        assert said in text


@pytest.mark.parametrize("name", MAILS)
def test_no_mail_uses_words_that_blame_or_promise(english: Wording, name: str) -> None:
    text = as_text(compose(MAILS[name], english, CLINIC)).lower()
    forbidden = ("missed", "failed", "non-responder", "safe", "over,", "is over", "free", "ends", "tomorrow", "today")
    assert not [word for word in forbidden if re.search(rf"\b{word}\b", text)]
    assert "inotuzumab" not in text


def test_a_window_is_told_in_the_words_of_rule_18(english: Wording) -> None:
    text = " ".join(as_text(compose(about(WINDOW), english, CLINIC)).split())
    assert "at least until" in text
    assert "it may move later; keep on until you have talked with us" in text


def test_a_later_day_1_comes_if_the_blood_tests_allow_and_may_change(english: Wording) -> None:
    text = as_text(compose(about(TENTATIVE), english, CLINIC))
    assert "This date may change." in text
    assert "if your blood tests allow" in text


def test_dates_that_rest_on_an_unrecorded_dose_ask_for_a_call(english: Wording) -> None:
    assert "Please call us to check this date." in as_text(compose(MAILS["doubtful dates"], english, CLINIC))


@pytest.mark.parametrize(
    ("cancelled", "last"),
    [
        (None, "Your later dates have changed too. Please ask us for the new dates."),
        (
            Cancelled.TO_BE_ARRANGED,
            "Your later appointments and checks will not take place either. Your team will talk with you.",
        ),
    ],
)
def test_a_change_of_a_whole_course_names_the_next_two_cycles_and_sums_up_the_rest(
    english: Wording, cancelled: Cancelled | None, last: str
) -> None:
    visits = [each for key, each in STAMPED.items() if key.endswith("/infusion")]
    told = tuple(
        Told(stamped=replace(each, cancelled=cancelled), was=each.event.first_date + timedelta(days=1))
        for each in visits
    )
    news = next(
        block for block in compose(about(changes=told), english, CLINIC).blocks if block.heading == "What is new"
    )
    assert len(news.lines) == 7
    assert all("December" in line or "January" in line for line in news.lines[:-1])
    assert news.lines[-1] == last


def test_a_clinic_without_numbers_still_makes_a_mail(english: Wording) -> None:
    text = as_text(compose(about(VISIT), english, ClinicCard()))
    assert "Fever: call your team at once, day or night." in text
    assert "call the emergency number" in text
    assert "Fever: call 1" in as_text(compose(about(VISIT), english, ClinicCard(phone="1")))


def test_a_check_that_the_catalogue_does_not_know_has_its_plain_name(english: Wording) -> None:
    event = replace(STAMPED[CHECKS].event, checks=("lung-exam",))
    facts = replace(about(CHECKS), events=(event,))
    assert "lung exam" in as_text(compose(facts, english, CLINIC))


def test_the_same_facts_give_the_same_bytes(english: Wording) -> None:
    assert render(about(VISIT), english, CLINIC) == render(about(VISIT), english, CLINIC)


def test_bytes_are_read_back_with_every_header(english: Wording) -> None:
    content = render(about(VISIT), english, CLINIC)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 78
    message = message_from_bytes(content, policy=default)
    assert message.defects == []
    assert {name: str(message[name]) for name in ("Subject", "From", "To", "Reply-To", "Message-ID", "Date")} == {
        "Subject": "Your appointment on Monday 14 December",
        "From": "clinic@clinic.example",
        "To": "bob@patients.example",
        "Reply-To": "desk@clinic.example",
        "Message-ID": "<0123456789abcdef@clinic.example>",
        "Date": "Fri, 04 Dec 2026 14:00:00 +0000",
    }
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


HOSTILE = Letter(
    subject="Größe 5 <b> Ж" + "x" * 200,
    blocks=(
        Block(lines=("<script>alert(1)</script> & .", ".", "..dots", "a" * 2000)),
        Block(heading="Überschrift", lines=("=20 From here", "From there", "日本語" * 100)),
    ),
)


def test_hostile_text_is_neither_markup_nor_a_broken_mail() -> None:
    content = serialise(HOSTILE, ENVELOPE, language="en", direction="ltr")
    message = message_from_bytes(content, policy=default)
    assert message["Subject"] == HOSTILE.subject
    assert max(map(len, content.split(b"\r\n"))) <= 998
    html = next(part for part in message.walk() if part.get_content_type() == "text/html").get_content()
    assert "<script>" not in html
    text = next(part for part in message.walk() if part.get_content_type() == "text/plain").get_content()
    assert text.replace("\r\n", "\n") == as_text(HOSTILE)


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_is_read_without_a_fault_and_has_short_lines(name: str, english: Wording) -> None:
    content = render(MAILS[name], english, CLINIC)
    message = message_from_bytes(content, policy=default)
    assert [part.defects for part in message.walk() if part.defects] == []
    assert max(map(len, content.split(b"\r\n"))) <= 78
    assert content.count(b"\n") == content.count(b"\r\n"), "every line ends as a mail's line does"


@pytest.mark.parametrize(
    "subject", ["Your " + "long " * 40 + "subject", "Größe " * 30 + "x", "one\r\nBcc: eve@x.example"]
)
def test_a_long_subject_is_folded_and_one_of_two_lines_smuggles_in_no_header(subject: str) -> None:
    letter = replace(HOSTILE, subject=subject)
    content = serialise(letter, ENVELOPE, language="en", direction="ltr")
    message = message_from_bytes(content, policy=default)
    assert message["Subject"] == " ".join(subject.splitlines())
    assert message["Bcc"] is None
    head = content.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("address", ["bob@x.example\nBcc: eve@x.example", "bob @x.example", "bob\x7f@x.example"])
def test_an_address_can_smuggle_in_no_header(address: str) -> None:
    with pytest.raises(InvalidValue, match="mail, to: holds a blank or a control character"):
        replace(ENVELOPE, to=address)
