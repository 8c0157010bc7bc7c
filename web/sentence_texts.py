"""The texts of a catalogue of sentences, taken apart: the pieces of each, and what stands between them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from web.sentence_values import DIGITS, ONLY, OR_PLAIN, PLACE, STARTS, As, kinds_of

# The name of a field that a refusal begins with.
FIELD = re.compile(r"(?:[\w-]+|\{\w+\}|neutral notice|request id|take back|seen revision): ")


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the catalogue: the pieces between its values, and how it is told."""

    key: str
    pieces: tuple[str, ...]
    names: tuple[str, ...]
    how: tuple[As, ...]
    only: tuple[tuple[str, ...], ...]
    words: tuple[tuple[str, ...], ...]  # the same, where all of them stand as they are
    follows: tuple[tuple[str, ...], ...]  # how what stands behind each value may begin: the piece, and the next value
    telling: str
    marks: tuple[tuple[str, ...], ...]  # of values that only few texts make: a piece of each
    core: str  # the longest piece but the first, by which most texts that don't fit are told at a glance

    @property
    def starts(self) -> str:
        """The signs that it may begin with, letters small; an empty text stands for all."""
        if not self.names or self.pieces[0]:
            return self.pieces[0][:1].lower()
        if self.only[0]:  # those few that begin with a value begin with a number
            return "".join({DIGITS if each[0] == "{" else each[0].lower() for each in self.only[0]})
        return STARTS.get(self.how[0], "")

    @property
    def has_letters(self) -> bool:
        """Whether it says anything of its own."""
        return any(piece.strip(" :;,.()") for piece in self.pieces)

    def fits(self, value: str) -> bool:
        """Whether all pieces stand in `value`, in their order; the first may begin with a large letter there."""
        first = self.pieces[0]
        if len(self.pieces) == 1:
            return value in (first, large(first))
        if not (value.startswith((first, large(first)))) or not value.endswith(self.pieces[-1]):
            return False
        at = len(first)
        for piece in self.pieces[1:]:
            found = value.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return all(any(mark in value for mark in marks) for marks in self.marks)


def large(text: str) -> str:
    """The text with a large first letter."""
    return text[:1].upper() + text[1:]


def variants(key: str, telling: str) -> Iterator[Text]:
    """The text; and without the field's name, which a form takes away since it stands beside the field."""
    yield _text(key, key, telling)
    field = FIELD.match(key)
    if field is not None and telling.startswith(field.group()) and key != field.group():
        rest = key.removeprefix(field.group())
        if _text(key, rest, rest).has_letters or As.QUOTED in _text(key, rest, rest).how:
            yield _text(key, rest, telling.removeprefix(field.group()))


def cut(text: Text) -> Iterator[Text]:
    """The text without the remedy behind its semicolon."""
    key, telling = text.key.partition(";")[0], text.telling.partition(";")[0]
    if key != text.key and PLACE.sub("", key).strip() and set(PLACE.findall(key)) == set(PLACE.findall(telling)):
        yield _text(text.key, key, telling)


def _text(key: str, shown: str, telling: str) -> Text:
    parts = PLACE.split(shown)
    pieces, names = tuple(parts[0::2]), tuple(parts[1::2])
    only = tuple(ONLY.get(key, {}).get(name, ()) for name in names)
    return Text(
        key=key,
        pieces=pieces,
        names=names,
        how=kinds_of(key, shown, names),
        only=only,
        follows=tuple(_follows(piece, *after) for piece, after in zip(pieces[1:], _afters(names, only), strict=True)),
        words=tuple(few if not any("{" in each for each in few) else () for few in only),
        telling=telling,
        marks=tuple(_marks(few) for name, few in zip(names, only, strict=True) if few and name not in OR_PLAIN),
        core=max(pieces[1:], key=len, default=""),
    )


def _marks(few: tuple[str, ...]) -> tuple[str, ...]:
    """The longest piece of each text, without its first letter, which may be large."""
    return tuple(max(PLACE.split(each)[0::2], key=len)[1:] for each in few)


def _afters(names: tuple[str, ...], only: tuple[tuple[str, ...], ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Of each value the name of the next one, and the few texts that make it."""
    return [*zip(names[1:], only[1:], strict=True), ("", ())][: len(names)]


def _follows(piece: str, name: str, few: tuple[str, ...]) -> tuple[str, ...]:
    begins = [PLACE.split(each)[0] for each in few]
    known = few and all(begins) and name not in OR_PLAIN - {"choice"}
    return tuple(piece + each for each in begins) if known else (piece,)
