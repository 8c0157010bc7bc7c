"""A printed calendar in fewer bytes: every object of the file is the one that typst wrote, and readers find them all."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject, StreamObject

from calendars import FORMATS, document
from calendars.packing import packed
from scheduler import ClinicRules, build_plan, events, restamp
from tests.calendar_plans import ARABIC, ENGLISH, SHEET, STARTED, Story, eventful
from tests.test_regimen_library import IDS, example_of


@pytest.fixture(scope="module")
def as_written() -> bytes:
    """The file as typst wrote it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "packed", lambda pdf: pdf)
        return document.render(eventful().view(wording=ARABIC))


def plain(value: Any) -> object:
    """A part of a file as values that can be compared; what it refers to by its number."""
    if isinstance(value, IndirectObject):
        return ("object", value.idnum)
    if isinstance(value, StreamObject):
        return ({key: plain(value.raw_get(key)) for key in value}, value.get_data())
    if isinstance(value, DictionaryObject):
        return {key: plain(value.raw_get(key)) for key in value}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return (type(value).__name__, str(value))


def objects(body: bytes, numbers: int) -> Iterator[object]:
    reader = PdfReader(BytesIO(body), strict=True)
    for number in range(1, numbers):
        yield plain(reader.get_object(number))


def test_every_object_is_what_it_was(as_written: bytes) -> None:
    count: Any = PdfReader(BytesIO(as_written)).trailer["/Size"]
    assert count > 500
    assert list(objects(packed(as_written), count)) == list(objects(as_written, count))


def test_the_end_of_the_file_names_the_same_root_and_ids(as_written: bytes) -> None:
    before, after = (PdfReader(BytesIO(body), strict=True).trailer for body in (as_written, packed(as_written)))
    for name in ("/Root", "/Info", "/ID"):
        assert plain(after.raw_get(name)) == plain(before.raw_get(name))


def test_it_takes_less_than_half_and_the_same_file_gives_the_same_bytes(as_written: bytes) -> None:
    assert len(packed(as_written)) < len(as_written) * 0.6
    assert packed(as_written) == packed(as_written)


@pytest.mark.parametrize("other", [b"", b"%PDF-1.7\nno table", b"%PDF-1.7\nxref\n0 1\n", b"\nxref\n0 x\ntrailer"])
def test_a_file_of_another_make_is_given_back_as_it_is(other: bytes) -> None:
    assert packed(other) == other


def test_what_is_packed_is_not_packed_again(as_written: bytes) -> None:
    once = packed(as_written)
    assert packed(once) == once


def test_a_table_that_points_elsewhere_is_refused(as_written: bytes) -> None:
    table = as_written.rfind(b"\nxref")
    first = as_written.index(b" 00000 n", table)
    moved = b"%010d" % (int(as_written[first - 10 : first]) + 3)
    with pytest.raises(ValueError, match="does not lie where its table says"):
        packed(as_written[: first - 10] + moved + as_written[first:])


@pytest.mark.parametrize("id_", IDS)
def test_the_sheets_of_every_worked_example_take_less_than_200_kilobytes(id_: str) -> None:
    example = example_of(id_)
    file = example.course
    plan = build_plan(file.regimen, file.course, file.actions, today=example.today, clinic=ClinicRules())
    told = Story(plan=plan, stamped=restamp({}, events(plan), plan, at=STARTED))
    largest = told.view(wording=ARABIC, sheet=replace(SHEET, large_print=True, name="Patient Example"))
    for view in (largest, told.view(wording=ENGLISH)):
        assert len(FORMATS["pdf"].render(view)) < 200_000
