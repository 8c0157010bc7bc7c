"""CSV as spreadsheets write and read it: encodings, separators, limits, and cells that no spreadsheet takes for a
formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scheduler.errors import InvalidValue

MAX_BYTES = 5_000_000
MAX_ROWS = 5_000
SEPARATORS = (",", ";", "\t")
# What a spreadsheet takes for the beginning of a formula; and the mark itself, so that it can be told from ours.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
MARK = "'"


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvRow:
    """One row that is not empty: its number as a spreadsheet shows it, and its cells by column. `surplus`: how many
    cells stand beyond the last column."""

    number: int
    cells: Mapping[str, str]
    surplus: int = 0


def read_rows(data: bytes) -> tuple[tuple[str, ...], tuple[CsvRow, ...]]:
    """The names of the columns, and the rows below them; InvalidValue says what is wrong with the file as a whole."""
    if len(data) > MAX_BYTES:
        raise InvalidValue(f"the file has more than {MAX_BYTES // 1_000_000} MB; divide it")
    text = _decoded(data)
    separator, lines = _separator(text)
    try:
        found = list(csv.reader(io.StringIO(lines, newline=""), delimiter=separator, strict=True))
    except csv.Error as fault:
        raise InvalidValue(f"the file is no CSV ({fault}); save it as CSV anew") from None
    numbered = [(number, cells) for number, cells in enumerate(found, start=1) if any(map(str.strip, cells))]
    if not numbered:
        raise InvalidValue("the file is empty; its first row names the columns")
    header = tuple(cell.strip() for cell in numbered[0][1])
    while header and not header[-1]:  # a spreadsheet writes separators for columns that it once had
        header = header[:-1]
    rows = tuple(_row(number, header, cells) for number, cells in numbered[1:])
    if not rows:
        raise InvalidValue("the file has no row below the names of the columns; write one for each course")
    if len(rows) > MAX_ROWS:
        raise InvalidValue(f"the file has {len(rows)} rows and at most {MAX_ROWS} are taken at once; divide it")
    return header, rows


def csv_line(cells: Iterable[str]) -> str:
    """One line of CSV with its end; no cell of it is a formula to a spreadsheet."""
    out = io.StringIO()
    csv.writer(out).writerow([neutral(cell) for cell in cells])
    return out.getvalue()


def neutral(cell: str) -> str:
    """The cell, marked where a spreadsheet would take it for a formula; `plain` takes the mark away."""
    return MARK + cell if cell.startswith((*FORMULA, MARK)) else cell


def plain(cell: str) -> str:
    """The cell that `neutral` was given, without the blanks around it."""
    found = cell.strip(" ")
    return found[1:].strip() if found.startswith(MARK) and found[1:].startswith((*FORMULA, MARK)) else found.strip()


def with_bom(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines as UTF-8 with the mark by which spreadsheets know it."""
    yield b"\xef\xbb\xbf"
    for line in lines:
        yield line.encode("utf-8", "replace")


# ---------------------------------------------------------------------------------------------------------------------


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        message = 'the file is not in UTF-8, so names could be misread; save it as "CSV UTF-8"'
        raise InvalidValue(message) from None
    if "\0" in text:
        raise InvalidValue("the file is no text; save it as CSV, not as a spreadsheet")
    return text


def _separator(text: str) -> tuple[str, str]:
    """What stands between the cells, and the text without the line by which Excel says so."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == len("sep=") + 1:
        return first.strip()[-1], rest
    return max(SEPARATORS, key=first.count), text


def _row(number: int, header: tuple[str, ...], cells: list[str]) -> CsvRow:
    surplus = sum(1 for cell in cells[len(header) :] if cell.strip())
    return CsvRow(
        number=number, cells={name: plain(cell) for name, cell in zip(header, cells, strict=False)}, surplus=surplus
    )
