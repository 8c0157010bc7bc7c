"""Calendar feeds: made, listed, revoked, replaced. How they are served stands in `service/serving.py`."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from threading import Event as Flag
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from calendars.kinds import Detail, Reader
from db import feed_store
from db.engine import DatabaseUnavailable, Session, reading, writing
from db.stored import ServedFeed, StoredFeed
from scheduler.dates import add_days, to_instant
from scheduler.errors import InfusionsError, InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.bodies import build_anew, current_body, ended_at
from service.clock import after_all
from service.languages import wording_of
from service.loading import LoadedCourse, NotFound, load
from service.steps import Request, RequestReused
from service.tokens import hashed, new_token, token_of

if TYPE_CHECKING:
    from service.wiring import App

MINUTE = timedelta(minutes=1)
MAX_NAME = 100
MAX_ALARMS = 10
MAX_LEAD = timedelta(days=28)
SAME_IN_A_REPEAT = ("course_id", "name", "reader", "detail", "language", "alarms", "expires_at")

log = logging.getLogger(__name__)


class FeedState(StrEnum):
    """What a feed's address answers with; `revoked` is an empty calendar."""

    LIVE = "live"
    REVOKED = "revoked"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFeed:
    """A feed as it was made: the only time that its address is shown."""

    id: UUID
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """A feed in a list. `alarms` are lead times; `last_client` is a family of programs, never an address."""

    id: UUID
    name: str
    reader: Reader
    detail: Detail
    language: str
    alarms: tuple[timedelta, ...]
    state: FeedState
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_fetched_at: datetime | None
    last_client: str | None


