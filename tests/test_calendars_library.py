"""The worked example of every regimen that comes along, in every format: what is special to it has words and a place."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from html import unescape

import pytest

from calendars import FORMATS, lanes
from calendars.kinds import Detail, Reader
from calendars.spans import last_date
from calendars.view import CalendarView, Entry, Status
from calendars.wording import opening, say_date, say_time
from scheduler import events, restamp
from scheduler.events import EventKind
from scheduler.plan import LIVER_WATCH
from tests.calendar_plans import ENGLISH, INOTUZUMAB, SHEET, STARTED, WORDINGS, Story, of_every_shape, story
from tests.pdf_reader import alternatives, text_of
from tests.readers import read_with_icalendar
from tests.test_regimen_library import IDS, example_of, plan_of, regimen_of

SPECIAL = {EventKind.STAY, EventKind.BAG_CHANGE, EventKind.DISCONNECT, EventKind.HOME}
UNREAD = "Not verified, check the label."


@cache
def example(id_: str) -> Story:
    plan = plan_of(example_of(id_))
    return Story(plan=plan, stamped=restamp({}, events(plan), plan, at=STARTED))


def view_of(id_: str, language: str = "en", **look: object) -> CalendarView:
    told = example(id_)
    return told.view(wording=WORDINGS[language], today=told.plan.today, sheet=SHEET, **look)  # type: ignore[arg-type]


def special(view: CalendarView) -> Iterator[Entry]:
    """What no usual course has: stays, bags, the end of a pump, days at home, infusions of days."""
    for entry in view.entries:
        if entry.status is Status.CANCELLED:
            continue
        if entry.kind in SPECIAL or (entry.kind is EventKind.INFUSION and last_date(entry) > entry.first_date):
            yield entry


KINDS = sorted({rule.kind for id_ in IDS for rule in regimen_of(id_).tasks} - {LIVER_WATCH})


def test_the_library_has_all_that_is_special() -> None:
    found = {entry.kind for id_ in IDS for entry in special(view_of(id_))}
    assert found >= SPECIAL
    assert any(lanes.run_of(dose) for id_ in IDS for dose in example(id_).plan.doses())


@pytest.mark.parametrize("language", WORDINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_task_of_the_library_has_words_in_every_language(kind: str, language: str) -> None:
    assert WORDINGS[language].has(f"check.{kind}")


@pytest.mark.parametrize("language", WORDINGS)
@pytest.mark.parametrize("id_", IDS)
def test_no_example_shows_a_name_of_the_program_in_place_of_a_word(id_: str, language: str) -> None:
    view = view_of(id_, language)
    for entry in view.entries:
        for text in (entry.summary, entry.brief, *entry.lines, entry.description):
            assert not re.search(r"[{}]|\b[a-z]+\.[a-z]+\b|\b(?:hospital-stay|eye-exam|blood-count)\b", text), text
        assert entry.summary
        assert entry.brief


@pytest.mark.parametrize("id_", IDS)
def test_a_feed_shows_what_is_special_when_it_is(id_: str) -> None:
    view = view_of(id_)
    read = read_with_icalendar(FORMATS["ics"].render(view))
    for entry in special(view):
        found = read[str(entry.uid)]
        assert (found.summary, found.status) == (entry.summary, entry.status.value)
        assert found.start == _utc(entry.start)
        after = timedelta(days=1) if entry.all_day else timedelta()
        assert found.end == _utc(entry.end) + after, entry.key


@pytest.mark.parametrize("id_", IDS)
def test_the_month_page_and_the_text_show_what_is_special_on_its_date(id_: str) -> None:
    view = view_of(id_)
    page, text = (FORMATS[name].render(view).decode() for name in ("html", "text"))
    listed = {
        unescape(re.sub(r"<[^>]+>", " ", item))
        for item in re.findall(r'<li><time class="day".*?</li>', page, re.DOTALL)
    }
    flat = " ".join(text.split())
    for entry in special(view):
        day = opening(say_date(entry.first_date, "en"))
        assert any(day in item and entry.summary in " ".join(item.split()) for item in listed), entry.key
        assert re.search(rf"{re.escape(day)}(, [^:]*(?::\d\d[^:]*)*)?: {re.escape(entry.summary)}", flat), entry.key


@pytest.mark.parametrize("id_", [id_ for id_ in IDS if any(special(view_of(id_)))])
def test_the_sheet_shows_what_is_special_on_its_date(id_: str) -> None:
    view = view_of(id_)
    printed = text_of(FORMATS["pdf"].render(replace(view, sheet=replace(SHEET, large_print=True))))
    for entry in special(view):
        if entry.kind is EventKind.INFUSION:
            continue  # of a given one only that it was given
        day = say_date(entry.first_date, "en")
        rows = [re.split(r"Day \d+ ", part)[0][:400] for part in printed.split(day)[1:]]
        wanted = [entry.brief, *([say_time(entry.start, "en")] if isinstance(entry.start, datetime) else [])]
        assert any(all(each in row for each in wanted) for row in rows), entry.key


@pytest.mark.parametrize("id_", IDS)
def test_the_timeline_shades_stays_in_hospital_and_infusions_of_days_and_says_so(id_: str) -> None:
    view = view_of(id_)
    picture = FORMATS["svg"].render(view).decode()
    lanes_drawn = [cycle for cycle in view.cycles() if cycle.doses]
    runs = [dose for cycle in lanes_drawn for dose in lanes.doses_of(cycle) if lanes.run_of(dose)]
    stays = [entry for cycle in lanes_drawn for entry in lanes.hospital_of(cycle, view)]
    assert picture.count('data-run=""') == len(runs) + bool(runs), "each, and one in the legend"
    assert picture.count('data-hospital=""') == len(stays) + bool(stays)
    assert ("the infusion goes on" in picture) == bool(runs)
    assert ("you stay in the hospital" in picture) == bool(stays)
    described = unescape(picture.split("<desc", 1)[1].split("</desc>")[0])
    for entry in stays:
        assert f"{entry.brief}, {say_date(entry.first_date, 'en')}" in described
    assert described.count(", until ") >= len(runs)


def test_blinatumomabs_infusion_runs_28_days_on_the_picture_and_the_sheet() -> None:
    view = view_of("blinatumomab")
    (run, *_) = (lanes.run_of(dose) for cycle in view.cycles() for dose in lanes.doses_of(cycle))
    assert run == timedelta(days=28)
    read_aloud = " ".join(alternatives(FORMATS["pdf"].render(view)))
    assert "Day 1, Monday 5 October 2026, until Monday 2 November, given" in read_aloud
    assert "Stay in the hospital, Monday 5 October 2026, until Tuesday 13 October" in read_aloud


def test_a_pump_is_shaded_though_another_drug_of_the_visit_is_not() -> None:
    (cycle, *_) = of_every_shape(lengths_known=True).plan.cycles
    assert len({dose.agent for dose in cycle.doses}) > 1
    assert any(lanes.run_of(dose) for dose in lanes.doses_of(cycle))


@pytest.mark.parametrize("detail", [Detail.DISCREET, Detail.BUSY])
@pytest.mark.parametrize("id_", ["blinatumomab", "folfox", "loncastuximab-tesirine"])
def test_at_a_neutral_level_nothing_of_it_names_hospital_bag_or_pump(id_: str, detail: Detail) -> None:
    view = view_of(id_, detail=detail)
    for name in ("ics", "html", "text", "svg"):
        said = FORMATS[name].render(view).decode().replace("\r\n ", "").lower()
        for word in ("hospital", "pump", "infusion", "dexamethasone", *(drug.lower() for drug in _drugs(id_))):
            # The picture names its parts for tests and styles; a patient never sees that.
            assert word not in re.sub(r'data-[a-z]+=""|class="[^"]*"', "", said), (name, word)


# -- What was not read in its source ------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", IDS)
def test_staff_see_which_checks_nobody_read_in_a_source(id_: str) -> None:
    view = view_of(id_, reader=Reader.STAFF)
    rules = regimen_of(id_).tasks
    for entry in view.entries:
        if entry.kind not in {EventKind.CHECK, EventKind.HOME, EventKind.STAY} or entry.key.startswith("after-"):
            continue
        unread = [rule.kind for rule in rules if rule.kind in entry.content and not rule.cite.verified]
        if not unread:
            assert UNREAD not in entry.staff_note, entry.key
        elif len({rule.when for rule in rules if rule.kind in unread}) == 1:
            assert UNREAD in entry.staff_note, entry.key


def test_an_unread_check_is_marked_for_staff_on_the_page_and_in_the_text_and_for_nobody_else() -> None:
    rules = tuple(replace(rule, cite=replace(rule.cite, verified=rule.kind != "ecg")) for rule in INOTUZUMAB.tasks)
    told = story(regimen=replace(INOTUZUMAB, tasks=rules))
    notes = {entry.key: entry.staff_note for entry in told.view(reader=Reader.STAFF).entries}
    marked = {key for key, note in notes.items() if note}
    assert {key.split("/")[0] for key in marked} == {"c1d1"}
    assert {notes[key] for key in marked} == {UNREAD}
    for name in ("html", "text"):
        assert UNREAD in FORMATS[name].render(told.view(reader=Reader.STAFF)).decode()
        assert UNREAD not in FORMATS[name].render(told.view()).decode()


def test_the_timeline_tells_staff_that_the_days_themselves_were_not_read() -> None:
    staff, patient = (
        FORMATS["svg"].render(view_of("folfox", reader=reader)).decode() for reader in (Reader.STAFF, Reader.PATIENT)
    )
    assert UNREAD in staff
    assert UNREAD not in patient


# -- When to call ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", IDS)
def test_signs_of_the_liver_are_told_for_the_drug_whose_label_names_them_alone(id_: str) -> None:
    """The other labels were not read for signs (domain facts): their patients read the general ones."""
    urgent = " ".join(view_of(id_).guidance)
    inotuzumab = id_.startswith("inotuzumab-ozogamicin")
    assert ("your urine is dark" in urgent) == inotuzumab
    assert ENGLISH.say("guide.signs") in urgent or inotuzumab


# ---------------------------------------------------------------------------------------------------------------------


def _utc(at: date | datetime) -> date | datetime:
    return at.astimezone(UTC) if isinstance(at, datetime) else at


def _drugs(id_: str) -> Iterator[str]:
    yield from (agent.name for agent in regimen_of(id_).ranked)
