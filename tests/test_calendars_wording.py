"""The catalogues: complete, plain, and loud about what is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from calendars.view import ClinicCard, Reader
from calendars.wording import (
    Wording,
    parse_wording,
    say_brief,
    say_date,
    say_list,
    say_moment,
    say_month,
    say_time,
    weekdays,
)
from scheduler.errors import InvalidValue
from scheduler.regimen import WindowKind
from tests.calendar_plans import CLINIC, ENGLISH, INOTUZUMAB, course, story


def test_each_check_and_sign_of_a_regimen_that_comes_along_has_words() -> None:
    assert ENGLISH.has(f"guide.signs.{INOTUZUMAB.id}")
    for task in INOTUZUMAB.tasks:
        assert ENGLISH.has(f"check.{task.kind}"), task.kind
    for kind in WindowKind:
        assert ENGLISH.has(f"line.window.{kind}")
        assert ENGLISH.has(f"event.window.{kind}.full")


def test_a_window_is_told_in_the_words_of_rule_18() -> None:
    entries = {entry.key: entry for entry in story().view().entries}
    window = entries["window/contraception/can-become-pregnant"]
    said = "at least until Monday 3 January 2028; it may move later; keep on until you have talked with us."
    assert window.lines == (f"Use birth control {said}",)
    assert window.summary == "Birth control: at least until 3 January 2028"


def test_leaving_is_told_in_the_words_of_rule_26() -> None:
    first = next(entry for entry in story().view().entries if entry.key == "c1d1/infusion")
    assert "not before 11:00, and only when your nurse says so" in first.description


# -- The whole text of a visit ------------------------------------------------------------------------------------------


def test_a_visit_tells_all_that_a_patient_needs() -> None:
    first = next(entry for entry in story().view().entries if entry.key == "c1d1/infusion")
    assert first.summary == "Infusion: inotuzumab ozogamicin, cycle 1 day 1"
    assert first.location == "Riverside Day Clinic, 12 River Street, Springfield"
    for part in (
        "Please come at 08:30, local time.",
        "The infusion is planned from 09:00 to 10:00.",
        "Bring the written list of all your medicines",
        "Call us: 555-0100.",
        "Fever of 38 °C (100.4 °F) or more: call at once, day or night.",
        "your skin or eyes turn yellow",
        "At night and on weekends call 555-0199.",
        "call 911.",
        "Last updated Friday 20 November 2026, 08:05.",
    ):
        assert part in first.description


def test_a_day_1_depends_on_the_blood_tests() -> None:
    entries = {entry.key: entry.description for entry in story().view().entries}
    with_words = [key for key, text in entries.items() if "if your blood tests allow" in text]
    assert sorted(with_words) == [f"c{cycle}d1/infusion" for cycle in range(2, 7)]


def test_without_the_clinics_numbers_the_text_still_says_whom_to_call() -> None:
    first = next(entry for entry in story().view(clinic=ClinicCard()).entries if entry.key == "c1d1/infusion")
    assert "Call your team." in first.description
    assert "Fever: call at once, day or night." in first.description
    assert "call the emergency number." in first.description
    assert "At night" not in first.description
    assert first.location == ""


def test_a_time_on_another_date_than_the_visits_names_that_date() -> None:
    early = story(course(at=time(0, 15), cycles=1)).view().entries
    first = next(entry for entry in early if entry.key == "c1d1/infusion")
    assert "Please come at 23:45 on Sunday 6 December 2026, local time." in first.description


def test_a_visit_without_arrival_or_leaving_says_nothing_of_them() -> None:
    told = story()
    bare = {
        key: replace(each, event=replace(each.event, arrival=None, leave_not_before=None))
        for key, each in told.stamped.items()
    }
    first = next(entry for entry in replace(told, stamped=bare).view().entries if entry.key == "c1d1/infusion")
    assert first.lines == ("The infusion is planned from 09:00 to 10:00.",)


def test_the_text_for_a_check_that_the_catalogue_does_not_know_is_its_plain_name() -> None:
    tasks = tuple(replace(task, kind="lung-exam") for task in INOTUZUMAB.tasks)
    entries = story(regimen=replace(INOTUZUMAB, id="own", tasks=tasks)).view().entries
    assert any("lung-exam" in entry.summary for entry in entries)
    assert any("Call at once if you have chills" in entry.description for entry in entries)


# -- The reader of catalogues -----------------------------------------------------------------------------------------------


def test_a_missing_key_is_refused_by_name() -> None:
    with pytest.raises(InvalidValue, match=r"wording en: there is no text for 'no\.such'"):
        ENGLISH.say("no.such")


@pytest.mark.parametrize("text", ["{other}", "{0}", "{", "{name.real}", "{name[0]}", "{name!x}"])
def test_a_placeholder_that_the_key_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="placeholders"):
        Wording(language="en", messages={"key": text}).say("key", name=object())


def test_values_are_put_in_as_they_are() -> None:
    wording = Wording(language="en", messages={"key": "Call {phone}."})
    assert wording.say("key", phone="{phone} %s {0}") == "Call {phone} %s {0}."


def test_a_text_that_is_fuzzy_or_empty_is_not_there() -> None:
    po = 'msgid ""\nmsgstr ""\n\nmsgid "a"\nmsgstr "x"\n\n#, fuzzy\nmsgid "b"\nmsgstr "y"\n\nmsgid "c"\nmsgstr ""\n'
    assert dict(parse_wording("en", po).messages) == {"a": "x"}


def test_a_catalogue_that_cannot_be_read_is_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidValue, match=r"wording en, line \d+: .*; mend the \.po file"):
        parse_wording("en", 'msgid "a"\nmsgstr "x\nnonsense\n')


def test_a_language_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidValue, match="language 'xx-nowhere'"):
        Wording(language="xx-nowhere", messages={})


# -- Dates as people say them -------------------------------------------------------------------------------------------------


def test_english_dates_and_times() -> None:
    day = date(2026, 12, 7)
    at = datetime(2026, 12, 7, 14, 5, tzinfo=UTC)
    assert say_date(day, "en") == "Monday 7 December 2026"
    assert say_brief(day, "en") == "7 Dec"
    assert say_month(day, "en") == "December 2026"
    assert say_time(at, "en") == "14:05"
    assert say_moment(at, "en") == "Monday 7 December 2026, 14:05"
    assert say_moment(day, "en") == "Monday 7 December 2026"
    assert say_list(["a", "b", "c"], "en") == "a, b and c"
    assert [name for _, name, _ in weekdays("en")][:2] == ["Monday", "Tuesday"]


def test_the_clinic_card_is_cleaned() -> None:
    card = ClinicCard(name=" A\x00B\r\n", phone="1")
    assert (card.name, card.phone) == ("AB", "1")
    assert story().view(reader=Reader.PATIENT, clinic=CLINIC).clinic is CLINIC
