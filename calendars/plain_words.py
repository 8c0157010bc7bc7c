"""The last page of a printed calendar: what to bring, how long it takes, when to call and whom."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from calendars.days import CyclePage
from calendars.guide import Guide
from calendars.kinds import Detail
from calendars.sheet import Data
from calendars.view import CalendarView
from calendars.wording import say_duration


def plain_words(view: CalendarView, pages: Iterable[CyclePage]) -> Iterator[Data]:
    """The boxes of the page: a heading, lines, and whether it is urgent."""
    say = view.wording.say
    guide = Guide(wording=view.wording, clinic=view.clinic, regimen_id=view.plan.regimen.id)
    if not view.guidance:
        call = [guide.whom_to_call(), say("mail.silence")] if view.detail is not Detail.BUSY else []
        yield {"heading": say("mail.call") if call else "", "urgent": False, "lines": call}
        return
    yield {"heading": say("print.bring"), "urgent": False, "lines": [guide.bring(), say("mail.eat"), say("mail.feel")]}
    yield {"heading": say("print.how-long"), "urgent": False, "lines": [*_lengths(view, pages), guide.leave()]}
    yield {
        "heading": say("mail.call"),
        "urgent": False,
        "lines": [guide.whom_to_call(), guide.tests(), guide.changes()],
    }
    urgent = [line for text in guide.at_once() for line in sentences(text)]
    yield {"heading": say("print.at-once"), "urgent": True, "lines": [*urgent, *guide.other_numbers()]}


def phones(view: CalendarView) -> Iterator[Data]:
    """The numbers to call, with what each is for. On every sheet that has words."""
    clinic = view.clinic
    for key, number in (
        ("print.phone", clinic.phone),
        ("print.phone.after-hours", clinic.after_hours_phone),
        ("print.phone.emergency", clinic.emergency_number),
    ):
        if number and view.detail is not Detail.BUSY:
            yield {"label": view.wording.say(key), "number": view.wording.isolated(number)}


def sentences(text: str) -> list[str]:
    """The sentences of a text, each for a line of its own; ". " ends one in every language that there is."""
    return [part if part.endswith((".", "!", "؟", "?")) else f"{part}." for part in text.split(". ")]


# ---------------------------------------------------------------------------------------------------------------------


def _lengths(view: CalendarView, pages: Iterable[CyclePage]) -> Iterator[str]:
    visits = [
        entry.leave.timestamp() - entry.arrival.timestamp()
        for page in pages
        for day in page.days
        for entry in day.entries
        if entry.arrival is not None and entry.leave is not None
    ]
    if not visits:
        return
    least, most = (say_duration(timedelta(seconds=found), view.language) for found in (min(visits), max(visits)))
    if least == most:
        yield view.wording.say("print.length", length=least)
    else:
        yield view.wording.say("print.lengths", least=least, most=most)
