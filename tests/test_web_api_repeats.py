"""A request that comes twice with one Idempotency-Key is done once, and answered alike."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from service.api_tokens import new_api_token
from service.mails import course_mails
from service.users import Role
from tests.api_site import Api

CORE = Path(__file__).parents[1] / "scheduler"
DEFER = {"kind": "defer", "cycle": 1, "day": 8, "to": "2026-12-16", "reason": "travelling"}
START = {"regimen": "inotuzumab-ozogamicin", "day1": "2026-12-21"}
ADDRESSES = count(1)
BOB = "bob@patients.example"


Deed = tuple[str, str, Callable[[Api, str], str], dict[str, object] | None, dict[str, object] | None]


def _of_course(tail: str) -> Callable[[Api, str], str]:
    return lambda _, course: f"/courses/{course}{tail}"


def _mail(api: Api, course: str) -> str:
    return f"/reminders/{course_mails(api.app, UUID(course)).waiting[0].ids[0]}/send-now"


def _feed(api: Api, course: str) -> str:
    return f"/feeds/{api.done('POST', f'/courses/{course}/feeds', {'name': 'old'})['feed']}/replace"


def _page(api: Api, course: str) -> str:
    return f"/pages/{api.done('POST', f'/courses/{course}/pages', {'name': 'old'})['page']}/replace"


def _same(path: str) -> Callable[[Api, str], str]:
    return lambda *_: path


NORA: dict[str, object] = {**START, "patient": "Nora Example"}
DEEDS: tuple[Deed, ...] = (
    ("a course is started", "POST", _same("/courses"), NORA, {**NORA, "patient": "Norbert"}),
    ("an action is recorded", "POST", _of_course("/actions"), dict(DEFER), {**DEFER, "to": "2026-12-17"}),
    ("the patient was told", "POST", _of_course("/told"), {"revision": 1}, None),
    (
        "facts are kept",
        "PUT",
        _of_course("/facts"),
        {"language": "es", "interpreter": True},
        {"language": "en", "interpreter": True},
    ),
    ("a feed is made", "POST", _of_course("/feeds"), {"name": "phone"}, {"name": "tablet", "detail": "full"}),
    ("a feed is replaced", "POST", _feed, None, None),
    ("a page is made", "POST", _of_course("/pages"), {"name": "phone"}, None),
    ("a page is replaced", "POST", _page, None, None),
    (
        "a carer is added",
        "POST",
        _of_course("/carers"),
        {"name": "Carl", "email": "c@mail.example", "consent": True},
        {"name": "Carla", "email": "c@mail.example", "consent": True},
    ),
    ("mails are paused", "POST", _of_course("/reminders/pause"), None, None),
    ("a mail is hurried", "POST", _mail, {"at_night": True}, {"at_night": False}),
    (
        "an address is suppressed",
        "POST",
        _same("/reminders/suppress"),
        {"address": "a@mail.example"},
        {"address": "b@mail.example"},
    ),
)


@pytest.mark.parametrize(
    ("method", "path_of", "body", "other"), [deed[1:] for deed in DEEDS], ids=[deed[0] for deed in DEEDS]
)
def test_a_repeat_is_answered_alike_and_does_nothing_twice(
    api: Api,
    method: str,
    path_of: Callable[[Api, str], str],
    body: dict[str, object] | None,
    other: dict[str, object] | None,
) -> None:
    course, key = api.course(), uuid4().hex
    path = path_of(api, course)
    first = api.ask(method, path, body, key=key)
    assert first.status_code in {200, 201}, first.text
    before = api.rows()
    api.clock.pass_(hours=1)
    again = api.ask(method, path, body, key=key)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert api.rows() == before
    if other is not None:
        assert api.refused(method, path, other, key=key) == (422, "request-reused", "Idempotency-Key")
        assert api.rows() == before


def test_a_repeat_that_comes_late_undoes_nothing_that_came_between(api: Api) -> None:
    address = {"address": "late@mail.example"}
    api.done("POST", "/reminders/suppress", address, key="one")
    api.done("POST", "/reminders/release", address, key="two")
    api.done("POST", "/reminders/suppress", address, key="one")
    assert api.refused("POST", "/reminders/release", address, key="three") == (404, "not-found", None)


def test_a_refused_request_uses_up_no_key(api: Api) -> None:
    course = api.course()
    path, late = f"/courses/{course}/actions", {**DEFER, "seen_revision": 0}
    assert api.refused("POST", path, late, key="k")[0] == 409
    assert api.done("POST", path, {**DEFER, "seen_revision": 1}, key="k")["revision"] == 2


def test_the_same_key_of_another_token_is_another_request(api: Api) -> None:
    course = api.course()
    other = replace(api, token=new_api_token(api.app, uuid4().hex, role=Role.NURSE, by="cli"))
    made = [each.done("POST", f"/courses/{course}/feeds", {"name": "phone"}, key="k") for each in (api, other)]
    assert made[0]["address"] != made[1]["address"]


def test_neither_a_key_nor_a_new_address_is_stored(api: Api) -> None:
    made = api.done("POST", f"/courses/{api.course()}/feeds", {"name": "phone"}, key="a-key-to-look-for")
    token = made["address"].rpartition("/")[2].removesuffix(".ics")
    with closing(sqlite3.connect(api.database)) as found:
        dump = "\n".join(found.iterdump())
    assert token not in dump
    assert "a-key-to-look-for" not in dump
    assert api.token not in dump
