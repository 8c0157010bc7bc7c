"""What waits in the outbox after each action, on both kinds of database."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from db.outbox_store import State, StoredMessage
from scheduler.actions import (
    Action,
    AudienceChange,
    AudienceStep,
    Cease,
    CeaseCause,
    Defer,
    Given,
    Hold,
    HoldCause,
    Omit,
    Resume,
    VisitTime,
    Void,
)
from scheduler.dates import zone_of
from service.courses import neutral_notice, record, start_course, tell_patient
from service.messages import list_messages
from service.wiring import App
from service.worker import tick
from tests.stores import NURSE, START, Clock, bob, make_app

DAY_8 = "c1d8/infusion"
DEFER_DAY_8 = Defer(cycle=1, day=8, to=date(2026, 12, 16))
HOLD_DAY_8 = Hold(cycle=1, day=8, on=date(2026, 12, 1), cause=HoldCause.COUNTS)


def start(app: App) -> UUID:
    return start_course(app, bob(), by=NURSE)


def do(app: App, course: UUID, *actions: Action, told: bool = False) -> None:
    for action in actions:
        record(app, course, action, by=NURSE, patient_told=told)


def waiting(app: App, course: UUID, state: State = State.WAITING) -> list[StoredMessage]:
    return [each for each in list_messages(app, course) if each.state is state]


def notices(app: App, course: UUID, state: State = State.WAITING) -> dict[str, StoredMessage]:
    return {each.event_key: each for each in waiting(app, course, state) if each.kind == "change"}


def about(messages: Iterable[StoredMessage], key: str) -> list[StoredMessage]:
    return [each for each in messages if each.event_key == key and each.kind != "change"]


def test_a_new_course_has_its_reminders_and_no_notice_of_a_change(app: App) -> None:
    course = start(app)
    found = waiting(app, course)
    assert {each.kind for each in found} == {"visit", "check", "window"}
    assert len(about(found, DAY_8)) == 2
    assert {each.state for each in list_messages(app, course)} == {State.WAITING}
    assert [each.send_after for each in found] == sorted(each.send_after for each in found)


@pytest.mark.parametrize("who", ["without an address", "without consent"])
def test_nothing_waits_for_a_patient(app: App, who: str) -> None:
    new = bob(email=None) if who == "without an address" else replace(bob(), consent=False)
    course = start_course(app, new, by=NURSE)
    do(app, course, DEFER_DAY_8)
    assert list_messages(app, course) == ()
    assert tick(app, START + timedelta(days=5)).planned == 0


def test_reminders_that_should_have_gone_by_now_are_not_made_up_for(app: App, clock: Clock) -> None:
    clock.at = datetime(2026, 12, 5, 15, 0, tzinfo=UTC)
    found = about(waiting(app, start(app)), "c1d1/infusion")
    assert [each.offset_days for each in found] == [1]


def test_a_move_withdraws_the_old_reminders_and_makes_new_ones_in_the_same_transaction(app: App) -> None:
    course = start(app)
    before = about(waiting(app, course), DAY_8)
    do(app, course, DEFER_DAY_8)
    after = about(waiting(app, course), DAY_8)
    assert {each.id for each in before}.isdisjoint({each.id for each in after})
    assert {each.send_after - old.send_after for each, old in zip(after, before, strict=True)} == {timedelta(days=2)}
    assert {each.event_sequence for each in after} == {1}
    gone = about(waiting(app, course, State.SUPERSEDED), DAY_8)
    assert {each.id for each in gone} == {each.id for each in before}
    assert {each.outcome for each in gone} == {"withdrawn at revision 1"}
    assert all(each.settled_at == START for each in gone)


def test_an_event_that_changes_in_nothing_its_reader_sees_keeps_its_reminders(app: App, clock: Clock) -> None:
    course = start(app)
    ids = {each.id for each in about(waiting(app, course), DAY_8)}
    clock.at = datetime(2026, 12, 7, 20, 0, tzinfo=UTC)
    # A first dose not tolerated lengthens what comes after; day 8 becomes certain, and keeps its time.
    do(app, course, Given(cycle=1, day=1, on=date(2026, 12, 7), tolerated=False))
    assert {each.id for each in about(waiting(app, course), DAY_8)} == ids
    assert notices(app, course) == {}


def test_a_given_dose_withdraws_its_reminders_and_a_void_brings_back_those_still_ahead(app: App, clock: Clock) -> None:
    course = start(app)
    clock.at = datetime(2026, 12, 5, 15, 0, tzinfo=UTC)
    do(app, course, Given(cycle=1, day=1, on=date(2026, 12, 5), reason="came early"))
    assert about(waiting(app, course), "c1d1/infusion") == []
    do(app, course, Void(action=1))
    found = about(waiting(app, course), "c1d1/infusion")
    assert [(each.offset_days, each.send_after) for each in found] == [(1, datetime(2026, 12, 6, 14, 0, tzinfo=UTC))]


def test_a_change_is_told_after_ten_minutes_from_the_date_that_was_known(app: App) -> None:
    course = start(app)
    do(app, course, DEFER_DAY_8)
    told = notices(app, course)
    assert set(told) >= {DAY_8, "c1d8/checks-before-1", "c1d15/infusion"}
    assert {each.send_after for each in told.values()} == {START + timedelta(minutes=10)}
    assert {each.send_before for each in told.values()} == {datetime(2026, 12, 16, 11, 30, tzinfo=UTC)}
    assert told[DAY_8].was == "2026-12-14T09:00:00-05:00[America/New_York]"


def test_three_corrections_make_one_notice_from_the_first_date_to_the_last(app: App, clock: Clock) -> None:
    course = start(app)
    do(app, course, DEFER_DAY_8)
    clock.pass_(minutes=4)
    do(app, course, Defer(cycle=1, day=15, to=date(2026, 12, 23)))
    clock.pass_(minutes=4)
    do(app, course, replace(DEFER_DAY_8, to=date(2026, 12, 15)))
    told = notices(app, course)
    assert {each.send_after for each in told.values()} == {START + timedelta(minutes=18)}
    assert len({each.group_date for each in told.values()}) == 1
    assert told[DAY_8].event_sequence == 2
    assert told[DAY_8].was == "2026-12-14T09:00:00-05:00[America/New_York]"


def test_a_correction_back_to_the_known_date_leaves_nothing_to_tell(app: App, clock: Clock) -> None:
    course = start(app)
    do(app, course, VisitTime(at=time(11), cycle=1, day=8))
    assert set(notices(app, course)) == {DAY_8}
    clock.pass_(minutes=3)
    do(app, course, VisitTime(at=time(9), cycle=1, day=8))
    assert notices(app, course) == {}
    # And the next change is counted from the date that the patient knows all along.
    do(app, course, VisitTime(at=time(10), cycle=1, day=8))
    assert notices(app, course)[DAY_8].was == "2026-12-14T09:00:00-05:00[America/New_York]"


@pytest.mark.parametrize(
    "action",
    [
        HOLD_DAY_8,
        Omit(cycle=1, day=8),
        Cease(on=date(2026, 12, 1), cause=CeaseCause.TOXICITY),
        Cease(on=date(2026, 12, 1), cause=CeaseCause.PREGNANCY),
    ],
)
def test_no_mail_is_the_first_to_tell_that_a_dose_is_not_given(app: App, clock: Clock, action: Action) -> None:
    course = start(app)
    do(app, course, action)
    assert notices(app, course) == {}
    untold = notices(app, course, State.UNTOLD)
    assert DAY_8 in untold
    assert not any(key.startswith("window/") or "pregnancy" in key for key in untold)
    clock.pass_(minutes=30)
    assert tick(app, clock.at).sent == 0
    tell_patient(app, course, 1, by=NURSE)
    told = notices(app, course)
    assert set(told) == set(untold)
    assert {each.send_after for each in told.values()} == {START + timedelta(minutes=40)}


def test_a_box_ticked_when_recording_lets_the_notice_go_at_once(app: App) -> None:
    course = start(app)
    do(app, course, HOLD_DAY_8, told=True)
    assert DAY_8 in notices(app, course)
    assert notices(app, course, State.UNTOLD) == {}


def test_telling_of_one_revision_lets_go_nothing_of_a_later_one(app: App, clock: Clock) -> None:
    course = start(app)
    do(app, course, Omit(cycle=1, day=8))
    clock.pass_(minutes=1)
    do(app, course, Omit(cycle=2, day=8))
    tell_patient(app, course, 1, by=NURSE)
    assert DAY_8 in notices(app, course)
    assert "c2d8/infusion" in notices(app, course, State.UNTOLD)


def test_telling_of_one_revision_lets_go_nothing_of_an_earlier_one_that_nobody_told(app: App, clock: Clock) -> None:
    course = start(app)
    do(app, course, Omit(cycle=1, day=8))
    clock.pass_(minutes=15)
    do(app, course, Omit(cycle=2, day=8))
    tell_patient(app, course, 2, by=NURSE)
    assert "c2d8/infusion" in notices(app, course)
    assert DAY_8 not in notices(app, course), "its mail would be the first to tell"
    assert DAY_8 in notices(app, course, State.UNTOLD)
    tell_patient(app, course, 1, by=NURSE)
    assert DAY_8 in notices(app, course)


def test_a_neutral_notice_stays_neutral_while_one_of_its_changes_is_untold(app: App, clock: Clock) -> None:
    course = start(app)
    do(app, course, Omit(cycle=1, day=8))
    clock.pass_(minutes=1)
    do(app, course, Omit(cycle=2, day=8))
    neutral_notice(app, course, 2, by=NURSE)
    tell_patient(app, course, 2, by=NURSE)
    neutral = {key: each.neutral for key, each in notices(app, course).items()}
    assert (neutral[DAY_8], neutral["c2d8/infusion"]) == (True, False)


def test_a_hold_that_ends_before_anybody_was_told_is_told_as_a_move_only(app: App, clock: Clock) -> None:
    course = start(app)
    do(app, course, HOLD_DAY_8)
    clock.pass_(hours=1)
    do(app, course, Resume(cycle=1, day=8, on=date(2026, 12, 15)))
    told = notices(app, course)
    assert told[DAY_8].was == "2026-12-14T09:00:00-05:00[America/New_York]"
    assert notices(app, course, State.UNTOLD) == {}


def test_a_notice_nobody_let_go_becomes_a_line_of_the_worklist_once_its_date_is_past(app: App, clock: Clock) -> None:
    course = start(app)
    do(app, course, Omit(cycle=1, day=8))
    clock.at = datetime(2026, 12, 14, 14, 0, tzinfo=UTC)
    tick(app, clock.at)
    assert DAY_8 in notices(app, course, State.EXPIRED)


def test_a_change_too_short_before_the_visit_is_for_the_telephone(app: App, clock: Clock) -> None:
    course = start(app)
    clock.at = datetime(2026, 12, 13, 15, 0, tzinfo=UTC)
    do(app, course, VisitTime(at=time(8), cycle=1, day=8))
    assert notices(app, course)[DAY_8].send_before == datetime(2026, 12, 14, 10, 30, tzinfo=UTC)
    clock.at = datetime(2026, 12, 14, 1, 0, tzinfo=UTC)  # 20:00: quiet until 8:00
    do(app, course, VisitTime(at=time(7), cycle=1, day=8))
    assert notices(app, course) == {}
    assert notices(app, course, State.EXPIRED)[DAY_8].outcome == "too late to mail; please phone"


@pytest.mark.parametrize("cause", [CeaseCause.DEATH, CeaseCause.TRANSFERRED])
def test_from_that_commit_on_nothing_waits_any_more(app: App, cause: CeaseCause) -> None:
    course = start(app)
    do(app, course, DEFER_DAY_8, Omit(cycle=2, day=8))
    do(app, course, Cease(on=date(2026, 12, 1), cause=cause), told=True)
    assert {each.state for each in list_messages(app, course)} == {State.SUPERSEDED}
    tell_patient(app, course, 2, by=NURSE)
    tell_patient(app, course, 3, by=NURSE)
    assert {each.state for each in list_messages(app, course)} == {State.SUPERSEDED}


def test_a_death_recorded_by_mistake_and_voided_leaves_the_mails_as_they_were(app: App, clock: Clock) -> None:
    course = start(app)
    before = {(each.event_key, each.offset_days, each.send_after) for each in waiting(app, course)}
    do(app, course, Cease(on=date(2026, 12, 1), cause=CeaseCause.DEATH))
    clock.pass_(minutes=5)
    do(app, course, Void(action=1))
    after = {(each.event_key, each.offset_days, each.send_after) for each in waiting(app, course)}
    assert after == before, "the reminders wait again, and nobody is told of new appointments"


def test_after_hospice_only_visits_are_announced(app: App, clock: Clock) -> None:
    course = start(app)
    clock.at = datetime(2026, 12, 2, 15, 0, tzinfo=UTC)
    do(app, course, Cease(on=date(2026, 12, 8), cause=CeaseCause.HOSPICE), told=True)
    assert {(each.kind, each.event_key) for each in waiting(app, course)} == {("visit", "c1d1/infusion")}


def test_pregnancy_withdraws_everything_that_concerns_reproduction_at_once(app: App) -> None:
    course = start(app)
    do(app, course, replace(HOLD_DAY_8, cause=HoldCause.PREGNANCY))
    left = {each.event_key for each in list_messages(app, course) if each.settled_at is None}
    assert not any("window" in key or "pregnancy" in key for key in left)


def test_a_window_made_private_is_not_announced_any_more(app: App) -> None:
    course = start(app)
    do(app, course, AudienceChange(value="can-become-pregnant", change=AudienceStep.PRIVATE))
    left = {each.event_key for each in list_messages(app, course) if each.settled_at is None}
    assert not any("window" in key or "pregnancy" in key for key in left)


def test_a_stop_that_is_voided_lets_the_same_reminders_wait_again(app: App, clock: Clock) -> None:
    course, visit = start(app), "c1d1/infusion"
    before = about(waiting(app, course), visit)
    clock.pass_(days=1)
    do(app, course, Cease(on=date(2026, 12, 8), cause=CeaseCause.TRANSFERRED))
    assert about(waiting(app, course), visit) == []
    do(app, course, Void(action=1))
    assert about(waiting(app, course), visit) == before


def test_with_the_next_action_what_waits_follows_the_clinics_new_hour(engine: Engine, clock: Clock) -> None:
    course = start(make_app(engine, clock))
    later = make_app(engine, clock, {"INFUSIONS_REMINDERS__AT": "10:30"})
    do(later, course, VisitTime(at=time(11), cycle=6, day=15))
    hours = {each.send_after.astimezone(zone_of("America/New_York")).time() for each in waiting(later, course)}
    assert hours == {time(10, 30), time(10, 10)}, "the notice of the change itself goes ten minutes from now"
