"""Names as they are searched for: databases fold the case of other letters than ASCII each in their own way."""

import unicodedata


def sought(text: str) -> str:
    """The text without case and accents, with single blanks: what is stored to be found, and what is looked for."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())
