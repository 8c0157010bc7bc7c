"""The iCalendar feed, read back by two parsers that share no code with each other or with our lines."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendars import FORMATS
from calendars.ical import folded
from calendars.view import CalendarView, ClinicCard, Detail, Reader
from scheduler.actions import CeaseCause, Defer, Given, Hold, HoldCause, Omit, Resume
from scheduler.dates import to_instant
from scheduler.errors import InvalidValue
from scheduler.events import uid_of
from tests.calendar_plans import COURSE_ID, DAY1, STARTED, Story, ceased, course, empty, eventful, story
from tests.readers import READERS, ReadEvent, read_both, unfolded

CLOCKS = {
    "America/New_York": "the clinic of the examples",
    "Europe/Berlin": "changes on other Sundays than New York",
    "Europe/London": "winter is UTC",
    "Europe/Dublin": "winter is the daylight time of the law",
    "Australia/Sydney": "summer over New Year",
    "Australia/Lord_Howe": "half an hour",
    "Asia/Kolkata": "no change, half an hour off",
    "America/Santiago": "south, and by another rule",
    "Africa/Casablanca": "no yearly rule",
    "UTC": "no zone at all",
}


def ics(view: CalendarView) -> bytes:
    return FORMATS["ics"].render(view)


def visit(body: bytes, cycle: int, day: int) -> ReadEvent:
    """The infusion of that cycle and day, as both parsers read it."""
    return read_both(body)[str(uid_of(COURSE_ID, f"c{cycle}d{day}/infusion"))]


# -- Instants ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", CLOCKS)
@pytest.mark.parametrize(
    ("day1", "because"),
    [
        (date(2026, 7, 6), "six cycles from summer into winter"),
        (date(2027, 1, 4), "six cycles from winter into summer"),
    ],
)
def test_both_parsers_read_the_instants_of_the_plan(zone: str, day1: date, because: str) -> None:
    told = story(course(zone=zone, day1=day1), today=day1)
    read = read_both(ics(told.view(detail=Detail.DISCREET)))
    for dose in told.plan.doses():
        assert dose.times is not None
        event = read[str(uid_of(COURSE_ID, f"c{dose.cycle}d{dose.day}/infusion"))]
        assert dose.date is not None
        start = datetime.combine(dose.date, time(9, 0), tzinfo=ZoneInfo(zone)).astimezone(UTC)
        assert (event.start, event.end) == (start, start + timedelta(hours=1)), because


@pytest.mark.parametrize(
    ("zone", "day", "at", "because"),
    [
        ("America/New_York", date(2026, 11, 1), time(0, 30), "ends within the repeated hour"),
        ("America/New_York", date(2026, 11, 1), time(1, 30), "starts in the repeated hour"),
        ("America/New_York", date(2027, 3, 14), time(1, 30), "the clocks skip an hour while it runs"),
        ("America/New_York", date(2027, 3, 14), time(2, 30), "a wall time that there is not"),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 15), "starts in the repeated hour"),
        ("Europe/Berlin", date(2027, 3, 28), time(1, 45), "the clocks skip an hour while it runs"),
        ("Australia/Lord_Howe", date(2027, 4, 4), time(1, 40), "half an hour is repeated"),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(1, 45), "half an hour is skipped"),
        ("America/Santiago", date(2027, 4, 3), time(23, 10), "repeated before midnight"),
        ("Africa/Casablanca", date(2027, 2, 7), time(2, 20), "repeated, on a date that follows the moon"),
        ("Africa/Casablanca", date(2027, 3, 14), time(1, 50), "skipped, on a date that follows the moon"),
    ],
)
def test_a_visit_across_a_change_of_the_clocks_keeps_its_instants(zone: str, day: date, at: time, because: str) -> None:
    told = story(course(zone=zone, day1=day, at=at, cycles=1), today=day)
    read = read_both(ics(told.view()))
    start = to_instant(day, at, zone).astimezone(UTC)
    infusion, stay = (read[str(uid_of(COURSE_ID, f"c1d1/{role}"))] for role in ("infusion", "observation"))
    assert (infusion.start, infusion.end) == (start, start + timedelta(hours=1)), because
    assert (stay.start, stay.end) == (start + timedelta(hours=1), start + timedelta(hours=2)), because


def test_a_start_in_the_repeated_hour_is_written_in_utc_and_others_with_the_zone() -> None:
    told = story(course(day1=date(2026, 11, 1), at=time(1, 30), cycles=1), today=date(2026, 11, 1))
    starts = [line for line in unfolded(ics(told.view())) if line.startswith("DTSTART") and "T0" in line[-16:]]
    assert "DTSTART:20261101T053000Z" in starts
    assert "DTSTART;TZID=America/New_York:20261108T013000" in starts


def test_a_clinic_in_utc_needs_no_zone() -> None:
    lines = unfolded(ics(story(course(zone="UTC")).view()))
    assert "DTSTART:20261207T090000Z" in lines
    assert "BEGIN:VTIMEZONE" not in lines
    assert not any("TZID" in line for line in lines)


def test_a_milestone_is_one_whole_day_that_blocks_no_time() -> None:
    body = ics(story().view())
    window = read_both(body)[str(uid_of(COURSE_ID, "window/contraception/can-become-pregnant"))]
    assert (window.start, window.end) == (date(2028, 1, 3), date(2028, 1, 4))
    assert (window.transparency, window.status) == ("TRANSPARENT", "TENTATIVE")
    lines = unfolded(body)
    assert "DTSTART;VALUE=DATE:20280103" in lines
    assert lines.count("X-MICROSOFT-CDO-BUSYSTATUS:FREE") == lines.count("TRANSP:TRANSPARENT") > 30


# -- Bytes ------------------------------------------------------------------------------------------------------------


def test_the_head_of_the_feed() -> None:
    assert unfolded(ics(story().view(detail=Detail.DISCREET)))[:12] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Dates//Calendar 1//EN",
        "CALSCALE:GREGORIAN",
        "LAST-MODIFIED:20261120T130500Z",
        "NAME:Calendar",
        "X-WR-CALNAME:Calendar",
        "COLOR:teal",
        "X-APPLE-CALENDAR-COLOR:#008080",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
        "BEGIN:VTIMEZONE",
    ]


def test_the_feed_holds_no_property_beside_the_agreed_ones() -> None:
    names = {
        line.split(":")[0].split(";")[0]
        for line in unfolded(ics(eventful().view(alarms=(timedelta(days=1),))))
        if not line.startswith(("BEGIN", "END"))
    }
    agreed = """
        VERSION PRODID CALSCALE UID LAST-MODIFIED NAME X-WR-CALNAME COLOR X-APPLE-CALENDAR-COLOR REFRESH-INTERVAL
        X-PUBLISHED-TTL TZID DTSTART TZOFFSETFROM TZOFFSETTO TZNAME RRULE DTSTAMP CREATED SEQUENCE DTEND STATUS
        TRANSP X-MICROSOFT-CDO-BUSYSTATUS SUMMARY DESCRIPTION LOCATION ACTION TRIGGER
    """
    assert names == set(agreed.split())


def test_each_line_ends_in_crlf_and_has_at_most_75_octets() -> None:
    body = ics(eventful().view(clinic=ClinicCard(address="ü😀漢" * 200)))
    lines = body.split(b"\r\n")
    assert lines.pop() == b""
    assert max(map(len, lines)) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    for line in lines:
        line.decode()  # a split character would not decode


@pytest.mark.parametrize("before", range(60, 80))
def test_folding_splits_no_character_wherever_it_lies(before: int) -> None:
    line = "X" * before + "😀ü漢" * 40
    pieces = folded(line).encode().split(b"\r\n")
    assert max(map(len, pieces)) <= 75
    assert pieces[0].decode() + "".join(piece.decode()[1:] for piece in pieces[1:]) == line
    assert all(piece.startswith(b" ") for piece in pieces[1:])


def test_a_feed_without_events_is_still_a_calendar() -> None:
    body = ics(empty(story().view()))
    assert read_both(body) == {}
    assert unfolded(body)[-2:] == ["END:VTIMEZONE", "END:VCALENDAR"]


@pytest.mark.parametrize("refresh", ["6H", "PT", "P", "PT6H\r\nX-EVIL:1", ""])
def test_a_refresh_time_that_is_no_duration_is_refused(refresh: str) -> None:
    with pytest.raises(InvalidValue, match="PT6H"):
        replace(story().view(), refresh=refresh)


HOSTILE = {
    "emoji with joiners": "Ward 👩🏽‍⚕️ 🏳️‍🌈 é",
    "separators": r"a,b;c\d:e=f",
    "written escapes": r"C:\new\N \, \; \\n \\",
    "quotes": "\"'`<b>&amp;^n",
    "right to left": "\u202bעברית\u202c \u200f العربية",
    "a long word": "ü" * 1000,
    "many spaces": " x" * 500,
    "injection": "END:VEVENT BEGIN:VEVENT",
    "breaks a naive format": "{} {0} {drug} %s %(x)s",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("reader", READERS)
def test_hostile_texts_come_back_equal(name: str, reader: str) -> None:
    text = HOSTILE[name].strip()
    body = ics(story().view(clinic=ClinicCard(address=text)))
    event = READERS[reader](body)[str(uid_of(COURSE_ID, "c1d1/infusion"))]
    assert event.location == text


def test_a_written_backslash_is_escaped_as_rfc_5545_says() -> None:
    """3.3.11: a backslash is written as two; icalendar's own writer makes a line end of backslash and N."""
    view = story().view(clinic=ClinicCard(address=r"C:\New\n"))
    assert r"LOCATION:C:\\New\\n" in unfolded(ics(view))


