"""What a feed's address serves, and which programs fetched it."""

import gzip
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from db import feed_store
from db.engine import writing
from db.feed_reader import FeedReader, Found, NotNow, served, without_body
from db.stored import Fetched, ServedFeed
from service.bodies import ENDED, ended_at, made_by
from service.feeds import FeedState, build_again, state_of
from service.tokens import TOKEN, hashed

if TYPE_CHECKING:
    from service.wiring import App

NOTE_FETCHES_EVERY = timedelta(minutes=1)
MOST_KEPT = 1024  # answers, of 5 kB each
# The families of calendar programs that staff may want to know of; anything else is "other", never a text of theirs.
FAMILIES = (
    ("google", "Google"),
    ("thunderbird", "Thunderbird"),
    ("outlook", "Outlook"),
    ("microsoft", "Outlook"),
    ("icsx5", "ICSx5"),
    ("nextcloud", "Nextcloud"),
    ("dataaccessd", "Apple"),
    ("calendaragent", "Apple"),
    ("ios", "Apple"),
    ("macos", "Apple"),
    ("mac os", "Apple"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAnswer:
    """What an address serves. `packed` is the body in gzip; `etag`, without quotes, names the body itself.

    `fetched`: what is to be noted of this fetch; None when one was noted within the last minute.
    """

    state: FeedState
    packed: bytes = b""
    etag: str = ""
    modified: datetime
    fetched: Fetched | None = None

    @property
    def body(self) -> bytes:
        """The calendar."""
        return _unpacked(self.packed) if self.packed else b""


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, which holds from `since` to `until` as long as the row is `found`."""

    found: Found
    answer: FeedAnswer
    since: datetime
    until: datetime


class FeedServer:
    """Serves the feeds of `app`, and collects which were fetched until `store_fetches`.

    What was made of a row is kept for its next reading, of `most_kept` feeds: a phone asks again, and several at once.
    """

    def __init__(self, app: "App", *, most_kept: int = MOST_KEPT) -> None:
        self._app = app
        self._most_kept = most_kept
        self._reader = FeedReader(app.engine)
        self._made_by_own = made_by(app.settings)
        self._made_by: dict[int, tuple[int, str]] = {}  # by clinic: at which revision of its settings, and by what
        self._noted: dict[str, Fetched] = {}
        self._kept: dict[str, _Kept] = {}  # by hash of the token; only fetch_now, of one thread, looks here

    def fetch_now(self, token: str, client: str) -> FeedAnswer:
        """What the address with this token serves to a program that calls itself `client`, by one indexed read.

        NotNow when that takes longer, because the database does or the bytes have to be made anew: then ask `fetch`.
        """
        now, token_hash = self._app.now(), _hash_of(token)
        kept = self._kept.get(token_hash)
        found = self._reader.find_now(token_hash, kept.answer.etag if kept else "") if token_hash else None
        if found is None:
            return FeedAnswer(state=FeedState.UNKNOWN, modified=now)
        if kept and found == kept.found and kept.since <= now < kept.until:
            return kept.answer
        feed = served(found, kept.answer.packed if kept else b"")
        state = state_of(self._app, feed, now)
        if not (self._is_known(feed) and self._is_current(feed, state)):
            raise NotNow
        answer = _answer(feed, state, token_hash, client, now)
        if answer.packed and answer.fetched is None:
            self._keep(token_hash, _Kept(without_body(found), answer, now, self._holds_until(feed, now)))
        return answer

    def fetch(self, token: str, client: str) -> FeedAnswer:
        """The same for a thread that may wait."""
        now, token_hash = self._app.now(), _hash_of(token)
        feed = self._reader.find(token_hash) if token_hash else None
        state = self._state_of(feed, now)
        if feed is not None and not self._is_current(feed, state):
            build_again(self._app, token_hash, now)
            feed = self._reader.find(token_hash)
            state = self._state_of(feed, now)
        return _answer(feed, state, token_hash, client, now)

    def note(self, fetched: Fetched) -> None:
        """Notes a fetch, for `store_fetches`."""
        self._noted[fetched.token_hash] = fetched

    @property
    def has_noted(self) -> bool:
        """Whether `store_fetches` has something to store."""
        return bool(self._noted)

    def store_fetches(self) -> None:
        """Stores what was noted, in one transaction: for after the answers have gone out. What fails stays noted."""
        noted = dict(self._noted)  # a copy: another thread may note meanwhile
        with writing(self._app.engine) as session:
            feed_store.set_fetched(session, noted.values())
        for token_hash, fetched in noted.items():
            if self._noted.get(token_hash) is fetched:
                del self._noted[token_hash]

    def close(self) -> None:
        """Stores what is still noted, and gives back what reading took."""
        self._reader.close()
        if self.has_noted:
            self.store_fetches()

    # -----------------------------------------------------------------------------------------------------------------

    def _keep(self, token_hash: str, kept: _Kept) -> None:
        if token_hash not in self._kept and len(self._kept) >= self._most_kept:
            del self._kept[next(iter(self._kept))]  # the one that is here longest
        self._kept[token_hash] = kept

    def _holds_until(self, feed: ServedFeed, now: datetime) -> datetime:
        """When time alone changes what is answered: a fetch is to be noted again, the feed expires, or is gone."""
        end, ends = ended_at(feed, now), timedelta(days=self._app.settings.feeds.revoked_days)
        changes = (
            feed.last_fetched_at and feed.last_fetched_at + NOTE_FETCHES_EVERY,
            feed.expires_at,
            end and end + ends,
        )
        return min((each for each in changes if each is not None and each > now), default=now)

    def _state_of(self, feed: ServedFeed | None, now: datetime) -> FeedState:
        return state_of(self._app, feed, now) if feed else FeedState.UNKNOWN

    def _is_known(self, feed: ServedFeed) -> bool:
        """Whether the settings that its clinic has now are known here, so that nothing is to be read."""
        known = self._made_by.get(feed.clinic_id)
        return feed.settings_revision == 0 or (known is not None and known[0] == feed.settings_revision)

    def _maker(self, feed: ServedFeed) -> str:
        """What builds the bytes of that clinic's feeds by its settings of now."""
        if feed.settings_revision == 0:  # nobody has set anything: those that the program started with
            return self._made_by_own
        if not self._is_known(feed):
            settings = self._app.of(feed.clinic_id).settings
            self._made_by[feed.clinic_id] = (feed.settings_revision, made_by(settings))
        return self._made_by[feed.clinic_id][1]

    def _is_current(self, feed: ServedFeed, state: FeedState) -> bool:
        """Whether its bytes are those of this software; those of a feed that is gone are served to nobody."""
        match state:
            case FeedState.LIVE:
                return feed.software == self._maker(feed)
            case FeedState.REVOKED:
                return feed.software == self._maker(feed) + ENDED
            case _:
                return True


def client_family(user_agent: str) -> str:
    """The family of calendar programs that `user_agent` belongs to; never a text from outside."""
    told = user_agent.lower()
    return next((family for mark, family in FAMILIES if mark in told), "other")


# ---------------------------------------------------------------------------------------------------------------------


def _answer(feed: ServedFeed | None, state: FeedState, token_hash: str, client: str, now: datetime) -> FeedAnswer:
    if feed is None or state is FeedState.GONE:
        return FeedAnswer(state=state, modified=now)
    due = feed.last_fetched_at is None or now - feed.last_fetched_at >= NOTE_FETCHES_EVERY
    seen = Fetched(token_hash=token_hash, at=now, client=client_family(client)) if due else None
    return FeedAnswer(state=state, packed=feed.body, etag=feed.etag, modified=feed.body_modified_at, fetched=seen)


def _hash_of(token: str) -> str:
    """What is stored of a token; empty for what can be none, so that it never reaches the database."""
    return hashed(token) if TOKEN.fullmatch(token) else ""


@lru_cache(maxsize=128)
def _unpacked(body: bytes) -> bytes:
    return gzip.decompress(body)
