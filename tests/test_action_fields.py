"""Actions and courses as plain values: read strictly, written back the same."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given as draw
from hypothesis import strategies as st

from scheduler import (
    ACTION_KINDS,
    Course,
    InvalidValue,
    Rejected,
    action_from_fields,
    action_to_fields,
    audience_text,
    course_from_fields,
    course_id,
    course_to_fields,
    parse_audience,
)
from scheduler.action_fields import MAX_TEXT
from scheduler.actions import Action, AudienceStep, Away, Cease, CeaseCause, Given, HoldCause, ResponseValue
from scheduler.course import Audience
from scheduler.regimen import Scope
from tests.core import course_of

Table = dict[str, Any]
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
LOCAL = st.builds(datetime.combine, DAYS, TIMES)
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t"), max_size=50).map(str.strip)
CYCLE, DAY, NUMBER = st.integers(1, 99), st.integers(1, 400), st.integers(1, 100_000)
PRECISE = time(9, 5, 30, 250_000)
MAYBE_WALL = st.none() | TIMES | LOCAL
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "given": {
        "cycle": CYCLE,
        "day": DAY,
        "on": DAYS,
        "started": MAYBE_WALL,
        "ended": MAYBE_WALL,
        "tolerated": st.booleans(),
        "complete": st.booleans(),
        "elsewhere": st.booleans(),
    },
    "defer": {"cycle": CYCLE, "day": DAY, "to": DAYS, "scope": st.none() | st.sampled_from(Scope)},
    "hold": {"cycle": CYCLE, "day": DAY, "on": DAYS, "cause": st.sampled_from(HoldCause)},
    "resume": {"cycle": CYCLE, "day": DAY, "on": DAYS},
    "omit": {"cycle": CYCLE, "day": DAY},
    "cycle-length": {"cycle": CYCLE, "days": DAY},
    "days": {"cycle": CYCLE, "days": st.sets(DAY, min_size=1, max_size=9).map(lambda days: tuple(sorted(days)))},
    "cycles": {"count": CYCLE},
    "intent": {"value": TEXT},
    "response": {"cycle": CYCLE, "value": st.sampled_from(ResponseValue)},
    "time": {"at": TIMES, "cycle": st.none() | CYCLE, "day": st.none() | DAY},
    "audience": {"value": TEXT, "change": st.sampled_from(AudienceStep)},
    "away": {"from_": DAYS, "to": DAYS},
    "cease": {"on": DAYS, "cause": st.sampled_from(CeaseCause)},
    "regimen": {"version": TEXT},
    "void": {"action": NUMBER},
}


def actions() -> st.SearchStrategy[Action]:
    """Any action whatever, possible or not."""
    every = {"reason": TEXT, "replaces": st.none() | NUMBER}
    kinds: list[st.SearchStrategy[Action]] = []
    for kind, fields in FIELDS.items():
        make: Callable[..., Action] = ACTION_KINDS[kind]
        kinds.append(st.builds(make, **every, **fields))
    return st.one_of(kinds)


def refused(kind: str, fields: Table) -> tuple[str, str, str]:
    with pytest.raises(Rejected) as caught:
        action_from_fields(kind, fields)
    return caught.value.code, caught.value.field, str(caught.value)


# -- Actions ------------------------------------------------------------------------------------------------------


@draw(actions())
def test_an_action_goes_to_fields_and_comes_back_the_same(action: Action) -> None:
    fields = action_to_fields(action)
    assert action_from_fields(action.kind, fields) == action
    assert action_from_fields(action.kind, json.loads(json.dumps(fields))) == action


@draw(actions())
def test_only_what_differs_from_the_default_is_written(action: Action) -> None:
    fields = action_to_fields(action)
    assert None not in fields.values()
    assert fields.get("reason", "given") != ""
    assert not {"from_", "kind"} & set(fields)


def test_the_strategy_and_the_readers_know_every_kind() -> None:
    assert set(FIELDS) == set(ACTION_KINDS)
    assert len(ACTION_KINDS) == 16


def test_values_of_python_and_of_toml_are_taken_as_they_are() -> None:
    noon = datetime.fromisoformat("2026-12-08T00:20:30")
    action = action_from_fields(
        "given", {"cycle": 1, "day": 1, "on": date(2026, 12, 7), "started": time(9, 5, 59), "ended": noon}
    )
    assert action == Given(cycle=1, day=1, on=date(2026, 12, 7), started=time(9, 5), ended=noon.replace(second=0)), (
        "seconds are left out"
    )
    assert action_from_fields("days", {"cycle": 2, "days": (8, 1, 8)}) == action_from_fields(
        "days", {"cycle": 2, "days": [1, 8]}
    )


def test_none_and_absent_mean_the_same() -> None:
    bare = {"cycle": 1, "day": 8, "to": "2026-12-16"}
    assert action_from_fields("defer", {**bare, "scope": None, "reason": None}) == action_from_fields("defer", bare)


def test_a_reason_is_taken_without_the_space_around_it() -> None:
    omit = {"cycle": 1, "day": 8}
    assert action_from_fields("omit", {**omit, "reason": "  two\nlines\t "}).reason == "two\nlines"
    assert action_from_fields("omit", {**omit, "reason": "   "}).reason == "", "a blank reason is none"
    assert len(action_from_fields("omit", {**omit, "reason": "x" * MAX_TEXT}).reason) == MAX_TEXT


GIVEN = {"cycle": 1, "day": 1, "on": "2026-12-07"}
BAD_VALUES: list[tuple[str, Table, str, str, str]] = [
    ("given", {**GIVEN, "cycle": 0}, "cycle", "cycle: 0 is not a whole number from 1 to 99; mend it", "too low"),
    ("given", {**GIVEN, "cycle": 100}, "cycle", "cycle: 100 is not a whole number from 1 to 99; mend it", "too high"),
    ("given", {**GIVEN, "cycle": True}, "cycle", "cycle: True is not a whole number from 1 to 99; mend it", "a bool"),
    ("given", {**GIVEN, "cycle": 1.0}, "cycle", "cycle: 1.0 is not a whole number from 1 to 99; mend it", "a float"),
    ("given", {**GIVEN, "cycle": "1"}, "cycle", "cycle: '1' is not a whole number from 1 to 99; mend it", "a text"),
    ("given", {**GIVEN, "cycle": [1]}, "cycle", "cycle: a list is not a whole number from 1 to 99; mend it", "a list"),
    ("given", {**GIVEN, "cycle": {}}, "cycle", "cycle: a table is not a whole number from 1 to 99; mend it", "a table"),
    (
        "given",
        {**GIVEN, "cycle": 10**5000},
        "cycle",
        "cycle: a number of many digits is not a whole number from 1 to 99; mend it",
        "more digits than Python prints",
    ),
    ("given", {**GIVEN, "day": 401}, "day", "day: 401 is not a whole number from -30 to 400; mend it", "too high"),
    (
        "void",
        {"action": 100_001},
        "action",
        "action: 100001 is not a whole number from 1 to 100000; mend it",
        "no course has so many",
    ),
    ("given", {**GIVEN, "on": "7.12.2026"}, "on", "on: '7.12.2026' is not a date; write it as 2026-12-07", "not ISO"),
    ("given", {**GIVEN, "on": 20261207}, "on", "on: 20261207 is not a date; write it as 2026-12-07", "a number"),
    (
        "given",
        {**GIVEN, "on": datetime(2026, 12, 7, tzinfo=UTC)},
        "on",
        "on: datetime.datetime(2026, 12, 7, 0, 0, tzinfo=datetime.timezon… is not a date; write it as 2026-12-07",
        "a datetime is a date to Python, not to us",
    ),
    (
        "given",
        {**GIVEN, "on": "0026-12-07"},
        "on",
        "on: 0026-12-07 is not in the years 1900 to 2199; mend the year",
        "a slip",
    ),
    (
        "away",
        {"from": "2026-12-07", "to": "9999-12-31"},
        "to",
        "to: 9999-12-31 is not in the years 1900 to 2199; mend the year",
        "for ever",
    ),
    (
        "away",
        {"from": "0001-01-01", "to": "2026-12-31"},
        "from",
        "from: 0001-01-01 is not in the years 1900 to 2199; mend the year",
        "named as outside",
    ),
    (
        "given",
        {**GIVEN, "ended": "2926-12-07T10:00"},
        "ended",
        "ended: 2926-12-07 10:00:00 is not in the years 1900 to 2199; mend the year",
        "the date of an end too",
    ),
    (
        "given",
        {**GIVEN, "started": "9:00"},
        "started",
        "started: '9:00' is not a time of day; write it as 09:00",
        "not ISO",
    ),
    (
        "given",
        {**GIVEN, "ended": "2026-12-32T10:00"},
        "ended",
        "ended: '2026-12-32T10:00' is neither a time (10:05) nor a date and time (2026-12-08T00:20)",
        "no such day",
    ),
    (
        "given",
        {**GIVEN, "started": datetime(2026, 12, 7, 9, tzinfo=UTC)},
        "started",
        'started: datetime.datetime(2026, 12, 7, 9, 0, tzinfo=datetime.timezon… is not a time of day; write it as "09:00"',
        "an instant is no wall time",
    ),
    (
        "time",
        {"at": time(9, tzinfo=UTC)},
        "at",
        'at: datetime.time(9, 0, tzinfo=datetime.timezone.utc) is not a time of day; write it as "09:00"',
        "nor is a time with a zone",
    ),
    ("time", {"at": 900}, "at", 'at: 900 is not a time of day; write it as "09:00"', "a number"),
    ("given", {**GIVEN, "tolerated": 1}, "tolerated", "tolerated: 1 is neither true nor false; mend it", "an int"),
    ("given", {**GIVEN, "complete": "no"}, "complete", "complete: 'no' is neither true nor false; mend it", "a text"),
    (
        "defer",
        {"cycle": 1, "day": 8, "to": "2026-12-16", "scope": "week"},
        "scope",
        "scope: 'week' is unknown; use one of: dose, cycle, course",
        "no such scope",
    ),
    (
        "cease",
        {"on": "2026-12-16", "cause": "transplnt"},
        "cause",
        "cause: 'transplnt' is unknown; did you mean 'transplant'?",
        "misspelt",
    ),
    (
        "hold",
        {"cycle": 1, "day": 8, "on": "2026-12-16", "cause": "death"},
        "cause",
        "cause: 'death' is unknown; use one of: counts, liver, toxicity, infection, patient, clinic, pregnancy",
        "a cause of the other kind",
    ),
    ("response", {"cycle": 3, "value": 3}, "value", "value: 3 is unknown; use one of: CR, CRi, none", "a number"),
    ("days", {"cycle": 3, "days": 8}, "days", "days: is not a list of day numbers; write it as [1, 8]", "a number"),
    ("days", {"cycle": 3, "days": []}, "days", "days: is not a list of day numbers; write it as [1, 8]", "none"),
    (
        "days",
        {"cycle": 3, "days": [1, True]},
        "days",
        "days: is not a list of day numbers; write it as [1, 8]",
        "a bool",
    ),
    ("days", {"cycle": 3, "days": [1, 401]}, "days", "days: is not a list of day numbers; write it as [1, 8]", "high"),
    (
        "intent",
        {"value": 7},
        "value",
        f"value: is not a text of at most {MAX_TEXT} characters; shorten or mend it",
        "int",
    ),
    (
        "intent",
        {"value": "x" * (MAX_TEXT + 1)},
        "value",
        f"value: is not a text of at most {MAX_TEXT} characters; shorten or mend it",
        "too long",
    ),
    ("intent", {"value": "a\0b"}, "value", "value: holds a control character; type it anew", "NUL"),
    ("intent", {"value": "a\x1b[31m"}, "value", "value: holds a control character; type it anew", "an escape"),
    ("intent", {"value": "a\x85b"}, "value", "value: holds a control character; type it anew", "a C1 control"),
    ("intent", {"value": "\ud800"}, "value", "value: holds a control character; type it anew", "half a character"),
]


@pytest.mark.parametrize(("kind", "fields", "field", "sentence", "reason"), BAD_VALUES)
def test_a_value_that_cannot_be_read_is_refused_at_its_field(
    kind: str, fields: Table, field: str, sentence: str, reason: str
) -> None:
    assert refused(kind, fields) == ("bad-value", field, f"{kind}: {sentence}"), reason


@pytest.mark.parametrize("started", [PRECISE, datetime.combine(date(2026, 12, 7), PRECISE)])
def test_recorded_times_are_kept_to_the_minute(started: time | datetime) -> None:
    made = action_from_fields("given", {"cycle": 1, "day": 1, "on": date(2026, 12, 7), "started": started})
    assert isinstance(made, Given)
    assert made.started == started.replace(second=0, microsecond=0)


def test_an_unknown_kind_an_unknown_field_and_a_missing_one_are_named() -> None:
    assert refused("gave", {}) == ("unknown-kind", "kind", "kind: 'gave' is no action; did you mean 'given'?")
    kinds = ", ".join(ACTION_KINDS)
    assert refused("?", {}) == ("unknown-kind", "kind", f"kind: '?' is no action; use one of: {kinds}")
    sentence = "omit: field 'dya' is unknown; did you mean 'day'?"
    assert refused("omit", {"cycle": 1, "dya": 8}) == ("unknown-field", "dya", sentence)
    sentence = "omit: field 'colour' is unknown; use one of: reason, replaces, cycle, day, agent"
    assert refused("omit", {"colour": "blue"}) == ("unknown-field", "colour", sentence)
    assert refused("omit", {"cycle": 1}) == ("missing-field", "day", "omit: field 'day' is missing; give it")
    assert refused("omit", {"cycle": 1, "day": None})[:2] == ("missing-field", "day")
    assert refused("away", {"from_": "2026-12-07"})[:2] == ("unknown-field", "from_"), "outside it is `from`"


@pytest.mark.parametrize("length", [61, 10_000_000])
def test_endless_names_and_values_are_cut_in_the_sentence(length: int) -> None:
    endless = "x" * length
    shown = "'" + "x" * 60 + "'"
    assert refused(endless, {})[2].startswith(f"kind: {shown} is no action; ")
    assert refused("omit", {endless: 1})[2].startswith(f"omit: field {shown} is unknown; ")
    assert refused("omit", {"cycle": endless, "day": 8})[2] == (
        f"omit: cycle: {shown} is not a whole number from 1 to 99; mend it"
    )


def test_an_endless_reason_is_refused_in_a_short_sentence() -> None:
    sentence = f"omit: reason: is not a text of at most {MAX_TEXT} characters; shorten or mend it"
    assert refused("omit", {"cycle": 1, "day": 8, "reason": "x" * 10_000_000}) == ("bad-value", "reason", sentence)


def test_values_nested_without_end_are_refused_and_not_looked_into() -> None:
    nested: Table = {}
    inner = nested
    for _ in range(100_000):
        inner["a"] = {}
        inner = inner["a"]
    sentence = "omit: cycle: a table is not a whole number from 1 to 99; mend it"
    assert refused("omit", {"cycle": nested, "day": 8}) == ("bad-value", "cycle", sentence)


@draw(st.sampled_from(sorted(ACTION_KINDS)), st.data())
def test_whatever_stands_in_the_fields_is_read_or_refused_in_one_sentence(kind: str, data: st.DataObject) -> None:
    anything = (
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | DAYS | LOCAL
    )
    fields = data.draw(st.fixed_dictionaries({}, optional={name.rstrip("_"): anything for name in FIELDS[kind]}))
    fault = fault_of(kind, fields)
    if fault is None:
        action = action_from_fields(kind, fields)
        assert action_from_fields(kind, action_to_fields(action)) == action
        return
    assert fault.code in ("bad-value", "missing-field")
    assert fault.field in {name.rstrip("_") for name in FIELDS[kind]}
    assert str(fault).startswith(f"{kind}: ")
    assert "\n" not in str(fault)


def fault_of(kind: str, fields: Table) -> Rejected | None:
    try:
        action_from_fields(kind, fields)
    except Rejected as fault:
        return fault
    return None


def test_an_action_made_in_code_refuses_years_that_nobody_means() -> None:
    for make in (
        lambda: Cease(on=date(2200, 1, 1), cause=CeaseCause.OTHER),
        lambda: Away(from_=date(1899, 12, 31), to=date(2026, 12, 7)),
    ):
        with pytest.raises(InvalidValue, match="is not in the years 1900 to 2199; mend the year") as caught:
            make()
        assert caught.value.field in ("on", "from")


# -- Courses ------------------------------------------------------------------------------------------------------

COURSES = st.builds(
    course_of,
    DAYS,
    at=TIMES.map("{:%H:%M}".format),
    zone=st.sampled_from(["America/New_York", "Asia/Kolkata"]),
    cycles=st.none() | CYCLE,
    intent=st.sampled_from(["continue", "transplant"]),
    cycle_lengths=st.dictionaries(CYCLE, DAY, max_size=4),
    audiences=st.lists(st.sampled_from(["breastfeeding", "can-become-pregnant:private"]), unique=True),
    reason=TEXT,
)


@draw(COURSES)
def test_a_course_goes_to_fields_and_comes_back_the_same(course: Course) -> None:
    fields = course_to_fields(course)
    assert course_from_fields(fields) == course
    assert course_from_fields(json.loads(json.dumps(fields))) == course


def test_a_courses_fields_are_plain() -> None:
    course = course_of(
        date(2026, 12, 7), cycle_lengths={1: 28}, audiences=["breastfeeding:private"], cycles=6, reason="agreed"
    )
    fields = course_to_fields(course)
    assert course_from_fields(fields) == course
    assert fields == {
        "id": str(course_id("inotuzumab-ozogamicin", "", date(2026, 12, 7))),
        "day1": "2026-12-07",
        "at": "09:00",
        "zone": "America/New_York",
        "cycles": 6,
        "intent": "continue",
        "cycle_lengths": {"1": 28},
        "audiences": ["breastfeeding:private"],
        "reason": "agreed",
    }


def test_the_lengths_of_a_course_cannot_be_changed_afterwards() -> None:
    lengths = {1: 28}
    course = course_of(date(2026, 12, 7), cycle_lengths=lengths)
    lengths[1] = 21
    assert course.cycle_lengths == {1: 28}
    with pytest.raises(TypeError):
        course.cycle_lengths[1] = 21  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "audience"),
    [("breastfeeding", Audience(name="breastfeeding")), ("x:private", Audience(name="x", private=True))],
)
def test_an_audience_is_written_as_it_is_read(text: str, audience: Audience) -> None:
    assert parse_audience(text) == audience
    assert audience_text(audience) == text


@pytest.mark.parametrize("text", ["breastfeeding:", "breastfeeding:secret", "breastfeeding:private:private"])
def test_an_audience_with_another_mark_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_audience(text)
    assert str(caught.value) == (
        f"audience: {text!r} ends in an unknown mark; write 'breastfeeding', or ':private' after it"
    )
