"""Recording in the browser: every kind of action, before and after side by side, errors, stale pages, double clicks."""

from dataclasses import fields
from datetime import date
from uuid import UUID

import pytest

from scheduler import build_plan
from scheduler.actions import ACTION_KINDS, Cease, CeaseCause, Defer, Given, Hold, HoldCause, Void
from scheduler.plan import DoseState
from tests.core import course_of
from tests.core_regimens import trio
from tests.web_site import Page, Visitor, Web, foreign_scripts
from web.kinds import GROUPS, KINDS, fields_of
from web.record_fields import Material

GIVEN_DAY_1 = Given(cycle=1, day=1, on=date(2026, 12, 7))
HOLD_DAY_15 = Hold(cycle=1, day=15, on=date(2026, 12, 14), cause=HoldCause.COUNTS)
Typed = dict[str, str | list[str]]

# What each form asks, typed for Bob's course on 14 December after day 1 was given on the 7th; and what history says.
RECORDED: dict[str, tuple[Typed, str]] = {
    "given": (
        {"dose": "1-8", "on": "2026-12-14", "started": "09:10", "ended": "10:20", "not_tolerated": "yes"},
        "Cycle 1 day 8 given on Mon 14 Dec 2026, from 09:10 until 10:20, not tolerated",
    ),
    "defer": (
        {"dose": "1-8", "to": "2026-12-16", "scope": "cycle"},
        "Cycle 1 day 8 moved to Wed 16 Dec 2026, with the later doses of its cycle",
    ),
    "hold": (
        {"dose": "1-15", "on": "2026-12-14", "cause": "liver"},
        "Cycle 1 day 15 and later doses put on hold from Mon 14 Dec 2026: liver tests or signs of liver damage",
    ),
    "omit": ({"dose": "1-15"}, "Cycle 1 day 15 left out"),
    "cycle-length": ({"cycle": "1", "days": "28"}, "Cycle 1 lasts 28 days"),
    "days": (
        {"cycle": "2", "days": ["1", "8"], "reason": "agreed with the prescriber"},
        "From cycle 2 on only days 1 and 8",
    ),
    "cycles": ({"count": "4"}, "Number of cycles set to 4"),
    "intent": ({"value": "transplant"}, "Intent changed: a stem cell transplant follows"),
    "response": ({"cycle": "1", "value": "CRi"}, "Response after cycle 1: complete remission with incomplete recovery"),
    "time": ({"at": "13:30", "dose": ""}, "Infusion at 13:30 for all doses not given"),
    "audience": (
        {"value": "breastfeeding", "change": "add-private"},
        "“The patient is breastfeeding” applies from now on, kept private",
    ),
    "away": ({"from": "2026-12-24", "to": "2026-12-31"}, "Patient away from Thu 24 Dec 2026 to Thu 31 Dec 2026"),
    "cease": ({"on": "2026-12-14", "cause": "no-response"}, "Treatment stopped on Mon 14 Dec 2026: no response"),
    "void": ({"action": "1"}, "Entry 1 taken back"),
}


@pytest.fixture
def bobs(web: Web) -> UUID:
    """Bob's course after his first dose."""
    course = web.course()
    web.record(course, GIVEN_DAY_1)
    return course


@pytest.fixture(scope="module")
def alice(web: Web) -> Visitor:
    return web.visitor("alice")


def form_of(visitor: Visitor, course: UUID, kind: str, query: str = "") -> Page:
    return visitor.get(f"/courses/{course}/record/{kind}{query}")


def test_the_forms_are_those_of_all_actions_and_ask_for_all_their_fields(web: Web, bobs: UUID) -> None:
    assert set(KINDS) == set(ACTION_KINDS)
    assert sorted(code for group in GROUPS for code in group.codes) == sorted(KINDS)
    stands_for = {"dose": {"cycle", "day"}, "not_tolerated": {"tolerated"}, "partial": {"complete"}}
    for kind, action in ACTION_KINDS.items():
        asked = {field.name for field in fields_of(kind, Material(plan=web.load(bobs).plan))}
        covered = {name for field in asked for name in stands_for.get(field, {field})}
        names = {field.name.rstrip("_") for field in fields(action)} - ({"replaces"} if kind == "void" else set())
        # What a form doesn't ask comes from what was chosen (the text behind a version of a regimen), or needs no
        # choice: with one agent there is none.
        assert covered - names == set(), kind
        assert names - covered <= {"digest", "agent"}, kind


