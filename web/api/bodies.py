"""What may be sent to the HTTP interface. Values are read strictly: no text for a number, no unknown key."""

from datetime import date, time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from scheduler.action_fields import MAX_NUMBER, MAX_TEXT, parse_audience
from scheduler.actions import Action
from scheduler.course import MAX_CYCLES, Audience
from scheduler.dates import parse_date, parse_time, zone_of
from scheduler.errors import InvalidValue, Rejected
from scheduler.regimen_cycles import EARLIEST_DAY, MAX_LENGTH
from scheduler.toml_reader import has_controls, shown
from service.feeds import MAX_ALARMS, MAX_LEAD, MINUTE
from service.starting import MAX_ACTIONS
from web.api.actions import TIME, Body, OneAction


def _called(info: ValidationInfo) -> str:
    return info.field_name or "value"


def _day(value: object, info: ValidationInfo) -> date:
    if not isinstance(value, str):
        raise InvalidValue(
            f"{_called(info)}: {shown(value)} is not a date; write it as 2026-12-07", field=_called(info)
        )
    return parse_date(value, field=_called(info))


def _clock(value: object, info: ValidationInfo) -> time:
    if not isinstance(value, str):
        message = f"{_called(info)}: {shown(value)} is not a time of day; write it as 09:00"
        raise InvalidValue(message, field=_called(info))
    return parse_time(value, field=_called(info))


def _id(value: object, info: ValidationInfo) -> UUID:
    try:
        return UUID(value) if isinstance(value, str) else UUID("")
    except ValueError:
        message = f"{_called(info)}: {shown(value)} is no id; send the one that the interface gave"
        raise InvalidValue(message, field=_called(info)) from None


def _zone(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str):
        message = f"{_called(info)}: {shown(value)} is no time zone; use an IANA name such as America/New_York"
        raise InvalidValue(message, field=_called(info))
    zone_of(value)
    return value


