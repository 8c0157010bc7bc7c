"""Calendar feeds: made, served, ended; their bytes follow the plan in the plan's own transaction."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Event as Flag
from uuid import UUID, uuid4

import icalendar
import pytest
from sqlalchemy import text

from calendars.kinds import Detail, Reader
from db.engine import DatabaseUnavailable, make_engine, reading, writing
from db.feed_reader import NotNow
from scheduler.actions import AudienceChange, AudienceStep, Cease, CeaseCause, Defer, Given, Omit
from scheduler.errors import InvalidValue
from service.audit import entries
from service.courses import NotFound, record, start_course
from service.feeds import FeedState, NewFeed, list_feeds, new_feed, rebuild_stale, replace_feed, revoke_feed
from service.queries import list_courses
from service.serving import FeedAnswer, FeedServer, client_family
from service.wiring import App
from tests.stores import NURSE, PUBLIC_URL, START, Clock, bob, make_app

DEFER_DAY_8 = Defer(cycle=1, day=8, to=date(2026, 12, 16), reason="patient travelling")
OMIT_DAY_15 = Omit(cycle=1, day=15, reason="counts")


def test_an_address_is_long_random_and_kept_only_as_its_hash(app: App) -> None:
    made = [make(app) for _ in range(2)]
    for feed in made:
        assert feed.address.startswith(f"{PUBLIC_URL}/c/")
        assert feed.address.endswith(".ics")
        assert len(token(feed)) == 43
    assert token(made[0]) != token(made[1])
    with reading(app.engine) as session:
        rows = session.connection().execute(text("SELECT * FROM feed")).all()
    assert not any(token(feed) in repr(row) for feed in made for row in rows)


def test_a_feed_serves_the_plan_of_the_current_revision(app: App, clock: Clock) -> None:
    feed = make(app)
    first = get(app, feed)
    assert first.state is FeedState.LIVE
    assert visits(first)[:2] == ["2026-12-07T09:00:00-05:00", "2026-12-14T09:00:00-05:00"]
    clock.pass_(days=1)
    record(app, only_course(app), DEFER_DAY_8, by=NURSE)
    second = get(app, feed)
    assert visits(second)[:2] == ["2026-12-07T09:00:00-05:00", "2026-12-16T09:00:00-05:00"]
    assert (first.modified, second.modified) == (START, START + timedelta(days=1))
    assert first.etag != second.etag
    assert len(second.etag) == 64


def test_the_same_plan_gives_the_same_bytes_and_tag_whenever_it_is_fetched(app: App, clock: Clock) -> None:
    feed = make(app)
    first = get(app, feed)
    clock.pass_(days=20)
    again = get(app, feed)
    assert (again.body, again.etag, again.modified) == (first.body, first.etag, first.modified)


def test_bytes_that_are_built_anew_and_come_out_the_same_keep_their_date(app: App, clock: Clock) -> None:
    feed = make(app)
    before = get(app, feed)
    clock.pass_(days=1)
    with writing(app.engine) as session:
        session.connection().execute(text("UPDATE feed SET stale_at = created_at"))
    assert (rebuild_stale(app, clock.at), rebuild_stale(app, clock.at)) == (1, 0)
    assert get(app, feed) == before


def test_a_feed_that_cannot_be_built_anew_keeps_back_no_other(
    app: App, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    make(app)
    other = start_course(app, replace(bob(), patient="Karl Example"), by=NURSE)
    new_feed(
        app,
        other,
        name="phone",
        reader=Reader.PATIENT,
        detail=Detail.BUSY,
        language="en",
        alarms=(),
        expires=None,
        by=NURSE,
    )
    with writing(app.engine) as session:
        for step in (
            "INSERT INTO regimen_content (digest, id, version, name, text) VALUES ('wrong', 'x', '1', 'x', 'none')",
            "UPDATE course SET regimen_digest = 'wrong' WHERE patient = 'Bob Example'",
            "UPDATE feed SET stale_at = created_at",
        ):
            session.connection().execute(text(step))
    assert rebuild_stale(app, clock.at) == 1
    assert "1 feeds can't be made anew" in caplog.text
    asked = Flag()
    asked.set()
    assert rebuild_stale(app, clock.at, stop=asked) == 0


def test_a_deferral_changes_exactly_those_entries_in_the_feed(app: App, clock: Clock) -> None:
    feed = make(app, detail=Detail.FULL)
    before = entries_of(get(app, feed))
    clock.pass_(days=1)
    record(app, only_course(app), Defer(cycle=1, day=8, to=date(2026, 12, 15), reason="travel"), by=NURSE)
    after = entries_of(get(app, feed))
    assert set(before) == set(after)
    changed = {uid for uid in before if before[uid].to_ical() != after[uid].to_ical()}
    assert len(changed) == 4  # the infusion, the stay after it, the checks before and after
    for uid in changed:
        assert (before[uid]["SEQUENCE"], after[uid]["SEQUENCE"]) == (0, 1)


def test_what_to_keep_up_without_a_date_is_read_anew_in_the_patients_own_feed_and_in_no_other(
    app: App, clock: Clock
) -> None:
    """Weekly paclitaxel: no source says how long. The events stay as they are, but what their entries say does not."""
    course = start_course(app, replace(bob(audiences=()), regimen_id="paclitaxel-weekly"), by=NURSE)
    own, discreet = (make(app, detail=each) for each in (Detail.FULL, Detail.DISCREET))
    carers = make(app, reader=Reader.CARER, detail=Detail.FULL)
    before = {feed.id: get(app, feed) for feed in (own, discreet, carers)}
    clock.pass_(days=1)
    record(app, course, AudienceChange(value="can-become-pregnant"), by=NURSE)
    sentence = "Use birth control. Ask your team before you stop."
    for uid, entry in entries_of(get(app, own)).items():
        was = entries_of(before[own.id])[uid]
        assert entry["SEQUENCE"] == was["SEQUENCE"]
        assert entry.LAST_MODIFIED > was.LAST_MODIFIED
    assert sentence in " ".join(str(each["DESCRIPTION"]) for each in entries_of(get(app, own)).values())
    for feed in (discreet, carers):
        told = [
            {uid: (each.LAST_MODIFIED, each["DESCRIPTION"]) for uid, each in entries_of(answer).items()}
            for answer in (get(app, feed), before[feed.id])
        ]
        assert told[0] == told[1]
    clock.pass_(days=1)
    record(app, course, AudienceChange(value="can-become-pregnant", change=AudienceStep.PRIVATE), by=NURSE)
    assert sentence not in " ".join(str(each["DESCRIPTION"]) for each in entries_of(get(app, own)).values())


def test_a_carer_never_gets_what_concerns_reproduction(app: App) -> None:
    patient, carer = (
        get(app, make(app, reader=reader, detail=Detail.FULL)) for reader in (Reader.PATIENT, Reader.CARER)
    )
    assert uids(carer) < uids(patient)
    left_out = b"".join(entries_of(patient)[uid].to_ical() for uid in uids(patient) - uids(carer)).decode().lower()
    assert "birth control" in left_out
    for word in ("birth control", "contracepti", "pregnan", "20280103"):
        assert word not in carer.body.decode().lower()


def test_alarms_language_and_level_are_the_feeds_own(app: App) -> None:
    plain = get(app, make(app)).body.decode()
    told = get(app, make(app, detail=Detail.FULL, alarms=(timedelta(days=1), timedelta(hours=2)))).body.decode()
    assert "VALARM" not in plain
    assert "inotuzumab" not in plain.lower()
    assert "TRIGGER:-P1D" in told
    assert "TRIGGER:-PT2H" in told
    assert {feed.alarms for feed in list_feeds(app, only_course(app))} == {(), (timedelta(days=1), timedelta(hours=2))}


def test_a_cancelled_visit_stays_thirty_days_and_then_goes_without_raising_any_sequence(app: App, clock: Clock) -> None:
    feed = make(app)
    record(app, only_course(app), OMIT_DAY_15, by=NURSE)  # 21 December, so the last day in the feed is 20 January
    before = entries_of(get(app, feed))
    assert cancelled(before) > 0
    clock.at = datetime(2027, 1, 21, 4, 59, tzinfo=UTC)
    rebuild_stale(app, clock.at)
    kept = entries_of(get(app, feed))
    assert cancelled(kept) > 0
    clock.at = datetime(2027, 1, 21, 5, 0, tzinfo=UTC)  # midnight in New York
    assert rebuild_stale(app, clock.at) == 1
    clock.at = datetime(2027, 1, 23, 5, 0, tzinfo=UTC)  # the check of the day after has gone as well
    rebuild_stale(app, clock.at)
    after = entries_of(get(app, feed))
    assert cancelled(after) == 0
    assert {uid: each["SEQUENCE"] for uid, each in after.items()} == {
        uid: each["SEQUENCE"] for uid, each in before.items() if each["STATUS"] != "CANCELLED"
    }
    assert rebuild_stale(app, clock.at + timedelta(days=400)) == 0


def test_after_a_death_the_feed_is_empty_at_once(app: App) -> None:
    feed = make(app)
    record(app, only_course(app), OMIT_DAY_15, by=NURSE)
    record(app, only_course(app), Cease(on=date(2026, 12, 1), cause=CeaseCause.DEATH), by=NURSE)
    answer = get(app, feed)
    assert (answer.state, entries_of(answer)) == (FeedState.LIVE, {})


def test_a_revoked_feed_is_empty_for_thirty_days_and_then_gone(app: App, clock: Clock) -> None:
    feed = make(app, detail=Detail.FULL)
    live = get(app, feed)
    clock.pass_(days=1)
    for _ in range(2):
        revoke_feed(app, feed.id, by="carol")
        clock.pass_(days=1)
    empty = get(app, feed)
    assert (empty.state, entries_of(empty), empty.modified) == (FeedState.REVOKED, {}, START + timedelta(days=1))
    assert empty.etag != live.etag
    assert "inotuzumab" not in empty.body.decode().lower()
    record(app, only_course(app), DEFER_DAY_8, by=NURSE)
    assert get(app, feed) == empty
    clock.at = START + timedelta(days=31) - timedelta(seconds=1)
    assert get(app, feed).state is FeedState.REVOKED
    clock.at = START + timedelta(days=31)
    gone = get(app, feed)
    assert (gone.state, gone.body) == (FeedState.GONE, b"")
    assert [each.what for each in entries(app) if each.what.startswith("feed")] == ["feed-made", "feed-revoked"]


def test_an_expired_feed_ends_like_a_revoked_one(app: App, clock: Clock) -> None:
    feed = make(app, expires=date(2026, 12, 10))
    clock.at = datetime(2026, 12, 11, 4, 59, 59, tzinfo=UTC)  # the last second of 10 December in New York
    assert len(entries_of(get(app, feed))) > 10
    clock.at = datetime(2026, 12, 11, 5, tzinfo=UTC)
    empty = get(app, feed)
    assert (empty.state, entries_of(empty)) == (FeedState.REVOKED, {})
    clock.pass_(days=29)
    assert get(app, feed) == empty
    clock.pass_(days=1)
    assert get(app, feed).state is FeedState.GONE
    with pytest.raises(InvalidValue, match="expired, so its replacement would too"):
        replace_feed(app, feed.id, by=NURSE)


def test_a_replaced_feed_goes_on_at_another_address_with_the_same_settings(app: App, clock: Clock) -> None:
    old = make(app, name="Mum's phone", detail=Detail.FULL, reader=Reader.CARER, alarms=(timedelta(days=1),))
    clock.pass_(days=1)
    new = replace_feed(app, old.id, by=NURSE)
    assert new.address != old.address
    assert (get(app, old).state, get(app, new).state) == (FeedState.REVOKED, FeedState.LIVE)
    first, second = list_feeds(app, only_course(app))
    settings = ("name", "reader", "detail", "language", "alarms", "expires_at")
    assert [getattr(first, name) for name in settings] == [getattr(second, name) for name in settings]
    assert (first.state, second.state) == (FeedState.REVOKED, FeedState.LIVE)
    assert uids(get(app, new)) == uids(get(app, make(app, detail=Detail.FULL, reader=Reader.CARER)))


@pytest.mark.parametrize(
    "address", ["", "a", "a" * 42, "a" * 44, "a" * 42 + "!", "a" * 42 + "\n", "ä" * 43, "../" * 15, "a" * 43]
)
def test_an_unknown_token_is_unknown_whatever_its_shape(app: App, address: str) -> None:
    make(app)
    answer = FeedServer(app).fetch(address, "curl")
    assert (answer.state, answer.body, answer.etag) == (FeedState.UNKNOWN, b"", "")


def test_a_token_of_another_shape_never_reaches_the_database(app: App) -> None:
    unreachable = replace(app, engine=make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    assert FeedServer(unreachable).fetch("a" * 42, "curl").state is FeedState.UNKNOWN


def test_fetching_is_noted_once_a_minute_by_family_of_programs(app: App, clock: Clock) -> None:
    feed = make(app)
    server = FeedServer(app)

    def fetch_and_store(agent: str) -> None:
        answer = server.fetch(token(feed), agent)
        if answer.fetched:
            server.note(answer.fetched)
        server.store_fetches()

    fetch_and_store("Mozilla/5.0 (X11; bob's laptop) Thunderbird/115.1")
    clock.pass_(seconds=59)
    fetch_and_store("curl/8")
    (line,) = list_feeds(app, only_course(app))
    assert (line.last_fetched_at, line.last_client) == (START, "Thunderbird")
    clock.pass_(seconds=1)
    fetch_and_store("curl/8")
    (line,) = list_feeds(app, only_course(app))
    assert (line.last_fetched_at, line.last_client) == (START + timedelta(minutes=1), "other")


def test_fetches_of_many_feeds_are_stored_together_and_none_is_lost_while_the_database_is_away(app: App) -> None:
    feeds = [make(app, name=f"phone {number}") for number in range(3)]
    server = FeedServer(app)
    unlucky = FeedServer(replace(app, engine=make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")))
    for feed in feeds:
        fetched = server.fetch(token(feed), "ICSx5/2.2").fetched
        assert fetched is not None
        server.note(fetched)
        unlucky.note(fetched)
    with pytest.raises(DatabaseUnavailable):
        unlucky.store_fetches()
    assert unlucky.has_noted
    server.close()
    assert not server.has_noted
    assert {line.last_client for line in list_feeds(app, only_course(app))} == {"ICSx5"}


def test_what_can_be_read_at_once_is_what_a_longer_read_gives(app: App) -> None:
    """A file is read in the event loop's own thread; a server across the network never is."""
    server = FeedServer(app)
    for feed in (make(app), make(app, detail=Detail.FULL, expires=date(2026, 12, 24)), revoked(app)):
        if app.engine.dialect.name == "sqlite":
            assert server.fetch_now(token(feed), "curl") == server.fetch(token(feed), "curl")
        else:
            with pytest.raises(NotNow):
                server.fetch_now(token(feed), "curl")
    server.close()


