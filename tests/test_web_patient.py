"""The patient's page over real HTTP: what it shows, what can be chosen, and what nobody else can do with it."""

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from calendars.kinds import Detail
from scheduler.actions import Cease, CeaseCause, Given
from service.carers import list_recipients
from service.feeds import list_feeds
from service.page_links import NewLink, new_link, revoke_link
from service.prints import print_course
from service.rendering import Look
from tests.web_site import NOW, Page, Web, running
from web.limits import Limit, PageLimits

SAFE = {
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}
MOST_BYTES = 100_000


@pytest.fixture
def bobs(web: Web) -> UUID:
    return web.course()


def link(web: Web, course: UUID, *, detail: str = "full", language: str = "en") -> NewLink:
    return new_link(web.app, course, name="phone", detail=Detail(detail), language=language, by="alice")


class Patient:
    """Somebody with the address: no cookie, no script."""

    def __init__(self, made: NewLink) -> None:
        self.address = made.address

    def get(self, query: str = "", *, status: int = 200) -> Page:
        answer = httpx.get(self.address + query)
        assert answer.status_code == status, answer.text
        return Page(answer.text)

    def send(self, path: str, **typed: str | list[str]) -> httpx.Response:
        """Sends the page's form with these values, as a browser would: no origin, since the page gives no referrer."""
        mark = next(tag.attributes["value"] for tag in self.get().all("input") if tag.attributes.get("name") == "mark")
        headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        return httpx.post(f"{self.address}/{path}", data={"mark": mark, **typed}, headers=headers)


def test_the_page_tells_the_next_visit_first_and_then_whom_to_call(web: Web, bobs: UUID) -> None:
    page = Patient(link(web, bobs)).get()
    assert page.text.index("Your next visit Monday 21 December 2026 Come at 08:30") < page.text.index("Call at once")
    assert "If this page differs from what your team told you, your team is right." in page.text
    assert "You may leave: not before 11:00, and only when your nurse says so." in page.text
    for each in ("Bring the written list", "Use birth control at least until", "All your dates", "Your choices"):
        assert each in page.text, each


def test_the_page_sets_no_cookie_asks_nobody_else_and_needs_no_script(web: Web, bobs: UUID) -> None:
    answer = httpx.get(link(web, bobs).address)
    assert {name: answer.headers[name] for name in SAFE} == SAFE
    assert "set-cookie" not in answer.headers
    page = Page(answer.text)
    assert page.all("script") == []
    named = [tag.attributes.get(name, "") for tag in page.tags for name in ("href", "src", "action")]
    assert [each for each in named if "://" in each or each.startswith("//")] == []


@pytest.mark.parametrize("view", ["list", "months", "picture"])
def test_the_dates_are_shown_as_a_list_as_months_and_as_a_picture(web: Web, bobs: UUID, view: str) -> None:
    page = Patient(link(web, bobs)).get(f"?view={view}")
    marked = [tag.text.strip() for tag in page.all("a") if tag.attributes.get("aria-current") == "page"]
    assert marked == [{"list": "List", "months": "Months", "picture": "Picture"}[view]]
    assert bool(page.all("svg")) == (view == "picture")
    assert bool(page.all("table")) == (view == "months")


def test_later_and_earlier_dates_are_a_click_away(web: Web, bobs: UUID) -> None:
    patient = Patient(link(web, bobs))
    assert "Monday 1 February 2027" not in patient.get().text
    later = patient.get("?view=list&from=2027-01-25")
    assert "Monday 1 February 2027" in later.text
    assert "Earlier dates" in later.text


@pytest.mark.parametrize(
    "query", ["?from=never", "?from=0001-01-01", "?from=9999-12-31", "?view=x&from=", "?view=months&from=9999-12-01"]
)
def test_a_part_that_there_is_not_shows_the_dates_of_now(web: Web, bobs: UUID, query: str) -> None:
    assert "December 2026" in Patient(link(web, bobs)).get(query).text


