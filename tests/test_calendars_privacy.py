"""Who sees what: canaries in every text that a clinic or a nurse can write must not come out where they may not."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from calendars import FORMATS
from calendars.view import CalendarView, ClinicCard, Detail, Reader
from scheduler.actions import Cease, CeaseCause, Defer, Given, Hold, HoldCause, Omit, Response, ResponseValue
from scheduler.course import Audience
from scheduler.events import EventKind, StampedEvent, uid_of
from tests.calendar_plans import (
    AUDIENCES,
    COURSE_ID,
    DAY1,
    INOTUZUMAB,
    Story,
    ceased,
    course,
    eventful,
    story,
)
from tests.core import with_agent
from tests.pdf_reader import text_of
from tests.readers import read_both, unfolded

CANARY_CLINIC = ClinicCard(
    name="CANARY-NAME Oncology",
    phone="CANARY-PHONE",
    after_hours_phone="CANARY-NIGHT",
    emergency_number="CANARY-EMERGENCY",
    fever_threshold="CANARY-FEVER",
    address="CANARY-WARD 4",
)
CANARY_REGIMEN = with_agent(replace(INOTUZUMAB, id="canary-id", name="CANARY-REGIMEN"), name="CANARY-AGENT")

# What tells of the treatment, beside the canaries; "infusion" is told at `full` only.
TELLING = (
    "canary",
    "infus",
    "inotuzumab",
    "cycle",
    "birth",
    "pregnan",
    "breast",
    "cancer",
    "oncolog",
    "blood",
    "liver",
)
REPRODUCTIVE = ("birth control", "pregnan", "breastfe", "contracep")
NEVER = (
    "canary-reason",
    "no-response",
    "toxicity",
    "liver-",
    "hold",
    "withheld",
    "missed",
    "failed",
    "advice",
    "the label",
)


def canaries() -> Story:
    """An eventful course of which every word that is not ours is a canary."""
    reason = "CANARY-REASON"
    actions = (
        Given(cycle=1, day=1, on=DAY1, reason=reason),
        Defer(cycle=1, day=8, to=date(2026, 12, 16), reason=reason),
        Given(cycle=1, day=8, on=date(2026, 12, 16), tolerated=False, reason=reason),
        Omit(cycle=1, day=15, reason=reason),
        Response(cycle=1, value=ResponseValue.NONE, reason=reason),
    )
    return story(actions=actions, today=date(2026, 12, 17), regimen=CANARY_REGIMEN)


def rendered(view: CalendarView, name: str) -> str:
    body = FORMATS[name].render(view)
    if name == "pdf":
        return text_of(body).lower()
    return ("\n".join(unfolded(body)) if name == "ics" else body.decode()).lower()


def readable(view: CalendarView, name: str) -> str:
    """The same without what only a browser reads: style sheets and the names of classes."""
    text = re.sub(r"<style>.*?</style>", "", rendered(view, name), flags=re.DOTALL)
    return re.sub(r' class="[^"]*"', "", text)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("reader", [Reader.PATIENT, Reader.CARER])
@pytest.mark.parametrize("detail", [Detail.DISCREET, Detail.BUSY])
def test_at_the_neutral_levels_nothing_tells_of_the_treatment(name: str, reader: Reader, detail: Detail) -> None:
    for told in (canaries(), eventful()):
        # A sheet without a number to call would be a danger; the number names nobody.
        clinic = replace(CANARY_CLINIC, phone="1", after_hours_phone="2", emergency_number="3")
        text = rendered(
            told.view(detail=detail, reader=reader, clinic=clinic if name == "pdf" else CANARY_CLINIC), name
        )
        assert [word for word in TELLING if word in text] == []


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("reader", [Reader.PATIENT, Reader.CARER])
@pytest.mark.parametrize("cause", [CeaseCause.NO_RESPONSE, CeaseCause.TOXICITY, CeaseCause.HOSPICE, None])
def test_reasons_causes_and_responses_reach_no_patient_or_carer(
    name: str, reader: Reader, cause: CeaseCause | None
) -> None:
    told = ceased(cause) if cause else canaries()
    held = story(actions=(Hold(cycle=1, day=8, on=DAY1, cause=HoldCause.LIVER, reason="CANARY-REASON"),))
    for one in (told, held, eventful()):
        text = readable(one.view(reader=reader), name)
        assert [word for word in NEVER if word in text] == []


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("detail", Detail)
def test_a_carer_gets_nothing_reproductive(name: str, detail: Detail) -> None:
    told = story(course(audiences=(*AUDIENCES, Audience(name="partner-can-become-pregnant"))))
    text = rendered(told.view(detail=detail, reader=Reader.CARER), name)
    assert [word for word in REPRODUCTIVE if word in text] == []
    uids = [str(each.uid) for each in told.stamped.values() if each.event.reproductive]
    assert len(uids) == 4
    assert not any(uid in text for uid in uids)


def test_a_carer_gets_all_the_visits() -> None:
    carer, patient = (story().view(reader=reader) for reader in (Reader.CARER, Reader.PATIENT))
    visits = [[each.key for each in view.entries if each.kind is EventKind.INFUSION] for view in (carer, patient)]
    assert visits[0] == visits[1]
    assert len(visits[0]) == 18


PRIVATE = (Audience(name="can-become-pregnant", private=True), Audience(name="breastfeeding"))


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_private_is_for_staff_alone(name: str) -> None:
    told = story(course(audiences=PRIVATE))
    for reader in (Reader.PATIENT, Reader.CARER):
        text = rendered(told.view(reader=reader), name)
        assert "birth control" not in text
        assert "pregnancy" not in text
        assert "private" not in text
    if name != "pdf":  # which is not printed for staff
        assert "birth control" in rendered(told.view(reader=Reader.STAFF), name)


@pytest.mark.parametrize("name", ["html", "svg", "text"])
def test_staff_see_that_a_window_is_private(name: str) -> None:
    text = rendered(story(course(audiences=PRIVATE)).view(reader=Reader.STAFF), name)
    assert "private: not shown to the patient." in " ".join(text.split())


def unread() -> Story:
    """A course of a regimen whose facts were not all read in their source."""
    rules = tuple(replace(rule, cite=replace(rule.cite, verified=False)) for rule in INOTUZUMAB.windows)
    return story(regimen=replace(INOTUZUMAB, windows=rules))


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_not_verified_is_told_to_staff_and_in_no_patients_calendar(name: str) -> None:
    told = unread()
    remark = "not verified, check the label"
    for reader in Reader if name != "pdf" else (Reader.PATIENT, Reader.CARER):
        text = " ".join(rendered(told.view(reader=reader), name).split())
        assert (remark in text) == (reader is Reader.STAFF and name != "ics")


def test_unread_times_of_a_visit_are_marked_for_staff() -> None:
    times = INOTUZUMAB.ranked[0].times
    unread_times = replace(times, cite=replace(times.cite, verified=False))
    view = story(regimen=with_agent(INOTUZUMAB, times=unread_times)).view(reader=Reader.STAFF)
    notes = {entry.kind: entry.staff_note for entry in view.entries}
    assert notes[EventKind.INFUSION] == notes[EventKind.OBSERVATION] == "Not verified, check the label."
    assert notes[EventKind.CHECK] == notes[EventKind.WINDOW] == ""


def test_busy_has_no_text_at_all() -> None:
    for event in read_both(FORMATS["ics"].render(eventful().view(detail=Detail.BUSY))).values():
        assert (event.summary, event.description, event.location) == ("", "", "")


def test_discreet_has_three_titles_and_their_cancelled_forms() -> None:
    told = [*eventful().view(detail=Detail.DISCREET).entries, *story().view(detail=Detail.DISCREET).entries]
    assert {entry.summary for entry in told} == {
        "Appointment",
        "Cancelled: Appointment",
        "Check",
        "Cancelled: Check",
        "Date to remember",
        "To be arranged",
    }


def test_at_discreet_a_window_looks_like_any_other_date() -> None:
    """The talk at the end of cycle 3 has the same title, the same lines and the same place as a window."""
    entries = {entry.key: entry for entry in story().view(detail=Detail.DISCREET).entries}
    window = entries["window/contraception/can-become-pregnant"]
    review = entries["c3/end/response-review"]
    test = entries["c1d1/checks-before-1/pregnancy-test"]
    assert (window.summary, window.lines, window.location) == (review.summary, review.lines, review.location)
    assert test.summary == entries["c1d1/checks-before-1"].summary


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("reader", [Reader.PATIENT, Reader.CARER])
def test_after_death_no_format_shows_anything(name: str, reader: Reader) -> None:
    text = readable(ceased(CeaseCause.DEATH).view(reader=reader), name)
    assert [word for word in ("begin:vevent", "cancelled", "given", "2027") if word in text] == []


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "stop",
    [
        Cease(on=date(2026, 12, 10), cause=CeaseCause.PREGNANCY),
        Hold(cycle=1, day=8, on=date(2026, 12, 10), cause=HoldCause.PREGNANCY),
    ],
)
def test_a_pregnancy_leaves_no_trace(name: str, stop: Cease | Hold) -> None:
    told = story(actions=(Given(cycle=1, day=1, on=DAY1), stop), today=date(2026, 12, 10))
    for reader in Reader if name != "pdf" else (Reader.PATIENT, Reader.CARER):
        text = readable(told.view(reader=reader), name)
        traces = ("birth control", "pregnan", "breastfe", "cancelled", "to be arranged", "2027", "2028")
        assert [word for word in traces if word in text] == []


def test_the_view_reads_instants_in_whatever_zone_a_store_gave_them_back() -> None:
    told = eventful()
    utc = {key: _in_utc(each) for key, each in told.stamped.items()}
    for name in FORMATS:
        assert FORMATS[name].render(replace(told, stamped=utc).view()) == FORMATS[name].render(told.view())


def test_uids_are_those_of_the_role() -> None:
    view = eventful().view()
    assert all(entry.uid == uid_of(COURSE_ID, entry.key) for entry in view.entries)


# ---------------------------------------------------------------------------------------------------------------------


def _in_utc(stamped: StampedEvent) -> StampedEvent:
    event, moved = stamped.event, stamped.moved_from
    if not isinstance(event.start, datetime):
        return stamped
    instants = {name: getattr(event, name).astimezone(UTC) for name in ("start", "end", "arrival", "leave_not_before")}
    before = moved.astimezone(UTC) if isinstance(moved, datetime) else moved
    return replace(stamped, event=replace(event, **instants), moved_from=before)
