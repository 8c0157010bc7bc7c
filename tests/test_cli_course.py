"""`infusions course`, `feed`, `reminders` and `user`: the nurse's work from the command line, on a real database."""

import io
import sys
from pathlib import Path

import pytest

from tests.cli import NOW, REGIMEN, Infusions
from tests.pdf_reader import text_of

NOBODY = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW}).migrated()


def dates(infusions: Infusions, course: str) -> list[str]:
    plan = infusions.done("course", "show", course, "--json").json()
    return [dose["date"] for cycle in plan["cycles"] for dose in cycle["doses"]]


def test_a_started_course_is_listed_and_shown(infusions: Infusions) -> None:
    course = infusions.course("--email", "bob@patient.example", "--audience", "partner-can-become-pregnant")
    (line,) = infusions.done("course", "list", "--json").json()["courses"]
    assert line == {
        "course": course,
        "patient": "Bob Example",
        "regimen": "Inotuzumab ozogamicin",
        "day1": "2026-12-07",
        "next_visit": "2026-12-07",
        "state": "planned",
        "revision": 0,
        "spoken_language": None,
        "interpreter": False,
    }
    assert f"{course}  Bob Example" in infusions.done("course", "list").out
    plan = infusions.done("course", "show", course, "--json").json()
    assert (plan["course"], plan["patient"], plan["revision"]) == (course, "Bob Example", 0)
    assert "Monday 7 December 2026" in infusions.done("course", "show", course, "--format", "text").out
    assert "Mon 2026-12-07" in infusions.done("course", "show", course).out


def test_speech_and_guardian_are_options_and_shown(infusions: Infusions) -> None:
    speech = ("--spoken-language", "Tigrinya", "--interpreter")
    guardian = ("--guardian", "Anna", "--guardian-relation", "mother", "--guardian-email", "anna@mail.example")
    course = infusions.course(*speech, *guardian)
    shown = infusions.done("course", "show", course, "--json").json()
    anna = {"name": "Anna", "relation": "mother", "email": "anna@mail.example", "phone": "", "consent": True}
    assert (shown["spoken_language"], shown["interpreter"], shown["guardian"]) == ("Tigrinya", True, anna)
    (line,) = infusions.done("course", "list", "--json").json()["courses"]
    assert (line["spoken_language"], line["interpreter"]) == ("Tigrinya", True)
    assert "guardian   Anna" in infusions.done("course", "carer", "list", course).out


def test_a_guardians_address_without_consent_is_only_kept(infusions: Infusions) -> None:
    guardian = ("--guardian", "Anna", "--guardian-relation", "mother", "--guardian-email", "anna@mail.example")
    course = infusions.course(*guardian, "--guardian-no-consent")
    assert infusions.done("course", "show", course, "--json").json()["guardian"]["consent"] is False
    assert "no consent" in infusions.done("course", "carer", "list", course).out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--guardian-phone", "5"), "--guardian names who stands for the patient"),
        (("--guardian", "Anna", "--guardian-no-consent"), "says something of --guardian-email"),
    ],
)
def test_a_guardian_without_a_name_or_consent_to_nothing_is_wrong_usage(
    infusions: Infusions, options: tuple[str, ...], told: str
) -> None:
    answer = infusions("course", "new", REGIMEN, "--patient", "Bob", "--day1", "2026-12-07", *options)
    assert answer.code == 2
    assert told in answer.err


