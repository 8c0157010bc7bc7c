"""Nothing on a page of staff is English but what is data: seen in a made-up language, every text of it is marked.

Sentences of the core and of services have a catalogue of their own (`test_sentences`); where one is not translated it is
marked as English, and is left out here as every part in another language is.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from calendars.wording import Wording
from tests.every_page import ROWS, Row
from tests.prepared_site import EVERY_PERSON, Person, PreparedSite, State, prepared_site
from tests.pseudo import LANGUAGE, Spoken, staff_text, untranslated
from tests.staff_texts import texts
from web.speaking import StaffWording, wordings

# Data: what people are called and what they typed, names of programs and formats.
NAMES = (
    "Bob Berta Amal Clara Severin Stefan Nora Dora Elsewhere Carer Example clinic travelling counts raised liver values",
    "home nurse prescriber clinic admin auditor out new invited first newcomer laboratory cli phone Moving house",
    "bob berta amal dora patients mail example Europe Paris",
    "iPhone iPad Android Google Calendar Outlook Thunderbird Letter Excel MB Patient",
)
IDS = re.compile(r"\b[0-9a-f]{8}[0-9a-f-]*\b")
STAFF_PAGES = [row for row in ROWS if row.is_page and not row.address.startswith(("/p/", "/u/"))]


@pytest.fixture(scope="module")
def made_up() -> Iterator[StaffWording]:
    """The made-up language, offered as if there were a catalogue of it."""
    messages = {key: staff_text(key) for key in texts() if isinstance(key, str)}
    plurals = {key[0]: tuple(map(staff_text, key)) for key in texts() if isinstance(key, tuple)}
    wording = StaffWording(Wording(language=LANGUAGE, messages=messages, plurals=plurals))
    wordings()[LANGUAGE] = wording
    yield wording
    del wordings()[LANGUAGE]


@pytest.fixture(scope="module")
def site(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, made_up: StaffWording
) -> Iterator[PreparedSite]:
    with prepared_site(migrated_sqlite, tmp_path_factory.mktemp("pseudo"), marks="") as prepared:
        for database in (prepared.database, prepared.kept):
            with closing(sqlite3.connect(database)) as opened:
                opened.execute("UPDATE user_account SET language = ?", (made_up.language,))
                opened.commit()
        yield prepared


@pytest.fixture(scope="module")
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=20) as opened:
        yield opened
        assert not opened.cookies


@pytest.mark.parametrize("row", STAFF_PAGES, ids=str)
def test_a_page_shows_no_text_but_the_catalogues(row: Row, site: PreparedSite, browser: httpx.Client) -> None:
    page = shown(row, site, browser)
    assert f'<html lang="{LANGUAGE}" dir="ltr">' in page
    said = [IDS.sub("", text) for text in Spoken(page, language=LANGUAGE).texts]
    assert untranslated(said, names=(*NAMES, *names_of(site))) == set()


def test_a_text_that_is_not_from_the_catalogue_is_found() -> None:
    page = f'<html lang="{LANGUAGE}"><p title="Read me">Ŕéáď <span lang="en">not this</span></p></html>'
    assert untranslated(Spoken(page, language=LANGUAGE).texts, names=()) == {"Read", "me"}


# ---------------------------------------------------------------------------------------------------------------------


def names_of(site: PreparedSite) -> Iterator[str]:
    """What regimens, drugs, countries and sources are called."""
    for regimen in site.app.catalogue.regimens():
        preparation = [str(regimen.preparation.cite)] if regimen.preparation else []
        agents = (f"{agent.key} {agent.name}" for agent in regimen.ranked)
        yield from [regimen.id, regimen.name, *regimen.jurisdictions, *agents, *preparation]


def shown(row: Row, site: PreparedSite, browser: httpx.Client, *, language: str = LANGUAGE) -> str:
    """The page of that row as who may see it gets it, whose browser asks for that language."""
    person = next((each for each in EVERY_PERSON if may(each, row)), EVERY_PERSON[-1])
    session = site.sessions[person]
    address, body = row.filled(site.names)
    token = session.csrf if session.cookie else "token-of-the-sign-in"
    cookies = f"infusions_session={session.cookie}; infusions_sign_in={token}"
    headers = {"Origin": site.url, "Accept-Language": language, "Cookie": cookies}
    body = {**body, "token": token} if row.method == "POST" else {}
    answer = browser.request(row.method, site.url + address, headers=headers, data=body)
    browser.cookies.clear()
    assert answer.status_code == row.answers
    if row.method == "POST":
        site.restore()
    return answer.text


def may(person: Person, row: Row) -> bool:
    return person.clinic == "home" and person.role in row.who and person.state is State.ACTIVE
