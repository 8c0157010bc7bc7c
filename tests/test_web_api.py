"""The HTTP interface: what it answers, what it refuses and how."""

import ast
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from scheduler import plan_to_dict
from service.audit import entries
from service.courses import start_course
from service.queries import load_course
from tests.api_site import Api
from tests.stores import bob
from web.api.door import MAX_BODY, WRONG_TOKENS
from web.api.errors import CODES, REJECTIONS

CORE = Path(__file__).parents[1] / "scheduler"
DEFER = {"kind": "defer", "cycle": 1, "day": 8, "to": "2026-12-16", "reason": "travelling"}
TOO_EARLY = {"kind": "given", "cycle": 1, "day": 1, "on": "2026-12-21"}
START = {"regimen": "inotuzumab-ozogamicin", "day1": "2026-12-21"}
ADDRESSES = count(1)
BOB = "bob@patients.example"


# -- Answers ----------------------------------------------------------------------------------------------------------


def test_the_plan_of_a_course_is_the_plan_of_the_contract_with_what_staff_know_beside_it(api: Api) -> None:
    course = api.course()
    shown = api.done("GET", f"/courses/{course}")
    beside = {name: shown.pop(name) for name in ("course", "patient", "spoken_language", "interpreter", "guardian")}
    assert shown == json.loads(json.dumps(plan_to_dict(load_course(api.app, UUID(course)).plan)))
    assert (beside["course"], beside["patient"], beside["guardian"]) == (course, "Bob Example", None)
    assert api.done("GET", f"/courses/{course}?revision=0")["actions"] == []


def test_a_plan_of_the_fields_of_a_course_file_stores_nothing(api: Api) -> None:
    before = len(entries(api.app))
    given = {"kind": "given", "cycle": 1, "day": 1, "on": "2026-12-07", "ended": "10:05"}
    body = {**START, "day1": "2026-12-07", "at": "08:30", "zone": "Europe/Berlin", "actions": [given, DEFER]}
    shown = api.done("POST", "/plan", {**body, "today": "2026-12-14"})
    first, second, *_ = shown["cycles"][0]["doses"]
    assert (first["state"], first["infusion"]["start"]) == ("given", "2026-12-07T08:30:00+01:00")
    assert (second["nominal"], second["date"]) == ("2026-12-14", "2026-12-16")
    assert shown["today"] == "2026-12-14"
    drawn = api.ask("POST", "/plan?format=ics&detail=discreet&language=es", body)
    assert drawn.text.startswith("BEGIN:VCALENDAR")
    assert "inotuzumab" not in drawn.text.lower()
    assert len(entries(api.app)) == before


def test_a_course_is_started_listed_and_found_by_its_name_alone(api: Api) -> None:
    answer = api.ask("POST", "/courses", {**START, "patient": "Xaver Example", "email": BOB, "consent": True})
    assert answer.status_code == 201
    course = answer.json()["course"]
    assert answer.headers["location"] == f"/api/v1/courses/{course}"
    found = api.done("GET", "/courses?q=xaver")
    assert [line["course"] for line in found["courses"]] == [course]
    assert (found["total"], found["page"], found["pages"]) == (1, 1, 1)
    stored = load_course(api.app, UUID(course))
    assert (stored.email, stored.consent, stored.patient_zone) == (BOB, True, "America/New_York")
    assert api.done("GET", "/courses?q=nobody+has+this+name")["courses"] == []


def test_mails_need_a_word_on_consent_and_none_is_taken_for_granted(api: Api) -> None:
    body = {**START, "patient": "Xenia Example", "email": BOB}
    assert api.refused("POST", "/courses", body) == (422, "missing-field", "consent")
    course = api.done("POST", "/courses", {**body, "consent": False})["course"]
    assert not load_course(api.app, UUID(course)).consent


def test_a_preview_stores_nothing_and_tells_what_recording_then_does(api: Api) -> None:
    course = api.course()
    seen = api.done("POST", f"/courses/{course}/actions/preview", DEFER)
    assert load_course(api.app, UUID(course)).revision == 1
    assert seen["reminders"] != []
    done = api.done("POST", f"/courses/{course}/actions", {**DEFER, "seen_revision": 1, "patient_told": True})
    assert (done["revision"], done["changes"]) == (2, seen["changes"])
    assert "c1d8/infusion" in [line["key"] for line in done["changes"]["moved"]]
    history = api.done("GET", f"/courses/{course}/history")["history"]
    assert (history[-1]["by"], history[-1]["patient_told"]) == ("API hospital", True)