def test_facts_are_shown_and_each_is_changed_alone(infusions: Infusions) -> None:
    course = infusions.course()
    facts = ("course", "facts", course)
    assert infusions.done(*facts).out.splitlines() == [
        "reads        en",
        "interpreter  not needed",
        "guardian     none",
    ]
    guardian = ("--guardian", "Anna", "--guardian-relation", "mother", "--guardian-email", "anna@mail.example")
    infusions.done(*facts, "--spoken-language", "Tigrinya", "--interpreter", *guardian, "--by", "alice")
    told = infusions.done(*facts, "--guardian-phone", "+1 555 0102", "--no-interpreter", "--json").json()
    anna = {"name": "Anna", "relation": "mother", "email": "anna@mail.example", "phone": "+1 555 0102", "consent": True}
    known = {"course": course, "language": "en", "spoken_language": "Tigrinya", "interpreter": False, "guardian": anna}
    assert told == known
    assert infusions.done(*facts, "--json").json() == known
    assert "mail         anna@mail.example (agreed to mails)" in infusions.done(*facts).out
    told = infusions.done(*facts, "--guardian-no-consent", "--spoken-language", "", "--json").json()
    assert told == known | {"spoken_language": None, "guardian": anna | {"consent": False}}
    answer = infusions.done(*facts, "--language", "es", "--no-guardian", "--json")
    assert answer.json() == known | {"language": "es", "spoken_language": None, "guardian": None}
    assert "not yet checked by a clinician" in answer.err


def test_another_guardian_by_option_is_named_with_all_that_is_said_of_them(infusions: Infusions) -> None:
    anna = ("--guardian", "Anna", "--guardian-relation", "mother", "--guardian-email", "anna@mail.example")
    course = infusions.course(*anna)
    facts = ("course", "facts", course, "--json")
    assert "how the guardian is related" in infusions.refused(*facts, "--guardian", "Otto")
    told = infusions.done(*facts, "--guardian", "Otto", "--guardian-relation", "father", "--guardian-phone", "5").json()
    otto = {"name": "Otto", "relation": "father", "email": "", "phone": "5", "consent": False}
    assert told["guardian"] == otto
    again = infusions.done(*facts, "--guardian", "Otto", "--guardian-phone", "6").json()
    assert again["guardian"] == otto | {"phone": "6"}


def test_facts_that_cannot_be_change_nothing(infusions: Infusions) -> None:
    course = infusions.course()
    assert "is not an id" in infusions.refused("course", "facts", "x")
    assert NOBODY in infusions.refused("course", "facts", NOBODY, "--interpreter")
    assert "there is no wording" in infusions.refused("course", "facts", course, "--language", "tlh")
    assert "at most 60" in infusions.refused("course", "facts", course, "--spoken-language", "x" * 61)
    for wrong in (("--guardian-phone", "5"), ("--no-guardian", "--guardian", "Anna")):
        assert infusions("course", "facts", course, *wrong).code == 2
    assert infusions.done("course", "facts", course, "--json").json()["interpreter"] is False


def test_recorded_actions_make_revisions_that_can_be_looked_at(infusions: Infusions) -> None:
    course = infusions.course()
    args = ("course", "record", course)
    later = {"INFUSIONS_NOW": "2026-12-08T15:00:00Z"}
    told = infusions.done(*args, "given", "--cycle", "1", "--day", "1", "--on", "2026-12-07", "--by", "alice", **later)
    assert told.out.startswith("Revision 1 is recorded.")
    told = infusions.done(*args, "defer", "--cycle", "1", "--day", "8", "--to", "2026-12-16", **later)
    assert "moved      c1d8/infusion: Mon 2026-12-14 09:00 -> Wed 2026-12-16 09:00" in told.out
    assert dates(infusions, course)[:3] == ["2026-12-07", "2026-12-16", "2026-12-22"]
    before = infusions.done("course", "show", course, "--revision", "1", "--json").json()
    assert before["cycles"][0]["doses"][1]["date"] == "2026-12-14"
    history = infusions.done("course", "history", course, "--json").json()["history"]
    assert [(entry["number"], entry["kind"], entry["by"]) for entry in history] == [
        (1, "given", "alice"),
        (2, "defer", "cli"),
    ]
    assert "cycle 1, day 8, to 2026-12-16" in infusions.done("course", "history", course).out