@pytest.mark.parametrize(
    ("text", "left", "because"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd", "one line end"),
        ("a\x00b\x07c\x1bd\x7fe\x85f", "abcdef", "control characters"),
        ("a\tb", "a b", "a tab is a space"),
        ("a\u2028b\u2029c\x0bd\x0ce", "a\nb\ncde", "line ends of which only some parsers know"),
        ("a\ud800b\uffffc", "abc", "what no encoding or XML can carry"),
        ("x\r\nATTENDEE:mailto:a@example.org\r\nSUMMARY:y", "x\nATTENDEE:mailto:a@example.org\nSUMMARY:y", "injection"),
    ],
)
def test_what_a_calendar_cannot_carry_is_left_out(text: str, left: str, because: str) -> None:
    body = ics(story().view(clinic=ClinicCard(address=text)))
    assert visit(body, 1, 1).location == left, because
    assert not any(line.startswith("ATTENDEE") for line in unfolded(body))


# -- Stamps -----------------------------------------------------------------------------------------------------------


def moved() -> Story:
    """The first day 8 deferred by two days, an hour after the start."""
    return story(actions=(Given(cycle=1, day=1, on=DAY1), Defer(cycle=1, day=8, to=date(2026, 12, 16))))


def test_the_stamps_are_those_of_the_stored_events() -> None:
    told = moved()
    read = read_both(ics(told.view()))
    for stamped in told.stamped.values():
        event = read[str(stamped.uid)]
        assert event.sequence == stamped.sequence
        assert event.stamp == event.last_modified == stamped.last_modified
        assert event.created == stamped.created == STARTED