def test_an_advice_may_be_recorded_as_it_stands(api: Api) -> None:
    """Doses on Saturdays: what the plan suggests for the first of them is an action."""
    saturdays = replace(bob(), course=replace(bob().course, id=uuid4(), day1=date(2026, 12, 19)))
    course = start_course(api.app, saturdays, by="cli")
    advice = api.done("GET", f"/courses/{course}")["advice"]
    suggested = next(each["suggest"] for each in advice if each["suggest"])
    done = api.done("POST", f"/courses/{course}/actions", suggested)
    assert done["revision"] == 1


def test_what_changed_meanwhile_is_told_with_the_refusal(api: Api) -> None:
    course = api.course()
    api.done("POST", f"/courses/{course}/actions", DEFER)
    omit = {"kind": "omit", "cycle": 1, "day": 15, "reason": "counts", "seen_revision": 1}
    answer = api.ask("POST", f"/courses/{course}/actions", omit)
    told = answer.json()
    assert answer.status_code == 409
    assert (told["error"]["code"], told["error"]["field"]) == ("stale", "seen_revision")
    assert (told["difference"]["seen"], told["difference"]["current"]) == (1, 2)
    assert "c1d8/infusion" in [line["key"] for line in told["difference"]["moved"]]
    assert load_course(api.app, UUID(course)).revision == 2


def test_facts_that_somebody_else_changed_are_not_overwritten(api: Api) -> None:
    path = f"/courses/{api.course()}/facts"
    mark = api.done("GET", path)["mark"]
    facts = {"language": "en", "interpreter": True, "spoken_language": "Portuguese", "mark": mark}
    assert api.done("PUT", path, facts)["spoken_language"] == "Portuguese"
    assert api.refused("PUT", path, {**facts, "interpreter": False}) == (409, "stale", "mark")
    anna = {"name": "Anna", "relation": "mother", "phone": "5"}
    assert api.done("PUT", path, {**facts, "mark": None, "guardian": anna})["guardian"]["name"] == "Anna"


