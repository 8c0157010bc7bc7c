"""Reads what a feed's address serves: one read of an index, at once on SQLite.

Every subscribed phone of the clinic asks here several times a day, so the way is short: no session, no objects of an
ORM, and no change of threads where the database is a file. A write-ahead log lets a reader wait for nobody; should
the file be locked all the same, the caller is told and takes the way that may wait.
"""

import sqlite3
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, case, func, literal_column, null, select

from db.engine import Engine, sqlite_file, told_plainly
from db.stored import ServedFeed
from db.tables import ClinicSettingsRow, FeedRow

_FEED: Table = FeedRow.__table__  # type: ignore[attr-defined] # SQLModel sets it on every table
_SETTINGS: Table = ClinicSettingsRow.__table__  # type: ignore[attr-defined] # the same
_REVISION = (
    select(func.coalesce(func.max(_SETTINGS.c.revision), literal_column("0")))
    .where(_SETTINGS.c.clinic_id == _FEED.c.clinic_id)
    .scalar_subquery()
    .label("settings_revision")
)
_COLUMNS = tuple(_REVISION if name == _REVISION.name else _FEED.c[name] for name in ServedFeed._fields)
_QUERY = select(*_COLUMNS).where(_FEED.c.token_hash == bindparam("token_hash"))
_INSTANTS = tuple(place for place, column in enumerate(_COLUMNS) if column.name.endswith("_at"))
_BODY = ServedFeed._fields.index("body")
_KNOWN = case((_FEED.c.etag == bindparam("etag"), null()), else_=_FEED.c.body)  # what is known need not be read
_CHANGED = _QUERY.with_only_columns(*_COLUMNS[:_BODY], _KNOWN, *_COLUMNS[_BODY + 1 :])

Found = tuple[Any, ...]


class NotNow(Exception):
    """The answer can't be had without waiting: ask `find` for it, in a thread that may wait."""


class FeedReader:
    """Finds served feeds. `find_now` belongs to one thread, that of the event loop; `find` to any."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT") if _remote(engine) else engine
        self._file = sqlite_file(engine.url)
        self._sql = str(_CHANGED.compile(dialect=engine.dialect))
        self._cursor: sqlite3.Cursor | None = None

    def find(self, token_hash: str) -> ServedFeed | None:
        """The feed of that token, whatever its clinic: who has the token may read. Waits for the database."""
        with told_plainly(self._engine), self._engine.connect() as connection:
            found = connection.execute(_QUERY, {"token_hash": token_hash}).one_or_none()
        return ServedFeed(*found) if found else None

    def find_now(self, token_hash: str, etag: str = "") -> Found | None:
        """The same without waiting, for `served`, as it lies in the file; None for its body where that is the one
        with this `etag`. NotNow where that can't be."""
        if self._file is None:
            raise NotNow
        try:
            if self._cursor is None:
                self._cursor = _connect(str(self._file)).cursor()
            found: Found | None = self._cursor.execute(self._sql, (etag, token_hash)).fetchone()
        except sqlite3.Error:
            self.close()
            raise NotNow from None
        return found

    def close(self) -> None:
        """Gives the connection back."""
        if self._cursor is not None:
            self._cursor.connection.close()
            self._cursor = None


def served(found: Found, body: bytes) -> ServedFeed:
    """What `find_now` found; `body` is what is known, where it gave none."""
    values = list(found)
    for place in _INSTANTS:  # as SQLAlchemy stores them: in UTC, and without saying so
        if values[place] is not None:
            values[place] = datetime.fromisoformat(f"{values[place]}Z")
    if values[_BODY] is None:
        values[_BODY] = body
    return ServedFeed(*values)


def without_body(found: Found) -> Found:
    """What `find_now` finds again as long as nothing has changed and it knows the body's etag."""
    return (*found[:_BODY], None, *found[_BODY + 1 :])


# ---------------------------------------------------------------------------------------------------------------


def _remote(engine: Engine) -> bool:
    return sqlite_file(engine.url) is None


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    connection.execute("PRAGMA query_only=ON")  # nothing is stored on this way
    connection.execute("PRAGMA cache_size=-32768")  # 32 MB: the pages of some 4,000 feeds, instead of 250
    return connection
