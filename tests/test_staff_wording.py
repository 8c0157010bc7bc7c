"""The catalogues of staff pages: every text has its translation, with the same placeholders and marks, and no other."""

import re
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files

import pytest
from babel.messages.pofile import read_po

from calendars.wording import parse_wording
from tests.staff_texts import Key, texts
from web.speaking import StaffWording, wordings

LANGUAGES = sorted(set(wordings()) - {"en"})
PLACES = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+[^>]*>")
MISSING = """#: say.py
msgid "Lost"
msgstr ""
"""


def catalogue(language: str) -> dict[Key, tuple[str, ...]]:
    """What the file holds: by each text its translation, or both forms of it."""
    file = files("web").joinpath("wording", f"pages.{language}.po")
    with file.open("rb") as source:
        found = read_po(source, locale=language, abort_invalid=True)
    whole = [each for each in found if each.id and not each.fuzzy]
    return {
        _key(each.id): (each.string,) if isinstance(each.string, str) else tuple(each.string or ()) for each in whole
    }


def places(text: str) -> Counter[str]:
    """The placeholders and marks of a text."""
    return Counter(PLACES.findall(text))


def test_there_is_a_second_language() -> None:
    assert LANGUAGES == ["es"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_a_staff_page_lacks_its_translation_and_none_is_translated_for_nothing(language: str) -> None:
    found = catalogue(language)
    assert {key: place for key, place in texts().items() if key not in found} == {}
    assert [key for key in found if key not in texts()] == []
    assert [key for key, forms in found.items() if not all(forms)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_and_marks_of_the_english_text(language: str) -> None:
    for key, forms in catalogue(language).items():
        english = key if isinstance(key, tuple) else (key,)
        for form in forms:
            assert places(form) in [places(each) for each in english], key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_begins_and_ends_as_the_english_text_does(language: str) -> None:
    """With the blank or the full stop on which what stands beside it counts."""
    for key, forms in catalogue(language).items():
        english = key if isinstance(key, str) else key[0]
        for form in forms:
            assert (form[:1] == " ", form[-1:] == " ") == (english[:1] == " ", english[-1:] == " "), key
            assert form.endswith(".") == english.endswith("."), key
            assert '"' not in form or '"' in english, key  # it may stand in an attribute


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_that_opens_a_line_opens_it_in_every_language(language: str) -> None:
    for key, forms in catalogue(language).items():
        english = key if isinstance(key, str) else key[0]
        for form in forms:
            if english[:1].isupper() and form[:1].isalpha():
                assert form[:1].isupper(), key


def test_numbers_choose_the_form() -> None:
    spanish = wordings()["es"]
    assert spanish.count("{count} minute", "{count} minutes", 1) == "1 minuto"
    assert spanish.count("{count} minute", "{count} minutes", 21) == "21 minutos"


def test_a_text_without_translation_is_told_in_english() -> None:
    wording = StaffWording(parse_wording("es", MISSING))
    assert wording.say("Lost") == "Lost"
    assert wording.count("{count} row", "{count} rows", 3) == "3 rows"


def test_a_language_is_marked_until_a_clinician_has_read_it() -> None:
    assert not wordings()["es"].catalogue.checked
    assert wordings()["en"].catalogue.checked


# ---------------------------------------------------------------------------------------------------------------------


def _key(msgid: str | Sequence[str]) -> Key:
    return msgid if isinstance(msgid, str) else (msgid[0], msgid[1])
