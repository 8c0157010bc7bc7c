"""The way to the database: how a connection is set up, and what people are told when it can't be."""

import contextlib
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.engine import DatabaseUnavailable, check_schema, make_engine, reading, writing
from db.migrations import migrate
from scheduler.errors import InvalidValue

UPDATE = text("UPDATE clinic SET name = name || '!'")
NAME = text("SELECT name FROM clinic")


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 5000), ("foreign_keys", 1)],
)
def test_every_sqlite_connection_is_set_up(sqlite_url: str, pragma: str, value: object) -> None:
    engine = make_engine(sqlite_url)
    for _ in range(2):
        with reading(engine) as session:
            assert session.connection().execute(text(f"PRAGMA {pragma}")).scalar() == value
        engine.dispose()


def test_what_is_written_is_kept_and_what_fails_leaves_nothing(engine: Engine) -> None:
    with writing(engine) as session:
        session.connection().execute(UPDATE)
    with contextlib.suppress(ZeroDivisionError), writing(engine) as session:
        session.connection().execute(UPDATE)
        raise ZeroDivisionError
    with reading(engine) as session:
        assert session.connection().execute(NAME).scalar() == "First clinic!"


def test_a_reader_sees_one_state_from_its_first_query_to_its_end(engine: Engine) -> None:
    with reading(engine) as reader:
        before = reader.connection().execute(NAME).scalar()
        with writing(engine) as writer:
            writer.connection().execute(UPDATE)
        assert reader.connection().execute(NAME).scalar() == before
    with reading(engine) as reader:
        assert reader.connection().execute(NAME).scalar() == f"{before}!"


def test_a_second_writer_waits_for_the_first(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    holding = threading.Event()

    def hold() -> None:
        with writing(engine) as session:
            session.connection().execute(UPDATE)
            holding.set()
            time.sleep(0.5)

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait()
    with writing(engine) as session:  # a deferred BEGIN would fail here at once: it read before the other had written
        session.connection().execute(NAME)
        session.connection().execute(UPDATE)
    holder.join()
    with reading(engine) as session:
        assert session.connection().execute(NAME).scalar() == "First clinic!!"
    engine.dispose()


def test_a_database_that_stays_locked_is_told_in_one_sentence(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with reading(engine) as session:  # the connection that is used again below; 5 s would be long here
        session.connection().execute(text("PRAGMA busy_timeout=100"))
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with (
        pytest.raises(DatabaseUnavailable, match="another program keeps it locked; close that program"),
        writing(engine),
    ):
        pass
    other.close()
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql+psycopg://nurse:secret@127.0.0.1:1/clinic", "database clinic at 127.0.0.1:1: it gives no answer"),
        ("postgresql://nurse:secret@127.0.0.1:1/clinic?password=secret", "database clinic at 127.0.0.1:1: it gives"),
        ("sqlite:////dev/null/infusions.db", "database /dev/null/infusions.db holds no tables yet; run `infusions mig"),
    ],
)
def test_an_unreachable_database_is_told_in_one_sentence_without_its_password(url: str, told: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        check_schema(make_engine(url))
    assert str(caught.value).startswith(told)
    assert "secret" not in str(caught.value)
    assert "nurse" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://nurse:secret@host/clinic",
        "secret",
        "",
        "postgresql+psycopg://nurse:secret@host:port/x",
    ],
)
def test_an_address_that_cant_be_used_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(InvalidValue, match=r"database\.url: .*; use sqlite:///FILE or postgresql") as caught:
        make_engine(url)
    assert "secret" not in str(caught.value)


def test_a_password_with_an_at_sign_is_told_how_to_be_written_and_not_repeated() -> None:
    with pytest.raises(InvalidValue, match=r"database\.url: .*; write it as %40") as caught:
        make_engine("postgresql+psycopg://nurse:very@secret@127.0.0.1:1/clinic")
    assert "secret" not in str(caught.value)
    make_engine("postgresql+psycopg://nurse:very%40secret@127.0.0.1:1/clinic").dispose()


def test_a_file_that_may_not_be_written_is_told(sqlite_url: str) -> None:
    engine = make_engine(f"{sqlite_url.replace('sqlite:///', 'sqlite:///file:')}?mode=ro&uri=true")
    with pytest.raises(DatabaseUnavailable, match=r"the file can't be used \(.*readonly.*\); check it, and the space"):
        change_name(engine)
    engine.dispose()


def test_a_place_where_no_file_can_be_made_is_told() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"the file can't be made \(.*\); choose another database\.url"):
        migrate("sqlite:////dev/null/infusions.db")


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 100)
    with pytest.raises(DatabaseUnavailable, match=r"notes\.txt: the file is no SQLite database"):
        check_schema(make_engine(f"sqlite:///{path}"))


def test_values_never_stand_in_the_error_of_a_statement(engine: Engine) -> None:
    with pytest.raises(Exception, match="clinic") as caught, writing(engine) as session:
        session.connection().execute(text("INSERT INTO clinic (id, name) VALUES (1, :name)"), {"name": "Bob Example"})
    assert "Bob Example" not in str(caught.value)


def test_an_empty_database_names_the_command_and_looking_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "missing.db"
    with pytest.raises(DatabaseUnavailable, match="holds no tables yet; run `infusions migrate` first"):
        check_schema(make_engine(f"sqlite:///{path}"))
    assert not path.exists()


def test_an_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "infusions.db"
    migrate(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600


# ---------------------------------------------------------------------------------------------------------------------


def change_name(engine: Engine) -> None:
    with writing(engine) as session:
        session.connection().execute(UPDATE)
