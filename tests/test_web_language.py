"""Staff pages in the reader's own language: chosen on one's own page or at the invitation, by the browser before that."""

import pytest

from tests.web_site import Page, Visitor, Web
from web.speaking import ENGLISH, preferred, say, wordings

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}


def head(visitor: Visitor, address: str, **headers: str) -> str:
    """The first lines of a page."""
    return visitor.http.get(address, headers=headers).text[:200]


def test_without_a_request_everything_is_said_in_english() -> None:
    assert say("Stored, {count} times", count=2) == "Stored, 2 times"


def test_a_text_that_nobody_translated_stays_english() -> None:
    assert wordings()["es"].say("Nobody translates this") == "Nobody translates this"
    assert ENGLISH.count("{count} dose", "{count} doses", 2) == "2 doses"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-AR, en;q=0.8", "es"),
        ("en, es;q=0.8", "en"),
        ("fr, es;q=0.4", "es"),
        ("tlh", "en"),
        ("es;q=0", "en"),
    ],
)
def test_before_a_sign_in_the_browser_says_which_language(header: str, language: str) -> None:
    assert preferred(header, ("en", "es")) == language


def test_the_sign_in_page_follows_the_browser(web: Web) -> None:
    visitor = web.visitor()
    assert '<html lang="es" dir="ltr">' in head(visitor, "/sign-in", **SPANISH)
    assert '<html lang="en" dir="ltr">' in head(visitor, "/sign-in")


def test_a_page_that_is_none_follows_the_browser_too(web: Web) -> None:
    assert '<html lang="es"' in head(web.visitor(), "/nothing-here", **SPANISH)


def test_who_chose_a_language_has_all_pages_in_it_whatever_the_browser_asks_for(web: Web) -> None:
    visitor = web.visitor("alice")
    visitor.post("/account/language", language="es")
    assert '<html lang="es"' in head(visitor, "/", **{"Accept-Language": "en"})
    assert '<html lang="es"' in head(visitor, "/courses/00000000-0000-0000-0000-000000000000")
    assert '<html lang="en"' in head(web.visitor("adam"), "/", **SPANISH)


def test_a_language_that_staff_pages_do_not_have_is_refused_and_changes_nothing(web: Web) -> None:
    visitor = web.visitor("erin")
    answer = visitor.post("/account/language", language="ar")
    assert answer.status_code == 422
    assert "choose one of the values that the form offers" in Page(answer.text).text
    assert '<html lang="en"' in head(visitor, "/")


def test_the_choice_tells_that_no_clinician_has_read_the_translation(web: Web) -> None:
    page = web.visitor("pia").get("/account")
    assert [tag.text for tag in page.all("option")] == [
        "Choose …",
        "English",
        "Spanish (not yet checked by a clinician)",
    ]


def test_an_invited_person_finds_the_language_that_the_admin_chose(web: Web) -> None:
    answer = web.visitor("adam").send_form("/people", name="nora", role="nurse", language="es")
    address = Page(answer.text).all("code")[0].text
    assert '<html lang="es"' in head(web.visitor(), address.removeprefix(web.url))
