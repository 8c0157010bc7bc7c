"""The sentences that the core and the services make, in another language: they know English alone, staff read others.

A catalogue (`web/wording/sentences.*.po`) holds the texts of those f-strings with a {placeholder} for each value, as
tests/spoken.py gathers them. A finished sentence is read backwards: which text is it made from, with which values?
Each placeholder says by its name what becomes of its value (web/sentence_values.py): some are told in turn (a sentence
inside another, a date, a length), all others stay as they were written: names, numbers, codes, what somebody typed.

Whoever types can imitate a sentence. So a sentence that can be read in two ways which part what was typed differently
is not told at all, and one that takes too long to read neither: it stays English. Texts are found by their pieces, not
by patterns, and the work on one sentence is bounded.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from babel.dates import format_date

from calendars.wording import Wording, parse_wording
from service.languages import SOURCE
from web.sentence_texts import FIELD, Text, cut, large, variants
from web.sentence_values import CUT, DAY, FEW, FEW_LENGTH, LENGTHS, MAY_BE_EMPTY, MONTHS, PLACE, PLAIN, SHAPES, As

LONGEST = 4000  # letters of a sentence that is told: all longer ones hold what somebody pasted
STEPS = 4000  # looks at places of one sentence, of which an ordinary one takes some hundred
DEPTH = 20  # sentences inside each other, of which an ordinary one has five
PREFIX, SUFFIX = "sentences.", ".po"


def told(sentence: str, language: str) -> str:
    """The sentence in that language; as it is where the catalogue doesn't have it, and in English."""
    found = told_or_none(sentence, language)
    return sentence if found is None else found


@lru_cache(maxsize=8192)
def told_or_none(sentence: str, language: str) -> str | None:
    """The sentence in that language; None where the catalogue doesn't have it, so that a page can say it is English."""
    if language == SOURCE:
        return sentence
    teller = _teller(language)
    return teller.tell(sentence) if teller is not None else None


def checked(language: str) -> bool:
    """Whether a clinician has read the sentences in that language; those of a language without any need no reading."""
    catalogue = _catalogue(language)
    return catalogue is None or catalogue.checked


@cache
def _catalogue(language: str) -> Wording | None:
    file = files("web").joinpath("wording", f"{PREFIX}{language}{SUFFIX}")
    return parse_wording(language, file.read_text(encoding="utf-8")) if file.is_file() else None


@cache
def _teller(language: str) -> "Teller | None":
    catalogue = _catalogue(language)
    return Teller(language, catalogue.messages) if catalogue is not None else None


class _Reading(NamedTuple):
    """One way to read a sentence: how it is told then, how many letters stayed, and those that may have been typed."""

    telling: str
    left: int
    typed: tuple[str, ...]
    text: Text | None = None


class _TooMuchError(Exception):
    """Reading the sentence takes too long."""


class Teller:
    """Tells sentences in one language, from a catalogue of English texts with {placeholders}."""

    def __init__(self, language: str, catalogue: Mapping[str, str]) -> None:
        self._language = language
        self._by_start: dict[str, list[Text]] = {}
        self._by_key: dict[str, list[Text]] = {}
        for key, telling in catalogue.items():
            for text in variants(key, telling):
                self._by_key.setdefault(key, []).append(text)
                self._by_key.setdefault(CUT, []).extend(cut(text))
                for start in text.starts or ("",):
                    self._by_start.setdefault(start, []).append(text)

    def tell(self, sentence: str) -> str | None:
        """The sentence in that language; None where it is none of the catalogue, or can be read in two ways."""
        if " " not in sentence or len(sentence) > LONGEST:  # a word alone may be a name
            return None
        whole = _Sentence(self._language, self._texts_for)
        try:
            found = whole.best(sentence)
            if found is None and not whole.is_open(sentence):  # a page may leave the remedy out
                found = whole.best(sentence, (CUT,))
            if sentence.endswith("."):  # as a page ends a fault, and the core a remark
                short = whole.best(sentence[:-1])
                if short is not None and (found is None or short.left < found.left):
                    return f"{short.telling}."
        except _TooMuchError:
            return None
        return found.telling if found is not None else None

    def _texts_for(self, sentence: str, only: tuple[str, ...]) -> Iterator[Text]:
        """Texts that may have made the sentence: those that begin as it does, and those that begin with a value."""
        if only:
            texts = [text for key in only for text in self._by_key.get(key, ())]
        else:
            texts = [*self._by_start.get(sentence[:1].lower(), ()), *self._by_start.get("", ())]
        return (text for text in texts if text.core in sentence and text.fits(sentence))


