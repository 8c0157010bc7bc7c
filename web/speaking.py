"""The language of staff pages: the reader's own, else what their browser asks for.

The English text itself is the key of a catalogue (`web/wording/pages.*.po`); what has no translation stays English.
Texts of Python files are said by `say` and `count` while a page is made; a text that stands in a constant is marked by
`later`, or is a `label`, `hint`, `missing`, `title`, `lead` or `sentence`, and is said by the template that shows it.
"""

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

from babel import Locale, negotiate_locale

from calendars.wording import Wording, parse_wording
from service.languages import NOT_CHECKED, SOURCE
from web import sentences

Text = TypeVar("Text")
PREFIX, SUFFIX = "pages.", ".po"


@dataclass(frozen=True, slots=True)
class StaffWording:
    """What staff read in one language. `catalogue` holds its texts by the English ones."""

    catalogue: Wording

    @property
    def language(self) -> str:
        """Its code: en, es."""
        return self.catalogue.language

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`: the way that the language is written."""
        return self.catalogue.direction

    def find(self, text: str) -> str:
        """The text in this language as the catalogue has it, with its placeholders; without one the text itself."""
        return self.catalogue.messages.get(text, text)

    def say(self, text: str, /, **values: object) -> str:
        """The text in this language, with `values` in its {places}."""
        found = self.find(text)
        return found.format_map(values) if values else found

    def count(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The text in the form that goes with `number`, which is its {count}."""
        return self.form(one, many, number).format_map(values | {"count": number})

    def form(self, one: str, many: str, number: int, /) -> str:
        """The same with its placeholders."""
        forms = self.catalogue.plurals.get(one)
        return (one if number == 1 else many) if forms is None else forms[self.catalogue.form_for(number)]


ENGLISH = StaffWording(Wording(language=SOURCE, messages={}))


@cache
def wordings() -> dict[str, StaffWording]:
    """By code, the languages that staff pages have: English, and one for each catalogue."""
    found = {SOURCE: ENGLISH}
    for file in sorted(files("web").joinpath("wording").iterdir(), key=lambda file: file.name):
        if file.name.startswith(PREFIX) and file.name.endswith(SUFFIX):
            language = file.name.removeprefix(PREFIX).removesuffix(SUFFIX)
            found[language] = StaffWording(parse_wording(language, file.read_text(encoding="utf-8")))
    return found


class _Voice:
    """The language of one request. An object, since what asks who is signed in runs in another thread than the page:
    that has a copy of the context, and would change only its own."""

    def __init__(self, accepted: str) -> None:
        self._accepted = accepted
        self._wording: StaffWording | None = None
        self.said: set[str] = set()

    @property
    def wording(self) -> StaffWording:
        if self._wording is None:  # a calendar's address is answered without
            self._wording = wordings()[preferred(self._accepted, wordings())]
        return self._wording

    @wording.setter
    def wording(self, wording: StaffWording) -> None:
        self._wording = wording


_voice: ContextVar[_Voice] = ContextVar("voice")


def hear(accepted: str) -> None:
    """Begins a request: its pages are in the language that this Accept-Language header asks for first."""
    _voice.set(_Voice(accepted))


def speak(language: str) -> None:
    """From here on the request's pages are in that language: its reader's own."""
    if _voice.get(None) is None:
        hear("")
    _voice.get().wording = wordings().get(language, ENGLISH)


def spoken() -> StaffWording:
    """The wording of the page that is being made; English outside of any request."""
    voice = _voice.get(None)
    return voice.wording if voice is not None else ENGLISH


def say(text: str, /, **values: object) -> str:
    """The text in the language of the page that is being made, with `values` in its {places}."""
    return _noted(spoken().say(text, **values))


def count(one: str, many: str, number: int, /, **values: object) -> str:
    """The text in the form that goes with `number`, which is its {count}, in the language of the page."""
    return _noted(spoken().count(one, many, number, **values))


def told(sentence: str) -> str:
    """A sentence that a form, the core or a service made, in the language of the page; one that nobody translated as
    it is."""
    return told_or_none(sentence) or sentence


def told_or_none(sentence: str) -> str | None:
    """The same; None where it would stand in English on a page of another language."""
    voice, wording = _voice.get(None), spoken()
    if wording is ENGLISH or (voice is not None and sentence in voice.said):
        return sentence
    found = wording.find(sentence)
    return found if found != sentence else sentences.told_or_none(sentence, wording.language)


def later(text: Text) -> Text:
    """Marks a constant whose texts are said by what shows them, when it is known in which language."""
    return text


def language_labels(codes: Mapping[str, bool]) -> dict[str, str]:
    """By code, the language's name in that of the page, English first; `codes` has whether a clinician has read it."""
    order = sorted(codes, key=lambda code: (code != SOURCE, code))
    return {code: language_label(code, checked=codes[code]) for code in order}


def language_label(code: str, *, checked: bool) -> str:
    """The language's name in that of the page, and a remark unless a clinician has read its texts."""
    name = Locale.parse(code).get_display_name(spoken().language) or code
    name = name[:1].upper() + name[1:]
    return name if checked else f"{name} ({say(NOT_CHECKED)})"


def own_languages() -> dict[str, bool]:
    """By code, the languages of staff pages, and whether a clinician has read them."""
    return {code: wording.catalogue.checked and sentences.checked(code) for code, wording in wordings().items()}


def preferred(accepted: str, known: Collection[str]) -> str:
    """Of the `known` languages the one that an Accept-Language header asks for first; else English."""
    return negotiate_locale(_by_weight(accepted), sorted(known), sep="-") or SOURCE


# ---------------------------------------------------------------------------------------------------------------------


def _noted(text: str) -> str:
    """Remembers what was said for this request, so that it is not taken for an English sentence later on."""
    voice = _voice.get(None)
    if voice is not None:
        voice.said.add(text)
    return text


def _by_weight(header: str) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first."""
    ranges = (part.partition(";q=") for part in header.replace(" ", "").split(",") if part)
    weighed = [(name, _weight(weight)) for name, _, weight in ranges]
    return [name for name, weight in sorted(weighed, key=lambda each: -each[1]) if weight > 0]


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
