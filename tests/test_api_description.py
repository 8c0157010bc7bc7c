"""`/openapi.json` is true: what schemathesis makes up from it is sent, and what comes back is what it promises."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from calendars.kinds import Detail, Reader
from db.engine import make_engine
from scheduler.actions import Given
from service.api_tokens import new_api_token
from service.courses import record, start_course
from service.feeds import new_feed
from service.messages import list_messages
from service.page_links import new_link
from service.prints import print_course
from service.rendering import Look
from service.users import Role
from tests.stores import Clock, bob, make_app
from tests.web_site import NOW
from web.api.app import ROUTERS, create_api

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
OPERATIONS = sorted(
    (route.path, method)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
)
load_all_checks()
# What is too long for a field may be too long for any body.
REFUSED = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422]
CONFIG = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}})
# A description can't express a regimen's rules: what it lets through may be refused. Tokens have tests of their own.
NOT_CHECKED: list[Any] = [
    CHECKS.get_one(name)
    for name in ("positive_data_acceptance", "ensure_resource_availability", "use_after_free", "ignored_auth")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The interface over a course in mid-course, a token for each role, and ids that are known."""

    schema: Any
    tokens: dict[Role, str]
    known: dict[str, str]


@pytest.fixture(scope="module")
def described(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    path = tmp_path_factory.mktemp("described") / "infusions.db"
    shutil.copy(migrated_sqlite, path)
    engine = make_engine(f"sqlite:///{path}")
    app = make_app(engine, Clock(datetime.fromisoformat(NOW)))
    course = start_course(app, bob(), by="cli")
    record(app, course, Given(cycle=1, day=1, on=date(2026, 12, 7)), by="cli")
    new_feed(
        app,
        course,
        name="phone",
        reader=Reader.PATIENT,
        detail=Detail.FULL,
        language="en",
        alarms=(),
        expires=None,
        by="cli",
    )
    known = {
        "course_id": str(course),
        "regimen_id": "inotuzumab-ozogamicin",
        "page_id": str(new_link(app, course, name="phone", detail=Detail.FULL, language="en", by="cli").id),
        "print_id": str(print_course(app, course, Look(), by="cli").id),
        "reminder_id": str(list_messages(app, course)[0].id),
    }
    tokens = {role: new_api_token(app, role.value, role=role, by="cli") for role in (Role.NURSE, Role.AUDITOR)}
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_api(app), config=CONFIG)
    yield Described(schema=schema, tokens=tokens, known=known)
    engine.dispose()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_what_is_made_up_is_answered_as_described(
    described: Described, path: str, method: str, mode: GenerationMode
) -> None:
    ask(described, path, method, mode, examples=6)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_much_of_what_is_made_up_is_answered_as_described(
    described: Described, path: str, method: str, mode: GenerationMode
) -> None:
    ask(described, path, method, mode, examples=100)


# ---------------------------------------------------------------------------------------------------------------------


def ask(described: Described, path: str, method: str, mode: GenerationMode, *, examples: int) -> None:
    """Sends what is made up for that operation; what is meant to be right is asked of ids that are known."""
    operation = described.schema[path][method]
    token = described.tokens[Role.AUDITOR if "/audit" in path else Role.NURSE]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def run(case: Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE:
            case.path_parameters = {
                name: described.known.get(name, value) for name, value in case.path_parameters.items()
            }
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=NOT_CHECKED)

    run()
