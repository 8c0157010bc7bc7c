"""The stored facts of the clinic's day are those of the plan: after each entry, other settings, other software."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from db import day_store
from db.engine import make_engine, reading, writing
from scheduler import Course, parse_regimen
from scheduler.actions import Action, Away, Cease, CeaseCause, Defer, Given, Hold, HoldCause, Void
from scheduler.day_facts import DayFact, FactKind, day_facts
from service import day_upkeep
from service.clinic import clinic_rules, years_of
from service.closed_days import accept_open_dates
from service.courses import record
from service.loading import load
from service.queries import newer_version
from service.starting import start_course
from service.wiring import App
from tests.stores import NURSE, Clock, bob, make_app
from tests.test_cli_update_regimen import LATER_CYCLES, SHIPPED
from tests.test_regimen_library import IDS, example_of

MONDAY = datetime(2026, 12, 7, 17, 0, tzinfo=UTC)
STEPS: list[Action] = [
    Given(cycle=1, day=1, on=date(2026, 12, 7)),
    Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="travelling"),
    Void(action=2),
    Away(from_=date(2027, 1, 4), to=date(2027, 1, 5)),
    Hold(cycle=1, day=8, on=date(2026, 12, 11), cause=HoldCause.COUNTS),
    Void(action=5),
    Cease(on=date(2026, 12, 11), cause=CeaseCause.TRANSPLANT),
    Void(action=7),
    Cease(on=date(2026, 12, 11), cause=CeaseCause.DEATH),
]


def stored(app: App, course: UUID) -> tuple[DayFact, ...]:
    with reading(app.engine) as session:
        return day_store.facts_of(session, 1, course)


def told_by_plan(app: App, course: UUID) -> tuple[DayFact, ...]:
    """The facts of the plan as it is folded now, by the settings of now."""
    with reading(app.engine) as session:
        loaded = load(app, session, 1, course)
    return day_facts(loaded.plan(), loaded.rules)


@pytest.fixture
def course(app: App, clock: Clock) -> UUID:
    clock.at = MONDAY
    return start_course(app, bob(), by=NURSE)


def test_after_each_entry_the_stored_facts_are_those_of_the_plan(app: App, course: UUID) -> None:
    assert stored(app, course) == told_by_plan(app, course) != ()
    for step in STEPS:
        before = stored(app, course)
        record(app, course, step, by=NURSE)
        assert stored(app, course) == told_by_plan(app, course), step
        assert stored(app, course) != before, step
    assert day_upkeep.behind(app, app.now()) == 0


@pytest.fixture
def on_sqlite(sqlite_url: str, clock: Clock) -> Iterator[App]:
    made = make_engine(sqlite_url)
    yield make_app(made, clock)
    made.dispose()


@pytest.mark.parametrize("id_", IDS)
def test_a_course_like_the_worked_example_has_the_facts_of_its_plan(on_sqlite: App, clock: Clock, id_: str) -> None:
    example = example_of(id_)
    clock.at = datetime.combine(example.today, datetime.min.time().replace(hour=23), tzinfo=UTC)
    app = on_sqlite
    began: Course = replace(example.course.course, id=uuid4(), earlier=())
    new = replace(bob(), regimen_id=id_, course=began)
    course = start_course(app, new, by=NURSE)
    for action in example.course.actions:
        record(app, course, action, by=NURSE)
        assert stored(app, course) == told_by_plan(app, course), action
    assert stored(app, course) != ()
    again = replace(new, course=replace(began, id=uuid4()), actions=example.course.actions)
    moved_in = start_course(app, again, by=NURSE)
    assert stored(app, moved_in) == stored(app, course)


def test_accepting_open_dates_takes_the_conflicts_away(app: App, clock: Clock) -> None:
    clock.at = MONDAY
    app = with_closures(app, clock, "2026-12-14")
    course = start_course(app, bob(), by=NURSE)
    closed = {fact.last for fact in stored(app, course) if fact.kind is FactKind.CLOSED}
    assert date(2026, 12, 14) in closed
    accept_open_dates(app, course, by=NURSE, only=(1, 8))
    assert stored(app, course) == told_by_plan(app, course)
    assert date(2026, 12, 14) not in {fact.last for fact in stored(app, course) if fact.kind is FactKind.CLOSED}


def test_moving_to_a_newer_version_moves_the_facts(engine: Engine, clock: Clock, tmp_path: Path) -> None:
    clock.at = MONDAY
    course = start_course(make_app(engine, clock), bob(), by=NURSE)
    version = parse_regimen(SHIPPED, "shipped").version
    newer = SHIPPED.replace(f'version = "{version}"', 'version = "2027.1"').replace("2024-03-01", "2027-03-01")
    longer = newer.replace(LATER_CYCLES, "length = 29\nshortest = 28\nlongest = 29")
    (tmp_path / "newer.toml").write_text(longer, encoding="utf-8")
    app = make_app(engine, clock, {"INFUSIONS_REGIMENS__FOLDER": str(tmp_path)})
    before = stored(app, course)
    record(app, course, newer_version(app, course), by=NURSE)
    assert before != stored(app, course) == told_by_plan(app, course)


# -- Settings and software ---------------------------------------------------------------------------------------------


def with_closures(app: App, clock: Clock, *days: str, **more: str) -> App:
    """The program as it starts anew with these closures, and other settings of the clinic."""
    closures = "[" + ", ".join(f'"{day} own closure"' for day in days) + "]"
    named = {f"INFUSIONS_CLINIC__{name}": value for name, value in more.items()}
    return make_app(app.engine, clock, {"INFUSIONS_CLINIC__CLOSURES": closures} | named)


@pytest.mark.parametrize(
    ("closures", "more"),
    [
        (["2026-12-14"], {}),
        ([], {"LEAD_MINUTES": "45"}),
        ([], {"LIVER_WATCH_WEEKS": "10"}),
        ([], {"COUNTRY": "US"}),
        ([], {"OPENING_DAYS": '["tue", "wed"]'}),
    ],
    ids=["a closure", "lead", "watch", "holidays", "opening days"],
)
def test_changed_settings_reach_the_facts_at_the_next_pass(
    app: App, clock: Clock, closures: list[str], more: dict[str, str]
) -> None:
    clock.at = MONDAY
    course = start_course(app, bob(), by=NURSE)
    record(app, course, Given(cycle=1, day=1, on=date(2026, 12, 7)), by=NURSE)
    record(app, course, Cease(on=date(2027, 1, 20), cause=CeaseCause.COMPLETED), by=NURSE)
    changed = with_closures(app, clock, *closures, **more)
    assert day_upkeep.behind(changed, clock.at) == 1
    assert day_upkeep.follow(changed, clock.at) == 1
    assert stored(changed, course) == told_by_plan(changed, course)
    assert day_upkeep.behind(changed, clock.at) == 0
    assert day_upkeep.follow(changed, clock.at) == 0


def test_a_new_year_brings_the_holidays_of_later_years(app: App, clock: Clock, course: UUID) -> None:
    clock.at = datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert day_upkeep.follow_all(app, clock.at) == 1


def test_a_course_from_before_the_facts_gets_them(app: App, clock: Clock, course: UUID) -> None:
    with writing(app.engine) as session:
        session.connection().execute(text("DELETE FROM day_fact"))
        session.connection().execute(text("UPDATE course SET facts_by = ''"))
    assert day_upkeep.behind(app, clock.at) == 1
    assert day_upkeep.follow_all(app, clock.at) == 1
    assert stored(app, course) == told_by_plan(app, course)


def test_a_course_that_cannot_be_read_keeps_back_no_other(app: App, clock: Clock, course: UUID) -> None:
    other = start_course(app, replace(bob(), patient="Karl Example"), by=NURSE)
    with writing(app.engine) as session:
        session.connection().execute(text("UPDATE course SET facts_by = ''"))
        wrong = text("UPDATE course SET regimen_digest = :wrong WHERE patient = 'Bob Example'")
        session.connection().execute(
            text(
                "INSERT INTO regimen_content (digest, id, version, name, text)"
                " VALUES ('wrong', 'x', '1', 'x', 'no regimen')"
            )
        )
        session.connection().execute(wrong, {"wrong": "wrong"})
    assert day_upkeep.follow_all(app, clock.at) == 1
    assert day_upkeep.behind(app, clock.at) == 1
    assert stored(app, other) == told_by_plan(app, other)


def test_the_rules_that_facts_are_made_by_are_those_of_the_plan(app: App, course: UUID) -> None:
    with reading(app.engine) as session:
        loaded = load(app, session, 1, course)
    rules = clinic_rules(app.settings, None, years_of(loaded.stored.course.day1, loaded.today))
    assert replace(loaded.rules, newest=None, earlier=()) == rules