def test_with_several_agents_the_forms_of_a_visit_ask_for_one() -> None:
    plan = build_plan(trio(), course_of(date(2027, 2, 1)), [], today=date(2027, 2, 1))
    asking = {kind for kind in KINDS if "agent" in {field.name for field in fields_of(kind, Material(plan=plan))}}
    assert asking == {kind for kind, action in ACTION_KINDS.items() if "agent" in {f.name for f in fields(action)}}
    (choice,) = (field for field in fields_of("given", Material(plan=plan)) if field.name == "agent")
    assert [option.label for option in choice.options] == [
        *("All that are due on that visit", "alphamab", "betamab", "gammamab"),
    ]
    (dose,) = (field for field in fields_of("given", Material(plan=plan)) if field.name == "dose")
    assert [option.value for option in dose.options][:4] == ["1-1", "1-2", "1-8", "2-1"], "each visit once"


def test_the_page_offers_every_kind_in_words(alice: Visitor, bobs: UUID) -> None:
    page = alice.get(f"/courses/{bobs}/record")
    links = {link.attributes["href"].rpartition("/")[2] for link in page.all("a")}
    assert set(KINDS) <= links
    for kind in KINDS.values():
        assert kind.title in page.text


@pytest.mark.parametrize("kind", sorted(RECORDED))
def test_every_kind_is_previewed_confirmed_and_told_in_the_history(
    web: Web, alice: Visitor, bobs: UUID, kind: str
) -> None:
    typed, told = RECORDED[kind]
    preview = alice.preview(form_of(alice, bobs, kind), **typed)
    assert "Is this right?" in preview.text
    assert told in preview.text
    assert web.load(bobs).revision == 1
    place = alice.confirm(preview)
    assert place == f"/courses/{bobs}?recorded=2"
    page = alice.get(place)
    assert f"Recorded as entry 2: {told}" in page.text
    assert told in " ".join(page.all("ol")[0].text.split())
    assert web.load(bobs).entries[-1].by == "alice"


def offered(page: Page) -> list[str]:
    """The visits that the form's list offers, the chosen one with a star."""
    (box,) = (tag for tag in page.all("select") if tag.attributes["name"] == "dose")
    options = [tag.attributes for tag in box.inside if tag.name == "option"]
    return [option["value"] + "*" * ("selected" in option) for option in options if option["value"]]


@pytest.mark.parametrize(("kind", "first"), [("given", "1-8*"), ("defer", "1-8*"), ("hold", "1-8*"), ("omit", "1-8*")])
def test_the_list_of_doses_has_only_those_of_which_it_can_be_recorded(
    alice: Visitor, bobs: UUID, kind: str, first: str
) -> None:
    found = offered(form_of(alice, bobs, kind))
    assert found[0] == first
    assert "1-1" not in found
    assert ("2-1" in found, "6-15" in found) == ((False, False) if kind == "omit" else (True, True))


def test_what_somebody_chose_is_never_put_in_anothers_place(web: Web, alice: Visitor, bobs: UUID) -> None:
    form = form_of(alice, bobs, "defer", "?dose=1-8")
    web.record(bobs, Given(cycle=1, day=8, on=date(2026, 12, 14)))
    answer = alice.send(form, step="edit", to="2026-12-16")
    assert offered(Page(answer.text))[0] == "1-8*", "it was chosen before somebody recorded it"
    refused = alice.send(Page(answer.text), step="preview", to="2026-12-16")
    assert refused.status_code == 422
    assert "was given on 2026-12-14; void that record first" in Page(refused.text).text


def test_a_correction_offers_the_dose_of_the_entry_that_it_corrects(alice: Visitor, bobs: UUID) -> None:
    assert offered(form_of(alice, bobs, "given", "?correct=1"))[0] == "1-1*"
    chosen = Page(alice.send(form_of(alice, bobs, "defer"), step="edit", replaces="1").text)
    assert offered(chosen)[:2] == ["1-1", "1-8*"], "a record of the wrong kind can be corrected, too"


def test_after_the_end_the_form_says_that_no_dose_can_be_moved(web: Web, alice: Visitor, bobs: UUID) -> None:
    web.record(bobs, Cease(on=date(2026, 12, 14), cause=CeaseCause.OTHER))
    form = form_of(alice, bobs, "defer")
    assert offered(form) == []
    answer = alice.send(form, step="preview", to="2026-12-16")
    assert "No dose is left that could be moved" in Page(answer.text).text


def test_a_hold_is_resumed(web: Web, alice: Visitor, bobs: UUID) -> None:
    web.record(bobs, HOLD_DAY_15)
    preview = alice.preview(form_of(alice, bobs, "resume"), dose="1-15", on="2026-12-23")
    assert "Wed 23 Dec 2026" in preview.text
    alice.confirm(preview)
    found = web.load(bobs).plan.find(1, 15)
    assert found is not None
    assert (found.state, found.date) == (DoseState.PLANNED, date(2026, 12, 23))


