"""A calendar feed: its bytes written, and built from the plan. How it is served stands in `serving`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from benchmarks import plain_icalendar
from benchmarks.plans import DAY1, inotuzumab, six_cycles
from benchmarks.timing import Result, fastest
from calendars import FORMATS
from calendars.kinds import ClinicCard, Detail, Reader
from calendars.view import CalendarView, build_view
from scheduler import Plan, events, restamp
from service.catalogue import load_wordings

CLINIC = ClinicCard(name="Example clinic", phone="+1 555 0100", address="1 Example Street")


def written() -> Result:
    """60 events with 100 alarms, at full detail, by our writer against the icalendar package alone."""
    view = _sixty_events()
    timezone = plain_icalendar.timezone_of(view)
    render = FORMATS["ics"].render
    ours, reference = fastest(lambda: render(view), lambda: plain_icalendar.render(view, timezone))
    return Result(
        what="60 events with 100 alarms written",
        seconds=ours,
        reference="the icalendar package alone",
        reference_seconds=reference,
        aim_ratio=0.1,
        size_bytes=len(render(view)),
    )


def built() -> Result:
    """The iCalendar bytes of a course of six cycles, at full detail, against the plan that they show."""
    render = FORMATS["ics"].render
    plan, view = _course()
    ours, reference = fastest(lambda: render(view()), lambda: six_cycles(plan.regimen))
    return Result(
        what="feed of 6 cycles built, full detail",
        seconds=ours,
        reference="the plan itself",
        reference_seconds=reference,
        size_bytes=len(render(view())),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _course() -> tuple[Plan, Callable[[], CalendarView]]:
    """The plan of six cycles, and what makes the view of it that a patient has at full detail."""
    plan = six_cycles(inotuzumab())
    stamp = datetime.combine(DAY1, time(), tzinfo=UTC)
    stamped = restamp({}, events(plan), plan, at=stamp).values()
    wording = load_wordings()["en"]

    def view() -> CalendarView:
        return build_view(
            stamped,
            plan,
            wording=wording,
            detail=Detail.FULL,
            reader=Reader.PATIENT,
            clinic=CLINIC,
            stamp=stamp,
            uid=plan.course.id,
            today=DAY1,
        )

    return plan, view


def _sixty_events() -> CalendarView:
    leads = (timedelta(days=1), timedelta(hours=2))
    view = _course()[1]()
    entries = [replace(each, alarms=leads[: 1 + (n < 40)]) for n, each in enumerate(view.entries[:60])]
    if len(entries) != 60 or sum(len(each.alarms) for each in entries) != 100:
        raise AssertionError("the course has too few events")
    return replace(view, entries=tuple(entries))
