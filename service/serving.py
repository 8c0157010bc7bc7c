"""What a feed's address serves, and which programs fetched it."""

import gzip
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from db import feed_store
from db.engine import writing
from db.feed_reader import FeedReader, NotNow
from db.stored import Fetched, ServedFeed
from service.bodies import software
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
        self._noted: dict[UUID, Fetched] = {}

    def fetch_now(self, token: str, client: str) -> FeedAnswer:
        """What the address with this token serves to a program that calls itself `client`, by one indexed read.

        NotNow when that takes longer, because the database does or the bytes have to be made anew: then ask `fetch`.
        """
        now = self._app.now()
        served = self._reader.find_now(hashed(token)) if TOKEN.fullmatch(token) else None
        if served is not None and not self._is_current(served, now):
            raise NotNow
        return self._answer(served, client, now)

    def fetch(self, token: str, client: str) -> FeedAnswer:
        """The same for a thread that may wait."""
        now = self._app.now()
        served = self._reader.find(hashed(token)) if TOKEN.fullmatch(token) else None
        if served is not None and not self._is_current(served, now):
            body = build_again(self._app, served.clinic_id, served.id, now)
            served = replace(
                served, body=body.body, etag=body.etag, body_modified_at=body.modified_at, software=body.software
            )
        return self._answer(served, client, now)

    def note(self, fetched: Fetched) -> None:
        """Notes a fetch, for `store_fetches`."""
        self._noted[fetched.id] = fetched

    @property
    def has_noted(self) -> bool:
        """Whether `store_fetches` has something to store."""
        return bool(self._noted)

    def store_fetches(self) -> None:
        """Stores what was noted, in one transaction: for after the answers have gone out. What fails stays noted."""
        noted = dict(self._noted)  # a copy: another thread may note meanwhile
        with writing(self._app.engine) as session:
            feed_store.set_fetched(session, noted.values())
        for id_, fetched in noted.items():
            if self._noted.get(id_) is fetched:
                del self._noted[id_]

    def close(self) -> None:
        """Stores what is still noted, and gives back what reading took."""
        self._reader.close()
        if self.has_noted:
            self.store_fetches()

    # -----------------------------------------------------------------------------------------------------------------

    def _is_current(self, served: ServedFeed, now: datetime) -> bool:
        gone = state_of(self._app, served, now) is FeedState.GONE
        return gone or served.software == software(self._app, served, now)

    def _answer(self, served: ServedFeed | None, client: str, now: datetime) -> FeedAnswer:
        state = state_of(self._app, served, now) if served else FeedState.UNKNOWN
        if served is None or state is FeedState.GONE:
            return FeedAnswer(state=state, modified=now)
        due = served.last_fetched_at is None or now - served.last_fetched_at >= NOTE_FETCHES_EVERY
        seen = Fetched(id=served.id, clinic_id=served.clinic_id, at=now, client=client_family(client)) if due else None
        return FeedAnswer(
            state=state, packed=served.body, etag=served.etag, modified=served.body_modified_at, fetched=seen
        )


def client_family(user_agent: str) -> str:
    """The family of calendar programs that `user_agent` belongs to; never a text from outside."""
    told = user_agent.lower()
    return next((family for mark, family in FAMILIES if mark in told), "other")


# ---------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=128)
def _unpacked(body: bytes) -> bytes:
    return gzip.decompress(body)
