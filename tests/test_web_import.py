"""Many courses from a table in the browser: uploaded, checked in slices, looked at, confirmed, stored in slices."""

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from scheduler.errors import InvalidValue
from service import import_batches
from service.course_columns import template
from service.import_batches import Batch, BatchState, confirm, go_on, look, upload, work
from service.queries import list_courses
from service.worker import tick
from tests.test_importing import GOOD, table
from tests.web_site import HOME, Page, Visitor, Web

if TYPE_CHECKING:
    from service.wiring import App

FORM = "/courses/import"
NOVEMBER = {"given": "C1D1 2026-11-02; C1D8 2026-11-10", "omitted": "C1D15"}


def send(visitor: Visitor, data: bytes, **typed: str) -> Page:
    """Uploads the table; the page that follows."""
    token = visitor.get(FORM).form()[1]["token"][0]
    answer = visitor.http.post(FORM, data={"token": token, **typed}, files={"file": ("patients.csv", data)})
    if answer.status_code == 303:
        return until_done(visitor, answer.headers["location"])
    assert answer.status_code == 422, answer.text
    return Page(answer.text)


def until_done(visitor: Visitor, path: str) -> Page:
    """The page, once it comes back by itself no more."""
    while True:
        answer = visitor.http.get(path)
        assert answer.status_code == 200, answer.text
        if "Refresh" not in answer.headers:
            return Page(answer.text)
        assert "comes back by itself" in answer.text


def decide(visitor: Visitor, page: Page, step: str) -> Page:
    answer = visitor.send(page, step=step)
    assert answer.status_code == 303
    return until_done(visitor, answer.headers["location"])


def patients(web: Web) -> list[str]:
    return [line.patient for line in list_courses(web.app)]


def rows(prefix: str, number: int) -> list[dict[str, str]]:
    return [GOOD | {"patient": f"{prefix} {count}"} for count in range(number)]


def test_the_good_rows_are_shown_then_stored_and_the_refused_are_named(web: Web) -> None:
    alice = web.visitor("alice")
    bad = GOOD | {"patient": "Ivo Bad", "day1": "7.12.2026", "breastfeeding": ""}
    page = send(alice, table(GOOD | NOVEMBER | {"patient": "Ivo Good"}, bad))
    assert "1 course would start" in page.text
    assert "Ivo Good Inotuzumab ozogamicin, 6 cycles Mon 2 Nov 2026 to" in page.text
    cells = [tag.text for tag in page.all("td")]
    assert "'7.12.2026' is not a date; write it as 2026-12-07." in cells
    assert "Is empty; ask the patient alone, then write shown, private or no." in cells
    assert "Ivo Good" not in patients(web)
    done = decide(alice, page, "store")
    assert "1 course started" in done.text
    assert patients(web).count("Ivo Good") == 1
    assert "Ivo Bad" not in patients(web)


def test_whoever_chooses_nothing_gets_nothing_and_the_table_is_forgotten(web: Web) -> None:
    alice = web.visitor("alice")
    page = send(alice, table(GOOD | {"patient": "Jan Nobody"}))
    address = page.form()[0]
    decide(alice, page, "drop")
    assert "Jan Nobody" not in patients(web)
    assert alice.http.get(address).status_code == 404


def test_the_same_table_again_and_a_double_click_start_nothing_twice(web: Web) -> None:
    alice = web.visitor("alice")
    data = table(*rows("Kim", 3))
    page = send(alice, data)
    first, second = alice.send(page, step="store"), alice.send(page, step="store")
    assert first.headers["location"] == second.headers["location"]
    until_done(alice, first.headers["location"])
    again = send(alice, data)
    assert "3 rows of courses that are there already" in again.text
    assert not [button for button in again.all("button") if button.attributes.get("value") == "store"]
    assert sorted(name for name in patients(web) if name.startswith("Kim")) == ["Kim 0", "Kim 1", "Kim 2"]


def test_an_import_that_was_cut_off_goes_on_where_it_stood(web: Web) -> None:
    app = web.app
    id_ = upload(app, table(*rows("Lee", 30)), by="alice", clinic_id=HOME)
    first = work(app, id_, clinic_id=HOME, seconds=0)
    assert first.state is BatchState.CHECKING
    assert 0 < first.left < 30
    checked = _worked(web, id_)
    assert (checked.state, checked.counts) == (BatchState.CHECKED, {"good": 30})
    confirm(app, id_, by="alice", clinic_id=HOME)
    part = work(app, id_, clinic_id=HOME, seconds=0)
    assert (part.state, part.counts) == (BatchState.STORING, {"good": 29, "stored": 1})
    # The rest is done by whoever looks next: here the service, another process than this.
    page = until_done(web.visitor("alice"), f"{FORM}/{id_}")
    assert "30 courses started" in page.text
    assert len([name for name in patients(web) if name.startswith("Lee")]) == 30


