"""The way to the database: SQLite by default, PostgreSQL by its address. A session here is one transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel import Session

from scheduler.errors import InfusionsError, InvalidValue

__all__ = [
    "DatabaseUnavailable",
    "Engine",
    "Session",
    "check_schema",
    "dbapi_of",
    "driver_fault",
    "driver_of",
    "make_engine",
    "reading",
    "told_plainly",
    "writing",
]

PRAGMAS = (
    "busy_timeout=5000",  # a writer waits for another one, up to 5 s, instead of failing at once; set before the rest
    "journal_mode=WAL",  # feeds are read while a nurse's action is written
    # Pages are read where the system keeps them, without a call and a copy for each: a claim among a million reminders
    # takes a third less. A disk that fails ends the process, then, as a kill does, of which nothing is lost.
    "mmap_size=1073741824",
    "synchronous=FULL",  # what was answered as stored survives a power cut; NORMAL may lose the last commits in WAL
)
WRITES = "infusions_writes"
KEPT = "infusions_kept"  # an option of connections whose transactions db/kept.py begins
DRIVER = "infusions_driver"
BEGIN_TO_WRITE = "BEGIN IMMEDIATE"
# The schema that this program needs: the newest step in db/migrations (a test compares). It stands here so that
# looking at a database doesn't import Alembic.
SCHEMA = "0016"


class DatabaseUnavailable(InfusionsError):
    """The database gives no answer, is locked by another program, or isn't what this program needs."""


def make_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """The engine for `url`; connects to nothing yet. InvalidValue when the address can't be used.

    `foreign_keys` is for migrations alone: SQLite checks them otherwise on every connection.
    """
    address = _address(url)
    if address.get_backend_name() == "postgresql":
        # A connection that a restart of the server cut is noticed and replaced before it is used.
        return create_engine(address, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    engine = create_engine(address, hide_parameters=True)
    event.listen(engine, "connect", partial(_set_pragmas, foreign_keys=foreign_keys))
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one state of the database from its first query to its end, and stores nothing."""
    options: dict[str, object] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with told_plainly(engine), Session(engine.execution_options(**options)) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that is committed at its end, or leaves nothing when anything is raised within.

    On SQLite it is the only writer from its beginning on, so that a clock read within orders what is stored.
    """
    with told_plainly(engine), Session(engine, expire_on_commit=False) as session:
        session.connection(execution_options={WRITES: True})
        yield session
        session.commit()


def driver_of(session: Session) -> PoolProxiedConnection:
    """The driver's own connection within the session's transaction; the session looks it up once."""
    found: PoolProxiedConnection | None = session.info.get(DRIVER)
    if found is None or not found.is_valid:
        found = session.info[DRIVER] = session.connection().connection
    return found


def dbapi_of(session: Session) -> Any:
    """The same without what SQLAlchemy's pool has around it, for its dialects."""
    return driver_of(session).driver_connection


def driver_fault(session: Session, statement: str, fault: Any) -> BaseException:
    """What the driver itself refused, as SQLAlchemy tells it; without the values, which may be somebody's."""
    dialect = session.get_bind().dialect
    errors: Any = dialect.loaded_dbapi.Error
    if dialect.is_disconnect(fault, dbapi_of(session), None):
        session.connection().invalidate(fault)
    told: BaseException = DBAPIError.instance(statement, None, fault, errors, hide_parameters=True, dialect=dialect)
    return told


def check_schema(engine: Engine) -> None:
    """Refuses, with DatabaseUnavailable, a database that isn't at this program's schema."""
    path = sqlite_file(engine.url)
    found = None
    if path is None or path.exists():  # looking must not create the file
        found = _schema_of(engine)
    if found == SCHEMA:
        return
    if found is None:
        state = "holds no tables yet; run `infusions migrate` first"
    elif found < SCHEMA:
        state = f"is at schema {found} and this program needs {SCHEMA}; run `infusions migrate` first"
    else:
        state = f"is at schema {found}, newer than this program's {SCHEMA}; install the newer program"
    raise DatabaseUnavailable(f"database {place(engine.url)} {state}")


@contextmanager
def told_plainly(engine: Engine) -> Iterator[None]:
    """Says what the database refused within as DatabaseUnavailable, in one sentence."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise DatabaseUnavailable(f"database {place(engine.url)}: {_cause(engine, error)}") from error
    except DBAPIError as error:
        if "not a database" not in str(error.orig):
            raise
        sentence = f"database {place(engine.url)}: the file is no SQLite database; check database.url"
        raise DatabaseUnavailable(sentence) from error


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite address, else None."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def place(url: URL) -> str:
    """Which database, for an error or a log: never a user's name, password or option."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"{url.database or 'postgres'} at {url.host or 'this machine'}{port}"


# ---------------------------------------------------------------------------------------------------------------


def _address(url: str) -> URL:
    # The text itself may hold a password, so no sentence repeats it.
    wanted = "use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    try:
        address = make_url(url)
        backend = address.get_backend_name()
    except (ArgumentError, ValueError):
        raise InvalidValue(f"database.url: this is not a database's address; {wanted}", field="database.url") from None
    if "@" in (address.host or ""):  # what stands before it is the rest of a password, which no sentence may tell
        message = "database.url: the password holds an '@', which is read as its end; write it as %40"
        raise InvalidValue(message, field="database.url")
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or address.database in {None, "", ":memory:"}:
        raise InvalidValue(f"database.url: {backend} without a file can't be used; {wanted}", field="database.url")
    return address


def _set_pragmas(connection: sqlite3.Connection, _: ConnectionPoolEntry, *, foreign_keys: bool) -> None:
    # None: the driver begins no transaction by itself, so that _begin decides how each one starts.
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    # Off by default in SQLite. A row must belong to a course, and a course to a clinic.
    connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")


def _begin(connection: Connection) -> None:
    # A deferred BEGIN that reads and then writes fails at once with "database is locked" when another writer came
    # between; IMMEDIATE takes the write lock first, and waits for it.
    options = connection.get_execution_options()
    if not options.get(KEPT):
        connection.exec_driver_sql(BEGIN_TO_WRITE if options.get(WRITES) else "BEGIN")


def _schema_of(engine: Engine) -> str | None:
    with reading(engine) as session:
        connection = session.connection()
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _cause(engine: Engine, error: DBAPIError) -> str:
    # libpq adds a question on a line of its own; one sentence is enough.
    reason = " ".join(str(error.orig).split()).partition(" Is the server ")[0]
    if "locked" in reason:
        return "another program keeps it locked; close that program, or try again"
    if "unable to open" in reason:
        return "the file can't be opened; check database.url, and that its folder exists and may be written"
    if engine.dialect.name == "sqlite":
        return f"the file can't be used ({reason}); check it, and the space on its disk"
    return f"it gives no answer ({reason}); check database.url, and that the server runs"
