"""`infusions plan` and `infusions regimens`: formats, course files, and one sentence for each fault."""

import json
import subprocess
import sys
from pathlib import Path

import icalendar
import pytest

from tests.cli import NOW, REGIMEN, Infusions, process_environ, start_process

START = ("plan", REGIMEN, "--day1", "2026-12-07")
COURSE_FILE = """
regimen = "inotuzumab-ozogamicin"
day1 = 2026-12-07
at = "09:00"
zone = "America/New_York"
audiences = ["can-become-pregnant"]
[[actions]]
kind = "given"
cycle = 1
day = 1
on = 2026-12-07
ended = "10:05"
[[actions]]
kind = "defer"
cycle = 1
day = 8
to = 2026-12-16
scope = "dose"
reason = "patient travelling"
"""


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})


def write(folder: Path, text: str) -> str:
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return "course.toml"


def doses(plan: dict[str, list[dict[str, list[dict[str, str]]]]]) -> list[str]:
    return [dose["date"] for cycle in plan["cycles"] for dose in cycle["doses"]]


def test_a_plan_of_six_cycles_as_json_has_the_eighteen_dates(infusions: Infusions) -> None:
    plan = infusions.done(*START, "--json").json()
    assert (plan["schema"], plan["revision"], plan["windows"]) == (1, 0, [])
    assert doses(plan)[:4] == ["2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28"]
    assert (len(doses(plan)), doses(plan)[-1]) == (18, "2027-05-03")
    assert infusions.done(*START, "--format", "json").json() == plan


def test_the_options_shape_the_course(infusions: Infusions) -> None:
    plan = infusions.done(
        *START,
        *("--at", "13:30", "--zone", "Europe/Berlin", "--intent", "transplant", "--cycles", "3"),
        *(
            "--cycle-length",
            "1=28",
            "--audience",
            "can-become-pregnant",
            "--audience",
            "breastfeeding:private",
            "--json",
        ),
    ).json()
    assert (plan["zone"], plan["intent"], len(plan["cycles"])) == ("Europe/Berlin", "transplant", 3)
    assert plan["cycles"][1]["day1"] == "2027-01-04"
    assert plan["cycles"][0]["doses"][0]["infusion"]["start"] == "2026-12-07T13:30:00+01:00"
    assert [(window["audience"], window["shown"]) for window in plan["windows"]] == [
        ("can-become-pregnant", True),
        ("breastfeeding", False),
    ]


def test_the_table_shows_every_dose_window_and_check_and_with_why_the_reasons(infusions: Infusions) -> None:
    shown = infusions.done(*START, "--audience", "can-become-pregnant").out
    assert "1      1    Mon 2026-12-07  planned  08:30    09:00-10:00  11:00" in shown
    assert "contraception  can-become-pregnant  Mon 2027-05-03  Mon 2028-01-03  may move later  patient" in shown
    assert "Fri 2026-12-04  cycle 1 day 1   blood-count" in shown
    assert "Why" not in shown
    assert "the course starts on that day" in infusions.done(*START, "--why").out


def test_a_plan_needs_no_database_and_leaves_nothing_behind(infusions: Infusions) -> None:
    infusions.done(*START, INFUSIONS_DATABASE__URL="postgresql://nobody@127.0.0.1:1/none")
    assert list(infusions.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["ics", "html", "svg", "text"])
def test_every_format_is_utf_8_and_the_same_twice(infusions: Infusions, name: str) -> None:
    assert infusions.done(*START, "--format", name).out == infusions.done(*START, "--format", name).out
    infusions.done(*START, "--format", name, "--output", "plan.out")
    written = (infusions.folder / "plan.out").read_bytes()
    assert b"2026" in written
    assert written.decode("utf-8")


def test_an_ics_plan_is_read_by_another_program(infusions: Infusions) -> None:
    calendar = icalendar.Calendar.from_ical(infusions.done(*START, "--format", "ics").out)
    starts = [event.start.isoformat() for event in calendar.events if "Infusion" in str(event["SUMMARY"])]
    assert len(starts) == 18
    assert starts[0] == "2026-12-07T09:00:00-05:00"


def test_a_private_window_is_for_staff_alone(infusions: Infusions) -> None:
    args = (*START, "--audience", "can-become-pregnant:private", "--format", "text")
    assert "birth control" not in infusions.done(*args).out
    assert "birth control" not in infusions.done(*args, "--for", "carer").out
    assert "irth control" in infusions.done(*args, "--for", "staff").out


def test_output_replaces_a_file_as_a_whole_or_not_at_all(infusions: Infusions) -> None:
    target = infusions.folder / "plan.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    assert infusions.done(*START, "--json", "--output", "plan.json").out == ""
    assert json.loads(target.read_text(encoding="utf-8"))["schema"] == 1
    assert target.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in infusions.folder.iterdir()] == ["plan.json"]
    sentence = infusions.refused(*START, "--output", "nowhere/plan.txt")
    assert sentence == "--output nowhere/plan.txt: cannot be written (No such file or directory)"


