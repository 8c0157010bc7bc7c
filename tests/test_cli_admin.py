"""`infusions migrate`, `backup`, `restore`, `doctor`, and what every command says when it cannot work."""

import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.cli import NOW, REGIMEN, Infusions, run_process, start_process

NO_SERVER = {"INFUSIONS_DATABASE__URL": "postgresql://nobody:secretword@127.0.0.1:1/none"}


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})


def patients(infusions: Infusions) -> list[str]:
    return [line["patient"] for line in infusions.done("course", "list", "--json").json()["courses"]]


def test_without_a_database_a_command_names_migrate_and_makes_nothing(infusions: Infusions) -> None:
    for args in (("course", "list"), ("reminders", "list"), ("tick",), ("serve", "--port", "0"), ("worker",)):
        assert "infusions migrate" in infusions.refused(*args)
    assert list(infusions.folder.iterdir()) == []


def test_migrate_makes_the_database_for_its_owner_alone_and_does_no_harm_twice(infusions: Infusions) -> None:
    infusions.migrated().migrated()
    assert (infusions.folder / "data" / "infusions.db").stat().st_mode & 0o777 == 0o600
    assert patients(infusions) == []


def test_an_old_schema_is_refused_with_the_command_that_mends_it(infusions: Infusions) -> None:
    infusions.migrated()
    with sqlite3.connect(infusions.folder / "data" / "infusions.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    for args in (("course", "list"), ("serve", "--port", "0"), ("worker",), ("tick",)):
        assert "infusions migrate" in infusions.refused(*args)


@pytest.mark.parametrize(
    "args", [("course", "list"), ("migrate",), ("tick",), ("serve", "--port", "0"), ("user", "disable", "alice")]
)
def test_a_database_that_gives_no_answer_is_one_sentence_without_its_password(
    infusions: Infusions, args: tuple[str, ...]
) -> None:
    sentence = infusions.refused(*args, **NO_SERVER)
    assert "none at 127.0.0.1:1" in sentence
    assert "secretword" not in sentence


def test_a_mail_server_that_gives_no_answer_is_one_sentence_and_the_mail_waits(infusions: Infusions) -> None:
    infusions.migrated()
    course = infusions.course("--email", "bob@patient.example")
    smtp = {
        "INFUSIONS_SMTP__HOST": "127.0.0.1",
        "INFUSIONS_SMTP__PORT": "1",
        "INFUSIONS_SMTP__SENDER": "us@clinic.example",
    }
    sentence = infusions.refused("tick", "--now", "2026-12-04T14:00:30Z", **smtp)
    assert "127.0.0.1" in sentence
    assert "bob@" not in sentence
    waiting = infusions.done("reminders", "list", course, "--state", "waiting", "--json").json()["reminders"]
    assert any(each["send_after"].startswith("2026-12-04") for each in waiting)
    assert infusions.done("tick", "--now", "2026-12-04T14:20:00Z", "--json").json()["sent"] >= 1


def test_a_backup_holds_one_state_and_is_restored_as_a_whole(infusions: Infusions) -> None:
    infusions.migrated().course()
    infusions.done("backup", "kept.db")
    assert (infusions.folder / "kept.db").stat().st_mode & 0o777 == 0o600
    infusions.done("course", "new", REGIMEN, "--patient", "Carol Example", "--day1", "2026-12-14")
    assert "--replace" in infusions.refused("restore", "kept.db")
    assert len(patients(infusions)) == 2
    infusions.done("restore", "kept.db", "--replace")
    assert patients(infusions) == ["Bob Example"]


def test_a_backup_can_be_restored_on_another_machine(infusions: Infusions) -> None:
    infusions.migrated().course()
    infusions.done("backup", "kept.db")
    elsewhere = {"INFUSIONS_DATABASE__URL": "sqlite:///elsewhere/infusions.db"}
    infusions.done("restore", "kept.db", **elsewhere)
    (line,) = infusions.done("course", "list", "--json", **elsewhere).json()["courses"]
    assert line["patient"] == "Bob Example"


def test_what_is_no_sound_backup_is_refused_and_the_database_stays(infusions: Infusions) -> None:
    infusions.migrated().course()
    (infusions.folder / "text.db").write_text("no database " * 200, encoding="ascii")
    sqlite3.connect(infusions.folder / "empty.db").close()
    with sqlite3.connect(infusions.folder / "other.db") as connection:
        connection.execute("CREATE TABLE something (id INTEGER)")
    connection.close()
    infusions.done("backup", "newer.db")
    with sqlite3.connect(infusions.folder / "newer.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for name in ("text.db", "empty.db", "other.db", "missing.db", "newer.db", "."):
        assert f"backup {name}" in infusions.refused("restore", name, "--replace")
    assert patients(infusions) == ["Bob Example"]


def test_a_backup_is_never_written_over_another_and_leaves_no_half_file(infusions: Infusions) -> None:
    infusions.migrated()
    (infusions.folder / "kept.db").write_text("mine", encoding="ascii")
    assert "exists already" in infusions.refused("backup", "kept.db")
    assert "No such file" in infusions.refused("backup", "nowhere/kept.db")
    assert "there is no such file" in infusions.refused("backup", "b.db", INFUSIONS_DATABASE__URL="sqlite:///x.db")
    assert "pg_dump" in infusions.refused("backup", "b.db", **NO_SERVER)
    assert "pg_restore" in infusions.refused("restore", "kept.db", **NO_SERVER)
    assert sorted(each.name for each in infusions.folder.iterdir()) == ["data", "kept.db"]


def test_doctor_says_what_is_in_order_and_what_needs_mending(infusions: Infusions) -> None:
    infusions.migrated()
    told = infusions.done("doctor", "--json").json()
    assert (told["ok"], [check["what"] for check in told["checks"]]) == (
        True,
        [
            "settings",
            "regimens",
            "languages",
            "holidays",
            "whom to call",
            "database",
            "clinics",
            "secret",
            "mail",
            "sending",
            "the day",
        ],
    )
    assert "ok    database: " in infusions.done("doctor").out
    unread = "English, Arabic (not yet checked by a clinician), Spanish (not yet checked by a clinician)"
    assert f"ok    languages: {unread}\n" in infusions.done("doctor").out


@pytest.mark.parametrize(
    ("environ", "what"),
    [
        ({"INFUSIONS_CLINIC__ZONE": "Mars/X"}, "settings"),
        ({"INFUSIONS_REGIMENS__FOLDER": "missing"}, "regimens"),
        ({"INFUSIONS_CLINIC__COUNTRY": "US", "INFUSIONS_CLINIC__REGION": "XX"}, "holidays"),
        ({"INFUSIONS_CLINIC__COUNTRY": "XX"}, "holidays"),
        (NO_SERVER, "database"),
        ({"INFUSIONS_DATABASE__URL": "sqlite:///none.db"}, "database"),
        ({"INFUSIONS_MAIL__FOLDER": "/dev/null/mail"}, "mail"),
        ({"INFUSIONS_SMTP__HOST": "127.0.0.1", "INFUSIONS_SMTP__PORT": "1", "INFUSIONS_SMTP__SENDER": "a@b.c"}, "mail"),
    ],
)
def test_doctor_names_each_thing_that_is_wrong(infusions: Infusions, environ: dict[str, str], what: str) -> None:
    infusions.migrated()
    answer = infusions("doctor", "--json", **environ)
    wrong = [check["what"] for check in answer.json()["checks"] if not check["ok"]]
    assert (answer.code, wrong) == (1, [what])
    assert "MEND  " + what in infusions("doctor", **environ).out


def test_doctor_sees_a_secret_that_others_can_read(infusions: Infusions) -> None:
    infusions.migrated()
    secret = infusions.folder / "data" / "secret"
    secret.write_text("x" * 40, encoding="ascii")
    secret.chmod(0o644)
    assert "chmod 600" in infusions("doctor").out


def test_ctrl_c_ends_a_command_without_a_traceback(tmp_path: Path) -> None:
    assert run_process(tmp_path, "migrate").code == 0
    waiting = start_process(tmp_path, "worker")
    assert waiting.stdout is not None
    assert waiting.stdout.readline().startswith(b"Sending reminders.")
    time.sleep(0.5)
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=20)
    assert (waiting.returncode, out, err) == (0, b"", b"")
