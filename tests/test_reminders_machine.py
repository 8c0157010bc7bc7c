"""The machine of mails on both databases; and that it sees what it is there to see: each fault put in makes it fail."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.engine import make_engine, writing
from reminders import dispatch, outbox
from reminders.recheck import SEND
from tests.mail_machine import Mails
from tests.stores import copied, empty

Fresh = Callable[[Path], str]


@pytest.fixture
def in_file(migrated_sqlite: Path) -> Fresh:
    def fresh(folder: Path) -> str:
        shutil.copy(migrated_sqlite, folder / "infusions.db")
        return f"sqlite:///{folder / 'infusions.db'}"

    return fresh


@pytest.fixture
def on_server(fresh_postgres_url: str) -> Fresh:
    def fresh(_: Path) -> str:
        empty(fresh_postgres_url)
        return fresh_postgres_url

    return fresh


def run(fresh: Fresh, *, examples: int, steps: int, quickly: bool = False) -> None:
    """Lives that many lives of so many steps; `quickly`: the first fault will do, however long its story is."""
    phases = [Phase.generate] if quickly else list(Phase)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(type("Mails", (Mails,), {"fresh": staticmethod(fresh)}), settings=chosen)


def test_what_went_is_always_what_plan_and_policy_ask_for(in_file: Fresh) -> None:
    run(in_file, examples=6, steps=14, quickly=True)


def test_and_so_it_is_on_a_database_server(on_server: Fresh) -> None:
    run(on_server, examples=4, steps=12, quickly=True)


@pytest.mark.slow
def test_what_went_is_always_what_plan_and_policy_ask_for_in_many_lives(in_file: Fresh) -> None:
    run(in_file, examples=150, steps=30)


@pytest.mark.slow
def test_and_so_it_is_on_a_database_server_in_many_lives(on_server: Fresh) -> None:
    run(on_server, examples=40, steps=30)


# -- Faults that it must see ------------------------------------------------------------------------------------------


def without_the_look_before_sending(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dispatch, "judge", lambda *_: SEND)


def without_superseding(patch: pytest.MonkeyPatch) -> None:
    # The look just before sending would still hold it back, so that has to go as well.
    patch.setattr(outbox, "settle", lambda *_, **__: 0)
    patch.setattr(dispatch, "judge", lambda *_: SEND)


def without_waiting_for_the_patient_to_be_told(patch: pytest.MonkeyPatch) -> None:
    real = outbox.after_change
    patch.setattr(outbox, "after_change", lambda *args, **given: real(*args, **given | {"patient_told": True}))


def without_notices(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_add_notices", lambda *_, **__: None)


def with_the_outbox_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "messages_of", lambda *_, **__: ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault to put in, and steps of a life in which the machine must see it: rules by their names."""

    put_in: Callable[[pytest.MonkeyPatch], None]
    story: tuple[tuple[str, dict[str, Any]], ...]


UNTIL_THE_EVE = ("time_goes_by", {"minutes": 240, "passes": 16})  # the morning of the fourth, before nine
OVER_NINE = ("time_goes_by", {"minutes": 60, "passes": 12})
MOVED = ("a_dose_moves", {"cycle": 1, "day": 1, "later": 2})
LEFT_OUT = ("a_dose_is_left_out", {"cycle": 1, "day": 15, "neutral": False})
PAUSED: tuple[str, dict[str, Any]] = ("mails_are_paused_or_resumed", {})
CARER: tuple[str, dict[str, Any]] = ("a_carer_comes", {})
FAULTS = (
    Fault(put_in=without_the_look_before_sending, story=(PAUSED, UNTIL_THE_EVE, OVER_NINE)),
    Fault(put_in=without_superseding, story=(MOVED, UNTIL_THE_EVE, OVER_NINE)),
    Fault(put_in=without_waiting_for_the_patient_to_be_told, story=(LEFT_OUT, OVER_NINE)),
    Fault(put_in=without_notices, story=(MOVED, OVER_NINE)),
)


def live(fresh: Fresh, story: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    """One life with these steps, looked at after each."""
    life: Any = type("Mails", (Mails,), {"fresh": staticmethod(fresh)})()
    life.begin()
    try:
        for rule, drawn in story:
            getattr(life, rule)(**drawn)
            life.no_mail_goes_twice()
            life.what_plan_and_policy_ask_for_has_gone()
            life.the_patient_knows_or_somebody_will_tell()
    finally:
        life.teardown()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.put_in.__name__)
def test_the_machine_sees_a_service(in_file: Fresh, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    live(in_file, fault.story)
    fault.put_in(monkeypatch)
    with pytest.raises(AssertionError):
        live(in_file, fault.story)


def test_the_machine_sees_a_missing_unique_key(migrated_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server, since SQLite can't drop a constraint: what a lookup forgets is written, and mailed, again."""
    story = (CARER, UNTIL_THE_EVE, OVER_NINE)
    with copied(migrated_postgres) as url:

        def fresh(_: Path) -> str:
            empty(url)
            return url

        with_the_outbox_forgotten(monkeypatch)
        with pytest.raises(IntegrityError):  # the key itself refuses what would go twice
            live(fresh, story)
        engine = make_engine(url)
        with writing(engine) as session:
            session.connection().execute(text("ALTER TABLE outbox DROP CONSTRAINT uq_outbox_message"))
        engine.dispose()
        with pytest.raises(AssertionError, match="nothing twice"):
            live(fresh, story)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.put_in.__name__)
def test_the_machine_finds_the_fault_by_itself(in_file: Fresh, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    fault.put_in(monkeypatch)
    with pytest.raises(AssertionError):
        run(in_file, examples=100, steps=20, quickly=True)
