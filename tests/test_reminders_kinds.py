"""Mails about pumps, stays in hospital and days at home: which there are, and what they say. Real regimens."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest

import calendars
from calendars.kinds import ClinicCard
from calendars.wording import Wording, parse_wording
from reminders.digest import DigestFacts, compose_digest
from reminders.message import MailFacts, Told, compose
from reminders.mime import Envelope, Letter, as_text
from reminders.notices import changed
from reminders.policy import wanted
from reminders.rules import Kind, Recipient, ReminderPolicy, windows_without_end
from scheduler import Audience, ClinicRules, Plan, Regimen, build_plan, events, parse_regimen, restamp
from scheduler.actions import Action, Cease, CeaseCause, Defer
from scheduler.events import EventKind, StampedEvent
from scheduler.regimen import WindowKind
from service.config import load_settings
from service.loading import mark_of, same_times
from tests.core import REGIMENS, course_of

MONDAY = date(2026, 12, 7)
NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
PATIENT = Recipient(zone="America/New_York")
CLINIC = ClinicCard(name="Example clinic", phone="+1 212 555 0100")
ENVELOPE = Envelope(
    sender="clinic@clinic.example", to="bob@patients.example", message_id="<0123456789ab@clinic.example>", date=NOW
)


@cache
def regimen(name: str) -> Regimen:
    path = REGIMENS / f"{name}.toml"
    return parse_regimen(path.read_text(encoding="utf-8"), path.name)


def with_bags_of(hours: int) -> Regimen:
    """Blinatumomab with bags of so many hours, of which the clinic changes each."""
    path = REGIMENS / "blinatumomab.toml"
    text = path.read_text(encoding="utf-8")
    assert "bag_hours = 24" in text
    return parse_regimen(text.replace("bag_hours = 24", f"bag_hours = {hours}"), path.name)


def plan(of: Regimen, *actions: Action, audiences: tuple[Audience, ...] = ()) -> Plan:
    course = course_of(MONDAY, audiences=tuple(each.name for each in audiences))
    return build_plan(of, course, actions, today=NOW.date(), clinic=ClinicRules())


def stamped(of: Plan, before: Mapping[str, StampedEvent] | None = None, at: datetime = NOW) -> dict[str, StampedEvent]:
    return restamp(before or {}, events(of), of, at=at)


def asked(of: Plan, kind: EventKind) -> list[tuple[str, Kind, int]]:
    """What is reminded of in the first cycle: event, kind and days before, in order of going."""
    found = stamped(of)
    first = [each for each in found.values() if each.event.kind is kind and each.event.cycle == 1]
    return [
        (each.subject.event_key, each.subject.kind, each.subject.offset_days)
        for each in wanted(first, of, PATIENT, ReminderPolicy())
    ]


class Row(NamedTuple):
    """The reminders of one kind of events in the first cycle of a regimen; `because`: why just these."""

    of: Regimen
    kind: EventKind
    asked: list[tuple[str, Kind, int]]
    because: str


OFF = "c1d1/disconnect/fluorouracil"
ROWS = (
    Row(
        regimen("folfox"),
        EventKind.DISCONNECT,
        [(OFF, Kind.VISIT, 3), (OFF, Kind.VISIT, 1)],
        "to have the pump taken off is a visit",
    ),
    Row(
        regimen("blinatumomab"),
        EventKind.DISCONNECT,
        [("c1d1/disconnect", Kind.VISIT, 3), ("c1d1/disconnect", Kind.VISIT, 1)],
        "it comes off four weeks later, long after the stay",
    ),
    Row(
        regimen("blinatumomab"),
        EventKind.STAY,
        [("c1/stay", Kind.VISIT, 3), ("c1/stay", Kind.VISIT, 1)],
        "who has to come in packs for it",
    ),
    Row(
        regimen("blinatumomab"),
        EventKind.BAG_CHANGE,
        [],
        "a bag each day is a habit: a mail each day for four weeks would be read by nobody, nor would the others",
    ),
    Row(
        with_bags_of(168),
        EventKind.BAG_CHANGE,
        [("c1d1/bag/2", Kind.CHECK, 1), ("c1d1/bag/3", Kind.CHECK, 1)],
        "a bag a week is easily forgotten; for the first of them the patient is still in hospital",
    ),
    Row(
        regimen("loncastuximab-tesirine"),
        EventKind.HOME,
        [("c1/day0/dexamethasone", Kind.CHECK, 1)],
        "three days in a row are begun once",
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.because)
def test_each_kind_of_date_is_reminded_of_as_its_patient_needs(row: Row) -> None:
    assert asked(plan(row.of), row.kind) == row.asked, row.because


def test_the_end_of_an_infusion_goes_up_to_two_hours_before_and_a_stay_on_the_day_of_the_mail() -> None:
    pump, stay = (
        [each for each in wanted([stamped(of)[key]], of, PATIENT, ReminderPolicy()) if each.subject.offset_days == 1]
        for of, key in ((plan(regimen("folfox")), OFF), (plan(regimen("blinatumomab")), "c1/stay"))
    )
    assert [(each.send_after, each.send_before) for each in pump] == [
        (datetime(2026, 12, 8, 14, 0, tzinfo=UTC), datetime(2026, 12, 9, 12, 0, tzinfo=UTC))
    ]
    assert [(each.send_after, each.send_before) for each in stay] == [
        (datetime(2026, 12, 6, 14, 0, tzinfo=UTC), datetime(2026, 12, 7, 1, 0, tzinfo=UTC))
    ]


def test_courses_that_began_under_an_older_program_get_these_mails_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass brings each course with another mark up to date."""
    new = mark_of(load_settings(None, {}))
    monkeypatch.setattr("service.loading.KIND_OF", {EventKind.INFUSION: Kind.VISIT})
    old = mark_of(load_settings(None, {}))
    assert old != new
    assert same_times(old, new), "their dates stay as they are"


