"""Which characters a font can show, by its own table: what it cannot show must not be left blank on paper."""

import re
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from scheduler.errors import InvalidValue

NO_GLYPH = "\N{REPLACEMENT CHARACTER}"
# Shown as nothing, and needed: to join letters or keep them apart, to break a word, to keep two on one line; and the
# isolates that keep a number's order within a line that is written from the right.
_INVISIBLE = frozenset(map(ord, "\n \u00a0\u00ad\u200b\u200c\u200d\u2066\u2067\u2068\u2069"))
# 7 December 2026, 7 de diciembre de 2026; and the month with the year alone.
_DATE = re.compile(r"\b\d{1,2}(?: [^\W\d_]+){1,3} \d{4}\b")
_MONTH = re.compile(r"(?<=\d )[^\W\d_]{3,}(?: [^\W\d_]{2})? \d{4}\b|(?<=\d de )[^\W\d_]{3,} de \d{4}\b")
# These could turn the order of what stands beside them.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e")


def characters(font: bytes) -> frozenset[int]:
    """The code points that an OpenType font has a glyph for; InvalidValue when it has no table that tells."""
    tables = list(_unicode_tables(font))
    if not tables:
        raise InvalidValue("font: it has no table of its characters; use an OpenType font")
    return frozenset(code for table in tables for code in _codes(font, table))


def shown(text: str, covered: frozenset[int]) -> str:
    """The text with a mark in place of each character that no font has; marks of direction, which could turn what
    stands beside them, are left out."""
    composed = unicodedata.normalize("NFC", text)
    if _plain(covered).issuperset(map(ord, composed)):
        return composed  # nearly all texts, and this is much the quickest way to know
    kept = (char for char in composed if char == "\n" or (char >= " " and char not in _TURNING))
    return "".join(char if ord(char) in covered or ord(char) in _INVISIBLE else NO_GLYPH for char in kept)


def breakable(text: str, longest: int = 16) -> str:
    """The text with places to break it within words so long that they would run into what stands beside them."""
    return " ".join(_broken(word, longest) for word in text.split(" "))


def undivided(text: str, *, narrow: bool = False) -> str:
    """The text in which no line ends within a date, or between its month and its year alone where lines are `narrow`: a
    year by itself can be taken for another date's."""
    return (_MONTH if narrow else _DATE).sub(lambda found: found[0].replace(" ", "\u00a0"), text)


def longest_piece(texts: Iterable[str]) -> int:
    """The most letters that stand on one line however narrow it is."""
    return max((len(piece) for text in texts for piece in undivided(text).split(" ")), default=0)


# ---------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _plain(covered: frozenset[int]) -> frozenset[int]:
    """What of the covered characters is shown as it is."""
    return frozenset(code for code in covered if code >= ord(" ") and chr(code) not in _TURNING)


def _broken(word: str, longest: int) -> str:
    if len(word) <= longest * 3 // 2:
        return word
    return "\u200b".join(word[start : start + longest] for start in range(0, len(word), longest))


def _unicode_tables(font: bytes) -> Iterator[int]:
    """Where the tables from Unicode to glyphs begin (OpenType, `cmap`)."""
    count = struct.unpack_from(">H", font, 4)[0]
    records = (struct.unpack_from(">4sLLL", font, 12 + 16 * number) for number in range(count))
    for start in (offset for tag, _, offset, _ in records if tag == b"cmap"):
        for number in range(struct.unpack_from(">H", font, start + 2)[0]):
            platform, encoding, offset = struct.unpack_from(">HHL", font, start + 4 + 8 * number)
            if (platform, encoding) in {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}:
                yield start + offset


def _codes(font: bytes, start: int) -> Iterable[int]:
    match struct.unpack_from(">H", font, start)[0]:
        case 4:
            return _segments(font, start)
        case 12:
            return _groups(font, start)
        case _:
            return ()


def _segments(font: bytes, start: int) -> Iterator[int]:
    """Format 4: segments of the first 65,536 characters; within one a character may still have no glyph."""
    count = struct.unpack_from(">H", font, start + 6)[0] // 2
    ends, begins, deltas, offsets = (
        struct.unpack_from(f">{count}H", font, start + 14 + (2 if part else 0) + 2 * count * part) for part in range(4)
    )
    for number, (first, last) in enumerate(zip(begins, ends, strict=True)):
        place = start + 16 + 6 * count + 2 * number + offsets[number]
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = struct.unpack_from(">H", font, place + 2 * (code - first))[0] if offsets[number] else code
            if glyph and (glyph + deltas[number]) & 0xFFFF:
                yield code


def _groups(font: bytes, start: int) -> Iterator[int]:
    """Format 12: groups of any characters."""
    for number in range(struct.unpack_from(">L", font, start + 12)[0]):
        first, last, _ = struct.unpack_from(">LLL", font, start + 16 + 12 * number)
        yield from range(first, last + 1)
