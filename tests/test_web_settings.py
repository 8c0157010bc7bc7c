"""A clinic's admin changes its settings in the browser: typed, looked at with what follows, stored; for that clinic."""

import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import Engine, event

from calendars.wording import Wording
from db.engine import make_engine
from service.audit import entries
from service.clinic_settings import change_settings, own_settings
from service.languages import labels
from service.own_settings import NAMES
from service.sample_mails import SAMPLES, sample_mail
from service.users import Role, add_user
from service.worker import tick
from tests.stores import Clock, make_app
from tests.web_site import ELSEWHERE, HOME, PASSWORD, Page, Visitor, Web
from web.settings_form import LABELS, groups


@pytest.fixture(autouse=True)
def as_at_first(web: Web) -> Iterator[None]:
    """Each test begins with what the operator has set."""
    yield
    for clinic_id in (HOME, ELSEWHERE):
        found = own_settings(web.app, clinic_id=clinic_id)
        back = dict.fromkeys(found.own)
        change_settings(web.app, back, by="cli", seen_revision=found.revision, clinic_id=clinic_id)


def revision(web: Web) -> int:
    return own_settings(web.app, clinic_id=HOME).revision


def own(web: Web, clinic_id: int = HOME) -> dict[str, object]:
    return dict(own_settings(web.app, clinic_id=clinic_id).own)


def change(visitor: Visitor, group: str, **typed: str | list[str]) -> Page:
    """Types into a group's form, looks at what follows, and stores it."""
    shown = visitor.preview(visitor.get(f"/settings/{group}"), **typed)
    assert visitor.confirm(shown) == "/settings?stored"
    return shown


def test_the_number_to_call_is_typed_looked_at_and_stored_and_stands_on_the_pages_at_once(web: Web) -> None:
    adam = web.visitor("adam")
    web.course()
    shown = change(adam, "patients", phone="555 0199", name="Day Clinic")
    assert "Telephone Before: not set After: 555 0199" in shown.text
    assert own(web) == {"clinic.phone": "555 0199", "clinic.name": "Day Clinic"}
    told = adam.get("/settings?stored").text
    assert "Telephone 555 0199 set by adam" in told
    assert Page(web.visitor("alice").http.get("/").text).all("title")[0].text.endswith("Day Clinic")
    assert "Day Clinic" in web.visitor().get("/sign-in").all("title")[0].text
    assert [entry.by for entry in entries(web.app) if entry.what == "settings-changed"][-1] == "adam"


def test_every_setting_that_can_be_set_has_a_place_on_the_page(web: Web) -> None:
    asked = {name for group in groups(web.app).values() for name in group.names}
    assert asked == set(NAMES) == set(LABELS)


def test_what_cannot_be_is_told_beside_its_field_and_what_was_typed_stays(web: Web) -> None:
    adam = web.visitor("adam")
    for group, field, typed, told in (
        ("patients", "name", "", "Write the clinic's name."),
        ("days", "zone", "Mars/Olympus", "Time zone: must be an IANA time zone such as America/New_York"),
        ("times", "lead_minutes", "999", "must be a whole number from 0 to 240"),
        ("times", "default_at", "25:00", "must be a time of day"),
        ("reminders", "infusion_days_before", "3, x", "must be whole numbers of days from 0 to 365"),
        ("reminders", "quiet_to", "late", "must be a time of day"),
    ):
        answer = adam.send(adam.get(f"/settings/{group}"), step="preview", **{field: typed})
        page = Page(answer.text)
        assert answer.status_code == 422, group
        assert told in page.text
        kept = next(tag for tag in page.all("input") if tag.attributes.get("name") == field)
        assert kept.attributes["value"] == typed
    assert own(web) == {}


