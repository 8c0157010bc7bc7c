"""The address that calendar programs subscribe to, over real HTTP, and the pages that make and revoke one."""

import gzip
import shutil
from collections.abc import Callable
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import sleep
from typing import Any
from uuid import UUID

import httpx
import pytest
from icalendar import Calendar

from scheduler.actions import Defer
from service.feeds import list_feeds
from tests.web_site import Page, Web, add_staff, running
from web.feeds import accepts_gzip, asked_for

PLAIN = {"accept-encoding": "identity"}
DEFER_DAY_15 = Defer(cycle=1, day=15, to=date(2026, 12, 22), reason="travelling")


@pytest.fixture(scope="module")
def bobs(web: Web) -> UUID:
    return web.course()


@pytest.fixture(scope="module")
def address(web: Web, bobs: UUID) -> str:
    return make_feed(web, bobs)


def make_feed(web: Web, course: UUID, **typed: str | list[str]) -> str:
    """Makes a feed through the form; gives the address that the page shows."""
    visitor = web.visitor("alice")
    made = visitor.send(visitor.get(f"/courses/{course}/feeds/new"), **({"name": "Bob's phone"} | typed))
    assert made.status_code == 200, Page(made.text).text
    return Page(made.text).all("code")[0].text


def test_the_address_is_shown_once_with_a_link_for_this_devices_calendar(web: Web, bobs: UUID) -> None:
    visitor = web.visitor("alice")
    made = Page(visitor.send(visitor.get(f"/courses/{bobs}/feeds/new"), name="Bob's tablet").text)
    address = made.all("code")[0].text
    assert address.startswith(f"{web.url}/c/")
    links = [link.attributes["href"] for link in made.all("a")]
    assert address.replace("http:", "webcal:") in links
    token = address.rpartition("/")[2].removesuffix(".ics")
    assert any("calendar.google.com" in link and token in link for link in links)
    assert "hands the secret address to Google" in made.text
    assert made.all("svg"), "a code to scan"
    page = visitor.get(f"/courses/{bobs}")
    assert "Bob's tablet" in page.text
    assert address.rpartition("/")[2] not in page.html


def test_a_calendar_is_served_as_calendar_programs_expect_it(address: str) -> None:
    answer = httpx.get(address, headers=PLAIN)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["etag"].startswith('"')
    assert parsedate_to_datetime(answer.headers["last-modified"]).year == 2026
    assert "set-cookie" not in answer.headers
    assert len(Calendar.from_ical(answer.text).walk("VEVENT")) > 18


def test_head_answers_like_get_without_the_bytes(address: str) -> None:
    got, head = httpx.get(address, headers=PLAIN), httpx.head(address, headers=PLAIN)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("etag", "last-modified", "content-type", "content-length", "cache-control"):
        assert head.headers[name] == got.headers[name], name


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("named", [True, False], ids=["with an origin", "from a program"])
def test_other_methods_are_refused(web: Web, address: str, method: str, named: bool) -> None:  # noqa: FBT001
    answer = httpx.request(method, address, headers={"origin": web.url} if named else {})
    assert answer.status_code == 405
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == {"GET", "HEAD"}
    assert address.rpartition("/")[2] not in answer.text


def test_what_a_program_has_already_is_not_sent_again(address: str) -> None:
    first = httpx.get(address, headers=PLAIN)
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    for asked in (
        {"if-none-match": tag},
        {"if-none-match": f'"other", W/{tag}'},
        {"if-none-match": "*"},
        {"if-modified-since": modified},
        {"if-modified-since": "Fri, 01 Jan 2027 00:00:00 GMT"},
    ):
        answer = httpx.get(address, headers=PLAIN | asked)
        assert (answer.status_code, answer.content) == (304, b""), asked
        assert answer.headers["etag"] == tag
    for asked in (
        {"if-none-match": '"other"'},
        {"if-none-match": '"other"', "if-modified-since": modified},
        {"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"},
        {"if-modified-since": "yesterday"},
    ):
        assert httpx.get(address, headers=PLAIN | asked).status_code == 200, asked


