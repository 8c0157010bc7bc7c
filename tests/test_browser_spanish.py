"""A nurse reads the pages in Spanish, in a real browser: chooses the language, records a dose, mends what was refused."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.prepared_site import Person, PreparedSite, State
from tests.test_browser_every_page import browser, site, window_of

__all__ = ["browser", "site"]  # fixtures
NURSE = Person("home", "nurse", State.ACTIVE)


@pytest.fixture
def page(browser: Browser, site: PreparedSite) -> Iterator[Page]:
    """A nurse's browser, whose pages are in Spanish by her own choice."""
    window = window_of(browser, site, site.sessions[NURSE])
    window.page.goto("/account")
    window.page.get_by_label("Language of the pages").select_option("es")
    window.page.get_by_role("button", name="Use this language").click()
    expect(window.page.get_by_role("status")).to_have_text("Guardado: las páginas se muestran en este idioma.")
    yield window.page
    window.context.close()
    site.restore()


def test_a_nurse_who_chose_spanish_records_a_dose_in_spanish(page: Page, site: PreparedSite) -> None:
    page.goto(f"/courses/{site.names['course']}")
    page.get_by_role("link", name="Registrar dosis").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Registrar dosis")
    group = page.get_by_role("group", name="Administrada el")
    for label, typed in (("Día", "14"), ("Año", "2026")):
        group.get_by_label(label, exact=True).fill(typed)
    group.get_by_label("Mes").select_option(label="diciembre")
    expect(group.locator("output")).to_have_text("lunes")
    page.get_by_role("button", name="Ver el cambio antes de guardar").click()
    expect(page.locator("main")).to_contain_text("Ciclo 1, día 8 administrada el lun 14 dic 2026.")
    page.get_by_role("button", name="Registrar", exact=True).click()
    told = page.get_by_role("status").filter(has_text="Anotado como registro")
    expect(told).to_contain_text("Ciclo 1, día 8 administrada el lun 14 dic 2026.")
    expect(page.locator("html")).to_have_attribute("lang", "es")


def test_a_form_that_is_refused_says_why_in_spanish(page: Page, site: PreparedSite) -> None:
    page.goto(f"/courses/{site.names['course']}/record/defer?dose=2-1")
    group = page.get_by_role("group", name="Nueva fecha")
    group.get_by_label("Día", exact=True).fill("31")
    group.get_by_label("Mes").select_option(label="febrero")
    group.get_by_label("Año").fill("2027")
    page.get_by_role("button", name="Ver el cambio antes de guardar").click()
    alert = page.get_by_role("alert").filter(has_text="Aún no guardado")
    expect(alert).to_contain_text("Nueva fecha: esa fecha no existe; revisar el día y el mes.")


def test_what_the_core_refuses_is_told_in_spanish_beside_its_field(page: Page, site: PreparedSite) -> None:
    page.goto(f"/courses/{site.names['course']}/record/cycles")
    page.get_by_label("Número de ciclos").fill("90")
    page.get_by_role("button", name="Ver el cambio antes de guardar").click()
    expect(page.get_by_role("alert").filter(has_text="Aún no guardado")).to_be_visible()
    expect(page.locator("main [lang=en]")).to_have_count(0)


def test_the_picture_and_the_printed_page_of_a_course_are_in_spanish(page: Page, site: PreparedSite) -> None:
    page.goto(f"/courses/{site.names['course']}")
    picture = page.locator("svg.timeline, main svg").first.text_content() or ""
    assert "dic" in picture
    assert "Dec" not in picture
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Después de la última dosis")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "es")
