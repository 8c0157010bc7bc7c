"""The start form beyond the dates: guardian, speech, carers, the calendar that follows what is typed."""

from uuid import UUID

import httpx
import pytest

from service.carers import list_recipients
from service.patients import Guardian, PatientFacts
from service.queries import list_courses
from tests.test_web_start import TYPED
from tests.web_site import NEW, Page, Visitor, Web, foreign_scripts

GUARDIAN: dict[str, str | list[str]] = {
    "minor": "yes",
    "guardian": "Anna Example",
    "guardian_relation": "mother",
    "guardian_email": "anna@mail.example",
    "guardian_consent": "yes",
}
CARER: dict[str, str | list[str]] = {
    "carer1_name": "Dora",
    "carer1_email": "dora@mail.example",
    "carer1_consent": "yes",
}


def course_of(web: Web, patient: str) -> UUID:
    (found,) = [line.id for line in list_courses(web.app) if line.patient == patient]
    return found


def live(visitor: Visitor, page: Page, **typed: str | list[str]) -> Page:
    """What the script shows beside the form."""
    answer = visitor.send(page, step="live", **typed)
    assert answer.status_code == 200
    return Page(f"<main>{answer.text}</main>")


def test_speech_guardian_and_carers_are_asked_previewed_and_kept(web: Web) -> None:
    visitor = web.visitor("alice")
    typed = TYPED | GUARDIAN | {"patient": "Mia Example", "spoken_language": "Tigrinya", "interpreter": "yes"}
    with_carer = Page(visitor.send(visitor.get(NEW), step="carer", **typed).text)
    assert with_carer.form()[1]["guardian"] == ["Anna Example"]  # what was typed stays
    preview = visitor.preview(with_carer, **CARER)
    for told in ("Speaks Tigrinya.", "An interpreter is needed.", "Guardian: Anna Example (mother)", "Carer: Dora"):
        assert told in preview.text
    visitor.confirm(preview)
    course = course_of(web, "Mia Example")
    anna = Guardian(name="Anna Example", relation="mother", email="anna@mail.example", consent=True)
    facts = PatientFacts(spoken_language="Tigrinya", interpreter=True, guardian=anna)
    assert web.load(course).facts == facts
    assert {line.role for line in list_recipients(web.app, course)} == {"patient", "guardian", "carer-1"}


def test_a_carer_whom_nobody_named_is_none(web: Web) -> None:
    visitor = web.visitor("alice")
    page = Page(visitor.send(visitor.get(NEW), step="carer", **(TYPED | {"patient": "Nele Example"})).text)
    visitor.confirm(visitor.preview(page))
    assert [line.role for line in list_recipients(web.app, course_of(web, "Nele Example"))] == ["patient"]


def test_more_carers_than_a_form_takes_are_not_asked_for(web: Web) -> None:
    visitor = web.visitor("alice")
    page = visitor.get(NEW)
    for _ in range(7):
        page = Page(visitor.send(page, step="carer").text)
    assert [heading.text for heading in page.all("h2") if heading.text.startswith("Carer")][-1] == "Carer 5"


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"minor": "yes"}, "guardian", "Write the name of who stands for the patient"),
        ({**GUARDIAN, "minor": []}, "minor", "A guardian is named: tick this"),
        ({**GUARDIAN, "guardian_relation": ""}, "guardian_relation", "say how the guardian is related"),
        ({**GUARDIAN, "guardian_email": "", "guardian_consent": []}, "guardian_phone", "a telephone number"),
        ({**GUARDIAN, "guardian_email": "anna"}, "guardian_email", "Must be a mail address"),
        ({"carers": "1", **CARER, "carer1_consent": []}, "carer1_consent", "The patient must agree"),
        ({"carers": "1", **CARER, "carer1_email": "dora"}, "carer1_email", "Must be a mail address"),
        ({"carers": "1", **CARER, "carer1_zone": "Mars/Base"}, "carer1_zone", "no such time zone"),
        ({"spoken_language": "x" * 61}, "spoken_language", "at most 60 characters"),
    ],
)
def test_a_fault_stands_beside_its_field_and_what_was_typed_stays(
    web: Web, typed: dict[str, str | list[str]], field: str, sentence: str
) -> None:
    visitor = web.visitor("alice")
    page = Page(visitor.send(visitor.get(NEW), step="carer").text)
    answer = visitor.send(page, **(TYPED | {"patient": "Nobody", "step": "preview"} | typed))
    refused = Page(answer.text)
    assert answer.status_code == 422, refused.text
    (fault,) = [tag for tag in refused.all("p") if tag.attributes.get("id") == f"{field}-fault"]
    assert sentence.lower() in fault.text.lower()
    assert refused.form()[1]["day1.day"] == ["21"]
    assert "Nobody" not in {line.patient for line in list_courses(web.app)}


