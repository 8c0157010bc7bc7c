"""The regimen file: the shipped one's facts, and every fault with its place and remedy, all at once."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given as draw
from hypothesis import settings
from hypothesis import strategies as st

from scheduler import FileRefused, Regimen, parse_regimen
from scheduler.regimen import DayRule, HangsOn, Scope, WindowKind
from tests.core import REGIMENS, inotuzumab

GOOD = (REGIMENS / "inotuzumab-ozogamicin.toml").read_text(encoding="utf-8")
LABEL = 'source = "label"\nsection = "2.2"\nverified = true\n'


def faults(text: str) -> list[str]:
    """The faults of a file that is refused, without the file's name."""
    with pytest.raises(FileRefused) as caught:
        parse_regimen(text, "r.toml")
    lines = str(caught.value).splitlines()
    assert [f"r.toml, {fault}" for fault in caught.value.faults] == lines
    assert caught.value.source == "r.toml"
    return [line.removeprefix("r.toml, ") for line in lines]


def changed(old: str, new: str) -> str:
    """The shipped file with one place changed."""
    assert GOOD.count(old) == 1, (GOOD.count(old), old)
    return GOOD.replace(old, new)


# -- The shipped file ---------------------------------------------------------------------------------------------


def test_the_shipped_regimen_holds_the_facts_of_the_label() -> None:
    regimen = inotuzumab()
    assert (regimen.id, regimen.version, regimen.jurisdiction) == ("inotuzumab-ozogamicin", "2026.1", "US")
    first, later = regimen.templates
    assert (first.count, first.length, first.shortest, first.longest, first.days) == (1, 21, 21, 28, (1, 8, 15))
    assert (later.count, later.length, later.shortest, later.longest, later.days) == (None, 28, 28, 28, (1, 8, 15))
    assert {name: (count.default, count.maximum) for name, count in regimen.counts.items()} == {
        "continue": (6, 6),
        "transplant": (2, 3),
    }
    assert (regimen.min_gap_days, regimen.day_rules[8]) == (6, DayRule(tolerance_days=2, defer_scope=Scope.DOSE))
    assert regimen.day_rules[1] == DayRule(tolerance_days=0, defer_scope=Scope.COURSE)
    late = regimen.late
    assert (late.omit_from_days, late.reduce_from_days, late.stop_after_days) == (7, 14, 28)
    assert not late.cite.verified, "from memory: said where it is shown"
    assert (regimen.infusion_minutes, regimen.observation_minutes) == ((60,), (60,))
    assert [(rule.audience, rule.kind, rule.months) for rule in regimen.windows] == [
        ("can-become-pregnant", WindowKind.CONTRACEPTION, 8),
        ("partner-can-become-pregnant", WindowKind.CONTRACEPTION, 5),
        ("breastfeeding", WindowKind.BREASTFEEDING, 2),
    ]
    assert (regimen.review_after_cycle, regimen.liver_watch is not None) == (3, True)
    assert sorted(f"{rule.kind} {rule.on} {rule.when} {rule.offset_days}" for rule in regimen.tasks) == [
        "blood-count each-dose before 1",
        "ecg first-dose before 1",
        "electrolytes first-dose before 1",
        "liver-tests each-dose after 1",
        "liver-tests each-dose before 1",
        "pregnancy-test first-dose before 1",
        "response-review cycle-end before 0",
        "response-review cycle-end before 0",
    ]


def test_the_digest_is_that_of_the_text() -> None:
    assert inotuzumab().digest == sha256(GOOD.encode()).hexdigest()
    assert parse_regimen(GOOD + "\n", "r.toml").digest != inotuzumab().digest


