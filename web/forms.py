"""Posted forms: the body read with a limit, the typed values kept, and fields that know how to read themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated
from urllib.parse import parse_qs
from uuid import uuid4

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from scheduler.errors import InvalidValue
from service.csv_text import MAX_BYTES
from web import date_boxes
from web.date_boxes import Boxes
from web.multipart import multipart
from web.speaking import later, say

MAX_BODY = 64 * 1024  # a form here is a few hundred bytes; ten thousand letters of reason still pass
MAX_FIELDS = 1000  # a patient who is moved in after a hundred visits
UPLOADS = {"/courses/import": MAX_BYTES + MAX_BODY}  # where a file may be sent, and how large all of it may be


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed: every value of every field, as text; and files that were chosen, by field."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The first value of the field without the blanks around it; an empty text if there is none."""
        return self.raw(name).strip()

    def raw(self, name: str) -> str:
        """The first value of the field as typed (a password may end in a blank)."""
        return next(iter(self.values.get(name, ())), "")

    def all(self, name: str) -> tuple[str, ...]:
        """All values of the field: several boxes of one group may be ticked."""
        return tuple(value.strip() for value in self.values.get(name, ()))

    def renewed(self) -> "Form":
        """The same form with a request id of its own, as one that was not sent yet."""
        return Form({**self.values, "request_id": (uuid4().hex,)})

    def boxes(self, name: str) -> Boxes:
        """Day, month and year of a date field, as typed or as its value has them."""
        return date_boxes.boxes(self.values, name)


class Input(StrEnum):
    """How a field is asked for."""

    TEXT = "text"
    EMAIL = "email"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    LONG = "long"
    SELECT = "select"
    RADIO = "radio"
    TICK = "tick"
    TICKS = "ticks"
    PASSWORD = "password"  # noqa: S105 - a kind of field


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice: the value that is sent, and the words that are shown. Options of one `group` stand together."""

    value: str
    label: str
    hint: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form. `missing` is the sentence when nothing was typed; empty: the field may stay empty."""

    name: str
    label: str
    input: Input = Input.TEXT
    hint: str = ""
    missing: str = ""
    options: tuple[Option, ...] = ()
    autocomplete: str = "off"
    length: int = 1000

    @property
    def required(self) -> bool:
        """Whether the field must be filled in."""
        return bool(self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Fields that stand together. `more` are seldom needed and stand folded away; `kind` names what is special."""

    title: str
    fields: tuple[Field, ...]
    lead: str = ""
    more: tuple[Field, ...] = ()
    kind: str = ""


Faults = dict[str, str]


def form_from(values: Mapping[str, object]) -> Form:
    """A form as if these values had been typed; None and absent values stay empty, lists become several values."""
    return Form({name: _typed(value) for name, value in values.items() if value is not None})


def all_fields(asked: Iterable[Section]) -> tuple[Field, ...]:
    """The fields of these sections."""
    return tuple(field for section in asked for field in (*section.fields, *section.more))


def missing_faults(fields: Iterable[Field], form: Form) -> Faults:
    """The sentence of each required field in which nothing was typed, and of each with a value it doesn't offer."""
    faults: Faults = {}
    for asked in fields:
        typed = [value for value in form.all(asked.name) if value]
        if not typed and asked.missing:
            faults[asked.name] = asked.missing
        elif asked.options and not {option.value for option in asked.options}.issuperset(typed):
            faults[asked.name] = say("{label}: choose one of the values that the form offers.", label=say(asked.label))
        elif asked.input is Input.DATE and form.boxes(asked.name).fault:
            faults[asked.name] = say(
                "{label}: {fault}.", label=say(asked.label), fault=say(form.boxes(asked.name).fault)
            )
        elif any(len(value) > asked.length for value in typed):
            faults[asked.name] = say(
                "{label}: write at most {count} characters.", label=say(asked.label), count=asked.length
            )
    return faults


def whole_number(text: str) -> int | None:
    """The whole number in `text`, or None when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def beside(field: str, fault: Exception, kind: str = "") -> str:
    """The fault's sentence beside its field: files need kind and field named first, a form would only repeat them."""
    sentence = str(fault)
    for place in (kind, field):
        sentence = sentence.removeprefix(f"{place}: ")
    return sentence


def refusal(refused: InvalidValue, fields: Iterable[Field]) -> Faults:
    """The refusal beside the field at fault; above the form when it has no such field."""
    known = refused.field in {field.name for field in fields}
    return {refused.field if known and refused.field else "": beside(refused.field or "", refused)}


async def posted(request: Request) -> Form:
    """The posted form. HTTPException 413 when it is too large, 415 when it is no form, 400 when it can't be read."""
    kind = request.headers.get("content-type", "")
    limit = UPLOADS.get(request.scope["path"], MAX_BODY)
    plain = kind.lower().startswith("application/x-www-form-urlencoded")
    if not plain and not (limit > MAX_BODY and kind.lower().startswith("multipart/form-data")):
        raise HTTPException(415, later("Only the forms of these pages are taken here."))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > (MAX_BODY if plain else limit):
            raise HTTPException(413, later("What was sent is too large: shorten the longest text, or divide the file."))
    try:
        if not plain:
            values, files = multipart(kind, bytes(body))
            return Form(values, files)
        found = parse_qs(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # also what a wrong encoding raises
        raise HTTPException(
            400, later("What was sent can't be read: go back, reload the page and try again.")
        ) from None
    return Form(date_boxes.together({name: tuple(given) for name, given in found.items()}))


Posted = Annotated[Form, Depends(posted)]

# ---------------------------------------------------------------------------------------------------------------------


def _typed(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)
    if isinstance(value, bool):
        return ("yes",) if value else ()
    return (str(value),)