def test_a_preview_stores_nothing(infusions: Infusions) -> None:
    course = infusions.course("--email", "bob@patient.example", "--audience", "can-become-pregnant")
    args = ("course", "record", course, "cycles", "--count", "5", "--reason", "asked for", "--preview")
    shown = infusions.done(*args).out
    assert shown.startswith("Nothing is stored.")
    assert "cancelled  c6d1/infusion" in shown
    assert "window     contraception for can-become-pregnant: at least until 2028-01-03 (may move later) ->" in shown
    assert "reminder   " in shown
    told = infusions.done(*args, "--json").json()
    assert {"key": "c6d1/infusion", "start": "2027-04-19T09:00:00-04:00", "end": "2027-04-19T10:00:00-04:00"} in told[
        "changes"
    ]["cancelled"]
    assert told["windows"][0]["before"]["through"] == "2028-01-03"
    assert told["reminders"]
    assert infusions.done("course", "list", "--json").json()["courses"][0]["revision"] == 0


def test_every_kind_of_action_can_be_recorded_and_voided(infusions: Infusions) -> None:
    course = infusions.course()
    clock = {"INFUSIONS_NOW": "2027-01-05T15:00:00Z"}
    steps = [
        "given --cycle 1 --day 1 --on 2026-12-07 --started 09:10 --ended 10:00 --partial --not-tolerated --reason stopped",
        "given --cycle 1 --day 8 --on 2026-12-14 --elsewhere",
        "omit --cycle 1 --day 15",
        "hold --cycle 2 --day 1 --on 2026-12-28 --cause counts",
        "resume --cycle 2 --day 1 --on 2027-01-06",
        "cycle-length --cycle 2 --days 28",
        "days --cycle 3 --days 1,8 --reason tired",
        "cycles --count 5",
        "intent --value transplant",
        "response --cycle 1 --value CR",
        "time --at 13:00",
        "time --at 14:00 --cycle 2 --day 8",
        "audience --value can-become-pregnant",
        "away --from 2027-02-01 --to 2027-02-07",
        "void --action 14",
        "away --from 2027-02-02 --to 2027-02-07 --replaces 13",
        "cease --on 2027-01-05 --cause transplant",
    ]
    for number, step in enumerate(steps, start=1):
        answer = infusions.done("course", "record", course, *step.split(), "--json", **clock)
        assert answer.json()["revision"] == number
    history = infusions.done("course", "history", course, "--json", **clock).json()["history"]
    assert [entry["number"] for entry in history if not entry["stands"]] == [13, 14]


def test_a_repeat_with_the_same_request_id_is_harmless(infusions: Infusions) -> None:
    course = infusions.course()
    args = ("course", "record", course, "defer", "--cycle", "1", "--day", "8", "--to", "2026-12-15")
    assert infusions.done(*args, "--request-id", "a", "--json").json()["repeated"] is False
    assert infusions.done(*args, "--request-id", "a", "--json").json() | {"changes": None} == {
        "course": course,
        "revision": 1,
        "repeated": True,
        "changes": None,
    }
    assert "was recorded before" in infusions.done(*args, "--request-id", "a").out
    new = ("course", "new", REGIMEN, "--patient", "Carol Example", "--day1", "2026-12-14", "--request-id", "b")
    assert infusions.done(*new).out == infusions.done(*new).out


def test_a_stale_revision_is_refused_with_the_difference(infusions: Infusions) -> None:
    course = infusions.course()
    args = ("course", "record", course, "defer", "--cycle", "1", "--day", "8", "--seen-revision", "0", "--to")
    infusions.done(*args, "2026-12-15")
    answer = infusions(*args, "2026-12-16")
    assert (answer.code, answer.out) == (1, "")
    assert "moved      c1d8/infusion: Mon 2026-12-14 09:00 -> Tue 2026-12-15 09:00" in answer.err
    assert answer.err.splitlines()[-1].startswith("the course is at revision 1, not 0")


def test_a_stale_revision_that_moved_nothing_is_one_sentence(infusions: Infusions) -> None:
    course = infusions.course()
    infusions.done("course", "record", course, "response", "--cycle", "1", "--value", "CR")
    args = ("course", "record", course, "omit", "--cycle", "1", "--day", "8", "--seen-revision", "0")
    assert infusions.refused(*args).startswith("the course is at revision 1, not 0")


