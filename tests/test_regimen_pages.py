"""What people see of a regimen: the check that draws it, the page of words, and the pages of the documentation."""

from dataclasses import replace
from pathlib import Path

import pytest

from scheduler import Regimen, parse_regimen
from scheduler.regimen import CycleCount
from service.regimen_example import load_example
from service.regimen_grid import grid
from service.regimen_pages import page, pages
from service.regimen_words import cites, cycles_text, days_text, minutes_text, sections, sources
from tests.cli import NOW, Infusions
from tests.core import REGIMENS
from tests.test_broken_files import MADE_UP

DOCS = Path(__file__).parents[1] / "docs" / "regimens"
LIBRARY = tuple(parse_regimen(path.read_text(encoding="utf-8"), path.name) for path in sorted(REGIMENS.glob("*.toml")))
SHAPES = parse_regimen(MADE_UP.read_text(encoding="utf-8"), MADE_UP.name)
UNREAD = "not verified, check the label"


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})


def named(id_: str) -> Regimen:
    return next(regimen for regimen in LIBRARY if regimen.id == id_)


def said(regimen: Regimen) -> list[str]:
    return [line for section in sections(regimen) for line in section.lines]


# -- The documentation ------------------------------------------------------------------------------------------------


def test_the_pages_of_the_documentation_are_those_of_the_files_and_examples() -> None:
    """Stale? Run `infusions regimens document docs/regimens`."""
    made = pages(LIBRARY)
    assert {path.name: path.read_text(encoding="utf-8") for path in DOCS.iterdir()} == dict(made)


def test_each_page_holds_every_row_of_the_example_with_its_reason() -> None:
    for regimen in LIBRARY:
        example = load_example(regimen)
        assert example is not None
        text = page(regimen)
        for row in (*example.doses, *example.moments, *example.windows, *example.tasks):
            assert row.why in text


def test_a_regimen_of_the_clinic_has_a_page_without_an_example() -> None:
    assert load_example(SHAPES) is None
    assert "## Worked example" not in page(SHAPES)
    assert "## The first cycles" in page(SHAPES)


# -- The words --------------------------------------------------------------------------------------------------------


def test_every_fact_stands_with_its_source_and_whether_it_was_read() -> None:
    for regimen in (*LIBRARY, SHAPES):
        lines = said(regimen)
        for cite in cites(regimen):
            place = f"[{cite.source.key} {cite.section}".strip()
            assert any(place in line and (UNREAD in line) is not cite.verified for line in lines), (regimen.id, cite)
        for source in sources(regimen):
            assert any(line.startswith(f"[{source.key}] {source.title}") for line in lines)


def test_the_made_up_regimen_in_words() -> None:
    assert said(SHAPES) == [
        "Facts from: US and CH.",
        "Checked by: nobody: made up.",
        'What was not read in a document is marked "not verified, check the label".',
        ("1. alphamab: infusion 90 minutes the first time, 30 minutes from the second time on; then observation of at least"
        " 90 minutes the first time, 30 minutes from the second time on. [book]"),
        "2. betamine: infusion of a length that is not known; no observation stated. [book]",
        "3. gammacil: infusion 2 days; no observation stated. [book]",
        "   It runs on when the visit is over, a new bag every 24 hours. [book]",
        ("Cycles 1 to 2: 21 days, 19 to 24 allowed; alphamab on days 1 and 8; betamine on days -1 to 2; gammacil on day 1."
        " [book]"),
        "Cycles 3 and later: 28 days; betamine on days 1 and 2. [book]",
        "Open-ended; 4 cycles planned ahead (continue). [book]",
        "2 cycles, no fewer and no more (transplant). [book]",
        "Alphamab: at least 7 days between two doses. [book]",
        "Alphamab: day 1: it is the cycle's start; put off, everything after it moves along.",
        "Alphamab: day 8: 1 day either side; put off, the rest of its cycle moves along.",
        "Betamine: at least 24 hours between two doses. [book; not verified, check the label]",
        "Betamine: day -1: no tolerance is stated; put off, it alone moves.",
        "Betamine: day 0: no tolerance is stated; put off, it alone moves.",
        "Betamine: day 1: it is the cycle's start; put off, everything after it moves along.",
        "Betamine: day 2: no tolerance is stated; put off, it alone moves.",
        "Gammacil: no distance between two doses is stated; they are on different days.",
        "Gammacil: day 1: 1 day either side; put off, it alone moves.",
        "A late dose is given as soon as possible, and the rest follows. [book]",
        "More than 28 days late: consider stopping. [book]",
        "After alphamab, no pregnancy, for those who can become pregnant: at least 3 months. [book]",
        "After alphamab (US), birth control, for those whose partner can become pregnant: at least 3 weeks. [book]",
        ("After alphamab (CH), birth control, for those whose partner can become pregnant: at least 30 days."
        " [book; not verified, check the label]"),
        "After alphamab, no breastfeeding: no window. [book]",
        "After betamine, no pregnancy, for those who can become pregnant: at least 48 hours. [book]",
        ("After betamine, birth control, for those whose partner can become pregnant: not stated, so no end date is shown."
        " [book]"),
        "After betamine, no breastfeeding: not stated, so no end date is shown. [book]",
        "After gammacil, no pregnancy, for those who can become pregnant: no window. [book]",
        "After gammacil, birth control, for those whose partner can become pregnant: no window. [book]",
        "After gammacil, no breastfeeding: no window. [book]",
        "Eye exam: 1 day before day 1, of alphamab, in cycles 1 and 3 to 5. [book]",
        "Dexamethasone: on days 0 to 2 of the cycle, at home. [book]",
        ("Hospital stay: on day 1 of the cycle, in cycle 1, for 9 days, for can-become-pregnant, with intent transplant."
        " [book]"),
        "[book] nothing but a test",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ((1,), "day 1"),
        ((1, 8, 15), "days 1, 8 and 15"),
        ((1, 2), "days 1 and 2"),
        ((-1, 0, 1), "days -1 to 1"),
        ((1, 2, 8, 9, 15, 16), "days 1, 2, 8, 9, 15 and 16"),
        ((1, 3, 4, 5, 6), "days 1 and 3 to 6"),
    ],
)
def test_days_in_a_row_are_told_as_a_range(days: tuple[int, ...], text: str) -> None:
    assert days_text(days) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        ((60,), "60 minutes"),
        ((480,), "480 minutes"),
        ((600,), "10 hours"),
        ((1440,), "1 day"),
        ((40_320,), "28 days"),
        ((420, 240, 210, 200), ("420 minutes the first time, 240 minutes the second time, 210 minutes the third time,"
         " 200 minutes from the 4th time on")),
    ],
)  # fmt: skip
def test_lengths_are_told_by_the_time(minutes: tuple[int, ...], text: str) -> None:
    assert minutes_text(minutes) == text


