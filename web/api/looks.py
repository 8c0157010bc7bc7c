"""How a plan is given: as JSON, or as the file that a patient gets."""

from enum import StrEnum
from typing import Annotated

from fastapi import Query

from calendars import FORMATS
from service.rendering import Look
from web.api.asking import JSON, Responses


class Kind(StrEnum):
    """How a plan is given."""

    JSON = "json"
    ICS = "ics"
    SVG = "svg"
    HTML = "html"
    TEXT = "text"
    PDF = "pdf"


class For(StrEnum):
    """For whom a calendar is made: a carer is shown nothing about reproduction."""

    PATIENT = "patient"
    CARER = "carer"
    STAFF = "staff"


class Level(StrEnum):
    """How much a calendar tells."""

    DISCREET = "discreet"
    BUSY = "busy"
    FULL = "full"


Reader = Annotated[For, Query(alias="for", description="For whom. Not of JSON.")]
Detail = Annotated[Level, Query(description="How much it tells. Not of JSON.")]
Language = Annotated[str, Query(description="Of its words. Not of JSON.")]


def media_type(kind: Kind) -> str:
    """The media type of what is given."""
    return JSON if kind is Kind.JSON else FORMATS[kind.value].media_type


def look_of(reader: For, detail: Level, language: str) -> Look:
    """How the file is asked for."""
    return Look(reader=reader.value, detail=detail.value, language=language)


def with_files(responses: Responses, *kinds: Kind) -> Responses:
    """The same for a route that also gives these files."""
    content = {media_type(kind).partition(";")[0]: {"schema": {"type": "string"}} for kind in kinds}
    return {status: each | ({"content": content} if status == 200 else {}) for status, each in responses.items()}
