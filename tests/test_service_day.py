"""The clinic's day: who comes, what is due, missing, on hold; ticks, and a visit given as planned. On both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from db.day_queries import Need, Wanted
from scheduler.actions import Action, Cease, CeaseCause, Defer, Given, Hold, HoldCause, Resume, VisitTime, Void
from scheduler.errors import InvalidValue, Rejected
from service.audit import What, entries
from service.carers import NewCarer
from service.courses import RequestReused, StaleRevision, record
from service.day import ClinicDay, DayLines, clinic_day, find_courses
from service.day_acts import Visit, give_as_planned, just_recorded, set_ticks, take_back
from service.loading import NotFound
from service.messages import suppress
from service.patients import Guardian, PatientFacts
from service.queries import load_course
from service.starting import start_course
from service.wiring import App
from service.worklist import Todo, count_lines, worklist
from service.worklist_acts import tick_off
from tests.stores import NURSE, Clock, bob

MONDAY = datetime(2026, 12, 14, 13, 0, tzinfo=UTC)  # eight in New York; Bob's day 8 is today
FIRST = Given(cycle=1, day=1, on=date(2026, 12, 7))
DAY8 = Visit(cycle=1, day=8, on=date(2026, 12, 14))


@pytest.fixture
def course(app: App, clock: Clock) -> UUID:
    """Bob's course, whose day 1 is given."""
    clock.at = MONDAY
    return started(app, "Bob Example")


def started(app: App, patient: str, *actions: Action, weeks: int = 0, **changes: object) -> UUID:
    """A course like Bob's, so many weeks later, in which day 1 is given."""
    first = bob()
    moved = replace(first.course, id=uuid4(), day1=first.course.day1 + timedelta(weeks=weeks))
    made = start_course(app, replace(first, patient=patient, course=moved, **changes), by=NURSE)  # type: ignore[arg-type]
    for action in (FIRST, *actions) if not weeks else actions:
        record(app, made, action, by=NURSE, patient_told=True)
    return made


def names(lines: DayLines) -> list[str]:
    return [line.patient for line in lines.lines]


def refs(app: App, course: UUID) -> dict[str, str]:
    """What can be ticked on today's visit, by name."""
    (line,) = [each for each in clinic_day(app).coming.lines if each.course_id == course]
    return dict(line.fact.detail["ticks"])


# -- Who comes ---------------------------------------------------------------------------------------------------------


def test_who_comes_today_and_tomorrow_by_the_hour(app: App, course: UUID) -> None:
    tomorrow = started(app, "Tom Example", Defer(cycle=1, day=8, to=date(2026, 12, 15), reason="bus"))
    early = started(app, "Eve Example", VisitTime(at=time(7)))
    started(app, "Later Example", weeks=3)
    day = clinic_day(app)
    assert [line.course_id for line in day.coming.lines] == [early, course]
    assert [line.course_id for line in day.tomorrow.lines] == [tomorrow]
    fact = day.coming.lines[1].fact
    assert (fact.start, fact.end) == (
        datetime(2026, 12, 14, 13, 30, tzinfo=UTC),
        datetime(2026, 12, 14, 16, 0, tzinfo=UTC),
    ), "arrival half an hour before nine, an hour of infusion, an hour of observation"


def test_what_is_recorded_today_stays_on_the_day_and_what_moved_away_does_not(app: App, course: UUID) -> None:
    moved = started(app, "Mia Example")
    give_as_planned(app, course, DAY8, by=NURSE, seen_revision=1, request_id="one")
    record(app, moved, Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="flu"), by=NURSE)
    assert [line.course_id for line in clinic_day(app).coming.lines] == [course]


def test_an_interpreter_and_what_the_patient_speaks_are_told(app: App, course: UUID) -> None:
    started(app, "Amal Example", facts=PatientFacts(spoken_language="Arabic", interpreter=True))
    found = {line.patient: (line.interpreter, line.speaks) for line in clinic_day(app).coming.lines}
    assert found == {"Bob Example": (False, ""), "Amal Example": (True, "Arabic")}


def test_many_visits_come_in_pages(app: App, course: UUID) -> None:
    for number in range(26):
        started(app, f"Patient {number:02}")
    first, second, beyond = (clinic_day(app, page=page) for page in (1, 2, 3))
    assert (len(first.coming.lines), len(second.coming.lines), first.coming.total, first.pages) == (25, 2, 27, 2)
    assert not {line.course_id for line in first.coming.lines} & {line.course_id for line in second.coming.lines}
    assert beyond.coming.lines == ()