def test_cycles_are_told_by_their_numbers() -> None:
    assert [cycles_text(named("carfilzomib"), number) for number in (0, 1)] == ["cycles 1 to 12", "cycles 13 and later"]
    assert cycles_text(named("inotuzumab-ozogamicin"), 0) == "cycle 1"
    assert cycles_text(named("folfox"), 0) == "all cycles"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (CycleCount(default=1, minimum=1, maximum=1), "1 cycle, no fewer and no more."),
        (CycleCount(default=6, minimum=1, maximum=6), "At most 6 cycles, all planned."),
        (CycleCount(default=4, minimum=1, maximum=6), "4 cycles planned, at most 6."),
        (CycleCount(default=4, minimum=1, maximum=None), "Open-ended; 4 cycles planned ahead."),
    ],
)
def test_numbers_of_cycles_are_told(count: CycleCount, text: str) -> None:
    assert any(line.startswith(text) for line in said(replace(named("folfox"), counts={"continue": count})))


# -- The grid ---------------------------------------------------------------------------------------------------------


def test_the_first_cycles_are_drawn_with_days_before_day_1_and_what_runs_on() -> None:
    assert grid(SHAPES).split("\n") == [
        "cycles 1 to 2, 21 days",
        "day         1      8      15",
        "alphamab  ..#......#.............",
        "betamine  ####...................",
        "gammacil  ..#=|..................",
        "",
        "cycles 3 and later, 28 days",
        "day       1      8      15     22",
        "betamine  ##..........................",
        "",
        "# dose   = runs on   | comes off   . no dose",
    ]


def test_a_long_cycle_is_drawn_in_rows_that_fit_a_terminal() -> None:
    assert grid(named("blinatumomab")).split("\n")[4:9] == [
        "cycles 6 and later, 84 days",
        "day           1      8      15     22     29     36",
        "blinatumomab  #===========================|.............",
        "day           43     50     57     64     71     78",
        "blinatumomab  ..........................................",
    ]


# -- On the command line ----------------------------------------------------------------------------------------------


def test_show_explains_a_regimen_and_draws_it(infusions: Infusions) -> None:
    shown = infusions.done("regimens", "show", "gemcitabine-nab-paclitaxel").out
    assert shown.startswith(
        "Gemcitabine and nab-paclitaxel (gemcitabine-nab-paclitaxel, version 2026.1)\n\nWhat it is\n"
    )
    for part in ("When a dose moves", "After the last dose", "Sources", "The first cycles", UNREAD):
        assert part in shown
    assert "  gemcitabine     #......#......#............." in shown
    assert max(len(line) for line in shown.splitlines()) <= 100


def test_check_draws_the_first_cycles_of_a_sound_file(infusions: Infusions) -> None:
    (infusions.folder / "r.toml").write_text(MADE_UP.read_text(encoding="utf-8"), encoding="utf-8")
    assert infusions.done("regimens", "check", "r.toml").out == f"r.toml: in order\n\n{grid(SHAPES)}\n"
    told = infusions.done("regimens", "check", "r.toml", "--json").json()
    assert told == {"ok": True, "files": [{"file": "r.toml", "faults": []}]}


def test_the_pages_are_written_into_a_folder(infusions: Infusions) -> None:
    (infusions.folder / "pages").mkdir()
    infusions.done("regimens", "document", "pages")
    assert {path.name for path in (infusions.folder / "pages").iterdir()} == {path.name for path in DOCS.iterdir()}
    assert infusions("regimens", "document", "nowhere").code == 1


@pytest.mark.parametrize("command", ["serve", "worker", "course list", "regimens list", "tick"])
def test_a_broken_regimen_of_the_clinic_stops_the_start_with_all_its_faults(infusions: Infusions, command: str) -> None:
    folder = infusions.folder / "own"
    folder.mkdir()
    broken = MADE_UP.read_text(encoding="utf-8").replace("length = 21", "lenght = 21").replace('"shift"', '"shfit"')
    (folder / "broken.toml").write_text(broken, encoding="utf-8")
    infusions.done("migrate")
    answer = infusions(*command.split(), INFUSIONS_REGIMENS__FOLDER="own")
    assert (answer.code, answer.out) == (1, ""), answer
    assert "broken.toml, cycles 1, key `length`: is missing; give a whole number from 1 to 400" in answer.err
    assert "broken.toml, cycles 1, key `lenght`: is unknown; did you mean 'length'?" in answer.err
    assert "broken.toml, late, key `rule`: 'shfit' is unknown; did you mean 'shift'?" in answer.err
