"""A course stays with the very text of the regimen that it started with, or moved to, whatever the files say later."""

from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.engine import reading
from scheduler.actions import Cycles, RegimenChange
from scheduler.errors import Rejected
from service.courses import record, start_course
from service.queries import list_courses, load_course
from service.wiring import App
from tests.stores import INOTUZUMAB, NURSE, Clock, bob, make_app

SHIPPED = (files("scheduler") / "regimens" / f"{INOTUZUMAB}.toml").read_text(encoding="utf-8")


def with_file(engine: Engine, clock: Clock, folder: Path, version: str, gap: int) -> App:
    """The program with a newer file of the regimen in the clinic's folder; it can be known by its gap."""
    newer = SHIPPED.replace('version = "2026.2"', f'version = "{version}"').replace("2024-03-01", "2027-03-01")
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(newer.replace("gap = { days = 6", f"gap = {{ days = {gap}"), encoding="utf-8")
    return make_app(engine, clock, {"INFUSIONS_REGIMENS__FOLDER": str(folder)})


def gap(app: App) -> int:
    (line,) = list_courses(app)
    return load_course(app, line.id).plan.regimen.ranked[0].gap_days


def test_a_newer_file_changes_no_course_that_has_started(app: App, clock: Clock, tmp_path: Path) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    newer = with_file(app.engine, clock, tmp_path / "own", "2027.1", 7)
    assert gap(newer) == 6
    assert "regimen-updated" in {each.code for each in load_course(newer, course_id).plan.advice}
    record(newer, course_id, Cycles(count=5), by=NURSE)
    assert gap(newer) == 6


def test_moving_on_is_an_action_and_each_revision_keeps_its_version(app: App, clock: Clock, tmp_path: Path) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    newer = with_file(app.engine, clock, tmp_path / "own", "2027.1", 7)
    record(newer, course_id, RegimenChange(version="2027.1"), by=NURSE)
    assert gap(newer) == 7
    assert load_course(newer, course_id, revision=0).plan.regimen.ranked[0].gap_days == 6
    with reading(app.engine) as session:
        kept = session.connection().execute(text("SELECT version FROM regimen_content ORDER BY version"))
        assert list(kept.scalars()) == ["2026.2", "2027.1"]


def test_the_file_may_go_or_change_under_its_version_and_the_course_stays(
    app: App, clock: Clock, tmp_path: Path
) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    newer = with_file(app.engine, clock, tmp_path / "own", "2027.1", 7)
    record(newer, course_id, RegimenChange(version="2027.1"), by=NURSE)
    changed = with_file(app.engine, clock, tmp_path / "own", "2027.1", 5)
    assert (gap(app), gap(changed)) == (7, 7)
    record(app, course_id, Cycles(count=5), by=NURSE)
    start_course(changed, bob(), by=NURSE)  # keeps the other text of the same version
    plan = load_course(changed, course_id).plan
    assert (plan.regimen.ranked[0].gap_days, len(plan.cycles)) == (7, 5)
    record(app, course_id, RegimenChange(version="2027.1"), by=NURSE)  # the version that it is at, in no file here
    assert load_course(app, course_id).plan.regimen.ranked[0].gap_days == 7


def test_a_course_may_move_on_twice(app: App, clock: Clock, tmp_path: Path) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    newer = with_file(app.engine, clock, tmp_path / "own", "2027.1", 7)
    record(newer, course_id, RegimenChange(version="2027.1"), by=NURSE)
    newest = with_file(app.engine, clock, tmp_path / "own", "2028.1", 5)
    assert gap(newest) == 7
    record(newest, course_id, RegimenChange(version="2028.1"), by=NURSE)
    assert [load_course(app, course_id, revision=n).plan.regimen.ranked[0].gap_days for n in range(3)] == [6, 7, 5]


def test_a_version_that_nobody_has_is_rejected(app: App) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    with pytest.raises(Rejected):
        record(app, course_id, RegimenChange(version="2030.1"), by=NURSE)
    assert load_course(app, course_id).plan.find(1, 15) is not None
