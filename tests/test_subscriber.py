"""A real subscriber: vdirsyncer fetches a course's feed from the running service, and khal shows what came."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli import Infusions, start_process
from tests.conftest import missing
from tests.test_story import url_of

ZONE = "America/New_York"
VDIRSYNCER = """
[general]
status_path = "{folder}/status/"
[pair clinic]
a = "phone"
b = "feed"
collections = null
[storage phone]
type = "filesystem"
path = "{folder}/calendar/"
fileext = ".ics"
[storage feed]
type = "http"
url = "{address}"
"""
KHAL = """
[calendars]
[[clinic]]
path = {folder}/calendar/
[sqlite]
path = {folder}/khal.db
[locale]
local_timezone = America/New_York
default_timezone = America/New_York
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An event as khal shows it: wall times in the clinic's zone, or a date."""

    start: str
    status: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A phone with the two programs, and the clinic's command line."""

    folder: Path
    infusions: Infusions
    environ: dict[str, str]
    course: str

    def record(self, now: str, *action: str) -> None:
        """Staff record an action."""
        self.infusions.done("course", "record", self.course, *action, **self.environ, INFUSIONS_NOW=now)

    def planned(self) -> set[tuple[str, str]]:
        """Start and state of each dose, as the plan has it now; what has no date is left out."""
        show = ("course", "show", self.course, "--format", "json")
        plan = self.infusions.done(*show, **self.environ, INFUSIONS_NOW=NOW).json()
        doses = [dose for cycle in plan["cycles"] for dose in cycle["doses"] if dose["infusion"]]
        return {(local(dose["infusion"]["start"]), dose["state"]) for dose in doses if dose["state"] in STANDS}

    def shown(self) -> set[Shown]:
        """What khal shows from December to May, after vdirsyncer has fetched."""
        self._run("vdirsyncer", "--config", "vdirsyncer.conf", "sync", "--force-delete")
        form = "{start-long-full}\t{status}\t{title}"
        listed = ("--config", "khal.conf", "list", "--day-format", "", "--once", "--format", form)
        text = self._run("khal", *listed, "2026-12-01", "170d")
        rows = [line.split("\t") for line in text.splitlines() if line.count("\t") == 2]
        return {Shown(start=start.strip(), status=status.strip(), title=title.strip()) for start, status, title in rows}

    def infusions_shown(self) -> dict[str, Shown]:
        """The infusions alone, by their title without what it says of their state."""
        found = [each for each in self.shown() if "Infusion:" in each.title]
        names = {each.title.replace("Cancelled: ", "").replace(" (may change)", ""): each for each in found}
        assert len(names) == len(found), "no visit stands twice"
        return names

    def _run(self, *command: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "INFUSIONS"))}
        environ = kept | {"HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            command,
            check=False,
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


NOW = "2026-12-29T18:00:00Z"
STANDS = {"planned", "given"}


def local(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}"


@pytest.fixture
def subscriber(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Subscriber]:
    for program in ("vdirsyncer", "khal"):
        if shutil.which(program) is None:
            missing(f"No {program} found: install it (on Debian: apt-get install {program}).")
    monkeypatch.chdir(tmp_path)
    infusions = Infusions(tmp_path, capsys, {})
    environ = {"INFUSIONS_DATABASE__URL": sqlite_url}
    service = start_process(tmp_path, "serve", "--port", "0", "--no-reminders", **environ)
    try:
        now = "2026-12-01T15:00:00Z"
        url = url_of(service)
        course = infusions.done(
            *("course", "new", "inotuzumab-ozogamicin", "--patient", "Bob Example", "--day1", "2026-12-07"),
            *("--at", "09:00", "--zone", ZONE, "--cycles", "3"),
            **environ,
            INFUSIONS_NOW=now,
        ).out.strip()
        feed = infusions.done(
            "feed", "new", course, "--name", "khal", "--detail", "full", "--alarm", "1d", **environ, INFUSIONS_NOW=now
        ).out.strip()
        address = url + feed[feed.index("/c/") :]
        for name, text in (("vdirsyncer.conf", VDIRSYNCER), ("khal.conf", KHAL)):
            (tmp_path / name).write_text(text.format(folder=tmp_path, address=address), encoding="utf-8")
        (tmp_path / "calendar").mkdir()
        phone = Subscriber(folder=tmp_path, infusions=infusions, environ=environ, course=course)
        phone._run("vdirsyncer", "--config", "vdirsyncer.conf", "discover")
        yield phone
    finally:
        service.terminate()
        service.communicate(timeout=15)


def dose(cycle: int, day: int) -> str:
    return f"Infusion: inotuzumab ozogamicin, cycle {cycle} day {day}"


def test_khal_shows_what_the_plan_says_through_given_deferred_omitted_and_ceased(subscriber: Subscriber) -> None:
    first = subscriber.infusions_shown()
    assert len(first) == 9
    assert first[dose(1, 1)] == Shown(start="2026-12-07 09:00", status="CONFIRMED", title=dose(1, 1))
    assert first[dose(2, 1)].status == "TENTATIVE"
    assert {(each.start, "planned") for each in first.values()} == subscriber.planned()
    assert any("liver tests" in each.title and each.start.startswith("2026-12-08") for each in subscriber.shown())

    subscriber.record("2026-12-07T17:30:00Z", "given", "--cycle", "1", "--day", "1", "--on", "2026-12-07")
    assert subscriber.infusions_shown()[dose(1, 1)].start == "2026-12-07 09:00"

    subscriber.record("2026-12-08T15:00:00Z", "defer", "--cycle", "1", "--day", "8", "--to", "2026-12-16")
    deferred = subscriber.infusions_shown()
    assert (deferred[dose(1, 8)].start, deferred[dose(1, 15)].start) == ("2026-12-16 09:00", "2026-12-22 09:00")
    assert {each.start for each in deferred.values()} == {start for start, _ in subscriber.planned()}

    subscriber.record(
        "2026-12-09T15:00:00Z", "omit", "--cycle", "1", "--day", "15", "--reason", "CANARY", "--patient-told"
    )
    omitted = subscriber.infusions_shown()
    gone = omitted.pop(dose(1, 15))
    assert (gone.status, gone.start, gone.title) == ("CANCELLED", "2026-12-22 09:00", f"Cancelled: {dose(1, 15)}")
    assert {each.start for each in omitted.values()} == {start for start, _ in subscriber.planned()}

    subscriber.record("2026-12-16T17:30:00Z", "given", "--cycle", "1", "--day", "8", "--on", "2026-12-16")
    cease = ("cease", "--on", "2026-12-18", "--cause", "patient-choice", "--patient-told")
    subscriber.record("2026-12-18T15:00:00Z", *cease)
    ceased = subscriber.infusions_shown()
    standing = {name for name, each in ceased.items() if each.status != "CANCELLED"}
    assert standing == {dose(1, 1), dose(1, 8)}
    assert {ceased[name].start for name in standing} == {start for start, _ in subscriber.planned()}
    assert len(ceased) == 9, "what will not happen is struck through, not silently gone"