def test_a_deferral_shows_before_and_after_side_by_side(alice: Visitor, bobs: UUID) -> None:
    preview = alice.preview(form_of(alice, bobs, "defer", "?dose=1-8"), to="2026-12-16")
    rows = [" ".join(row.text.split()) for row in preview.all("table")[0].inside if row.name == "tr"]
    assert rows[1] == (
        "Cycle 1 day 8 Mon 14 Dec 2026, 08:30–11:00 Planned confirmed"
        " Wed 16 Dec 2026, 08:30–11:00 Planned confirmed 2 days later"
    )
    assert rows[2].startswith("Cycle 1 day 15 Mon 21 Dec 2026")
    assert "Tue 22 Dec 2026" in rows[2]
    assert len(rows) == 3
    assert "16 other doses stay as they are." in preview.text
    assert "C1D15 moved from 21 Dec 2026 to 22 Dec 2026 to keep 6 days" in preview.text


def test_windows_that_move_are_shown_with_both_dates(alice: Visitor, bobs: UUID) -> None:
    preview = alice.preview(form_of(alice, bobs, "cycles"), count="2")
    table = preview.all("table")[0].text
    assert "Birth control" in table
    assert "at least until" in table


def test_the_preview_names_the_mails_that_will_go(alice: Visitor, bobs: UUID) -> None:
    preview = alice.preview(form_of(alice, bobs, "defer", "?dose=1-15"), to="2026-12-22")
    assert "A mail about the change of" in preview.text
    assert "goes on Mon 14 Dec 2026, 10:10 (America/New_York)" in preview.text
    assert "cycle 1 day 15" in preview.text


def test_without_an_address_or_consent_the_preview_says_that_no_mail_goes(web: Web, alice: Visitor) -> None:
    course = web.course("Ben Example", email=None)
    preview = alice.preview(form_of(alice, course, "defer", "?dose=1-15"), to="2026-12-22")
    assert "None: the course has no mail address." in preview.text


def test_a_hold_waits_for_a_person_to_tell_the_patient(web: Web, alice: Visitor, bobs: UUID) -> None:
    preview = alice.preview(form_of(alice, bobs, "hold", "?dose=1-15"), cause="counts")
    assert "waits until a person has told the patient" in preview.text
    page = alice.get(alice.confirm(preview))
    assert "The patient does not know yet" in page.text
    answer = alice.send(page)  # the page's first form is the button that says so
    assert (answer.status_code, answer.headers["location"]) == (303, f"/courses/{bobs}?told")
    page = alice.get(answer.headers["location"])
    assert "Stored: the patient has been told." in page.text
    assert "The patient does not know yet" not in page.text
    assert web.load(bobs).entries[-1].patient_told


def test_a_patient_who_has_been_told_is_noted_with_the_entry(web: Web, alice: Visitor, bobs: UUID) -> None:
    preview = alice.preview(form_of(alice, bobs, "omit", "?dose=1-15"))
    page = alice.get(alice.confirm(preview, telling="told"))
    assert web.load(bobs).entries[-1].patient_told
    assert "The patient does not know yet" not in page.text


def test_after_a_death_nobody_is_asked_to_tell_the_patient(web: Web, alice: Visitor, bobs: UUID) -> None:
    web.record(bobs, Cease(on=date(2026, 12, 14), cause=CeaseCause.DEATH))
    page = alice.get(f"/courses/{bobs}")
    assert "The patient does not know yet" not in page.text
    assert "Stopped" in page.text