def test_a_regimen_answers_for_any_cycle() -> None:
    regimen = inotuzumab()
    assert [regimen.template(cycle).length for cycle in (1, 2, 99)] == [21, 28, 28]
    first = regimen.templates[0]
    series = replace(regimen, templates=(replace(first, count=2), replace(first, count=3, length=25)))
    assert [series.template(cycle).length for cycle in (1, 2, 3, 5, 6)] == [21, 21, 25, 25, 25], "the last goes on"
    assert regimen.all_days() == {1, 8, 15}
    assert regimen.audiences() == ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
    assert regimen.intents() == ("continue", "transplant")


def test_a_citation_names_document_and_section_and_says_when_it_was_not_read() -> None:
    cite = inotuzumab().gap_cite
    assert str(cite) == "Besponsa, US prescribing information, 2.2"
    assert str(replace(cite, section="")) == "Besponsa, US prescribing information"
    assert str(replace(cite, verified=False)) == (
        "Besponsa, US prescribing information, 2.2; not verified, check the label"
    )


def test_a_regimen_cannot_be_changed_afterwards() -> None:
    with pytest.raises(TypeError):
        inotuzumab().counts["continue"] = inotuzumab().counts["transplant"]  # type: ignore[index]
    with pytest.raises(TypeError):
        inotuzumab().day_rules[8] = inotuzumab().day_rules[1]  # type: ignore[index]


ACCEPTED: list[tuple[str, str, Callable[[Regimen], Any], Any]] = [
    ("several cycles in a row", changed("count = 1\n", "count = 3\n"), lambda r: r.template(3).length, 21),
    (
        "one shape for all cycles",
        changed("[[cycles]]\ncount = 1\nlength = 21\nshortest = 21\nlongest = 28\ndays = [1, 8, 15]\n" + LABEL, ""),
        lambda r: r.template(1).length,
        28,
    ),
    (
        "no other intent",
        changed("[counts.transplant]\ndefault = 2\nmaximum = 3\n", "").replace(
            GOOD[GOOD.rindex("[[tasks]]") :].strip(), ""
        ),
        lambda r: r.intents(),
        ("continue",),
    ),
    (
        "one cycle",
        changed("default = 2\nmaximum = 3", "default = 1\nmaximum = 1"),
        lambda r: (r.counts["transplant"].default, r.counts["transplant"].maximum),
        (1, 1),
    ),
    (
        "lateness that means the same at once",
        changed("omit_from_days = 7\nreduce_from_days = 14", "omit_from_days = 28\nreduce_from_days = 28"),
        lambda r: (r.late.omit_from_days, r.late.reduce_from_days, r.late.stop_after_days),
        (28, 28, 28),
    ),
    (
        "a day that must be kept",
        GOOD.replace("tolerance_days = 2", "tolerance_days = 0", 1),
        lambda r: r.day_rules[8].tolerance_days,
        0,
    ),
    (
        "no liver watch",
        GOOD[: GOOD.index("[liver_watch]")] + GOOD[GOOD.index("[[windows]]") :],
        lambda r: r.liver_watch,
        None,
    ),
    (
        "no windows and no tasks",
        GOOD[: GOOD.index("[[windows]]")],
        lambda r: (r.windows, r.tasks, r.audiences()),
        ((), (), ()),
    ),
    (
        "times that get shorter",
        changed("infusion_minutes = [60]", "infusion_minutes = [90, 60, 30]"),
        lambda r: r.infusion_minutes,
        (90, 60, 30),
    ),
    (
        "no observation",
        changed("observation_minutes = [60]", "observation_minutes = [0]"),
        lambda r: r.observation_minutes,
        (0,),
    ),
    (
        "a task on day 1s",
        changed('kind = "ecg"\non = "first-dose"', 'kind = "ecg"\non = "day-1"'),
        lambda r: r.tasks[3].on,
        HangsOn.DAY_ONE,
    ),
]


@pytest.mark.parametrize(("reason", "text", "look", "expected"), ACCEPTED, ids=[case[0] for case in ACCEPTED])
def test_other_treatments_can_be_described(
    reason: str, text: str, look: Callable[[Regimen], Any], expected: Any
) -> None:
    assert look(parse_regimen(text, "r.toml")) == expected, reason