def new_feed(
    app: "App",
    course_id: UUID,
    *,
    name: str,
    reader: Reader,
    detail: Detail,
    language: str,
    alarms: Iterable[timedelta],
    expires: date | None,
    by: str,
    request_id: str | None = None,
    clinic_id: int = HOME_CLINIC,
) -> NewFeed:
    """Makes a feed and gives its address, which is shown to no other request. `expires`: the last day that it serves.

    Raises NotFound for an unknown course, InvalidValue for what can't be, and RequestReused when the request came
    before with something else in it.
    """
    request = Request.of(request_id)
    leads = tuple(alarms)
    _check_settings(app, name, language, leads)
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        feed = StoredFeed(
            id=uuid4(),
            clinic_id=clinic_id,
            course_id=course_id,
            name=name.strip(),
            reader=reader.value,
            detail=detail.value,
            language=language,
            alarms=tuple(lead // MINUTE for lead in leads),
            created_at=course.now,
            changed_at=course.now,
            expires_at=_end_of(expires, course) if expires else None,
            revoked_at=None,
            last_fetched_at=None,
            last_client=None,
        )
        token = token_of(app, "feed", clinic_id, request.id, by) if request.id else None
        earlier = feed_store.find_by_token(session, hashed(token)) if token else None
        if token and earlier:
            return _again(app, feed, earlier, token)
        return _add(app, session, course, feed, token, by=by)


def list_feeds(app: "App", course_id: UUID, *, clinic_id: int = HOME_CLINIC) -> tuple[FeedLine, ...]:
    """The course's feeds, the ended ones too, the oldest first; NotFound for an unknown course."""
    with reading(app.engine) as session:
        return feeds_of(app, session, load(app, session, clinic_id, course_id))


def feeds_of(app: "App", session: Session, course: LoadedCourse) -> tuple[FeedLine, ...]:
    """What `list_feeds` gives, of a course that was read in this session."""
    return tuple(_line(app, feed, course.now) for feed in feed_store.feeds_of(session, course.stored))


def revoke_feed(app: "App", feed_id: UUID, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Ends a feed: its address serves an empty calendar for a while, then nothing. NotFound for an unknown one.

    A second time changes nothing.
    """
    with writing(app.engine) as session:
        feed, course = _find(app, session, clinic_id, feed_id)
        _revoke(app, session, course, feed, by=by)


def replace_feed(
    app: "App", feed_id: UUID, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> NewFeed:
    """Ends a feed and makes another with the same settings, for an address that got into wrong hands.

    Raises NotFound for an unknown feed and InvalidValue for one that has expired. The same request again gives the
    same address.
    """
    request = Request.of(request_id)
    with writing(app.engine) as session:
        feed, course = _find(app, session, clinic_id, feed_id)
        now = course.now
        if feed.expires_at is not None and feed.expires_at <= now:
            message = f"feed {feed_id}: expired, so its replacement would too; make a new one"
            raise InvalidValue(message, field="feed")
        token = token_of(app, f"replace {feed_id}", clinic_id, request.id, by) if request.id else None
        earlier = feed_store.find_by_token(session, hashed(token)) if token else None
        if token and earlier:
            return NewFeed(id=earlier.id, address=_address_of(app, token))
        _revoke(app, session, course, feed, by=by)
        fresh = replace(
            feed, id=uuid4(), created_at=now, changed_at=now, revoked_at=None, last_fetched_at=None, last_client=None
        )
        return _add(app, session, course, fresh, token, by=by)


def rebuild_stale(app: "App", now: datetime, *, stop: Flag | None = None) -> int:
    """Makes anew the bytes out of which a cancelled event has to go by now; how many feeds that were.

    Time changes nothing else, so no event's sequence rises. One transaction a feed: what is left when asked to `stop`
    is made at the next pass, and one that can't be made keeps back no other.
    """
    with reading(app.engine) as session:
        stale = feed_store.stale_feeds(session, now)
    made = failed = 0
    for feed in stale:
        if stop and stop.is_set():
            break
        try:
            with writing(app.engine) as session:
                _build(app, session, feed, now)
        except DatabaseUnavailable:
            raise
        except InfusionsError:  # such as a regimen that this program can't read
            failed += 1
        else:
            made += 1
    if failed:
        values = {"action": "feeds_not_rebuilt", "failed": failed}
        log.error("%d feeds can't be made anew: their courses can't be read", failed, extra=values)
    return made


def build_again(app: "App", token_hash: str, now: datetime) -> None:
    """Makes and stores the bytes of the feed of that token as this software makes them."""
    with writing(app.engine) as session:
        feed = feed_store.find_by_token(session, token_hash)
        if feed is not None:
            _build(app, session, feed, now)


def state_of(app: "App", feed: StoredFeed | ServedFeed, now: datetime) -> FeedState:
    """What the feed's address answers with at `now`."""
    end = ended_at(feed, now)
    if end is None:
        return FeedState.LIVE
    return FeedState.REVOKED if now < end + timedelta(days=app.settings.feeds.revoked_days) else FeedState.GONE


# ---------------------------------------------------------------------------------------------------------------------


def _check_settings(app: "App", name: str, language: str, leads: tuple[timedelta, ...]) -> None:
    if not 0 < len(name.strip()) <= MAX_NAME or not name.isprintable():
        message = f"name: call the feed by its device or person, in 1 to {MAX_NAME} characters on one line"
        raise InvalidValue(message, field="name")
    wording_of(app.wordings, language)
    if len(leads) > MAX_ALARMS or any(not timedelta(0) <= lead <= MAX_LEAD for lead in leads):
        message = f"alarms: at most {MAX_ALARMS}, each from 0 minutes to {MAX_LEAD.days} days before"
        raise InvalidValue(message, field="alarms")


def _end_of(expires: date, course: LoadedCourse) -> datetime:
    if expires < course.today:
        raise InvalidValue(f"expires: {expires} has passed; choose a later date", field="expires")
    return to_instant(add_days(expires, 1), time(0), course.stored.course.zone)


def _find(
    app: "App", session: Session, clinic_id: int, feed_id: UUID, *, now: datetime | None = None
) -> tuple[StoredFeed, LoadedCourse]:
    """The feed, read under its course's lock, so that its bytes and an action recorded meanwhile don't cross."""
    feed = feed_store.find_feed(session, clinic_id, feed_id)
    if feed is None:
        sentence = f"feed {feed_id}: there is no such feed; `infusions feed list COURSE` shows a course's feeds"
        raise NotFound(sentence)
    course = load(app, session, clinic_id, feed.course_id, to_change=True, now=now)
    return feed_store.find_feed(session, clinic_id, feed_id) or feed, course


def _again(app: "App", asked: StoredFeed, earlier: StoredFeed, token: str) -> NewFeed:
    if any(getattr(asked, name) != getattr(earlier, name) for name in SAME_IN_A_REPEAT):
        raise RequestReused("request id: came before with something else in it; send a new id")
    return NewFeed(id=earlier.id, address=_address_of(app, token))


def _address_of(app: "App", token: str) -> str:
    return f"{app.settings.server.public_url}/c/{token}.ics"


def _add(
    app: "App", session: Session, course: LoadedCourse, feed: StoredFeed, token: str | None, *, by: str
) -> NewFeed:
    app, token = app.of(feed.clinic_id, session), token or new_token()
    at = after_all(feed.created_at, (each.created_at for each in feed_store.feeds_of(session, course.stored)))
    feed = replace(feed, created_at=at, changed_at=at)
    feed_store.add_feed(session, feed, current_body(app, course, feed, feed.created_at), hashed(token))
    _audit(session, What.FEED_MADE, feed, by, feed.created_at)
    return NewFeed(id=feed.id, address=_address_of(app, token))


def _revoke(app: "App", session: Session, course: LoadedCourse, feed: StoredFeed, *, by: str) -> None:
    app, now = app.of(feed.clinic_id, session), course.now
    if feed.revoked_at is not None:
        return
    feed_store.set_revoked(session, feed, now)
    feed_store.save_body(session, feed, current_body(app, course, replace(feed, revoked_at=now), now))
    _audit(session, What.FEED_REVOKED, feed, by, now)


def _audit(session: Session, what: What, feed: StoredFeed, by: str, now: datetime) -> None:
    audit.note(session, what, clinic_id=feed.clinic_id, by=by, at=now, course_id=feed.course_id, feed=str(feed.id))


def _build(app: "App", session: Session, feed: StoredFeed, now: datetime) -> None:
    locked, course = _find(app, session, feed.clinic_id, feed.id, now=now)
    build_anew(app, session, course, locked, now)


def _line(app: "App", feed: StoredFeed, now: datetime) -> FeedLine:
    return FeedLine(
        id=feed.id,
        name=feed.name,
        reader=Reader(feed.reader),
        detail=Detail(feed.detail),
        language=feed.language,
        alarms=tuple(minutes * MINUTE for minutes in feed.alarms),
        state=state_of(app, feed, now),
        created_at=feed.created_at,
        expires_at=feed.expires_at,
        revoked_at=feed.revoked_at,
        last_fetched_at=feed.last_fetched_at,
        last_client=feed.last_client,
    )