@pytest.mark.parametrize(
    "case",
    [
        ("given", {"dose": "1-8", "on": ""}, "on", "Say on which date the dose was given."),
        ("given", {"dose": "1-8", "on": "14.12.2026"}, "on", "Given on: the day and the month are missing"),
        ("given", {"dose": "1-8", "on": "2026-12-15"}, "on", "record it when it was given"),
        ("given", {"dose": "1-8", "on": "2026-12-14", "started": "9 am"}, "started", "9 am"),
        ("given", {"dose": "1-8", "on": "2026-12-14", "partial": "yes"}, "reason", "give a reason to record it"),
        ("defer", {"dose": "1-8", "to": "2026-12-18"}, "reason", "give a reason to record it"),
        ("defer", {"dose": "1-1", "to": "2026-12-18"}, "dose", "given on"),
        ("defer", {"dose": "9-9", "to": "2026-12-18"}, "dose", "choose one of the values"),
        ("defer", {"dose": "1-15", "to": "2026-12-17"}, "to", "first possible date"),
        ("hold", {"dose": "1-15", "on": "2026-12-14"}, "cause", "Choose the cause."),
        ("resume", {"dose": "", "on": "2026-12-20"}, "dose", "No dose is on hold."),
        ("cycle-length", {"cycle": "1", "days": "three weeks"}, "days", "Length in days: write a whole number."),
        ("cycles", {"count": "0"}, "count", "0"),
        ("days", {"cycle": "2", "days": []}, "days", "Tick the days."),
        ("void", {"action": "7"}, "action", "choose one of the values"),
        ("cease", {"on": "2026-12-01", "cause": "other"}, "on", "given"),
        ("omit", {"dose": "1-15", "reason": "x" * 1001}, "reason", "at most 1000"),
    ],
)
def test_what_cannot_be_recorded_is_told_at_its_field_and_what_was_typed_stays(
    web: Web, alice: Visitor, bobs: UUID, case: tuple[str, Typed, str, str]
) -> None:
    kind, typed, field, sentence = case
    answer = alice.send(form_of(alice, bobs, kind), step="preview", **typed)
    page = Page(answer.text)
    assert answer.status_code == 422, page.text
    assert sentence in page.text
    marked = [tag for tag in page.tags if tag.attributes.get("id") == field]
    assert marked, f"no field {field}"
    assert f"{field}-fault" in marked[0].attributes["aria-describedby"]
    assert [link for link in page.all("a") if link.attributes["href"] == f"#{field}"]
    offered = page.form()[1]
    for name, value in typed.items():
        shown = [value] if isinstance(value, str) else value
        if name in {"dose", "action"} and "choose one" in sentence:
            continue  # a select can't show what it doesn't offer
        assert offered.get(name, []) == shown, name
    assert web.load(bobs).revision == 1


def test_with_a_reason_a_departure_is_recorded(web: Web, alice: Visitor, bobs: UUID) -> None:
    page = Page(alice.send(form_of(alice, bobs, "defer", "?dose=1-8"), step="preview", to="2026-12-18").text)
    preview = alice.preview(page, reason="the prescriber agreed")
    assert "Reason: the prescriber agreed" in preview.text
    place = alice.confirm(preview)
    assert "Reason: the prescriber agreed" in alice.get(place).text


def test_a_page_that_others_overtook_shows_what_they_did_and_keeps_what_was_typed(
    web: Web, alice: Visitor, bobs: UUID
) -> None:
    mine = form_of(alice, bobs, "defer", "?dose=1-15")
    previewed = alice.preview(mine, to="2026-12-22", reason="travelling")
    web.record(bobs, Defer(cycle=1, day=8, to=date(2026, 12, 16)))
    late_preview = alice.send(mine, step="preview", to="2026-12-22", reason="travelling")
    late_confirmation = alice.send(previewed, step="confirm")
    for answer in (late_preview, late_confirmation):
        page = Page(answer.text)
        assert answer.status_code == 409
        assert "The course was changed meanwhile, so nothing was stored" in page.text
        assert "Cycle 1 day 8 moved to Wed 16 Dec 2026 (alice, Mon 14 Dec 2026, 10:00)" in page.text
        assert "Mon 14 Dec 2026, 08:30–11:00" in page.all("table")[0].text
        assert page.form()[1]["to"] == ["2026-12-22"]
        assert page.form()[1]["reason"] == ["travelling"]
        assert web.load(bobs).revision == 2
    alice.confirm(alice.preview(Page(late_confirmation.text)))
    assert web.load(bobs).revision == 3


@pytest.mark.parametrize("kind", ["defer", "omit", "void"])
def test_a_double_click_records_once(web: Web, alice: Visitor, bobs: UUID, kind: str) -> None:
    preview = alice.preview(form_of(alice, bobs, kind), **RECORDED[kind][0])
    assert alice.confirm(preview) == alice.confirm(preview)
    assert web.load(bobs).revision == 2


def test_a_resume_sent_twice_is_recorded_once(web: Web, alice: Visitor, bobs: UUID) -> None:
    web.record(bobs, HOLD_DAY_15)
    preview = alice.preview(form_of(alice, bobs, "resume"), dose="1-15", on="2026-12-23")
    assert alice.confirm(preview) == alice.confirm(preview)
    assert web.load(bobs).revision == 3


