"""Changed settings of reminders reach what waits already: at the next pass, without a second mail or a lost one."""

import logging
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from db.engine import writing
from db.outbox_store import State, StoredMessage
from scheduler.actions import Defer
from service.courses import record, start_course
from service.messages import list_messages
from service.settings_change import follow_settings
from service.wiring import App
from service.worker import tick
from tests.stores import NURSE, Clock, bob, make_app

FRIDAY = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)  # nine in New York, three days before Bob's first visit


def with_settings(engine: Engine, clock: Clock, folder: Path, **settings: str) -> App:
    """The program as it starts anew with these settings of reminders."""
    changed = {f"INFUSIONS_REMINDERS__{name}": value for name, value in settings.items()}
    return make_app(engine, clock, {"INFUSIONS_MAIL__FOLDER": str(folder)} | changed)


def visits(app: App, course: UUID, key: str = "c1d1/infusion") -> list[StoredMessage]:
    return [each for each in list_messages(app, course) if each.event_key == key and each.state is not State.SUPERSEDED]


@pytest.fixture
def course(engine: Engine, clock: Clock, tmp_path: Path) -> UUID:
    """Bob's course, of which one mail has gone."""
    app = with_settings(engine, clock, tmp_path)
    made = start_course(app, bob(), by=NURSE)
    clock.at = FRIDAY
    assert tick(app, FRIDAY).sent == 1
    return made


def test_another_hour_moves_what_waits_and_leaves_what_went(
    engine: Engine, clock: Clock, tmp_path: Path, course: UUID
) -> None:
    app = with_settings(engine, clock, tmp_path, AT="11:00")
    before = Counter((each.event_key, each.event_sequence, each.offset_days) for each in list_messages(app, course))
    tick(app, FRIDAY)
    found = {each.offset_days: each for each in visits(app, course)}
    assert found[3].state is State.SENT
    assert found[3].send_after == FRIDAY
    assert found[1].send_after == datetime(2026, 12, 6, 16, 0, tzinfo=UTC), "eleven in New York"
    after = Counter((each.event_key, each.event_sequence, each.offset_days) for each in list_messages(app, course))
    assert after == before, "no message twice, none lost"
    assert tick(app, datetime(2026, 12, 6, 15, 59, tzinfo=UTC)).sent == 0
    assert tick(app, datetime(2026, 12, 6, 16, 0, tzinfo=UTC)).sent == 1
    assert len(list(tmp_path.glob("*.eml"))) == 2


def test_other_days_withdraw_and_add_and_back_again_makes_no_second_mail(
    engine: Engine, clock: Clock, tmp_path: Path, course: UUID
) -> None:
    app = with_settings(engine, clock, tmp_path, INFUSION_DAYS_BEFORE="[2]", TASK_DAYS_BEFORE="[]")
    tick(app, FRIDAY)
    open_ = [each for each in list_messages(app, course) if each.settled_at is None]
    assert {each.offset_days for each in open_ if each.kind == "visit"} == {2}
    assert [each for each in open_ if each.kind == "check"] == []
    back = with_settings(engine, clock, tmp_path)
    tick(back, FRIDAY)
    open_ = [each for each in list_messages(back, course) if each.settled_at is None]
    assert {each.offset_days for each in open_ if each.kind == "visit"} == {1, 3}
    assert {each.offset_days: each.state for each in visits(back, course)} == {3: State.SENT, 1: State.WAITING}
    assert len(list(tmp_path.glob("*.eml"))) == 1


def test_an_hour_that_is_past_already_loses_nothing(engine: Engine, clock: Clock, tmp_path: Path, course: UUID) -> None:
    clock.at = datetime(2026, 12, 6, 13, 30, tzinfo=UTC)  # half past eight: the mail waits for nine
    app = with_settings(engine, clock, tmp_path, AT="08:00")
    assert tick(app, clock.at).sent == 1


def test_without_a_change_no_course_is_looked_at(engine: Engine, clock: Clock, tmp_path: Path, course: UUID) -> None:
    app = with_settings(engine, clock, tmp_path)
    assert follow_settings(app, FRIDAY) == 0
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 16)), by=NURSE)
    assert follow_settings(app, FRIDAY) == 0
    other = with_settings(engine, clock, tmp_path, QUIET='["21:00", "07:00"]')
    assert follow_settings(other, FRIDAY) == 1
    assert follow_settings(other, FRIDAY) == 0


def test_a_course_that_cannot_be_read_keeps_back_no_other(
    engine: Engine, clock: Clock, tmp_path: Path, course: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    app = with_settings(engine, clock, tmp_path, AT="11:00")
    healthy = start_course(with_settings(engine, clock, tmp_path), bob(), by=NURSE)
    with writing(engine) as session:
        broken = "UPDATE course SET fields = replace(CAST(fields AS TEXT), 'New_York', 'Nowhere') WHERE id = :id"
        if engine.dialect.name == "postgresql":
            broken = broken.replace(
                "replace(CAST(fields AS TEXT), 'New_York', 'Nowhere')",
                "replace(fields::text, 'New_York', 'Nowhere')::json",
            )
        id_ = course if engine.dialect.name == "postgresql" else course.hex
        assert session.connection().execute(text(broken), {"id": id_}).rowcount == 1
    with caplog.at_level(logging.INFO):
        assert follow_settings(app, FRIDAY) == 1
    assert "1 courses follow the changed settings, 1 can't" in caplog.text
    assert {each.send_after.hour for each in visits(app, healthy, "c2d1/infusion")} == {16}