def test_compressed_bytes_have_a_tag_of_their_own(address: str) -> None:
    plain = httpx.get(address, headers=PLAIN)
    with httpx.stream("GET", address, headers={"accept-encoding": "gzip"}) as packed:
        body = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"].lower() == plain.headers["vary"].lower() == "accept-encoding"
    assert gzip.decompress(body) == plain.content
    assert len(body) < len(plain.content) / 4
    assert packed.headers["etag"] != plain.headers["etag"]
    again = {"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]}
    assert httpx.get(address, headers=again).status_code == 304
    assert httpx.get(address, headers=PLAIN | {"if-none-match": packed.headers["etag"]}).status_code == 200


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (b"gzip", True),
        (b"br, GZIP;q=0.5", True),
        (b"*", True),
        (b"x-gzip", True),
        (b"gzip;q=0", False),
        (b"*, gzip;q=0.0", False),
        (b"identity", False),
        (b"gzip;q=much", False),
        (b"", False),
        (b"gzip\xff", False),
    ],
)
def test_gzip_is_sent_only_to_those_who_take_it(header: bytes, *, taken: bool) -> None:
    assert accepts_gzip(header) is taken


def test_a_recorded_change_is_served_at_once_and_only_then(web: Web) -> None:
    course = web.course("Bert Example")
    address = make_feed(web, course)
    before = httpx.get(address)
    assert httpx.get(address).content == before.content
    web.record(course, DEFER_DAY_15)
    answer = httpx.get(address, headers={"if-none-match": before.headers["etag"]})
    assert answer.status_code == 200
    assert answer.headers["etag"] != before.headers["etag"]
    changed = moved(before.text, answer.text)
    assert changed
    assert all(new > old for old, new in changed.values())


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits up to ten seconds."""
    for _ in range(100):
        if holds():
            return
        sleep(0.1)
    raise AssertionError("it did not come true in ten seconds")


def parsed(text: str) -> dict[str, Any]:
    """The events of a calendar by UID."""
    return {str(each["UID"]): each for each in Calendar.from_ical(text).walk("VEVENT")}


def moved(before: str, after: str) -> dict[str, tuple[int, int]]:
    """The sequences before and after of each event whose start differs."""
    old, new = parsed(before), parsed(after)
    assert set(old) == set(new)
    return {
        uid: (int(old[uid]["SEQUENCE"]), int(new[uid]["SEQUENCE"]))
        for uid in old
        if old[uid]["DTSTART"].dt != new[uid]["DTSTART"].dt
    }


def test_every_wrong_address_is_answered_alike(web: Web, address: str) -> None:
    right = address.rpartition("/")[2].removesuffix(".ics")
    wrong = [right[::-1], right[:-1] + ("A" if right[-1] != "A" else "B"), "x", "a" * 500, "%00", "%ff", "ä", "a b"]
    answers = [httpx.get(f"{web.url}/c/{token}.ics") for token in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_staff_see_when_and_by_what_a_calendar_was_fetched_last(web: Web) -> None:
    course = web.course("Britt Example")
    address = make_feed(web, course, name="Britt's computer")
    assert (
        "Britt's computer the patient discreet English never in use"
        in web.visitor("alice").get(f"/courses/{course}").text
    )
    httpx.get(address, headers={"user-agent": "Mozilla/5.0 Thunderbird/140 <script>"})
    visitor = web.visitor("alice")
    wait_until(lambda: "Mon 14 Dec 2026, 10:00 Thunderbird" in visitor.get(f"/courses/{course}").text)


def test_fetches_that_are_not_stored_yet_are_stored_when_the_service_stops(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path) as web:
        add_staff(web.app)
        course = web.course()
        httpx.get(make_feed(web, course), headers={"user-agent": "ICSx5/2.2"})
    assert [feed.last_client for feed in list_feeds(web.app, course)] == ["ICSx5"]


def test_a_carers_calendar_holds_nothing_of_pregnancy_or_contraception(web: Web, bobs: UUID) -> None:
    patients = httpx.get(make_feed(web, bobs, detail="full")).text
    carers = httpx.get(make_feed(web, bobs, detail="full", reader="carer")).text
    assert "birth control" in patients.lower()
    for word in ("birth control", "pregnan", "contracept"):
        assert word not in carers.lower()


def test_a_revoked_calendar_is_empty_and_later_gone(migrated_sqlite: Path, tmp_path: Path) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path) as web:
        add_staff(web.app)
        course = web.course()
        path = httpx.URL(make_feed(web, course)).path
        visitor = web.visitor("alice")
        feed = list_feeds(web.app, course)[0].id
        asked = visitor.get(f"/courses/{course}/feeds/{feed}/revoke")
        answer = visitor.send(asked)
        assert answer.status_code == 303
        assert "The calendar “Bob's phone” is revoked" in visitor.get(answer.headers["location"]).text
        empty = httpx.get(web.url + path)
        assert empty.status_code == 200
        assert not Calendar.from_ical(empty.text).walk("VEVENT")
        assert visitor.send(asked).status_code == 303  # a second click changes nothing
    with running(tmp_path, now="2027-01-12T15:00:00Z") as web:
        assert httpx.get(web.url + path).status_code == 200
    with running(tmp_path, now="2027-01-14T15:00:00Z") as web:
        gone = httpx.get(web.url + path)
        assert gone.status_code == 410
        assert "set-cookie" not in gone.headers


def test_a_replaced_calendar_goes_on_at_another_address_with_the_same_settings(web: Web) -> None:
    course = web.course("Berta Example")
    old = make_feed(web, course, name="Berta's phone", detail="full", alarms=["24", "2"])
    visitor = web.visitor("alice")
    settings = "Berta's phone the patient full English, alarm 1 day before, 2 hours before"
    assert settings in visitor.get(f"/courses/{course}").text
    feed = list_feeds(web.app, course)[0].id
    asked = visitor.get(f"/courses/{course}/feeds/{feed}/replace")
    made = [Page(visitor.send(asked).text).all("code")[0].text for _ in range(2)]
    assert made[0] == made[1] != old, "a second click makes no second address"
    assert not Calendar.from_ical(httpx.get(old).text).walk("VEVENT")
    assert Calendar.from_ical(httpx.get(made[0]).text).walk("VALARM")
    assert visitor.get(f"/courses/{course}").text.count(settings) == 2
    assert {line.state for line in list_feeds(web.app, course)} == {"revoked", "live"}  # both of one instant here


def test_gzip_can_be_switched_off(migrated_sqlite: Path, tmp_path: Path) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path, INFUSIONS_FEEDS__GZIP="false") as web:
        add_staff(web.app)
        address = make_feed(web, web.course())
        assert "content-encoding" not in httpx.get(address, headers={"accept-encoding": "gzip"}).headers


def test_a_calendar_form_that_cannot_be_read_keeps_what_was_typed(web: Web, bobs: UUID) -> None:
    visitor = web.visitor("alice")
    form = visitor.get(f"/courses/{bobs}/feeds/new")
    before = len(list_feeds(web.app, bobs))
    answer = visitor.send(form, name="", reader="carer", expires="2026-12-01", alarms=["24", "2"])
    page = Page(answer.text)
    assert answer.status_code == 422
    assert "Give the device a name." in page.text
    values = page.form()[1]
    assert (values["reader"], values["expires"], values["alarms"]) == (["carer"], ["2026-12-01"], ["24", "2"])
    assert "has passed" in Page(visitor.send(page, name="Mum").text).text
    assert visitor.send(form, name="Mum", detail="everything").status_code == 422
    assert visitor.send(form, name="Mum", alarms="soon").status_code == 422
    assert len(list_feeds(web.app, bobs)) == before


def test_what_a_program_sends_in_several_lines_is_one_list() -> None:
    lines = [(b"accept-encoding", b"br"), (b"host", b"clinic.example"), (b"accept-encoding", b"gzip")]
    assert asked_for(lines) == {b"accept-encoding": b"br, gzip", b"host": b"clinic.example"}


def test_a_calendar_has_the_headers_that_mean_something_for_a_file_and_no_others(web: Web, address: str) -> None:
    """What a document may run, embed, or be framed by means nothing where no document is shown, and each
    header costs every phone's every request (ADR 10); nosniff keeps a browser from taking it for a document."""
    always = {"date", "cache-control", "referrer-policy", "x-robots-tag", "vary", "etag", "last-modified"}
    whole = {"content-type", "content-disposition", "content-length", "x-content-type-options"}
    tag = httpx.get(address, headers=PLAIN).headers["etag"]
    assert set(httpx.get(address, headers=PLAIN).headers) == always | whole
    assert set(httpx.get(address, headers={"accept-encoding": "gzip"}).headers) == always | whole | {"content-encoding"}
    assert set(httpx.get(address, headers=PLAIN | {"if-none-match": tag}).headers) == always
    assert httpx.get(address).headers["x-content-type-options"] == "nosniff"


def test_what_is_told_instead_of_a_calendar_is_shown_by_browsers_so_it_is_guarded_as_pages_are(
    web: Web, address: str
) -> None:
    page = httpx.get(f"{web.url}/sign-in").headers
    answers = [httpx.get(address.replace("/c/", "/c/x")), httpx.post(address)]
    assert [answer.status_code for answer in answers] == [404, 405]
    for answer in answers:
        for name in ("content-security-policy", "x-content-type-options", "x-frame-options", "permissions-policy"):
            assert answer.headers[name] == page[name], (answer.status_code, name)
        assert answer.headers["cache-control"] == "private, no-cache"
