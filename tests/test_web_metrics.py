"""The numbers of sending at /metrics: what they count, and who may look."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from service import sending
from service.courses import start_course
from service.wiring import App
from service.worker import tick
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app
from web.app import create_app

FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)
SAMPLE = re.compile(r'infusions_reminders_[a-z_]+(\{[a-z]+="[a-z]+"\})? -?\d+(\.\d+)?(e[+-]\d+)?')


async def get(app: App, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(create_app(app), client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as visitor:
        return await visitor.get("/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})


def fetch(app: App, client: str = "127.0.0.1", **headers: str) -> httpx.Response:
    return asyncio.run(get(app, client, **headers))


def samples(app: App) -> dict[str, float]:
    lines = [line for line in fetch(app).text.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in lines), lines
    return {name.removeprefix("infusions_reminders_"): float(value) for name, value in map(str.split, lines)}


def test_they_tell_what_waits_what_went_and_what_failed_of_all_processes(
    engine: Engine, clock: Clock, mail_server: MailServer
) -> None:
    clock.at = FRIDAY
    app = make_app(engine, clock, mail_server.environ())
    for name in ("ann", "ben", "cem"):
        start_course(app, bob(email=f"{name}@patients.example"), by=NURSE)
    clock.at = DUE + timedelta(minutes=5)
    before = samples(app)
    assert (before["oldest_due_seconds"], before["sent_total"], before['breaker{state="closed"}']) == (300, 0, 1)
    mail_server.answer("RCPT", "550 5.1.1 no such user", "450 4.2.0 later")
    tick(make_app(engine, clock, mail_server.environ()), DUE)
    after = samples(app)
    assert before["waiting"] - after["waiting"] == 2, "one was sent, one is dead, one is tried again"
    assert (after["sent_total"], after["ticks_total"], after["oldest_due_seconds"]) == (1, 1, 0)
    assert (after['failed_total{class="refused"}'], after['failed_total{class="retry"}']) == (1, 1)
    assert after["tick_seconds_total"] > 0
    sending.pause(app, by=NURSE)
    assert samples(app)['breaker{state="paused"}'] == 1
    assert "example" not in fetch(app).text


def test_without_a_token_this_machine_alone_may_look(app: App, tmp_path: Path) -> None:
    assert fetch(app).headers["content-type"].startswith("text/plain; version=0.0.4")
    assert fetch(app, "::1").status_code == 200
    assert fetch(app, "192.0.2.7").status_code == 404
    assert fetch(app, X_Forwarded_For="192.0.2.7").status_code == 404, "a proxy on this machine asks for another"


@pytest.mark.parametrize(
    ("told", "status"), [("Bearer right", 200), ("bearer right", 200), ("Bearer wrong", 404), ("right", 404), ("", 404)]
)
def test_with_a_token_who_has_it_may_look_from_anywhere(
    engine: Engine, clock: Clock, tmp_path: Path, told: str, status: int
) -> None:
    (tmp_path / "token").write_text("right\n")
    app = make_app(engine, clock, {"INFUSIONS_SERVER__METRICS_TOKEN_FILE": str(tmp_path / "token")})
    assert fetch(app, "192.0.2.7", Authorization=told).status_code == status
    (tmp_path / "token").write_text("")
    assert fetch(app, "192.0.2.7", Authorization="Bearer ").status_code == 404
