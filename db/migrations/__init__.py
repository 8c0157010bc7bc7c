"""The schema's steps, run from code: `migrate` brings a database of any age to the schema of this program."""

import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from db.engine import DatabaseUnavailable, make_engine, place, sqlite_file, writing

FOLDER = Path(__file__).parent
LOCK = 0x1F05104  # any number, the same for all: two servers that start together migrate one after the other


def migrate(database: Engine | str) -> None:
    """Brings the database to this program's schema, all steps or none; does nothing when it is there already.

    An SQLite file is made when missing, readable for its owner alone. DatabaseUnavailable when it can't be done.
    """
    url = database if isinstance(database, str) else database.url.render_as_string(hide_password=False)
    # Batch mode makes a table anew and drops the old one; with foreign keys ON that drop deletes, without a word,
    # or is stopped by, every row that refers to it. The pragma has no effect within a transaction.
    engine = make_engine(url, foreign_keys=False)
    _make_file(engine)
    try:
        with writing(engine) as session:
            connection = session.connection()
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            _upgrade(connection, place(engine.url))
            _check_foreign_keys(connection)
    finally:
        engine.dispose()


def config_for(connection: Connection) -> Config:
    """What Alembic needs to know, without an alembic.ini in whatever folder the program runs."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


# ---------------------------------------------------------------------------------------------------------------


def _make_file(engine: Engine) -> None:
    path = sqlite_file(engine.url)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Patients' names: for the owner alone. SQLite gives its side files the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        sentence = f"database {path}: the file can't be made ({error.strerror}); choose another database.url"
        raise DatabaseUnavailable(sentence) from error


def _upgrade(connection: Connection, where: str) -> None:
    try:
        command.upgrade(config_for(connection), "head")
    except CommandError as error:
        sentence = f"database {where}: its schema is not known to this program ({error}); install the newer program"
        raise DatabaseUnavailable(sentence) from error


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = {row[0] for row in connection.execute(text("PRAGMA foreign_key_check"))}
    if broken:
        tables = ", ".join(sorted(broken))
        sentence = (
            f"migration: rows of {tables} would refer to nothing; nothing was changed, restore a backup or report it"
        )
        raise DatabaseUnavailable(sentence)