# -- Faults -------------------------------------------------------------------------------------------------------

AUDIENCES = "can-become-pregnant, partner-can-become-pregnant, breastfeeding"
ONE_LINE = "holds a line break or control character, or is over 1,000 characters; write plain text"
CASES: list[tuple[str, str, list[str]]] = [
    ("another schema", changed("schema = 1", "schema = 2"), ["key `schema`: 2 is out of range; use 1 to 1"]),
    ("no schema", changed("schema = 1\n", ""), ["key `schema`: is missing; give a whole number from 1 to 1"]),
    (
        "an id with capital letters",
        changed('id = "inotuzumab-ozogamicin"', 'id = "Inotuzumab"'),
        ["key `id`: 'Inotuzumab' holds other signs than small letters, digits and hyphens; rename it"],
    ),
    (
        "an id that leads out of a folder",
        changed('id = "inotuzumab-ozogamicin"', 'id = "../x"'),
        ["key `id`: '../x' holds other signs than small letters, digits and hyphens; rename it"],
    ),
    ("no id", changed('id = "inotuzumab-ozogamicin"\n', ""), ["key `id`: is missing; give a text in quotes"]),
    ("an empty version", changed('version = "2026.1"', 'version = " "'), ["key `version`: is empty; fill it in"]),
    (
        "a version that is a number",
        changed('"2026.1"', "2026.1"),
        ["key `version`: is not a text in quotes; mend the value"],
    ),
    ("a name of two lines", changed('name = "Inotuzumab ozogamicin"', 'name = "a\\nb"'), [f"key `name`: {ONE_LINE}"]),
    (
        "a date in quotes",
        changed("label_date = 2024-03-01", 'label_date = "2024-03-01"'),
        ["key `label_date`: is not a date such as 2026-12-07, without quotes; mend the value"],
    ),
    (
        "a misspelt key of a clinical rule",
        changed("min_gap_days = 6", "min_gap_day = 6"),
        [
            "key `min_gap_days`: is missing; give a whole number from 1 to 400",
            "key `min_gap_day`: is unknown; did you mean 'min_gap_days'?",
        ],
    ),
    (
        "a gap that is true",
        changed("min_gap_days = 6", "min_gap_days = true"),
        ["key `min_gap_days`: is not a whole number from 1 to 400; mend the value"],
    ),
    (
        "a gap longer than the days are apart",
        changed("min_gap_days = 6", "min_gap_days = 8"),
        [
            "key `min_gap_days`: 8 is longer than a step of cycles 1; mend days or the gap",
            "key `min_gap_days`: 8 is longer than a step of cycles 2; mend days or the gap",
        ],
    ),
    (
        "a gap with an unknown source",
        changed('gap = { source = "label"', 'gap = { source = "lable"'),
        ["gap, key `source`: 'lable' is not among [sources]; did you mean 'label'?"],
    ),
    (
        "a gap whose source is a question mark",
        changed('gap = { source = "label"', 'gap = { source = "?"'),
        ["gap, key `source`: '?' is not among [sources]; use one of: label, leaflet, practice"],
    ),
    (
        "no gap table",
        changed(GOOD[GOOD.index("gap = {") : GOOD.index("[sources.label]")], "\n"),
        ["key `gap`: is missing; add the table [gap]"],
    ),
    (
        "a gap that is no table",
        changed(GOOD[GOOD.index("gap = {") : GOOD.index("[sources.label]")], "gap = 6\n"),
        [
            "gap: is not a table; write it as one",
            "gap, key `source`: is missing; give a text in quotes",
            "gap, key `verified`: is missing; give true or false",
        ],
    ),
    (
        "an unknown key of a citation",
        changed('section = "2.2", verified = true }', 'section = "2.2", verified = true, page = 3 }'),
        ["gap, key `page`: is unknown; use one of: section, source, verified"],
    ),
    (
        "verified as a text",
        changed('section = "2.2", verified = true }', 'section = "2.2", verified = "yes" }'),
        ["gap, key `verified`: is not true or false; mend the value"],
    ),
    (
        "a source without a title",
        changed('title = "MedlinePlus drug information: inotuzumab ozogamicin injection"\n', ""),
        ["sources.leaflet, key `title`: is missing; give a text in quotes"],
    ),
    (
        "a source without an address",
        changed('address = "https://medlineplus.gov/druginfo/meds/a617041.html"\n', ""),
        [
            "sources.leaflet, key `address`: is missing; give the document's address, or an empty text where there is none"
        ],
    ),
    (
        "an address that is no link",
        changed('address = "https://medlineplus.gov/', 'address = "javascript:'),
        ["sources.leaflet, key `address`: does not begin with https://; give the document's address or an empty text"],
    ),
    (
        "a source from the far future",
        changed("dated = 2024-05-20", "dated = 9024-05-20"),
        ["sources.leaflet, key `dated`: 9024-05-20 is not in the years 1900 to 2199; mend the year"],
    ),
    (
        "a source with a time",
        changed("dated = 2024-05-20", "dated = 2024-05-20T10:00:00Z"),
        ["sources.leaflet, key `dated`: is a date with a time; write the date alone, such as 2026-12-07"],
    ),
    (
        "no cycles",
        GOOD[: GOOD.index("[[cycles]]")] + GOOD[GOOD.index("[days.1]") :],
        [
            "key `cycles`: is missing; describe the cycles in at least one table [[cycles]]",
            *(
                f"days, key `{day}`: is not a day of any cycle; remove it or add the day to a cycle"
                for day in (1, 8, 15)
            ),
        ],
    ),
    (
        "cycles that are no tables",
        "cycles = [1]\n" + GOOD[: GOOD.index("[[cycles]]")] + GOOD[GOOD.index("[days.1]") :],
        [
            "cycles 1: is not a table; write it as one",
            *(
                f"cycles 1, key `{key}`: is missing; give {wanted}"
                for key, wanted in (
                    ("length", "a whole number from 1 to 400"),
                    ("shortest", "a whole number from 1 to 400"),
                    ("longest", "a whole number from 1 to 400"),
                    ("days", "a list of whole numbers from 1 to 400"),
                    ("source", "a text in quotes"),
                    ("verified", "true or false"),
                )
            ),
            "key `min_gap_days`: 6 is longer than a step of cycles 1; mend days or the gap",
            *(f"days, key `{day}`: is not a day of any cycle; remove it or add the day to a cycle" for day in (8, 15)),
        ],
    ),
    (
        "a length outside its own range",
        changed("length = 21", "length = 29"),
        ["cycles 1, key `length`: 29 is not between shortest 21 and longest 28; mend one of them"],
    ),
    (
        "a length of no days",
        changed("length = 21", "length = 0"),
        [
            "cycles 1, key `length`: 0 is out of range; use 1 to 400",
            "cycles 1, key `length`: 1 is not between shortest 21 and longest 28; mend one of them",
            "key `min_gap_days`: 6 is longer than a step of cycles 1; mend days or the gap",
        ],
    ),
    (
        "a last table with a count",
        GOOD.replace(
            "[[cycles]]                     # without a count: all cycles that follow\n", "[[cycles]]\ncount = 5\n"
        ),
        ["cycles 2, key `count`: belongs to every table [[cycles]] but the last, which covers all that follow"],
    ),
    (
        "a table before the last without one",
        changed("count = 1\n", ""),
        ["cycles 1, key `count`: belongs to every table [[cycles]] but the last, which covers all that follow"],
    ),
    (
        "a day outside the cycle",
        GOOD.replace("days = [1, 8, 15]", "days = [1, 8, 22]", 1),
        [
            "cycles 1, key `days`: day 22 is after the shortest cycle of 21 days; use 1 to 21",
            "key `min_gap_days`: 6 is longer than a step of cycles 1; mend days or the gap",
            "days, key `22`: is missing; add the table [days.22]",
        ],
    ),
    (
        "days that do not rise",
        GOOD.replace("days = [1, 8, 15]", "days = [1, 15, 8]", 1),
        [
            "cycles 1, key `days`: do not begin with day 1 and rise; list each day once, from 1 on",
            "key `min_gap_days`: 6 is longer than a step of cycles 1; mend days or the gap",
        ],
    ),
    (
        "days that begin later",
        GOOD.replace("days = [1, 8, 15]", "days = [8, 15]", 1),
        ["cycles 1, key `days`: do not begin with day 1 and rise; list each day once, from 1 on"],
    ),
    (
        "no days",
        GOOD.replace("days = [1, 8, 15]", "days = []", 1),
        ["cycles 1, key `days`: is not a list of whole numbers from 1 to 400; write it as [1]"],
    ),
    (
        "a day that is true",
        GOOD.replace("days = [1, 8, 15]", "days = [1, true]", 1),
        ["cycles 1, key `days`: is not a list of whole numbers from 1 to 400; write it as [1]"],
    ),
    (
        "an unknown key of a cycle",
        changed("count = 1\n", "count = 1\nlenght = 21\n"),
        ["cycles 1, key `lenght`: is unknown; did you mean 'length'?"],
    ),
    (
        "a rule for a day that no cycle has",
        changed("[days.8]", '[days.9]\ntolerance_days = 1\ndefer_scope = "dose"\n\n[days.8]'),
        ["days, key `9`: is not a day of any cycle; remove it or add the day to a cycle"],
    ),
    (
        "a rule for a day in other digits",
        changed("[days.8]", '[days."²"]\ntolerance_days = 1\ndefer_scope = "dose"\n\n[days.8]'),
        ["days, key `²`: is not a day of any cycle; remove it or add the day to a cycle"],
    ),
    (
        "a rule for a day of five thousand digits",
        changed("[days.8]", f'[days.{"1" * 5000}]\ntolerance_days = 1\ndefer_scope = "dose"\n\n[days.8]'),
        [f"days, key `'{'1' * 60}'`: is not a day of any cycle; remove it or add the day to a cycle"],
    ),
    (
        "two rules for one day",
        changed("[days.8]", '[days.08]\ntolerance_days = 1\ndefer_scope = "dose"\n\n[days.8]'),
        ["days, key `08`: is not a day of any cycle; remove it or add the day to a cycle"],
    ),
    (
        "a day without a rule",
        changed('[days.8]\ntolerance_days = 2\ndefer_scope = "dose"\n', ""),
        ["days, key `8`: is missing; add the table [days.8]"],
    ),
    (
        "a tolerance for day 1",
        changed(
            "[days.1]                       # a day 1 moves its whole cycle, so it has no tolerance\n",
            "[days.1]\ntolerance_days = 2\n",
        ),
        ["days.1, key `tolerance_days`: is unknown; use one of: defer_scope"],
    ),
    (
        "a day 1 that moves alone",
        changed('defer_scope = "course"', 'defer_scope = "dose"'),
        ['days.1, key `defer_scope`: day 1 moves its whole cycle; write defer_scope = "course"'],
    ),
    (
        "an unknown scope",
        GOOD.replace('defer_scope = "dose"', 'defer_scope = "does"', 1),
        ["days.8, key `defer_scope`: 'does' is unknown; did you mean 'dose'?"],
    ),
    (
        "a default above the maximum",
        changed("default = 6", "default = 7"),
        ["counts.continue, key `default`: 7 is more than the maximum 6; mend one of them"],
    ),
    (
        "a default of no cycles",
        changed("default = 2", "default = 0"),
        ["counts.transplant, key `default`: 0 is out of range; use 1 to 99"],
    ),
    (
        "an unknown intent",
        changed("[counts.transplant]", "[counts.transplnt]"),
        [
            "counts, key `transplnt`: is unknown; did you mean 'transplant'?",
            "tasks 8, key `intent`: 'transplant' is unknown; use one of: continue",
        ],
    ),
    (
        "no usual intent",
        changed("[counts.continue]\ndefault = 6\nmaximum = 6\n", ""),
        ["counts, key `continue`: is missing; add the table [continue]"],
    ),
    (
        "lateness that does not rise",
        changed("reduce_from_days = 14", "reduce_from_days = 29"),
        ["late: the three numbers of days do not rise; mend them"],
    ),
    (
        "an infusion of no minutes",
        changed("infusion_minutes = [60]", "infusion_minutes = [0]"),
        ["times, key `infusion_minutes`: is not a list of whole numbers from 1 to 60000; write it as [1]"],
    ),
    (
        "minutes that are no list",
        changed("infusion_minutes = [60]", "infusion_minutes = 60"),
        ["times, key `infusion_minutes`: is not a list of whole numbers from 1 to 60000; mend the value"],
    ),
    (
        "a window for nobody we know",
        GOOD.replace('audience = "can-become-pregnant"\nkind', 'audience = "everybody"\nkind'),
        [f"windows 1, key `audience`: 'everybody' is unknown; use one of: {AUDIENCES}"],
    ),
    (
        "a window without months",
        changed("months = 8\n", ""),
        ["windows 1, key `months`: is missing; give a whole number from 1 to 120"],
    ),
    (
        "a window for ever",
        changed("months = 8\n", "months = 121\n"),
        ["windows 1, key `months`: 121 is out of range; use 1 to 120"],
    ),
    (
        "an unknown kind of window",
        GOOD.replace('kind = "contraception"', 'kind = "contraceptive"', 1),
        ["windows 1, key `kind`: 'contraceptive' is unknown; did you mean 'contraception'?"],
    ),
    (
        "the same window twice",
        GOOD.replace('audience = "partner-can-become-pregnant"', 'audience = "can-become-pregnant"'),
        [
            f"windows {number}, key `audience`: 'can-become-pregnant' has this window twice; keep one"
            for number in (1, 2)
        ],
    ),
    (
        "a task without words in the calendars",
        changed('kind = "ecg"', 'kind = "eye-exam"'),
        [
            "tasks 4, key `kind`: 'eye-exam' is unknown; use one of: blood-count, liver-tests, ecg, electrolytes, pregnancy-test, response-review"
        ],
    ),
    (
        "a task that hangs on nothing",
        changed('kind = "ecg"\non = "first-dose"', 'kind = "ecg"\non = "last-dose"'),
        ["tasks 4, key `on`: 'last-dose' is unknown; did you mean 'first-dose'?"],
    ),
    (
        "a task for an audience without a window",
        GOOD.replace('audience = "can-become-pregnant"\nsource', 'audience = "carers"\nsource'),
        [f"tasks 6, key `audience`: 'carers' is unknown; use one of: {AUDIENCES}"],
    ),
    (
        "a task of cycle 0",
        changed("\ncycle = 3\n", "\ncycle = 0\n"),
        ["tasks 7, key `cycle`: 0 is out of range; use 1 to 99"],
    ),
    (
        "a task after three years",
        changed(
            'kind = "ecg"\non = "first-dose"\nwhen = "before"\noffset_days = 1',
            'kind = "ecg"\non = "first-dose"\nwhen = "before"\noffset_days = 1000',
        ),
        ["tasks 4, key `offset_days`: 1000 is out of range; use 0 to 400"],
    ),
    (
        "tasks that are no list",
        GOOD[: GOOD.index("[[tasks]]")] + "[tasks]\n",
        ["key `tasks`: is not a list of tables, each headed [[tasks]]; mend the value"],
    ),
    (
        "a table that nobody asked for",
        GOOD + "\n[zzz]\n",
        [
            "key `zzz`: is unknown; use one of: agent, checked_by, counts, cycles, days, gap, id, jurisdiction, label_date, late, liver_watch, min_gap_days, name, review, schema, sources, tasks, times, version, windows"
        ],
    ),
]