def test_another_day_shows_who_comes_and_nothing_of_today(app: App, course: UUID) -> None:
    started(app, "Hal Example", Hold(cycle=1, day=8, on=date(2026, 12, 12), cause=HoldCause.LIVER))
    day = clinic_day(app, day=date(2026, 12, 21))
    assert names(day.coming) == ["Bob Example"]
    assert (day.hold.total, day.lines, day.all_lines) == (0, (), 0)


# -- What is due, missing, on hold, closed, watched --------------------------------------------------------------------


def test_checks_are_due_until_ticked_and_those_of_todays_visits_stand_with_the_visit(
    app: App, clock: Clock, course: UUID
) -> None:
    assert names(clinic_day(app).checks) == []
    assert set(refs(app, course)) == {"blood-count", "liver-tests", "weight", "premedication"}
    clock.at = MONDAY - timedelta(days=3)
    due = clinic_day(app).checks
    assert [line.fact.detail["what"] for line in due.lines] == ["blood-count", "liver-tests"]
    set_ticks(app, course, [due.lines[0].fact.ref], by="bea")
    assert [line.fact.detail["what"] for line in clinic_day(app).checks.lines] == ["liver-tests"]


def test_a_test_after_a_dose_is_missing_from_its_day_on_until_somebody_has_seen_it(
    app: App, clock: Clock, course: UUID
) -> None:
    clock.at = datetime(2026, 12, 7, 20, tzinfo=UTC)
    assert clinic_day(app).after.total == 0
    clock.at = MONDAY
    (missing,) = clinic_day(app).after.lines
    assert (missing.fact.detail["what"], missing.fact.first) == ("liver-tests", date(2026, 12, 8))
    set_ticks(app, course, [missing.fact.ref], by="bea")
    assert clinic_day(app).after.total == 0


def test_holds_closed_days_and_the_liver_watch_are_listed(app: App, course: UUID) -> None:
    started(app, "Hal Example", Hold(cycle=1, day=8, on=date(2026, 12, 4), cause=HoldCause.LIVER))
    started(app, "Cleo Example", Defer(cycle=1, day=15, to=date(2026, 12, 20), reason="shift"))
    started(app, "Wil Example", Cease(on=date(2026, 12, 8), cause=CeaseCause.TRANSPLANT))
    day = clinic_day(app)
    assert [(line.patient, line.fact.first) for line in day.hold.lines] == [("Hal Example", date(2026, 12, 4))]
    assert [(line.patient, line.fact.last) for line in day.closed.lines] == [("Cleo Example", date(2026, 12, 20))]
    assert [(line.patient, line.fact.last) for line in day.watch.lines] == [
        ("Hal Example", date(2027, 2, 1)),
        ("Wil Example", date(2027, 2, 1)),
    ]


def test_of_a_course_on_many_closed_days_the_next_is_listed(app: App, course: UUID) -> None:
    sunday = Defer(cycle=2, day=1, to=date(2027, 1, 3), scope=None, reason="holiday")
    record(app, course, sunday, by=NURSE)
    day = clinic_day(app)
    assert (day.closed.total, [line.fact.last for line in day.closed.lines]) == (1, [date(2027, 1, 3)])


def test_a_resumed_course_is_not_on_hold(app: App, course: UUID) -> None:
    record(app, course, Hold(cycle=1, day=8, on=date(2026, 12, 13), cause=HoldCause.COUNTS), by=NURSE)
    assert clinic_day(app).hold.total == 1
    record(app, course, Resume(cycle=1, day=8, on=date(2026, 12, 16), reason="recovered"), by=NURSE)
    assert clinic_day(app).hold.total == 0


# -- Who is phoned about a visit ----------------------------------------------------------------------------------------


def to_remind(app: App) -> list[str]:
    found = worklist(app)
    assert count_lines(app) == len(found)
    return [line.patient for line in found if line.todo is Todo.REMIND]


