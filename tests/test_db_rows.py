"""What is stored is read back equal, instants in their zone included."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.rows import event_from_fields, event_from_row, event_to_fields, event_to_row, read_moment, write_moment
from scheduler.events import Cancelled, Event, EventKind, StampedEvent
from scheduler.regimen import When, WindowKind

COURSE = UUID("6f0d7f3c-3f6c-4f0e-8a3a-5d3f0b9c1d2e")
NEW_YORK = ZoneInfo("America/New_York")
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "UTC"]
NINE = datetime(2026, 12, 7, 9, tzinfo=NEW_YORK)
INFUSION = Event(
    key="c1d1/infusion",
    kind=EventKind.INFUSION,
    start=NINE,
    end=NINE + timedelta(hours=1),
    confirmed=True,
    cycle=1,
    day=1,
    arrival=NINE - timedelta(minutes=30),
    leave_not_before=NINE + timedelta(hours=2),
)
CHECK = Event(
    key="c1d1/checks-before-1",
    kind=EventKind.CHECK,
    start=date(2026, 12, 4),
    end=date(2026, 12, 4),
    confirmed=False,
    cycle=1,
    day=1,
    checks=("blood-count", "liver-tests"),
    when=When.BEFORE,
)
WINDOW = Event(
    key="window/contraception/can-become-pregnant",
    kind=EventKind.WINDOW,
    start=date(2028, 1, 3),
    end=date(2028, 1, 3),
    confirmed=False,
    reproductive=True,
    private=True,
    window=WindowKind.CONTRACEPTION,
)


@pytest.mark.parametrize("event", [INFUSION, CHECK, WINDOW], ids=lambda event: event.kind)
def test_an_event_is_read_back_equal(event: Event) -> None:
    assert event_from_fields(event.key, event_to_fields(event)) == event


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"cancelled": Cancelled.TO_BE_ARRANGED, "sequence": 3},
        {"moved_from": NINE - timedelta(days=1)},
        {"moved_from": date(2026, 12, 1)},
    ],
)
def test_a_stamped_event_is_read_back_equal(change: dict[str, object]) -> None:
    at = datetime(2026, 12, 1, 15, tzinfo=UTC)
    stamped = replace(StampedEvent(event=INFUSION, uid=COURSE, sequence=0, created=at, last_modified=at), **change)  # type: ignore[arg-type] # the fields of the table above
    assert event_from_row(event_to_row(stamped, 1, COURSE)) == stamped


@given(
    instant=st.integers(0, 15 * 365 * 24 * 60).map(
        lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    zone=st.sampled_from(ZONES),
)
def test_an_instant_keeps_its_moment_and_its_zone_in_any_hour(instant: datetime, zone: str) -> None:
    local = instant.astimezone(ZoneInfo(zone))
    back = read_moment(write_moment(local))
    assert isinstance(back, datetime)
    assert back.astimezone(UTC) == instant
    assert (back.isoformat(), back.fold, str(back.tzinfo)) == (local.isoformat(), local.fold, zone)


def test_the_stored_text_of_an_instant_names_offset_and_zone() -> None:
    assert write_moment(NINE) == "2026-12-07T09:00:00-05:00[America/New_York]"
    assert write_moment(date(2026, 12, 7)) == "2026-12-07"
    assert read_moment("2026-12-07") == date(2026, 12, 7)
