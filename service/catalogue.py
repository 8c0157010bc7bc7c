"""The regimens that the clinic has (those that come along and its own), and the wording of each language."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from scheduler import parse_regimen
from scheduler.errors import Fault, FileRefused, InvalidValue
from scheduler.regimen import Regimen
from service.config import Settings

if TYPE_CHECKING:
    from calendars.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One regimen as read, the text of its file, and where that stands."""

    regimen: Regimen
    text: str
    source: str


class Catalogue:
    """The regimens by id (the newest version of each) and by digest (every version that there is a file of)."""

    def __init__(self, entries: Iterable[CatalogueEntry]) -> None:
        self._by_digest = {entry.regimen.digest: entry for entry in entries}
        self._newest: dict[str, CatalogueEntry] = {}
        for entry in sorted(self._by_digest.values(), key=_age):
            self._newest[entry.regimen.id] = entry

    def regimens(self) -> tuple[Regimen, ...]:
        """The newest version of every regimen, by id."""
        return tuple(self._newest[id_].regimen for id_ in sorted(self._newest))

    def by_id(self) -> Mapping[str, Regimen]:
        """The newest version of every regimen under its id."""
        return MappingProxyType({regimen.id: regimen for regimen in self.regimens()})

    def regimen(self, id_: str) -> Regimen:
        """The newest version of the regimen `id_`; InvalidValue names those that there are."""
        return self.entry(id_).regimen

    def entry(self, id_: str) -> CatalogueEntry:
        """The newest version of the regimen `id_` with its file's text; InvalidValue names those that there are."""
        if id_ not in self._newest:
            known = ", ".join(sorted(self._newest)) or "none"
            message = f"regimen {id_!r}: there is no such regimen; there are: {known}"
            raise InvalidValue(message, field="regimen")
        return self._newest[id_]

    def by_digest(self, digest: str) -> Regimen | None:
        """The regimen of exactly this content, or None when no file has it any more."""
        entry = self._by_digest.get(digest)
        return entry.regimen if entry else None

    def text(self, digest: str) -> str | None:
        """The text of the file with exactly this content, or None when no file has it any more."""
        entry = self._by_digest.get(digest)
        return entry.text if entry else None


def load_catalogue(settings: Settings) -> Catalogue:
    """All regimens that come along and those of the clinic's folder; FileRefused with every fault of every file."""
    entries: list[CatalogueEntry] = []
    faults: list[FileRefused] = []
    for source, text in _files(settings):
        try:
            entries.append(_read(source, text))
        except FileRefused as fault:
            faults.append(fault)
    faults += _clashes(entries)
    if faults:
        raise _together(faults)
    found = Catalogue(entries)
    for id_ in settings.regimens.offered:  # a misspelt one must not quietly take a regimen from the clinic
        if id_ not in found.by_id():
            raise InvalidValue(
                f"[regimens] offered: there is no regimen {id_!r}; there are: {', '.join(found.by_id())}"
            )
    return found


@cache
def load_wordings() -> Mapping[str, "Wording"]:
    """The wording of every language that comes along, by language; read once, since it comes with the program."""
    from calendars.wording import parse_wording

    folder = files("calendars") / "wording"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".po")), key=lambda each: each.name)
    languages = [(each.name.removesuffix(".po"), each.read_text(encoding="utf-8")) for each in found]
    return MappingProxyType({language: parse_wording(language, text) for language, text in languages})


def read_text(path: Path, *, what: str) -> str:
    """The text of a file of `what` ("regimen file"); InvalidValue with one sentence when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidValue(f"{what} {path}: there is no such file; check the name") from None
    except UnicodeDecodeError:
        raise InvalidValue(f"{what} {path}: is not UTF-8 text; save it as UTF-8") from None
    except OSError as fault:
        raise InvalidValue(f"{what} {path}: cannot be read ({fault.strerror})") from None


# ------------------------------------------------------------------------------------------------------------


def _files(settings: Settings) -> Iterator[tuple[str, str]]:
    shipped: Traversable = files("scheduler") / "regimens"
    for each in sorted(shipped.iterdir(), key=lambda each: each.name):
        if each.name.endswith(".toml"):
            yield f"regimens/{each.name}", each.read_text(encoding="utf-8")
    folder = settings.regimens.folder
    if folder is None:
        return
    if not folder.is_dir():
        raise InvalidValue(f"[regimens] folder {folder}: there is no such folder; make it or mend the setting")
    for path in sorted(folder.glob("*.toml")):
        yield str(path), read_text(path, what="regimen file")


@lru_cache(maxsize=64)  # more than come along; the same text is the same regimen
def _read(source: str, text: str) -> CatalogueEntry:
    return CatalogueEntry(regimen=parse_regimen(text, source), text=text, source=source)


def _age(entry: CatalogueEntry) -> tuple[object, ...]:
    return entry.regimen.label_date or date.min, entry.regimen.version, entry.source


def _clashes(entries: list[CatalogueEntry]) -> Iterator[FileRefused]:
    """Two different contents under one id and version: a course could not tell which it follows."""
    seen: dict[tuple[str, str], CatalogueEntry] = {}
    for entry in entries:
        name = (entry.regimen.id, entry.regimen.version)
        first = seen.setdefault(name, entry)
        if first.regimen.digest != entry.regimen.digest:
            message = f"{name[0]} {name[1]} stands in {first.source} with another content; raise the version"
            yield FileRefused(entry.source, (Fault(place="key `version`", message=message),))


def _together(refused: list[FileRefused]) -> FileRefused:
    if len(refused) == 1:
        return refused[0]
    faults = [
        Fault(place=f"{each.source}, {fault.place}", message=fault.message) for each in refused for fault in each.faults
    ]
    return FileRefused("regimens", tuple(faults))
