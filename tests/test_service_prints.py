"""Printed calendars: kept, found again by their code, and truthful about whether they still hold."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from calendars.kinds import Detail, Reader
from calendars.patient_page import visit_lines
from db.engine import reading
from scheduler.actions import (
    AudienceChange,
    AudienceStep,
    Cease,
    CeaseCause,
    Defer,
    Given,
    Hold,
    HoldCause,
    Omit,
    Response,
    ResponseValue,
)
from scheduler.course import Audience
from scheduler.errors import InvalidValue
from service.audit import entries
from service.courses import NotFound, RequestReused, record, start_course, tell_patient
from service.feeds import list_feeds, new_feed, replace_feed
from service.patient_page import Gone, PageTold, read_page
from service.prints import Printed, SheetState, _shown, list_prints, print_course, revoke_print
from service.rendering import Look
from service.wiring import App
from tests.calendar_plans import course as plan_course
from tests.calendar_plans import story
from tests.core_regimens import trio
from tests.pdf_reader import pages_of, text_of
from tests.stores import NURSE, PUBLIC_URL, START, Clock, bob, make_app

DISCREET = Look(detail="discreet")
DEFER_DAY_8 = Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="patient travelling")


def course(app: App) -> UUID:
    return start_course(app, bob(), by=NURSE)


def token(made: Printed) -> str:
    return made.address.rpartition("/")[2]


def told(app: App, made: Printed) -> PageTold:
    return read_page(app, token(made))


def state(app: App, made: Printed) -> SheetState | None:
    return told(app, made).sheet


def next_lines(page: PageTold) -> tuple[str, ...]:
    return visit_lines(page.next_visit, page.view) if page.next_visit and page.view else ()


def test_a_print_is_the_plan_with_a_code_of_its_own_and_the_patients_name(app: App) -> None:
    bobs = course(app)
    made = [print_course(app, bobs, Look(), by=NURSE) for _ in range(2)]
    assert made[0].address != made[1].address
    assert all(each.address.startswith(f"{PUBLIC_URL}/p/") and len(token(each)) == 43 for each in made)
    said = text_of(made[0].body)
    assert "For Bob Example" in said
    assert "Plan 0, last changed Tuesday 1 December 2026, 10:00" in said
    assert "Come at 08:30" in said
    assert "Draft" not in said


def test_only_the_hash_of_the_code_is_kept(app: App) -> None:
    made = print_course(app, course(app), Look(), by=NURSE)
    with reading(app.engine) as session:
        rows = session.connection().execute(text("SELECT * FROM print")).all()
    assert len(rows) == 1
    assert token(made) not in repr(rows)


def test_each_print_is_in_the_audit_with_who_and_when(app: App, clock: Clock) -> None:
    bobs = course(app)
    clock.pass_(hours=3)
    made = print_course(app, bobs, Look(), by=NURSE)
    last = entries(app, bobs)[-1]
    assert (last.what, last.by, last.at) == ("calendar-printed", NURSE, START + timedelta(hours=3))
    assert last.detail == {"print": str(made.id), "revision": 0}
    revoke_print(app, made.id, by="dora")
    revoke_print(app, made.id, by="dora")
    assert [(each.what, each.by) for each in entries(app, bobs)][-2:] == [
        ("calendar-printed", NURSE),
        ("print-revoked", "dora"),
    ]


def test_a_sheet_holds_until_something_on_it_changes(app: App, clock: Clock) -> None:
    bobs = course(app)
    made = print_course(app, bobs, Look(), by=NURSE)
    assert state(app, made) is SheetState.CURRENT
    clock.at = datetime.fromisoformat("2026-12-07T20:00:00Z")
    record(app, bobs, Given(cycle=1, day=1, on=date(2026, 12, 7), started=time(9, 20)), by=NURSE)
    record(app, bobs, Response(cycle=1, value=ResponseValue.NONE), by=NURSE)
    assert state(app, made) is SheetState.CURRENT, "what has passed can't mislead, and all dates to come are the same"
    record(app, bobs, DEFER_DAY_8, by=NURSE)
    assert state(app, made) is SheetState.OUTDATED
    assert [line.outdated for line in list_prints(app, bobs)] == [True]
    fresh = print_course(app, bobs, Look(), by=NURSE)
    assert state(app, fresh) is SheetState.CURRENT
    assert [line.outdated for line in list_prints(app, bobs)] == [False, True]


def test_a_change_taken_back_makes_the_sheet_right_again(app: App) -> None:
    from scheduler.actions import Void

    bobs = course(app)
    made = print_course(app, bobs, Look(), by=NURSE)
    record(app, bobs, DEFER_DAY_8, by=NURSE)
    assert state(app, made) is SheetState.OUTDATED
    record(app, bobs, Void(action=1), by=NURSE)
    assert state(app, made) is SheetState.CURRENT


def test_a_new_date_that_the_sheet_lacks_makes_it_out_of_date_for_who_may_see_it(app: App) -> None:
    bobs = course(app)
    patient, carer = (print_course(app, bobs, Look(reader=reader), by=NURSE) for reader in ("patient", "carer"))
    record(app, bobs, AudienceChange(value="breastfeeding", change=AudienceStep.ADD), by=NURSE)
    assert (state(app, patient), state(app, carer)) == (SheetState.OUTDATED, SheetState.CURRENT)


def test_a_sheet_that_lacks_what_to_keep_up_without_a_date_is_out_of_date_for_the_patient_alone(app: App) -> None:
    weekly = start_course(app, replace(bob(audiences=()), regimen_id="paclitaxel-weekly"), by=NURSE)
    looks = (Look(), Look(detail="discreet"), Look(reader="carer"))
    made = [print_course(app, weekly, look, by=NURSE) for look in looks]
    record(app, weekly, AudienceChange(value="can-become-pregnant"), by=NURSE)
    assert [state(app, each) for each in made] == [SheetState.OUTDATED, SheetState.CURRENT, SheetState.CURRENT]
    fresh = print_course(app, weekly, Look(), by=NURSE)
    assert "Ask your team before you stop." in text_of(fresh.body)
    assert state(app, fresh) is SheetState.CURRENT


def test_another_number_to_call_makes_every_sheet_out_of_date(app: App, clock: Clock) -> None:
    bobs = course(app)
    made = print_course(app, bobs, Look(), by=NURSE)
    moved = make_app(app.engine, clock, {"INFUSIONS_CLINIC__PHONE": "555-0177"})
    assert state(moved, made) is SheetState.OUTDATED


def test_a_drug_that_falls_away_makes_a_sheet_that_named_it_out_of_date() -> None:
    all_three = story(plan_course(audiences=()), regimen=trio())
    two = story(plan_course(audiences=()), (Omit(cycle=1, day=1, agent="beta", reason="x"),), regimen=trio())
    for detail, same in ((Detail.FULL, False), (Detail.DISCREET, True)):
        before, after = (_shown(each.view(detail=detail)) for each in (all_three, two))
        whats = [shown["c1d1/infusion"].partition("|")[2] for shown in (before, after)]
        assert (whats[0] == whats[1]) is same
    assert _shown(all_three.view())["c1d1/infusion"].endswith("|alphamab|betamab|gammamab")


def test_an_older_revision_is_printed_as_it_was_and_says_that_it_is_out_of_date(app: App) -> None:
    bobs = course(app)
    record(app, bobs, DEFER_DAY_8, by=NURSE)
    made = print_course(app, bobs, Look(), by=NURSE, revision=0)
    assert "Plan 0, " in pages_of(made.body)[0]
    assert "Day 8 Mon 14 Dec Infusion" in pages_of(made.body)[1]
    assert state(app, made) is SheetState.OUTDATED


def test_the_next_visit_is_told_at_the_sheets_own_level_and_language(app: App) -> None:
    bobs = course(app)
    full, discreet, spanish = (
        told(app, print_course(app, bobs, look, by=NURSE))
        for look in (Look(), DISCREET, Look(detail="discreet", language="es"))
    )
    assert next_lines(full)[:3] == (
        "Monday 7 December 2026",
        "Come at 08:30",
        "Infusion: inotuzumab ozogamicin, cycle 1 day 1",
    )
    assert next_lines(discreet) == ("Monday 7 December 2026", "Come at 08:30", "Appointment", "Until 11:00 or later")
    assert next_lines(spanish)[:2] == ("Lunes 7 de diciembre de 2026", "Venga a las 08:30")
    assert (full.detail, discreet.detail, spanish.language) == ("full", "discreet", "es")


@pytest.mark.parametrize(
    ("at", "expected", "because"),
    [
        ("2026-12-07T13:29:00Z", "Monday 7 December 2026", "a minute before the time to come"),
        ("2026-12-07T13:31:00Z", "Monday 7 December 2026", "a minute after it: who is late still wants to know"),
        ("2026-12-07T15:01:00Z", "Monday 14 December 2026", "the infusion is over"),
    ],
)
def test_the_next_visit_is_that_of_today_until_its_infusion_is_over(
    app: App, clock: Clock, at: str, expected: str, because: str
) -> None:
    made = print_course(app, course(app), DISCREET, by=NURSE)
    clock.at = datetime.fromisoformat(at)
    assert next_lines(told(app, made))[0] == expected, because


def test_the_page_is_not_the_first_to_tell_that_dates_were_taken_away(app: App) -> None:
    bobs = course(app)
    made = print_course(app, bobs, Look(), by=NURSE)
    record(app, bobs, Hold(cycle=1, day=1, on=START.date(), cause=HoldCause.LIVER), by=NURSE)
    page = told(app, made)
    assert (page.sheet, page.ask, page.next_visit) == (SheetState.OUTDATED, True, None)
    tell_patient(app, bobs, 1, by=NURSE)
    page = told(app, made)
    assert (page.sheet, page.ask, page.next_visit) == (SheetState.OUTDATED, False, None)


def test_after_a_death_the_page_tells_nothing_and_nothing_is_printed(app: App) -> None:
    bobs = course(app)
    made = print_course(app, bobs, Look(), by=NURSE)
    record(app, bobs, Cease(on=START.date(), cause=CeaseCause.DEATH), by=NURSE)
    page = told(app, made)
    assert (page.sheet, page.next_visit, page.view) == (None, None, None)
    with pytest.raises(InvalidValue, match="there is nothing to print"):
        print_course(app, bobs, Look(), by=NURSE)


@pytest.mark.parametrize("cause", [CeaseCause.TRANSFERRED, CeaseCause.HOSPICE, CeaseCause.PREGNANCY])
def test_after_another_end_the_page_says_that_the_sheet_is_out_of_date_and_no_more(app: App, cause: CeaseCause) -> None:
    bobs = course(app)
    made = print_course(app, bobs, Look(), by=NURSE)
    record(app, bobs, Cease(on=START.date(), cause=cause), by=NURSE, patient_told=True)
    page = told(app, made)
    assert (page.sheet, page.next_visit) == (SheetState.OUTDATED, None)


def test_no_private_date_is_printed(app: App) -> None:
    new = bob(audiences=(Audience(name="breastfeeding", private=True),))
    made = print_course(app, start_course(app, new, by=NURSE), Look(), by=NURSE)
    assert "breastfeed" not in text_of(made.body)


def test_a_revoked_or_made_up_code_tells_nothing(app: App) -> None:
    made = print_course(app, course(app), Look(), by=NURSE)
    revoke_print(app, made.id, by=NURSE)
    with pytest.raises(Gone):
        told(app, made)
    for wrong in ("x" * 43, "", "../../etc", token(made)[:-1]):
        with pytest.raises(NotFound):
            read_page(app, wrong)


def test_the_same_request_gives_the_same_sheet_and_one_entry(app: App) -> None:
    bobs = course(app)
    first, again = (print_course(app, bobs, Look(), by=NURSE, request_id="one") for _ in range(2))
    assert first == again
    assert len(list_prints(app, bobs)) == 1
    with pytest.raises(RequestReused):
        print_course(app, bobs, DISCREET, by=NURSE, request_id="one")
    record(app, bobs, DEFER_DAY_8, by=NURSE)
    with pytest.raises(RequestReused):
        print_course(app, bobs, Look(), by=NURSE, request_id="one")


def test_prints_and_feeds_made_within_one_instant_stand_in_the_order_in_which_they_were_made(app: App) -> None:
    bobs = course(app)
    prints = [print_course(app, bobs, Look(detail="discreet"), by=NURSE).id for _ in range(4)]
    assert [line.id for line in list_prints(app, bobs)] == prints[::-1], "the newest first"
    feeds = [_feed(app, bobs, f"phone {number}") for number in range(5)]
    replaced = replace_feed(app, feeds[0], by=NURSE).id
    assert [line.id for line in list_feeds(app, bobs)] == [*feeds, replaced]


def _feed(app: App, course_id: UUID, name: str) -> UUID:
    made = new_feed(
        app,
        course_id,
        name=name,
        reader=Reader.PATIENT,
        detail=Detail.DISCREET,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
    )
    return made.id


def test_another_clinic_finds_none_of_it(app: App) -> None:
    bobs = course(app)
    made = print_course(app, bobs, Look(), by=NURSE)
    with pytest.raises(NotFound):
        print_course(app, bobs, Look(), by=NURSE, clinic_id=2)
    with pytest.raises(NotFound):
        list_prints(app, bobs, clinic_id=2)
    with pytest.raises(NotFound):
        revoke_print(app, made.id, by=NURSE, clinic_id=2)
    with pytest.raises(NotFound):
        revoke_print(app, uuid4(), by=NURSE)


def test_what_cannot_be_printed_leaves_nothing_behind(app: App) -> None:
    bobs = course(app)
    with pytest.raises(InvalidValue, match="for the patient or a carer"):
        print_course(app, bobs, Look(reader="staff"), by=NURSE)
    with pytest.raises(InvalidValue, match="language 'tlh'"):
        print_course(app, bobs, Look(language="tlh"), by=NURSE)
    assert list_prints(app, bobs) == ()
