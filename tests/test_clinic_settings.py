"""What a clinic's admin sets in the browser: refused like in config.toml, kept revision by revision, followed at once
by pages, calendars, prints and mails, in every process and in that clinic alone."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from calendars.kinds import Detail, Reader
from db.engine import writing
from db.tables import ClinicRow
from reminders.rules import Kind
from scheduler.errors import FileRefused, InvalidValue
from service import audit
from service.carers import Wish, choose
from service.clinic_settings import (
    OwnSettings,
    StaleSettings,
    Wanted,
    change_settings,
    own_settings,
    preview_settings,
)
from service.config import load_settings
from service.courses import start_course
from service.feeds import new_feed
from service.messages import list_messages
from service.own_settings import NAMES, as_written, closure_spans, overlaid, value_of
from service.patient_page import read_page
from service.prints import print_course
from service.queries import load_course
from service.rendering import Look
from service.serving import FeedServer
from service.settings_change import follow_settings
from service.wiring import App
from service.worker import tick
from tests.cli import NOW, Infusions
from tests.stores import NURSE, START, Clock, bob, make_app

HOME, ELSEWHERE = 1, 2
FRIDAY = datetime(2026, 12, 4, 14, 0, tzinfo=UTC)  # nine in New York, three days before Bob's first visit


def change(app: App, clinic_id: int = HOME, /, **wanted: object) -> int:
    """Changes settings as an admin who has just looked at them; `__` stands for the dot of their names."""
    names = {name.replace("__", "."): value for name, value in wanted.items()}
    seen = own_settings(app, clinic_id=clinic_id).revision
    return change_settings(app, names, by="adam", seen_revision=seen, clinic_id=clinic_id)


def now_of(app: App, clinic_id: int = HOME) -> OwnSettings:
    return own_settings(app, clinic_id=clinic_id)


def beside(engine: Engine, clock: Clock, **environ: str) -> App:
    """Another process on the same database."""
    return make_app(engine, clock, environ)


@pytest.fixture
def two(app: App) -> App:
    """A program with a second clinic."""
    with writing(app.engine) as session:
        session.add(ClinicRow(id=ELSEWHERE, name="Elsewhere"))
    return app


def feed_of(app: App, course: UUID, clinic_id: int = HOME) -> str:
    """Makes a feed; gives its token."""
    made = new_feed(
        app,
        course,
        name="phone",
        reader=Reader.PATIENT,
        detail=Detail.FULL,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
        clinic_id=clinic_id,
    )
    return made.address.rpartition("/")[2].removesuffix(".ics")


def body(app: App, token: str) -> str:
    server = FeedServer(app)
    found = server.fetch(token, "iOS").body.decode()
    server.close()
    return found.replace("\r\n ", "")


def words_of(path: Path) -> str:
    """The plain text of the mail in that file."""
    part = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\N{NO-BREAK SPACE}", " ")


# --- What may be set, and how it is kept ---


def test_what_an_admin_sets_goes_before_environment_and_file_and_can_be_taken_back(
    engine: Engine, clock: Clock
) -> None:
    app = beside(engine, clock, INFUSIONS_CLINIC__PHONE="555 0100")
    assert now_of(app).settings.clinic.phone == "555 0100"
    assert change(app, clinic__phone="555 0199", clinic__address="1 Example Street") == 1
    found = now_of(app)
    assert (found.settings.clinic.phone, found.own) == (
        "555 0199",
        {"clinic.phone": "555 0199", "clinic.address": "1 Example Street"},
    )
    assert found.set_by["clinic.phone"] == ("adam", START)
    assert change(app, clinic__phone=None) == 2
    assert now_of(app).settings.clinic.phone == "555 0100"
    assert "clinic.phone" not in now_of(app).set_by


def test_every_setting_survives_being_written_down_and_read_again() -> None:
    given = {
        "INFUSIONS_CLINIC__CLOSURES": '["2026-12-24 to 2027-01-01 Christmas", "2026-12-31 Stocktaking", "2027-02-01"]',
        "INFUSIONS_CLINIC__OPENING_DAYS": '["mon", "sat"]',
        "INFUSIONS_REMINDERS__QUIET": '["21:30", "07:15"]',
        "INFUSIONS_REGIMENS__OFFERED": '["inotuzumab-ozogamicin"]',
    }
    there = load_settings(None, given)
    own = {name: as_written(value_of(there, name)) for name in NAMES}
    assert overlaid(load_settings(None, {}), own) == replace(
        load_settings(None, {}), clinic=there.clinic, reminders=there.reminders, regimens=there.regimens
    )


@pytest.mark.parametrize(
    ("name", "raw", "told"),
    [
        ("clinic.zone", "Mars/Olympus", "must be an IANA time zone such as America/New_York"),
        ("clinic.phone", "555\n0100", "must be one line without control characters"),
        ("clinic.name", " ", "must not be empty: patients know the clinic by it"),
        ("clinic.name", "x" * 501, "must have at most 500 characters"),
        ("clinic.opening_days", [], 'must be at least one of "mon"'),
        ("clinic.opening_days", "mon", "must be a list"),
        ("clinic.closures", ["2026-12-24 to 2026-12-01 Slip"], "must be a span of 1 to 366 days"),
        ("clinic.default_at", "25:00", "must be a time of day"),
        ("clinic.lead_minutes", 500, "must be a whole number from 0 to 240"),
        ("clinic.lead_minutes", True, "must be a whole number from 0 to 240"),
        ("clinic.closed_day_policy", "never", 'must be one of "later"'),
        ("reminders.infusion_days_before", [400], "must be whole numbers of days from 0 to 365"),
        ("reminders.quiet", ["20:00"], "must be two times of day"),
        ("regimens.offered", ["inotuzumap"], "there is no regimen inotuzumap"),
        ("clinic.country", "DE", "there is no such setting of a clinic's own"),
        ("smtp.host", "evil.example", "there is no such setting of a clinic's own"),
    ],
)
def test_a_bad_value_is_refused_in_the_words_of_the_config_file_and_nothing_is_kept(
    app: App, name: str, raw: object, told: str
) -> None:
    wanted: Wanted = {name: raw, "clinic.address": "1 Example Street"}
    with pytest.raises(FileRefused) as refused:
        change_settings(app, wanted, by="adam", seen_revision=0, clinic_id=HOME)
    assert [(fault.place, told in fault.message) for fault in refused.value.faults] == [(name, True)]
    assert now_of(app).revision == 0
    assert audit.entries(app) == ()


def test_production_keeps_somebody_to_call(engine: Engine, clock: Clock) -> None:
    app = beside(engine, clock)
    server = replace(app.settings.server, production=True)
    strict = replace(app, settings=replace(app.settings, server=server))
    with pytest.raises(FileRefused, match="every mail tells whom to call"):
        change(strict, clinic__phone="")
    assert change(strict, clinic__address="1 Example Street") == 1  # what was missing before is no reason
    assert change(app, clinic__phone="") == 1  # the same value: no change


def test_a_stale_page_is_told_what_changed_and_the_same_request_again_is_harmless(app: App) -> None:
    assert change(app, clinic__phone="1") == 1
    with pytest.raises(StaleSettings) as stale:
        change_settings(app, {"clinic.address": "x"}, by="eve", seen_revision=0, clinic_id=HOME)
    assert stale.value.names == ("clinic.phone",)
    assert change_settings(app, {"clinic.phone": "1"}, by="adam", seen_revision=0, clinic_id=HOME) == 1
    assert [entry.detail["revision"] for entry in audit.entries(app)] == [1]


def test_the_audit_names_the_settings_and_seals_their_values(app: App) -> None:
    change(app, clinic__phone="1", reminders__at="10:00")
    (entry,) = audit.entries(app)
    assert (entry.what, entry.by, entry.detail["settings"]) == ("settings-changed", "adam", "clinic.phone reminders.at")
    assert len(str(entry.detail["digest"])) == 64


def test_the_database_itself_refuses_to_alter_what_was_set(app: App) -> None:
    change(app, clinic__phone="1")
    for statement in ("UPDATE clinic_settings SET changed_by = 'x'", "DELETE FROM clinic_settings"):
        with pytest.raises(DatabaseError, match="appended only"), writing(app.engine) as session:
            session.connection().execute(text(statement))


# --- What follows ---


def test_another_process_sees_it_without_a_restart_and_the_other_clinic_keeps_its_own(
    two: App, engine: Engine, clock: Clock
) -> None:
    other = beside(engine, clock)
    assert other.of(HOME).settings.clinic.phone == ""
    change(two, clinic__phone="555 0199")
    change(two, ELSEWHERE, clinic__phone="555 0222")
    assert other.of(HOME).settings.clinic.phone == "555 0199"
    assert other.of(ELSEWHERE).settings.clinic.phone == "555 0222"
    assert other.of(HOME).of(ELSEWHERE).settings.clinic.phone == "555 0222"
    change(two, clinic__phone="555 0333")
    assert other.of(HOME).settings.clinic.phone == "555 0333"


def test_a_feed_tells_the_new_number_at_its_first_fetch_in_every_process(
    two: App, engine: Engine, clock: Clock
) -> None:
    tokens = {id_: feed_of(two, start_course(two, bob(), by=NURSE, clinic_id=id_), id_) for id_ in (HOME, ELSEWHERE)}
    servers = [FeedServer(beside(engine, clock)), FeedServer(two)]
    before = {id_: servers[0].fetch(token, "iOS") for id_, token in tokens.items()}
    clock.pass_(minutes=1)
    change(two, clinic__phone="555 0199")
    for server in servers:
        assert b"555 0199" in server.fetch(tokens[HOME], "iOS").body
        assert server.fetch(tokens[ELSEWHERE], "iOS").etag == before[ELSEWHERE].etag
        server.close()


def test_settings_that_no_calendar_shows_leave_its_bytes(app: App, clock: Clock) -> None:
    token = feed_of(app, start_course(app, bob(), by=NURSE))
    before = body(app, token)
    clock.pass_(minutes=1)
    change(app, clinic__default_at="10:00", clinic__zone="Europe/Berlin", reminders__at="10:00")
    assert body(app, token) == before


def test_prints_hold_unless_a_date_a_number_or_the_place_changed(app: App, clock: Clock) -> None:
    course = start_course(app, bob(), by=NURSE)
    token = print_course(app, course, Look(), by=NURSE).address.rpartition("/")[2]
    change(app, clinic__default_at="10:00", reminders__at="10:00", clinic__lead_minutes=30)
    follow_settings(app, clock.at)
    assert read_page(app, token).sheet == "current"
    change(app, clinic__phone="555 0199")
    assert read_page(app, token).sheet == "outdated"


def test_waiting_reminders_follow_at_the_next_pass_in_their_clinic_alone(two: App, tmp_path: Path) -> None:
    courses = {id_: start_course(two, bob(), by=NURSE, clinic_id=id_) for id_ in (HOME, ELSEWHERE)}
    change(two, reminders__at="11:00", reminders__infusion_days_before=[2])
    assert follow_settings(two, START) == 1
    assert follow_settings(two, START) == 0

    def hours(clinic_id: int) -> set[tuple[int, int]]:
        found = list_messages(two, courses[clinic_id], clinic_id=clinic_id)
        return {
            (each.offset_days, each.send_after.hour)
            for each in found
            if each.kind == "visit" and not each.settled_at and each.event_key == "c1d8/infusion"
        }

    assert hours(HOME) == {(2, 16)}
    assert hours(ELSEWHERE) == {(3, 14), (1, 14)}


def test_mails_tell_the_number_of_their_own_clinic(two: App, clock: Clock, tmp_path: Path) -> None:
    app = beside(two.engine, clock, INFUSIONS_MAIL__FOLDER=str(tmp_path))
    for id_ in (HOME, ELSEWHERE):
        start_course(app, bob(), by=NURSE, clinic_id=id_)
        change(app, id_, clinic__phone=f"555 010{id_}")
    clock.at = FRIDAY
    assert tick(app, FRIDAY).sent == 2
    told = [words_of(path) for path in tmp_path.glob("*.eml")]
    assert sorted("555 0101" in mail for mail in told) == [False, True]
    assert sorted("555 0102" in mail for mail in told) == [False, True]


def test_mails_of_a_day_that_was_missed_go_at_the_hour_of_their_own_clinic(
    two: App, clock: Clock, tmp_path: Path
) -> None:
    app = beside(two.engine, clock, INFUSIONS_MAIL__FOLDER=str(tmp_path))
    for id_ in (HOME, ELSEWHERE):
        start_course(app, bob(), by=NURSE, clinic_id=id_)
    change(app, ELSEWHERE, reminders__at="12:00")
    clock.at = FRIDAY - timedelta(minutes=1)
    assert tick(app, clock.at).sent == 0
    clock.at = FRIDAY + timedelta(days=1, hours=1)  # Friday was missed; Saturday, ten in New York
    assert tick(app, clock.at).sent == 1
    clock.at = FRIDAY + timedelta(days=1, hours=3)
    assert tick(app, clock.at).sent == 1


def test_another_lead_time_moves_arrivals_in_plan_and_calendar_at_the_next_pass(app: App, clock: Clock) -> None:
    course = start_course(app, bob(), by=NURSE)
    token = feed_of(app, course)
    clock.pass_(minutes=1)
    assert preview_settings(app, {"clinic.lead_minutes": 45}, clinic_id=HOME).times == 1
    change(app, clinic__lead_minutes=45)
    before = load_course(app, course).stamped["c1d1/infusion"]
    assert follow_settings(app, clock.at) == 1
    after = load_course(app, course).stamped["c1d1/infusion"]
    assert before.event.arrival is not None
    assert after.event.arrival == before.event.arrival - timedelta(minutes=15)
    assert after.sequence == before.sequence + 1
    assert "8:15" in body(app, token)
    assert load_course(app, course).revision == 0, "nobody recorded anything"


def test_a_check_that_moves_off_a_closed_day_is_told_by_mail_and_another_arrival_by_the_next_reminder(
    app: App, clock: Clock
) -> None:
    course = start_course(app, bob(), by=NURSE)

    def notices() -> list[str]:
        return [each.event_key for each in list_messages(app, course) if each.kind == "change"]

    change(app, clinic__lead_minutes=45)
    follow_settings(app, clock.at)
    assert notices() == []
    change(app, clinic__closures=["2026-12-11 to 2026-12-13 Moving house"])
    follow_settings(app, clock.at)
    assert notices() == ["c1d8/checks-before-1"]


def test_another_arrival_of_which_no_reminder_is_left_to_tell_is_a_mail_of_its_own(
    app: App, clock: Clock, tmp_path: Path
) -> None:
    app = beside(app.engine, clock, INFUSIONS_MAIL__FOLDER=str(tmp_path))
    told, unreminded = (start_course(app, bob(), by=NURSE) for _ in range(2))
    choose(app, unreminded, "patient", Wish(days={Kind.VISIT: ()}), by=NURSE)
    clock.at = datetime(2026, 12, 6, 14, 30, tzinfo=UTC)  # the reminder of the day before has gone, "be here at 8:30"
    tick(app, clock.at)
    change(app, clinic__lead_minutes=45)
    follow_settings(app, clock.at)

    def notices(course: UUID) -> list[str]:
        return [each.event_key for each in list_messages(app, course) if each.kind == "change"]

    assert notices(told) == ["c1d1/infusion"]
    assert notices(unreminded)[:2] == ["c1d1/infusion", "c1d15/infusion"]
    clock.pass_(minutes=11)
    assert tick(app, clock.at).sent == 2
    texts = [text for text in map(words_of, tmp_path.glob("*.eml")) if "stays, but" in " ".join(text.split())]
    news = [re.findall(r"- Your appointment on (.+?) stays, .+?: (.+?) \(", " ".join(text.split())) for text in texts]
    assert sorted(map(len, news)) == [1, 6]
    assert all("7 December" in date and "8:15" in hour for ((date, hour), *_) in news)
    change(app, clinic__lead_minutes=30)
    follow_settings(app, clock.at)
    assert notices(told) == ["c1d1/infusion"] * 2, "and back again is news, too"


def test_a_day_that_becomes_closed_moves_no_dose_but_is_counted_and_advised(app: App) -> None:
    course = start_course(app, bob(), by=NURSE)
    dates = [dose.date for dose in load_course(app, course).plan.doses()]
    wanted: Wanted = {"clinic.closures": ["2026-12-14 to 2026-12-15 Moving house"]}
    found = preview_settings(app, wanted, clinic_id=HOME)
    assert (found.closed, found.opened, found.feeds, found.reminders) == (1, 0, 0, 0)
    assert now_of(app).revision == 0, "a preview stores nothing"
    change_settings(app, wanted, by="adam", seen_revision=0, clinic_id=HOME)
    plan = load_course(app, course).plan
    assert [dose.date for dose in plan.doses()] == dates
    assert [(each.cycle, each.day) for each in plan.advice if each.code == "closed-day"] == [(1, 8)]
    assert preview_settings(app, {"clinic.closures": []}, clinic_id=HOME).opened == 1


def test_the_preview_counts_calendars_prints_and_reminders_of_this_clinic_alone(two: App) -> None:
    courses = {id_: start_course(two, bob(), by=NURSE, clinic_id=id_) for id_ in (HOME, ELSEWHERE)}
    for id_, course in courses.items():
        feed_of(two, course, id_)
        print_course(two, course, Look(), by=NURSE, clinic_id=id_)
    waiting = sum(not each.settled_at for each in list_messages(two, courses[HOME]))
    found = preview_settings(two, {"clinic.phone": "1", "reminders.at": "10:00"}, clinic_id=HOME)
    assert (found.feeds, found.prints, found.reminders, found.times) == (1, 1, waiting, 0)
    assert [each.name for each in found.changes] == ["clinic.phone", "reminders.at"]
    near = preview_settings(two, {"clinic.lead_minutes": 0}, clinic_id=HOME)
    assert (near.times, near.near) == (1, 0)


def test_a_regimen_that_is_not_in_use_starts_no_course_but_keeps_those_there_are(two: App) -> None:
    course = start_course(two, bob(), by=NURSE)
    other = next(regimen.id for regimen in two.catalogue.regimens() if regimen.id != bob().regimen_id)
    change(two, regimens__offered=[other])
    with pytest.raises(InvalidValue, match="is not in use in this clinic"):
        start_course(two, bob(), by=NURSE)
    assert load_course(two, course).plan.doses()
    start_course(two, bob(), by=NURSE, clinic_id=ELSEWHERE)


def test_a_misspelt_regimen_in_the_config_file_stops_the_start(engine: Engine, clock: Clock) -> None:
    with pytest.raises(InvalidValue, match="offered: there is no regimen 'inotuzumap'"):
        beside(engine, clock, INFUSIONS_REGIMENS__OFFERED='["inotuzumap"]')


def test_what_the_settings_cost_is_one_read_of_an_index(app: App, statements: list[str]) -> None:
    change(app, clinic__phone="1")
    app.of(HOME)
    del statements[:]
    bound = app.of(HOME)
    assert len([each for each in statements if "clinic_settings" in each]) == 1
    assert "max(" in statements[-1]
    del statements[:]
    assert bound.of(HOME) is bound
    assert statements == []


@pytest.fixture
def statements(engine: Engine) -> list[str]:
    from sqlalchemy import event

    found: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, *_: found.append(statement))
    return found


# --- On the command line ---


def test_the_command_tells_where_each_value_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text('[clinic]\nname = "Example Clinic"\nphone = "555 0100"\n')
    infusions = Infusions(
        tmp_path, capsys, {"INFUSIONS_NOW": NOW, "INFUSIONS_CLINIC__ZONE": "Europe/Berlin"}
    ).migrated()
    assert "every setting comes from config file" in infusions.done("doctor").out
    from db.engine import make_engine

    engine = make_engine(f"sqlite:///{tmp_path / 'data' / 'infusions.db'}")
    app = replace(make_app(engine, Clock()), settings=load_settings(tmp_path / "config.toml", {}))
    change(app, clinic__phone="555 0199", clinic__closures=["2026-12-24 to 2026-12-26 Christmas"])
    engine.dispose()
    found = {line["name"]: line for line in infusions.done("clinic", "show", "--json").json()["settings"]}
    assert found["clinic.phone"] == {
        "name": "clinic.phone",
        "value": "555 0199",
        "from": "set by adam, 2026-12-01 15:00 UTC",
    }
    assert found["clinic.name"]["from"] == "config.toml [clinic] name"
    assert found["clinic.zone"]["from"] == "INFUSIONS_CLINIC__ZONE"
    assert found["clinic.lead_minutes"]["from"] == "default"
    told = infusions.done("clinic", "show").out
    assert "2026-12-24 to 2026-12-26 Christmas" in told
    assert infusions.refused("clinic", "show", "--clinic", "7").endswith("there is no such clinic; there are: 1")
    assert "an admin has set some of clinic 1: `infusions clinic show` tells which" in infusions.done("doctor").out


# --- Spans of closed days ---


def test_spans_join_days_of_one_name_alone() -> None:
    given = {
        "INFUSIONS_CLINIC__CLOSURES": '["2026-12-24 to 2026-12-26 Christmas", "2026-12-25 Stocktaking", "2026-12-28 Christmas"]'
    }
    spans = closure_spans(load_settings(None, given).clinic.closures)
    assert [span.text for span in spans] == [
        "2026-12-24 to 2026-12-26 Christmas",
        "2026-12-25 Stocktaking",
        "2026-12-28 Christmas",
    ]
    assert spans[0].first == date(2026, 12, 24)


@pytest.mark.parametrize("name", ["to be announced", "to 2027-05-01 x", "x to y", "2026-12-30", "- +"])
def test_a_name_that_looks_like_a_span_is_kept_as_it_was_typed(app: App, name: str) -> None:
    change(app, clinic__closures=[f"2026-12-24 to 2026-12-24 {name}"])
    (span,) = closure_spans(now_of(app).settings.clinic.closures)
    assert (span.first, span.last, span.name) == (date(2026, 12, 24), date(2026, 12, 24), name)
