"""Every text that a patient or carer sees comes from the catalogue: seen in a made-up language, nothing is English."""

import re
from dataclasses import fields, replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from xml.etree import ElementTree as ET

import pytest
from icalendar import Calendar

from calendars import FORMATS
from calendars.view import CalendarView, Detail, Reader
from reminders.message import render
from scheduler.actions import CeaseCause
from tests.calendar_plans import CLINIC, ENGLISH, INOTUZUMAB, ceased, course, empty, eventful, of_every_shape, story
from tests.pdf_reader import text_of
from tests.pseudo import LANGUAGE, LONGER, Spoken, cut_off, pseudo, untranslated
from tests.test_reminders_mail import CLINIC as MAIL_CLINIC
from tests.test_reminders_mail import MAILS

PSEUDO = pseudo()
REGIMENS = (INOTUZUMAB, of_every_shape().plan.regimen)
NAMES = [
    *(regimen.name for regimen in REGIMENS),
    *(agent.name for regimen in REGIMENS for agent in regimen.ranked),
    "°C °F",
    *(getattr(CLINIC, field.name) for field in fields(CLINIC)),
]
MAIL_NAMES = [*(getattr(MAIL_CLINIC, field.name) for field in fields(MAIL_CLINIC))]
STORIES = {
    "everything happened": eventful(),
    "not begun": story(),
    "several agents": of_every_shape(),
    "a pump": of_every_shape(lengths_known=True),
    "ceased": ceased(CeaseCause.TOXICITY),
    "at night, so that times have dates": story(course(at=story().plan.course.at.replace(hour=0, minute=15))),
}


def spoken(name: str, body: bytes) -> list[str]:
    """What the bytes of a format say to people."""
    if name == "ics":
        return list(_said(Calendar.from_ical(body)))
    if name == "pdf":
        return [text_of(body)]
    if name == "svg":
        # A long line stands in several elements.
        return [" ".join(element.text for element in ET.fromstring(body).iter() if element.text)]
    return Spoken(body.decode()).texts if name == "html" else [body.decode()]


def _said(calendar: Calendar) -> list[str]:
    names = ("SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "X-WR-CALNAME", "COMMENT")
    return [str(part[name]) for part in calendar.walk() for name in names if name in part]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("reader", [Reader.PATIENT, Reader.CARER])
@pytest.mark.parametrize("told", STORIES)
def test_a_calendar_of_any_format_shows_no_text_but_the_catalogues(
    name: str, detail: Detail, reader: Reader, told: str
) -> None:
    view = STORIES[told].view(wording=PSEUDO, detail=detail, reader=reader, alarms=(timedelta(days=1),))
    for each in (view, empty(view)):
        texts = spoken(name, FORMATS[name].render(each))
        assert untranslated(texts, names=NAMES) == set()
        assert [text for text in texts if cut_off(text)] == []


def test_a_text_that_is_not_from_the_catalogue_is_found() -> None:
    view: CalendarView = eventful().view(wording=PSEUDO)
    entries = (replace(view.entries[0], summary="Stay for a while"), *view.entries[1:])
    texts = spoken("html", FORMATS["html"].render(replace(view, entries=entries)))
    assert untranslated(texts, names=NAMES) == {"Stay", "for", "while"}


@pytest.mark.parametrize("name", MAILS)
@pytest.mark.parametrize("to_patient", [True, False])
@pytest.mark.parametrize("full", [True, False])
def test_a_mail_says_nothing_that_is_not_in_the_catalogue(name: str, to_patient: bool, full: bool) -> None:  # noqa: FBT001 - a table
    envelope = replace(MAILS[name].envelope, unsubscribe="https://dates.example/u/x")
    facts = replace(MAILS[name], envelope=envelope, to_patient=to_patient, full=full)
    mail = message_from_bytes(render(facts, PSEUDO, MAIL_CLINIC), policy=default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    texts = [mail["Subject"], plain.get_content(), *Spoken(html.get_content()).texts]
    texts = [text.replace(envelope.unsubscribe, "") for text in texts]
    assert untranslated(texts, names=MAIL_NAMES) == set()
    assert [text for text in texts if cut_off(text)] == []
    assert mail["Content-Language"] == LANGUAGE
    assert f'<html lang="{LANGUAGE}" dir="ltr">' in html.get_content()


def test_the_made_up_language_is_longer_by_two_fifths_and_keeps_the_placeholders() -> None:
    plain = re.compile(r"\{\w+\}")
    for key, text in ENGLISH.messages.items():
        made = PSEUDO.messages[key]
        assert sorted(plain.findall(made)) == sorted(plain.findall(text))
        if ".letter" not in key:
            length, longer = len(plain.sub("", text)), len(plain.sub("", made))
            assert longer >= (1 + LONGER) * length - 1, key
