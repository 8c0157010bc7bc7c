"""Reads a printed calendar back: its text as a person copies it, and what a screen reader is told."""

import re
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from typing import Any, cast

from pypdf import PdfReader
from pypdf.generic import DictionaryObject


def pages_of(body: bytes) -> list[str]:
    """The text of each page on one line, without what is only there for breaking and ordering lines."""
    return list(_pages(body))


def text_of(body: bytes) -> str:
    """All text of the file: what is seen, what is read aloud instead of pictures, and its title."""
    reader = PdfReader(BytesIO(body))
    title = reader.metadata.title if reader.metadata else None
    return " ".join([*pages_of(body), *map(_plain, alternatives(body)), title or ""])


def alternatives(body: bytes) -> list[str]:
    """What is read aloud in the place of each picture."""
    return [str(each["/Alt"]) for each in elements(body) if "/Alt" in each]


def overview_of(body: bytes) -> int:
    """How many pages the course at a glance takes, by the headings that the file lists: the next one is a new page."""
    reader = PdfReader(BytesIO(body))
    pages = (reader.get_destination_page_number(each) for each in _headings(reader.outline))
    return next(number for number in pages if number)


def reader_links(body: bytes) -> list[str]:
    """The addresses that one can click on."""
    annotations = (
        each.get_object() for page in PdfReader(BytesIO(body)).pages for each in cast("Any", page).get("/Annots", [])
    )
    return [str(each["/A"]["/URI"]) for each in annotations]


def elements(body: bytes) -> Iterator[DictionaryObject]:
    """The elements of the structure, each before what it holds."""
    root = cast("Any", PdfReader(BytesIO(body)).trailer["/Root"])["/StructTreeRoot"]
    waiting = [root]
    while waiting:
        element = waiting.pop().get_object()
        if not isinstance(element, DictionaryObject):
            continue
        if "/S" in element:
            yield element
        kids = element.get("/K", [])
        kids = kids.get_object() if hasattr(kids, "get_object") else kids
        waiting += reversed(kids if isinstance(kids, list) else [kids]) if not isinstance(kids, int) else []


# ---------------------------------------------------------------------------------------------------------------------


def _headings(outline: Any) -> Iterator[Any]:
    for each in outline:
        yield from _headings(each) if isinstance(each, list) else [each]


@lru_cache(maxsize=256)  # many tests look at the same sheet, and reading a page takes longer than making it
def _pages(body: bytes) -> tuple[str, ...]:
    return tuple(_plain(page.extract_text()) for page in PdfReader(BytesIO(body)).pages)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub("[\u200b\u2066-\u2069]", "", text)).strip()
