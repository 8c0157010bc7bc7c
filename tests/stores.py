"""A fresh database of each kind for every test that asks for one, and the program on it with a clock that it sets.

Fixtures for all test files. What they build from is imported where it is built: a test of a pure part loads none of it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import URL, Engine, make_url

from scheduler.course import Audience, Course

if TYPE_CHECKING:
    from service.courses import NewCourse
    from service.wiring import App

NURSE = "alice"
INOTUZUMAB = "inotuzumab-ozogamicin"
START = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
PUBLIC_URL = "https://calendar.example.org"


@dataclass
class Clock:
    """A clock that stands until the test moves it."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    from db.migrations import migrate

    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """A migrated PostgreSQL database, to be copied: nobody may stay connected to it."""
    from db.migrations import migrate

    migrate(postgres_url)
    return postgres_url


@pytest.fixture(scope="session")
def shared_postgres(migrated_postgres: str) -> Iterator[str]:
    """A PostgreSQL database that one test after the other may fill: making one for each would take half the run."""
    with copied(migrated_postgres) as url:
        yield url


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A fresh SQLite store in a file of its own."""
    path = tmp_path / "infusions.db"
    shutil.copy(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def fresh_postgres_url(shared_postgres: str) -> str:
    """A PostgreSQL database with nothing in it but the first clinic."""
    empty(shared_postgres)
    return shared_postgres


@pytest.fixture
def own_postgres_url(migrated_postgres: str) -> Iterator[str]:
    """A PostgreSQL database of the test's own, whose schema it may change."""
    with copied(migrated_postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database; the test runs once on each kind."""
    chosen = "sqlite_url" if request.param == "sqlite" else "fresh_postgres_url"
    url: str = request.getfixturevalue(chosen)
    return url


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    """The engine of a fresh database."""
    from db.engine import make_engine

    made = make_engine(store_url)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> Clock:
    """The program's clock: 1 December 2026, 10:00 in New York."""
    return Clock()


@pytest.fixture
def app(engine: Engine, clock: Clock) -> "App":
    """The program on a fresh database, with the settings that it comes with."""
    return make_app(engine, clock)


@contextmanager
def copied(template: str) -> Iterator[str]:
    """The address of a copy of a PostgreSQL database, which goes in the end."""
    source, name = make_url(template), f"infusions_test_{uuid4().hex}"
    admin = plain(source.set(database="postgres"))
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source.database}"')
    yield source.set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def empty(url: str) -> None:
    """Deletes all rows, history too, and numbers anew; whatever an earlier test left connected is cut off."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid != "
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename != 'alembic_version'"
    sequences = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
    with psycopg.connect(plain(make_url(url)), autocommit=True) as connection:
        connection.execute(f"{others} pg_backend_pid()")
        connection.execute("SET session_replication_role = replica")  # no triggers, no foreign keys
        names = [row[0] for row in connection.execute(tables)]
        statements = [f'DELETE FROM "{name}"' for name in names]
        statements += [f'ALTER SEQUENCE "{row[0]}" RESTART' for row in connection.execute(sequences)]
        statements.append("INSERT INTO clinic (name) VALUES ('First clinic')")
        connection.execute("; ".join(statements))


def plain(url: URL) -> str:
    """The address as psycopg itself reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def make_app(engine: Engine, now: Callable[[], datetime], environ: dict[str, str] | None = None) -> "App":
    """The program on that engine and clock; `environ` holds settings, as INFUSIONS_SECTION__KEY."""
    from service.audit import sealing
    from service.catalogue import load_catalogue, load_wordings
    from service.config import DatabaseSettings, load_settings
    from service.wiring import App, read_secret

    secret = Path(gettempdir()) / f"infusions-test-secret-{os.getpid()}"
    usual = {"INFUSIONS_SERVER__PUBLIC_URL": PUBLIC_URL, "INFUSIONS_SECURITY__SECRET_FILE": str(secret)}
    settings = load_settings(None, usual | (environ or {}))
    url = engine.url.render_as_string(hide_password=False)
    settings = replace(settings, database=DatabaseSettings(url=url))
    engine = sealing(engine, lambda: read_secret(settings.security.secret_file))
    return App(settings=settings, engine=engine, catalogue=load_catalogue(settings), wordings=load_wordings(), now=now)


def bob(
    *,
    id_: UUID | None = None,
    audiences: tuple[Audience, ...] = (Audience(name="can-become-pregnant"),),
    email: str | None = "bob@patients.example",
) -> "NewCourse":
    """Bob's course: six cycles of inotuzumab ozogamicin in New York from Monday 7 December 2026 at 9."""
    from service.courses import NewCourse

    course = Course(id=id_ or uuid4(), day1=date(2026, 12, 7), at=time(9), zone="America/New_York", audiences=audiences)
    return NewCourse(
        regimen_id=INOTUZUMAB,
        patient="Bob Example",
        course=course,
        email=email,
        consent=True,
        language="en",
        patient_zone="America/New_York",
    )