def test_a_deferral_moves_its_event_and_leaves_the_others_as_they_are() -> None:
    before = read_both(ics(story(actions=(Given(cycle=1, day=1, on=DAY1),)).view()))
    after = read_both(ics(moved().view()))
    keys = ["c1d8/infusion", "c1d8/observation", "c1d8/checks-before-1", "c1d8/checks-after-1"]
    changed = {uid for uid in after if after[uid] != before.get(uid)}
    assert before.keys() == after.keys()
    assert {str(uid_of(COURSE_ID, key)) for key in keys} <= changed
    assert str(uid_of(COURSE_ID, "c2d1/infusion")) not in changed
    for uid in changed:
        assert after[uid].sequence == before[uid].sequence + 1
        assert after[uid].last_modified > before[uid].last_modified


def test_a_moved_event_says_where_it_moved_from_and_when() -> None:
    event = visit(ics(moved().view()), 1, 8)
    assert "Moved by your team from Monday 14 December 2026, 09:00." in event.description
    assert "Last updated Friday 20 November 2026, 10:05." in event.description
    assert "Moved" not in visit(ics(moved().view()), 2, 1).description


def test_new_settings_of_the_feed_make_every_event_newer_and_raise_no_sequence() -> None:
    changed_at = STARTED + timedelta(days=3)
    plain, changed = (read_both(ics(moved().view(changed_at=at))) for at in (None, changed_at))
    assert {event.last_modified for event in changed.values()} == {changed_at}
    assert [event.sequence for event in changed.values()] == [event.sequence for event in plain.values()]