# ---------------------------------------------------------------------------------------------------------------------


class _Sentence:
    """The reading of one sentence, with what is known of its parts."""

    def __init__(self, language: str, texts_for: Callable[[str, tuple[str, ...]], Iterator[Text]]) -> None:
        self._language = language
        self._texts_for = texts_for
        self._steps, self._depth = STEPS, 0
        self._open: set[str] = set()
        self._known: dict[tuple[str, tuple[str, ...]], _Reading | None] = {}

    def best(self, value: str, only: tuple[str, ...] = ()) -> _Reading | None:
        """The reading that leaves the fewest letters; None where there is none, or where it is open what was typed.
        `only`: the texts it may be made from; empty: any."""
        asked = value, only
        if asked not in self._known:
            self._known[asked] = None  # a sentence that holds nothing but itself is none
            self._depth += 1
            if self._depth > DEPTH:
                raise _TooMuchError
            readings = list(self._readings(value, only))
            self._depth -= 1
            self._known[asked] = _decided(readings)
            if readings and self._known[asked] is None:
                self._open.add(value)
        return self._known[asked]

    def is_open(self, value: str) -> bool:
        """Whether it was read, in ways that part differently what may have been typed."""
        return value in self._open

    def _readings(self, value: str, only: tuple[str, ...]) -> Iterator[_Reading]:
        for text in self._texts_for(value, only):
            start = text.pieces[0]
            begins = not value.startswith(start)  # the page, or the core, has begun a sentence with it
            for values in self._values(text, value, len(start), 0):
                telling = _filled(text, [each.telling for each in values])
                if telling is not None:
                    yield _Reading(
                        telling=large(telling) if begins else telling,
                        left=sum(each.left for each in values),
                        typed=tuple(typed for each in values for typed in each.typed),
                        text=text,
                    )

    def _values(self, text: Text, value: str, at: int, index: int) -> Iterator[tuple[_Reading, ...]]:
        """All ways to part the rest of `value`, from `at` on, into the values of `text` from number `index` on."""
        if index == len(text.names):
            if at == len(value):
                yield ()
            return
        for end in self._ends(text, value, at, index):
            self._steps -= 1
            if self._steps < 0:
                raise _TooMuchError
            reading = self._value(text, index, value[at:end]) if end >= at else None
            if reading is not None:
                for rest in self._values(text, value, end + len(text.pieces[index + 1]), index + 1):
                    yield (reading, *rest)

    def _ends(self, text: Text, value: str, at: int, index: int) -> Iterator[int]:
        """Where the value of that number may end: where the next piece of the text stands."""
        piece, last = text.pieces[index + 1], index + 1 == len(text.names)
        if last:
            yield len(value) - len(piece)
            return
        furthest = at + (FEW_LENGTH if text.only[index] else LENGTHS.get(text.how[index], LONGEST))
        if text.words[index]:
            ends = (at + len(word) for word in text.words[index] if value.startswith(word, at))
            yield from (end for end in ends if value.startswith(piece, end))
        elif piece:
            found = value.find(piece, at)
            while 0 <= found <= furthest:
                if value.startswith(text.follows[index], found):
                    yield found
                found = value.find(piece, found + 1)
        else:  # two values side by side: the second begins with a blank or a comma, or is empty
            until = len(value) - len(text.pieces[-1])
            yield from (end for end in range(at, min(until, furthest + 1)) if value[end] in " ,")
            if until <= furthest:
                yield until

    def _value(self, text: Text, index: int, value: str) -> _Reading | None:
        """How that value is told; None where it can't be a value of that placeholder."""
        how = text.how[index]
        if not value:
            beside = index > 0 and not text.pieces[index] and text.names[index] in MAY_BE_EMPTY
            return _Reading("", 0, ()) if beside else None
        if how in SHAPES and not SHAPES[how].fullmatch(value):
            return None
        match how:
            case As.LEFT | As.QUOTED | As.BESIDE:
                return _Reading(value, len(value), (value,))
            case As.NUMBER | As.DATE | As.DOSE | As.KEY | As.STATUS | As.CODES:
                return _Reading(value, 0, ())
            case As.DAY:
                return self._day(value)
            case As.TOLD:
                return self._told(value, text.only[index])
            case As.CUT:
                return self._told(value) or self.best(value, (CUT,))
            case As.LIST:
                return self._list(value)
            case As.NAMES:
                return self._names(value)
            case As.KINDS:
                return self._kinds(value)
            case _:
                return self._told_if(how, value)

    def _day(self, value: str) -> _Reading | None:
        parts = DAY.fullmatch(value)
        if parts is None:
            return None
        day, month, year, clock = parts.groups()
        try:
            on = date(int(year), MONTHS.index(month) + 1, int(day))
        except ValueError:
            return None
        return _Reading(format_date(on, "d MMM y", locale=self._language) + clock, 0, ())

    def _told(self, value: str, only: tuple[str, ...] = ()) -> _Reading | None:
        if PLAIN.fullmatch(value):
            return _Reading(value, 0, ())
        return self._day(value) or self.best(value, only)

    def _list(self, value: str) -> _Reading | None:
        parts = [self._told(part) for part in value.split("; ")]
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        left, typed = sum(part.left for part in found), tuple(text for part in found for text in part.typed)
        return _Reading("; ".join(part.telling for part in found), left, typed)

    def _names(self, value: str) -> _Reading:
        joint = self.best("and")
        return _Reading(f" {joint.telling} ".join(value.split(" and ")) if joint else value, len(value), ())

    def _kinds(self, value: str) -> _Reading:
        found = [self._told(each) if " " not in each else None for each in value.split(", ")]
        telling = ", ".join(each.telling if each else kind for each, kind in zip(found, value.split(", "), strict=True))
        return _Reading(telling, 0, ())

    def _told_if(self, how: As, value: str) -> _Reading | None:
        """Told where it is one of ours, else left."""
        if how is As.WORD and " " in value:
            return None
        found = self.best(value, FEW.get(how, ()))
        if found is not None:
            return found
        if how in (As.CLOSED, As.ANSWER) and "; " in value:
            return None  # more of the sentence, which another text knows, or a reason as nobody writes it
        if how is As.SHOWN and FIELD.match(value):
            return None  # a field's name, which another text knows
        return _Reading(value, len(value), () if how is As.QUIET else (value,))