def test_a_course_file_gives_the_plan_after_its_actions(infusions: Infusions) -> None:
    name = write(infusions.folder, COURSE_FILE)
    plan = infusions.done("plan", "--course", name, "--today", "2026-12-08", "--json").json()
    assert plan["revision"] == 2
    assert doses(plan)[:4] == ["2026-12-07", "2026-12-16", "2026-12-22", "2026-12-28"]
    assert plan["cycles"][0]["doses"][0]["state"] == "given"
    assert plan["actions"][1]["reason"] == "patient travelling"


def test_the_uids_of_a_course_file_stay_and_its_stamp_is_today_at_midnight(infusions: Infusions) -> None:
    name = write(infusions.folder, COURSE_FILE)
    args = ("plan", "--course", name, "--format", "ics", "--today")
    first, later = (
        icalendar.Calendar.from_ical(infusions.done(*args, day).out) for day in ("2026-12-08", "2026-12-09")
    )
    assert [event["UID"] for event in first.events] == [event["UID"] for event in later.events]
    assert {event["DTSTAMP"].to_ical() for event in later.events} == {b"20261209T000000Z"}


def test_today_decides_what_is_in_the_future(infusions: Infusions) -> None:
    name = write(infusions.folder, COURSE_FILE)
    sentence = infusions.refused("plan", "--course", name)
    assert sentence.startswith("course.toml, [[actions]] 1: ")
    assert "2026-12-01" in sentence


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("day = 8", "day = 9"), "[[actions]] 2"),
        (("2026-12-16", "2026-12-19"), "reason"),
        (('zone = "America/New_York"', 'zone = "Mars/X"'), "zone"),
        (("day1 = 2026-12-07", 'day1 = "soon"'), "day1"),
        (("cycle = 1", "cycel = 1"), "cycel"),
        (('kind = "given"', 'kind = "giving"'), "giving"),
        (("regimen =", "regime ="), "regime"),
        (("[[actions]]", "[[actions"), "TOML"),
    ],
)
def test_a_fault_of_a_course_file_names_the_file_and_the_place(
    infusions: Infusions, change: tuple[str, str], says: str
) -> None:
    text = COURSE_FILE.replace(*change, 1).replace('reason = "patient travelling"', "")
    answer = infusions("plan", "--course", write(infusions.folder, text), "--today", "2026-12-08")
    assert (answer.code, answer.out) == (1, "")
    assert all(line.startswith("course.toml, ") for line in answer.err.splitlines()), answer.err
    assert says in answer.err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("plan", "nothing", "--day1", "2026-12-07"), "regimen 'nothing': there is no such regimen"),
        (("plan", REGIMEN, "--day1", "2026-02-30"), "--day1: '2026-02-30' is not a date"),
        (
            ("plan", REGIMEN, "--day1", "2026-12-07", "--today", "0001-01-01", "--format", "ics"),
            "--today: 0001-01-01 is not in the years 1900 to 2199; mend the year",
        ),
        (("plan", REGIMEN, "--day1", "7.12.2026"), "--day1"),
        (("plan", REGIMEN, "--day1", "9999-12-31"), "9999-12-31"),
        ((*START, "--zone", "Mars/X"), "zone 'Mars/X'"),
        ((*START, "--at", "25:00"), "--at: '25:00' is not a time of day"),
        ((*START, "--cycles", "many"), "--cycles: 'many' is not a whole number"),
        ((*START, "--cycles", "7"), "7"),
        ((*START, "--intent", "cure"), "intent: 'cure'"),
        ((*START, "--cycle-length", "1:28"), "--cycle-length: '1:28'"),
        ((*START, "--cycle-length", "1=24", "--cycle-length", "1=28"), "cycle 1 is named twice"),
        ((*START, "--cycle-length", "1=40"), "reason"),
        ((*START, "--audience", "everybody"), "everybody"),
        ((*START, "--audience", "breastfeeding:secret"), "breastfeeding"),
        ((*START, "--format", "docx"), "--format: 'docx' is unknown; use one of table, json"),
        ((*START, "--format", "pdf", "--for", "staff"), "format pdf: a sheet is for the patient or a carer"),
        ((*START, "--format", "pdf", "--paper", "a5"), "--paper: 'a5' is unknown; use one of a4, letter"),
        ((*START, "--format", "text", "--language", "tlh"), "language 'tlh'"),
        ((*START, "--today", "yesterday"), "--today"),
        (("plan", "--course", "missing.toml"), "course file missing.toml: there is no such file"),
        ((*START, "--config", "missing.toml"), "config file missing.toml: there is no such file"),
        (("--config", "missing.toml", *START), "config file missing.toml"),
        (("regimens", "show", "nothing"), "regimen 'nothing'"),
    ],
)
def test_a_value_that_cannot_be_read_is_one_sentence_and_exit_1(
    infusions: Infusions, args: tuple[str, ...], says: str
) -> None:
    assert says in infusions.refused(*args)


