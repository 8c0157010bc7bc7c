"""Five parsers that share no code with our writer, nor with each other, read the same as the view says.

icalendar and vobject (Python), libical (C: GNOME, KDE), ical.js (Thunderbird, Nextcloud) and node-ical (JavaScript).
Each worked example in nine zones, at each level, in each language.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from calendars import FORMATS
from calendars.view import CalendarView, ClinicCard, Detail
from scheduler import parse_regimen
from scheduler.actions import Action, Cease, CeaseCause, Defer, Given, Hold, HoldCause, Omit, Resume
from scheduler.regimen import Regimen
from service.regimen_example import load_example
from tests import libical
from tests.calendar_plans import DAY1, WORDINGS, Story, course, story
from tests.conftest import missing
from tests.neutral import NeutralEvent, of_read, of_view
from tests.readers import read_with_icalendar, read_with_vobject

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Australia/Sydney",
    "Asia/Kolkata",
    "America/Santiago",
    "Africa/Casablanca",
    "UTC",
)
# node-ical asks Node for a zone's rules, not the feed: a course in months whose rules old zone data know too.
FIRST_DAYS = {"Africa/Casablanca": date(2026, 1, 5)}


def examples(day1: date) -> dict[str, tuple[Action, ...]]:
    """What was recorded of each worked example that starts on `day1`."""

    def day(number: int) -> date:
        return day1 + timedelta(days=number - 1)

    given = Given(cycle=1, day=1, on=day(1))
    return {
        "planned": (),
        "eventful": (
            given,
            Defer(cycle=1, day=8, to=day(10), reason="travelling"),
            Given(cycle=1, day=8, on=day(10)),
            Omit(cycle=1, day=15, reason="counts"),
            Defer(cycle=2, day=1, to=day(24), reason="holidays"),
            Hold(cycle=5, day=8, on=day(11), cause=HoldCause.LIVER),
        ),
        "resumed": (
            given,
            Hold(cycle=1, day=8, on=day(1), cause=HoldCause.COUNTS),
            Resume(cycle=1, day=8, on=day(12)),
        ),
        "ceased": (given, Cease(on=day(4), cause=CeaseCause.TOXICITY)),
    }


LONG = {"planned", "eventful"}  # from winter into summer, or the other way round
ALARMS = (timedelta(days=1), timedelta(hours=2), timedelta(minutes=95))
SCRIPTS = Path(__file__).parent / "js"

HOSTILE = {
    "emoji with joiners": "👩🏽‍⚕️ 🏳️‍🌈 é e\u0301",
    "line ends": "a\r\nb\nc\rd",
    "separators": r'a,b;c\d:e="f"',
    "written escapes": r"C:\new\N \, \; \\n \\",
    "NUL and other controls": "a\0b\x07c\x1bd\x7f",
    "right to left": "\u202bעברית\u202c \u200f العربية \u2067abc\u2069",
    "1,000 characters": "x" * 1000,
    "1,000 characters of four octets": "😀" * 1000,
    "a component": "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:y",
}
# Wrong in the reader; there is only one way to write the text (RFC 5545 3.3.11).
MISREAD = {("node-ical", "written escapes"): "takes the n after an escaped backslash for an escaped line end"}


@cache
def regimens() -> dict[str, Regimen]:
    """The regimens that come along, by their file."""
    found = files("scheduler").joinpath("regimens").iterdir()
    texts = {each.name: each.read_text(encoding="utf-8") for each in found if each.name.endswith(".toml")}
    return {name: parse_regimen(text, name) for name, text in sorted(texts.items())}


def stories(zone: str) -> Iterator[tuple[str, Story]]:
    """Each worked example in that zone: those of this file, and that of every regimen that comes along."""
    day1 = FIRST_DAYS.get(zone, DAY1)
    for name, actions in examples(day1).items():
        of = course(zone=zone, day1=day1, cycles=None if name in LONG else 2)
        yield name, story(of, actions, today=day1 + timedelta(days=11))
    for name, regimen in regimens().items():
        example = load_example(regimen)
        assert example is not None, name
        of = replace(example.course.course, zone=zone)
        yield name, story(of, example.course.actions, regimen=regimen, today=example.today)


def views(zone: str) -> dict[str, CalendarView]:
    """What each reader is given, by a name that tells it from the others."""
    return {
        f"{name}-{detail}-{language}": told.view(detail=detail, wording=wording, alarms=ALARMS)
        for name, told in stories(zone)
        for detail in Detail
        for language, wording in WORDINGS.items()
    }


# -- The readers ------------------------------------------------------------------------------------------------------

Read = dict[str, NeutralEvent]
READERS: dict[str, Callable[[bytes], Read]] = {
    "icalendar": lambda body: {uid: of_read(event) for uid, event in read_with_icalendar(body).items()},
    "vobject": lambda body: {uid: of_read(event) for uid, event in read_with_vobject(body).items()},
    "libical": lambda body: {event.uid: event for event in libical.read(body)},
}


# Both take 50 ms a file: of the regimens' examples they read one level in one language, and of this file's all.
SLOW = {"icalendar", "vobject"}


def is_for_slow(name: str) -> bool:
    return ".toml" not in name or name.endswith(f"-{Detail.FULL}-en")


@pytest.fixture(scope="session")
def modules() -> Path:
    """The folder with the JavaScript parsers, installed once from the lock file for all processes of the run."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        missing("No node or npm found: install them (on Debian: apt-get install nodejs npm).")
    lock = (SCRIPTS / "package-lock.json").read_bytes()
    folder = Path(tempfile.gettempdir()) / f"infusions-js-{hashlib.sha256(lock).hexdigest()[:16]}"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SCRIPTS / name, folder)
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                timeout=300,
            )
            (folder / "complete").touch()
    return folder


