"""One course from its start to its end, with everything real: database, processes, HTTP, two parsers, a mail server.

Day 1 is given, day 8 deferred by two days, day 15 held and resumed, then treatment ceases. After each step the feed,
the windows and the mails are those that the scheduling rules ask for.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from scheduler import uid_of
from tests.cli import Infusions, start_process
from tests.readers import ReadEvent, read_both
from tests.smtp_server import MailServer


@dataclass
class Story:
    """The service, a subscribed phone and a mailbox; `now` is what every command takes as the clock."""

    infusions: Infusions
    environ: dict[str, str]
    mails: MailServer
    course: str = ""
    address: str = ""
    phone: dict[str, ReadEvent] = field(default_factory=dict)
    read: int = 0

    def begin(self, url: str) -> None:
        """The course, and the phone's address at the running service."""
        now = "2026-12-01T15:00:00Z"
        person = ("--patient", "Bob Example", "--email", "bob@patients.example")
        when = ("--day1", "2026-12-07", "--at", "09:00", "--zone", "America/New_York")
        self.course = self.run(
            now, "course", "new", "inotuzumab-ozogamicin", *person, *when, "--audience", "can-become-pregnant"
        )
        address = self.run(now, "feed", "new", self.course, "--name", "Bob's phone", "--detail", "full")
        self.address = url + address[address.index("/c/") :]

    def run(self, now: str, *args: str) -> str:
        """Runs a command; gives what it prints."""
        return self.infusions.done(*args, **self.environ, INFUSIONS_NOW=now).out.strip()

    def record(self, now: str, *args: str) -> None:
        """Records an action on the course."""
        self.run(now, "course", "record", self.course, *args, "--by", "cli")

    def subscribe(self) -> set[str]:
        """Reads the feed as a phone does; gives the roles of the events that are new, changed or gone since."""
        answer = httpx.get(self.address)
        assert answer.status_code == httpx.codes.OK
        before, self.phone = self.phone, read_both(answer.content)
        changed = {uid for uid in before | self.phone if before.get(uid) != self.phone.get(uid)}
        for uid in changed & before.keys() & self.phone.keys():
            assert self.phone[uid].sequence > before[uid].sequence
            assert self.phone[uid].last_modified > before[uid].last_modified
        return {self._role(uid) for uid in changed}

    def roles(self) -> set[str]:
        """The roles of all events on the phone."""
        return {self._role(uid) for uid in self.phone}

    def event(self, role: str) -> ReadEvent:
        """The event of a role such as c1d8/infusion, as the phone has it."""
        return self.phone[str(uid_of(UUID(self.course), role))]

    def last_mail(self) -> str:
        """The text of the mail that arrived last."""
        return self.mails.mails()[-1].text

    def _role(self, uid: str) -> str:
        return next(role for role in ROLES if str(uid_of(UUID(self.course), role)) == uid)

    def starts(self, *doses: str) -> list[str]:
        """When infusions start, in UTC."""
        return [f"{self.event(f'{dose}/infusion').start:%m-%d %H:%M}" for dose in doses]

    def tick(self, *instants: str) -> list[str]:
        """One pass of the reminders at each instant; gives the subjects of the mails that arrived."""
        for instant in instants:
            self.run(instant, "tick")
        received = self.mails.mails()
        new, self.read = received[self.read :], len(received)
        assert all(mail.to == ("bob@patients.example",) for mail in new)
        return [str(mail.message["Subject"]) for mail in new]

    def window(self, now: str) -> dict[str, Any]:
        """The one window of the course, as staff see it."""
        windows = json.loads(self.run(now, "course", "show", self.course, "--format", "json"))["windows"]
        assert len(windows) == 1
        found: dict[str, Any] = windows[0]
        return found


WINDOW = "window/contraception/can-become-pregnant"
ROLES = (
    WINDOW,
    "c1d1/checks-before-1/pregnancy-test",
    "c3/end/response-review",
    *(
        f"c{cycle}d{day}/{role}"
        for cycle in range(1, 7)
        for day in (1, 8, 15)
        for role in ("infusion", "observation", "checks-before-1", "checks-after-1")
    ),
)


@pytest.fixture
def story(
    store_url: str,
    tmp_path: Path,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Story]:
    """A course that starts on 7 December 2026, and a phone that subscribes to the running service."""
    monkeypatch.chdir(tmp_path)
    infusions = Infusions(tmp_path, capsys, {})
    environ = {"INFUSIONS_DATABASE__URL": store_url, **mail_server.environ()}
    told = Story(infusions, environ, mail_server)
    service = start_process(tmp_path, "serve", "--port", "0", "--no-reminders", **environ)
    try:
        told.begin(url_of(service))
        yield told
    finally:
        service.terminate()
        service.communicate(timeout=15)
        assert service.returncode == 0


def url_of(service: subprocess.Popen[bytes]) -> str:
    """The address that the service prints when it listens."""
    assert service.stdout is not None
    for line in service.stdout:
        if found := re.search(rb"http://[0-9.:]+", line):
            return found[0].decode()
    raise AssertionError("the service did not start")