def test_an_answer_is_kept_until_anything_about_it_changes(sqlite_url: str, clock: Clock) -> None:
    """The row is read each time; what was made of it is given again only while it is the same row."""
    app = make_app(make_engine(sqlite_url), clock)
    feed = make(app, expires=START.date() + timedelta(days=1))
    course, server = only_course(app), FeedServer(app)

    def fetch() -> FeedAnswer:
        answer = server.fetch_now(token(feed), "curl")
        assert answer == server.fetch(token(feed), "curl")
        if answer.fetched:
            server.note(answer.fetched)
            server.store_fetches()
        return answer

    assert fetch().fetched
    first = fetch()
    assert fetch() is first
    clock.pass_(seconds=60)
    assert fetch().fetched, "noted once a minute, also of what is kept"
    assert fetch() is fetch() is not first
    record(app, course, Defer(cycle=1, day=8, to=date(2026, 12, 17), reason="patient travelling"), by=NURSE)
    moved = fetch()
    assert moved.etag != first.etag
    clock.pass_(days=2)
    with pytest.raises(NotNow):
        server.fetch_now(token(feed), "curl")  # it has expired, so its bytes are to be made anew
    assert entries_of(server.fetch(token(feed), "curl")) == {}
    ended = fetch()
    assert fetch() is fetch()
    assert (ended.state, entries_of(ended)) == (FeedState.REVOKED, {})
    clock.pass_(days=30)
    assert fetch().state is FeedState.GONE
    server.close()