def test_settings_older_than_an_event_leave_its_stamps() -> None:
    old = STARTED - timedelta(days=3)
    assert ics(moved().view(changed_at=old)) == ics(moved().view())


def test_the_uids_say_nothing_and_stay() -> None:
    uids = [line.removeprefix("UID:") for line in unfolded(ics(story().view())) if line.startswith("UID:")]
    assert all(len(uid) == 36 and uid.count("-") == 4 for uid in uids)
    assert str(COURSE_ID) not in uids


# -- Cancelled, held ----------------------------------------------------------------------------------------------------


def test_an_omitted_dose_stays_cancelled_for_30_days_past_its_time_and_then_goes() -> None:
    told = eventful()
    gone = told.stamped["c1d15/infusion"]
    last = gone.event.first_date + timedelta(days=30)
    event = visit(ics(told.view(today=last)), 1, 15)
    assert (event.status, event.transparency, event.alarms) == ("CANCELLED", "TRANSPARENT", ())
    assert event.summary == "Cancelled: Infusion: inotuzumab ozogamicin, cycle 1 day 15"
    assert event.sequence == gone.sequence
    assert str(gone.uid) not in read_both(ics(told.view(today=last + timedelta(days=1))))


def test_the_day_on_which_it_goes_changes_nothing_else() -> None:
    told = eventful()
    last = told.stamped["c1d15/observation"].event.first_date + timedelta(days=30)
    with_it, without = (read_both(ics(told.view(today=today))) for today in (last, last + timedelta(days=1)))
    assert {uid: with_it[uid] for uid in without} == without
    assert len(with_it) > len(without)


def test_a_held_dose_is_to_be_arranged_and_comes_back_as_the_same_event() -> None:
    actions = (
        Hold(cycle=1, day=8, on=date(2026, 12, 7), cause=HoldCause.COUNTS),
        Resume(cycle=1, day=8, on=date(2026, 12, 18)),
    )
    given = Given(cycle=1, day=1, on=DAY1)
    held = visit(ics(story(actions=(given, actions[0])).view()), 1, 8)
    back = visit(ics(story(actions=(given, *actions), today=date(2026, 12, 17)).view()), 1, 8)
    assert (held.status, held.summary) == ("CANCELLED", "To be arranged")
    assert back.status == "CONFIRMED"
    assert back.start == datetime(2026, 12, 18, 14, 0, tzinfo=UTC)
    assert back.sequence > held.sequence


@pytest.mark.parametrize("detail", [Detail.FULL, Detail.DISCREET])
def test_a_held_dose_has_the_same_title_at_each_level(detail: Detail) -> None:
    titles = {event.summary for event in read_both(ics(eventful().view(detail=detail))).values()}
    assert "To be arranged" in titles
    assert not any("held" in title.lower() or "hold" in title.lower() for title in titles)


