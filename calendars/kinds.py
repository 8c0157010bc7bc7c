"""What a view is made for: how much it tells, who reads it, which clinic it comes from. And what text may hold."""

import re
from dataclasses import dataclass, fields
from enum import StrEnum

_LINE_END = re.compile("\r\n|[\r\u2028\u2029]")
_NO_TEXT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


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
    r"""The text with `\n` as its only line end and tabs as spaces, without control characters.

    Nor does it keep lone surrogates and marks of byte order. No calendar format can carry any of them, and parsers
    break lines at more characters than the standard knows.
    """
    if text.replace("\n", "").isprintable():  # most text is: nothing of what is taken out counts as printable
        return text
    return _NO_TEXT.sub("", _LINE_END.sub("\n", text).replace("\t", " "))
