"""The parts of the web that need no server: reading forms, comparing plans, words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import pytest

from reminders.policy import Notice, NoticeKind
from scheduler import build_plan
from scheduler.actions import (
    Action,
    AudienceChange,
    AudienceStep,
    Cycles,
    Days,
    Defer,
    Given,
    Hold,
    HoldCause,
    Intent,
    Omit,
    RegimenChange,
    Resume,
    VisitTime,
    Void,
)
from scheduler.plan import Plan
from service.courses import record, start_course
from service.queries import load_course
from tests.stores import NURSE, bob
from web.action_words import describe
from web.compare import compare
from web.entries import corrected_values, first_values, read_fields
from web.forms import Field, Form, Input, Option, form_from, missing_faults, whole_number
from web.kinds import fields_of
from web.notices import in_words
from web.record_fields import Material
from web.rights import Right, has_right
from web.words import event_words, state_word, word

if TYPE_CHECKING:
    from service.wiring import App

NOW = datetime(2026, 12, 14, 15, 0, tzinfo=UTC)
HOLD = Hold(cycle=1, day=15, on=date(2026, 12, 14), cause=HoldCause.COUNTS)


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    """These tests ask nothing of the database that depends on its kind."""
    return sqlite_url


def plan_of(app: "App", *actions: Action) -> Plan:
    """The plan of Bob's course on 14 December after these actions."""
    regimen = app.catalogue.regimen("inotuzumab-ozogamicin")
    return build_plan(regimen, bob().course, actions, today=date(2026, 12, 14))


# -- Forms --------------------------------------------------------------------------------------------------------------


def test_a_form_keeps_what_was_typed_and_offers_it_trimmed() -> None:
    form = Form({"name": (" Bob ", "x"), "ticks": (" 1", "8 ")})
    assert (form.text("name"), form.raw("name"), form.all("ticks"), form.text("none")) == (
        "Bob",
        " Bob ",
        ("1", "8"),
        "",
    )


def test_plain_values_make_the_form_that_would_have_sent_them() -> None:
    form = form_from({"on": date(2026, 12, 7), "days": [1, 8], "yes": True, "no": False, "none": None})
    assert dict(form.values) == {"on": ("2026-12-07",), "days": ("1", "8"), "yes": ("yes",), "no": ()}


@pytest.mark.parametrize(
    ("text", "number"),
    [("28", 28), ("0", 0), ("", None), ("-1", None), ("1.5", None), ("²", None), ("٣", None), ("1" * 10, None)],
)
def test_only_plain_digits_are_a_whole_number(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_a_field_is_refused_when_it_is_empty_not_offered_or_too_long() -> None:
    fields = (
        Field(name="name", label="Name", missing="Give a name.", length=5),
        Field(name="kind", label="Kind", input=Input.SELECT, options=(Option(value="a", label="A"),)),
    )
    assert missing_faults(fields, Form()) == {"name": "Give a name."}
    faults = missing_faults(fields, Form({"name": ("x" * 6,), "kind": ("b",)}))
    assert set(faults) == {"name", "kind"}
    assert missing_faults(fields, Form({"name": ("Bob",), "kind": ("a",)})) == {}


def test_a_dose_that_lies_ahead_is_not_taken_as_given_today(app: "App") -> None:
    material = Material(plan=plan_of(app, Given(cycle=1, day=1, on=date(2026, 12, 7))))
    assert first_values("given", material, {}).text("on") == "2026-12-14"
    assert first_values("given", material, {"dose": "1-15"}).text("on") == ""
    assert first_values("given", material, {"dose": "9-9"}).text("on") == "2026-12-14"
    assert first_values("hold", material, {}).text("on") == "2026-12-14"


@pytest.mark.parametrize(
    "action",
    [
        Given(
            cycle=1,
            day=1,
            on=date(2026, 12, 7),
            started=time(9, 5),
            ended=datetime.combine(date(2026, 12, 8), time(0, 20)),
            tolerated=False,
            complete=False,
            elsewhere=True,
            reason="pump failed",
        ),
        Defer(cycle=1, day=8, to=date(2026, 12, 16)),
        Days(cycle=2, days=(1, 8), reason="agreed"),
        VisitTime(at=time(13, 30), cycle=1, day=8),
        VisitTime(at=time(13, 30)),
        AudienceChange(value="breastfeeding:private", change=AudienceStep.ADD),
        AudienceChange(value="breastfeeding", change=AudienceStep.SHOWN),
        Cycles(count=4),
        HOLD,
    ],
)
def test_a_correction_starts_from_exactly_what_was_recorded(app: "App", action: Action) -> None:
    from scheduler import action_from_fields

    material = Material(plan=plan_of(app, action))
    form = corrected_values(1, action)
    plain, faults = read_fields(action.kind, form, fields_of(action.kind, material))
    assert not faults
    assert action_from_fields(action.kind, plain) == replace(action, replaces=1)


# -- Comparing ----------------------------------------------------------------------------------------------------------


def test_the_same_plan_has_no_differences(app: "App") -> None:
    plan = plan_of(app)
    found = compare(plan, plan)
    assert not found
    assert found.same_doses == 18


def test_more_cycles_bring_doses_checks_and_a_later_window(app: "App") -> None:
    found = compare(plan_of(app, Cycles(count=2)), plan_of(app, Cycles(count=3)))
    assert [(row.cycle, row.day, row.before) for row in found.doses] == [(3, 1, None), (3, 8, None), (3, 15, None)]
    assert [(row.number, row.before) for row in found.cycles] == [(3, None)]
    assert [row.audience for row in found.windows] == ["can-become-pregnant"]
    assert all(row.shift is None for row in found.doses)
    fewer = compare(plan_of(app, Cycles(count=3)), plan_of(app, Cycles(count=2)))
    assert [row.after for row in fewer.doses] == [None, None, None]


def test_checks_that_move_together_stand_in_one_row(app: "App") -> None:
    found = compare(plan_of(app), plan_of(app, Defer(cycle=1, day=15, to=date(2026, 12, 22))))
    assert [row.shift for row in found.doses] == [1]
    before = next(row for row in found.tasks if row.when == "before")
    assert set(before.kinds) == {"blood-count", "liver-tests"}


def test_advice_that_was_there_before_is_not_told_again(app: "App") -> None:
    overdue = plan_of(app)
    assert overdue.advice
    assert not [advice for advice in compare(overdue, plan_of(app, Cycles(count=5))).advice if advice.code == "overdue"]


# -- Who must be told -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "entries"),
    [
        ([HOLD], [1]),
        ([Omit(cycle=1, day=15)], [1]),
        ([Cycles(count=4)], [1]),
        ([Cycles(count=4), Cycles(count=6)], [1]),
        ([Intent(value="transplant")], [1]),
        ([Days(cycle=2, days=(1, 8), reason="agreed")], [1]),
        ([Given(cycle=1, day=1, on=date(2026, 12, 7))], []),
        ([Defer(cycle=1, day=15, to=date(2026, 12, 22))], []),
        ([HOLD, Void(action=1)], []),
        ([HOLD, Resume(cycle=1, day=15, on=date(2026, 12, 23)), Void(action=2)], [1, 3]),
    ],
)
def test_a_person_is_asked_to_tell_what_takes_dates_from_the_patient(
    app: "App", actions: Sequence[Action], entries: list[int]
) -> None:
    app = replace(app, now=lambda: NOW)
    course = start_course(app, bob(), by=NURSE)
    for action in actions:
        record(app, course, action, by=NURSE)
    assert [entry.number for entry in load_course(app, course).entries if entry.to_tell] == entries


