"""What the runbook promises: a restored backup mails nobody twice; every command that it names is there."""

import re
from pathlib import Path

import pytest

from service.cli import infusions as program
from tests.cli import Infusions
from tests.smtp_server import MailServer

RUNBOOK = (Path(__file__).parent.parent / "docs" / "runbook.md").read_text(encoding="utf-8")
FRIDAY = "2026-12-04T14:30:00Z"


def test_a_restored_backup_mails_nobody_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    infusions = Infusions(tmp_path, capsys, {"INFUSIONS_NOW": "2026-12-01T15:00:00Z"}).migrated()
    infusions.course("--email", "bob@patients.example")
    infusions.done("backup", "before.db")
    infusions.environ["INFUSIONS_NOW"] = FRIDAY
    assert infusions.done("tick", "--json").json()["sent"] == 1
    infusions.done("restore", "before.db", "--replace")
    assert "lies in the future" in infusions.refused("reminders", "settle", "--until", "2026-12-05T00:00:00Z")
    assert infusions.done("reminders", "settle", "--until", FRIDAY).out.startswith("2 messages are closed")
    assert infusions.done("tick", "--json").json()["sent"] == 0
    closed = infusions.done("reminders", "list", "--state", "unknown", "--json").json()["reminders"]
    assert {line["outcome"] for line in closed} == {"may have gone before the database was restored; please phone"}
    assert infusions.done("tick", "--json", "--now", "2026-12-06T14:30:00Z").json()["sent"] == 1, "the next one goes"
    assert len(list((tmp_path / "data" / "mail").glob("*.eml"))) == 2


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    """The command line in a clinic's folder, three days before a patient's first visit."""
    monkeypatch.chdir(tmp_path)
    infusions = Infusions(tmp_path, capsys, {"INFUSIONS_NOW": "2026-12-01T15:00:00Z"}).migrated()
    infusions.course("--email", "bob@patients.example")
    infusions.environ["INFUSIONS_NOW"] = FRIDAY
    return infusions


def test_sending_is_stopped_and_started_as_written(clinic: Infusions) -> None:
    clinic.done("reminders", "stop", "--by", "alice")
    assert "mails are stopped since" in clinic.refused("tick")
    assert clinic.done("reminders", "list").out.startswith("Attention: mails are stopped since 2026-12-04")
    assert "MEND  sending" in clinic("doctor").out
    clinic.done("reminders", "start", "--by", "alice")
    assert clinic.done("tick", "--json").json()["sent"] == 1


def test_one_patients_mails_are_paused_and_resumed_as_written(clinic: Infusions) -> None:
    [course] = [line["course"] for line in clinic.done("course", "list", "--json").json()["courses"]]
    clinic.done("reminders", "pause", course)
    assert clinic.done("tick", "--json").json()["sent"] == 0
    clinic.done("reminders", "resume", course)
    assert clinic.done("tick", "--json").json()["sent"] == 1


def test_a_stuck_queue_is_found_and_freed_as_written(clinic: Infusions, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "mail").write_text("a file where the folder should be")
    assert "can't be written" in clinic.refused("tick")
    doctor = clinic("doctor")
    assert "MEND  mail" in doctor.out
    assert "MEND  sending" in doctor.out
    assert "the next try is at" in doctor.out
    waiting = clinic.done("reminders", "list", "--state", "waiting", "--json").json()
    assert waiting["stopped"].startswith("mails are stopped since")
    assert waiting["reminders"][0]["attempts"] == 0, "nothing is used up"
    assert clinic.done("reminders", "list", "--state", "claimed", "--json").json()["reminders"] == []
    (tmp_path / "data" / "mail").unlink()
    clinic.done("reminders", "start")
    assert clinic.done("tick", "--json").json()["sent"] == 1


def test_a_changed_account_is_taken_over_as_written(clinic: Infusions, tmp_path: Path) -> None:
    server, password = MailServer(folder=tmp_path / "received", options=("--password", "new")), tmp_path / "password"
    server.start()
    try:
        clinic.environ |= server.environ(USERNAME="clinic", PASSWORD_FILE=str(password))
        password.write_text("old")
        assert "refuses our sign-in (535)" in clinic.refused("tick")
        password.write_text("new")
        assert "ok    mail:" in clinic("doctor").out
        clinic.done("reminders", "start")
        assert clinic.done("tick", "--json").json()["sent"] == 1
    finally:
        server.stop()


def test_a_suppressed_address_is_told_and_released_as_written(clinic: Infusions) -> None:
    clinic.done("reminders", "suppress", "bob@patients.example")
    assert clinic.done("tick", "--json").json()["sent"] == 0
    [course] = [line["course"] for line in clinic.done("course", "list", "--json").json()["courses"]]
    assert "nothing goes to this address; please phone" in clinic.done("reminders", "list", course).out
    lines = clinic.done("worklist", "list", "--json").json()["lines"]
    assert "nothing goes to this address; please phone" in {line["reason"] for line in lines}
    for line in lines:
        assert line["todo"] in {"phone", "remind"}, "the mail that failed, and the visit of which no mail will tell"
        clinic.done("worklist", "done", course, line["line"], "--by", "alice")
    assert clinic.done("worklist", "list", "--json").json()["lines"] == []
    clinic.done("reminders", "release", "bob@patients.example")
    assert clinic.done("tick", "--json", "--now", "2026-12-06T14:30:00Z").json()["sent"] == 1, "the next one goes"


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`infusions ([a-z]+(?: [a-z]+)?)", RUNBOOK))))
def test_every_command_of_the_runbook_is_there(command: str) -> None:
    first, _, second = command.partition(" ")
    context = program.make_context("infusions", [], resilient_parsing=True)
    found = program.get_command(context, first)
    assert found is not None
    if first == "reminders":
        assert second in found.commands  # type: ignore[attr-defined]