def test_a_neutral_page_names_no_drug_illness_clinic_or_person(web: Web, bobs: UUID) -> None:
    made = link(web, bobs, detail="discreet")
    for view in ("list", "months", "picture"):
        html = httpx.get(f"{made.address}?view={view}").text.lower()
        html = html.replace("all of it: the drug", "")  # what could be chosen
        for told in (
            "bob",
            "inotuzumab",
            "ozogamicin",
            "infusion",
            "cycle",
            "liver",
            "birth control",
            "clinic",
            "pregnan",
        ):
            assert told not in html, (view, told)


@pytest.mark.parametrize(
    ("language", "direction", "said"), [("es", "ltr", "Su próxima visita"), ("ar", "rtl", "زيارتك")]
)
def test_the_page_speaks_the_language_of_the_link(
    web: Web, bobs: UUID, language: str, direction: str, said: str
) -> None:
    page = Patient(link(web, bobs, language=language)).get()
    assert f'lang="{language}" dir="{direction}"' in page.html
    assert said in page.text


def test_the_patient_changes_language_and_level(web: Web, bobs: UUID) -> None:
    patient = Patient(link(web, bobs))
    answer = patient.send("choices", step="look", language="es", detail="discreet")
    assert answer.status_code == 303
    page = Page(httpx.get(web.url + answer.headers["location"]).text)
    assert "Guardado." in page.text
    assert "Cita" in page.text
    assert "inotuzumab" not in page.text
    for typed in ({"language": "tlh", "detail": "full"}, {"language": "en", "detail": "busy"}, {"language": "en"}):
        refused = patient.send("choices", step="look", **typed)
        assert (refused.status_code, "Esto no se guardó." in refused.text) == (422, True), typed
    assert patient.send("choices", step="else").status_code == 422


def test_the_patient_chooses_mails_stops_them_and_gets_them_again(web: Web, bobs: UUID) -> None:
    patient = Patient(link(web, bobs))
    assert patient.send("choices", step="mails", visit=["1"], change=["0"]).status_code == 303
    page = patient.get()
    ticked = [tag.attributes["id"] for tag in page.all("input") if "checked" in tag.attributes]
    assert [each for each in ticked if "-" in each and each.split("-")[1].isdigit()] == ["visit-1", "change-0"]
    assert patient.send("choices", step="stop").status_code == 303
    assert "You get no more mails from us." in patient.get().text
    assert patient.send("choices", step="again").status_code == 303
    assert list_recipients(web.app, bobs)[0].unsubscribed_at is None


def test_who_gets_no_mails_is_told_to_ask(web: Web) -> None:
    page = Patient(link(web, web.course(email=None))).get()
    assert "You get no mails from us. If you want mails, ask us." in page.text


def test_the_patient_makes_a_calendar_address_that_works(web: Web, bobs: UUID) -> None:
    patient = Patient(link(web, bobs))
    answers = [patient.send("calendar", detail="discreet", request_id="one") for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    page = Page(answers[0].text)
    assert "We show this address only now." in page.text
    (address,) = {tag.text.strip() for tag in page.all("code")}
    assert httpx.get(address).text.startswith("BEGIN:VCALENDAR")
    assert [line.name for line in list_feeds(web.app, bobs)] == ["phone, made on the patient's page"]
    assert "phone, made on the patient's page" in web.visitor("alice").get(f"/courses/{bobs}").text
    for program in ("iPhone", "Android", "Google Calendar", "Outlook", "Thunderbird"):
        assert program in page.text, program
    assert patient.send("calendar", detail="busy", request_id="two").status_code == 422


@pytest.mark.parametrize(
    ("headers", "mark", "because"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, None, "sent from another site, whatever it holds"),
        ({"Sec-Fetch-Site": "same-site"}, None, "a neighbour below the same domain is another site"),
        ({"Origin": "https://evil.example"}, None, "an old browser names the origin at least"),
        ({}, "", "without the page's mark"),
        ({"Sec-Fetch-Site": "same-origin"}, "x" * 64, "with a made-up mark"),
    ],
)
def test_a_form_from_elsewhere_changes_nothing(
    web: Web, bobs: UUID, headers: dict[str, str], mark: str | None, because: str
) -> None:
    made = link(web, bobs)
    page = Patient(made).get()
    own = next(tag.attributes["value"] for tag in page.all("input") if tag.attributes.get("name") == "mark")
    data = {"mark": own if mark is None else mark, "step": "stop", "detail": "full", "request_id": "one"}
    for path in ("choices", "calendar"):
        answer = httpx.post(f"{made.address}/{path}", data=data, headers=headers)
        assert answer.status_code == 403, because
        assert "This did not work" in answer.text
    assert list_recipients(web.app, bobs)[0].unsubscribed_at is None
    assert list_feeds(web.app, bobs) == ()


