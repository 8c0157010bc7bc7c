"""The JSON Schema of regimen files, made from the model's own names and bounds, for editors.

It refuses no file that the reader accepts. What takes several facts together (a gap that the days cannot keep, a source
that is not there) only `infusions regimens check` tells.
"""

from typing import Any

from scheduler.regimen import AUDIENCES, HangsOn, LateRule, Scope, When
from scheduler.regimen_agents import KEY, MAX_AGENTS, MAX_MINUTES
from scheduler.regimen_cycles import EARLIEST_DAY, MAX_LENGTH
from scheduler.regimen_file import ID, INTENTS, LATE_DAYS, SCHEMA
from scheduler.regimen_tasks import TASK_KINDS
from scheduler.regimen_windows import LONGEST
from scheduler.toml_reader import RANGE

Schema = dict[str, Any]


def regimen_schema() -> Schema:
    """The schema of a whole file (JSON Schema 2020-12). Dates of TOML count as texts of the form 2026-12-07."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Regimen file of Infusion Cycles",
        **_table(
            {
                "schema": {"const": SCHEMA, "description": "The version of this format."},
                "id": {"type": "string", "pattern": f"^{ID.pattern}$", "description": "As in commands and courses."},
                "version": _text("Raise it with every change: courses stay with the version that they started with."),
                "name": _text("As staff see it."),
                "jurisdictions": {
                    "type": "array",
                    "items": {"type": "string", "minLength": 1, "maxLength": 60},
                    "minItems": 1,
                    "uniqueItems": True,
                    "description": "Whose labels the facts come from; first the one of facts that name none.",
                },
                "label_date": _day("The date of the label."),
                "checked_by": _text("Who checked the file, and when."),
                "use": _cited({"what": _text("For whom the regimen is.")}, ["what"]),
                "sources": {"type": "object", "minProperties": 1, "additionalProperties": _source()},
                "agents": {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": MAX_AGENTS,
                    "propertyNames": {"pattern": f"^{KEY.pattern}$"},
                    "additionalProperties": _agent(),
                    "description": "The drugs, in the order in which they are given on one visit.",
                },
                "cycles": {"type": "array", "items": _cycle(), "minItems": 1, "description": "Cycles in series."},
                "counts": _cited({intent: _count() for intent in INTENTS}, [INTENTS[0]]),
                "late": _cited(
                    {"rule": _choice(tuple(LateRule)), **{key: _whole(1, MAX_LENGTH) for key in LATE_DAYS}}, []
                ),
                "review": _cited({"after_cycle": _whole(1, 99)}, ["after_cycle"]),
                "liver_watch": _cited(
                    {"weekly_tests_after_transplant": _whole(0, 52)}, ["weekly_tests_after_transplant"]
                ),
                "preparation": _cited({"hours": _whole(1, 240)}, ["hours"]),
                "windows": {"type": "array", "items": _window(), "minItems": len(AUDIENCES)},
                "tasks": {"type": "array", "items": _task()},
            },
            ["schema", "id", "version", "name", "jurisdictions", "checked_by", "sources", "agents", "cycles", "counts"],
        ),
    }


# ---------------------------------------------------------------------------------------------------------------------


def _agent() -> Schema:
    minutes = {"type": "array", "minItems": 1, "description": "By the ordinal of given doses; the last one stays."}
    return _table(
        {
            "name": _text("As it is called in calendars for staff."),
            "gap": {
                **_cited({"days": _whole(1, MAX_LENGTH), "hours": _whole(1, MAX_LENGTH * 24)}, []),
                "oneOf": [{"required": ["days"]}, {"required": ["hours"]}],
                "description": "How far two doses are apart at least.",
            },
            "times": _cited(
                {
                    "infusion_minutes": {**minutes, "items": _whole(1, MAX_MINUTES)},
                    "observation_minutes": {**minutes, "items": _whole(0, MAX_MINUTES)},
                },
                [],
            ),
            "continuous": {
                **_cited({"bag_hours": _whole(1, MAX_MINUTES // 60)}, []),
                "description": "The infusion runs on when the visit is over.",
            },
            "days": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": _table(
                    {"tolerance_days": _whole(0, 60), "defer_scope": _choice(tuple(Scope))}, ["defer_scope"]
                ),
                "description": "For each day of the agent what a deferral carries along, and how far it may lie off.",
            },
        },
        ["name", "times", "days"],
    )


def _cycle() -> Schema:
    return _cited(
        {
            "count": {**_whole(1, MAX_LENGTH), "description": "How many; the last table covers all that follow."},
            "length": _whole(1, MAX_LENGTH),
            "shortest": _whole(1, MAX_LENGTH),
            "longest": _whole(1, MAX_LENGTH),
            "days": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": _rising(EARLIEST_DAY, MAX_LENGTH),
                "description": "The days of each agent.",
            },
        },
        ["length", "shortest", "longest", "days"],
    )


def _count() -> Schema:
    return {
        "oneOf": [
            _table({"default": _whole(1, 99), "maximum": _whole(1, 99)}, ["default", "maximum"]),
            _table({"fixed": _whole(1, 99)}, ["fixed"]),
            _table({"open": {"const": True}, "plan_ahead": _whole(1, 99)}, ["open", "plan_ahead"]),
        ]
    }


def _window() -> Schema:
    lengths: Schema = {unit: _whole(1, longest) for unit, longest in LONGEST.items()}
    lengths |= {"none": {"const": True}, "not_stated": {"const": True}}
    properties = {
        "agent": _text("The key of the agent; with one agent it may be left out."),
        "audience": _choice(tuple(AUDIENCES)),
        "jurisdiction": _text("Where it holds; left out: everywhere."),
        **lengths,
    }
    return {**_cited(properties, ["audience"]), "oneOf": [{"required": [key]} for key in lengths]}


def _task() -> Schema:
    on_days = {"properties": {"on": {"const": HangsOn.CYCLE_DAYS}}}
    properties = {
        "kind": _choice(TASK_KINDS),
        "on": _choice(tuple(HangsOn)),
        "when": _choice(tuple(When)),
        "offset_days": _whole(0, MAX_LENGTH),
        "days": {**_rising(EARLIEST_DAY, MAX_LENGTH), "description": 'Days of the cycle, with on = "cycle-days".'},
        "cycles": {**_rising(1, 99), "description": "Left out: all cycles."},
        "intent": _choice(INTENTS),
        "audience": _choice(tuple(AUDIENCES)),
        "agent": _text("Whose doses it hangs on; left out: any."),
        "at_home": {"type": "boolean"},
        "lasts_days": _whole(1, MAX_LENGTH),
    }
    return {
        **_cited(properties, ["kind", "on"]),
        "if": on_days,
        "then": {"required": ["days"], "not": {"required": ["offset_days"]}},
        "else": {"required": ["when", "offset_days"], "not": {"required": ["days"]}},
    }


def _source() -> Schema:
    address = {"type": "string", "pattern": "^(https://.*)?$", "description": "Empty where there is none."}
    return _table(
        {"title": _text("The document."), "address": address, "dated": _day("Its date.")}, ["title", "address"]
    )


def _cited(properties: Schema, required: list[str]) -> Schema:
    """A table of facts with where they stand."""
    cite = {
        "source": _text("A key of [sources]."),
        "section": {"type": "string", "maxLength": 1000},
        "verified": {"type": "boolean", "description": "True when somebody read the source for this very fact."},
    }
    return _table({**properties, **cite}, [*required, "source", "verified"])


def _table(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _rising(low: int, high: int) -> Schema:
    number_or_range = [_whole(low, high), {"type": "string", "pattern": f"^{RANGE.pattern}$"}]
    return {"type": "array", "items": {"anyOf": number_or_range}, "minItems": 1, "uniqueItems": True}


def _whole(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _choice(values: tuple[str, ...]) -> Schema:
    return {"enum": [str(value) for value in values]}


def _text(description: str) -> Schema:
    return {"type": "string", "pattern": r"\S", "maxLength": 1000, "description": description}


def _day(description: str) -> Schema:
    return {"type": "string", "format": "date", "description": description}