def test_the_calendar_beside_the_form_follows_what_was_typed_so_far(web: Web) -> None:
    visitor = web.visitor("alice")
    page = visitor.get(NEW)
    assert "It shows as soon as day 1 stands" in page.text
    shown = live(visitor, page, day1="2026-12-21")
    assert "6 cycles, Mon 21 Dec 2026 to Sun 30 May 2027" in shown.text
    assert len(shown.all("time")) == 18
    assert "Birth control" not in shown.text  # nobody was asked yet
    more = live(visitor, page, day1="2026-12-21", intent="transplant", **{"audience-breastfeeding": "private"})
    assert "2 cycles" in more.text
    assert "No breastfeeding at least until" in more.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"day1": "2026-02-30"}, "is not a date"),
        ({"day1": "2026-12-21", "cycles": "9"}, "give a reason"),
        ({"day1": "2026-12-21", "cycles": "many"}, "Write a whole number"),
        ({"day1": "2026-12-21", "zone": "Mars/Base"}, "no such time zone"),
        ({"day1": "2026-12-21", "at": "25:00"}, "25:00"),
    ],
)
def test_a_calendar_that_cannot_be_says_why_and_never_shows_another(
    web: Web, typed: dict[str, str | list[str]], sentence: str
) -> None:
    visitor = web.visitor("alice")
    shown = live(visitor, visitor.get(NEW), **typed)
    assert sentence in shown.text
    assert not shown.all("time")


def test_without_a_script_a_button_shows_the_same_calendar_in_the_form(web: Web) -> None:
    visitor = web.visitor("alice")
    typed: dict[str, str | list[str]] = {"day1": "2026-12-21", "patient": "Berta Example"}
    page = Page(visitor.send(visitor.get(NEW), step="show", **typed).text)
    alone = live(visitor, visitor.get(NEW), **typed)
    assert [tag.attributes for tag in page.all("time")] == [tag.attributes for tag in alone.all("time")]
    assert page.form()[1]["patient"] == ["Berta Example"]
    assert not foreign_scripts(page)


# -- Moving in --------------------------------------------------------------------------------------------------------

MOVING = f"{NEW}&moving=yes"
STARTED = {"day1": "2026-11-02", **TYPED} | {"day1": "2026-11-02"}  # six weeks before the clock's Monday


def rows(visitor: Visitor, **typed: str | list[str]) -> Page:
    """The form with the visits since day 1."""
    answer = visitor.send(visitor.get(MOVING), step="edit", **(STARTED | typed))
    assert answer.status_code == 200
    return Page(answer.text)


def visits(page: Page) -> list[str]:
    return [" ".join(tag.text.split()) for tag in page.all("legend") if tag.text.startswith("Cycle")]


SO_FAR: dict[str, str | list[str]] = {
    "as-1-1": "2026-11-02",
    "on-1-8": "2026-11-10",
    "out-1-15": "yes",
    "on-2-1": "2026-11-24",
    "as-2-8": "2026-12-01",
    "as-2-15": "2026-12-08",
    "on-3-1": "2026-12-23",
    "why-3-1": "the patient asked for it",
}


def test_the_visits_up_to_today_are_asked_for_and_two_more(web: Web) -> None:
    page = rows(web.visitor("alice"))
    assert visits(page) == [
        "Cycle 1 day 1 planned Mon 2 Nov 2026",
        "Cycle 1 day 8 planned Mon 9 Nov 2026",
        "Cycle 1 day 15 planned Mon 16 Nov 2026",
        "Cycle 2 day 1 planned Mon 23 Nov 2026",
        "Cycle 2 day 8 planned Mon 30 Nov 2026",
        "Cycle 2 day 15 planned Mon 7 Dec 2026",
        "Cycle 3 day 1 to come, Mon 21 Dec 2026",
        "Cycle 3 day 8 to come, Mon 28 Dec 2026",
    ]
    assert not [box for box in page.all("input") if box.attributes["name"][:3] == "as-" and "checked" in box.attributes]


