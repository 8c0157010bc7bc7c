"""The auditor's page: what is looked for is found in one query, saved as a file, verified; and every look is recorded."""

import csv
import io
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, event, text

from db.audit_search import AuditFilter, find_audit
from db.engine import make_engine, reading, writing
from scheduler.errors import InvalidValue
from service import audit
from service.audit import What, entries
from service.audit_search import PAGE, PART, Asked, export, kind_of, kinds, look, verify
from service.courses import start_course
from service.users import Role, add_user
from service.wiring import App
from tests.stores import NURSE, Clock, bob
from tests.web_site import ELSEWHERE, HOME, PASSWORD, Page, Web

HOSTILE = '=HYPERLINK("https://evil.example")'


def fill(app: App, count: int, *, by: str = NURSE, clinic_id: int = HOME) -> None:
    """Entries of a nurse who looks at lists."""
    with writing(app.engine) as session:
        for _ in range(count):
            audit.note(session, What.LIST_VIEWED, clinic_id=clinic_id, by=by, at=app.now())


def saved(app: App, form: str, asked: Asked | None = None) -> str:
    return "".join(export(app, asked or Asked(), form, by="erin", clinic_id=HOME))


# --- Looking ---


def test_pages_go_on_where_the_last_one_ended_and_each_look_is_recorded(app: App) -> None:
    fill(app, PAGE + 10)
    first = look(app, Asked(what="list-viewed"), by="erin", clinic_id=HOME)
    second = look(app, Asked(what="list-viewed"), by="erin", before=first.older, clinic_id=HOME)
    numbers = [found.entry.number for found in (*first.entries, *second.entries)]
    assert numbers == list(range(PAGE + 10, 0, -1))
    assert second.older is None
    looks = [entry for entry in entries(app) if entry.what == "audit-viewed"]
    assert [(entry.by, entry.detail["filters"]) for entry in looks] == [("erin", "what"), ("erin", "what")]


def test_who_what_kind_patient_course_and_dates_narrow_it_down(app: App, clock: Clock) -> None:
    course = start_course(app, bob(), by=NURSE)
    clock.pass_(days=1)
    other = start_course(app, bob(), by="pia")
    audit.course_viewed(app, other, by="erin")
    everything = look(app, Asked(), by="erin", clinic_id=HOME).entries
    assert {found.patient for found in everything if found.entry.course_id} == {"Bob Example"}

    def found(**asked: object) -> list[tuple[str, str]]:
        page = look(app, Asked(**asked), by="auditor", clinic_id=HOME)  # type: ignore[arg-type]
        return [(each.entry.by, each.entry.what) for each in page.entries if each.entry.by != "auditor"]

    assert found(by=NURSE) == [(NURSE, "course-started")]
    assert found(what="course-viewed") == [("erin", "course-viewed")]
    assert found(kind="views") == [("erin", "course-viewed")]
    assert found(kind="staff") == [("erin", "audit-viewed")]
    assert found(patient=str(course)) == [(NURSE, "course-started")]
    assert len(found(patient="bób EXAMPLE")) == 3
    assert found(patient="Karl") == []
    assert found(until=date(2026, 12, 1)) == [(NURSE, "course-started")]
    assert len(found(since=date(2026, 12, 2))) == 3
    assert found(by="pia", kind="views") == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Asked(what="nonsense"), "what"),
        (Asked(kind="nonsense"), "kind"),
        (Asked(by="x" * 201), "by"),
        (Asked(since=date(2026, 12, 2), until=date(2026, 12, 1)), "until"),
    ],
)
def test_a_filter_that_is_none_is_refused_before_anything_is_recorded(app: App, asked: Asked, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        look(app, asked, by="erin", clinic_id=HOME)
    assert refused.value.field == field
    with pytest.raises(InvalidValue):
        export(app, asked, "csv", by="erin", clinic_id=HOME)
    assert entries(app) == ()


def test_what_is_looked_for_by_name_is_not_written_into_the_record(app: App) -> None:
    look(app, Asked(patient="Bob Example"), by="erin", clinic_id=HOME)
    assert "Bob" not in str([entry.detail for entry in entries(app)])


def test_every_deed_is_of_one_of_the_kinds() -> None:
    assert {kind_of(what) for what in What} == set(kinds())
    assert kind_of("course-viewed") == "views"
    assert kind_of("settings-changed") == "staff"


def test_a_look_is_one_query_however_much_there_is_and_finds_by_an_index(app: App) -> None:
    asked: list[str] = []
    event.listen(app.engine, "before_cursor_execute", lambda _c, _u, statement, *_: asked.append(statement))
    counts = []
    look(app, Asked(), by="erin", clinic_id=HOME)  # what is read once, such as the settings
    for more in (1, 200):
        fill(app, more)
        del asked[:]
        look(app, Asked(by=NURSE), by="erin", clinic_id=HOME)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    if app.engine.dialect.name == "sqlite":
        for name in ("by", "what", "course_id"):
            plan = f"EXPLAIN QUERY PLAN SELECT * FROM audit WHERE clinic_id = 1 AND {name} = 'x' AND id < 9 ORDER BY id DESC LIMIT 51"
            with reading(app.engine) as session:
                told = " ".join(str(row) for row in session.connection().execute(text(plan)))
            assert f"ix_audit_clinic_id_{name}_id" in told
            assert "TEMP B-TREE" not in told


def test_no_look_crosses_clinics(web: Web) -> None:
    fill(web.app, 2, by="charlie", clinic_id=ELSEWHERE)
    with reading(web.app.engine) as session:
        found = find_audit(session, HOME, AuditFilter(by="charlie"), limit=10)
    assert found == ()


# --- Saving ---


def test_the_file_holds_every_entry_in_parts_and_no_cell_computes(app: App) -> None:
    fill(app, PART + 3)
    with writing(app.engine) as session:
        audit.note(session, What.LIST_VIEWED, clinic_id=HOME, by=HOSTILE, at=app.now())
        audit.note(session, What.LIST_VIEWED, clinic_id=HOME, by=" \t@SUM(1)", at=app.now())
    parts = list(export(app, Asked(), "csv", by="erin", clinic_id=HOME))
    assert len(parts) == 3, "the head, and two parts"
    rows = list(csv.reader(io.StringIO("".join(parts).removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))))
    assert rows[0][:4] == ["number", "at", "by", "what"]
    assert len(rows) == 1 + PART + 5
    assert rows[1][2] == "' \t@SUM(1)"
    assert rows[2][2] == f"'{HOSTILE}"
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]
    (last,) = [entry for entry in entries(app) if entry.what == "audit-exported"]
    assert (last.by, last.detail["form"]) == ("erin", "csv")


