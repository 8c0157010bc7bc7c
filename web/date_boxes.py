"""A date as three boxes and quick buttons: what was typed in the boxes becomes one value, with or without a script.

`fields.html` shows a field of `Input.DATE` as `NAME.day`, `NAME.month` and `NAME.year`, and buttons named `set-date`.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from web.speaking import later

BOXES = ("day", "month", "year")
SET = "set-date"  # the name of the quick buttons; what they ask for stands in their value
STEP, EDIT = "step", "edit"  # a pressed button asks for the form again, as going back from a preview does
FOUR_DIGITS = 4
MISSING = later(
    {
        ("day",): "the day is missing",
        ("month",): "the month is missing",
        ("year",): "the year is missing",
        ("day", "month"): "the day and the month are missing",
        ("day", "year"): "the day and the year are missing",
        ("month", "year"): "the month and the year are missing",
    }
)

Values = Mapping[str, tuple[str, ...]]


class Boxes(NamedTuple):
    """What stands in the three boxes, as typed."""

    day: str
    month: str
    year: str

    @property
    def text(self) -> str:
        """The ISO date that they make; what can be no date stays one that nothing reads, empty boxes an empty text."""
        return f"{self.year.zfill(4)}-{self.month.zfill(2)}-{self.day.zfill(2)}" if any(self) else ""

    @property
    def date(self) -> date | None:
        """The date that they make; None when they make none."""
        whole = all(part.isascii() and part.isdigit() for part in self) and len(self.year) == FOUR_DIGITS
        try:
            return date(int(self.year), int(self.month), int(self.day)) if whole else None
        except (ValueError, OverflowError):
            return None

    @property
    def fault(self) -> str:
        """What is wrong with boxes of which at least one was filled, as the end of a sentence; else an empty text."""
        if self.date is not None or not any(self):
            return ""
        if not all(self):
            return MISSING[tuple(name for name, part in zip(BOXES, self, strict=True) if not part)]
        if len(self.year) != FOUR_DIGITS:
            return later("write the year with four digits")
        return later("there is no such date; look at day and month")


def boxes(values: Values, name: str) -> Boxes:
    """What the boxes of the field hold: what was typed into them, else the parts of the field's one value."""
    if any(box in values for box in _names(name)):
        return Boxes(*(_first(values, box) for box in _names(name)))
    found = ISO.fullmatch(_first(values, name))
    return Boxes(*(part.lstrip("0") for part in reversed(found.groups()))) if found else Boxes("", "", "")


def together(values: Values) -> dict[str, tuple[str, ...]]:
    """The posted values with each date as one value too, set anew where a quick button was pressed.

    The button asks for the form again: its step is then `edit`. A value under the field's own name, which a form kept,
    stands before the boxes.
    """
    found = dict(values)
    pressed = BUTTON.fullmatch(_first(values, SET))
    if SET in values:
        found[STEP] = (EDIT,)
    names = {name.rpartition(".")[0] for name in values if name.rpartition(".")[2] in BOXES}
    for name in names - {""}:
        if name in values:
            found = {key: each for key, each in found.items() if key not in _names(name)}
            continue
        if pressed and pressed[1] == name:
            found |= _set(boxes(values, name), name, *pressed.groups()[1:])
        found[name] = (boxes(found, name).text,)
    return found


# ---------------------------------------------------------------------------------------------------------------------

ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
BUTTON = re.compile(r"([a-z0-9_-]+)(?:\+([0-9]{1,3}))?=([0-9]{4}-[0-9]{2}-[0-9]{2})")  # on=2026-12-14, on+7=2026-12-14


def _set(typed: Boxes, name: str, days: str | None, today: str) -> dict[str, tuple[str, ...]]:
    """The boxes as the button sets them: to today, or so many days after the date that they hold, else after today."""
    try:
        base = date.fromisoformat(today)
        result = base if days is None else (typed.date or base) + timedelta(days=int(days))
    except (ValueError, OverflowError):
        return {}
    return {box: (str(part),) for box, part in zip(_names(name), (result.day, result.month, result.year), strict=True)}


def _names(name: str) -> tuple[str, ...]:
    return tuple(f"{name}.{box}" for box in BOXES)


def _first(values: Values, name: str) -> str:
    return next(iter(values.get(name, ())), "").strip()
