"""The page of a course: where it stands, permitted dates, the pharmacy's hours, remarks, and long courses."""

import re
from dataclasses import replace
from datetime import date, time
from uuid import UUID

import pytest

from calendars import FORMATS
from calendars.kinds import Detail, Reader
from calendars.view import build_view
from scheduler.actions import Cease, CeaseCause, Cycles, Defer, Given, Hold, HoldCause, Omit, VisitTime
from scheduler.permitted import Permitted
from service.clinic import clinic_card
from service.courses import start_course
from service.patients import Guardian, PatientFacts, change_facts
from tests.stores import NURSE, bob
from tests.web_site import Page, Tag, Visitor, Web
from web.date_words import brief_words, permitted_words
from web.pages.course import staff_view
from web.paging import part
from web.render import make_site

GIVEN_DAY_1 = Given(cycle=1, day=1, on=date(2026, 12, 7))
GIVEN_AT = time(13, 30)
HEAVIEST = 100_000  # bytes


@pytest.fixture(scope="module")
def alice(web: Web) -> Visitor:
    return web.visitor("alice")


@pytest.fixture
def bobs(web: Web) -> UUID:
    """Bob's course after his first dose; today is the Monday of his second."""
    course = web.course()
    web.record(course, GIVEN_DAY_1)
    return course


def text_of(tag: Tag) -> str:
    return " ".join(tag.text.split())


def facts(page: Page) -> dict[str, str]:
    return dict(zip((text_of(tag) for tag in page.all("dt")), (text_of(tag) for tag in page.all("dd")), strict=True))


def rows(page: Page) -> dict[str, str]:
    """The rows of the table of doses by their first words; a later one of the same words doesn't count."""
    found: dict[str, str] = {}
    table = next(tag for tag in page.all("table") if tag.attributes.get("class") == "cycles")
    cycle = ""
    for row in (tag for tag in table.inside if tag.name == "tr"):
        if row.attributes.get("class") == "cycle":
            cycle = " ".join(text_of(row).split()[:2])
        else:
            found.setdefault(f"{cycle} {' '.join(text_of(row).split()[:2])}", text_of(row))
    return found


def test_the_head_tells_what_to_know_of_the_patient(web: Web, alice: Visitor, bobs: UUID) -> None:
    assert facts(alice.get(f"/courses/{bobs}"))["To know"] == "nothing noted Change what to know of the patient"
    erin = web.visitor("erin")
    assert "To know" not in facts(erin.get(f"/courses/{bobs}")), "who reads only has nothing to change there"
    guardian = Guardian(name="Gerda Example", relation="mother", phone="+1 212 555 0100")
    change_facts(web.app, bobs, PatientFacts(spoken_language="Polish", interpreter=True, guardian=guardian), by=NURSE)
    known = facts(erin.get(f"/courses/{bobs}"))
    assert known["To know"] == "interpreter needed, speaks Polish guardian: Gerda Example, mother"


def test_each_planned_dose_names_its_permitted_dates_and_others_none(alice: Visitor, bobs: UUID) -> None:
    page = alice.get(f"/courses/{bobs}")
    found = rows(page)
    assert "Mon 14 Dec 2026 OK 13–16 Dec, closed 13 Dec" in found["Cycle 1 Day 8"]
    assert "OK 20–23 Dec, closed 20 Dec" in found["Cycle 1 Day 15"]
    assert "OK 28 Dec – 4 Jan, closed 2–3 Jan" in found["Cycle 2 Day 1"]
    assert "OK only 25 Jan" in found["Cycle 3 Day 1"]
    assert "OK" not in found["Cycle 1 Day 1"]
    assert "“OK” names the dates to which a dose can be moved without a reason" in page.text


def ways(page: Page, dose: str) -> list[str]:
    """What the page offers to record of a dose, from its row."""
    links = (link.attributes.get("href", "") for link in page.all("a"))
    return [found[1] for href in links if (found := re.search(rf"/record/(\w+)\?dose={dose}$", href))]


def test_a_row_offers_what_can_be_recorded_of_its_dose_and_nothing_else(web: Web, alice: Visitor, bobs: UUID) -> None:
    page = alice.get(f"/courses/{bobs}")
    assert ways(page, "1-1") == []
    assert ways(page, "1-15") == ["defer", "hold", "omit"]
    assert ways(page, "2-1") == ["defer", "hold"], "a day 1 stays while its cycle goes on"
    assert ways(page, "6-15") == ["defer", "hold"], "the last dose is not left out"
    web.record(bobs, Cease(on=date(2026, 12, 14), cause=CeaseCause.OTHER))
    assert ways(alice.get(f"/courses/{bobs}"), "1-8") == ["given", "given", "omit"], "what was due before the end"


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (None, "any other date needs a reason"),
        (Permitted(None, None), "OK on any date"),
        (Permitted(date(2026, 12, 13), None), "OK from 13 Dec"),
        (Permitted(None, date(2026, 12, 16)), "OK until 16 Dec"),
        (Permitted(date(2026, 12, 13), date(2026, 12, 16)), "OK 13–16 Dec"),
        (Permitted(date(2026, 12, 13), date(2026, 12, 13), (date(2026, 12, 13),)), "OK only 13 Dec, closed 13 Dec"),
        (
            Permitted(date(2026, 12, 24), date(2027, 1, 2), (date(2026, 12, 25), date(2027, 1, 1), date(2027, 1, 2))),
            "OK 24 Dec – 2 Jan, closed 25 Dec, 1–2 Jan",
        ),
    ],
)
def test_permitted_dates_in_words(dates: Permitted | None, words: str) -> None:
    assert permitted_words(dates) == words


