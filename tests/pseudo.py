"""A made-up language: English with accents, in brackets, 40 % longer. What shows without accents was never translated."""

import re
from collections.abc import Iterable
from datetime import timedelta
from html.parser import HTMLParser
from string import Formatter

from babel import Locale
from babel.dates import get_timezone_name

from calendars.wording import Wording, say_duration
from tests.calendar_plans import ENGLISH

# Dates, lists and names of zones are Babel's: Lithuanian has long ones that are no English words.
LANGUAGE = "lt"
LONGER = 0.4
_ACCENTS = str.maketrans("aceghijklnorstuwyzACEGHIJKLNORSTUWYZ", "áçéĝĥíĵķļñóŕşţúŵýžÁÇÉĜĤÍĴĶĻÑÓŔŞŢÚŴÝŽ")
PADDING = "íñşéŕţéď ŵóŕďş "


class Spoken(HTMLParser):
    """What a page says to eyes and to screen readers: its text without style, and the attributes that are read out."""

    SILENT = ("style", "script", "code")
    READ_OUT = ("aria-label", "abbr", "alt", "title", "placeholder")

    def __init__(self, page: str, *, language: str = "") -> None:
        """With a `language`: what is said in that one. Parts that name another one are left out."""
        super().__init__()
        self.texts: list[str] = []
        self._language = language
        self._silent = ""
        self._depth = 0  # of the same element within the silent one
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        other = self._language and (dict(attrs).get("lang") or self._language) != self._language
        if tag == self._silent:
            self._depth += 1
        elif not self._silent and (tag in self.SILENT or other):
            self._silent, self._depth = tag, 1
        if not self._silent:
            self.texts += [value for name, value in attrs if name in self.READ_OUT and value]

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._depth -= 1
            self._silent = self._silent if self._depth else ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)


def pseudo() -> Wording:
    """The wording of the made-up language, made from the English catalogue."""
    return Wording(
        language=LANGUAGE,
        messages={key: _pseudo(key, text) for key, text in ENGLISH.messages.items()},
        plurals={key: tuple(_pseudo(key, text) for text in forms) for key, forms in ENGLISH.plurals.items()},
        plural_rule=ENGLISH.plural_rule,
    )


def untranslated(texts: Iterable[str], *, names: Iterable[str], zone: str = "America/New_York") -> set[str]:
    """The words that came from no catalogue. `names`: texts that stand as they are in every language."""
    known = {word for name in (*names, *_words_of_dates(zone)) for word in _words(name)}
    return {word for text in texts for word in _words(text) if word.isascii() and word not in known}


def cut_off(text: str) -> bool:
    """Whether a text of the catalogue was cut: each begins and ends with a bracket."""
    return text.count("[") != text.count("]")


def staff_text(text: str) -> str:
    """A text of staff pages with accents on all but its placeholders and marks."""
    parts = re.split(r"(%\(\w+\)s|\{\w+\}|<[^>]+>|<code>.*?</code>)", text)
    return "".join(part if number % 2 else _accented(part) for number, part in enumerate(parts))


# ---------------------------------------------------------------------------------------------------------------------


def _pseudo(key: str, text: str) -> str:
    parts = [(_accented(plain), name) for plain, name, _, _ in Formatter().parse(text)]
    said = "".join(plain if name is None else f"{plain}{{{name}}}" for plain, name in parts)
    if key.startswith("state.") and ".letter" in key:
        return said  # it stands inside a shape, and is one letter in every language
    missing = round(LONGER * sum(len(plain) for plain, _ in parts))
    padding = (PADDING * (missing // len(PADDING) + 1))[:missing].strip()
    # A short text is often one word: then that word grows, since it cannot be broken either.
    return f"[{said}{'' if len(text) <= 12 else ' '}{padding.replace(' ', '') if len(text) <= 12 else padding}]"


def _accented(text: str) -> str:
    return text.translate(_ACCENTS).replace("[", "(").replace("]", ")")


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 1]


def _words_of_dates(zone: str) -> Iterable[str]:
    locale = Locale.parse(LANGUAGE)
    for names in (locale.days, locale.months):
        for form in names.values():
            for width in form.values():
                yield from width.values()
    yield get_timezone_name(zone, width="long", zone_variant="standard", locale=locale)
    yield get_timezone_name(zone, width="long", zone_variant="daylight", locale=locale)
    yield zone
    yield "ir"  # "and"
    yield from (
        say_duration(timedelta(hours=hours, minutes=minutes), LANGUAGE) for hours in range(25) for minutes in (1, 2, 30)
    )
