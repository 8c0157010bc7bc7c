"""Actions and courses as plain values: read strictly from files, forms and rows, and written back the same."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from scheduler.actions import (
    ACTION_KINDS,
    Action,
    AudienceStep,
    CeaseCause,
    HoldCause,
    ResponseValue,
)
from scheduler.course import MAX_CYCLES, Audience, Course
from scheduler.dates import parse_date, parse_time, parse_wall
from scheduler.errors import InvalidValue, Rejected
from scheduler.regimen import Scope
from scheduler.regimen_cycles import EARLIEST_DAY, MAX_LENGTH
from scheduler.toml_reader import did_you_mean, has_controls, shown

Fields = Mapping[str, object]

MAX_TEXT = 1000
MAX_NUMBER = 100_000


def action_from_fields(kind: str, given: Fields) -> Action:
    """The action of that kind with these fields (plain values; None and absent mean the same).

    Rejected (`unknown-kind`, `unknown-field`, `missing-field`, `bad-value`) names the field at fault.
    """
    if kind not in ACTION_KINDS:
        remedy = did_you_mean(kind, tuple(ACTION_KINDS))
        raise Rejected("unknown-kind", f"kind: {shown(kind)} is no action; {remedy}", field="kind")
    cls = ACTION_KINDS[kind]
    known = {_outside(field.name): field for field in fields(cls)}
    for name in given:
        if name not in known:
            remedy = did_you_mean(name, tuple(known))
            raise Rejected("unknown-field", f"{kind}: field {shown(name)} is unknown; {remedy}", field=name)
    values: dict[str, Any] = {}
    for name, field in known.items():
        value = given.get(name)
        if value is not None:
            values[field.name] = _read(kind, name, value)
        elif field.default is MISSING:
            raise Rejected("missing-field", f"{kind}: field {name!r} is missing; give it", field=name)
    try:
        return cls(**values)
    except InvalidValue as fault:
        raise Rejected("bad-value", f"{kind}: {fault}", field=fault.field) from None


def action_to_fields(action: Action) -> dict[str, object]:
    """The action's fields as JSON values, without the kind and without those that have their default."""
    plain: dict[str, object] = {}
    for field in fields(action):
        value = getattr(action, field.name)
        if value != field.default:
            plain[_outside(field.name)] = _plain(value)
    return plain


def course_to_fields(course: Course) -> dict[str, object]:
    """The course as JSON values; course_from_fields reads them back equal, but for the doses of earlier courses."""
    return {
        "id": str(course.id),
        "day1": course.day1.isoformat(),
        "at": _plain(course.at),
        "zone": course.zone,
        "cycles": course.cycles,
        "intent": course.intent,
        "cycle_lengths": {str(cycle): days for cycle, days in course.cycle_lengths.items()},
        "audiences": [audience_text(audience) for audience in course.audiences],
        "reason": course.reason,
        **({"jurisdiction": course.jurisdiction} if course.jurisdiction else {}),
    }


def course_from_fields(plain: Mapping[str, Any]) -> Course:
    """The course that course_to_fields wrote."""
    return Course(
        id=UUID(plain["id"]),
        day1=parse_date(plain["day1"], field="day1"),
        at=parse_time(plain["at"], field="at"),
        zone=plain["zone"],
        cycles=plain["cycles"],
        intent=plain["intent"],
        cycle_lengths={int(cycle): days for cycle, days in plain["cycle_lengths"].items()},
        audiences=tuple(parse_audience(text) for text in plain["audiences"]),
        reason=plain["reason"],
        jurisdiction=plain.get("jurisdiction", ""),
    )


def parse_audience(text: str) -> Audience:
    """The audience of `name` or `name:private`; whether the regimen knows it is checked with the course."""
    name, colon, mark = text.partition(":")
    if colon and mark != "private":
        message = f"audience: {shown(text)} ends in an unknown mark; write {shown(name)}, or ':private' after it"
        raise InvalidValue(message, field="audience")
    return Audience(name=name, private=bool(colon))


