"""The HTTP interface over a database of its own, and a program that asks with a nurse's token."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.stores import Clock, bob, make_app
from tests.web_site import NOW

if TYPE_CHECKING:
    from service.wiring import App

ADDRESSES = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The interface over a database of its own, and a token of a nurse."""

    app: "App"
    clock: Clock
    url: str
    token: str
    http: httpx.Client

    def course(self) -> str:
        """A course like Bob's, whose first dose was given."""
        from scheduler.actions import Given
        from service.courses import record, start_course

        id_ = start_course(self.app, bob(), by="cli")
        record(self.app, id_, Given(cycle=1, day=1, on=date(2026, 12, 7)), by="cli")
        return str(id_)

    def ask(self, method: str, path: str, body: object = None, *, key: str = "", **headers: str) -> httpx.Response:
        """Asks with the token; `key` is an Idempotency-Key."""
        sent = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {}), **headers}
        return self.http.request(method, f"/api/v1{path}", json=body, headers=sent)

    def done(self, method: str, path: str, body: object = None, **more: str) -> Any:
        """The answer to what must be done."""
        answer = self.ask(method, path, body, **more)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: object = None, **more: str) -> tuple[int, str, str | None]:
        """Status, code and field of what must be refused with one sentence that tells where."""
        from web.api.errors import CODES

        answer = self.ask(method, path, body, **more)
        assert answer.status_code >= 400, answer.text
        error = answer.json()["error"]
        assert error["code"] in CODES
        assert error["message"].count("\n") == 0
        assert error["message"]
        return answer.status_code, error["code"], error["field"]

    @property
    def database(self) -> str:
        """The path of the database."""
        return str(self.app.engine.url.database)

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        with closing(sqlite3.connect(self.database)) as found:
            names = [row[0] for row in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: found.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


@pytest.fixture(scope="module")
def running_api(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The interface, served for all tests of a file; each of them makes the courses that it needs."""
    from db.engine import make_engine
    from service.api_tokens import new_api_token
    from service.users import Role
    from tests.prepared_site import served
    from web.server import listen

    path = tmp_path_factory.mktemp("api") / "infusions.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine, clock = make_engine(f"sqlite:///{path}"), Clock(datetime.fromisoformat(NOW))
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = make_app(engine, clock, {"INFUSIONS_SERVER__PUBLIC_URL": url})
    token = new_api_token(app, "hospital", role=Role.NURSE, by="cli")
    with served(app, listener), httpx.Client(base_url=url, timeout=30) as http:
        yield Api(app=app, clock=clock, url=url, token=token, http=http)
    engine.dispose()


@pytest.fixture
def api(running_api: Api) -> Iterator[Api]:
    """The interface, asked from an address of the test's own: whoever sends wrong tokens is held up there."""
    running_api.clock.at = datetime.fromisoformat(NOW)
    number = next(ADDRESSES)
    transport = httpx.HTTPTransport(local_address=f"127.1.{number // 200}.{number % 200 + 1}")
    with httpx.Client(base_url=running_api.url, timeout=30, transport=transport) as http:
        yield replace(running_api, http=http)
