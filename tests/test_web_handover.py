"""Handing over from the page of a course: addresses made once, shown once, in the patient's language; and ended again."""

from uuid import UUID

import httpx
import pytest

from service.feeds import list_feeds
from service.page_links import list_links
from tests.web_site import Page, Web

EVERYTHING: dict[str, str | list[str]] = {
    "things": "page",
    "detail": "full",
    "programs": ["apple", "android", "google", "outlook", "thunderbird"],
}


@pytest.fixture
def bobs(web: Web) -> UUID:
    return web.course()


def addresses(page: Page) -> list[str]:
    return [tag.text.strip() for tag in page.all("code")]


def test_each_program_gets_an_address_of_its_own_and_the_patient_a_page(web: Web, bobs: UUID) -> None:
    alice = web.visitor("alice")
    answer = alice.send(alice.get(f"/courses/{bobs}/hand-over"), **EVERYTHING)
    assert answer.status_code == 200
    page = Page(answer.text)
    made = addresses(page)
    assert len(set(made)) == 6
    assert [httpx.get(address).status_code for address in made] == [200] * 6
    assert "/p/" in made[0]
    assert all("/c/" in address for address in made[1:])
    named = {line.name for line in list_feeds(web.app, bobs)}
    assert named == {"iPhone, iPad", "Android", "Google Calendar", "Outlook", "Thunderbird"}
    assert [line.name for line in list_links(web.app, bobs)] == ["phone"]
    assert "A change often shows after 8 to 24 hours" in page.text
    links = [tag.attributes["href"] for tag in page.all("a")]
    assert sum(link.startswith("webcal://") for link in links) == 2
    assert sum(link.startswith("https://calendar.google.com/") for link in links) == 1
    assert len(page.all("svg")) == 6


def test_a_second_click_shows_the_same_addresses_and_other_answers_are_asked_for_again(web: Web, bobs: UUID) -> None:
    alice = web.visitor("alice")
    page = alice.get(f"/courses/{bobs}/hand-over")
    first, again = (addresses(Page(alice.send(page, **EVERYTHING).text)) for _ in range(2))
    assert first == again
    assert (len(list_feeds(web.app, bobs)), len(list_links(web.app, bobs))) == (5, 1)
    changed = alice.send(page, **(EVERYTHING | {"language": "es"}))
    assert (changed.status_code, "Send it again to make others." in changed.text) == (422, True)


def test_what_is_handed_over_speaks_the_patients_language(web: Web) -> None:
    course = web.course(language="ar")
    alice = web.visitor("alice")
    page = Page(alice.send(alice.get(f"/courses/{course}/hand-over"), **EVERYTHING).text)
    (handed,) = [tag for tag in page.all("div") if "handover" in tag.attributes.get("class", "")]
    assert (handed.attributes["lang"], handed.attributes["dir"]) == ("ar", "rtl")
    assert "صفحتك الخاصة" in page.text
    assert {line.language for line in list_feeds(web.app, course)} == {"ar"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"things": [], "programs": []}, "choose at least one thing to hand over"),
        ({"detail": ""}, "Ask the patient, and choose one."),
        ({"detail": "busy"}, "choose one of the values that the form offers"),
        ({"name": ""}, "Name the device."),
        ({"language": "tlh"}, "choose one of the values that the form offers"),
        ({"programs": ["palm"]}, "choose one of the values that the form offers"),
    ],
)
def test_what_cant_be_is_asked_for_again_and_nothing_is_made(
    web: Web, bobs: UUID, typed: dict[str, str | list[str]], said: str
) -> None:
    alice = web.visitor("alice")
    answer = alice.send(alice.get(f"/courses/{bobs}/hand-over"), **({"detail": "full", **typed}))
    assert (answer.status_code, said.lower() in Page(answer.text).text.lower()) == (422, True)
    assert (list_feeds(web.app, bobs), list_links(web.app, bobs)) == ((), ())


def test_a_link_is_listed_replaced_and_revoked_on_the_page_of_the_course(web: Web, bobs: UUID) -> None:
    alice = web.visitor("alice")
    (first,) = addresses(Page(alice.send(alice.get(f"/courses/{bobs}/hand-over"), detail="full").text))
    assert "phone full English" in alice.get(f"/courses/{bobs}").text
    httpx.get(first)
    assert "14 Dec 2026" in alice.get(f"/courses/{bobs}").text
    (link,) = list_links(web.app, bobs)
    page = alice.get(f"/courses/{bobs}/links/{link.id}/replace")
    (second,) = addresses(Page(alice.send(page).text))
    assert [httpx.get(each).status_code for each in (first, second)] == [410, 200]
    (fresh,) = [each for each in list_links(web.app, bobs) if each.revoked_at is None]
    answer = alice.send(alice.get(f"/courses/{bobs}/links/{fresh.id}/revoke"))
    assert (answer.status_code, httpx.get(second).status_code) == (303, 410)
    alice.get(f"/courses/{bobs}/links/{fresh.id}/revoke", status=404)


def test_print_buttons_choose_language_and_large_letters(web: Web, bobs: UUID) -> None:
    alice = web.visitor("alice")
    links = [tag.attributes["href"] for tag in alice.get(f"/courses/{bobs}/hand-over").all("a")]
    (large,) = [link for link in links if "language=es&large=yes" in link]
    page = alice.get(large)
    checked = {tag.attributes["name"] for tag in page.all("input") if "checked" in tag.attributes}
    selected = [tag.attributes["value"] for tag in page.all("option") if "selected" in tag.attributes]
    assert ("large" in checked, selected) == (True, ["es"])


def test_the_link_is_sent_by_mail_and_shown_to_nobody_here(web: Web, bobs: UUID) -> None:
    alice = web.visitor("alice")
    page = alice.get(f"/courses/{bobs}/hand-over")
    answers = [alice.send(page, detail="full", step="mail") for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert [line.name for line in list_links(web.app, bobs)] == ["phone"]
    assert list_feeds(web.app, bobs) == ()
    assert "The link to the patient's page" in alice.get(answers[0].headers["location"]).text


def test_without_an_address_or_consent_no_mail_is_offered(web: Web) -> None:
    course = web.course(email=None)
    alice = web.visitor("alice")
    page = alice.get(f"/courses/{course}/hand-over")
    assert "once the patient has given an address and agreed to mails" in page.text
    answer = alice.send(page, detail="full", step="mail")
    assert (answer.status_code, "No mail goes to the patient" in Page(answer.text).text) == (422, True)
    assert list_links(web.app, course) == ()
