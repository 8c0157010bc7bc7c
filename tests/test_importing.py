"""Many courses from a table, and all of them out again."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from db.engine import writing
from db.tables import ClinicRow
from scheduler.actions import Cease, CeaseCause, Defer, Given, Hold, HoldCause, Omit, Resume, Void
from scheduler.course import Audience
from scheduler.errors import InvalidValue
from service import audit
from service.carers import NewCarer, add_carer
from service.course_columns import NAMES, columns_page, template
from service.courses import record, start_course
from service.csv_text import MAX_BYTES, MAX_ROWS, csv_line
from service.exporting import export_courses
from service.importing import CheckedRow, RowState, check_file, rows_of_file, store_row
from service.messages import list_messages
from service.patients import Guardian, PatientFacts
from service.queries import list_courses, load_course
from service.wiring import App
from tests.stores import NURSE, Clock, bob
from tests.web_site import ELSEWHERE

NOW = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
GOOD = {
    "patient": "Alva Example",
    "regimen": "inotuzumab-ozogamicin",
    "day1": "2026-11-02",
    "can-become-pregnant": "shown",
    "partner-can-become-pregnant": "no",
    "breastfeeding": "private",
}
SO_FAR = {"given": "C1D8 2026-11-10; C1D1 2026-11-02; C2D1 2026-11-30 (counts)", "omitted": "c1d15"}


@pytest.fixture(autouse=True)
def at_the_years_end(clock: Clock) -> None:
    clock.at = NOW


def table(*rows: dict[str, str]) -> bytes:
    return (csv_line(NAMES) + "".join(csv_line(row.get(name, "") for name in NAMES) for row in rows)).encode()


def checked(app: App, data: bytes, *, clinic_id: int = 1) -> list[CheckedRow]:
    return list(check_file(app, rows_of_file(data), clinic_id=clinic_id))


def take_in(app: App, data: bytes, *, clinic_id: int = 1) -> list[str]:
    """Checks and stores; gives the states."""
    rows = checked(app, data, clinic_id=clinic_id)
    assert not [row.faults for row in rows if row.faults]
    for row in rows:
        if row.new is not None:
            store_row(app, row.new, by=NURSE, clinic_id=clinic_id)
    return [str(row.state) for row in rows]


def exported(app: App, *, clinic_id: int = 1) -> bytes:
    return b"".join(export_courses(app, "csv", by=NURSE, clinic_id=clinic_id))


def without_ids(data: bytes) -> list[dict[str, str]]:
    """The rows with each course called by its place in the file."""
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    places = {row["course"]: str(place) for place, row in enumerate(rows)}
    return [row | {name: places.get(row[name], row[name]) for name in ("course", "follows")} for row in rows]


def test_a_row_becomes_a_course_with_all_that_it_says(app: App) -> None:
    more = {
        **SO_FAR,
        "at": "10:30",
        "email": "alva@mail.example",
        "consent": "yes",
        "language": "es",
        "spoken_language": "Dari",
        "interpreter": "yes",
        "patient_zone": "Europe/Paris",
        "guardian": "Anna",
        "guardian_relation": "mother",
        "guardian_phone": "+1 555 0102",
        "moved": "C3D1 2027-01-05 (holiday)",
        "intent": "transplant",
        "cycles": "3",
    }
    assert take_in(app, table(GOOD | more)) == ["good"]
    (line,) = list_courses(app)
    found = load_course(app, line.id)
    assert found.course.audiences == (
        Audience(name="can-become-pregnant"),
        Audience(name="breastfeeding", private=True),
    )
    assert found.actions == (
        Given(cycle=1, day=1, on=date(2026, 11, 2)),
        Given(cycle=1, day=8, on=date(2026, 11, 10)),
        Omit(cycle=1, day=15),
        Given(cycle=2, day=1, on=date(2026, 11, 30), reason="counts"),
        Defer(cycle=3, day=1, to=date(2027, 1, 5), reason="holiday"),
    )
    assert (found.email, found.consent, found.language, found.patient_zone) == (
        "alva@mail.example",
        True,
        "es",
        "Europe/Paris",
    )
    guardian = Guardian(name="Anna", relation="mother", phone="+1 555 0102")
    assert found.facts == PatientFacts(spoken_language="Dari", interpreter=True, guardian=guardian)
    assert (found.course.intent, found.course.cycles, f"{found.course.at:%H:%M}") == ("transplant", 3, "10:30")


def test_the_same_file_twice_starts_nothing_twice(app: App) -> None:
    data = table(GOOD | SO_FAR, GOOD | {"patient": "Bea Example"})
    assert take_in(app, data) == ["good", "good"]
    assert take_in(app, data) == ["there", "there"]
    changed = table(GOOD | {"patient": " Alva Example ", "email": "new@mail.example", "consent": "yes"})
    assert take_in(app, changed) == ["there"]
    assert len(list_courses(app)) == 2
    assert {load_course(app, line.id).email for line in list_courses(app)} == {None}


def test_two_who_take_in_the_same_at_once_start_it_once(app: App) -> None:
    first, second = checked(app, table(GOOD)), checked(app, table(GOOD))
    assert first[0].new is not None
    assert second[0].new is not None
    assert store_row(app, first[0].new, by=NURSE) == first[0].course_id
    assert store_row(app, second[0].new, by=NURSE) is None
    assert len(list_courses(app)) == 1


def test_nothing_is_stored_by_looking(app: App) -> None:
    assert [row.state for row in checked(app, table(GOOD, GOOD | {"day1": "soon"}))] == [
        RowState.GOOD,
        RowState.REFUSED,
    ]
    assert list_courses(app) == ()


@pytest.mark.parametrize(
    ("cells", "column", "told"),
    [
        ({"patient": ""}, "patient", "write the patient's name"),
        ({"regimen": "inotuzumab-ozogamycin"}, "regimen", "did you mean 'inotuzumab-ozogamicin'"),
        ({"day1": "02/11/2026"}, "day1", "write it as 2026-12-07"),
        ({"day1": ""}, "day1", "write the date of the first dose"),
        ({"at": "9"}, "at", "write it as 09:00"),
        ({"zone": "Mars/Base"}, "zone", "no such time zone"),
        ({"patient_zone": "Mars/Base"}, "patient_zone", "no such time zone"),
        ({"breastfeeding": ""}, "breastfeeding", "ask the patient alone"),
        ({"breastfeeding": "maybe"}, "breastfeeding", "write shown, private or no"),
        ({"email": "alva@mail.example"}, "consent", "did the patient agree to mails"),
        ({"email": "alva", "consent": "yes"}, "email", "must be a mail address"),
        ({"interpreter": "si"}, "interpreter", "neither yes nor no"),
        ({"language": "tlh"}, "language", "tlh"),
        ({"guardian_phone": "5"}, "guardian", "write the guardian's name"),
        ({"guardian": "Anna"}, "guardian_relation", "say how the guardian is related"),
        ({"cycles": "many"}, "cycles", "write a whole number"),
        ({"cycles": "9"}, "reason", "give a reason"),
        ({"cycle_lengths": "28"}, "cycle_lengths", "write it as 1=28"),
        ({"cycle_lengths": "1=28 1=27"}, "cycle_lengths", "stands there twice"),
        ({"intent": "cure"}, "intent", "is unknown"),
        ({"regimen_version": "1999.1"}, "regimen_version", "empty it to start with that"),
        ({"given": "C1D1"}, "given", "write it as C1D8 2026-09-21"),
        ({"given": "C1D1 2026-13-02"}, "given", "is not a date"),
        ({"given": "C1D1 2027-01-02"}, "given", "2027-01-02"),
        ({"given": "C1D1 2026-11-02; C2D1 2026-11-23"}, "given", "C1D8 is still planned"),
        ({"given": "C1D1 2026-11-02; C1D8 2026-11-05"}, "given", "give a reason"),
        ({"given": "C1D1 2026-11-02; C1D1 2026-11-03"}, "given", "stands there twice"),
        ({"omitted": "C1D1 2026-11-02"}, "omitted", "write it as C1D15"),
        ({"moved": "C1D8 2026-11-10"}, "moved", "is not to come"),
        ({"given": "C1D1 2026-11-02", "actions": "[]"}, "actions", "keep one of the two ways"),
        ({"actions": "{"}, "actions", "leave it as an export wrote it"),
        ({"actions": "[" * 10_000}, "actions", "leave it as an export wrote it"),
        ({"actions": '[{"kind": "give"}]'}, "actions", "did you mean 'given'"),
        ({"actions": '[{"kind": "regimen", "version": "2"}]'}, "actions", "leave the change of version out"),
        ({"carers": '[{"name": "Dora"}]'}, "carers", "language"),
        ({"follows": str(uuid4())}, "follows", "names no course of the clinic"),
        ({"follows": "the first"}, "follows", "names no course of the clinic"),
        ({"reason": "x" * 20_001}, "reason", "shorten it"),
    ],
)
def test_a_refused_row_names_column_fault_and_remedy(app: App, cells: dict[str, str], column: str, told: str) -> None:
    good, refused = checked(app, table(GOOD | {"patient": "Bea Example"}, GOOD | cells))
    assert good.state is RowState.GOOD
    assert (refused.number, refused.state) == (3, RowState.REFUSED)
    assert [(fault.column, told in fault.message) for fault in refused.faults] == [(column, True)], refused.faults


def test_all_faults_of_a_row_are_told_at_once(app: App) -> None:
    (row,) = checked(app, table(GOOD | {"day1": "soon", "at": "9", "breastfeeding": ""}))
    assert {fault.column for fault in row.faults} == {"day1", "at", "breastfeeding"}


def test_a_row_that_stands_twice_is_refused_the_second_time(app: App) -> None:
    first, second = checked(app, table(GOOD, GOOD | {"email": "a@mail.example", "consent": "no"}))
    assert (first.state, second.state) == (RowState.GOOD, RowState.REFUSED)
    assert "row 2" in second.faults[0].message


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("patient,regimen,day_1", "did you mean 'day1'"),
        ("patient,regimen,day1,patient", "stands there twice"),
        ("patient,regimen", "'day1' is missing"),
    ],
)
def test_a_table_with_wrong_columns_is_refused_as_a_whole(header: str, told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        rows_of_file(f"{header}\na,b,c\n".encode())


def test_no_mail_goes_about_the_past_of_whoever_is_taken_in(app: App) -> None:
    take_in(app, table(GOOD | SO_FAR | {"email": "alva@mail.example", "consent": "yes"}))
    (line,) = list_courses(app)
    waiting = list_messages(app, line.id)
    assert waiting
    assert min(each.send_after for each in waiting) > NOW
    assert "change" not in {each.kind for each in waiting}


def fill(app: App) -> None:
    """Courses of every kind that an export has to carry."""
    dora = NewCarer(name="=Dora", email="dora@mail.example", consent=True, language="en", zone="Europe/Paris")
    anna = Guardian(name="Anna", relation="mother", email="anna@mail.example", phone="+1 555 0102", consent=True)
    facts = PatientFacts(spoken_language="Dari", interpreter=True, guardian=anna)
    ceased = replace(bob(), patient="=cmd|' /C calc'!A0", facts=facts, carers=(dora,))
    first = start_course(app, ceased, by=NURSE)
    for action in (
        Given(cycle=1, day=1, on=date(2026, 12, 7)),
        Defer(cycle=1, day=8, to=date(2026, 12, 18), reason='said "no"; then, yes'),
        Void(action=2),
        Given(cycle=1, day=8, on=date(2026, 12, 14)),
        Hold(cycle=1, day=15, on=date(2026, 12, 20), cause=HoldCause.COUNTS),
        Resume(cycle=1, day=15, on=date(2026, 12, 23)),
        Cease(on=date(2026, 12, 30), cause=CeaseCause.TOXICITY),
    ):
        record(app, first, action, by=NURSE)
    again = bob()
    course = replace(again.course, day1=date(2027, 3, 1))
    start_course(app, replace(again, patient="Ünal 李", course=course, follows=first), by=NURSE)


def test_what_was_exported_is_taken_in_as_it_was(app: App) -> None:
    with writing(app.engine) as session:
        session.add(ClinicRow(id=ELSEWHERE, name="Elsewhere"))
    fill(app)
    data = exported(app)
    assert take_in(app, data, clinic_id=ELSEWHERE) == ["good", "good"]
    assert without_ids(exported(app, clinic_id=ELSEWHERE)) == without_ids(data)
    assert take_in(app, data) == ["there", "there"]
    dates = [
        [[dose.date for dose in load_course(app, line.id, clinic_id=clinic).plan.doses()] for line in lines]
        for clinic in (1, ELSEWHERE)
        for lines in [sorted(list_courses(app, clinic), key=lambda line: line.patient)]
    ]
    assert dates[0] == dates[1]


def test_no_cell_of_an_export_is_a_formula_and_a_clinic_exports_its_own(app: App) -> None:
    with writing(app.engine) as session:
        session.add(ClinicRow(id=ELSEWHERE, name="Elsewhere"))
    fill(app)
    rows = list(csv.reader(io.StringIO(exported(app).decode("utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert without_ids(exported(app, clinic_id=ELSEWHERE)) == []


def test_whoever_stopped_mails_is_exported_without_consent(app: App) -> None:
    from db import recipient_store
    from service.loading import load
    from service.recipients import patient_of, save

    course = start_course(app, bob(), by=NURSE)
    add_carer(
        app, course, NewCarer(name="Eve", email="e@mail.example", consent=True, language="en", zone="UTC"), by="x"
    )
    with writing(app.engine) as session:
        stored = load(app, session, 1, course).stored
        save(session, replace(patient_of(stored, None), unsubscribed_at=NOW))
        eve = next(each for each in recipient_store.recipients_of(session, 1, course) if each.role == "carer-1")
        save(session, replace(eve, unsubscribed_at=NOW))
    (row,) = without_ids(exported(app))
    assert (row["email"], row["consent"], row["carers"]) == ("bob@patients.example", "no", "")


def test_an_export_says_in_json_who_recorded_what_when_and_stands_in_the_audit(app: App) -> None:
    fill(app)
    found = json.loads(b"".join(export_courses(app, "json", by="erin")))
    assert [course["revision"] for course in found["courses"]] == [7, 0]
    assert {(each["by"], each["recorded_at"]) for each in found["courses"][0]["actions"]} == {(NURSE, NOW.isoformat())}
    (noted,) = [each for each in audit.entries(app) if each.what == "courses-exported"]
    assert (noted.by, noted.detail) == ("erin", {"courses": 2, "kind": "json"})


def test_the_template_is_an_import_that_works(app: App) -> None:
    assert take_in(app, template().encode()) == ["good"]


def test_the_page_of_the_columns_is_that_of_the_program() -> None:
    page = (Path(__file__).parents[1] / "docs" / "import.md").read_text(encoding="utf-8")
    assert page == columns_page(MAX_ROWS, MAX_BYTES)
    assert all(f" {name} |" in page or f"**{name}**" in page for name in NAMES)