def test_who_gets_no_mail_is_phoned_the_day_before_until_somebody_has(app: App, clock: Clock, course: UUID) -> None:
    started(app, "Uma Example", email=None)
    started(app, "Kim Example", consent=False)
    clock.at = MONDAY - timedelta(days=3)
    assert to_remind(app) == ["Kim Example", "Uma Example"], "on Friday, for Monday is the next open day"
    line = next(line for line in worklist(app) if line.todo is Todo.REMIND)
    tick_off(app, line.course_id, line.key, by="bea")
    assert to_remind(app) == ["Uma Example"]
    clock.at = MONDAY
    assert to_remind(app) == []


def test_another_time_or_date_is_another_call(app: App, clock: Clock, course: UUID) -> None:
    uma = started(app, "Uma Example", email=None)
    clock.at = MONDAY - timedelta(days=3)
    tick_off(app, uma, worklist(app)[0].key, by="bea")
    record(app, uma, Defer(cycle=1, day=8, to=date(2026, 12, 15), reason="bus"), by=NURSE, patient_told=True)
    clock.at = MONDAY
    assert to_remind(app) == ["Uma Example"]


def test_a_suppressed_address_is_none_and_a_guardian_with_mails_is_enough(app: App, clock: Clock, course: UUID) -> None:
    guardian = Guardian(name="Gail", relation="mother", email="gail@mail.example", consent=True)
    started(app, "Minor Example", email=None, facts=PatientFacts(guardian=guardian))
    carer = NewCarer(name="Dora", email="dora@mail.example", consent=True, language="en", zone="Europe/Paris")
    started(app, "Carl Example", email=None, carers=(carer,))
    suppress(app, "bob@patients.example", by=NURSE)
    clock.at = MONDAY - timedelta(days=3)
    assert to_remind(app) == ["Bob Example", "Carl Example"], "a carer does not stand for the patient"


@pytest.mark.parametrize(
    ("typed", "suppressed"),
    [
        ("Ánna@patients.example", "ánna@patients.example"),  # SQLite folds ASCII letters alone
        ("anna@STRASSE.example", "anna@straße.example"),  # one mailbox by the rule that suppressions go by
        ("ANNA@patients.example", " anna@patients.example "),
    ],
)
def test_a_suppressed_address_is_known_in_any_capitals(app: App, clock: Clock, typed: str, suppressed: str) -> None:
    clock.at = MONDAY
    started(app, "Anna Example", email=typed)
    suppress(app, suppressed, by=NURSE)
    clock.at = MONDAY - timedelta(days=3)
    assert to_remind(app) == ["Anna Example"]
    assert count_lines(app) == len(worklist(app))


def test_a_guardian_whose_address_is_suppressed_is_not_enough(app: App, clock: Clock) -> None:
    clock.at = MONDAY
    guardian = Guardian(name="Gail", relation="mother", email="Gail@mail.example", consent=True)
    started(app, "Minor Example", email=None, facts=PatientFacts(guardian=guardian))
    suppress(app, "gail@mail.example", by=NURSE)
    clock.at = MONDAY - timedelta(days=3)
    assert to_remind(app) == ["Minor Example"]


# -- Ticks --------------------------------------------------------------------------------------------------------------


def test_a_tick_says_who_and_when_and_can_be_taken_back(app: App, clock: Clock, course: UUID) -> None:
    weight = refs(app, course)["weight"]
    set_ticks(app, course, [weight], by="bea")
    clock.pass_(minutes=5)
    set_ticks(app, course, [weight], by="carl")
    ticked = clinic_day(app).ticks[course, weight]
    assert (ticked.by, ticked.at) == ("bea", MONDAY), "who ticked first stays"
    set_ticks(app, course, [weight], by="carl", back=True)
    assert (course, weight) not in clinic_day(app).ticks
    done = [(entry.what, entry.by, entry.detail["ticks"]) for entry in entries(app, course) if "ticks" in entry.detail]
    assert done == [(What.TICKED, "bea", weight), (What.TICK_TAKEN_BACK, "carl", weight)]
    assert load_course(app, course).revision == 1, "a tick is no entry and holds no value"


def test_a_visit_that_moves_is_to_be_ticked_anew(app: App, course: UUID) -> None:
    weight = refs(app, course)["weight"]
    set_ticks(app, course, [weight], by="bea")
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 15), reason="bus"), by=NURSE)
    day = clinic_day(app, day=date(2026, 12, 15))
    assert not {ref for _, ref in day.coming.lines[0].fact.detail["ticks"]} & {ref for _, ref in day.ticks}
    with pytest.raises(InvalidValue, match="look at the day anew"):
        set_ticks(app, course, [weight], by="bea")


