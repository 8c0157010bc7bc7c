"""The catalogues of the core's sentences: each text that reaches a page is there, with its placeholders, and no other."""

import re
from fnmatch import fnmatch
from importlib.resources import files

import pytest

from calendars.wording import Wording, parse_wording
from tests.spoken import ASIDE, BESIDES, ROOT, SILENT, SPEAKERS, library, spoken, texts_in
from web.sentence_texts import FIELD
from web.sentences import checked

LANGUAGES = ("es",)
PLACE = re.compile(r"\{\w*\}")
# To staff nothing is said with "usted", and never what promises or blames.
NEVER = {"es": re.compile(r"\b(?:usted|ustedes|su médico|seguro|perdida|olvidó|culpa)\b", re.IGNORECASE)}


def catalogue(language: str) -> Wording:
    file = files("web").joinpath("wording", f"sentences.{language}.po")
    return parse_wording(language, file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_that_reaches_a_page_has_a_translation(language: str) -> None:
    texts = spoken()
    assert len(texts) > 400
    missing = {text: place for text, place in {**texts, **BESIDES}.items() if text not in catalogue(language).messages}
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_nobody_says(language: str) -> None:
    assert not set(catalogue(language).messages) - set(spoken()) - set(BESIDES) - library()


FOLDERS = ("scheduler", "service", "db", "reminders")


def test_of_every_module_that_writes_texts_it_is_said_who_reads_them() -> None:
    files = {str(file.relative_to(ROOT)) for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")}
    writing = {path for path in files if any(texts_in(source(path), core=path.startswith("scheduler/")))}
    silent = {path for path in files if any(fnmatch(path, pattern) for pattern in SILENT)}
    assert not writing - silent - set(SPEAKERS)
    assert not silent & set(SPEAKERS)
    assert not [pattern for pattern in SILENT if not any(fnmatch(path, pattern) for path in writing)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_check_and_each_name_of_the_library_has_a_translation(language: str) -> None:
    assert len(library()) > 15
    assert not library() - set(catalogue(language).messages)


def test_what_is_left_aside_or_told_besides_is_not_gathered_twice_or_gone() -> None:
    in_all = {text for path in SPEAKERS for _, text in texts_in(source(path), SPEAKERS[path], core="scheduler" in path)}
    assert not set(ASIDE) - in_all
    assert not set(BESIDES) & set(spoken())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_translation_keeps_the_placeholders_and_the_numbers(language: str) -> None:
    for text, telling in catalogue(language).messages.items():
        assert set(PLACE.findall(telling)) == set(PLACE.findall(text)), text
        assert numbers(telling) == numbers(text), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_begins_with_the_same_field_and_ends_as_the_sentence_ends(language: str) -> None:
    for text, telling in catalogue(language).messages.items():
        field = FIELD.match(text)
        if field is not None and text not in NOT_FIELDS:
            assert telling.startswith(field.group()), text
        assert telling.endswith(".") == text.endswith("."), text
        assert telling[:1] == " " or telling == telling.strip(), text


# These begin with a word and a colon, and it is no field's name.
NOT_FIELDS = {"urgent: nobody knows whether it was given", "withdrawn: the clinic's settings changed"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_says_what_staff_are_not_told(language: str) -> None:
    found = {text for text, telling in catalogue(language).messages.items() if NEVER[language].search(telling)}
    assert not found


@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_are_told_that_no_clinician_has_read_it(language: str) -> None:
    assert not checked(language)
    assert checked("en")


SOURCE = '''
"""A module's own words are shown to nobody."""
LATE = "this came too late"
CODE = "too-late"


def name(slot, known, day: "a date of the plan"):
    """Nor are a function's."""
    log.warning("a course of %s is late", slot)
    facts = f"{slot.on} later"
    way = "later" if day else "earlier"
    either = f"{slot.id} or {other.id} on {day_text(slot.on)}, not {day_text(day)}: {way}"
    what = f"{'soon' if day else 'at once'} for {text[:60]!r} among {', '.join(known)}"
    joined = f"{either} ({what})"
    return "one of " + ", ".join(known) + f" on {slot.on:%A}s", remark("too-late", facts=f"{day} is late")
'''


def test_texts_are_gathered_by_one_rule() -> None:
    assert [text for _, text in texts_in(SOURCE)] == [
        "this came too late",
        "later",
        "earlier",
        "{id} or {id_2} on {day_text}, not {day_text_2}: {way}",
        "{choice} for {text} among {list}",
        "soon",
        "at once",
        "{either} ({what})",
        "one of {list} on {weekday}s",
    ]


def test_outside_the_core_a_single_word_is_none_of_the_texts() -> None:
    assert "later" not in {text for _, text in texts_in(SOURCE, core=False)}


def source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+", PLACE.sub("", text)))