def test_a_visit_that_takes_longer_shows_its_ends(infusions: Infusions) -> None:
    course = infusions.course()
    given = ("given", "--cycle", "1", "--day", "1", "--on", "2026-12-07", "--ended", "10:05")
    told = infusions.done("course", "record", course, *given, INFUSIONS_NOW="2026-12-08T15:00:00Z")
    expected = "Mon 2026-12-07 09:00 to Mon 2026-12-07 10:00 -> Mon 2026-12-07 09:00 to Mon 2026-12-07 10:05"
    assert f"moved      c1d1/infusion: {expected}\n" in told.out


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("given --cycle 1 --day 1 --on 2026-12-07", "2026-12-07"),
        ("defer --cycle 1 --day 8", "'to'"),
        ("defer --cycle 1 --day 8 --to 2026-12-16 --count 2", "'count'"),
        ("defer --cycle 1 --day 9 --to 2026-12-16", "9"),
        ("defer --cycle 1 --day 8 --to 2026-12-19", "reason"),
        ("defer --cycle 1 --day 8 --to 2026-12-16 --scope week", "week"),
        ("defer --cycle one --day 8 --to 2026-12-16", "--cycle: 'one'"),
        ("defer --cycle 1 --day 8 --to soon", "--to: 'soon' is not a date"),
        ("hold --cycle 1 --day 8 --on 2026-12-14 --cause weather", "weather"),
        ("days --cycle 1 --days 1;8 --reason x", "--days"),
        ("explode", "KIND: 'explode'"),
        ("void --action 3", "3"),
    ],
)
def test_a_refused_action_is_one_sentence_and_stores_nothing(infusions: Infusions, step: str, says: str) -> None:
    course = infusions.course()
    assert says in infusions.refused("course", "record", course, *step.split())
    assert infusions.done("course", "list", "--json").json()["courses"][0]["revision"] == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("course", "show", NOBODY), NOBODY),
        (("course", "show", "7"), "ID: '7' is not an id"),
        (("course", "history", NOBODY), NOBODY),
        (("course", "record", NOBODY, "cycles", "--count", "5"), NOBODY),
        (("course", "new", "nothing", "--patient", "Bob", "--day1", "2026-12-07"), "regimen 'nothing'"),
        (("course", "new", REGIMEN, "--patient", " ", "--day1", "2026-12-07"), "patient"),
        (("course", "new", REGIMEN, "--patient", "Bob", "--day1", "2026-12-07", "--email", "bob"), "email"),
        (("course", "new", REGIMEN, "--patient", "Bob", "--day1", "2026-12-07", "--language", "tlh"), "tlh"),
        (("course", "new", REGIMEN, "--patient", "Bob", "--day1", "2026-12-07", "--patient-zone", "X"), "zone 'X'"),
        (("feed", "new", NOBODY, "--name", "phone"), NOBODY),
        (("feed", "list", NOBODY), NOBODY),
        (("feed", "revoke", NOBODY), NOBODY),
        (("feed", "replace", NOBODY), NOBODY),
        (("reminders", "list", NOBODY), NOBODY),
        (("reminders", "list", "--state", "lost"), "--state: 'lost'"),
        (("reminders", "suppress", "bob"), "address"),
        (("reminders", "suppress", ""), "address"),
        (("reminders", "release", "bob@patient.example"), "not suppressed"),
        (("user", "add", "alice", "--role", "owner"), "--role: 'owner'"),
        (("user", "disable", "alice"), "alice"),
        (("tick", "--now", "2026-12-06"), "--now: '2026-12-06' is not an instant"),
    ],
)
def test_what_is_not_there_or_cannot_be_read_is_one_sentence(
    infusions: Infusions, args: tuple[str, ...], says: str
) -> None:
    assert says in infusions.refused(*args)


def test_consent_goes_with_the_address(infusions: Infusions) -> None:
    infusions.course("--email", "bob@patient.example")
    assert infusions.done("reminders", "list", "--state", "waiting", "--json").json()["reminders"]
    silent = infusions.course("--email", "bob@patient.example", "--no-consent")
    assert not infusions.done("reminders", "list", silent, "--state", "waiting", "--json").json()["reminders"]
    answer = infusions("course", "new", REGIMEN, "--patient", "Bob", "--day1", "2026-12-07", "--no-consent")
    assert answer.code == 2


