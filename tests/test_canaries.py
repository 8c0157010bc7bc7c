"""What a run leaves behind, grepped: no name, no drug and no token in any log, error page, number or database file.

One course goes through its whole story, with feeds made, fetched, replaced and revoked, mails sent, and faults put in.
"""

import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import httpx

from scheduler.actions import Cease, CeaseCause, Defer, Given, Hold, HoldCause, Omit, Resume
from service.api_tokens import new_api_token
from service.feeds import list_feeds
from service.users import Role
from tests.cli import Answer, run_process
from tests.test_web_feeds import make_feed
from tests.web_site import NOW, Web, add_staff, running

PATIENT = "Xenokrates Canarywood"
MAILBOX = "xenokrates@patients.example"
# In any of these texts each of them would tell who is treated with what.
NAMES = ("xenokrates", "canarywood", "inotuzumab", "ozogamicin", "besponsa")
PLAIN = {"accept-encoding": "identity", "user-agent": f"Thunderbird {PATIENT}", "referer": "https://example.org/"}


def token_of(address: str) -> str:
    return address.rpartition("/")[2].removesuffix(".ics")


def story(web: Web) -> tuple[list[str], list[str]]:
    """Everything that happens to a course; gives the secret tokens, and what people who may not know were answered."""
    course = web.course(PATIENT, email=MAILBOX)
    visitor = web.visitor("alice")
    addresses = [make_feed(web, course, name=f"{PATIENT}'s {level}", detail=level) for level in ("full", "busy")]
    day1, day8 = date(2026, 12, 7), date(2026, 12, 16)
    steps = (
        Given(cycle=1, day=1, on=day1, reason=PATIENT),
        Defer(cycle=1, day=8, to=day8, reason=PATIENT),
        Omit(cycle=1, day=15, reason=PATIENT),
        Hold(cycle=2, day=1, on=date(2026, 12, 14), cause=HoldCause.LIVER, reason=PATIENT),
        Resume(cycle=2, day=1, on=date(2026, 12, 30), reason=PATIENT),
        Cease(on=date(2026, 12, 31), cause=CeaseCause.TOXICITY, reason=PATIENT),
    )
    told = []
    for step in steps:
        web.record(course, step)
        for address in addresses:
            fetched = httpx.get(address, headers=PLAIN)
            assert fetched.status_code == 200
            again = httpx.get(address, headers=PLAIN | {"if-none-match": fetched.headers["etag"]})
            assert again.status_code == 304
        told += [httpx.post(address).text for address in addresses]
        told += [httpx.get(f"{address}x").text, httpx.get(address.replace(".ics", "")).text]
        told += [httpx.get(f"{web.url}/courses/{PATIENT}").text, httpx.get(f"{web.url}/u/{token_of(address)}").text]
    feeds = list_feeds(web.app, course)
    replaced = visitor.send(visitor.get(f"/courses/{course}/feeds/{feeds[0].id}/replace"))
    assert replaced.status_code == 200
    visitor.send(visitor.get(f"/courses/{course}/feeds/{feeds[1].id}/revoke"))
    told += [httpx.get(address, headers=PLAIN).text for address in addresses]
    told += [httpx.get(f"{web.url}/healthz").text, httpx.get(f"{web.url}/metrics").text]
    return [token_of(address) for address in addresses], told


def programs(web: Web) -> tuple[list[str], list[str]]:
    """What other programs ask and are refused; gives the secret tokens, and what they may not know is answered."""
    course, token = web.course(PATIENT), new_api_token(web.app, "laboratory", role=Role.NURSE, by="cli")
    places = f"{web.url}/api/v1/courses"
    entitled = {"authorization": f"Bearer {token}", "idempotency-key": PATIENT}
    made = httpx.post(f"{places}/{course}/feeds", json={"name": PATIENT, "detail": "full"}, headers=entitled)
    assert made.status_code == 201
    assert httpx.get(f"{places}?q={PATIENT}", headers=entitled).json()["total"] > 0
    action = {"kind": "omit", "cycle": 1, "day": 1, "reason": PATIENT, PATIENT: PATIENT}
    refused = httpx.post(f"{places}/{course}/actions", json=action, headers=entitled)
    assert refused.status_code == 422
    strange = {"authorization": "Bearer " + "A" * 43}
    told = [httpx.post(f"{places}/{course}/actions", json=action, headers=each).text for each in ({}, strange)]
    told += [httpx.get(f"{places}/{PATIENT}/{token}", headers=each).text for each in ({}, strange, entitled)]
    return [token, token_of(made.json()["address"])], told


def faults(web: Web, folder: Path) -> list[str]:
    """What is answered while the database is held by another program, and when a feed can't be made anew."""
    address = make_feed(web, web.course(PATIENT), detail="full")
    with closing(sqlite3.connect(folder / "infusions.db", isolation_level=None, timeout=20)) as other:
        other.execute("UPDATE feed SET software = 'older'")
        other.execute("BEGIN EXCLUSIVE")  # a writer that never ends: the bytes can't be stored anew
        away = httpx.get(address, timeout=30)
        other.execute("ROLLBACK")
        other.execute("UPDATE feed SET software = 'older', reader = :text", {"text": PATIENT})
    broken = httpx.get(address, timeout=30)
    assert (away.status_code, broken.status_code) == (503, 500)
    return [token_of(address), away.text, broken.text]


def commands(folder: Path) -> list[Answer]:
    """What the command line says: reminders of the whole story, and what is looked at when something is wrong."""
    environ = {
        "INFUSIONS_DATABASE__URL": f"sqlite:///{folder / 'infusions.db'}",
        "INFUSIONS_MAIL__FOLDER": str(folder / "mail"),
    }
    ticks = [run_process(folder, "tick", **environ, INFUSIONS_NOW=f"2026-12-{day}T15:00:00Z") for day in (14, 15, 16)]
    asked = (("doctor",), ("reminders", "list"), ("feed", "check", f"http://127.0.0.1:1/c/{'A' * 43}.ics"))
    return [*ticks, *(run_process(folder, *each, **environ, INFUSIONS_NOW=NOW) for each in asked)]


def test_no_name_no_drug_and_no_token_is_left_behind(migrated_sqlite: Path, tmp_path: Path) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path, INFUSIONS_CLINIC__NAME="Clinic") as web:
        add_staff(web.app)
        tokens, told = story(web)
        tokens, told = [both + more for both, more in zip((tokens, told), programs(web), strict=True)]
        answers = commands(tmp_path)
        last, *more = faults(web, tmp_path)
    tokens.append(last)
    log = web.log()
    assert "reference" in log, "the faults were told of"
    public = [log, *told, *more, *(answer.err for answer in answers)]
    for text in public:
        assert [name for name in NAMES if name in text.lower()] == []
    everything = [*public, *(answer.out for answer in answers)]
    files = [path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert len(files) > 2, "the database, its secret, mails"
    for token in (*tokens, "A" * 43):
        assert not any(token in text for text in everything)
        assert not any(token.encode() in content for content in files)
