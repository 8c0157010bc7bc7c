"""A course that goes on from an earlier one: the latest dose of both counts for the windows, whatever comes later."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from icalendar import Calendar

from calendars.kinds import Detail, Reader
from scheduler.actions import Cease, CeaseCause, Given, Void
from scheduler.course import Audience
from scheduler.errors import InvalidValue
from service.audit import entries
from service.courses import NewCourse, preview_start, record, start_course
from service.feeds import new_feed
from service.queries import load_course
from service.serving import FeedServer
from service.wiring import App
from tests.cli import NOW, Infusions
from tests.stores import NURSE, Clock, bob
from tests.web_site import Web

AUDIENCE = (Audience(name="can-become-pregnant"),)


def again(earlier: UUID | None, day1: date, **changes: Any) -> NewCourse:
    """Bob's treatment with the same drug again."""
    first = bob(audiences=AUDIENCE)
    return replace(first, course=replace(first.course, id=uuid4(), day1=day1), follows=earlier, **changes)


@pytest.fixture
def ended(app: App, clock: Clock) -> UUID:
    """A course with two doses, ceased on 15 December 2026."""
    course = start_course(app, bob(audiences=AUDIENCE), by=NURSE)
    clock.at = datetime(2026, 12, 15, 15, tzinfo=UTC)
    for day, on in ((1, date(2026, 12, 7)), (8, date(2026, 12, 14))):
        record(app, course, Given(cycle=1, day=day, on=on), by=NURSE)
    record(app, course, Cease(on=date(2026, 12, 15), cause=CeaseCause.TOXICITY), by=NURSE, patient_told=True)
    return course


def window(app: App, course: UUID) -> tuple[date | None, bool]:
    (found,) = load_course(app, course).plan.windows
    return found.through, found.final


def test_the_latest_dose_of_both_counts(app: App, ended: UUID) -> None:
    assert window(app, ended) == (date(2027, 8, 14), True)
    later = start_course(app, again(ended, date(2027, 2, 1)), by=NURSE)
    last = load_course(app, later).plan.doses()[-1].date
    assert last is not None
    through, final = window(app, later)
    assert (through is not None and through > date(2027, 8, 14), final) == (True, False)


def test_where_the_later_course_gives_nothing_the_earlier_window_stays(app: App, ended: UUID) -> None:
    later = start_course(app, again(ended, date(2027, 2, 1)), by=NURSE)
    record(app, later, Cease(on=date(2026, 12, 15), cause=CeaseCause.PATIENT_CHOICE), by=NURSE, patient_told=True)
    assert window(app, later) == (date(2027, 8, 14), True)
    alone = start_course(app, again(None, date(2027, 2, 1)), by=NURSE)
    record(app, alone, Cease(on=date(2026, 12, 15), cause=CeaseCause.PATIENT_CHOICE), by=NURSE)
    assert load_course(app, alone).plan.windows == ()


def test_what_is_recorded_in_the_earlier_course_moves_the_later_ones_at_once(
    app: App, clock: Clock, ended: UUID
) -> None:
    second = start_course(app, again(ended, date(2027, 2, 1)), by=NURSE)
    third = start_course(app, again(second, date(2027, 8, 2)), by=NURSE)
    for course in (second, third):
        record(app, course, Cease(on=date(2026, 12, 15), cause=CeaseCause.PATIENT_CHOICE), by=NURSE, patient_told=True)
    token = feed_of(app, third)
    before, first = load_course(app, third), calendar(app, token)
    assert (window(app, second), window(app, third)) == ((date(2027, 8, 14), True), (date(2027, 8, 14), True))
    clock.pass_(minutes=5)
    record(app, ended, Void(action=3), by=NURSE)
    assert (window(app, second)[1], window(app, third)[1]) == (False, False)  # its doses are planned again
    record(app, ended, Given(cycle=1, day=8, on=date(2026, 12, 15), replaces=2), by=NURSE)
    record(app, ended, Cease(on=date(2026, 12, 15), cause=CeaseCause.TOXICITY), by=NURSE, patient_told=True)
    assert (window(app, second), window(app, third)) == ((date(2027, 8, 15), True), (date(2027, 8, 15), True))
    after = load_course(app, third)
    key = "window/contraception/can-become-pregnant"
    assert after.revision == before.revision
    assert after.stamped[key].uid == before.stamped[key].uid
    assert after.stamped[key].sequence > before.stamped[key].sequence
    assert calendar(app, token) != first
    assert b"20270815" in calendar(app, token)


