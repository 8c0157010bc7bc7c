"""Plans, stamped events and views for the tests of the calendars: real plans of the regimen that comes along."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from uuid import UUID

from calendars.sheet import Sheet
from calendars.view import CalendarView, ClinicCard, Detail, Reader, build_view
from calendars.wording import Wording, parse_wording
from scheduler import Action, Audience, Course, Plan, StampedEvent, build_plan, events, parse_regimen, restamp
from scheduler.actions import Cease, CeaseCause, Defer, Given, Hold, HoldCause, Omit
from scheduler.regimen import Regimen
from service.press import load_press

COURSE_ID = UUID("7d1f5f2e-7f3a-4a8e-9b57-0c3f5f1f6a01")
FEED_ID = UUID("2b7c3a52-1c44-4b6e-8a3f-53d5a0f0c902")
STARTED = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
DAY1 = date(2026, 12, 7)
CLINIC = ClinicCard(
    name="Riverside Day Clinic",
    phone="555-0100",
    after_hours_phone="555-0199",
    emergency_number="911",
    fever_threshold="38 °C (100.4 °F)",
    address="12 River Street, Springfield",
)
SHEET = Sheet(press=load_press(), printed=DAY1, address="https://clinic.example/p/" + "Ab-_" * 10 + "xyz")
AUDIENCES = (Audience(name="can-become-pregnant"), Audience(name="breastfeeding"))


def _package_text(package: str, *parts: str) -> str:
    return files(package).joinpath(*parts).read_text(encoding="utf-8")


INOTUZUMAB: Regimen = parse_regimen(
    _package_text("scheduler", "regimens", "inotuzumab-ozogamicin.toml"), "inotuzumab-ozogamicin.toml"
)
WORDINGS: dict[str, Wording] = {
    language: parse_wording(language, _package_text("calendars", "wording", f"{language}.po"))
    for language in ("ar", "en", "es")
}
ENGLISH, SPANISH, ARABIC = WORDINGS["en"], WORDINGS["es"], WORDINGS["ar"]


def course(
    *,
    zone: str = "America/New_York",
    day1: date = DAY1,
    at: time = time(9, 0),
    cycles: int | None = None,
    audiences: tuple[Audience, ...] = AUDIENCES,
) -> Course:
    """A course of the regimen that comes along."""
    return Course(id=COURSE_ID, day1=day1, at=at, zone=zone, cycles=cycles, audiences=audiences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A course as it went: its plan after each action, and the events as a store would keep them."""

    plan: Plan
    stamped: dict[str, StampedEvent]

    def view(
        self,
        *,
        detail: Detail = Detail.FULL,
        reader: Reader = Reader.PATIENT,
        today: date | None = None,
        wording: Wording = ENGLISH,
        clinic: ClinicCard = CLINIC,
        alarms: tuple[timedelta, ...] = (),
        changed_at: datetime | None = None,
        stamp: datetime = STARTED,
        sheet: Sheet | None = None,
    ) -> CalendarView:
        """What `reader` sees of it."""
        return build_view(
            self.stamped.values(),
            self.plan,
            wording=wording,
            detail=detail,
            reader=reader,
            clinic=clinic,
            stamp=stamp,
            uid=FEED_ID,
            today=today or self.plan.today,
            alarms=alarms,
            changed_at=changed_at,
            sheet=sheet or SHEET,
        )


def story(
    of: Course | None = None, actions: Sequence[Action] = (), *, today: date = DAY1, regimen: Regimen = INOTUZUMAB
) -> Story:
    """The course with its actions recorded one after the other, an hour apart, from the day that it was started on."""
    of = of or course()
    plan = build_plan(regimen, of, (), today=today)
    stamped = restamp({}, events(plan), plan, at=STARTED)
    for number in range(1, len(actions) + 1):
        plan = build_plan(regimen, of, actions[:number], today=today)
        stamped = restamp(stamped, events(plan), plan, at=STARTED + timedelta(hours=number))
    return Story(plan=plan, stamped=stamped)


@cache
def eventful() -> Story:
    """A course in which everything happened: given, deferred, omitted, held."""
    actions = (
        Given(cycle=1, day=1, on=DAY1),
        Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="CANARY-REASON"),
        Given(cycle=1, day=8, on=date(2026, 12, 16)),
        Omit(cycle=1, day=15, reason="CANARY-REASON"),
        Defer(cycle=2, day=1, to=date(2026, 12, 30), reason="CANARY-REASON"),
        Hold(cycle=5, day=8, on=date(2026, 12, 17), cause=HoldCause.LIVER, reason="CANARY-REASON"),
    )
    return story(actions=actions, today=date(2026, 12, 17))


@cache
def of_every_shape(*, lengths_known: bool = False, private: bool = False) -> Story:
    """A course of the made-up regimen: several agents, a pump for two days, checks at home, windows without a date."""
    text = (Path(__file__).parent / "regimen_files" / "several-agents.toml").read_text(encoding="utf-8")
    if lengths_known:
        text = text.replace("times = { source", "times = { infusion_minutes = [45], source")
    regimen = parse_regimen(text, "several-agents.toml")
    audiences = tuple(Audience(name=name, private=private) for name in regimen.audiences())
    return story(course(audiences=audiences), regimen=regimen)


@cache
def ceased(cause: CeaseCause) -> Story:
    """A course of which one dose was given before it was stopped for `cause`."""
    actions = (
        Given(cycle=1, day=1, on=DAY1),
        Cease(on=date(2026, 12, 10), cause=cause, reason="CANARY-REASON"),
    )
    return story(actions=actions, today=date(2026, 12, 10))


def empty(view: CalendarView) -> CalendarView:
    """The same view without an entry, as a feed that was revoked."""
    return replace(view, entries=(), guidance=(), plan=replace(view.plan, cycles=(), windows=(), tasks=()))
