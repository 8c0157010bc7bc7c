"""`infusions course import` and `export`."""

from pathlib import Path

import pytest

from tests.cli import NOW, Infusions

HEADER = "patient;regimen;day1;can-become-pregnant;partner-can-become-pregnant;breastfeeding;given\n"
ALVA = "Alva;inotuzumab-ozogamicin;2026-11-02;shown;no;no;C1D1 2026-11-02\n"
BEA = "Bea;inotuzumab-ozogamicin;2026-12-07;private;no;no;\n"
BAD = "Cleo;inotuzumab-ozogamicin;7.12.2026;no;no;;\n"


@pytest.fixture
def infusions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Infusions:
    monkeypatch.chdir(tmp_path)
    return Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW}).migrated()


def table(infusions: Infusions, *rows: str) -> str:
    path = infusions.folder / "patients.csv"
    path.write_text(HEADER + "".join(rows), encoding="utf-8-sig")
    return str(path)


def patients(infusions: Infusions) -> set[str]:
    return {line["patient"] for line in infusions.done("course", "list", "--json").json()["courses"]}


def test_a_preview_tells_what_would_start_and_stores_nothing(infusions: Infusions) -> None:
    told = infusions.done("course", "import", table(infusions, ALVA, BAD), "--preview").out
    assert "row 2: Alva, Inotuzumab ozogamicin, 2026-11-02 to 2027-04-11, 6 cycles, 1 recorded so far" in told
    assert "row 3, day1: '7.12.2026' is not a date; write it as 2026-12-07" in told
    assert told.endswith("Nothing is stored. 1 courses would start, 0 there already, 1 refused.\n")
    assert patients(infusions) == set()


def test_one_refused_row_keeps_all_out_and_each_fault_is_named(infusions: Infusions) -> None:
    answer = infusions("course", "import", table(infusions, ALVA, BAD))
    assert (answer.code, answer.out) == (1, "")
    file = infusions.folder / "patients.csv"
    asked = "ask the patient alone, then write shown, private or no"
    assert answer.err.splitlines() == [
        f"{file}, row 3, day1: '7.12.2026' is not a date; write it as 2026-12-07",
        f"{file}, row 3, breastfeeding: is empty; {asked}",
    ]
    assert patients(infusions) == set()


def test_the_good_rows_are_stored_if_so_chosen_and_once(infusions: Infusions) -> None:
    file = table(infusions, ALVA, BAD, BEA)
    told = infusions.done("course", "import", file, "--skip-refused", "--by", "pia").out
    assert told.endswith("2 courses started, 0 there already, 1 refused.\n")
    assert patients(infusions) == {"Alva", "Bea"}
    again = infusions.done("course", "import", file, "--skip-refused").out
    assert again.endswith("0 courses started, 2 there already, 1 refused.\n")
    assert len(infusions.done("course", "list", "--json").json()["courses"]) == 2


def test_the_report_is_one_object(infusions: Infusions) -> None:
    refused = infusions("course", "import", table(infusions, ALVA, BAD), "--json")
    assert refused.code == 1
    assert [(row["row"], row["state"]) for row in refused.json()["rows"]] == [(2, "good"), (3, "refused")]
    assert refused.json()["rows"][1]["faults"][0]["column"] == "day1"
    done = infusions.done("course", "import", table(infusions, ALVA), "--json").json()
    assert (done["stored"], done["rows"][0]["state"]) == (1, "stored")
    assert infusions.done("course", "show", done["rows"][0]["course"], "--json").json()["patient"] == "Alva"


def test_what_is_given_out_is_taken_in_by_an_empty_clinic(infusions: Infusions) -> None:
    infusions.done("course", "import", table(infusions, ALVA, BEA))
    infusions.done("course", "export", "--output", "all.csv")
    assert len(infusions.done("course", "export", "--json").json()["courses"]) == 2
    (infusions.folder / "data" / "infusions.db").rename("old.db")
    infusions.migrated().done("course", "import", "all.csv")
    assert patients(infusions) == {"Alva", "Bea"}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("missing.csv",), "missing.csv: there is no such file"),
        ((".",), "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(infusions: Infusions, args: tuple[str, ...], told: str) -> None:
    assert told in infusions.refused("course", "import", *args)


def test_a_file_that_is_no_table_is_told(infusions: Infusions) -> None:
    (infusions.folder / "x.csv").write_text("name\nAlva\n", encoding="utf-8")
    assert infusions.refused("course", "import", "x.csv").startswith("x.csv: column 'name' is unknown")


def test_the_empty_table_and_the_page_of_columns_need_no_database(infusions: Infusions) -> None:
    assert infusions.done("course", "import", "--template").out.startswith("patient,regimen,day1")
    assert infusions.done("course", "import", "--columns").out.startswith("# Import and export of courses")
    assert infusions("course", "import").code == 2