def test_a_span_names_each_month_once() -> None:
    assert brief_words(date(2026, 11, 30), date(2026, 12, 1)) == "30 Nov – 1 Dec"
    assert brief_words(date(2026, 12, 1), date(2027, 12, 2)) == "1 Dec – 2 Dec"


def test_the_form_that_moves_a_dose_names_them_too_and_counts_from_where_it_lies(alice: Visitor, bobs: UUID) -> None:
    form = alice.get(f"/courses/{bobs}/record/defer?dose=1-8")
    chosen = next(tag for tag in form.all("option") if "selected" in tag.attributes)
    assert text_of(chosen) == "Cycle 1 day 8: Mon 14 Dec 2026, planned (OK 13–16 Dec, closed 13 Dec)"
    assert form.form()[1]["to"] == ["2026-12-14"]


def test_the_pharmacy_sees_when_each_planned_dose_may_be_mixed(web: Web, alice: Visitor, bobs: UUID) -> None:
    web.record(bobs, VisitTime(at=GIVEN_AT, cycle=1, day=15))
    page = alice.get(f"/courses/{bobs}")
    assert "from mixing to the end of the infusion at most 8 hours (Besponsa, US prescribing information)" in page.text
    found = rows(page)
    assert "mix 02:00–09:00" in found["Cycle 1 Day 8"]
    assert "mix 06:30–13:30" in found["Cycle 1 Day 15"]
    assert "mix" not in found["Cycle 1 Day 1"]


def test_a_regimen_that_states_no_hours_has_no_pharmacy_clock(web: Web, alice: Visitor) -> None:
    new = replace(bob(audiences=()), regimen_id="trastuzumab-emtansine", patient="Tilda Example")
    new = replace(new, course=replace(new.course, intent="continue"))
    page = alice.get(f"/courses/{start_course(web.app, new, by=NURSE)}")
    assert "Pharmacy" not in page.text
    assert "mix " not in page.text


def test_a_remark_is_acknowledged_shown_as_such_and_shown_again(web: Web, alice: Visitor) -> None:
    course = web.course("Otto Example")  # whose first dose is a week overdue
    page = alice.get(f"/courses/{course}")
    (mark,) = {tag.attributes["value"] for tag in page.all("input") if tag.attributes.get("name") == "mark"}
    answer = alice.post(f"/courses/{course}/remarks", page, step="acknowledge", mark=mark)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/courses/{course}?noted=acknowledge#advice")
    page = alice.get(f"/courses/{course}?noted=acknowledge")
    assert "Stored: acknowledged." in page.text
    assert "To look at Nothing new. Acknowledged: 1" in page.text
    assert "Acknowledged by alice, Mon 14 Dec 2026, 10:00." in page.text
    assert alice.post(f"/courses/{course}/remarks", page, step="again", mark=mark).status_code == 303
    page = alice.get(f"/courses/{course}")
    assert "Acknowledged: 1" not in page.text
    web.record(course, GIVEN_DAY_1)
    answer = alice.post(f"/courses/{course}/remarks", page, step="acknowledge", mark=mark)
    assert answer.status_code == 409
    assert "This remark has changed since the page was opened, so nothing was stored" in Page(answer.text).text
    assert alice.post(f"/courses/{course}/remarks", page, step="sing", mark=mark).status_code == 422


def test_who_may_only_read_sees_remarks_and_dates_but_no_button(web: Web) -> None:
    course = web.course("Nina Example")
    erin = web.visitor("erin")
    page = erin.get(f"/courses/{course}")
    assert "was planned for 7 Dec 2026 and is not recorded" in page.text
    assert "OK" in page.text
    main = page.all("main")[0]
    assert not [tag for tag in main.inside if tag.name in {"button", "form"}]
    assert erin.post(f"/courses/{course}/remarks", page, step="acknowledge", mark="x").status_code == 403


def test_a_suggested_date_and_action_stand_in_the_form(web: Web, alice: Visitor) -> None:
    course = web.course("Hanna Example")
    web.record(course, GIVEN_DAY_1, Hold(cycle=1, day=8, on=date(2026, 12, 7), cause=HoldCause.COUNTS))
    page = alice.get(f"/courses/{course}")
    resume = next(tag for tag in page.all("a") if text_of(tag).startswith("Resume: cycle 1 day 8"))
    assert alice.get(resume.attributes["href"]).form()[1]["dose"] == ["1-8"]


