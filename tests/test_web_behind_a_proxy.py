"""Behind a proxy, over real HTTP: whose word counts about who is asking, and where addresses that are given out come from."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.audit import What, entries
from tests.web_site import Page, Web, add_staff, running

SPOOFED, REAL = "203.0.113.9", "198.51.100.7"


@pytest.fixture(scope="module", params=["its own machine", "nobody", "another machine", "a network"])
def believed(
    request: pytest.FixtureRequest, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Web, str]]:
    """A service that this machine asks, and whom it takes the visitor for."""
    named, origin = {
        "its own machine": (None, REAL),
        "nobody": ("[]", "127.0.0.1"),
        "another machine": ('["192.0.2.1"]', "127.0.0.1"),
        "a network": ('["127.0.0.0/8", "192.0.2.0/24"]', REAL),
    }[request.param]
    folder = tmp_path_factory.mktemp("proxy")
    shutil.copy(migrated_sqlite, folder / "infusions.db")
    with running(folder, **({"INFUSIONS_SERVER__PROXIES": named} if named else {})) as web:
        add_staff(web.app)
        yield web, origin


def test_a_visitors_address_is_taken_from_a_proxy_that_is_named_and_from_nobody_else(believed: tuple[Web, str]) -> None:
    """What stands before the proxy's own word was written by the visitor, so it never counts."""
    web, origin = believed
    course, visitor = web.course(), web.visitor("alice")
    for proto in ("https", "http", "gopher"):
        sent = {"X-Forwarded-For": f"{SPOOFED}, {REAL}", "X-Forwarded-Proto": proto, "X-Real-IP": SPOOFED}
        assert visitor.http.get(f"/courses/{course}", headers=sent).status_code == 200
    views = [each.origin for each in entries(web.app, course) if each.what == What.COURSE_VIEWED]
    assert views == [origin] * 3


def test_addresses_that_are_given_out_never_come_from_what_a_request_calls_the_host(believed: tuple[Web, str]) -> None:
    web, _ = believed
    course, visitor = web.course("Hosea Example"), web.visitor("alice")
    form = visitor.get(f"/courses/{course}/feeds/new")
    visitor.http.headers.update(
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Host": "evil.example"}
    )
    led_astray = visitor.send(form, name="phone")
    assert led_astray.status_code == 200
    assert "evil.example" not in led_astray.text
    page = Page(led_astray.text)
    assert page.all("code")[0].text.startswith(f"{web.url}/c/")
    for name in ("X-Forwarded-Host", "X-Forwarded-Proto", "Host"):
        del visitor.http.headers[name]
    assert codes(visitor.send(form, name="phone").text) == codes(led_astray.text), "the codes to scan are the same"


def test_a_redirect_stays_on_the_host_whatever_a_request_calls_it(believed: tuple[Web, str]) -> None:
    web, _ = believed
    answer = web.visitor().http.get("/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/")


# ---------------------------------------------------------------------------------------------------------------------


def codes(html: str) -> list[str]:
    """The pictures of codes on a page, as they are drawn."""
    return [part.partition("</svg>")[0] for part in html.split("<svg")[1:]]
