"""What staff know of a patient beside the dates: what they speak, and who stands for a minor."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from calendars.kinds import Detail
from db.engine import writing
from db.outbox_claims import claim
from db.outbox_store import State
from reminders.rules import Kind
from scheduler.course import Audience
from scheduler.errors import InvalidValue
from service import audit
from service.carers import Contact, NewCarer, Wish, add_carer, choose, list_recipients, remove_carer
from service.courses import NewCourse, NotFound, RequestReused, start_course
from service.messages import list_messages
from service.patients import FactsChanged, Guardian, PatientFacts, change_facts, mark_of
from service.queries import list_courses, load_course
from service.wiring import App
from service.worker import tick
from tests.smtp_server import MailServer
from tests.stores import NURSE, Clock, bob, make_app
from tests.web_site import ELSEWHERE

MOTHER = Guardian(name="Anna Example", relation="mother", email="anna@mail.example", phone="+1 555 0102", consent=True)
FACTS = PatientFacts(spoken_language="Tigrinya", interpreter=True, guardian=MOTHER)


def minor(facts: PatientFacts = FACTS, email: str | None = None) -> NewCourse:
    return replace(bob(audiences=(Audience(name="can-become-pregnant"),), email=email), facts=facts)


def roles(app: App) -> set[tuple[str, str]]:
    (line,) = list_courses(app)
    return {(each.recipient, each.kind) for each in list_messages(app, line.id) if each.state is State.WAITING}


def test_what_a_patient_speaks_and_the_guardian_are_kept_with_the_course(app: App) -> None:
    course = start_course(app, minor(), by=NURSE)
    assert load_course(app, course).facts == FACTS
    (line,) = list_courses(app)
    assert (line.spoken_language, line.interpreter) == ("Tigrinya", True)


def test_without_a_word_nothing_is_assumed(app: App) -> None:
    course = start_course(app, bob(), by=NURSE)
    assert load_course(app, course).facts == PatientFacts(spoken_language="", interpreter=False, guardian=None)


def test_a_guardian_gets_mails_of_visits_and_checks_and_never_of_windows(app: App) -> None:
    start_course(app, minor(email="bob@patients.example"), by=NURSE)
    assert {kind for role, kind in roles(app) if role == "patient"} == {"visit", "check", "window"}
    assert {kind for role, kind in roles(app) if role == "guardian"} == {"visit", "check"}


@pytest.mark.parametrize(
    "guardian",
    [replace(MOTHER, consent=False), replace(MOTHER, email="", consent=False)],
    ids=["an address without consent", "only a telephone number"],
)
def test_a_guardian_without_consent_gets_no_mail(app: App, guardian: Guardian) -> None:
    course = start_course(app, minor(PatientFacts(guardian=guardian)), by=NURSE)
    assert roles(app) == set()
    assert load_course(app, course).facts.guardian == guardian


def test_a_guardians_mail_says_nothing_of_pregnancy_or_birth_control(
    store_url: str, clock: Clock, mail_server: MailServer
) -> None:
    from db.engine import make_engine

    engine = make_engine(store_url)
    app = make_app(engine, clock, mail_server.environ())
    clock.at = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)
    start_course(app, minor(), by=NURSE)
    clock.at = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)  # three days before the first visit, at nine
    tick(app, clock.at)
    (mail,) = [each for each in mail_server.mails() if each.to == ("anna@mail.example",)]
    text = str(mail.message).lower()
    assert not [word for word in ("pregnan", "birth control", "breast") if word in text]
    engine.dispose()


def test_changed_facts_move_the_waiting_mails_and_are_in_the_audit(app: App) -> None:
    course = start_course(app, minor(), by=NURSE)
    assert roles(app)
    change_facts(app, course, replace(FACTS, guardian=replace(MOTHER, consent=False)), by="pia")
    assert roles(app) == set()
    change_facts(app, course, FACTS, by="pia")
    assert roles(app)
    change_facts(app, course, PatientFacts(spoken_language=" Dari "), by="pia")
    assert roles(app) == set()
    assert load_course(app, course).facts == PatientFacts(spoken_language="Dari")
    assert [each.role for each in list_recipients(app, course)] == ["patient"]
    noted = [(each.what, each.by, each.detail.get("changed")) for each in audit.entries(app, course)][1:]
    what = ["guardian", "guardian", "spoken_language, interpreter, guardian"]
    assert noted == [("patient-changed", "pia", each) for each in what]


def test_what_changes_nothing_is_not_in_the_audit(app: App) -> None:
    course = start_course(app, minor(), by=NURSE)
    change_facts(app, course, replace(FACTS, spoken_language=" Tigrinya "), by="pia", language="en")
    assert [each.what for each in audit.entries(app, course)] == ["course-started"]


def test_a_repeated_change_is_one_and_the_same_request_with_another_is_refused(app: App) -> None:
    course = start_course(app, minor(), by=NURSE)
    seen = mark_of(FACTS, "en")
    for _ in range(2):
        change_facts(app, course, PatientFacts(), by="pia", seen=seen, request_id="once")
    with pytest.raises(RequestReused):
        change_facts(app, course, FACTS, by="pia", request_id="once")
    assert load_course(app, course).facts == PatientFacts()
    assert [each.what for each in audit.entries(app, course)] == ["course-started", "patient-changed"]


def test_a_change_made_from_facts_that_are_others_by_now_stores_nothing(app: App) -> None:
    """A consent that ended meanwhile would be given again by whoever only mends the language."""
    course = start_course(app, minor(), by=NURSE)
    seen = mark_of(load_course(app, course).facts, "en")
    remove_carer(app, course, "guardian", by=NURSE)
    with pytest.raises(FactsChanged):
        change_facts(app, course, replace(FACTS, spoken_language="Dari"), by="pia", seen=seen)
    assert load_course(app, course).facts == replace(FACTS, guardian=replace(MOTHER, consent=False))
    assert roles(app) == set()


def test_the_mark_is_another_with_each_fact() -> None:
    guardians = (
        replace(MOTHER, name="x"),
        replace(MOTHER, relation="x"),
        replace(MOTHER, email="x"),
        replace(MOTHER, phone="x"),
        replace(MOTHER, consent=False),
        None,
    )
    others = [replace(FACTS, guardian=each) for each in guardians]
    others += [replace(FACTS, spoken_language="Dari"), replace(FACTS, interpreter=False)]
    marks = {mark_of(FACTS, "en"), mark_of(FACTS, "es"), *(mark_of(each, "en") for each in others)}
    assert len(marks) == 10


def test_the_language_that_the_patient_reads_is_the_guardians_in_mails_too(app: App) -> None:
    course = start_course(app, minor(email="bob@patients.example"), by=NURSE)
    change_facts(app, course, FACTS, by="pia", language="es")
    assert load_course(app, course).language == "es"
    assert {each.role: each.language for each in list_recipients(app, course)} == {"patient": "es", "guardian": "es"}
    assert audit.entries(app, course)[-1].detail == {"changed": "language"}
    with pytest.raises(InvalidValue, match="there is no wording"):
        change_facts(app, course, FACTS, by="pia", language="tlh")


def test_another_language_or_zone_of_the_patient_is_the_guardians_wherever_it_is_changed(app: App) -> None:
    course = start_course(app, minor(FACTS), by=NURSE)
    moved = Contact(email="bob@patients.example", consent=True, language="ar", zone="Europe/Berlin")
    choose(app, course, "patient", Wish(days={}), by=NURSE, contact=moved)
    found = {each.role: (each.language, each.zone) for each in list_recipients(app, course)}
    assert found == dict.fromkeys(("patient", "guardian"), ("ar", "Europe/Berlin"))


def test_another_guardian_does_not_get_what_the_one_before_chose(app: App) -> None:
    course = start_course(app, minor(), by=NURSE)
    choose(app, course, "guardian", Wish(days={Kind.VISIT: (1,)}, detail=Detail.FULL), by=NURSE)
    change_facts(app, course, replace(FACTS, guardian=replace(MOTHER, email="anna@new.example")), by=NURSE)
    kept = next(each for each in list_recipients(app, course) if each.role == "guardian")
    assert (kept.detail, kept.choice) == (Detail.FULL, {Kind.VISIT: (1,)})
    father = replace(MOTHER, name="Otto Example", relation="father", email="otto@mail.example")
    change_facts(app, course, replace(FACTS, guardian=father), by=NURSE)
    fresh = next(each for each in list_recipients(app, course) if each.role == "guardian")
    assert (fresh.email, fresh.detail, fresh.choice) == ("otto@mail.example", Detail.DISCREET, {})


@pytest.mark.parametrize(
    ("facts", "language"),
    [(replace(FACTS, guardian=replace(MOTHER, email="anna@new.example")), None), (FACTS, "es")],
    ids=["a new address", "a new language"],
)
def test_a_pass_that_has_looked_at_the_old_facts_must_look_anew(
    app: App, clock: Clock, facts: PatientFacts, language: str | None
) -> None:
    course = start_course(app, minor(), by=NURSE)
    first = min(each.send_after for each in list_messages(app, course))
    lease = first + timedelta(minutes=5)
    with writing(app.engine) as session:
        held = claim(session, owner="a worker", now=first, lease_until=lease, limit=5)
    assert held
    clock.at = first
    change_facts(app, course, facts, by=NURSE, language=language)
    assert not [each for each in list_messages(app, course) if each.state is State.CLAIMED]


def test_consent_that_a_guardian_withdrew_holds_until_it_is_given_anew(app: App) -> None:
    course = start_course(app, minor(), by=NURSE)
    remove_carer(app, course, "guardian", by=NURSE)
    guardian = load_course(app, course).facts.guardian
    assert guardian == replace(MOTHER, consent=False)
    assert roles(app) == set()
    change_facts(app, course, FACTS, by=NURSE)
    assert load_course(app, course).facts.guardian == MOTHER
    assert roles(app)


def test_carers_are_numbered_without_the_guardian(app: App) -> None:
    course = start_course(app, minor(), by=NURSE)
    dora = NewCarer(name="Dora", email="dora@mail.example", consent=True, language="en", zone="Europe/Paris")
    assert add_carer(app, course, dora, by=NURSE) == "carer-1"
    assert {role for role, _ in roles(app)} == {"guardian", "carer-1"}


@pytest.mark.parametrize(
    ("facts", "field", "told"),
    [
        (PatientFacts(guardian=replace(MOTHER, name=" ")), "guardian", "give the guardian's name"),
        (PatientFacts(guardian=replace(MOTHER, relation="")), "guardian_relation", "say how the guardian is related"),
        (
            PatientFacts(guardian=replace(MOTHER, email="", phone="", consent=False)),
            "guardian_phone",
            "give a telephone number or a mail address",
        ),
        (PatientFacts(guardian=replace(MOTHER, email="")), "guardian_email", "mails were agreed to"),
        (PatientFacts(guardian=replace(MOTHER, email="anna")), "guardian_email", "must be a mail address"),
        (PatientFacts(guardian=replace(MOTHER, phone="1\n2")), "guardian_phone", "on one line"),
        (PatientFacts(guardian=replace(MOTHER, name="a" * 101)), "guardian", "at most 100 characters"),
        (PatientFacts(spoken_language="a" * 61), "spoken_language", "at most 60 characters"),
    ],
)
def test_facts_that_cannot_be_are_refused_and_nothing_is_stored(
    app: App, facts: PatientFacts, field: str, told: str
) -> None:
    with pytest.raises(InvalidValue, match=told) as refused:
        start_course(app, minor(facts), by=NURSE)
    assert refused.value.field == field
    assert list_courses(app) == ()
    course = start_course(app, bob(), by=NURSE)
    with pytest.raises(InvalidValue, match=told):
        change_facts(app, course, facts, by=NURSE)
    assert load_course(app, course).facts == PatientFacts()


def test_a_repeated_start_with_another_guardian_is_another_request(app: App) -> None:
    new = minor()
    first = start_course(app, new, by=NURSE, request_id="once")
    assert start_course(app, new, by=NURSE, request_id="once") == first
    with pytest.raises(RequestReused):
        start_course(app, replace(new, facts=PatientFacts()), by=NURSE, request_id="once")


def test_another_clinic_changes_nothing(app: App) -> None:
    course = start_course(app, minor(), by=NURSE)
    with pytest.raises(NotFound):
        change_facts(app, course, PatientFacts(), by="charlie", clinic_id=ELSEWHERE)
    assert load_course(app, course).facts == FACTS
