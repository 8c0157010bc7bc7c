"""How often a sign-in may fail, counted for all processes that work with one database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from db.engine import make_engine, reading
from service.sign_in_limits import TooManyFailures, begin, failed, passed
from tests.stores import Clock, make_app

if TYPE_CHECKING:
    from service.wiring import App

HOME, ELSEWHERE = "10.0.0.1", "10.0.0.2"


def fail(app: "App", name: str, address: str) -> None:
    """Tries in vain."""
    failed(app, begin(app, name, address))


def wait(app: "App", name: str, address: str) -> timedelta:
    """How long that name has to wait at that address; a try that may go on leaves nothing behind."""
    try:
        tried = begin(app, name, address)
    except TooManyFailures as full:
        return full.wait
    passed(app, tried)
    return timedelta()


def test_the_sixth_failure_of_a_name_at_an_address_waits_until_the_first_is_a_quarter_of_an_hour_old(
    app: "App", clock: Clock
) -> None:
    for _ in range(5):
        fail(app, "alice", HOME)
        clock.at += timedelta(minutes=1)
    assert wait(app, " ALICE", HOME) == timedelta(minutes=10)
    assert wait(app, "alice", ELSEWHERE) == timedelta()
    assert wait(app, "pia", HOME) == timedelta()
    clock.at += timedelta(minutes=10)
    assert wait(app, "alice", HOME) == timedelta()


def test_guessing_many_names_from_one_address_is_stopped_too(app: "App") -> None:
    for number in range(30):
        fail(app, f"name{number}", HOME)
    assert wait(app, "another", HOME) == timedelta(minutes=15)
    assert wait(app, "another", ELSEWHERE) == timedelta()


def test_guessing_one_name_from_many_addresses_is_stopped_too(app: "App") -> None:
    for number in range(50):
        fail(app, "alice", f"10.0.1.{number}")
    assert wait(app, "alice", HOME) == timedelta(minutes=15)


def test_a_right_password_forgets_the_failures_before_it(app: "App") -> None:
    for _ in range(4):
        fail(app, "alice", HOME)
    passed(app, begin(app, "Alice", HOME))
    for _ in range(4):
        fail(app, "alice", HOME)
    assert wait(app, "alice", HOME) == timedelta()


def test_one_name_in_other_letters_has_no_tries_of_its_own(app: "App") -> None:
    for typed in ("alice", "ALICE", " Alice ", "\N{FULLWIDTH LATIN SMALL LETTER A}lice", "aliCe"):
        fail(app, typed, HOME)
    assert wait(app, "alice", HOME)


def test_what_failed_in_one_process_counts_in_another_and_after_a_restart(app: "App", clock: Clock) -> None:
    other = make_app(make_engine(app.settings.database.url), clock)
    for process in (app, other, app, other, app):
        fail(process, "alice", HOME)
    assert wait(other, "alice", HOME) == wait(app, "alice", HOME) == timedelta(minutes=15)
    other.engine.dispose()


def test_tries_at_the_same_moment_are_no_more_guesses_than_tries_one_after_the_other(app: "App") -> None:
    ready = Barrier(12)

    def guess(_: int) -> bool:
        ready.wait()
        try:
            begin(app, "alice", HOME)
        except TooManyFailures:
            return False
        return True  # and the password is being looked at while the others come

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(guess, range(12))) <= 5


def test_a_shift_that_signs_in_at_once_from_one_address_is_no_attack(app: "App") -> None:
    tries = [begin(app, f"nurse{number}", HOME) for number in range(40)]
    for tried in tries:
        passed(app, tried)


def test_a_refused_try_makes_nobody_wait_longer(app: "App", clock: Clock) -> None:
    for _ in range(5):
        fail(app, "alice", HOME)
    clock.at += timedelta(minutes=14)
    with pytest.raises(TooManyFailures, match="wait a quarter of an hour"):
        begin(app, "alice", HOME)
    clock.at += timedelta(minutes=1)
    assert wait(app, "alice", HOME) == timedelta()


def test_neither_name_nor_address_stands_in_the_database_and_old_failures_go(app: "App", clock: Clock) -> None:
    fail(app, "a password typed into the wrong box", HOME)
    assert HOME not in str(_rows(app))
    assert "password" not in str(_rows(app))
    clock.at += timedelta(minutes=15)
    fail(app, "alice", HOME)
    assert len(_rows(app)) == 1


def _rows(app: "App") -> list[object]:
    with reading(app.engine) as session:
        return list(session.connection().execute(text("SELECT * FROM sign_in_failure")).all())
