"""The page that stops mails, over real HTTP: looking does nothing, a post stops, a button lets mails go again."""

import re

import httpx
import pytest

from service.messages import list_messages
from service.unsubscribing import subscription, unsubscribe_address
from tests.calendar_plans import WORDINGS
from tests.web_site import Page, Web

CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def address(web: Web) -> str:
    """The address of a new course's patient, as its mails carry it."""
    return unsubscribe_address(web.app, list_messages(web.app, web.course())[0])


def stopped(web: Web, address: str) -> bool:
    return subscription(web.app, address.rpartition("/")[2]).unsubscribed


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_does_nothing(web: Web, address: str, method: str) -> None:
    answer = httpx.request(method, address)
    assert answer.status_code == 200
    assert not stopped(web, address)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


def test_the_page_tells_nothing_of_a_treatment(web: Web, address: str) -> None:
    page = Page(httpx.get(address).text)
    assert page.text.startswith("Mails from us You get mails from us about dates. Stop the mails")
    for told in ("Bob", "patients.example", "inotuzumab", "2026", "December"):
        assert told not in page.html


@pytest.mark.parametrize(
    "body",
    [
        {"data": CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"\xff" * 9999},
    ],
    ids=["urlencoded", "multipart", "empty", "rubbish"],
)
def test_a_mail_program_stops_mails_in_one_click_without_cookie_or_origin(
    web: Web, address: str, body: dict[str, object]
) -> None:
    answer = httpx.post(address, **body)  # type: ignore[arg-type] # a table of bodies
    assert answer.status_code == 200  # RFC 8058, 3.2: no redirect
    assert stopped(web, address)


def test_a_person_stops_mails_and_lets_them_go_again(web: Web, address: str) -> None:
    visitor = web.visitor()
    page = visitor.get(address)
    gone = Page(visitor.send(page, action="stop").text)
    assert "You get no more mails from us." in gone.text
    assert stopped(web, address)
    back = Page(visitor.send(gone, action="resume").text)
    assert "You get mails from us about dates." in back.text
    assert not stopped(web, address)


@pytest.mark.parametrize("token", ["x", "A" * 32, "_" * 32, "A" * 33, "%00" * 10])
def test_an_address_that_nobody_made_is_told_kindly(web: Web, token: str) -> None:
    for method in ("GET", "POST"):
        answer = httpx.request(method, f"{web.url}/u/{token}")
        assert answer.status_code == 404
        assert "This page does not know your address." in Page(answer.text).text
        assert "/courses" not in answer.text


@pytest.mark.parametrize(
    ("asked", "language", "direction", "because"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es", "ltr", "Mexico's Spanish is ours"),
        ("de, ar;q=0.5", "ar", "rtl", "the first that there is"),
        ("ar;q=0, en", "en", "ltr", "a weight of 0 refuses"),
        ("es;q=high, *", "en", "ltr", "what cannot be read is not wanted"),
        ("tlh", "en", "ltr", "none of them is there"),
        ("", "en", "ltr", "nothing is asked for"),
    ],
)
def test_where_nobody_is_known_the_browsers_language_decides(
    web: Web, asked: str, language: str, direction: str, because: str
) -> None:
    answer = httpx.get(f"{web.url}/u/{'A' * 32}", headers={"Accept-Language": asked})
    root = Page(answer.text).all("html")[0].attributes
    assert (root["lang"], root["dir"]) == (language, direction), because
    assert WORDINGS[language].say("stop.unknown") in answer.text


@pytest.mark.parametrize("language", WORDINGS)
def test_the_page_is_in_the_readers_own_language_and_in_no_other(web: Web, language: str) -> None:
    course = web.course(language=language)
    page = Page(httpx.get(unsubscribe_address(web.app, list_messages(web.app, course)[0])).text)
    wording = WORDINGS[language]
    root = page.all("html")[0].attributes
    assert (root["lang"], root["dir"]) == (language, wording.direction)
    assert wording.say("stop.going") in page.text
    if language == "ar":
        assert not re.search("[A-Za-z]{2}", page.text.replace(web.app.settings.clinic.name, ""))


def test_what_fails_is_told_to_patients_in_their_words_and_without_a_way_to_staffs_pages(web: Web) -> None:
    answer = httpx.request("DELETE", f"{web.url}/u/{'A' * 32}", headers={"Accept-Language": "es"})
    page = Page(answer.text)
    assert answer.status_code == 405
    assert page.text.startswith("Esto no funcionó")
    assert "/courses" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_token_reaches_no_log(migrated_sqlite: object, web: Web, address: str) -> None:
    token = address.rpartition("/")[2]
    httpx.post(address)
    httpx.get(address[:-1] + ("A" if address[-1] != "A" else "B"))
    assert token not in web.log()