def test_the_clinic_chooses_what_is_ticked_on_a_visit(web: Web) -> None:
    adam, alice = web.visitor("adam"), web.visitor("alice")
    course = web.course("Tick Example")
    monday = "/?day=2026-12-21"

    def asked(path: str) -> set[str]:
        boxes = (tag for tag in alice.get(path).all("li") if f"/courses/{course}" in str(tag.inside))
        return {label.text.strip() for tag in boxes for label in tag.inside if label.name == "label"}

    usual = {"Weight taken", "Premedication given"}
    assert asked(monday) == {"Blood count seen", "Liver tests seen", *usual}
    change(adam, "visits", ticks=["blood-count-day-1", "premedication"])
    assert asked(monday) == {"Premedication given"}, "it is day 15"
    assert "Blood count of day 1 seen" in asked("/?day=2026-12-28")
    shown = change(adam, "visits", ticks=[])
    assert "After: nothing" in shown.text
    assert asked(monday) == set()
    assert "Given as planned" in alice.get("/").text, "what is not asked keeps back nothing"


def test_the_page_says_how_many_courses_still_follow_the_settings_before(web: Web) -> None:
    adam, _ = web.visitor("adam"), web.course("Later Example")
    change(adam, "times", lead_minutes="45")
    assert re.search(r"\d+ courses? still follows? the settings before", adam.get("/settings").text)
    tick(web.app, web.app.now())
    assert "settings before" not in adam.get("/settings").text


def test_a_closure_is_added_with_its_consequences_counted_and_ended_again(web: Web) -> None:
    adam = web.visitor("adam")
    course = web.course()
    shown = change(adam, "closures", first="2026-12-28", name="Moving house")
    assert re.search(r"\d courses? ha(s|ve) a visit on a day that becomes closed", shown.text)
    assert own(web) == {"clinic.closures": ["2026-12-28 Moving house"]}
    assert "Moving house" in web.visitor("alice").get(f"/courses/{course}").text
    page = adam.get("/settings/closures")
    shown = adam.preview(page, end="2026-12-28 Moving house")
    assert "Closures Before: 2026-12-28 Moving house After: none" in shown.text
    adam.confirm(shown)
    assert own(web) == {"clinic.closures": []}


def test_a_closure_that_runs_ends_with_yesterday(web: Web) -> None:
    change_settings(
        web.app,
        {"clinic.closures": ["2026-12-10 to 2026-12-20 Repairs"]},
        by="adam",
        seen_revision=revision(web),
        clinic_id=HOME,
    )
    adam = web.visitor("adam")
    adam.confirm(adam.preview(adam.get("/settings/closures"), end="2026-12-10 to 2026-12-20 Repairs"))
    assert own(web) == {"clinic.closures": ["2026-12-10 to 2026-12-13 Repairs"]}  # today is the 14th


def test_an_end_of_a_closure_that_is_not_there_any_more_is_refused(web: Web) -> None:
    adam = web.visitor("adam")
    page = adam.get("/settings/closures")
    answer = adam.send(page, end="2026-12-10 to 2026-12-20 Repairs", step="confirm")
    assert answer.status_code == 422
    assert "has been changed meanwhile" in Page(answer.text).text


def test_a_stale_page_is_told_what_changed_and_keeps_what_was_typed(web: Web) -> None:
    adam, other = web.visitor("adam"), web.visitor("adam")
    shown = adam.preview(adam.get("/settings/patients"), phone="555 0199")
    change(other, "times", default_at="10:00")
    answer = adam.send(shown, step="confirm")
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "Somebody else has changed the settings meanwhile: Infusions start at" in page.text
    assert (
        next(tag for tag in page.all("input") if tag.attributes.get("name") == "phone").attributes["value"]
        == "555 0199"
    )
    adam.confirm(adam.preview(page))
    assert own(web) == {"clinic.phone": "555 0199", "clinic.default_at": "10:00"}


def test_a_double_click_stores_once(web: Web) -> None:
    adam, before = web.visitor("adam"), revision(web)
    shown = adam.preview(adam.get("/settings/patients"), phone="555 0199")
    assert [adam.send(shown, step="confirm").status_code for _ in range(2)] == [303, 303]
    assert revision(web) == before + 1