def test_a_pass_goes_on_with_what_was_begun_without_anybody_who_looks(web: Web) -> None:
    app = web.app
    id_ = upload(app, table(*rows("Lena", 25)), by="alice", clinic_id=HOME)
    assert work(app, id_, clinic_id=HOME, seconds=0).state is BatchState.CHECKING
    tick(app, app.now())
    assert look(app, id_, clinic_id=HOME).counts == {"good": 25}
    tick(app, app.now())
    assert look(app, id_, clinic_id=HOME).state is BatchState.CHECKED, "nothing is stored before somebody says so"
    confirm(app, id_, by="alice", clinic_id=HOME)
    with ThreadPoolExecutor(2) as pool:  # a pass of each of two processes at once
        list(pool.map(go_on, [app, app]))
    go_on(app)
    assert look(app, id_, clinic_id=HOME).counts == {"stored": 25}
    assert len([name for name in patients(web) if name.startswith("Lena")]) == 25


def test_a_pass_that_is_asked_to_stop_leaves_the_rest_and_a_table_of_trouble_keeps_back_no_other(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, stop = web.app, Flag()
    bad, good = (upload(app, table(*rows(name, 3)), by="alice", clinic_id=HOME) for name in ("Ola", "Pat"))
    stop.set()
    go_on(app, stop=stop)
    assert look(app, good, clinic_id=HOME).counts == {"new": 3}
    real = import_batches.work

    def trouble(app: "App", id_: UUID, **told: object) -> Batch:
        if id_ == bad:
            raise InvalidValue("regimen: can't be read")
        return real(app, id_, **told)  # type: ignore[arg-type]

    monkeypatch.setattr(import_batches, "work", trouble)
    go_on(app)
    assert look(app, good, clinic_id=HOME).state is BatchState.CHECKED


def test_who_left_the_page_of_a_table_finds_it_again(web: Web) -> None:
    id_ = upload(web.app, table(*rows("Quin", 2)), by="pia", clinic_id=HOME)
    page = web.visitor("alice").get(FORM)
    (found,) = [tag for tag in page.all("a") if tag.attributes.get("href") == f"{FORM}/{id_}"]
    assert "2 rows, sent Mon 14 Dec 2026" in found.text
    assert "by pia" in found.text
    assert str(id_) not in web.visitor("charlie").http.get(FORM).text


def _worked(web: Web, id_: UUID) -> Batch:
    while (batch := work(web.app, id_, clinic_id=HOME)).at_work:
        pass
    return batch


def test_a_row_that_somebody_started_meanwhile_is_left_alone(web: Web) -> None:
    id_ = upload(web.app, table(GOOD | {"patient": "Mo Twice"}), by="alice", clinic_id=HOME)
    _worked(web, id_)
    other = upload(web.app, table(GOOD | {"patient": "Mo Twice"}), by="pia", clinic_id=HOME)
    for each in (id_, other):
        _worked(web, each)
    for each in (id_, other):
        confirm(web.app, each, by="alice", clinic_id=HOME)
        _worked(web, each)
    assert look(web.app, other, clinic_id=HOME).counts == {"there": 1}
    assert patients(web).count("Mo Twice") == 1


def test_a_course_may_follow_one_of_a_row_above_in_another_slice(web: Web) -> None:
    first = GOOD | {"patient": "Nia One", "course": "first", "given": "C1D1 2026-11-02"}
    follower = GOOD | {"patient": "Nia Two", "day1": "2027-06-07", "follows": "first"}
    id_ = upload(web.app, table(first, *rows("Nia filler", 25), follower), by="alice", clinic_id=HOME)
    while (batch := work(web.app, id_, clinic_id=HOME, seconds=0)).at_work:
        pass
    assert batch.counts == {"good": 27}
    confirm(web.app, id_, by="alice", clinic_id=HOME)
    while work(web.app, id_, clinic_id=HOME, seconds=0).at_work:
        pass
    lines = {line.patient: line.id for line in list_courses(web.app)}
    assert web.load(lines["Nia Two"]).course.earlier[0].agent_name == "inotuzumab ozogamicin"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "Choose a file, or paste its rows."),
        (b"name\nx\n", "Column 'name' is unknown"),
        ("patient\nMüller\n".encode("latin-1"), "CSV UTF-8"),
        (b"patient,regimen,day1\n", "no row below"),
    ],
)
def test_a_file_that_is_no_table_is_told_with_the_form(web: Web, data: bytes, told: str) -> None:
    page = send(web.visitor("alice"), data)
    assert told in page.text
    assert page.all("title")[0].text.startswith("Error: ")