# -- What they say ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["en", "es", "ar"])
def wording(request: pytest.FixtureRequest) -> Wording:
    return language(request.param)


@cache
def language(name: str) -> Wording:
    folder = Path(calendars.__file__).parent / "wording"
    return parse_wording(name, (folder / f"{name}.po").read_text(encoding="utf-8"))


def letter(of: Plan, *keys: str, wording: Wording, changes: tuple[Told, ...] = ()) -> Letter:
    found = stamped(of)
    facts = MailFacts(
        envelope=ENVELOPE,
        regimen_id=of.regimen.id,
        zone=of.course.zone,
        events=tuple(found[key].event for key in keys),
        changes=changes,
        keep_on=windows_without_end(of, PATIENT),
    )
    return compose(facts, wording, CLINIC)


def english(of: Plan, *keys: str, changes: tuple[Told, ...] = ()) -> tuple[str, str]:
    found = letter(of, *keys, wording=language("en"), changes=changes)
    return found.subject, " ".join(as_text(found).replace("\u00a0", " ").split())


def test_a_mail_about_a_visit_and_the_end_of_its_infusion_names_both_and_is_about_the_first() -> None:
    subject, text = english(plan(regimen("folfox")), OFF, "c1d1/infusion")
    assert subject == "Your appointment on Monday 7 December"
    assert "Monday 7 December 2026 - Please be here at 08:30 (Eastern Time)." in text
    assert "Your nurse can tell you how long you stay." in text
    assert (
        "Wednesday 9 December 2026 - Your pump comes off at about 09:00 (Eastern Time). Ask your team where to come."
        in text
    )


def test_a_mail_about_a_stay_says_when_to_come_in_and_until_when() -> None:
    subject, text = english(plan(regimen("blinatumomab")), "c1/stay", "c1d1/infusion")
    assert subject == "Your appointment on Monday 7 December"
    assert "Please come in on this day. You stay in the hospital until Tuesday 15 December 2026." in text
    assert "Your team tells you when and where to come." in text


def test_a_mail_about_a_bag_says_when() -> None:
    _, text = english(plan(with_bags_of(168)), "c1d1/bag/2")
    assert "Your pump gets a new bag at about 09:00 (Eastern Time). Ask your team where to come." in text


def test_a_mail_about_days_at_home_has_a_neutral_subject_and_says_from_when() -> None:
    subject, text = english(plan(regimen("loncastuximab-tesirine")), "c1/day0/dexamethasone")
    assert subject == "Your date on Sunday 6 December"
    assert "From Sunday 6 December 2026 on: dexamethasone - Take it as your team told you." in text
    assert "dexamethasone" not in text[:150]


@pytest.mark.parametrize(
    ("of", "keys"),
    [
        ("folfox", [OFF]),
        ("blinatumomab", ["c1/stay"]),
        ("blinatumomab", ["c1d1/bag/12"]),
        ("loncastuximab-tesirine", ["c1/day0/dexamethasone"]),
    ],
)
def test_what_a_lock_screen_shows_of_them_is_neutral_in_every_language(
    wording: Wording, of: str, keys: list[str]
) -> None:
    found = letter(plan(regimen(of)), *keys, wording=wording)
    shown = f"{found.subject} {' '.join(as_text(found).split())[:150]}".lower()
    telling = ("pump", "hospital", "bag", "dexamet", "bomba", "bolsa", "مضخة", "مستشفى", "كيس", "ديكسا")
    assert not [word for word in telling if word in shown]


# -- Changes ----------------------------------------------------------------------------------------------------------