def _decided(readings: list[_Reading]) -> _Reading | None:
    """The reading that leaves the fewest letters. None when another one parts differently what may have been typed,
    unless its text is a wider form of the same."""
    best = min(readings, key=lambda each: (each.left, not (each.text and each.text.has_letters)), default=None)
    if best is None or not best.left:  # nothing is open where all is told
        return best
    for other in readings:
        if other.typed != best.typed and other.telling != best.telling and not _is_wider(other.text, best.text):
            return None
    return best


def _is_wider(text: Text | None, than: Text | None) -> bool:
    """Whether all that `than` makes could be made by `text` too, and `text` says less of its own."""
    if text is None or than is None or text is than:
        return False
    return _is_wider_key(text.pieces, than.key)


@lru_cache(maxsize=4096)
def _is_wider_key(pieces: tuple[str, ...], key: str) -> bool:
    at = 0
    for piece in pieces:
        found = key.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return key.startswith(pieces[0]) and key.endswith(pieces[-1])


def _filled(text: Text, values: list[str]) -> str | None:
    """The text with these values; None where a value that stands there twice is not the same both times."""
    by_name = dict(zip(text.names, values, strict=True))
    if any(by_name[name] != value for name, value in zip(text.names, values, strict=True)):
        return None
    return PLACE.sub(lambda place: by_name.get(place.group(1), place.group()), text.telling)
