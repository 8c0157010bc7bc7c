"""The course file: what it says, and every fault with its place and remedy, all at once."""

from datetime import date, time
from uuid import UUID

import pytest
from hypothesis import given as draw
from hypothesis import strategies as st

from scheduler import CourseFile, FileRefused, course_id, parse_course
from scheduler.actions import Defer, Given
from scheduler.course import Audience
from tests.core import inotuzumab

REGIMENS = {inotuzumab().id: inotuzumab()}
HEAD = """\
regimen = "inotuzumab-ozogamicin"
day1 = 2026-12-07
at = "09:00"
zone = "America/New_York"
"""
FULL = (
    HEAD
    + """\
cycles = 7
intent = "continue"
audiences = ["can-become-pregnant", "breastfeeding:private"]
reason = "agreed in the conference"
patient = "P-17"
id = "5f2f4dd2-6d8f-4b6f-9a3e-0a7a6c1d2e3f"
[cycle_lengths]
1 = 28
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
)


def read(text: str) -> CourseFile:
    return parse_course(text, "course.toml", REGIMENS)


def faults(text: str, source: str = "course.toml") -> list[str]:
    """The faults of a file that is refused, one a line."""
    with pytest.raises(FileRefused) as caught:
        parse_course(text, source, REGIMENS)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{source}, ") for line in lines)
    assert len(lines) == len(caught.value.faults)
    return [line.removeprefix(f"{source}, ") for line in lines]


def with_line(line: str, head: str = HEAD) -> str:
    """A good file with one line in the place of that of the same key, or added."""
    key = line.partition("=")[0].strip()
    kept = [each for each in head.splitlines() if each.partition("=")[0].strip() != key]
    return "\n".join([*kept, line]) + "\n"


def test_a_file_says_the_course_and_its_actions() -> None:
    found = read(FULL)
    course = found.course
    assert (course.day1, course.at, course.zone) == (date(2026, 12, 7), time(9), "America/New_York")
    assert (course.cycles, course.intent, course.cycle_lengths) == (7, "continue", {1: 28})
    assert course.audiences == (
        Audience(name="can-become-pregnant"),
        Audience(name="breastfeeding", private=True),
    )
    assert (course.reason, found.patient) == ("agreed in the conference", "P-17")
    assert course.id == UUID("5f2f4dd2-6d8f-4b6f-9a3e-0a7a6c1d2e3f")
    assert found.regimen is inotuzumab()
    assert [type(action) for action in found.actions] == [Given, Defer]
    assert found.actions[0] == Given(cycle=1, day=1, on=date(2026, 12, 7), ended=time(10, 5))


def test_four_lines_are_enough() -> None:
    found = read(HEAD)
    assert (found.course.cycles, found.course.intent, found.course.cycle_lengths) == (None, "continue", {})
    assert (found.course.audiences, found.course.reason, found.patient, found.actions) == ((), "", "", ())


def test_without_an_id_the_same_regimen_patient_and_day_1_give_the_same() -> None:
    assert read(HEAD).course.id == course_id("inotuzumab-ozogamicin", "", date(2026, 12, 7))
    ids = {
        read(text).course.id
        for text in (HEAD, HEAD + 'patient = "A"\n', HEAD + 'patient = "B"\n', with_line("day1 = 2026-12-08"))
    }
    assert len(ids) == 4
    assert course_id("inotuzumab-ozogamicin", "", date(2026, 12, 7)) == UUID("34da2159-fbdd-5190-bf5c-62b414516b75")


def test_the_start_may_be_written_as_toml_has_times() -> None:
    assert read(with_line("at = 09:30:00")).course.at == time(9, 30)
    assert read(with_line("at = 09:30:59")).course.at == time(9, 30), "seconds are left out"
    assert read(with_line("at = 09:30:59.25")).course.at == time(9, 30), "and fractions of them"


LINES = [
    ('regimen = "inotuzumab"', "key `regimen`: 'inotuzumab' is unknown; did you mean 'inotuzumab-ozogamicin'?", "near"),
    ('regimen = "?"', "key `regimen`: '?' is unknown; use one of: inotuzumab-ozogamicin", "far"),
    ('regimen = ""', "key `regimen`: is empty; fill it in", "empty"),
    ("regimen = 3", "key `regimen`: is not a text in quotes; mend the value", "a number"),
    ('day1 = "2026-12-07"', "key `day1`: is not a date such as 2026-12-07, without quotes; mend the value", "a text"),
    (
        "day1 = 2026-12-07T09:00:00",
        "key `day1`: is a date with a time; write the date alone, such as 2026-12-07",
        "a datetime is a date to Python, not to us",
    ),
    ("day1 = 0026-12-07", "key `day1`: 0026-12-07 is not in the years 1900 to 2199; mend the year", "a slip"),
    ("day1 = 9999-12-31", "key `day1`: 9999-12-31 is not in the years 1900 to 2199; mend the year", "for ever"),
    ('at = "9 am"', "key `at`: '9 am' is not a time of day; write it as \"09:00\"", "not ISO"),
    ('at = "24:00"', "key `at`: '24:00' is not a time of day; write it as \"09:00\"", "no such time"),
    ("at = 9", "key `at`: is not a text in quotes; mend the value", "a number"),
    ("at = true", "key `at`: is not a text in quotes; mend the value", "a bool"),
    ('at = ""', "key `at`: is empty; fill it in", "empty"),
    (
        'zone = "Mars/Base"',
        "key `zone`: 'Mars/Base' is no time zone; use an IANA name such as America/New_York",
        "no zone",
    ),
    ('zone = "?"', "key `zone`: '?' is no time zone; use an IANA name such as America/New_York", "no zone either"),
    ("zone = 5", "key `zone`: is not a text in quotes; mend the value", "a number"),
    ("cycles = 0", "key `cycles`: 0 is out of range; use 1 to 99", "none"),
    ("cycles = 100", "key `cycles`: 100 is out of range; use 1 to 99", "too many"),
    ("cycles = true", "key `cycles`: is not a whole number from 1 to 99; mend the value", "a bool is no number"),
    ("cycles = 6.0", "key `cycles`: is not a whole number from 1 to 99; mend the value", "a float"),
    (f"cycles = 0x{'f' * 5000}", "key `cycles`: a number of many digits is out of range; use 1 to 99", "endless"),
    ('intent = "cure"', "key `intent`: 'cure' is unknown; use one of: continue, transplant", "unknown"),
    (
        'audiences = "breastfeeding"',
        'key `audiences`: is not a list of texts; write it as ["breastfeeding"]',
        "a text alone",
    ),
    ("audiences = [1]", 'key `audiences`: is not a list of texts; write it as ["breastfeeding"]', "a number"),
    (
        'audiences = ["breastfeding"]',
        "key `audiences`: 'breastfeding' is unknown; did you mean 'breastfeeding'?",
        "misspelt",
    ),
    (
        'audiences = ["breastfeeding:secret"]',
        "key `audiences`: audience: 'breastfeeding:secret' ends in an unknown mark; write 'breastfeeding', or ':private' after it",
        "an unknown mark",
    ),
    ('id = "17"', "key `id`: is not a UUID; leave it out or write one", "no UUID"),
    ("id = 17", "key `id`: is not a text in quotes; mend the value", "told once"),
    ("patient = 17", "key `patient`: is not a text in quotes; mend the value", "a number"),
    (
        'patient = "A\\nB"',
        "key `patient`: holds a line break or control character, or is over 1,000 characters; write plain text",
        "two lines",
    ),
    (
        'reason = "\\u009b31m"',
        "key `reason`: holds a line break or control character, or is over 1,000 characters; write plain text",
        "an escape sequence",
    ),
    (
        f'reason = "{"x" * 1001}"',
        "key `reason`: holds a line break or control character, or is over 1,000 characters; write plain text",
        "a novel",
    ),
    ('cycle_lengths = "28"', "cycle_lengths: is not a table; write it as one", "a text"),
    ("cycle_lengths = { 1 = 401 }", "cycle_lengths, key `1`: 401 is out of range; use 1 to 400", "too long"),
    (
        "cycle_lengths = { first = 28 }",
        "cycle_lengths, key `first`: is not the number of a cycle; write it as 1 = 28",
        "a word",
    ),
    (
        'cycle_lengths = { "²" = 28 }',
        "cycle_lengths, key `²`: is not the number of a cycle; write it as 1 = 28",
        "a digit to Python, and no number to int()",
    ),
    (
        'cycle_lengths = { "١" = 28 }',
        "cycle_lengths, key `١`: is not the number of a cycle; write it as 1 = 28",
        "a digit to int(), and not what anybody reads",
    ),
    (
        "cycle_lengths = { 01 = 28 }",
        "cycle_lengths, key `01`: is not the number of a cycle; write it as 1 = 28",
        "two names for one cycle",
    ),
    (
        'cycle_lengths = { "a\\u0007" = 28 }',
        "cycle_lengths, key `'a\\x07'`: is not the number of a cycle; write it as 1 = 28",
        "a bell in a key",
    ),
    ("colour = 3", None, "unknown"),
    ("zones = 3", "key `zones`: is unknown; did you mean 'zone'?", "nearly known"),
    ("actions = 3", "key `actions`: is not a list of tables, each headed [[actions]]; mend the value", "a number"),
]


@pytest.mark.parametrize(("line", "fault", "reason"), LINES, ids=[f"{line[:25]}: {why}" for line, _, why in LINES])
def test_a_bad_line_is_one_fault_with_its_place_and_remedy(line: str, fault: str | None, reason: str) -> None:
    known = "actions, at, audiences, cycle_lengths, cycles, day1, earlier, id, intent, jurisdiction, patient, reason, regimen, zone"
    expected = fault or f"key `colour`: is unknown; use one of: {known}"
    assert faults(with_line(line)) == [expected], reason


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("regimen", "a text in quotes"),
        ("day1", "a date such as 2026-12-07, without quotes"),
        ("at", "a text in quotes"),
        ("zone", "a text in quotes"),
    ],
)
def test_a_missing_line_is_named(key: str, wanted: str) -> None:
    text = "\n".join(line for line in HEAD.splitlines() if not line.startswith(key))
    assert faults(text) == [f"key `{key}`: is missing; give {wanted}"]


ACTIONS = [
    ("x = 1", ["actions 1, key `kind`: is missing; give a text in quotes"], "no kind"),
    (
        'kind = "ommit"',
        ["actions 1, key `kind`: kind: 'ommit' is no action; did you mean 'omit'?"],
        "a misspelt kind",
    ),
    (
        'kind = "?"',
        [
            "actions 1, key `kind`: kind: '?' is no action; use one of: given, defer, hold, resume, omit, cycle-length, days, cycles, intent, response, time, audience, away, cease, regimen, void"
        ],
        "which was dropped in silence once",
    ),
    ("kind = 1", ["actions 1, key `kind`: is not a text in quotes; mend the value"], "a number"),
    (
        'kind = "omit"\ncycle = 1',
        ["actions 1, key `day`: omit: field 'day' is missing; give it"],
        "a field that is missing",
    ),
    (
        'kind = "omit"\ncycle = 1\nday = 8\ncolour = "blue"',
        ["actions 1, key `colour`: omit: field 'colour' is unknown; use one of: reason, replaces, cycle, day, agent"],
        "a field too many",
    ),
    (
        'kind = "omit"\ncycle = true\nday = 8',
        ["actions 1, key `cycle`: omit: cycle: True is not a whole number from 1 to 99; mend it"],
        "a bool is no number",
    ),
    (
        'kind = "resume"\ncycle = 1\nday = 8\non = 2026-12-16T09:00:00',
        [
            "actions 1, key `on`: resume: on: datetime.datetime(2026, 12, 16, 9, 0) is not a date; write it as 2026-12-07"
        ],
        "a datetime is no date",
    ),
    (
        'kind = "cease"\non = 9999-12-31\ncause = "other"',
        ["actions 1, key `on`: cease: on: 9999-12-31 is not in the years 1900 to 2199; mend the year"],
        "for ever",
    ),
    (
        'kind = "omit"\ncycle = 1\nday = 8\n[[actions]]\nkind = "void"',
        ["actions 2, key `action`: void: field 'action' is missing; give it"],
        "the second action",
    ),
]


@pytest.mark.parametrize(("action", "expected", "reason"), ACTIONS, ids=[reason for _, _, reason in ACTIONS])
def test_a_bad_action_is_named_by_its_place_in_the_file(action: str, expected: list[str], reason: str) -> None:
    assert faults(f"{HEAD}[[actions]]\n{action}\n") == expected, reason


def test_an_action_that_is_no_table_is_a_fault() -> None:
    assert faults(with_line("actions = [7]"))[0] == "actions 1: is not a table; write it as one"


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = 'regimen = "x"\nday1 = 1\nat = "x"\nzone = "x"\ncycles = 0\nintent = 1\nid = 1\ncolour = 1\n'
    text += 'cycle_lengths = { x = 1 }\naudiences = ["breastfeeding:x"]\npatient = 1\nreason = 1\n'
    text += '[[actions]]\nkind = "x"\n[[actions]]\nkind = "omit"\n'
    places = [fault.split(": ")[0] for fault in faults(text)]
    keys = ["regimen", "patient", "day1", "at", "zone", "cycles", "intent"]
    assert places == [
        *(f"key `{key}`" for key in keys),
        "cycle_lengths, key `x`",
        *(f"key `{key}`" for key in ("audiences", "reason", "id")),
        "actions 1, key `kind`",
        "actions 2, key `cycle`",
        "key `colour`",
    ]


def test_without_any_regimen_there_is_none_to_choose() -> None:
    with pytest.raises(FileRefused) as caught:
        parse_course(HEAD + 'audiences = ["x"]\n', "course.toml", {})
    assert str(caught.value) == (
        "course.toml, key `regimen`: 'inotuzumab-ozogamicin' is unknown; there is none to choose from"
    )


# -- Hostile files -------------------------------------------------------------------------------------------------

HOSTILE = [
    ("", "key `regimen`: is missing; give a text in quotes", "an empty file"),
    ("#" * 10_000_000, "file: is longer than 200,000 characters; shorten it", "ten million characters"),
    ("a = " + "[" * 100_000, "file: holds tables or lists too deep inside each other; make it flatter", "lists"),
    ("a = " + "{a=" * 60_000, "file: holds tables or lists too deep inside each other; make it flatter", "tables"),
    ("a" + ".a" * 90_000 + " = 1", "file: line 1 has more than 100 dots; shorten it", "one key of many parts"),
    ("x = 1\n[a" + ".a" * 500 + "]", "file: line 2 has more than 100 dots; shorten it", "one heading of many"),
    ("cycles = " + "9" * 5000, "file: holds a number of thousands of digits; shorten it", "digits"),
    ('a = "\ud800"', "file: line 1 holds half of a character; type it anew", "half of a character"),
    (
        "a = 1\na = 2",
        "file: is not valid TOML: Cannot overwrite a value (at end of document); mend that place",
        "twice",
    ),
    (
        "day1 = 2026-02-30",
        "file: is not valid TOML: Invalid date or datetime (at line 1, column 8); mend that place",
        "no day",
    ),
    ("\0", "file: is not valid TOML: Invalid statement (at line 1, column 1); mend that place", "a control character"),
]


@pytest.mark.parametrize(("text", "first", "reason"), HOSTILE, ids=[reason for _, _, reason in HOSTILE])
def test_a_hostile_file_is_refused_in_a_short_sentence(text: str, first: str, reason: str) -> None:
    found = faults(text)
    assert found[0] == first, reason
    assert max(map(len, found)) < 300


def test_a_value_nested_deep_is_a_fault_of_its_field() -> None:
    text = f'{HEAD}[[actions]]\nkind = "omit"\nday = 8\ncycle{".a" * 90} = 1\n'
    assert faults(text) == ["actions 1, key `cycle`: omit: cycle: a table is not a whole number from 1 to 99; mend it"]


def test_an_endless_key_is_cut() -> None:
    (fault,) = faults(f"{HEAD}{'x' * 150_000} = 1\n")
    assert fault.startswith(f"key `'{'x' * 60}'`: is unknown; ")


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_fault() -> None:
    assert read("\N{BYTE ORDER MARK}" + FULL.replace("\n", "\r\n")) == read(FULL)


def outcome(text: str) -> CourseFile | FileRefused:
    try:
        return read(text)
    except FileRefused as refused:
        return refused


@draw(st.text(st.characters(codec=None), max_size=200))
def test_any_text_is_a_course_or_refused(text: str) -> None:
    assert faults(text)
    for line in text.splitlines():
        found = outcome(HEAD + line)
        assert isinstance(found, CourseFile) or found.faults


LINE = st.sampled_from([line for line, _, _ in LINES] + [f"[[actions]]\n{each}" for each, _, _ in ACTIONS] + [FULL])


@draw(st.lists(LINE, max_size=6))
def test_any_mixture_of_lines_is_a_course_or_refused_with_its_faults(lines: list[str]) -> None:
    found = outcome(HEAD + "\n".join(lines))
    if isinstance(found, FileRefused):
        assert found.faults
        assert all(fault.place and fault.message for fault in found.faults)
    else:
        assert found.course.day1 == date(2026, 12, 7)
