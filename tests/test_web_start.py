"""Starting a course in the browser: asked, previewed as a whole, stored once."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from scheduler.course import Audience
from service.queries import list_courses
from tests.stores import INOTUZUMAB
from tests.web_site import NEW, Page, Web, add_staff, foreign_scripts, running

AUDIENCES = {
    "audience-can-become-pregnant": "shown",
    "audience-partner-can-become-pregnant": "no",
    "audience-breastfeeding": "private",
}
TYPED: dict[str, str | list[str]] = {"patient": "Berta Example", "day1": "2026-12-21", **AUDIENCES}


def test_no_answer_about_pregnancy_partner_or_breastfeeding_is_given_beforehand(web: Web) -> None:
    page = web.visitor("alice").get(NEW)
    radios = [tag for tag in page.all("input") if tag.attributes["name"].startswith("audience-")]
    assert len(radios) == 9
    assert not any("checked" in tag.attributes for tag in radios)


def test_the_whole_calendar_is_shown_before_anything_is_stored(web: Web) -> None:
    visitor = web.visitor("alice")
    before = len(list_courses(web.app))
    page = visitor.preview(visitor.get(NEW), **TYPED)
    assert len(page.all("time")) >= 18
    assert "Mon 21 Dec 2026" in page.text
    assert "Birth control at least until" in page.text
    assert "No breastfeeding at least until" in page.text
    assert "private: staff only" in page.text
    assert "No mail is sent: there is no address." in page.text
    assert len(list_courses(web.app)) == before


def test_a_confirmed_start_is_stored_as_it_was_typed_and_sent_twice_it_is_stored_once(web: Web) -> None:
    visitor = web.visitor("pia")
    typed = TYPED | {"patient": "Bruno Example", "email": "bruno@patients.example", "consent": "yes", "at": "10:30"}
    typed |= {"intent": "transplant", "cycles": "3", "length": "28", "patient_zone": "America/Chicago"}
    page = visitor.preview(visitor.get(NEW), **typed)
    assert "Mails go to bruno@patients.example, in times of America/Chicago." in page.text
    first, second = visitor.confirm(page), visitor.confirm(page)
    assert first == second
    assert "The course is started." in visitor.get(first).text
    found = [line for line in list_courses(web.app) if line.patient == "Bruno Example"]
    assert len(found) == 1
    record = web.load(found[0].id)
    assert (record.email, record.consent, record.patient_zone) == ("bruno@patients.example", True, "America/Chicago")
    assert (record.course.intent, record.course.cycles, dict(record.course.cycle_lengths)) == ("transplant", 3, {1: 28})
    assert record.course.audiences == (
        Audience(name="can-become-pregnant"),
        Audience(name="breastfeeding", private=True),
    )
    assert f"{record.course.at:%H:%M}" == "10:30"


def test_what_is_missing_is_named_with_links_to_its_fields_and_what_was_typed_stays(web: Web) -> None:
    visitor = web.visitor("alice")
    answer = visitor.send(visitor.get(NEW), step="preview", patient="Berta Example", cycles="many")
    page = Page(answer.text)
    assert answer.status_code == 422
    assert page.all("title")[0].text.startswith("Error: ")
    assert "Say on which date the treatment starts." in page.text
    assert page.text.count("The patient is breastfeeding: choose an answer.") == 2  # in the list, and at the field
    values = page.form()[1]
    assert (values["patient"], values["cycles"]) == (["Berta Example"], ["many"])
    links = {link.attributes["href"] for link in page.all("a") if link.attributes["href"].startswith("#")}
    ids = {tag.attributes["id"] for tag in page.tags if "id" in tag.attributes}
    assert {link.removeprefix("#") for link in links} <= ids


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"day1": "21.12.2026"}, "Day 1 of cycle 1: the day and the month are missing"),
        ({"day1": "2026-02-30"}, "Day 1 of cycle 1: there is no such date"),
        ({"zone": "Mars/Base"}, "there is no such time zone"),
        ({"patient_zone": "Mars/Base"}, "there is no such time zone"),
        ({"email": "not an address"}, "Must be a mail address"),
        ({"cycles": "many"}, "Write a whole number"),
        ({"cycles": "9"}, "give a reason"),
        ({"length": "30"}, "give a reason"),
        ({"length": "14"}, "14"),
        ({"at": "25:00"}, "25:00"),
        ({"patient": "Berta\nExample"}, "one line"),
        ({"language": "tlh"}, "choose one of the values"),
        ({"intent": "sightseeing"}, "choose one of the values"),
        ({"audience-breastfeeding": "perhaps"}, "choose one of the values"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_the_form(
    web: Web, typed: dict[str, str | list[str]], sentence: str
) -> None:
    visitor = web.visitor("alice")
    before = len(list_courses(web.app))
    answer = visitor.send(visitor.get(NEW), step="preview", **(TYPED | typed))
    page = Page(answer.text)
    assert answer.status_code == 422, page.text
    assert sentence in page.text
    for name, value in typed.items():
        if page.form()[1].get(name) is not None and name != "language":
            assert page.form()[1][name] == [value]
    assert len(list_courses(web.app)) == before


def test_a_reason_lets_a_start_depart_from_the_regimen(web: Web) -> None:
    visitor = web.visitor("alice")
    typed = TYPED | {"patient": "Benno Example", "cycles": "7", "reason": "agreed with the board"}
    page = visitor.preview(visitor.get(NEW), **typed)
    assert "7 cycles" in page.text
    assert "agreed with the board" in visitor.get(visitor.confirm(page)).text


def test_going_back_from_the_preview_keeps_every_answer(web: Web) -> None:
    visitor = web.visitor("alice")
    page = visitor.preview(visitor.get(NEW), **TYPED)
    form = Page(visitor.send(page, step="edit").text)
    values = form.form()[1]
    for name, value in TYPED.items():
        assert values[name] == [value]


def test_a_confirmation_that_nobody_previewed_is_previewed_first(web: Web) -> None:
    visitor = web.visitor("alice")
    answer = visitor.send(visitor.get(NEW), step="confirm", **(TYPED | {"patient": "Bodo Example"}))
    assert answer.status_code == 200
    assert "Is this right?" in Page(answer.text).text
    assert not [line for line in list_courses(web.app) if line.patient == "Bodo Example"]


def test_a_hostile_name_is_shown_as_text(web: Web) -> None:
    visitor = web.visitor("alice")
    name = "<script>alert(1)</script> \" ' & Ünal 李"
    page = visitor.preview(visitor.get(NEW), **(TYPED | {"patient": name}))
    place = visitor.confirm(page)
    shown = visitor.get(place)
    assert shown.all("h1")[0].text == name
    assert not foreign_scripts(shown)
    assert name in visitor.get("/courses").text
    assert not foreign_scripts(visitor.get("/"))


def test_with_several_regimens_one_is_chosen_first(migrated_sqlite: Path, tmp_path: Path) -> None:
    text = (files("scheduler") / "regimens" / f"{INOTUZUMAB}.toml").read_text(encoding="utf-8")
    folder = tmp_path / "regimens"
    folder.mkdir()
    other = text.replace(f'id = "{INOTUZUMAB}"', 'id = "other"').replace('name = "Inotuzumab', 'name = "Other')
    (folder / "other.toml").write_text(other, encoding="utf-8")
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path, INFUSIONS_REGIMENS__FOLDER=str(folder)) as web:
        add_staff(web.app)
        alice = web.visitor("alice")
        page = alice.get("/courses/new")
        assert "Which regimen?" in page.text
        link = next(link for link in page.all("a") if link.text.startswith("Other"))
        preview = alice.preview(alice.get(link.attributes["href"]), **TYPED)
        assert "Other ozogamicin" in alice.get(alice.confirm(preview)).text
        answer = alice.http.post("/courses/new?regimen=none", data=preview.form()[1])
        assert (answer.status_code, answer.headers["location"]) == (303, "/courses/new")