def told(of: Regimen, *actions: Action) -> tuple[Plan, tuple[Told, ...]]:
    """What a change tells, as the notices of it would."""
    before, after = plan(of), plan(of, *actions)
    old = stamped(before)
    new = stamped(after, old, NOW + timedelta(minutes=1))
    news = changed(old, new, plan=after, recipient=PATIENT, now=NOW)
    return after, tuple(Told(stamped=new[each.event_key], was=each.was) for each in news.changes if not each.silent)


def test_a_moved_visit_moves_the_end_of_its_infusion_in_the_same_mail() -> None:
    after, changes = told(regimen("folfox"), Defer(cycle=1, day=1, to=date(2026, 12, 9), reason="a test"))
    _, text = english(after, changes=changes)
    assert "Your appointment on Monday 7 December 2026, 09:00 has moved." in text
    assert (
        "The day your pump comes off has moved from Wednesday 9 December 2026, 09:00. "
        "It is now Friday 11 December 2026, 09:00." in text
    )


def test_bags_that_moved_are_one_line_however_many_they_are() -> None:
    after, changes = told(regimen("blinatumomab"), Defer(cycle=1, day=1, to=date(2026, 12, 9), reason="a test"))
    bags = [
        each for each in changes if each.stamped.event.kind is EventKind.BAG_CHANGE and each.stamped.event.cycle == 1
    ]
    assert len(bags) == 1
    _, text = english(after, changes=changes)
    assert text.count("gets a new bag have changed too") == 1
    assert "Your stay in the hospital from Monday 7 December 2026 has moved. Please come in on Wednesday 9" in text


def test_what_is_taken_at_home_moves_with_its_visit() -> None:
    defer = Defer(cycle=1, day=1, to=date(2026, 12, 9), reason="a test")
    after, changes = told(regimen("loncastuximab-tesirine"), defer)
    _, text = english(after, changes=changes)
    assert (
        "What you do at home on Sunday 6 December 2026 has moved. It is now on Tuesday 8 December 2026: dexamethasone."
        in text
    )


@pytest.mark.parametrize("of", ["folfox", "blinatumomab", "loncastuximab-tesirine"])
def test_every_step_of_every_kind_is_said_in_every_language(wording: Wording, of: str) -> None:
    """New, moved and gone: none lacks its words."""
    ceased = Cease(on=date(2026, 12, 2), cause=CeaseCause.OTHER)
    for action in (Defer(cycle=1, day=1, to=date(2026, 12, 9), reason="a test"), ceased):
        after, changes = told(regimen(of), action)
        assert as_text(letter(after, wording=wording, changes=changes))
    found = stamped(plan(regimen(of)))
    new = tuple(Told(stamped=each, was=None) for each in found.values() if not each.event.private)
    assert as_text(letter(plan(regimen(of)), wording=wording, changes=new))


# -- Windows of which no source says how long they last ---------------------------------------------------------------

BOTH = (Audience(name="can-become-pregnant"), Audience(name="partner-can-become-pregnant"))


def test_a_mail_about_windows_says_what_to_keep_up_where_no_source_says_for_how_long() -> None:
    of = plan(regimen("blinatumomab"), audiences=BOTH)
    assert windows_without_end(of, PATIENT) == (WindowKind.CONTRACEPTION,)
    _, text = english(of, "window/contraception/can-become-pregnant")
    assert "Use birth control at least until" in text
    assert "Use birth control. Ask your team before you stop." in text


def test_a_mail_about_other_dates_and_one_to_a_carer_say_nothing_of_it() -> None:
    of = plan(regimen("blinatumomab"), audiences=BOTH)
    assert "birth control" not in english(of, "c1d1/infusion")[1]
    assert windows_without_end(of, Recipient(role="carer-1", zone="America/New_York")) == ()


# -- What staff read in the morning -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "day", "said"),
    [
        ("folfox", date(2026, 12, 9), ["09:00: course 00000000"]),
        ("blinatumomab", MONDAY, ["Course 00000000", "08:30: course 00000000"]),
        ("blinatumomab", date(2026, 12, 8), ["09:00: course 00000000"]),
    ],
    ids=["the pump comes off", "a stay begins with the infusion", "a new bag"],
)
def test_the_overview_for_staff_tells_who_comes_for_a_pump_a_bag_or_a_stay(of: str, day: date, said: list[str]) -> None:
    found = tuple((UUID(int=0), each.event) for each in stamped(plan(regimen(of))).values())
    facts = DigestFacts(day=day, zone="America/New_York", pages="https://clinic.example/courses", events=found)
    today = compose_digest(facts, language("en")).blocks[0]
    assert [line.partition(" https")[0] for line in today.lines] == said