def test_a_course_of_another_clinic_cannot_be_ticked(app: App, course: UUID) -> None:
    with pytest.raises(NotFound):
        set_ticks(app, course, [refs(app, course)["weight"]], by="charlie", clinic_id=2)


# -- Given as planned ---------------------------------------------------------------------------------------------------


def test_given_as_planned_records_the_visit_once_and_can_be_undone_at_once(app: App, course: UUID) -> None:
    for _ in range(2):
        outcome = give_as_planned(app, course, DAY8, by="bea", seen_revision=1, request_id="click")
        assert outcome.revision == 2
    found = just_recorded(app, course, 2, 2)
    assert found is not None
    assert found.actions == (Given(cycle=1, day=8, on=date(2026, 12, 14)),)
    assert take_back(app, course, 2, 2, by="bea", request_id="undo").revision == 3
    assert just_recorded(app, course, 2, 2) is None
    assert load_course(app, course).entries[1].stands is False
    assert clinic_day(app).coming.lines[0].fact.kind == "visit"


def test_no_tick_is_needed_to_record_a_dose(app: App, course: UUID) -> None:
    assert clinic_day(app).ticks == {}
    assert give_as_planned(app, course, DAY8, by="bea", seen_revision=1, request_id="click").revision == 2


def test_what_the_rules_refuse_is_refused_here_too(app: App, clock: Clock, course: UUID) -> None:
    with pytest.raises(StaleRevision):
        give_as_planned(app, course, DAY8, by="bea", seen_revision=0, request_id="stale")
    tomorrow = Visit(cycle=1, day=15, on=date(2026, 12, 21))
    with pytest.raises(Rejected):
        give_as_planned(app, course, tomorrow, by="bea", seen_revision=1, request_id="early")
    with pytest.raises(InvalidValue, match="nothing is planned on 2026-12-15"):
        give_as_planned(app, course, replace(DAY8, on=date(2026, 12, 15)), by="b", seen_revision=1, request_id="x")
    give_as_planned(app, course, DAY8, by="bea", seen_revision=1, request_id="click")
    with pytest.raises(RequestReused):
        give_as_planned(app, course, tomorrow, by="bea", seen_revision=2, request_id="click")
    with pytest.raises(NotFound):
        give_as_planned(app, course, DAY8, by="c", seen_revision=1, request_id="other", clinic_id=2)
    assert load_course(app, course).revision == 2


def test_only_what_was_given_can_be_undone_and_only_while_it_is_the_newest(app: App, course: UUID) -> None:
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 15), reason="bus"), by=NURSE)
    with pytest.raises(InvalidValue, match="no such record"):
        take_back(app, course, 2, 2, by="bea", request_id="one")
    with pytest.raises(StaleRevision):
        take_back(app, course, 1, 1, by="bea", request_id="two")


def test_agents_that_an_entry_alone_would_not_mean_are_named(app: App, clock: Clock) -> None:
    clock.at = MONDAY
    new = replace(bob(), regimen_id="polatuzumab-br")
    course = start_course(app, replace(new, course=replace(new.course, id=uuid4(), day1=date(2026, 12, 14))), by=NURSE)
    plan = load_course(app, course).plan
    agents = [dose.agent for dose in plan.cycles[0].doses if dose.day == 1]
    late = agents[-1]
    moved = Defer(cycle=1, day=1, agent=late, to=date(2026, 12, 15), reason="bag not ready")
    record(app, course, moved, by=NURSE)
    outcome = give_as_planned(
        app, course, Visit(cycle=1, day=1, on=date(2026, 12, 14)), by="b", seen_revision=1, request_id="a"
    )
    assert {dose.agent: dose.state.value for dose in outcome.plan.cycles[0].doses if dose.day == 1} == {
        **dict.fromkeys(agents, "given"),
        late: "planned",
    }


# -- Finding courses ----------------------------------------------------------------------------------------------------


def found(app: App, words: str = "", **wanted: object) -> list[str]:
    return [line.patient for line in find_courses(app, Wanted(words=words, **wanted)).lines]  # type: ignore[arg-type]


