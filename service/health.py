"""Whether the service could run as it is set up: what `infusions doctor` shows."""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scheduler.errors import InfusionsError, InvalidValue
from service.catalogue import load_catalogue, load_wordings
from service.clock import Clock, clock_from
from service.config import Settings, load_settings
from service.languages import labels
from service.safety import WHOM_TO_CALL

NO_COUNTRY = "no country is set, so nobody is told of a dose on a public holiday"
SECONDS = 5  # for a mail server to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    sound: bool
    message: str


def examine(config: Path | None, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Looks at everything that can be wrong before a course is touched; changes nothing."""
    try:
        settings = load_settings(config, environ)
    except InfusionsError as fault:
        return (Finding(what="settings", sound=False, message=str(fault)),)
    checks: dict[str, Callable[[Settings], str]] = {
        "regimens": _regimens,
        "languages": _languages,
        "holidays": _holidays,
        "whom to call": _whom_to_call,
        "database": _database,
        "clinics": _clinics,
        "secret": _secret,
        "mail": _mail,
        "sending": _sending,
        "the day": partial(_the_day, clock_from(environ)),
    }
    found = [Finding(what="settings", sound=True, message="can be read")]
    return (*found, *(_look(what, check, settings) for what, check in checks.items()))


# ---------------------------------------------------------------------------------------------------------------------


def _look(what: str, check: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(what=what, sound=True, message=check(settings))
    except InfusionsError as fault:
        return Finding(what=what, sound=False, message=str(fault))


def _regimens(settings: Settings) -> str:
    found = load_catalogue(settings).regimens()
    return ", ".join(f"{regimen.id} {regimen.version}" for regimen in found)


def _languages(_: Settings) -> str:
    return ", ".join(labels(load_wordings()).values())


def _holidays(settings: Settings) -> str:
    from service.public_holidays import public_holidays

    clinic = settings.clinic
    public_holidays(clinic.country, clinic.region, [2026])
    return f"those of {clinic.country} {clinic.region}".rstrip() if clinic.country else NO_COUNTRY


def _whom_to_call(settings: Settings) -> str:
    missing = [name for name in WHOM_TO_CALL if not getattr(settings.clinic, name)]
    return f"mails cannot tell it yet: set {', '.join(missing)} in [clinic]" if missing else "mails tell it"


def _database(settings: Settings) -> str:
    from db.engine import check_schema, make_engine, place

    engine = make_engine(settings.database.url)
    try:
        check_schema(engine)
        return f"{place(engine.url)} is at this program's schema"
    finally:
        engine.dispose()


def _clinics(settings: Settings) -> str:
    """What admins have set can be read, and where it stands."""
    from db.engine import DatabaseUnavailable, check_schema, make_engine, reading
    from service.clinic_settings import settings_of_all

    engine = make_engine(settings.database.url)
    try:
        check_schema(engine)
        with reading(engine) as session:
            clinics = settings_of_all(session, settings).items()
    except DatabaseUnavailable:
        return "no clinic can be looked at without a database"
    finally:
        engine.dispose()
    own = [f"clinic {id_}" for id_, theirs in clinics if theirs != settings]
    if not own:
        return "every setting comes from config file, environment or default"
    return f"an admin has set some of {', '.join(own)}: `infusions clinic show` tells which"


def _secret(settings: Settings) -> str:
    from service.wiring import read_secret

    path = settings.security.secret_file
    if not path.exists():
        return f"{path} will be made on first use"
    read_secret(path)
    if path.stat().st_mode & 0o077:
        raise InvalidValue(f"{path} can be read by others: chmod 600 {path}")
    return f"{path} is in place"


def _mail(settings: Settings) -> str:
    from service.bounces import check_folder

    check_folder(settings)
    smtp = settings.smtp
    if not smtp.host:
        return _mail_folder(settings.mail.folder)
    if smtp.password_file and not os.access(smtp.password_file, os.R_OK):
        raise InvalidValue(f"[smtp] password_file {smtp.password_file}: cannot be read; check it")
    try:
        socket.create_connection((smtp.host, smtp.port), timeout=SECONDS).close()
    except OSError as fault:
        where = f"[smtp] host {smtp.host}, port {smtp.port}"
        raise InvalidValue(f"{where}: gives no answer ({fault.strerror or fault}); check both") from None
    return f"{smtp.host}, port {smtp.port} answers"


def _sending(settings: Settings) -> str:
    from db.engine import DatabaseUnavailable, check_schema, make_engine, reading
    from db.sending_store import breaker
    from reminders.breaker import stopped_since

    engine = make_engine(settings.database.url)
    try:
        check_schema(engine)
        with reading(engine) as session:
            found = breaker(session)
    except DatabaseUnavailable:
        return "nothing is sent without a database"
    finally:
        engine.dispose()
    if found:
        raise InvalidValue(f"{stopped_since(found)}; mend the cause, then `infusions reminders start`")
    return "nothing stops the mails"


def _the_day(clock: Clock, settings: Settings) -> str:
    from db.day_store import count_due_for_facts
    from db.engine import DatabaseUnavailable, check_schema, make_engine, reading
    from service.clinic_settings import settings_of_all
    from service.day_upkeep import mark

    engine = make_engine(settings.database.url)
    try:
        check_schema(engine)
        with reading(engine) as session:
            clinics = settings_of_all(session, settings).items()
            behind = sum(count_due_for_facts(session, mark(theirs, clock()), id_) for id_, theirs in clinics)
    except DatabaseUnavailable:
        return "nothing is kept without a database"
    finally:
        engine.dispose()
    if behind:
        raise InvalidValue(f"{behind} courses follow older settings or software there; run `infusions migrate`")
    return "follows every course"


def _mail_folder(folder: Path) -> str:
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise InvalidValue(f"[mail] folder {folder}: cannot be written; choose another")
    return f"no mail server is set: mails are written to {folder}"