def test_a_window_that_lost_its_date_just_goes() -> None:
    """ "Cancelled: birth control" could be read as leave to stop."""
    told = eventful()  # held: no window has a date
    assert told.stamped["window/contraception/can-become-pregnant"].cancelled is not None
    for detail in Detail:
        uids = read_both(ics(told.view(detail=detail)))
        assert str(uid_of(COURSE_ID, "window/contraception/can-become-pregnant")) not in uids


@pytest.mark.parametrize("reader", Reader)
def test_after_death_the_feed_is_empty_at_once(reader: Reader) -> None:
    assert read_both(ics(ceased(CeaseCause.DEATH).view(reader=reader))) == {}


def test_after_a_stop_for_pregnancy_nothing_cancelled_and_nothing_reproductive_is_kept() -> None:
    told = ceased(CeaseCause.PREGNANCY)
    for reader in Reader:
        read = read_both(ics(told.view(reader=reader)))
        assert {event.status for event in read.values()} == {"CONFIRMED"}
        assert not any(
            told.stamped[key].event.reproductive and str(told.stamped[key].uid) in read for key in told.stamped
        )


def test_after_any_other_stop_the_doses_that_were_planned_are_cancelled() -> None:
    read = read_both(ics(ceased(CeaseCause.TOXICITY).view()))
    assert [event.status for event in read.values()].count("CANCELLED") > 30


# -- Status, alarms -----------------------------------------------------------------------------------------------------


def test_the_current_cycle_is_confirmed_and_later_ones_may_change() -> None:
    body = ics(story().view())
    now, later = visit(body, 1, 8), visit(body, 2, 8)
    assert (now.status, later.status) == ("CONFIRMED", "TENTATIVE")
    assert "may change" not in now.summary
    assert later.summary == "Infusion: inotuzumab ozogamicin, cycle 2 day 8 (may change)"
    discreet = visit(ics(story().view(detail=Detail.DISCREET)), 2, 8)
    assert "This date may change." in discreet.description


def test_alarms_are_relative_neutral_and_have_stable_uids() -> None:
    alarms = (timedelta(hours=2), timedelta(days=1))
    first = visit(ics(story().view(alarms=alarms)), 1, 8)
    second = visit(ics(moved().view(alarms=alarms)), 1, 8)
    assert [alarm.before for alarm in first.alarms] == [timedelta(days=1), timedelta(hours=2)]
    assert {alarm.text for alarm in first.alarms} == {"Reminder"}
    assert len({alarm.uid for alarm in first.alarms}) == 2
    assert first.alarms == second.alarms, "the event moved, its alarms are the same"


def test_a_whole_day_is_announced_at_nine_in_the_morning_not_at_midnight() -> None:
    body = ics(story().view(alarms=(timedelta(hours=2), timedelta(days=1))))
    check = read_both(body)[str(uid_of(COURSE_ID, "c1d1/checks-before-1"))]
    assert [alarm.before for alarm in check.alarms] == [timedelta(hours=15)]


def test_neither_the_stay_nor_a_window_rings() -> None:
    read = read_both(ics(story().view(alarms=(timedelta(days=1),))))
    for key in ("c1d1/observation", "window/contraception/can-become-pregnant"):
        assert read[str(uid_of(COURSE_ID, key))].alarms == ()


def test_a_cancelled_event_has_no_alarm() -> None:
    read = read_both(ics(eventful().view(alarms=(timedelta(days=1),))))
    assert all(not event.alarms for event in read.values() if event.status == "CANCELLED")


def test_an_omission_cancels_one_dose_and_what_hangs_on_it() -> None:
    read = read_both(ics(story(actions=(Given(cycle=1, day=1, on=DAY1), Omit(cycle=1, day=15))).view()))
    cancelled = [event.summary for event in read.values() if event.status == "CANCELLED"]
    assert len(cancelled) == 4, "infusion, stay, checks before and after"
