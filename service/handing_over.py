"""What a patient takes along: a link to their page, and a calendar address for each program that they use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from calendars.kinds import Detail, Reader
from scheduler.errors import InvalidValue
from service.audit import HOME_CLINIC
from service.feeds import new_feed
from service.page_links import MAX_NAME, check_look, new_link

if TYPE_CHECKING:
    from service.wiring import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be handed over. `page`: the name of the device that the page's link is for; empty for no link.

    `programs`: by a short key the name of each program that gets an address.
    """

    page: str
    programs: Mapping[str, str]
    detail: Detail
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The addresses, shown to no other request. `page`: empty without a link; `calendars`: by the program's key."""

    page: str
    calendars: Mapping[str, str]


def hand_over(
    app: "App", course_id: UUID, wanted: Wanted, *, by: str, request_id: str, clinic_id: int = HOME_CLINIC
) -> HandedOver:
    """Makes the addresses. The same request again gives the same; one that broke off makes what is missing.

    Raises NotFound for an unknown course, InvalidValue for what can't be, and RequestReused when the request came
    before with something else in it.
    """
    check_look(app, detail=wanted.detail, language=wanted.language)
    if len(wanted.page) > MAX_NAME or not wanted.page.isprintable():
        raise InvalidValue(f"name: at most {MAX_NAME} characters on one line", field="name")
    if not wanted.page and not wanted.programs:
        raise InvalidValue("programs: choose at least one thing to hand over", field="programs")
    page = ""
    if wanted.page:
        page = new_link(
            app,
            course_id,
            name=wanted.page,
            detail=wanted.detail,
            language=wanted.language,
            by=by,
            request_id=f"{request_id} page",
            clinic_id=clinic_id,
        ).address
    calendars = {
        key: new_feed(
            app,
            course_id,
            name=name,
            reader=Reader.PATIENT,
            detail=wanted.detail,
            language=wanted.language,
            alarms=(),
            expires=None,
            by=by,
            request_id=f"{request_id} {key}",
            clinic_id=clinic_id,
        ).address
        for key, name in wanted.programs.items()
    }
    return HandedOver(page=page, calendars=calendars)