def test_courses_are_found_by_parts_of_the_name_whatever_its_case_and_accents(app: App, course: UUID) -> None:
    started(app, "Özlem Çelik-Exámple")
    started(app, "A_100% code")
    assert found(app, "ozlem") == found(app, "ÇELIK  öz") == ["Özlem Çelik-Exámple"]
    assert found(app, "example") == ["Bob Example", "Özlem Çelik-Exámple"]
    assert found(app, "0%") == ["A_100% code"], "what databases take for any letters is one letter here"
    assert found(app, "nobody") == []


def test_courses_are_filtered_by_state_regimen_and_what_they_need(app: App, clock: Clock, course: UUID) -> None:
    started(app, "Hal Example", Hold(cycle=1, day=8, on=date(2026, 12, 12), cause=HoldCause.LIVER))
    started(app, "Uma Example", Defer(cycle=1, day=8, to=date(2026, 12, 13), reason="early"))
    started(app, "Later Example", weeks=5)
    assert found(app, state="on-hold") == ["Hal Example"]
    assert found(app, needs=(Need.HOLD,)) == ["Hal Example"]
    assert found(app, needs=(Need.RECORD,)) == ["Uma Example"]
    assert found(app, needs=(Need.HOLD, Need.RECORD)) == ["Uma Example", "Hal Example"]
    assert found(app, needs=(Need.AFTER,)) == ["Uma Example", "Bob Example", "Hal Example"]
    assert found(app, needs=(Need.CHECK,)) == [], "what is asked of today's visits stands with them"
    assert found(app, regimen_id="other") == []
    assert found(app, "later", state="planned") == ["Later Example"]
    clock.at = MONDAY - timedelta(days=3)
    assert found(app, needs=(Need.CHECK,)) == ["Uma Example", "Bob Example"]


def test_a_course_to_tell_of_is_found(app: App, course: UUID) -> None:
    record(app, course, Hold(cycle=1, day=8, on=date(2026, 12, 13), cause=HoldCause.COUNTS), by=NURSE)
    assert found(app, needs=(Need.TELL,)) == ["Bob Example"]
    record(app, course, Void(action=2), by=NURSE, patient_told=True)
    assert found(app, needs=(Need.CLOSED, Need.WATCH)) == []


# -- The number of questions ---------------------------------------------------------------------------------------------


@contextmanager
def questions(app: App) -> Iterator[list[str]]:
    """What the database is asked within."""
    said: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        said.append(statement)

    event.listen(app.engine, "before_cursor_execute", note)
    yield said
    event.remove(app.engine, "before_cursor_execute", note)


def everything(app: App) -> tuple[int, ClinicDay]:
    with questions(app) as said:
        day = clinic_day(app)
        find_courses(app, Wanted(words="e", needs=tuple(Need)))
        worklist(app)
        count_lines(app)
    return len(said), day


def test_many_rows_take_as_many_questions_as_few(app: App, clock: Clock, course: UUID) -> None:
    few, day = everything(app)
    assert (day.coming.total, day.hold.total, day.closed.total, day.watch.total) == (1, 0, 0, 0)
    for number in range(4):
        started(app, f"Uma {number}", email=None)
        started(app, f"Tom {number}", Defer(cycle=1, day=8, to=date(2026, 12, 15), reason="bus"), email=None)
        started(app, f"Hal {number}", Hold(cycle=1, day=8, on=date(2026, 12, 4), cause=HoldCause.LIVER))
        started(app, f"Cleo {number}", Defer(cycle=1, day=15, to=date(2026, 12, 20), reason="shift"))
        started(app, f"Wil {number}", Cease(on=date(2026, 12, 8), cause=CeaseCause.TRANSPLANT))
        started(app, f"Ova {number}", Defer(cycle=1, day=8, to=date(2026, 12, 13), reason="early"))
        made = started(app, f"Tess {number}")
        record(app, made, Defer(cycle=1, day=8, to=date(2026, 12, 15), reason="near"), by=NURSE)
    many, day = everything(app)
    for part in (day.coming, day.tomorrow, day.hold, day.closed, day.watch, day.after, day.checks):
        assert part.total > 2
    assert {line.todo for line in day.lines} >= {Todo.RECORD, Todo.CALL, Todo.REMIND}
    assert many == few
