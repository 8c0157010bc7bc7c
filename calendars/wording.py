"""The words that people read: one catalogue of symbolic keys for each language, and dates as people say them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from gettext import c2py
from io import StringIO
from types import MappingProxyType
from unicodedata import bidirectional

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, get_timezone_name
from babel.lists import format_list
from babel.messages.pofile import PoFileError, read_po
from babel.units import format_unit

from scheduler.dates import zone_of
from scheduler.errors import InvalidValue

# CLDR's own forms where a language is not named. English alone names no country: day before month is read rightly on
# both sides of the ocean, "7/12" is not. Spanish and Arabic stand within sentences, where their comma would be wrong.
_DATE = {"en": "EEEE d MMMM y", "es": "EEEE d 'de' MMMM 'de' y", "ar": "EEEE d MMMM y"}
_NEAR_DATE = {"en": "EEEE d MMMM", "es": "EEEE d 'de' MMMM", "ar": "EEEE d MMMM"}
_SHORT_DATE = {"en": "d MMMM y"}
# CLDR's "ar" writes 7/12 for "7 ديسمبر" in its short forms.
_BRIEF_DATE = {"en": "d MMM", "es": "d MMM", "ar": "d MMMM"}
_PLURAL = "n != 1"
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # FIRST STRONG ISOLATE, POP DIRECTIONAL ISOLATE
_PENDING = re.compile(r'^"X-Clinician-Check: pending\\n"$', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The texts of one language by key. A key or a value that is missing is refused loudly, never left blank.

    `plurals`: texts that depend on a number, in the forms that `plural_rule` (as in a .po file) chooses among.
    `checked`: False while no clinician has read the translation; staff are told so, patients never.
    """

    language: str
    messages: Mapping[str, str]
    plurals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plural_rule: str = _PLURAL
    checked: bool = True

    def __post_init__(self) -> None:
        _locale(self.language)
        object.__setattr__(self, "messages", MappingProxyType(dict(self.messages)))
        object.__setattr__(self, "plurals", MappingProxyType(dict(self.plurals)))
        _plural(self.plural_rule)

    def has(self, key: str) -> bool:
        """Whether the catalogue has a text for `key`."""
        return key in self.messages

    def say(self, key: str, /, **values: object) -> str:
        """The text for `key` with `values` in their places; InvalidValue when the key or a value is missing."""
        if key not in self.messages:
            raise InvalidValue(self._no_text(key), field=key)
        return self._filled(key, self.messages[key], values)

    def count(self, key: str, number: int, /, **values: object) -> str:
        """The text for `key` in the form that goes with `number`, which is its {count}; InvalidValue as in `say`."""
        if key not in self.plurals:
            raise InvalidValue(self._no_text(key), field=key)
        form = self.plurals[key][self.form_for(number)]
        return self._filled(key, form, values | {"count": number})

    def form_for(self, number: int) -> int:
        """Which of a text's plural forms goes with `number`."""
        return _plural(self.plural_rule)(number)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`: the way that the language is written."""
        return _direction(self.language)

    def isolated(self, text: str) -> str:
        """The text as it stands within a sentence of this language: in one that is written from the right, a time, a
        telephone number or a Latin name keeps its own order and leaves that of the sentence alone."""
        return _isolated(text) if self.direction == "rtl" and text and not text.isdigit() else text

    # ---------------------------------------------------------------------------------------------------------

    def _filled(self, key: str, text: str, values: Mapping[str, object]) -> str:
        if values and self.direction == "rtl":
            values = {name: self.isolated(str(value)) for name, value in values.items()}
        try:
            return text.format_map(values)
        except (KeyError, IndexError, ValueError, AttributeError, TypeError):
            sentence = f"wording {self.language}, {key!r}: its placeholders are not those of the English text"
            raise InvalidValue(sentence, field=key) from None

    def _no_text(self, key: str) -> str:
        return f"wording {self.language}: there is no text for {key!r}; add it to the catalogue"


def parse_wording(language: str, po_text: str) -> Wording:
    """The catalogue in `po_text` (a gettext .po file); a text not yet translated, or marked fuzzy, is left out."""
    try:
        catalogue = read_po(StringIO(po_text), locale=_locale(language), abort_invalid=True)
    except PoFileError as fault:
        sentence = f"wording {language}, line {fault.lineno + 1}: {fault}; mend the .po file"
        raise InvalidValue(sentence, field=language) from None
    found = {_key(message.id): _forms(message.string) for message in catalogue if message.id and not message.fuzzy}
    counted = {_key(message.id) for message in catalogue if message.pluralizable}
    whole = {key: forms for key, forms in found.items() if all(forms)}
    return Wording(
        language=language,
        messages={key: forms[0] for key, forms in whole.items() if key not in counted},
        plurals={key: forms for key, forms in whole.items() if key in counted},
        plural_rule=catalogue.plural_expr,
        checked=_PENDING.search(po_text) is None,
    )


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
    if language in _BRIEF_DATE:
        return format_date(day, _BRIEF_DATE[language], locale=_locale(language))
    return format_skeleton("MMMd", day, locale=_locale(language))


@lru_cache(maxsize=1024)
def say_near(day: date, language: str) -> str:
    """A date in the next weeks, which needs no year: "Monday 7 December". With it in a language not named above."""
    pattern = _NEAR_DATE.get(language)
    return format_date(day, pattern, locale=_locale(language)) if pattern else say_date(day, language)


@lru_cache(maxsize=256)
def say_month(day: date, language: str) -> str:
    """The month and year in which `day` lies, as a heading: "December 2026"."""
    return opening(format_skeleton("yMMMM", day, locale=_locale(language)))


def opening(text: str) -> str:
    """The text as the opening of a line: with a capital letter, where the script has them."""
    return text[:1].upper() + text[1:]


def say_time(instant: datetime, language: str) -> str:
    """The wall time of an instant in the zone that it carries: "08:30".

    The same in all languages: a patient, a carer and the clinic may each read another one and speak of one time, and
    "AM" is easily forgotten.
    """
    return _say_clock(instant.hour, instant.minute, language)


def say_moment(moment: date | datetime, language: str) -> str:
    """A date, or a date with the wall time in the zone that it carries: "Monday 7 December 2026, 09:00"."""
    if not isinstance(moment, datetime):
        return say_date(moment, language)
    return together(say_date(moment.date(), language), say_time(moment, language), language)


def say_brief_moment(moment: date | datetime, language: str) -> str:
    """The same where room is short: "7 Dec, 09:00"."""
    if not isinstance(moment, datetime):
        return say_brief(moment, language)
    return together(say_brief(moment.date(), language), say_time(moment, language), language)


def together(day: str, times: str, language: str) -> str:
    """A date and what is said of its times, in one: "7 Dec, 09:00". The date alone when there is nothing to say."""
    # In CLDR's pattern {1} is the date; its comma is the language's own.
    return str(_locale(language).datetime_formats["medium"]).format(times, day) if times else day


@lru_cache(maxsize=256)
def say_zone(zone: str, language: str) -> str:
    """A time zone as people call it all year round: "Eastern Time". A zone of no place keeps its name: "UTC".

    Not "Eastern Standard Time": it would have to change with the season, and CLDR calls Dublin's winter its summer.
    """
    if "/" not in zone or zone.startswith("Etc/"):
        return zone
    return get_timezone_name(zone_of(zone), width="long", locale=_locale(language))


def say_list(items: Iterable[str], language: str) -> str:
    """The items as people enumerate them: "one, two and three"."""
    if _direction(language) == "rtl":
        # A Latin name at the head of the list would turn the whole of it round.
        items = [_isolated(item) if _has_latin(item) else item for item in items]
    # CLDR's "en" has a comma before "and"; plain English of most countries has none.
    return format_list(tuple(items), locale=Locale("en", "GB") if language == "en" else _locale(language))


def say_weekday(day: date, language: str, *, short: bool = False) -> str:
    """The name of the weekday: "Monday", or "Mon"."""
    names = _locale(language).days["stand-alone"]["abbreviated" if short else "wide"]
    return str(names[day.weekday()])


def say_duration(length: timedelta, language: str) -> str:
    """A length of time in hours and minutes: "2 hours 30 minutes"."""
    minutes = round(length.total_seconds() / 60)
    parts = ((minutes // 60, "hour"), (minutes % 60, "minute"))
    locale = _locale(language)
    return " ".join(format_unit(count, unit, "long", locale=locale) for count, unit in parts if count)


def weekdays(language: str) -> tuple[tuple[int, str, str], ...]:
    """The seven weekdays from the first of the language's week on: number (0 Monday), name, short name."""
    locale = _locale(language)
    # Without a country CLDR starts the English week on a Sunday; treatment weeks are counted from Monday (ISO 8601).
    first = 0 if language == "en" else locale.first_week_day
    order = [(first + step) % 7 for step in range(7)]
    names, short = locale.days["stand-alone"]["wide"], locale.days["stand-alone"]["abbreviated"]
    return tuple((number, names[number], short[number]) for number in order)


def narrow_weekday(number: int, language: str) -> str:
    """The weekday (0 Monday) in a letter or so, for the head of a narrow table whose cells have their names."""
    return str(_locale(language).days["stand-alone"]["narrow"][number])


# -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _say_clock(hour: int, minute: int, language: str) -> str:
    return format_time(time(hour, minute), "HH:mm", locale=_locale(language))


def _isolated(text: str) -> str:
    return f"{_ISOLATE}{text}{_END_ISOLATE}"


def _has_latin(text: str) -> bool:
    return any(bidirectional(char) == "L" for char in text)


def _key(msgid: str | Sequence[str]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def _forms(msgstr: str | Sequence[str] | None) -> tuple[str, ...]:
    return (msgstr or "",) if isinstance(msgstr, str | None) else tuple(msgstr)


@lru_cache(maxsize=64)
def _direction(language: str) -> str:
    return _locale(language).text_direction


@lru_cache(maxsize=64)
def _plural(rule: str) -> Callable[[int], int]:
    try:
        return c2py(rule)
    except ValueError:
        sentence = f"wording, Plural-Forms: {rule!r} cannot be read; mend the header of the .po file"
        raise InvalidValue(sentence, field="plural_rule") from None


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-" if "-" in language else "_")
    except (UnknownLocaleError, ValueError, TypeError):
        sentence = f"language {language!r}: there is no such language; use a code such as en or es"
        raise InvalidValue(sentence, field="language") from None