def test_of_many_feeds_the_answers_that_are_kept_longest_go(sqlite_url: str, clock: Clock) -> None:
    app = make_app(make_engine(sqlite_url), clock)
    server, feeds = FeedServer(app, most_kept=2), [make(app, name=f"phone {number}") for number in range(3)]
    for feed in feeds:
        seen = server.fetch(token(feed), "curl").fetched
        assert seen
        server.note(seen)
    server.store_fetches()
    first, second, third = (server.fetch_now(token(feed), "curl") for feed in feeds)
    assert server.fetch_now(token(feeds[1]), "curl") is second
    assert server.fetch_now(token(feeds[2]), "curl") is third
    assert server.fetch_now(token(feeds[0]), "curl") is not first
    server.close()


def test_what_has_to_be_made_anew_or_is_locked_is_not_waited_for(sqlite_url: str, clock: Clock) -> None:
    app = make_app(make_engine(sqlite_url), clock)
    server, feed = FeedServer(app), make(app)
    before = server.fetch_now(token(feed), "curl")
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("UPDATE feed SET software = 'older'")
    with pytest.raises(NotNow):
        server.fetch_now(token(feed), "curl")
    assert server.fetch(token(feed), "curl").body.startswith(b"BEGIN:VCALENDAR")
    assert server.fetch_now(token(feed), "curl").state is before.state
    server.close()
    app.engine.dispose()
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(NotNow):
        server.fetch_now(token(feed), "curl")
    other.close()


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("Google-Calendar-Importer", "Google"),
        ("iOS/18.1 (22B83) dataaccessd/1.0", "Apple"),
        ("macOS/15.1 (24B83) CalendarAgent/988", "Apple"),
        ("Microsoft Office/16.0 (Microsoft Outlook 16.0)", "Outlook"),
        ("ICSx5/2.2.4 (ical4j)", "ICSx5"),
        ("Nextcloud Webcal Service", "Nextcloud"),
        ("", "other"),
        ("203.0.113.7", "other"),
    ],
)
def test_a_program_is_known_by_its_family_alone(agent: str, family: str) -> None:
    assert client_family(agent) == family