def test_what_has_no_end_any_more_because_of_the_earlier_course_is_told_with_each_visit_of_the_later_at_once(
    app: App, clock: Clock
) -> None:
    """Of brentuximab vedotin no source says how long not to breastfeed: no date, and "ask your team" (rule 15)."""
    audience = (Audience(name="breastfeeding"),)
    brentuximab = replace(bob(audiences=audience), regimen_id="brentuximab-vedotin")
    first = start_course(app, brentuximab, by=NURSE)
    record(app, first, Cease(on=date(2026, 12, 3), cause=CeaseCause.OTHER), by=NURSE, patient_told=True)
    new = again(first, date(2027, 8, 2))
    later = start_course(app, replace(new, course=replace(new.course, audiences=audience)), by=NURSE)
    feed = feed_of(app, later)
    dated = calendar(app, feed)
    assert window(app, later)[0] is not None
    assert ASK not in said(dated)
    clock.pass_(minutes=5)
    record(app, first, Void(action=1), by=NURSE)
    assert window(app, later) == (None, False)
    asked = calendar(app, feed)
    assert ASK in said(asked)
    visits = [key for key in modified(dated) if key in modified(asked)]
    assert visits
    assert all(modified(asked)[key] == clock.at > modified(dated)[key] for key in visits), (
        "else programs keep the old text"
    )


ASK = "Ask your team before you breastfeed again."


def said(body: bytes) -> str:
    return " ".join(str(each.get("DESCRIPTION", "")) for each in Calendar.from_ical(body).events)


def modified(body: bytes) -> dict[str, datetime]:
    return {str(each["UID"]): each.LAST_MODIFIED for each in Calendar.from_ical(body).events}


def feed_of(app: App, course: UUID) -> str:
    """The token of a feed of the patient that tells everything."""
    feed = new_feed(
        app,
        course,
        name="phone",
        reader=Reader.PATIENT,
        detail=Detail.FULL,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
    )
    return feed.address.rpartition("/")[2].removesuffix(".ics")


def calendar(app: App, token: str) -> bytes:
    return FeedServer(app).fetch(token, "a test").body


def test_while_the_earlier_course_goes_on_no_window_is_final(app: App, clock: Clock) -> None:
    open_course = start_course(app, bob(audiences=AUDIENCE), by=NURSE)
    later = start_course(app, again(open_course, date(2026, 12, 20)), by=NURSE)
    record(app, later, Cease(on=date(2026, 12, 1), cause=CeaseCause.OTHER), by=NURSE)
    last = load_course(app, open_course).plan.windows[0].through
    assert window(app, later) == (last, False)


def test_an_unknown_earlier_course_or_one_with_a_later_dose_is_refused_in_one_sentence(app: App, ended: UUID) -> None:
    with pytest.raises(InvalidValue, match=r"follows: course .* there is no such course"):
        start_course(app, again(uuid4(), date(2027, 2, 1)), by=NURSE)
    with pytest.raises(InvalidValue, match="has a dose on 2026-12-14; start after that"):
        preview_start(app, again(ended, date(2026, 12, 14)))
    assert [entry.what for entry in entries(app)].count("course-started") == 1


def test_the_command_links_courses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    infusions = Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW}).migrated()
    first = infusions.course("--cycles", "1", "--audience", "breastfeeding")
    new = ("course", "new", "inotuzumab-ozogamicin", "--patient", "Bob Example", "--audience", "breastfeeding")
    later = infusions.done(*new, "--day1", "2027-02-01", "--follows", first).out.strip()
    infusions.done("course", "record", later, "cease", "--on", "2026-12-01", "--cause", "other")
    (found,) = infusions.done("course", "show", later, "--json").json()["windows"]
    assert (found["through"], found["final"], found["last_dose"]) == ("2027-02-21", False, "2026-12-21")
    assert "earlier course" in found["why"]


def test_the_page_of_a_course_starts_one_that_goes_on_from_it(web: Web) -> None:
    first = web.course("Frieda Example")
    alice = web.visitor("alice")
    link = next(tag for tag in alice.get(f"/courses/{first}").all("a") if "goes on from" in tag.text)
    page = alice.get(f"{link.attributes['href']}&regimen=inotuzumab-ozogamicin")
    assert "Goes on from the course of Frieda Example" in page.text
    typed = {"patient": "Frieda Example", "day1": "2027-09-06", "audience-breastfeeding": "shown"}
    typed |= {f"audience-{name}": "no" for name in ("can-become-pregnant", "partner-can-become-pregnant")}
    preview = alice.preview(page, **typed)
    assert "Goes on from the course of Frieda Example" in preview.text
    place = alice.confirm(preview)
    (window,) = web.load(UUID(place.partition("?")[0].rpartition("/")[2])).plan.windows
    assert (window.final, window.agent) == (False, "inotuzumab ozogamicin")
    assert alice.http.get("/courses/new?regimen=inotuzumab-ozogamicin&follows=nonsense").status_code == 404
    other = web.visitor("charlie").http.get(f"/courses/new?regimen=inotuzumab-ozogamicin&follows={first}")
    assert other.status_code == 404