@pytest.mark.parametrize(
    "args",
    [
        ("plan",),
        ("plan", REGIMEN),
        ("plan", "--day1", "2026-12-07"),
        ("plan", "--course", "course.toml", "--day1", "2026-12-07"),
        (*START, "--colour"),
        (*START, "--at"),
        (*START, "more"),
        ("paint",),
        ("regimens", "paint"),
        (),
    ],
)
def test_an_unknown_or_missing_option_or_command_is_exit_2(infusions: Infusions, args: tuple[str, ...]) -> None:
    answer = infusions(*args)
    assert (answer.code, answer.out) == (2, "")
    assert "Error: " in answer.err or answer.err.startswith("Usage: infusions [OPTIONS] COMMAND")


def test_an_unknown_setting_in_the_environment_is_one_sentence(infusions: Infusions) -> None:
    sentence = infusions.refused(*START, INFUSIONS_CLINIC__ZOEN="Europe/Berlin")
    assert sentence.startswith("settings, INFUSIONS_CLINIC__ZOEN: there is no such setting")
    assert "INFUSIONS_NOW" in infusions.refused(*START, INFUSIONS_NOW="today")


def test_regimens_are_listed_and_shown_with_their_sources(infusions: Infusions) -> None:
    listed = {each["id"]: each for each in infusions.done("regimens", "list", "--json").json()["regimens"]}
    assert len(listed) == 22
    assert listed[REGIMEN]["agents"] == ["inotuzumab ozogamicin"]
    assert REGIMEN in infusions.done("regimens", "list").out
    assert "for those who can become pregnant: at least 8 months." in infusions.done("regimens", "show", REGIMEN).out
    assert 'id = "inotuzumab-ozogamicin"' in infusions.done("regimens", "show", REGIMEN, "--json").json()["text"]


def test_a_regimen_file_is_checked_and_all_its_faults_are_told(infusions: Infusions) -> None:
    text = infusions.done("regimens", "show", REGIMEN, "--json").json()["text"]
    (infusions.folder / "good.toml").write_text(text, encoding="utf-8")
    bad = text.replace("gap = { days = 6", "gap = { days = 0").replace("version = ", "versoin = ")
    (infusions.folder / "bad.toml").write_text(bad, encoding="utf-8")
    assert infusions.done("regimens", "check").out == "22 regimens: in order\n"
    sound = infusions.done("regimens", "check", "good.toml").out
    assert sound.startswith("good.toml: in order\n")
    answer = infusions("regimens", "check", "good.toml", "bad.toml", "missing.toml")
    assert (answer.code, answer.out) == (1, sound)
    assert "bad.toml, agents.inotuzumab-ozogamicin.gap, key `days`" in answer.err
    assert "bad.toml, key `versoin`" in answer.err
    assert "regimen file missing.toml: there is no such file" in answer.err
    told = infusions("regimens", "check", "good.toml", "bad.toml", "--json")
    assert (told.code, told.json()["ok"], told.json()["files"][0]["faults"]) == (1, False, [])


def test_the_clinics_own_regimens_stand_beside_those_that_come_along(infusions: Infusions) -> None:
    text = infusions.done("regimens", "show", REGIMEN, "--json").json()["text"]
    folder = infusions.folder / "own"
    folder.mkdir()
    own = text.replace('id = "inotuzumab-ozogamicin"', 'id = "our-inotuzumab"')
    (folder / "our-inotuzumab.toml").write_text(own, encoding="utf-8")
    set_ = {"INFUSIONS_REGIMENS__FOLDER": "own"}
    listed = infusions.done("regimens", "list", "--json", **set_).json()["regimens"]
    assert {REGIMEN, "our-inotuzumab"} < {each["id"] for each in listed}
    infusions.done("plan", "our-inotuzumab", "--day1", "2026-12-07", **set_)
    (folder / "again.toml").write_text(text.replace("gap = { days = 6", "gap = { days = 5"), encoding="utf-8")
    assert "with another content; raise the version" in infusions.refused(*START, **set_)
    assert "[regimens] folder" in infusions.refused(*START, INFUSIONS_REGIMENS__FOLDER="missing")


def test_a_plan_imports_no_database_web_or_calendar_library() -> None:
    program = """
import sys
from service.cli import run
code = run(["plan", "inotuzumab-ozogamicin", "--day1", "2026-12-07"], {})
heavy = ("alembic", "apscheduler", "babel", "db", "fastapi", "icalendar", "jinja2", "pydantic", "rich", "sqlalchemy",
         "sqlmodel", "uvicorn", "web", "holidays.countries")
print([name for name in heavy if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=process_environ(), capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_a_reader_that_stops_early_is_no_fault(tmp_path: Path) -> None:
    process = start_process(tmp_path, *START)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def test_a_full_disk_behind_standard_output_is_one_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from service.cli import main; main()", *START],
            cwd=tmp_path,
            env=process_environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "standard output: cannot be written (No space left on device); use --output\n"


def test_an_unforeseen_fault_tells_its_place_and_no_name(infusions: Infusions, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("Bob Example")

    monkeypatch.setattr("service.cli_plan.plan_course", broken)
    sentence = infusions.refused(*START)
    assert sentence.startswith("This is a fault of the program itself (KeyError in test_cli_plan.py, line ")
    assert "Bob" not in sentence