def test_a_notice_of_a_hold_waits_until_the_patient_was_told(infusions: Infusions) -> None:
    course = infusions.course("--email", "bob@patient.example")
    hold = ("hold", "--cycle", "1", "--day", "8", "--on", "2026-12-01", "--cause", "counts")
    infusions.done("course", "record", course, *hold)

    def in_state(state: str) -> set[str]:
        found = infusions.done("reminders", "list", course, "--state", state, "--json").json()["reminders"]
        return {each["event"] for each in found if each["kind"] == "change"}

    assert "c1d8/infusion" in in_state("untold")
    infusions.done("course", "told", course, "--revision", "1")
    assert in_state("untold") == set()
    assert "c1d8/infusion" in in_state("waiting")
    assert "revision 2" in infusions.refused("course", "told", course, "--revision", "2")


def test_a_feed_is_made_listed_replaced_and_revoked(infusions: Infusions) -> None:
    course = infusions.course()
    args = ("feed", "new", course, "--name", "my phone", "--alarm", "1d", "--alarm", "2h", "--expires", "2027-06-30")
    made = infusions.done(*args, "--json").json()
    assert made["address"].startswith("http://127.0.0.1:8000/c/")
    assert made["address"].endswith(".ics")
    (line,) = infusions.done("feed", "list", course, "--json").json()["feeds"]
    assert (line["feed"], line["name"], line["state"], line["detail"]) == (made["feed"], "my phone", "live", "discreet")
    assert sorted(line["alarm_minutes"]) == [120, 1440]
    listing = infusions.done("feed", "list", course).out
    assert "my phone" in listing
    assert made["address"] not in listing
    other = infusions.done("feed", "replace", made["feed"]).out.strip()
    assert other.startswith("http://127.0.0.1:8000/c/")
    assert other != made["address"]
    feeds = infusions.done("feed", "list", course, "--json").json()["feeds"]
    live = next(feed["feed"] for feed in feeds if feed["state"] == "live")
    infusions.done("feed", "revoke", live)
    feeds = infusions.done("feed", "list", course, "--json").json()["feeds"]
    assert {feed["state"] for feed in feeds} == {"revoked"}


def test_a_lead_time_that_cannot_be_read_is_one_sentence(infusions: Infusions) -> None:
    course = infusions.course()
    for text in ("1 day", "d", "1w", "-1d", "99999999d"):
        assert "--alarm" in infusions.refused("feed", "new", course, "--name", "phone", "--alarm", text)


def test_an_address_can_be_suppressed_and_released(infusions: Infusions) -> None:
    infusions.done("reminders", "suppress", "bob@patient.example")
    infusions.done("reminders", "release", "Bob@patient.example")
    assert "not suppressed" in infusions.refused("reminders", "release", "bob@patient.example")


def test_a_tick_writes_the_mail_that_is_due_into_the_folder(infusions: Infusions) -> None:
    course = infusions.course("--email", "bob@patient.example")
    assert infusions.done("tick", "--json").json()["sent"] == 0
    told = infusions.done("tick", "--now", "2026-12-04T14:00:30Z", "--json").json()
    assert told["sent"] >= 1
    assert list((infusions.folder / "data" / "mail").glob("*.eml"))
    sent = infusions.done("reminders", "list", course, "--state", "sent", "--json").json()["reminders"]
    assert {"c1d1/infusion"} <= {each["event"] for each in sent}
    assert "sent" in infusions.done("tick", "--now", "2026-12-04T14:01:00Z").out


def test_a_user_is_added_with_the_password_from_standard_input(
    infusions: Infusions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long enough password\n"))
    assert infusions.done("user", "add", "alice", "--role", "nurse").out == "User alice can sign in as nurse.\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long enough password\n"))
    assert "alice" in infusions.refused("user", "add", "alice", "--role", "nurse")
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    assert "password" in infusions.refused("user", "password", "alice")
    monkeypatch.setattr(sys, "stdin", io.StringIO("another good password\n"))
    infusions.done("user", "password", "alice")
    infusions.done("user", "disable", "alice")


