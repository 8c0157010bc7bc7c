"""English texts for patients are at reading grade 6 or lower: whole texts and each sentence by itself."""

import re
from collections.abc import Iterator

import pytest

from calendars.view import Detail, Reader
from reminders.message import compose
from scheduler.actions import CeaseCause
from tests.calendar_plans import CLINIC, ENGLISH, INOTUZUMAB, WORDINGS, ceased, eventful, story
from tests.reading import grade, syllables, words
from tests.test_reminders_mail import CLINIC as MAIL_CLINIC
from tests.test_reminders_mail import MAILS

HIGHEST = 6
# Fewer words than this are a label: two words of three syllables would be grade 14.
SENTENCE, PASSAGE = 8, 20
# The drug's name is what the patient is given by their team, printed on the bag and on every letter: another word for it
# would be less plain. The names of the clinic and of its street are those on the door.
NAMES = {
    INOTUZUMAB.ranked[0].name: "the drug",
    "dexamethasone": "the drug",
    CLINIC.name: "the clinic",
    CLINIC.address: "the street",
    MAIL_CLINIC.name: "the clinic",
    "America/New_York": "the city",
}
LONG = {
    "emergency": "it is what the number is called on every sign",
    "emergencies": "the same",
    "january": "a month",
    "february": "a month",
}
STAFFS = ("staff.", "digest.")
# What goes into a text counts as one plain word.
VALUES = dict.fromkeys(
    re.findall(r"\{(\w+)\}", " ".join([*ENGLISH.messages.values(), *map(" ".join, ENGLISH.plurals.values())])), "Monday"
)
TOLD = {
    key: text.format_map(VALUES)
    for key, text in [*ENGLISH.messages.items(), *((key, forms[-1]) for key, forms in ENGLISH.plurals.items())]
    if not key.startswith(STAFFS) and ".letter" not in key
}


def plainly(text: str) -> str:
    for name, plain in NAMES.items():
        text = text.replace(name.replace("\n", ", "), plain)
    return text


def passages() -> Iterator[tuple[str, str]]:
    """Each text that a patient or carer reads as one, with its name."""
    stories = {"eventful": eventful(), "fresh": story(), "ceased": ceased(CeaseCause.TOXICITY)}
    for name, told in stories.items():
        for reader in (Reader.PATIENT, Reader.CARER):
            for detail in (Detail.FULL, Detail.DISCREET):
                view = told.view(detail=detail, reader=reader)
                yield f"{name}, {reader}, {detail}, guidance", "\n".join(view.guidance)
                for entry in view.entries:
                    yield f"{name}, {reader}, {detail}, {entry.key}", f"{entry.summary}\n{entry.description}"
    for name, facts in MAILS.items():
        letter = compose(facts, ENGLISH, MAIL_CLINIC)
        lines = [letter.subject, *(line for block in letter.blocks for line in (block.heading, *block.lines))]
        yield f"mail: {name}", "\n".join(lines)
    for area in sorted({key.partition(".")[0] for key in TOLD}):
        yield f"all texts of {area}", "\n".join(text for key, text in TOLD.items() if key.startswith(f"{area}."))


def test_every_passage_is_at_grade_6_or_lower() -> None:
    long = {name: plainly(text) for name, text in passages() if len(words(plainly(text))) >= PASSAGE}
    assert len(long) > 100
    assert {name: grade(text) for name, text in long.items() if grade(text) > HIGHEST} == {}


def test_every_sentence_of_the_catalogue_is_at_grade_6_or_lower() -> None:
    sentences = {key: text for key, text in TOLD.items() if len(words(text)) >= SENTENCE}
    assert len(sentences) > 40
    assert {key: grade(text) for key, text in sentences.items() if grade(text) > HIGHEST} == {}


def test_labels_have_no_long_words() -> None:
    found = {word for text in TOLD.values() for word in words(plainly(text)) if syllables(word) > 3}
    assert found <= LONG.keys()


@pytest.mark.parametrize(
    ("text", "expected", "because"),
    [
        ("The cat sat on the mat.", -1.45, "6 words and syllables in 1 sentence: 2.34 + 11.8 - 15.59"),
        ("Call us. We help you.", -2.815, "2.5 words a sentence, one syllable each: 0.975 + 11.8 - 15.59"),
        ("Your appointment\nYour appointment", 8.79, "a line is a sentence: 0.78 + 11.8 * 2 - 15.59"),
        ("7 December 2026", 20.2, "numbers are no words: 0.39 + 11.8 * 3 - 15.59"),
        ("09:00", 0, "nothing to read"),
    ],
)
def test_the_grade_is_the_formulas(text: str, expected: float, because: str) -> None:
    assert grade(text) == pytest.approx(expected), because


def test_a_hard_text_is_found_and_a_word_that_nobody_knows_is_refused() -> None:
    hard = "Premature discontinuation of the medication necessitates immediate consultation with your physician."
    assert grade(hard) > 15
    with pytest.raises(KeyError):
        grade("Take one ibuprofenlike thing.")


@pytest.mark.parametrize("language", WORDINGS)
def test_sentences_are_as_short_in_every_language(language: str) -> None:
    """For Spanish and Arabic no dictionary of syllables is at hand; sentences are what makes a text hard first."""
    wording = WORDINGS[language]
    told = [text for key, text in wording.messages.items() if not key.startswith(STAFFS) and ".letter" not in key]
    sentences = [part for text in told for part in re.split(r"[.?!:;؟؛](?:\s|$)", text)]
    lengths = [length for part in sentences if (length := len(re.findall(r"\{\w+\}|[^\W\d_]+", part))) >= 4]
    assert max(lengths) <= 25
    assert sum(lengths) / len(lengths) <= 8