def read_with_node(bodies: dict[str, bytes], modules: Path, folder: Path) -> dict[str, dict[str, Read]]:
    """What both JavaScript parsers read, by parser and name: one process for all of it."""
    for name, body in bodies.items():
        (folder / f"{name}.ics").write_bytes(body)
    done = subprocess.run(
        ["node", SCRIPTS / "read.mjs", modules, folder],
        check=True,
        capture_output=True,
        env=os.environ | {"TZ": "Pacific/Auckland"},  # neither takes the machine's own zone for the clinic's
        timeout=300,
    )
    told = json.loads(done.stdout)
    return {
        reader: {
            name.removesuffix(".ics"): {
                each["uid"]: NeutralEvent(**each | {"alarms": tuple(each["alarms"])}) for each in found
            }
            for name, found in by_file.items()
        }
        for reader, by_file in told.items()
    }


@pytest.fixture(scope="session")
def c_library() -> None:
    if libical.library() is None:
        missing("No libical found: install it (on Debian: apt-get install libical3).")


# -- They agree -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_five_parsers_read_what_the_view_says(zone: str, c_library: None, modules: Path, tmp_path: Path) -> None:
    seen = views(zone)
    wanted = {name: of_view(view) for name, view in seen.items()}
    bodies = {name: FORMATS["ics"].render(view) for name, view in seen.items()}
    read = {
        reader: {name: reads(body) for name, body in bodies.items() if reader not in SLOW or is_for_slow(name)}
        for reader, reads in READERS.items()
    }
    read |= read_with_node(bodies, modules, tmp_path)
    assert len(read) == 5
    assert len(wanted) == (len(examples(DAY1)) + len(regimens())) * len(Detail) * len(WORDINGS)
    for reader, found in read.items():
        for name, events in found.items():
            if not (reader == "node-ical" and zone in FIRST_DAYS and ".toml" in name):
                assert events == wanted[name], (reader, name)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_the_slow_parsers_read_all_of_it_too(zone: str) -> None:
    for name, view in views(zone).items():
        if not is_for_slow(name):
            body = FORMATS["ics"].render(view)
            for reader in SLOW:
                assert READERS[reader](body) == of_view(view), (reader, name)


def test_hostile_titles_come_back_equal(c_library: None, modules: Path, tmp_path: Path) -> None:
    """What no calendar can carry (NUL, other line ends) is taken out when the entry is made, once for all readers."""
    base = story().view(clinic=ClinicCard(), alarms=ALARMS)
    wanted: dict[str, Read] = {}
    bodies: dict[str, bytes] = {}
    for number, text in enumerate(HOSTILE.values()):
        entries = tuple(replace(each, summary=text, description=text, location=text) for each in base.entries[:3])
        view = replace(base, title=text, entries=entries)
        wanted[str(number)], bodies[str(number)] = of_view(view), FORMATS["ics"].render(view)
    read = {reader: {name: reads(body) for name, body in bodies.items()} for reader, reads in READERS.items()}
    read |= read_with_node(bodies, modules, tmp_path)
    for reader, found in read.items():
        for (name, events), title in zip(wanted.items(), HOSTILE, strict=True):
            if (reader, title) in MISREAD:
                assert found[name].keys() == events.keys()
            else:
                assert found[name] == events, (reader, title)


@pytest.mark.parametrize("lead", [timedelta(0), timedelta(minutes=1), timedelta(days=28)])
def test_alarms_of_any_lead_are_read_alike(lead: timedelta, c_library: None, modules: Path, tmp_path: Path) -> None:
    view = story().view(alarms=(lead,))
    body = FORMATS["ics"].render(view)
    read = {reader: reads(body) for reader, reads in READERS.items()}
    read |= {reader: found["one"] for reader, found in read_with_node({"one": body}, modules, tmp_path).items()}
    assert [reader for reader, found in read.items() if found != of_view(view)] == []
