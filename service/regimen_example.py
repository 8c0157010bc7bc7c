"""The worked example of a regimen: a course file, and what must come of it, with a reason for every date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

from scheduler import CourseFile, Regimen, parse_course
from scheduler.toml_reader import load_toml

MARK = "\n[example]\n"  # what stands before it is a course file


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is expected: of what (a dose, an audience, a kind of check), which part, the value, and why."""

    of: str
    what: str
    value: date | datetime | str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A course from its first date on, and all that follows on the day `today`."""

    title: str
    today: date
    course: CourseFile
    doses: tuple[Row, ...]
    moments: tuple[Row, ...]
    windows: tuple[Row, ...]
    tasks: tuple[Row, ...]


def load_example(regimen: Regimen) -> Example | None:
    """The worked example that comes along for a regimen, or None for the clinic's own."""
    path = files("scheduler") / "regimens" / "examples" / f"{regimen.id}.toml"
    return parse_example(path.read_text(encoding="utf-8"), regimen) if path.is_file() else None


def parse_example(text: str, regimen: Regimen) -> Example:
    """The example of a file's text; FileRefused when its course cannot be read."""
    course, _, expected = text.partition(MARK)
    tables = load_toml(expected, "example")
    return Example(
        title=str(tables["title"]),
        today=_day(tables["today"]),
        course=parse_course(course, f"examples/{regimen.id}.toml", {regimen.id: regimen}),
        doses=tuple(Row(of=of, what=state, value=on, why=why) for of, on, state, why in _rows(tables["doses"])),
        moments=tuple(Row(of=of, what=what, value=at, why=why) for of, what, at, why in _rows(tables["moments"])),
        windows=tuple(Row(of=of, what=final, value=end, why=why) for of, end, final, why in _rows(tables["windows"])),
        tasks=tuple(Row(of=of, what=dose, value=on, why=why) for of, on, dose, why in _rows(tables["tasks"])),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _day(value: object) -> date:
    if not isinstance(value, date):
        raise TypeError(value)
    return value


def _rows(value: object) -> Iterator[tuple[str, ...]]:
    if not isinstance(value, list):
        raise TypeError(value)
    for row in value:
        yield tuple(row)