# -- Words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("c2d8/infusion", "cycle 2 day 8"),
        ("c1d1/checks-before-1", "tests before cycle 1 day 1"),
        ("c1d1/checks-before-1/pregnancy-test", "tests before cycle 1 day 1"),
        ("c3/end/response-review", "the end of cycle 3"),
        ("after-course/liver-tests-2", "tests after the treatment"),
        ("window/contraception/can-become-pregnant", "the date of “Birth control”"),
    ],
)
def test_every_key_of_an_event_has_words(key: str, words: str) -> None:
    assert event_words(key) == words


def test_notices_are_told_in_the_patients_time() -> None:
    notices = (
        Notice(what=NoticeKind.CHANGE, event_keys=("c1d8/infusion",), at=NOW),
        Notice(what=NoticeKind.REMINDER, event_keys=("c1d8/infusion",), at=NOW),
        Notice(what=NoticeKind.WITHDRAWN, event_keys=("c1d8/infusion",), at=NOW),
    )
    found = in_words(notices, "Europe/Berlin")
    assert found.notice == "A mail about the change of 1 date goes on Mon 14 Dec 2026, 16:00 (Europe/Berlin)."
    assert found.coming == found.going == ("Mon 14 Dec 2026, 16:00 (Europe/Berlin): cycle 1 day 8",)
    assert not found.waits
    assert in_words((), "Europe/Berlin").notice == ""


def test_what_has_no_words_is_still_readable() -> None:
    assert word("bone-marrow-test") == "Bone marrow test"
    assert state_word("on-hold") == "On hold"
    assert state_word("some-state") == "Some state"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Given(cycle=1, day=1, on=date(2026, 12, 7), complete=False, elsewhere=True, reason="x"), "in part, elsewhere"),
        (Days(cycle=2, days=(1,), reason="x"), "From cycle 2 on only day 1"),
        (VisitTime(at=time(8), cycle=2, day=8), "Infusion at 08:00 for cycle 2 day 8"),
        (RegimenChange(version="2027.1"), "Regimen version 2027.1 from now on"),
    ],
)
def test_every_action_is_told_in_one_sentence(action: Action, words: str) -> None:
    assert words in describe(action)


def test_an_unknown_role_may_do_nothing() -> None:
    assert not has_right("cleaner", Right.VIEW)
    assert has_right("auditor", Right.VIEW)
    assert not has_right("auditor", Right.RECORD)
