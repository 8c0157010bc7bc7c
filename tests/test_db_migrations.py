"""The schema's steps: all of them together give the tables, and a step never loses a row."""

import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError

import db.migrations
from db.engine import SCHEMA, DatabaseUnavailable, check_schema, make_engine, reading, writing
from db.migrations import config_for, migrate
from db.tables import METADATA
from scheduler.actions import Cycles
from service.courses import record, start_course
from service.wiring import App
from tests.stores import NURSE, bob

# A later step that alters a table which others refer to, as batch mode does it on SQLite: made anew, dropped, renamed.
ALTERS_COURSE = f"""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "next", "{SCHEMA}", None, None


def upgrade():
    with op.batch_alter_table("course") as batch:
        batch.alter_column("patient", existing_type=sa.String(), type_=sa.Text())
        batch.add_column(sa.Column("room", sa.String(), nullable=True))
"""
LOSES_COURSES = ALTERS_COURSE.partition("    with")[0] + '    op.execute("DELETE FROM course")\n'


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A database of the test's own: steps change its schema."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "own_postgres_url")
    return url


def test_all_steps_from_zero_give_exactly_the_tables(engine: Engine) -> None:
    with reading(engine) as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_difference_would_be_seen(engine: Engine) -> None:
    with writing(engine) as session:
        session.connection().execute(text("ALTER TABLE clinic ADD COLUMN room VARCHAR"))
    with reading(engine) as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert [change[0] for change in compare_metadata(context, METADATA)] == ["remove_column"]


def test_there_is_one_newest_step_and_it_is_what_the_program_needs(engine: Engine) -> None:
    with reading(engine) as session:
        assert ScriptDirectory.from_config(config_for(session.connection())).get_heads() == [SCHEMA]


def test_migrating_makes_the_first_clinic_once(engine: Engine) -> None:
    migrate(engine)
    migrate(engine.url.render_as_string(hide_password=False))
    with reading(engine) as session:
        assert session.connection().execute(text("SELECT id, name FROM clinic")).all() == [(1, "First clinic")]


def test_two_that_migrate_at_once_do_it_one_after_the_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'infusions.db'}"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(migrate, [url, url]))
    engine = make_engine(url)
    assert _counts(engine)["clinic"] == 1
    engine.dispose()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("action", "UPDATE action SET by = by"),
        ("action", "DELETE FROM action"),
        ("audit", "UPDATE audit SET by = by"),
        ("audit", "DELETE FROM audit"),
    ],
)
def test_the_database_itself_refuses_to_alter_history(app: App, table: str, change: str) -> None:
    course_id = start_course(app, bob(), by=NURSE)
    record(app, course_id, Cycles(count=4), by=NURSE)
    with pytest.raises(DatabaseError, match=f"{table} is appended only"), writing(app.engine) as session:
        session.connection().execute(text(change))


def test_a_step_that_alters_a_table_keeps_the_rows_that_refer_to_it(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_course(app, bob(), by=NURSE)
    before = _counts(app.engine)
    _add_step(tmp_path, monkeypatch, ALTERS_COURSE)
    migrate(app.engine)
    assert _counts(app.engine) == before
    assert before["event"] > 0
    assert "room" in {column["name"] for column in inspect(app.engine).get_columns("course")}


def test_with_foreign_keys_on_the_same_step_would_lose_or_stop_at_those_rows(sqlite_url: str) -> None:
    """Pins why `migrate` turns them off: the drop in a batch step deletes what refers to the table."""
    for foreign_keys, left in ((True, 0), (False, 1)):
        engine = make_engine(sqlite_url, foreign_keys=foreign_keys)
        with writing(engine) as session:
            connection = session.connection()
            for statement in (
                "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
                "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent ON DELETE CASCADE)",
                "INSERT INTO parent VALUES (1)",
                "INSERT INTO child VALUES (1, 1)",
                "CREATE TABLE fresh (id INTEGER PRIMARY KEY)",
                "INSERT INTO fresh SELECT id FROM parent",
                "DROP TABLE parent",
                "ALTER TABLE fresh RENAME TO parent",
            ):
                connection.execute(text(statement))
            assert connection.execute(text("SELECT count(*) FROM child")).scalar() == left
            connection.execute(text("DROP TABLE child"))
            connection.execute(text("DROP TABLE parent"))
        engine.dispose()


def test_a_step_that_leaves_rows_without_their_course_changes_nothing(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_course(app, bob(), by=NURSE)
    before = _counts(app.engine)
    _add_step(tmp_path, monkeypatch, LOSES_COURSES)
    refusal = DatabaseUnavailable if app.engine.dialect.name == "sqlite" else IntegrityError
    with pytest.raises(refusal):
        migrate(app.engine)
    assert _counts(app.engine) == before


def test_a_schema_that_nobody_here_knows_is_told(engine: Engine) -> None:
    with writing(engine) as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match=r"not known to this program.*install the newer program"):
        migrate(engine)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("0000", "is at schema 0000 and this program needs .*; run `infusions migrate`"),
        ("9999", "install the newer program"),
    ],
)
def test_another_schema_refuses_to_start(engine: Engine, version: str, told: str) -> None:
    check_schema(engine)
    with writing(engine) as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    with pytest.raises(DatabaseUnavailable, match=told):
        check_schema(engine)


# ---------------------------------------------------------------------------------------------------------------------


def _add_step(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    steps = folder / "migrations"
    shutil.copytree(db.migrations.FOLDER, steps)
    (steps / "versions" / "next.py").write_text(script)
    monkeypatch.setattr(db.migrations, "FOLDER", steps)


def _counts(engine: Engine) -> dict[str, int]:
    with reading(engine) as session:
        return {
            table: session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in METADATA.tables
        }
