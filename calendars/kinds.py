"""What a view is made for: how much it tells, who reads it, which clinic it comes from. And what text may hold."""

import unicodedata
from dataclasses import dataclass, fields
from enum import StrEnum


class Detail(StrEnum):
    """How much a calendar tells: neutral titles, no text at all, or everything."""

    DISCREET = "discreet"
    BUSY = "busy"
    FULL = "full"


class Reader(StrEnum):
    """Who reads it. A carer gets nothing reproductive; only staff get private dates and remarks on sources."""

    PATIENT = "patient"
    CARER = "carer"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicCard:
    """What patients are told of the clinic; an empty text is left out. `fever_threshold` with its unit: "38 °C"."""

    name: str = ""
    phone: str = ""
    after_hours_phone: str = ""
    emergency_number: str = ""
    fever_threshold: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, clean(getattr(self, field.name)).strip())


def clean(text: str) -> str:
    r"""The text with `\n` as its only line end, tabs as spaces, and without control characters and lone surrogates.

    No calendar format can carry those, and parsers break lines at more characters than the standard knows.
    """
    for line_end in ("\r\n", "\r", "\u2028", "\u2029"):
        text = text.replace(line_end, "\n")
    text = text.replace("\t", " ")
    if text.isprintable():
        return text
    return "".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))
