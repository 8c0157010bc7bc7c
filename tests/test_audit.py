"""The audit: who saw or did what, when and from where; whatever is changed in it afterwards is found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from db.engine import Session, make_engine, writing
from scheduler.actions import Cycles, Defer
from service import audit
from service.audit import entries, faults
from service.courses import record, start_course
from service.wiring import App
from tests.cli import NOW, Infusions
from tests.stores import NURSE, Clock, bob, make_app
from tests.web_site import Web

DEFER_DAY_8 = Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="patient travelling")


@pytest.fixture
def engine(request: pytest.FixtureRequest, store_url: str) -> Iterator[Engine]:
    made = make_engine(store_url)
    yield made
    made.dispose()


@pytest.fixture
def filled(app: App) -> App:
    """A program with an audit of six entries."""
    course = start_course(app, bob(), by=NURSE)
    for count in (5, 4, 3, 2, 1):
        record(app, course, Cycles(count=count), by=NURSE)
    return app


def tamper(app: App, *statements: str) -> None:
    """What somebody with all rights on the database could do: triggers off, then any statement."""
    with writing(app.engine) as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
            )
            for name in list(names.scalars()):
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        for statement in statements:
            connection.execute(text(statement))
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = DEFAULT"))


def test_what_nobody_changed_is_whole(filled: App) -> None:
    head, found = faults(filled)
    assert (head.number, len(head.seal), found) == (6, 64, ())


INSERT = (
    "INSERT INTO audit (clinic_id, at, by, what, detail, origin, number, seal) "
    "SELECT clinic_id, at, by, what, detail, origin, {number}, {seal} FROM audit WHERE number = 2"
)


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["UPDATE audit SET by = 'mallory' WHERE number = 3"], "entry 3 is not as it was written"),
        (["UPDATE audit SET at = '2026-12-01 15:00:00.000001' WHERE number = 3"], "entry 3 is not as it was written"),
        (["UPDATE audit SET what = 'patient-told' WHERE number = 6"], "entry 6 is not as it was written"),
        (["UPDATE audit SET course_id = NULL WHERE number = 2"], "entry 2 is not as it was written"),
        (["UPDATE audit SET detail = '{}' WHERE number = 2"], "entry 2 is not as it was written"),
        (["UPDATE audit SET origin = 'elsewhere' WHERE number = 2"], "entry 2 is not as it was written"),
        (["UPDATE audit SET request_id = 'x' WHERE number = 2"], "entry 2 is not as it was written"),
        (["UPDATE audit SET seal = upper(seal) WHERE number = 4"], "entry 4 is not as it was written"),
        (["DELETE FROM audit WHERE number = 1"], "entry 1 is missing"),
        (["DELETE FROM audit WHERE number IN (3, 4)"], "entries 3 to 4 are missing"),
        (["DELETE FROM audit WHERE number > 4"], "entries 5 to 6 are missing"),
        (["DELETE FROM audit"], "entries 1 to 6 are missing"),
        (
            ["DELETE FROM audit WHERE number = 6", "UPDATE audit_head SET number = 5"],
            "the note of the newest entry does not match it",
        ),
        (["DELETE FROM audit_head"], "the note of the newest entry does not match it"),
        (
            [
                "UPDATE audit SET number = 99 WHERE number = 2",
                "UPDATE audit SET number = 2 WHERE number = 3",
                "UPDATE audit SET number = 3 WHERE number = 99",
            ],
            "entry 3 is missing",
        ),
        ([INSERT.format(number="NULL", seal="NULL")], "an entry without a seal stands after entry 6"),
        ([INSERT.format(number="7", seal="seal")], "entry 7 is not as it was written"),
    ],
)
def test_each_change_is_found_and_named(filled: App, statements: list[str], told: str) -> None:
    tamper(filled, *statements)
    assert any(sentence.startswith(told) for sentence in faults(filled)[1]), faults(filled)[1]


def test_another_secret_makes_every_seal_false(filled: App, tmp_path: Path) -> None:
    secret = tmp_path / "other"
    secret.write_text("x" * 64, encoding="ascii")
    other = make_app(filled.engine, Clock(), {"INFUSIONS_SECURITY__SECRET_FILE": str(secret)})
    assert len(faults(other)[1]) == 6


def test_entries_from_before_sealing_stay_and_the_first_sealed_one_is_number_1(engine: Engine, clock: Clock) -> None:
    app = make_app(engine, clock)
    tamper(app, "INSERT INTO audit (clinic_id, at, by, what, detail) VALUES (1, '2026-11-01 10:00:00', 'x', 'y', '{}')")
    course = start_course(app, bob(), by=NURSE)
    assert [entry.number for entry in entries(app)] == [None, 1]
    assert [entry.number for entry in entries(app, course)] == [1]
    assert faults(app)[1] == ()


def test_writers_at_once_make_one_chain(filled: App) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(audit.list_viewed, filled, by=f"user {number}") for number in range(40)]:
            done.result()
    head, found = faults(filled)
    assert (head.number, found) == (46, ())


def test_what_is_rolled_back_leaves_no_gap(filled: App) -> None:
    class Away(Exception):
        pass

    def note_and_fail(app: App, session: Session) -> None:
        audit.note(session, audit.What.LIST_VIEWED, clinic_id=1, by=NURSE, at=app.now())
        raise Away

    with pytest.raises(Away), writing(filled.engine) as session:
        note_and_fail(filled, session)
    audit.list_viewed(filled, by=NURSE)
    head, found = faults(filled)
    assert (head.number, found) == (7, ())


# --- who saw a patient, and from where ---


def views(web: Web, course: UUID) -> list[tuple[str, str]]:
    return [(entry.by, entry.origin) for entry in entries(web.app, course) if entry.what == "course-viewed"]


def test_every_page_of_a_course_notes_who_saw_it_and_from_where(web: Web) -> None:
    course = web.course()
    for page in ("", "/timeline.svg", "/record", "/record/given", "/feeds/new", "/closed-days"):
        before = len(views(web, course))
        web.visitor("pia").get(f"/courses/{course}{page}")
        assert views(web, course)[before:] == [("pia", "127.0.0.1")], page


def test_what_somebody_may_not_see_is_no_view(web: Web) -> None:
    course = web.course()
    web.visitor("charlie").get(f"/courses/{course}", status=404)
    web.visitor("alice").get("/courses/nonsense", status=404)
    web.visitor().http.get(f"/courses/{course}")
    assert views(web, course) == []  # neither Charlie's try nor that of nobody


def test_lists_of_patients_are_noted(web: Web) -> None:
    web.visitor("erin").get("/")
    web.visitor("erin").get("/worklist")
    seen = [entry for entry in entries(web.app) if entry.what == "list-viewed" and entry.by == "erin"]
    assert [entry.origin for entry in seen] == ["127.0.0.1"] * 2


def test_the_command_verifies_and_tells_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    infusions = Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW}).migrated()
    assert infusions.done("audit", "verify").out == "The record is whole. Newest entry: 0, seal none yet.\n"
    course = infusions.course()
    infusions.done("course", "show", course)
    infusions.done("course", "list")
    whole = infusions.done("audit", "verify", "--json").json()
    assert (whole["ok"], whole["newest"], whole["faults"]) == (True, 3, [])
    engine = make_engine(f"sqlite:///{tmp_path / 'data' / 'infusions.db'}")
    tamper(make_app(engine, Clock()), "UPDATE audit SET by = 'mallory' WHERE number = 2")
    engine.dispose()
    assert infusions.refused("audit", "verify").endswith("audit: entry 2 is not as it was written")
    assert infusions("audit", "verify", "--json").code == 1
