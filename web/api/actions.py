"""Actions as they are sent to the HTTP interface, and the JSON Schema of each kind."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

from scheduler.action_fields import MAX_NUMBER, MAX_TEXT, action_from_fields
from scheduler.actions import ACTION_KINDS, Action, AudienceStep, CeaseCause, HoldCause, ResponseValue
from scheduler.course import MAX_CYCLES
from scheduler.errors import Rejected
from scheduler.regimen import Scope
from scheduler.regimen_cycles import EARLIEST_DAY, MAX_LENGTH
from scheduler.toml_reader import shown

JsonSchema = dict[str, Any]
TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


class Body(BaseModel):
    """What is sent: these keys and no others, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Recording(Body):
    """What may stand beside the fields of an action."""

    seen_revision: int | None = Field(default=None, ge=0, le=MAX_NUMBER)
    patient_told: bool = False
    neutral_notice: bool = False


class OneAction(RootModel[dict[str, Any]]):
    """An action: its `kind` and the fields of that kind."""

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: object) -> JsonSchema:
        return {"oneOf": _KINDS, "description": cls.__doc__}

    def action(self) -> Action:
        """The action; Rejected names the field at fault."""
        return _action(self.root)


class ToRecord(RootModel[dict[str, Any]]):
    """An action, and beside its fields: the revision that was seen (409 when the course is at another), whether the
    patient knows already, whether a mail goes that only asks to call."""

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: object) -> JsonSchema:
        beside = {
            "seen_revision": _whole(0, MAX_NUMBER),
            "patient_told": _YES,
            "neutral_notice": _YES,
        }
        kinds = [{**kind, "properties": {**kind["properties"], **beside}} for kind in _KINDS]
        return {"oneOf": kinds, "description": cls.__doc__}

    def action(self) -> Action:
        """The action; Rejected names the field at fault."""
        return _action({name: value for name, value in self.root.items() if name not in Recording.model_fields})

    def beside(self) -> Recording:
        """What stands beside its fields; pydantic's ValidationError names what is at fault."""
        return Recording(**{name: value for name, value in self.root.items() if name in Recording.model_fields})


# ---------------------------------------------------------------------------------------------------------------------


def _action(given: Mapping[str, object]) -> Action:
    kind = given.get("kind")
    if not isinstance(kind, str):
        code = "unknown-kind" if "kind" in given else "missing-field"
        raise Rejected(code, f"kind: name the kind of the action, one of {', '.join(ACTION_KINDS)}", field="kind")
    for name, value in given.items():
        if value is None:
            raise Rejected("bad-value", f"{kind}: field {shown(name)} is null; leave it out", field=name)
    return action_from_fields(kind, {name: value for name, value in given.items() if name != "kind"})


def _schema_of(kind: str) -> JsonSchema:
    """The JSON Schema of the actions of one kind, made from the fields that the kind has."""
    found = [(field.name.rstrip("_"), field.default is MISSING) for field in fields(ACTION_KINDS[kind])]
    return {
        "type": "object",
        "title": kind,
        "properties": {"kind": {"const": kind}}
        | {name: _BY_KIND.get((kind, name)) or _VALUES[name] for name, _ in found},
        "required": ["kind", *(name for name, needed in found if needed)],
        "additionalProperties": False,
    }


def _whole(low: int, high: int) -> JsonSchema:
    return {"type": "integer", "minimum": low, "maximum": high}


_TEXT: JsonSchema = {"type": "string", "maxLength": MAX_TEXT}
_DATE: JsonSchema = {"type": "string", "format": "date"}
_WALL: JsonSchema = {"type": "string", "description": "09:00, or with its date 2026-12-08T00:20"}
_YES: JsonSchema = {"type": "boolean"}
_VALUES: Mapping[str, JsonSchema] = {
    "reason": _TEXT,
    "replaces": _whole(1, MAX_NUMBER),
    "cycle": _whole(1, MAX_CYCLES),
    "day": _whole(EARLIEST_DAY, MAX_LENGTH),
    "on": _DATE,
    "to": _DATE,
    "from": _DATE,
    "started": _WALL,
    "ended": _WALL,
    "tolerated": _YES,
    "complete": _YES,
    "elsewhere": _YES,
    "scope": {"enum": [each.value for each in Scope]},
    "count": _whole(1, MAX_CYCLES),
    "value": _TEXT,
    "at": {"type": "string", "pattern": TIME},
    "change": {"enum": [each.value for each in AudienceStep]},
    "version": _TEXT,
    "agent": _TEXT,
    "action": _whole(1, MAX_NUMBER),
}
_BY_KIND: Mapping[tuple[str, str], JsonSchema] = {
    ("hold", "cause"): {"enum": [each.value for each in HoldCause]},
    ("cease", "cause"): {"enum": [each.value for each in CeaseCause]},
    ("response", "value"): {"enum": [each.value for each in ResponseValue]},
    ("cycle-length", "days"): _whole(1, MAX_LENGTH),
    ("days", "days"): {"type": "array", "items": _whole(EARLIEST_DAY, MAX_LENGTH), "minItems": 1},
}
_KINDS = [_schema_of(kind) for kind in ACTION_KINDS]
