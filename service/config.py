"""The settings: defaults, the config file over them, the environment over both; all faults told at once."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from datetime import time
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from scheduler.errors import Fault, FileRefused, InvalidValue
from service import config_values as values
from service.config_values import Closure, Reader, Unreadable
from service.safety import disagreements, unsafe

PREFIX = "INFUSIONS_"
NOT_SETTINGS = {"INFUSIONS_CONFIG", "INFUSIONS_NOW"}  # where the settings are, and what time it is

TEXT = Reader(read=values.text)
FLAG = Reader(read=values.flag, plain=False)
TIME = Reader(read=values.time_of_day)
DAYS_BEFORE = Reader(read=values.days_before, plain=False)
PATH = Reader(read=values.folder_or_file, path=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicSettings:
    """Who the clinic is, when it is open, and what it has decided."""

    name: Annotated[str, TEXT] = "Infusion clinic"
    phone: Annotated[str, TEXT] = ""
    after_hours_phone: Annotated[str, TEXT] = ""
    emergency_number: Annotated[str, TEXT] = ""
    fever_threshold: Annotated[str, TEXT] = ""
    address: Annotated[str, TEXT] = ""
    zone: Annotated[str, Reader(read=values.zone)] = "America/New_York"
    country: Annotated[str, Reader(read=values.country)] = ""
    region: Annotated[str, TEXT] = ""
    opening_days: Annotated[tuple[str, ...], Reader(read=values.weekdays, plain=False)] = values.WEEKDAYS[:5]
    closures: Annotated[tuple[Closure, ...], Reader(read=values.closures, plain=False)] = ()
    default_at: Annotated[time, TIME] = time(9)
    lead_minutes: Annotated[int, values.whole(0, 240)] = 30
    closed_day_policy: Annotated[str, values.one_of("later", "earlier", "nearest")] = "later"
    liver_watch_weeks: Annotated[int, values.whole(1, 52)] = 8
    after_test_days: Annotated[int, values.whole(0, 14)] = 1
    age_of_majority: Annotated[int, values.whole(14, 25)] = 18
    ticks: Annotated[tuple[str, ...], Reader(read=values.ticks, plain=False)] = values.TICKS


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Where the data lie."""

    url: Annotated[str, Reader(read=values.database_address, path=True)] = "sqlite:///data/infusions.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Where the service listens and under which address others reach it."""

    host: Annotated[str, TEXT] = "127.0.0.1"
    port: Annotated[int, values.whole(0, 65535)] = 8000
    public_url: Annotated[str, Reader(read=values.web_address)] = ""
    proxies: Annotated[tuple[str, ...], Reader(read=values.networks, plain=False)] = ("127.0.0.1", "::1")
    production: Annotated[bool, FLAG] = False
    metrics_token_file: Annotated[Path | None, PATH] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """The mail server; without a host mails go to the folder."""

    host: Annotated[str, TEXT] = ""
    port: Annotated[int, values.whole(1, 65535)] = 587
    tls: Annotated[str, values.one_of("starttls", "implicit", "none")] = "starttls"
    username: Annotated[str, TEXT] = ""
    password_file: Annotated[Path | None, PATH] = None
    sender: Annotated[str, Reader(read=values.mail_address)] = ""
    reply_to: Annotated[str, Reader(read=values.mail_address)] = ""
    rate_per_minute: Annotated[int, values.whole(1, 100_000)] = 60
    verp: Annotated[bool, FLAG] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The folder that mails are written into while there is no mail server, and the Maildir that bounces come to."""

    folder: Annotated[Path, PATH] = Path("data/mail")
    bounces: Annotated[Path | None, PATH] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderSettings:
    """When reminders go out; times are wall times in the patient's zone."""

    infusion_days_before: Annotated[tuple[int, ...], DAYS_BEFORE] = (3, 1)
    task_days_before: Annotated[tuple[int, ...], DAYS_BEFORE] = (1,)
    at: Annotated[time, TIME] = time(9)
    quiet: Annotated[tuple[time, time], Reader(read=values.span_of_day, plain=False)] = (time(20), time(8))
    window_days_before: Annotated[tuple[int, ...], DAYS_BEFORE] = (30,)
    digest_to: Annotated[tuple[str, ...], Reader(read=values.mail_addresses, plain=False)] = ()
    tick_seconds: Annotated[int, values.whole(1, 3600)] = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """How feeds are served and how long cancelled dates and revoked feeds stay."""

    refresh: Annotated[str, Reader(read=values.refresh)] = "PT6H"
    gzip: Annotated[bool, FLAG] = True
    keep_cancelled_days: Annotated[int, values.whole(0, 365)] = 30
    revoked_days: Annotated[int, values.whole(0, 365)] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenSettings:
    """The clinic's own folder of regimen files, beside those that come along; and which of all may be started."""

    folder: Annotated[Path | None, PATH] = None
    offered: Annotated[tuple[str, ...], Reader(read=values.names, plain=False)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySettings:
    """The secret that links in mails are signed with, and how long a sign-in lasts without use."""

    secret_file: Annotated[Path, PATH] = Path("data/secret")
    idle_minutes: Annotated[int, values.whole(1, 1440)] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; each field is a section of the file. Paths are absolute once loaded."""

    clinic: ClinicSettings = field(default_factory=ClinicSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    reminders: ReminderSettings = field(default_factory=ReminderSettings)
    feeds: FeedSettings = field(default_factory=FeedSettings)
    regimens: RegimenSettings = field(default_factory=RegimenSettings)
    security: SecuritySettings = field(default_factory=SecuritySettings)


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings from `path` (or INFUSIONS_CONFIG, or ./config.toml, or the defaults) and the environment.

    Raises FileRefused with every fault, or InvalidValue when a named file cannot be read.
    """
    source, tables = _read_file(path, environ)
    faults: list[Fault] = []
    raw = dict(_from_file(source, tables, faults)) | dict(_from_environment(environ, faults))
    base = source.parent.absolute() if source else Path.cwd()
    sections = {}
    for section in fields(Settings):
        settings: dict[str, object] = {}
        for each in _keys(section):
            where, value, folder = raw.get((section.name, each.name), ("", None, base))
            try:
                settings[each.name] = _value(each, where, value, folder)
            except Unreadable as fault:
                faults.append(Fault(place=where, message=str(fault)))
        sections[section.name] = _section(section)(**settings)
    loaded = with_public_url(Settings(**sections))
    faults += disagreements(loaded)
    if loaded.server.production:
        faults += unsafe(loaded, environ)
    if faults:
        raise FileRefused("settings", tuple(faults))
    return loaded


def reader_of(section: str, key: str) -> Reader:
    """What reads the setting `key` of that section."""
    found = next(each for each in fields(Settings) if each.name == section)
    return next(each.reader for each in _keys(found) if each.name == key)


def origins(path: Path | None, environ: Mapping[str, str]) -> Mapping[str, str]:
    """By the setting's name ("clinic.phone") where its value stands; what isn't named has its default.

    For settings that `load_settings` has read.
    """
    source, tables = _read_file(path, environ)
    raw = dict(_from_file(source, tables, [])) | dict(_from_environment(environ, []))
    return {f"{section}.{key}": where for (section, key), (where, _, _) in raw.items()}


def with_public_url(settings: Settings) -> Settings:
    """The settings with `server.public_url` made from host and port where none is set."""
    if settings.server.public_url:
        return settings
    host = settings.server.host
    host = "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 - a name to reach it by, no binding
    address = f"http://[{host}]" if ":" in host else f"http://{host}"
    return replace(settings, server=replace(settings.server, public_url=f"{address}:{settings.server.port}"))


# ------------------------------------------------------------------------------------------------------------

# Section and key; where the value stands, the value, and the folder that its paths start from.
Raw = tuple[tuple[str, str], tuple[str, object, Path]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    name: str
    default: object
    reader: Reader


def _section(section: Field[Any]) -> type[Any]:
    made: type[Any] = section.default_factory  # type: ignore[assignment] # every section is a class
    return made


def _keys(section: Field[Any]) -> Iterator[_Key]:
    readers = get_type_hints(_section(section), include_extras=True)
    for each in fields(_section(section)):
        yield _Key(name=each.name, default=each.default, reader=readers[each.name].__metadata__[0])


def _read_file(path: Path | None, environ: Mapping[str, str]) -> tuple[Path | None, dict[str, Any]]:
    named = path or (Path(environ["INFUSIONS_CONFIG"]) if environ.get("INFUSIONS_CONFIG") else None)
    chosen = named or Path("config.toml")
    try:
        return chosen, tomllib.loads(chosen.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named is None:
            return None, {}
        message = f"config file {named}: there is no such file; name another with --config"
        raise InvalidValue(message) from None
    except OSError as fault:
        raise InvalidValue(f"config file {chosen}: cannot be read ({fault.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise InvalidValue(f"config file {chosen}: is not valid TOML: {fault}") from None


def _from_file(source: Path | None, tables: Mapping[str, Any], faults: list[Fault]) -> Iterator[Raw]:
    known = {section.name: {each.name for each in _keys(section)} for section in fields(Settings)}
    for name, table in tables.items():
        if name not in known or not isinstance(table, dict):
            message = "there is no such section; the sections are " + ", ".join(known)
            faults.append(Fault(place=f"{source} [{name}]", message=message))
            continue
        for key, value in table.items():
            where = f"{source} [{name}] {key}"
            if key in known[name]:
                yield (name, key), (where, value, Path(source or ".").parent.absolute())
            else:
                message = f"there is no such setting; [{name}] has " + ", ".join(sorted(known[name]))
                faults.append(Fault(place=where, message=message))


def _from_environment(environ: Mapping[str, str], faults: list[Fault]) -> Iterator[Raw]:
    known = {
        f"{PREFIX}{section.name}__{each.name}".upper(): (section.name, each)
        for section in fields(Settings)
        for each in _keys(section)
    }
    for name in sorted(name for name in environ if name.startswith(PREFIX) and name not in NOT_SETTINGS):
        if name not in known:
            message = "there is no such setting; names are INFUSIONS_SECTION__KEY, as in config.toml"
            faults.append(Fault(place=name, message=message))
            continue
        section, each = known[name]
        yield (section, each.name), (name, _from_text(each, environ[name]), Path.cwd())


def _from_text(each: _Key, text: str) -> object:
    if each.reader.plain:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None  # no reader accepts None, so the reader says what it expects


def _value(each: _Key, where: str, raw: object, folder: Path) -> object:
    value = each.reader.read(raw) if where else each.default
    if value is None and each.default is not None:
        raise Unreadable("must not be empty")
    return _absolute(value, folder) if each.reader.path else value


def _absolute(value: object, folder: Path) -> object:
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, str) and value.startswith("sqlite:///"):
        return "sqlite:///" + str(folder / value.removeprefix("sqlite:///"))
    return value