def test_a_patient_in_mid_course_is_moved_in_from_one_form(web: Web) -> None:
    visitor = web.visitor("pia")
    preview = visitor.preview(rows(visitor), **(SO_FAR | {"patient": "Moritz Example"}))
    assert "Cycle 1 day 8 given on Tue 10 Nov 2026" in preview.text
    assert "No mail tells of it." in preview.text
    first, second = visitor.confirm(preview), visitor.confirm(preview)
    assert first == second
    record = web.load(course_of(web, "Moritz Example"))
    assert [(entry.action.kind, entry.by) for entry in record.entries] == [
        (kind, "pia") for kind in ("given", "given", "omit", "given", "given", "given", "defer")
    ]
    dates = {(dose.cycle, dose.day): str(dose.date) for dose in record.plan.doses()}
    assert (dates[2, 8], dates[2, 15], dates[3, 1], dates[3, 8]) == (
        "2026-12-01",
        "2026-12-08",
        "2026-12-23",
        "2026-12-30",
    )


def test_going_back_from_the_preview_of_a_move_keeps_every_row(web: Web) -> None:
    visitor = web.visitor("alice")
    back = Page(visitor.send(visitor.preview(rows(visitor), **SO_FAR), step="edit").text)
    values = back.form()[1]
    assert (values["as-1-1"], values["out-1-15"]) == (["2026-11-02"], ["yes"])
    assert [values[f"on-1-8.{box}"] for box in ("day", "month", "year")] == [["10"], ["11"], ["2026"]]
    assert visits(back)[3] == "Cycle 2 day 1 planned Mon 23 Nov 2026"  # by cycle 1 alone, not what was typed


def test_a_ticked_date_that_the_plan_has_no_more_stays_as_a_typed_one(web: Web) -> None:
    visitor = web.visitor("alice")
    page = rows(visitor, **{"as-1-1": "2026-11-02", "as-1-8": "2026-11-09"})
    moved = Page(visitor.send(page, step="edit", day1="2026-11-01", **{"as-1-1": "2026-11-01"}).text)
    values = moved.form()[1]
    assert "as-1-8" not in values
    assert [values[f"on-1-8.{box}"] for box in ("day", "month", "year")] == [["9"], ["11"], ["2026"]]


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"as-1-1": "2026-11-02", "on-1-8": "2026-11-05"}, "why-1-8", "give a reason"),
        ({"as-1-1": "2026-11-02", "as-2-1": "2026-11-23"}, "on-2-1", "C1D8 is still planned"),
        ({"as-1-1": "2026-11-02", "on-1-1": "2026-11-03"}, "on-1-1", "Keep one of them"),
        ({"why-1-1": "late"}, "why-1-1", "say what happened, or empty it"),
        ({"on-1-1": "2026-02-30"}, "on-1-1", "there is no such date"),
        ({"as-1-1": "2026-11-02", "out-9-8": "yes"}, "out-9-8", "cycle 9"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_keeps_what_was_typed(
    web: Web, typed: dict[str, str | list[str]], field: str, sentence: str
) -> None:
    visitor = web.visitor("alice")
    answer = visitor.send(rows(visitor), step="preview", **(typed | {"patient": "Nobody"}))
    page = Page(answer.text)
    assert answer.status_code == 422, page.text
    assert sentence in page.text
    assert f"#{field}" in {link.attributes["href"] for link in page.all("a")}
    for name, value in typed.items():
        boxes = {name: [value]}
        if name.startswith("on-"):
            boxes = {
                f"{name}.{box}": [part] for box, part in zip(("year", "month", "day"), _parts(str(value)), strict=True)
            }
        for each, expected in boxes.items():
            assert page.form()[1].get(each) == expected or name == "out-9-8"
    assert "Nobody" not in {line.patient for line in list_courses(web.app)}


def test_doses_of_another_clinic_are_recorded_as_such(web: Web) -> None:
    visitor = web.visitor("alice")
    typed: dict[str, str | list[str]] = {"as-1-1": "2026-11-02", "elsewhere": "yes", "patient": "Emil Example"}
    visitor.confirm(visitor.preview(rows(visitor), **typed))
    assert web.load(course_of(web, "Emil Example")).plan.doses()[0].elsewhere


def test_who_may_not_record_moves_nobody_in(web: Web) -> None:
    assert web.visitor("erin").http.get(MOVING).status_code == httpx.codes.FORBIDDEN


def _parts(iso: str) -> tuple[str, str, str]:
    year, month, day = iso.split("-")
    return year, month.lstrip("0"), day.lstrip("0")
