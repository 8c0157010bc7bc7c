"""The bytes that a feed serves: made when the plan or the feed's settings change, stored, and served as they are."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from calendars import FORMATS
from calendars.kinds import ClinicCard, Detail, Reader
from calendars.view import build_view
from db import feed_store
from db.engine import Session
from db.stored import ServedFeed, StoredBody, StoredCourse, StoredFeed
from scheduler.dates import to_instant
from scheduler.events import EventKind, StampedEvent
from scheduler.plan import Plan
from service.clinic import clinic_card
from service.config import FeedSettings, Settings
from service.loading import LoadedCourse

if TYPE_CHECKING:
    from service.wiring import App

# What the bytes depend on beside our own code: the dates' and languages' names, the zones' rules.
LIBRARIES = ("babel", "tzdata")
ENDED = " ended"


def ended_at(feed: StoredFeed | ServedFeed, now: datetime) -> datetime | None:
    """When the feed was revoked or expired, or None while it lives."""
    expired = feed.expires_at if feed.expires_at is not None and feed.expires_at <= now else None
    return expired if feed.revoked_at is None else min(feed.revoked_at, expired or feed.revoked_at)


def build_body(
    app: "App",
    feed: StoredFeed,
    plan: Plan,
    stamped: Mapping[str, StampedEvent],
    *,
    recorded_at: datetime,
    now: datetime,
) -> StoredBody:
    """The bytes of a feed at the revision recorded at `recorded_at`; of an ended one an empty, neutral calendar.

    Only what they are made from decides them, so that the same plan gives the same bytes whenever they are built.
    """
    app, end = app.of(feed.clinic_id), ended_at(feed, now)
    if end is not None:
        feed = replace(feed, detail=Detail.DISCREET.value, changed_at=end)
        stamped = {}
    days = app.settings.feeds.keep_cancelled_days
    view = build_view(
        stamped.values(),
        plan,
        wording=app.wordings[feed.language],
        detail=Detail(feed.detail),
        reader=Reader(feed.reader),
        clinic=clinic_card(app.settings.clinic),
        stamp=recorded_at,
        uid=feed.id,
        today=plan.today,
        keep_cancelled_days=days,
        alarms=tuple(timedelta(minutes=minutes) for minutes in feed.alarms),
        refresh=app.settings.feeds.refresh,
        # What nobody changed since the feed was made is not newer than its event.
        changed_at=feed.changed_at if feed.changed_at > feed.created_at else None,
    )
    body = FORMATS["ics"].render(view)
    return StoredBody(
        body=packed(body),
        etag=hashlib.sha256(body).hexdigest(),
        modified_at=now,
        stale_at=_stale_at(stamped, plan, days),
        software=software(app, feed, now),
    )


def software(app: "App", feed: StoredFeed, now: datetime) -> str:
    """What builds this feed's bytes: another text than the stored one means that they must be built anew."""
    return made_by(app.of(feed.clinic_id).settings) + ("" if ended_at(feed, now) is None else ENDED)


def made_by(settings: Settings) -> str:
    """What builds the bytes of a clinic's feeds that live, by its settings."""
    return _made_by(clinic_card(settings.clinic), settings.feeds)


def packed(body: bytes) -> bytes:
    """The bytes in gzip, as they are stored; without a time inside, so that the same bytes give the same."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def rebuild(
    app: "App",
    session: Session,
    course: StoredCourse,
    plan: Plan,
    stamped: Mapping[str, StampedEvent],
    *,
    now: datetime,
    retold: bool = False,
) -> None:
    """Makes the bytes of all the course's feeds for a plan that is being recorded now, in its transaction.

    `retold`: what the patient's entries say has changed also where their events have not (`calendars.view.kept_on`).
    """
    app, before = app.of(course.clinic_id, session), feed_store.bodies_of(session, course)
    for feed in feed_store.feeds_of(session, course):
        if ended_at(feed, now) is None:
            if retold and (feed.reader, feed.detail) == (Reader.PATIENT, Detail.FULL):
                feed_store.set_changed(session, feed, now)
                feed = replace(feed, changed_at=now)  # noqa: PLW2901 - the same feed as it is from now on
            body = build_body(app, feed, plan, stamped, recorded_at=now, now=now)
            feed_store.save_body(session, feed, _dated(body, before[feed.id]))


def current_body(app: "App", course: LoadedCourse, feed: StoredFeed, now: datetime) -> StoredBody:
    """The bytes of a feed at the course's current revision."""
    return build_body(app, feed, course.plan(), course.stamped, recorded_at=course.recorded_at(), now=now)


def build_anew(app: "App", session: Session, course: LoadedCourse, feed: StoredFeed, now: datetime) -> StoredBody:
    """Makes and stores the bytes as this software makes them; other words are a visible change, so entries read as new.

    The course must have been read under its lock, so that an action recorded meanwhile doesn't cross.
    """
    app = app.of(feed.clinic_id, session)
    before = feed_store.bodies_of(session, course.stored)[feed.id]
    if before.software != software(app, feed, now) and ended_at(feed, now) is None:
        feed = replace(feed, changed_at=now)
        feed_store.set_changed(session, feed, now)
    body = _dated(current_body(app, course, feed, now), before)
    feed_store.save_body(session, feed, body)
    return body


# ---------------------------------------------------------------------------------------------------------------------


def _dated(body: StoredBody, before: StoredBody) -> StoredBody:
    """The same bytes keep the date of their last change."""
    return replace(body, modified_at=before.modified_at) if body.etag == before.etag else body


def _stale_at(stamped: Mapping[str, StampedEvent], plan: Plan, days: int) -> datetime | None:
    """When the next cancelled event has been kept long enough: the midnight after, in the course's zone."""
    gone = (each.event for each in stamped.values() if each.cancelled is not None)
    last = (
        event.end.date() if isinstance(event.end, datetime) else event.end
        for event in gone
        if event.kind is not EventKind.WINDOW
    )
    leave = (day + timedelta(days=days + 1) for day in last)
    next_day = min((day for day in leave if day > plan.today), default=None)
    return to_instant(next_day, time(0), plan.course.zone) if next_day else None


@lru_cache(maxsize=64)
def _made_by(clinic: ClinicCard, feeds: FeedSettings) -> str:
    makers = (_program(), repr(clinic), repr(feeds))
    return hashlib.sha256("\n".join(makers).encode()).hexdigest()


@cache
def _program() -> str:
    """A digest of all that renders: our code and wording, and the versions of the libraries below it."""
    digest = hashlib.sha256(" ".join(version(library) for library in LIBRARIES).encode())
    _add(files("calendars"), digest)
    return digest.hexdigest()


def _add(folder: Traversable, digest: "hashlib._Hash") -> None:
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir() and each.name != "__pycache__":
            _add(each, digest)
        elif each.is_file():
            digest.update(each.name.encode() + each.read_bytes())