def _plain(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and has_controls(value, allowed="\n\r\t"):
        raise InvalidValue(f"{_called(info)}: holds a control character; type it anew", field=_called(info))
    return value


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Clock = Annotated[time, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": TIME})]
Id = Annotated[UUID, BeforeValidator(_id), WithJsonSchema({"type": "string", "format": "uuid"})]
Zone = Annotated[str, BeforeValidator(_zone), WithJsonSchema({"type": "string", "example": "America/New_York"})]
CycleNumber = Annotated[str, Field(pattern="^[1-9][0-9]?$")]
Minutes = Annotated[int, Field(ge=0, le=MAX_LEAD // MINUTE)]
Length = Annotated[int, Field(ge=1, le=MAX_LENGTH)]
Text = Annotated[str, Field(max_length=MAX_TEXT), BeforeValidator(_plain)]


class Start(Body):
    """How a course starts. What is left out is the clinic's: its usual hour, its zone, the label of its country."""

    regimen: Text
    day1: Day
    at: Clock | None = None
    zone: Zone | None = None
    cycles: int | None = Field(default=None, ge=1, le=MAX_CYCLES)
    intent: Text = "continue"
    cycle_lengths: dict[CycleNumber, Length] = Field(default={})
    audiences: list[Text] = Field(default=[], max_length=20)
    reason: Text = ""
    jurisdiction: Text = ""
    actions: list[OneAction] = Field(default=[], max_length=MAX_ACTIONS)

    def options(self) -> dict[str, Any]:
        """What `course_of` asks for, beside the regimen and the id."""
        return {
            "day1": self.day1,
            "at": self.at,
            "zone": self.zone,
            "cycles": self.cycles,
            "intent": self.intent,
            "lengths": {int(cycle): days for cycle, days in self.cycle_lengths.items()},
            "audiences": tuple(self._audience(text) for text in self.audiences),
            "reason": self.reason,
            "jurisdiction": self.jurisdiction,
        }

    def done(self) -> tuple[Action, ...]:
        """What has happened so far; Rejected names the action by its number."""
        found = []
        for number, each in enumerate(self.actions, start=1):
            try:
                found.append(each.action())
            except Rejected as fault:
                place = f"actions.{number - 1}"
                raise Rejected(fault.code, f"{place}: {fault}", field=f"{place}.{fault.field}") from None
        return tuple(found)

    @staticmethod
    def _audience(text: str) -> Audience:
        try:
            return parse_audience(text)
        except InvalidValue as fault:
            raise InvalidValue(str(fault), field="audiences") from None


class ToPlan(Start):
    """What to plan: the fields of a course file. `today` stands for today, for remarks and for refusing the future."""

    id: Id | None = None
    patient: Text = ""
    today: Day | None = None


class GuardianFacts(Body):
    """Who stands for a minor. `consent`: they agreed to mails at `email`."""

    name: Text
    relation: Text
    email: Text = ""
    phone: Text = ""
    consent: bool = False


class ToStart(Start):
    """A course to start. `consent`: the patient agreed to mails at `email`; said whenever there is an address.

    `follows`: the patient's earlier course. `actions`: what has happened so far, of a patient who is treated already.
    """

    patient: Text
    email: Text | None = None
    consent: bool | None = None
    language: Text = "en"
    patient_zone: Zone | None = None
    follows: Id | None = None
    spoken_language: Text = ""
    interpreter: bool = False
    guardian: GuardianFacts | None = None


class FactsToKeep(Body):
    """What is known of the patient, all of it: what is left out is known no more. `mark`: of what it was made from."""

    language: Text
    spoken_language: Text = ""
    interpreter: bool
    guardian: GuardianFacts | None = None
    mark: Text | None = None


class RegimenToCheck(Body):
    """The text of a regimen file, in TOML, and what to call it."""

    text: str = Field(max_length=200_000)
    source: Text = "regimen"


class ToTell(Body):
    """What that revision changed is known to the patient; or (`neutral_notice`) a mail goes that only asks to call."""

    revision: int = Field(ge=1, le=MAX_NUMBER)
    neutral_notice: bool = False


class OpenDates(Body):
    """Which doses on closed days move to the open date proposed: those of one visit, or without one all."""

    cycle: int | None = Field(default=None, ge=1, le=MAX_CYCLES)
    day: int | None = Field(default=None, ge=EARLIEST_DAY, le=MAX_LENGTH)

    def only(self) -> tuple[int, int] | None:
        """The visit, or None for all."""
        if self.cycle is None and self.day is None:
            return None
        if self.cycle is None or self.day is None:
            name = "cycle" if self.cycle is None else "day"
            raise Rejected("missing-field", f"{name}: name one visit by cycle and day, or neither for all", field=name)
        return self.cycle, self.day


class AcceptOpenDates(OpenDates):
    seen_revision: int | None = Field(default=None, ge=0, le=MAX_NUMBER)
    patient_told: bool = False


class FeedToMake(Body):
    """A calendar's address for one device or person. `alarm_minutes`: so long before each visit."""

    name: Text
    for_: Literal["patient", "carer"] = Field(default="patient", alias="for")
    detail: Literal["discreet", "busy", "full"] = "discreet"
    language: Text = "en"
    alarm_minutes: list[Minutes] = Field(default=[], max_length=MAX_ALARMS)
    expires: Day | None = None


class PageToMake(Body):
    """A link to the patient's page for one device. `language`: without it the patient's."""

    name: Text
    detail: Literal["discreet", "full"] = "discreet"
    language: Text | None = None


class ToPrint(Body):
    """A sheet to print."""

    for_: Literal["patient", "carer", "staff"] = Field(default="patient", alias="for")
    detail: Literal["discreet", "busy", "full"] = "full"
    language: Text = "en"
    paper: Literal["a4", "letter"] = "a4"
    large_print: bool = False
    revision: int | None = Field(default=None, ge=0, le=MAX_NUMBER)


class ToSend(Body):
    """`at_night`: also in the patient's quiet hours."""

    at_night: bool = False


class CarerToAdd(Body):
    """A carer who gets mails from now on. `consent`: the patient agreed to it; said, never assumed."""

    name: Text
    email: Text
    consent: bool
    language: Text = "en"
    zone: Zone | None = None
    detail: Literal["discreet", "full"] = "discreet"


class Address(Body):
    address: Text


class LineDone(Body):
    course: Id
    line: Text
