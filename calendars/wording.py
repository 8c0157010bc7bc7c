"""The words that people read: one catalogue of symbolic keys for each language, and dates as people say them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import StringIO
from types import MappingProxyType

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.messages.pofile import PoFileError, read_po

from scheduler.errors import InvalidValue

# CLDR's own forms where a language is not named. English alone names no country: day before month and 24 hours
# are read rightly on both sides of the ocean, "7/12" and a forgotten "PM" are not.
_DATE = {"en": "EEEE d MMMM y"}
_SHORT_DATE = {"en": "d MMMM y"}
_TIME = {"en": "HH:mm"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The texts of one language by key. A key or a value that is missing is refused loudly, never left blank."""

    language: str
    messages: Mapping[str, str]

    def __post_init__(self) -> None:
        _locale(self.language)
        object.__setattr__(self, "messages", MappingProxyType(dict(self.messages)))

    def has(self, key: str) -> bool:
        """Whether the catalogue has a text for `key`."""
        return key in self.messages

    def say(self, key: str, /, **values: object) -> str:
        """The text for `key` with `values` in their places; InvalidValue when the key or a value is missing."""
        if key not in self.messages:
            sentence = f"wording {self.language}: there is no text for {key!r}; add it to the catalogue"
            raise InvalidValue(sentence, field=key)
        try:
            return self.messages[key].format_map(values)
        except (KeyError, IndexError, ValueError, AttributeError, TypeError):
            sentence = f"wording {self.language}, {key!r}: its placeholders are not those of the English text"
            raise InvalidValue(sentence, field=key) from None

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`: the way that the language is written."""
        return _locale(self.language).text_direction


def parse_wording(language: str, po_text: str) -> Wording:
    """The catalogue in `po_text` (a gettext .po file); a text not yet translated, or marked fuzzy, is left out."""
    try:
        catalogue = read_po(StringIO(po_text), locale=_locale(language), abort_invalid=True)
    except PoFileError as fault:
        sentence = f"wording {language}, line {fault.lineno + 1}: {fault}; mend the .po file"
        raise InvalidValue(sentence, field=language) from None
    found = {str(message.id): str(message.string) for message in catalogue if message.id and message.string}
    fuzzy = {str(message.id) for message in catalogue if message.id and message.fuzzy}
    return Wording(language=language, messages={key: text for key, text in found.items() if key not in fuzzy})


@lru_cache(maxsize=4096)
def say_date(day: date, language: str) -> str:
    """The civil date with its weekday: "Monday 7 December 2026"."""
    return format_date(day, _DATE.get(language, "full"), locale=_locale(language))


@lru_cache(maxsize=4096)
def say_day(day: date, language: str) -> str:
    """The civil date without its weekday: "7 December 2026"."""
    return format_date(day, _SHORT_DATE.get(language, "long"), locale=_locale(language))


@lru_cache(maxsize=4096)
def say_brief(day: date, language: str) -> str:
    """Day and month where room is short: "7 Dec"."""
    order = _locale(language).date_formats["medium"].pattern
    month_first = language != "en" and "M" in order and order.index("M") < order.index("d")
    return format_date(day, "MMM d" if month_first else "d MMM", locale=_locale(language))


@lru_cache(maxsize=256)
def say_month(day: date, language: str) -> str:
    """The month and year in which `day` lies, as a heading: "December 2026"."""
    text = format_date(day, "LLLL y", locale=_locale(language))
    return text[:1].upper() + text[1:]


def say_time(instant: datetime, language: str) -> str:
    """The wall time of an instant in the zone that it carries: "08:30"."""
    return format_time(instant.timetz(), _TIME.get(language, "short"), tzinfo=None, locale=_locale(language))


def say_moment(moment: date | datetime, language: str) -> str:
    """A date, or a date with the wall time in the zone that it carries: "Monday 7 December 2026, 09:00"."""
    if not isinstance(moment, datetime):
        return say_date(moment, language)
    return f"{say_date(moment.date(), language)}, {say_time(moment, language)}"


def say_brief_moment(moment: date | datetime, language: str) -> str:
    """The same where room is short: "7 Dec, 09:00"."""
    if not isinstance(moment, datetime):
        return say_brief(moment, language)
    return f"{say_brief(moment.date(), language)}, {say_time(moment, language)}"


def say_list(items: Iterable[str], language: str) -> str:
    """The items as people enumerate them: "one, two and three"."""
    # CLDR's "en" has a comma before "and"; plain English of most countries has none.
    return format_list(tuple(items), locale=Locale("en", "GB") if language == "en" else _locale(language))


def weekdays(language: str) -> tuple[tuple[int, str, str], ...]:
    """The seven weekdays from the first of the language's week on: number (0 Monday), name, short name."""
    locale = _locale(language)
    # Without a country CLDR starts the English week on a Sunday; treatment weeks are counted from Monday (ISO 8601).
    first = 0 if language == "en" else locale.first_week_day
    order = [(first + step) % 7 for step in range(7)]
    names, short = locale.days["stand-alone"]["wide"], locale.days["stand-alone"]["abbreviated"]
    return tuple((number, names[number], short[number]) for number in order)


# -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-" if "-" in language else "_")
    except (UnknownLocaleError, ValueError, TypeError):
        sentence = f"language {language!r}: there is no such language; use a code such as en or es"
        raise InvalidValue(sentence, field="language") from None