def test_what_was_recorded_in_one_step_is_told_together_each_with_its_undo(web: Web, alice: Visitor) -> None:
    new = replace(bob(), patient="Carla Example")
    course = start_course(web.app, replace(new, course=replace(new.course, day1=date(2026, 12, 5))), by=NURSE)
    web.record(course, replace(GIVEN_DAY_1, on=date(2026, 12, 5)))  # every Saturday is closed
    answer = alice.send(alice.get(f"/courses/{course}/closed-days"))
    page = alice.get(answer.headers["location"])
    (note,) = (tag for tag in page.tags if tag.attributes.get("role") == "status")
    undone = [text_of(tag) for tag in note.inside if tag.name == "a"]
    number = web.load(course).revision
    assert number > 2
    assert undone == [f"Undo entry {each}" for each in range(2, number + 1)]


def test_a_long_course_stays_light_and_opens_each_cycle(web: Web, alice: Visitor) -> None:
    new = replace(bob(), patient="Lena Example")
    new = replace(new, course=replace(new.course, cycles=24, reason="agreed"))
    course = start_course(web.app, new, by=NURSE)
    times = [VisitTime(at=GIVEN_AT, cycle=cycle, day=8, reason="x" * 200) for cycle in range(1, 25)]
    web.record(course, GIVEN_DAY_1, *times, Omit(cycle=1, day=15))
    page = alice.get(f"/courses/{course}")
    assert len(page.html.encode()) < HEAVIEST
    assert len(rows(page)) - 1 == 24 * 3, "each dose has its line, below that of the headings"
    whole = {tag.text for tag in page.all("summary") if tag.text.startswith("Why is cycle")}
    assert {text.split()[3] for text in whole} == {"1", "2"}
    link = next(tag for tag in page.all("a") if text_of(tag) == "Open cycle 20")
    page = alice.get(f"/courses/{course}{link.attributes['href'].partition('#')[0]}")
    assert {tag.text.split()[3] for tag in page.all("summary") if tag.text.startswith("Why is cycle")} == {
        *("19", "20", "21"),
    }
    (picture,) = (tag for tag in page.all("img") if tag.attributes["class"] == "timeline")
    assert alice.http.get(picture.attributes["src"]).headers["content-type"].startswith("image/svg+xml")
    alice.get(f"/courses/{course}?cycle=999")

    entries = [tag.attributes["value"] for tag in page.all("li") if "value" in tag.attributes]
    assert entries == [str(number) for number in range(26, 6, -1)]
    whole_history = alice.get(f"/courses/{course}/history")
    assert len([tag for tag in whole_history.all("li") if "value" in tag.attributes]) == 26

    first = alice.get(f"/courses/{course}/mails")
    last = alice.get(f"/courses/{course}/mails?page=999")
    assert "Page 1 of" in first.text
    assert "Newer" in last.text
    for each in (first, last, whole_history):
        assert len(each.html.encode()) < HEAVIEST


def test_ten_cycles_with_all_their_dates_stay_light(web: Web, alice: Visitor, bobs: UUID) -> None:
    web.record(bobs, Cycles(count=10, reason="agreed"))
    page = alice.get(f"/courses/{bobs}")
    assert len(page.html.encode()) < HEAVIEST
    assert len([tag for tag in page.all("summary") if tag.text.startswith("Why is cycle")]) == 30


@pytest.mark.parametrize("regimen", ["inotuzumab-ozogamicin", "blinatumomab", "daratumumab-iv-bortezomib"])
def test_the_picture_of_the_page_is_that_of_all_events(web: Web, regimen: str) -> None:
    """The page hands over only what the picture draws: of a stay in hospital and of several agents too."""
    intent = web.app.catalogue.regimen(regimen).intents()[0]
    new = replace(bob(), regimen_id=regimen, patient="Petra Example")
    course = start_course(web.app, replace(new, course=replace(new.course, intent=intent)), by=NURSE)
    hold = Hold(cycle=3, day=1, on=date(2026, 12, 14), cause=HoldCause.COUNTS)
    web.record(course, GIVEN_DAY_1, Defer(cycle=2, day=1, to=date(2027, 3, 1), reason="agreed"), hold)
    record, site = web.load(course), make_site(web.app.of(1))
    few = staff_view(site, record)
    everything = build_view(
        record.stamped.values(),
        record.plan,
        wording=web.app.wordings["en"],
        detail=Detail.FULL,
        reader=Reader.STAFF,
        clinic=clinic_card(site.app.settings.clinic),
        stamp=record.recorded_at,
        uid=record.id,
        today=record.plan.today,
    )
    assert FORMATS["svg"].render(few) == FORMATS["svg"].render(everything)


@pytest.mark.parametrize(
    ("asked", "page", "items"),
    [("", 1, [1, 2, 3]), ("2", 2, [4, 5, 6]), ("3", 3, [7]), ("99", 3, [7]), ("0", 1, [1, 2, 3]), ("-1", 1, [1, 2, 3])],
)
def test_a_long_list_comes_in_parts(asked: str, page: int, items: list[int]) -> None:
    found = part([1, 2, 3, 4, 5, 6, 7], asked, 3)
    assert (found.page, found.pages, list(found.items)) == (page, 3, items)
    assert part([], asked, 3).pages == 1
