"""A calendar's address as people take it into their programs: as it is, as a link, as a code to scan."""

from typing import Any
from urllib.parse import urlencode

import segno
from markupsafe import Markup

# Each program with the words that explain it (`how.…`). Names and places are the same in every language.
PROGRAMS = {
    "apple": "iPhone, iPad",
    "android": "Android",
    "google": "Google Calendar",
    "outlook": "Outlook",
    "thunderbird": "Thunderbird",
}
PLACES: dict[str, dict[str, str]] = {
    "apple": {},
    "android": {"app": "ICSx5"},
    "google": {"place": "calendar.google.com"},
    "outlook": {"start": "https"},
    "thunderbird": {},
}


def address_values(address: str) -> dict[str, Any]:
    """What a page shows of an address: `webcal` and `google` as links, `code` and `webcal_code` to scan."""
    webcal = "webcal://" + address.partition("://")[2]
    return {
        "address": address,
        "webcal": webcal,
        "google": "https://calendar.google.com/calendar/r?" + urlencode({"cid": webcal}),
        "code": code(address),
        "webcal_code": code(webcal),
        "programs": PROGRAMS,
        "places": PLACES,
    }


def code(address: str) -> Markup:
    """The address as a picture to scan. Made here, not fetched: a picture's address would hold the secret once more."""
    drawn = segno.make_qr(address, error="m").svg_inline(scale=4, border=4, light="#fff")
    return Markup(drawn)  # noqa: S704 - drawn by ourselves
