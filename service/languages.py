"""The languages that there are, as staff are told of them. Patients never read that a translation was not checked."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scheduler.errors import InvalidValue

if TYPE_CHECKING:
    from calendars.wording import Wording

SOURCE = "en"  # which all others are translated from
NOT_CHECKED = "not yet checked by a clinician"


def wording_of(wordings: Mapping[str, "Wording"], language: str) -> "Wording":
    """The wording of that language; InvalidValue names those that there are."""
    if language not in wordings:
        known = ", ".join(sorted(wordings))
        raise InvalidValue(f"language {language!r}: there is no wording; there is: {known}", field="language")
    return wordings[language]


def label(wording: "Wording") -> str:
    """The language's name in English, with what staff must know of it: "Spanish (not yet checked by a clinician)"."""
    from babel import Locale

    name = Locale.parse(wording.language).get_display_name("en") or wording.language
    return name if wording.checked else f"{name} ({NOT_CHECKED})"


def labels(wordings: Mapping[str, "Wording"]) -> dict[str, str]:
    """By code, the label of each language, English first."""
    return {code: label(wordings[code]) for code in sorted(wordings, key=lambda code: (code != SOURCE, code))}


def cell(wordings: Mapping[str, "Wording"], code: str) -> str:
    """The code as a table shows it: "es, not yet checked"."""
    return code if code not in wordings or wordings[code].checked else f"{code}, not yet checked"
