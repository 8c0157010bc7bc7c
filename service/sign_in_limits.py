"""How often a sign-in may fail: counted in the database, so that several processes and a restart count together.

A try is stored before its password is looked at, so that a hundred tries at once are no hundred guesses.
"""

import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from db import sign_in_store
from db.engine import reading, writing
from db.sign_in_store import StoredTry
from scheduler.errors import InfusionsError
from service.users import known_as

if TYPE_CHECKING:
    from service.wiring import App

PERIOD = timedelta(minutes=15)

# Someone at another address must not be able to lock a nurse out with a handful of wrong guesses at her name, so the
# low limit is for name and address together; the others stop guessing that is spread over names or addresses.
FAILURES_OF_NAME_AT_ADDRESS = 5
FAILURES_OF_ADDRESS = 30
FAILURES_OF_NAME = 50


class TooManyFailures(InfusionsError):
    """The password is not looked at; the next try may come after `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many sign-ins have failed; wait a quarter of an hour, then try again")
        self.wait = wait


def begin(app: "App", name: str, address: str) -> StoredTry:
    """Notes that somebody at that address tries that name; `failed` or `passed` has to follow.

    Raises TooManyFailures, and notes nothing, when there were too many.
    """
    now = app.now()
    tried = StoredTry(
        id=uuid4().hex,
        name=_digest(app, "name", known_as(name)),
        address=_digest(app, "address", address),
        at=now,
    )
    with writing(app.engine) as session:
        sign_in_store.add_try(session, tried, forget_before=now - PERIOD)
    with reading(app.engine) as session:  # after the commit, so that of many at once each sees all others
        wait = _wait(tried, sign_in_store.tries_beside(session, tried, now - PERIOD), now)
    if wait:
        with writing(app.engine) as session:
            sign_in_store.drop_try(session, tried.id)
        raise TooManyFailures(wait)
    return tried


def failed(app: "App", tried: StoredTry) -> None:
    """Counts the try as a failure."""
    with writing(app.engine) as session:
        sign_in_store.set_failed(session, tried.id)


def passed(app: "App", tried: StoredTry) -> None:
    """Forgets the failures of that name at that address."""
    with writing(app.engine) as session:
        sign_in_store.drop_tries(session, tried)


# ---------------------------------------------------------------------------------------------------------------------


def _wait(tried: StoredTry, others: tuple[StoredTry, ...], now: datetime) -> timedelta:
    """How long to wait before the next try; zero when this one may go on.

    Tries under way count for name and address together: a whole shift that signs in at once is no attack.
    """
    counted = (
        (
            [each for each in others if (each.name, each.address) == (tried.name, tried.address)],
            FAILURES_OF_NAME_AT_ADDRESS,
        ),
        ([each for each in others if each.address == tried.address and not each.pending], FAILURES_OF_ADDRESS),
        ([each for each in others if each.name == tried.name and not each.pending], FAILURES_OF_NAME),
    )
    waits = [found[most - 1].at + PERIOD - now for found, most in counted if len(found) >= most]
    return max(waits, default=timedelta())


def _digest(app: "App", what: str, text: str) -> str:
    # A password typed into the wrong box must stand nowhere, nor who tried to sign in from where.
    return hmac.new(app.secret(), f"sign-in|{what}|{text}".encode(), "sha256").hexdigest()