def test_the_mark_of_one_page_opens_no_other(web: Web, bobs: UUID) -> None:
    mine, other = link(web, bobs), link(web, bobs)
    own = next(
        tag.attributes["value"] for tag in Patient(mine).get().all("input") if tag.attributes.get("name") == "mark"
    )
    assert httpx.post(f"{other.address}/choices", data={"mark": own, "step": "stop"}).status_code == 403


def test_the_page_of_a_sheet_shows_the_same_and_offers_no_choice(web: Web, bobs: UUID) -> None:
    made = print_course(web.app, bobs, Look(), by="alice")
    page = Page(httpx.get(made.address).text)
    assert "This sheet is up to date." in page.text
    assert "All your dates" in page.text
    assert page.all("form") == []
    for path in ("choices", "calendar"):
        assert httpx.post(f"{made.address}/{path}", data={"mark": "x", "step": "stop"}).status_code == 403


def test_a_revoked_address_and_an_unknown_one_show_the_same_page(web: Web, bobs: UUID) -> None:
    made = link(web, bobs)
    revoke_link(web.app, made.id, by="alice")
    answers = [httpx.get(made.address), httpx.get(f"{web.url}/p/{'x' * 43}"), httpx.get(f"{web.url}/p/x")]
    assert [answer.status_code for answer in answers] == [410, 404, 404]
    assert len({answer.text for answer in answers}) == 1
    assert all({name: answer.headers[name] for name in SAFE} == SAFE for answer in answers)
    posted = httpx.post(f"{made.address}/choices", data={"mark": "x", "step": "stop"})
    assert posted.status_code == 410


def test_after_a_death_the_page_shows_the_telephone_and_no_more(web: Web, bobs: UUID) -> None:
    patient = Patient(link(web, bobs))
    mark = next(tag.attributes["value"] for tag in patient.get().all("input") if tag.attributes.get("name") == "mark")
    web.record(
        bobs,
        Given(cycle=1, day=1, on=date(2026, 12, 7)),
        Cease(on=date.fromisoformat(NOW[:10]), cause=CeaseCause.DEATH),
    )
    assert patient.get().text.strip() == "Our number Please call your team."
    answer = httpx.post(f"{patient.address}/choices", data={"mark": mark, "step": "stop"})
    assert Page(answer.text).text.strip() == "Our number Please call your team."
    assert list_recipients(web.app, bobs)[0].unsubscribed_at is None


def test_every_view_of_the_page_is_below_the_limit_of_bytes_in_every_language(web: Web) -> None:
    course = web.course()
    for language in web.app.wordings:
        made = link(web, course, language=language)
        for view in ("list", "months", "picture"):
            assert len(httpx.get(f"{made.address}?view={view}").content) < MOST_BYTES, (language, view)


def test_whoever_asks_without_end_has_to_wait() -> None:
    limit, now = Limit(2), datetime.fromisoformat(NOW)
    for _ in range(2):
        assert not limit.is_reached("a", now)
        limit.count("a", now)
    assert limit.is_reached("a", now + timedelta(minutes=14))
    assert not limit.is_reached("b", now)
    assert not limit.is_reached("a", now + timedelta(minutes=15))
    assert PageLimits().unknown.most == 100


def test_whoever_tries_addresses_that_are_none_has_to_wait(migrated_sqlite: Path, tmp_path: Path) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path) as other:
        made = link(other, other.course())
        answers = [httpx.get(f"{other.url}/p/{number:043}").status_code for number in range(100)]
        assert answers == [404] * 100
        told = httpx.get(made.address)
        assert (told.status_code, told.headers["retry-after"]) == (429, "900")
        assert "This page was opened too often." in told.text