def audience_text(audience: Audience) -> str:
    """The text that parse_audience reads."""
    return f"{audience.name}:private" if audience.private else audience.name


# ---------------------------------------------------------------------------------------------------------------------


def _outside(name: str) -> str:
    # `from` is a Python keyword, so the attribute is `from_`; everywhere outside it is `from`.
    return name.rstrip("_")


def _plain(value: object) -> object:
    if isinstance(value, datetime | time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, StrEnum) else value


def _read(kind: str, name: str, value: object) -> object:
    try:
        reader = _BY_KIND.get((kind, name)) or _READERS[name]
        return reader(name, value)
    except InvalidValue as fault:
        raise Rejected("bad-value", f"{kind}: {fault}", field=name) from None


def _whole(low: int, high: int) -> Callable[[str, object], int]:
    def read(name: str, value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise InvalidValue(f"{name}: {shown(value)} is not a whole number from {low} to {high}; mend it")
        return value

    return read


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise InvalidValue(f"{name}: is not a text of at most {MAX_TEXT} characters; shorten or mend it")
    if has_controls(value, allowed="\n\r\t"):
        raise InvalidValue(f"{name}: holds a control character; type it anew")
    return value.strip()


def _yes(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{name}: {shown(value)} is neither true nor false; mend it")
    return value


def _date(name: str, value: object) -> date:
    if isinstance(value, str):
        value = parse_date(value, field=name)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise InvalidValue(f"{name}: {shown(value)} is not a date; write it as 2026-12-07")
    return value


def _time(name: str, value: object) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value.replace(second=0, microsecond=0)
    if isinstance(value, str):
        return parse_time(value, field=name)
    raise InvalidValue(f'{name}: {shown(value)} is not a time of day; write it as "09:00"')


def _wall(name: str, value: object) -> time | datetime:
    if isinstance(value, str):
        value = parse_wall(value, field=name)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(second=0, microsecond=0)
    return _time(name, value)


def _choice(choices: type[StrEnum]) -> Callable[[str, object], StrEnum]:
    def read(name: str, value: object) -> StrEnum:
        known = tuple(choice.value for choice in choices)
        if not isinstance(value, str) or value not in known:
            remedy = did_you_mean(value if isinstance(value, str) else "", known)
            raise InvalidValue(f"{name}: {shown(value)} is unknown; {remedy}")
        return choices(value)

    return read


def _day_list(name: str, value: object) -> tuple[int, ...]:
    items = list(value) if isinstance(value, list | tuple) else []
    if not items or any(type(item) is not int or not EARLIEST_DAY <= item <= MAX_LENGTH for item in items):
        raise InvalidValue(f"{name}: is not a list of day numbers; write it as [1, 8]")
    return tuple(sorted(set(items)))


_number = _whole(1, MAX_NUMBER)
_cycle = _whole(1, MAX_CYCLES)
_day = _whole(EARLIEST_DAY, MAX_LENGTH)
_length = _whole(1, MAX_LENGTH)

_READERS: Mapping[str, Callable[[str, object], object]] = {
    "reason": _text,
    "replaces": _number,
    "cycle": _cycle,
    "day": _day,
    "on": _date,
    "to": _date,
    "from": _date,
    "started": _wall,
    "ended": _wall,
    "tolerated": _yes,
    "complete": _yes,
    "elsewhere": _yes,
    "scope": _choice(Scope),
    "count": _cycle,
    "value": _text,
    "at": _time,
    "change": _choice(AudienceStep),
    "version": _text,
    "agent": _text,
    "action": _number,
}

# These names mean something else in some kinds of action.
_BY_KIND: Mapping[tuple[str, str], Callable[[str, object], object]] = {
    ("hold", "cause"): _choice(HoldCause),
    ("cease", "cause"): _choice(CeaseCause),
    ("response", "value"): _choice(ResponseValue),
    ("cycle-length", "days"): _length,
    ("days", "days"): _day_list,
}
