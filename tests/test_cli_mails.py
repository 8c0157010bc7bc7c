"""`infusions reminders pause`, `resume` and `send-now`: a course's mails from the command line."""

from pathlib import Path

import pytest

from tests.cli import Infusions

MORNING = "2026-12-04T13:30:00Z"  # half past eight in New York, three days before day 1
NIGHT = "2026-12-05T03:00:00Z"
NOBODY = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": MORNING}).migrated()


def sent(infusions: Infusions, now: str) -> int:
    told = infusions.done("tick", "--now", now, "--json").json()["sent"]
    assert isinstance(told, int)
    return told


def first(infusions: Infusions, course: str) -> dict[str, object]:
    found: dict[str, object] = infusions.done("reminders", "list", course, "--state", "waiting", "--json").json()[
        "reminders"
    ][0]
    return found


def test_paused_mails_stay_and_the_list_says_why(infusions: Infusions) -> None:
    course = infusions.course("--email", "bob@patients.example")
    infusions.done("reminders", "pause", course, "--by", "alice", "--request-id", "one")
    assert first(infusions, course)["reason"] == "paused for this patient"
    assert "paused for this patient" in infusions.done("reminders", "list", course).out
    assert sent(infusions, "2026-12-04T14:00:00Z") == 0
    infusions.done("reminders", "resume", course)
    assert sent(infusions, "2026-12-04T14:01:00Z") == 1


def test_a_mail_goes_now_and_at_night_only_when_asked(infusions: Infusions) -> None:
    course = infusions.course("--email", "bob@patients.example")
    infusions.done("reminders", "send-now", str(first(infusions, course)["id"]))
    assert first(infusions, course)["reason"] == "goes at the next pass, as staff asked"
    assert sent(infusions, "2026-12-04T13:31:00Z") == 1
    message = str(first(infusions, course)["id"])
    at_night = {"INFUSIONS_NOW": NIGHT}
    assert "2026-12-05 13:00 UTC" in infusions.done("reminders", "send-now", message, **at_night).out
    assert sent(infusions, NIGHT) == 0
    assert "2026-12-05 03:00 UTC" in infusions.done("reminders", "send-now", message, "--at-night", **at_night).out
    assert sent(infusions, NIGHT) == 1
    assert f"message {message}: does not wait, it is sent" in infusions.refused("reminders", "send-now", message)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("pause", NOBODY), "no such course"),
        (("resume", NOBODY), "no such course"),
        (("send-now", "7"), "message 7: there is none"),
        (("send-now", "first"), "is not a whole number"),
    ],
)
def test_what_is_not_there_is_one_sentence(infusions: Infusions, args: tuple[str, ...], says: str) -> None:
    assert says in infusions.refused("reminders", *args)


def test_a_neutral_notice_goes_with_the_entry_or_later(infusions: Infusions) -> None:
    course = infusions.course("--email", "bob@patients.example")
    omit = ("course", "record", course, "omit", "--cycle", "1", "--reason", "counts", "--day")
    infusions.done(*omit, "15", "--neutral-notice")
    assert sent(infusions, "2026-12-04T13:41:00Z") == 1
    infusions.done(*omit, "8")
    told = infusions.done("course", "told", course, "--revision", "2", "--neutral-notice")
    assert told.out == "A neutral notice goes. The patient still has to be told of revision 2.\n"
    assert sent(infusions, "2026-12-04T13:42:00Z") == 1
    mails = [path.read_text() for path in sorted((infusions.folder / "data" / "mail").glob("*.eml"))]
    assert [mail.count("Subject: Please call us") for mail in mails] == [1, 1]
    move = ("course", "record", course, "defer", "--cycle", "2", "--day", "8", "--to", "2027-01-05")
    assert "tell the patient by telephone" in infusions.refused(*move, "--neutral-notice")
    lines = infusions.done("worklist", "list", "--json").json()["lines"]
    assert [(line["todo"], line["entry"], line["untold"]) for line in lines if line["entry"]] == [
        ("tell", 1, True),
        ("tell", 2, True),
    ]
    infusions.done("worklist", "done", course, "tell:1", "--by", "alice")
    assert "tell:2" in (table := infusions.done("worklist", "list").out)
    assert "tell:1" not in table
