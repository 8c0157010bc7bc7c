"""A patient who is treated already: the course starts with what has happened so far, in one step that tells nobody."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from db.outbox_store import State
from scheduler.actions import Action, Cycles, Defer, Given, Omit, RegimenChange
from scheduler.course import Audience
from scheduler.errors import InvalidValue, NeedsReason, Rejected
from service import audit
from service.carers import NewCarer, list_recipients
from service.courses import NewCourse, preview_start, record, start_course
from service.messages import list_messages
from service.queries import list_courses, load_course
from service.wiring import App
from service.worklist import worklist
from tests.stores import NURSE, Clock, bob

NOW = datetime(2027, 1, 2, 15, 0, tzinfo=UTC)  # Saturday
SO_FAR: tuple[Action, ...] = (
    Given(cycle=1, day=1, on=date(2026, 12, 7)),
    Given(cycle=1, day=8, on=date(2026, 12, 15)),
    Omit(cycle=1, day=15),
    Given(cycle=2, day=1, on=date(2026, 12, 30)),
)
DORA = NewCarer(name="Dora", email="dora@mail.example", consent=True, language="en", zone="Europe/Paris")


@pytest.fixture(autouse=True)
def in_january(clock: Clock) -> None:
    clock.at = NOW


def moved(*actions: Action) -> NewCourse:
    return replace(bob(audiences=(Audience(name="can-become-pregnant"),)), actions=actions)


def test_the_plan_goes_on_from_what_was_given(app: App) -> None:
    course = start_course(app, moved(*SO_FAR), by=NURSE)
    found = load_course(app, course)
    dates = [(dose.cycle, dose.day, dose.date, dose.state) for dose in found.plan.doses()][:6]
    assert dates == [
        (1, 1, date(2026, 12, 7), "given"),
        (1, 8, date(2026, 12, 15), "given"),
        (1, 15, date(2026, 12, 21), "omitted"),
        (2, 1, date(2026, 12, 30), "given"),  # two days after the 28th: its cycle moves along
        (2, 8, date(2027, 1, 6), "planned"),
        (2, 15, date(2027, 1, 13), "planned"),
    ]
    before = preview_start(app, moved(*SO_FAR))
    assert [(dose.date, dose.why.sentence) for dose in before.doses()] == [
        (dose.date, dose.why.sentence) for dose in found.plan.doses()
    ]
    (line,) = list_courses(app)
    assert (line.revision, line.state, line.next_visit) == (4, "running", date(2027, 1, 6))


def test_what_was_typed_stands_in_the_history_with_who_and_when(app: App) -> None:
    course = start_course(app, moved(*SO_FAR), by=NURSE)
    entries = load_course(app, course).entries
    assert [(entry.action, entry.by, entry.recorded_at) for entry in entries] == [(each, NURSE, NOW) for each in SO_FAR]
    assert not any(entry.to_tell or entry.to_phone for entry in entries)
    (noted,) = audit.entries(app, course)
    assert (noted.what, noted.by, noted.detail["actions"]) == ("course-moved-in", NURSE, 4)


def test_no_mail_tells_of_the_past_and_reminders_go_on_from_here(app: App) -> None:
    course = start_course(app, moved(*SO_FAR), by=NURSE)
    waiting = list_messages(app, course)
    assert {each.state for each in waiting} == {State.WAITING}
    assert {each.kind for each in waiting} == {"visit", "check", "window"}
    assert min(each.send_after for each in waiting) > NOW
    assert worklist(app) == ()


def test_what_is_recorded_afterwards_follows_and_is_told(app: App) -> None:
    course = start_course(app, moved(*SO_FAR), by=NURSE)
    outcome = record(app, course, Defer(cycle=2, day=8, to=date(2027, 1, 8)), by=NURSE, seen_revision=4)
    assert outcome.revision == 5
    notices = {(each.event_key, each.state) for each in list_messages(app, course) if each.kind == "change"}
    assert ("c2d8/infusion", State.WAITING) in notices


def test_a_dose_of_the_future_may_be_put_off_at_once(app: App) -> None:
    later = (*SO_FAR, Defer(cycle=2, day=8, to=date(2027, 1, 8)), Cycles(count=4))
    plan = preview_start(app, moved(*later))
    assert [dose.date for dose in plan.doses() if dose.cycle == 2] == [
        date(2026, 12, 30),
        date(2027, 1, 8),
        date(2027, 1, 14),
    ]
    assert len(plan.cycles) == 4


@pytest.mark.parametrize(
    ("actions", "number", "told"),
    [
        ((*SO_FAR[:1], Given(cycle=1, day=8, on=date(2027, 1, 9))), 2, "is after today"),
        ((*SO_FAR[:1], Given(cycle=2, day=1, on=date(2026, 12, 30))), 2, "C1D8 is still planned"),
        ((*SO_FAR, Given(cycle=2, day=1, on=date(2026, 12, 31))), 5, "C2D1 was given"),
        ((Given(cycle=1, day=9, on=date(2026, 12, 7)),), 1, "day 9"),
    ],
    ids=["in the future", "one before it is missing", "twice", "no such day"],
)
def test_what_cannot_have_happened_names_its_action_and_stores_nothing(
    app: App, actions: tuple[Action, ...], number: int, told: str
) -> None:
    for use_case in (lambda: preview_start(app, moved(*actions)), lambda: start_course(app, moved(*actions), by=NURSE)):
        with pytest.raises(Rejected, match=told) as refused:
            use_case()
        assert refused.value.number == number
    assert list_courses(app) == ()


def test_what_departs_asks_for_its_reason(app: App) -> None:
    early = (*SO_FAR[:1], Given(cycle=1, day=8, on=date(2026, 12, 11)))
    with pytest.raises(NeedsReason) as refused:
        start_course(app, moved(*early), by=NURSE)
    assert refused.value.number == 2
    explained = (early[0], Given(cycle=1, day=8, on=date(2026, 12, 11), reason="given in another clinic"))
    course = start_course(app, moved(*explained), by=NURSE)
    assert load_course(app, course).revision == 2


def test_a_new_course_moves_to_no_version(app: App) -> None:
    with pytest.raises(InvalidValue, match="leave the change of version out"):
        start_course(app, moved(RegimenChange(version="1")), by=NURSE)


def test_a_double_click_moves_the_patient_in_once(app: App) -> None:
    new = moved(*SO_FAR)
    first = start_course(app, new, by=NURSE, request_id="once")
    again = replace(new, course=replace(new.course, id=bob().course.id))
    assert start_course(app, again, by=NURSE, request_id="once") == first
    assert len(list_courses(app)) == 1


def test_carers_of_the_form_get_mails_from_the_start(app: App) -> None:
    course = start_course(app, replace(moved(), carers=(DORA, replace(DORA, name="Eve"))), by=NURSE)
    assert [(each.role, each.name) for each in list_recipients(app, course)][1:] == [
        ("carer-1", "Dora"),
        ("carer-2", "Eve"),
    ]
    assert {each.recipient for each in list_messages(app, course)} == {"patient", "carer-1", "carer-2"}


def test_too_many_carers_or_one_without_consent_start_nothing(app: App) -> None:
    for carers in ((DORA,) * 11, (replace(DORA, consent=False),)):
        with pytest.raises(InvalidValue):
            start_course(app, replace(moved(), carers=carers), by=NURSE)
    assert list_courses(app) == ()
