"""One connection for many transactions: each is whole or nothing, none is open between two, a lost server is found."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text

from db import sending_store
from db.engine import DatabaseUnavailable, make_engine, reading, writing
from db.kept import Kept
from db.outbox_store import is_suppressed, suppress
from tests.stores import START, plain

BOB = "bob@example.org"
ANN = "ann@example.org"


@pytest.fixture
def kept(engine: Engine) -> Iterator[Kept]:
    made = Kept(engine)
    yield made
    made.close()


def note(kept: Kept, address: str) -> None:
    with kept.writing() as session:
        suppress(session, 1, address, cause="test", now=START)


def noted(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return [address for address in (ANN, BOB) if is_suppressed(session, 1, address)]


def test_what_each_transaction_wrote_is_there_for_others_at_its_end(kept: Kept, engine: Engine) -> None:
    note(kept, ANN)
    assert noted(engine) == [ANN]
    note(kept, BOB)
    assert noted(engine) == [ANN, BOB]


def test_what_raises_leaves_nothing_and_the_next_begins_anew(kept: Kept, engine: Engine) -> None:
    note(kept, ANN)

    def fail() -> None:
        with kept.writing() as session:
            suppress(session, 1, BOB, cause="test", now=START)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert noted(engine) == [ANN]
    note(kept, BOB)
    assert noted(engine) == [ANN, BOB]


def test_between_two_others_may_write_and_the_next_sees_what_they_wrote(kept: Kept, engine: Engine) -> None:
    note(kept, ANN)
    with writing(engine) as session:
        sending_store.pause(session, "a test", now=START)
    with kept.writing() as session:
        found = sending_store.breaker(session)
    assert found is not None
    assert found.cause == "a test"


def test_two_never_write_at_once_on_sqlite(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    first, second = Kept(engine), Kept(engine)
    note(second, ANN)
    with second.writing() as session:  # waits 10 ms for the other instead of the usual five seconds
        session.connection().execute(text("PRAGMA busy_timeout=10"))
    with first.writing(), pytest.raises(DatabaseUnavailable, match="keeps it locked"):
        note(second, BOB)
    note(second, BOB)
    assert noted(engine) == [ANN, BOB]
    first.close()
    second.close()
    engine.dispose()


@pytest.fixture
def postgres(fresh_postgres_url: str) -> Iterator[Engine]:
    made = make_engine(fresh_postgres_url)
    yield made
    made.dispose()


def cut(engine: Engine) -> None:
    """Ends every connection to the database, as a restart of its server does."""
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    address = plain(make_url(engine.url.render_as_string(hide_password=False)))
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"{query} AND pid != pg_backend_pid()")


def test_a_connection_cut_between_two_is_replaced(postgres: Engine) -> None:
    kept = Kept(postgres)
    note(kept, ANN)
    cut(postgres)
    note(kept, BOB)
    kept.close()
    assert noted(postgres) == [ANN, BOB]


def test_one_cut_within_is_told_in_a_sentence_and_the_next_has_another(postgres: Engine) -> None:
    kept = Kept(postgres)
    note(kept, ANN)

    def interrupted() -> None:
        with kept.writing() as session:
            suppress(session, 1, BOB, cause="test", now=START)
            cut(postgres)

    with pytest.raises(DatabaseUnavailable, match="gives no answer"):
        interrupted()
    assert noted(postgres) == [ANN]
    note(kept, BOB)
    kept.close()
    assert noted(postgres) == [ANN, BOB]
