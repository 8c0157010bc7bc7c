"""A printed calendar: a document after the first, each of another course, as a clinic prints them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count, cycle
from uuid import UUID

import typst

from benchmarks.feeds import CLINIC
from benchmarks.plans import DAY1, inotuzumab
from benchmarks.timing import Result, fastest
from calendars import FORMATS
from calendars.kinds import Detail, Reader
from calendars.sheet import Sheet
from calendars.view import CalendarView, build_view
from calendars.wording import Wording
from scheduler import ClinicRules, Course, Regimen, build_plan, events, restamp
from scheduler.course import Audience
from service.catalogue import load_wordings
from service.press import load_press

COURSES = 30  # more than one, since typst keeps what it has set before
EMPTY = b'#set document(title: "Nothing", date: none)\n#set text(font: "Noto Sans")\nNothing'


def printed() -> Result:
    """The sheets of six cycles for one course after the other, against a page with one word."""
    press, render = load_press(), FORMATS["pdf"].render
    views, numbers = cycle(_views()), count()
    compiler = typst.Compiler(font_paths=press.fonts, ignore_system_fonts=True)

    def another() -> bytes:
        # Another patient each time: nothing of the document is as it was.
        return render(replace(next(views), title=f"Calendar {next(numbers)}"))

    ours, reference = fastest(
        another, lambda: compiler.compile(EMPTY, format="pdf", pdf_standards=["ua-1"], timestamp=0)
    )
    return Result(
        what="printed calendar of 6 cycles, 8 pages, each of another course",
        seconds=ours,
        reference="a page with one word",
        reference_seconds=reference,
        aim_seconds=0.1,
        aim_bytes=200_000,
        size_bytes=max(len(render(view)) for view in _views()),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _views() -> Iterator[CalendarView]:
    """Courses that start a day apart, in every language."""
    wordings, regimen = load_wordings(), inotuzumab()
    for number, wording in zip(range(COURSES), cycle(wordings.values()), strict=False):
        yield _view(regimen, number, wording)


def _view(regimen: Regimen, number: int, wording: Wording) -> CalendarView:
    audiences = (Audience(name="can-become-pregnant"), Audience(name="breastfeeding"))
    day1 = DAY1 + timedelta(days=number)
    course = Course(id=UUID(int=number), day1=day1, at=time(9), zone="America/New_York", audiences=audiences)
    plan = build_plan(regimen, course, (), today=DAY1, clinic=ClinicRules())
    stamp = datetime.combine(DAY1, time(), tzinfo=UTC)
    return build_view(
        restamp({}, events(plan), plan, at=stamp).values(),
        plan,
        wording=wording,
        detail=Detail.FULL,
        reader=Reader.PATIENT,
        clinic=CLINIC,
        stamp=stamp,
        uid=course.id,
        today=DAY1,
        sheet=Sheet(press=load_press(), printed=DAY1, address=f"https://clinic.example.org/p/{number:043d}"),
    )