def test_a_value_is_taken_back_to_what_the_operator_has_set(web: Web) -> None:
    adam = web.visitor("adam")
    change(adam, "times", default_at="10:00")
    page = adam.get("/settings/times")
    shown = adam.preview(page, reset="clinic.default_at")
    assert "Infusions start at Before: 10:00 After: 09:00" in shown.text
    adam.confirm(shown)
    assert own(web) == {}


def test_regimens_in_use_are_those_that_a_course_can_start_with(web: Web) -> None:
    adam, alice = web.visitor("adam"), web.visitor("alice")
    every = len(web.app.catalogue.regimens())
    nothing = adam.preview(adam.get("/settings/regimens"))
    assert "Nothing would change" in nothing.text
    change(adam, "regimens", offered=["inotuzumab-ozogamicin"])
    assert own(web) == {"regimens.offered": ["inotuzumab-ozogamicin"]}
    assert every > 1
    assert "Patient's name or code" in alice.get("/courses/new").text  # one is left, so none is to be chosen
    assert adam.send(adam.get("/settings/regimens"), step="preview", offered=[]).status_code == 422


def test_the_other_clinics_admin_sees_and_changes_only_theirs(web: Web) -> None:
    add_user(web.app, "eve", Role.CLINIC_ADMIN, PASSWORD, by="cli", clinic_id=ELSEWHERE)
    change(web.visitor("adam"), "patients", phone="555 0199")
    eve = web.visitor("eve")
    assert "555 0199" not in eve.get("/settings").text
    change(eve, "patients", phone="555 0222")
    assert (own(web), own(web, ELSEWHERE)) == ({"clinic.phone": "555 0199"}, {"clinic.phone": "555 0222"})


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_mail_is_shown_in_every_language_with_the_clinics_own_words(web: Web, kind: str) -> None:
    adam = web.visitor("adam")
    change_settings(
        web.app,
        {"clinic.phone": "555 0199", "clinic.name": "Day Clinic"},
        by="adam",
        seen_revision=revision(web),
        clinic_id=HOME,
    )
    subjects = set()
    for language in labels(web.app.wordings):
        page = adam.get(f"/settings/mails?kind={kind}&language={language}")
        wording: Wording = web.app.wordings[language]
        shown = next(tag for tag in page.all("div") if tag.attributes.get("class") == "mail")
        assert (shown.attributes["lang"], shown.attributes["dir"]) == (language, wording.direction)
        assert "555" in shown.text
        letter = sample_mail(web.app.of(HOME), kind, language).letter
        assert letter.subject in shown.text
        subjects.add(letter.subject)
    assert len(subjects) == len(labels(web.app.wordings)) or kind == "full"


def test_the_sample_tells_when_it_would_go(web: Web) -> None:
    adam = web.visitor("adam")
    assert "By your settings it goes" in adam.get("/settings/mails?kind=visit").text
    change(adam, "reminders", infusion_days_before="", at="10:30")
    assert "By your settings none of this kind goes." in adam.get("/settings/mails?kind=visit").text
    assert "10:30" in adam.get("/settings/mails?kind=check").text
    assert adam.http.get("/settings/mails?kind=nonsense").status_code == 404
    assert adam.http.get("/settings/nonsense").status_code == 404


def test_what_is_typed_is_shown_as_text(web: Web) -> None:
    adam = web.visitor("adam")
    shown = change(adam, "patients", name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in shown.html
    assert "<script>alert(1)" not in adam.get("/settings").html


def test_the_pages_ask_the_database_as_often_whatever_there_is(tmp_path: Path, migrated_sqlite: Path) -> None:
    copy(migrated_sqlite, tmp_path / "infusions.db")
    engine: Engine = make_engine(f"sqlite:///{tmp_path / 'infusions.db'}")
    app = make_app(engine, Clock())
    counts = []
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    for number in range(1, 4):
        change_settings(app, {"clinic.phone": str(number)}, by="adam", seen_revision=number - 1, clinic_id=HOME)
        del asked[:]
        own_settings(app, clinic_id=HOME)
        counts.append(len([each for each in asked if each.startswith("SELECT")]))
    engine.dispose()
    assert counts == [1, 1, 1]
