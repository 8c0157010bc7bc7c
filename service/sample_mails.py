"""How each mail reads: the real builder on a plainly invented course, with the clinic's own settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from reminders.message import MailFacts, Told, compose
from reminders.mime import Envelope, Letter
from reminders.policy import wanted
from reminders.rules import PATIENT, Recipient
from scheduler import build_plan, events, restamp
from scheduler.course import Audience, Course
from scheduler.events import EventKind, StampedEvent
from scheduler.plan import Plan
from service.clinic import clinic_card, clinic_rules, jurisdiction_of, years_of
from service.loading import reminder_policy

if TYPE_CHECKING:
    from service.wiring import App

SAMPLES = {
    "visit": "Reminder of a visit",
    "full": "The same, for a reader who asked to be told all",
    "check": "Reminder of a check",
    "stay": "Reminder of a stay in hospital",
    "pump": "Reminder that a pump comes off",
    "home": "Reminder of what is taken at home",
    "window": "End of a rule for birth control",
    "change": "A date has changed",
    "neutral": "Please call us",
    "carer": "Reminder of a visit, to a carer",
}
REGIMEN = "inotuzumab-ozogamicin"
REGIMEN_OF = {"stay": "blinatumomab", "pump": "folfox", "home": "loncastuximab-tesirine"}
DAY1 = date(2031, 3, 3)  # a Monday that nobody takes for a date of theirs
STAMP = datetime(2031, 2, 24, 12, tzinfo=UTC)
MOVED = timedelta(days=2)
AUDIENCE, CARER, READER = "can-become-pregnant", "carer-1", "reader@mail.example"
EVENT_OF = {
    "check": EventKind.CHECK,
    "stay": EventKind.STAY,
    "pump": EventKind.DISCONNECT,
    "home": EventKind.HOME,
    "window": EventKind.WINDOW,
}
ID = UUID("00000000-0000-4000-8000-000000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMail:
    """A mail as its reader gets it. `goes`: when (UTC) the clinic's settings send it; none where they send none of that
    kind, or where it goes because something happens."""

    letter: Letter
    language: str
    direction: str
    goes: tuple[datetime, ...]


def sample_mail(app: "App", kind: str, language: str) -> SampleMail:
    """The mail of that kind in that language, by the settings of the clinic that `app` is bound to."""
    plan = _plan(app, REGIMEN_OF.get(kind, REGIMEN))
    stamped = restamp({}, events(plan), plan, at=STAMP)
    wording = app.wordings[language]
    about = _about(kind, plan, stamped, f"{app.settings.server.public_url}/u/{'x' * 12}")
    return SampleMail(
        letter=compose(about, wording, clinic_card(app.settings.clinic)),
        language=language,
        direction=wording.direction,
        goes=_goes(app, kind, plan, stamped, about),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _plan(app: "App", regimen_id: str) -> Plan:
    regimen = app.catalogue.regimen(regimen_id)
    settings = app.settings
    course = Course(
        id=ID,
        day1=DAY1,
        at=settings.clinic.default_at,
        zone=settings.clinic.zone,
        audiences=(Audience(name=AUDIENCE),),
        jurisdiction=jurisdiction_of(settings.clinic.country, regimen),
    )
    rules = clinic_rules(settings, regimen, years_of(DAY1, STAMP.date()))
    return build_plan(regimen, course, (), today=STAMP.date(), clinic=rules)


def _about(kind: str, plan: Plan, stamped: Mapping[str, StampedEvent], unsubscribe: str) -> MailFacts:
    envelope = Envelope(
        sender=READER, to=READER, message_id="<example@clinic.example>", date=STAMP, unsubscribe=unsubscribe
    )
    empty = MailFacts(
        envelope=envelope,
        regimen_id=plan.regimen.id,
        zone=plan.course.zone,
        to_patient=kind != "carer",
        full=kind == "full",
        neutral=kind == "neutral",
    )
    if kind == "neutral":
        return empty
    if kind == "change":
        moved = _first(stamped, EventKind.INFUSION)
        return replace(empty, changes=(Told(stamped=moved, was=_earlier(moved.event.start)),))
    return replace(empty, events=(_first(stamped, EVENT_OF.get(kind, EventKind.INFUSION)).event,))


def _first(stamped: Mapping[str, StampedEvent], kind: EventKind) -> StampedEvent:
    return min((each for each in stamped.values() if each.event.kind is kind), key=lambda each: str(each.event.start))


def _earlier(start: date | datetime) -> date | datetime:
    return start - MOVED


def _goes(
    app: "App", kind: str, plan: Plan, stamped: Mapping[str, StampedEvent], about: MailFacts
) -> tuple[datetime, ...]:
    """When the policy sends it; of what goes because something happens, nothing."""
    reader = Recipient(role=CARER if kind == "carer" else PATIENT, zone=plan.course.zone)
    asked = wanted(stamped.values(), plan, reader, reminder_policy(app.settings.reminders))
    keys = {event.key for event in about.events}
    return tuple(sorted(each.send_after for each in asked if each.subject.event_key in keys))
