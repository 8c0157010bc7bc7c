"""Links to the patient's page, and what the page tells: to whom, when, and never the wrong thing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, text

from calendars import patient_page as page
from calendars.kinds import Detail
from calendars.patient_page import visit_lines
from calendars.view import Status
from db.engine import reading
from reminders.rules import Kind
from scheduler.actions import Action, Cease, CeaseCause, Defer, Given, Hold, HoldCause, Omit
from scheduler.course import Audience
from scheduler.errors import InvalidValue
from service.audit import entries
from service.carers import list_recipients
from service.courses import NotFound, RequestReused, record, start_course, tell_patient
from service.feeds import list_feeds
from service.page_choices import MOST_CALENDARS, choose_look, choose_mails, make_calendar, want_mails
from service.page_links import NewLink, list_links, new_link, replace_link, revoke_link
from service.patient_page import Gone, PageTold, read_page, see_page
from service.prints import print_course
from service.rendering import Look
from service.wiring import App
from tests.stores import NURSE, PUBLIC_URL, START, Clock, bob

BOTH = (Audience(name="can-become-pregnant"), Audience(name="breastfeeding"))
GIVEN = Given(cycle=1, day=1, on=date(2026, 12, 7))
HELD = Hold(cycle=1, day=8, on=date(2026, 12, 8), cause=HoldCause.LIVER)


def course(app: App, *actions: Action, told: bool = True) -> UUID:
    started = start_course(app, bob(audiences=BOTH), by=NURSE)
    for action in actions:
        record(app, started, action, by=NURSE, patient_told=told)
    return started


def link(app: App, of: UUID, *, detail: Detail = Detail.FULL, language: str = "en", name: str = "phone") -> NewLink:
    return new_link(app, of, name=name, detail=detail, language=language, by=NURSE)


def token(made: NewLink) -> str:
    return made.address.rpartition("/")[2]


def told(app: App, of: UUID, **look: object) -> PageTold:
    return read_page(app, token(link(app, of, **look)))  # type: ignore[arg-type] # words of `link`


# -- Links -----------------------------------------------------------------------------------------------------------


def test_a_link_has_256_random_bits_of_which_only_the_hash_is_kept(app: App) -> None:
    bobs = course(app)
    first, second = link(app, bobs), link(app, bobs)
    assert first.address.startswith(f"{PUBLIC_URL}/p/")
    assert len(token(first)) == 43
    assert first.address != second.address
    with reading(app.engine) as session:
        rows = [session.connection().execute(text(f"SELECT * FROM {table}")).all() for table in ("page", "audit")]
    assert len(rows[0]) == 2
    assert token(first) not in repr(rows)


def test_links_are_listed_with_when_they_were_last_seen(app: App, clock: Clock) -> None:
    bobs = course(app)
    made = link(app, bobs)
    assert [line.last_seen_at for line in list_links(app, bobs)] == [None]
    clock.pass_(hours=2)
    see_page(app, token(made))
    (line,) = list_links(app, bobs)
    assert (line.name, line.detail, line.language, line.made_by) == ("phone", Detail.FULL, "en", NURSE)
    assert line.last_seen_at == START + timedelta(hours=2)


def test_each_look_at_the_page_is_in_the_audit_with_the_links_name(app: App) -> None:
    bobs = course(app)
    made = link(app, bobs)
    see_page(app, token(made))
    sheet = print_course(app, bobs, Look(), by=NURSE)
    see_page(app, sheet.address.rpartition("/")[2])
    seen = [each for each in entries(app, bobs) if each.what == "page-seen"]
    assert [each.by for each in seen] == ["patient's link “phone”", "printed sheet"]
    assert seen[0].detail == {"page": str(made.id)}


def test_a_revoked_link_is_gone_and_revoking_it_again_changes_nothing(app: App) -> None:
    bobs = course(app)
    made = link(app, bobs)
    for _ in range(2):
        revoke_link(app, made.id, by="dora")
    with pytest.raises(Gone):
        read_page(app, token(made))
    assert [each.by for each in entries(app, bobs) if each.what == "page-link-revoked"] == ["dora"]


def test_a_replaced_link_looks_the_same_at_another_address(app: App) -> None:
    bobs = course(app)
    made = link(app, bobs, language="ar")
    fresh, again = (replace_link(app, made.id, by=NURSE, request_id="one") for _ in range(2))
    assert fresh == again
    assert fresh.address != made.address
    assert (read_page(app, token(fresh)).language, len(list_links(app, bobs))) == ("ar", 2)
    with pytest.raises(Gone):
        read_page(app, token(made))


def test_the_same_request_makes_one_link_and_another_of_its_id_is_refused(app: App) -> None:
    bobs, doras = course(app), course(app)

    def asked(of: UUID) -> NewLink:
        return new_link(app, of, name="phone", detail=Detail.FULL, language="en", by=NURSE, request_id="one")

    assert asked(bobs) == asked(bobs)
    assert len(list_links(app, bobs)) == 1
    with pytest.raises(RequestReused):
        asked(doras)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"detail": Detail.BUSY}, "detail"),
        ({"language": "tlh"}, "language"),
    ],
)
def test_a_link_that_cant_be_is_refused_and_nothing_is_stored(app: App, values: dict[str, object], field: str) -> None:
    bobs = course(app)
    usual = {"name": "phone", "detail": Detail.FULL, "language": "en"}
    with pytest.raises(InvalidValue) as refused:
        new_link(app, bobs, by=NURSE, **(usual | values))  # type: ignore[arg-type] # what can't be
    assert refused.value.field == field
    assert list_links(app, bobs) == ()


def test_another_clinic_finds_no_link(app: App) -> None:
    made = link(app, course(app))
    for act in (revoke_link, replace_link):
        with pytest.raises(NotFound):
            act(app, made.id, by="charlie", clinic_id=2)
        with pytest.raises(NotFound):
            act(app, uuid4(), by=NURSE)
    assert read_page(app, token(made)).link is not None


# -- What the page tells ---------------------------------------------------------------------------------------------


def test_the_next_visit_tells_when_to_come_and_when_one_may_leave(app: App) -> None:
    found = told(app, course(app))
    assert found.next_visit is not None
    assert found.view is not None
    assert visit_lines(found.next_visit, found.view) == (
        "Monday 7 December 2026",
        "Come at 08:30",
        "Infusion: inotuzumab ozogamicin, cycle 1 day 1",
        "The infusion is planned from 09:00 to 10:00.",
        "You may leave: not before 11:00, and only when your nurse says so.",
        "Where: Infusion clinic",
    )


def test_windows_are_told_in_their_own_words_and_to_nobody_at_the_neutral_level(app: App) -> None:
    bobs = course(app)
    full, discreet = told(app, bobs), told(app, bobs, detail=Detail.DISCREET)
    assert full.view is not None
    assert discreet.view is not None
    lines = page.windows(full.view)
    assert len(lines) == 2
    assert all(
        "at least until" in line and "it may move later; keep on until you have talked with us" in line
        for line in lines
    )
    assert page.windows(discreet.view) == ()


def test_while_doses_are_held_a_window_has_no_date_and_is_to_be_kept_up(app: App, clock: Clock) -> None:
    clock.pass_(days=7)
    found = told(app, course(app, GIVEN, HELD))
    assert found.view is not None
    assert page.windows(found.view) == (
        "Use birth control. Ask your team before you stop.",
        "Do not breastfeed. Ask your team before you breastfeed again.",
    )
    assert page.state_of_plan(found.view) == "held"


def test_a_private_window_is_on_no_page(app: App) -> None:
    new = bob(
        audiences=(Audience(name="can-become-pregnant", private=True), Audience(name="breastfeeding", private=True))
    )
    found = told(app, start_course(app, new, by=NURSE))
    assert found.view is not None
    assert page.windows(found.view) == ()


def test_after_pregnancy_nothing_of_reproduction_is_on_the_page(app: App, clock: Clock) -> None:
    clock.pass_(days=7)
    found = told(app, course(app, GIVEN, replace(HELD, cause=HoldCause.PREGNANCY)))
    assert found.view is not None
    assert page.windows(found.view) == ()
    assert "regnan" not in repr(found.view.entries)


def test_dates_that_a_person_has_to_tell_first_are_withheld_until_then(app: App, clock: Clock) -> None:
    clock.pass_(days=7)
    bobs = course(app, GIVEN, HELD, told=False)
    made = link(app, bobs)
    assert (read_page(app, token(made)).ask, read_page(app, token(made)).next_visit) == (True, None)
    tell_patient(app, bobs, 2, by=NURSE)
    assert not read_page(app, token(made)).ask


@pytest.mark.parametrize(
    ("actions", "state", "because"),
    [
        ((), "", "visits are to come"),
        ((GIVEN, HELD), "held", "on hold"),
        ((GIVEN, Cease(on=date(2026, 12, 8), cause=CeaseCause.TOXICITY)), "stopped", "doses were taken away"),
        (
            (GIVEN, Cease(on=date(2026, 12, 8), cause=CeaseCause.TRANSFERRED)),
            "stopped",
            "the cause is nobody's on a page",
        ),
        ((GIVEN, Cease(on=date(2026, 12, 8), cause=CeaseCause.HOSPICE)), "stopped", "the cause is nobody's on a page"),
    ],
)
def test_the_page_says_how_the_course_stands_and_never_why(
    app: App, clock: Clock, actions: tuple[Action, ...], state: str, because: str
) -> None:
    clock.pass_(days=7)
    found = told(app, course(app, *actions))
    assert found.view is not None
    assert page.state_of_plan(found.view) == state, because


def test_a_course_that_is_complete_says_that_its_visits_took_place(app: App, clock: Clock) -> None:
    bobs = course(app)
    plan = read_page(app, token(link(app, bobs))).view
    assert plan is not None
    clock.at = datetime.fromisoformat("2027-07-01T12:00:00Z")
    for dose in plan.plan.doses():
        assert dose.date is not None
        record(app, bobs, Given(cycle=dose.cycle, day=dose.day, on=dose.date), by=NURSE)
    found = told(app, bobs)
    assert found.view is not None
    assert (found.next_visit, page.state_of_plan(found.view)) == (None, "complete")


def test_after_a_death_nothing_is_told_and_nothing_can_be_chosen(app: App, clock: Clock) -> None:
    clock.pass_(days=7)
    bobs = course(app, GIVEN)
    made = link(app, bobs)
    record(app, bobs, Cease(on=date(2026, 12, 8), cause=CeaseCause.DEATH), by=NURSE)
    found = read_page(app, token(made))
    assert (found.view, found.next_visit, found.mails) == (None, None, None)
    with pytest.raises(InvalidValue):
        want_mails(app, found, wanted=True)
    with pytest.raises(InvalidValue):
        choose_look(app, found, language="es", detail=Detail.FULL)


TOXIC = Cease(on=date(2026, 12, 8), cause=CeaseCause.TOXICITY)
WATCHED = {
    "no dose was given yet": ((), "2026-12-01", 0),
    "from the first dose on": ((GIVEN,), "2026-12-08", 6),
    "56 days after the last dose: the last day": ((GIVEN, TOXIC), "2027-02-01", 6),
    "the day after": ((GIVEN, TOXIC), "2027-02-02", 0),
    "on hold: counted from the last dose that was given": ((GIVEN, HELD), "2027-01-15", 6),
}


@pytest.mark.parametrize("case", WATCHED)
def test_signs_and_weight_are_told_while_the_liver_is_watched(app: App, clock: Clock, case: str) -> None:
    actions, today, lines = WATCHED[case]
    clock.pass_(days=7)
    bobs = course(app, *actions)
    clock.at = datetime.fromisoformat(f"{today}T15:00:00Z")
    found = told(app, bobs, detail=Detail.DISCREET)
    assert found.view is not None
    assert len(page.watch(found.view, found.today)) == lines


def test_the_list_and_the_months_together_hold_every_date_once(app: App, clock: Clock) -> None:
    clock.pass_(days=7)
    bobs = course(app, GIVEN, Defer(cycle=1, day=8, to=date(2026, 12, 16)), Omit(cycle=1, day=15))
    view = told(app, bobs).view
    assert view is not None
    expected = [entry.first_date for entry in view.entries if entry.kind not in ("observation", "window")]
    assert any(entry.status is Status.CANCELLED for entry in view.entries)
    for cut in (page.list_from, page.months_from):
        found, start = [], date(2026, 11, 1)
        while True:
            part = cut(view, start)
            found += [day.on for month in part.months for day in month.days for _ in day.items]
            found += [day.on for month in part.months for row in month.weeks for day in row if day for _ in day.items]
            if part.later is None:
                break
            start = part.later
        assert found == expected, cut.__name__


@pytest.mark.parametrize(
    ("number", "expected", "because"),
    [
        ("+1 212 555 0100", "+12125550100", "blanks are not dialled"),
        ("(030) 555-01.00", "0305550100", "nor brackets, dots and dashes"),
        ("555-0100 ext. 12", "5550100", "an extension is dialled later, by the person"),
        ("911", "911", "short numbers as well"),
        ("ask at the desk", "", "no number at all"),
    ],
)
def test_a_telephone_dials_the_number_itself(number: str, expected: str, because: str) -> None:
    assert page.dialled(number) == expected, because


# -- Choices ---------------------------------------------------------------------------------------------------------


def test_the_patient_chooses_language_and_level_for_their_link_alone(app: App) -> None:
    bobs = course(app)
    mine, other = link(app, bobs, detail=Detail.DISCREET), link(app, bobs, name="tablet")
    choose_look(app, read_page(app, token(mine)), language="es", detail=Detail.FULL)
    found = read_page(app, token(mine))
    assert (found.language, found.detail) == ("es", Detail.FULL)
    assert read_page(app, token(other)).language == "en"
    assert [each.by for each in entries(app, bobs) if each.what == "page-look-chosen"] == ["patient's link “phone”"]
    with pytest.raises(InvalidValue):
        choose_look(app, found, language="tlh", detail=Detail.FULL)
    with pytest.raises(InvalidValue):
        choose_look(app, found, language="es", detail=Detail.BUSY)


def test_mails_are_chosen_by_the_rules_of_the_clinics_own_form(app: App) -> None:
    bobs = course(app)
    found = told(app, bobs)
    choose_mails(app, found, {Kind.VISIT: (1,), Kind.CHECK: ()})
    patient = list_recipients(app, bobs)[0]
    assert dict(patient.choice) == {Kind.VISIT: (1,), Kind.CHECK: ()}
    with pytest.raises(InvalidValue, match="the clinic sends none 9 days before"):
        choose_mails(app, found, {Kind.VISIT: (9,)})
    want_mails(app, found, wanted=False)
    assert list_recipients(app, bobs)[0].unsubscribed_at is not None
    want_mails(app, found, wanted=True)
    assert list_recipients(app, bobs)[0].unsubscribed_at is None
    assert {
        each.by for each in entries(app, bobs) if each.what in ("mails-chosen", "unsubscribed", "resubscribed")
    } == {"patient's link “phone”"}


def test_a_calendar_made_on_the_page_is_listed_to_staff_and_there_are_not_too_many(app: App) -> None:
    bobs = course(app)
    found = told(app, bobs, language="es")
    first, again = (make_calendar(app, found, detail=Detail.DISCREET, request_id="one") for _ in range(2))
    assert first == again
    (line,) = list_feeds(app, bobs)
    assert (line.name, line.language, line.detail) == ("phone, made on the patient's page", "es", Detail.DISCREET)
    for number in range(MOST_CALENDARS - 1):
        make_calendar(app, found, detail=Detail.FULL, request_id=f"more {number}")
    with pytest.raises(InvalidValue):
        make_calendar(app, found, detail=Detail.FULL, request_id="one too many")
    assert len(list_feeds(app, bobs)) == MOST_CALENDARS


def test_the_code_of_a_sheet_changes_nothing(app: App) -> None:
    bobs = course(app)
    found = read_page(app, print_course(app, bobs, Look(), by=NURSE).address.rpartition("/")[2])
    assert (found.link, found.mails) == (None, None)
    with pytest.raises(InvalidValue):
        choose_look(app, found, language="es", detail=Detail.FULL)
    with pytest.raises(InvalidValue):
        choose_mails(app, found, {})
    with pytest.raises(InvalidValue):
        want_mails(app, found, wanted=False)
    with pytest.raises(InvalidValue):
        make_calendar(app, found, detail=Detail.FULL, request_id="one")
    assert list_feeds(app, bobs) == ()


# -- Speed -----------------------------------------------------------------------------------------------------------


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_the_page_asks_the_database_as_often_for_a_long_course_with_many_links_as_for_a_new_one(
    app: App, clock: Clock
) -> None:
    clock.pass_(days=20)
    new = link(app, course(app))
    long = course(app, GIVEN, *(Defer(cycle=1, day=8, to=date(2026, 12, 14 + number % 2)) for number in range(8)))
    links = [link(app, long, name=f"device {number}") for number in range(6)]
    for each in links:
        make_calendar(app, read_page(app, token(each)), detail=Detail.FULL, request_id=f"for {each.id}")
    counts = []
    for each in (new, links[0]):
        read_page(app, token(each))
        with statements(app.engine) as seen:
            see_page(app, token(each))
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] <= 16
