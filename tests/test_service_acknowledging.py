"""Remarks that somebody took note of: stored, audited, back when their facts change; on both databases."""

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest

from db.acknowledgement_store import acknowledged
from db.engine import reading, writing
from db.tables import ClinicRow
from scheduler.actions import Cycles, Defer, Given, Void
from scheduler.errors import InvalidValue
from scheduler.regimen import Scope
from service.acknowledging import acknowledge, look_again
from service.audit import HOME_CLINIC, entries
from service.course_page import CourseSheet, Remark, course_sheet
from service.courses import record, start_course
from service.day import Need, Wanted, clinic_day, find_courses
from service.loading import NotFound
from service.wiring import App
from tests.stores import NURSE, Clock, bob

ELSEWHERE = 2


@pytest.fixture
def bobs(app: App, clock: Clock) -> UUID:
    """Bob's course two days after his first dose was due: it is overdue."""
    course = start_course(app, bob(), by=NURSE)
    clock.pass_(days=8)
    return course


def remark(sheet: CourseSheet, code: str) -> Remark:
    (found,) = (each for each in sheet.remarks if each.advice.code == code)
    return found


def test_a_remark_is_acknowledged_with_who_and_when_and_told_to_the_audit(app: App, clock: Clock, bobs: UUID) -> None:
    overdue = remark(course_sheet(app, bobs), "overdue")
    assert overdue.noted is None
    acknowledge(app, bobs, overdue.mark, by="alice")
    noted = remark(course_sheet(app, bobs), "overdue").noted
    assert noted is not None
    assert (noted.by, noted.at, noted.code) == ("alice", clock.at, "overdue")
    last = entries(app, bobs)[-1]
    assert (last.what, last.by, last.detail) == (
        "advice-acknowledged",
        "alice",
        {"code": "overdue", "cycle": 1, "day": 1},
    )


def test_a_second_time_changes_nothing(app: App, clock: Clock, bobs: UUID) -> None:
    mark = remark(course_sheet(app, bobs), "overdue").mark
    acknowledge(app, bobs, mark, by="alice")
    before, first = len(entries(app, bobs)), clock.at
    clock.pass_(minutes=5)
    acknowledge(app, bobs, mark, by="pia")
    noted = remark(course_sheet(app, bobs), "overdue").noted
    assert noted is not None
    assert (noted.by, noted.at) == ("alice", first)
    assert len(entries(app, bobs)) == before


def test_it_is_open_again_when_its_facts_change(app: App, clock: Clock, bobs: UUID) -> None:
    """Two days late it is urgent, three days late nobody can be sure: that is another fact."""
    mark = remark(course_sheet(app, bobs), "overdue").mark
    acknowledge(app, bobs, mark, by="alice")
    clock.pass_(days=1)
    later = remark(course_sheet(app, bobs), "overdue")
    assert later.noted is None
    assert later.mark != mark
    with pytest.raises(InvalidValue, match="has changed since the page was opened"):
        acknowledge(app, bobs, mark, by="alice")
    record(app, bobs, Given(cycle=1, day=1, on=date(2026, 12, 7)), by="alice")
    assert not [each for each in course_sheet(app, bobs).remarks if each.advice.code == "overdue"]


def test_it_stays_acknowledged_while_other_facts_change(app: App, bobs: UUID) -> None:
    mark = remark(course_sheet(app, bobs), "overdue").mark
    acknowledge(app, bobs, mark, by="alice")
    record(app, bobs, Defer(cycle=2, day=8, to=date(2027, 1, 5)), by="alice")
    assert remark(course_sheet(app, bobs), "overdue").noted is not None


def test_it_can_be_shown_again_and_acknowledged_anew(app: App, clock: Clock, bobs: UUID) -> None:
    mark = remark(course_sheet(app, bobs), "overdue").mark
    look_again(app, bobs, mark, by="pia")  # nothing was acknowledged: nothing happens
    before = len(entries(app, bobs))
    acknowledge(app, bobs, mark, by="alice")
    look_again(app, bobs, mark, by="pia")
    look_again(app, bobs, mark, by="pia")
    assert remark(course_sheet(app, bobs), "overdue").noted is None
    told = [(each.what, each.by) for each in entries(app, bobs)[before:]]
    assert told == [("advice-acknowledged", "alice"), ("advice-reopened", "pia")]
    clock.pass_(minutes=1)
    acknowledge(app, bobs, mark, by="pia")
    noted = remark(course_sheet(app, bobs), "overdue").noted
    assert noted is not None
    assert (noted.by, noted.at) == ("pia", clock.at)


