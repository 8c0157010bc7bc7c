"""What a printed calendar is made with: the paper, whose it is, the address behind its code, and the press."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from calendars.kinds import clean

if TYPE_CHECKING:
    from typst import Fonts


Data = dict[str, object]  # what the template shows, as plain values


class Paper(StrEnum):
    """The paper's size, always with the long side across."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def width(self) -> float:
        """The mm between the margins, as the template has them."""
        return 273.0 if self is Paper.A4 else 255.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What all sheets are printed with, loaded once: the fonts, what they can show, and the template."""

    fonts: "Fonts"
    covered: frozenset[int]
    template: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One print. `address`: the page that says whether it is out of date; without one it is a draft.

    `name` is the patient's, shown at `full` alone. `printed` is a date in the clinic's zone.
    """

    press: Press
    printed: date
    paper: Paper = Paper.A4
    large_print: bool = False
    name: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", " ".join(clean(self.name).split()))