@pytest.mark.parametrize(("reason", "text", "expected"), CASES, ids=[reason for reason, _, _ in CASES])
def test_a_fault_is_told_with_its_place_and_remedy(reason: str, text: str, expected: list[str]) -> None:
    assert faults(text) == expected


def test_without_sources_every_fact_lacks_its_own() -> None:
    text = GOOD[: GOOD.index("[sources.label]")] + GOOD[GOOD.index("[[cycles]]") :]
    found = faults(text)
    assert found[:2] == [
        "key `sources`: is missing; add the table [sources]",
        "cycles 1, key `source`: 'label' is not among [sources]; there is none to choose from",
    ]
    assert faults(text + "\n[sources]\n")[0] == "sources: names no source; add at least one, such as [sources.label]"


def test_an_empty_file_tells_everything_that_belongs_into_it() -> None:
    found = faults("")
    assert len(found) == 17
    assert all("is missing" in fault or "names no source" in fault for fault in found)


def test_all_faults_are_told_at_once() -> None:
    text = changed("length = 21", "length = 99").replace('id = "inotuzumab-ozogamicin"', 'id = "X"')
    text = text.replace("months = 5", "months = 500").replace("default = 2", "default = 3.5")
    assert [fault.split(":")[0] for fault in faults(text)] == [
        "cycles 1, key `length`",
        "counts.transplant, key `default`",
        "windows 2, key `months`",
        "key `id`",
    ]