def test_the_same_request_with_another_answer_stores_nothing_more(web: Web, alice: Visitor, bobs: UUID) -> None:
    preview = alice.preview(form_of(alice, bobs, "omit", "?dose=1-15"))
    alice.confirm(preview)
    answer = alice.send(preview, step="confirm", telling="told")
    assert answer.status_code == 409
    assert "Cycle 1 day 15 left out" in Page(answer.text).text
    assert web.load(bobs).revision == 2


def test_nobody_confirms_what_they_have_not_seen(web: Web, alice: Visitor, bobs: UUID) -> None:
    form = form_of(alice, bobs, "omit", "?dose=1-15")
    assert "Is this right?" in Page(alice.send(form, step="confirm").text).text
    preview = alice.preview(form)
    for seen in ("", "99", "-1", "two"):
        answer = alice.send(preview, step="confirm", seen_revision=seen)
        assert answer.status_code == 200, seen
        assert "Is this right?" in Page(answer.text).text
    assert web.load(bobs).revision == 1


def test_going_back_from_the_preview_keeps_what_was_typed(alice: Visitor, bobs: UUID) -> None:
    typed, _ = RECORDED["given"]
    preview = alice.preview(form_of(alice, bobs, "given"), **typed)
    values = Page(alice.send(preview, step="edit").text).form()[1]
    for name, value in typed.items():
        assert values[name] == [value]


def test_an_entry_is_corrected_in_one_step(web: Web, alice: Visitor, bobs: UUID) -> None:
    form = form_of(alice, bobs, "given", "?correct=1")
    values = form.form()[1]
    assert (values["dose"], values["on"], values["replaces"]) == (["1-1"], ["2026-12-07"], ["1"])
    preview = alice.preview(form, on="2026-12-08", started="09:05")
    assert "Takes back entry 1: Cycle 1 day 1 given on Mon 7 Dec 2026" in preview.text
    page = alice.get(alice.confirm(preview))
    assert "corrects entry 1" in page.text
    record = web.load(bobs)
    assert (record.revision, [entry.stands for entry in record.entries]) == (2, [False, True])


def test_what_was_recorded_is_taken_back_from_the_page_that_confirms_it(web: Web, alice: Visitor, bobs: UUID) -> None:
    page = alice.get(alice.confirm(alice.preview(form_of(alice, bobs, "omit", "?dose=1-15"))))
    undo = next(link for link in page.all("a") if link.text == "Undo entry 2")
    preview = alice.get(undo.attributes["href"])
    assert "Is this right? Entry 2 taken back" in preview.text, "one click shows what it would do, the next does it"
    assert web.load(bobs).revision == 2
    alice.confirm(preview)
    dose = web.load(bobs).plan.find(1, 15)
    assert dose is not None
    assert dose.state is DoseState.PLANNED


def test_an_advice_leads_to_the_form_that_follows_it(web: Web, alice: Visitor) -> None:
    course = web.course("Bernd Example")  # whose first dose is a week overdue
    page = alice.get(f"/courses/{course}")
    link = next(
        link for link in page.all("a") if "record/given" in link.attributes["href"] and "on=" in link.attributes["href"]
    )
    values = alice.get(link.attributes["href"]).form()[1]
    assert (values["dose"], values["on"]) == (["1-1"], ["2026-12-07"])


def test_hostile_text_is_shown_as_text_everywhere(web: Web, alice: Visitor) -> None:
    course = web.course("<b>Bob</b>")
    reason = "</textarea><script>alert(1)</script>"
    form = form_of(alice, course, "defer", "?dose=1-15")
    wrong = Page(alice.send(form, step="preview", reason=reason, to="<i>").text)
    assert wrong.form()[1]["reason"] == [reason]
    preview = alice.preview(wrong, to="2026-12-22")
    page = alice.get(alice.confirm(preview))
    for shown in (wrong, preview, page):
        assert not foreign_scripts(shown)
        assert not shown.all("b")
        assert not shown.all("i")
    assert reason in page.text
    hostile = alice.get(f"/courses/{course}/record/defer?reason=%3Cscript%3E&dose=%22%3E%3Cscript%3E&x=1")
    assert not foreign_scripts(hostile)


def test_a_void_of_a_void_brings_an_entry_back(web: Web, alice: Visitor, bobs: UUID) -> None:
    web.record(bobs, Void(action=1))
    preview = alice.preview(form_of(alice, bobs, "void"), action="2")
    alice.confirm(preview)
    assert [entry.stands for entry in web.load(bobs).entries] == [True, False, True]


def test_an_unknown_kind_is_not_found(alice: Visitor, bobs: UUID) -> None:
    alice.get(f"/courses/{bobs}/record/dance", status=404)
