"""Who is told what and when. Pure: plans and events in, messages out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.notices import change_times, changed
from reminders.policy import NoticeKind, Reminder, describe_change, wanted
from reminders.quiet import QuietHours
from reminders.retry import backoff
from reminders.rules import Kind, Recipient, ReminderPolicy, allowed
from scheduler import Plan, events, restamp
from scheduler.dates import zone_of
from scheduler.events import StampedEvent
from tests.core import course_of, plan_of

MONDAY = date(2026, 12, 7)
NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
POLICY = ReminderPolicy()
PATIENT = Recipient(zone="America/New_York")
AUDIENCES = ("can-become-pregnant", "breastfeeding:private")

HOLD = {"kind": "hold", "cycle": 1, "day": 8, "on": date(2026, 12, 8), "cause": "counts"}
DEFER = {"kind": "defer", "cycle": 1, "day": 8, "to": date(2026, 12, 16)}
OMIT = {"kind": "omit", "cycle": 1, "day": 8}
DAY_1 = {"kind": "given", "cycle": 1, "day": 1, "on": MONDAY}


def cease(cause: str) -> dict[str, Any]:
    return {"kind": "cease", "on": date(2026, 12, 8), "cause": cause}


def plan(*actions: Mapping[str, Any], **fields: Any) -> Plan:
    return plan_of(course_of(MONDAY, audiences=AUDIENCES, **fields), *actions)


def stamped(of: Plan, before: Mapping[str, StampedEvent] | None = None) -> dict[str, StampedEvent]:
    return restamp(before or {}, events(of), of, at=NOW)


def asked(of: Plan, recipient: Recipient = PATIENT, policy: ReminderPolicy = POLICY) -> tuple[Reminder, ...]:
    return wanted(stamped(of).values(), of, recipient, policy)


def of_event(reminders: Iterable[Reminder], key: str) -> dict[int, Reminder]:
    return {each.subject.offset_days: each for each in reminders if each.subject.event_key == key}


def kinds(reminders: Iterable[Reminder]) -> set[Kind]:
    return {each.subject.kind for each in reminders}


def test_a_visit_is_told_three_days_and_one_day_before_at_nine_up_to_two_hours_before_arrival() -> None:
    found = of_event(asked(plan()), "c1d1/infusion")
    assert {days: each.send_after for days, each in found.items()} == {
        3: datetime(2026, 12, 4, 14, 0, tzinfo=UTC),
        1: datetime(2026, 12, 6, 14, 0, tzinfo=UTC),
    }
    assert {each.send_before for each in found.values()} == {datetime(2026, 12, 7, 11, 30, tzinfo=UTC)}
    assert [each.group_date for each in found.values()] == [date(2026, 12, 4), date(2026, 12, 6)]


def test_a_check_is_told_the_day_before_up_to_eight_in_the_evening() -> None:
    found = of_event(asked(plan()), "c1d1/checks-before-1")
    assert list(found) == [1]
    assert found[1].send_after == datetime(2026, 12, 3, 14, 0, tzinfo=UTC)
    assert found[1].send_before == datetime(2026, 12, 4, 1, 0, tzinfo=UTC)


def test_a_shown_window_is_told_30_days_before_for_7_days_and_a_private_one_never() -> None:
    found = [each for each in asked(plan()) if each.subject.kind is Kind.WINDOW]
    assert [each.subject.event_key for each in found] == ["window/contraception/can-become-pregnant"]
    through = {window.audience: window.through for window in plan().windows}["can-become-pregnant"]
    assert through is not None
    assert found[0].group_date == through - timedelta(days=30)
    assert found[0].send_before - found[0].send_after == timedelta(days=7)


def test_a_window_is_never_told_on_the_day_itself() -> None:
    policy = replace(POLICY, window_days_before=(0,))
    assert Kind.WINDOW not in kinds(asked(plan(), policy=policy))


def test_wall_times_are_the_patients_own() -> None:
    found = of_event(asked(plan(), Recipient(zone="Asia/Kolkata")), "c1d1/infusion")
    assert found[1].send_after == datetime(2026, 12, 6, 3, 30, tzinfo=UTC), "9:00 in Kolkata"


def test_a_patient_on_the_other_side_of_the_date_line_counts_days_by_their_own_calendar() -> None:
    # 8:30 on Monday in Auckland is Sunday in Honolulu, so "one day before" is Saturday there.
    far = plan(zone="Pacific/Auckland")
    found = of_event(asked(far, Recipient(zone="Pacific/Honolulu")), "c1d1/infusion")
    assert found[1].group_date == date(2026, 12, 5)


def test_a_hour_within_the_quiet_hours_moves_to_their_end_or_before_them_when_the_end_is_too_late() -> None:
    late = replace(POLICY, at=time(21))
    found = of_event(asked(plan(), policy=late), "c1d1/infusion")
    assert found[3].send_after == datetime(2026, 12, 5, 13, 0, tzinfo=UTC), "8:00 on the next day is early enough"
    assert found[1].send_after == datetime(2026, 12, 7, 0, 0, tzinfo=UTC), "8:00 on the day itself is not: 19:00 before"
    check = of_event(asked(plan(), policy=late), "c1d1/checks-before-1")
    assert check[1].send_after == datetime(2026, 12, 4, 0, 0, tzinfo=UTC)


def test_a_given_dose_is_not_announced_but_its_checks_afterwards_are() -> None:
    keys = {each.subject.event_key for each in asked(plan(DAY_1))}
    assert "c1d1/infusion" not in keys
    assert "c1d1/checks-after-1" in keys
    assert "c1d8/infusion" in keys


@pytest.mark.parametrize(
    ("actions", "left"),
    [
        ((cease("death"),), set()),
        ((cease("transferred"),), set()),
        ((cease("hospice"),), {Kind.VISIT}),  # day 1 was before it and nobody recorded it; all else stops
        ((DAY_1, cease("toxicity")), {Kind.CHECK, Kind.WINDOW}),
        ((DAY_1, cease("pregnancy")), {Kind.CHECK}),
        (({**HOLD, "cause": "pregnancy"},), {Kind.VISIT, Kind.CHECK}),
        ((HOLD,), {Kind.VISIT, Kind.CHECK}),  # no date for a window while doses are held
    ],
)
def test_what_stops_by_rule_24(actions: tuple[dict[str, Any], ...], left: set[Kind]) -> None:
    assert kinds(asked(plan(*actions))) == left


def test_pregnancy_leaves_no_reproductive_check_either() -> None:
    with_test = {each.subject.event_key for each in asked(plan())}
    assert "c1d1/checks-before-1/pregnancy-test" in with_test
    held = {each.subject.event_key for each in asked(plan({**HOLD, "cause": "pregnancy"}))}
    assert not any("pregnancy" in key or "window" in key for key in held)


def test_hospice_lets_visits_and_what_a_nurse_sends_go_and_stops_windows_tasks_and_changes() -> None:
    ceased = plan(cease("hospice"))
    assert {kind for kind in Kind if allowed(kind, ceased)} == {Kind.VISIT, Kind.LINK}


def test_a_carer_never_hears_of_anything_reproductive() -> None:
    carer = Recipient(role="carer:1", zone="America/New_York")
    keys = {each.subject.event_key for each in asked(plan(), carer)}
    assert "c1d1/infusion" in keys
    assert not any("pregnancy" in key or "window" in key for key in keys)
    before, after = plan(), plan(DEFER)
    news = changed(stamped(before), stamped(after, stamped(before)), plan=after, recipient=carer, now=NOW)
    assert not any("pregnancy" in each.event_key or "window" in each.event_key for each in news.changes)


def news_of(*actions: Mapping[str, Any], now: datetime = NOW) -> dict[str, tuple[object, object]]:
    before, after = plan(*actions[:-1]), plan(*actions)
    old = stamped(before)
    found = changed(old, stamped(after, old), plan=after, recipient=PATIENT, now=now)
    return {each.event_key: (each.was, each.start) for each in found.changes if not each.silent}


def test_a_moved_dose_is_news_with_its_checks_and_the_others_are_not() -> None:
    news = news_of(DEFER)
    assert set(news) == {
        "c1d8/infusion",
        "c1d8/checks-before-1",
        "c1d8/checks-after-1",
        "c1d15/infusion",  # pushed to keep six days
        "c1d15/checks-before-1",
        "c1d15/checks-after-1",
    }
    assert news["c1d8/checks-before-1"] == (date(2026, 12, 11), date(2026, 12, 15))


def test_a_lost_dose_is_sad_news_and_its_window_just_leaves() -> None:
    before, after = plan(), plan(HOLD)
    old = stamped(before)
    found = changed(old, stamped(after, old), plan=after, recipient=PATIENT, now=NOW)
    assert found.sad
    told = {each.event_key for each in found.changes if not each.silent}
    assert "c1d8/infusion" in told
    silent = {each.event_key for each in found.changes if each.silent}
    assert silent == {"window/contraception/can-become-pregnant"}
    assert all(each.start is None and each.ends is not None for each in found.changes)


def test_what_is_past_or_given_is_no_news() -> None:
    # Day 8 given a day late: its visit is over, its check afterwards and the later doses have moved.
    news = news_of(
        DAY_1, {"kind": "given", "cycle": 1, "day": 8, "on": date(2026, 12, 15)}, now=NOW + timedelta(days=15)
    )
    assert "c1d8/infusion" not in news
    assert "c1d8/checks-before-1" not in news
    assert news["c1d8/checks-after-1"] == (date(2026, 12, 15), date(2026, 12, 16))


def test_an_audience_made_shown_adds_its_window_and_one_made_private_takes_it_away_silently() -> None:
    shown = {"kind": "audience", "value": "breastfeeding", "change": "shown"}
    private = {"kind": "audience", "value": "breastfeeding", "change": "private"}
    assert [was for was, _ in news_of(shown).values()] == [None]
    assert news_of(shown, private) == {}


def test_a_notice_goes_after_ten_minutes_up_to_two_hours_before_the_earliest_changed_visit() -> None:
    before, after = plan(), plan(DEFER)
    old = stamped(before)
    news = changed(old, stamped(after, old), plan=after, recipient=PATIENT, now=NOW)
    goes, deadline = change_times(news.changes, PATIENT, POLICY, NOW)
    assert goes == NOW + timedelta(minutes=10)
    assert deadline == datetime(2026, 12, 16, 11, 30, tzinfo=UTC)
    checks = [each for each in news.changes if each.arrival is None]
    assert change_times(checks, PATIENT, POLICY, NOW)[1] == NOW + timedelta(hours=48)
    evening = datetime(2026, 12, 2, 0, 55, tzinfo=UTC)  # 19:55 in New York
    assert change_times(checks, PATIENT, POLICY, evening)[0] == datetime(2026, 12, 2, 13, 0, tzinfo=UTC)


def describe(*actions: Mapping[str, Any], now: datetime = NOW) -> list[tuple[NoticeKind, tuple[str, ...]]]:
    before, after = plan(*actions[:-1]), plan(*actions)
    old = stamped(before)
    notices = describe_change(
        old.values(),
        stamped(after, old).values(),
        plan_before=before,
        plan=after,
        recipient=PATIENT,
        policy=POLICY,
        now=now,
    )
    assert all(str(each) for each in notices)
    return [(each.what, each.event_keys) for each in notices]


def test_a_preview_says_what_would_go_and_what_would_not() -> None:
    notices = describe(DEFER)
    assert notices[0][0] is NoticeKind.CHANGE
    assert "c1d8/infusion" in notices[0][1]
    assert notices.count((NoticeKind.WITHDRAWN, ("c1d8/infusion",))) == 2
    assert notices.count((NoticeKind.REMINDER, ("c1d8/infusion",))) == 2
    assert describe(OMIT)[0][0] is NoticeKind.WAITS
    assert {what for what, _ in describe(cease("death"))} == {NoticeKind.WITHDRAWN}


def test_a_second_try_comes_after_more_than_five_minutes_and_each_later_one_later() -> None:
    waits = [backoff("7", tries) for tries in range(1, 12)]
    assert timedelta(minutes=5) < waits[0] < timedelta(minutes=10)
    assert all(later > earlier for earlier, later in pairwise(waits[:6]))
    assert max(waits) <= timedelta(hours=6)
    assert waits == [backoff("7", tries) for tries in range(1, 12)]
    assert len({backoff(str(key), 1) for key in range(100)}) == 100, "not all come back at once"


ZONES = st.sampled_from(
    ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"]
)
HOURS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
POLICIES = st.builds(
    ReminderPolicy,
    infusion_days_before=st.lists(st.integers(0, 10), unique=True, max_size=3).map(tuple),
    task_days_before=st.lists(st.integers(0, 5), unique=True, max_size=2).map(tuple),
    window_days_before=st.lists(st.integers(0, 60), unique=True, max_size=2).map(tuple),
    at=HOURS,
    quiet=st.builds(QuietHours, start=HOURS, end=HOURS),
)
STARTS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(POLICIES, ZONES, ZONES, STARTS, HOURS)
def test_nothing_is_asked_for_in_the_quiet_hours_or_after_its_deadline(
    policy: ReminderPolicy, zone: str, clinic_zone: str, day1: date, at: time
) -> None:
    made = plan_of(course_of(day1, audiences=("can-become-pregnant",), zone=clinic_zone, at=f"{at:%H:%M}"))
    found = asked(made, Recipient(zone=zone), policy)
    assert len({(each.subject, each.event_sequence) for each in found}) == len(found)
    for each in found:
        assert each.send_after < each.send_before
        assert not policy.quiet.covers(each.send_after, zone)
        assert each.group_date == each.send_after.astimezone(zone_of(zone)).date()
    visits = {f"c{dose.cycle}d{dose.day}/infusion": dose.times for dose in made.doses()}
    for each in found:
        times = visits.get(each.subject.event_key)
        assert times is None or each.send_before == times.arrival.astimezone(UTC) - timedelta(hours=2)