def test_another_software_rebuilds_on_the_first_fetch_and_says_so(app: App, clock: Clock) -> None:
    feed = make(app)
    before = get(app, feed)
    with writing(app.engine) as session:
        session.connection().execute(text("UPDATE feed SET software = 'older', body = :body"), {"body": b"older"})
    clock.pass_(days=1)
    rebuilt = get(app, feed)
    assert uids(rebuilt) == uids(before)
    assert rebuilt.modified == START + timedelta(days=1)
    assert {each.LAST_MODIFIED for each in entries_of(rebuilt).values()} == {START + timedelta(days=1)}
    assert {each["SEQUENCE"] for each in entries_of(rebuilt).values()} == {0}
    clock.pass_(days=1)
    assert get(app, feed) == rebuilt


def test_another_telephone_number_of_the_clinic_rebuilds_too(app: App, clock: Clock) -> None:
    feed = make(app, detail=Detail.FULL)
    assert "212 555 0100" not in get(app, feed).body.decode()
    renamed = make_app(app.engine, clock, {"INFUSIONS_CLINIC__PHONE": "212 555 0100"})
    assert "212 555 0100" in get(renamed, feed).body.decode().replace("\r\n ", "")


def test_a_feed_of_another_clinic_is_not_found(app: App) -> None:
    feed = make(app)
    use_cases: list[Callable[[], object]] = [
        lambda: revoke_feed(app, feed.id, by=NURSE, clinic_id=2),
        lambda: replace_feed(app, feed.id, by=NURSE, clinic_id=2),
        lambda: revoke_feed(app, uuid4(), by=NURSE),
        lambda: list_feeds(app, only_course(app), clinic_id=2),
        lambda: list_feeds(app, uuid4()),
    ]
    for use_case in use_cases:
        with pytest.raises(NotFound):
            use_case()
    assert get(app, feed).state is FeedState.LIVE


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"name": " "}, "name: call the feed"),
        ({"name": "two\nlines"}, "name: call the feed"),
        ({"language": "tlh"}, "language 'tlh'"),
        ({"alarms": (timedelta(days=29),)}, "alarms: at most 10"),
        ({"alarms": (timedelta(minutes=-5),)}, "alarms: at most 10"),
        ({"alarms": (timedelta(days=1),) * 11}, "alarms: at most 10"),
        ({"expires": date(2026, 11, 30)}, "expires: 2026-11-30 has passed"),
    ],
)
def test_settings_that_cant_be_are_refused(app: App, settings: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        make(app, **settings)
    assert list_feeds(app, only_course(app)) == ()


def test_a_feed_made_while_an_action_is_recorded_holds_it(app: App) -> None:
    """The feed waits for the course, so it never keeps the plan before the action."""
    start_course(app, bob(), by=NURSE)
    course_id = only_course(app)
    record(app, course_id, Given(cycle=1, day=1, on=date(2026, 12, 1), reason="earlier start"), by=NURSE)
    assert visits(get(app, make(app)))[0] == "2026-12-01T09:00:00-05:00"


# ---------------------------------------------------------------------------------------------------------------------


def make(app: App, **settings: object) -> NewFeed:
    """A feed of the only course, which it starts."""
    with reading(app.engine) as session:
        found = session.connection().execute(text("SELECT count(*) FROM course")).scalar()
    if not found:
        start_course(app, bob(), by=NURSE)
    chosen: dict[str, object] = {
        "name": "my phone",
        "reader": Reader.PATIENT,
        "detail": Detail.DISCREET,
        "language": "en",
        "alarms": (),
        "expires": None,
        **settings,
    }
    return new_feed(app, only_course(app), by=NURSE, **chosen)  # type: ignore[arg-type] # as in the table of the test


def revoked(app: App) -> NewFeed:
    feed = make(app)
    revoke_feed(app, feed.id, by=NURSE)
    return feed


def only_course(app: App) -> UUID:
    (line,) = list_courses(app)
    return line.id


def token(feed: NewFeed) -> str:
    return feed.address.removeprefix(f"{PUBLIC_URL}/c/").removesuffix(".ics")


def get(app: App, feed: NewFeed) -> FeedAnswer:
    """What the feed's address serves, without the note of this fetch."""
    return replace(FeedServer(app).fetch(token(feed), "curl"), fetched=None)


def entries_of(answer: FeedAnswer) -> dict[str, icalendar.Event]:
    return {str(each["UID"]): each for each in icalendar.Calendar.from_ical(answer.body).events}


def uids(answer: FeedAnswer) -> set[str]:
    return set(entries_of(answer))


def visits(answer: FeedAnswer) -> list[str]:
    """The starts of the timed entries that stand, in order."""
    starts = (each.start for each in entries_of(answer).values() if each["STATUS"] != "CANCELLED")
    return sorted(start.isoformat() for start in starts if isinstance(start, datetime))[::2]


def cancelled(found: dict[str, icalendar.Event]) -> int:
    return sum(each["STATUS"] == "CANCELLED" for each in found.values())