def test_it_belongs_to_its_course_and_clinic(app: App, bobs: UUID) -> None:
    other = start_course(app, bob(), by=NURSE)
    mark = remark(course_sheet(app, bobs), "overdue").mark
    acknowledge(app, bobs, mark, by="alice")
    assert remark(course_sheet(app, other), "overdue").noted is None
    with writing(app.engine) as session:
        session.add(ClinicRow(id=ELSEWHERE, name="Elsewhere"))
    with pytest.raises(NotFound):
        acknowledge(app, bobs, mark, by="charlie", clinic_id=ELSEWHERE)
    with pytest.raises(NotFound):
        look_again(app, uuid4(), mark, by="alice")
    with reading(app.engine) as session:
        assert acknowledged(session, ELSEWHERE, [bobs, other]) == {}
        assert list(acknowledged(session, HOME_CLINIC, [bobs, other])) == [bobs]


def closed(app: App) -> list[str]:
    """The visits that the clinic's day lists as planned on closed days, by date."""
    lines = clinic_day(app).closed
    assert lines.total == len(lines.lines)
    return [f"{line.patient} {line.fact.last}" for line in lines.lines]


def closed_remarks(app: App, course: UUID) -> list[Remark]:
    return [each for each in course_sheet(app, course).remarks if each.advice.code == "closed-day"]


def test_a_visit_on_a_closed_day_of_which_somebody_took_note_leaves_the_day_and_the_next_one_comes(app: App) -> None:
    sundays = replace(bob(), course=replace(bob().course, day1=date(2026, 12, 6)))
    course = start_course(app, replace(sundays, patient="Sunny Example"), by=NURSE)
    assert closed(app) == ["Sunny Example 2026-12-06"]
    first, second = closed_remarks(app, course)[:2]
    acknowledge(app, course, first.mark, by="alice")
    assert closed(app) == ["Sunny Example 2026-12-13"]
    acknowledge(app, course, second.mark, by="alice")
    assert closed(app) == ["Sunny Example 2026-12-20"]
    found = find_courses(app, Wanted(needs=(Need.CLOSED,)))
    assert found.total == 1, "others are still open"
    look_again(app, course, first.mark, by="pia")
    assert closed(app) == ["Sunny Example 2026-12-06"]


def test_it_comes_back_to_the_day_when_its_facts_change_and_stays_away_when_others_do(app: App, clock: Clock) -> None:
    sundays = replace(bob(), course=replace(bob().course, day1=date(2026, 12, 6)))
    course = start_course(app, replace(sundays, patient="Sunny Example"), by=NURSE)
    for each in closed_remarks(app, course):
        acknowledge(app, course, each.mark, by="alice")
    assert closed(app) == []
    record(app, course, Cycles(count=5, reason="as asked"), by=NURSE)
    assert closed(app) == [], "what changed concerns none of them"
    defer = Defer(cycle=1, day=8, to=date(2026, 12, 12), reason="as asked", scope=Scope.DOSE)
    record(app, course, defer, by=NURSE, patient_told=True)
    assert closed(app) == ["Sunny Example 2026-12-12"], "another closed day is another fact"
    record(app, course, Void(action=2), by=NURSE, patient_told=True)
    assert closed(app) == [], "and the facts of before were acknowledged"


def test_what_may_harm_is_the_first_to_look_at_and_facts_that_nobody_read_the_last(app: App, clock: Clock) -> None:
    pola = replace(
        bob(), regimen_id="polatuzumab-br", course=replace(bob().course, day1=date(2026, 12, 4), audiences=())
    )
    course = start_course(app, pola, by=NURSE)
    clock.pass_(days=8)
    codes = [each.advice.code for each in course_sheet(app, course).remarks]
    assert list(dict.fromkeys(codes)) == ["overdue", "closed-day", "unverified"]
