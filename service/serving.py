"""What a feed's address serves, and which programs fetched it."""

import gzip
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from db import feed_store
from db.engine import writing
from db.feed_reader import FeedReader, NotNow
from db.stored import Fetched, ServedFeed
from service.bodies import ENDED, made_by
from service.feeds import FeedState, build_again, state_of
from service.tokens import TOKEN, hashed

if TYPE_CHECKING:
    from service.wiring import App

NOTE_FETCHES_EVERY = timedelta(minutes=1)
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


class FeedServer:
    """Serves the feeds of `app`, and collects which were fetched until `store_fetches`."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._reader = FeedReader(app.engine)
        self._made_by_own = made_by(app.settings)
        self._made_by: dict[int, tuple[int, str]] = {}  # by clinic: at which revision of its settings, and by what
        self._noted: dict[str, Fetched] = {}

    def fetch_now(self, token: str, client: str) -> FeedAnswer:
        """What the address with this token serves to a program that calls itself `client`, by one indexed read.

        NotNow when that takes longer, because the database does or the bytes have to be made anew: then ask `fetch`.
        """
        now, token_hash = self._app.now(), _hash_of(token)
        served = self._reader.find_now(token_hash) if token_hash else None
        state = self._state_of(served, now)
        if served is not None and not (self._is_known(served) and self._is_current(served, state)):
            raise NotNow
        return _answer(served, state, token_hash, client, now)

    def fetch(self, token: str, client: str) -> FeedAnswer:
        """The same for a thread that may wait."""
        now, token_hash = self._app.now(), _hash_of(token)
        served = self._reader.find(token_hash) if token_hash else None
        state = self._state_of(served, now)
        if served is not None and not self._is_current(served, state):
            build_again(self._app, token_hash, now)
            served = self._reader.find(token_hash)
            state = self._state_of(served, now)
        return _answer(served, state, token_hash, client, now)

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

    def _state_of(self, served: ServedFeed | None, now: datetime) -> FeedState:
        return state_of(self._app, served, now) if served else FeedState.UNKNOWN

    def _is_known(self, served: ServedFeed) -> bool:
        """Whether the settings that its clinic has now are known here, so that nothing is to be read."""
        known = self._made_by.get(served.clinic_id)
        return served.settings_revision == 0 or (known is not None and known[0] == served.settings_revision)

    def _maker(self, served: ServedFeed) -> str:
        """What builds the bytes of that clinic's feeds by its settings of now."""
        if served.settings_revision == 0:  # nobody has set anything: those that the program started with
            return self._made_by_own
        if not self._is_known(served):
            settings = self._app.of(served.clinic_id).settings
            self._made_by[served.clinic_id] = (served.settings_revision, made_by(settings))
        return self._made_by[served.clinic_id][1]

    def _is_current(self, served: ServedFeed, state: FeedState) -> bool:
        """Whether its bytes are those of this software; those of a feed that is gone are served to nobody."""
        match state:
            case FeedState.LIVE:
                return served.software == self._maker(served)
            case FeedState.REVOKED:
                return served.software == self._maker(served) + ENDED
            case _:
                return True


def client_family(user_agent: str) -> str:
    """The family of calendar programs that `user_agent` belongs to; never a text from outside."""
    told = user_agent.lower()
    return next((family for mark, family in FAMILIES if mark in told), "other")


# ---------------------------------------------------------------------------------------------------------------------


def _answer(served: ServedFeed | None, state: FeedState, token_hash: str, client: str, now: datetime) -> FeedAnswer:
    if served is None or state is FeedState.GONE:
        return FeedAnswer(state=state, modified=now)
    due = served.last_fetched_at is None or now - served.last_fetched_at >= NOTE_FETCHES_EVERY
    seen = Fetched(token_hash=token_hash, at=now, client=client_family(client)) if due else None
    return FeedAnswer(state=state, packed=served.body, etag=served.etag, modified=served.body_modified_at, fetched=seen)


def _hash_of(token: str) -> str:
    """What is stored of a token; empty for what can be none, so that it never reaches the database."""
    return hashed(token) if TOKEN.fullmatch(token) else ""


@lru_cache(maxsize=128)
def _unpacked(body: bytes) -> bytes:
    return gzip.decompress(body)
