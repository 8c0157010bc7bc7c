"""The machine of mails on both databases; and that it sees what it is there to see: each fault put in makes it fail."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text

from db import outbox_store
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


def with_sent_mails_forgotten(patch: pytest.MonkeyPatch) -> None:
    real = outbox_store.messages_of
    patch.setattr(
        outbox, "messages_of", lambda *a, **k: tuple(each for each in real(*a, **k) if each.settled_at is None)
    )


FAULTS: list[Callable[[pytest.MonkeyPatch], None]] = [
    without_the_look_before_sending,
    without_superseding,
    without_waiting_for_the_patient_to_be_told,
    without_notices,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_machine_sees_a_service(in_file: Fresh, monkeypatch: pytest.MonkeyPatch, fault: Any) -> None:
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        run(in_file, examples=60, steps=20, quickly=True)


def test_the_machine_sees_a_missing_unique_key(migrated_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server, since SQLite can't drop a constraint: what a lookup forgets is then mailed again."""
    with copied(migrated_postgres) as url:

        def fresh(_: Path) -> str:
            empty(url)
            return url

        engine = make_engine(url)
        with writing(engine) as session:
            session.connection().execute(text("ALTER TABLE outbox DROP CONSTRAINT uq_outbox_message"))
        engine.dispose()
        with_sent_mails_forgotten(monkeypatch)
        with pytest.raises(AssertionError):
            run(fresh, examples=60, steps=20, quickly=True)
