"""Texts as they are searched for and compared.

Databases fold the case of other letters than ASCII each in their own way, so what is compared is made here and stored.
"""

import unicodedata


def sought(text: str) -> str:
    """The text without case and accents, with single blanks: what is stored to be found, and what is looked for."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def same_address(address: str) -> str:
    """The mail address as it is compared: nobody has two mailboxes that differ by a capital letter."""
    return address.strip().casefold()
