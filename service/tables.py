"""Tables for people, as plain text: columns as wide as their content, safe to print whatever the content is."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The rows under their headers, two blanks between columns, without a line end; None is an empty cell."""
    cells = [[plain("" if cell is None else str(cell)) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(headers, *cells, strict=True)]
    rule = ["-" * each for each in widths]
    return "\n".join(_line(row, widths) for row in [headers, rule, *cells])


def last_seen(instant: datetime | None) -> str:
    """When something was last asked for, to the minute in UTC, or "never"."""
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "never"


def pairs(entries: Iterable[tuple[str, object]]) -> str:
    """Names and values below one another; entries without a value are left out."""
    shown = [(name, plain(str(value))) for name, value in entries if value not in {None, ""}]
    widest = max((width(name) for name, _ in shown), default=0)
    return "\n".join(f"{_padded(name, widest)}  {value}" for name, value in shown)


def plain(text: str) -> str:
    """The text on one line and without control characters, which could repaint a terminal."""
    kept = (" " if letter in "\n\r\t" else letter for letter in text)
    return "".join(letter for letter in kept if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})


def width(text: str) -> int:
    """How many columns the text takes in a terminal."""
    return sum(_columns(letter) for letter in text)


# ---------------------------------------------------------------------------------------------------------------------


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_padded(cell, each) for cell, each in zip(cells, widths, strict=True)).rstrip()


def _padded(cell: str, columns: int) -> str:
    return cell + " " * (columns - width(cell))


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
