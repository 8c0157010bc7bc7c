"""How large the letters of a cycle's page may be so that its grid stands on one page: an estimate from the texts.

An estimate, since measuring within the document takes ten times as long. Where it is wrong, a week goes on the next
page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

SIZES = (10.0, 9.5, 9.0, 8.5, 8.0, 7.5)  # points
WEEK = 7
_PER_MM = 72 / 25.4  # points
_LETTER = 0.5  # of the size, the width of a letter with what a broken line leaves over
_LINE = 1.1  # of the size, from line to line
_TITLE = 1.08  # how much wider bold letters are
_HEAD = 0.54  # of the size, the width of a bold letter in what heads a day
_AROUND, _AROUND_DATE = 3.4, 1.3  # mm around a date and what stands beneath it, or the date alone
_TALLEST = 40.0  # mm of a row in which little stands

Texts = Sequence[tuple[str, bool]]  # the paragraphs of a cell, and whether they are bold


@dataclass(frozen=True, slots=True)
class Fit:
    """The size of the letters in points and the least height of a row in mm, and whether the day's number and its date
    stand in lines of their own, since a date that breaks is hard to read."""

    size: float
    least: float
    stacked: bool


def fitted(cells: Sequence[Texts], width: float, height: float, head: int = 0) -> Fit:
    """How cells of `width` all stand in `height` (both mm); what heads a day has up to `head` letters."""
    rows = [cells[start : start + WEEK] for start in range(0, len(cells), WEEK)]
    for size in SIZES:
        stacked = head * size * _HEAD > width * _PER_MM
        tall = [max(_height(cell, width, size, 2 if stacked else 1) for cell in row) for row in rows]
        if sum(tall) <= height:
            return Fit(size, _least(tall, height), stacked)
    return Fit(SIZES[2], 0.0, head * SIZES[2] * _HEAD > width * _PER_MM)


# ---------------------------------------------------------------------------------------------------------------------


def _height(cell: Texts, width: float, size: float, heads: int) -> float:
    lines = sum(_lines(text, width * _PER_MM / (size * _LETTER * (_TITLE if bold else 1.0))) for text, bold in cell)
    return (lines + heads) * _LINE * size / _PER_MM + (_AROUND if lines else _AROUND_DATE)


def _lines(text: str, letters: float) -> int:
    """How many lines of that many letters the text takes, broken between words."""
    return sum(1 for _ in _broken(text.split(" "), letters))


def _broken(words: Sequence[str], letters: float) -> Iterator[None]:
    room = 0.0
    for word in words:
        if len(word) > room:
            yield from [None] * max(1, ceil(len(word) / letters))
            room = letters - len(word) % letters
        else:
            room -= len(word)
        room -= 1


def _least(tall: Sequence[float], height: float) -> float:
    """The height up to which the low rows can grow together."""
    low, high = 0.0, _TALLEST
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(max(middle, each) for each in tall) <= height else (low, middle)
    return round(low, 1)
