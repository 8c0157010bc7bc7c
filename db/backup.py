"""A copy of an SQLite database while it is in use, and back. PostgreSQL has its own tools for that."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from db.engine import SCHEMA, DatabaseUnavailable, place, sqlite_file
from scheduler.errors import InvalidValue


def backup(engine: Engine, target: Path) -> None:
    """Writes one state of the database into the new file `target`, readable by its owner alone."""
    source = _file(engine, "pg_dump --format=custom")
    if not source.exists():
        raise DatabaseUnavailable(f"database {source}: there is no such file; check database.url")
    if target.exists():
        raise InvalidValue(f"backup {target}: exists already; choose a name that is free")
    part = target.with_name(f".{target.name}.part")
    with _told(f"backup {target}"):
        try:
            os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
            with closing(_open(source)) as connection:
                connection.execute("VACUUM INTO ?", (str(part),))  # one state, and no empty pages
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def restore(engine: Engine, source: Path, *, replace: bool) -> str:
    """Puts the copy in `source` in the database's place, all or nothing; gives the schema that it is at.

    Raises InvalidValue when `source` is no sound copy, or when the database holds courses and not `replace`.
    """
    target = _file(engine, "pg_restore --clean")
    if not source.is_file():
        raise InvalidValue(f"backup {source}: there is no such file; check the name")
    with _told(f"backup {source}"), closing(_open(source)) as copy:
        schema = _sound(copy, source)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(_open(target)) as connection:
            if not replace and _courses(connection):
                message = f"database {target}: holds courses; add --replace to put the backup in their place"
                raise InvalidValue(message)
            copy.backup(connection)
    return schema


# ---------------------------------------------------------------------------------------------------------------------


def _file(engine: Engine, tool: str) -> Path:
    path = sqlite_file(engine.url)
    if path is None:
        where = place(engine.url)
        raise InvalidValue(f"database {where}: is on PostgreSQL; use `{tool}`, which comes with it")
    return path


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=5, isolation_level=None)


def _sound(copy: sqlite3.Connection, source: Path) -> str:
    if copy.execute("PRAGMA quick_check").fetchone()[0] != "ok":
        raise InvalidValue(f"backup {source}: is damaged; use another copy")
    if not _has(copy, "alembic_version"):
        raise InvalidValue(f"backup {source}: is no backup of this program; check the name")
    schema = str(copy.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    if schema > SCHEMA:
        message = (
            f"backup {source}: is at schema {schema}, newer than this program's {SCHEMA}; install the newer program"
        )
        raise InvalidValue(message)
    return schema


def _courses(connection: sqlite3.Connection) -> int:
    if not _has(connection, "course"):
        return 0
    return int(connection.execute("SELECT count(*) FROM course").fetchone()[0])


def _has(connection: sqlite3.Connection, table: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (table,)).fetchone() is not None


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else fault
        raise InvalidValue(f"{what}: can't be done ({reason}); check the name, the folder and the space") from None