# -- Hostile files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault", "reason"),
    [
        ("#" * 10_000_000, "file: is longer than 200,000 characters; shorten it", "ten million characters"),
        ("a = " + "[" * 100_000, "file: holds tables or lists too deep inside each other; make it flatter", "depth"),
        ("a" + ".a" * 99_000 + " = 1", "file: line 1 has more than 400 dots; shorten it", "one key of many parts"),
        ("a = " + "9" * 5000, "file: holds a number of thousands of digits; shorten it", "digits"),
        ("a = '\udfff'", "file: line 1 holds half of a character; type it anew", "half of a character"),
        ("not toml", "file: is not valid TOML: ", "not TOML at all"),
    ],
)
def test_a_hostile_file_is_refused_in_one_sentence(text: str, fault: str, reason: str) -> None:
    (found,) = faults(text)
    assert found.startswith(fault), reason
    assert len(found) < 200


def outcome(text: str) -> list[str]:
    """The places of all faults, or the regimen's id and version."""
    try:
        regimen = parse_regimen(text, "r.toml")
    except FileRefused as refused:
        return [fault.place for fault in refused.faults] or [""]
    return [regimen.id, regimen.version]


LINES = GOOD.splitlines()
VALUES = st.sampled_from(
    ["0", "-1", "1", "99999", "true", "1.5", '""', '"x"', '"?"', "[]", "[1]", "{}", "2026-12-07", "0x" + "f" * 5000]
)


@draw(st.integers(0, len(LINES) - 1), VALUES)
@settings(max_examples=100)
def test_any_value_in_any_line_is_read_or_refused_with_its_place(number: int, value: str) -> None:
    key, equals, _ = LINES[number].partition("=")
    text = "\n".join([*LINES[:number], f"{key}{equals} {value}" if equals else value, *LINES[number + 1 :]])
    assert all(outcome(text))


@draw(st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=20, unique=True))
@settings(max_examples=100)
def test_a_file_with_lines_missing_is_read_or_refused_with_places(missing: list[int]) -> None:
    text = "\n".join(line for number, line in enumerate(LINES) if number not in missing)
    assert all(outcome(text))