def test_a_course_is_followed_by_phone_and_mail_from_its_first_dose_to_the_end(story: Story) -> None:
    # Before the first dose: the whole course, with the mails of the first visit.
    story.subscribe()
    assert story.starts("c1d1", "c1d8", "c1d15", "c2d1") == ["12-07 14:00", "12-14 14:00", "12-21 14:00", "12-28 14:00"]
    assert len({role for role in story.roles() if role.endswith("/infusion")}) == 18
    assert story.window("2026-12-01T15:00:00Z")["through"] == "2028-01-03"
    assert story.tick("2026-12-02T14:00:00Z", "2026-12-03T14:00:00Z") == ["Your check on Friday 4 December"]
    visit = "Your appointment on Monday 7 December"
    assert story.tick("2026-12-04T14:00:00Z", "2026-12-05T14:00:00Z", "2026-12-06T14:00:00Z") == [visit, visit]

    # Day 1 is given, and takes five minutes more than planned.
    story.record(
        "2026-12-07T17:30:00Z", "given", "--cycle", "1", "--day", "1", "--on", "2026-12-07", "--ended", "10:05"
    )
    assert story.subscribe() == {"c1d1/infusion", "c1d1/observation"}
    assert story.event("c1d1/observation").end == datetime(2026, 12, 7, 16, 5, tzinfo=UTC)
    assert story.tick("2026-12-07T17:45:00Z") == ["Your check on Tuesday 8 December"]

    # Day 8 is deferred by two days; to keep the gap of six days, day 15 moves by one.
    story.record("2026-12-08T15:00:00Z", "defer", "--cycle", "1", "--day", "8", "--to", "2026-12-16")
    moved = {f"c1d{day}/{role}" for day in (8, 15) for role in ("infusion", "observation")}
    checks = {f"c1d{day}/checks-{side}-1" for day in (8, 15) for side in ("before", "after")}
    assert story.subscribe() == moved | checks
    assert story.starts("c1d8", "c1d15", "c2d1") == ["12-16 14:00", "12-22 14:00", "12-28 14:00"]
    assert len(story.tick("2026-12-08T15:05:00Z")) == 0, "corrections may follow for ten minutes"
    assert len(story.tick("2026-12-08T15:11:00Z")) == 1
    assert "Wednesday 16 December" in story.last_mail()
    assert story.tick("2026-12-10T14:00:00Z", "2026-12-11T14:00:00Z") == [], "the old date is never reminded of"
    visit = "Your appointment on Wednesday 16 December"
    assert story.tick("2026-12-13T14:00:00Z", "2026-12-15T14:00:00Z") == [visit, visit]

    # Day 8 is given; then the liver tests hold day 15, and all that follows loses its date.
    story.record("2026-12-16T17:00:00Z", "given", "--cycle", "1", "--day", "8", "--on", "2026-12-16")
    story.subscribe()
    hold = ("hold", "--cycle", "1", "--day", "15", "--on", "2026-12-18", "--cause", "liver")
    story.record("2026-12-18T15:00:00Z", *hold)
    gone = story.subscribe()
    assert WINDOW in gone
    assert WINDOW not in story.roles(), "no end date while doses are on hold"
    assert {story.event(f"c{cycle}d1/infusion").status for cycle in range(2, 7)} == {"CANCELLED"}
    assert "To be arranged" in story.event("c1d15/infusion").summary
    assert story.window("2026-12-18T15:00:00Z")["through"] is None
    story.tick("2026-12-17T14:00:00Z")
    quiet = ("2026-12-18T15:30:00Z", "2026-12-19T14:00:00Z", "2026-12-21T14:00:00Z")
    assert story.tick(*quiet) == [], "no mail is the first to tell that a dose is held"

    # It resumes six days later than planned, and the patient was told: the course follows.
    resume = ("resume", "--cycle", "1", "--day", "15", "--on", "2026-12-28", "--patient-told")
    story.record("2026-12-23T15:00:00Z", *resume)
    assert WINDOW in story.subscribe()
    assert story.starts("c1d15", "c2d1", "c6d15") == ["12-28 14:00", "01-03 14:00", "05-09 13:00"]
    assert story.event("c1d15/infusion").status == "CONFIRMED"
    assert story.window("2026-12-23T15:00:00Z")["through"] == "2028-01-09"
    assert len(story.tick("2026-12-23T15:11:00Z")) == 1
    assert "Monday 28 December" in story.last_mail()
    visit = "Your appointment on Monday 28 December"
    assert story.tick("2026-12-25T14:00:00Z", "2026-12-27T14:00:00Z") == [visit, visit]

    # After day 15 treatment ceases: the window is final, and nothing of the old dates is sent any more.
    story.record("2026-12-28T17:00:00Z", "given", "--cycle", "1", "--day", "15", "--on", "2026-12-28")
    story.tick("2026-12-28T17:30:00Z")
    cease = ("cease", "--on", "2026-12-29", "--cause", "patient-choice", "--patient-told")
    story.record("2026-12-29T15:00:00Z", *cease)
    assert WINDOW in story.subscribe()
    assert {story.event(f"c{cycle}d1/infusion").status for cycle in range(2, 7)} == {"CANCELLED"}
    window = story.window("2026-12-29T15:00:00Z")
    assert (window["last_dose"], window["through"], window["final"]) == ("2026-12-28", "2027-08-28", True)
    assert story.event(WINDOW).start == date(2027, 8, 28)
    assert story.event(WINDOW).status == "CONFIRMED"
    assert len(story.tick("2026-12-29T15:11:00Z")) == 1
    assert story.tick("2026-12-31T14:00:00Z", "2027-01-02T14:00:00Z", "2027-05-06T13:00:00Z") == []
    assert len(story.tick("2027-07-29T13:00:00Z")) == 1, "thirty days before the window's date"
