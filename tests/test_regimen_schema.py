"""The JSON Schema of regimen files: every file of the library keeps it, what it refuses the reader refuses too."""

import json
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scheduler import FileRefused, parse_regimen
from service.regimen_schema import regimen_schema
from tests.broken_files import broken, toml
from tests.cli import NOW, Infusions
from tests.core import REGIMENS
from tests.test_broken_files import CONTRADICTIONS, MADE_UP

FILES = [*sorted(REGIMENS.glob("*.toml")), MADE_UP]
SCHEMA = regimen_schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def as_json(value: Any) -> Any:
    """What an editor makes of TOML: dates are texts."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def keeps_schema(text: str) -> bool:
    return bool(VALIDATOR.is_valid(as_json(tomllib.loads(text))))


def is_read(text: str) -> bool:
    try:
        parse_regimen(text, "r.toml")
    except FileRefused:
        return False
    return True


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_file_of_the_library_keeps_the_schema(path: Path) -> None:
    assert not [error.message for error in VALIDATOR.iter_errors(as_json(tomllib.loads(path.read_text("utf-8"))))]


def test_the_schema_refuses_no_file_that_is_read_and_most_of_those_that_are_not() -> None:
    made = list(broken(tomllib.loads(MADE_UP.read_text(encoding="utf-8")), optional=frozenset()))
    seen = [(each.what, keeps_schema(each.text), is_read(each.text)) for each in made]
    assert not [what for what, kept, read in seen if read and not kept]
    missed = [what for what, kept, read in seen if kept and not read]
    # What takes several facts together: a source, an agent or a day that is named elsewhere, a key that is free.
    assert len(missed) < len(made) // 8, missed


def test_what_a_file_says_against_itself_only_the_check_tells() -> None:
    kept = [what for what, text in CONTRADICTIONS if _is_toml(text) and keeps_schema(text)]
    assert "a gap that the days break" in kept
    assert "a window with no length and one" not in kept


@pytest.mark.parametrize(
    "table", ["", "use", "sources.x", "agents.x", "agents.x.gap", "agents.x.times", "late", "review"]
)
def test_the_schema_knows_the_keys_that_the_reader_knows(table: str) -> None:
    """The reader names all keys that it knows of a table when one is unknown to it."""
    tables: dict[str, Any] = {"schema": 2, "sources": {"x": {}}, "agents": {"x": {"gap": {}, "times": {}}}}
    tables |= {"use": {}, "late": {}, "review": {}, "liver_watch": {}, "preparation": {}}
    at = tables
    for key in filter(None, table.split(".")):
        at = at[key]
    at["%"] = 1
    with pytest.raises(FileRefused) as caught:
        parse_regimen(toml(tables), "r.toml")
    (told,) = [line for line in str(caught.value).splitlines() if "key `%`" in line]
    assert set(told.split("use one of: ")[1].split(", ")) == set(_table_of(table)["properties"])


def test_editors_are_told_what_each_key_of_the_top_means() -> None:
    named = [
        key
        for key, inner in SCHEMA["properties"].items()
        if "description" not in inner and inner.get("type") == "string"
    ]
    assert named == []


def test_the_schema_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    infusions = Infusions(tmp_path, capsys, {"INFUSIONS_NOW": NOW})
    assert json.loads(infusions.done("regimens", "schema").out) == json.loads(json.dumps(SCHEMA))


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _table_of(path: str) -> dict[str, Any]:
    schema: dict[str, Any] = SCHEMA
    for key in filter(None, path.split(".")):
        schema = schema["additionalProperties"] if key == "x" else schema["properties"][key]
    return schema