def test_rows_may_be_pasted_and_stay_when_they_cannot_be_read(web: Web) -> None:
    alice = web.visitor("alice")
    page = alice.get(FORM)
    refused = alice.send(page, table="name\nx")
    assert refused.status_code == 422
    assert Page(refused.text).form()[1]["table"] == ["name\nx"]
    answer = alice.send(page, table=table(GOOD | {"patient": "Ola Pasted"}).decode())
    assert "Ola Pasted" in until_done(alice, answer.headers["location"]).text


def test_a_file_that_is_too_large_and_one_in_another_form_are_refused(web: Web) -> None:
    alice = web.visitor("alice")
    token = alice.get(FORM).form()[1]["token"][0]
    large = alice.http.post(FORM, data={"token": token}, files={"file": b"x" * 5_200_000})
    assert large.status_code == 413
    for body in (b"", b"--x\r\n\r\n--x--", b"--b\r\nContent-Disposition: form-data\r\n\r\n\r\n--b--"):
        head = {"Content-Type": "multipart/form-data; boundary=b"}
        assert alice.http.post(FORM, content=body, headers=head).status_code == 400
    elsewhere = alice.http.post("/courses/new", files={"file": b"x"}, data={"token": token})
    assert elsewhere.status_code == 415


def test_a_form_without_the_sessions_token_uploads_nothing(web: Web) -> None:
    alice = web.visitor("alice")
    answer = alice.http.post(FORM, data={"token": "x"}, files={"file": table(GOOD | {"patient": "Pat Forged"})})
    assert answer.status_code == 403


def test_many_refused_rows_come_page_by_page_and_all_as_a_table(web: Web) -> None:
    alice = web.visitor("alice")
    bad = [GOOD | {"patient": f"=Quinn {number}", "day1": "soon"} for number in range(70)]
    page = send(alice, table(*bad))
    assert "70 rows refused" in page.text
    assert len(page.html) < 100_000
    (further,) = [link.attributes["href"] for link in page.all("a") if link.text == "The next rows"]
    assert "71" in alice.get(further).text
    (whole,) = [link.attributes["href"] for link in page.all("a") if link.text.startswith("All refused rows")]
    found = list(csv.reader(io.StringIO(alice.http.get(whole).content.decode("utf-8-sig"))))
    assert [row[:2] for row in found[1:]] == [[str(number), "day1"] for number in range(2, 72)]


def test_the_empty_table_of_the_page_can_be_taken_in(web: Web) -> None:
    answer = web.visitor("alice").http.get(f"{FORM}/template.csv")
    assert answer.content.decode("utf-8-sig") == template()
    assert "attachment" in answer.headers["Content-Disposition"]


def test_an_admin_exports_and_the_export_comes_in_again(web: Web) -> None:
    web.course("Rosa Export")
    web.course("Rolf Export")
    adam = web.visitor("adam")
    answer = adam.http.get("/courses/export.csv")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Rosa Export" in answer.text
    assert any(
        course["patient"] == "Rosa Export"
        for course in json.loads(adam.http.get("/courses/export.json").text)["courses"]
    )
    assert adam.http.get("/courses/export.xls").status_code == 404
    assert "courses would start" in send(web.visitor("charlie"), answer.content).text


@pytest.mark.parametrize("name", ["alice", "pia", "erin"])
def test_others_export_nothing(web: Web, name: str) -> None:
    visitor = web.visitor(name)
    assert visitor.http.get("/courses/export.csv").status_code == 403
    if name != "erin":
        assert "export.csv" not in visitor.get(FORM).html


def test_the_clinic_next_door_sees_no_table(web: Web) -> None:
    id_ = upload(web.app, table(GOOD | {"patient": "Sam Secret"}), by="alice", clinic_id=HOME)
    charlie = web.visitor("charlie")
    assert charlie.http.get(f"{FORM}/{id_}").status_code == 404
    assert charlie.http.get(f"{FORM}/{id_}/refused.csv").status_code == 404
    assert charlie.post(f"{FORM}/{id_}", step="store").status_code == 404
    assert "Sam Secret" not in patients(web)


def test_what_was_stored_is_not_kept_twice(web: Web) -> None:
    from db import import_store
    from db.engine import reading

    id_ = upload(web.app, table(GOOD | NOVEMBER | {"patient": "Tom Once"}), by="alice", clinic_id=HOME)
    _worked(web, id_)
    confirm(web.app, id_, by="alice", clinic_id=HOME)
    _worked(web, id_)
    with reading(web.app.engine) as session:
        batch = import_store.find_batch(session, HOME, id_)
        assert batch is not None
        (row,) = import_store.rows_in(session, batch, "stored")
    assert (row.cells, row.detail) == ({}, {})
