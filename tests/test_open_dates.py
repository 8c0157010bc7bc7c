"""Accepting the open dates proposed for doses on closed days: one, or all of a course, seen before and in one step."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from scheduler.actions import Defer, Given, Void
from scheduler.errors import InvalidValue
from service.closed_days import accept_open_dates, preview_open_dates
from service.courses import StaleRevision, record, start_course
from service.mails import course_mails
from service.queries import load_course
from service.wiring import App
from tests.cli import NOW, Infusions
from tests.stores import NURSE, Clock, bob, make_app
from tests.web_site import Page, Web, add_staff, running

MONDAY = date(2026, 12, 7)
CHRISTMAS = {date(2026, 12, 28) + timedelta(days=step): "closed" for step in range(5)}  # 28 December to 1 January
CLOSED = '["2026-12-14 staff training", "2026-12-28 to 2027-01-01 Christmas"]'


@pytest.fixture
def closed_app(engine: Engine, clock: Clock) -> App:
    return make_app(engine, clock, {"INFUSIONS_CLINIC__CLOSURES": CLOSED})


def visits(app: App, course: Any) -> dict[str, date | None]:
    plan = load_course(app, course).plan
    return {str(dose.id): dose.date for dose in plan.doses()}


def test_all_are_accepted_in_one_step_that_was_shown_before(closed_app: App) -> None:
    course = start_course(closed_app, bob(), by=NURSE)
    shown = preview_open_dates(closed_app, course)
    assert load_course(closed_app, course).revision == 0
    done = accept_open_dates(closed_app, course, by=NURSE, seen_revision=0, request_id="one")
    assert (done.revision, done.plan.cycles, done.changes) == (2, shown.after.cycles, shown.changes)
    found = visits(closed_app, course)
    assert (found["C1D8"], found["C2D1"], found["C2D8"]) == (date(2026, 12, 15), date(2027, 1, 4), date(2027, 1, 11))
    entries = load_course(closed_app, course).entries
    assert [(entry.action.reason, entry.by) for entry in entries] == [("closed day", NURSE)] * 2
    assert len({entry.recorded_at for entry in entries}) == 1


def test_a_repeat_stores_nothing_more_and_tells_the_whole_change(closed_app: App) -> None:
    course = start_course(closed_app, bob(), by=NURSE)
    first = accept_open_dates(closed_app, course, by=NURSE, request_id="one")
    again = accept_open_dates(closed_app, course, by=NURSE, request_id="one")
    assert (again.repeated, again.revision, again.changes) == (True, first.revision, first.changes)


def test_one_visit_is_accepted_by_itself(closed_app: App) -> None:
    course = start_course(closed_app, bob(), by=NURSE)
    assert accept_open_dates(closed_app, course, by=NURSE, only=(2, 1)).revision == 1
    found = visits(closed_app, course)
    assert (found["C1D8"], found["C2D1"]) == (date(2026, 12, 14), date(2027, 1, 4))


def test_one_notice_tells_all_of_it(closed_app: App, clock: Clock) -> None:
    course = start_course(closed_app, bob(), by=NURSE)
    clock.pass_(hours=1)
    accept_open_dates(closed_app, course, by=NURSE)
    notices = [line for line in course_mails(closed_app, course).waiting if line.is_change]
    assert len(notices) == 1


def test_where_nothing_is_proposed_it_is_refused_and_a_stale_page_too(app: App, closed_app: App) -> None:
    course = start_course(closed_app, bob(), by=NURSE)
    with pytest.raises(InvalidValue, match="cycle 1 day 15: no open date is proposed"):
        accept_open_dates(closed_app, course, by=NURSE, only=(1, 15))
    with pytest.raises(InvalidValue, match="this course: no open date is proposed"):
        preview_open_dates(app, course)
    record(closed_app, course, Defer(cycle=1, day=15, to=date(2026, 12, 22)), by=NURSE)
    with pytest.raises(StaleRevision):
        accept_open_dates(closed_app, course, by=NURSE, seen_revision=0)
    assert load_course(closed_app, course).revision == 1


# --- on the page ---


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("closed")
    shutil.copy(migrated_sqlite, folder / "infusions.db")
    closed = '["2026-12-15 staff training", "2026-12-28 to 2027-01-01 Christmas"]'
    with running(folder, INFUSIONS_CLINIC__CLOSURES=closed) as found:
        add_staff(found.app)
        yield found


def bobs(site: Web) -> UUID:
    course = site.course()
    site.record(course, Given(cycle=1, day=1, on=MONDAY), Defer(cycle=1, day=8, to=date(2026, 12, 15)))
    return course


def test_the_page_shows_before_and_after_and_moves_all_in_one_step(site: Web) -> None:
    course = bobs(site)
    alice = site.visitor("alice")
    page = alice.get(f"/courses/{course}")
    links = [link.attributes["href"] for link in page.all("a") if "closed-days" in link.attributes["href"]]
    assert links == [f"/courses/{course}/closed-days{end}" for end in ("?dose=1-8", "?dose=2-1", "")]
    shown = alice.get(links[-1])
    assert "Mon 14 Dec 2026" in shown.text  # the 16th would be too close to day 15
    assert "Mon 4 Jan 2027" in shown.text
    assert site.load(course).revision == 2
    assert alice.send(shown).headers["location"] == f"/courses/{course}?recorded=4&since=3"
    assert [entry.action.reason for entry in site.load(course).entries][2:] == ["closed day"] * 2
    again = alice.send(shown)  # a double click
    assert again.headers["location"] == f"/courses/{course}?recorded=4&since=3"
    assert site.load(course).revision == 4
    assert "No open date is proposed" in alice.get(f"/courses/{course}/closed-days").text


def test_one_visit_is_moved_by_itself(site: Web) -> None:
    course = bobs(site)
    alice = site.visitor("alice")
    alice.send(alice.get(f"/courses/{course}/closed-days?dose=2-1"))
    plan = site.load(course).plan
    assert [dose.date for dose in plan.doses()[1:4]] == [date(2026, 12, 15), date(2026, 12, 21), date(2027, 1, 4)]


def test_what_others_recorded_meanwhile_is_shown_before_anything_moves(site: Web) -> None:
    course = bobs(site)
    alice = site.visitor("alice")
    shown = alice.get(f"/courses/{course}/closed-days")
    site.record(course, Void(action=2))
    answer = alice.send(shown)
    assert answer.status_code == 409
    assert "changed meanwhile, so nothing was stored" in Page(answer.text).text
    assert site.load(course).revision == 3


# --- on the command line ---


def test_the_command_shows_first_and_then_accepts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    infusions = Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW, "INFUSIONS_CLINIC__CLOSURES": CLOSED}).migrated()
    course = infusions.course()
    command = ("course", "accept-closed-days", course)
    shown = infusions.done(*command, "--preview")
    assert shown.out.startswith("Nothing is stored. Recording it would change:")
    assert "moved      c2d1/infusion: Mon 2026-12-28 09:00 -> Mon 2027-01-04 09:00" in shown.out
    one = infusions.done(*command, "--cycle", "1", "--day", "8", "--json").json()
    assert (one["revision"], one["repeated"]) == (1, False)
    assert infusions.done(*command, "--by", "alice", "--seen-revision", "1").out.startswith("Revision 2 is recorded.")
    assert "no open date is proposed" in infusions.refused(*command)
    assert infusions(*command, "--cycle", "1").code == 2
