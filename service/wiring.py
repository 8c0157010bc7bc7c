"""Puts the program together: the only place that builds an engine, a catalogue and what the use cases work with."""

import contextlib
import os
import secrets
import tempfile
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calendars.wording import Wording
from db.engine import Engine, make_engine
from scheduler.errors import InvalidValue
from service.audit import sealing
from service.catalogue import Catalogue, load_catalogue, load_wordings
from service.clock import clock_from
from service.config import Settings
from service.safety import SHORTEST_SECRET


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What every use case gets first. `now` gives the instant in UTC."""

    settings: Settings
    engine: Engine
    catalogue: Catalogue
    wordings: Mapping[str, Wording]
    now: Callable[[], datetime]

    def secret(self) -> bytes:
        """What links in mails are signed with, from its file; made on first use."""
        return read_secret(self.settings.security.secret_file)


def start() -> None:
    """What every process does first: the locked tzdata decides about zones, not the machine's own."""
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()


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
