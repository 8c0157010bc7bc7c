"""Pages in Markdown about the regimens: their facts in words, their first cycles, and their worked examples."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from scheduler import Course, action_to_fields
from scheduler.actions import Action
from scheduler.regimen import Regimen
from service.regimen_example import Example, Row, load_example
from service.regimen_grid import grid
from service.regimen_words import UNREAD, Section, cites, sections

MADE = "<!-- Made by `infusions regimens document`; change the regimen's file or its example instead. -->"

INTRODUCTION = f"""\
Each fact stands with its source in the regimen's file. A fact that nobody read in a document is marked "{UNREAD}".
Each page ends with a worked example, which the tests run."""


def pages(regimens: Iterable[Regimen]) -> Mapping[str, str]:
    """The text of each page under its file's name: one for each regimen, and README.md that lists them."""
    known = tuple(sorted(regimens, key=lambda regimen: regimen.id))
    return {"README.md": _index(known)} | {f"{regimen.id}.md": page(regimen) for regimen in known}


def page(regimen: Regimen) -> str:
    """The page of one regimen."""
    parts = [MADE, f"# {regimen.name}", f"`{regimen.id}`, version {regimen.version}"]
    parts += [_section(section) for section in sections(regimen)]
    parts += ["## The first cycles", _block(grid(regimen))]
    example = load_example(regimen)
    if example:
        parts += _example(example, regimen)
    return "\n\n".join(parts) + "\n"


# ---------------------------------------------------------------------------------------------------------------------


def _index(regimens: tuple[Regimen, ...]) -> str:
    rows = [
        (f"[{each.name}]({each.id}.md)", f"`{each.id}`", ", ".join(each.jurisdictions), each.checked_by, _unread(each))
        for each in regimens
    ]
    listed = _table(("regimen", "id", "labels", "checked by", "facts not verified"), rows)
    return f"{MADE}\n\n# The regimens that come along\n\n{INTRODUCTION}\n\n{listed}" + "\n"


def _unread(regimen: Regimen) -> str:
    found = list(cites(regimen))
    return f"{sum(not cite.verified for cite in found)} of {len(found)}"


def _section(section: Section) -> str:
    return "\n".join([f"## {section.title}", "", *(f"* {line.strip()}" for line in section.lines)])


def _example(example: Example, regimen: Regimen) -> list[str]:
    course = example.course.course
    parts = ["## Worked example", f"{example.title}.", _start(course, example.today)]
    if example.course.actions:
        parts += ["What was recorded:", "\n".join(f"* {_action(action)}" for action in example.course.actions)]
    name = dict(zip(regimen.agents, (agent.name for agent in regimen.agents.values()), strict=True))
    parts += [
        _table(("dose", "date", "state", "why"), [(_dose(r, name), _value(r), r.what, r.why) for r in example.doses])
    ]
    if example.moments:
        rows = [(_dose(r, name), r.what, _value(r), r.why) for r in example.moments]
        parts += ["Times of some visits:", _table(("dose", "what", "when", "why"), rows)]
    rows = [(r.of, _value(r), r.what, r.why) for r in example.windows]
    parts += ["After the last dose:", _table(("audience", "at least until", "state", "why"), rows)]
    if example.tasks:
        rows = [(r.of, _value(r), r.what, r.why) for r in example.tasks]
        parts += ["Checks:", _table(("check", "date", "belongs to", "why"), rows)]
    return parts


def _start(course: Course, today: date) -> str:
    more = [f"intent {course.intent}"] if course.intent != "continue" else []
    more += [f"{course.cycles} cycles"] if course.cycles else []
    more += [f"the label of {course.jurisdiction}"] if course.jurisdiction else []
    asked = f"; {', '.join(more)}" if more else ""
    return (
        f"Day 1 is {_weekday(course.day1)}, at {course.at:%H:%M} in {course.zone}{asked}. Today is {_weekday(today)}."
    )


def _action(action: Action) -> str:
    told = ", ".join(f"{name} {value}" for name, value in action_to_fields(action).items())
    return f"{action.kind}: {told}"


def _dose(row: Row, names: Mapping[str, str]) -> str:
    dose, _, agent = row.of.partition(" ")
    return f"{dose} {names[agent]}" if agent else dose


def _value(row: Row) -> str:
    if isinstance(row.value, datetime):
        return f"{_weekday(row.value)}, {row.value:%H:%M}"
    return _weekday(row.value) if isinstance(row.value, date) else row.value


def _weekday(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _table(headers: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headers, ("---",) * len(headers), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _block(text: str) -> str:
    return f"```text\n{text}\n```"
