"""What the runbook promises: a restored backup mails nobody twice; every command that it names is there."""

import re
from pathlib import Path

import pytest

from service.cli import infusions as program
from tests.cli import Infusions

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


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`infusions ([a-z]+(?: [a-z]+)?)", RUNBOOK))))
def test_every_command_of_the_runbook_is_there(command: str) -> None:
    first, _, second = command.partition(" ")
    context = program.make_context("infusions", [], resilient_parsing=True)
    found = program.get_command(context, first)
    assert found is not None
    if first == "reminders":
        assert second in found.commands  # type: ignore[attr-defined]