def test_as_json_the_same_is_whole_with_its_seals(app: App) -> None:
    course = start_course(app, bob(), by=NURSE)
    found = json.loads(saved(app, "json"))
    (entry,) = found["entries"]
    assert (entry["number"], entry["by"], entry["course"], entry["patient"]) == (1, NURSE, str(course), "Bob Example")
    assert len(entry["seal"]) == 64
    assert json.loads(saved(app, "json", Asked(by="nobody"))) == {"schema": 1, "entries": []}


def test_verifying_is_recorded_after_its_result(app: App) -> None:
    fill(app, 2)
    head, found = verify(app, by="erin", clinic_id=HOME)
    assert (head.number, found) == (2, ())
    assert entries(app)[-1].what == "audit-verified"


# --- In the browser ---


def test_the_auditor_finds_who_saw_a_patient_and_from_where(web: Web) -> None:
    course = web.course()
    web.visitor("pia").get(f"/courses/{course}")
    erin = web.visitor("erin")
    page = erin.get(f"/audit?kind=views&patient={course}")
    assert "pia Course viewed Bob Example 127.0.0.1" in page.text
    assert "Audit" in [tag.text for tag in page.all("a")]
    assert f'href="/audit/export.csv?kind=views&amp;patient={course}"' in page.html


def test_only_the_auditor_sees_it_and_only_their_clinics(web: Web) -> None:
    add_user(web.app, "ella", Role.AUDITOR, PASSWORD, by="cli", clinic_id=ELSEWHERE)
    web.course("Only Here")
    for name in ("alice", "pia", "adam"):
        visitor = web.visitor(name)
        assert [visitor.http.get(path).status_code for path in ("/audit", "/audit/export.csv")] == [403, 403]
        assert "Audit" not in [tag.text for tag in visitor.get("/").all("a")]
    ella = web.visitor("ella")
    assert "Only Here" not in ella.get("/audit").text
    assert "alice" not in ella.http.get("/audit/export.json").text


def test_the_file_comes_as_one_with_its_name(web: Web) -> None:
    erin = web.visitor("erin")
    answer = erin.http.get("/audit/export.csv?by=erin")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert {row[2] for row in csv.reader(io.StringIO(answer.text))} == {"by", "erin"}
    assert erin.http.get("/audit/export.exe").status_code == 404
    assert erin.http.get("/audit/export.csv?since=soon").status_code == 422


def test_a_day_that_is_none_is_told_beside_its_box_and_stays(web: Web) -> None:
    page = web.visitor("erin").get("/audit?since=soon", status=422)
    assert next(tag for tag in page.all("input") if tag.attributes.get("name") == "since").attributes["value"] == "soon"
    assert page.all("p")
    assert "Error:" in page.text


def test_verify_tells_that_the_record_is_whole_and_what_is_not(web: Web) -> None:
    erin = web.visitor("erin")
    answer = erin.post("/audit/verify", erin.get("/audit"))
    assert "The record is whole" in Page(answer.text).text
    engine: Engine = make_engine(web.app.settings.database.url)
    with writing(engine) as session:
        session.connection().execute(text("DROP TRIGGER audit_no_update"))
        session.connection().execute(text("UPDATE audit SET by = 'mallory' WHERE number = 2"))
    engine.dispose()
    told = Page(erin.post("/audit/verify", erin.get("/audit")).text).text
    assert "The record is not as it was written" in told
    assert "Entry 2 is not as it was written" in told


def test_days_are_those_of_the_clinics_clocks(app: App, clock: Clock) -> None:
    clock.at += timedelta(hours=13)  # 04:00 on 2 December in Greenwich, 23:00 on the 1st in New York
    fill(app, 1)
    assert len(look(app, Asked(until=date(2026, 12, 1), what="list-viewed"), by="erin", clinic_id=HOME).entries) == 1
    assert look(app, Asked(since=date(2026, 12, 2), what="list-viewed"), by="erin", clinic_id=HOME).entries == ()
