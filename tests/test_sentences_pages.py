"""Every staff page in Spanish: what is marked there as English is data, and no sentence of the core or a service."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from tests.every_page import Row
from tests.prepared_site import PreparedSite, prepared_site
from tests.test_pseudo_staff import STAFF_PAGES, shown

# What is written for the patient, on pages that show it, is in the patient's language.
PATIENTS = ("/settings/mails", "/hand-over", "/replace")
# Data that is marked as English: examples of an import's columns, and what an audit entry holds: "user 7, role nurse".
DATA = re.compile(r"Patient Example|C1D1 2026-09-14; C1D8 2026-09-22 \(holiday\)|[a-z]+ [\w-]+(?:, [a-z]+ [\w-]+)*")

TOO_LATE = {"dose": "1-15", "to": "2027-02-01", "reason": ""}


class English(HTMLParser):
    """The texts of a page that are marked as English."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._inside or dict(attrs).get("lang") == "en":
            self._inside.append(tag)
            if len(self._inside) == 1:
                self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[-1] += data


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreparedSite]:
    with prepared_site(migrated_sqlite, tmp_path_factory.mktemp("spanish"), marks="") as prepared:
        for database in (prepared.database, prepared.kept):
            with closing(sqlite3.connect(database)) as opened:
                opened.execute("UPDATE user_account SET language = 'es'")
                opened.commit()
        yield prepared


@pytest.fixture(scope="module")
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=20, headers={"Accept-Language": "es"}) as opened:
        yield opened


@pytest.mark.parametrize("row", STAFF_PAGES, ids=str)
def test_a_page_leaves_no_sentence_in_english(row: Row, site: PreparedSite, browser: httpx.Client) -> None:
    page = shown(row, site, browser, language="es")
    assert '<html lang="es"' in page
    texts = [" ".join(text.split()) for text in English(page).texts]
    if not row.address.endswith(PATIENTS):
        assert not [text for text in texts if " " in text and not DATA.fullmatch(text)]


def test_remarks_reasons_and_a_refusal_stand_there_in_spanish(site: PreparedSite, browser: httpx.Client) -> None:
    course = next(row for row in STAFF_PAGES if str(row) == "GET /courses/{course_id}")
    page = shown(course, site, browser, language="es")
    assert "C1D15 se movió del 21 dic 2026 al 22 dic 2026 para mantener un intervalo de 6 días." in page
    assert "Ciclo 1, día 8 es el 16 dic 2026: día 8 del ciclo que empezó el 7 dic 2026; movida 2 días después" in page
    assert "Hasta el 3 ene 2028 incluido: la última dosis, C6D15, está prevista el 3 may 2027" in page
    form = next(row for row in STAFF_PAGES if row.shows == "with faults" and row.address.endswith("/record/defer"))
    refused = shown(replace(form, body={**form.body, **TOO_LATE}), site, browser, language="es")
    assert "El 2027-02-01 está a 42 días de donde corresponde C1D15; el esquema permite el 2026-12-21" in refused
    assert "Esto se aparta del esquema: indicar un motivo para registrarlo." in refused


def test_a_sentence_in_english_is_found() -> None:
    page = '<p>Sí: <span lang="en">the plan <b>has</b> moved on</span>.</p><br><p lang="en">user 7</p>'
    assert English(page).texts == ["the plan has moved on", "user 7"]
