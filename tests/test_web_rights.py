"""Who may see and do what: every route, every role, and the clinic next door."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from scheduler.actions import Defer
from service.feeds import list_feeds
from service.mails import course_mails
from service.page_links import list_links, new_link
from service.prints import list_prints
from tests.web_site import ELSEWHERE, Page, Web
from web.app import ROUTERS, create_pages
from web.kinds import KINDS
from web.rights import Right
from web.session import May, signed_in, with_token

# What needs no sign-in. Everything else names the right that it asks for.
PUBLIC = {"/healthz", "/metrics", "/static/{name}", "/sign-in", "/u/{token}", "/p/{token}", "/welcome/{token}"}
PUBLIC |= {"/p/{token}/choices", "/p/{token}/calendar"}
NO_SESSION = {
    "/sign-in",
    "/u/{token}",
    "/welcome/{token}",
    "/p/{token}/choices",
    "/p/{token}/calendar",
}  # of a form sent from there no session can be misused
ONLY_SIGNED_IN = {"/sign-out", "/account", "/account/language"}


def routes() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def dependencies(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for each in dependant.dependencies:
        if each.call is not None:
            yield each.call
        yield from dependencies(each)


def rights_of(route: APIRoute) -> set[Right]:
    return {call.right for call in dependencies(route.dependant) if isinstance(call, May)}


def test_every_route_names_the_right_that_it_asks_for() -> None:
    for route in routes():
        if route.path in PUBLIC:
            assert not rights_of(route), route.path
        elif route.path in ONLY_SIGNED_IN:
            assert signed_in in set(dependencies(route.dependant)), route.path
        else:
            assert len(rights_of(route)) == 1, f"{route.path} names no right, or several"


def test_every_form_that_is_sent_shows_the_sessions_token() -> None:
    for route in routes():
        if "POST" in (route.methods or set()) and route.path not in NO_SESSION:
            assert with_token in set(dependencies(route.dependant)), route.path


def test_no_route_that_stores_is_open_to_readers() -> None:
    stores = [route for route in routes() if "POST" in (route.methods or set()) and route.path.startswith("/courses")]
    assert stores
    assert all(rights_of(route) == {Right.RECORD} for route in stores)


def test_the_application_serves_these_routes_and_no_others(web: Web) -> None:
    assert len(create_pages(web.app).routes) == len(ROUTERS)
    assert {route.path for route in routes()} >= PUBLIC | ONLY_SIGNED_IN


@pytest.fixture(scope="module")
def bobs(web: Web) -> UUID:
    """Bob's course, with an entry and a calendar."""
    from tests.stores import NURSE

    course = web.course()
    web.record(course, Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="travelling"))
    from calendars.kinds import Detail, Reader
    from service.feeds import new_feed

    new_feed(
        web.app,
        course,
        name="Bob's phone",
        reader=Reader.PATIENT,
        detail=Detail.DISCREET,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
    )
    from service.prints import print_course
    from service.rendering import Look

    print_course(web.app, course, Look(), by=NURSE)
    new_link(web.app, course, name="phone", detail=Detail.FULL, language="en", by=NURSE)
    from service.carers import NewCarer, add_carer

    carer = NewCarer(name="Dora", email="dora@mail.example", consent=True, language="en", zone="Europe/Paris")
    add_carer(web.app, course, carer, by=NURSE)
    return course


def paths(web: Web, course: UUID) -> dict[str, str]:
    """Each route that is asked for with a course's address, filled in."""
    return {
        route.path: route.path.format(kind="defer", **ids(web, course))
        for route in routes()
        if "{course_id}" in route.path and "GET" in (route.methods or set())
    }


def ids(web: Web, course: UUID) -> dict[str, object]:
    """What stands in the paths of a course: its own id, those of its first calendar and next mail, its carer's role."""
    mail = course_mails(web.app, course).waiting[0].ids[0]
    feed, printed = list_feeds(web.app, course)[0].id, list_prints(web.app, course)[0].id
    made = {"feed_id": feed, "print_id": printed, "link_id": list_links(web.app, course)[0].id}
    return {"course_id": course, "message_id": mail, "role": "carer-1", **made}


