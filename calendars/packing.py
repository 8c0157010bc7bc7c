"""A PDF file with its small parts put together and compressed, as PDF knows it since 1.5 (ISO 32000, 7.5.7 and 7.5.8).

What a screen reader needs are hundreds of little objects, each of which typst writes out by itself: two thirds of a
file. Nothing that they say changes.
"""

import re
import zlib
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

_TOGETHER = 1000  # objects: to find one, a reader unpacks all that lie with it
_TABLE = re.compile(
    rb"xref\s+0 (?P<size>\d+)\s+(?P<lines>(?:\d{10} \d{5} [fn]..)+)trailer\s*<<(?P<trailer>.*)>>\s*"
    rb"startxref\s+\d+\s+%%EOF\s*\Z",
    re.DOTALL,
)
_OBJECT = re.compile(rb"(?P<number>\d+) 0 obj\s(?P<body>.*?)\s*endobj\s*\Z", re.DOTALL)
_IN_USE, _PACKED = 1, 2  # kinds of entries in the table of a packed file


class _Object(NamedTuple):
    number: int
    body: bytes

    @property
    def has_stream(self) -> bool:
        return self.body.endswith(b"endstream")


def packed(pdf: bytes) -> bytes:
    """The same document in fewer bytes; a file that is written in another way than typst's is given back as it is."""
    table = _TABLE.match(pdf, pdf.rfind(b"\nxref") + 1)
    if table is None:
        return pdf
    starts = sorted(int(line[:10]) for line in table["lines"].splitlines() if line[17:18] == b"n")
    objects = [_object(pdf[start:end]) for start, end in pairwise([*starts, table.start()])]
    size = int(table["size"])
    small = [each for each in objects if not each.has_stream]
    groups = [small[start : start + _TOGETHER] for start in range(0, len(small), _TOGETHER)]
    streams = [_Object(size + count, _together(group)) for count, group in enumerate(groups)]
    written = [each for each in objects if each.has_stream] + streams
    parts = [pdf[: starts[0]], *(b"%d 0 obj\n%s\nendobj\n" % each for each in written)]
    places = list(accumulate(map(len, parts)))
    entries = {each.number: (_IN_USE, place, 0) for each, place in zip(written, places, strict=False)}
    for stream, group in zip(streams, groups, strict=True):
        entries |= {each.number: (_PACKED, stream.number, place) for place, each in enumerate(group)}
    return b"".join([*parts, _table(entries, size + len(streams), places[-1], table["trailer"])])


# ---------------------------------------------------------------------------------------------------------------------


def _object(written: bytes) -> _Object:
    found = _OBJECT.match(written)
    if found is None:
        raise ValueError("the PDF file: an object does not lie where its table says")
    return _Object(int(found["number"]), found["body"])


def _together(group: Sequence[_Object]) -> bytes:
    """A stream with these objects: first the number and the place of each, then all of them."""
    places = accumulate((len(each.body) + 1 for each in group), initial=0)
    head = b" ".join(b"%d %d" % (each.number, place) for each, place in zip(group, places, strict=False)) + b"\n"
    data = head + b"\n".join(each.body for each in group)
    return _stream(b"/Type/ObjStm/N %d/First %d" % (len(group), len(head)), data)


def _table(entries: dict[int, tuple[int, int, int]], number: int, at: int, trailer: bytes) -> bytes:
    """Where each object lies, itself in a stream; then the end of the file."""
    entries |= {number: (_IN_USE, at, 0)}
    size = number + 1
    lines = [_entry(*entries.get(each, (0, 0, 0xFFFF))) for each in range(size)]
    named = re.sub(rb"/Size \d+", b"", trailer)
    look = b"/Type/XRef/Size %d/W[1 4 2]/DecodeParms<</Predictor 12/Columns %d>>%s" % (size, len(lines[0]), named)
    body = _stream(look, b"".join(map(_above, [bytes(len(lines[0])), *lines], lines)))
    return b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, body, at)


def _entry(kind: int, place: int, index: int) -> bytes:
    return kind.to_bytes(1) + place.to_bytes(4) + index.to_bytes(2)


def _above(before: bytes, line: bytes) -> bytes:
    """The line as its difference from the one before, which compresses best (the predictor "up" of PNG)."""
    return b"\2" + bytes((new - old) & 0xFF for old, new in zip(before, line, strict=True))


def _stream(named: bytes, data: bytes) -> bytes:
    compressed = zlib.compress(data, 9)
    return b"<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (named, len(compressed), compressed)
