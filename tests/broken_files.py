"""Broken files made from good ones: every key left out, misspelt, of another type, out of range, one at a time."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A file with one fault: what was done to it, and its text."""

    what: str
    text: str


def broken(tables: Mapping[str, Any], *, optional: frozenset[str]) -> Iterator[Broken]:
    """All files that lack one key that is not optional, misspell one key, or have one value that cannot be."""
    for path in _paths(tables):
        if isinstance(path[-1], str):
            if path[-1] not in optional:
                yield _changed(tables, path, "missing", None)
            yield _changed(tables, path, "misspelt", _MISSPELT)
        for what, value in _wrong(_at(tables, path)):
            yield _changed(tables, path, what, value)


def toml(value: Any) -> str:
    """A table as TOML, each of its keys on a line of its own."""
    return "".join(f"{_text(key)} = {_value(inner)}\n" for key, inner in value.items())


# ---------------------------------------------------------------------------------------------------------------------

_MISSPELT = object()


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The place of every value, tables before what they hold."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _paths(each, (*path, key))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _wrong(value: Any) -> Iterator[tuple[str, Any]]:
    """Values that cannot stand in its place."""
    yield "wrong type", {"x": 1} if not isinstance(value, dict) else 1
    match value:
        case bool():
            yield "wrong type", "yes"
        case int():
            yield "out of range", 99_999
            yield "out of range", -5_000
            yield "wrong type", True
        case str():
            yield "wrong type", 1.5
            yield "hostile", "\x1b[2J\n" + "x" * 2_000
        case datetime() | date():
            yield "out of range", value.replace(year=9999)
            yield "wrong type", 1.5
        case list() if value and not isinstance(value[0], dict):
            yield "wrong type", [[]]
            yield "out of range", [99_999]


def _changed(tables: Mapping[str, Any], path: Path, what: str, value: Any) -> Broken:
    copy = deepcopy(dict(tables))
    holder = _at(copy, path[:-1])
    old = holder.pop(path[-1]) if isinstance(holder, dict) else holder[path[-1]]
    if value is _MISSPELT:
        holder[f"{path[-1]}q"] = old
    elif value is not None:
        holder[path[-1]] = value
    return Broken(what=f"{what} {'.'.join(map(str, path))}", text=toml(copy))


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _text(value)
        case dict():
            return "{ " + ", ".join(f"{_text(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_value, value)) + "]"
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\x1b", "\\u001b")
    return f'"{escaped}"'
