"""Printing from the page of a course, and the page behind a sheet's code, over real HTTP."""

from datetime import date
from uuid import UUID

import httpx
import pytest

from scheduler.actions import Cease, CeaseCause, Defer, Hold, HoldCause
from service.prints import Printed, list_prints, print_course
from service.rendering import Look
from tests.pdf_reader import reader_links, text_of
from tests.web_site import NOW, Page, Web

SAFE = {
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


def printed(web: Web, course: UUID, **look: str) -> Printed:
    return print_course(web.app, course, Look(**look), by="alice")  # type: ignore[arg-type] # words alone


def looked_at(made: Printed, **headers: str) -> Page:
    answer = httpx.get(made.address, headers=headers)
    assert answer.status_code == 200
    return Page(answer.text)


@pytest.fixture
def bobs(web: Web) -> UUID:
    return web.course()


def test_a_nurse_prints_a_sheet_from_the_course(web: Web, bobs: UUID) -> None:
    alice = web.visitor("alice")
    assert "Nothing was printed yet." in alice.get(f"/courses/{bobs}").text
    page = alice.get(f"/courses/{bobs}/prints/new")
    answer = alice.send(page, detail="full", paper="letter", large="yes")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="calendar.pdf"'
    assert "For Bob Example" in text_of(answer.content)
    (address,) = reader_links(answer.content)
    assert Page(httpx.get(address).text).text.startswith("Your printed calendar This sheet is up to date.")
    (line,) = list_prints(web.app, bobs)
    assert (line.printed_by, line.look.paper, line.look.large_print) == ("alice", "letter", True)
    told = alice.get(f"/courses/{bobs}").text
    assert "alice the patient full up to date Revoke" in told


def test_a_second_click_prints_the_same_sheet(web: Web, bobs: UUID) -> None:
    alice = web.visitor("alice")
    page = alice.get(f"/courses/{bobs}/prints/new")
    first, again = (alice.send(page, detail="full").content for _ in range(2))
    assert first == again
    assert len(list_prints(web.app, bobs)) == 1
    changed = alice.send(page, detail="discreet")
    assert changed.status_code == 422
    assert "Send it again to print another sheet." in Page(changed.text).text
    assert alice.send(Page(changed.text)).status_code == 200
    assert len(list_prints(web.app, bobs)) == 2


def test_the_form_warns_of_what_the_patient_does_not_know(web: Web, bobs: UUID) -> None:
    web.record(bobs, Hold(cycle=1, day=8, on=date.fromisoformat(NOW[:10]), cause=HoldCause.LIVER))
    page = web.visitor("alice").get(f"/courses/{bobs}/prints/new")
    assert "The patient does not know yet" in page.text
    assert "put on hold" in page.text


def test_a_choice_that_the_form_does_not_offer_prints_nothing(web: Web, bobs: UUID) -> None:
    alice = web.visitor("alice")
    page = alice.get(f"/courses/{bobs}/prints/new")
    assert "Ask the patient, and choose one." in Page(alice.send(page).text).text
    for typed in ({"paper": "a5"}, {"reader": "staff"}, {"detail": "busy"}, {"language": "tlh"}, {"large": "maybe"}):
        assert alice.send(page, **{"detail": "full", **typed}).status_code == 422, typed
    assert list_prints(web.app, bobs) == ()


def test_after_a_death_the_form_says_that_there_is_nothing_to_print(web: Web, bobs: UUID) -> None:
    web.record(bobs, Cease(on=date.fromisoformat(NOW[:10]), cause=CeaseCause.DEATH))
    alice = web.visitor("alice")
    answer = alice.send(alice.get(f"/courses/{bobs}/prints/new"), detail="full")
    assert answer.status_code == 422
    assert "there is nothing to print" in Page(answer.text).text


def test_a_nurse_revokes_a_sheet(web: Web, bobs: UUID) -> None:
    made = printed(web, bobs)
    alice = web.visitor("alice")
    page = alice.get(f"/courses/{bobs}/prints/{made.id}/revoke")
    assert "The paper itself stays where it is." in page.text
    answer = alice.send(page)
    assert answer.status_code == 303
    told = alice.get(answer.headers["location"]).text
    assert "The sheet is revoked" in told
    assert httpx.get(made.address).status_code == 410
    alice.get(f"/courses/{bobs}/prints/{bobs}/revoke", status=404)


def test_the_page_of_a_sheet_says_whether_it_holds_and_what_comes_next(web: Web, bobs: UUID) -> None:
    full, discreet = printed(web, bobs), printed(web, bobs, detail="discreet")
    page = looked_at(full)
    assert "This sheet is up to date. Your next visit Monday 21 December 2026 Come at 08:30 Infusion:" in page.text
    assert "Appointment" in looked_at(discreet).text
    web.record(bobs, Defer(cycle=1, day=15, to=date(2026, 12, 22)))
    page = looked_at(full)
    assert "This sheet is out of date. Please ask us for a new one." in page.text
    assert "Tuesday 22 December 2026" in page.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_page_of_a_sheet_sets_no_cookie_and_leaves_no_trace(web: Web, bobs: UUID, method: str) -> None:
    answer = httpx.request(method, printed(web, bobs).address)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in SAFE} == SAFE
    assert "set-cookie" not in answer.headers
    assert "script" not in answer.text


def test_the_page_of_a_discreet_sheet_names_no_drug_clinic_or_person(web: Web, bobs: UUID) -> None:
    text = looked_at(printed(web, bobs, detail="discreet")).html.lower()
    for told in ("bob", "inotuzumab", "infusion", "cycle", web.app.settings.clinic.name.lower() or "clinic"):
        assert told not in text, told
    assert "bob" not in looked_at(printed(web, bobs)).html.lower()


def test_the_page_speaks_the_language_of_the_sheet(web: Web, bobs: UUID) -> None:
    page = looked_at(printed(web, bobs, language="ar"), **{"Accept-Language": "es"})
    assert 'lang="ar" dir="rtl"' in page.html
    assert "هذه الورقة محدّثة." in page.text


def test_after_a_death_the_page_shows_only_whom_to_call(web: Web, bobs: UUID) -> None:
    made = printed(web, bobs)
    web.record(bobs, Cease(on=date.fromisoformat(NOW[:10]), cause=CeaseCause.DEATH))
    text = looked_at(made).text
    assert "sheet" not in text
    assert "visit" not in text


def test_a_code_that_nobody_printed_and_a_revoked_one_look_the_same(web: Web, bobs: UUID) -> None:
    made = printed(web, bobs)
    from service.prints import revoke_print

    revoke_print(web.app, made.id, by="alice")
    unknown = [httpx.get(f"{web.url}/p/{token}") for token in ("x" * 43, "x", "a" * 200)] + [httpx.get(made.address)]
    assert [answer.status_code for answer in unknown] == [404, 404, 404, 410]
    assert len({answer.text for answer in unknown}) == 1
    assert "This address shows nothing. Please ask us for a new one." in unknown[0].text
    assert {name: unknown[0].headers[name] for name in SAFE} == SAFE


def test_the_page_of_a_sheet_can_only_be_read(web: Web, bobs: UUID) -> None:
    assert httpx.post(printed(web, bobs).address).status_code in {403, 405}
