"""CSV as spreadsheets write it: encodings, separators, limits, and cells that could be formulas."""

import csv
import io

import pytest

from scheduler.errors import InvalidValue
from service.csv_text import FORMULA, MAX_BYTES, MAX_ROWS, csv_line, neutral, plain, read_rows, with_bom

TEXT = "name,note\nÜnal 李,x\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.replace(",", ";").encode("utf-8-sig"),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode(),
        ("sep=;\n" + TEXT.replace(",", ";")).encode(),
        (TEXT + "\n,\n\n").encode(),
        TEXT.replace("note\n", "note,,\n").encode(),
    ],
    ids=[
        "UTF-8",
        "with its mark",
        "UTF-16",
        "Excel in Europe",
        "Unicode text",
        "CRLF",
        "sep",
        "empty rows",
        "columns gone",
    ],
)
def test_what_spreadsheets_write_is_read(data: bytes) -> None:
    header, rows = read_rows(data)
    assert header == ("name", "note")
    assert [(row.number, row.cells["name"], row.cells["note"]) for row in rows] == [(2, "Ünal 李", "x")]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    _, rows = read_rows(b'name,note\n"a\nb",1\n\nc,2\n')
    assert [(row.number, row.cells["name"]) for row in rows] == [(2, "a\nb"), (4, "c")]


def test_cells_beyond_the_last_column_are_counted_and_short_rows_are_read() -> None:
    _, rows = read_rows(b"name,note\na,b,c,,d\nx\n")
    assert [(row.surplus, dict(row.cells)) for row in rows] == [(2, {"name": "a", "note": "b"}), (0, {"name": "x"})]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"name\n", "no row below"),
        ("name\nMüller\n".encode("latin-1"), "CSV UTF-8"),
        (b"PK\x03\x04\x00\x00", "save it as CSV"),
        (b'name\n"open\n', "is no CSV"),
        (b"\xff\xfea", "CSV UTF-8"),
        (b"x" * (MAX_BYTES + 1), "more than 5 MB"),
        (b"name\n" + b"a\n" * (MAX_ROWS + 1), f"at most {MAX_ROWS}"),
        (b"name\n" + b"a" * 200_000, "is no CSV"),
    ],
)
def test_a_file_that_is_no_table_is_told_in_one_sentence(data: bytes, told: str) -> None:
    with pytest.raises(InvalidValue, match=told) as refused:
        read_rows(data)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("first", FORMULA)
def test_no_written_cell_is_a_formula_and_it_is_read_back_as_it_was(first: str) -> None:
    cell = f"{first}HYPERLINK(1)"
    written = next(csv.reader(io.StringIO(csv_line([cell]))))[0]
    assert not written.startswith(FORMULA)
    assert plain(written) == cell.strip()


@pytest.mark.parametrize("cell", ["'t Hooft", "'=x", "''", "Anna", "", "a=b", "5"])
def test_marks_of_others_are_kept(cell: str) -> None:
    assert plain(neutral(cell)) == cell
    assert plain("'t Hooft") == "'t Hooft"


def test_a_spreadsheet_knows_the_encoding_by_its_mark() -> None:
    assert b"".join(with_bom(["ü\r\n"])) == "ü\r\n".encode("utf-8-sig")