def test_names_with_control_characters_cannot_repaint_a_terminal(infusions: Infusions) -> None:
    answer = infusions("course", "new", REGIMEN, "--patient", "Bob\x1b[2J", "--day1", "2026-12-07")
    assert "\x1b" not in answer.out + answer.err
    assert "\x1b" not in infusions.done("course", "list").out


def test_carers_are_added_listed_and_removed_and_choose_less(infusions: Infusions) -> None:
    course = infusions.course("--email", "bob@patient.example")
    add = ("course", "carer", "add", course, "--name", "Dora", "--email", "dora@carers.example")
    added = infusions.done(*add, "--zone", "Europe/Paris", "--detail", "full", "--json").json()
    assert added == {"course": course, "carer": "carer-1"}
    assert infusions.done(*add).out == "carer-2\n"
    infusions.done("reminders", "choose", course, "--without", "window", "--only", "visit=3,1")
    told = infusions.done("reminders", "choose", course, "--for", "carer-1", "--calendar", "never", "--json").json()
    assert (told["recipient"], told["calendar"], told["days_before"]) == ("carer-1", "never", {})
    infusions.done("course", "carer", "remove", course, "carer-2")
    lines = infusions.done("course", "carer", "list", course, "--json").json()["recipients"]
    assert [(line["recipient"], line["zone"], line["detail"]) for line in lines[:2]] == [
        ("patient", "America/New_York", "discreet"),
        ("carer-1", "Europe/Paris", "full"),
    ]
    assert lines[0]["days_before"] == {"visit": [3, 1], "window": []}
    assert lines[2]["withdrawn_at"] == "2026-12-01T15:00:00+00:00"
    table = infusions.done("course", "carer", "list", course).out
    assert "visit 3, 1; window none" in table
    assert "consent withdrawn" in table


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--only", "visit"), "--only: 'visit' can't be read; write kind=days before"),
        (("--only", "visit=x"), "--only: 'x' is not a whole number"),
        (("--only", "visit=7"), "visit: the clinic sends none 7 days before; it sends: 3, 1"),
        (("--without", "all"), "--without: 'all' is unknown"),
        (("--for", "carer-3"), "recipient 'carer-3': the course has none"),
    ],
)
def test_a_choice_that_cannot_be_is_one_sentence(infusions: Infusions, args: tuple[str, ...], told: str) -> None:
    course = infusions.course("--email", "bob@patient.example")
    assert told in infusions.refused("reminders", "choose", course, *args)


def test_a_course_is_printed_and_its_prints_are_listed_and_revoked(infusions: Infusions) -> None:
    course = infusions.course()
    args = ("course", "show", course, "--format", "pdf", "--output", "sheet.pdf", "--by", "alice")
    infusions.done(*args, "--paper", "letter", "--large-print", "--detail", "discreet", "--language", "es")
    assert text_of(Path("sheet.pdf").read_bytes()).startswith("Calendario")
    infusions.done(*args, INFUSIONS_NOW="2026-12-01T15:01:00Z")
    assert "For Bob Example" in text_of(Path("sheet.pdf").read_bytes())
    fresh, first = infusions.done("print", "list", course, "--json").json()["prints"]
    assert (first["by"], first["paper"], first["large_print"], first["language"]) == ("alice", "letter", True, "es")
    assert (fresh["detail"], fresh["revision"], fresh["outdated"], fresh["revoked_at"]) == ("full", 0, False, None)
    infusions.done("course", "record", course, "defer", "--cycle", "1", "--day", "8", "--to", "2026-12-16")
    infusions.done("print", "revoke", fresh["print"], "--by", "alice")
    told = infusions.done("print", "list", course).out
    assert "alice  patient  full      revoked" in told
    assert "alice  patient  discreet  out of date" in told
    assert "print 11111111" in infusions.refused("print", "revoke", NOBODY)
    assert "for the patient or a carer" in infusions.refused(*args, "--for", "staff")
