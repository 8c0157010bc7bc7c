"""Puts the program together: the only place that builds an engine, a catalogue and what the use cases work with."""

import contextlib
import gc
import os
import secrets
import tempfile
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from calendars.wording import Wording
from db.engine import Engine, Session, make_engine, reading
from db.settings_store import settings_at, settings_revision
from scheduler.errors import InvalidValue
from service.audit import sealing
from service.catalogue import Catalogue, load_catalogue, load_wordings
from service.clock import clock_from
from service.config import Settings
from service.own_settings import overlaid
from service.safety import SHORTEST_SECRET


class SettingsBook:
    """The settings of clinics as they were read last, by revision: of those that hold only the number is read."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[int, Settings, Settings]] = {}

    def of(self, base: Settings, session: Session, clinic_id: int) -> Settings:
        """The settings of that clinic now: what its admin has set, over `base`."""
        revision = settings_revision(session, clinic_id)
        known = self._read.get(clinic_id)
        if known and known[0] == revision and known[1] == base:
            return known[2]
        stored = settings_at(session, clinic_id, revision)
        found = overlaid(base, stored.own) if stored else base
        self._read[clinic_id] = (revision, base, found)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What every use case gets first. `now` gives the instant in UTC.

    `settings` are those of config file and environment; in what `of` gives, those of one clinic.
    """

    settings: Settings
    engine: Engine
    catalogue: Catalogue
    wordings: Mapping[str, Wording]
    now: Callable[[], datetime]
    clinic_id: int | None = None
    base: Settings | None = None
    book: SettingsBook = field(default_factory=SettingsBook)

    def clinic_of(self) -> int:
        """The clinic whose settings these are; only of what `of` gives."""
        if self.clinic_id is None:
            raise InvalidValue("program: belongs to no clinic yet; ask `of` for one that does")
        return self.clinic_id

    def of(self, clinic_id: int, session: Session | None = None) -> "App":
        """The program with the settings of that clinic as they are now; for one request or one pass, not to be kept.

        Reads one number by an index, in `session` where there is one; of what is that clinic's already, nothing.
        """
        if self.clinic_id == clinic_id:
            return self
        base = self.base or self.settings
        if session is None:
            with reading(self.engine) as own:
                settings = self.book.of(base, own, clinic_id)
        else:
            settings = self.book.of(base, session, clinic_id)
        return replace(self, settings=settings, base=base, clinic_id=clinic_id)

    def secret(self) -> bytes:
        """What links in mails are signed with, from its file; made on first use."""
        return read_secret(self.settings.security.secret_file)


def start() -> None:
    """What every process does first: the locked tzdata decides about zones, not the machine's own."""
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()
    # What a plan or a mail is made of is gone with it, without the search for rings of objects, which by default comes
    # every few plans and costs up to a fifth of their time.
    gc.set_threshold(50_000, 20, 100)


def build_app(settings: Settings, environ: Mapping[str, str]) -> App:
    """The program on the database of the settings; it connects on first use."""
    start()
    return App(
        settings=settings,
        engine=sealing(make_engine(settings.database.url), lambda: read_secret(settings.security.secret_file)),
        catalogue=load_catalogue(settings),
        wordings=load_wordings(),
        now=clock_from(environ),
    )


def read_secret(path: Path) -> bytes:
    """The secret in the file `path`, which is made on first use and readable by its owner alone."""
    try:
        if not path.exists():
            _write_secret(path)
        found = path.read_bytes().strip()
    except OSError as fault:
        message = f"[security] secret_file {path}: cannot be read or made ({fault.strerror})"
        raise InvalidValue(message) from None
    if len(found) < SHORTEST_SECRET:
        raise InvalidValue(f"[security] secret_file {path}: must hold at least {SHORTEST_SECRET} bytes")
    return found


# ------------------------------------------------------------------------------------------------------------


def _write_secret(path: Path) -> None:
    """Linked into place when it is whole: of two processes that start at once, both read the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # made readable by its owner alone
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(SHORTEST_SECRET))
    with contextlib.suppress(FileExistsError):
        os.link(name, path)
    Path(name).unlink()
