"""Reads what a feed's address serves: one read of an index, at once on SQLite.

Every subscribed phone of the clinic asks here several times a day, so the way is short: no session, no objects of an
ORM, and no change of threads where the database is a file. A write-ahead log lets a reader wait for nobody; should
the file be locked all the same, the caller is told and takes the way that may wait.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from sqlalchemy import Table, bindparam, select

from db.engine import Engine, sqlite_file, told_plainly
from db.stored import ServedFeed
from db.tables import FeedRow

_FEED: Table = FeedRow.__table__  # type: ignore[attr-defined] # SQLModel sets it on every table
_NAMES = tuple(field.name for field in fields(ServedFeed))
_QUERY = select(*(_FEED.c[name] for name in _NAMES)).where(_FEED.c.token_hash == bindparam("token_hash"))


class NotNow(Exception):
    """The answer can't be had without waiting: ask `find` for it, in a thread that may wait."""


class FeedReader:
    """Finds served feeds. `find_now` belongs to one thread, that of the event loop; `find` to any."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if _remote(engine) else engine
        self._file = sqlite_file(engine.url)
        self._sql = str(_QUERY.compile(dialect=engine.dialect))
        self._read = tuple(_reader(engine, name) for name in _NAMES)
        self._connection: sqlite3.Connection | None = None

    def find(self, token_hash: str) -> ServedFeed | None:
        """The feed of that token, whatever its clinic: who has the token may read. Waits for the database."""
        with told_plainly(self._engine), self._engine.connect() as connection:
            found = connection.execute(_QUERY, {"token_hash": token_hash}).one_or_none()
        return ServedFeed(**found._mapping) if found else None  # noqa: SLF001 - its public name, as SQLAlchemy says

    def find_now(self, token_hash: str) -> ServedFeed | None:
        """The same without waiting; NotNow where that can't be."""
        if self._file is None:
            raise NotNow
        try:
            if self._connection is None:
                self._connection = _connect(str(self._file))
            found = self._connection.execute(self._sql, (token_hash,)).fetchone()
        except sqlite3.Error:
            self.close()
            raise NotNow from None
        if found is None:
            return None
        return ServedFeed(**dict(zip(_NAMES, map(_value, self._read, found), strict=True)))

    def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


# ---------------------------------------------------------------------------------------------------------------


def _remote(engine: Engine) -> bool:
    return sqlite_file(engine.url) is None


def _reader(engine: Engine, name: str) -> Callable[[Any], Any] | None:
    """What makes a value of what the driver gives, as SQLAlchemy itself would; None where it is the value."""
    return _FEED.c[name].type.dialect_impl(engine.dialect).result_processor(engine.dialect, None)


def _value(read: Callable[[Any], Any] | None, given: Any) -> Any:
    return given if read is None or given is None else read(given)


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    connection.execute("PRAGMA query_only=ON")  # nothing is stored on this way
    return connection