def readable(path: str) -> bool:
    course = "/courses/{course_id}"
    return path in {course, f"{course}/history", f"{course}/mails", f"{course}/timeline.svg"}


@pytest.mark.parametrize("name", ["alice", "pia", "adam"])
def test_nurse_prescriber_and_admin_may_open_every_page_of_a_course(web: Web, bobs: UUID, name: str) -> None:
    visitor = web.visitor(name)
    for route, path in paths(web, bobs).items():
        assert visitor.http.get(path).status_code == 200, route


def test_an_auditor_reads_and_is_offered_and_allowed_nothing_else(web: Web, bobs: UUID) -> None:
    visitor = web.visitor("erin")
    for route, path in paths(web, bobs).items():
        expected = 200 if readable(route) else 403
        assert visitor.http.get(path).status_code == expected, route
    page = visitor.get(f"/courses/{bobs}")
    assert not [
        link
        for link in page.all("a")
        if any(
            part in link.attributes["href"]
            for part in ("/record", "/feeds", "/links", "/hand-over", "/carers", "/choice", "/withdraw")
        )
    ]
    assert not [link for link in page.all("a") if link.attributes["href"] == "/courses/new"]
    before = web.load(bobs).revision
    token = page.all("input")[0].attributes["value"]
    for path in all_posts(web, bobs):
        assert visitor.http.post(path, data={"token": token}).status_code == 403, path
    assert web.load(bobs).revision == before


def test_the_clinic_next_door_finds_nothing(web: Web, bobs: UUID) -> None:
    visitor = web.visitor("charlie")
    for path in ("/", "/courses", "/worklist"):
        assert "Bob Example" not in visitor.get(path).text
    for route, path in paths(web, bobs).items():
        answer = visitor.http.get(path)
        assert answer.status_code == 404, route
        assert "Bob" not in answer.text
    token = visitor.get("/").all("input")[0].attributes["value"]
    typed = {
        "token": token,
        "revision": "1",
        "dose": "1-15",
        "to": "2026-12-22",
        "step": "confirm",
        "seen_revision": "1",
    }
    typed |= {"request_id": "charlie", "name": "x", "reader": "carer", "detail": "full", "language": "en"}
    for path in all_posts(web, bobs):
        assert visitor.http.post(path, data=typed).status_code == 404, path
    assert web.load(bobs).revision == 1
    assert [feed.revoked_at for feed in list_feeds(web.app, bobs)] == [None]
    from service.carers import list_recipients

    assert [(line.role, line.withdrawn_at) for line in list_recipients(web.app, bobs)] == [
        ("patient", None),
        ("carer-1", None),
    ]


def test_each_clinic_sees_its_own_courses(web: Web, bobs: UUID) -> None:
    web.course("Dora Elsewhere", clinic_id=ELSEWHERE)
    assert "Dora Elsewhere" in web.visitor("charlie").get("/courses").text
    assert "Dora Elsewhere" not in web.visitor("alice").get("/courses").text


def test_a_stranger_is_asked_to_sign_in_everywhere(web: Web, bobs: UUID) -> None:
    visitor = web.visitor()
    for path in ["/", "/worklist", "/courses/new", *paths(web, bobs).values()]:
        answer = visitor.http.get(path)
        assert answer.status_code == 303, path
        assert "Bob" not in Page(answer.text).html
    for path in all_posts(web, bobs):
        assert visitor.http.post(path, data={"token": "x"}).status_code == 303, path


def all_posts(web: Web, course: UUID) -> list[str]:
    found = [
        route.path.format(kind=kind, **ids(web, course))
        for route in routes()
        if "POST" in (route.methods or set()) and "{course_id}" in route.path
        for kind in (KINDS if "{kind}" in route.path else [""])
    ]
    assert len(found) > len(KINDS)
    return found