# -- Refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({**DEFER, "to": "2026-12-08"}, "gap", "to"),
        ({**DEFER, "kind": "dever"}, "unknown-kind", "kind"),
        ({"cycle": 1}, "missing-field", "kind"),
        ({**DEFER, "kind": 7}, "unknown-kind", "kind"),
        ({**DEFER, "too": "2026-12-16"}, "unknown-field", "too"),
        ({**DEFER, "cycle": "1"}, "bad-value", "cycle"),
        ({**DEFER, "cycle": True}, "bad-value", "cycle"),
        ({**DEFER, "cycle": None}, "bad-value", "cycle"),
        ({**DEFER, "cycle": 99}, "no-such-cycle", "cycle"),
        ({**DEFER, "to": "16.12.2026"}, "bad-value", "to"),
        ({**DEFER, "reason": "a\u0000b"}, "bad-value", "reason"),
        ({"kind": "given", "cycle": 1, "day": 8, "on": "2027-01-01"}, "in-future", "on"),
        ({"kind": "defer", "cycle": 1, "day": 8, "to": "2026-12-20"}, "needs-reason", "reason"),
        ({**DEFER, "seen_revision": "1"}, "bad-value", "seen_revision"),
        ({**DEFER, "seen_revision": 77}, "bad-value", "seen_revision"),
        ({**DEFER, "patient_told": 1}, "bad-value", "patient_told"),
        ({**DEFER, "patient_told": True, "neutral_notice": True}, "bad-value", "neutral_notice"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_an_action_that_cannot_be_is_refused_with_the_field_at_fault(
    api: Api, body: dict[str, object], code: str, field: str
) -> None:
    course = api.course()
    for path in (f"/courses/{course}/actions", f"/courses/{course}/actions/preview"):
        if not (
            path.endswith("preview") and field in {"seen_revision", "neutral_notice"} and body[field] in {77, True}
        ):
            assert api.refused("POST", path, body) == (422, code, field)
    assert load_course(api.app, UUID(course)).revision == 1


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        ("/plan", {}, "missing-field", "regimen"),
        ("/plan", None, "missing-field", "body"),
        ("/plan", {**START, "regimen": "nothing"}, "bad-value", "regimen"),
        ("/plan", {**START, "day1": "2026-02-30"}, "bad-value", "day1"),
        ("/plan", {**START, "day1": 20261221}, "bad-value", "day1"),
        ("/plan", {**START, "at": "9 o'clock"}, "bad-value", "at"),
        ("/plan", {**START, "zone": "Mars/X"}, "bad-value", "zone"),
        ("/plan", {**START, "cycles": 100}, "bad-value", "cycles"),
        ("/plan", {**START, "cycles": 2.5}, "bad-value", "cycles"),
        ("/plan", {**START, "intent": "nothing"}, "bad-value", "intent"),
        ("/plan", {**START, "audiences": ["nobody"]}, "bad-value", "audiences"),
        ("/plan", {**START, "audiences": ["breastfeeding:public"]}, "bad-value", "audiences"),
        ("/plan", {**START, "cycle_length": {"1": 28}}, "unknown-field", "cycle_length"),
        ("/plan", {**START, "cycle_lengths": {"0": 28}}, "bad-value", "cycle_lengths.0.[key]"),
        ("/plan", {**START, "actions": [{"kind": "omit", "cycle": 1}]}, "missing-field", "actions.0.day"),
        ("/plan?format=word", START, "bad-value", "format"),
        ("/plan?fromat=ics", START, "unknown-field", "fromat"),
        ("/plan?format=ics&format=svg", START, "bad-value", "format"),
        ("/plan?format=ics&language=tlh", START, "bad-value", "language"),
        ("/courses", START, "missing-field", "patient"),
        ("/courses", {**START, "patient": " "}, "bad-value", "patient"),
        ("/courses", {**START, "patient": "N", "email": "nobody", "consent": True}, "bad-value", "email"),
        ("/courses", {**START, "patient": "N", "follows": "x"}, "bad-value", "follows"),
        (
            "/courses",
            {**START, "patient": "N", "guardian": {"name": "A", "relation": "aunt"}},
            "bad-value",
            "guardian.phone",
        ),
        ("/courses", {**START, "patient": "N", "actions": [TOO_EARLY]}, "in-future", "actions.0.on"),
        ("/plan", {**START, "actions": [TOO_EARLY]}, "in-future", "actions.0.on"),
        ("/plan?format=ics", {**START, "today": "0001-01-01"}, "bad-value", "today"),
        ("/courses/{course}/carers", {"name": "C", "email": "c@mail.example"}, "missing-field", "consent"),
        (
            "/courses/{course}/carers",
            {"name": "C", "email": "c@mail.example", "consent": False},
            "bad-value",
            "consent",
        ),
        ("/courses/{course}/carers", {"name": "C", "email": "nobody", "consent": True}, "bad-value", "email"),
        ("/reminders/suppress", {"address": "nobody"}, "bad-value", "address"),
        ("/worklist/done", {"course": "x", "line": "y"}, "bad-value", "course"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict | None) else None,
)
def test_what_cannot_be_read_is_refused_with_the_field_at_fault(
    api: Api, path: str, body: dict[str, object] | None, code: str, field: str
) -> None:
    path = path.replace("{course}", api.course())
    assert api.refused("POST", path, body) == (422, code, field)


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        ("/courses?page=0", 422, "bad-value", "page"),
        ("/courses?page=x", 422, "bad-value", "page"),
        ("/courses?q=a%00b", 422, "bad-value", "q"),
        ("/courses?state=odd", 422, "bad-value", "state"),
        ("/courses/{course}?revison=1", 422, "unknown-field", "revison"),
        ("/courses/{course}?revision=-1", 422, "bad-value", "revision"),
        ("/courses/{course}?revision=9", 404, "not-found", None),
        ("/courses/{course}?format=pdf", 422, "bad-value", "format"),
        ("/courses/x", 404, "not-found", None),
        ("/courses/00000000-0000-0000-0000-000000000000", 404, "not-found", None),
        ("/regimens/nothing", 404, "not-found", None),
        ("/nothing", 404, "not-found", None),
        ("/courses?need=any", 422, "bad-value", "need"),
        ("/audit", 403, "forbidden", None),
        ("/audit/verify", 405, "method-not-allowed", None),
    ],
)
def test_an_address_that_is_none_is_refused(api: Api, path: str, status: int, code: str, field: str | None) -> None:
    assert api.refused("GET", path.format(course=api.course())) == (status, code, field)


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", {}, 400, "bad-json"),
        (b"[]", {}, 400, "bad-json"),
        (b'{"regimen": NaN}', {}, 400, "bad-json"),
        (b'{"day1": "2026-12-21", "day1": "2026-12-22"}', {}, 400, "bad-json"),
        (b'{"regimen": "\\ud800"}', {}, 400, "bad-json"),
        (b'{"regimen": "\xff"}', {}, 400, "bad-json"),
        (b'{"a":' * 100_00, {}, 400, "bad-json"),
        (b'{"cycles": ' + b"9" * 5000 + b"}", {}, 400, "bad-json"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
        (b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported-media-type"),
        (b"{}", {"Content-Encoding": "gzip"}, 415, "unsupported-media-type"),
        (b" " * (MAX_BODY + 1), {}, 413, "too-large"),
        (json.dumps(START).encode(), {"Accept": "text/html"}, 406, "not-acceptable"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_body_that_is_no_json_object_is_refused(
    api: Api, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    sent = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json", **headers}
    answer = api.http.post("/api/v1/plan", content=content, headers=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_body_of_unknown_length_is_read_to_its_limit_only(api: Api) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 1024 + 2):
            yield b" " * 1024

    sent = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    answer = api.http.post("/api/v1/plan", content=endless(), headers=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too-large")


def test_a_calendar_is_given_to_who_accepts_one(api: Api) -> None:
    for accept, status in (("text/calendar", 200), ("text/*", 200), ("*/*", 200), ("application/json", 406)):
        assert api.ask("POST", "/plan?format=ics", START, Accept=accept).status_code == status, accept


def test_wrong_tokens_are_held_up_and_a_right_one_is_let_in_all_the_same(api: Api) -> None:
    wrong = replace(api, token="A" * 43)
    for _ in range(WRONG_TOKENS):
        assert wrong.refused("GET", "/regimens") == (401, "unauthorized", None)
    answer = wrong.ask("GET", "/regimens")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
    assert api.ask("GET", "/regimens").status_code == 200
    api.clock.pass_(minutes=16)
    assert wrong.ask("GET", "/regimens").status_code == 401


def test_who_asks_without_a_token_is_told_how_and_is_not_held_up(api: Api) -> None:
    for _ in range(WRONG_TOKENS + 2):
        answer = api.http.get("/api/v1/regimens", headers={"Cookie": "infusions_session=x"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_the_description_is_open_and_everything_else_asks_for_a_token(api: Api) -> None:
    described = api.http.get("/openapi.json").json()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["security"] == [{"HTTPBearer": []}], (method, path)
            assert {"401", "403", "422"} <= set(operation["responses"])
            assert operation["summary"]
            assert operation["description"]


def test_the_codes_of_refusals_are_a_closed_set_and_described(api: Api) -> None:
    """Every code that the core gives is among them, and those that only a variable holds too."""
    schemas = api.http.get("/openapi.json").json()["components"]["schemas"]
    assert tuple(schemas["ErrorFacts"]["properties"]["code"]["enum"]) == CODES
    assert codes_of_the_core() == set(REJECTIONS)


def test_a_fault_that_nobody_foresaw_is_told_in_the_same_shape_and_without_what_was_asked(api: Api) -> None:
    course = api.course()
    with closing(sqlite3.connect(api.database)) as broken:
        broken.execute("UPDATE feed SET reader = 'Bob Example'")
        broken.execute('UPDATE course SET fields = \'{"id": "Bob Example"}\' WHERE id = ?', (UUID(course).hex,))
        broken.commit()
    answer = api.ask("GET", f"/courses/{course}")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal-error"
    assert "Bob" not in answer.text


# ---------------------------------------------------------------------------------------------------------------------


def codes_of_the_core() -> set[str]:
    """The codes that stand in the core's source: as texts, and of doses that are given, omitted or cancelled."""
    found = set()
    for path in CORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Rejected":
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    found.add(str(code.value))
                else:
                    assert ast.unparse(code) == "f'{state}-already'", path.name
                    found |= {"given-already", "omitted-already", "cancelled-already"}
    return found | {"needs-reason"}
