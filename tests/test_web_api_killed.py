"""The service is killed between storing and answering: the program that asks again with its key does nothing twice."""

import os
import signal
from collections.abc import Callable
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from uuid import uuid4

import httpx
import pytest

from db.engine import make_engine
from service.audit import faults
from tests.api_site import Api
from tests.stores import Clock, make_app
from tests.web_site import NOW

START = {"regimen": "inotuzumab-ozogamicin", "day1": "2026-12-21", "patient": "Nora Example"}
DEFER = {"kind": "defer", "cycle": 1, "day": 8, "to": "2026-12-16", "reason": "travelling", "seen_revision": 1}
Path = Callable[[str], str]
DEEDS: tuple[tuple[str, Path, dict[str, object], str], ...] = (
    ("a course is started", lambda _: "/courses", dict(START), "course"),
    ("an action is recorded", lambda course: f"/courses/{course}/actions", dict(DEFER), "action"),
    ("a feed is made", lambda course: f"/courses/{course}/feeds", {"name": "phone"}, "feed"),
)


@pytest.mark.parametrize(("path_of", "body", "table"), [deed[1:] for deed in DEEDS], ids=[deed[0] for deed in DEEDS])
def test_what_was_stored_when_the_service_was_killed_is_answered_to_the_repeat_and_not_done_again(
    api: Api, path_of: Path, body: dict[str, object], table: str
) -> None:
    key = uuid4().hex
    path = path_of(api.course())
    before = api.rows()
    ask_of_one_that_dies(api, path, body, key)
    stored = api.rows()
    assert stored[table] == before[table] + 1, "it was stored, and nobody heard of it"
    answer = api.done("POST", path, body, key=key)
    assert api.rows() == stored
    assert api.done("POST", path, body, key=key) == answer
    assert api.rows() == stored
    assert faults(api.app)[1] == ()


# ---------------------------------------------------------------------------------------------------------------------


def ask_of_one_that_dies(api: Api, path: str, body: dict[str, object], key: str) -> None:
    """Sends the request to a service of its own on the same database, which is killed before it answers."""
    context = get_context("spawn")
    here, there = context.Pipe()
    secret = str(api.app.settings.security.secret_file)
    killed = context.Process(target=serve_until_it_answers, args=(api.database, secret, there))
    killed.start()
    there.close()  # what it ends without a word is told here as the end, instead of being waited for
    assert here.poll(60), "the service did not start"
    headers = {"Authorization": f"Bearer {api.token}", "Idempotency-Key": key}
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{here.recv()}/api/v1{path}", json=body, headers=headers, timeout=30)
    killed.join()
    assert killed.exitcode == -signal.SIGKILL


def serve_until_it_answers(database: str, secret: str, told: Connection) -> None:
    """In a process of its own: the whole service, killed when it is about to send the first byte of an answer."""
    from starlette.types import Message, Receive, Scope, Send

    from web.app import create_app
    from web.server import listen, serve

    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    engine = make_engine(f"sqlite:///{database}")
    environ = {"INFUSIONS_SERVER__PUBLIC_URL": url, "INFUSIONS_SECURITY__SECRET_FILE": secret}
    pages = create_app(make_app(engine, Clock(datetime.fromisoformat(NOW)), environ))

    async def dying(scope: Scope, receive: Receive, send: Send) -> None:
        async def die(message: Message) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        await pages(scope, receive, die if scope["type"] == "http" else send)

    serve(dying, listener, started=lambda: told.send(url))
