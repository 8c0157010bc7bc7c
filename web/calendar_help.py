"""A calendar's address as people take it into their programs: as it is, as a link, as a code to scan."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import segno

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


@dataclass(frozen=True, slots=True)
class Code:
    """An address as a picture to scan, drawn where a page shows it and not before: that takes longer than the page.

    Made here, not fetched: a picture's address would hold the secret once more.
    """

    address: str

    def __html__(self) -> str:
        return segno.make_qr(self.address, error="m").svg_inline(scale=4, border=4, light="#fff")


def address_values(address: str) -> dict[str, Any]:
    """What a page may show of an address: `webcal` and `google` as links, `code` and `webcal_code` to scan."""
    webcal = "webcal://" + address.partition("://")[2]
    return {
        "address": address,
        "webcal": webcal,
        "google": "https://calendar.google.com/calendar/r?" + urlencode({"cid": webcal}),
        "code": Code(address),
        "webcal_code": Code(webcal),
        "programs": PROGRAMS,
        "places": PLACES,
    }
